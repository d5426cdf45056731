/* The embedded tables and the loader's are the same model. */
#include "model/model.h"
#include "model/rules.h"
#include "support.h"

#define DATA TCX_SOURCE_DIR "/models/data"

static void same_text(const char *what, const char *a, const char *b) {
  if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
    fail_msg("%s: %s, expected %s", what, a != NULL ? a : "NULL", b != NULL ? b : "NULL");
}

static void same_texts(const char *what, const char *const *a, unsigned n, const char *const *b,
                       unsigned m) {
  if (n != m)
    fail_msg("%s: %u entries, expected %u", what, n, m);
  for (unsigned i = 0; i < n; i++)
    same_text(what, a[i], b[i]);
}

/* Both point to the same place in their model's shapes. */
static void same_shape(const char *what, const struct tcx_model *a, const struct tcx_shape *x,
                       const struct tcx_model *b, const struct tcx_shape *y) {
  if ((x == NULL) != (y == NULL) || (x != NULL && x - a->shapes != y - b->shapes))
    fail_msg("%s: another shape", what);
}

static void same_member(const struct tcx_model *a, const struct tcx_member *x,
                        const struct tcx_model *b, const struct tcx_member *y) {
  same_text("member", x->name, y->name);
  same_shape(x->name, a, x->shape, b, y->shape);
  same_text(x->name, x->wire, y->wire);
  same_text(x->name, x->query_name, y->query_name);
  same_text(x->name, x->xml_uri, y->xml_uri);
  same_text(x->name, x->xml_prefix, y->xml_prefix);
  same_text(x->name, x->context_param, y->context_param);
  assert_int_equal(x->name_len, y->name_len);
  assert_int_equal(x->wire_len, y->wire_len);
  assert_int_equal(x->flags, y->flags);
  assert_int_equal(x->location, y->location);
  assert_int_equal(x->time_format, y->time_format);
  assert_int_equal(x->wire_given, y->wire_given);
}

static void same_shapes(const struct tcx_model *a, const struct tcx_model *b) {
  assert_int_equal(a->n_shapes, b->n_shapes);
  assert_int_equal(a->n_variants, b->n_variants);
  for (uint32_t i = 0; i < a->n_shapes + a->n_variants; i++) {
    const struct tcx_shape *x = &a->shapes[i], *y = &b->shapes[i];
    same_text("shape", x->name, y->name);
    same_text(x->name, x->wire, y->wire);
    same_text(x->name, x->xml_uri, y->xml_uri);
    same_text(x->name, x->xml_prefix, y->xml_prefix);
    same_text(x->name, x->payload, y->payload);
    same_text(x->name, x->error_code, y->error_code);
    same_text(x->name, x->result_wrapper, y->result_wrapper);
    same_texts(x->name, x->enum_values, x->n_enum, y->enum_values, y->n_enum);
    assert_true(x->min == y->min);
    assert_int_equal(x->n_members, y->n_members);
    assert_int_equal(x->n_required, y->n_required);
    assert_int_equal(x->flags, y->flags);
    assert_int_equal(x->error_status, y->error_status);
    assert_int_equal(x->type, y->type);
    assert_int_equal(x->time_format, y->time_format);
    for (uint32_t k = 0; k < x->n_members; k++)
      same_member(a, &x->members[k], b, &y->members[k]);
    for (uint32_t k = 0; k < x->n_required; k++)
      assert_int_equal(x->required[k], y->required[k]);
  }
}

static void same_context(const struct tcx_static_context *x, unsigned n,
                         const struct tcx_static_context *y, unsigned m) {
  assert_int_equal(n, m);
  for (unsigned i = 0; i < n; i++) {
    same_text("context", x[i].name, y[i].name);
    assert_int_equal(x[i].value.type, y[i].value.type);
    assert_int_equal(x[i].value.boolean, y[i].value.boolean);
    assert_int_equal(x[i].value.n_list, y[i].value.n_list);
    assert_true(tcx__str_eq(x[i].value.string, y[i].value.string));
    for (unsigned k = 0; k < x[i].value.n_list; k++)
      assert_true(tcx__str_eq(x[i].value.list[k], y[i].value.list[k]));
  }
}

