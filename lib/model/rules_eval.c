/*
 * rules_eval.c - a rule set and its parameters in, an endpoint or the rule set's own error out.
 *
 * The tables are trusted (rules_data.h). Recursion ends: trees, calls and properties are nested by
 * what the loader allows, rules only lead to their children. What strings are made on the way is
 * counted, so that no rule set can make them grow without end. Values are 16 bytes on the stack;
 * what they point to lies in the rule set, the partitions, the parameters or the arena.
 */
#include "base/codec.h"
#include "model/rules_data.h"
#include <assert.h>
#include <string.h>

struct eval {
  const struct tcx_ruleset *rules;
  const struct tcx_partitions *partitions;
  const struct tcx_rule_param_value *given; /* for messages */
  struct tcx_arena *arena;
  struct tcx_fail *f;
  struct tcx_endpoint *out;
  size_t made; /* bytes of strings so far */
  struct tcx_rule_val slots[TCX__RULES_SLOTS];
};

static int no_memory(struct eval *e) { return tcx__fail(e->f, UV_ENOMEM, "out of memory"); }

/* ---- parameters ---- */
unsigned tcx__ruleset_params(const struct tcx_ruleset *rules,
                             const struct tcx_rule_param **params) {
  *params = rules->params;
  return rules->n_params;
}

int tcx__ruleset_param_index(const struct tcx_ruleset *rules, const char *name) {
  for (unsigned i = 0; i < rules->n_params; i++)
    if (strcmp(rules->params[i].name, name) == 0)
      return (int)i;
  return -1;
}

bool tcx__ruleset_uses(const struct tcx_ruleset *rules, unsigned index) {
  for (unsigned i = 0; i < rules->n_nodes; i++)
    if (rules->nodes[i].kind == TCX__NODE_REF && rules->nodes[i].a == index)
      return true;
  return false;
}

/* The type's name in botocore's messages. */
static const char *python_type(unsigned type) {
  switch (type) {
  case TCX__RULE_UNSET:
    return "NoneType";
  case TCX__RULE_STRING:
    return "str";
  case TCX__RULE_BOOL:
    return "bool";
  case TCX__RULE_LIST:
    return "tuple";
  case TCX__RULE_INT:
    return "int";
  default:
    return "dict";
  }
}

static int take_param(struct eval *e, const struct tcx_rule_param *param,
                      const struct tcx_rule_param_value *v, struct tcx_rule_val *slot) {
  if (v->type == TCX__RULE_UNSET) {
    if (param->fallback.type == TCX__RULE_UNSET && param->required)
      return tcx__fail(e->f, TCX_EENDPOINT, "Cannot find value for required parameter %s",
                       param->name);
    v = &param->fallback;
  } else if (v->type != param->type) {
    return tcx__fail(e->f, TCX_EENDPOINT, "Value (%s) is the wrong type. Must be <class '%s'>.",
                     param->name, python_type(param->type));
  }
  slot->type = v->type;
  if (v->type == TCX__RULE_BOOL) {
    slot->boolean = v->boolean;
  } else if (v->type == TCX__RULE_STRING) {
    if (v->string.n > UINT32_MAX)
      return tcx__fail(e->f, TCX_ETOOBIG, "Value (%s) is too long", param->name);
    slot->u.text = v->string.n > 0 ? v->string.p : "";
    slot->n = (uint32_t)v->string.n;
  } else if (v->type == TCX__RULE_LIST) {
    slot->u.list = v->list;
    slot->n = v->n_list;
  }
  return 0;
}

/* ---- expressions ---- */
static int eval(struct eval *e, unsigned index, struct tcx_rule_val *out);

static struct tcx_str str_of(const struct tcx_rule_val *v) {
  return (struct tcx_str){v->u.text, v->n};
}

static void set_str(struct tcx_rule_val *out, struct tcx_str s) {
  out->type = TCX__RULE_STRING;
  out->u.text = s.p;
  out->n = (uint32_t)s.n;
}

static void set_name(struct tcx_rule_val *out, const char *s) {
  if (s != NULL)
    set_str(out, (struct tcx_str){s, strlen(s)});
}

static void set_bool(struct tcx_rule_val *out, bool b) {
  out->type = TCX__RULE_BOOL;
  out->boolean = b;
}

/* Counts n bytes against what one resolution may make. */
static int spend(struct eval *e, size_t n) {
  if (n > TCX__RULES_BYTES || (e->made += n) > TCX__RULES_BYTES)
    return tcx__fail(e->f, TCX_ETOOBIG, "The endpoint rules make too much text");
  return 0;
}

