#include "core/stream.h"
#include "core/body.h"
#include "core/events.h"
#include "core/monitor.h"
#include "core/user_hooks.h"

static void on_ready(struct tcx_ready *ready);

static void hold(tcx_stream_t *s, bool on) {
  if (s->holding == on || s->call->session == NULL)
    return;
  s->holding = on;
  if (on)
    tcx__session_hold(s->call->session);
  else
    tcx__session_drop(s->call->session);
}

/* The library is through with the call; what the caller holds stays. */
static void retire(tcx_stream_t *s) {
  if (s->retired)
    return;
  s->retired = true;
  hold(s, false);
  tcx__ready_remove(s->call->session, &s->ready);
  tcx__call_retire(s->call);
}

/* offering: headers are here (and initial-response, where the protocol has one), the callback
 * runs straight from the read. */

static int make_response(tcx_call_t *call) {
  int err = call->value != NULL
                ? 0
                : call->client->protocol->finish(call->parser, &call->value, &call->parse_error);
  if (err == 0)
    err = tcx__run_hooks(call, TCX__AFTER_PARSE);
  if (err == 0 && !tcx__hooks_parsed(call))
    err = tcx__call_add_metadata(call, call->value);
  return err;
}

static tcx_stream_t *new_stream(tcx_call_t *call) {
  tcx_stream_t *s = tcx__arena_zalloc(call->arena, sizeof *s);
  if (s != NULL) {
    s->call = call;
    s->ready.run = on_ready;
  }
  return s;
}

/* Nobody reads: a short rest keeps the connection, a long one costs it. */
static void let_go(tcx_stream_t *s) {
  tcx_call_t *call = s->call;
  int64_t length = call->head.content_length;
  s->draining = true;
  hold(s, false);
  if (!call->exchanging) {
    retire(s);
  } else if (length >= 0 && (uint64_t)length - call->received <= TCX__DRAIN_MAX) {
    tcx__exchange_unpause(&call->x);
  } else {
    call->exchanging = false;
    tcx__exchange_abort(&call->x);
    retire(s);
  }
}

/* The program's hooks: true when they want another attempt, or have failed the call. */
static bool hooks_ended(tcx_call_t *call) {
  if (call->client->user_hooks == NULL)
    return false;
  bool ended = !tcx__hooks_parsed(call) && tcx__call_hooks_decided(call, 0, TCX_PHASE_READ);
  int err = ended ? 0 : tcx__emit_after(call);
  call->streaming = call->streaming && !ended && err == 0;
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_READ);
  return ended || err != 0;
}

void tcx__stream_offer(tcx_call_t *call) {
  tcx_session_t *session = call->session;
  int err = make_response(call);
  if (err == 0 && hooks_ended(call))
    return;
  tcx_stream_t *s = err == 0 ? new_stream(call) : NULL;
  if (s == NULL) {
    call->streaming = false;
    tcx__call_break(call);
    err = err != 0 ? err : UV_ENOMEM;
    if (call->attempts == 0)
      tcx__call_fail(call, err, TCX_PHASE_READ);
    else
      tcx__call_attempt_failed(call, err, TCX_PHASE_READ, call->fail.text);
    return;
  }
  call->stream = s;
  if (call->attempts > 0) { /* none where a hook has answered the call */
    tcx__throttle_answered(call->client, false);
    tcx__retry_succeeded(&call->client->quota, &call->retry);
  }
  tcx__timer_stop(session->net, &call->deadline);
  call->timings.total_us = tcx__now_us() - call->started_us;
  call->timings.attempts = call->attempts;
  if (call->monitored != NULL) {
    if (call->attempts > 0)
      tcx__monitor_attempt_answered(call);
    tcx__monitor_call_done(call);
  }
  call->state = TCX__CALL_STREAMING;
  call->refs++; /* until we know whether it was taken */
  if (call->body != NULL)
    tcx__body_abandon(call->body);
  call->body = call->upload.body = NULL;
  tcx__arena_cleanup(call->arena);
  call->client->completed++;
  tcx__session_enter(session);
  call->cb(call, call->value, NULL);
  tcx__session_leave(session);
  call->offered = true;
  if (!s->retired && !s->draining) {
    if (!s->taken)
      let_go(s);
    else if (!s->reading && call->exchanging)
      tcx__exchange_pause(&call->x);
  }
  tcx__call_let_loop_go(call);
  tcx__call_unref(call);
}

