/*
 * exchange.c - one request and its response on a connection.
 *
 *   upload:    writing bufs -> (awaiting_100 ->) pulling windows -> done | stopped by an early
 *              response or a write error
 *   response:  waiting -> head -> body -> end          at the same time as the upload
 *
 * The exchange belongs to its caller; conn->x and x->conn point at each other while it lasts. It
 * ends in exactly one of end, failed, abort. Callbacks run from the loop: from the socket's
 * readable event, from the connection's timer, or from deferred work (pulls, bytes kept during a
 * pause).
 */
#include "base/mem.h"
#include "net/conn.h"
#include "net/pool.h"
#include "net/stall.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static void go_on(struct tcx_defer *defer);
static void on_timer(struct tcx_timer *timer);

/* ---- the end ---- */

void tcx__exchange_drop(struct tcx_conn *conn) {
  struct tcx_net *net = conn->pool->net;
  if (conn->x != NULL && conn->x->stall != NULL)
    tcx__timer_stop(net, &conn->x->stall->timer);
  if (conn->x != NULL)
    conn->x->conn = NULL;
  conn->x = NULL;
  tcx__timer_stop(net, &conn->timer);
  tcx__gather_end(conn);
  tcx__undefer(net, &conn->defer);
  tcx__free(conn->head_copy);
  conn->head_copy = NULL;
  conn->out_count = 0;
}

void tcx__exchange_fail(struct tcx_conn *conn, int status, tcx_phase_t phase, const char *why) {
  struct tcx_exchange *x = conn->x;
  struct tcx_pool *pool = conn->pool;
  tcx__exchange_drop(conn);
  tcx__conn_close(conn);
  x->ops->failed(x, status, phase, why);
  tcx__pool_pump(pool);
}

tcx_phase_t tcx__exchange_phase(const struct tcx_conn *conn) {
  return conn->head_seen ? TCX_PHASE_READ : conn->x->upload_done ? TCX_PHASE_WAIT : TCX_PHASE_SEND;
}

/* The response is complete. The connection goes back to the pool when both sides are done with it
 * and nothing is left over, else it is closed. */
static void complete(struct tcx_conn *conn) {
  struct tcx_exchange *x = conn->x;
  struct tcx_pool *pool = conn->pool;
  bool reusable = conn->http.keep_alive && x->upload_done && !conn->extra && !conn->more_input &&
                  conn->write_error == 0;
  tcx__exchange_drop(conn);
  conn->reading = true; /* a pause may have stopped it */
  if (reusable && tcx__socket_watch(conn) == 0)
    tcx__pool_give(pool, conn);
  else
    tcx__conn_close(conn);
  x->ops->end(x);
  tcx__pool_pump(pool);
}

/* ---- the stall limit ---- */

/* A body is on its way, and it is the peer's turn. */
static bool transferring(const struct tcx_conn *conn) {
  if (conn->head_seen)
    return !conn->paused;
  return !conn->x->upload_done && !conn->awaiting_100 && !conn->source_dry &&
         conn->write_error == 0;
}

/* What a full socket buffer holds has not moved. */
static uint64_t moved(const struct tcx_conn *conn) {
  size_t unsent = conn->head_seen ? 0 : tcx__socket_unsent(conn);
  return conn->moved > unsent ? conn->moved - unsent : 0;
}

static void on_slice(struct tcx_timer *timer) {
  struct tcx_stall *s = TCX__CONTAINER(timer, struct tcx_stall, timer);
  struct tcx_conn *conn = s->conn;
  struct tcx_net *net = conn->pool->net;
  char name[300], text[512];
  uint64_t next = tcx__stall_tick(s, uv_now(net->loop), moved(conn));
  if (next > 0) {
    tcx__timer_start(net, timer, next, on_slice);
    return;
  }
  snprintf(text, sizeof text, "%s: less than %u bytes a second for %u ms %s",
           tcx__conn_name(conn, name), s->limit, s->span_ms,
           conn->head_seen ? "inside the response's body" : "while the request was being sent");
  tcx__exchange_fail(conn, TCX_ESTALLED, tcx__exchange_phase(conn), text);
}

