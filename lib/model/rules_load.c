/*
 * rules_load.c - an endpoint rule set from JSON to tables: parameters, rules, properties and
 * headers.
 *
 * Everything that can be wrong is found here, with its place: "rules[3].conditions[0]: unknown
 * function foo". The evaluator then trusts the tables.
 */
#include "model/rules_load.h"
#include "base/mem.h"
#include <string.h>

/* ---- properties and headers ---- */
static uint16_t load_property(struct tcx_rl *l, const struct tcx_rl_place *at,
                              const struct tcx_value *json, unsigned level) {
  uint16_t kids[2 * TCX__RULES_KIDS] = {0};
  unsigned n = 0;
  bool map = json->type == TCX_MAP;
  struct tcx_rl_place item = {at, NULL, 0};
  if (level > TCX__RULES_NESTING || tcx__value_count(json) > TCX__RULES_KIDS) {
    tcx__rl_bad(l, at, "nested too deeply or too long");
    return 0;
  }
  switch (json->type) {
  case TCX_STRING:
    return tcx__rl_template(l, at, json->u.bytes);
  case TCX_BOOL:
    return tcx__rl_node(l, TCX__NODE_BOOL, 0, json->u.boolean, 0);
  case TCX_INT:
    if (json->u.integer < INT32_MIN || json->u.integer > INT32_MAX)
      tcx__rl_bad(l, at, "a number is too large");
    return tcx__rl_node(l, TCX__NODE_INT, 0, 0, (uint32_t)json->u.integer);
  case TCX_LIST:
  case TCX_MAP:
    for (const struct tcx_value *v = tcx__value_kids(json); v != NULL && !tcx__rl_failed(l);
         v = v->next, item.index++) {
      item.name = v->name;
      if (map)
        kids[n++] = tcx__rl_string(l, &item, (struct tcx_str){v->name, v->name_len});
      kids[n++] = load_property(l, &item, v, level + 1);
    }
    return tcx__rl_node(l, map ? TCX__NODE_MAP : TCX__NODE_LIST, 0, map ? n / 2 : n,
                        tcx__rl_kids(l, kids, n));
  default:
    tcx__rl_bad(l, at, "a property is a string, a boolean, an integer, a list or an object");
    return 0;
  }
}

static uint16_t load_header(struct tcx_rl *l, const struct tcx_rl_place *at,
                            const struct tcx_value *list) {
  uint16_t kids[TCX__RULES_KIDS];
  struct tcx_rl_place item = {at, NULL, 0};
  if (list->type != TCX_LIST || tcx__value_count(list) > TCX__RULES_KIDS) {
    tcx__rl_bad(l, at, "a header is a list of strings, not too long");
    return 0;
  }
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL && !tcx__rl_failed(l);
       v = v->next, item.index++)
    kids[item.index] = tcx__rl_string_expr(l, &item, v);
  return tcx__rl_node(l, TCX__NODE_LIST, 0, item.index, tcx__rl_kids(l, kids, item.index));
}

static uint16_t load_headers(struct tcx_rl *l, const struct tcx_rl_place *at,
                             const struct tcx_value *map) {
  uint16_t kids[2 * TCX__RULES_KIDS];
  unsigned n = 0;
  if (tcx__value_count(map) > TCX__RULES_KIDS) {
    tcx__rl_bad(l, at, "too many headers");
    return 0;
  }
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && !tcx__rl_failed(l);
       v = v->next) {
    struct tcx_rl_place item = {at, v->name, 0};
    kids[n++] = tcx__rl_string(l, &item, (struct tcx_str){v->name, v->name_len});
    kids[n++] = load_header(l, &item, v);
  }
  return tcx__rl_node(l, TCX__NODE_MAP, 0, n / 2, tcx__rl_kids(l, kids, n));
}

/* ---- rules ---- */
static uint16_t load_rules(struct tcx_rl *l, const struct tcx_rl_place *at,
                           const struct tcx_value *list, unsigned depth, uint16_t *n);

