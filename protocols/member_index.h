/* member_index.h - a structure's members by the names that they have in JSON and CBOR. */
#ifndef TCX_PROTOCOLS_MEMBER_INDEX_H
#define TCX_PROTOCOLS_MEMBER_INDEX_H
#include "base/arena.h"
#include "model/model.h"

/* Of one shape; made when it is first needed. */
struct tcx_member_index;
/* *out is NULL where there is none. *next: the place where it is expected, and then the one behind
 * it, since members mostly come in the model's order; 0 at first. indexes: NULL at first.
 * UV_ENOMEM. */
int tcx__member_find(struct tcx_member_index **indexes, struct tcx_arena *arena,
                     const struct tcx_shape *structure, uint32_t *next, const char *name, size_t n,
                     const struct tcx_member **out);
#endif
