/*
 * build.h - values by shape, from what a reader of JSON or CBOR meets: names, single values, the
 * begin and the end of maps and lists.
 *
 *   init -> (open | name | add | null | skip | close)*
 *
 * Each open map and list has a frame; what belongs to an unknown member is only counted. due says
 * of which shape the next value is: the reader makes a single value of that shape and adds it;
 * where it is of no interest the reader skips it. A value is given to the frame on top as soon as
 * it begins.
 *
 * As in botocore: of a name that stands twice the last counts; a structure's null is no member, a
 * list's stays; a union has one member, "__type" and nulls not counted.
 */
#ifndef TCX_PROTOCOLS_BUILD_H
#define TCX_PROTOCOLS_BUILD_H
#include "base/error.h"
#include "base/name_cache.h"
#include "protocols/member_index.h"

enum { TCX__BUILD_STRUCTURE, TCX__BUILD_LIST, TCX__BUILD_MAP };

struct tcx_build_frame {
  const struct tcx_shape *shape;
  struct tcx_value *value;
  const struct tcx_shape *item;    /* of the value that comes next; NULL: it is of no interest */
  const struct tcx_member *member; /* STRUCTURE: the member that it is */
  struct tcx_name name;            /* MAP: its name. Union: its name when it is no member */
  const char *unknown;             /* union: the name of what was set and is no member */
  uint64_t met; /* STRUCTURE: of the first 64 members. MAP: its names, as name_cache.h notes them */
  uint32_t next; /* STRUCTURE: the member that is expected next */
  uint8_t kind;
  bool several; /* union: more than one unknown name was set */
  bool named;   /* a name has come, its value has not */
};
struct tcx_build {
  struct tcx_arena *arena;
  struct tcx_fail *fail;                /* may be NULL */
  const struct tcx_shape *shape;        /* of the outermost value */
  struct tcx_value *value;              /* that value, once it has begun */
  struct tcx_build_frame *frames, *top; /* top NULL: nothing is open */
  unsigned depth, cap;
  unsigned skip; /* open maps and lists of no interest */
  bool lenient;  /* JSON: a map's null stays, and a member's takes back what came before it; where a
                    string, a number or a boolean belongs, a map or list is kept as it is */
  struct tcx_member_index *indexes;
  struct tcx_name_cache names;
};
void tcx__build_init(struct tcx_build *b, struct tcx_arena *arena, struct tcx_fail *fail,
                     const struct tcx_shape *shape);
/* NULL: the value that comes next is of no interest. */
static inline const struct tcx_shape *tcx__build_due(const struct tcx_build *b) {
  return b->skip > 0 ? NULL : b->top != NULL ? b->top->item : b->shape;
}
/* True when a map is open and its next name, or its end, is what must come. */
static inline bool tcx__build_wants_name(const struct tcx_build *b) {
  return b->skip == 0 && b->top != NULL && b->top->kind != TCX__BUILD_LIST && !b->top->named;
}
/* A structure that may hold anything. */
static inline bool tcx__build_is_document(const struct tcx_shape *shape) {
  return shape->type == TCX__SHAPE_STRUCTURE && (shape->flags & TCX__S_DOCUMENT) != 0;
}
/* All of these: TCX_EPROTO with its text in fail, UV_ENOMEM. */
int tcx__build_open(struct tcx_build *b, bool map);
int tcx__build_close(struct tcx_build *b);
int tcx__build_name(struct tcx_build *b, const char *p, size_t n);
int tcx__build_add(struct tcx_build *b, struct tcx_value *v); /* v NULL: memory is out */
int tcx__build_null(struct tcx_build *b);
int tcx__build_skip(struct tcx_build *b); /* a single value where nothing is due */
/* TCX_EPROTO: what came is no value of due's shape. what: what it is; NULL: that is not said. */
int tcx__build_mismatch(const struct tcx_build *b, const char *what);
/* "Items[3].price": the place of the value that is due. */
const char *tcx__build_path(const struct tcx_build *b);
#endif
