/* Every operation of STS and IAM, and some of EC2, against botocore: forms made of generated
 * parameters, values made of generated responses, errors. make_query.py made the data. */
#include "protocol_rows.h"

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
    return pr_wrong(op->name, "refused", "a request", f.text);
  assert_string_equal(req.method, "POST");
  assert_true(tcx__str_is(req.path, "/"));
  assert_int_equal(req.headers.count, 1);
  return tcx__str_eq(req.body, ph_column(row, 3)->u.bytes)
             ? true
             : pr_wrong(op->name, "body", ph_column(row, 3)->u.bytes.p,
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
    return pr_wrong(op->name, "refused", "a value", got.text);
  if (!same_id(ph_column(row, 5), got.error.request_id))
    return pr_wrong(op->name, "request id", ph_text(own, ph_column(row, 5)), got.error.request_id);
  return pr_is_value(own, op->name, ph_column(row, 3), ph_column(row, 4), &got);
}

static bool run_error(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  struct tcx_response_head head;
  struct tcx_str body = ph_column(row, 3)->u.bytes;
  ph_head(own, &head, (int)ph_column(row, 2)->u.integer, NULL);
  struct ph_parsed got =
      ph_parse(own, model_of(row), operation(row), &head, TCX__PARSE_ERROR, body, cut, false);
  if (!same_id(ph_column(row, 5), got.error.request_id))
    return pr_wrong(body.p, "request id", ph_text(own, ph_column(row, 5)), got.error.request_id);
  return pr_is_error(own, ph_column(row, 3), ph_column(row, 4), ph_column(row, 6),
                     ph_column(row, 7), &got);
}

static void requests(void **state) {
  (void)state;
  pr_requests(arena, DATA "requests.json", run_request, 637);
}
static void responses(void **state) {
  (void)state;
  pr_responses(arena, DATA "responses.json", 3, 300, run_response, 231);
}
static void errors(void **state) {
  (void)state;
  pr_responses(arena, DATA "errors.json", 3, 300, run_error, 12);
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