/* Room for n bytes and a NUL. */
static int make(struct eval *e, size_t n, char **out) {
  int status = spend(e, n);
  if (status == 0 && (*out = tcx__arena_alloc(e->arena, n + 1)) == NULL)
    status = no_memory(e);
  return status;
}

static int eval_template(struct eval *e, const struct tcx_rule_node *node,
                         struct tcx_rule_val *out) {
  struct tcx_rule_val parts[TCX__RULES_KIDS];
  const uint16_t *kids = e->rules->kids + node->b;
  size_t n = 0;
  for (unsigned i = 0; i < node->a; i++) {
    int status = eval(e, kids[i], &parts[i]);
    if (status != 0)
      return status;
    if (parts[i].type != TCX__RULE_STRING)
      return tcx__fail(e->f, TCX_EENDPOINT,
                       "A value that the endpoint rules insert into a string is not set");
    n += parts[i].n;
  }
  char *p;
  int status = make(e, n, &p);
  if (status != 0)
    return status;
  out->type = TCX__RULE_STRING;
  out->u.text = p;
  out->n = (uint32_t)n;
  for (unsigned i = 0; i < node->a; i++) {
    if (parts[i].n > 0)
      memcpy(p, parts[i].u.text, parts[i].n);
    p += parts[i].n;
  }
  *p = '\0';
  return 0;
}

/* out is unset on entry and stays so for what there is not. */
static void read_attr(const struct tcx_rule_val *base, unsigned attr, struct tcx_rule_val *out) {
  const struct tcx_partition *partition = base->u.partition;
  const struct tcx_rule_url *url = base->u.url;
  const struct tcx_rule_arn *arn = base->u.arn;
  /* clang-format off */
  switch ((tcx__rule_attr)attr) {
  case TCX__ATTR_ITEM: *out = *base; break;
  case TCX__ATTR_PARTITION_NAME: set_name(out, partition->info.name); break;
  case TCX__ATTR_DNS_SUFFIX: set_name(out, partition->info.dns_suffix); break;
  case TCX__ATTR_DUAL_STACK_DNS_SUFFIX: set_name(out, partition->info.dual_stack_dns_suffix); break;
  case TCX__ATTR_IMPLICIT_GLOBAL_REGION: set_name(out, partition->info.implicit_global_region); break;
  case TCX__ATTR_SUPPORTS_FIPS: set_bool(out, partition->info.supports_fips); break;
  case TCX__ATTR_SUPPORTS_DUAL_STACK: set_bool(out, partition->info.supports_dual_stack); break;
  case TCX__ATTR_URL_SCHEME: set_str(out, url->scheme); break;
  case TCX__ATTR_URL_AUTHORITY: set_str(out, url->authority); break;
  case TCX__ATTR_URL_PATH: set_str(out, url->path); break;
  case TCX__ATTR_URL_NORMALIZED_PATH: set_str(out, url->normalized_path); break;
  case TCX__ATTR_URL_IS_IP: set_bool(out, url->is_ip); break;
  case TCX__ATTR_ARN_PARTITION: set_str(out, arn->partition); break;
  case TCX__ATTR_ARN_SERVICE: set_str(out, arn->service); break;
  case TCX__ATTR_ARN_REGION: set_str(out, arn->region); break;
  case TCX__ATTR_ARN_ACCOUNT_ID: set_str(out, arn->account_id); break;
  case TCX__ATTR_ARN_RESOURCE_ID:
    out->type = TCX__RULE_LIST;
    out->u.list = arn->resource_id;
    out->n = arn->n_resource_id;
    break;
  }
  /* clang-format on */
}

static int eval_attr(struct eval *e, const struct tcx_rule_node *node, struct tcx_rule_val *out) {
  struct tcx_rule_val base;
  int status = eval(e, node->b, &base);
  out->type = TCX__RULE_UNSET;
  if (status != 0 || base.type == TCX__RULE_UNSET)
    return status;
  read_attr(&base, node->op, out);
  if (node->a > 0 && out->type == TCX__RULE_LIST) {
    if (node->a <= out->n)
      set_str(out, out->u.list[node->a - 1]);
    else
      out->type = TCX__RULE_UNSET;
  }
  return 0;
}

