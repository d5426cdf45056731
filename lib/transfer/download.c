/*
 * download.c - an object to a file. One that is known to be small comes with its call (which
 * verifies and retries it) and is written in one trip to the pool; any other flows through a stream
 * into the temporary file. Only what came whole and verified is renamed.
 */
#include "base/mem.h"
#include "transfer/transfer.h"

#define TRIES_MAX 3

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error);

static tcx_transfer_t *transfer_of(struct tcx_file_work *work) {
  return (tcx_transfer_t *)((char *)work - offsetof(tcx_transfer_t, work));
}

static int ask(tcx_transfer_t *t) {
  t->tries++;
  return tcx__transfer_call(t, "get_object", tcx_value_copy(t->params),
                            t->whole ? t->options.max_memory : 0, on_object);
}

int tcx__download_begin(tcx_transfer_t *t) {
  int err = tcx_value_status(t->params);
  t->whole = t->known_size >= 0 && (uint64_t)t->known_size <= t->options.max_memory;
  if (err == UV_ENOMEM)
    return err;
  if (err == 0)
    return ask(t);
  tcx_value_t *failed = t->params; /* the call tells what is wrong with them */
  t->params = NULL;
  return tcx__transfer_call(t, "get_object", failed, 0, on_object);
}

static void end_with(tcx_transfer_t *t, int status) {
  if (status != 0)
    tcx__transfer_fail(t, status, "%s", tcx_strerror(status));
  tcx__transfer_end(t, status);
}

/* ---- the whole object in memory ---- */

static void on_written(struct tcx_file_work *work) {
  tcx_transfer_t *t = transfer_of(work);
  if (work->status != 0)
    tcx__transfer_fail_file(t);
  tcx__transfer_end(t, work->status);
}

static void write_whole(tcx_transfer_t *t, const tcx_value_t *response) {
  size_t n = 0;
  const void *p = tcx_value_bytes(response, "Body", &n);
  t->work.data = (char *)(uintptr_t)p;
  t->work.len = n;
  t->moved = n;
  t->total = (int64_t)n;
  int err =
      t->canceled ? TCX_ECANCELED : tcx__file_work(t->loop, &t->work, TCX__FILE_WRITE, on_written);
  if (err != 0)
    end_with(t, err);
}

/* ---- a stream ---- */

static bool worth_another_try(const tcx_transfer_t *t) {
  int status = t->error.status;
  return t->tries < TRIES_MAX && !t->canceled && !t->work.as_it_is &&
         (status == TCX_EPROTO || status == TCX_ECHECKSUM || status == TCX_ESTALLED ||
          status == UV_ECONNRESET || status == UV_ETIMEDOUT || status == UV_EPIPE ||
          status == UV_EOF);
}

static void on_discarded(struct tcx_file_work *work) {
  tcx_transfer_t *t = transfer_of(work);
  if (worth_another_try(t)) {
    t->error = (tcx_error_t){0};
    tcx__free(t->msg);
    t->msg = NULL;
    t->moved = 0;
    tcx_call_release(t->kept);
    t->kept = NULL;
    int err = ask(t);
    if (err != 0)
      end_with(t, err);
    return;
  }
  tcx__transfer_end(t, t->error.status);
}

/* The error is kept already; the temporary goes. */
static void discard(tcx_transfer_t *t) {
  int err = tcx__file_work(t->loop, &t->work, TCX__FILE_DISCARD, on_discarded);
  if (err != 0)
    tcx__transfer_end(t, t->error.status);
}

static void on_committed(struct tcx_file_work *work) {
  tcx_transfer_t *t = transfer_of(work);
  if (work->status != 0)
    tcx__transfer_fail_file(t);
  tcx__transfer_end(t, work->status);
}

static void on_streamed(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  tcx_transfer_t *t = tcx_stream_data(stream);
  const tcx_error_t *error = tcx_stream_error(stream);
  (void)whole;
  t->moved = tcx_call_bytes_received(t->kept);
  t->to_file = false;
  t->stream = NULL;
  if (status != 0 && error != NULL && !t->canceled)
    t->error = *error; /* lives in the kept call */
  else if (status != 0)
    tcx__transfer_fail(t, t->canceled ? TCX_ECANCELED : status, "%s",
                       t->canceled ? "The transfer was canceled" : tcx_strerror(status));
  tcx_stream_close(stream);
  if (status != 0) {
    discard(t);
    return;
  }
  t->total = (int64_t)t->moved;
  int err = tcx__file_work(t->loop, &t->work, TCX__FILE_COMMIT, on_committed);
  if (err != 0) {
    tcx__transfer_fail(t, err, "%s", tcx_strerror(err));
    discard(t);
  }
}

static void on_opened(struct tcx_file_work *work) {
  tcx_transfer_t *t = transfer_of(work);
  tcx_stream_t *stream = t->stream;
  int err = work->status;
  if (err != 0)
    tcx__transfer_fail_file(t);
  else if (t->canceled)
    tcx__transfer_fail(t, err = TCX_ECANCELED, "The transfer was canceled");
  else if ((err = tcx_stream_to_file(stream, work->fd, work->as_it_is ? -1 : 0, on_streamed)) != 0)
    tcx__transfer_fail(t, err, "%s", tcx_strerror(err));
  if (err == 0) {
    t->to_file = true;
    return;
  }
  t->stream = NULL;
  tcx_stream_close(stream);
  if (work->fd >= 0)
    discard(t);
  else
    tcx__transfer_end(t, t->error.status);
}

static void open_file(tcx_transfer_t *t, tcx_call_t *call) {
  t->stream = tcx_call_take_stream(call, t);
  t->total = t->stream != NULL ? tcx_stream_length(t->stream) : -1;
  int err = t->stream == NULL ? UV_EINVAL
            : t->canceled     ? TCX_ECANCELED
                              : tcx__file_work(t->loop, &t->work, TCX__FILE_OPEN, on_opened);
  if (err == 0)
    return;
  tcx_stream_close(t->stream);
  t->stream = NULL;
  end_with(t, err);
}

/* ---- the call ---- */

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_transfer_t *t = tcx_call_data(call);
  t->call = NULL;
  /* it has grown since it was listed */
  if (error != NULL && error->status == TCX_ETOOBIG && t->whole && !t->canceled) {
    t->whole = false;
    int err = ask(t);
    if (err != 0)
      end_with(t, err);
    return;
  }
  if (error != NULL) {
    tcx__transfer_end_call(t, call, error);
    return;
  }
  t->kept = tcx_call_retain(call);
  t->work.keep_time =
      t->options.keep_time &&
      tcx_value_time(response, "LastModified", &t->work.seconds, &t->work.nanoseconds) == 0;
  if (t->whole)
    write_whole(t, response);
  else
    open_file(t, call);
}
