#include "base/name_cache.h"

const char *tcx__name_keep(struct tcx_name_cache *cache, struct tcx_arena *arena, const char *p,
                           size_t n) {
  unsigned first = n > 0 ? (unsigned char)p[0] : 0, last = n > 0 ? (unsigned char)p[n - 1] : 0;
  struct tcx_str *kept =
      &cache->names[(first * 7 + last * 3 + (unsigned)n) & (TCX__NAME_CACHE - 1)];
  if (kept->p != NULL && kept->n == n && memcmp(kept->p, p, n) == 0)
    return kept->p;
  *kept = (struct tcx_str){tcx__arena_strndup(arena, p, n), n};
  return kept->p;
}
