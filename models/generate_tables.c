/*
 * generate_tables.c - a model's tables as C source.
 *
 * The small lists that hang on shapes and operations (required members, enum values, errors ...)
 * are pooled: one array of each kind for the whole service, in which the structs point. So each
 * kind is written by the same walk twice: once its items, once where they begin.
 */
#include "generate.h"
#include "model/rules.h"
#include "model/rules_data.h"
#include <string.h>

struct emit {
  struct tcx_buf *out;
  const struct tcx_model *model;
  const char *id;
  uint32_t members, required, strings, errors, static_context, operation_context, acceptors,
      lists; /* used so far of each pool */
};

static void text(struct emit *e, const char *s) {
  if (s == NULL)
    tcx__buf_addc(e->out, '0');
  else
    tcx__emit_literal(e->out, s, strlen(s));
}

static void texts(struct emit *e, const char *const *strings, size_t n) {
  for (size_t i = 0; i < n; i++) {
    text(e, strings[i]);
    tcx__buf_adds(e->out, ", ");
  }
}

/* "pool + 17, " and moves on, or "0, " for none. */
static void place(struct emit *e, const char *pool, uint32_t *used, size_t n) {
  if (n == 0)
    tcx__buf_adds(e->out, "0, ");
  else
    tcx__buf_printf(e->out, "%s + %u, ", pool, *used);
  *used += (uint32_t)n;
}

static void shape_place(struct emit *e, const struct tcx_shape *shape) {
  if (shape == NULL)
    tcx__buf_adds(e->out, "0");
  else
    tcx__buf_printf(e->out, "shapes + %u", (unsigned)(shape - e->model->shapes));
}

static uint32_t all_shapes(const struct tcx_model *model) {
  return model->n_shapes + model->n_variants;
}

/* A variant shares its members with the shape that it varies. */
static const struct tcx_shape *original(const struct tcx_model *model, uint32_t i) {
  return i < model->n_shapes ? &model->shapes[i] : tcx__model_shape(model, model->shapes[i].name);
}

/* ---- pools ---- */

static void strings_of_shapes(struct emit *e) {
  for (uint32_t i = 0; i < e->model->n_shapes; i++)
    texts(e, e->model->shapes[i].enum_values, e->model->shapes[i].n_enum);
}

static void strings_of_operations(struct emit *e) {
  for (uint32_t i = 0; i < e->model->n_operations; i++) {
    const struct tcx_operation *op = &e->model->operations[i];
    texts(e, op->auth, op->n_auth);
    texts(e, op->response_algorithms, op->n_response_algorithms);
  }
}

static void strings_of_paginations(struct emit *e) {
  for (uint32_t i = 0; i < e->model->n_paginations; i++) {
    const struct tcx_pagination *p = &e->model->paginations[i];
    texts(e, p->input_token, p->n_input_token);
    texts(e, p->output_token, p->n_output_token);
    texts(e, p->result_key, p->n_result_key);
    texts(e, p->non_aggregate_keys, p->n_non_aggregate_keys);
  }
}

/* Each pool ends with an item that nobody uses, so that none is empty. */
static void emit_strings(struct emit *e) {
  tcx__buf_adds(e->out, "static const char *const strings[] = { ");
  strings_of_shapes(e);
  strings_of_operations(e);
  strings_of_paginations(e);
  texts(e, e->model->auth, e->model->n_auth);
  tcx__buf_adds(e->out, "0 };\n");
}

static void emit_required(struct emit *e) {
  tcx__buf_adds(e->out, "static const uint16_t required[] = { ");
  for (uint32_t i = 0; i < e->model->n_shapes; i++)
    for (uint32_t k = 0; k < e->model->shapes[i].n_required; k++)
      tcx__buf_printf(e->out, "%u, ", e->model->shapes[i].required[k]);
  tcx__buf_adds(e->out, "0 };\n");
}

static void emit_member(struct emit *e, const struct tcx_member *m) {
  tcx__buf_adds(e->out, "  { ");
  text(e, m->name);
  tcx__buf_adds(e->out, ", ");
  shape_place(e, m->shape);
  tcx__buf_adds(e->out, ", ");
  texts(e,
        (const char *const[]){m->wire, m->query_name, m->xml_uri, m->xml_prefix, m->context_param},
        5);
  tcx__buf_printf(e->out, "%u, %u, %u, %u, %u, %d },\n", m->name_len, m->wire_len, m->flags,
                  m->location, m->time_format, m->wire_given);
}

