#include "base/buf.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>

#define BUF_FIRST 64 /* bytes of a buffer's first allocation */

void tcx__buf_init(struct tcx_buf *buf, struct tcx_arena *arena, size_t max) {
  *buf = (struct tcx_buf){.arena = arena, .max = max};
}

void tcx__buf_free(struct tcx_buf *buf) {
  if (buf->arena == NULL)
    tcx__free(buf->data);
  tcx__buf_init(buf, buf->arena, buf->max);
}

void tcx__buf_wipe(struct tcx_buf *buf) {
  if (buf->data != NULL)
    tcx__wipe(buf->data, buf->cap);
  tcx__buf_free(buf);
}

/* In an arena: in place when nothing was allocated behind, else a copy. */
static char *arena_resize(struct tcx_buf *buf, size_t cap) {
  struct tcx_arena *arena = buf->arena;
  if (buf->data != NULL && buf->data + buf->cap == arena->next &&
      cap - buf->cap <= (size_t)(arena->end - arena->next)) {
    arena->next += cap - buf->cap;
    return buf->data;
  }
  char *data = tcx__arena_alloc(arena, cap);
  if (data != NULL && buf->len > 0)
    memcpy(data, buf->data, buf->len);
  return data;
}

int tcx__buf_reserve(struct tcx_buf *buf, size_t more) {
  if (buf->status != 0)
    return buf->status;
  if (more > buf->max - buf->len || more > SIZE_MAX / 4 - buf->len)
    return buf->status = TCX_ETOOBIG;
  if (more < buf->cap - buf->len)
    return 0;
  size_t cap = buf->cap < BUF_FIRST / 2 ? BUF_FIRST : buf->cap * 2;
  if (cap > buf->max)
    cap = buf->max + 1;
  if (cap < buf->len + more + 1)
    cap = buf->len + more + 1;
  cap = (cap + 7) & ~(size_t)7;
  char *data = buf->arena != NULL ? arena_resize(buf, cap) : tcx__realloc(buf->data, cap);
  if (data == NULL)
    return buf->status = UV_ENOMEM;
  data[buf->len] = '\0';
  buf->data = data;
  buf->cap = cap;
  return 0;
}

void tcx__buf_add(struct tcx_buf *buf, const void *p, size_t n) {
  if (tcx__buf_reserve(buf, n) != 0)
    return;
  if (n > 0)
    memcpy(buf->data + buf->len, p, n);
  buf->len += n;
  buf->data[buf->len] = '\0';
}

void tcx__buf_adds(struct tcx_buf *buf, const char *s) { tcx__buf_add(buf, s, strlen(s)); }

void tcx__buf_add_str(struct tcx_buf *buf, struct tcx_str s) { tcx__buf_add(buf, s.p, s.n); }

void tcx__buf_addc(struct tcx_buf *buf, char c) {
  if (tcx__buf_reserve(buf, 1) != 0)
    return;
  buf->data[buf->len++] = c;
  buf->data[buf->len] = '\0';
}

void tcx__buf_add_int(struct tcx_buf *buf, int64_t i) {
  if (i < 0)
    tcx__buf_addc(buf, '-');
  tcx__buf_add_uint(buf, i < 0 ? 0 - (uint64_t)i : (uint64_t)i);
}

void tcx__buf_add_uint(struct tcx_buf *buf, uint64_t i) {
  char digits[20];
  size_t at = sizeof digits;
  do
    digits[--at] = (char)('0' + i % 10);
  while ((i /= 10) != 0);
  tcx__buf_add(buf, digits + at, sizeof digits - at);
}

static void add_vprintf(struct tcx_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void add_vprintf(struct tcx_buf *buf, const char *format, va_list args) {
  if (tcx__buf_reserve(buf, 0) != 0)
    return;
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
  if (n < 0) {
    buf->status = UV_EINVAL;
  } else if ((size_t)n > buf->max - buf->len || (size_t)n >= buf->cap - buf->len) {
    buf->data[buf->len] = '\0';
    if (tcx__buf_reserve(buf, (size_t)n) == 0)
      vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
  }
  if (buf->status == 0)
    buf->len += (size_t)n;
  va_end(again);
}

void tcx__buf_printf(struct tcx_buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  add_vprintf(buf, format, args);
  va_end(args);
}

void tcx__buf_trim(struct tcx_buf *buf) {
  size_t used = (buf->len + 1 + 7) & ~(size_t)7;
  if (buf->arena == NULL || buf->data == NULL || buf->data + buf->cap != buf->arena->next)
    return;
  buf->arena->next -= buf->cap - used;
  buf->cap = used;
}

struct tcx_str tcx__buf_str(const struct tcx_buf *buf) {
  return (struct tcx_str){buf->data, buf->len};
}
