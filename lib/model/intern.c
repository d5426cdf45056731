#include "base/mem.h"
#include "model/loader.h"
#include <string.h>

void tcx__interner_init(struct tcx_interner *names, struct tcx_arena *arena) {
  *names = (struct tcx_interner){.arena = arena};
}

void tcx__interner_free(struct tcx_interner *names) {
  tcx__free(names->slots);
  names->slots = NULL;
  names->n_slots = names->used = 0;
}

static uint32_t hash_of(const char *p, size_t n) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < n; i++)
    hash = (hash ^ (unsigned char)p[i]) * 16777619u;
  return hash;
}

static int grow(struct tcx_interner *names) {
  size_t n = names->n_slots == 0 ? 1024 : names->n_slots * 2;
  struct tcx_interned *slots = tcx__calloc(n, sizeof *slots);
  if (slots == NULL)
    return UV_ENOMEM;
  for (size_t i = 0; i < names->n_slots; i++) {
    if (names->slots[i].s == NULL)
      continue;
    size_t at = names->slots[i].hash & (n - 1);
    while (slots[at].s != NULL)
      at = (at + 1) & (n - 1);
    slots[at] = names->slots[i];
  }
  tcx__free(names->slots);
  names->slots = slots;
  names->n_slots = n;
  return 0;
}

struct tcx_interned *tcx__intern(struct tcx_interner *names, const char *p, size_t n) {
  if (n > UINT32_MAX || (names->used * 2 >= names->n_slots && grow(names) != 0))
    return NULL;
  uint32_t hash = hash_of(p, n);
  size_t at = hash & (names->n_slots - 1);
  for (; names->slots[at].s != NULL; at = (at + 1) & (names->n_slots - 1)) {
    struct tcx_interned *slot = &names->slots[at];
    if (slot->hash == hash && slot->len == n && memcmp(slot->s, p, n) == 0)
      return slot;
  }
  char *copy = tcx__arena_strndup(names->arena, p, n);
  if (copy == NULL)
    return NULL;
  names->slots[at] = (struct tcx_interned){.s = copy, .len = (uint32_t)n, .hash = hash};
  names->used++;
  return &names->slots[at];
}
