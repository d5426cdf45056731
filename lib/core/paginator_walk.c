/*
 * paginator_walk.c - what goes over all the pages that are left: their items, what a search finds
 * in each, or one result made of them.
 *
 *   off --each, search, build_full_result--> on --a page: given out, and next is asked--> on ...
 *     --TCX_EOF, an error, or a close--> off, with the last callback
 *
 * A page is looked at and gone before the next one is asked for (with prefetch, before it is given
 * out), but for what the whole result keeps, in an arena of its own.
 */
#include "core/paginator.h"
#include <string.h>

static void walk_page(tcx_paginator_t *p, int status, const tcx_value_t *page);

static void end(tcx_paginator_t *p, int status, const tcx_value_t *whole) {
  struct tcx_page_walk walk = p->walk;
  memset(&p->walk, 0, sizeof p->walk);
  tcx__jmespath_release(walk.search);
  if (walk.item != NULL)
    walk.item(p, status, NULL);
  else
    walk.whole(p, status, whole);
}

/* ---- items ---- */

static int fail(tcx_paginator_t *p, int status) {
  return status != 0 ? tcx__paginator_fail(p, status) : 0;
}

/* A search's failure is the paginator's from then on, also where a page was asked for ahead. */
static int give_items(tcx_paginator_t *p, const tcx_value_t *page) {
  const struct tcx_value *found;
  bool search = p->walk.search != NULL;
  int err = fail(p, tcx__page_find(p->page_arena, search ? p->walk.search : p->walk.items, page,
                                   &found, &p->fail));
  if (err != 0 || (found == NULL && !search))
    return err;
  bool several = found != NULL && (found->type == TCX_LIST || (found->type == TCX_MAP && !search));
  if (!several)
    p->walk.item(p, 0, found);
  for (const struct tcx_value *item = several ? tcx__value_kids(found) : NULL;
       item != NULL && !p->closed; item = item->next)
    p->walk.item(p, 0, item->type == TCX_NULL ? NULL : item);
  return 0;
}

/* ---- the whole result ---- */

static int append(tcx_paginator_t *p, struct tcx_value *list, const struct tcx_value *more) {
  for (const struct tcx_value *item = tcx__value_kids(more); item != NULL; item = item->next) {
    struct tcx_value *copy = tcx__value_deep_copy(p->whole_arena, item);
    if (copy == NULL || tcx__value_push(p->whole_arena, list, copy) != 0)
      return tcx__fail_memory(&p->fail);
  }
  return 0;
}

static bool is_number(const struct tcx_value *v) {
  return v->type == TCX_INT || v->type == TCX_DOUBLE;
}

/* Of two numbers; integers whose sum is none become a double. NULL when memory is out. */
static struct tcx_value *sum(struct tcx_arena *arena, const struct tcx_value *a,
                             const struct tcx_value *b) {
  int64_t whole;
  if (a->type == TCX_INT && b->type == TCX_INT &&
      !__builtin_add_overflow(a->u.integer, b->u.integer, &whole))
    return tcx__value_new_int(arena, whole);
  double x = a->type == TCX_INT ? (double)a->u.integer : a->u.number,
         y = b->type == TCX_INT ? (double)b->u.integer : b->u.number;
  return tcx__value_new_num(arena, x + y);
}

/* What a result key has in a page beside what it has so far; what is neither list, text nor number
 * stays that of the first page. */
static int add_to(tcx_paginator_t *p, unsigned i, const struct tcx_value *before,
                  const struct tcx_value *found) {
  if (before != NULL && before->type == TCX_LIST && found->type == TCX_LIST)
    return append(p, (struct tcx_value *)(uintptr_t)before, found);
  if (found->type == TCX_STRING && (before == NULL || before->type == TCX_STRING))
    tcx__buf_add_str(&p->whole_texts[i], found->u.bytes);
  if (p->whole_texts[i].status != 0)
    return tcx__fail_memory(&p->fail);
  if (before != NULL && !(is_number(before) && is_number(found)))
    return 0;
  const struct tcx_value *made = before != NULL ? sum(p->page_arena, before, found) : found;
  return made != NULL &&
                 tcx__page_set(p->whole_arena, p->whole, p->plan.model->result_key[i], made) == 0
             ? 0
             : tcx__fail_memory(&p->fail);
}

static int add_result(tcx_paginator_t *p, unsigned i, const tcx_value_t *page) {
  const struct tcx_value *found, *before;
  int err = tcx__page_find(p->page_arena, p->plan.result_keys[i], page, &found, &p->fail);
  if (err == 0)
    err = tcx__page_find(p->page_arena, p->plan.result_keys[i], p->whole, &before, &p->fail);
  return err != 0 || found == NULL ? err : add_to(p, i, before, found);
}

static int add_page(tcx_paginator_t *p, const tcx_value_t *page) {
  int err = 0;
  for (unsigned i = 0; i < p->plan.model->n_result_key && err == 0; i++)
    err = add_result(p, i, page);
  return fail(p, err);
}

/* Members of from go into map; of two maps the members. A list that stands there is a result key's
 * below a non-aggregate key: it has more than the first page's. */
