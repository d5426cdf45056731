/* What a client's and an operation's own parameters make of its endpoint, and what is said of wrong ones. */
#include "render_help.h"

static struct rendered with_config(const char *service, const char *operation, const char *config, tcx_value_t *params) {
  return render((struct render_plan){.service = service, .operation = operation, .params = params, .client.config = tcx_value_from_json(config, strlen(config))});
}

static void url_is(struct rendered r, const char *url) {
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Url"), url);
  rendered_free(&r);
}
static void error_is(struct rendered r, int status, const char *type, const char *msg) {
  assert_int_equal(r.status, status);
  assert_string_equal(r.msg, msg);
  assert_string_equal(r.type, type);
  rendered_free(&r);
}

static tcx_value_t *bucket(const char *name) { return tcx_params("{Bucket: %s}", name); }

static void test_client_context(void **state) {
  (void)state;
  url_is(with_config("s3", "head_bucket", "{}", bucket("b-1")), "https://b-1.s3.us-east-1.amazonaws.com/");
  url_is(with_config("s3", "head_bucket", "{\"client_context_params\": {\"force_path_style\": true}}", bucket("b-1")), "https://s3.us-east-1.amazonaws.com/b-1");
  url_is(with_config("s3", "head_bucket", "{\"client_context_params\": {\"accelerate\": true, \"force_path_style\": null}}", bucket("b-1")), "https://b-1.s3-accelerate.amazonaws.com/");
  /* It wins over the built-in that the same option makes. */
  url_is(with_config("s3", "head_bucket", "{\"client_context_params\": {\"force_path_style\": false}, \"s3\": {\"addressing_style\": \"path\"}}", bucket("b-1")),
         "https://b-1.s3.us-east-1.amazonaws.com/");
}

static void test_bad_context(void **state) {
  (void)state;
  error_is(with_config("s3", "head_bucket", "{\"client_context_params\": {\"force_path_stile\": true}}", bucket("b-1")), TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: service s3 has no client_context_params.force_path_stile, did you mean force_path_style?");
  error_is(with_config("sts", "get_caller_identity", "{\"client_context_params\": {\"x\": true}}", NULL), TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: service sts has no client_context_params.x");
  error_is(with_config("s3", "head_bucket", "{\"client_context_params\": {\"force_path_style\": \"yes\"}}", bucket("b-1")), TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: client_context_params.force_path_style must be true or false");
  error_is(with_config("s3", "head_bucket", "{\"client_context_params\": [1]}", bucket("b-1")), TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: client_context_params must be a map");
}

#define OUTPOST "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:"

/* S3 Control: the account of an ARN, botocore's words for what does not fit, one account before the host. */
static void test_s3control(void **state) {
  (void)state;
  struct rendered r = with_config("s3control", "get_access_point", "{\"s3\": {\"use_arn_region\": true}}", tcx_params("{Name: '" OUTPOST "accesspoint:ap'}"));
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Headers.x-amz-account-id"), "123456789012");
  assert_string_equal(tcx_value_str(r.request, "Headers.x-amz-outpost-id"), "op-01234567890123456");
  assert_string_equal(r.region, "us-west-2");
  assert_string_equal(r.name, "s3-outposts");
  assert_non_null(strstr(tcx_value_str(r.request, "Url"), "https://s3-outposts.us-west-2.amazonaws.com/v20180820/accesspoint/arn%3Aaws%3As3-outposts%3Aus-west-2"));
  rendered_free(&r);
  url_is(with_config("s3control", "list_access_points", "{}", tcx_params("{AccountId: '123456789012'}")),
         "https://123456789012.s3-control.us-east-1.amazonaws.com/v20180820/accesspoint");
  error_is(with_config("s3control", "get_access_point", "{}", tcx_params("{Name: '" OUTPOST "accesspoint:ap', AccountId: '999999999999'}")), TCX_EPARAM, "UnsupportedS3ControlArnError",
           "S3 ARN \"" OUTPOST "accesspoint:ap\" provided is invalid for this operation. Account ID in arn does not match the AccountId parameter provided: \"999999999999\"");
  error_is(with_config("s3control", "get_access_point", "{}", tcx_params("{Name: '" OUTPOST "bucket:b'}")), TCX_EPARAM, "UnsupportedS3ControlArnError",
           "S3 ARN \"" OUTPOST "bucket:b\" provided is invalid for this operation. The Name parameter does not support the provided ARN");
  error_is(with_config("s3control", "get_bucket", "{}", tcx_params("{Bucket: '" OUTPOST "accesspoint:ap'}")), TCX_EPARAM, "UnsupportedS3ControlArnError",
           "S3 ARN \"" OUTPOST "accesspoint:ap\" provided is invalid for this operation. The Bucket parameter does not support the provided ARN");
  error_is(with_config("s3control", "get_bucket", "{}", tcx_params("{Bucket: 'arn:aws:s3-outposts:fips-us-west-2:123456789012:outpost:op-1:bucket:b'}")), TCX_EPARAM,
           "UnsupportedS3ControlArnError",
           "S3 ARN \"arn:aws:s3-outposts:fips-us-west-2:123456789012:outpost:op-1:bucket:b\" provided is invalid for this operation. Invalid ARN, FIPS region not allowed in ARN.");
  error_is(with_config("s3control", "get_bucket", "{\"s3\": {\"use_accelerate_endpoint\": true}}", tcx_params("{Bucket: '" OUTPOST "bucket:b'}")), TCX_ECONFIG,
           "UnsupportedS3ControlConfigurationError", "Unsupported configuration when using S3 Control: S3 control client does not support accelerate endpoints");
  error_is(with_config("s3control", "get_bucket", "{}", tcx_params("{Bucket: '" OUTPOST "bucket:b'}")), TCX_EENDPOINT, "UnsupportedS3ControlConfigurationError",
           "Unsupported configuration when using S3 Control: Invalid configuration: region from ARN `us-west-2` does not match client region `us-east-1` and UseArnRegion is `false`");
}

/* The rule set's errors become botocore's. */
static void test_words(void **state) {
  (void)state;
  error_is(with_config("s3", "head_bucket", "{\"use_fips_endpoint\": true, \"s3\": {\"use_accelerate_endpoint\": true}}", bucket("b-1")), TCX_EENDPOINT,
           "UnsupportedS3ConfigurationError", "Unsupported configuration when using S3: Accelerate cannot be used with FIPS");
  error_is(with_config("s3", "head_bucket", "{\"s3\": {\"use_accelerate_endpoint\": true}}", bucket("arn:aws:s3:us-east-1:123456789012:accesspoint:ap")), TCX_EENDPOINT,
           "UnsupportedS3AccesspointConfigurationError", "Unsupported configuration when using S3 access-points: Access Points do not support S3 Accelerate");
  error_is(with_config("s3", "head_bucket", "{\"s3\": {\"use_arn_region\": false}}", bucket("arn:aws:s3:eu-west-1:123456789012:accesspoint:ap")), TCX_EENDPOINT,
           "UnsupportedS3AccesspointConfigurationError",
           "Unsupported configuration when using S3 access-points: Invalid configuration: region from ARN `eu-west-1` does not match client region `us-east-1` and UseArnRegion is `false`");
  error_is(with_config("s3", "head_bucket", "{}", bucket("arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint:a.b")), TCX_EPARAM, "ParamValidationError",
           "Parameter validation failed:\nInvalid ARN: The access point name may only contain a-z, A-Z, 0-9 and `-`. Found: `a.b`");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_client_context), cmocka_unit_test(test_bad_context), cmocka_unit_test(test_s3control), cmocka_unit_test(test_words)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
