/*
 * rules_expr.c - the loader's smaller half: interning, and expressions (strings with templates,
 * references, function calls).
 *
 * Names become slots, functions and attributes become numbers, paths and templates are split,
 * argument counts and types are checked.
 */
#include "base/mem.h"
#include "model/rules_load.h"
#include <string.h>

/* ---- failures ---- */
static void put_place(struct tcx_buf *out, const struct tcx_rl_place *place) {
  if (place == NULL)
    return;
  put_place(out, place->up);
  if (place->name == NULL)
    tcx__buf_printf(out, "[%u]", place->index);
  else
    tcx__buf_printf(out, "%s%s", place->up != NULL ? "." : "", place->name);
}

void tcx__rl_bad(struct tcx_rl *l, const struct tcx_rl_place *place, const char *format, ...) {
  if (l->fail.status != 0)
    return;
  struct tcx_buf where;
  tcx__buf_init(&where, l->arena, 4096);
  put_place(&where, place);
  va_list args;
  va_start(args, format);
  const char *what = tcx__arena_vprintf(l->arena, format, args);
  va_end(args);
  if (where.status == UV_ENOMEM || what == NULL)
    tcx__rl_no_memory(l);
  else
    tcx__fail(&l->fail, TCX_ESERVICE, "%s: %s",
              where.status == 0 && where.data != NULL ? where.data : "rule set", what);
}

/* ---- interning ---- */
static uint32_t hash_bytes(const void *p, size_t n) {
  const unsigned char *bytes = p;
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ bytes[i]) * 16777619u;
  return h;
}

static bool pool_grow(struct tcx_rl_pool *pool) {
  uint32_t cap = pool->cap ? pool->cap * 2 : 64;
  struct tcx_rl_slot *slots = tcx__calloc(cap, sizeof *slots);
  if (slots == NULL)
    return false;
  for (uint32_t i = 0; i < pool->cap; i++) {
    if (pool->slots[i].n == 0)
      continue;
    uint32_t at = pool->slots[i].hash & (cap - 1);
    while (slots[at].n != 0)
      at = (at + 1) & (cap - 1);
    slots[at] = pool->slots[i];
  }
  tcx__free(pool->slots);
  pool->slots = slots;
  pool->cap = cap;
  return true;
}

/* Where these n bytes (n > 0) stand in the pool, as an offset. */
static uint32_t intern(struct tcx_rl *l, struct tcx_rl_pool *pool, const void *p, size_t n) {
  if (tcx__rl_failed(l))
    return 0;
  if (pool->used >= pool->cap / 2 && !pool_grow(pool)) {
    tcx__rl_no_memory(l);
    return 0;
  }
  uint32_t hash = hash_bytes(p, n), at = hash & (pool->cap - 1);
  for (; pool->slots[at].n != 0; at = (at + 1) & (pool->cap - 1)) {
    const struct tcx_rl_slot *slot = &pool->slots[at];
    if (slot->hash == hash && slot->n == n && memcmp(pool->bytes.data + slot->at, p, n) == 0)
      return slot->at;
  }
  uint32_t where = (uint32_t)pool->bytes.len;
  tcx__buf_add(&pool->bytes, p, n);
  if (pool->bytes.status == UV_ENOMEM)
    tcx__rl_no_memory(l);
  else if (pool->bytes.status != 0)
    tcx__fail(&l->fail, TCX_ESERVICE, "rule set: too large");
  pool->slots[at] = (struct tcx_rl_slot){hash, where, (uint32_t)n};
  pool->used++;
  return where;
}

uint16_t tcx__rl_node(struct tcx_rl *l, tcx__node_kind kind, unsigned op, unsigned a, uint32_t b) {
  struct tcx_rule_node node = {(uint8_t)kind, (uint8_t)op, (uint16_t)a, b};
  return (uint16_t)(intern(l, &l->nodes, &node, sizeof node) / sizeof node);
}

uint32_t tcx__rl_kids(struct tcx_rl *l, const uint16_t *kids, unsigned n) {
  return n == 0 ? 0 : (uint32_t)(intern(l, &l->kids, kids, n * sizeof *kids) / sizeof *kids);
}

uint16_t tcx__rl_string(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str s) {
  if (s.n > UINT16_MAX) {
    tcx__rl_bad(l, at, "a string is too long");
    return 0;
  }
  return tcx__rl_node(l, TCX__NODE_STRING, 0, (unsigned)s.n, intern(l, &l->text, s.p, s.n + 1));
}

