/*
 * paginator.h - what the files of the pager share.
 *
 *   paginator.c            the pager: its states, its calls, who waits for what
 *   paginator_plan.c       what the model says of an operation's pages, compiled; from a page: what
 *                          it holds, what is cut off it, where the next one begins
 *   paginator_token.c      resume tokens as text, and back (pure)
 *   paginator_walk.c       what goes over all pages: items, a search, the whole result; they use
 *                          paginator.c's next
 */
#ifndef TCX_CORE_PAGINATOR_H
#define TCX_CORE_PAGINATOR_H
#include "core/call.h"
#include "jmespath/jmespath.h"

/* ---- paginator_token.c ---- */

#define TCX__PAGE_TOKEN_MAX (1u << 20) /* bytes of a resume token */

/* Where a page begins: the values of its input tokens (a map; null = none), and how many of its
 * items were given before. */
struct tcx_page_token {
  struct tcx_value *tokens;
  int64_t truncated;
};
/* botocore's resume token, NUL-ended in arena: base64 of the map as JSON, of Python's look.
 * truncated < 0 = not in it. UV_ENOMEM, or TCX_ETOOBIG. */
int tcx__page_token_write(struct tcx_arena *arena, const struct tcx_page_token *token,
                          const char **text, struct tcx_fail *f);
/* What StartingToken may be: such a text, or what older botocores wrote ("a___b___5"), or a
 * service's own token. TCX_EPAGINATE for one with more parts than input tokens. */
int tcx__page_token_read(struct tcx_arena *arena, struct tcx_str text,
                         const struct tcx_pagination *model, struct tcx_page_token *token,
                         struct tcx_fail *f);
/* The value as Python prints it: {'Marker': 'a', 'boto_truncate_amount': 2}. */
void tcx__page_token_show(struct tcx_buf *out, const struct tcx_page_token *token);

/* ---- paginator_plan.c ---- */

struct tcx_page_plan { /* one expression for each of the model's */
  const struct tcx_pagination *model;
  const struct tcx_jmespath **output_tokens, **result_keys, **non_aggregate_keys, *more_results;
};
int tcx__page_plan(struct tcx_arena *arena, const struct tcx_pagination *model,
                   struct tcx_page_plan *plan, struct tcx_fail *f);
/* What is found at an expression of a page; NULL for nothing. arena is the page's: what is found
 * may lie in it. */
int tcx__page_find(struct tcx_arena *arena, const struct tcx_jmespath *e,
                   const struct tcx_value *page, const struct tcx_value **found,
                   struct tcx_fail *f);
/* The page is a map in arena; these change it. */
/* what a page before gave already */
int tcx__page_skip(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                   struct tcx_value *page, int64_t truncated, struct tcx_fail *f);
int tcx__page_count(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                    const struct tcx_value *page, uint64_t *count, bool *can_cut,
                    struct tcx_fail *f);
int tcx__page_cut(const struct tcx_page_plan *plan, struct tcx_arena *arena, struct tcx_value *page,
                  uint64_t keep, struct tcx_fail *f);
/* *tokens is a new map in arena, by input token; NULL: this was the last page. page_arena is the
 * page's. */
int tcx__page_next(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                   struct tcx_arena *page_arena, const struct tcx_value *page,
                   struct tcx_value **tokens, struct tcx_fail *f);
/* Put a copy of value (NULL = null) into map: as a member, or at a dotted path, on which maps are
 * made. UV_ENOMEM. */
int tcx__page_put(struct tcx_arena *arena, struct tcx_value *map, const char *name, size_t len,
                  const struct tcx_value *value);
int tcx__page_set(struct tcx_arena *arena, struct tcx_value *map, const char *path,
                  const struct tcx_value *value);

/* ---- paginator.c ---- */

struct tcx_page_walk { /* paginator_walk.c's, while it is under way */
  bool on;
  tcx_item_cb item; /* NULL: the whole result is made */
  tcx_page_cb whole;
  tcx_jmespath_t *search; /* held; or */
  /* of each page, what its items are; NULL: of the whole result */
  const struct tcx_jmespath *items;
};

struct tcx_paginator {
  tcx_client_t *client; /* NULL once it is closed */
  tcx_session_t *session;
  /* held: op and model lie in them. NULL: the client has none */
  struct tcx_models *models;
  tcx_paginator_t *prev, *next; /* in client->paginators */
  const char *operation, *starting_token;
  const struct tcx_operation *op; /* NULL: no such operation, the call will tell */
  struct tcx_page_plan plan;      /* model NULL: no pages */
  struct tcx_arena *arena;
  tcx_value_t *params; /* a built tree: of the page asked for last */
  unsigned page_size, refs;
  uint64_t max_items, items; /* items: given so far */
  bool prefetch, begun, finished, closed, owed;
  bool cut_off; /* finished, because of max_items */
  /* a page was given: at is what came of it, and no longer what params say */
  bool turned;
  struct tcx_arena *token_arena; /* a new one each page */
  /* where the page that is asked for, or due, begins; tokens NULL = the first, as params say */
  struct tcx_page_token at;
  /* resume token behind what was given, in token_arena or arena; NULL = none */
  const char *token;
  struct tcx_ready ready;       /* a page callback without a call */
  tcx_call_t *call;             /* the one that asks, borrowed */
  tcx_call_t *held;             /* a page that was asked for ahead, retained */
  tcx_call_t *kept;             /* the one that failed, retained for its error */
  struct tcx_arena *page_arena; /* of the page that is being given */
  tcx_call_t *page_call;        /* its call */
  void *waiting;                /* a future's, of the page that is owed */
  tcx_page_cb cb;
  void *data;
  struct tcx_page_walk walk;
  struct tcx_value *non_aggregate; /* of the first page, a map in arena; NULL before */
  struct tcx_arena *whole_arena;   /* of the whole result */
  struct tcx_value *whole;
  struct tcx_buf *whole_texts; /* by result key: its text so far */
  struct tcx_fail fail;
  tcx_error_t error; /* status 0 = none */
};

/* Reads options and model, once. 0, also when it finds something wrong, which next will tell;
 * TCX_ECLOSING. */
int tcx__paginator_begin(tcx_paginator_t *p);
/* tcx_paginator_next, also while a walk is on. */
int tcx__paginator_next(tcx_paginator_t *p, tcx_page_cb cb);
/* Its memory stays, with its error, until both have been called. */
void tcx__paginator_ref(tcx_paginator_t *p);
void tcx__paginator_unref(tcx_paginator_t *p);
/* Its error is this from now on, with the text of p->fail; status. */
int tcx__paginator_fail(tcx_paginator_t *p, int status);
#endif
