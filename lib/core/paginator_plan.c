/* paginator_plan.c - what the model says of an operation's pages, and what that finds in one:
 * items, what is cut off, where the next page begins. As botocore's paginate.py. */
#include "base/utf8.h"
#include "core/paginator.h"
#include <string.h>

static int compile(struct tcx_arena *arena, const char *text, const struct tcx_jmespath **out,
                   struct tcx_fail *f) {
  struct tcx_fail why = {.arena = arena};
  int err = tcx__jmespath_compile(arena, tcx__str(text), out, &why);
  if (err == 0 || err == UV_ENOMEM)
    return err == 0 ? 0 : tcx__fail_memory(f);
  return tcx__fail(f, TCX_EPAGINATE,
                   "Error during pagination: the model's expression cannot be read: %s", why.text);
}

static int compile_all(struct tcx_arena *arena, const char *const *texts, unsigned n,
                       const struct tcx_jmespath ***out, struct tcx_fail *f) {
  int err = 0;
  *out = tcx__arena_zalloc(arena, (n + 1) * sizeof(const struct tcx_jmespath *));
  if (*out == NULL)
    return tcx__fail_memory(f);
  for (unsigned i = 0; i < n && err == 0; i++)
    err = compile(arena, texts[i], &(*out)[i], f);
  return err;
}

int tcx__page_plan(struct tcx_arena *arena, const struct tcx_pagination *m,
                   struct tcx_page_plan *plan, struct tcx_fail *f) {
  plan->model = m;
  int err = compile_all(arena, m->output_token, m->n_output_token, &plan->output_tokens, f);
  if (err == 0)
    err = compile_all(arena, m->result_key, m->n_result_key, &plan->result_keys, f);
  if (err == 0)
    err = compile_all(arena, m->non_aggregate_keys, m->n_non_aggregate_keys,
                      &plan->non_aggregate_keys, f);
  if (err == 0 && m->more_results != NULL)
    err = compile(arena, m->more_results, &plan->more_results, f);
  return err;
}

/* ---- looking ---- */

int tcx__page_find(struct tcx_arena *arena, const struct tcx_jmespath *e,
                   const struct tcx_value *page, const struct tcx_value **found,
                   struct tcx_fail *f) {
  struct tcx_fail why = {.arena = arena};
  int err = tcx__jmespath_search(e, arena, page, found, &why);
  if (err != 0)
    return err == UV_ENOMEM ? tcx__fail_memory(f) : tcx__fail(f, err, "%s", why.text);
  if ((*found)->type == TCX_NULL || (*found)->type == TCX_ABSENT)
    *found = NULL;
  return 0;
}

/* What Python takes for true. */
static bool is_true(const struct tcx_value *v) {
  if (v == NULL)
    return false;
  switch ((tcx_type_t)v->type) {
  case TCX_ABSENT:
  case TCX_NULL:
    return false;
  case TCX_BOOL:
    return v->u.boolean;
  case TCX_INT:
    return v->u.integer != 0;
  case TCX_DOUBLE:
    return v->u.number != 0;
  case TCX_STRING:
  case TCX_BLOB:
    return v->u.bytes.n > 0;
  case TCX_LIST:
  case TCX_MAP:
    return tcx__value_count(v) > 0;
  default:
    return true;
  }
}

/* ---- changing ---- */

int tcx__page_put(struct tcx_arena *arena, struct tcx_value *map, const char *name, size_t len,
                  const struct tcx_value *value) {
  struct tcx_value *copy =
      value != NULL ? tcx__value_deep_copy(arena, value) : tcx__value_new(arena, TCX_NULL);
  const char *own = copy != NULL ? tcx__arena_strndup(arena, name, len) : NULL;
  return own != NULL ? tcx__value_replace(arena, map, own, len, copy) : UV_ENOMEM;
}

int tcx__page_set(struct tcx_arena *arena, struct tcx_value *map, const char *path,
                  const struct tcx_value *value) {
  for (size_t n; path[n = strcspn(path, ".")] == '.'; path += n + 1) {
    struct tcx_value *below = tcx__value_find(map, path, n);
    if (below == NULL || below->type != TCX_MAP) {
      const char *name = tcx__arena_strndup(arena, path, n);
      below = name != NULL ? tcx__value_new(arena, TCX_MAP) : NULL;
      if (below == NULL || tcx__value_replace(arena, map, name, n, below) != 0)
        return UV_ENOMEM;
    }
    map = below;
  }
  return tcx__page_put(arena, map, path, strlen(path), value);
}

/* Where the n-th character of UTF-8 begins, or its end; of what is no UTF-8 each byte is a
 * character. */
static size_t offset_of(struct tcx_str s, uint64_t n) {
  size_t at = 0;
  for (; n > 0 && at < s.n; n--) {
    size_t length = tcx__utf8_length(s.p + at, s.n - at);
    at += length > 0 ? length : 1;
  }
  return at;
}

/* v without its first `skip` items, and at most `keep` of the rest; NULL: no memory. A value of
 * another kind stays. */
