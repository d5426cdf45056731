/* The public protocol tests for json: bodies as JSON, responses in one piece and cut at every
 * byte. */
#include "protocol_suite.h"

/* Not done, and why. Cases that are not listed here and that botocore skips do pass. */
static const struct ps_skip skipped[] = {
    {"2.0 RPC JSON Event Stream", "the stream takes frames apart, not the protocol"},
    {"SDKAppliedContentEncoding_awsJson1_0", "the call compresses, not the protocol"},
    {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
     "the call compresses, not the protocol"},
    {"AwsJson10HostWithPath",
     "an endpoint's path is sent as it is, without a slash behind, as botocore does"},
    {NULL, NULL},
};

static bool check_body(const char *id, const struct tcx_value *expected,
                       const struct tcx_serialize *s, struct tcx_request *req) {
  const char *type = ph_str(ph_get(expected, "headers"), "Content-Type", NULL);
  const struct tcx_header *h = tcx__headers_get(&req->headers, "content-type");
  const char *body = ph_str(expected, "body", NULL);
  struct tcx_value *wanted = NULL, *got = NULL;
  if (type != NULL && (h == NULL || !tcx__str_is(h->value, type)))
    return ps_wrong(id, "content type", type, h != NULL ? h->value.p : "(none)");
  assert_null(s->body);
  assert_int_equal(tcx__json_parse(req->arena, req->body.p, req->body.n, &got, NULL), 0);
  if (body == NULL)
    return true;
  assert_int_equal(tcx__json_parse(req->arena, body, strlen(body), &wanted, NULL), 0);
  return ph_equal(wanted, got)
             ? true
             : ps_wrong(id, "body", body, tcx__arena_strndup(req->arena, req->body.p, req->body.n));
}

static void run(const char *name, int passed, int left_out) {
  char path[200];
  snprintf(path, sizeof path, "compliance/data/protocols/%s.json", name);
  ps_check_file(&(struct ps_file){path, skipped, check_body}, passed, left_out);
}
static void json_1_1(void **state) {
  (void)state;
  run("input/json", 37, 0);
  run("output/json", 40, 0);
  run("legacy/input/json", 15, 1);
  run("legacy/output/json", 12, 1);
}
static void json_1_0(void **state) {
  (void)state;
  run("input/json_1_0", 11, 3);
  run("output/json_1_0", 21, 0);
}
static void query_compatible(void **state) {
  (void)state;
  run("input/json_1_0-query-compatible", 1, 0);
  run("output/json_1_0-query-compatible", 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(json_1_1), cmocka_unit_test(json_1_0),
                                     cmocka_unit_test(query_compatible)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
