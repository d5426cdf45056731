/* Parameter validation beyond what botocore can be asked: C's own kinds of values, secrets, limits,
 * memory. */
#include "model/model.h"
#include "support.h"
#include "torture.h"
#include <math.h>

#define DATA TCX_SOURCE_DIR "/models/data"

static struct tcx_models *models;
static struct tcx_arena *arena;

static int begin(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return tcx__models_new(&(struct tcx_models_options){.data_path = DATA, .not_installed = true},
                         &models);
}

static int end(void **state) {
  (void)state;
  tcx__models_free(models);
  tcx__arena_free(arena);
  return 0;
}

static const struct tcx_operation *operation(const char *service, const char *name) {
  const struct tcx_model *model;
  struct tcx_fail fail = {.arena = arena};
  assert_int_equal(tcx__models_get(models, service, &model, &fail), 0);
  const struct tcx_operation *op = tcx__model_operation(model, name);
  assert_non_null(op);
  return op;
}

static struct tcx_value *map(void) {
  struct tcx_value *v = tcx__value_new(arena, TCX_MAP);
  assert_non_null(v);
  return v;
}

static struct tcx_value *with(struct tcx_value *to, const char *name, struct tcx_value *v) {
  assert_int_equal(tcx__value_add(arena, to, name, strlen(name), v), 0);
  return to;
}

static struct tcx_value *text(const char *s) { return tcx__value_new_str(arena, s, strlen(s)); }

/* "" when params are fine, else the lines after the head. */
static const char *problems(const struct tcx_operation *op, const struct tcx_value *params) {
  static const char head[] = "Parameter validation failed:\n";
  struct tcx_fail fail = {.arena = arena};
  int status = tcx__validate(op, params, &fail);
  if (status == 0)
    return "";
  assert_int_equal(status, TCX_EPARAM);
  assert_memory_equal(fail.text, head, sizeof head - 1);
  return fail.text + sizeof head - 1;
}

static struct tcx_value *object_params(const char *member, struct tcx_value *v) {
  return with(with(with(map(), "Bucket", text("b")), "Key", text("k")), member, v);
}

static void kinds_of_values(void **state) {
  (void)state;
  const struct tcx_operation *put = operation("s3", "put_object"),
                             *invoke = operation("lambda", "invoke"),
                             *encrypt = operation("kms", "encrypt");
  struct tcx_value *body = tcx__value_new(arena, TCX_BODY),
                   *blob = tcx__value_new_blob(arena, "x", 1);
  assert_string_equal(problems(put, object_params("Body", body)), "");
  assert_string_equal(problems(put, object_params("Body", blob)), "");
  assert_string_equal(problems(put, object_params("Body", text("x"))), "");
  assert_string_equal(
      problems(put, object_params("Body", tcx__value_new_int(arena, 1))),
      "Invalid type for parameter Body, value: 1, type: integer, valid types: blob, string, body");
  assert_string_equal(problems(put, object_params("Expires", tcx__value_new_time(arena, 0, 0))),
                      "");
  assert_string_equal(problems(put, object_params("Expires", tcx__value_new_int(arena, 5))), "");
  assert_string_equal(problems(put, object_params("Expires", tcx__value_new_num(arena, 5.5))), "");
  assert_string_equal(problems(put, object_params("Expires", text("5.5"))), "");
  assert_string_equal(
      problems(put, object_params("Expires", tcx__value_new_int(arena, 1577934245000))),
      "Invalid type for parameter Expires, value: 1577934245000, type: integer, valid types: "
      "timestamp, timestamp-string");
  assert_string_equal(
      problems(put, object_params("Expires", tcx__value_new_num(arena, 253402300799.5))), "");
  assert_non_null(strstr(problems(put, object_params("Expires", tcx__value_new_num(arena, 1e12))),
                         "valid types: timestamp"));
  assert_non_null(
      strstr(problems(put, object_params("Expires", tcx__value_new_num(arena, (double)NAN))),
             "valid types: timestamp"));
  assert_non_null(
      strstr(problems(put, object_params("Expires", tcx__value_new_time(arena, INT64_MAX, 0))),
             "valid types: timestamp"));
  assert_string_equal(problems(put, object_params("Expires", text("soon"))),
                      "Invalid type for parameter Expires, value: soon, type: string, valid types: "
                      "timestamp, timestamp-string");
  assert_string_equal(
      problems(put, object_params("ContentType", blob)),
      "Invalid type for parameter ContentType, value: 1 bytes, type: blob, valid types: string");
  assert_string_equal(problems(put, object_params("ContentType", tcx__value_new_time(arena, 0, 0))),
                      "Invalid type for parameter ContentType, value: 1970-01-01T00:00:00Z, type: "
                      "timestamp, valid types: string");
  assert_string_equal(
      problems(put, object_params("ContentLength", tcx__value_new_bool(arena, true))),
      "Invalid type for parameter ContentLength, value: true, type: boolean, valid types: integer");
  assert_string_equal(
      problems(invoke, with(with(map(), "FunctionName", text("f")), "Payload", body)), "");
  assert_string_equal(
      problems(encrypt, with(with(map(), "KeyId", text("k")), "Plaintext", body)),
      "Invalid type for parameter Plaintext, value: ***, type: body, valid types: blob, string");
}