static const struct tcx_value *slice(struct tcx_arena *arena, const struct tcx_value *v,
                                     uint64_t skip, uint64_t keep) {
  if (v->type == TCX_STRING) {
    size_t from = offset_of(v->u.bytes, skip),
           n = offset_of((struct tcx_str){v->u.bytes.p + from, v->u.bytes.n - from}, keep);
    return tcx__value_new_str_copy(arena, v->u.bytes.p + from, n);
  }
  if (v->type == TCX_LIST)
    tcx__value_slice((struct tcx_value *)(uintptr_t)v, skip, keep);
  return v;
}

/* Replaces what stands at the i-th result key. A list that was sliced where it stands is left. */
static int put_result(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                      struct tcx_value *page, unsigned i, const struct tcx_value *found,
                      const struct tcx_value *value) {
  return value != NULL && value == found
             ? 0
             : tcx__page_set(arena, page, plan->model->result_key[i], value);
}

/* What of a secondary result was not given before: its count is, as it is a statement about the
 * page. */
static const struct tcx_value *emptied(const struct tcx_value *v) {
  static const struct tcx_value no_list = {.type = TCX_LIST},
                                no_text = {.type = TCX_STRING, .u.bytes = {"", 0}};
  if (v == NULL || v->type == TCX_LIST || v->type == TCX_STRING)
    return v == NULL ? NULL : v->type == TCX_LIST ? &no_list : &no_text;
  return v->type == TCX_INT || v->type == TCX_DOUBLE || v->type == TCX_BIGNUM || v->type == TCX_BOOL
             ? v
             : NULL;
}

int tcx__page_skip(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                   struct tcx_value *page, int64_t truncated, struct tcx_fail *f) {
  for (unsigned i = 0; i < plan->model->n_result_key; i++) {
    const struct tcx_value *found, *left = NULL;
    int err = tcx__page_find(arena, plan->result_keys[i], page, &found, f);
    if (err != 0)
      return err;
    if (i > 0)
      left = emptied(found);
    else if (found != NULL && (found->type == TCX_LIST || found->type == TCX_STRING) &&
             (left = slice(arena, found, (uint64_t)truncated, UINT64_MAX)) == NULL)
      return tcx__fail_memory(f);
    if (put_result(plan, arena, page, i, found, left) != 0)
      return tcx__fail_memory(f);
  }
  return 0;
}

static uint64_t count_characters(struct tcx_str s) {
  uint64_t n = 0;
  for (size_t at = 0; at < s.n; n++) {
    size_t length = tcx__utf8_length(s.p + at, s.n - at);
    at += length > 0 ? length : 1;
  }
  return n;
}

int tcx__page_count(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                    const struct tcx_value *page, uint64_t *count, bool *can_cut,
                    struct tcx_fail *f) {
  const struct tcx_value *found = NULL;
  int err = plan->model->n_result_key > 0
                ? tcx__page_find(arena, plan->result_keys[0], page, &found, f)
                : 0;
  *can_cut = found != NULL && (found->type == TCX_LIST || found->type == TCX_STRING);
  *count = err != 0 || found == NULL   ? 0
           : found->type == TCX_STRING ? count_characters(found->u.bytes)
                                       : tcx__value_count(found);
  return err;
}

int tcx__page_cut(const struct tcx_page_plan *plan, struct tcx_arena *arena, struct tcx_value *page,
                  uint64_t keep, struct tcx_fail *f) {
  const struct tcx_value *found, *left;
  int err = tcx__page_find(arena, plan->result_keys[0], page, &found, f);
  if (err != 0)
    return err;
  left = slice(arena, found, 0, keep);
  return left != NULL && put_result(plan, arena, page, 0, found, left) == 0 ? 0
                                                                            : tcx__fail_memory(f);
}

/* ---- the next page ---- */

int tcx__page_next(const struct tcx_page_plan *plan, struct tcx_arena *arena,
                   struct tcx_arena *page_arena, const struct tcx_value *page,
                   struct tcx_value **tokens, struct tcx_fail *f) {
  const struct tcx_value *found;
  bool any = false;
  *tokens = NULL;
  int err = plan->more_results != NULL
                ? tcx__page_find(page_arena, plan->more_results, page, &found, f)
                : 0;
  if (err != 0 || (plan->more_results != NULL && !is_true(found)))
    return err;
  struct tcx_value *map = tcx__value_new(arena, TCX_MAP);
  for (unsigned i = 0; i < plan->model->n_output_token && map != NULL; i++) {
    const char *name = plan->model->input_token[i];
    err = tcx__page_find(page_arena, plan->output_tokens[i], page, &found, f);
    if (err != 0)
      return err;
    any = any || is_true(found);
    struct tcx_value *v =
        is_true(found) ? tcx__value_deep_copy(arena, found) : tcx__value_new(arena, TCX_NULL);
    if (v == NULL || tcx__value_replace(arena, map, name, strlen(name), v) != 0)
      return tcx__fail_memory(f);
  }
  *tokens = any ? map : NULL;
  return map == NULL ? tcx__fail_memory(f) : 0;
}
