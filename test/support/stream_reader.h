/* stream_reader.h - takes a call's stream and counts what is read of it; data of the call is a
 * struct reader. */
#ifndef TCX_TEST_STREAM_READER_H
#define TCX_TEST_STREAM_READER_H
#include "support.h"
#include <tucuxi.h>

struct reader {
  tcx_stream_t *stream; /* taken, not yet read */
  int calls, ended;     /* ended: how, 0 = not yet */
  size_t got;
};

static inline void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct reader *r = tcx_stream_data(stream);
  (void)buf;
  if (n < 0)
    r->ended = (int)n;
  else
    r->got += (size_t)n;
}

static inline void on_stream(tcx_call_t *call, const tcx_value_t *response,
                             const tcx_error_t *error) {
  struct reader *r = tcx_call_data(call);
  assert_non_null(response);
  assert_null(error);
  r->calls++;
  r->stream = tcx_call_take_stream(call, r);
}
#endif
