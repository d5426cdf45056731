/*
 * monitor_call.c - what is told of a call, in the members and lengths of botocore's CSMSerializer.
 * An attempt is a request, from the moment at which it asks for a connection; the call's event has
 * what its last attempt came to. Neither access key nor region is told of signatures that are not
 * SigV4.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "core/monitor.h"
#include <string.h>

#define CODE_MAX       128
#define USER_AGENT_MAX 256
#define MESSAGE_MAX    512

/* ---- writing ---- */

/* The first max characters. */
static void add_text(struct tcx_buf *out, const char *name, struct tcx_str text, size_t max) {
  size_t n = 0;
  for (size_t characters = 0; n < text.n && characters < max; characters++) {
    size_t length = tcx__utf8_length(text.p + n, text.n - n);
    n += length > 0 ? length : 1;
  }
  tcx__buf_printf(out, ",\"%s\":", name);
  tcx__json_write_str(out, text.p, n);
}

static void add_string(struct tcx_buf *out, const char *name, const char *text, size_t max) {
  if (text != NULL)
    add_text(out, name, tcx__str(text), max);
}

static void add_number(struct tcx_buf *out, const char *name, int64_t n) {
  tcx__buf_printf(out, ",\"%s\":%lld", name, (long long)n);
}

static void begin(struct tcx_buf *out, const tcx_call_t *call, const char *type,
                  int64_t timestamp) {
  tcx__buf_init(out, NULL, TCX__MONITOR_EVENT_MAX);
  /* at once: what grows leaves copies of a session token behind */
  (void)tcx__buf_reserve(out, TCX__MONITOR_EVENT_MAX - 1);
  tcx__buf_printf(out, "{\"Version\":1,\"Type\":\"%s\"", type);
  add_string(out, "ClientId", tcx__monitor_client_id(call->session->monitor), SIZE_MAX);
  add_string(out, "Service", call->client->model->service_id, SIZE_MAX);
  add_string(out, "Api", call->op->name, SIZE_MAX);
  add_number(out, "Timestamp", timestamp);
}

static void end(struct tcx_buf *out, tcx_call_t *call) {
  tcx__buf_addc(out, '}');
  tcx__monitor_send(call->session->monitor, out);
  tcx__buf_wipe(out);
}

static void add_user_agent(struct tcx_buf *out, tcx_call_t *call) {
  const struct tcx_user_agent *ua = &call->client->user_agent;
  struct tcx_buf text;
  struct tcx_str ids = tcx__user_agent_ids(call);
  tcx__buf_init(&text, call->arena, SIZE_MAX);
  tcx__buf_add_str(&text, ua->before);
  tcx__buf_add_str(&text, ids);
  tcx__buf_add_str(&text, ua->after);
  if (text.status == 0)
    add_text(out, "UserAgent", tcx__buf_str(&text), USER_AGENT_MAX);
}

static void add_region(struct tcx_buf *out, const tcx_call_t *call) {
  if (call->scheme == TCX__SCHEME_SIGV4)
    add_string(out, "Region", call->signing_region, SIZE_MAX);
}

static void add_outcome(struct tcx_buf *out, const struct tcx_monitored *m, bool final) {
  if (m->http_status != 0)
    add_number(out, final ? "FinalHttpStatusCode" : "HttpStatusCode", m->http_status);
  if (m->code == NULL)
    return;
  bool aws = m->http_status != 0;
  add_string(out,
             aws     ? (final ? "FinalAwsException" : "AwsException")
             : final ? "FinalSdkException"
                     : "SdkException",
             m->code, CODE_MAX);
  add_string(out,
             aws     ? (final ? "FinalAwsExceptionMessage" : "AwsExceptionMessage")
             : final ? "FinalSdkExceptionMessage"
                     : "SdkExceptionMessage",
             m->message, MESSAGE_MAX);
}

/* ---- an attempt ---- */

static void add_response_header(struct tcx_buf *out, const tcx_call_t *call, const char *name,
                                const char *header) {
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, header);
  if (h != NULL)
    add_text(out, name, h->value, SIZE_MAX);
}

static void tell_attempt(tcx_call_t *call) {
  struct tcx_monitored *m = call->monitored;
  struct tcx_buf out;
  m->any = true;
  begin(&out, call, "ApiCallAttempt", m->attempt_ms);
  add_number(&out, "AttemptLatency", (int64_t)((tcx__now_us() - m->attempt_us) / 1000));
  add_text(&out, "Fqdn", call->req.host_header, SIZE_MAX);
  add_user_agent(&out, call);
  if (call->scheme == TCX__SCHEME_SIGV4 && call->identity != NULL) {
    add_string(&out, "AccessKey", call->identity->access_key, SIZE_MAX);
    add_region(&out, call);
    add_string(&out, "SessionToken", call->identity->session_token, SIZE_MAX);
  }
  if (m->http_status != 0) {
    add_response_header(&out, call, "XAmznRequestId", "x-amzn-requestid");
    add_response_header(&out, call, "XAmzRequestId", "x-amz-request-id");
    add_response_header(&out, call, "XAmzId2", "x-amz-id-2");
  }
  add_outcome(&out, m, false);
  end(&out, call);
}

void tcx__monitor_attempt_began(tcx_call_t *call) {
  struct tcx_monitored *m = call->monitored;
  m->attempt_us = tcx__now_us();
  m->attempt_ms = tcx__session_expiry_now_ms(call->session);
}

void tcx__monitor_attempt_failed(tcx_call_t *call, int status, tcx_phase_t phase) {
  struct tcx_monitored *m = call->monitored;
  const char *why = call->fail.text != NULL ? call->fail.text : tcx_strerror(status);
  const tcx_error_t error = {
      .status = status, .phase = phase, .msg = why, .http_status = call->head.status};
  m->http_status = 0;
  m->code = tcx_error_type_name(&error);
  m->message = why;
  tell_attempt(call);
}

void tcx__monitor_attempt_answered(tcx_call_t *call) {
  struct tcx_monitored *m = call->monitored;
  bool error = call->parse_mode == TCX__PARSE_ERROR;
  m->http_status = call->head.status;
  m->code = error ? call->parse_error.code : NULL;
  m->message = error ? call->parse_error.message : NULL;
  tell_attempt(call);
}

/* ---- a call ---- */

int tcx__monitor_started(tcx_call_t *call) {
  call->monitored = tcx__arena_zalloc(call->arena, sizeof *call->monitored);
  if (call->monitored == NULL)
    return UV_ENOMEM;
  call->monitored->started_ms = tcx__session_expiry_now_ms(call->session);
  tcx__monitor_look_up(call->session->monitor);
  return 0;
}

void tcx__monitor_call_done(tcx_call_t *call) {
  struct tcx_monitored *m = call->monitored;
  struct tcx_buf out;
  if (!m->requested || m->told)
    return;
  m->told = true;
  begin(&out, call, "ApiCall", m->started_ms);
  add_number(&out, "Latency", (int64_t)(call->timings.total_us / 1000));
  add_number(&out, "AttemptCount", call->attempts);
  if (m->any) {
    add_user_agent(&out, call);
    add_region(&out, call);
    add_outcome(&out, m, true);
  }
  add_number(
      &out, "MaxRetriesExceeded",
      m->any && (m->http_status != 0 ? call->max_attempts_reached : call->error.retryable) ? 1 : 0);
  end(&out, call);
}
