#include "base/http.h"
#include <string.h>
#include <tucuxi.h>

#define HEADERS_FIRST 16 /* entries of the first allocation */

void tcx__headers_init(struct tcx_headers *h, struct tcx_arena *arena) {
  *h = (struct tcx_headers){.arena = arena};
}

/* RFC 9110's token characters. */
static bool is_token(struct tcx_str s) {
  static const uint32_t set[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
  if (s.n == 0)
    return false;
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if ((set[c >> 5] >> (c & 31) & 1) == 0)
      return false;
  }
  return true;
}

static bool is_value(struct tcx_str s) {
  return s.n == 0 || (memchr(s.p, '\r', s.n) == NULL && memchr(s.p, '\n', s.n) == NULL &&
                      memchr(s.p, '\0', s.n) == NULL);
}

int tcx__headers_add(struct tcx_headers *h, struct tcx_str name, struct tcx_str value) {
  if (!is_token(name) || !is_value(value))
    return TCX_EPARAM;
  if (h->count == h->cap) {
    unsigned cap = h->cap == 0 ? HEADERS_FIRST : h->cap * 2;
    struct tcx_header *list = tcx__arena_alloc(h->arena, cap * sizeof *list);
    if (list == NULL)
      return UV_ENOMEM;
    if (h->count > 0)
      memcpy(list, h->list, h->count * sizeof *list);
    h->list = list;
    h->cap = cap;
  }
  h->list[h->count++] = (struct tcx_header){name, value};
  return 0;
}

bool tcx__headers_remove(struct tcx_headers *h, const char *name) {
  struct tcx_str wanted = tcx__str(name);
  unsigned kept = 0;
  for (unsigned i = 0; i < h->count; i++)
    if (!tcx__str_ieq(h->list[i].name, wanted))
      h->list[kept++] = h->list[i];
  bool removed = kept < h->count;
  h->count = kept;
  return removed;
}

/* The new one stands where the first old one stood. */
int tcx__headers_set(struct tcx_headers *h, struct tcx_str name, struct tcx_str value) {
  unsigned before = h->count, kept = 0, place = before;
  int status = tcx__headers_add(h, name, value);
  if (status != 0)
    return status;
  struct tcx_header added = h->list[before];
  for (unsigned i = 0; i < before; i++) {
    if (!tcx__str_ieq(h->list[i].name, name))
      h->list[kept++] = h->list[i];
    else if (place == before)
      h->list[place = kept++] = added;
  }
  if (place == before)
    h->list[kept++] = added;
  h->count = kept;
  return 0;
}

const struct tcx_header *tcx__headers_find(const struct tcx_headers *h, struct tcx_str name) {
  for (unsigned i = 0; i < h->count; i++)
    if (tcx__str_ieq(h->list[i].name, name))
      return &h->list[i];
  return NULL;
}

int tcx__headers_join(const struct tcx_headers *h, const struct tcx_header *first,
                      struct tcx_arena *arena, struct tcx_str *out) {
  struct tcx_buf all;
  tcx__buf_init(&all, arena, SIZE_MAX / 2);
  *out = first->value;
  for (const struct tcx_header *more = first + 1; more < h->list + h->count; more++) {
    if (!tcx__str_ieq(more->name, first->name))
      continue;
    if (all.data == NULL)
      tcx__buf_add_str(&all, first->value);
    tcx__buf_adds(&all, ", ");
    tcx__buf_add_str(&all, more->value);
    *out = tcx__buf_str(&all);
  }
  return all.status;
}
