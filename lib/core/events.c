#include "core/events.h"
#include "core/log.h"
#include "protocols/error.h"
#include <string.h>

int tcx__events_expect(tcx_call_t *call) {
  struct tcx_events *ev = call->events;
  if (ev == NULL && (ev = call->events = tcx__arena_zalloc(call->arena, sizeof *ev)) == NULL)
    return UV_ENOMEM;
  tcx__events_free(ev);
  tcx__event_frames_init(&ev->frames);
  tcx__buf_init(&ev->held, NULL, SIZE_MAX / 8);
  ev->wants_initial = call->client->protocol->initial_response;
  ev->list = call->collecting ? tcx__value_new(call->arena, TCX_LIST) : NULL;
  return call->collecting && ev->list == NULL ? UV_ENOMEM : 0;
}

void tcx__events_free(struct tcx_events *ev) {
  if (ev == NULL || ev->delivering)
    return;
  tcx__event_frames_free(&ev->frames);
  tcx__buf_free(&ev->held);
  tcx__arena_free(ev->arena);
  ev->arena = NULL;
}

/* ---- frames ---- */

/* A frame that cannot be read, in words. */
static int bad_frame(struct tcx_fail *fail, const struct tcx_event_frames *frames) {
  if (frames->status == UV_ENOMEM)
    return tcx__fail_memory(fail);
  return tcx__fail(fail, frames->status, "malformed event stream: %s", frames->why);
}

/* The frame as an event, in arena. */
static int read_event(tcx_call_t *call, struct tcx_arena *arena, struct tcx_fail *fail,
                      const struct tcx_event_frame *frame, struct tcx_event *event) {
  struct tcx_parse parse = call->parse;
  parse.arena = arena;
  parse.fail = fail;
  return tcx__event_read(&parse, call->client->protocol, frame, event);
}

/* What the event is as an error's response, in the call's arena: {Error: {Code, Message},
 * members}. */
static int make_error(tcx_call_t *call, const struct tcx_event *event, struct tcx_value **value,
                      struct tcx_parse_error *error) {
  int err = tcx__error_make(&call->parse, tcx__str(event->name), event->message, value, error);
  error->shape = event->shape;
  if (err != 0 || event->value == NULL)
    return err;
  struct tcx_value *members = tcx__value_deep_copy(call->arena, event->value);
  if (members == NULL)
    return UV_ENOMEM;
  (void)tcx__value_remove(members, "Error", 5);
  return tcx__value_move_members(call->arena, *value, members);
}

/* ---- before the call's callback ---- */

/* The service has ended the call with an exception after all: as if it had answered with it.
 * TCX_ECLIENT: nothing more is to be done. */
static int fail_call(tcx_call_t *call, const struct tcx_event *event) {
  int err = make_error(call, event, &call->value, &call->parse_error);
  if (err != 0)
    return err;
  call->parse_mode = TCX__PARSE_ERROR;
  call->exchanging = false;
  tcx__exchange_abort(&call->x);
  tcx__call_response_ended(call);
  return TCX_ECLIENT;
}

static int take_initial(tcx_call_t *call, const struct tcx_event *event,
                        const struct tcx_event_frame *frame) {
  if (event->kind != TCX__EVENT_INITIAL)
    return tcx__fail(&call->fail, TCX_EPROTO,
                     "malformed event stream: its first event is %s, not initial-response",
                     event->name);
  call->events->wants_initial = false;
  int err = call->client->protocol->read(&call->parse, call->op->output, frame->payload.p,
                                         frame->payload.n, &call->value);
  if (err == 0)
    /* the stream is not in there */
    (void)tcx__value_remove(call->value, call->stream_member->name, call->stream_member->name_len);
  return err;
}

/* {name: members}, as botocore gives an event. */
static int collect(tcx_call_t *call, const struct tcx_event *event) {
  if (event->kind != TCX__EVENT_EVENT)
    return 0;
  struct tcx_value *map = tcx__value_new(call->arena, TCX_MAP);
  if (map == NULL ||
      tcx__value_add(call->arena, map, event->name, strlen(event->name), event->value) != 0)
    return UV_ENOMEM;
  return tcx__value_push(call->arena, call->events->list, map);
}

static int take_early(tcx_call_t *call, const struct tcx_event_frame *frame) {
  struct tcx_event event;
  int err = read_event(call, call->arena, &call->fail, frame, &event);
  if (err != 0)
    return err;
  if (event.kind == TCX__EVENT_ERROR)
    return fail_call(call, &event);
  return call->events->wants_initial ? take_initial(call, &event, frame) : collect(call, &event);
}

/* The response is known: the callback, which may take the stream, read or stop; what else has come
 * is the stream's. */
static void offer(tcx_call_t *call, struct tcx_str rest) {
  call->refs++;
  tcx__stream_offer(call);
  if (call->stream != NULL && rest.n > 0)
    tcx__stream_data(call->stream, rest.p, rest.n);
  tcx__call_unref(call);
}

int tcx__events_early(tcx_call_t *call, const char *p, size_t n) {
  struct tcx_events *ev = call->events;
  struct tcx_str input = {p, n};
  struct tcx_event_frame frame;
  int status;
  if (call->collecting && call->received > call->options.max_body)
    return tcx__fail(&call->fail, TCX_ETOOBIG, "the response body is larger than max_body (%zu)",
                     call->options.max_body);
  while ((status = tcx__event_frames_next(&ev->frames, &input, &frame)) > 0) {
    int err = take_early(call, &frame);
    if (err != 0)
      return err == TCX_ECLIENT ? 0 : err;
    if (call->streaming && !ev->wants_initial) {
      offer(call, input);
      return 0;
    }
  }
  return status == 0 ? 0 : bad_frame(&call->fail, &ev->frames);
}

