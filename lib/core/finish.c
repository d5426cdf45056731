/* finish.c - an attempt is over: response or failure, metadata, retry or outcome. */
#include "core/body.h"
#include "core/call.h"
#include "core/log.h"
#include "core/monitor.h"
#include "core/user_hooks.h"
#include <stdio.h>
#include <string.h>

/* ---- ResponseMetadata ---- */

static int put(tcx_call_t *call, struct tcx_value *map, const char *name, struct tcx_value *v) {
  return v == NULL ? UV_ENOMEM : tcx__value_add(call->arena, map, name, strlen(name), v);
}

/* From the header, else from the error document. */
static int put_id(tcx_call_t *call, struct tcx_value *map, const char *name, const char *header,
                  const char *in_body) {
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, header);
  if (h == NULL && in_body == NULL)
    return 0;
  return put(call, map, name,
             h != NULL ? tcx__value_new_str(call->arena, h->value.p, h->value.n)
                       : tcx__value_new_str(call->arena, in_body, strlen(in_body)));
}

/* A header that came several times is told once. */
static int put_headers(tcx_call_t *call, struct tcx_value *metadata) {
  /* of the names so far, modulo 64: only a name of such a length can have come before */
  uint64_t lengths = 0;
  struct tcx_value *all = tcx__value_new(call->arena, TCX_MAP);
  int err = put(call, metadata, "HTTPHeaders", all);
  for (unsigned i = 0; i < call->head.headers.count && err == 0; i++) {
    const struct tcx_header *h = &call->head.headers.list[i];
    uint64_t bit = (uint64_t)1 << (h->name.n & 63);
    bool seen = (lengths & bit) != 0 && tcx__value_find(all, h->name.p, h->name.n) != NULL;
    struct tcx_str text;
    lengths |= bit;
    if (seen)
      continue;
    err = tcx__headers_join(&call->head.headers, h, call->arena, &text);
    struct tcx_value *v = err == 0 ? tcx__value_new_str(call->arena, text.p, text.n) : NULL;
    err = v == NULL ? UV_ENOMEM : tcx__value_add(call->arena, all, h->name.p, h->name.n, v);
  }
  return err;
}

static const char *request_id_header(const tcx_call_t *call) {
  return tcx__headers_get(&call->head.headers, "x-amzn-requestid") != NULL ? "x-amzn-requestid"
                                                                           : "x-amz-request-id";
}

const char *tcx__call_request_id(const tcx_call_t *call) {
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, request_id_header(call));
  return h != NULL ? h->value.p : NULL;
}

int tcx__call_add_metadata(tcx_call_t *call, struct tcx_value *map) {
  struct tcx_value *m = tcx__value_new(call->arena, TCX_MAP);
  int err = m == NULL ? UV_ENOMEM
                      : put_id(call, m, "RequestId", request_id_header(call),
                               call->parse_error.request_id);
  if (err == 0)
    err = put_id(call, m, "HostId", "x-amz-id-2", call->parse_error.host_id);
  if (err == 0)
    err = put(call, m, "HTTPStatusCode", tcx__value_new_int(call->arena, call->head.status));
  if (err == 0)
    err = put_headers(call, m);
  if (err == 0)
    err =
        put(call, m, "RetryAttempts",
            tcx__value_new_int(call->arena, call->attempts > 0 ? (int64_t)call->attempts - 1 : 0));
  if (err == 0 && call->max_attempts_reached)
    err = put(call, m, "MaxAttemptsReached", tcx__value_new_bool(call->arena, true));
  if (err == 0 && call->quota_reached)
    err = put(call, m, "RetryQuotaReached", tcx__value_new_bool(call->arena, true));
  if (err == 0 && call->check.wanted && call->check.summer != NULL) {
    const char *name = tcx__sum_header(call->check.summer->sum).p + strlen("x-amz-checksum-");
    err = put(call, m, "ChecksumAlgorithm", tcx__value_new_str(call->arena, name, strlen(name)));
  }
  return err == 0 ? tcx__value_replace(call->arena, map, "ResponseMetadata", 16, m) : err;
}

/* ---- outcomes ---- */

static void succeed(tcx_call_t *call) {
  tcx__throttle_answered(call->client, false);
  tcx__retry_succeeded(&call->client->quota, &call->retry);
  int err = tcx__call_add_metadata(call, call->value);
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_READ);
  else
    tcx__call_done(call);
}

