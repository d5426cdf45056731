#include "base/name_cache.h"

struct tcx_name tcx__name_keep(struct tcx_name_cache *cache, struct tcx_arena *arena, const char *p,
                               size_t n) {
  unsigned first = n > 0 ? (unsigned char)p[0] : 0, last = n > 0 ? (unsigned char)p[n - 1] : 0;
  uint32_t place = (first * 7 + last * 3 + (unsigned)n) % TCX__NAME_CACHE;
  struct tcx_str *kept = &cache->names[place];
  if (kept->p == NULL || kept->n != n || !tcx__name_is(kept->p, p, n))
    *kept = (struct tcx_str){n <= UINT32_MAX ? tcx__arena_strndup(arena, p, n) : NULL, n};
  return (struct tcx_name){kept->p, (uint32_t)n, place};
}