/* ---- small readers ---- */
const struct tcx_value *tcx__rl_member(const struct tcx_value *map, const char *name) {
  return tcx__value_find(map, name, strlen(name));
}

bool tcx__rl_is_plain(const struct tcx_value *v) { /* a string without NUL */
  return v != NULL && v->type == TCX_STRING && memchr(v->u.bytes.p, '\0', v->u.bytes.n) == NULL;
}

const char *tcx__rl_type_name(unsigned type) {
  static const char *const names[] = {"nothing",  "a string",    "a boolean", "a list of strings",
                                      "a number", "a partition", "a URL",     "an ARN"};
  return type < sizeof names / sizeof *names ? names[type] : "a value";
}

static int find_var(const struct tcx_rl *l, struct tcx_str name) {
  for (unsigned i = 0; i < l->n_vars; i++)
    if (tcx__str_eq(l->vars[i].name, name))
      return (int)i;
  return -1;
}

void tcx__rl_var(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str name,
                 unsigned type) {
  if (find_var(l, name) >= 0)
    tcx__rl_bad(l, at, "%.*s is assigned already", (int)name.n, name.p);
  else if (l->n_vars == TCX__RULES_SLOTS)
    tcx__rl_bad(l, at, "more than %d names in scope", TCX__RULES_SLOTS);
  else
    l->vars[l->n_vars++] = (struct tcx_rl_var){name, (uint8_t)type};
  if (l->n_vars > l->n_slots)
    l->n_slots = l->n_vars;
}

/* ---- expressions: each returns its node and says its static type ---- */
static uint16_t load_ref(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str name,
                         unsigned *type) {
  int slot = find_var(l, name);
  if (slot < 0) {
    tcx__rl_bad(l, at, "unknown variable %.*s", (int)name.n, name.p);
    return 0;
  }
  *type = l->vars[slot].type;
  return tcx__rl_node(l, TCX__NODE_REF, 0, (unsigned)slot, 0);
}

/* clang-format off */
static const struct attr { uint8_t of, type, attr; const char *name; } ATTRS[] = {
  {TCX__RULE_PARTITION, TCX__RULE_STRING, TCX__ATTR_PARTITION_NAME, "name"},
  {TCX__RULE_PARTITION, TCX__RULE_STRING, TCX__ATTR_DNS_SUFFIX, "dnsSuffix"},
  {TCX__RULE_PARTITION, TCX__RULE_STRING, TCX__ATTR_DUAL_STACK_DNS_SUFFIX, "dualStackDnsSuffix"},
  {TCX__RULE_PARTITION, TCX__RULE_STRING, TCX__ATTR_IMPLICIT_GLOBAL_REGION, "implicitGlobalRegion"},
  {TCX__RULE_PARTITION, TCX__RULE_BOOL, TCX__ATTR_SUPPORTS_FIPS, "supportsFIPS"},
  {TCX__RULE_PARTITION, TCX__RULE_BOOL, TCX__ATTR_SUPPORTS_DUAL_STACK, "supportsDualStack"},
  {TCX__RULE_URL, TCX__RULE_STRING, TCX__ATTR_URL_SCHEME, "scheme"},
  {TCX__RULE_URL, TCX__RULE_STRING, TCX__ATTR_URL_AUTHORITY, "authority"},
  {TCX__RULE_URL, TCX__RULE_STRING, TCX__ATTR_URL_PATH, "path"},
  {TCX__RULE_URL, TCX__RULE_STRING, TCX__ATTR_URL_NORMALIZED_PATH, "normalizedPath"},
  {TCX__RULE_URL, TCX__RULE_BOOL, TCX__ATTR_URL_IS_IP, "isIp"},
  {TCX__RULE_ARN, TCX__RULE_STRING, TCX__ATTR_ARN_PARTITION, "partition"},
  {TCX__RULE_ARN, TCX__RULE_STRING, TCX__ATTR_ARN_SERVICE, "service"},
  {TCX__RULE_ARN, TCX__RULE_STRING, TCX__ATTR_ARN_REGION, "region"},
  {TCX__RULE_ARN, TCX__RULE_STRING, TCX__ATTR_ARN_ACCOUNT_ID, "accountId"},
  {TCX__RULE_ARN, TCX__RULE_LIST, TCX__ATTR_ARN_RESOURCE_ID, "resourceId"},
};
/* clang-format on */

