/* hook_outcome.c - answers that hooks give instead of the network, and what hooks see of an outcome
 * and may say to it. */
#include "core/call.h"
#include "core/user_hooks.h"
#include <string.h>

static bool at(const tcx_call_t *call, tcx__event event) {
  return call != NULL && call->hooks != NULL && call->hooks->event == event;
}

/* ---- answers ---- */

static bool is_status(int status) { return status >= 200 && status <= 599; }

/* What the caller is to get as a stream; NULL where it gets none. */
static const struct tcx_member *stream_of(const tcx_call_t *call) {
  const struct tcx_member *member = NULL;
  return call->options.max_body == 0 && tcx__streaming_output(call->op, &member) ? member : NULL;
}

static bool may_answer(const tcx_call_t *call, int status, const tcx_value_t *response) {
  if (!at(call, TCX__ON_BEFORE_CALL) || !is_status(status) || call->hooks->answered ||
      call->goal != TCX__GOAL_SEND)
    return false;
  if (response == NULL || response->type != TCX_MAP)
    return false;
  if (status >= 300)
    return true;
  const struct tcx_member *member = stream_of(call);
  const struct tcx_value *body =
      member != NULL ? tcx__value_find(response, member->name, member->name_len) : NULL;
  bool bytes = body == NULL || body->type == TCX_STRING || body->type == TCX_BLOB;
  return bytes && ((call->op->flags & TCX__OP_EVENT_OUTPUT) == 0 || call->options.max_body != 0);
}

int tcx_call_answer(tcx_call_t *call, int http_status, tcx_value_t *response) {
  struct tcx_arena *arena = NULL;
  const char *text = NULL;
  if (!may_answer(call, http_status, response)) {
    tcx_value_free(response);
    return UV_EINVAL;
  }
  int err = tcx__value_consume(response, &arena, &text);
  if (arena == NULL)
    return err;
  tcx__arena_absorb(call->arena, arena);
  if (err != 0)
    return err;
  call->value = response;
  call->hooks->head = (struct tcx_response_head){.status = http_status, .content_length = -1};
  call->hooks->answered = call->hooks->parsed = true;
  return 0;
}

static int read_line(struct tcx_headers *headers, const char *line) {
  const char *colon = strchr(line, ':');
  char *name =
      colon != NULL ? tcx__arena_strndup(headers->arena, line, (size_t)(colon - line)) : NULL;
  const char *value = colon != NULL ? colon + 1 + strspn(colon + 1, " \t") : NULL;
  char *copy = value != NULL ? tcx__arena_strdup(headers->arena, value) : NULL;
  if (colon == NULL)
    return UV_EINVAL;
  if (name == NULL || copy == NULL)
    return UV_ENOMEM;
  for (char *p = name; *p != '\0'; p++)
    *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
  int err = tcx__headers_add(headers, tcx__str(name), tcx__str(copy));
  return err == TCX_EPARAM ? UV_EINVAL : err;
}

int tcx_call_answer_http(tcx_call_t *call, int http_status, const char *const *headers,
                         const void *body, size_t n) {
  struct tcx_response_head head = {.status = http_status};
  if (!at(call, TCX__ON_BEFORE_SEND) || !is_status(http_status) || call->hooks->answered ||
      (body == NULL && n > 0))
    return UV_EINVAL;
  int err = 0;
  tcx__headers_init(&head.headers, call->arena);
  for (; headers != NULL && *headers != NULL && err == 0; headers++)
    err = read_line(&head.headers, *headers);
  if (http_status == 204 || http_status == 304 || strcmp(call->req.method, "HEAD") == 0)
    n = 0;
  const char *copy = err == 0 ? tcx__arena_strndup(call->arena, n > 0 ? body : "", n) : NULL;
  if (err != 0 || copy == NULL)
    return err != 0 ? err : UV_ENOMEM;
  const char *phrase = tcx__status_phrase(http_status);
  head.reason = tcx__str(phrase);
  head.content_length = (int64_t)n;
  call->hooks->head = head;
  call->hooks->body = (struct tcx_str){copy, n};
  call->hooks->answered = true;
  return 0;
}

