/*
 * own.c - futures that the program completes, and those of time.
 *
 * The one who must complete a future has a reference of its own until it does so: it may be
 * canceled, released and outlive its session before.
 */
#include "future/future.h"

/* ---- the program's own ---- */

static void decide_canceled(tcx_future_t *f) {
  tcx__future_decide(f, TCX_ECANCELED, NULL, NULL);
  tcx__future_tell_later(f);
}

static void ask_to_end(tcx_future_t *f) {
  tcx_future_cancel_cb cancel = f->u.own.cancel;
  f->u.own.cancel = NULL;
  if (cancel != NULL)
    cancel(f, f->u.own.data);
}

static tcx_future_t *cancel_own(tcx_future_t *f) {
  if (f->u.own.cancel == NULL)
    decide_canceled(f);
  else
    ask_to_end(f);
  return NULL;
}

/* Nobody can say how long the program will take: the outcome is that the session closed. */
static void close_own(tcx_future_t *f) {
  decide_canceled(f);
  ask_to_end(f);
}

static void end_own(tcx_future_t *f) {
  tcx_value_free(f->u.own.tree);
  if (f->u.own.release != NULL)
    f->u.own.release(f->u.own.owner);
}

static const struct tcx__future_kind own_kind = {
    .cancel = cancel_own, .closing = close_own, .end = end_own};

tcx_future_t *tcx_future_new(tcx_session_t *session, tcx_future_cancel_cb cancel, void *data) {
  tcx_future_t *f = NULL;
  int err = tcx__future_make(session, &own_kind, 0, &f);
  if (err != 0)
    return tcx_future_failed(err);
  f->refs++; /* whoever completes it */
  f->u.own.cancel = cancel;
  f->u.own.data = data;
  return f;
}

void tcx_future_complete(tcx_future_t *f, int status, tcx_value_t *response) {
  if (f == NULL || f->done) {
    tcx_value_free(response);
    tcx__future_unref(f);
    return;
  }
  f->u.own.tree = response;
  int kept = response != NULL ? tcx_value_status(response) : 0;
  tcx__future_decide(f, status > 0 ? UV_EINVAL : status < 0 ? status : kept, response, NULL);
  if (status == 0 && kept != 0)
    f->own_error.msg = tcx_value_problem(response);
  tcx__future_tell_later(f);
  tcx__future_unref(f);
}

void tcx_future_complete_with(tcx_future_t *f, const tcx_value_t *response,
                              const tcx_error_t *error, void (*release)(void *owner), void *owner) {
  if (f == NULL || f->done) {
    if (release != NULL)
      release(owner);
    tcx__future_unref(f);
    return;
  }
  f->u.own.release = release;
  f->u.own.owner = owner;
  tcx__future_decide(f, error != NULL ? error->status : 0, response, error);
  tcx__future_tell_later(f);
  tcx__future_unref(f);
}

/* ---- time ---- */

static void on_slept(struct tcx_timer *timer) {
  tcx_future_t *f = (tcx_future_t *)((char *)timer - offsetof(tcx_future_t, u.timer));
  tcx__future_decide(f, 0, NULL, NULL);
  tcx__future_tell_later(f);
}

static tcx_future_t *cancel_sleep(tcx_future_t *f) {
  tcx__timer_stop(f->session->net, &f->u.timer);
  decide_canceled(f);
  return NULL;
}

static const struct tcx__future_kind sleep_kind = {.cancel = cancel_sleep};

tcx_future_t *tcx_future_sleep(tcx_session_t *session, unsigned ms) {
  tcx_future_t *f = NULL;
  int err = tcx__future_make(session, &sleep_kind, 0, &f);
  if (err != 0)
    return tcx_future_failed(err);
  tcx__session_touch(session);
  tcx__future_hold(f, true);
  tcx__timer_start(session->net, &f->u.timer, ms, on_slept);
  return f;
}
