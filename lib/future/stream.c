/* stream.c - the future of a stream's whole rest: the bytes are copied once, from the stream's
 * buffer to the value. */
#include "core/stream.h"
#include "future/future.h"

static tcx_future_t *cancel_read(tcx_future_t *f) {
  tcx_stream_t *stream = f->stream;
  f->stream = NULL;
  tcx_stream_close(stream); /* its done callback is owed, and comes */
  return NULL;
}

static void end_read(tcx_future_t *f) {
  tcx_stream_close(f->stream);
  tcx_call_release(f->call);
  tcx_value_free(f->u.whole);
}

static const struct tcx__future_kind read_kind = {
    .cancel = cancel_read, .closing = tcx__future_leave_to_client, .end = end_read};

static void on_whole(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  tcx_future_t *f = tcx_stream_data(stream);
  f->call = tcx_call_retain(tcx_stream_call(stream)); /* the error lies in it */
  if (status == 0) {
    f->u.whole = tcx_value_new_bytes(whole->base, whole->len);
    status = tcx_value_status(f->u.whole);
    tcx__future_decide(f, status, f->u.whole, NULL);
  } else {
    tcx__future_decide(f, status, NULL, tcx_stream_error(stream));
  }
  tcx__future_tell(f);
}

tcx_future_t *tcx_future_read_all(tcx_stream_t *stream, size_t max) {
  tcx_future_t *f = NULL;
  int err = stream == NULL ? UV_EINVAL
            : stream->call->session == NULL
                ? TCX_ECLOSING
                : tcx__future_make(stream->call->session, &read_kind, 0, &f);
  if (err == 0) {
    stream->data = f;
    err = tcx_stream_read_all(stream, max, on_whole);
    if (err == 0) {
      f->stream = stream;
      return f;
    }
    tcx__future_drop(f);
  }
  tcx_stream_close(stream);
  return tcx_future_failed(err);
}
