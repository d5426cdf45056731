/* The public protocol tests for query and ec2: forms byte for byte, responses in one piece and cut
 * at every byte. */
#include "protocol_suite.h"

/* Not done, and why. Cases that are not listed here and that botocore skips do pass. */
static const struct ps_skip skipped[] = {
    {"SDKAppliedContentEncoding_awsQuery",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"SDKAppliedContentEncoding_ec2Query",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"QueryHostWithPath",
     "an endpoint's path is sent as it is, without a slash behind, as botocore does"},
    {NULL, NULL},
};

static bool check_body(const char *id, const struct tcx_value *expected,
                       const struct tcx_serialize *s, struct tcx_request *req) {
  static const char type[] = "application/x-www-form-urlencoded; charset=utf-8";
  const struct tcx_header *h = tcx__headers_get(&req->headers, "content-type");
  const char *body = ph_str(expected, "body", NULL);
  if (h == NULL || !tcx__str_is(h->value, type))
    return ps_wrong(id, "content type", type, h != NULL ? h->value.p : "(none)");
  assert_null(s->body);
  return body == NULL || tcx__str_is(req->body, body)
             ? true
             : ps_wrong(id, "body", body, tcx__arena_strndup(req->arena, req->body.p, req->body.n));
}

static void run(const char *name, int passed, int left_out) {
  char path[200];
  snprintf(path, sizeof path, "compliance/data/protocols/%s.json", name);
  ps_check_file(&(struct ps_file){path, skipped, check_body}, passed, left_out);
}
static void query(void **state) {
  (void)state;
  run("input/query", 23, 3);
  run("output/query", 26, 0);
  run("legacy/input/query", 16, 0);
  run("legacy/output/query", 12, 0);
}
static void ec2(void **state) {
  (void)state;
  run("input/ec2", 17, 2);
  run("output/ec2", 19, 0);
  run("legacy/input/ec2", 6, 1);
  run("legacy/output/ec2", 8, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(query), cmocka_unit_test(ec2)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