/* Head and bytes come as from a connection. */
static void replay(tcx_call_t *call, const struct tcx_exchange_ops *ops) {
  struct tcx_call_hooks *h = call->hooks;
  call->state = TCX__CALL_EXCHANGE;
  call->phase = TCX_PHASE_WAIT;
  memset(&call->x, 0, sizeof call->x);
  call->x.ops = ops;
  call->x.arena = call->arena;
  int err = tcx__exchange_replay(&call->x, call->session->net, &h->head, h->body);
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_SEND);
  else
    call->exchanging = true;
}

void tcx__hooks_replay(tcx_call_t *call) {
  call->hooks->answered = false;
  if (!call->free_retried)
    call->attempts++;
  replay(call, &tcx__call_exchange_ops);
}

/* ---- an answer that is parsed already ---- */

static void on_head(struct tcx_exchange *x, const struct tcx_response_head *head) {
  tcx_call_t *call = (tcx_call_t *)((char *)x - offsetof(tcx_call_t, x));
  (void)head;
  call->streaming = true;
  tcx__stream_offer(call);
}
static void on_data(struct tcx_exchange *x, const char *p, size_t n) {
  tcx__call_exchange_ops.data(x, p, n);
}
static void on_end(struct tcx_exchange *x) { tcx__call_exchange_ops.end(x); }
static const struct tcx_exchange_ops parsed_ops = {.head = on_head, .data = on_data, .end = on_end};

static void answer_stream(tcx_call_t *call, const struct tcx_member *member) {
  struct tcx_call_hooks *h = call->hooks;
  const struct tcx_value *body = tcx__value_find(call->value, member->name, member->name_len);
  h->body = body != NULL ? body->u.bytes : (struct tcx_str){0};
  h->head.content_length = call->head.content_length = (int64_t)h->body.n;
  (void)tcx__value_remove(call->value, member->name, member->name_len);
  call->stream_member = member;
  replay(call, &parsed_ops);
}

static int check_max_body(tcx_call_t *call) {
  const struct tcx_member *member = NULL;
  size_t max = call->options.max_body;
  if (max == 0 || !tcx__streaming_output(call->op, &member))
    return 0;
  const struct tcx_value *body = tcx__value_find(call->value, member->name, member->name_len);
  if (body == NULL || (body->type != TCX_STRING && body->type != TCX_BLOB) ||
      body->u.bytes.n <= max)
    return 0;
  return tcx__fail(&call->fail, TCX_ETOOBIG, "the response body is larger than max_body (%zu)",
                   max);
}

/* Error.Code and Error.Message of the response, wherever they come from now. */
static void read_error(tcx_call_t *call) {
  struct tcx_parse_error *e = &call->parse_error;
  const char *code = tcx_value_str(call->value, "Error.Code"),
             *message = tcx_value_str(call->value, "Error.Message");
  e->code = code != NULL ? code : "Unknown";
  e->message = message != NULL ? message : "Unknown";
  e->shape = tcx__error_shape(call->client->model, call->op, e->code);
}

static void tell_error(tcx_call_t *call, tcx_error_t *out) {
  tcx__retry_kind kind = tcx__call_retry_kind(call, &call->parse_error);
  const char *msg = tcx__call_error_text(call, &call->parse_error);
  tcx__call_tell_error(&call->parse_error, out);
  out->msg = msg != NULL ? msg : tcx_strerror(UV_ENOMEM);
  out->http_status = call->head.status;
  out->response = call->value;
  out->retryable = kind != TCX__RETRY_NOT;
  out->throttled = kind == TCX__RETRY_THROTTLED;
}

void tcx__hooks_take_answer(tcx_call_t *call) {
  call->hooks->answered = false;
  call->head = call->hooks->head;
  call->parse_mode = call->head.status < 300 ? TCX__PARSE_OUTPUT : TCX__PARSE_ERROR;
  const struct tcx_member *member = stream_of(call);
  if (call->parse_mode == TCX__PARSE_OUTPUT && member != NULL) {
    answer_stream(call, member);
    return;
  }
  if (call->parse_mode == TCX__PARSE_ERROR)
    read_error(call);
  int err = tcx__run_hooks(call, TCX__AFTER_PARSE);
  if (err == 0 && call->parse_mode == TCX__PARSE_OUTPUT)
    err = check_max_body(call);
  if (err == 0 && call->parse_mode == TCX__PARSE_ERROR) {
    tell_error(call, &call->error);
    err = TCX_ECLIENT;
  }
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_READ);
  else
    tcx__call_done(call);
}

