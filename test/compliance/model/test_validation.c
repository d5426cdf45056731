/* Parameter validation against what botocore's says of the same params (make_validation.py). */
#include "base/json.h"
#include "model/model.h"
#include "support.h"

#define DATA TCX_SOURCE_DIR "/models/data"

static struct tcx_models *models;

static int open_models(void **state) {
  (void)state;
  return tcx__models_new(&(struct tcx_models_options){.data_path = DATA, .not_installed = true},
                         &models);
}

static int close_models(void **state) {
  (void)state;
  tcx__models_free(models);
  return 0;
}

/* The report that is expected: the head line and botocore's lines; "" when there are none. */
static const char *expected_text(struct tcx_arena *arena, const struct tcx_value *lines) {
  struct tcx_buf text;
  tcx__buf_init(&text, arena, 1u << 20);
  if (tcx__value_count(lines) == 0)
    return "";
  tcx__buf_adds(&text, "Parameter validation failed:");
  for (const struct tcx_value *line = tcx__value_kids(lines); line != NULL; line = line->next) {
    tcx__buf_addc(&text, '\n');
    tcx__buf_add_str(&text, line->u.bytes);
  }
  return text.data;
}

static void run_file(const char *service, unsigned expected_cases) {
  char path[256];
  size_t size;
  snprintf(path, sizeof path, "compliance/data/validation/%s.json", service);
  char *text = test_read_file(path, &size);
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  const struct tcx_model *model;
  struct tcx_value *json;
  unsigned count = 0, wrong = 0;
  assert_int_equal(tcx__json_parse(arena, text, size, &json, &fail), 0);
  assert_int_equal(tcx__models_get(models, service, &model, &fail), 0);
  const struct tcx_value *c = tcx__value_kids(tcx__value_find(json, "cases", 5));
  for (; c != NULL; c = c->next, count++) {
    struct tcx_fail found = {.arena = arena};
    const struct tcx_operation *op =
        tcx__model_operation(model, tcx__value_find(c, "operation", 9)->u.bytes.p);
    assert_non_null(op);
    const struct tcx_value *params = tcx__value_find(c, "params", 6);
    const char *expected = expected_text(arena, tcx__value_find(c, "report", 6));
    int status = tcx__validate(op, params, &found);
    const char *report = status == 0 ? "" : found.text;
    if (status != (expected[0] == '\0' ? 0 : TCX_EPARAM) || strcmp(report, expected) != 0) {
      struct tcx_buf shown;
      tcx__buf_init(&shown, arena, 1u << 20);
      tcx__json_write(&shown, params, TCX__JSON_COMPACT);
      print_error("%s case %u, %s %s:\n%s\nexpected:\n%s\n", service, count, op->name, shown.data,
                  report, expected);
      wrong++;
    }
  }
  tcx__arena_free(arena);
  free(text);
  assert_int_equal(wrong, 0);
  assert_int_equal(count, expected_cases);
}

static void s3(void **state) {
  (void)state;
  run_file("s3", 316);
}
static void sts(void **state) {
  (void)state;
  run_file("sts", 31);
}
static void dynamodb(void **state) {
  (void)state;
  run_file("dynamodb", 142);
}
static void lambda(void **state) {
  (void)state;
  run_file("lambda", 171);
}
static void iam(void **state) {
  (void)state;
  run_file("iam", 120);
}
static void sqs(void **state) {
  (void)state;
  run_file("sqs", 53);
}
static void kms(void **state) {
  (void)state;
  run_file("kms", 96);
}
static void bedrock_runtime(void **state) {
  (void)state;
  run_file("bedrock-runtime", 41);
}
static void ec2(void **state) {
  (void)state;
  run_file("ec2", 120);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(s3),       cmocka_unit_test(sts),
                                     cmocka_unit_test(dynamodb), cmocka_unit_test(lambda),
                                     cmocka_unit_test(iam),      cmocka_unit_test(sqs),
                                     cmocka_unit_test(kms),      cmocka_unit_test(bedrock_runtime),
                                     cmocka_unit_test(ec2)};
  return cmocka_run_group_tests(tests, open_models, close_models);
}
