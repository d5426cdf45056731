/* Params that came as JSON, made into what an operation wants; and botocore's names of errors. */
#include "base/value.h"
#include "torture.h"
#include "whole.h"
#include <math.h>

static tcx_value_t *made(struct whole *w, const char *operation, const char *json) {
  return tcx_client_json_params(w->client, operation, tcx_value_from_json(json, strlen(json)));
}

static void test_conform(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  struct whole w;
  size_t n;
  whole_begin(&w, scripts, 1, NULL);
  tcx_value_t *v = made(&w, "put_object",
                        "{\"Bucket\": \"b\", \"Body\": {\"base64\": \"AAEC/w==\"}, \"Metadata\": "
                        "{\"file\": \"stays\"}, \"Unknown\": {\"base64\": \"AAEC\"}}");
  assert_int_equal(tcx_value_status(v), 0);
  assert_memory_equal(tcx_value_bytes(v, "Body", &n), "\0\1\2\xff", 4);
  assert_int_equal(n, 4);
  assert_string_equal(tcx_value_str(v, "Metadata.file"), "stays");
  assert_int_equal(tcx_value_type(v, "Unknown"), TCX_MAP);
  tcx_value_free(v);
  v = made(&w, "PutObject", "{\"Body\": \"text\"}");
  assert_string_equal(tcx_value_str(v, "Body"), "text");
  tcx_value_free(v);
  v = made(&w, "put_object", "{\"Body\": {\"file\": \"/dev/null\"}}");
  assert_int_equal(tcx_value_type(v, "Body"), TCX_BODY);
  tcx_value_free(v); /* and the body with it */
  static const char *const bad[] = {"{\"Body\": {\"base64\": \"*\"}}",
                                    "{\"Body\": {\"base64\": 5}}", "{\"Body\": {\"path\": \"x\"}}",
                                    "{\"Body\": {\"file\": \"x\", \"base64\": \"\"}}",
                                    "{\"Body\": {}}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    v = made(&w, "put_object", bad[i]);
    assert_int_equal(tcx_value_status(v), TCX_EPARAM);
    assert_non_null(strstr(tcx_value_problem(v), "Body"));
    tcx_value_free(v);
  }
  tcx_value_free(made(&w, "no_such_operation", "{\"Body\": {\"base64\": \"*\"}}"));
  tcx_value_free(made(&w, "put_object", "[1, 2]"));
  v = made(&w, "put_object", "{broken");
  assert_int_equal(tcx_value_status(v), TCX_EPARAM);
  tcx_value_free(v);
  assert_null(tcx_client_json_params(w.client, "put_object", NULL));
  whole_end(&w);
}

/* A blob deep in the input: bedrock's converse has them in lists of unions. */
static void test_nested(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *bedrock = NULL;
  size_t n;
  whole_begin_with(&w, NULL, 0,
                   &(tcx_session_options_t){.data_path = TCX_SOURCE_DIR "/models/data"}, NULL);
  assert_int_equal(tcx_session_create_client(w.session, "dynamodb",
                                             &(tcx_client_options_t){.region = "us-east-1"},
                                             &bedrock),
                   0);
  static const char json[] =
      "{\"TableName\": \"t\", \"Item\": {\"a\": {\"B\": \"AAEC\"}, \"b\": {\"BS\": [\"AQ==\", "
      "\"Ag==\"]}, \"c\": {\"M\": {\"d\": {\"L\": [{\"B\": \"Aw==\"}, {\"S\": \"AAEC\"}]}}}}}";
  tcx_value_t *v =
      tcx_client_json_params(bedrock, "put_item", tcx_value_from_json(json, sizeof json - 1));
  assert_int_equal(tcx_value_status(v), 0);
  if (bedrock->model != NULL) {
    assert_memory_equal(tcx_value_bytes(v, "Item.a.B", &n), "\0\1\2", 3);
    assert_memory_equal(tcx_value_bytes(v, "Item.b.BS[1]", &n), "\2", 1);
    assert_memory_equal(tcx_value_bytes(v, "Item.c.M.d.L[0].B", &n), "\3", 1);
    assert_string_equal(tcx_value_str(v, "Item.c.M.d.L[1].S"), "AAEC");
  }
  assert_non_null(bedrock->model);
  tcx_value_free(v);
  whole_end(&w);
}

/* What JSON has no number for, where a number is wanted; elsewhere it is text. */
static void test_numbers(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *cloudwatch = NULL;
  whole_begin_with(&w, NULL, 0,
                   &(tcx_session_options_t){.data_path = TCX_SOURCE_DIR "/models/data"}, NULL);
  assert_int_equal(tcx_session_create_client(w.session, "cloudwatch",
                                             &(tcx_client_options_t){.region = "us-east-1"},
                                             &cloudwatch),
                   0);
  static const char json[] =
      "{\"Namespace\": \"NaN\", \"MetricData\": [{\"MetricName\": \"Infinity\", \"Value\": "
      "\"NaN\", \"Values\": [\"Infinity\", \"-Infinity\", \"1.5\", 2]}]}";
  tcx_value_t *v = tcx_client_json_params(cloudwatch, "put_metric_data",
                                          tcx_value_from_json(json, sizeof json - 1));
  assert_int_equal(tcx_value_status(v), 0);
  assert_string_equal(tcx_value_str(v, "Namespace"), "NaN");
  assert_string_equal(tcx_value_str(v, "MetricData[0].MetricName"), "Infinity");
  assert_true(isnan(tcx_value_num(v, "MetricData[0].Value", 0)));
  assert_true(tcx_value_num(v, "MetricData[0].Values[0]", 0) == INFINITY);
  assert_true(tcx_value_num(v, "MetricData[0].Values[1]", 0) == -INFINITY);
  assert_int_equal(tcx_value_type(v, "MetricData[0].Values[2]"), TCX_STRING);
  assert_int_equal(tcx_value_type(v, "MetricData[0].Values[3]"), TCX_INT);
  tcx_value_free(v);
  whole_end(&w);
}

