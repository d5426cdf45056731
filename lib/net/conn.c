/* conn.c - a connection's life from its socket to its end; see conn.h for the states. */
#include "net/conn.h"
#include "base/mem.h"
#include "net/pool.h"
#include <stdio.h>
#include <string.h>

struct tcx_conn *tcx__conn_new(struct tcx_pool *pool, struct tcx_bucket *bucket, int family,
                               int *status) {
  struct tcx_conn *conn = tcx__calloc(1, sizeof *conn);
  if (conn == NULL) {
    *status = UV_ENOMEM;
    return NULL;
  }
  conn->pool = pool;
  conn->idle.bucket = bucket;
  conn->reading = true;
  conn->transport = bucket->tunnel ? &tcx__transport_tunnel
                    : bucket->tls  ? &tcx__transport_tls
                                   : &tcx__transport_tcp;
  *status = tcx__socket_open(pool->net, conn, family);
  if (*status != 0) {
    tcx__free(conn);
    return NULL;
  }
  tcx__exchange_prepare(conn);
  pool->open++;
  conn->next = pool->conns;
  if (pool->conns != NULL)
    pool->conns->prev = conn;
  pool->conns = conn;
  return conn;
}

static void handle_closed(uv_handle_t *handle) {
  struct tcx_conn *conn = handle->data;
  struct tcx_pool *pool = conn->pool;
  struct tcx_net *net = pool->net;
  /* an exchange was started on a connection that had been closed in the same turn */
  if (conn->x != NULL)
    tcx__exchange_fail(conn, TCX_ECLOSING, TCX_PHASE_SEND, "the connection is closed");
  tcx__wire_free(conn);
  tcx__free(conn);
  tcx__pool_conn_freed(pool);
  tcx__net_handle_closed(net);
}

void tcx__conn_close(struct tcx_conn *conn) {
  if (conn->state == TCX__CONN_CLOSED)
    return;
  struct tcx_pool *pool = conn->pool;
  bool counted = conn->state >= TCX__CONN_IDLE;
  if (conn->state == TCX__CONN_IDLE)
    tcx__policy_take_idle(&pool->policy, &conn->idle);
  if (counted)
    tcx__wire_farewell(conn);
  conn->state = TCX__CONN_CLOSED;
  if (counted && tcx__net_logs(pool->net, TCX_LOG_DEBUG)) {
    char name[300];
    tcx__net_log(pool->net, TCX_LOG_DEBUG, "net", "closed a connection to %s",
                 tcx__conn_name(conn, name));
  }
  tcx__timer_stop(pool->net, &conn->timer);
  tcx__gather_end(conn);
  tcx__undefer(pool->net, &conn->defer);
  if (conn->prev != NULL)
    conn->prev->next = conn->next;
  else
    pool->conns = conn->next;
  if (conn->next != NULL)
    conn->next->prev = conn->prev;
  tcx__http1_free(&conn->http);
  tcx__free(conn->head_copy);
  tcx__free(conn->kept);
  conn->head_copy = conn->kept = NULL;
  tcx__free(conn->windows);
  conn->windows = NULL;
  conn->out_count = 0;
  tcx__socket_close(conn, handle_closed);
  if (counted)
    tcx__pool_lost(pool, conn->idle.bucket);
}

const char *tcx__conn_name(const struct tcx_conn *conn, char out[300]) {
  return tcx__target_name(conn->idle.bucket, out);
}

void tcx__conn_opened(struct tcx_conn *conn) { tcx__dial_opened(conn->dial, conn); }

void tcx__conn_failed(struct tcx_conn *conn, int status, tcx_phase_t phase, const char *why) {
  char name[300], text[512];
  switch (conn->state) {
  case TCX__CONN_CONNECTING:
    tcx__dial_connected(conn->dial, conn, status);
    return;
  case TCX__CONN_OPENING:
    if (why == NULL) {
      snprintf(text, sizeof text, "the connection to %s broke %s: %s", tcx__conn_name(conn, name),
               conn->tunnel != NULL ? "before the proxy answered CONNECT" : "in the TLS handshake",
               tcx_strerror(status));
      why = text;
    }
    tcx__dial_lost(conn->dial, conn, status,
                   conn->tunnel != NULL || phase == TCX_PHASE_CONNECT ? TCX_PHASE_CONNECT
                                                                      : TCX_PHASE_TLS,
                   why);
    return;
  case TCX__CONN_BUSY:
    if (why == NULL) {
      snprintf(text, sizeof text, "the connection to %s broke: %s", tcx__conn_name(conn, name),
               tcx_strerror(status));
      why = text;
    }
    tcx__exchange_fail(conn, status, phase != TCX_PHASE_NONE ? phase : tcx__exchange_phase(conn),
                       why);
    return;
  default:
    tcx__conn_close(conn);
    tcx__pool_pump_later(conn->pool);
  }
}

size_t tcx__conn_input(struct tcx_conn *conn, const char *p, size_t n) {
  if (conn->state == TCX__CONN_BUSY)
    return tcx__exchange_input(conn, p, n);
  tcx__conn_close(conn); /* idle: nobody asked for anything */
  tcx__pool_pump_later(conn->pool);
  return n;
}

void tcx__conn_ended(struct tcx_conn *conn) {
  if (conn->state == TCX__CONN_BUSY)
    tcx__exchange_ended(conn);
  else
    tcx__conn_failed(conn, UV_ECONNRESET, TCX_PHASE_NONE, NULL);
}