static void same_operation(const struct tcx_model *a, const struct tcx_operation *x,
                           const struct tcx_model *b, const struct tcx_operation *y) {
  same_text("operation", x->name, y->name);
  same_text(x->name, x->wire_name, y->wire_name);
  same_text(x->name, x->method, y->method);
  same_text(x->name, x->http_method, y->http_method);
  same_text(x->name, x->path, y->path);
  same_text(x->name, x->query, y->query);
  same_text(x->name, x->host_prefix, y->host_prefix);
  same_text(x->name, x->auth_type, y->auth_type);
  same_texts(x->name, x->auth, x->n_auth, y->auth, y->n_auth);
  same_shape(x->name, a, x->input, b, y->input);
  same_shape(x->name, a, x->output, b, y->output);
  assert_int_equal(x->n_errors, y->n_errors);
  for (unsigned i = 0; i < x->n_errors; i++)
    same_shape(x->name, a, x->errors[i], b, y->errors[i]);
  same_text(x->name, x->checksum_algorithm_member, y->checksum_algorithm_member);
  same_text(x->name, x->checksum_mode_member, y->checksum_mode_member);
  same_texts(x->name, x->response_algorithms, x->n_response_algorithms, y->response_algorithms,
             y->n_response_algorithms);
  same_context(x->static_context, x->n_static_context, y->static_context, y->n_static_context);
  assert_int_equal(x->n_operation_context, y->n_operation_context);
  for (unsigned i = 0; i < x->n_operation_context; i++) {
    same_text(x->name, x->operation_context[i].name, y->operation_context[i].name);
    same_text(x->name, x->operation_context[i].path, y->operation_context[i].path);
  }
  assert_int_equal(x->response_code, y->response_code);
  assert_int_equal(x->flags, y->flags);
}

static void same_extras(const struct tcx_model *a, const struct tcx_model *b) {
  assert_int_equal(a->n_paginations, b->n_paginations);
  for (uint32_t i = 0; i < a->n_paginations; i++) {
    const struct tcx_pagination *x = &a->paginations[i], *y = &b->paginations[i];
    same_text("pagination", x->operation, y->operation);
    same_texts(x->operation, x->input_token, x->n_input_token, y->input_token, y->n_input_token);
    same_texts(x->operation, x->output_token, x->n_output_token, y->output_token,
               y->n_output_token);
    same_texts(x->operation, x->result_key, x->n_result_key, y->result_key, y->n_result_key);
    same_texts(x->operation, x->non_aggregate_keys, x->n_non_aggregate_keys, y->non_aggregate_keys,
               y->n_non_aggregate_keys);
    same_text(x->operation, x->more_results, y->more_results);
    same_text(x->operation, x->limit_key, y->limit_key);
  }
  assert_int_equal(a->n_waiters, b->n_waiters);
  for (uint32_t i = 0; i < a->n_waiters; i++) {
    const struct tcx_waiter_model *x = &a->waiters[i], *y = &b->waiters[i];
    same_text("waiter", x->name, y->name);
    same_text(x->name, x->method, y->method);
    same_text(x->name, x->operation, y->operation);
    assert_int_equal(x->delay_s, y->delay_s);
    assert_int_equal(x->max_attempts, y->max_attempts);
    assert_int_equal(x->n_acceptors, y->n_acceptors);
    for (unsigned k = 0; k < x->n_acceptors; k++) {
      same_text(x->name, x->acceptors[k].matcher, y->acceptors[k].matcher);
      same_text(x->name, x->acceptors[k].argument, y->acceptors[k].argument);
      same_text(x->name, x->acceptors[k].state, y->acceptors[k].state);
      same_text(x->name, x->acceptors[k].expected, y->acceptors[k].expected);
      assert_int_equal(x->acceptors[k].expected_type, y->acceptors[k].expected_type);
    }
  }
}

static void same_rules(const struct tcx_ruleset *a, const struct tcx_ruleset *b) {
  struct tcx_buf x, y;
  tcx__buf_init(&x, NULL, 16u << 20);
  tcx__buf_init(&y, NULL, 16u << 20);
  tcx__ruleset_emit(&x, a, "rules");
  tcx__ruleset_emit(&y, b, "rules");
  assert_int_equal(x.status, 0);
  assert_true(x.len > 1000);
  assert_true(tcx__str_eq(tcx__buf_str(&x), tcx__buf_str(&y)));
  tcx__buf_free(&x);
  tcx__buf_free(&y);
}

