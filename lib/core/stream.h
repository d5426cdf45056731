/*
 * stream.h - the inside of tcx_stream_t: a response body after its call's callback.
 *
 *   offered --taken--> paused <--read_start, read_stop--> reading
 *   reading --> ending --> ended --close--> gone
 *   offered --not taken, or closed early--> drained (a short rest) or its connection closed
 *
 * It lies in its call's arena and holds a reference to the call. The call stays linked to its
 * client until the stream has ended; after that it is inert memory for the caller. stream.c has the
 * states, sink.c the two ways of reading to the end (memory, file), events.c what an event stream's
 * reader gets.
 */
#ifndef TCX_CORE_STREAM_H
#define TCX_CORE_STREAM_H
#include "core/call.h"

/* an unread rest up to this is read and dropped, to keep the connection */
#define TCX__DRAIN_MAX (64u << 10)
#define TCX__SINK_SIZE (256u << 10) /* bytes of one of a file sink's two buffers */

/* read_all: one growing buffer; to_file: two, one being written */
struct tcx_sink {
  char *fill, *writing;
  size_t filled, cap, max;
  uv_fs_t req;
  uv_file file;
  int64_t offset;
  size_t write_len, write_at;
  bool busy;
};

struct tcx_stream {
  tcx_call_t *call;
  void *data;
  tcx_stream_cb read_cb;
  tcx_stream_done_cb done_cb;
  tcx_event_cb event_cb;
  bool taken, reading, closed;
  bool draining; /* nobody reads the rest */
  /* nothing more comes from the network; end_status tells how it ended */
  bool over;
  bool told; /* the end was delivered */
  bool to_file;
  bool holding; /* it keeps the loop */
  bool retired; /* the call is out of its client */
  /* closed while a done callback was owed: telling the end gives the caller's reference back */
  bool close_owed;
  int end_status;
  struct tcx_ready ready;
  struct tcx_sink *sink;
  tcx_error_t error;
  /* of an event stream that an exception ended: */
  struct tcx_parse_error parse_error;
  struct tcx_value *failure; /* the error's response */
  struct tcx_value *members; /* the exception's, or NULL */
};

int tcx__sink_new(tcx_stream_t *stream, size_t max, uv_file file, int64_t offset);
void tcx__sink_free(tcx_stream_t *stream);
/* pauses the stream when its buffers are full */
int tcx__sink_data(tcx_stream_t *stream, const char *p, size_t n);
/* everything is written, or starts what is left and says false */
bool tcx__sink_flushed(tcx_stream_t *stream);
/* looks whether the end can be told now */
void tcx__stream_settle(tcx_stream_t *stream);
/* how it ended, with the error's text from call->fail */
void tcx__stream_set_end(tcx_stream_t *stream, int status);
void tcx__stream_break(tcx_stream_t *stream, int status, const char *why);
#endif
