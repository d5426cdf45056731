/* send.c - EXCHANGE: signs, writes the head into the session's scratch buffer and starts the
 * exchange. Signing is the last thing before the write. */
#include "auth/sigv2.h"
#include "core/call.h"
#include "core/log.h"
#include "core/user_hooks.h"
#include <string.h>

int tcx__call_sigv4(tcx_call_t *call, struct tcx_sigv4 *s) {
  if (call->signing_region == NULL)
    return tcx__fail(&call->fail, TCX_ECONFIG, "You must specify a region.");
  const struct tcx_identity *id = call->identity;
  *s = (struct tcx_sigv4){
      .access_key = id->access_key,
      .secret_key = id->secret_key,
      .session_token = id->session_token,
      .express = call->scheme == TCX__SCHEME_S3EXPRESS,
      .region = call->signing_region,
      .service = call->signing_name,
      .asymmetric = call->scheme == TCX__SCHEME_SIGV4A,
      .now = tcx__call_now(call),
      .keys = &call->client->keys,
      .payload = call->payload.form,
      .payload_sha256 = call->payload.hash_sha ? call->payload.sha_hex : NULL,
      .s3 = call->s3_signer,
      .plain_path = call->plain_path,
      .content_sha256_header = call->content_sha256_header,
      .normalize_path = !call->s3_signer,
  };
  return 0;
}

/* The signature is part of the form; req.body stays as it was, for the next attempt. */
static int sign_form(tcx_call_t *call) {
  const struct tcx_identity *id = call->identity;
  struct tcx_sigv2 s = {.access_key = id->access_key,
                        .secret_key = id->secret_key,
                        .session_token = id->session_token,
                        .now = tcx__session_now(call->session)};
  struct tcx_upload *u = &call->upload;
  int err = tcx__sigv2_sign(&s, &call->req, &u->memory, &call->fail);
  u->length = call->payload.content_length = (int64_t)u->memory.n;
  return err;
}

/* A token is for whoever reads it. */
static int add_token(tcx_call_t *call) {
  if (!call->req.tls)
    return tcx__fail(
        &call->fail, TCX_EENDPOINT,
        "Invalid endpoint configuration: Bearer authorization requires an HTTPS endpoint.");
  const char *text = tcx__arena_printf(call->arena, "Bearer %s", call->identity->token);
  int err = text != NULL
                ? tcx__headers_set(&call->req.headers, TCX__STR("Authorization"), tcx__str(text))
                : UV_ENOMEM;
  return err == TCX_EPARAM
             ? tcx__fail(&call->fail, TCX_ECREDS, "The bearer token holds a line end or a NUL")
             : err;
}

static int sign(tcx_call_t *call, struct tcx_sigv4 *s) {
  call->req.headers.count = call->fixed_headers;
  int err = tcx__has_hook(call, TCX__ON_BEFORE_SIGN) ? tcx__hooks_keep(call) : 0;
  if (err == 0)
    err = tcx__run_hooks(call, TCX__BEFORE_SIGN);
  if (err == 0)
    err = tcx__emit(call, TCX__ON_BEFORE_SIGN);
  if (err != 0 || call->scheme == TCX__SCHEME_NONE)
    return err;
  if (call->scheme == TCX__SCHEME_SIGV2)
    return sign_form(call);
  if (call->scheme == TCX__SCHEME_BEARER)
    return add_token(call);
  err = tcx__call_sigv4(call, s);
  return err != 0 ? err : tcx__sigv4_sign(s, &call->req, &call->fail);
}

/* ---- the head ---- */

struct writer {
  char *at, *end;
};

static void add(struct writer *w, const char *p, size_t n) {
  if ((size_t)(w->end - w->at) < n) {
    w->at = w->end;
    w->end = NULL;
  }
  if (w->end == NULL)
    return;
  memcpy(w->at, p, n);
  w->at += n;
}
static void adds(struct writer *w, const char *s) { add(w, s, strlen(s)); }

static void add_number(struct writer *w, uint64_t n) {
  char digits[20];
  size_t i = sizeof digits;
  do
    digits[--i] = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  add(w, digits + i, sizeof digits - i);
}

static void add_line(struct writer *w, struct tcx_str name, struct tcx_str value) {
  add(w, name.p, name.n);
  add(w, ": ", 2);
  add(w, value.p, value.n);
  add(w, "\r\n", 2);
}

