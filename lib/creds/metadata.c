#include "creds/metadata.h"
#include "base/mem.h"
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>

#define HEAD_MAX (32 * 1024u)

static void reset(struct tcx_metadata *m) {
  tcx__timer_stop(m->session->net, &m->timer);
  m->state = TCX__METADATA_IDLE;
  tcx__buf_wipe(&m->head);
}

static void over(struct tcx_metadata *m, int status, const char *why) {
  struct tcx_buf body = m->body;
  struct tcx_arena *arena = m->arena;
  reset(m);
  m->arena = NULL;
  m->done(m, status, why); /* may ask again, or end it all */
  tcx__buf_wipe(&body);
  tcx__arena_wipe_free(arena);
}

void tcx__metadata_cancel(struct tcx_metadata *m) {
  if (m->state == TCX__METADATA_IDLE)
    return;
  if (m->state == TCX__METADATA_LEASE)
    tcx__lease_cancel(&m->lease);
  else
    tcx__exchange_abort(&m->exchange);
  reset(m);
  tcx__buf_wipe(&m->body);
  tcx__arena_wipe_free(m->arena);
  m->arena = NULL;
}

void tcx__metadata_end(struct tcx_metadata *m) {
  tcx__metadata_cancel(m);
  if (m->pool != NULL)
    tcx__pool_close(m->pool, tcx__session_lingered, m->session);
  m->pool = NULL;
}

/* ---- the exchange ---- */

static struct tcx_metadata *of_exchange(struct tcx_exchange *x) {
  return (struct tcx_metadata *)(void *)((char *)x - offsetof(struct tcx_metadata, exchange));
}
static void on_head(struct tcx_exchange *x, const struct tcx_response_head *head) {
  of_exchange(x)->http_status = head->status;
}
static void on_data(struct tcx_exchange *x, const char *p, size_t n) {
  struct tcx_metadata *m = of_exchange(x);
  tcx__buf_add(&m->body, p, n);
  if (m->body.status == 0)
    return;
  tcx__exchange_abort(x);
  over(m, m->body.status, m->body.status == TCX_ETOOBIG ? "the answer is too long" : NULL);
}
static void on_end(struct tcx_exchange *x) { over(of_exchange(x), 0, NULL); }
static void on_broken(struct tcx_exchange *x, int status, tcx_phase_t phase, const char *why) {
  (void)phase;
  over(of_exchange(x), status, why);
}
static const struct tcx_exchange_ops exchange_ops = {
    .head = on_head, .data = on_data, .end = on_end, .failed = on_broken};

static void start(struct tcx_metadata *m, struct tcx_conn *conn) {
  uv_buf_t buf = uv_buf_init(m->head.data, (unsigned)m->head.len);
  m->state = TCX__METADATA_EXCHANGE;
  m->exchange =
      (struct tcx_exchange){.ops = &exchange_ops, .arena = m->arena, .read_timeout_ms = TCX_NEVER};
  tcx__exchange_start(&m->exchange, conn, &buf, 1, false);
}

static struct tcx_metadata *of_lease(struct tcx_lease *lease) {
  return (struct tcx_metadata *)(void *)((char *)lease - offsetof(struct tcx_metadata, lease));
}
static void on_ready(struct tcx_lease *lease, struct tcx_conn *conn) {
  start(of_lease(lease), conn);
}
static void on_refused(struct tcx_lease *lease, int status, tcx_phase_t phase, const char *why) {
  (void)phase;
  over(of_lease(lease), status, why);
}
static const struct tcx_lease_ops lease_ops = {.ready = on_ready, .failed = on_refused};

static void on_time(struct tcx_timer *timer) {
  struct tcx_metadata *m =
      (struct tcx_metadata *)(void *)((char *)timer - offsetof(struct tcx_metadata, timer));
  m->connected = m->state == TCX__METADATA_EXCHANGE;
  if (m->connected)
    tcx__exchange_abort(&m->exchange);
  else
    tcx__lease_cancel(&m->lease);
  over(m, UV_ETIMEDOUT, m->connected ? "it did not answer in time" : "no connection in time");
}

/* ---- a request ---- */

/* TCX_EPARAM when a line holds what would begin another one. */
static int write_head(struct tcx_buf *to, const char *method, const struct tcx_url *url,
                      const char *const *lines) {
  tcx__buf_adds(to, method);
  tcx__buf_addc(to, ' ');
  if (url->path.n == 0)
    tcx__buf_addc(to, '/');
  tcx__buf_add_str(to, url->path);
  if (url->query.p != NULL) {
    tcx__buf_addc(to, '?');
    tcx__buf_add_str(to, url->query);
  }
  tcx__buf_adds(to, " HTTP/1.1\r\nHost: ");
  tcx__buf_add_str(to, url->authority);
  tcx__buf_adds(to, "\r\n");
  for (; *lines != NULL; lines++) {
    if (strpbrk(*lines, "\r\n") != NULL)
      return TCX_EPARAM;
    tcx__buf_adds(to, *lines);
    tcx__buf_adds(to, "\r\n");
  }
  if (strcmp(method, "PUT") == 0)
    tcx__buf_adds(to, "Content-Length: 0\r\n");
  tcx__buf_adds(to, "\r\n");
  return to->status;
}

static int open_pool(struct tcx_metadata *m) {
  struct tcx_pool_options o = {.max_connections = 1,
                               .connect_timeout_ms = TCX_NEVER,
                               .idle_ms = 1000,
                               .tls = {.ca_bundle = m->ca_bundle}};
  if (m->pool != NULL)
    return 0;
  int err = tcx__pool_new(m->session->net, &o, &m->pool);
  if (err == 0)
    tcx__session_linger(m->session);
  return err;
}

static int lower_host(struct tcx_arena *arena, struct tcx_str host, struct tcx_str *out) {
  char *p = tcx__arena_strndup(arena, host.p, host.n);
  for (size_t i = 0; p != NULL && i < host.n; i++)
    p[i] = (char)tolower((unsigned char)p[i]);
  *out = (struct tcx_str){p, host.n};
  return p != NULL ? 0 : UV_ENOMEM;
}

int tcx__metadata_ask(struct tcx_metadata *m, const char *method, const struct tcx_url *url,
                      const char *const *lines, unsigned timeout_ms) {
  struct tcx_target target = {.tls = url->tls, .port = url->port};
  m->http_status = 0;
  m->connected = false;
  tcx__buf_init(&m->body, NULL, TCX__METADATA_MAX);
  tcx__buf_init(&m->head, NULL, HEAD_MAX);
  (void)tcx__buf_reserve(&m->head, 4096); /* secrets are not left behind by growing */
  m->arena = tcx__arena_new();
  int err = m->arena == NULL ? UV_ENOMEM : write_head(&m->head, method, url, lines);
  if (err == 0)
    err = lower_host(m->arena, url->host, &target.host);
  if (err == 0)
    err = open_pool(m);
  if (err != 0) {
    tcx__buf_wipe(&m->head);
    tcx__arena_wipe_free(m->arena);
    m->arena = NULL;
    return err;
  }
  m->lease = (struct tcx_lease){.ops = &lease_ops};
  m->state = TCX__METADATA_LEASE;
  tcx__timer_start(m->session->net, &m->timer, timeout_ms, on_time);
  struct tcx_conn *conn = tcx__pool_acquire(m->pool, &m->lease, &target, TCX_NEVER, false);
  if (conn != NULL)
    start(m, conn);
  return 0;
}
