/* What a call carries in the end: bearer tokens, region sets, bodies that are not signed; and what
 * is refused. Which scheme a call gets is compliance.all.test_schemes's. */
#include "render_help.h"
#include <strings.h>

#define MRAP "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap"

static const char *header(const struct rendered *r, const char *name) {
  for (const tcx_value_t *h = tcx_value_first(r->request, "Headers"); h != NULL;
       h = tcx_value_next(h))
    if (strcasecmp(tcx_value_name(h), name) == 0)
      return tcx_value_str(h, NULL);
  return NULL;
}
static void error_is(struct rendered r, int status, tcx_phase_t phase, const char *type,
                     const char *msg) {
  assert_int_equal(r.status, status);
  assert_int_equal(r.phase, phase);
  assert_string_equal(r.msg, msg);
  assert_string_equal(r.type, type);
  rendered_free(&r);
}

static tcx_value_t *converse(void) {
  return tcx_params("{modelId: m, messages: [{role: user, content: [{text: hi}]}]}");
}

/* The program's token goes before a signature where the service takes one; no credentials are asked
 * for. */
static void test_given_token(void **state) {
  (void)state;
  struct rendered r = render((struct render_plan){.service = "bedrock-runtime",
                                                  .operation = "converse",
                                                  .params = converse(),
                                                  .client.bearer_token = "the-token",
                                                  .anonymous = true});
  assert_int_equal(r.status, 0);
  assert_int_equal(r.scheme, TCX__SCHEME_BEARER);
  assert_string_equal(header(&r, "Authorization"), "Bearer the-token");
  assert_null(header(&r, "X-Amz-Date"));
  rendered_free(&r);
  r = render((struct render_plan){
      .service = "bedrock-runtime",
      .operation = "converse",
      .params = converse(),
      .client = {.bearer_token = "the-token", .config = tcx_params("{signature_version: v4}")}});
  assert_int_equal(r.scheme, TCX__SCHEME_SIGV4);
  assert_non_null(strstr(header(&r, "Authorization"), "/us-east-1/bedrock/aws4_request"));
  rendered_free(&r);
  /* takes none */
  r = render((struct render_plan){
      .service = "sts", .operation = "get_caller_identity", .client.bearer_token = "the-token"});
  assert_int_equal(r.scheme, TCX__SCHEME_SIGV4);
  rendered_free(&r);
}

static void test_environment_token(void **state) {
  (void)state;
  setenv("AWS_BEARER_TOKEN_BEDROCK", "of-the-shell", 1);
  setenv("AWS_BEARER_TOKEN_CODECATALYST", "of-the-shell-too", 1);
  struct rendered r = render((struct render_plan){.service = "bedrock-runtime",
                                                  .operation = "converse",
                                                  .params = converse(),
                                                  .anonymous = true});
  assert_string_equal(header(&r, "Authorization"), "Bearer of-the-shell");
  rendered_free(&r);
  r = render((struct render_plan){.service = "bedrock-runtime",
                                  .operation = "converse",
                                  .params = converse(),
                                  .client.bearer_token = "mine"});
  assert_string_equal(header(&r, "Authorization"), "Bearer mine");
  rendered_free(&r);
  r = render((struct render_plan){
      .service = "codecatalyst", .operation = "list_spaces", .anonymous = true});
  assert_string_equal(header(&r, "Authorization"), "Bearer of-the-shell-too");
  rendered_free(&r);
  unsetenv("AWS_BEARER_TOKEN_BEDROCK");
  unsetenv("AWS_BEARER_TOKEN_CODECATALYST");
}

static void test_bad_tokens(void **state) {
  (void)state;
  error_is(render((struct render_plan){.service = "codecatalyst", .operation = "list_spaces"}),
           TCX_ECREDS, TCX_PHASE_CREDENTIALS, "NoAuthTokenError",
           "Unable to locate authorization token (profile default; asked: sso: profile default has "
           "no sso_session)");
  error_is(render((struct render_plan){
               .service = "codecatalyst",
               .operation = "list_spaces",
               .client = {.bearer_token = "t", .endpoint_url = "http://127.0.0.1:9"}}),
           TCX_EENDPOINT, TCX_PHASE_PARAMS, "InvalidEndpointConfigurationError",
           "Invalid endpoint configuration: Bearer authorization requires an HTTPS endpoint.");
  error_is(render((struct render_plan){.service = "codecatalyst",
                                       .operation = "list_spaces",
                                       .client.bearer_token = "t\r\nX-Mine: 1"}),
           TCX_ECREDS, TCX_PHASE_PARAMS, "CredentialRetrievalError",
           "The bearer token holds a line end or a NUL");
  error_is(render((struct render_plan){.service = "codecatalyst",
                                       .operation = "list_spaces",
                                       .client.bearer_token = "t",
                                       .goal = TCX__GOAL_PRESIGN}),
           TCX_ECONFIG, TCX_PHASE_PARAMS, "UnsupportedSignatureVersionError",
           "Signature version(s) are not supported: bearer-query");
  error_is(render((struct render_plan){.service = "s3",
                                       .operation = "list_buckets",
                                       .client.config = tcx_params("{signature_version: s3}")}),
           TCX_ECONFIG, TCX_PHASE_PARAMS, "InvalidConfigError",
           "Invalid configuration: signature_version must be v4, s3v4, v4a, s3v4a, v2, bearer or "
           "unsigned: no other signer is built in");
  error_is(render((struct render_plan){.service = "s3",
                                       .operation = "list_buckets",
                                       .client.config =
                                           tcx_params("{auth_scheme_preference: [sigv4]}")}),
           TCX_ECONFIG, TCX_PHASE_PARAMS, "InvalidConfigError",
           "auth_scheme_preference must be a comma-delimited string. Received list instead: "
           "[\"sigv4\"].");
}