/* Who asks, and in Lambda for which invocation, unless the caller said so. */
static void add_names(struct writer *w, tcx_call_t *call) {
  const struct tcx_user_agent *ua = &call->client->user_agent;
  struct tcx_str features = tcx__user_agent_ids(call);
  adds(w, "User-Agent: ");
  add(w, ua->before.p, ua->before.n);
  add(w, features.p, features.n);
  add(w, ua->after.p, ua->after.n);
  add(w, "\r\n", 2);
  char room[4096];
  struct tcx_str trace = tcx__trace_id(call->client, room, sizeof room);
  if (trace.n > 0 && tcx__headers_get(&call->req.headers, "x-amzn-trace-id") == NULL)
    add_line(w, TCX__STR("X-Amzn-Trace-Id"), trace);
}

/* Those headers that are not signed (user agent, attempt, length) are written here only. */
int tcx__call_head(tcx_call_t *call, unsigned attempt, struct tcx_str *head) {
  size_t size = 0;
  char *out = tcx__net_scratch(call->session->net, &size);
  struct writer w = {out, out + size};
  const struct tcx_request *req = &call->req;
  adds(&w, req->method);
  add(&w, " ", 1);
  if (call->proxy != NULL) {
    adds(&w, req->tls ? "https://" : "http://");
    add(&w, req->host_header.p, req->host_header.n);
  }
  add(&w, req->path.p, req->path.n);
  if (req->query.n > 0) {
    add(&w, "?", 1);
    add(&w, req->query.p, req->query.n);
  }
  adds(&w, " HTTP/1.1\r\n");
  add_line(&w, TCX__STR("Host"), req->host_header);
  if (call->proxy != NULL && call->proxy->authorization.n > 0)
    add_line(&w, TCX__STR("Proxy-Authorization"), call->proxy->authorization);
  for (unsigned i = 0; i < req->headers.count; i++)
    add_line(&w, req->headers.list[i].name, req->headers.list[i].value);
  add_names(&w, call);
  add_line(&w, TCX__STR("amz-sdk-invocation-id"), (struct tcx_str){call->invocation, 36});
  adds(&w, "amz-sdk-request: attempt=");
  add_number(&w, attempt);
  adds(&w, "; max=");
  add_number(&w, call->retry.max_attempts);
  add(&w, "\r\n", 2);
  if (call->expect_continue)
    adds(&w, "Expect: 100-continue\r\n");
  if (call->payload.content_length >= 0) {
    adds(&w, "Content-Length: ");
    add_number(&w, (uint64_t)call->payload.content_length);
    add(&w, "\r\n", 2);
  }
  add(&w, "\r\n", 2);
  if (w.end == NULL)
    return tcx__fail(&call->fail, TCX_EPARAM, "the request's headers are larger than %zu bytes",
                     size);
  *head = (struct tcx_str){out, (size_t)(w.at - out)};
  return 0;
}

/* ---- the exchange ---- */

static void on_attempt_timeout(struct tcx_timer *timer) {
  tcx_call_t *call = (tcx_call_t *)((char *)timer - offsetof(tcx_call_t, timer));
  tcx_phase_t phase = call->x.upload_done ? TCX_PHASE_WAIT : TCX_PHASE_SEND;
  tcx__call_break(call);
  tcx__call_attempt_failed(call, UV_ETIMEDOUT, phase,
                           "The attempt was not answered within its timeout");
}

int tcx__call_sign(tcx_call_t *call) {
  /* all that an unsigned request's chunks need */
  struct tcx_sigv4 s = {.payload = call->payload.form};
  tcx__sum trailer = call->payload.place == TCX__SUM_IN_TRAILER ? call->payload.sum : TCX__SUM_NONE;
  int err = sign(call, &s);
  if (err == 0)
    err =
        tcx__upload_begin(&call->upload, call->arena, &s, call->payload.form, trailer, &call->fail);
  return err;
}

#define STALL_MS 30000 /* where the options have a limit, and no time */