static void same_model(const struct tcx_model *a, const struct tcx_model *b) {
  same_text("service", a->service, b->service);
  same_text("api_version", a->api_version, b->api_version);
  same_text("service_id", a->service_id, b->service_id);
  same_text("endpoint_prefix", a->endpoint_prefix, b->endpoint_prefix);
  same_text("signing_name", a->signing_name, b->signing_name);
  same_text("signature_version", a->signature_version, b->signature_version);
  same_text("target_prefix", a->target_prefix, b->target_prefix);
  same_text("json_version", a->json_version, b->json_version);
  same_text("xml_uri", a->xml_uri, b->xml_uri);
  same_text("global_endpoint", a->global_endpoint, b->global_endpoint);
  same_text("protocol", a->protocol, b->protocol);
  same_texts("auth", a->auth, a->n_auth, b->auth, b->n_auth);
  assert_int_equal(a->flags, b->flags);
  same_context(a->client_context, a->n_client_context, b->client_context, b->n_client_context);
  same_shapes(a, b);
  assert_int_equal(a->n_operations, b->n_operations);
  for (uint32_t i = 0; i < a->n_operations; i++) {
    same_operation(a, &a->operations[i], b, &b->operations[i]);
    assert_int_equal(a->by_method[i] - a->operations, b->by_method[i] - b->operations);
  }
  same_extras(a, b);
  same_rules(a->rules, b->rules);
}

static void loaded_and_embedded_are_equal(void **state) {
  (void)state;
  struct tcx_models *models;
  struct tcx_arena *arena = tcx__arena_new();
  unsigned count = 0;
  assert_int_equal(
      tcx__models_new(&(struct tcx_models_options){.data_path = DATA, .not_installed = true},
                      &models),
      0);
  for (const struct tcx_model *const *embedded = tcx__embedded_models; *embedded != NULL;
       embedded++, count++) {
    struct tcx_fail fail = {.arena = arena};
    const struct tcx_model *loaded;
    assert_int_equal(tcx__models_get(models, (*embedded)->service, &loaded, &fail), 0);
    assert_ptr_not_equal(loaded, *embedded);
    same_model(*embedded, loaded);
  }
  assert_true(count >= 2);
  struct tcx_fail fail = {.arena = arena};
  struct tcx_buf x, y;
  const struct tcx_partitions *loaded = tcx__models_partitions(models, &fail);
  assert_non_null(loaded);
  assert_ptr_not_equal(loaded, tcx__embedded_partitions);
  tcx__buf_init(&x, arena, 1u << 20);
  tcx__buf_init(&y, arena, 1u << 20);
  tcx__partitions_emit(&x, loaded, "p");
  tcx__partitions_emit(&y, tcx__embedded_partitions, "p");
  assert_true(tcx__str_eq(tcx__buf_str(&x), tcx__buf_str(&y)));
  tcx__arena_free(arena);
  tcx__models_free(models);
}

static void embedded_ones_are_given_as_they_are(void **state) {
  (void)state;
  struct tcx_models *models;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  const struct tcx_model *s3;
  struct tcx_models_options options = {.data_path = "/nowhere:relative",
                                       .home = "/nowhere",
                                       .embedded = tcx__embedded_models,
                                       .partitions = tcx__embedded_partitions};
  assert_int_equal(tcx__models_new(&options, &models), 0);
  assert_int_equal(tcx__models_get(models, "s3", &s3, &fail), 0);
  assert_ptr_equal(s3, tcx__embedded_models[0]);
  assert_ptr_equal(tcx__models_partitions(models, &fail), tcx__embedded_partitions);
  const struct tcx_operation *op = tcx__model_operation(s3, "list_objects_v2");
  assert_non_null(op);
  assert_ptr_equal(op, tcx__model_operation(s3, "ListObjectsV2"));
  assert_string_equal(op->query, "list-type=2");
  assert_string_equal(op->path, "/{Bucket}");
  assert_null(tcx__model_operation(s3, "list_objects_v3"));
  assert_null(tcx__model_operation(s3, ""));
  assert_non_null(tcx__model_pagination(s3, op));
  assert_null(tcx__model_pagination(s3, tcx__model_operation(s3, "get_object")));
  assert_non_null(tcx__shape_member(op->input, "Bucket", 6));
  assert_null(tcx__shape_member(op->input, "Bucke", 5));
  assert_string_equal(tcx__model_shape(s3, "Object")->name, "Object");
  assert_null(tcx__model_shape(s3, "object"));
  assert_int_equal(tcx__models_get(models, "s4", &s3, &fail), TCX_ESERVICE);
  assert_string_equal(fail.text, "Unknown service: 's4', did you mean s3?");
  tcx__arena_free(arena);
  tcx__models_free(models);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(loaded_and_embedded_are_equal),
                                     cmocka_unit_test(embedded_ones_are_given_as_they_are)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