static void emit_members(struct emit *e) {
  tcx__buf_adds(e->out, "static const struct tcx_member members[] = {\n");
  for (uint32_t i = 0; i < e->model->n_shapes; i++)
    for (uint32_t k = 0; k < e->model->shapes[i].n_members; k++)
      emit_member(e, &e->model->shapes[i].members[k]);
  tcx__buf_adds(e->out, "  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};\n");
}

static void emit_errors(struct emit *e) {
  tcx__buf_adds(e->out, "static const struct tcx_shape *const errors[] = { ");
  for (uint32_t i = 0; i < e->model->n_operations; i++) {
    for (uint32_t k = 0; k < e->model->operations[i].n_errors; k++) {
      shape_place(e, e->model->operations[i].errors[k]);
      tcx__buf_adds(e->out, ", ");
    }
  }
  tcx__buf_adds(e->out, "0 };\n");
}

static void rule_str(struct emit *e, struct tcx_str s) {
  tcx__buf_adds(e->out, "{ ");
  if (s.p == NULL)
    tcx__buf_addc(e->out, '0');
  else
    tcx__emit_literal(e->out, s.p, s.n);
  tcx__buf_printf(e->out, ", %zu }", s.n);
}

static void emit_lists_of(struct emit *e, const struct tcx_static_context *context, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (unsigned k = 0; k < context[i].value.n_list; k++) {
      rule_str(e, context[i].value.list[k]);
      tcx__buf_adds(e->out, ", ");
    }
  }
}

static void emit_static_of(struct emit *e, const struct tcx_static_context *context, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const struct tcx_rule_param_value *value = &context[i].value;
    tcx__buf_adds(e->out, "  { ");
    text(e, context[i].name);
    tcx__buf_printf(e->out, ", { %u, %d, %u, ", value->type, value->boolean, value->n_list);
    rule_str(e, value->string);
    tcx__buf_adds(e->out, ", ");
    place(e, "lists", &e->lists, value->n_list);
    tcx__buf_adds(e->out, "} },\n");
  }
}

static void emit_contexts(struct emit *e) {
  const struct tcx_model *model = e->model;
  tcx__buf_adds(e->out, "static const struct tcx_str lists[] = { ");
  for (uint32_t i = 0; i < model->n_operations; i++)
    emit_lists_of(e, model->operations[i].static_context, model->operations[i].n_static_context);
  tcx__buf_adds(e->out,
                "{ 0, 0 } };\nstatic const struct tcx_static_context static_context[] = {\n");
  for (uint32_t i = 0; i < model->n_operations; i++)
    emit_static_of(e, model->operations[i].static_context, model->operations[i].n_static_context);
  emit_static_of(e, model->client_context, model->n_client_context);
  tcx__buf_adds(e->out, "  { 0, { 0, 0, 0, { 0, 0 }, lists } }\n};\nstatic const struct "
                        "tcx_operation_context operation_context[] = {\n");
  for (uint32_t i = 0; i < model->n_operations; i++) {
    for (uint32_t k = 0; k < model->operations[i].n_operation_context; k++) {
      tcx__buf_adds(e->out, "  { ");
      text(e, model->operations[i].operation_context[k].name);
      tcx__buf_adds(e->out, ", ");
      text(e, model->operations[i].operation_context[k].path);
      tcx__buf_adds(e->out, " },\n");
    }
  }
  tcx__buf_adds(e->out, "  { 0, 0 }\n};\n");
}

/* ---- the tables themselves ---- */

static void emit_shape(struct emit *e, uint32_t i, const uint32_t *first_member,
                       const uint32_t *first_required) {
  const struct tcx_shape *s = &e->model->shapes[i], *base = original(e->model, i);
  uint32_t k = (uint32_t)(base - e->model->shapes), members = first_member[k],
           required = first_required[k];
  tcx__buf_adds(e->out, "  { ");
  texts(e,
        (const char *const[]){s->name, s->wire, s->xml_uri, s->xml_prefix, s->payload,
                              s->error_code, s->result_wrapper},
        7);
  place(e, "members", &members, s->n_members);
  place(e, "required", &required, s->n_required);
  if (i < e->model->n_shapes)
    place(e, "strings", &e->strings, s->n_enum);
  else
    tcx__buf_adds(e->out, "0, ");
  tcx__buf_printf(e->out, "%.17g, %u, %u, %u, %u, %u, %u, %u },\n", s->min, (unsigned)s->n_members,
                  s->n_required, s->n_enum, s->flags, s->error_status, s->type, s->time_format);
}