const char *tcx__call_error_text(tcx_call_t *call, const struct tcx_parse_error *e) {
  char retries[64] = "";
  if (call->max_attempts_reached)
    snprintf(retries, sizeof retries, " (reached max retries: %u)", call->attempts - 1);
  return tcx__arena_printf(call->arena,
                           "An error occurred (%s) when calling the %s operation%s: %s", e->code,
                           call->op->name, retries, e->message);
}

void tcx__call_tell_error(const struct tcx_parse_error *e, tcx_error_t *out) {
  const struct tcx_shape *shape = e->shape;
  out->code = e->code;
  out->error_message = e->message;
  out->shape = shape != NULL ? shape->name : NULL;
  out->modeled_retryable = shape != NULL && (shape->flags & TCX__S_RETRYABLE) != 0;
  out->modeled_throttling = shape != NULL && (shape->flags & TCX__S_THROTTLING) != 0;
}

static int copy_text(tcx_call_t *call, const char *text, const char **out) {
  *out = text != NULL ? tcx__arena_strdup(call->arena, text) : NULL;
  return text != NULL && *out == NULL ? UV_ENOMEM : 0;
}

int tcx__call_take_error(tcx_call_t *call, const tcx_error_t *other) {
  tcx_error_t e = {.http_status = other->http_status,
                   .retryable = other->retryable,
                   .throttled = other->throttled,
                   .shape = other->shape,
                   .modeled_retryable = other->modeled_retryable,
                   .modeled_throttling = other->modeled_throttling};
  int err = copy_text(call, other->code, &e.code);
  if (err == 0)
    err = copy_text(call, other->error_message, &e.error_message);
  if (err == 0)
    err = copy_text(call, other->request_id, &e.request_id);
  e.response = other->response != NULL ? tcx__value_deep_copy(call->arena, other->response) : NULL;
  if (err != 0 || (e.response == NULL && other->response != NULL))
    return UV_ENOMEM;
  call->error = e;
  return 0;
}

static void fail_with_response(tcx_call_t *call) {
  tcx_error_t *e = &call->error;
  const char *id = tcx__call_request_id(call);
  int err = tcx__call_add_metadata(call, call->value);
  e->msg = err == 0 ? tcx__call_error_text(call, &call->parse_error) : NULL;
  e->http_status = call->head.status;
  e->request_id = id != NULL ? id : call->parse_error.request_id;
  e->response = call->value;
  tcx__call_tell_error(&call->parse_error, e);
  tcx__call_fail(call, e->msg != NULL ? TCX_ECLIENT : UV_ENOMEM, TCX_PHASE_READ);
}

/* No usable response; where a head came, its metadata is all that there is. */
static void fail_without_response(tcx_call_t *call, int status, tcx_phase_t phase) {
  tcx_error_t *e = &call->error;
  e->http_status = call->head.status;
  if (call->head.status != 0) {
    struct tcx_value *map = tcx__value_new(call->arena, TCX_MAP);
    if (map != NULL && tcx__call_add_metadata(call, map) == 0)
      e->response = map;
    e->request_id = tcx__call_request_id(call);
  }
  tcx__call_fail(call, status, phase);
}

void tcx__call_complete_error(tcx_call_t *call) {
  tcx_error_t *e = &call->error;
  e->attempts = (int)call->attempts;
  e->operation = call->op != NULL ? call->op->name : call->op_name;
  e->sent = call->sent;
  if (e->msg == NULL)
    e->msg = call->fail.text != NULL ? call->fail.text : tcx_strerror(e->status);
}

/* ---- once more ---- */

/* What the last attempt left is forgotten; its memory stays in the arena. */
static void reset_attempt(tcx_call_t *call) {
  call->timings.bytes_sent += tcx_call_bytes_sent(call);
  call->timings.bytes_received += call->received;
  call->upload.at = call->received = 0;
  call->x.upload_done = false;
  call->fail.status = 0;
  call->fail.text = NULL;
  call->head = (struct tcx_response_head){0};
  call->value = NULL;
  call->parser = NULL;
  call->broken = 0;
  call->parse_error = (struct tcx_parse_error){0};
}

static void next_attempt(tcx_call_t *call) {
  call->state = TCX__CALL_CREDENTIALS;
  tcx__call_step(call);
}

static void on_backoff(struct tcx_timer *timer) {
  tcx_call_t *call = (tcx_call_t *)((char *)timer - offsetof(tcx_call_t, timer));
  call->timings.backoff_us += tcx__now_us() - call->backed_off_us;
  reset_attempt(call);
  call->free_retried = false;
  call->client->retries++;
  next_attempt(call);
}

