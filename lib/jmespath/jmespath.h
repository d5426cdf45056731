/*
 * jmespath.h - JMESPath (jmespath.org), the whole language: compiled once, searched many times.
 * Pure.
 *
 *   tcx__jmespath_compile     text -> tokens (lexer.c) -> tree in an arena (parser.c)
 *   tcx__jmespath_search      tree x value -> value (search.c, functions.c)
 *   tcx_jmespath_*            the same for users, who get copies (public.c)
 *
 * A compiled expression is const: any number of searches may use it, one after the other or within
 * each other. A result borrows from the expression and from what was searched: it lives as long as
 * both, and as the arena of the search.
 *
 * Semantics are jmespath.py's. Numbers: integers stay integers (abs, sum, ceil, floor), avg is a
 * double, an integer equals a double of the same value; order is by value. Strings are ordered by
 * code points. A timestamp is a string, its ISO 8601 text, but two timestamps are compared as
 * times. A blob equals the same blob, and is else of no type. null, absent and a member that is not
 * there are the same.
 */
#ifndef TCX_JMESPATH_JMESPATH_H
#define TCX_JMESPATH_JMESPATH_H
#include "base/error.h"
#include "base/value.h"
#include <tucuxi/jmespath.h>

#define TCX__JMESPATH_MAX   (64u << 10) /* bytes of an expression */
#define TCX__JMESPATH_DEPTH 256         /* levels of its tree: also the operators of one chain */
/* of a search: nodes that it visits, values that it makes (16 each), values of its result as
 * whoever walks it meets them */
#define TCX__JMESPATH_STEPS (1u << 26)

/* Everything lies in arena; text may go. TCX_EPARAM with jmespath.py's message in f (position and a
 * caret below the expression), also for an unknown function and a wrong number of arguments;
 * TCX_ETOOBIG; UV_ENOMEM. */
int tcx__jmespath_compile(struct tcx_arena *arena, struct tcx_str text,
                          const struct tcx_jmespath **out, struct tcx_fail *f);
/* *out is never NULL: what is not there is of type NULL. data NULL is null. TCX_EPARAM for a value
 * of a wrong type ("In function abs(), invalid type ..."), TCX_ETOOBIG for more than
 * TCX__JMESPATH_STEPS, UV_ENOMEM. */
int tcx__jmespath_search(const struct tcx_jmespath *e, struct tcx_arena *arena,
                         const struct tcx_value *data, const struct tcx_value **out,
                         struct tcx_fail *f);
/* Of tcx_jmespath_compile's: one more that keeps it, and one less (NULL is fine). */
struct tcx_jmespath *tcx__jmespath_retain(struct tcx_jmespath *e);
void tcx__jmespath_release(struct tcx_jmespath *e);
#endif
