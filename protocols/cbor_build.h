/*
 * cbor_build.h - values by shape, from what the reader meets: keys, single values, the begin and
 * the end of maps and lists.
 *
 *   init -> (open | key | close | add | null | skip)*
 *
 * Each open map and list has a frame; what is unknown is only counted. due says whose value comes
 * next. The reader makes single values by due's shape and adds them; where due is NULL it skips. As
 * in botocore: of a name that stands twice the last counts, the nulls of structures and maps are
 * left out, a union has one member beside __type.
 */
#ifndef TCX_PROTOCOLS_CBOR_BUILD_H
#define TCX_PROTOCOLS_CBOR_BUILD_H
#include "base/error.h"
#include "base/value.h"
#include "model/model.h"

struct tcx_cbor_build_frame {
  const struct tcx_member *member; /* what it is in the frame below */
  struct tcx_value *value;
  struct tcx_str key; /* MAP: of the entry whose value is due. Union: its one member's name */
  uint64_t seen;      /* STRUCTURE: the first 64 members, which have a value */
  uint32_t next;      /* STRUCTURE: the member that is expected next */
  uint8_t kind;
};
struct tcx_cbor_build {
  struct tcx_arena *arena;
  struct tcx_fail *fail;        /* may be NULL */
  const struct tcx_member *due; /* whose value comes next; NULL: an unknown one, or a key */
  struct tcx_value *value;      /* the outermost, once it has begun */
  struct tcx_member root;
  struct tcx_cbor_build_frame *frames;
  unsigned depth, cap;
  unsigned skip;          /* open maps and lists of unknown content */
  struct tcx_str unknown; /* the key of a union's unknown member whose value comes next */
  bool keyed;             /* a key has come, its value has not */
};
/* A value of shape. */
void tcx__cbor_build_init(struct tcx_cbor_build *b, struct tcx_arena *arena, struct tcx_fail *fail,
                          const struct tcx_shape *shape);
/* All of these: TCX_EPROTO with its text in fail, UV_ENOMEM. */
int tcx__cbor_build_open(struct tcx_cbor_build *b, bool map);
int tcx__cbor_build_close(struct tcx_cbor_build *b);
int tcx__cbor_build_key(struct tcx_cbor_build *b, const char *p,
                        size_t n); /* it is copied where it is kept */
int tcx__cbor_build_add(struct tcx_cbor_build *b, struct tcx_value *v); /* v NULL: memory is out */
int tcx__cbor_build_null(struct tcx_cbor_build *b);
int tcx__cbor_build_skip(struct tcx_cbor_build *b); /* a single value that nobody wants */
/* True when a map is open and its next key is what must come. */
bool tcx__cbor_build_wants_key(const struct tcx_cbor_build *b);
/* TCX_EPROTO: what came is no value of due's shape. */
int tcx__cbor_build_mismatch(const struct tcx_cbor_build *b);
#endif
