/*
 * json_push.h - JSON as events, while the bytes come: what json.c and the protocols build values
 * of. The one file that knows yajl is json_push.c.
 *
 *   new -> feed* -> finish        a failure is kept: every later feed and finish returns it again
 *
 * The bytes may be cut anywhere; the events are the same wherever the cuts are. RFC 8259, strictly:
 * UTF-8, no form feed or vertical tab, no escaped half of a surrogate pair, one value, at most
 * TCX__JSON_DEPTH levels, no number of more than TCX__JSON_NUMBER_MAX characters. Nothing is to be
 * freed: all memory is the arena's. What a cut leaves of a string or a number is carried over,
 * whole; however small the pieces are, the time is proportional to the text.
 */
#ifndef TCX_BASE_JSON_PUSH_H
#define TCX_BASE_JSON_PUSH_H
#include "base/arena.h"

#define TCX__JSON_DEPTH      512  /* deepest nesting that is read */
#define TCX__JSON_NUMBER_MAX 4096 /* characters of the longest number that is read */

/* Bytes are valid inside the callback only. A callback's < 0 stops the parse with that status. */
struct tcx_json_events {
  int (*null)(void *ctx);
  int (*boolean)(void *ctx, bool b);
  int (*number)(void *ctx, const char *p, size_t n); /* as it stands in the text */
  int (*string)(void *ctx, const char *p, size_t n); /* escapes replaced */
  int (*map)(void *ctx);
  int (*name)(void *ctx, const char *p, size_t n); /* of the member whose value comes next */
  int (*list)(void *ctx);
  int (*end)(void *ctx); /* of the newest open map or list */
};

struct tcx_json_push;
/* NULL when memory is out. events must last. */
struct tcx_json_push *tcx__json_push_new(struct tcx_arena *arena,
                                         const struct tcx_json_events *events, void *ctx);
/* TCX_EPROTO, UV_ENOMEM, or a callback's status. */
int tcx__json_push_feed(struct tcx_json_push *push, const char *p, size_t n);
/* The text must be complete. */
int tcx__json_push_finish(struct tcx_json_push *push);
/* Of TCX_EPROTO: what is wrong, and near which byte of the whole text. NULL when the failure is a
 * callback's, or memory's. */
const char *tcx__json_push_why(const struct tcx_json_push *push, uint64_t *offset);
#endif