static void load_endpoint(struct tcx_rl *l, const struct tcx_rl_place *at,
                          const struct tcx_value *json, struct tcx_rule *rule) {
  const struct tcx_value *endpoint = tcx__rl_member(json, "endpoint");
  struct tcx_rl_place here = {at, "endpoint", 0}, url = {&here, "url", 0},
                      props = {&here, "properties", 0}, heads = {&here, "headers", 0};
  const struct tcx_value *properties = tcx__rl_member(endpoint, "properties"),
                         *headers = tcx__rl_member(endpoint, "headers");
  uint16_t kids[3];
  kids[0] = tcx__rl_string_expr(l, &url, tcx__rl_member(endpoint, "url"));
  if (properties != NULL && properties->type != TCX_MAP)
    tcx__rl_bad(l, &props, "no object");
  if (headers != NULL && headers->type != TCX_MAP)
    tcx__rl_bad(l, &heads, "no object");
  if (tcx__rl_failed(l))
    return;
  kids[1] = properties != NULL ? load_property(l, &props, properties, 0)
                               : tcx__rl_node(l, TCX__NODE_MAP, 0, 0, 0);
  kids[2] = load_headers(l, &heads, headers);
  rule->kind = TCX__RULE_ENDPOINT;
  rule->first = (uint16_t)tcx__rl_kids(l, kids, 3);
}

static void load_conditions(struct tcx_rl *l, const struct tcx_rl_place *at,
                            const struct tcx_value *list, struct tcx_rule *rule) {
  uint16_t kids[TCX__RULES_KIDS];
  struct tcx_rl_place here = {at, "conditions", 0}, item = {&here, NULL, 0};
  if (list == NULL || list->type != TCX_LIST || tcx__value_count(list) > TCX__RULES_KIDS) {
    tcx__rl_bad(l, &here, "missing, no list or too long");
    return;
  }
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL && !tcx__rl_failed(l);
       v = v->next, item.index++) {
    unsigned type;
    kids[item.index] = tcx__rl_call(l, &item, v, 0, &type);
  }
  rule->n_conditions = (uint8_t)item.index;
  rule->conditions = (uint16_t)tcx__rl_kids(l, kids, item.index);
}

/* What the rule assigns is in scope until it ends. */
static void load_rule(struct tcx_rl *l, const struct tcx_rl_place *at, const struct tcx_value *json,
                      unsigned depth, struct tcx_rule *rule) {
  const struct tcx_value *kind = tcx__rl_member(json, "type");
  struct tcx_rl_place rules = {at, "rules", 0}, error = {at, "error", 0};
  unsigned outer = l->n_vars;
  memset(rule, 0, sizeof *rule);
  if (kind == NULL || kind->type != TCX_STRING) {
    tcx__rl_bad(l, at, "type is missing or no string");
    return;
  }
  load_conditions(l, at, tcx__rl_member(json, "conditions"), rule);
  if (tcx__rl_failed(l))
    return;
  if (tcx__str_is(kind->u.bytes, "endpoint")) {
    load_endpoint(l, at, json, rule);
  } else if (tcx__str_is(kind->u.bytes, "error")) {
    rule->kind = TCX__RULE_ERROR;
    rule->first = tcx__rl_string_expr(l, &error, tcx__rl_member(json, "error"));
  } else if (tcx__str_is(kind->u.bytes, "tree")) {
    rule->kind = TCX__RULE_TREE;
    rule->first = load_rules(l, &rules, tcx__rl_member(json, "rules"), depth + 1, &rule->n);
  } else {
    tcx__rl_bad(l, at, "unknown rule type %.*s", (int)kind->u.bytes.n, kind->u.bytes.p);
  }
  l->n_vars = outer;
}

/* Takes a run of the table for list's rules, then fills it: their own children come behind it. */
static uint16_t load_rules(struct tcx_rl *l, const struct tcx_rl_place *at,
                           const struct tcx_value *list, unsigned depth, uint16_t *n) {
  uint32_t count = tcx__value_count(list);
  size_t first = l->rules.len / sizeof(struct tcx_rule);
  if (depth > TCX__RULES_DEPTH || list == NULL || list->type != TCX_LIST ||
      first + count > TCX__RULES_MAX) {
    tcx__rl_bad(l, at, "missing, no list, nested too deeply or too long");
    return 0;
  }
  struct tcx_rule rule;
  memset(&rule, 0, sizeof rule);
  for (uint32_t i = 0; i < count; i++)
    tcx__buf_add(&l->rules, &rule, sizeof rule);
  if (l->rules.status != 0)
    tcx__rl_no_memory(l);
  struct tcx_rl_place item = {at, NULL, 0};
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL && !tcx__rl_failed(l);
       v = v->next, item.index++) {
    load_rule(l, &item, v, depth, &rule);
    memcpy(l->rules.data + (first + item.index) * sizeof rule, &rule, sizeof rule);
  }
  *n = (uint16_t)count;
  return (uint16_t)first;
}

