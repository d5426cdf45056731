/* rules_help.h - endpoint rule sets in tests: JSON to rule sets and parameter values, and values
 * compared. */
#ifndef TCX_TEST_RULES_HELP_H
#define TCX_TEST_RULES_HELP_H
#include "base/json.h"
#include "model/rules_data.h"
#include "support.h"

/* The parsed text, or NULL when memory is out; text that is no JSON fails the test. */
static inline struct tcx_value *help_json(struct tcx_arena *arena, const char *text, size_t n) {
  struct tcx_value *v = NULL;
  struct tcx_fail f = {.arena = arena};
  int status = tcx__json_parse(arena, text, n, &v, &f);
  if (status != 0 && status != UV_ENOMEM)
    fail_msg("%s", f.text);
  return status == 0 ? v : NULL;
}

static inline struct tcx_value *help_json_file(struct tcx_arena *arena, const char *path) {
  size_t n;
  char *text = test_read_file(path, &n);
  struct tcx_value *v = help_json(arena, text, n);
  free(text);
  return v;
}

/* A JSON object's members as the values of the rule set's parameters; others are left aside. Lists
 * lie in arena. False: memory is out. */
static inline bool help_values(struct tcx_arena *arena, const struct tcx_ruleset *rules,
                               const struct tcx_value *params,
                               struct tcx_rule_param_value *values) {
  memset(values, 0, TCX__RULES_SLOTS * sizeof *values);
  for (const struct tcx_value *p = tcx__value_kids(params); p != NULL; p = p->next) {
    int i = tcx__ruleset_param_index(rules, p->name);
    if (i < 0)
      continue;
    if (p->type == TCX_STRING) {
      values[i].type = TCX__RULE_STRING;
      values[i].string = p->u.bytes;
    } else if (p->type == TCX_BOOL) {
      values[i].type = TCX__RULE_BOOL;
      values[i].boolean = p->u.boolean;
    } else if (p->type == TCX_LIST) {
      struct tcx_str *list = tcx__arena_alloc(arena, (tcx__value_count(p) + 1) * sizeof *list);
      if (list == NULL)
        return false;
      values[i].type = TCX__RULE_LIST;
      values[i].list = list;
      for (const struct tcx_value *item = tcx__value_kids(p); item != NULL; item = item->next)
        list[values[i].n_list++] = item->u.bytes;
    }
  }
  return true;
}

/* Equal trees; the order of a map's members does not count. */
static inline bool help_equal(const struct tcx_value *a, const struct tcx_value *b) {
  if (a->type != b->type || tcx__value_count(a) != tcx__value_count(b))
    return false;
  switch (a->type) {
  case TCX_STRING:
    return tcx__str_eq(a->u.bytes, b->u.bytes) && a->u.bytes.p[a->u.bytes.n] == '\0';
  case TCX_BOOL:
    return a->u.boolean == b->u.boolean;
  case TCX_INT:
    return a->u.integer == b->u.integer;
  case TCX_LIST:
    for (const struct tcx_value *x = tcx__value_kids(a), *y = tcx__value_kids(b); x != NULL;
         x = x->next, y = y->next)
      if (!help_equal(x, y))
        return false;
    return true;
  case TCX_MAP:
    for (const struct tcx_value *x = tcx__value_kids(a); x != NULL; x = x->next) {
      const struct tcx_value *y = tcx__value_find(b, x->name, x->name_len);
      if (y == NULL || !help_equal(x, y))
        return false;
    }
    return true;
  default:
    return false;
  }
}
#endif
