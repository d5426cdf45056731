/* combine.c - futures of futures: they consume their children, and show the outcome of one of
 * them. */
#include "future/future.h"
#include <assert.h>

static void detach(tcx_future_t *child) {
  if (child->kind != NULL)
    child->parent = NULL;
}

static void give_up(tcx_future_t *child) {
  tcx_future_cancel(child);
  tcx_future_release(child);
}

/* A future with one child, of its session. Consumes it also when it fails. */
static int make_over(tcx_future_t *child, const struct tcx__future_kind *kind, tcx_future_t **out) {
  int err = child == NULL            ? UV_EINVAL
            : child->kind == NULL    ? child->status
            : child->session == NULL ? TCX_ECLOSING
                                     : 0;
  if (err == 0)
    err = tcx__future_make(child->session, kind, 0, out);
  if (err != 0 && child != NULL)
    give_up(child);
  return err;
}

/* ---- chain ---- */

static tcx_future_t *cancel_chain(tcx_future_t *f) { return f->u.chain.link; }

static void follow(tcx_future_t *f, tcx_future_t *next) {
  if (next->done) {
    tcx__future_adopt(f, next);
    tcx_future_release(next);
    return;
  }
  f->u.chain.link = next;
  next->parent = f;
  if (f->canceled)
    tcx_future_cancel(next);
}

/* The first link calls next, the second, where there is one, is the end. */
static void chain_child(tcx_future_t *f, tcx_future_t *child) {
  tcx_future_next next = f->u.chain.next;
  tcx_future_t *then = NULL;
  f->u.chain.next = NULL;
  f->u.chain.link = NULL;
  if (next != NULL) {
    tcx__session_enter(f->session);
    then = next(child, child->status, f->u.chain.data);
    tcx__session_leave(f->session);
    assert(then != child && then != f);
  }
  if (then != NULL)
    follow(f, then);
  else
    tcx__future_adopt(f, child);
  tcx_future_release(child);
}

static void end_chain(tcx_future_t *f) { tcx_future_release(f->u.chain.link); }

static const struct tcx__future_kind chain_kind = {
    .cancel = cancel_chain, .child = chain_child, .end = end_chain};

tcx_future_t *tcx_future_chain(tcx_future_t *future, tcx_future_next next, void *data) {
  tcx_future_t *f = NULL;
  int err = next != NULL ? make_over(future, &chain_kind, &f) : UV_EINVAL;
  if (err != 0) {
    if (next == NULL && future != NULL)
      give_up(future);
    return tcx_future_failed(err);
  }
  f->u.chain.link = future;
  f->u.chain.next = next;
  f->u.chain.data = data;
  if (future->active)
    future->parent = f;
  else
    tcx__future_tell_later(f);
  return f;
}

/* ---- timeout ---- */

static tcx_future_t *cancel_timeout(tcx_future_t *f) { return f->u.timeout.child; }

static void timeout_child(tcx_future_t *f, tcx_future_t *child) {
  tcx__timer_stop(f->session->net, &f->u.timeout.timer);
  tcx__future_adopt(f, child);
}

static void on_timeout(struct tcx_timer *timer) {
  tcx_future_t *f = (tcx_future_t *)((char *)timer - offsetof(tcx_future_t, u.timeout.timer));
  tcx_future_t *child = f->u.timeout.child;
  detach(child);
  if (child->done) {
    tcx__future_adopt(f, child);
  } else {
    tcx_future_cancel(child);
    tcx__future_decide(f, UV_ETIMEDOUT, NULL, NULL);
  }
  tcx__future_tell_later(f);
}

static void end_timeout(tcx_future_t *f) { tcx_future_release(f->u.timeout.child); }

static const struct tcx__future_kind timeout_kind = {
    .cancel = cancel_timeout, .child = timeout_child, .end = end_timeout};

tcx_future_t *tcx_future_timeout(tcx_future_t *future, unsigned ms) {
  tcx_future_t *f = NULL;
  int err = make_over(future, &timeout_kind, &f);
  if (err != 0)
    return tcx_future_failed(err);
  f->u.timeout.child = future;
  if (future->done) {
    tcx__future_adopt(f, future);
    tcx__future_tell_later(f);
    return f;
  }
  future->parent = f;
  if (ms == TCX_NEVER)
    return f;
  tcx__session_touch(f->session);
  tcx__future_hold(f, true);
  tcx__timer_start(f->session->net, &f->u.timeout.timer, ms, on_timeout);
  return f;
}

