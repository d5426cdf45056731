/*
 * receive.c - the response as it comes: head, then bytes through checksum to one of: parser (output
 * or error), memory (max_body), stream, events (events.c).
 *
 * What goes wrong here does not end the exchange by itself: `broken` is kept, the connection is
 * closed, and finish.c decides whether to try again.
 */
#include "core/events.h"
#include "core/log.h"
#include "core/user_hooks.h"
#include <string.h>

static tcx_call_t *call_of(struct tcx_exchange *x) {
  return (tcx_call_t *)((char *)x - offsetof(tcx_call_t, x));
}

/* The response is of no use: nothing more of it is read. */
static void give_up(tcx_call_t *call, int status) {
  (void)tcx__fail(&call->fail, status, "%s", tcx_strerror(status));
  call->broken = status;
  call->exchanging = false;
  if (call->wire != NULL)
    tcx__log_response_end(call);
  tcx__exchange_abort(&call->x);
  tcx__call_response_ended(call);
}

static int start_parser(tcx_call_t *call) {
  call->parse = (struct tcx_parse){
      .arena = call->arena,
      .model = call->client->model,
      .op = call->op,
      .head = &call->head,
      .mode = call->parse_mode,
      .error_in_success = call->error_in_success,
      .fail = &call->fail,
  };
  return call->client->protocol->start(&call->parse, &call->parser);
}

/* ---- head ---- */

static bool has_events(const tcx_call_t *call) {
  return (call->op->flags & TCX__OP_EVENT_OUTPUT) != 0;
}

static int begin_collecting(tcx_call_t *call) {
  if (call->head.content_length > 0 && (uint64_t)call->head.content_length > call->options.max_body)
    return tcx__fail(&call->fail, TCX_ETOOBIG,
                     "the response body of %lld bytes is larger than max_body (%zu)",
                     (long long)call->head.content_length, call->options.max_body);
  call->collecting = true;
  call->collect = (struct tcx_collect){0};
  if (call->head.content_length < 0 || has_events(call))
    return 0;
  call->collect.cap = (size_t)call->head.content_length;
  call->collect.p = tcx__arena_alloc(call->arena, call->collect.cap + 1);
  return call->collect.p == NULL ? UV_ENOMEM : 0;
}

/* A success whose body does not go through the parser: a stream, or memory. */
static int begin_stream(tcx_call_t *call) {
  int err = 0;
  if (has_events(call))
    call->stream_member = tcx__event_output(call->op);
  else if (!tcx__streaming_output(call->op, &call->stream_member))
    return 0;
  call->streaming = call->options.max_body == 0;
  if (!call->streaming)
    err = begin_collecting(call);
  return err == 0 && has_events(call) ? tcx__events_expect(call) : err;
}

static void on_head(struct tcx_exchange *x, const struct tcx_response_head *head) {
  tcx_call_t *call = call_of(x);
  int err = 0;
  call->head = *head;
  call->received = 0;
  call->broken = 0;
  call->collecting = call->streaming = false;
  call->error_in_success = false;
  call->parser = NULL;
  call->check.summer = NULL;
  call->collect = (struct tcx_collect){0};
  call->phase = TCX_PHASE_READ;
  call->sent = true;
  call->timings.first_byte_us = x->first_byte_us;
  tcx__timer_stop(call->session->net, &call->timer);
  tcx__log_response_head(call);
  bool success = head->status >= 200 && head->status < 300;
  call->parse_mode = success ? TCX__PARSE_OUTPUT : TCX__PARSE_ERROR;
  err = tcx__emit(call, TCX__ON_BEFORE_PARSE);
  if (err == 0)
    err = tcx__run_hooks(call, TCX__BEFORE_PARSE);
  if (err == 0)
    err = tcx__payload_check_begin(call);
  if (err == 0 && success)
    err = begin_stream(call);
  if (err == 0)
    err = start_parser(call);
  if (err != 0)
    give_up(call, err);
  else if (call->streaming && !(has_events(call) && call->events->wants_initial))
    tcx__stream_offer(call);
}

/* ---- body ---- */

static int collect(tcx_call_t *call, const char *p, size_t n) {
  struct tcx_collect *c = &call->collect;
  size_t max = call->options.max_body;
  if (n > max || c->n > max - n)
    return tcx__fail(&call->fail, TCX_ETOOBIG, "the response body is larger than max_body (%zu)",
                     max);
  if (c->n + n > c->cap) {
    size_t cap = c->cap * 2 > c->n + n ? c->cap * 2 : c->n + n;
    char *bigger = tcx__arena_alloc(call->arena, cap + 1);
    if (bigger == NULL)
      return UV_ENOMEM;
    if (c->n > 0)
      memcpy(bigger, c->p, c->n);
    c->p = bigger;
    c->cap = cap;
  }
  memcpy(c->p + c->n, p, n);
  c->n += n;
  return 0;
}

