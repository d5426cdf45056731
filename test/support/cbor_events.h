/* cbor_events.h - what the CBOR decoder reports, as text: (1 -2 "text" h'bytes' 1.5 true tag 1
 * [...]
 * {...}), the same however the bytes are cut. */
#ifndef TCX_TEST_CBOR_EVENTS_H
#define TCX_TEST_CBOR_EVENTS_H
#include "base/cbor.h"
#include <stdlib.h>
#include <tucuxi.h>

struct ce_text {
  struct tcx_buf out;
  bool in_string;
};
static inline int ce_word(struct ce_text *t, const char *word) {
  tcx__buf_adds(&t->out, word);
  tcx__buf_addc(&t->out, ' ');
  return t->out.status;
}
static inline int ce_integer(void *ctx, bool negative, uint64_t n) {
  char word[32];
  if (negative && n == UINT64_MAX)
    return ce_word(ctx, "-18446744073709551616");
  snprintf(word, sizeof word, "%s%llu", negative ? "-" : "",
           (unsigned long long)(negative ? n + 1 : n));
  return ce_word(ctx, word);
}
static inline int ce_number(void *ctx, double d) {
  char word[40];
  snprintf(word, sizeof word, d != d ? "nan" : "%.17gf", d);
  return ce_word(ctx, word);
}
static inline int ce_simple(void *ctx, int what) {
  static const char *const words[] = {"false", "true", "null", "undefined"};
  return ce_word(ctx, words[what - TCX__CBOR_FALSE]);
}
static inline int ce_string(void *ctx, bool text, const char *p, size_t n, bool last) {
  struct ce_text *t = ctx;
  if (!t->in_string)
    tcx__buf_adds(&t->out, text ? "t'" : "h'");
  for (size_t i = 0; i < n; i++)
    tcx__buf_printf(&t->out, "%02x", (unsigned char)p[i]);
  t->in_string = !last;
  return last ? ce_word(t, "'") : t->out.status;
}
static inline int ce_open(void *ctx, bool map) { return ce_word(ctx, map ? "map(" : "list("); }
static inline int ce_close(void *ctx) { return ce_word(ctx, ")"); }
static inline int ce_tag(void *ctx, uint64_t tag) {
  ce_word(ctx, "tag");
  return ce_integer(ctx, false, tag);
}
static const struct tcx_cbor_events ce_events = {ce_integer, ce_number, ce_simple, ce_string,
                                                 ce_open,    ce_close,  ce_tag};

struct ce_result {
  int status;
  const char *text, *why;
  uint64_t offset;
};
/* step 0: in one piece; else pieces of so many bytes, each a copy of its own. */
static inline struct ce_result ce_decode(struct tcx_arena *arena, struct tcx_str bytes,
                                         size_t step) {
  struct ce_text t = {.in_string = false};
  struct tcx_cbor c;
  struct ce_result r = {0};
  tcx__buf_init(&t.out, arena, 1u << 26);
  tcx__buf_adds(&t.out, "");
  tcx__cbor_init(&c, arena, &ce_events, &t);
  for (size_t at = 0; at < bytes.n && r.status == 0;) {
    size_t n = step == 0 || bytes.n - at < step ? bytes.n - at : step;
    char *piece = malloc(n);
    memcpy(piece, bytes.p + at, n);
    r.status = tcx__cbor_feed(&c, piece, n);
    free(piece);
    at += n;
  }
  if (r.status == 0)
    r.status = tcx__cbor_finish(&c);
  r.text = t.out.status == 0 ? t.out.data : NULL;
  r.why = c.why;
  r.offset = c.offset;
  return r;
}
#endif
