#include "base/value_index.h"
#include <string.h>
#if defined(__linux__)
#  include <sys/auxv.h>
#endif

#define SLOTS_FIRST 64

struct slot {
  struct tcx_value **link; /* NULL: free */
  uint32_t hash;
};

struct index {
  uint64_t seed[2];
  uint32_t mask, used;
  struct slot *slots;
};

/* The random bytes that the kernel gave the process, else what address randomization gives. */
static void make_seed(uint64_t seed[2], const void *place) {
  seed[0] = (uint64_t)(uintptr_t)place * 0x9e3779b97f4a7c15u;
  seed[1] = (uint64_t)(uintptr_t)&make_seed;
#if defined(__linux__)
  const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
  uint64_t words[2];
  if (random != NULL) {
    memcpy(words, random, sizeof words);
    seed[0] ^= words[0];
    seed[1] ^= words[1];
  }
#endif
}

static uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(const struct index *index, const char *name, size_t n) {
  uint64_t h = index->seed[0] ^ n, word;
  for (; n >= 8; n -= 8, name += 8) {
    memcpy(&word, name, 8);
    h = mix(h ^ word, index->seed[1] ^ 0xa0761d6478bd642fu) + word;
  }
  word = 0;
  memcpy(&word, name, n);
  h = mix(h ^ word, index->seed[1] ^ 0xe7037ed1a0b428dbu);
  return (uint32_t)(h ^ h >> 32);
}

static void insert(struct index *index, struct tcx_value **link, uint32_t hash) {
  uint32_t at = hash & index->mask;
  while (index->slots[at].link != NULL)
    at = (at + 1) & index->mask;
  index->slots[at] = (struct slot){link, hash};
  index->used++;
}

static int resize(struct tcx_arena *arena, struct index *index, uint32_t slots) {
  struct slot *old = index->slots;
  uint32_t count = old == NULL ? 0 : index->mask + 1;
  struct slot *fresh = tcx__arena_zalloc(arena, slots * sizeof *fresh);
  if (fresh == NULL)
    return UV_ENOMEM;
  index->slots = fresh;
  index->mask = slots - 1;
  index->used = 0;
  for (uint32_t i = 0; i < count; i++)
    if (old[i].link != NULL)
      insert(index, old[i].link, old[i].hash);
  return 0;
}

int tcx__index_make(struct tcx_arena *arena, struct tcx_container *c) {
  struct index *index = tcx__arena_zalloc(arena, sizeof *index);
  if (index == NULL || resize(arena, index, SLOTS_FIRST) != 0)
    return UV_ENOMEM;
  make_seed(index->seed, c);
  c->index = index;
  for (struct tcx_value **link = &c->first; *link != NULL; link = &(*link)->next)
    if (tcx__index_add(arena, c, link) != 0) {
      c->index = NULL;
      return UV_ENOMEM;
    }
  return 0;
}

int tcx__index_add(struct tcx_arena *arena, struct tcx_container *c, struct tcx_value **link) {
  struct index *index = c->index;
  if (index->used >= index->mask / 4 * 3) {
    if (index->mask >= UINT32_MAX / 4 || resize(arena, index, (index->mask + 1) * 2) != 0)
      return UV_ENOMEM;
  }
  insert(index, link, hash_of(index, (*link)->name, (*link)->name_len));
  return 0;
}

static struct slot *find_slot(const struct index *index, const char *name, size_t len) {
  uint32_t hash = hash_of(index, name, len);
  for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
    struct slot *slot = &index->slots[at];
    if (slot->link == NULL)
      return NULL;
    const struct tcx_value *v = *slot->link;
    if (slot->hash == hash && v->name_len == len && memcmp(v->name, name, len) == 0)
      return slot;
  }
}

struct tcx_value **tcx__index_find(const struct tcx_container *c, const char *name, size_t len) {
  const struct slot *slot = find_slot(c->index, name, len);
  return slot == NULL ? NULL : slot->link;
}

void tcx__index_relink(const struct tcx_container *c, const struct tcx_value *v,
                       struct tcx_value **link) {
  find_slot(c->index, v->name, v->name_len)->link = link;
}

/* What stands behind in the same run moves up, so that no search stops too early. */
void tcx__index_drop(const struct tcx_container *c, const char *name, size_t len) {
  struct index *index = c->index;
  uint32_t hole = (uint32_t)(find_slot(index, name, len) - index->slots);
  for (uint32_t at = (hole + 1) & index->mask; index->slots[at].link != NULL;
       at = (at + 1) & index->mask) {
    uint32_t wanted = index->slots[at].hash & index->mask;
    if (((at - wanted) & index->mask) < ((at - hole) & index->mask))
      continue;
    index->slots[hole] = index->slots[at];
    hole = at;
  }
  index->slots[hole].link = NULL;
  index->used--;
}
