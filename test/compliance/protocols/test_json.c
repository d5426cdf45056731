/* The public protocol tests for json: bodies as JSON, responses in one piece and cut at every
 * byte. */
#include "protocol_suite.h"

/* Not done, and why. Cases that are not listed here and that botocore skips do pass. */
static const struct ps_skip skipped[] = {
    {"2.0 RPC JSON Event Stream", "the stream takes frames apart, not the protocol"},
    {"SDKAppliedContentEncoding_awsJson1_0",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
     "the call compresses, not the protocol: wire.all.test_compression"},
    {"AwsJson10HostWithPath",
     "an endpoint's path is sent as it is, without a slash behind, as botocore does"},
    {"MediaTypeHeaderInputBase64", "a string is a JSON string too, as in botocore"},
    {"RestJsonNullAndEmptyHeaders", "an empty list sends no header, as in botocore"},
    {"RestJsonQueryIdempotencyTokenAutoFill", "the call fills in the token"},
    {"6.0 Supports header maps", "names of headers are in lower case, see docs/differences.md"},
    {NULL, NULL},
};

/* As JSON, or, where it is none, byte for byte. */
static bool same_body(struct tcx_arena *arena, struct tcx_str wanted, struct tcx_str got) {
  struct tcx_value *a = NULL, *b = NULL;
  if (tcx__json_parse(arena, wanted.p, wanted.n, &a, NULL) != 0)
    return tcx__str_eq(wanted, got);
  return tcx__json_parse(arena, got.p, got.n, &b, NULL) == 0 && ph_equal(a, b);
}

static bool check_body(const char *id, const struct tcx_value *expected,
                       const struct tcx_serialize *s, struct tcx_request *req) {
  const char *type = ph_str(ph_get(expected, "headers"), "Content-Type", NULL);
  const struct tcx_header *h = tcx__headers_get(&req->headers, "content-type");
  const char *body = ph_str(expected, "body", NULL);
  bool is_json = type != NULL && strstr(type, "json") != NULL; /* botocore sends no other one */
  if (is_json && (h == NULL || !tcx__str_is(h->value, type)))
    return ps_wrong(id, "content type", type, h != NULL ? h->value.p : "(none)");
  struct tcx_str got = s->body != NULL ? s->body->u.bytes : req->body;
  return body == NULL || same_body(req->arena, tcx__str(body), got)
             ? true
             : ps_wrong(id, "body", body, tcx__arena_strndup(req->arena, got.p, got.n));
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
static void rest_json(void **state) {
  (void)state;
  run("input/rest-json", 75, 3);
  run("output/rest-json", 63, 0);
  run("legacy/input/rest-json", 38, 0);
  run("legacy/output/rest-json", 21, 1);
}

/* Error documents of three services, and what botocore makes of them. */
static void response_parsing(void **state) {
  (void)state;
  static const struct {
    const char *model, *file, *operation;
  } cases[] = {
      {"dynamodb/2012-08-10", "dynamodb-put-item", "PutItem"},
      {"storagegateway/2013-06-30", "storagegateway-delete-gateway", "DeleteGateway"},
      {"swf/2012-01-25", "swf-deprecate-domain", "DeprecateDomain"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    const char *folder = "compliance/data/response-parsing/json";
    const struct tcx_model *model = ph_model_file(
        arena,
        tcx__arena_printf(arena, TCX_SOURCE_DIR "/models/data/%s/service-2.json", cases[i].model),
        "own");
    const struct tcx_value *expected = ph_get(
        ph_json_file(arena, tcx__arena_printf(arena, "%s/expected/%s.json", folder, cases[i].file)),
        "Error");
    char *body =
        test_read_file(tcx__arena_printf(arena, "%s/errors/%s.json", folder, cases[i].file), NULL);
    struct tcx_response_head head;
    ph_head(arena, &head, 400, NULL);
    struct ph_parsed got = ph_parse(arena, model, tcx__model_operation(model, cases[i].operation),
                                    &head, TCX__PARSE_ERROR, tcx__str(body), -1, false);
    free(body);
    assert_int_equal(got.status, 0);
    assert_true(ph_equal(expected, ph_get(got.value, "Error")));
    assert_string_equal(ph_str(expected, "Code", ""), got.error.code);
    assert_string_equal(ph_str(expected, "Message", ""), got.error.message);
    tcx__arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_1_1), cmocka_unit_test(json_1_0), cmocka_unit_test(query_compatible),
      cmocka_unit_test(rest_json), cmocka_unit_test(response_parsing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