static int prepare_stall(tcx_call_t *call) {
  const tcx_call_options_t *o = &call->options;
  if (o->stall_limit == 0 || call->stall != NULL)
    return 0;
  call->stall = tcx__arena_zalloc(call->arena, sizeof *call->stall);
  if (call->stall == NULL)
    return UV_ENOMEM;
  call->stall->limit = o->stall_limit;
  call->stall->span_ms = o->stall_ms != 0 ? o->stall_ms : STALL_MS;
  return 0;
}

bool tcx__call_sign_for_hooks(tcx_call_t *call) {
  int err = tcx__call_sign(call);
  if (err == 0)
    err = tcx__emit(call, TCX__ON_BEFORE_SEND);
  call->signed_early = err == 0;
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_SEND);
  else if (tcx__hooks_answered(call))
    tcx__hooks_replay(call);
  return err != 0 || call->exchanging || call->state == TCX__CALL_DONE;
}

static void start_exchange(tcx_call_t *call, struct tcx_conn *conn, struct tcx_str head) {
  uv_buf_t bufs[2] = {uv_buf_init((char *)(uintptr_t)head.p, (unsigned)head.n), {0}};
  unsigned count = 1;
  bool pulls = tcx__upload_any(&call->upload);
  if (pulls && call->upload.frames == NULL && call->upload.body == NULL &&
      call->upload.memory.n <= TCX__HASH_SLICE && !call->expect_continue) {
    bufs[count++] =
        uv_buf_init((char *)(uintptr_t)call->upload.memory.p, (unsigned)call->upload.memory.n);
    pulls = false;
  }
  struct tcx_exchange *x = &call->x;
  unsigned read_timeout = call->options.read_timeout_ms != 0 ? call->options.read_timeout_ms
                                                             : call->client->config.read_timeout_ms;
  memset(x, 0, sizeof *x);
  x->ops = &tcx__call_exchange_ops;
  x->arena = call->arena;
  x->read_timeout_ms = read_timeout;
  x->stall = call->stall;
  x->continue_timeout_ms = call->expect_continue ? 1000 : 0;
  x->head_request = strcmp(call->req.method, "HEAD") == 0;
  call->exchanging = true;
  call->phase = TCX_PHASE_SEND;
  if (call->options.attempt_timeout_ms != 0 && call->options.attempt_timeout_ms != TCX_NEVER)
    tcx__timer_start(call->session->net, &call->timer, call->options.attempt_timeout_ms,
                     on_attempt_timeout);
  tcx__exchange_start(x, conn, bufs, count, pulls);
}

static void note_times(tcx_call_t *call) {
  const struct tcx_net_times *t = &call->wait.lease.times;
  call->timings.queue_us += t->queue_us;
  call->timings.dns_us = t->dns_us;
  call->timings.connect_us = t->connect_us;
  call->timings.tls_us = t->tls_us;
  call->timings.reused = t->reused;
}

/* It has waited longer for its connection than its keys have to live. */
static bool keys_expired(const tcx_call_t *call) {
  return call->identity != NULL && call->identity->expires != 0 &&
         tcx__identity_ends_ms(call->identity->expires) <=
             tcx__session_expiry_now_ms(call->session);
}

void tcx__call_send(tcx_call_t *call, struct tcx_conn *conn) {
  struct tcx_str head;
  if (keys_expired(call)) {
    tcx__conn_release(conn, true);
    call->state = TCX__CALL_CREDENTIALS;
    tcx__call_step(call);
    return;
  }
  call->state = TCX__CALL_EXCHANGE;
  note_times(call);
  if (call->attempts == 0)
    tcx__session_uuid(call->session, call->invocation);
  unsigned attempt = call->attempts + (call->free_retried ? 0 : 1);
  int err = call->signed_early ? 0 : tcx__call_sign(call);
  call->signed_early = false;
  if (err == 0)
    err = prepare_stall(call);
  if (err == 0)
    err = tcx__call_head(call, attempt, &head);
  if (err != 0) {
    tcx__conn_release(conn, true);
    tcx__call_fail(call, err, TCX_PHASE_SEND);
    return;
  }
  call->attempts = attempt;
  tcx__log(call->session, TCX_LOG_DEBUG, "call", call, "%s attempt %u to %.*s%.*s", call->op->name,
           call->attempts, (int)call->req.host_header.n, call->req.host_header.p,
           (int)call->req.path.n, call->req.path.p);
  tcx__log_request(call, head);
  start_exchange(call, conn, head);
}