static void large_numbers(void **state) {
  (void)state;
  const struct tcx_operation *put = operation("s3", "put_object");
  struct tcx_value *large = text("18446744073709551616"), *fraction = text("1e400");
  large->type = fraction->type = TCX_BIGNUM;
  assert_string_equal(problems(put, object_params("ContentLength", large)), "");
  assert_string_equal(problems(put, object_params("ContentLength", fraction)),
                      "Invalid type for parameter ContentLength, value: 1e400, type: large number, "
                      "valid types: integer");
}

static void secrets_are_not_shown(void **state) {
  (void)state;
  const char *report = problems(operation("s3", "put_object"),
                                object_params("SSECustomerKey", with(map(), "deep", text("hush"))));
  assert_string_equal(
      report,
      "Invalid type for parameter SSECustomerKey, value: ***, type: map, valid types: string");
}

static void idempotency_tokens_are_not_missed(void **state) {
  (void)state;
  const struct tcx_operation *op = operation("ec2", "run_scheduled_instances");
  const struct tcx_operation *transact = operation("dynamodb", "transact_write_items");
  assert_null(strstr(problems(op, NULL), "ClientToken"));
  assert_string_equal(problems(transact, NULL),
                      "Missing required parameter in input: \"TransactItems\"");
}

static void top_may_be_missing_or_wrong(void **state) {
  (void)state;
  const struct tcx_operation *get = operation("s3", "get_object");
  assert_string_equal(problems(get, NULL),
                      "Missing required parameter in input: \"Bucket\"\nMissing required parameter "
                      "in input: \"Key\"");
  assert_string_equal(problems(get, text("x")),
                      "Invalid type for parameter input, value: x, type: string, valid types: map");
  struct tcx_operation none = {.name = "None"};
  assert_string_equal(problems(&none, map()), "");
}

/* Params of which n are unknown. */
static struct tcx_value *nonsense(int n) {
  struct tcx_value *params = map();
  for (int i = 0; i < n; i++) {
    char *name = tcx__arena_printf(arena, "Nonsense%d", i);
    with(params, name, text("x"));
  }
  return params;
}

static void reports_are_bounded(void **state) {
  (void)state;
  const struct tcx_operation *put = operation("s3", "put_object");
  struct tcx_value *params = nonsense(5000), *more = nonsense(20000);
  const char *report = problems(put, params);
  assert_true(strlen(report) < 100000);
  assert_non_null(strstr(report, " more)"));
  /* Nothing is made for what is only counted. */
  test_count_begin();
  problems(put, params);
  size_t blocks = test_count_end(NULL);
  test_count_begin();
  problems(put, more);
  assert_true(test_count_end(NULL) <= blocks + 1);
  char *huge = tcx__arena_alloc(arena, 200001);
  memset(huge, 'a', 200000);
  huge[200000] = '\0';
  report = problems(operation("s3", "put_object"), object_params("ContentLength", text(huge)));
  assert_true(strlen(report) < 500);
  report = problems(operation("s3", "put_object"), object_params(huge, text("x")));
  assert_true(strlen(report) < 5000);
  report = problems(operation("dynamodb", "put_item"), with(with(map(), "TableName", text("t")),
                                                            "Item", with(map(), huge, text("x"))));
  assert_true(strlen(report) < 500);
  assert_non_null(strstr(report, "Item.aaaa"));
}

static int validate_once(void *ctx) {
  struct tcx_arena *own = tcx__arena_new();
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_fail fail = {.arena = own};
  int status = tcx__validate(operation("s3", "delete_objects"), ctx, &fail);
  assert_true(status == TCX_EPARAM || status == UV_ENOMEM);
  assert_non_null(fail.text);
  tcx__arena_free(own);
  return status == TCX_EPARAM ? 0 : status;
}

static void memory_may_end_anywhere(void **state) {
  (void)state;
  struct tcx_value *params = map();
  for (int i = 0; i < 40; i++)
    with(params, tcx__arena_printf(arena, "Nonsense%d", i), text("x"));
  operation("s3", "delete_objects");
  test_fail_until_ok(validate_once, params);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
  const struct CMUnitTest tests[] = {T(kinds_of_values),
                                     T(large_numbers),
                                     T(secrets_are_not_shown),
                                     T(idempotency_tokens_are_not_missed),
                                     T(top_may_be_missing_or_wrong),
                                     T(reports_are_bounded),
                                     T(memory_may_end_anywhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
