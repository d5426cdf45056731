/*
 * value_index.h - the members of a large map by name: open addressing, linear probing, seeded so
 * that a peer cannot choose colliding names.
 *
 * A slot holds the pointer that points to the member (the container's first, or the member's next
 * before it), so that a member can be taken out of the middle of the list at once.
 */
#ifndef TCX_BASE_VALUE_INDEX_H
#define TCX_BASE_VALUE_INDEX_H
#include "base/value.h"

/* An index of all members, or UV_ENOMEM. */
int tcx__index_make(struct tcx_arena *arena, struct tcx_container *c);
/* For the member that was appended last; link points to it. May grow: UV_ENOMEM leaves the index as
 * it was. */
int tcx__index_add(struct tcx_arena *arena, struct tcx_container *c, struct tcx_value **link);
/* NULL when there is none. */
struct tcx_value **tcx__index_find(const struct tcx_container *c, const char *name, size_t len);
/* Its members must be in the index. Both before the list itself is changed: what the slots hold
 * must still be true. */
void tcx__index_relink(const struct tcx_container *c, const struct tcx_value *v,
                       struct tcx_value **link);
void tcx__index_drop(const struct tcx_container *c, const char *name, size_t len);
#endif
