/*
 * wire.c - what a connection's transport stands on, and the transport that is TLS.
 *
 *   HTTP   transport: tcp | tls (to the origin, or to a proxy that forwards) | tunnel, then tls
 *          tcx__wire_write, tcx__socket_feed
 *          proxy_tls: the proxy's TLS, where a tunnel goes through a proxy that is reached over TLS
 *          the socket
 */
#include "net/dial.h"
#include "net/pool.h"
#include "net/proxy.h"
#include "net/tls.h"

/* ---- TLS to a proxy, below its tunnel ---- */

static ssize_t proxy_write(struct tcx_conn *conn, const uv_buf_t *buf) {
  return tcx__socket_write(conn, buf, 1);
}

static int proxy_flush(struct tcx_conn *conn) {
  (void)conn;
  return 1;
}

static size_t proxy_deliver(struct tcx_conn *conn, const char *p, size_t n, bool more) {
  conn->more_below = more;
  size_t used = conn->transport->input(conn, p, n);
  conn->more_below = more || used < n; /* it waits here until the exchange goes on */
  return used;
}

static void proxy_opened(struct tcx_conn *conn) { conn->transport->connected(conn); }

static const struct tcx_tls_side proxy_side = {proxy_write, proxy_flush, proxy_deliver,
                                               proxy_opened};

void tcx__wire_connected(struct tcx_conn *conn) {
  const struct tcx_bucket *bucket = conn->idle.bucket;
  if (!bucket->tunnel || !bucket->proxy->tls) {
    conn->transport->connected(conn);
    return;
  }
  const struct tcx_tls_peer peer = {.way = &conn->pool->proxy_tls,
                                    .host = bucket->proxy->host.p,
                                    .port = bucket->proxy->port,
                                    .session = &conn->pool->proxy_session,
                                    .seal = &conn->pool->net->proxy_seal_buffer};
  tcx__tls_begin(conn, &conn->proxy_tls, &proxy_side, &peer);
}

ssize_t tcx__wire_write(struct tcx_conn *conn, const uv_buf_t *buf) {
  size_t done = 0;
  if (conn->proxy_tls == NULL)
    return tcx__socket_write(conn, buf, 1);
  while (done < buf->len) { /* a turn takes no more than its seal buffer holds */
    uv_buf_t rest = uv_buf_init(buf->base + done, (unsigned)(buf->len - done));
    ssize_t n = tcx__tls_write(conn->proxy_tls, &rest, 1);
    if (n < 0)
      return n;
    if (n == 0)
      break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

int tcx__wire_flush(struct tcx_conn *conn) {
  return conn->proxy_tls != NULL ? tcx__tls_flush(conn->proxy_tls) : 1;
}

size_t tcx__wire_input(struct tcx_conn *conn, const char *p, size_t n) {
  return conn->proxy_tls != NULL ? tcx__tls_input(conn->proxy_tls, p, n)
                                 : conn->transport->input(conn, p, n);
}

void tcx__wire_resume(struct tcx_conn *conn) {
  conn->transport->resume(conn);
  if (conn->proxy_tls != NULL && conn->state == TCX__CONN_BUSY && !conn->paused)
    tcx__tls_input(conn->proxy_tls, NULL, 0);
}

void tcx__wire_farewell(struct tcx_conn *conn) {
  conn->transport->farewell(conn);
  tcx__tls_farewell(conn->proxy_tls);
}

void tcx__wire_free(struct tcx_conn *conn) {
  conn->transport->free(conn);
  tcx__tls_free(conn->proxy_tls);
  conn->proxy_tls = NULL;
}

/* ---- TLS below HTTP ---- */

static size_t tls_deliver(struct tcx_conn *conn, const char *p, size_t n, bool more) {
  conn->more_input = more || conn->more_below;
  return tcx__conn_input(conn, p, n);
}

static const struct tcx_tls_side http_side = {tcx__wire_write, tcx__wire_flush, tls_deliver,
                                              tcx__conn_opened};

/* The peer is the origin, or a proxy that forwards. */
static void tls_connected(struct tcx_conn *conn) {
  struct tcx_bucket *bucket = conn->idle.bucket;
  bool forwards = bucket->proxy != NULL && !bucket->tunnel;
  const struct tcx_tls_peer peer = {.way =
                                        forwards ? &conn->pool->proxy_tls : &conn->pool->origin_tls,
                                    .host = bucket->host,
                                    .port = bucket->port,
                                    .session = &bucket->session,
                                    .seal = &conn->pool->net->seal_buffer};
  tcx__tls_begin(conn, &conn->tls, &http_side, &peer);
}

static ssize_t tls_write(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned n) {
  return tcx__tls_write(conn->tls, bufs, n);
}
static int tls_flush(struct tcx_conn *conn) { return tcx__tls_flush(conn->tls); }
static size_t tls_input(struct tcx_conn *conn, const char *p, size_t n) {
  return tcx__tls_input(conn->tls, p, n);
}
static void tls_resume(struct tcx_conn *conn) { tcx__tls_input(conn->tls, NULL, 0); }
static bool tls_ended(const struct tcx_conn *conn) { return tcx__tls_ended(conn->tls); }
static void tls_farewell(struct tcx_conn *conn) { tcx__tls_farewell(conn->tls); }
static void tls_free(struct tcx_conn *conn) {
  tcx__tls_free(conn->tls);
  conn->tls = NULL;
}

const struct tcx_transport tcx__transport_tls = {
    .connected = tls_connected,
    .write = tls_write,
    .flush = tls_flush,
    .input = tls_input,
    .resume = tls_resume,
    .ended = tls_ended,
    .farewell = tls_farewell,
    .free = tls_free,
};