/* After whatever may have changed whose turn it is. */
static void follow(struct tcx_conn *conn) {
  struct tcx_stall *s = conn->x->stall;
  struct tcx_net *net = conn->pool->net;
  if (s == NULL || transferring(conn) == s->running)
    return;
  if (s->running) {
    tcx__stall_stand(s, uv_now(net->loop));
    tcx__timer_stop(net, &s->timer);
  } else {
    tcx__timer_start(net, &s->timer, tcx__stall_run(s, uv_now(net->loop), moved(conn)), on_slice);
  }
}

/* ---- the request ---- */

/* Drops n written bytes from the front of what is to be written. */
static void advance(struct tcx_conn *conn, size_t n) {
  unsigned i = 0;
  while (i < conn->out_count && n >= conn->out[i].len)
    n -= conn->out[i++].len;
  conn->out_count -= i;
  conn->out += i;
  if (n > 0) {
    conn->out[0].base += n;
    conn->out[0].len -= n;
  }
}

/* The socket takes no more. A response may be on its way all the same (a server that refuses a body
 * answers and closes): it is waited for a moment. */
static void write_failed(struct tcx_conn *conn, int status) {
  conn->write_error = status;
  conn->uploading = conn->awaiting_100 = conn->blocked = false;
  conn->out_count = 0;
  if (!conn->paused)
    tcx__timer_start(conn->pool->net, &conn->timer, TCX__WRITE_GRACE_MS, on_timer);
}

/* Gives the transport what it takes now. False when it must be asked again later, or failed. */
static bool write_out(struct tcx_conn *conn, size_t *budget) {
  while (conn->out_count > 0) {
    if (conn->blocked || *budget == 0)
      return false;
    ssize_t n = conn->transport->write(conn, conn->out, conn->out_count);
    if (n < 0) {
      write_failed(conn, (int)n);
      return false;
    }
    if (n > 0)
      conn->x->sent = true;
    advance(conn, (size_t)n);
    *budget -= (size_t)n < *budget ? (size_t)n : *budget;
    conn->pool->net->uploaded += (size_t)n;
  }
  int rc = conn->transport->flush(conn);
  if (rc < 0)
    write_failed(conn, rc);
  return rc > 0;
}

/* From the loop only: pull is called here. */
static void pull_and_write(struct tcx_conn *conn) {
  size_t budget = TCX__TURN_BYTES;
  struct tcx_exchange *x = conn->x;
  bool written;
  while ((written = write_out(conn, &budget)) && conn->uploading && !conn->awaiting_100 &&
         budget > 0) {
    if (conn->windows == NULL &&
        (conn->windows = tcx__malloc(TCX__PULL_MAX * sizeof *conn->windows)) == NULL) {
      tcx__exchange_fail(conn, UV_ENOMEM, TCX_PHASE_SEND, "out of memory");
      return;
    }
    unsigned n = 0;
    int rc = x->ops->pull(x, conn->windows, &n);
    if (conn->x != x)
      return;
    if (rc == TCX_EAGAIN) {
      conn->source_dry = true;
      return;
    }
    if (rc < 0) {
      tcx__exchange_fail(conn, rc, TCX_PHASE_SEND, "the request body failed");
      return;
    }
    conn->out = conn->windows;
    conn->out_count = n;
    conn->uploading = n > 0;
  }
  if (written && !conn->uploading)
    x->upload_done = true;
  else if (budget == 0 && !conn->blocked && conn->write_error == 0)
    tcx__defer(conn->pool->net, &conn->defer, go_on);
}

static void upload(struct tcx_conn *conn) {
  struct tcx_exchange *x = conn->x;
  pull_and_write(conn);
  if (conn->x == x)
    follow(conn);
}

void tcx__exchange_writable(struct tcx_conn *conn) {
  if (conn->state == TCX__CONN_BUSY) {
    tcx__defer(conn->pool->net, &conn->defer, go_on);
    return;
  }
  int rc = conn->transport->flush(conn);
  if (rc < 0)
    tcx__conn_failed(conn, rc, TCX_PHASE_SEND, NULL);
}

