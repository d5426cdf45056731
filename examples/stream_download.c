/*
 * stream_download.c - copies an object to a slow reader: when what was read has not been taken yet, the stream is stopped, and with it the sender.
 *
 *   stream_download BUCKET KEY > FILE
 *
 * The slow reader is standard output behind a libuv pipe: at most 256 KiB wait in its queue.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

#define QUEUE_MAX (256 * 1024)

struct copy {
  uv_pipe_t out;
  tcx_stream_t *stream;
  size_t total, stops;
  int reading, failed;
};
struct write {
  uv_write_t req;
  struct copy *copy;
  char bytes[];
};

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf);

static void end(struct copy *copy, int failed) {
  copy->failed = failed;
  tcx_stream_close(copy->stream);
  copy->stream = NULL;
}

static void on_written(uv_write_t *req, int status) {
  struct copy *copy = ((struct write *)(void *)req)->copy;
  free(req);
  if (copy->stream == NULL) {
    if (copy->out.write_queue_size == 0 && !uv_is_closing((uv_handle_t *)&copy->out))
      uv_close((uv_handle_t *)&copy->out, NULL);
    return;
  }
  if (status != 0) {
    end(copy, 1);
  } else if (!copy->reading && copy->out.write_queue_size < QUEUE_MAX / 2) {
    copy->reading = tcx_stream_read_start(copy->stream, on_read) == 0; /* room again */
  }
}

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  struct copy *copy = tcx_stream_data(stream);
  if (nread < 0) { /* TCX_EOF: complete, and its checksum is right */
    if (nread != TCX_EOF)
      fprintf(stderr, "%s\n", tcx_stream_error(stream)->msg);
    end(copy, nread != TCX_EOF);
    if (copy->out.write_queue_size == 0)
      uv_close((uv_handle_t *)&copy->out, NULL);
    return;
  }
  struct write *w = malloc(sizeof *w + (size_t)nread);
  if (w == NULL)
    abort();
  w->copy = copy;
  memcpy(w->bytes, buf->base, (size_t)nread); /* buf is valid in here only */
  copy->total += (size_t)nread;
  uv_buf_t out = uv_buf_init(w->bytes, (unsigned)nread);
  if (uv_write(&w->req, (uv_stream_t *)&copy->out, &out, 1, on_written) != 0) {
    free(w);
    end(copy, 1);
  } else if (copy->out.write_queue_size > QUEUE_MAX) {
    tcx_stream_read_stop(stream);
    copy->reading = 0;
    copy->stops++;
  }
}

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct copy *copy = tcx_call_data(call);
  if (error != NULL) {
    fprintf(stderr, "%s\n", error->msg);
    copy->failed = 1;
    uv_close((uv_handle_t *)&copy->out, NULL);
    return;
  }
  fprintf(stderr, "%s, %lld bytes\n", tcx_value_str(response, "ETag"), (long long)tcx_value_int(response, "ContentLength", -1));
  copy->stream = tcx_call_take_stream(call, copy);
  copy->reading = tcx_stream_read_start(copy->stream, on_read) == 0;
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  struct copy copy = {0};
  tcx_session_t *session;
  tcx_client_t *s3;
  if (argc != 3) {
    fprintf(stderr, "usage: stream_download BUCKET KEY > FILE\n");
    return 2;
  }
  if (uv_pipe_init(loop, &copy.out, 0) != 0 || uv_pipe_open(&copy.out, 1) != 0)
    return 1;
  if (tcx_session_new(loop, NULL, &session) != 0 || tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  if (tcx_client_call(s3, "get_object", tcx_params("{Bucket: %s, Key: %s}", argv[1], argv[2]), on_object, &copy) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT);
  fprintf(stderr, "%zu bytes, stopped %zu times\n", copy.total, copy.stops);
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? copy.failed : 1;
}