/* ---- parameters ---- */
static void load_default_list(struct tcx_rl *l, const struct tcx_rl_place *at,
                              const struct tcx_value *json, struct tcx_rule_param_value *out) {
  uint32_t n = tcx__value_count(json), i = 0;
  struct tcx_str *list = tcx__arena_alloc(l->arena, (n + 1) * sizeof *list);
  if (list == NULL) {
    tcx__rl_no_memory(l);
    return;
  }
  for (const struct tcx_value *v = tcx__value_kids(json); v != NULL; v = v->next) {
    char *copy = v->type == TCX_STRING && n <= TCX__RULES_KIDS
                     ? tcx__arena_strndup(l->arena, v->u.bytes.p, v->u.bytes.n)
                     : NULL;
    if (copy == NULL) {
      tcx__rl_bad(l, at, "its default is no list of strings, or too long");
      return;
    }
    list[i++] = (struct tcx_str){copy, v->u.bytes.n};
  }
  out->list = list;
  out->n_list = (uint16_t)n;
}

static void load_default(struct tcx_rl *l, const struct tcx_rl_place *at,
                         const struct tcx_value *json, unsigned type,
                         struct tcx_rule_param_value *out) {
  static const uint8_t kinds[] = {
      [TCX__RULE_STRING] = TCX_STRING, [TCX__RULE_BOOL] = TCX_BOOL, [TCX__RULE_LIST] = TCX_LIST};
  if (json == NULL || json->type == TCX_NULL)
    return;
  if (json->type != kinds[type]) {
    tcx__rl_bad(l, at, "its default is not %s", tcx__rl_type_name(type));
    return;
  }
  out->type = (uint8_t)type;
  if (type == TCX__RULE_BOOL) {
    out->boolean = json->u.boolean;
  } else if (type == TCX__RULE_LIST) {
    load_default_list(l, at, json, out);
  } else {
    out->string.p = tcx__arena_strndup(l->arena, json->u.bytes.p, json->u.bytes.n);
    out->string.n = json->u.bytes.n;
    if (out->string.p == NULL)
      tcx__rl_no_memory(l);
  }
}

static const char *copy_string(struct tcx_rl *l, struct tcx_str s) {
  const char *copy = tcx__arena_strndup(l->arena, s.p, s.n);
  if (copy == NULL)
    tcx__rl_no_memory(l);
  return copy;
}

static void load_param(struct tcx_rl *l, const struct tcx_rl_place *at,
                       const struct tcx_value *json, struct tcx_rule_param *param) {
  static const char *const types[] = {[TCX__RULE_STRING] = "string",
                                      [TCX__RULE_BOOL] = "boolean",
                                      [TCX__RULE_LIST] = "stringArray"};
  const struct tcx_value *type = tcx__rl_member(json, "type"),
                         *built_in = tcx__rl_member(json, "builtIn"),
                         *required = tcx__rl_member(json, "required");
  struct tcx_str name = {json->name, json->name_len};
  memset(param, 0, sizeof *param);
  for (unsigned i = TCX__RULE_STRING;
       i <= TCX__RULE_LIST && type != NULL && type->type == TCX_STRING; i++)
    if (tcx__str_ieq(type->u.bytes, tcx__str(types[i])))
      param->type = (uint8_t)i;
  if (param->type == TCX__RULE_UNSET)
    tcx__rl_bad(l, at, "its type is none of string, boolean, stringArray");
  else if (memchr(name.p, '\0', name.n) != NULL ||
           (built_in != NULL && !tcx__rl_is_plain(built_in)))
    tcx__rl_bad(l, at, "its name or builtIn is no plain string");
  else if (required != NULL && required->type != TCX_BOOL)
    tcx__rl_bad(l, at, "required is no boolean");
  if (tcx__rl_failed(l))
    return;
  param->required = required != NULL && required->u.boolean;
  param->name = copy_string(l, name);
  if (built_in != NULL)
    param->built_in = copy_string(l, built_in->u.bytes);
  load_default(l, at, tcx__rl_member(json, "default"), param->type, &param->fallback);
  if (!tcx__rl_failed(l))
    tcx__rl_var(l, at, (struct tcx_str){param->name, name.n}, param->type);
}