static int merge(struct tcx_arena *arena, struct tcx_value *map, const struct tcx_value *from) {
  int err = 0;
  for (const struct tcx_value *v = tcx__value_kids(from); v != NULL && err == 0; v = v->next) {
    struct tcx_value *there = tcx__value_find(map, v->name, v->name_len);
    bool same = there != NULL && there->type == v->type;
    if (same && v->type == TCX_MAP)
      err = merge(arena, there, v);
    else if (!same || v->type != TCX_LIST)
      err = tcx__page_put(arena, map, v->name, v->name_len, v);
  }
  return err;
}

static int set_text(tcx_paginator_t *p, const char *path, struct tcx_str text) {
  return tcx__page_set(p->whole_arena, p->whole, path,
                       &(struct tcx_value){.type = TCX_STRING, .u.bytes = text});
}

static int finish(tcx_paginator_t *p) {
  int err = 0;
  for (unsigned i = 0; p->plan.model != NULL && i < p->plan.model->n_result_key && err == 0; i++)
    if (p->whole_texts[i].len > 0)
      err = set_text(p, p->plan.model->result_key[i], tcx__buf_str(&p->whole_texts[i]));
  if (err == 0 && p->non_aggregate != NULL)
    err = merge(p->whole_arena, p->whole, p->non_aggregate);
  if (err == 0 && p->cut_off)
    err = set_text(p, "NextToken", tcx__str(p->token));
  return err == 0 ? 0 : fail(p, tcx__fail_memory(&p->fail));
}

/* ---- the walk ---- */

static void walk_page(tcx_paginator_t *p, int status, const tcx_value_t *page) {
  if (status == 0)
    status = p->walk.item != NULL ? give_items(p, page) : add_page(p, page);
  if (p->closed)
    status = TCX_ECANCELED;
  if (status == 0 && (status = tcx__paginator_next(p, walk_page)) == 0)
    return;
  if (status == TCX_EOF && p->walk.item == NULL)
    status = finish(p);
  end(p, status, status == 0 ? p->whole : NULL);
}

static int begin(tcx_paginator_t *p, const struct tcx_page_walk *walk) {
  p->walk = *walk;
  p->walk.on = true;
  int err = tcx__paginator_next(p, walk_page);
  if (err != 0)
    memset(&p->walk, 0, sizeof p->walk);
  return err;
}

static int may_begin(const tcx_paginator_t *p, bool has_cb) {
  return p == NULL || !has_cb || p->closed ? UV_EINVAL : p->owed || p->walk.on ? UV_EBUSY : 0;
}

int tcx_paginator_each(tcx_paginator_t *p, const char *result_key, tcx_item_cb cb) {
  int err = may_begin(p, cb != NULL);
  if (err == 0)
    err = tcx__paginator_begin(p);
  if (err != 0)
    return err;
  struct tcx_page_walk walk = {.item = cb};
  const struct tcx_pagination *m = p->plan.model;
  bool good = m != NULL && p->error.status == 0;
  for (unsigned i = 0; good && i < m->n_result_key && walk.items == NULL; i++)
    if (result_key == NULL || strcmp(m->result_key[i], result_key) == 0)
      walk.items = p->plan.result_keys[i];
  if (good && walk.items == NULL)
    (void)tcx__paginator_fail(p, tcx__fail(&p->fail, TCX_EPAGINATE,
                                           "Error during pagination: %s has no result key '%s'",
                                           p->op->name, result_key != NULL ? result_key : ""));
  return begin(p, &walk);
}

int tcx_paginator_search(tcx_paginator_t *p, tcx_jmespath_t *expression, tcx_item_cb cb) {
  int err = expression == NULL || tcx_jmespath_status(expression) != 0 ? UV_EINVAL
                                                                       : may_begin(p, cb != NULL);
  if (err != 0)
    return err;
  struct tcx_page_walk walk = {.item = cb, .search = tcx__jmespath_retain(expression)};
  err = begin(p, &walk);
  if (err != 0)
    tcx__jmespath_release(walk.search);
  return err;
}

static int new_whole(tcx_paginator_t *p) {
  unsigned n = p->plan.model != NULL ? p->plan.model->n_result_key : 0;
  tcx__arena_free(p->whole_arena);
  p->whole_arena = tcx__arena_new();
  p->whole = p->whole_arena != NULL ? tcx__value_new(p->whole_arena, TCX_MAP) : NULL;
  p->whole_texts =
      p->whole != NULL ? tcx__arena_alloc(p->whole_arena, (n + 1) * sizeof *p->whole_texts) : NULL;
  for (unsigned i = 0; p->whole_texts != NULL && i < n; i++)
    tcx__buf_init(&p->whole_texts[i], p->whole_arena, SIZE_MAX / 2);
  return p->whole_texts == NULL ? UV_ENOMEM : 0;
}

int tcx_paginator_build_full_result(tcx_paginator_t *p, tcx_page_cb cb) {
  int err = may_begin(p, cb != NULL);
  if (err == 0)
    err = tcx__paginator_begin(p);
  if (err == 0)
    err = new_whole(p);
  return err != 0 ? err : begin(p, &(struct tcx_page_walk){.whole = cb});
}