int tcx__events_check_end(tcx_call_t *call) {
  if (tcx__event_frames_inside(&call->events->frames))
    return tcx__fail(&call->fail, TCX_EPROTO, "the event stream ends inside an event");
  if (call->events->wants_initial)
    return tcx__fail(&call->fail, TCX_EPROTO, "the event stream ends before its initial-response");
  return 0;
}

/* ---- to the reader ---- */

/* An exception ends the stream: its text and members outlive the event. */
static void end_with(tcx_stream_t *s, const struct tcx_event *event) {
  tcx_call_t *call = s->call;
  struct tcx_value *members =
      event->value != NULL ? tcx__value_deep_copy(call->arena, event->value) : NULL;
  int err = event->value != NULL && members == NULL
                ? UV_ENOMEM
                : make_error(call, event, &s->failure, &s->parse_error);
  if (err == 0)
    err = tcx__call_add_metadata(call, s->failure);
  const char *text = err == 0 ? tcx__call_error_text(call, &s->parse_error) : NULL;
  s->members = members;
  tcx__stream_break(s, text != NULL ? TCX_ECLIENT : UV_ENOMEM,
                    text != NULL ? text : tcx_strerror(UV_ENOMEM));
}

static void deliver(tcx_stream_t *s, const struct tcx_event *event) {
  tcx_session_t *session = s->call->session;
  if (event->kind == TCX__EVENT_ERROR) {
    end_with(s, event);
  } else if (event->kind == TCX__EVENT_EVENT) {
    tcx__session_enter(session);
    s->event_cb(s, 0, event->name, event->value);
    tcx__session_leave(session);
  } else {
    tcx__log(session, TCX_LOG_DEBUG, "events", s->call,
             "%s: the event %s is not known and is left out", s->call->op->name, event->name);
  }
}

static void take_frame(tcx_stream_t *s, const struct tcx_event_frame *frame) {
  struct tcx_events *ev = s->call->events;
  struct tcx_fail fail = {.arena = ev->arena};
  struct tcx_event event;
  int status = read_event(s->call, ev->arena, &fail, frame, &event);
  if (status == 0)
    deliver(s, &event);
  else
    tcx__stream_break(s, status, fail.text);
  tcx__arena_reset(ev->arena);
}

/* Delivers what is complete in input, while the reader wants it. */
static void run(tcx_stream_t *s, struct tcx_str *input) {
  struct tcx_events *ev = s->call->events;
  struct tcx_event_frame frame;
  int status = 0;
  if (!s->reading || s->over)
    return;
  if (ev->arena == NULL && (ev->arena = tcx__arena_new_sized(TCX__ARENA_CALL)) == NULL) {
    tcx__stream_break(s, UV_ENOMEM, tcx_strerror(UV_ENOMEM));
    return;
  }
  tcx__arena_set_pool(ev->arena, &s->call->client->blocks);
  ev->delivering = true;
  while (s->reading && !s->over &&
         (status = tcx__event_frames_next(&ev->frames, input, &frame)) > 0)
    take_frame(s, &frame);
  ev->delivering = false;
  if (status < 0) {
    struct tcx_fail fail = {.arena = s->call->arena};
    (void)bad_frame(&fail, &ev->frames);
    tcx__stream_break(s, status, fail.text);
  }
  if (s->retired)
    tcx__events_free(ev);
}

/* What is left is for later: the reader has stopped. */
static bool keeps(const tcx_stream_t *s, const struct tcx_str *input) {
  return input->n > 0 && !s->reading && !s->over && !s->closed;
}

void tcx__events_data(tcx_stream_t *s, const char *p, size_t n) {
  tcx_call_t *call = s->call;
  struct tcx_events *ev = call->events;
  struct tcx_str input = {p, n};
  call->refs++;
  run(s, &input);
  if (keeps(s, &input)) {
    ev->held_at = 0;
    tcx__buf_add_str(&ev->held, input);
    if (ev->held.status != 0)
      tcx__stream_break(s, UV_ENOMEM, tcx_strerror(UV_ENOMEM));
  }
  tcx__call_unref(call);
}

bool tcx__events_held(const tcx_stream_t *s) {
  const struct tcx_events *ev = s->call->events;
  return ev != NULL && !s->over && ev->held.len > ev->held_at;
}

void tcx__events_resume(tcx_stream_t *s) {
  tcx_call_t *call = s->call;
  struct tcx_events *ev = call->events;
  struct tcx_buf held = ev->held; /* it belongs to this function: the stream may end below */
  struct tcx_str input = {held.data + ev->held_at, held.len - ev->held_at};
  tcx__buf_init(&ev->held, NULL, held.max);
  call->refs++;
  run(s, &input);
  if (keeps(s, &input)) {
    ev->held = held;
    ev->held_at = held.len - input.n;
  } else {
    tcx__buf_free(&held);
  }
  if (s->reading && call->exchanging)
    tcx__exchange_unpause(&call->x);
  tcx__call_unref(call);
}
