/*
 * stream_download.c - copies an object to a reader that may be slow: what the reader does not take
 * at once waits, and meanwhile nothing more is read from S3.
 *
 *   stream_download BUCKET KEY | READER
 *
 * For a plain file, tcx_stream_to_file does all of this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

struct copy {
  uv_pipe_t out;
  tcx_stream_t *stream;
  uv_write_t write;
  char *rest; /* what the pipe did not take yet */
  size_t total, stops;
  int failed;
};

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf);

/* problem NULL: all is well. */
static void finish(struct copy *copy, const char *problem) {
  if (problem != NULL)
    fprintf(stderr, "%s\n", problem);
  copy->failed = problem != NULL;
  tcx_stream_close(copy->stream);
  uv_close((uv_handle_t *)&copy->out, NULL);
}

static void on_written(uv_write_t *req, int status) {
  struct copy *copy = req->data;
  free(copy->rest);
  if (status == 0)
    status = tcx_stream_read_start(copy->stream, on_read); /* room again */
  if (status != 0)
    finish(copy, tcx_strerror(status));
}

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  struct copy *copy = tcx_stream_data(stream);
  if (nread < 0) { /* TCX_EOF: the object is complete, and its checksum is right */
    finish(copy, nread == TCX_EOF ? NULL : tcx_stream_error(stream)->msg);
    return;
  }
  copy->total += (size_t)nread;
  int taken = uv_try_write((uv_stream_t *)&copy->out, buf, 1);
  if (taken == nread)
    return;
  if (taken == UV_EAGAIN)
    taken = 0;
  if (taken < 0) {
    finish(copy, uv_strerror(taken));
    return;
  }
  /* The reader is slow: the rest is copied, since buf is valid in here only, and the stream stands
   * still until it is written. */
  size_t left = (size_t)(nread - taken);
  copy->rest = malloc(left);
  if (copy->rest == NULL) {
    finish(copy, uv_strerror(UV_ENOMEM));
    return;
  }
  memcpy(copy->rest, buf->base + taken, left);
  uv_buf_t out = uv_buf_init(copy->rest, (unsigned)left);
  copy->write.data = copy;
  tcx_stream_read_stop(stream);
  copy->stops++;
  int err = uv_write(&copy->write, (uv_stream_t *)&copy->out, &out, 1, on_written);
  if (err != 0) {
    free(copy->rest);
    finish(copy, uv_strerror(err));
  }
}

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct copy *copy = tcx_call_data(call);
  if (error != NULL) {
    finish(copy, error->msg);
    return;
  }
  fprintf(stderr, "%s, %lld bytes\n", tcx_value_str(response, "ETag"),
          (long long)tcx_value_int(response, "ContentLength", -1));
  copy->stream = tcx_call_take_stream(call, copy); /* ours now, until tcx_stream_close */
  int err = tcx_stream_read_start(copy->stream, on_read);
  if (err != 0)
    finish(copy, tcx_strerror(err));
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  struct copy copy = {0};
  tcx_session_t *session;
  tcx_client_t *s3;
  if (argc != 3) {
    fprintf(stderr, "usage: stream_download BUCKET KEY | READER\n");
    return 2;
  }
  if (uv_guess_handle(1) != UV_NAMED_PIPE || uv_pipe_init(loop, &copy.out, 0) != 0 ||
      uv_pipe_open(&copy.out, 1) != 0) {
    fprintf(stderr, "stream_download: standard output is not a pipe\n");
    return 2;
  }
  if (tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  if (tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Key: %s}", argv[1], argv[2]), on_object,
                        &copy) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT);
  fprintf(stderr, "%zu bytes, stopped %zu times\n", copy.total, copy.stops);
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? copy.failed : 1;
}
