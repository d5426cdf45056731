/*
 * probe.h - a loop with a network and a pool, and one request on it whose every event is recorded;
 * for the tests of lib/net.
 *
 * Nothing in net holds the loop, so the tests turn it themselves until what they wait for has
 * happened, at most 20 seconds by a watchdog.
 */
#ifndef TCX_TEST_NET_PROBE_H
#define TCX_TEST_NET_PROBE_H
#include "base/arena.h"
#include "fault_server.h"
#include "fault_tls.h"
#include "net/net.h"
#include "support.h"

struct world {
  uv_loop_t loop;
  uv_timer_t watchdog;
  struct tcx_net *net;
  struct tcx_pool *pool;
  bool pool_closed, net_closed;
};

struct probe {
  struct tcx_lease lease;
  struct tcx_exchange x;
  struct world *world;
  struct tcx_arena *arena;
  const char *request;
  /* pulled after the head, in windows of body_step bytes, body_times over */
  const char *body;
  size_t body_step, body_times, body_at;
  unsigned dry_every; /* every so many pulls there is nothing yet; resumed by a timer */
  bool has_body, head_request, fresh;
  const struct tcx_proxy *proxy;
  bool tunnel;
  unsigned read_timeout_ms, continue_timeout_ms, acquire_timeout_ms;
  unsigned pulls;
  /* what happened: */
  bool ready, over, at_once;
  int status; /* 0: ended well */
  tcx_phase_t phase;
  char why[700];
  int http_status;
  int64_t content_length;
  unsigned headers;
  struct tcx_response_head head;
  char *data;
  size_t data_len;
  unsigned data_calls;
  bool reused, sent, received, upload_done;
  struct tcx_conn *conn;
  uv_timer_t dry_timer;
  bool dry_timer_open;
  /* hooks, called after recording: */
  void (*on_ready)(struct probe *p); /* instead of starting the exchange */
  void (*on_head)(struct probe *p);
  void (*on_data)(struct probe *p, const char *bytes, size_t n);
  void (*on_over)(struct probe *p);
  void *hook;
};

static inline void watchdog_barked(uv_timer_t *timer) {
  (void)timer;
  fprintf(stderr, "a test waited for 20 seconds in vain\n");
  abort();
}

static inline void world_open_with(struct world *w, const struct tcx_net_options *net,
                                   const struct tcx_pool_options *pool) {
  memset(w, 0, sizeof *w);
  assert_int_equal(uv_loop_init(&w->loop), 0);
  assert_int_equal(uv_timer_init(&w->loop, &w->watchdog), 0);
  assert_int_equal(uv_timer_start(&w->watchdog, watchdog_barked, 20000, 0), 0);
  assert_int_equal(tcx__net_new(&w->loop, net, &w->net), 0);
  assert_int_equal(tcx__pool_new(w->net, pool, &w->pool), 0);
}

static inline void world_open(struct world *w) {
  struct tcx_net_options net = {0};
  struct tcx_pool_options pool = {
      .max_connections = 8, .connect_timeout_ms = 5000, .idle_ms = 10000};
  world_open_with(w, &net, &pool);
}

static inline void world_pool_closed(void *ctx) { ((struct world *)ctx)->pool_closed = true; }

static inline void world_net_closed(void *ctx) { ((struct world *)ctx)->net_closed = true; }

static inline void turn_until(struct world *w, const bool *flag) {
  while (!*flag)
    uv_run(&w->loop, UV_RUN_ONCE);
}

/* So many turns that do not wait. */
static inline void turn(struct world *w, unsigned n) {
  while (n-- > 0)
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static inline void world_close_pool(struct world *w) {
  tcx__pool_close(w->pool, world_pool_closed, w);
  assert_false(w->pool_closed);
  turn_until(w, &w->pool_closed);
}

/* Closes everything; no handle may be left. server may be NULL. */
static inline void world_close(struct world *w, struct fault_server *server) {
  if (!w->pool_closed)
    world_close_pool(w);
  tcx__net_close(w->net, world_net_closed, w);
  turn_until(w, &w->net_closed);
  if (server != NULL) {
    fault_server_stop(server);
    while (server->handles > 0)
      uv_run(&w->loop, UV_RUN_ONCE);
  }
  uv_close((uv_handle_t *)&w->watchdog, NULL);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&w->loop), 0);
}

static inline struct probe *probe_of(struct tcx_exchange *x) {
  return (struct probe *)(void *)((char *)x - offsetof(struct probe, x));
}

static inline void probe_over(struct probe *p, int status, tcx_phase_t phase, const char *why) {
  assert_false(p->over);
  p->over = true;
  p->status = status;
  p->phase = phase;
  snprintf(p->why, sizeof p->why, "%s", why);
  p->reused = p->x.reused;
  p->sent = p->x.sent;
  p->received = p->x.received;
  p->upload_done = p->x.upload_done;
  if (p->on_over != NULL)
    p->on_over(p);
}

static inline void probe_head(struct tcx_exchange *x, const struct tcx_response_head *head) {
  struct probe *p = probe_of(x);
  assert_int_equal(p->http_status, 0);
  p->http_status = head->status;
  p->content_length = head->content_length;
  p->headers = head->headers.count;
  p->head = *head;
  if (p->on_head != NULL)
    p->on_head(p);
}

