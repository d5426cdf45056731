/* call.c - futures of calls: the outcome lies in the call, which the future retains. */
#include "core/stream.h"
#include "future/future.h"

static tcx_future_t *cancel_call(tcx_future_t *f) {
  tcx_call_cancel(f->call);
  return NULL;
}

static void end_call(tcx_future_t *f) {
  tcx_stream_close(f->stream);
  tcx_call_release(f->call);
}

static const struct tcx__future_kind call_kind = {
    .cancel = cancel_call, .closing = tcx__future_leave_to_client, .end = end_call};

static void on_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_future_t *f = tcx_call_data(call);
  f->call = tcx_call_retain(call);
  f->stream = tcx_call_take_stream(call, NULL);
  tcx__future_decide(f, error != NULL ? error->status : 0, response, error);
  tcx__future_tell(f);
}

/* What was made for a call, once that was started, or not. */
static tcx_future_t *started(tcx_future_t *f, int err) {
  if (err == 0)
    return f;
  f->call = NULL;
  tcx__future_drop(f);
  return tcx_future_failed(err);
}

static int make(tcx_client_t *client, tcx_value_t *params, tcx_future_t **f) {
  int err = client != NULL ? tcx__future_make(client->session, &call_kind, 0, f) : UV_EINVAL;
  if (err != 0)
    tcx_value_free(params);
  return err;
}

tcx_future_t *tcx_future_start_sized(tcx_client_t *client, const char *operation,
                                     tcx_value_t *params, const tcx_call_options_t *options,
                                     size_t size) {
  tcx_future_t *f = NULL;
  int err = make(client, params, &f);
  return err != 0 ? tcx_future_failed(err)
                  : started(f, tcx_client_start_sized(client, operation, params, options, size,
                                                      on_call, f, &f->call));
}

tcx_future_t *tcx_future_call(tcx_client_t *client, const char *operation, tcx_value_t *params) {
  return tcx_future_start_sized(client, operation, params, NULL, 0);
}

tcx_future_t *tcx_future_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                                 unsigned expires_s) {
  tcx_future_t *f = NULL;
  int err = make(client, params, &f);
  return err != 0 ? tcx_future_failed(err)
                  : started(f, tcx__client_presign(client, operation, params, expires_s, on_call, f,
                                                   &f->call));
}

tcx_future_t *tcx_future_wait_sized(tcx_client_t *client, const char *waiter, tcx_value_t *params,
                                    const tcx_wait_options_t *options, size_t size) {
  tcx_future_t *f = NULL;
  int err = make(client, params, &f);
  return err != 0 ? tcx_future_failed(err)
                  : started(f, tcx_client_wait_sized(client, waiter, params, options, size, on_call,
                                                     f, &f->call));
}

static const tcx_future_t *source_of(const tcx_future_t *f) {
  return f->source != NULL ? f->source : f;
}

const tcx_call_t *tcx_future_get_call(const tcx_future_t *f) {
  return f->done ? source_of(f)->call : NULL;
}

tcx_stream_t *tcx_future_take_stream(tcx_future_t *f, void *data) {
  tcx_future_t *source = f->source != NULL ? f->source : f;
  tcx_stream_t *stream = source->stream;
  if (stream != NULL) {
    source->stream = NULL;
    stream->data = data;
  }
  return stream;
}