/* path is "attribute", "attribute[3]" or "[3]". */
static uint16_t load_attr(struct tcx_rl *l, const struct tcx_rl_place *at, uint16_t base,
                          struct tcx_str path, unsigned *type) {
  const char *open = path.n ? memchr(path.p, '[', path.n) : NULL;
  struct tcx_str name = {path.p, open ? (size_t)(open - path.p) : path.n};
  unsigned attr = TCX__ATTR_ITEM, item = 0, of = *type;
  if (name.n > 0 || open == NULL) {
    size_t i = 0, n = sizeof ATTRS / sizeof *ATTRS;
    while (i < n && !(ATTRS[i].of == of && tcx__str_is(name, ATTRS[i].name)))
      i++;
    if (i == n) {
      tcx__rl_bad(l, at, "%s has no attribute \"%.*s\"", tcx__rl_type_name(of), (int)name.n,
                  name.p);
      return 0;
    }
    attr = ATTRS[i].attr;
    of = ATTRS[i].type;
  }
  if (open != NULL) {
    int64_t index = -1;
    struct tcx_str digits = {open + 1, (size_t)(path.p + path.n - open - 1)};
    if (digits.n > 0 && digits.p[digits.n - 1] == ']')
      digits.n--;
    else
      digits.n = 0;
    if (digits.n == 0 || digits.p[0] < '0' || digits.p[0] > '9' ||
        tcx__str_to_int64(digits, &index) != 0 || index >= UINT16_MAX)
      tcx__rl_bad(l, at, "bad index in \"%.*s\"", (int)path.n, path.p);
    else if (of != TCX__RULE_LIST)
      tcx__rl_bad(l, at, "%s has no items", tcx__rl_type_name(of));
    item = (unsigned)(index + 1);
    of = TCX__RULE_STRING;
  }
  *type = of;
  return tcx__rl_node(l, TCX__NODE_ATTR, attr, item, base);
}

/* Copies s up to the next brace that is not doubled, and undoubles; out is NUL-ended. */
static size_t literal_part(struct tcx_str s, size_t at, char *out, size_t *n) {
  *n = 0;
  while (at < s.n) {
    bool brace = s.p[at] == '{' || s.p[at] == '}';
    if (brace && (at + 1 == s.n || s.p[at + 1] != s.p[at]))
      break;
    out[(*n)++] = s.p[at];
    at += brace ? 2 : 1;
  }
  out[*n] = '\0';
  return at;
}

/* "{Name}" or "{Name#attribute}", without the braces. */
static uint16_t load_inserted(struct tcx_rl *l, const struct tcx_rl_place *at,
                              struct tcx_str inside) {
  const char *mark = inside.n ? memchr(inside.p, '#', inside.n) : NULL;
  unsigned type = TCX__RL_ANY;
  struct tcx_str name = {inside.p, mark ? (size_t)(mark - inside.p) : inside.n};
  uint16_t node = load_ref(l, at, name, &type);
  if (mark != NULL && !tcx__rl_failed(l))
    node = load_attr(l, at, node, (struct tcx_str){mark + 1, inside.n - name.n - 1}, &type);
  if (type != TCX__RULE_STRING)
    tcx__rl_bad(l, at, "{%.*s} is %s, not a string", (int)inside.n, inside.p,
                tcx__rl_type_name(type));
  return node;
}

uint16_t tcx__rl_template(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str s) {
  if (memchr(s.p, '{', s.n) == NULL && memchr(s.p, '}', s.n) == NULL)
    return tcx__rl_string(l, at, s);
  uint16_t parts[TCX__RULES_KIDS];
  unsigned n = 0;
  l->scratch.len = 0;
  if (tcx__buf_reserve(&l->scratch, s.n + 1) != 0)
    tcx__rl_no_memory(l);
  char *scratch = l->scratch.data;
  for (size_t i = 0; i < s.n && !tcx__rl_failed(l);) {
    size_t literal;
    i = literal_part(s, i, scratch, &literal);
    if (n + 2 > TCX__RULES_KIDS) {
      tcx__rl_bad(l, at, "more than %d parts in a template", TCX__RULES_KIDS);
      return 0;
    }
    if (literal > 0)
      parts[n++] = tcx__rl_string(l, at, (struct tcx_str){scratch, literal});
    if (i == s.n)
      break;
    const char *end = s.p[i] == '{' ? memchr(s.p + i, '}', s.n - i) : NULL;
    if (end == NULL) {
      tcx__rl_bad(l, at, "a brace without its other half");
      return 0;
    }
    parts[n++] = load_inserted(l, at, (struct tcx_str){s.p + i + 1, (size_t)(end - s.p) - i - 1});
    i = (size_t)(end - s.p) + 1;
  }
  if (tcx__rl_failed(l))
    return 0;
  const struct tcx_rule_node *nodes =
      (const struct tcx_rule_node *)(const void *)l->nodes.bytes.data;
  if (n == 1 && nodes[parts[0]].kind == TCX__NODE_STRING)
    return parts[0];
  return tcx__rl_node(l, TCX__NODE_TEMPLATE, 0, n, tcx__rl_kids(l, parts, n));
}

