/* The first line is an expression, the rest JSON that it is searched in. Two searches give the
 * same; a compiled expression is not changed by them. */
#include "base/json.h"
#include "jmespath/ast.h"
#include <stdlib.h>
#include <string.h>

#define STEPS (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tcx_buf written(struct tcx_arena *arena, const struct tcx_jmespath *e,
                              const struct tcx_value *v, int *status) {
  struct tcx_search s = {.arena = arena, .steps = STEPS};
  struct tcx_buf out;
  const struct tcx_value *found = tcx__jmespath_eval(&s, e->top, v);
  tcx__buf_init(&out, arena, 1 << 20);
  struct tcx_search walk = {.arena = arena, .steps = STEPS};
  if (s.status == 0 && tcx__jmespath_equal(&walk, found, found)) /* small enough to be written */
    tcx__json_write(&out, found, TCX__JSON_COMPACT);
  *status = s.status;
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data, *line = size > 0 ? memchr(data, '\n', size) : NULL;
  size_t n = line != NULL ? (size_t)(line - text) : size;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *v = NULL;
  const struct tcx_jmespath *e = NULL;
  struct tcx_fail f = {.arena = arena};
  if (line == NULL || tcx__json_parse(arena, line + 1, size - n - 1, &v, NULL) != 0)
    v = tcx__value_new(arena, TCX_NULL);
  int status = tcx__jmespath_compile(arena, (struct tcx_str){text, n}, &e, &f), first, second;
  if (status != 0 && (f.status != status || f.text == NULL))
    abort();
  if (status == 0) {
    struct tcx_buf a = written(arena, e, v, &first), b = written(arena, e, v, &second);
    if (first != second || a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0))
      abort();
  }
  tcx__arena_free(arena);
  return 0;
}
