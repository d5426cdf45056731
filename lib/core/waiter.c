/*
 * waiter.c - tcx_client_wait: a call whose work is other calls.
 *
 *   NEW --begin--> INNER (a poll is under way)
 *   INNER --retry, or nothing matched--> BACKOFF (its delay) --> INNER
 *   INNER --success, failure, an error that nobody expects, no attempt left--> DONE
 *
 * Deadline, cancel, close, drain and the callback are the call's own (call.c); a poll that is under
 * way is cancelled with it. Who frees: the last poll is retained in call->answer, since response
 * and error lie in it, and goes with the call.
 */
#include "core/waiter.h"
#include "core/log.h"
#include <string.h>

/* ---- the end ---- */

static void keep(tcx_call_t *call, tcx_call_t *poll) {
  call->answer = tcx_call_retain(poll);
  call->head = poll->head;
  call->received = poll->received;
}

static void succeed(tcx_call_t *call, tcx_call_t *poll, const struct tcx_value *document) {
  keep(call, poll);
  call->value = (struct tcx_value *)(uintptr_t)document;
  tcx__call_done(call);
}

/* Not the service's: it ends the wait as it ended the poll. */
static void pass_on(tcx_call_t *call, tcx_call_t *poll, const tcx_error_t *error) {
  keep(call, poll);
  call->error = *error;
  tcx__call_done(call);
}

/* The sentence is in call->fail. Other than TCX_EWAITER: memory is out, or a search was too
 * long. */
static void fail_with(tcx_call_t *call, tcx_call_t *poll, const tcx_error_t *error,
                      const struct tcx_value *document, int status) {
  keep(call, poll);
  if (status == TCX_EWAITER) {
    if (error != NULL)
      call->error = *error;
    else
      call->error.request_id = tcx__call_request_id(poll);
    call->error.msg = NULL;
    call->error.http_status = poll->head.status;
    call->error.response = document;
  }
  tcx__call_fail(call, status, TCX_PHASE_READ);
}

/* ---- an answer ---- */

static void poll_again(struct tcx_timer *timer);

static const char *text_of(const struct tcx_value *document, const char *path) {
  const char *text = tcx_value_str(document, path);
  return text != NULL ? text : "Unknown";
}

/* Of an error that no acceptor knows. */
static const char *unexpected(tcx_call_t *call, const struct tcx_value *document) {
  return tcx__arena_printf(call->arena, "An error occurred (%s): %s",
                           text_of(document, "Error.Code"), text_of(document, "Error.Message"));
}

static const char *with_words(tcx_call_t *call, const char *before, const struct tcx_acceptor *a) {
  const char *words = tcx__waiter_explain(a, call->arena);
  return words != NULL ? tcx__arena_printf(call->arena, "%s: %s", before, words) : NULL;
}

/* botocore explains the acceptor that it looked at last: that which matched, else the last of the
 * list. */
static const char *too_often(tcx_call_t *call, const struct tcx_acceptor *which) {
  const struct tcx_waiter *w = call->waiter;
  if (!w->matched)
    return "Max attempts exceeded";
  return with_words(call, "Max attempts exceeded. Previously accepted state",
                    which != NULL ? which : &w->model->acceptors[w->model->n_acceptors - 1]);
}

static void wait_more(tcx_call_t *call, const struct tcx_acceptor *which) {
  struct tcx_waiter *w = call->waiter;
  tcx__log(call->session, TCX_LOG_DEBUG, "wait", call, "%s: poll %u of %u says %s, again in %u ms",
           w->model->name, w->polls, w->max_attempts, which != NULL ? which->state : "nothing",
           w->delay_ms);
  call->state = TCX__CALL_BACKOFF;
  call->phase = TCX_PHASE_BACKOFF;
  tcx__timer_start(call->session->net, &call->timer, w->delay_ms, poll_again);
}

/* Why the wait is over, as a sentence; NULL also when memory is out. */
static const char *reason_of(tcx_call_t *call, const struct tcx_value *document,
                             const struct tcx_acceptor *which) {
  if (which == NULL && tcx__waiter_is_error(document))
    return unexpected(call, document);
  if (which != NULL && strcmp(which->state, "failure") == 0)
    return with_words(call, "Waiter encountered a terminal failure state", which);
  return too_often(call, which);
}

static bool goes_on(const struct tcx_waiter *w, const struct tcx_value *document,
                    const struct tcx_acceptor *which) {
  if (which == NULL ? tcx__waiter_is_error(document) : strcmp(which->state, "failure") == 0)
    return false;
  return w->polls < w->max_attempts;
}

