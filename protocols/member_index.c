/* member_index.c - see member_index.h. Few members are searched one by one, many by a table with
 * open addressing. */
#include "protocols/member_index.h"
#include "base/name_cache.h"
#include "protocols/protocol.h"

#define FEW 12 /* members that are searched one by one */

struct tcx_member_index {
  struct tcx_member_index *older;
  const struct tcx_shape *shape;
  uint32_t mask;
  uint32_t slots[]; /* a member's place and 1; 0 is empty */
};

static uint32_t hash(const char *name, size_t n) {
  const unsigned char *p = (const unsigned char *)name;
  uint32_t h = (uint32_t)n;
  for (size_t i = 0; i < n; i++)
    h = h * 31 + p[i];
  return h ^ h >> 7;
}

static bool is_it(const struct tcx_member *m, const char *name, size_t n) {
  return m->wire_len == n && tcx__name_is(m->wire, name, n) && !tcx__is_in_head(m);
}

static struct tcx_member_index *make(struct tcx_arena *arena, const struct tcx_shape *shape) {
  uint32_t size = 16;
  while (size < shape->n_members * 2)
    size *= 2;
  struct tcx_member_index *index =
      tcx__arena_zalloc(arena, sizeof *index + size * sizeof index->slots[0]);
  if (index == NULL)
    return NULL;
  index->shape = shape;
  index->mask = size - 1;
  for (uint32_t i = 0; i < shape->n_members; i++) {
    uint32_t at = hash(shape->members[i].wire, shape->members[i].wire_len) & index->mask;
    while (index->slots[at] != 0)
      at = (at + 1) & index->mask;
    index->slots[at] = i + 1;
  }
  return index;
}

/* The shape's index, which is the first of the list then. */
static struct tcx_member_index *index_of(struct tcx_member_index **indexes, struct tcx_arena *arena,
                                         const struct tcx_shape *shape) {
  struct tcx_member_index **link = indexes;
  while (*link != NULL && (*link)->shape != shape)
    link = &(*link)->older;
  struct tcx_member_index *found = *link;
  if (found != NULL)
    *link = found->older;
  else if ((found = make(arena, shape)) == NULL)
    return NULL;
  found->older = *indexes;
  return *indexes = found;
}

int tcx__member_find(struct tcx_member_index **indexes, struct tcx_arena *arena,
                     const struct tcx_shape *structure, uint32_t *next, const char *name, size_t n,
                     const struct tcx_member **out) {
  const struct tcx_member *members = structure->members;
  uint32_t count = structure->n_members, i = *next;
  *out = NULL;
  if (i < count && is_it(&members[i], name, n)) {
    *out = &members[i];
  } else if (count <= FEW) {
    for (i = 0; i < count && *out == NULL; i++)
      if (is_it(&members[i], name, n))
        *out = &members[i];
  } else {
    const struct tcx_member_index *index = index_of(indexes, arena, structure);
    if (index == NULL)
      return UV_ENOMEM;
    for (uint32_t at = hash(name, n) & index->mask; index->slots[at] != 0 && *out == NULL;
         at = (at + 1) & index->mask)
      if (is_it(&members[index->slots[at] - 1], name, n))
        *out = &members[index->slots[at] - 1];
  }
  if (*out != NULL)
    *next = (uint32_t)(*out - members) + 1;
  return 0;
}