static int emit_shapes(struct emit *e) {
  const struct tcx_model *model = e->model;
  struct tcx_arena *arena = tcx__arena_new();
  uint32_t *firsts =
      arena != NULL ? tcx__arena_alloc(arena, 2 * ((size_t)model->n_shapes + 1) * sizeof *firsts)
                    : NULL;
  uint32_t members = 0, required = 0;
  if (firsts == NULL) {
    tcx__arena_free(arena);
    return UV_ENOMEM;
  }
  for (uint32_t i = 0; i < model->n_shapes; i++) {
    firsts[i] = members;
    firsts[model->n_shapes + i] = required;
    members += model->shapes[i].n_members;
    required += model->shapes[i].n_required;
  }
  tcx__buf_printf(e->out, "static const struct tcx_shape shapes[%u] = {\n",
                  (unsigned)all_shapes(model) + 1);
  for (uint32_t i = 0; i < all_shapes(model); i++)
    emit_shape(e, i, firsts, firsts + model->n_shapes);
  tcx__buf_adds(e->out,
                "  { 0, 0, 0, 0, 0, 0, 0, members, required, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};\n");
  tcx__arena_free(arena);
  return 0;
}

static void emit_operation(struct emit *e, const struct tcx_operation *op) {
  tcx__buf_adds(e->out, "  { ");
  texts(e,
        (const char *const[]){op->name, op->wire_name, op->method, op->http_method, op->path,
                              op->query, op->host_prefix, op->auth_type},
        8);
  place(e, "strings", &e->strings, op->n_auth);
  shape_place(e, op->input);
  tcx__buf_adds(e->out, ", ");
  shape_place(e, op->output);
  tcx__buf_adds(e->out, ", ");
  place(e, "errors", &e->errors, op->n_errors);
  texts(e, (const char *const[]){op->checksum_algorithm_member, op->checksum_mode_member}, 2);
  place(e, "strings", &e->strings, op->n_response_algorithms);
  place(e, "static_context", &e->static_context, op->n_static_context);
  place(e, "operation_context", &e->operation_context, op->n_operation_context);
  tcx__buf_printf(e->out, "%u, %u, %u, %u, %u, %u, %u },\n", op->response_code, op->flags,
                  op->n_auth, op->n_errors, op->n_response_algorithms, op->n_static_context,
                  op->n_operation_context);
}

static void emit_operations(struct emit *e) {
  const struct tcx_model *model = e->model;
  tcx__buf_printf(e->out, "static const struct tcx_operation operations[%u] = {\n",
                  (unsigned)model->n_operations + 1);
  for (uint32_t i = 0; i < model->n_operations; i++)
    emit_operation(e, &model->operations[i]);
  tcx__buf_adds(e->out, "  { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, errors, 0, 0, 0, static_context, "
                        "operation_context, 0, 0, 0, 0, 0, 0, 0 }\n};\n");
  tcx__buf_adds(e->out, "static const struct tcx_operation *const by_method[] = {");
  for (uint32_t i = 0; i < model->n_operations; i++)
    tcx__buf_printf(e->out, "%soperations + %u,", i % 6 == 0 ? "\n  " : " ",
                    (unsigned)(model->by_method[i] - model->operations));
  tcx__buf_adds(e->out, " 0\n};\n");
}

static void emit_paginations(struct emit *e) {
  const struct tcx_model *model = e->model;
  tcx__buf_adds(e->out, "static const struct tcx_pagination paginations[] = {\n");
  for (uint32_t i = 0; i < model->n_paginations; i++) {
    const struct tcx_pagination *p = &model->paginations[i];
    tcx__buf_adds(e->out, "  { ");
    texts(e, &p->operation, 1);
    place(e, "strings", &e->strings, p->n_input_token);
    place(e, "strings", &e->strings, p->n_output_token);
    place(e, "strings", &e->strings, p->n_result_key);
    place(e, "strings", &e->strings, p->n_non_aggregate_keys);
    texts(e, (const char *const[]){p->more_results, p->limit_key}, 2);
    tcx__buf_printf(e->out, "%u, %u, %u, %u },\n", p->n_input_token, p->n_output_token,
                    p->n_result_key, p->n_non_aggregate_keys);
  }
  tcx__buf_adds(e->out, "  { 0, strings, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};\n");
}