static void back_off(tcx_call_t *call, uint64_t delay_ms, void (*then)(struct tcx_timer *timer)) {
  call->state = TCX__CALL_BACKOFF;
  call->phase = TCX_PHASE_BACKOFF;
  call->backed_off_us = tcx__now_us();
  tcx__timer_start(call->session->net, &call->timer, delay_ms, then);
}

/* In another region: a new endpoint, signed anew, at once. */
static void redirect(tcx_call_t *call) {
  call->redirect = false;
  call->redirected = true;
  reset_attempt(call);
  call->client->retries++;
  call->uncounted++;
  call->free_retried = false;
  call->planned = false;
  call->state = TCX__CALL_BUILD;
  tcx__call_step(call);
}

/* A body that cannot be rewound is sent once. The program's own rewind may end the call: false then
 * too, and the state is DONE. */
static bool resendable(tcx_call_t *call) {
  tcx_body_t *body = call->upload.body;
  return body == NULL || !call->upload.started ||
         (body->ops->rewind(body, NULL) == 0 && call->state != TCX__CALL_DONE);
}

/* A custom endpoint that does not know trailers: once more without, and remembered when that goes
 * well. */
static bool refuses_trailer(tcx_call_t *call) {
  static const char *const codes[] = {"NotImplemented",
                                      "InvalidArgument",
                                      "InvalidRequest",
                                      "MissingContentLength",
                                      "XAmzContentSHA256Mismatch",
                                      "InvalidDigest",
                                      "501",
                                      "411"};
  if (call->payload.place != TCX__SUM_IN_TRAILER || call->without_trailer ||
      call->client->config.endpoint_url == NULL)
    return false;
  if (!call->payload.own_sum && call->upload.body != NULL)
    return false; /* the caller's checksum has no other place */
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (strcmp(codes[i], call->parse_error.code) == 0)
      return resendable(call);
  return false;
}

static void send_without_trailer(tcx_call_t *call) {
  tcx__log(call->session, TCX_LOG_WARN, "call", call,
           "%s refused a checksum in a trailer (%s): sent again without",
           call->client->config.endpoint_url, call->parse_error.code);
  reset_attempt(call);
  call->without_trailer = true;
  call->uncounted++;
  call->planned = false;
  call->free_retried = false;
  call->client->retries++;
  call->state = TCX__CALL_BODY;
  tcx__call_step(call);
}

static void tell_failure(tcx_call_t *call) {
  if (call->last_status == TCX_ECLIENT)
    fail_with_response(call);
  else
    fail_without_response(call, call->last_status, call->last_phase);
}

/* A long poll that may not be retried still waits, so that its caller's next one does not follow at
 * once. */
static void on_late_failure(struct tcx_timer *timer) {
  tell_failure((tcx_call_t *)((char *)timer - offsetof(tcx_call_t, timer)));
}

/* The policy's answer. A body that cannot be sent again is found out before the policy takes
 * anything from the quota. */
static struct tcx_retry_out ask_policy(tcx_call_t *call, const struct tcx_retry_in *in) {
  struct tcx_retry_out out = {.kind = tcx__retry_classify(in)};
  if (out.kind != TCX__RETRY_NOT && call->attempts - call->uncounted < call->retry.max_attempts &&
      !resendable(call))
    return out;
  return tcx__retry_decide(&call->client->quota, &call->retry, in);
}

static bool has_event(const struct tcx_shape *output, const struct tcx_shape *shape) {
  for (uint32_t i = 0; output != NULL && i < output->n_members; i++) {
    const struct tcx_shape *stream = output->members[i].shape;
    for (uint32_t k = 0; (stream->flags & TCX__S_EVENT_STREAM) != 0 && k < stream->n_members; k++)
      if (stream->members[k].shape == shape)
        return true;
  }
  return false;
}

/* The exception, if it is one of the operation's own, or of its events: what others say of it does
 * not count. */
static const struct tcx_shape *own_exception(const struct tcx_operation *op,
                                             const struct tcx_shape *shape) {
  for (unsigned i = 0; i < op->n_errors; i++)
    if (op->errors[i] == shape)
      return shape;
  return shape != NULL && has_event(op->output, shape) ? shape : NULL;
}