static void load_params(struct tcx_rl *l, const struct tcx_value *map) {
  struct tcx_rl_place at = {NULL, "parameters", 0};
  uint32_t i = 0, n = tcx__value_count(map);
  if (map == NULL || map->type != TCX_MAP || n > TCX__RULES_SLOTS) {
    tcx__rl_bad(l, &at, "missing, no object or too many");
    return;
  }
  l->params = tcx__arena_alloc(l->arena, (n + 1) * sizeof *l->params);
  if (l->params == NULL)
    tcx__rl_no_memory(l);
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && !tcx__rl_failed(l);
       v = v->next) {
    struct tcx_rl_place item = {&at, v->name, 0};
    load_param(l, &item, v, &l->params[i++]);
  }
}

/* ---- the whole ---- */
static const void *settle(struct tcx_rl *l, const struct tcx_buf *buf) {
  char *copy = tcx__arena_alloc(l->arena, buf->len + 1);
  if (copy == NULL)
    tcx__rl_no_memory(l);
  else if (buf->len > 0)
    memcpy(copy, buf->data, buf->len);
  return copy;
}

static void load_all(struct tcx_rl *l, const struct tcx_value *json, struct tcx_ruleset *rules) {
  const struct tcx_value *version = tcx__rl_member(json, "version");
  if (!tcx__rl_is_plain(version) || !tcx__str_starts(version->u.bytes, "1."))
    tcx__rl_bad(l, NULL, "its version is missing or not 1.x");
  if (!tcx__rl_failed(l))
    load_params(l, tcx__rl_member(json, "parameters"));
  struct tcx_rl_place at = {NULL, "rules", 0};
  if (!tcx__rl_failed(l))
    load_rules(l, &at, tcx__rl_member(json, "rules"), 1, &rules->n_top);
  if (tcx__rl_failed(l))
    return;
  rules->params = l->params;
  rules->n_params = (uint16_t)tcx__value_count(tcx__rl_member(json, "parameters"));
  rules->n_slots = (uint16_t)l->n_slots;
  rules->rules = settle(l, &l->rules);
  rules->n_rules = (uint16_t)(l->rules.len / sizeof *rules->rules);
  rules->nodes = settle(l, &l->nodes.bytes);
  rules->n_nodes = (uint16_t)(l->nodes.bytes.len / sizeof *rules->nodes);
  rules->kids = settle(l, &l->kids.bytes);
  rules->n_kids = (uint16_t)(l->kids.bytes.len / sizeof *rules->kids);
  rules->text = settle(l, &l->text.bytes);
  rules->n_text = (uint32_t)l->text.bytes.len;
}

int tcx__ruleset_load(struct tcx_arena *arena, const struct tcx_value *json,
                      const struct tcx_ruleset **out, struct tcx_fail *f) {
  struct tcx_rl *l = tcx__calloc(1, sizeof *l);
  struct tcx_ruleset *rules = tcx__arena_zalloc(arena, sizeof *rules);
  if (l == NULL || rules == NULL) {
    tcx__free(l);
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  }
  l->arena = l->fail.arena = arena;
  tcx__buf_init(&l->text.bytes, NULL, TCX__RULES_TEXT);
  tcx__buf_init(&l->nodes.bytes, NULL, TCX__RULES_MAX * sizeof(struct tcx_rule_node));
  tcx__buf_init(&l->kids.bytes, NULL, TCX__RULES_MAX * sizeof(uint16_t));
  tcx__buf_init(&l->rules, NULL, TCX__RULES_MAX * sizeof(struct tcx_rule) + 1);
  tcx__buf_init(&l->scratch, NULL, TCX__RULES_TEXT);
  load_all(l, json, rules);
  int status = l->fail.status;
  if (status != 0)
    tcx__fail(f, status, "%s", l->fail.text);
  struct tcx_rl_pool *pools[] = {&l->text, &l->nodes, &l->kids};
  for (unsigned i = 0; i < 3; i++) {
    tcx__buf_free(&pools[i]->bytes);
    tcx__free(pools[i]->slots);
  }
  tcx__buf_free(&l->rules);
  tcx__buf_free(&l->scratch);
  tcx__free(l);
  if (status == 0)
    *out = rules;
  return status;
}
