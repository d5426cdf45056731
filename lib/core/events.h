/*
 * events.h - the response body of an operation whose output is an event stream.
 *
 *   expected (the head has come) -> before the callback: initial-response (json, rpc-v2-cbor), or
 *     all events (max_body) -> delivered one by one to a stream's reader
 *
 * receive.c gives it the bytes until the call's callback, stream.c after it. It lies in the call's
 * arena; what it has from the allocator goes when the call is retired.
 */
#ifndef TCX_CORE_EVENTS_H
#define TCX_CORE_EVENTS_H
#include "core/stream.h"
#include "protocols/eventstream.h"

struct tcx_events {
  struct tcx_event_frames frames;
  /* of the event that is being delivered; emptied after each */
  struct tcx_arena *arena;
  /* bytes that came before the reader stopped: the rest of one read */
  struct tcx_buf held;
  size_t held_at;
  struct tcx_value *list; /* max_body: the events so far; else NULL */
  bool wants_initial;     /* initial-response has not come */
  bool delivering;        /* an event's callback may be on the stack */
};

/* a success begins: call->events. UV_ENOMEM */
int tcx__events_expect(tcx_call_t *call);
/* what it has from the allocator; NULL is fine */
void tcx__events_free(struct tcx_events *events);
/* Bytes before the call's callback. < 0: the response is of no use. The callback may run inside,
 * and the call may be over after it. */
int tcx__events_early(tcx_call_t *call, const char *p, size_t n);
/* The end of the body: TCX_EPROTO when it is not one of the events. */
int tcx__events_check_end(tcx_call_t *call);
/* Bytes for the stream's reader; what comes after it has stopped is held. */
void tcx__events_data(tcx_stream_t *stream, const char *p, size_t n);
bool tcx__events_held(const tcx_stream_t *stream);
/* the reader is back: what is held comes first */
void tcx__events_resume(tcx_stream_t *stream);
#endif
