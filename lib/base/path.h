/* path.h - "Contents[0].Key": names between dots, an index in brackets, "[]" at the end for one
 * past the last. */
#ifndef TCX_BASE_PATH_H
#define TCX_BASE_PATH_H
#include "base/value.h"

#define TCX__PATH_MAX 4096 /* bytes of a path */

typedef enum {
  TCX__STEP_END,
  TCX__STEP_NAME,
  TCX__STEP_INDEX,
  TCX__STEP_APPEND,
  TCX__STEP_BAD
} tcx__step_kind;
struct tcx_step {
  tcx__step_kind kind;
  const char *name;
  size_t len;
  size_t index;
};
struct tcx_path {
  const char *start, *at;
};
/* An empty path, or one past the limit, is bad at its first step. */
struct tcx_path tcx__path(const char *text);
/* Takes the next step. After APPEND there is nothing but END; BAD stays. */
struct tcx_step tcx__path_next(struct tcx_path *path);

/* Puts child where path says; on the way missing lists and maps are made. path NULL: child becomes
 * what the whole tree is. height: levels of child. What is wrong is kept in root. */
void tcx__path_put(struct tcx_root *root, const char *path, struct tcx_value *child,
                   unsigned height);
#endif