static void judge(tcx_call_t *call, tcx_call_t *poll, const tcx_error_t *error,
                  const struct tcx_value *document) {
  struct tcx_waiter *w = call->waiter;
  const struct tcx_acceptor *which = NULL;
  int err = tcx__waiter_match(w, document, poll->arena, &which, &call->fail);
  w->matched = w->matched || which != NULL;
  if (err != 0) {
    /* TCX_EPARAM: an expression that the answer does not fit */
    fail_with(call, poll, error, document, err == TCX_EPARAM ? TCX_EWAITER : err);
  } else if (which != NULL && strcmp(which->state, "success") == 0) {
    succeed(call, poll, document);
  } else if (goes_on(w, document, which)) {
    wait_more(call, which);
  } else {
    const char *reason = reason_of(call, document, which);
    err = reason == NULL
              ? UV_ENOMEM
              : tcx__fail(&call->fail, TCX_EWAITER, "Waiter %s failed: %s", w->model->name, reason);
    fail_with(call, poll, error, document, err);
  }
}

/* After a cancel, or the deadline, the poll only gives its reference back. */
static void on_poll(tcx_call_t *poll, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_call_t *call = tcx_call_data(poll);
  const struct tcx_value *document =
      error != NULL && error->status == TCX_ECLIENT ? error->response : response;
  if (call->state == TCX__CALL_INNER) {
    call->poll = NULL;
    call->sent = call->sent || poll->sent;
    call->waiter->polls += document != NULL || poll->attempts > 0 ? 1 : 0;
    call->attempts = call->waiter->polls;
    if (document == NULL)
      pass_on(call, poll, error);
    else
      judge(call, poll, error, document);
  }
  tcx__call_unref(call);
}

/* ---- asking ---- */

static int send_poll(tcx_call_t *call) {
  struct tcx_call_start start = {
      .client = call->client,
      .operation = call->waiter->model->operation,
      .params = tcx_value_copy(call->params),
      .cb = on_poll,
      .data = call,
      .uses = TCX__USES(TCX__USES_WAITER),
      .internal = true,
  };
  return tcx__call_inner(call, &start, &call->poll);
}

static void poll_again(struct tcx_timer *timer) {
  tcx_call_t *call = (tcx_call_t *)((char *)timer - offsetof(tcx_call_t, timer));
  int err = send_poll(call);
  if (err != TCX_EAGAIN)
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
}

static const char *name_at(const void *ctx, unsigned i) {
  return ((const struct tcx_model *)ctx)->waiters[i].method;
}

int tcx__wait_begin(tcx_call_t *call, const tcx_wait_options_t *o) {
  const struct tcx_model *model = call->client->model;
  const struct tcx_waiter_model *found = tcx__model_waiter(model, call->op_name);
  struct tcx_waiter *w = tcx__arena_zalloc(call->arena, sizeof *w);
  if (w == NULL)
    return UV_ENOMEM;
  if (found == NULL)
    return tcx__fail(&call->fail, TCX_EOPNAME, "Waiter does not exist: %s%s", call->op_name,
                     tcx__near_names(call->arena, call->op_name, name_at, model, model->n_waiters));
  w->model = found;
  w->delay_ms = o->delay_ms == TCX_NEVER ? 0
                : o->delay_ms != 0       ? o->delay_ms
                                         : found->delay_s * 1000;
  w->max_attempts = o->max_attempts != 0 ? o->max_attempts : found->max_attempts;
  call->waiter = w;
  int err = tcx__client_operation(call->client, found->operation, &call->op, &call->fail);
  if (err == 0)
    err = tcx__waiter_compile(w, call->arena, &call->fail);
  return err != 0 ? err : send_poll(call);
}

int tcx_client_wait_sized(tcx_client_t *client, const char *waiter, tcx_value_t *params,
                          const tcx_wait_options_t *options, size_t size, tcx_call_cb cb,
                          void *data, tcx_call_t **call) {
  tcx_wait_options_t o = {0};
  if (size > sizeof o) {
    tcx_value_free(params);
    return UV_EINVAL;
  }
  if (options != NULL)
    memcpy(&o, options, size);
  tcx_call_options_t call_options = {.timeout_ms = o.timeout_ms};
  struct tcx_call_start start = {.client = client,
                                 .operation = waiter,
                                 .params = params,
                                 .options = &call_options,
                                 .options_size = sizeof call_options,
                                 .cb = cb,
                                 .data = data,
                                 .wait = &o};
  return tcx__call_start(&start, call);
}
