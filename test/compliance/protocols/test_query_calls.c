/* Every operation of STS and IAM, and some of EC2, against botocore: forms made of generated
 * parameters, values made of generated responses, errors. make_query.py made the data. */
#include "protocol_help.h"

#define DATA "compliance/data/query/"

static struct tcx_arena *arena;
static const struct tcx_model *sts, *iam, *ec2;

static const struct tcx_model *model_of(const struct tcx_value *row) {
  const char *service = ph_column(row, 0)->u.bytes.p;
  return strcmp(service, "sts") == 0 ? sts : strcmp(service, "iam") == 0 ? iam : ec2;
}
static const struct tcx_operation *operation(const struct tcx_value *row) {
  const struct tcx_operation *op =
      tcx__model_operation(model_of(row), ph_column(row, 1)->u.bytes.p);
  assert_non_null(op);
  return op;
}

static bool wrong(const char *name, const char *what, const char *expected, const char *got) {
  print_error("%s: %s\n  expected %s\n  got      %s\n", name, what, expected, got);
  return false;
}

static bool run_request(struct tcx_arena *own, const struct tcx_value *row) {
  const struct tcx_operation *op = operation(row);
  const struct tcx_model *model = model_of(row);
  struct tcx_serialize s = {.model = model, .op = op, .params = ph_column(row, 2)};
  struct tcx_request req = {.arena = own};
  struct tcx_fail f = {.arena = own};
  tcx__headers_init(&req.headers, own);
  if (op->input != NULL)
    ph_to_times(op->input, (struct tcx_value *)s.params);
  if (tcx__protocol_by_name(model->protocol)->serialize(&s, &req, &f) != 0)
    return wrong(op->name, "refused", "a request", f.text);
  assert_string_equal(req.method, "POST");
  assert_true(tcx__str_is(req.path, "/"));
  assert_int_equal(req.headers.count, 1);
  return tcx__str_eq(req.body, ph_column(row, 3)->u.bytes)
             ? true
             : wrong(op->name, "body", ph_column(row, 3)->u.bytes.p,
                     tcx__arena_strndup(own, req.body.p, req.body.n));
}

static bool same_id(const struct tcx_value *expected, const char *got) {
  return expected->type == TCX_STRING ? got != NULL && strcmp(expected->u.bytes.p, got) == 0
                                      : got == NULL;
}

static bool run_response(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  const struct tcx_operation *op = operation(row);
  struct tcx_response_head head;
  ph_head(own, &head, (int)ph_column(row, 2)->u.integer, NULL);
  struct ph_parsed got = ph_parse(own, model_of(row), op, &head, TCX__PARSE_OUTPUT,
                                  ph_column(row, 3)->u.bytes, cut, false);
  if (got.status != 0 || got.is_error)
    return wrong(op->name, "refused", "a value", got.text);
  if (!same_id(ph_column(row, 5), got.error.request_id))
    return wrong(op->name, "request id", ph_text(own, ph_column(row, 5)), got.error.request_id);
  return ph_equal(ph_column(row, 4), got.value)
             ? true
             : wrong(op->name, ph_column(row, 3)->u.bytes.p, ph_text(own, ph_column(row, 4)),
                     ph_text(own, got.value));
}

static bool run_error(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  struct tcx_response_head head;
  struct tcx_str body = ph_column(row, 3)->u.bytes;
  ph_head(own, &head, (int)ph_column(row, 2)->u.integer, NULL);
  struct ph_parsed got =
      ph_parse(own, model_of(row), operation(row), &head, TCX__PARSE_ERROR, body, cut, false);
  if (got.status != 0)
    return wrong(body.p, "refused", "an error", got.text);
  if (!same_id(ph_column(row, 5), got.error.request_id))
    return wrong(body.p, "request id", ph_text(own, ph_column(row, 5)), got.error.request_id);
  if (strcmp(got.error.code, ph_column(row, 6)->u.bytes.p) != 0 ||
      strcmp(got.error.message, ph_column(row, 7)->u.bytes.p) != 0)
    return wrong(body.p, got.error.code, ph_column(row, 6)->u.bytes.p, got.error.message);
  return ph_equal(ph_column(row, 4), got.value)
             ? true
             : wrong(body.p, "value", ph_text(own, ph_column(row, 4)), ph_text(own, got.value));
}

static void requests(void **state) {
  (void)state;
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, DATA "requests.json");
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    struct tcx_arena *own = tcx__arena_new();
    failed += !run_request(own, row);
    tcx__arena_free(own);
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, 637);
}

static void run_cut(const char *file,
                    bool (*run)(struct tcx_arena *own, const struct tcx_value *row, long cut),
                    int expected) {
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, file);
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    long n = (long)ph_column(row, 3)->u.bytes.n, step = n < 300 ? 1 : n / 299;
    for (long cut = -1; cut < n || cut <= 0; cut += cut > 0 ? step : 1) {
      struct tcx_arena *own = tcx__arena_new();
      bool good = run(own, row, cut);
      tcx__arena_free(own);
      if (!good) {
        print_error("(cut at %ld)\n", cut);
        failed++;
        break;
      }
    }
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, expected);
}
static void responses(void **state) {
  (void)state;
  run_cut(DATA "responses.json", run_response, 231);
}
static void errors(void **state) {
  (void)state;
  run_cut(DATA "errors.json", run_error, 12);
}

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  sts = ph_model_file(arena, TCX_SOURCE_DIR "/models/data/sts/2011-06-15/service-2.json", "sts");
  iam = ph_model_file(arena, TCX_SOURCE_DIR "/models/data/iam/2010-05-08/service-2.json", "iam");
  ec2 = ph_model_file(arena, TCX_SOURCE_DIR "/models/data/ec2/2016-11-15/service-2.json", "ec2");
  return 0;
}
static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(requests), cmocka_unit_test(responses),
                                     cmocka_unit_test(errors)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
