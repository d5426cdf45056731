/* loader_read.c - reading typed pieces out of a document, each with the place in its message. */
#include "base/mem.h"
#include "model/loader.h"
#include <stdarg.h>
#include <string.h>

int tcx__load_no_memory(struct tcx_loader *l) {
  return tcx__fail(l->fail, UV_ENOMEM, "out of memory");
}

int tcx__load_fail(struct tcx_loader *l, struct tcx_place at, const char *format, ...) {
  const char *parts[] = {at.section, at.entry, at.part, at.key};
  struct tcx_buf place;
  tcx__buf_init(&place, l->arena, 1024);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i] == NULL)
      continue;
    if (place.len > 0)
      tcx__buf_addc(&place, '.');
    tcx__buf_adds(&place, parts[i]);
  }
  va_list args;
  va_start(args, format);
  char *what = tcx__arena_vprintf(l->arena, format, args);
  va_end(args);
  if (what == NULL || place.status == UV_ENOMEM)
    return tcx__load_no_memory(l);
  return tcx__fail(l->fail, TCX_ESERVICE, "%s: %s: %s", l->file,
                   place.data != NULL ? place.data : "document", what);
}

int tcx__load_expect(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                     tcx_type_t type) {
  if (v == NULL)
    return tcx__load_fail(l, at, "is missing");
  if (v->type != type)
    return tcx__load_fail(l, at, "expected %s, found %s", tcx__type_name(type),
                          tcx__type_name((tcx_type_t)v->type));
  return 0;
}

int tcx__load_str(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                  const char **out) {
  int status = tcx__load_expect(l, at, v, TCX_STRING);
  if (status != 0)
    return status;
  if (memchr(v->u.bytes.p, '\0', v->u.bytes.n) != NULL)
    return tcx__load_fail(l, at, "holds a NUL");
  struct tcx_interned *name = tcx__intern(&l->names, v->u.bytes.p, v->u.bytes.n);
  if (name == NULL)
    return tcx__load_no_memory(l);
  *out = name->s;
  return 0;
}

int tcx__load_bool(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                   bool *out) {
  int status = tcx__load_expect(l, at, v, TCX_BOOL);
  if (status == 0)
    *out = v->u.boolean;
  return status;
}

int tcx__load_uint(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                   unsigned max, unsigned *out) {
  int status = tcx__load_expect(l, at, v, TCX_INT);
  if (status != 0)
    return status;
  if (v->u.integer < 0 || v->u.integer > (int64_t)max)
    return tcx__load_fail(l, at, "is not between 0 and %u", max);
  *out = (unsigned)v->u.integer;
  return 0;
}

int tcx__load_strs(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                   bool one_is_fine, unsigned max, const char *const **out, unsigned *count) {
  *out = NULL;
  *count = 0;
  if (v == NULL)
    return 0;
  bool one = one_is_fine && v->type == TCX_STRING;
  int status = one ? 0 : tcx__load_expect(l, at, v, TCX_LIST);
  if (status != 0)
    return status;
  unsigned n = one ? 1 : tcx__value_count(v);
  if (n > max)
    return tcx__load_fail(l, at, "has more than %u entries", max);
  if (n == 0)
    return 0;
  const char **strings = tcx__arena_alloc(l->arena, n * sizeof *strings);
  if (strings == NULL)
    return tcx__load_no_memory(l);
  const struct tcx_value *item = one ? v : tcx__value_kids(v);
  for (unsigned i = 0; i < n; i++, item = item->next) {
    status = tcx__load_str(l, at, item, &strings[i]);
    if (status != 0)
      return status;
  }
  *out = strings;
  *count = n;
  return 0;
}

static void sift(const void **items, size_t root, size_t n,
                 int (*compare)(const void *a, const void *b)) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && compare(items[child], items[child + 1]) < 0)
      child++;
    if (compare(items[root], items[child]) >= 0)
      return;
    const void *swap = items[root];
    items[root] = items[child];
    items[child] = swap;
  }
}

void tcx__load_sort(const void **items, size_t n, int (*compare)(const void *a, const void *b)) {
  size_t ordered = 1;
  while (ordered < n && compare(items[ordered - 1], items[ordered]) <= 0)
    ordered++;
  if (ordered >= n)
    return;
  for (size_t i = n / 2; i-- > 0;)
    sift(items, i, n, compare);
  for (size_t i = n; i-- > 1;) {
    const void *swap = items[0];
    items[0] = items[i];
    items[i] = swap;
    sift(items, 0, i, compare);
  }
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct tcx_value *)a)->name, ((const struct tcx_value *)b)->name);
}

int tcx__load_sorted(struct tcx_loader *l, const struct tcx_value *map,
                     const struct tcx_value ***out) {
  uint32_t n = tcx__value_count(map);
  *out = NULL;
  if (n == 0)
    return 0;
  const struct tcx_value **sorted = tcx__reallocarray(NULL, n, sizeof *sorted);
  if (sorted == NULL)
    return tcx__load_no_memory(l);
  uint32_t i = 0;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL; v = v->next)
    sorted[i++] = v;
  tcx__load_sort((const void **)sorted, n, by_name);
  *out = sorted;
  return 0;
}