/* Multi-region access points and global endpoints: the set of regions is sent, and signed. */
static void test_region_sets(void **state) {
  (void)state;
  struct rendered r = render((struct render_plan){.service = "s3",
                                                  .operation = "head_bucket",
                                                  .params = tcx_params("{Bucket: '" MRAP "'}"),
                                                  .now = 1440938160});
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Url"),
                      "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/");
  assert_string_equal(header(&r, "x-amz-region-set"), "*");
  assert_non_null(
      strstr(header(&r, "authorization"),
             "AWS4-ECDSA-P256-SHA256 Credential=AKID/20150830/s3/aws4_request, "
             "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-region-set, Signature=30"));
  rendered_free(&r);
  r = render((struct render_plan){
      .service = "s3",
      .operation = "get_object",
      .params = tcx_params("{Bucket: '" MRAP "', Key: k}"),
      .now = 1440938160,
      .goal = TCX__GOAL_PRESIGN,
      .client = {.session_token = "tok",
                 .access_key = "AKID",
                 .secret_key = "secret",
                 .config = tcx_params("{sigv4a_signing_region_set: 'us-east-1,eu-*'}")}});
  assert_int_equal(r.status, 0);
  assert_non_null(
      strstr(tcx_value_str(r.request, "Url"),
             "s3-global.amazonaws.com/"
             "k?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKID%2F20150830%2Fs3%"
             "2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host"
             "&X-Amz-Expires=3600&X-Amz-Security-Token=tok&X-Amz-Region-Set=us-east-1%2Ceu-%2A&X-"
             "Amz-Signature=30"));
  rendered_free(&r);
  r = render((struct render_plan){
      .service = "events",
      .operation = "put_events",
      .params = tcx_params(
          "{EndpointId: 'abc123.456def', Entries: [{Detail: '{}', DetailType: t, Source: s}]}")});
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Url"),
                      "https://abc123.456def.endpoint.events.amazonaws.com/");
  assert_string_equal(header(&r, "x-amz-region-set"), "*");
  assert_null(header(&r, "x-amz-content-sha256"));
  rendered_free(&r);
}

/* Traits: authtype v4-unsigned-body over https and http; an operation that nobody signs needs no
 * credentials. */
static ssize_t read_nothing(tcx_body_t *body, void *buf, size_t len) {
  (void)body, (void)buf, (void)len;
  return 0;
}
static void test_traits(void **state) {
  (void)state;
  static const struct {
    const char *url, *sha;
  } cells[] = {{NULL, "UNSIGNED-PAYLOAD"},
               {"http://127.0.0.1:9", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}};
  for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
    tcx_value_t *params =
        tcx_value_set_body(tcx_params("{RequestRoute: r, RequestToken: t}"), "Body",
                           tcx_body_source(0, read_nothing, NULL, NULL, NULL));
    struct rendered r = render((struct render_plan){.service = "s3",
                                                    .operation = "write_get_object_response",
                                                    .params = params,
                                                    .client.endpoint_url = cells[i].url});
    assert_int_equal(r.status, 0);
    assert_string_equal(header(&r, "x-amz-content-sha256"), cells[i].sha);
    rendered_free(&r);
  }
  struct rendered r = render((struct render_plan){
      .service = "mediastore-data",
      .operation = "put_object",
      .client.endpoint_url = "https://localhost:9",
      .params = tcx_value_set_body(tcx_params("{Path: p}"), "Body", tcx_body_copy("x", 1))});
  assert_int_equal(r.status, 0);
  assert_string_equal(header(&r, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  rendered_free(&r);
  r = render((struct render_plan){
      .service = "sts",
      .operation = "assume_role_with_web_identity",
      .params = tcx_params("{RoleArn: 'arn:aws:iam::123456789012:role/r', RoleSessionName: "
                           "session, WebIdentityToken: token}"),
      .anonymous = true});
  assert_int_equal(r.status, 0);
  assert_null(header(&r, "authorization"));
  rendered_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_given_token), cmocka_unit_test(test_environment_token),
      cmocka_unit_test(test_bad_tokens), cmocka_unit_test(test_region_sets),
      cmocka_unit_test(test_traits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
