/*
 * body_file.c - a file as a request body, read by libuv's pool.
 *
 *   made -> opening (open, fstat) -> idle <-> reading -> closed
 *
 * One uv_fs request at a time. `again` is set when a rewind came while a read was under way: its
 * bytes are thrown away. Closing while a request is under way waits for it and wakes.
 */
#include "base/mem.h"
#include "core/body.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct file_body {
  struct tcx_body body;
  uv_fs_t req;
  uv_file fd;      /* -1 when not open */
  uint64_t offset; /* where the body begins in the file */
  uint64_t at;     /* bytes of the body read so far */
  char *buffer;
  size_t want, filled;
  int result; /* of the last request: < 0 = failed */
  bool busy, opened, again, closing, given;
  bool ended; /* a read brought nothing: the file is shorter than it was */
  char path[];
};

static int fail_file(const struct file_body *b, int err, const char *what, struct tcx_fail *f) {
  return tcx__fail(f, TCX_EBODY, "cannot %s the request body %s: %s", what, b->path,
                   uv_strerror(err));
}

/* ---- opening: uv_fs_open, then uv_fs_fstat ---- */

static void wake(struct file_body *b) {
  if (b->body.abandoned)
    tcx__body_abandon(&b->body);
  else if (b->body.wake != NULL)
    b->body.wake(b->body.ctx);
}

static void on_stat(uv_fs_t *req) {
  struct file_body *b = req->data;
  int64_t size = req->result == 0 ? (int64_t)req->statbuf.st_size : 0;
  bool regular = req->result == 0 && (req->statbuf.st_mode & S_IFMT) == S_IFREG;
  b->result = (int)req->result;
  uv_fs_req_cleanup(req);
  b->busy = false;
  if (b->result == 0 && !regular)
    b->result = UV_EISDIR;
  if (b->result == 0) {
    int64_t rest = (uint64_t)size > b->offset ? size - (int64_t)b->offset : 0;
    if (b->body.length < 0)
      b->body.length = rest;
    else if (rest < b->body.length)
      b->result = UV_EOF;
  }
  b->opened = true;
  wake(b);
}

static void on_open(uv_fs_t *req) {
  struct file_body *b = req->data;
  uv_loop_t *loop = req->loop;
  b->result = (int)req->result;
  uv_fs_req_cleanup(req);
  if (b->result < 0) {
    b->busy = false;
    b->opened = true;
    wake(b);
    return;
  }
  b->fd = b->result;
  b->result = uv_fs_fstat(loop, &b->req, b->fd, on_stat);
  if (b->result < 0) {
    b->busy = false;
    b->opened = true;
    wake(b);
  }
}

static int file_open(tcx_body_t *body, struct tcx_fail *f) {
  struct file_body *b = (struct file_body *)body;
  if (b->opened)
    return b->result < 0 ? fail_file(b, b->result, b->result == UV_EOF ? "read all of" : "open", f)
                         : 0;
  if (b->busy)
    return TCX_EAGAIN;
  b->req.data = b;
  int err = uv_fs_open(body->loop, &b->req, b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, on_open);
  if (err < 0)
    return fail_file(b, err, "open", f);
  b->busy = true;
  return TCX_EAGAIN;
}

/* ---- reading ---- */

static void on_read(uv_fs_t *req);

static int start_read(struct file_body *b) {
  uv_buf_t buf = uv_buf_init(b->buffer + b->filled, (unsigned)(b->want - b->filled));
  int err = uv_fs_read(b->body.loop, &b->req, b->fd, &buf, 1,
                       (int64_t)(b->offset + b->at + b->filled), on_read);
  b->busy = err == 0;
  return err;
}

static void on_read(uv_fs_t *req) {
  struct file_body *b = req->data;
  ssize_t n = req->result;
  uv_fs_req_cleanup(req);
  b->busy = false;
  if (b->again) {
    b->again = false;
    b->filled = 0;
    b->result = 0;
  } else if (n < 0) {
    b->result = (int)n;
  } else if (n == 0) {
    b->ended = true;
  } else {
    b->filled += (size_t)n;
    if (b->filled < b->want && !b->closing) {
      b->result = start_read(b);
      if (b->result == 0)
        return;
    }
  }
  wake(b);
}

static int file_read(tcx_body_t *body, size_t want, struct tcx_str *window, struct tcx_fail *f) {
  struct file_body *b = (struct file_body *)body;
  if (b->busy)
    return TCX_EAGAIN;
  if (b->result < 0)
    return fail_file(b, b->result, "read", f);
  if (b->given) {
    b->at += b->filled;
    b->filled = 0;
    b->given = false;
  }
  if (b->buffer == NULL) {
    size_t size =
        (uint64_t)body->length < TCX__BODY_WINDOW ? (size_t)body->length : TCX__BODY_WINDOW;
    b->buffer = tcx__malloc(size > 0 ? size : 1);
    if (b->buffer == NULL)
      return UV_ENOMEM;
  }
  if (b->filled < want && !b->ended) {
    b->want = want;
    int err = start_read(b);
    return err < 0 ? fail_file(b, err, "read", f) : TCX_EAGAIN;
  }
  b->given = true;
  *window = (struct tcx_str){b->buffer, b->filled};
  return 0;
}

static int file_rewind(tcx_body_t *body, struct tcx_fail *f) {
  struct file_body *b = (struct file_body *)body;
  (void)f;
  b->at = b->filled = 0;
  b->given = b->ended = false;
  b->result = 0;
  b->again = b->busy;
  return 0;
}

static int file_close(tcx_body_t *body) {
  struct file_body *b = (struct file_body *)body;
  b->closing = true;
  if (b->busy) {
    uv_cancel((uv_req_t *)&b->req);
    return TCX_EAGAIN;
  }
  if (b->fd >= 0) {
    uv_fs_t req;
    uv_fs_close(NULL, &req, b->fd, NULL);
    uv_fs_req_cleanup(&req);
    b->fd = -1;
  }
  return 0;
}

static void file_free(tcx_body_t *body) {
  tcx__free(((struct file_body *)body)->buffer);
  tcx__free(body);
}
const struct tcx_body_ops tcx__body_file_ops = {file_open, file_read, file_rewind, file_close,
                                                file_free};

tcx_body_t *tcx_body_file(const char *path, uint64_t offset, int64_t length) {
  if (path == NULL || length < -1 || offset > INT64_MAX)
    return tcx__body_failed(UV_EINVAL);
  size_t n = strlen(path) + 1;
  struct file_body *b = tcx__calloc(1, sizeof *b + n);
  if (b == NULL)
    return tcx__body_failed(UV_ENOMEM);
  b->body =
      (struct tcx_body){.head = {tcx__body_abandon}, .ops = &tcx__body_file_ops, .length = length};
  b->fd = -1;
  b->offset = offset;
  memcpy(b->path, path, n);
  return &b->body;
}