static inline void probe_data(struct tcx_exchange *x, const char *bytes, size_t n) {
  struct probe *p = probe_of(x);
  assert_true(n > 0);
  assert_int_not_equal(p->http_status, 0);
  p->data_calls++;
  if (p->on_data != NULL) {
    p->on_data(p, bytes, n);
    return;
  }
  p->data = realloc(p->data, p->data_len + n + 1);
  memcpy(p->data + p->data_len, bytes, n);
  p->data_len += n;
  p->data[p->data_len] = '\0';
}

static inline void probe_end(struct tcx_exchange *x) {
  assert_null(x->conn);
  probe_over(probe_of(x), 0, TCX_PHASE_NONE, "");
}

static inline void probe_failed(struct tcx_exchange *x, int status, tcx_phase_t phase,
                                const char *why) {
  assert_null(x->conn);
  assert_true(status < 0);
  probe_over(probe_of(x), status, phase, why);
}

static inline void probe_undry(uv_timer_t *timer) {
  struct probe *p = timer->data;
  tcx__exchange_resume(&p->x);
}

static inline int probe_pull(struct tcx_exchange *x, uv_buf_t *out, unsigned *n) {
  struct probe *p = probe_of(x);
  p->pulls++;
  if (p->dry_every > 0 && p->pulls % p->dry_every == 0) {
    if (!p->dry_timer_open) {
      uv_timer_init(&p->world->loop, &p->dry_timer);
      p->dry_timer.data = p;
      p->dry_timer_open = true;
    }
    uv_timer_start(&p->dry_timer, probe_undry, 1, 0);
    return TCX_EAGAIN;
  }
  *n = 0;
  if (p->body_times == 0)
    return 0;
  size_t len = strlen(p->body), left = len - p->body_at;
  size_t take = p->body_step > 0 && p->body_step < left ? p->body_step : left;
  out[0] = uv_buf_init((char *)(uintptr_t)p->body + p->body_at, (unsigned)take);
  *n = 1;
  p->body_at += take;
  if (p->body_at == len) {
    p->body_at = 0;
    p->body_times--;
  }
  return 0;
}

static const struct tcx_exchange_ops probe_exchange_ops = {probe_head, probe_data, probe_end,
                                                           probe_failed, probe_pull};

static inline void probe_begin(struct probe *p, struct tcx_conn *conn) {
  p->ready = true;
  p->conn = conn;
  if (p->on_ready != NULL) {
    p->on_ready(p);
    return;
  }
  p->x.ops = &probe_exchange_ops;
  p->x.arena = p->arena;
  p->x.read_timeout_ms = p->read_timeout_ms > 0 ? p->read_timeout_ms : TCX_NEVER;
  p->x.continue_timeout_ms = p->continue_timeout_ms;
  p->x.head_request = p->head_request;
  /* as the core does: the head lies in the scratch buffer, which is anybody's after this */
  size_t size, n = strlen(p->request);
  char *scratch = tcx__net_scratch(p->world->net, &size);
  assert_true(n < size);
  memcpy(scratch, p->request, n);
  uv_buf_t buf = uv_buf_init(scratch, (unsigned)n);
  tcx__exchange_start(&p->x, conn, &buf, 1, p->has_body);
  memset(scratch, '#', n);
}

static inline void probe_ready(struct tcx_lease *lease, struct tcx_conn *conn) {
  probe_begin((struct probe *)(void *)lease, conn);
}

static inline void probe_lease_failed(struct tcx_lease *lease, int status, tcx_phase_t phase,
                                      const char *why) {
  assert_true(status < 0);
  probe_over((struct probe *)(void *)lease, status, phase, why);
}

static const struct tcx_lease_ops probe_lease_ops = {probe_ready, probe_lease_failed};

#define GET "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

/* Asks for a connection and goes on from there; p is zeroed before but for the fields that
 * configure it. */
static inline void probe_start(struct probe *p, struct world *w, const char *host, int port,
                               bool tls) {
  if (p->arena == NULL)
    p->arena = tcx__arena_new();
  assert_non_null(p->arena);
  p->world = w;
  if (p->request == NULL)
    p->request = GET;
  p->lease.ops = &probe_lease_ops;
  struct tcx_target target = {.tls = tls,
                              .port = (uint16_t)port,
                              .host = tcx__str(host),
                              .proxy = p->proxy,
                              .tunnel = p->tunnel};
  struct tcx_conn *conn =
      tcx__pool_acquire(w->pool, &p->lease, &target,
                        p->acquire_timeout_ms > 0 ? p->acquire_timeout_ms : TCX_NEVER, p->fresh);
  p->at_once = conn != NULL;
  if (conn != NULL)
    probe_begin(p, conn);
}

static inline void probe_wait(struct probe *p) { turn_until(p->world, &p->over); }

static inline void probe_free(struct probe *p) {
  if (p->dry_timer_open) {
    uv_close((uv_handle_t *)&p->dry_timer, NULL);
    uv_run(&p->world->loop, UV_RUN_NOWAIT);
  }
  tcx__arena_free(p->arena);
  free(p->data);
  memset(p, 0, sizeof *p);
}

static inline const char *probe_header(const struct probe *p, const char *name) {
  const struct tcx_header *header = tcx__headers_get(&p->head.headers, name);
  return header != NULL ? header->value.p : NULL;
}
#endif