static void start_timer(struct tcx_conn *conn) {
  unsigned ms = conn->x->read_timeout_ms;
  if (ms != TCX_NEVER)
    tcx__timer_start(conn->pool->net, &conn->timer, ms, on_timer);
}

/* What could not be written at once: the first buffer is the caller's scratch and is copied. */
static bool keep_out(struct tcx_conn *conn, const uv_buf_t *first) {
  if (conn->out_count == 0 || conn->out[0].base < first->base ||
      conn->out[0].base >= first->base + first->len)
    return true;
  char *copy = tcx__malloc(conn->out[0].len);
  if (copy == NULL)
    return false;
  memcpy(copy, conn->out[0].base, conn->out[0].len);
  conn->head_copy = copy;
  conn->out[0].base = copy;
  return true;
}

static void start_failed(struct tcx_defer *defer) {
  struct tcx_conn *conn = TCX__CONTAINER(defer, struct tcx_conn, defer);
  tcx__exchange_fail(conn, UV_ENOMEM, TCX_PHASE_SEND, "out of memory");
}

static void reset(struct tcx_conn *conn, struct tcx_exchange *x, bool has_body) {
  struct tcx_net *net = conn->pool->net;
  x->conn = conn;
  x->reused = conn->served;
  x->sent = x->received = x->upload_done = false;
  x->first_byte_us = 0;
  conn->x = x;
  conn->served = true;
  conn->uploading = has_body;
  conn->awaiting_100 = has_body && x->continue_timeout_ms > 0;
  conn->source_dry = conn->paused = conn->head_seen = conn->extra = conn->more_input = false;
  conn->write_error = 0;
  conn->active_ms = uv_now(net->loop);
  conn->started_us = tcx__net_now_us();
  conn->moved = 0;
  if (x->stall != NULL) {
    tcx__stall_begin(x->stall);
    x->stall->conn = conn;
  }
}

void tcx__exchange_start(struct tcx_exchange *x, struct tcx_conn *conn, const uv_buf_t *bufs,
                         unsigned n, bool has_body) {
  assert(n > 0 && n <= TCX__OUT_MAX);
  struct tcx_net *net = conn->pool->net;
  reset(conn, x, has_body);
  if (conn->state == TCX__CONN_CLOSED)
    return; /* fails in the close callback */
  conn->state = TCX__CONN_BUSY;
  tcx__http1_reset(&conn->http, x->arena, x->head_request);
  conn->out = conn->first_out;
  for (unsigned i = 0; i < n; i++)
    if (bufs[i].len > 0)
      conn->out[conn->out_count++] = bufs[i];
  size_t budget = TCX__TURN_BYTES;
  bool written = write_out(conn, &budget);
  if (!keep_out(conn, &bufs[0])) {
    tcx__defer(net, &conn->defer, start_failed);
    return;
  }
  if (conn->write_error != 0)
    return;
  if (written && !has_body)
    x->upload_done = true;
  else if (!conn->blocked && !(written && conn->awaiting_100))
    tcx__defer(net, &conn->defer, go_on);
  if (conn->awaiting_100)
    tcx__timer_start(net, &conn->timer, x->continue_timeout_ms, on_timer);
  else
    start_timer(conn);
  follow(conn);
}

void tcx__exchange_resume(struct tcx_exchange *x) {
  struct tcx_conn *conn = x->conn;
  if (conn == NULL || !conn->source_dry)
    return;
  conn->source_dry = false;
  conn->active_ms = uv_now(conn->pool->net->loop);
  tcx__defer(conn->pool->net, &conn->defer, go_on);
  follow(conn);
}

/* ---- the response ---- */

static void on_interim(void *ctx, int status) {
  struct tcx_conn *conn = ctx;
  if (status != 100 || !conn->awaiting_100)
    return;
  conn->awaiting_100 = false;
  start_timer(conn);
  tcx__defer(conn->pool->net, &conn->defer, go_on);
}

