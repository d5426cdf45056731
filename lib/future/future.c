#include "future/future.h"
#include "base/mem.h"
#include <assert.h>
#include <string.h>

/* ---- those that could not be made ---- */

static const struct tcx_future no_memory = {
    .status = UV_ENOMEM,
    .done = true,
    .error = &no_memory.own_error,
    .own_error = {.status = UV_ENOMEM, .msg = "not enough memory", .operation = ""}};
static const struct tcx_future invalid = {
    .status = UV_EINVAL,
    .done = true,
    .error = &invalid.own_error,
    .own_error = {.status = UV_EINVAL, .msg = "invalid argument", .operation = ""}};
static const struct tcx_future closing = {
    .status = TCX_ECLOSING,
    .done = true,
    .error = &closing.own_error,
    .own_error = {.status = TCX_ECLOSING, .msg = "object is closing", .operation = ""}};

tcx_future_t *tcx_future_failed(int status) {
  const struct tcx_future *f = status == UV_ENOMEM      ? &no_memory
                               : status == TCX_ECLOSING ? &closing
                                                        : &invalid;
  return (tcx_future_t *)(uintptr_t)f; /* never written: its kind is NULL */
}

/* ---- life ---- */

static void activate(tcx_future_t *f) {
  f->active = true;
  f->refs++;
  tcx__session_linger(f->session);
}

void tcx__future_hold(tcx_future_t *f, bool on) {
  if (f->holding == on)
    return;
  f->holding = on;
  if (on)
    tcx__session_hold(f->session);
  else
    tcx__session_drop(f->session);
}

/* Nothing more of it is to come, unless tcx_future_then is called; of a session that is closing,
 * nothing at all. */
static void deactivate(tcx_future_t *f) {
  tcx_session_t *session = f->session;
  f->active = false;
  tcx__future_hold(f, false);
  if (session->closing) {
    tcx__session_unlink(session, &f->link);
    f->session = NULL;
  }
  tcx__session_lingered(session);
  tcx__future_unref(f);
}

static void on_session_closing(struct tcx_session_link *link) {
  tcx_future_t *f = (tcx_future_t *)((char *)link - offsetof(tcx_future_t, link));
  if (!f->active)
    f->session = NULL;
  else if (!f->done && f->kind->closing != NULL)
    f->kind->closing(f);
  else
    tcx_future_cancel(f);
}

void tcx__future_leave_to_client(tcx_future_t *f) { (void)f; }

static void on_ready(struct tcx_ready *ready) {
  tcx_future_t *f = (tcx_future_t *)((char *)ready - offsetof(tcx_future_t, ready));
  tcx__future_hold(f, false);
  if (!f->done)
    f->kind->child(f, f->u.chain.link);
  if (f->done)
    tcx__future_tell(f);
}

int tcx__future_make(tcx_session_t *session, const struct tcx__future_kind *kind, size_t kids,
                     tcx_future_t **out) {
  if (session == NULL)
    return UV_EINVAL;
  if (session->closing)
    return TCX_ECLOSING;
  if (kids > (SIZE_MAX - sizeof(tcx_future_t)) / sizeof(tcx_future_t *))
    return UV_ENOMEM;
  tcx_future_t *f = tcx__calloc(1, sizeof *f + kids * sizeof(tcx_future_t *));
  if (f == NULL)
    return UV_ENOMEM;
  f->kind = kind;
  f->session = session;
  f->refs = 1;
  f->ready.run = on_ready;
  f->link.closing = on_session_closing;
  tcx__session_link(session, &f->link);
  activate(f);
  *out = f;
  return 0;
}

void tcx__future_drop(tcx_future_t *f) {
  deactivate(f);
  tcx__future_unref(f);
}

void tcx__future_unref(tcx_future_t *f) {
  while (f != NULL && f->kind != NULL && --f->refs == 0) {
    tcx_future_t *source = f->source;
    if (f->session != NULL)
      tcx__session_unlink(f->session, &f->link);
    if (f->kind->end != NULL)
      f->kind->end(f);
    tcx__free(f);
    f = source;
  }
}

/* ---- the outcome ---- */

void tcx__future_decide(tcx_future_t *f, int status, const tcx_value_t *response,
                        const tcx_error_t *error) {
  assert(!f->done && f->active);
  f->done = true;
  f->status = status;
  f->response = status == 0 ? response : NULL;
  if (status != 0) {
    f->own_error = (tcx_error_t){.status = status, .msg = tcx_strerror(status), .operation = ""};
    f->error = error != NULL ? error : &f->own_error;
  }
  if (f->awaited)
    uv_stop(f->session->loop);
}

void tcx__future_adopt(tcx_future_t *f, tcx_future_t *child) {
  tcx_future_t *source = child->source != NULL ? child->source : child;
  f->source = tcx_future_retain(source);
  tcx__future_decide(f, child->status, child->response, child->error);
}

static void run_then(tcx_future_t *f) {
  tcx_session_t *session = f->session;
  tcx_future_cb cb = f->cb;
  f->cb = NULL;
  tcx__session_enter(session);
  cb(f, f->status, f->data);
  tcx__session_leave(session);
}

void tcx__future_tell(tcx_future_t *f) {
  while (f != NULL) {
    tcx_future_t *parent = f->parent;
    f->parent = NULL;
    if (parent != NULL)
      parent->kind->child(parent, f);
    else if (f->cb != NULL)
      run_then(f);
    deactivate(f);
    f = parent != NULL && parent->done ? parent : NULL;
  }
}

void tcx__future_tell_later(tcx_future_t *f) {
  tcx__future_hold(f, true);
  tcx__ready_push(f->session, &f->ready);
}

/* ---- waiting ---- */

int tcx_future_then(tcx_future_t *f, tcx_future_cb cb, void *data) {
  if (f == NULL || cb == NULL || f->then_given)
    return UV_EINVAL;
  if (f->kind == NULL)
    return f->status;
  if (f->session == NULL)
    return TCX_ECLOSING;
  f->then_given = true;
  f->cb = cb;
  f->data = data;
  if (!f->active) {
    activate(f);
    tcx__future_tell_later(f);
  }
  return 0;
}

int tcx_future_await(tcx_future_t *f) {
  if (f == NULL)
    return UV_EINVAL;
  if (!f->done && f->session->depth > 0)
    return UV_EBUSY;
  if (!f->done) {
    f->refs++;
    f->awaited = true;
    int alive = uv_run(f->session->loop, UV_RUN_DEFAULT);
    f->awaited = false;
    int status = f->done ? f->status : alive != 0 ? UV_EINTR : TCX_EAGAIN;
    tcx__future_unref(f);
    return status;
  }
  return f->status;
}

void tcx_future_cancel(tcx_future_t *f) {
  while (f != NULL && !f->done && !f->canceled) {
    f->canceled = true;
    f = f->kind->cancel(f);
  }
}

void tcx_future_forget(tcx_future_t *f) {
  if (f->cb == NULL)
    return;
  f->cb = NULL;
  f->then_given = false;
}

tcx_future_t *tcx_future_retain(tcx_future_t *f) {
  if (f->kind != NULL)
    f->refs++;
  return f;
}

void tcx_future_release(tcx_future_t *f) { tcx__future_unref(f); }

/* ---- questions ---- */

bool tcx_future_done(const tcx_future_t *f) { return f->done; }
int tcx_future_status(const tcx_future_t *f) { return f->done ? f->status : TCX_EAGAIN; }
const tcx_value_t *tcx_future_response(const tcx_future_t *f) { return f->response; }
const tcx_error_t *tcx_future_error(const tcx_future_t *f) { return f->error; }