/* What the policy asks about an error that the service sent. */
static struct tcx_retry_in facts_of(const tcx_call_t *call, const struct tcx_parse_error *e) {
  const struct tcx_shape *shape = own_exception(call->op, e->shape);
  return (struct tcx_retry_in){
      .mode = call->client->config.retry_mode,
      .service_id = call->client->model->service_id,
      .http_status = call->head.status,
      .error_code = e->code,
      .modeled = shape != NULL,
      .modeled_retryable = shape != NULL && (shape->flags & TCX__S_RETRYABLE) != 0,
      .modeled_throttling = shape != NULL && (shape->flags & TCX__S_THROTTLING) != 0,
      .status = TCX_ECLIENT,
  };
}

tcx__retry_kind tcx__call_retry_kind(const tcx_call_t *call, const struct tcx_parse_error *e) {
  struct tcx_retry_in in = facts_of(call, e);
  return tcx__retry_classify(&in);
}

static void log_decision(tcx_call_t *call, const char *why, const struct tcx_retry_out *out) {
  unsigned max = call->retry.max_attempts;
  const char *kind = out->kind == TCX__RETRY_THROTTLED ? "throttled" : "transient";
  if (out->retry)
    tcx__log(call->session, TCX_LOG_DEBUG, "retry", call,
             "%s attempt %u of %u failed (%s, %s): again in %llu ms, quota %u of %u",
             call->op->name, call->attempts, max, why, kind, (unsigned long long)out->delay_ms,
             call->client->quota.available, TCX__RETRY_QUOTA);
  else
    tcx__log(call->session, TCX_LOG_DEBUG, "retry", call, "%s attempt %u of %u failed (%s): %s",
             call->op->name, call->attempts, max, why,
             out->kind == TCX__RETRY_NOT ? "not one that is retried"
             : out->max_attempts_reached ? "no attempt is left"
             : out->quota_reached        ? "the quota for retries is used up"
                                         : "its body cannot be sent again");
}

static void judge(tcx_call_t *call, int status, tcx_phase_t phase) {
  bool response = status == TCX_ECLIENT;
  const struct tcx_header *after =
      response ? tcx__headers_get(&call->head.headers, "x-amz-retry-after") : NULL;
  const char *service_id = call->client->model->service_id;
  struct tcx_retry_in in = {
      .mode = call->client->config.retry_mode, .service_id = service_id, .status = status};
  if (response) {
    in = facts_of(call, &call->parse_error);
    in.clock_corrected = tcx__call_clock_corrected(call);
  }
  in.attempt = call->attempts - call->uncounted;
  in.phase = phase;
  in.retry_after = after != NULL ? after->value : (struct tcx_str){0};
  in.long_poll = tcx__retry_is_long_poll(service_id, call->op->name);
  in.random = tcx__session_random(call->session);
  bool throttled = tcx__retry_classify(&in) == TCX__RETRY_THROTTLED;
  call->client->throttles += throttled ? 1 : 0;
  tcx__throttle_answered(call->client, throttled);
  struct tcx_retry_out out = ask_policy(call, &in);
  if (call->state == TCX__CALL_DONE)
    return;
  call->error.retryable = out.kind != TCX__RETRY_NOT;
  call->error.throttled = out.kind == TCX__RETRY_THROTTLED;
  call->max_attempts_reached = out.max_attempts_reached;
  call->quota_reached = out.quota_reached;
  call->fresh = !response;
  log_decision(call, response ? call->parse_error.code : tcx_err_name(status), &out);
  if (out.retry) {
    back_off(call, out.delay_ms, on_backoff);
    return;
  }
  call->last_status = status;
  call->last_phase = phase;
  if (out.delay_ms > 0)
    back_off(call, out.delay_ms, on_late_failure);
  else
    tell_failure(call);
}

/* A request on a reused connection that died before a byte came back: the service never saw it, or
 * may see it again. One that is slow or silent has not died. */
static bool dead_connection(const tcx_call_t *call, int status) {
  return call->x.reused && !call->x.received && status != UV_ETIMEDOUT && status != TCX_ESTALLED &&
         status != TCX_ECLOSING && status != TCX_EBODY && status != UV_ENOMEM &&
         call->attempts > 0 && !call->free_retried;
}