/* A final response ends the upload, whatever is left of it: the connection cannot be used again. */
static void stop_upload(struct tcx_conn *conn) {
  conn->uploading = conn->awaiting_100 = conn->source_dry = false;
  conn->out_count = 0;
  if (conn->blocked) {
    conn->blocked = false;
    tcx__socket_watch(conn);
  }
  start_timer(conn);
}

static tcx__http1_verdict verdict(const struct tcx_conn *conn, const struct tcx_exchange *x) {
  return conn->x != x ? TCX__HTTP1_STOP : conn->paused ? TCX__HTTP1_PAUSE : TCX__HTTP1_GO_ON;
}

static tcx__http1_verdict on_head(void *ctx, const struct tcx_response_head *head) {
  struct tcx_conn *conn = ctx;
  struct tcx_exchange *x = conn->x;
  conn->head_seen = true;
  if (!x->upload_done)
    stop_upload(conn);
  follow(conn);
  x->ops->head(x, head);
  return verdict(conn, x);
}

static tcx__http1_verdict on_data(void *ctx, const char *p, size_t n) {
  struct tcx_conn *conn = ctx;
  struct tcx_exchange *x = conn->x;
  x->ops->data(x, p, n);
  return verdict(conn, x);
}

static const struct tcx_http1_ops http1_ops = {
    .interim = on_interim, .head = on_head, .data = on_data};

void tcx__exchange_prepare(struct tcx_conn *conn) {
  tcx__http1_init(&conn->http, &http1_ops, conn);
}

static void protocol_error(struct tcx_conn *conn, const char *why) {
  char name[300], text[640];
  if (conn->http.status == UV_ENOMEM)
    snprintf(text, sizeof text, "%s", why);
  else
    snprintf(text, sizeof text, "malformed response from %s: %s", tcx__conn_name(conn, name), why);
  tcx__exchange_fail(conn, conn->http.status, conn->head_seen ? TCX_PHASE_READ : TCX_PHASE_WAIT,
                     text);
}

size_t tcx__exchange_input(struct tcx_conn *conn, const char *p, size_t n) {
  struct tcx_exchange *x = conn->x;
  size_t used;
  if (conn->paused)
    return 0;
  if (!x->received && n > 0) {
    x->received = true;
    x->first_byte_us = tcx__net_now_us() - conn->started_us;
  }
  switch (tcx__http1_feed(&conn->http, p, n, &used, conn->pool->net->head_buffer)) {
  case TCX__HTTP1_MORE:
    return n;
  case TCX__HTTP1_PAUSED:
    return used;
  case TCX__HTTP1_STOPPED:
    return n;
  case TCX__HTTP1_DONE:
    conn->extra = used < n;
    complete(conn);
    return n;
  case TCX__HTTP1_ERROR:
    protocol_error(conn, conn->http.why);
  }
  return n;
}

void tcx__exchange_ended(struct tcx_conn *conn) {
  char name[300], text[512];
  if (conn->write_error != 0 && !conn->x->received) {
    tcx__conn_failed(conn, conn->write_error, TCX_PHASE_SEND, NULL);
    return;
  }
  if (!conn->x->received) {
    snprintf(text, sizeof text, "%s closed the connection before it answered",
             tcx__conn_name(conn, name));
    tcx__exchange_fail(conn, UV_ECONNRESET, tcx__exchange_phase(conn), text);
    return;
  }
  bool until_close = conn->head_seen && tcx__http1_until_close(&conn->http);
  if (until_close && !conn->transport->ended(conn)) {
    snprintf(text, sizeof text,
             "the response from %s may be cut: it has no length, and the connection was cut "
             "without close_notify",
             tcx__conn_name(conn, name));
    tcx__exchange_fail(conn, TCX_EPROTO, TCX_PHASE_READ, text);
    return;
  }
  if (tcx__http1_finish(&conn->http, conn->pool->net->head_buffer) == TCX__HTTP1_DONE)
    complete(conn);
  else
    protocol_error(conn, conn->http.why);
}

/* ---- pause ---- */

