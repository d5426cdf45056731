/* The first byte says where the text is cut. In one piece, byte by byte and cut: the same events,
 * or all refuse; and json.c takes what the events took. */
#include "base/json.h"
#include "base/json_push.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int put(void *ctx, char kind, const char *p, size_t n) {
  struct tcx_buf *out = ctx;
  tcx__buf_addc(out, kind);
  tcx__buf_add_uint(out, n);
  tcx__buf_addc(out, ' ');
  tcx__buf_add(out, p, n);
  return out->status;
}
static int on_null(void *ctx) { return put(ctx, 'n', "", 0); }
static int on_boolean(void *ctx, bool b) { return put(ctx, b ? 't' : 'f', "", 0); }
static int on_number(void *ctx, const char *p, size_t n) { return put(ctx, '#', p, n); }
static int on_string(void *ctx, const char *p, size_t n) { return put(ctx, '"', p, n); }
static int on_map(void *ctx) { return put(ctx, '{', "", 0); }
static int on_name(void *ctx, const char *p, size_t n) { return put(ctx, ':', p, n); }
static int on_list(void *ctx) { return put(ctx, '[', "", 0); }
static int on_end(void *ctx) { return put(ctx, '.', "", 0); }
static const struct tcx_json_events events = {on_null, on_boolean, on_number, on_string,
                                              on_map,  on_name,    on_list,   on_end};

/* Each piece has memory of its own, so that a read past it is seen. */
static struct tcx_str run(struct tcx_arena *arena, const char *p, size_t n, size_t piece) {
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1u << 28);
  struct tcx_json_push *push = tcx__json_push_new(arena, &events, &out);
  int status = 0;
  for (size_t at = 0; at < n && status == 0; at += piece) {
    size_t size = n - at < piece ? n - at : piece;
    char *copy = malloc(size);
    memcpy(copy, p + at, size);
    status = tcx__json_push_feed(push, copy, size);
    free(copy);
  }
  if (status == 0)
    status = tcx__json_push_finish(push);
  uint64_t offset;
  if (status != 0 && (status != TCX_EPROTO || tcx__json_push_why(push, &offset) == NULL))
    abort();
  return status == 0 ? tcx__buf_str(&out) : TCX__STR("refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 1u << 16)
    return 0;
  const char *text = (const char *)data + 1;
  size_t n = size - 1;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *v = NULL;
  struct tcx_str whole = run(arena, text, n, n + 1);
  if (!tcx__str_eq(whole, run(arena, text, n, 1)) ||
      !tcx__str_eq(whole, run(arena, text, n, 1u + data[0]))) {
    fprintf(stderr, "a cut changes the events\n");
    abort();
  }
  if (tcx__str_is(whole, "refused") == (tcx__json_parse(arena, text, n, &v, NULL) == 0))
    abort();
  tcx__arena_free(arena);
  return 0;
}