static void emit_waiters(struct emit *e) {
  const struct tcx_model *model = e->model;
  tcx__buf_adds(e->out, "static const struct tcx_acceptor acceptors[] = {\n");
  for (uint32_t i = 0; i < model->n_waiters; i++) {
    for (uint32_t k = 0; k < model->waiters[i].n_acceptors; k++) {
      const struct tcx_acceptor *a = &model->waiters[i].acceptors[k];
      tcx__buf_adds(e->out, "  { ");
      texts(e, (const char *const[]){a->matcher, a->argument, a->state, a->expected}, 4);
      tcx__buf_printf(e->out, "%u },\n", a->expected_type);
    }
  }
  tcx__buf_adds(e->out,
                "  { 0, 0, 0, 0, 0 }\n};\nstatic const struct tcx_waiter_model waiters[] = {\n");
  for (uint32_t i = 0; i < model->n_waiters; i++) {
    const struct tcx_waiter_model *w = &model->waiters[i];
    tcx__buf_adds(e->out, "  { ");
    texts(e, (const char *const[]){w->name, w->method, w->operation}, 3);
    tcx__buf_printf(e->out, "%u, %u, ", w->delay_s, w->max_attempts);
    place(e, "acceptors", &e->acceptors, w->n_acceptors);
    tcx__buf_printf(e->out, "%u },\n", w->n_acceptors);
  }
  tcx__buf_adds(e->out, "  { 0, 0, 0, 0, 0, acceptors, 0 }\n};\n");
}

static void emit_model(struct emit *e) {
  const struct tcx_model *m = e->model;
  if (m->rules != NULL) {
    char name[160];
    snprintf(name, sizeof name, "tcx__ruleset_%s", e->id);
    tcx__ruleset_emit(e->out, m->rules, name);
  }
  tcx__buf_printf(e->out, "const struct tcx_model tcx__model_%s = {\n  ", e->id);
  texts(e,
        (const char *const[]){m->service, m->api_version, m->service_id, m->endpoint_prefix,
                              m->signing_name, m->signature_version, m->target_prefix,
                              m->json_version, m->xml_uri, m->global_endpoint, m->protocol},
        11);
  tcx__buf_adds(e->out, "\n  ");
  place(e, "strings", &e->strings, m->n_auth);
  tcx__buf_adds(e->out, "operations, by_method, shapes, paginations, waiters, ");
  if (m->rules != NULL)
    tcx__buf_printf(e->out, "&tcx__ruleset_%s, ", e->id);
  else
    tcx__buf_adds(e->out, "0, ");
  place(e, "static_context", &e->static_context, m->n_client_context);
  tcx__buf_printf(e->out, "%u, %u, %u, %u, %u, %u, %u, %u\n};\n", (unsigned)m->n_operations,
                  (unsigned)m->n_shapes, (unsigned)m->n_variants, (unsigned)m->n_paginations,
                  (unsigned)m->n_waiters, m->flags, m->n_auth, m->n_client_context);
}

void tcx__generate_tables(struct tcx_buf *out, const struct tcx_model *model) {
  char id[128];
  struct emit e = {.out = out, .model = model, .id = id};
  if (!tcx__generate_identifier(id, sizeof id, model->service)) {
    out->status = UV_EINVAL;
    return;
  }
  tcx__buf_printf(out,
                  "/* The tables of %s, API version %s. Generated; edit models/data instead. */\n",
                  model->service, model->api_version);
  tcx__buf_adds(out, "#include \"model/model.h\"\n#include \"model/rules_data.h\"\n\n");
  tcx__buf_printf(out, "extern const struct tcx_model tcx__model_%s;\n", id);
  tcx__buf_printf(out, "static const struct tcx_shape shapes[%u];\n",
                  (unsigned)all_shapes(model) + 1);
  emit_strings(&e);
  emit_required(&e);
  emit_members(&e);
  emit_errors(&e);
  emit_contexts(&e);
  e.lists = 0;
  if (emit_shapes(&e) != 0) {
    out->status = UV_ENOMEM;
    return;
  }
  emit_operations(&e);
  emit_paginations(&e);
  emit_waiters(&e);
  emit_model(&e);
}
