/*
 * tucuxi/jmespath.h - JMESPath (jmespath.org), the whole language, for values: compile once, search
 * any value; and over the pages of a paginator.
 *
 *   tcx_jmespath_t *keys = tcx_jmespath_compile("Contents[?Size > `0`].Key", 26);
 *   tcx_value_t *found = tcx_jmespath_search(keys, response);
 *   ... tcx_value_first(found, NULL) ...
 *   tcx_value_free(found);
 *   tcx_jmespath_free(keys);
 *
 * An expression belongs to one thread, like all else; it has no session and stays valid when there
 * is none. It is not changed by a search: any number of them may use it, also one within the
 * callback of another. Semantics are jmespath.py's; docs/internals/jmespath.md lists where they
 * differ. What is never found and what is null are the same.
 *
 * A text has at most 64 KiB and 256 levels; a search makes at most 2^26 steps (TCX_ETOOBIG):
 * hostile expressions end.
 */
#ifndef TUCUXI_JMESPATH_H
#define TUCUXI_JMESPATH_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tcx_jmespath tcx_jmespath_t;

/* OWNED (tcx_jmespath_free), never NULL. len bytes of text, which is copied. A failure is kept:
 * TCX_EPARAM for what is not JMESPath, an unknown function, a wrong number of arguments;
 * TCX_ETOOBIG; UV_ENOMEM; every search tells it then. Mirrors jmespath.compile. */
TCX_EXTERN tcx_jmespath_t *tcx_jmespath_compile(const char *text, size_t len);
/* 0, or the failure kept. */
TCX_EXTERN int tcx_jmespath_status(const tcx_jmespath_t *expression);
/* What is wrong and where, in jmespath.py's words: the text, and a caret below the place. NULL
 * while the status is 0. Lives as long as the expression. */
TCX_EXTERN const char *tcx_jmespath_problem(const tcx_jmespath_t *expression);
/* NULL is fine. A search over pages that is under way keeps its expression until it has ended. */
TCX_EXTERN void tcx_jmespath_free(tcx_jmespath_t *expression);

/* What the expression finds in v (NULL is null): OWNED (tcx_value_free), never NULL, a tree of its
 * own that holds nothing of v and can be built on. What went wrong is kept in it (tcx_value_status,
 * tcx_value_problem): the expression's failure; TCX_EPARAM where a function meets a value of a
 * wrong type; TCX_ETOOBIG; UV_EINVAL for a result that is a body, or nested deeper than values may
 * be; UV_ENOMEM. */
TCX_EXTERN tcx_value_t *tcx_jmespath_search(const tcx_jmespath_t *expression, const tcx_value_t *v);

/* Searches each of the pages that are left (botocore's PageIterator.search): the items of a result
 * that is a list one by one, another result as it is, null as NULL. As tcx_paginator_each
 * otherwise; what goes wrong in a search ends it, with its status and tcx_paginator_error.
 * UV_EINVAL: the expression has failed. It may be freed at once. */
TCX_NODISCARD TCX_EXTERN int tcx_paginator_search(tcx_paginator_t *pages,
                                                  tcx_jmespath_t *expression, tcx_item_cb cb);

#ifdef __cplusplus
}
#endif
#endif
