#include "core/upload.h"
#include "core/body.h"
#include <string.h>

bool tcx__upload_any(const struct tcx_upload *u) {
  return u->frames != NULL || u->body != NULL || u->memory.n > 0;
}

int tcx__upload_begin(struct tcx_upload *u, struct tcx_arena *arena, const struct tcx_sigv4 *s,
                      tcx__payload form, tcx__sum trailer_sum, struct tcx_fail *f) {
  u->at = 0;
  u->tail_given = false;
  u->trailer_sum = trailer_sum;
  if (u->body != NULL && u->started) {
    int err = u->body->ops->rewind(u->body, f);
    if (err != 0)
      return err;
  }
  if (form != TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER && form != TCX__PAYLOAD_STREAMING &&
      form != TCX__PAYLOAD_STREAMING_TRAILER) {
    u->frames = NULL;
    return 0;
  }
  if (u->frames == NULL && (u->frames = tcx__arena_alloc(arena, sizeof *u->frames)) == NULL)
    return UV_ENOMEM;
  tcx__summer_init(&u->frames->summer, trailer_sum);
  return tcx__chunked_init(&u->frames->chunked, s, trailer_sum);
}

/* The next decoded bytes, at most TCX__BODY_WINDOW; window.n 0 at the end. */
static int next_window(struct tcx_upload *u, struct tcx_str *window, struct tcx_fail *f) {
  uint64_t rest = (uint64_t)u->length - u->at;
  size_t want = u->length < 0 || rest > TCX__BODY_WINDOW ? TCX__BODY_WINDOW : (size_t)rest;
  *window = (struct tcx_str){NULL, 0};
  if (want == 0)
    return 0;
  if (u->body == NULL) {
    *window = (struct tcx_str){u->memory.p + u->at, want};
  } else {
    u->started = true;
    int err = u->body->ops->read(u->body, want, window, f);
    if (err != 0)
      return err;
    if (window->n < want && u->length >= 0)
      return tcx__fail(f, TCX_EBODY, "the request body ended after %llu of %lld bytes",
                       (unsigned long long)(u->at + window->n), (long long)u->length);
  }
  u->at += window->n;
  return 0;
}

static void put(uv_buf_t *out, unsigned *n, const char *p, size_t len) {
  out[(*n)++] = uv_buf_init((char *)(uintptr_t)p, (unsigned)len);
}

static void frame(struct tcx_upload *u, struct tcx_str window, uv_buf_t *out, unsigned *n) {
  struct tcx_frames *frames = u->frames;
  tcx__summer_update(&frames->summer, window.p, window.n);
  for (unsigned i = 0; window.n > 0; i++) {
    size_t size = window.n < TCX__CHUNK_SIZE ? window.n : TCX__CHUNK_SIZE;
    size_t head = tcx__chunked_head(&frames->chunked, frames->head[i], window.p, size);
    put(out, n, frames->head[i], head);
    put(out, n, window.p, size);
    put(out, n, "\r\n", 2);
    window.p += size;
    window.n -= size;
  }
}

int tcx__upload_pull(struct tcx_upload *u, uv_buf_t out[TCX__PULL_MAX], unsigned *n,
                     struct tcx_fail *f) {
  struct tcx_str window;
  *n = 0;
  if (u->tail_given)
    return 0;
  int err = next_window(u, &window, f);
  if (err != 0)
    return err;
  if (u->frames == NULL) {
    if (window.n > 0)
      put(out, n, window.p, window.n);
    return 0;
  }
  frame(u, window, out, n);
  if (window.n == 0 || u->at == (uint64_t)u->length) {
    char text[TCX__SUM_TEXT];
    size_t len = u->trailer_sum != TCX__SUM_NONE ? tcx__summer_final(&u->frames->summer, text) : 0;
    size_t tail = tcx__chunked_tail(&u->frames->chunked, u->frames->tail, text, len);
    put(out, n, u->frames->tail, tail);
    u->tail_given = true;
  }
  return 0;
}