/* Python's truth. */
static bool is_true(const struct tcx_rule_val *v) {
  switch (v->type) {
  case TCX__RULE_UNSET:
    return false;
  case TCX__RULE_BOOL:
    return v->boolean;
  case TCX__RULE_STRING:
  case TCX__RULE_LIST:
    return v->n > 0;
  case TCX__RULE_INT:
    return v->u.integer != 0;
  default:
    return true;
  }
}

static int encode(struct eval *e, const struct tcx_rule_val *arg, struct tcx_rule_val *out) {
  struct tcx_buf buf;
  tcx__buf_init(&buf, e->arena, TCX__RULES_BYTES);
  tcx__uri_encode(&buf, arg->u.text, arg->n, TCX__URI_LABEL);
  if (buf.status == UV_ENOMEM)
    return no_memory(e);
  set_str(out, tcx__buf_str(&buf));
  return spend(e, buf.status == 0 ? buf.len : SIZE_MAX);
}

static int find_partition(struct eval *e, const struct tcx_rule_val *arg,
                          struct tcx_rule_val *out) {
  if (e->partitions == NULL || e->partitions->n == 0)
    return tcx__fail(e->f, TCX_EENDPOINT,
                     "the endpoint rules ask for a partition, and there is no list of partitions");
  const struct tcx_partition *found =
      arg->type == TCX__RULE_STRING ? tcx__partition_find(e->partitions, str_of(arg)) : NULL;
  out->type = TCX__RULE_PARTITION;
  out->u.partition = found != NULL ? found : &e->partitions->list[0];
  return 0;
}

/* parseURL and aws.parseArn: their records live in the arena. */
static int parse(struct eval *e, unsigned fn, const struct tcx_rule_val *arg,
                 struct tcx_rule_val *out) {
  int status = spend(e, arg->n);
  if (status != 0)
    return status;
  bool url = fn == TCX__FN_PARSE_URL;
  const struct tcx_rule_url *as_url = NULL;
  const struct tcx_rule_arn *as_arn = NULL;
  status = url ? tcx__rule_parse_url(e->arena, str_of(arg), &as_url)
               : tcx__rule_parse_arn(e->arena, str_of(arg), &as_arn);
  if (status != 0)
    return no_memory(e);
  if (url && as_url != NULL) {
    out->type = TCX__RULE_URL;
    out->u.url = as_url;
  } else if (!url && as_arn != NULL) {
    out->type = TCX__RULE_ARN;
    out->u.arn = as_arn;
  }
  return 0;
}

static int differ(struct eval *e, const char *format, const struct tcx_rule_val *a) {
  return tcx__fail(e->f, TCX_EENDPOINT, "%s, not <class '%s'> and <class '%s'>.", format,
                   python_type(a[0].type), python_type(a[1].type));
}

/* The functions that want a string or two: a is of its static types or unset. */
static int call_on_text(struct eval *e, unsigned fn, const struct tcx_rule_val *a,
                        struct tcx_rule_val *out) {
  struct tcx_str part;
  switch (fn) {
  case TCX__FN_STRING_EQUALS:
    if (a[0].type != TCX__RULE_STRING || a[1].type != TCX__RULE_STRING)
      return differ(e, "Both values must be strings", a);
    set_bool(out,
             a[0].n == a[1].n && (a[0].n == 0 || memcmp(a[0].u.text, a[1].u.text, a[0].n) == 0));
    return 0;
  case TCX__FN_SUBSTRING:
    if (a[0].type != TCX__RULE_STRING)
      return tcx__fail(e->f, TCX_EENDPOINT, "Input must be a string, not <class '%s'>.",
                       python_type(a[0].type));
    if (tcx__rule_substring(str_of(a), a[1].u.integer, a[2].u.integer,
                            a[3].type == TCX__RULE_BOOL && a[3].boolean, &part))
      set_str(out, part);
    return 0;
  case TCX__FN_IS_VALID_HOST_LABEL:
    set_bool(out,
             a[0].type == TCX__RULE_STRING && tcx__rule_is_host_label(str_of(a), is_true(&a[1])));
    return 0;
  case TCX__FN_IS_S3_BUCKET:
    set_bool(out,
             a[0].type == TCX__RULE_STRING && tcx__rule_is_s3_bucket(str_of(a), is_true(&a[1])));
    return 0;
  case TCX__FN_PARTITION:
    return find_partition(e, a, out);
  default:
    if (a[0].type != TCX__RULE_STRING)
      return 0;
    return fn == TCX__FN_URI_ENCODE ? encode(e, a, out) : parse(e, fn, a, out);
  }
}