tcx_stream_t *tcx_call_take_stream(tcx_call_t *call, void *data) {
  tcx_stream_t *s = call != NULL ? call->stream : NULL;
  if (s == NULL || call->offered || s->taken)
    return NULL;
  s->taken = true;
  s->data = data;
  tcx_call_retain(call);
  return s;
}

/* ---- bytes and the end ---- */

void tcx__stream_data(tcx_stream_t *s, const char *p, size_t n) {
  tcx_call_t *call = s->call;
  if (s->draining)
    return;
  if (call->events != NULL) {
    tcx__events_data(s, p, n);
    return;
  }
  if (!s->reading)
    return;
  if (s->sink != NULL) {
    int err = tcx__sink_data(s, p, n);
    if (err != 0)
      tcx__stream_break(s, err, tcx_strerror(err));
    return;
  }
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
  tcx_session_t *session = call->session;
  call->refs++;
  tcx__session_enter(session);
  s->read_cb(s, (ssize_t)n, &buf);
  tcx__session_leave(session);
  tcx__call_unref(call);
}

static void fill_error(tcx_stream_t *s) {
  tcx_call_t *call = s->call;
  s->error = (tcx_error_t){
      .status = s->end_status,
      .http_status = call->head.status,
      .attempts = (int)call->attempts,
      .phase = TCX_PHASE_READ,
      .msg = call->fail.text != NULL ? call->fail.text : tcx_strerror(s->end_status),
      .operation = call->op->name,
      .request_id = tcx__call_request_id(call),
      .sent = true,
  };
  if (s->end_status != TCX_ECLIENT)
    return;
  tcx__retry_kind kind = tcx__call_retry_kind(call, &s->parse_error);
  tcx__call_tell_error(&s->parse_error, &s->error);
  s->error.response = s->failure;
  s->error.retryable = kind != TCX__RETRY_NOT;
  s->error.throttled = kind == TCX__RETRY_THROTTLED;
}

void tcx__stream_set_end(tcx_stream_t *s, int status) {
  s->end_status = status;
  if (status != TCX_EOF)
    fill_error(s);
}

void tcx__stream_end(tcx_stream_t *s, int status) {
  s->over = true;
  tcx__stream_set_end(s, status);
  if (s->draining)
    retire(s);
  else
    tcx__stream_settle(s);
}

void tcx__stream_break(tcx_stream_t *s, int status, const char *why) {
  tcx_call_t *call = s->call;
  if (s->over)
    return;
  if (call->exchanging) {
    call->exchanging = false;
    tcx__exchange_abort(&call->x);
  }
  call->fail.status = 0;
  (void)tcx__fail(&call->fail, status, "%s", why);
  tcx__stream_end(s, status);
}

/* The last callback of a reader. */
static void tell_end(tcx_stream_t *s) {
  tcx_call_t *call = s->call;
  tcx_session_t *session = call->session;
  int status = s->end_status;
  tcx_stream_cb read_cb = s->read_cb;
  tcx_stream_done_cb done_cb = s->done_cb;
  tcx_event_cb event_cb = s->event_cb;
  uv_buf_t whole = {0};
  if (s->sink != NULL && !s->to_file) { /* not by uv_buf_init, whose length is an unsigned */
    whole.base = s->sink->fill != NULL ? s->sink->fill : (char *)(uintptr_t) "";
    whole.len = s->sink->filled;
  }
  s->told = true;
  s->reading = false;
  s->done_cb = NULL;
  call->refs++;
  tcx__session_enter(session);
  if (done_cb != NULL)
    done_cb(s, status == TCX_EOF ? 0 : status, status == TCX_EOF && !s->to_file ? &whole : NULL);
  else if (read_cb != NULL && !s->closed)
    read_cb(s, status, &whole);
  else if (event_cb != NULL && !s->closed)
    event_cb(s, status, s->parse_error.code, s->members);
  tcx__session_leave(session);
  tcx__sink_free(s);
  retire(s);
  if (s->close_owed)
    tcx__call_unref(call);
  tcx__call_unref(call);
}

static bool owed(const tcx_stream_t *s) { return s->done_cb != NULL || (s->reading && !s->closed); }

/* The end is told when it is there, somebody waits for it, and a file sink has nothing left to
 * write; always from the loop. */
void tcx__stream_settle(tcx_stream_t *s) {
  if (s->over && !s->told && !s->retired && owed(s))
    tcx__ready_push(s->call->session, &s->ready);
}

