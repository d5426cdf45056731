/* name_cache.h - member names that a parser meets again and again: kept once in the arena, as long
 * as they meet in the cache. */
#ifndef TCX_BASE_NAME_CACHE_H
#define TCX_BASE_NAME_CACHE_H
#include "base/buf.h"

#define TCX__NAME_CACHE 64 /* places; a power of 2 */

struct tcx_name_cache { /* zeroed at first */
  struct tcx_str names[TCX__NAME_CACHE];
};
/* The name, NUL-ended and lasting; NULL when memory is out. */
const char *tcx__name_keep(struct tcx_name_cache *cache, struct tcx_arena *arena, const char *p,
                           size_t n);
#endif
