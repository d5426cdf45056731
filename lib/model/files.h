/* files.h - the folders that hold models: which version of which part lies where, and reading one.
 * Blocking. */
#ifndef TCX_MODEL_FILES_H
#define TCX_MODEL_FILES_H
#include "base/error.h"
#include "base/value.h"

#define TCX__DOCUMENT_MAX                                                                          \
  (100u << 20) /* a longer document is refused, unpacked as well as packed */

typedef enum {
  TCX__PART_SERVICE,
  TCX__PART_RULES,
  TCX__PART_PAGINATORS,
  TCX__PART_WAITERS,
  TCX__PART_COUNT
} tcx__part;

struct tcx_found {  /* a part's file */
  const char *root; /* NULL: there is none */
  char *version;    /* the folder's name, in the arena */
};
bool tcx__is_folder(const char *path);
/* Whether name can be a service's folder: no path of its own. */
bool tcx__is_service_name(const char *name);
/* Looks through root/service/VERSION: of each part the newest version that is newer than what found
 * holds. UV_ENOMEM. */
int tcx__find_parts(struct tcx_arena *arena, const char *root, const char *service,
                    struct tcx_found found[TCX__PART_COUNT]);
/* Reads and parses root/service/version/PART.json or .json.gz, with PART.sdk-extras merged into it.
 * *file is its name for messages. */
int tcx__read_part(struct tcx_arena *arena, const char *service, const struct tcx_found *found,
                   tcx__part part, struct tcx_value **json, const char **file, struct tcx_fail *f);
/* Reads and parses PATH.json or PATH.json.gz into arena; *json is NULL when there is neither. */
int tcx__read_document(struct tcx_arena *arena, const char *path, struct tcx_value **json,
                       const char **file, struct tcx_fail *f);
/* Calls each with the name of every folder in root; stops when it returns other than 0, and returns
 * that. */
int tcx__each_folder(const char *root, int (*each)(void *ctx, const char *name), void *ctx);
#endif
