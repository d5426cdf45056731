/* csm_agent.h - an agent of client-side monitoring on the test's loop: keeps the events that come
 * by UDP. */
#ifndef TCX_TEST_CSM_AGENT_H
#define TCX_TEST_CSM_AGENT_H
#include "support.h"
#include <uv.h>

#define CSM_EVENTS_MAX 8
static struct {
  uv_udp_t udp;
  int n;
  char events[CSM_EVENTS_MAX][9000];
  char room[65536];
} agent;

static inline void agent_room(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
  (void)handle, (void)size;
  *buf = uv_buf_init(agent.room, sizeof agent.room);
}
static inline void agent_event(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                               const struct sockaddr *from, unsigned flags) {
  (void)udp, (void)flags;
  if (n == 0 && from == NULL)
    return;
  assert_true(n > 0 && n < (ssize_t)sizeof agent.events[0] && agent.n < CSM_EVENTS_MAX);
  memcpy(agent.events[agent.n], buf->base, (size_t)n);
  agent.events[agent.n++][n] = '\0';
}
/* Its port, as text. It does not hold the loop. */
static inline void agent_start(uv_loop_t *loop, char port[8]) {
  struct sockaddr_in at;
  int size = sizeof at;
  agent.n = 0;
  assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &at), 0);
  assert_int_equal(uv_udp_init(loop, &agent.udp), 0);
  assert_int_equal(uv_udp_bind(&agent.udp, (const struct sockaddr *)&at, 0), 0);
  assert_int_equal(uv_udp_getsockname(&agent.udp, (struct sockaddr *)&at, &size), 0);
  assert_int_equal(uv_udp_recv_start(&agent.udp, agent_room, agent_event), 0);
  uv_unref((uv_handle_t *)&agent.udp);
  snprintf(port, 8, "%d", ntohs(at.sin_port));
}
/* What has been sent is there after some turns: the sockets are this process's own. */
static inline void agent_take(uv_loop_t *loop, int wanted) {
  for (int turns = 0; turns < 20 || agent.n < wanted; turns++)
    uv_run(loop, UV_RUN_NOWAIT);
  assert_int_equal(agent.n, wanted);
}
static inline void agent_stop(void) { uv_close((uv_handle_t *)&agent.udp, NULL); }
#endif