void tcx__call_attempt_failed(tcx_call_t *call, int status, tcx_phase_t phase, const char *why) {
  bool was_sent = phase >= TCX_PHASE_SEND;
  (void)tcx__fail(&call->fail, status, "%s", why != NULL ? why : tcx_strerror(status));
  tcx__timer_stop(call->session->net, &call->timer);
  if (was_sent && dead_connection(call, status) && resendable(call)) {
    reset_attempt(call);
    call->free_retried = true;
    call->fresh = true;
    tcx__log(call->session, TCX_LOG_DEBUG, "retry", call,
             "%s: the idle connection had died, again at once on a new one", call->op->name);
    next_attempt(call);
    return;
  }
  if (call->state == TCX__CALL_DONE)
    return;
  if (call->monitored != NULL && phase != TCX_PHASE_POOL)
    tcx__monitor_attempt_failed(call, status, phase);
  if (!tcx__call_hooks_decided(call, status, phase))
    judge(call, status, phase);
}

bool tcx__call_hooks_decided(tcx_call_t *call, int status, tcx_phase_t phase) {
  if (call->client->user_hooks == NULL)
    return false;
  int err = tcx__emit_outcome(call, status, phase);
  tcx__verdict verdict =
      err == 0 && call->hooks != NULL ? (tcx__verdict)call->hooks->verdict : TCX__VERDICT_NONE;
  if (err != 0) {
    tcx__call_fail(call, err, phase);
  } else if (verdict == TCX__VERDICT_RETRY && resendable(call)) {
    tcx__call_break(call);
    call->fresh = status != 0 && status != TCX_ECLIENT;
    tcx__log(call->session, TCX_LOG_DEBUG, "retry", call,
             "%s attempt %u: a hook wants another one in %llu ms", call->op->name, call->attempts,
             (unsigned long long)call->hooks->delay_ms);
    back_off(call, call->hooks->delay_ms, on_backoff);
  } else if (verdict == TCX__VERDICT_STOP && status != 0) {
    tcx__log(call->session, TCX_LOG_DEBUG, "retry", call, "%s attempt %u: a hook wants no other",
             call->op->name, call->attempts);
    call->error.retryable = call->hooks->error.retryable;
    call->error.throttled = call->hooks->error.throttled;
    call->last_status = status;
    call->last_phase = phase;
    tell_failure(call);
  } else {
    return call->state == TCX__CALL_DONE;
  }
  return true;
}

/* ---- a response ---- */

void tcx__call_inner_done(tcx_call_t *call, int err) {
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_ENDPOINT);
  else if (call->redirect && resendable(call))
    redirect(call);
  else if (call->state != TCX__CALL_DONE)
    judge(call, TCX_ECLIENT, TCX_PHASE_READ);
}

static void error_response(tcx_call_t *call) {
  if (refuses_trailer(call)) {
    send_without_trailer(call);
    return;
  }
  if (call->state == TCX__CALL_DONE)
    return;
  bool rejected = tcx__discovery_rejected(call);
  int err = rejected ? tcx__discovery_wait(call) : tcx__run_hooks(call, TCX__NEEDS_RETRY);
  call->redirect = call->redirect || (rejected && err == 0);
  if (err == TCX_EAGAIN)
    return; /* an inner call will tell */
  tcx__call_inner_done(call, err);
}

void tcx__call_response_ended(tcx_call_t *call) {
  tcx__timer_stop(call->session->net, &call->timer);
  call->fresh = false;
  call->free_retried = false;
  if (call->broken != 0) {
    if (call->monitored != NULL)
      tcx__monitor_attempt_failed(call, call->broken, TCX_PHASE_READ);
    if (!tcx__call_hooks_decided(call, call->broken, TCX_PHASE_READ))
      judge(call, call->broken, TCX_PHASE_READ);
    return;
  }
  int err = tcx__run_hooks(call, TCX__AFTER_PARSE);
  bool failed = call->parse_mode == TCX__PARSE_ERROR;
  if (err == 0 && failed && call->parse_error.message[0] == '\0' && call->head.reason.n > 0 &&
      (call->parse_error.message =
           tcx__arena_strndup(call->arena, call->head.reason.p, call->head.reason.n)) == NULL)
    err = UV_ENOMEM;
  if (call->monitored != NULL && err == 0)
    tcx__monitor_attempt_answered(call);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_READ);
  } else if (tcx__call_hooks_decided(call, failed ? TCX_ECLIENT : 0, TCX_PHASE_READ)) {
    return;
  } else if (failed) {
    error_response(call);
  } else {
    if (call->without_trailer)
      call->client->trailers_refused = true;
    succeed(call);
  }
}
