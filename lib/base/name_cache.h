/*
 * name_cache.h - member names that a parser meets again and again: kept once in the arena, as long
 * as they meet in the cache.
 *
 * A name has always the same place. So a map whose members' places are noted as bits needs no
 * search to know that a name is new.
 */
#ifndef TCX_BASE_NAME_CACHE_H
#define TCX_BASE_NAME_CACHE_H
#include "base/buf.h"

#define TCX__NAME_CACHE 64 /* places: a bit of uint64_t each */

/* Names are short: most that differ do so at an end. */
static inline bool tcx__name_is(const char *a, const char *b, size_t n) {
  if (n == 0)
    return true;
  if (a[0] != b[0] || a[n - 1] != b[n - 1])
    return false;
  return n <= 2 || memcmp(a + 1, b + 1, n - 2) == 0;
}

struct tcx_name_cache { /* zeroed at first */
  struct tcx_str names[TCX__NAME_CACHE];
};
struct tcx_name {
  const char *p; /* NUL-ended and lasting; NULL when memory is out */
  uint32_t n;
  uint32_t place;
};
const char *tcx__name_copy(struct tcx_str *kept, struct tcx_arena *arena, const char *p, size_t n);
static inline struct tcx_name tcx__name_keep(struct tcx_name_cache *cache, struct tcx_arena *arena,
                                             const char *p, size_t n) {
  unsigned first = n > 0 ? (unsigned char)p[0] : 0, last = n > 0 ? (unsigned char)p[n - 1] : 0;
  uint32_t place = (first * 7 + last * 3 + (unsigned)n) % TCX__NAME_CACHE;
  struct tcx_str *kept = &cache->names[place];
  bool found = kept->p != NULL && kept->n == n && tcx__name_is(kept->p, p, n);
  return (struct tcx_name){found ? kept->p : tcx__name_copy(kept, arena, p, n), (uint32_t)n, place};
}
/* True when the name is surely not among those that were noted so in *met before; notes it. */
static inline bool tcx__name_is_new(uint64_t *met, struct tcx_name name) {
  uint64_t bit = (uint64_t)1 << name.place;
  bool is_new = (*met & bit) == 0;
  *met |= bit;
  return is_new;
}
#endif