static void on_ready(struct tcx_ready *ready) {
  tcx_stream_t *s = (tcx_stream_t *)((char *)ready - offsetof(tcx_stream_t, ready));
  if (s->reading && tcx__events_held(s)) {
    tcx__events_resume(s);
    return;
  }
  if (s->told || !owed(s) || (s->sink != NULL && s->to_file && !tcx__sink_flushed(s)))
    return;
  tell_end(s);
}

/* ---- the reader's side ---- */

static int start(tcx_stream_t *s) {
  tcx_call_t *call = s->call;
  s->reading = true;
  hold(s, true);
  if (s->over)
    tcx__stream_settle(s);
  else if (tcx__events_held(s))
    tcx__ready_push(call->session, &s->ready);
  else
    tcx__exchange_unpause(&call->x);
  return 0;
}

static int may_start(const tcx_stream_t *s, bool again) {
  if (s == NULL || s->closed)
    return UV_EINVAL;
  if (s->retired || s->call->session == NULL)
    return TCX_ECLOSING;
  if (s->told || s->sink != NULL || (s->reading && !again))
    return UV_EINVAL;
  return 0;
}

static bool has_events(const tcx_stream_t *s) { return s != NULL && s->call->events != NULL; }

int tcx_stream_read_start(tcx_stream_t *s, tcx_stream_cb cb) {
  int err = cb == NULL || has_events(s) ? UV_EINVAL : may_start(s, true);
  if (err != 0)
    return err;
  s->read_cb = cb;
  return s->reading ? 0 : start(s);
}

int tcx_stream_events_start(tcx_stream_t *s, tcx_event_cb cb) {
  int err = cb == NULL || !has_events(s) ? UV_EINVAL : may_start(s, true);
  if (err != 0)
    return err;
  s->event_cb = cb;
  return s->reading ? 0 : start(s);
}

void tcx_stream_read_stop(tcx_stream_t *s) {
  if (s == NULL || !s->reading || s->sink != NULL || s->retired)
    return;
  s->reading = false;
  hold(s, false);
  if (s->call->exchanging)
    tcx__exchange_pause(&s->call->x);
  else if (s->over && s->call->client->closing)
    retire(s); /* the close waits for nobody who does not read */
}

static int start_sink(tcx_stream_t *s, size_t max, uv_file file, int64_t offset,
                      tcx_stream_done_cb cb) {
  int err = cb == NULL || has_events(s) ? UV_EINVAL : may_start(s, false);
  if (err == 0)
    err = tcx__sink_new(s, max, file, offset);
  if (err != 0)
    return err;
  s->done_cb = cb;
  s->to_file = file >= 0;
  return start(s);
}

int tcx_stream_read_all(tcx_stream_t *s, size_t max, tcx_stream_done_cb cb) {
  return start_sink(s, max, -1, 0, cb);
}

int tcx_stream_to_file(tcx_stream_t *s, uv_file file, int64_t offset, tcx_stream_done_cb cb) {
  return file < 0 || offset < -1 ? UV_EINVAL : start_sink(s, SIZE_MAX, file, offset, cb);
}

void tcx_stream_close(tcx_stream_t *s) {
  if (s == NULL || s->closed)
    return;
  tcx_call_t *call = s->call;
  s->closed = true;
  s->reading = false;
  if (s->done_cb != NULL && !s->retired) {
    s->close_owed = true;
    if (!s->over)
      tcx__stream_break(s, TCX_ECANCELED, "The stream was closed");
    else
      tcx__stream_settle(s);
    return;
  }
  if (!s->retired && !s->draining) {
    if (s->over)
      retire(s);
    else
      let_go(s);
  }
  tcx__call_unref(call);
}

void tcx__stream_client_closing(tcx_stream_t *s) {
  if (s->draining) {
    s->call->exchanging = false;
    tcx__exchange_abort(&s->call->x);
    retire(s);
    return;
  }
  tcx__stream_break(s, TCX_ECANCELED, "The client was closed");
  if (s->done_cb == NULL && !s->reading)
    retire(s);
}

void *tcx_stream_data(const tcx_stream_t *s) { return s->data; }
tcx_call_t *tcx_stream_call(const tcx_stream_t *s) { return s->call; }
int64_t tcx_stream_length(const tcx_stream_t *s) { return s->call->head.content_length; }
const char *tcx_stream_member(const tcx_stream_t *s) { return s->call->stream_member->name; }
const tcx_error_t *tcx_stream_error(const tcx_stream_t *s) {
  return s->error.status != 0 ? &s->error : NULL;
}
