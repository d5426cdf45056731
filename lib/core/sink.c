/* sink.c - reading a stream to its end: into memory, or into a file through libuv's pool with two
 * buffers, one filling while the other is written. */
#include "base/mem.h"
#include "core/stream.h"
#include <stdio.h>
#include <string.h>

int tcx__sink_new(tcx_stream_t *s, size_t max, uv_file file, int64_t offset) {
  struct tcx_sink *sink = tcx__calloc(1, sizeof *sink);
  if (sink == NULL)
    return UV_ENOMEM;
  int64_t length = s->call->head.content_length;
  sink->max = max;
  sink->file = file;
  sink->offset = offset;
  sink->cap = file >= 0 ? TCX__SINK_SIZE : 0;
  if (file >= 0 && length >= 0 && (uint64_t)length < sink->cap - TCX__READ_SIZE)
    sink->cap = (size_t)length + TCX__READ_SIZE;
  if (file < 0 && length > 0 && (uint64_t)length <= max)
    sink->cap = (size_t)length;
  if (sink->cap > 0 && (sink->fill = tcx__malloc(sink->cap)) == NULL) {
    tcx__free(sink);
    return UV_ENOMEM;
  }
  s->sink = sink;
  return 0;
}

void tcx__sink_free(tcx_stream_t *s) {
  if (s->sink == NULL)
    return;
  tcx__free(s->sink->fill);
  tcx__free(s->sink->writing);
  tcx__free(s->sink);
  s->sink = NULL;
}

static int grow(struct tcx_sink *sink, size_t n) {
  if (n > sink->max || sink->filled > sink->max - n)
    return TCX_ETOOBIG;
  if (sink->filled + n <= sink->cap)
    return 0;
  size_t cap = sink->cap * 2 > sink->filled + n ? sink->cap * 2 : sink->filled + n;
  char *bigger = tcx__realloc(sink->fill, cap);
  if (bigger == NULL)
    return UV_ENOMEM;
  sink->fill = bigger;
  sink->cap = cap;
  return 0;
}

/* ---- the file ---- */

static void on_written(uv_fs_t *req);

static int write_some(struct tcx_stream *s) {
  struct tcx_sink *sink = s->sink;
  uv_buf_t buf =
      uv_buf_init(sink->writing + sink->write_at, (unsigned)(sink->write_len - sink->write_at));
  sink->req.data = s;
  int err = uv_fs_write(s->call->session->loop, &sink->req, sink->file, &buf, 1, sink->offset,
                        on_written);
  sink->busy = err == 0;
  return err;
}

/* The filled buffer goes out; the other one fills. */
static int swap(tcx_stream_t *s) {
  struct tcx_sink *sink = s->sink;
  char *other = sink->writing;
  if (other == NULL && !s->over && (other = tcx__malloc(sink->cap)) == NULL)
    return UV_ENOMEM;
  sink->writing = sink->fill;
  sink->fill = other;
  sink->write_len = sink->filled;
  sink->write_at = 0;
  sink->filled = 0;
  return write_some(s);
}

/* In text, which lives on the caller's stack. */
static const char *write_error(char text[128], int err) {
  snprintf(text, 128, "cannot write the response body: %s", uv_strerror(err));
  return text;
}

static bool full(const struct tcx_sink *sink) { return sink->cap - sink->filled < TCX__READ_SIZE; }

static void on_written(uv_fs_t *req) {
  char text[128];
  tcx_stream_t *s = req->data;
  struct tcx_sink *sink = s->sink;
  ssize_t n = req->result;
  int err = n < 0 ? (int)n : 0;
  uv_fs_req_cleanup(req);
  sink->busy = false;
  if (err == 0) {
    sink->offset += sink->offset >= 0 ? n : 0;
    sink->write_at += (size_t)n;
    if (sink->write_at < sink->write_len && n > 0)
      err = write_some(s);
    else if (n == 0)
      err = UV_ENOSPC;
    else if (full(sink) && !s->over)
      err = swap(s);
  }
  if (err != 0) {
    sink->filled = 0;
    if (s->over && s->end_status == TCX_EOF)
      s->over = false; /* the end is not as good as it looked */
    tcx__stream_break(s, err, write_error(text, err));
  }
  if (sink->busy && s->call->exchanging)
    tcx__exchange_unpause(&s->call->x);
  tcx__stream_settle(s);
}

int tcx__sink_data(tcx_stream_t *s, const char *p, size_t n) {
  struct tcx_sink *sink = s->sink;
  int err = s->to_file ? 0 : grow(sink, n);
  if (err != 0)
    return err;
  memcpy(sink->fill + sink->filled, p, n);
  sink->filled += n;
  if (!s->to_file || !full(sink))
    return 0;
  if (!sink->busy)
    return swap(s);
  tcx__exchange_pause(&s->call->x);
  return 0;
}

bool tcx__sink_flushed(tcx_stream_t *s) {
  char text[128];
  struct tcx_sink *sink = s->sink;
  if (sink->busy)
    return false;
  if (sink->filled == 0 || s->end_status != TCX_EOF)
    return true;
  int err = swap(s);
  if (err == 0)
    return false;
  s->call->fail.status = 0;
  (void)tcx__fail(&s->call->fail, err, "%s", write_error(text, err));
  tcx__stream_set_end(s, err);
  sink->filled = 0;
  return true;
}