/* clang-format off */
static const struct function { const char *name; uint8_t fn, result, n, args[4]; } FUNCTIONS[] = {
  {"isSet", TCX__FN_IS_SET, TCX__RULE_BOOL, 1, {TCX__RL_ANY}},
  {"not", TCX__FN_NOT, TCX__RULE_BOOL, 1, {TCX__RL_ANY}},
  {"booleanEquals", TCX__FN_BOOLEAN_EQUALS, TCX__RULE_BOOL, 2, {TCX__RULE_BOOL, TCX__RULE_BOOL}},
  {"stringEquals", TCX__FN_STRING_EQUALS, TCX__RULE_BOOL, 2, {TCX__RULE_STRING, TCX__RULE_STRING}},
  {"substring", TCX__FN_SUBSTRING, TCX__RULE_STRING, 4, {TCX__RULE_STRING, TCX__RULE_INT, TCX__RULE_INT, TCX__RULE_BOOL}},
  {"uriEncode", TCX__FN_URI_ENCODE, TCX__RULE_STRING, 1, {TCX__RULE_STRING}},
  {"parseURL", TCX__FN_PARSE_URL, TCX__RULE_URL, 1, {TCX__RULE_STRING}},
  {"isValidHostLabel", TCX__FN_IS_VALID_HOST_LABEL, TCX__RULE_BOOL, 2, {TCX__RULE_STRING, TCX__RULE_BOOL}},
  {"aws.partition", TCX__FN_PARTITION, TCX__RULE_PARTITION, 1, {TCX__RULE_STRING}},
  {"aws.parseArn", TCX__FN_PARSE_ARN, TCX__RULE_ARN, 1, {TCX__RULE_STRING}},
  {"aws.isVirtualHostableS3Bucket", TCX__FN_IS_S3_BUCKET, TCX__RULE_BOOL, 2, {TCX__RULE_STRING, TCX__RULE_BOOL}},
};
/* clang-format on */

static uint16_t load_expr(struct tcx_rl *l, const struct tcx_rl_place *at,
                          const struct tcx_value *json, unsigned level, unsigned *type);

static const struct tcx_value *arguments(struct tcx_rl *l, const struct tcx_rl_place *at,
                                         const struct tcx_value *json, const char *name,
                                         unsigned n) {
  const struct tcx_value *argv = tcx__rl_member(json, "argv");
  if (argv == NULL || argv->type != TCX_LIST)
    tcx__rl_bad(l, at, "argv is missing or no list");
  else if (tcx__value_count(argv) != n)
    tcx__rl_bad(l, at, "%s takes %u argument%s, not %u", name, n, n == 1 ? "" : "s",
                tcx__value_count(argv));
  return tcx__rl_failed(l) ? NULL : tcx__value_kids(argv);
}

/* getAttr becomes one node: its path is split now. */
static uint16_t load_get_attr(struct tcx_rl *l, const struct tcx_rl_place *at,
                              const struct tcx_value *json, unsigned level, unsigned *type) {
  const struct tcx_value *arg = arguments(l, at, json, "getAttr", 2);
  if (tcx__rl_failed(l))
    return 0;
  struct tcx_rl_place argv = {at, "argv", 0}, item = {&argv, NULL, 0};
  uint16_t base = load_expr(l, &item, arg, level + 1, type);
  item.index = 1;
  if (arg->next->type != TCX_STRING)
    tcx__rl_bad(l, &item, "getAttr's path is no string");
  return tcx__rl_failed(l) ? 0 : load_attr(l, &item, base, arg->next->u.bytes, type);
}

