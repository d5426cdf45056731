/* What a client's and an operation's own parameters make of its endpoint, and what is said of wrong
 * ones. */
#include "model_folder.h"
#include "render_help.h"

static struct rendered with_config(const char *service, const char *operation, const char *config,
                                   tcx_value_t *params) {
  return render((struct render_plan){.service = service,
                                     .operation = operation,
                                     .params = params,
                                     .client.config = tcx_value_from_json(config, strlen(config))});
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
  url_is(with_config("s3", "head_bucket", "{}", bucket("b-1")),
         "https://b-1.s3.us-east-1.amazonaws.com/");
  url_is(with_config("s3", "head_bucket",
                     "{\"client_context_params\": {\"force_path_style\": true}}", bucket("b-1")),
         "https://s3.us-east-1.amazonaws.com/b-1");
  url_is(
      with_config("s3", "head_bucket",
                  "{\"client_context_params\": {\"accelerate\": true, \"force_path_style\": null}}",
                  bucket("b-1")),
      "https://b-1.s3-accelerate.amazonaws.com/");
  /* It wins over the built-in that the same option makes. */
  url_is(with_config("s3", "head_bucket",
                     "{\"client_context_params\": {\"force_path_style\": false}, \"s3\": "
                     "{\"addressing_style\": \"path\"}}",
                     bucket("b-1")),
         "https://b-1.s3.us-east-1.amazonaws.com/");
}