static int eval_call(struct eval *e, const struct tcx_rule_node *node, struct tcx_rule_val *out) {
  struct tcx_rule_val a[4];
  const uint16_t *kids = e->rules->kids + node->b;
  for (unsigned i = 0; i < node->a; i++) {
    int status = eval(e, kids[i], &a[i]);
    if (status != 0)
      return status;
  }
  out->type = TCX__RULE_UNSET;
  switch (node->op) {
  case TCX__FN_IS_SET:
    set_bool(out, a[0].type != TCX__RULE_UNSET);
    return 0;
  case TCX__FN_NOT:
    set_bool(out, !is_true(&a[0]));
    return 0;
  case TCX__FN_BOOLEAN_EQUALS:
    if (a[0].type != TCX__RULE_BOOL || a[1].type != TCX__RULE_BOOL)
      return differ(e, "Both arguments must be bools", a);
    set_bool(out, a[0].boolean == a[1].boolean);
    return 0;
  default:
    return call_on_text(e, node->op, a, out);
  }
}

static int eval(struct eval *e, unsigned index, struct tcx_rule_val *out) {
  const struct tcx_rule_node *node = &e->rules->nodes[index];
  int status = 0;
  switch (node->kind) {
  case TCX__NODE_STRING:
    set_str(out, (struct tcx_str){e->rules->text + node->b, node->a});
    return 0;
  case TCX__NODE_BOOL:
    set_bool(out, node->a != 0);
    return 0;
  case TCX__NODE_INT:
    out->type = TCX__RULE_INT;
    out->u.integer = (int32_t)node->b;
    return 0;
  case TCX__NODE_REF:
    *out = e->slots[node->a];
    return 0;
  case TCX__NODE_TEMPLATE:
    return eval_template(e, node, out);
  case TCX__NODE_CALL:
    return eval_call(e, node, out);
  case TCX__NODE_ATTR:
    return eval_attr(e, node, out);
  default:
    assert(node->kind == TCX__NODE_ASSIGN);
    status = eval(e, node->b, out);
    e->slots[node->a] = *out;
    return status;
  }
}

/* ---- results ---- */

/* A string that may leave: a literal as it is, all else as a copy in the arena, since it may point
 * into the parameters. */
static int eval_text(struct eval *e, unsigned index, struct tcx_str *out) {
  struct tcx_rule_val v;
  int status = eval(e, index, &v);
  if (status != 0)
    return status;
  if (v.type != TCX__RULE_STRING)
    return tcx__fail(e->f, TCX_EENDPOINT,
                     "A value that the endpoint rules put into the endpoint is not set");
  *out = str_of(&v);
  tcx__node_kind kind = e->rules->nodes[index].kind;
  if (kind == TCX__NODE_STRING || kind == TCX__NODE_TEMPLATE)
    return 0;
  char *copy;
  status = make(e, v.n, &copy);
  if (status != 0)
    return status;
  if (v.n > 0)
    memcpy(copy, v.u.text, v.n);
  copy[v.n] = '\0';
  out->p = copy;
  return 0;
}

/* What goes into a host or a header holds no control character. */
static int eval_line(struct eval *e, unsigned index, const char *what, struct tcx_str *out) {
  int status = eval_text(e, index, out);
  for (size_t i = 0; status == 0 && i < out->n; i++)
    if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
      status =
          tcx__fail(e->f, TCX_EPARAM, "The endpoint's %s would hold a control character", what);
  return status;
}

/* Properties and, with line, headers: the strings of those are checked. */
static int build(struct eval *e, unsigned index, bool line, struct tcx_value **out) {
  const struct tcx_rule_node *node = &e->rules->nodes[index];
  const uint16_t *kids = e->rules->kids + node->b;
  bool map = node->kind == TCX__NODE_MAP;
  struct tcx_str s;
  int status = 0;
  switch (node->kind) {
  case TCX__NODE_BOOL:
    *out = tcx__value_new_bool(e->arena, node->a != 0);
    return *out != NULL ? 0 : no_memory(e);
  case TCX__NODE_INT:
    *out = tcx__value_new_int(e->arena, (int32_t)node->b);
    return *out != NULL ? 0 : no_memory(e);
  case TCX__NODE_LIST:
  case TCX__NODE_MAP:
    *out = tcx__value_new(e->arena, map ? TCX_MAP : TCX_LIST);
    if (*out == NULL)
      return no_memory(e);
    for (unsigned i = 0; i < node->a; i++) {
      struct tcx_value *item;
      status = build(e, kids[map ? 2 * i + 1 : i], line, &item);
      if (status != 0)
        return status;
      const struct tcx_rule_node *name = map ? &e->rules->nodes[kids[2 * i]] : NULL;
      status = map ? tcx__value_add(e->arena, *out, e->rules->text + name->b, name->a, item)
                   : tcx__value_push(e->arena, *out, item);
      if (status != 0)
        return no_memory(e);
    }
    return 0;
  default:
    status = line ? eval_line(e, index, "header", &s) : eval_text(e, index, &s);
    if (status != 0)
      return status;
    *out = tcx__value_new_str(e->arena, s.p, s.n);
    return *out != NULL ? 0 : no_memory(e);
  }
}