static uint16_t load_function(struct tcx_rl *l, const struct tcx_rl_place *at,
                              const struct tcx_value *json, unsigned level, unsigned *type) {
  const struct tcx_value *fn = tcx__rl_member(json, "fn");
  if (fn == NULL || fn->type != TCX_STRING) {
    tcx__rl_bad(l, at, "fn is missing or no string");
    return 0;
  }
  if (tcx__str_is(fn->u.bytes, "getAttr"))
    return load_get_attr(l, at, json, level, type);
  const struct function *f = FUNCTIONS, *end = FUNCTIONS + sizeof FUNCTIONS / sizeof *FUNCTIONS;
  while (f < end && !tcx__str_is(fn->u.bytes, f->name))
    f++;
  if (f == end) {
    tcx__rl_bad(l, at, "unknown function %.*s", (int)fn->u.bytes.n, fn->u.bytes.p);
    return 0;
  }
  uint16_t args[4] = {0};
  struct tcx_rl_place argv = {at, "argv", 0}, item = {&argv, NULL, 0};
  const struct tcx_value *arg = arguments(l, at, json, f->name, f->n);
  for (; arg != NULL && !tcx__rl_failed(l); arg = arg->next, item.index++) {
    unsigned got = TCX__RL_ANY, want = f->args[item.index];
    args[item.index] = load_expr(l, &item, arg, level + 1, &got);
    if (want != TCX__RL_ANY && got != want)
      tcx__rl_bad(l, &item, "%s wants %s here, not %s", f->name, tcx__rl_type_name(want),
                  tcx__rl_type_name(got));
  }
  *type = f->result;
  return tcx__rl_node(l, TCX__NODE_CALL, f->fn, f->n, tcx__rl_kids(l, args, f->n));
}

uint16_t tcx__rl_call(struct tcx_rl *l, const struct tcx_rl_place *at, const struct tcx_value *json,
                      unsigned level, unsigned *type) {
  if (level > TCX__RULES_NESTING || json->type != TCX_MAP) {
    tcx__rl_bad(l, at,
                json->type == TCX_MAP ? "calls are nested too deeply" : "a condition is no object");
    return 0;
  }
  uint16_t node = load_function(l, at, json, level, type);
  const struct tcx_value *assign = tcx__rl_member(json, "assign");
  if (assign == NULL || tcx__rl_failed(l))
    return node;
  if (!tcx__rl_is_plain(assign)) {
    tcx__rl_bad(l, at, "assign is no plain string");
    return 0;
  }
  unsigned slot = l->n_vars;
  tcx__rl_var(l, at, assign->u.bytes, *type);
  return tcx__rl_node(l, TCX__NODE_ASSIGN, 0, slot, node);
}

static uint16_t load_expr(struct tcx_rl *l, const struct tcx_rl_place *at,
                          const struct tcx_value *json, unsigned level, unsigned *type) {
  const struct tcx_value *ref = tcx__rl_member(json, "ref");
  switch (json->type) {
  case TCX_STRING:
    *type = TCX__RULE_STRING;
    return tcx__rl_template(l, at, json->u.bytes);
  case TCX_BOOL:
    *type = TCX__RULE_BOOL;
    return tcx__rl_node(l, TCX__NODE_BOOL, 0, json->u.boolean, 0);
  case TCX_INT:
    *type = TCX__RULE_INT;
    if (json->u.integer < 0 || json->u.integer > INT32_MAX)
      tcx__rl_bad(l, at, "a number is negative or too large");
    return tcx__rl_node(l, TCX__NODE_INT, 0, 0, (uint32_t)json->u.integer);
  case TCX_MAP:
    if (ref != NULL && ref->type == TCX_STRING)
      return load_ref(l, at, ref->u.bytes, type);
    return tcx__rl_call(l, at, json, level, type);
  default:
    tcx__rl_bad(l, at, "neither a string, a boolean, a number, a ref nor a function");
    return 0;
  }
}

uint16_t tcx__rl_string_expr(struct tcx_rl *l, const struct tcx_rl_place *at,
                             const struct tcx_value *json) {
  unsigned type = TCX__RL_ANY;
  uint16_t node = 0;
  if (json == NULL)
    tcx__rl_bad(l, at, "it is missing");
  else
    node = load_expr(l, at, json, 0, &type);
  if (type != TCX__RULE_STRING)
    tcx__rl_bad(l, at, "a string is wanted, not %s", tcx__rl_type_name(type));
  return node;
}