static void test_bad_context(void **state) {
  (void)state;
  error_is(with_config("s3", "head_bucket",
                       "{\"client_context_params\": {\"force_path_stile\": true}}", bucket("b-1")),
           TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: service s3 has no client_context_params.force_path_stile, did "
           "you mean force_path_style?");
  error_is(
      with_config("sts", "get_caller_identity", "{\"client_context_params\": {\"x\": true}}", NULL),
      TCX_ECONFIG, "InvalidConfigError",
      "Invalid configuration: service sts has no client_context_params.x");
  error_is(with_config("s3", "head_bucket",
                       "{\"client_context_params\": {\"force_path_style\": \"yes\"}}",
                       bucket("b-1")),
           TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: client_context_params.force_path_style must be true or false");
  error_is(with_config("s3", "head_bucket", "{\"client_context_params\": [1]}", bucket("b-1")),
           TCX_ECONFIG, "InvalidConfigError",
           "Invalid configuration: client_context_params must be a map");
}

#define OUTPOST "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:"

/* S3 Control: the account of an ARN, botocore's words for what does not fit, one account before the
 * host. */
static void test_s3control(void **state) {
  (void)state;
  struct rendered r =
      with_config("s3control", "get_access_point", "{\"s3\": {\"use_arn_region\": true}}",
                  tcx_params("{Name: '" OUTPOST "accesspoint:ap'}"));
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Headers.x-amz-account-id"), "123456789012");
  assert_string_equal(tcx_value_str(r.request, "Headers.x-amz-outpost-id"), "op-01234567890123456");
  assert_string_equal(r.region, "us-west-2");
  assert_string_equal(r.name, "s3-outposts");
  assert_non_null(strstr(tcx_value_str(r.request, "Url"),
                         "https://s3-outposts.us-west-2.amazonaws.com/v20180820/accesspoint/"
                         "arn%3Aaws%3As3-outposts%3Aus-west-2"));
  rendered_free(&r);
  url_is(with_config("s3control", "list_access_points", "{}",
                     tcx_params("{AccountId: '123456789012'}")),
         "https://123456789012.s3-control.us-east-1.amazonaws.com/v20180820/accesspoint");
  error_is(
      with_config("s3control", "get_access_point", "{}",
                  tcx_params("{Name: '" OUTPOST "accesspoint:ap', AccountId: '999999999999'}")),
      TCX_EPARAM, "UnsupportedS3ControlArnError",
      "S3 ARN \"" OUTPOST "accesspoint:ap\" provided is invalid for this operation. Account ID in "
      "arn does not match the AccountId parameter provided: \"999999999999\"");
  error_is(with_config("s3control", "get_access_point", "{}",
                       tcx_params("{Name: '" OUTPOST "bucket:b'}")),
           TCX_EPARAM, "UnsupportedS3ControlArnError",
           "S3 ARN \"" OUTPOST "bucket:b\" provided is invalid for this operation. The Name "
           "parameter does not support the provided ARN");
  error_is(with_config("s3control", "get_bucket", "{}",
                       tcx_params("{Bucket: '" OUTPOST "accesspoint:ap'}")),
           TCX_EPARAM, "UnsupportedS3ControlArnError",
           "S3 ARN \"" OUTPOST "accesspoint:ap\" provided is invalid for this operation. The "
           "Bucket parameter does not support the provided ARN");
  error_is(
      with_config(
          "s3control", "get_bucket", "{}",
          tcx_params(
              "{Bucket: 'arn:aws:s3-outposts:fips-us-west-2:123456789012:outpost:op-1:bucket:b'}")),
      TCX_EPARAM, "UnsupportedS3ControlArnError",
      "S3 ARN \"arn:aws:s3-outposts:fips-us-west-2:123456789012:outpost:op-1:bucket:b\" provided "
      "is invalid for this operation. Invalid ARN, FIPS region not allowed in ARN.");
  error_is(with_config("s3control", "get_bucket", "{\"s3\": {\"use_accelerate_endpoint\": true}}",
                       tcx_params("{Bucket: '" OUTPOST "bucket:b'}")),
           TCX_ECONFIG, "UnsupportedS3ControlConfigurationError",
           "Unsupported configuration when using S3 Control: S3 control client does not support "
           "accelerate endpoints");
  error_is(
      with_config("s3control", "get_bucket", "{}", tcx_params("{Bucket: '" OUTPOST "bucket:b'}")),
      TCX_EENDPOINT, "UnsupportedS3ControlConfigurationError",
      "Unsupported configuration when using S3 Control: Invalid configuration: region from ARN "
      "`us-west-2` does not match client region `us-east-1` and UseArnRegion is `false`");
}

/* What a client's own endpoint has as a path and a query stays, in front of the operation's. */
static void test_endpoint_query(void **state) {
  (void)state;
  static const struct {
    const char *service, *operation, *params, *endpoint, *url;
  } cases[] = {
      {"sts", "get_caller_identity", "{}", "https://h.example?x=y", "https://h.example/?x=y"},
      {"sts", "get_caller_identity", "{}", "http://h.example:9/a/?x", "http://h.example:9/a/?x"},
      {"lambda", "list_functions", "{}", "https://h.example/a?x=y&z=%20",
       "https://h.example/a/2015-03-31/functions?x=y&z=%20"},
      {"lambda", "list_functions", "{\"MaxItems\": 5}", "https://h.example/?x=y",
       "https://h.example/2015-03-31/functions?x=y&MaxItems=5"},
      {"lambda", "list_functions", "{\"MaxItems\": 5}", "https://h.example/?",
       "https://h.example/2015-03-31/functions?MaxItems=5"},
      {"events", "put_events", "{\"Entries\": [{}]}", "https://h.example/b?x=y",
       "https://h.example/b?x=y"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    url_is(render((struct render_plan){
               .service = cases[i].service,
               .operation = cases[i].operation,
               .params = tcx_value_from_json(cases[i].params, strlen(cases[i].params)),
               .client.endpoint_url = cases[i].endpoint}),
           cases[i].url);
  error_is(render((struct render_plan){.service = "s3",
                                       .operation = "head_bucket",
                                       .params = bucket("b-1"),
                                       .client.endpoint_url = "https://h.example?x=y"}),
           TCX_EENDPOINT, "EndpointResolutionError",
           "Custom endpoint `https://h.example?x=y` was not a valid URI");
}

/* What goes in front of the host comes from the params. */
static void test_host_labels(void **state) {
  (void)state;
  static const char route[] = "{RequestRoute: %s, RequestToken: 't'}";
  static const char *const bad[] = {"a/b",      "a_b", "evil.example:80", "x\n", "a b",
                                    "\xc3\xa9", "a@b"};
  url_is(with_config("s3", "write_get_object_response", "{}", tcx_params(route, "A.b-1")),
         "https://a.b-1.s3-object-lambda.us-east-1.amazonaws.com/WriteGetObjectResponse");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    error_is(with_config("s3", "write_get_object_response", "{}", tcx_params(route, bad[i])),
             TCX_EPARAM, "ParamValidationError",
             "Parameter validation failed:\nInvalid value for parameter(s): RequestRoute. Must "
             "contain only alphanumeric characters, hyphen, or period.");
  static const unsigned lengths[] = {220, 600};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char label[601];
    memset(label, 'a', lengths[i]);
    label[lengths[i]] = '\0';
    error_is(with_config("s3", "write_get_object_response", "{}", tcx_params(route, label)),
             TCX_EENDPOINT, "ValueError",
             "Invalid endpoint: the host, with what the operation puts in front of it, is longer "
             "than 253 bytes");
  }
}

/* The rule set's errors become botocore's. */
static void test_words(void **state) {
  (void)state;
  error_is(with_config("s3", "head_bucket",
                       "{\"use_fips_endpoint\": true, \"s3\": {\"use_accelerate_endpoint\": true}}",
                       bucket("b-1")),
           TCX_EENDPOINT, "UnsupportedS3ConfigurationError",
           "Unsupported configuration when using S3: Accelerate cannot be used with FIPS");
  error_is(with_config("s3", "head_bucket", "{\"s3\": {\"use_accelerate_endpoint\": true}}",
                       bucket("arn:aws:s3:us-east-1:123456789012:accesspoint:ap")),
           TCX_EENDPOINT, "UnsupportedS3AccesspointConfigurationError",
           "Unsupported configuration when using S3 access-points: Access Points do not support S3 "
           "Accelerate");
  error_is(
      with_config("s3", "head_bucket", "{\"s3\": {\"use_arn_region\": false}}",
                  bucket("arn:aws:s3:eu-west-1:123456789012:accesspoint:ap")),
      TCX_EENDPOINT, "UnsupportedS3AccesspointConfigurationError",
      "Unsupported configuration when using S3 access-points: Invalid configuration: region from "
      "ARN `eu-west-1` does not match client region `us-east-1` and UseArnRegion is `false`");
  error_is(with_config("s3", "head_bucket", "{}",
                       bucket("arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint:a.b")),
           TCX_EPARAM, "ParamValidationError",
           "Parameter validation failed:\nInvalid ARN: The access point name may only contain a-z, "
           "A-Z, 0-9 and `-`. Found: `a.b`");
}

/* ---- the account of the credentials ---- */

struct vault {
  uv_timer_t timer;
  tcx_credentials_request_t *request;
  const char *account;
  int asked, status;
  unsigned delay;
};

static void open_vault(struct vault *v) {
  tcx_credentials_t c = {.access_key = "AK", .secret_key = "S", .account_id = v->account};
  tcx_credentials_answer(v->request, v->status, v->status == 0 ? &c : NULL, "locked");
}
static void on_vault_timer(uv_timer_t *timer) {
  open_vault(timer->data);
  uv_close((uv_handle_t *)timer, NULL);
}
static uv_loop_t *vault_loop;
static void on_vault(tcx_credentials_request_t *request, void *data) {
  struct vault *v = data;
  v->request = request;
  v->asked++;
  if (v->delay == 0) {
    open_vault(v);
    return;
  }
  uv_timer_init(vault_loop, &v->timer);
  v->timer.data = v;
  uv_timer_start(&v->timer, on_vault_timer, v->delay, 0);
}
static void note_loop(tcx_client_t *client, void *ctx) {
  (void)ctx;
  vault_loop = client->session->loop;
}

static struct rendered with_vault(struct vault *v, const char *operation, tcx_value_t *params,
                                  const char *config, bool unsigned_requests) {
  return render(
      (struct render_plan){.service = "dynamodb",
                           .operation = operation,
                           .params = params,
                           .session = {.credentials = on_vault, .credentials_data = v},
                           .client = {.config = tcx_value_from_json(config, strlen(config)),
                                      .unsigned_requests = unsigned_requests},
                           .adjust = note_loop});
}

/* They are waited for, once, before the endpoint is known; what they lack, the mode decides. */
static void test_account(void **state) {
  (void)state;
  static const unsigned delays[] = {0, 5};
  for (size_t i = 0; i < 2; i++) {
    struct vault v = {.account = "123456789012", .delay = delays[i]};
    url_is(with_vault(&v, "list_tables", NULL, "{}", false),
           "https://123456789012.ddb.us-east-1.amazonaws.com/");
    assert_int_equal(v.asked, 1);
    v.account = NULL;
    url_is(with_vault(&v, "list_tables", NULL, "{}", false),
           "https://dynamodb.us-east-1.amazonaws.com/");
    error_is(
        with_vault(&v, "list_tables", NULL, "{\"account_id_endpoint_mode\": \"REQUIRED\"}", false),
        TCX_EENDPOINT, "EndpointResolutionError",
        "AccountIdEndpointMode is required but no AccountID was provided or able to be loaded");
    v.account = "123456789012";
    url_is(
        with_vault(&v, "list_tables", NULL, "{\"account_id_endpoint_mode\": \"disabled\"}", false),
        "https://dynamodb.us-east-1.amazonaws.com/");
    v.asked = 0;
    url_is(with_vault(&v, "list_tables", NULL, "{}", true),
           "https://dynamodb.us-east-1.amazonaws.com/");
    assert_int_equal(v.asked, 0);
    v.status = UV_EACCES;
    struct rendered r = with_vault(&v, "list_tables", NULL, "{}", false);
    assert_int_equal(r.status, TCX_ECREDS);
    assert_int_equal(r.phase, TCX_PHASE_CREDENTIALS);
    rendered_free(&r);
  }
  error_is(
      with_config("dynamodb", "list_tables", "{\"account_id_endpoint_mode\": \"maybe\"}", NULL),
      TCX_ECONFIG, "InvalidConfigError",
      "The configured value 'maybe' for 'account_id_endpoint_mode' is invalid. Valid values are: "
      "('preferred', 'disabled', 'required').");
  struct rendered r = render((struct render_plan){
      .service = "dynamodb",
      .operation = "list_tables",
      .client = {.access_key = "AK", .secret_key = "S", .account_id = "999988887777"}});
  url_is(r, "https://999988887777.ddb.us-east-1.amazonaws.com/");
}

#define TABLE "arn:aws:dynamodb:us-east-1:222222222222:table/t"

/* What an operation takes out of its params, by the paths of its model: the table's account goes
 * before that of the credentials. */
static void test_paths(void **state) {
  (void)state;
  struct vault v = {.account = "123456789012"};
  url_is(with_vault(&v, "batch_get_item",
                    tcx_params("{RequestItems: {'" TABLE "': {Keys: [{k: {S: v}}]}}}"), "{}",
                    false),
         "https://222222222222.ddb.us-east-1.amazonaws.com/");
  url_is(with_vault(&v, "batch_get_item", tcx_params("{RequestItems: {t: {Keys: [{k: {S: v}}]}}}"),
                    "{}", false),
         "https://123456789012.ddb.us-east-1.amazonaws.com/");
  url_is(with_vault(
             &v, "transact_write_items",
             tcx_params("{TransactItems: [{Delete: {TableName: '" TABLE "', Key: {k: {S: v}}}}]}"),
             "{}", false),
         "https://222222222222.ddb.us-east-1.amazonaws.com/");
  url_is(
      with_vault(&v, "transact_get_items",
                 tcx_params("{TransactItems: [{Get: {TableName: '" TABLE "', Key: {k: {S: v}}}}]}"),
                 "{}", false),
      "https://222222222222.ddb.us-east-1.amazonaws.com/");
  url_is(with_vault(&v, "describe_table", tcx_params("{TableName: '" TABLE "'}"), "{}", false),
         "https://222222222222.ddb.us-east-1.amazonaws.com/");
}

/* A model's own: an expression that is none is told with its place. */
static void test_bad_path(void **state) {
  (void)state;
  mf_begin();
  mf_add("mine",
         "{'metadata':{'apiVersion':'2026-01-01','endpointPrefix':'mine','serviceId':'Mine',"
         "'protocol':'json','jsonVersion':'1.0','signatureVersion':'v4'},'operations':{'Do':{"
         "'name':'Do','http':{'method':'POST','requestUri':'/'},'operationContextParams':{"
         "'Endpoint':{'path':'a[*'}}}},'shapes':{}}");
  struct rendered r = render(
      (struct render_plan){.service = "mine", .operation = "do", .session.data_path = mf.path});
  assert_int_equal(r.status, TCX_ESERVICE);
  assert_non_null(strstr(r.msg, "Service mine: operations.Do.operationContextParams.Endpoint: "
                                "Invalid jmespath expression"));
  rendered_free(&r);
  mf_end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_context), cmocka_unit_test(test_bad_context),
      cmocka_unit_test(test_s3control),      cmocka_unit_test(test_words),
      cmocka_unit_test(test_endpoint_query), cmocka_unit_test(test_host_labels),
      cmocka_unit_test(test_account),        cmocka_unit_test(test_paths),
      cmocka_unit_test(test_bad_path)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
