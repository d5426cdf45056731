/*
 * gather.c - fewer, larger reads of a large body over TLS.
 *
 *   off --READS within a moment, and much of the body is left--> on --little is left | slow |
 *     paused | over--> off
 *
 * A server that sends record by record wakes the loop for each of them, which costs more than
 * opening it. While a body comes fast the socket is reported only when LOW_WATER bytes have
 * gathered. What a slow server sends does not wait: when nothing was read for a moment the mark
 * goes, and the kernel reports what is there. The end of the connection is always reported. tcp.c
 * calls tcx__gather_read, tcx__gather_end comes with a pause, the exchange's end and the close.
 */
#include "net/conn.h"
#include "net/pool.h"
#include <sys/socket.h>

#define MOMENT_MS 10
#define READS     16
#define LOW_WATER (128 * 1024)

static bool set_mark(struct tcx_conn *conn, int bytes) {
  return setsockopt(conn->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes) == 0;
}

/* Nothing was read for a moment, or the timer was a little early. */
static void on_moment(struct tcx_timer *timer) {
  struct tcx_conn *conn = TCX__CONTAINER(timer, struct tcx_conn, gather_timer);
  struct tcx_net *net = conn->pool->net;
  if (uv_now(net->loop) - conn->active_ms < MOMENT_MS)
    tcx__timer_start(net, timer, MOMENT_MS, on_moment);
  else
    tcx__gather_end(conn);
}

void tcx__gather_end(struct tcx_conn *conn) {
  conn->gather_reads = 0;
  if (!conn->gathering)
    return;
  tcx__timer_stop(conn->pool->net, &conn->gather_timer);
  conn->gathering = false;
  if (conn->fd >= 0)
    (void)set_mark(conn, 1); /* a socket that took a mark takes this one */
}

void tcx__gather_read(struct tcx_conn *conn) {
  struct tcx_net *net = conn->pool->net;
  uint64_t now = uv_now(net->loop);
  bool much = conn->tls != NULL && tcx__http1_left(&conn->http) >= 2 * LOW_WATER;
  if (conn->gathering) {
    if (!much)
      tcx__gather_end(conn);
    return;
  }
  if (now - conn->gather_since_ms >= MOMENT_MS) {
    conn->gather_since_ms = now;
    conn->gather_reads = 0;
  }
  if (much && ++conn->gather_reads >= READS && set_mark(conn, LOW_WATER)) {
    conn->gathering = true;
    tcx__timer_start(net, &conn->gather_timer, MOMENT_MS, on_moment);
  }
}
