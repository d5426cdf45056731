/*
 * buf.h - bytes that grow up to a hard limit, in an arena or from the allocator.
 *
 * Failure is sticky: after the first one (UV_ENOMEM, TCX_ETOOBIG) every append does nothing and
 * status says why, so that a writer checks once at its end. data is kept NUL-ended (the NUL is not
 * counted) as long as status is 0 and data is not NULL.
 */
#ifndef TCX_BASE_BUF_H
#define TCX_BASE_BUF_H
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* borrowed bytes, not NUL-ended; p may be NULL when n is 0 */
struct tcx_str {
  const char *p;
  size_t n;
};
#define TCX__STR(literal) ((struct tcx_str){(literal), sizeof(literal) - 1})
static inline struct tcx_str tcx__str(const char *s) { /* of a NUL-ended string; NULL is empty */
  return (struct tcx_str){s, s == NULL ? 0 : strlen(s)};
}
static inline bool tcx__str_eq(struct tcx_str a, struct tcx_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool tcx__str_is(struct tcx_str a, const char *s) {
  return tcx__str_eq(a, tcx__str(s));
}
bool tcx__bytes_ieq(const char *a, const char *b, size_t n);
/* ASCII letters folded, no locale */
static inline bool tcx__str_ieq(struct tcx_str a, struct tcx_str b) {
  return a.n == b.n && tcx__bytes_ieq(a.p, b.p, a.n);
}
bool tcx__str_starts(struct tcx_str a, const char *prefix);
bool tcx__str_ends(struct tcx_str a, const char *suffix);
/* what str.strip takes off in Python, as far as it is ASCII */
static inline bool tcx__is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}
struct tcx_str tcx__str_trim(struct tcx_str s); /* without white space at its ends */
/* whole decimal, sign allowed; UV_EINVAL, UV_ERANGE */
int tcx__str_to_int64(struct tcx_str s, int64_t *out);

struct tcx_buf {
  char *data;
  size_t len, cap, max;
  /* NULL: from the allocator, tcx__buf_free is due */
  struct tcx_arena *arena;
  int status;
};
void tcx__buf_init(struct tcx_buf *buf, struct tcx_arena *arena, size_t max);
void tcx__buf_free(struct tcx_buf *buf); /* of an arena: only resets */
void tcx__buf_wipe(struct tcx_buf *buf); /* zeroes the bytes; then free */
/* room for more bytes and a NUL; 0 or the sticky status */
int tcx__buf_reserve(struct tcx_buf *buf, size_t more);
void tcx__buf_add(struct tcx_buf *buf, const void *p, size_t n);
void tcx__buf_adds(struct tcx_buf *buf, const char *s);
void tcx__buf_add_str(struct tcx_buf *buf, struct tcx_str s);
void tcx__buf_addc(struct tcx_buf *buf, char c);
void tcx__buf_add_int(struct tcx_buf *buf, int64_t i);
void tcx__buf_add_uint(struct tcx_buf *buf, uint64_t i);
void tcx__buf_printf(struct tcx_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* no more is coming: what it does not use goes back to the arena, when it can */
void tcx__buf_trim(struct tcx_buf *buf);
struct tcx_str tcx__buf_str(const struct tcx_buf *buf); /* borrowed until the next append */
#endif