static int build_endpoint(struct eval *e, const struct tcx_rule *rule) {
  const uint16_t *kids = e->rules->kids + rule->first;
  struct tcx_value *properties = NULL, *headers = NULL;
  int status;
  if ((status = eval_line(e, kids[0], "URL", &e->out->url)) != 0 ||
      (status = build(e, kids[1], false, &properties)) != 0 ||
      (status = build(e, kids[2], true, &headers)) != 0)
    return status;
  e->out->properties = properties;
  e->out->headers = headers;
  return 0;
}

/* ---- rules ---- */
static int conditions_met(struct eval *e, const struct tcx_rule *rule, bool *met) {
  const uint16_t *kids = e->rules->kids + rule->conditions;
  *met = true;
  for (unsigned i = 0; i < rule->n_conditions && *met; i++) {
    struct tcx_rule_val v;
    int status = eval(e, kids[i], &v);
    if (status != 0)
      return status;
    *met = v.type != TCX__RULE_UNSET && !(v.type == TCX__RULE_BOOL && !v.boolean);
  }
  return 0;
}

/* The first rule of a run that leads to an end. A tree that leads to none gives way to the rule
 * behind it. */
static int eval_rules(struct eval *e, unsigned first, unsigned n, bool *done) {
  for (const struct tcx_rule *rule = e->rules->rules + first, *end = rule + n; rule < end && !*done;
       rule++) {
    bool met;
    struct tcx_str text;
    int status = conditions_met(e, rule, &met);
    if (status != 0)
      return status;
    if (!met)
      continue;
    switch (rule->kind) {
    case TCX__RULE_TREE:
      status = eval_rules(e, rule->first, rule->n, done);
      break;
    case TCX__RULE_ENDPOINT:
      status = build_endpoint(e, rule);
      *done = true;
      break;
    default:
      status = eval_text(e, rule->first, &text);
      return status != 0 ? status : tcx__fail(e->f, TCX_EENDPOINT, "%.*s", (int)text.n, text.p);
    }
    if (status != 0)
      return status;
  }
  return 0;
}

static int none_found(struct eval *e) {
  struct tcx_buf text;
  tcx__buf_init(&text, e->arena, TCX__RULES_BYTES);
  for (unsigned i = 0; i < e->rules->n_params; i++) {
    const struct tcx_rule_param_value *v = &e->given[i];
    if (v->type == TCX__RULE_UNSET)
      continue;
    tcx__buf_printf(&text, "\n%s: ", e->rules->params[i].name);
    if (v->type == TCX__RULE_BOOL)
      tcx__buf_adds(&text, v->boolean ? "True" : "False");
    else if (v->type == TCX__RULE_STRING)
      tcx__buf_add_str(&text, v->string);
    else
      tcx__buf_printf(&text, "%u strings", v->n_list);
  }
  return tcx__fail(e->f, TCX_EENDPOINT, "No endpoint found for parameters:%s",
                   text.status == 0 && text.len > 0 ? text.data : "\n");
}

int tcx__endpoint_resolve(const struct tcx_ruleset *rules, const struct tcx_partitions *partitions,
                          const struct tcx_rule_param_value *values, struct tcx_arena *arena,
                          struct tcx_endpoint *out, struct tcx_fail *f) {
  struct eval e; /* its slots are written before they are read */
  e.rules = rules;
  e.partitions = partitions;
  e.given = values;
  e.arena = arena;
  e.f = f;
  e.out = out;
  e.made = 0;
  assert(rules->n_slots <= TCX__RULES_SLOTS);
  for (unsigned i = 0; i < rules->n_params; i++) {
    int status = take_param(&e, &rules->params[i], &values[i], &e.slots[i]);
    if (status != 0)
      return status;
  }
  bool done = false;
  int status = eval_rules(&e, 0, rules->n_top, &done);
  return status != 0 || done ? status : none_found(&e);
}
