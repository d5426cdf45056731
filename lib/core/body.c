/* body.c - bodies in memory and the program's own sources; body_file.c has files. */
#include "core/body.h"
#include "base/mem.h"
#include <string.h>

/* ---- the constructor that cannot fail ---- */

static int failed_open(tcx_body_t *b, struct tcx_fail *f) {
  return tcx__fail(f, b->status, "%s", tcx_strerror(b->status));
}
static int failed_read(tcx_body_t *b, size_t want, struct tcx_str *window, struct tcx_fail *f) {
  (void)want, (void)window;
  return failed_open(b, f);
}
static int nothing_to_close(tcx_body_t *b) {
  (void)b;
  return 0;
}
static void free_plain(tcx_body_t *b) { tcx__free(b); }
static void free_failed(tcx_body_t *b) {
  if (b->status != UV_ENOMEM)
    tcx__free(b);
}
static const struct tcx_body_ops failed_ops = {failed_open, failed_read, failed_open,
                                               nothing_to_close, free_failed};

/* Bodies that say so free themselves; the one that stands for no memory is nobody's. */
tcx_body_t *tcx__body_failed(int status) {
  static struct tcx_body out_of_memory = {
      .head = {tcx__body_abandon}, .ops = &failed_ops, .length = -1, .status = UV_ENOMEM};
  tcx_body_t *b = status == UV_ENOMEM ? NULL : tcx__calloc(1, sizeof *b);
  if (b == NULL)
    return &out_of_memory;
  *b = (struct tcx_body){
      .head = {tcx__body_abandon}, .ops = &failed_ops, .length = -1, .status = status};
  return b;
}

bool tcx__body_memory(const tcx_body_t *b, struct tcx_str *out) {
  *out = b->memory;
  return b->memory.p != NULL;
}

int tcx__body_close(tcx_body_t *b) {
  if (b->closed)
    return 0;
  int err = b->ops->close(b);
  if (err != TCX_EAGAIN && b->status != UV_ENOMEM)
    b->closed = true;
  return err;
}

void tcx__body_abandon(tcx_body_t *b) {
  if (b == NULL || b->status == UV_ENOMEM)
    return;
  b->abandoned = true;
  if (tcx__body_close(b) == 0)
    b->ops->free(b);
}

void tcx_body_free(tcx_body_t *b) { tcx__body_abandon(b); }
void *tcx_body_data(const tcx_body_t *b) { return b->data; }

/* ---- memory ---- */

static int memory_ok(tcx_body_t *b, struct tcx_fail *f) {
  (void)b, (void)f;
  return 0;
}
/* Bodies in memory are read by the upload itself. */
static int memory_read(tcx_body_t *b, size_t want, struct tcx_str *window, struct tcx_fail *f) {
  (void)f;
  *window = (struct tcx_str){b->memory.p, want < b->memory.n ? want : b->memory.n};
  return 0;
}
static const struct tcx_body_ops memory_ops = {memory_ok, memory_read, memory_ok, nothing_to_close,
                                               free_plain};

static tcx_body_t *new_memory(const void *p, size_t n, size_t room) {
  if ((p == NULL && n > 0) || n > INT64_MAX || room > SIZE_MAX - sizeof(tcx_body_t))
    return tcx__body_failed(UV_EINVAL);
  tcx_body_t *b = tcx__malloc(sizeof *b + room);
  if (b == NULL)
    return tcx__body_failed(UV_ENOMEM);
  *b = (struct tcx_body){.head = {tcx__body_abandon},
                         .ops = &memory_ops,
                         .length = (int64_t)n,
                         .memory = {p != NULL ? p : "", n}};
  return b;
}

tcx_body_t *tcx_body_borrow(const void *p, size_t n) { return new_memory(p, n, 0); }

tcx_body_t *tcx_body_copy(const void *p, size_t n) {
  tcx_body_t *b = new_memory(p, n, n);
  if (b->status == 0 && n > 0) {
    memcpy(b + 1, p, n);
    b->memory.p = (const char *)(b + 1);
  }
  return b;
}

/* ---- sources: filled into one buffer until a window is whole ---- */

struct source {
  struct tcx_body body;
  tcx_body_read_cb read;
  tcx_body_rewind_cb rewind;
  tcx_body_close_cb close;
  char *buffer;
  size_t filled; /* of the window that is being made */
  bool given;    /* the window was handed out: the next read starts a new one */
  bool begun;    /* some byte was taken from the program */
};

static int source_open(tcx_body_t *b, struct tcx_fail *f) {
  (void)b, (void)f;
  return 0;
}

static int source_read(tcx_body_t *b, size_t want, struct tcx_str *window, struct tcx_fail *f) {
  struct source *s = (struct source *)b;
  if (s->buffer == NULL) {
    size_t size = b->length >= 0 && (uint64_t)b->length < TCX__BODY_WINDOW ? (size_t)b->length
                                                                           : TCX__BODY_WINDOW;
    s->buffer = tcx__malloc(size > 0 ? size : 1);
    if (s->buffer == NULL)
      return UV_ENOMEM;
  }
  if (s->given) {
    s->filled = 0;
    s->given = false;
  }
  while (s->filled < want) {
    s->begun = true;
    ssize_t n = s->read(b, s->buffer + s->filled, want - s->filled);
    if (n == TCX_EAGAIN)
      return TCX_EAGAIN;
    if (n < 0 || (size_t)n > want - s->filled)
      return tcx__fail(f, TCX_EBODY, "the request body's read callback returned %zd (%s)", n,
                       n < 0 ? tcx_err_name((int)n) : "more than it was asked for");
    if (n == 0)
      break;
    s->filled += (size_t)n;
  }
  s->given = true;
  *window = (struct tcx_str){s->buffer, s->filled};
  return 0;
}

static int source_rewind(tcx_body_t *b, struct tcx_fail *f) {
  struct source *s = (struct source *)b;
  s->filled = 0;
  s->given = false;
  if (!s->begun)
    return 0;
  if (s->rewind == NULL)
    return tcx__fail(f, TCX_EBODY,
                     "the request body cannot be sent again: it has no rewind callback");
  int err = s->rewind(b, 0);
  if (err < 0)
    return tcx__fail(f, TCX_EBODY,
                     "the request body cannot be sent again: its rewind callback returned %d (%s)",
                     err, tcx_err_name(err));
  s->begun = false;
  return 0;
}

static int source_close(tcx_body_t *b) {
  struct source *s = (struct source *)b;
  if (s->close != NULL) {
    tcx_body_close_cb close = s->close;
    s->close = NULL;
    close(b);
  }
  return 0;
}

static void source_free(tcx_body_t *b) {
  tcx__free(((struct source *)b)->buffer);
  tcx__free(b);
}
static const struct tcx_body_ops source_ops = {source_open, source_read, source_rewind,
                                               source_close, source_free};

tcx_body_t *tcx_body_source(int64_t length, tcx_body_read_cb read, tcx_body_rewind_cb rewind,
                            tcx_body_close_cb close, void *data) {
  struct source *s = read != NULL && length >= -1 ? tcx__calloc(1, sizeof *s) : NULL;
  if (s == NULL)
    return tcx__body_failed(read != NULL && length >= -1 ? UV_ENOMEM : UV_EINVAL);
  s->body = (struct tcx_body){
      .head = {tcx__body_abandon}, .ops = &source_ops, .length = length, .data = data};
  s->read = read;
  s->rewind = rewind;
  s->close = close;
  return &s->body;
}

void tcx_body_resume(tcx_body_t *b) {
  if (b != NULL && !b->closed && b->wake != NULL)
    b->wake(b->ctx);
}
