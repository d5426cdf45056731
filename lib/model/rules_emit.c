/* rules_emit.c - a rule set's tables as C source text: what the generator puts into the library for
 * an embedded service. */
#include "model/rules_data.h"
#include <string.h>

#define PER_LINE     12
#define LITERAL_LINE 96

void tcx__emit_literal(struct tcx_buf *out, const char *p, size_t n) {
  size_t width = 0;
  tcx__buf_addc(out, '"');
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)p[i];
    if (width >= LITERAL_LINE) {
      tcx__buf_adds(out, "\"\n    \"");
      width = 0;
    }
    size_t before = out->len;
    if (c < 0x20 || c >= 0x7f || c == '?')
      tcx__buf_printf(out, "\\%03o", c);
    else if (c == '"' || c == '\\')
      tcx__buf_printf(out, "\\%c", c);
    else
      tcx__buf_addc(out, (char)c);
    width += out->len - before;
  }
  tcx__buf_addc(out, '"');
}

static void emit_str(struct tcx_buf *out, struct tcx_str s) {
  tcx__buf_adds(out, "{");
  tcx__emit_literal(out, s.p, s.n);
  tcx__buf_printf(out, ", %zu}", s.n);
}

static void emit_default_lists(struct tcx_buf *out, const struct tcx_ruleset *rules,
                               const char *name) {
  for (unsigned i = 0; i < rules->n_params; i++) {
    const struct tcx_rule_param_value *v = &rules->params[i].fallback;
    if (v->type != TCX__RULE_LIST || v->n_list == 0)
      continue;
    tcx__buf_printf(out, "static const struct tcx_str %s_default%u[] = {", name, i);
    for (unsigned k = 0; k < v->n_list; k++) {
      emit_str(out, v->list[k]);
      tcx__buf_adds(out, k + 1 < v->n_list ? ", " : "};\n");
    }
  }
}

static void emit_default(struct tcx_buf *out, const struct tcx_rule_param_value *v,
                         const char *name, unsigned i) {
  tcx__buf_printf(out, "{%u, %d, %u, ", v->type, v->boolean, v->n_list);
  if (v->type == TCX__RULE_STRING)
    emit_str(out, v->string);
  else
    tcx__buf_adds(out, "{0, 0}");
  if (v->type == TCX__RULE_LIST && v->n_list > 0)
    tcx__buf_printf(out, ", %s_default%u}", name, i);
  else
    tcx__buf_adds(out, ", 0}");
}

static void emit_params(struct tcx_buf *out, const struct tcx_ruleset *rules, const char *name) {
  if (rules->n_params == 0)
    return;
  emit_default_lists(out, rules, name);
  tcx__buf_printf(out, "static const struct tcx_rule_param %s_params[] = {\n", name);
  for (unsigned i = 0; i < rules->n_params; i++) {
    const struct tcx_rule_param *param = &rules->params[i];
    tcx__buf_adds(out, "  {");
    tcx__emit_literal(out, param->name, strlen(param->name));
    tcx__buf_adds(out, ", ");
    if (param->built_in != NULL)
      tcx__emit_literal(out, param->built_in, strlen(param->built_in));
    else
      tcx__buf_adds(out, "0");
    tcx__buf_adds(out, ", ");
    emit_default(out, &param->fallback, name, i);
    tcx__buf_printf(out, ", %u, %d},\n", param->type, param->required);
  }
  tcx__buf_adds(out, "};\n");
}

/* Between the items of an initializer. */
static void separate(struct tcx_buf *out, unsigned i) {
  tcx__buf_adds(out, i % PER_LINE == 0 ? (i == 0 ? "  " : ",\n  ") : ", ");
}

static void emit_tables(struct tcx_buf *out, const struct tcx_ruleset *rules, const char *name) {
  tcx__buf_printf(out, "static const struct tcx_rule %s_rules[] = {\n", name);
  for (unsigned i = 0; i < rules->n_rules; i++) {
    const struct tcx_rule *r = &rules->rules[i];
    separate(out, i);
    tcx__buf_printf(out, "{%u,%u,%u,%u,%u}", r->conditions, r->n_conditions, r->kind, r->first,
                    r->n);
  }
  tcx__buf_adds(out, rules->n_rules == 0 ? "  {0}\n};\n" : "\n};\n");
  tcx__buf_printf(out, "static const struct tcx_rule_node %s_nodes[] = {\n", name);
  for (unsigned i = 0; i < rules->n_nodes; i++) {
    const struct tcx_rule_node *node = &rules->nodes[i];
    separate(out, i);
    tcx__buf_printf(out, "{%u,%u,%u,%u}", node->kind, node->op, node->a, (unsigned)node->b);
  }
  tcx__buf_adds(out, rules->n_nodes == 0 ? "  {0}\n};\n" : "\n};\n");
  tcx__buf_printf(out, "static const uint16_t %s_kids[] = {\n", name);
  for (unsigned i = 0; i < rules->n_kids; i++) {
    separate(out, i);
    tcx__buf_add_uint(out, rules->kids[i]);
  }
  tcx__buf_adds(out, rules->n_kids == 0 ? "  0\n};\n" : "\n};\n");
  tcx__buf_printf(out, "static const char %s_text[] =\n    ", name);
  tcx__emit_literal(out, rules->text, rules->n_text);
  tcx__buf_adds(out, ";\n");
}

void tcx__ruleset_emit(struct tcx_buf *out, const struct tcx_ruleset *rules, const char *name) {
  emit_params(out, rules, name);
  emit_tables(out, rules, name);
  tcx__buf_printf(out, "const struct tcx_ruleset %s = {", name);
  if (rules->n_params > 0)
    tcx__buf_printf(out, "%s_params, ", name);
  else
    tcx__buf_adds(out, "0, ");
  tcx__buf_printf(out, "%s_rules, %s_nodes, %s_kids, %s_text,\n  %u, %u, %u, %u, %u, %u, %u};\n",
                  name, name, name, name, (unsigned)rules->n_text, rules->n_params, rules->n_rules,
                  rules->n_top, rules->n_nodes, rules->n_kids, rules->n_slots);
}