static int torture(void *ctx) {
  static const char json[] = "{\"Bucket\": \"b\", \"Body\": {\"file\": \"/dev/null\"}}",
                    blob[] = "{\"Body\": {\"base64\": \"AAECAAECAAECAAEC\"}}";
  tcx_value_t *a =
      tcx_client_json_params(ctx, "put_object", tcx_value_from_json(json, sizeof json - 1));
  tcx_value_t *b =
      tcx_client_json_params(ctx, "put_object", tcx_value_from_json(blob, sizeof blob - 1));
  bool body_failed =
      tcx_value_status(a) == 0 && ((struct tcx_value *)tcx_value_get(a, "Body"))->u.body == NULL;
  int err = tcx_value_status(a) != 0 ? tcx_value_status(a) : tcx_value_status(b);
  tcx_value_free(a);
  tcx_value_free(b);
  return body_failed ? UV_ENOMEM : err;
}

static void test_out_of_memory(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  test_fail_until_ok(torture, w.client);
  whole_end(&w);
}

static void test_error_names(void **state) {
  (void)state;
  static const struct {
    int status, http_status;
    tcx_phase_t phase;
    const char *msg, *name;
  } cases[] = {
      {TCX_ECLIENT, 404, TCX_PHASE_READ, "", "ClientError"},
      {TCX_EPARAM, 0, TCX_PHASE_PARAMS, "", "ParamValidationError"},
      {TCX_EOPNAME, 0, TCX_PHASE_PARAMS, "", "UnknownClientMethodError"},
      {TCX_ESERVICE, 0, TCX_PHASE_PARAMS, "", "UnknownServiceError"},
      {TCX_ECREDS, 0, TCX_PHASE_CREDENTIALS, "Unable to locate credentials", "NoCredentialsError"},
      {TCX_ECREDS, 0, TCX_PHASE_CREDENTIALS, "Partial credentials found in env, missing: X",
       "PartialCredentialsError"},
      {TCX_ECREDS, 0, TCX_PHASE_CREDENTIALS, "the vault is closed", "CredentialRetrievalError"},
      {TCX_ECONFIG, 0, TCX_PHASE_PARAMS, "You must specify a region.", "NoRegionError"},
      {TCX_ECONFIG, 0, TCX_PHASE_PARAMS, "The config profile (x) could not be found",
       "ProfileNotFound"},
      {TCX_ECONFIG, 0, TCX_PHASE_PARAMS, "something", "InvalidConfigError"},
      {TCX_EENDPOINT, 0, TCX_PHASE_ENDPOINT, "no rule", "EndpointResolutionError"},
      {TCX_ETLS, 0, TCX_PHASE_TLS, "", "SSLError"},
      {TCX_ECHECKSUM, 200, TCX_PHASE_READ, "", "FlexibleChecksumError"},
      {TCX_EPROTO, 200, TCX_PHASE_READ, "", "ResponseParserError"},
      {TCX_EPROTO, 0, TCX_PHASE_WAIT, "", "ConnectionClosedError"},
      {TCX_EPAGINATE, 0, TCX_PHASE_NONE, "Operation cannot be paginated",
       "OperationNotPageableError"},
      {TCX_EPAGINATE, 0, TCX_PHASE_NONE, "Error during pagination: x", "PaginationError"},
      {UV_ETIMEDOUT, 0, TCX_PHASE_CONNECT, "", "ConnectTimeoutError"},
      {UV_ETIMEDOUT, 0, TCX_PHASE_WAIT, "", "ReadTimeoutError"},
      {UV_ECONNREFUSED, 0, TCX_PHASE_CONNECT, "", "EndpointConnectionError"},
      {UV_EAI_NONAME, 0, TCX_PHASE_DNS, "", "EndpointConnectionError"},
      {UV_ECONNRESET, 0, TCX_PHASE_WAIT, "", "ConnectionClosedError"},
      {UV_ECONNRESET, 200, TCX_PHASE_READ, "", "ResponseStreamingError"},
      {UV_ENOMEM, 0, TCX_PHASE_NONE, "", "BotoCoreError"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    tcx_error_t error = {.status = cases[i].status,
                         .http_status = cases[i].http_status,
                         .phase = cases[i].phase,
                         .msg = cases[i].msg};
    assert_string_equal(tcx_error_type_name(&error), cases[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conform), cmocka_unit_test(test_nested), cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_error_names)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
