/* json_names.h - a structure's members by the names that they have in JSON. */
#ifndef TCX_PROTOCOLS_JSON_NAMES_H
#define TCX_PROTOCOLS_JSON_NAMES_H
#include "base/arena.h"
#include "model/model.h"

/* Of one shape; made when it is first needed. */
struct tcx_json_names;
/* *out is NULL where there is none. *next: the place where it is expected, and then the one behind
 * it, since members mostly come in the model's order; 0 at first. indexes: NULL at first.
 * UV_ENOMEM. */
int tcx__json_names_find(struct tcx_json_names **indexes, struct tcx_arena *arena,
                         const struct tcx_shape *structure, uint32_t *next, const char *name,
                         size_t n, const struct tcx_member **out);
#endif
