/*
 * tunnel.c - the transport of a connection that goes through a proxy: asks for a tunnel with
 * CONNECT, and gives way to TLS once it is open.
 *
 *   asking -> open (conn->transport is TLS from then on) | tcx__conn_failed
 *
 * It lives while the connection is OPENING, so no exchange ever sees it. The answer goes through
 * the connection's own HTTP decoder, with its limits; what comes behind it is refused, since a TLS
 * server never speaks first.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/pool.h"
#include "net/proxy.h"
#include <stdio.h>
#include <string.h>

#define CONNECT_MAX (16u * 1024) /* bytes of the request */

struct tcx_tunnel {
  struct tcx_arena *arena; /* holds this struct too, and the answer's head */
  struct tcx_buf request;
  size_t written;
  struct tcx_response_head head;
};

static void refuse(struct tcx_conn *conn, int status, const char *why) {
  tcx__conn_failed(conn, status, TCX_PHASE_CONNECT, why);
}

/* ---- out ---- */

static void write_request(struct tcx_conn *conn) {
  struct tcx_tunnel *tunnel = conn->tunnel;
  struct tcx_buf *out = &tunnel->request;
  const struct tcx_proxy *proxy = conn->idle.bucket->proxy;
  char name[300];
  tcx__conn_name(conn, name);
  tcx__buf_init(out, NULL, CONNECT_MAX);
  /* at once: what grows leaves copies behind */
  tcx__buf_reserve(out, 2 * sizeof name + proxy->authorization.n + 64);
  tcx__buf_printf(out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", name, name);
  if (proxy->authorization.n > 0) {
    tcx__buf_adds(out, "Proxy-Authorization: ");
    tcx__buf_add_str(out, proxy->authorization);
    tcx__buf_adds(out, "\r\n");
  }
  tcx__buf_adds(out, "\r\n");
}

static int tunnel_flush(struct tcx_conn *conn) {
  struct tcx_tunnel *tunnel = conn->tunnel;
  size_t left = tunnel->request.len - tunnel->written;
  if (left == 0)
    return tcx__wire_flush(conn);
  uv_buf_t buf = uv_buf_init(tunnel->request.data + tunnel->written, (unsigned)left);
  ssize_t n = tcx__wire_write(conn, &buf);
  if (n < 0)
    return (int)n;
  tunnel->written += (size_t)n;
  return (size_t)n == left ? tcx__wire_flush(conn) : 0;
}

/* ---- in ---- */

static tcx__http1_verdict on_head(void *ctx, const struct tcx_response_head *head) {
  struct tcx_conn *conn = ctx;
  conn->tunnel->head = *head; /* its texts are the arena's */
  return TCX__HTTP1_GO_ON;
}

static void on_interim(void *ctx, int status) { (void)ctx, (void)status; }

static tcx__http1_verdict on_data(void *ctx, const char *p, size_t n) {
  (void)ctx, (void)p, (void)n; /* the answer is read as one without a body */
  return TCX__HTTP1_GO_ON;
}
static const struct tcx_http1_ops answer_ops = {on_interim, on_head, on_data};

static void tunnel_free(struct tcx_conn *conn) {
  struct tcx_tunnel *tunnel = conn->tunnel;
  conn->tunnel = NULL;
  if (tunnel == NULL)
    return;
  tcx__buf_wipe(&tunnel->request);
  tcx__arena_free(tunnel->arena);
}

static void open_tunnel(struct tcx_conn *conn) {
  tcx__http1_free(&conn->http);
  tcx__exchange_prepare(conn);
  tunnel_free(conn);
  conn->in_tunnel = true;
  conn->dial->connected_us = tcx__net_now_us();
  conn->transport = &tcx__transport_tls;
  conn->transport->connected(conn);
}

/* The proxy's own words, as far as they can be shown. */
static void refused(struct tcx_conn *conn) {
  const struct tcx_response_head *head = &conn->tunnel->head;
  char reason[128], why[256];
  bool wants_user = head->status == 407 || head->status == 401;
  snprintf(reason, sizeof reason, "%.*s",
           (int)(head->reason.n < sizeof reason ? head->reason.n : sizeof reason - 1),
           head->reason.p);
  for (char *p = reason; *p != '\0'; p++)
    if (*p < ' ' || *p > '~')
      *p = '?';
  snprintf(why, sizeof why, "it answered CONNECT with %d%s%s%s", head->status,
           reason[0] != '\0' ? " " : "", reason,
           !wants_user ? ""
           : conn->idle.bucket->proxy->authorization.n > 0
               ? ": it does not accept this user and password"
               : ": it wants a user and a password");
  refuse(conn, TCX_EPROXY, why);
}

static size_t tunnel_input(struct tcx_conn *conn, const char *p, size_t n) {
  size_t used = 0;
  char why[256];
  switch (tcx__http1_feed(&conn->http, p, n, &used, conn->pool->net->head_buffer)) {
  case TCX__HTTP1_DONE:
    if (conn->tunnel->head.status / 100 != 2)
      refused(conn);
    else if (used < n)
      refuse(conn, TCX_EPROXY, "it sent something behind its answer to CONNECT");
    else
      open_tunnel(conn);
    break;
  case TCX__HTTP1_ERROR:
    snprintf(why, sizeof why, "its answer to CONNECT is malformed: %s", conn->http.why);
    refuse(conn, conn->http.status == UV_ENOMEM ? UV_ENOMEM : TCX_EPROXY,
           conn->http.status == UV_ENOMEM ? "out of memory" : why);
    break;
  default:
    break;
  }
  return n;
}

/* ---- begin ---- */

static void tunnel_connected(struct tcx_conn *conn) {
  struct tcx_arena *arena = tcx__arena_new();
  conn->tunnel = arena != NULL ? tcx__arena_zalloc(arena, sizeof *conn->tunnel) : NULL;
  if (conn->tunnel == NULL) {
    tcx__arena_free(arena);
    refuse(conn, UV_ENOMEM, "out of memory");
    return;
  }
  conn->tunnel->arena = arena;
  write_request(conn);
  tcx__http1_init(&conn->http, &answer_ops, conn);
  tcx__http1_reset(&conn->http, arena, true);
  int rc = conn->tunnel->request.status != 0 ? conn->tunnel->request.status : tunnel_flush(conn);
  if (rc < 0)
    tcx__conn_failed(conn, rc, TCX_PHASE_CONNECT, NULL);
}

/* The functions that only an exchange calls are not there. */
const struct tcx_transport tcx__transport_tunnel = {
    .connected = tunnel_connected,
    .flush = tunnel_flush,
    .input = tunnel_input,
    .free = tunnel_free,
};