/* ---- what they see of an outcome ---- */

/* The attempt's failure, as the call would end with it. */
static void describe(tcx_call_t *call, int status, tcx_phase_t phase) {
  struct tcx_call_hooks *h = call->hooks;
  h->failed = status != 0;
  h->error = (tcx_error_t){.status = status,
                           .phase = phase,
                           .attempts = (int)call->attempts,
                           .operation = call->op->name,
                           .sent = call->sent,
                           .http_status = call->head.status,
                           .msg = call->fail.text != NULL ? call->fail.text : tcx_strerror(status)};
  if (status == TCX_ECLIENT) {
    tell_error(call, &h->error);
    h->error.request_id = tcx__call_request_id(call);
  } else {
    h->error.retryable = tcx__retry_is_transient_status(status, phase);
  }
}

int tcx__emit_outcome(tcx_call_t *call, int status, tcx_phase_t phase) {
  if (!tcx__has_hook(call, TCX__ON_RESPONSE_RECEIVED) && !tcx__has_hook(call, TCX__ON_NEEDS_RETRY))
    return 0;
  if (tcx__hooks_state(call) == NULL)
    return tcx__fail_memory(&call->fail);
  call->hooks->verdict = TCX__VERDICT_NONE;
  describe(call, status, phase);
  int err = tcx__emit(call, TCX__ON_RESPONSE_RECEIVED);
  return err != 0 ? err : tcx__emit(call, TCX__ON_NEEDS_RETRY);
}

int tcx__emit_after(tcx_call_t *call) {
  bool response = call->error.status == 0 || call->error.status == TCX_ECLIENT;
  tcx__event event = response ? TCX__ON_AFTER_CALL : TCX__ON_AFTER_CALL_ERROR;
  if (call->client->user_hooks == NULL || call->waiter != NULL || call->goal != TCX__GOAL_SEND ||
      !(response || call->planned || call->attempts > 0) || !tcx__has_hook(call, event))
    return 0;
  if (tcx__hooks_state(call) == NULL)
    return tcx__fail_memory(&call->fail);
  const struct tcx_value *before = call->value;
  call->hooks->failed = call->error.status != 0;
  call->hooks->error = call->error;
  int err = tcx__emit(call, event);
  if (err == 0 && response && call->error.status != 0 && call->value != before) {
    read_error(call);
    tell_error(call, &call->error);
  }
  return err;
}

tcx_value_t *tcx_hook_response(tcx_call_t *call) {
  bool may_change = at(call, TCX__ON_RESPONSE_RECEIVED) || at(call, TCX__ON_AFTER_CALL);
  if ((!may_change && !at(call, TCX__ON_NEEDS_RETRY)) || call->value == NULL ||
      (call->hooks->failed && call->hooks->error.status != TCX_ECLIENT))
    return NULL;
  struct tcx_call_hooks *h = call->hooks;
  if (may_change && h->lent == NULL &&
      (h->lent = tcx__root_lend(call->arena, call->value)) != NULL) {
    call->value = h->lent;
    h->error.response = h->failed ? call->value : NULL;
  }
  return may_change ? h->lent : call->value;
}

const tcx_error_t *tcx_hook_error(const tcx_call_t *call) {
  bool here = at(call, TCX__ON_RESPONSE_RECEIVED) || at(call, TCX__ON_NEEDS_RETRY) ||
              at(call, TCX__ON_AFTER_CALL) || at(call, TCX__ON_AFTER_CALL_ERROR);
  return here && call->hooks->failed ? &call->hooks->error : NULL;
}

static int decide(tcx_call_t *call, tcx__verdict verdict, uint64_t delay_ms) {
  if (!at(call, TCX__ON_NEEDS_RETRY))
    return UV_EINVAL;
  if (call->hooks->verdict == TCX__VERDICT_NONE) {
    call->hooks->verdict = (uint8_t)verdict;
    call->hooks->delay_ms = delay_ms;
  }
  return 0;
}

int tcx_hook_retry(tcx_call_t *call, uint64_t delay_ms) {
  return decide(call, TCX__VERDICT_RETRY, delay_ms);
}
int tcx_hook_no_retry(tcx_call_t *call) { return decide(call, TCX__VERDICT_STOP, 0); }
