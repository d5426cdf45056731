/* ini.h - AWS config and credentials files: sections, keys, one level of nested keys. Grammar as
 * Python's RawConfigParser with botocore's nesting. */
#ifndef TCX_BASE_INI_H
#define TCX_BASE_INI_H
#include "base/error.h"
#include "base/value.h"

#define TCX__INI_MAX (16u << 20) /* a larger file is refused */

/* out: a map of sections, in order; a section is a map of key (lower-cased) to STRING, or to a MAP
 * where the value is a nested block. Section names are as written ("profile foo", "default").
 * TCX_ECONFIG with the line number in f. */
int tcx__ini_parse(struct tcx_arena *arena, const char *text, size_t len, struct tcx_value **out,
                   struct tcx_fail *f);
#endif