/* ---- all, any, race ---- */

static tcx_future_t *cancel_group(tcx_future_t *f) {
  for (size_t i = 0; i < f->u.group.n; i++)
    tcx_future_cancel(f->kids[i]);
  return NULL;
}

static void end_group(tcx_future_t *f) {
  for (size_t i = 0; i < f->u.group.n; i++)
    tcx_future_release(f->kids[i]);
}

/* The outcome is that of kid i; those that are pending are of no use any more. */
static void settle(tcx_future_t *f, size_t i) {
  f->u.group.index = i;
  tcx__future_adopt(f, f->kids[i]);
  for (size_t k = 0; k < f->u.group.n; k++) {
    detach(f->kids[k]);
    tcx_future_cancel(f->kids[k]);
  }
}

/* Kid i is done. */
static void count_kid(tcx_future_t *f, size_t i) {
  size_t *index = &f->u.group.index;
  bool last = --f->u.group.left == 0, failed = f->kids[i]->status != 0;
  if (f->u.group.what == TCX__FUTURE_RACE ||
      (f->u.group.what == TCX__FUTURE_ANY && (last || !failed))) {
    settle(f, i);
  } else if (f->u.group.what == TCX__FUTURE_ALL) {
    if (failed && *index == SIZE_MAX)
      *index = i;
    if (last && *index == SIZE_MAX)
      tcx__future_decide(f, 0, NULL, NULL);
    else if (last)
      settle(f, *index);
  }
}

static void group_child(tcx_future_t *f, tcx_future_t *child) { count_kid(f, child->place); }

static const struct tcx__future_kind group_kind = {
    .cancel = cancel_group, .child = group_child, .end = end_group};

/* Any session of theirs will do: that of the first who has one. Without one nothing can come: the
 * status of the last that could not be made, else that it is closed. */
static int session_of(tcx_future_t *const *futures, size_t n, tcx_session_t **session) {
  int status = n > 0 && futures != NULL ? TCX_ECLOSING : UV_EINVAL;
  *session = NULL;
  for (size_t i = 0; i < n && futures != NULL && *session == NULL; i++) {
    const tcx_future_t *f = futures[i] != NULL ? futures[i] : tcx_future_failed(UV_EINVAL);
    *session = f->session;
    if (f->kind == NULL)
      status = f->status;
  }
  return *session != NULL ? 0 : status;
}

static tcx_future_t *group(tcx__future_group what, tcx_future_t *const *futures, size_t n) {
  tcx_future_t *f = NULL;
  tcx_session_t *session;
  int err = session_of(futures, n, &session);
  if (err == 0)
    err = tcx__future_make(session, &group_kind, n, &f);
  if (err != 0) {
    for (size_t i = 0; i < n && futures != NULL; i++)
      give_up(futures[i]);
    return tcx_future_failed(err);
  }
  f->u.group.what = what;
  f->u.group.n = f->u.group.left = n;
  f->u.group.index = SIZE_MAX;
  for (size_t i = 0; i < n; i++) {
    f->kids[i] = futures[i] != NULL ? futures[i] : tcx_future_failed(UV_EINVAL);
    if (!f->kids[i]->done) {
      f->kids[i]->parent = f;
      f->kids[i]->place = i;
    }
  }
  for (size_t i = 0; i < n && !f->done; i++)
    if (f->kids[i]->done)
      count_kid(f, i);
  if (f->done)
    tcx__future_tell_later(f);
  return f;
}

tcx_future_t *tcx_future_all(tcx_future_t *const *futures, size_t n) {
  return group(TCX__FUTURE_ALL, futures, n);
}
tcx_future_t *tcx_future_any(tcx_future_t *const *futures, size_t n) {
  return group(TCX__FUTURE_ANY, futures, n);
}
tcx_future_t *tcx_future_race(tcx_future_t *const *futures, size_t n) {
  return group(TCX__FUTURE_RACE, futures, n);
}

size_t tcx_future_count(const tcx_future_t *f) { return f->kind == &group_kind ? f->u.group.n : 0; }
const tcx_future_t *tcx_future_at(const tcx_future_t *f, size_t i) {
  return i < tcx_future_count(f) ? f->kids[i] : NULL;
}
size_t tcx_future_index(const tcx_future_t *f) {
  return f->kind == &group_kind && f->done ? f->u.group.index : SIZE_MAX;
}