void tcx__exchange_pause(struct tcx_exchange *x) {
  struct tcx_conn *conn = x->conn;
  if (x->replay != NULL)
    tcx__replay_pause(x->replay);
  if (conn == NULL || conn->paused || conn->state == TCX__CONN_CLOSED)
    return;
  conn->paused = true;
  conn->reading = false;
  tcx__gather_end(conn);
  tcx__socket_watch(conn);
  follow(conn);
}

void tcx__exchange_unpause(struct tcx_exchange *x) {
  struct tcx_conn *conn = x->conn;
  if (x->replay != NULL)
    tcx__replay_unpause(x->replay);
  if (conn == NULL || !conn->paused)
    return;
  conn->paused = false;
  conn->active_ms = uv_now(conn->pool->net->loop);
  tcx__defer(conn->pool->net, &conn->defer, go_on);
  follow(conn);
}

/* Bytes that were read before a pause, then the socket again. */
static void deliver_kept(struct tcx_conn *conn) {
  struct tcx_exchange *x = conn->x;
  tcx__wire_resume(conn);
  if (conn->x != x || conn->paused)
    return;
  if (conn->kept == NULL) {
    tcx__exchange_input(conn, "", 0); /* the pause may have come between the body and its end */
  } else {
    char *kept = conn->kept;
    size_t at = conn->kept_at, len = conn->kept_len;
    conn->kept = NULL; /* it belongs to this function: the connection may be closed below */
    size_t used = tcx__socket_feed(conn, kept + at, len - at);
    if (used < len - at) {
      conn->kept = kept;
      conn->kept_at = at + used;
      return;
    }
    tcx__free(kept);
  }
  if (conn->x != x || conn->paused)
    return;
  conn->reading = true;
  tcx__socket_watch(conn);
  if (conn->timer.due_ms == 0)
    start_timer(conn);
}

/* Deferred work of a busy connection: what is due of kept bytes and of the upload. */
static void go_on(struct tcx_defer *defer) {
  struct tcx_conn *conn = TCX__CONTAINER(defer, struct tcx_conn, defer);
  struct tcx_exchange *x = conn->x;
  if (!conn->reading && !conn->paused) {
    deliver_kept(conn);
    if (conn->x != x)
      return;
  }
  if (!x->upload_done && conn->write_error == 0 && !conn->head_seen && !conn->source_dry &&
      !conn->blocked)
    upload(conn);
}

/* ---- time ---- */

static void on_timer(struct tcx_timer *timer) {
  struct tcx_conn *conn = TCX__CONTAINER(timer, struct tcx_conn, timer);
  struct tcx_exchange *x = conn->x;
  struct tcx_net *net = conn->pool->net;
  if (conn->awaiting_100) {
    conn->awaiting_100 = false;
    start_timer(conn);
    upload(conn);
    return;
  }
  if (conn->write_error != 0 && !x->received) {
    tcx__conn_failed(conn, conn->write_error, TCX_PHASE_SEND, NULL);
    return;
  }
  if (conn->paused)
    return; /* unpausing starts it again */
  uint64_t silent = uv_now(net->loop) - conn->active_ms;
  if (conn->source_dry)
    silent = 0; /* the program's own body is slow, not the peer */
  if (silent < x->read_timeout_ms) {
    tcx__timer_start(net, &conn->timer, x->read_timeout_ms - silent, on_timer);
    return;
  }
  char name[300], text[512];
  snprintf(text, sizeof text, "%s was silent for %u ms %s", tcx__conn_name(conn, name),
           x->read_timeout_ms,
           conn->head_seen  ? "inside the response's body"
           : x->upload_done ? "before it answered"
                            : "while the request was being sent");
  tcx__exchange_fail(conn, UV_ETIMEDOUT, tcx__exchange_phase(conn), text);
}

void tcx__exchange_abort(struct tcx_exchange *x) {
  struct tcx_conn *conn = x->conn;
  if (x->replay != NULL)
    tcx__replay_drop(x->replay);
  if (conn == NULL)
    return;
  struct tcx_pool *pool = conn->pool;
  tcx__exchange_drop(conn);
  tcx__conn_close(conn);
  tcx__pool_pump_later(pool);
}