static int feed(tcx_call_t *call, const char *p, size_t n) {
  if (call->parse_mode == TCX__PARSE_ERROR && call->received > TCX__ERROR_DOCUMENT_MAX)
    return 0;
  return call->client->protocol->feed(call->parser, p, n);
}

static void on_data(struct tcx_exchange *x, const char *p, size_t n) {
  tcx_call_t *call = call_of(x);
  int err = 0;
  call->received += n;
  if (call->wire != NULL)
    tcx__log_response_data(call, p, n);
  if (call->check.summer != NULL)
    tcx__summer_update(call->check.summer, p, n);
  if (call->stream != NULL) {
    tcx__stream_data(call->stream, p, n);
    return;
  }
  if (call->parse_mode == TCX__PARSE_OUTPUT && has_events(call))
    err = tcx__events_early(call, p, n);
  else if (call->collecting)
    err = collect(call, p, n);
  else
    err = feed(call, p, n);
  if (err != 0)
    give_up(call, err);
}

/* ---- end ---- */

/* The stream's member as a value: bytes, or a list of events. */
static struct tcx_value *whole_stream(tcx_call_t *call) {
  struct tcx_collect *c = &call->collect;
  if (has_events(call))
    return call->events->list;
  if (c->p != NULL)
    c->p[c->n] = '\0';
  return tcx__value_new_blob(call->arena, c->p != NULL ? c->p : "", c->n);
}

static int finish_value(tcx_call_t *call) {
  int err =
      call->parse_mode == TCX__PARSE_OUTPUT && has_events(call) ? tcx__events_check_end(call) : 0;
  if (err == 0 && call->value == NULL)
    err = call->client->protocol->finish(call->parser, &call->value, &call->parse_error);
  if (err == 0 && call->parser->mode == TCX__PARSE_ERROR && call->parse_mode == TCX__PARSE_OUTPUT) {
    call->parse_mode = TCX__PARSE_ERROR;
    call->head.status = 500; /* as botocore: it is to be retried like one */
  }
  if (err == 0 && (call->parse_mode == TCX__PARSE_OUTPUT || !call->check.wanted))
    err = tcx__payload_check_end(call);
  if (err == 0 && call->collecting) {
    struct tcx_value *body = whole_stream(call);
    if (body == NULL || tcx__value_add(call->arena, call->value, call->stream_member->name,
                                       call->stream_member->name_len, body) != 0)
      err = UV_ENOMEM;
  }
  return err;
}

static void on_end(struct tcx_exchange *x) {
  tcx_call_t *call = call_of(x);
  call->exchanging = false;
  if (call->wire != NULL)
    tcx__log_response_end(call);
  if (call->stream != NULL) {
    int err = tcx__payload_check_end(call);
    if (err == 0 && has_events(call))
      err = tcx__events_check_end(call);
    tcx__stream_end(call->stream, err != 0 ? err : TCX_EOF);
    return;
  }
  call->broken = finish_value(call);
  if (call->broken != 0)
    (void)tcx__fail(&call->fail, call->broken, "%s", tcx_strerror(call->broken));
  tcx__call_response_ended(call);
}

static void on_failed(struct tcx_exchange *x, int status, tcx_phase_t phase, const char *why) {
  tcx_call_t *call = call_of(x);
  call->exchanging = false;
  call->sent = call->sent || x->sent;
  if (call->wire != NULL)
    tcx__log_response_end(call);
  tcx__timer_stop(call->session->net, &call->timer);
  if (call->stream != NULL) {
    call->fail.status = 0;
    (void)tcx__fail(&call->fail, status, "%s", why);
    tcx__stream_end(call->stream, status);
    return;
  }
  tcx__call_attempt_failed(call, status, phase, why);
}

static int on_pull(struct tcx_exchange *x, uv_buf_t out[TCX__PULL_MAX], unsigned *n) {
  tcx_call_t *call = call_of(x);
  uv_buf_t windows[TCX__PULL_MAX];
  unsigned count = 0;
  tcx_session_t *session = call->session;
  tcx__session_enter(session); /* the reader may be the program's own */
  int err = tcx__upload_pull(&call->upload, windows, &count, &call->fail);
  tcx__session_leave(session);
  if (!call->exchanging)
    /* the program's own reader has ended the exchange, and out went with it */
    return TCX_ECANCELED;
  memcpy(out, windows, count * sizeof windows[0]);
  *n = count;
  return err;
}

const struct tcx_exchange_ops tcx__call_exchange_ops = {on_head, on_data, on_end, on_failed,
                                                        on_pull};
