#include "base/name_cache.h"

const char *tcx__name_copy(struct tcx_str *kept, struct tcx_arena *arena, const char *p, size_t n) {
  *kept = (struct tcx_str){n <= UINT32_MAX ? tcx__arena_strndup(arena, p, n) : NULL, n};
  return kept->p;
}
