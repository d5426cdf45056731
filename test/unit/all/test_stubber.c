/* Stubbed calls: the sentences are those that botocore's Stubber has, but for how values are
 * printed. */
#include "whole.h"
#include <tucuxi/stubber.h>

struct bench {
  struct whole w;
  tcx_stubber_t *stubber;
};

/* No server, no credentials. */
static void bench_begin(struct bench *b) {
  whole_begin_with(&b->w, NULL, 0, &(tcx_session_options_t){.profile = NULL}, NULL);
  assert_int_equal(tcx_stubber_new(b->w.client, &b->stubber), 0);
  assert_int_equal(tcx_stubber_activate(b->stubber), 0);
  assert_int_equal(tcx_stubber_activate(b->stubber), 0);
}
static void bench_end(struct bench *b) {
  tcx_stubber_free(b->stubber);
  whole_end(&b->w);
}

static void add(struct bench *b, const char *operation, tcx_value_t *response,
                tcx_value_t *expected) {
  if (tcx_stubber_add_response(b->stubber, operation, response, expected) != 0)
    fail_msg("%s", tcx_stubber_problem(b->stubber));
}

static void refused(struct bench *b, const char *operation, tcx_value_t *response, int status,
                    const char *problem) {
  assert_int_equal(tcx_stubber_add_response(b->stubber, operation, response, tcx_params("{A: b}")),
                   status);
  assert_string_equal(tcx_stubber_problem(b->stubber), problem);
}

static void test_add_response(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  refused(&b, "no_such", NULL, TCX_EOPNAME, "Client s3 does not have method: no_such");
  refused(&b, NULL, NULL, TCX_EOPNAME, "Client s3 does not have method: (NULL)");
  refused(&b, "list_buckets", tcx_params("{Foo: 1, Buckets: [{Name: 3}]}"), TCX_EPARAM,
          "Parameter validation failed:\nUnknown parameter in input: \"Foo\", must be one of: "
          "Buckets, Owner, ContinuationToken, Prefix\nInvalid type for parameter Buckets[0].Name, "
          "value: 3, type: integer, valid types: string");
  refused(&b, "delete_bucket", tcx_params("{x: 1}"), TCX_EPARAM,
          "Parameter validation failed:\nService response should only contain ResponseMetadata.");
  refused(&b, "get_object", tcx_params("{LastModified: abc}"), TCX_EPARAM,
          "Parameter validation failed:\nInvalid type for parameter LastModified, value: abc, "
          "type: string, valid types: timestamp, timestamp-string");
  refused(&b, "get_object", tcx_params("{Body: 3}"), TCX_EPARAM,
          "Parameter validation failed:\nInvalid type for parameter Body, type: integer, valid "
          "types: string, blob");
  refused(&b, "get_object", tcx_value_set_body(tcx_value_new_map(), "Body", tcx_body_copy("a", 1)),
          TCX_EPARAM,
          "Parameter validation failed:\nInvalid type for parameter Body, type: body, valid types: "
          "string, blob");
  refused(&b, "select_object_content", tcx_params("{Payload: {Records: {}}}"), TCX_EPARAM,
          "Parameter validation failed:\nInvalid type for parameter Payload, type: map, valid "
          "types: list of events");
  refused(&b, "list_buckets", tcx_params("{A: "), TCX_EPARAM,
          "response: column 5: a value is expected");
  refused(&b, "list_buckets", tcx_value_new_list(), UV_EINVAL, "response: not a map");
  assert_int_equal(tcx_stubber_add_response(b.stubber, "list_buckets", NULL, tcx_value_new_list()),
                   UV_EINVAL);
  assert_string_equal(tcx_stubber_problem(b.stubber), "expected_params: not a map");
  assert_int_equal(tcx_stubber_add_response(NULL, "list_buckets", tcx_value_new_map(), NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_stubber_pending(b.stubber), 0);
  add(&b, "delete_bucket", tcx_params("{ResponseMetadata: {RequestId: r}}"), NULL);
  add(&b, "DeleteBucket", NULL, NULL);
  assert_int_equal(tcx_stubber_pending(b.stubber), 2);
  assert_int_equal(tcx_stubber_assert_no_pending_responses(b.stubber), TCX_ESTUB);
  assert_string_equal(tcx_stubber_problem(b.stubber), "2 responses remaining in queue.");
  bench_end(&b);
}

static void expect(struct bench *b, const char *operation, tcx_value_t *params, int status,
                   const char *msg) {
  struct outcome o = whole_call(&b->w, operation, params, NULL);
  assert_int_equal(o.status, status);
  if (msg != NULL)
    assert_string_equal(o.msg, msg);
  assert_int_equal(o.attempts, 0);
  outcome_free(&o);
}

#define STUB "Error getting response stub for operation "
static void test_expected(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  expect(&b, "list_buckets", NULL, TCX_ESTUB,
         STUB "ListBuckets: Unexpected API Call: A call was made but no additional calls expected. "
              "Either the API Call was not stubbed or it was called multiple times.");
  add(&b, "list_objects_v2", tcx_params("{Contents: []}"), tcx_params("{Bucket: b, MaxKeys: 3}"));
  expect(&b, "list_buckets", NULL, TCX_ESTUB,
         STUB "ListBuckets: Operation mismatch: found response for ListObjectsV2.");
  expect(&b, "list_objects_v2", tcx_params("{Bucket: c}"), TCX_ESTUB,
         STUB "ListObjectsV2: Expected parameters:\n{\"Bucket\": \"b\", \"MaxKeys\": 3},\nbut "
              "received:\n{\"Bucket\": \"c\"}");
  expect(&b, "list_objects_v2", tcx_params("{Bucket: b, MaxKeys: 3, Prefix: x}"), TCX_ESTUB,
         STUB "ListObjectsV2: Expected parameters:\n{\"Bucket\": \"b\", \"MaxKeys\": 3},\nbut "
              "received:\n{\"Bucket\": \"b\", \"MaxKeys\": 3, \"Prefix\": \"x\"}");
  /* before they are validated */
  expect(&b, "list_objects_v2", tcx_params("{Bucket: b, MaxKeys: x}"), TCX_ESTUB, NULL);
  expect(&b, "list_objects_v2", tcx_params("{Bucket: b, MaxKeys: 3}"), 0, NULL);
  /* null is ANY, at any depth; text is equal to its bytes */
  for (int i = 0; i < 4; i++) {
    static const char *const keys[] = {"k", "other", "k", "k"};
    add(&b, "put_object", NULL,
        tcx_params("{Bucket: b, Key: k, Body: null, Metadata: {a: null, b: x}, ContentMD5: y}"));
    tcx_value_t *params =
        tcx_params("{Bucket: b, Key: %s, Metadata: {a: m, b: %s}, ContentMD5: %.*s}", keys[i],
                   i == 2 ? "z" : "x", 1, "y");
    if (i != 3)
      tcx_value_set_body(params, "Body", tcx_body_copy("a", 1));
    expect(&b, "put_object", params, i == 0 ? 0 : TCX_ESTUB, NULL);
    if (i != 0) {
      assert_int_equal(tcx_stubber_pending(b.stubber), 1);
      bench_end(&b);
      bench_begin(&b);
    }
  }
  bench_end(&b);
}

static void test_equal(void **state) {
  (void)state;
  static const struct {
    const char *expected, *given;
    bool equal;
  } cases[] = {
      {"1", "1", true},
      {"1", "1.0", true},
      {"1", "2", false},
      {"true", "1", true},
      {"false", "1", false},
      {"\"1\"", "1", false},
      {"[1, 2]", "[1, 2]", true},
      {"[1, 2]", "[2, 1]", false},
      {"[1]", "[1, 2]", false},
      {"[1, 2]", "[1]", false},
      {"{\"a\": 1}", "{\"a\": 1}", true},
      {"{\"a\": 1}", "{\"a\": 1, \"b\": 1}", false},
      {"{\"a\": null}", "{\"a\": [1]}", true},
      {"{\"a\": null}", "{\"b\": 1}", false},
      {"{}", "[]", false},
      {"[]", "[]", true},
      {"123456789012345678901234567890", "123456789012345678901234567890", true},
      {"\"a\"", "\"b\"", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench b;
    bench_begin(&b);
    tcx_value_t *expected = tcx_value_set_str(tcx_value_new_map(), "Bucket", "b"),
                *given = tcx_value_set_str(tcx_value_new_map(), "Bucket", "b");
    tcx_value_set(expected, "Prefix",
                  tcx_value_from_json(cases[i].expected, strlen(cases[i].expected)));
    tcx_value_set(given, "Prefix", tcx_value_from_json(cases[i].given, strlen(cases[i].given)));
    add(&b, "list_objects", NULL, expected);
    struct outcome o = whole_call(&b.w, "list_objects", given, NULL);
    if ((o.status != TCX_ESTUB) != cases[i].equal)
      fail_msg("%s == %s: %d", cases[i].expected, cases[i].given, o.status);
    outcome_free(&o);
    bench_end(&b);
  }
}

static void test_client_error(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  assert_int_equal(tcx_stubber_add_client_error(
                       b.stubber, "list_buckets",
                       &(tcx_stub_error_t){.service_error_code = "AccessDenied",
                                           .service_message = "no",
                                           .http_status_code = 403,
                                           .service_error_meta = tcx_params("{Extra: e}"),
                                           .response_meta = tcx_params("{RequestId: r}")}),
                   0);
  struct outcome o = whole_call(&b.w, "list_buckets", NULL, NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.http_status, 403);
  assert_string_equal(o.code, "AccessDenied");
  assert_string_equal(
      o.msg, "An error occurred (AccessDenied) when calling the ListBuckets operation: no");
  char *json = NULL;
  assert_int_equal(tcx_value_to_json(o.response, &json, NULL), 0);
  assert_string_equal(json,
                      "{\"ResponseMetadata\":{\"HTTPStatusCode\":403,\"RequestId\":\"r\"},"
                      "\"Error\":{\"Message\":\"no\",\"Code\":\"AccessDenied\",\"Extra\":\"e\"}}");
  tcx_free(json);
  outcome_free(&o);
  assert_int_equal(tcx_stubber_add_client_error(b.stubber, "list_buckets", NULL), 0);
  o = whole_call(&b.w, "list_buckets", NULL, NULL);
  assert_string_equal(o.msg, "An error occurred () when calling the ListBuckets operation: ");
  assert_int_equal(o.http_status, 400);
  outcome_free(&o);
  assert_int_equal(
      tcx_stubber_add_client_error(
          b.stubber, "get_object",
          &(tcx_stub_error_t){.service_error_code = "InvalidObjectState",
                              .service_message = "m",
                              .modeled_fields = tcx_params("{StorageClass: GLACIER}"),
                              .expected_params = tcx_params("{Bucket: b, Key: null}")}),
      0);
  o = whole_call(&b.w, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "StorageClass"), "GLACIER");
  outcome_free(&o);
  static const struct {
    const char *operation, *code, *fields, *problem;
    int http_status, status;
  } bad[] = {
      {"list_buckets", "NoSuchBucket", "{\"a\": 1}",
       "Parameter validation failed:\nUnknown parameter in input: \"a\", must be one of: ", 0,
       TCX_EPARAM},
      {"list_buckets", "Nope", "{\"a\": 1}",
       "Parameter validation failed:\nService response should only contain ResponseMetadata.", 0,
       TCX_EPARAM},
      {"get_object", "InvalidObjectState", "{\"StorageClass\": 1}",
       "Parameter validation failed:\nInvalid type for parameter StorageClass, value: 1, type: "
       "integer, valid types: string",
       0, TCX_EPARAM},
      {"get_object", NULL, "[]", "modeled_fields: not a map", 0, UV_EINVAL},
      {"get_object", NULL, "{}", "http_status_code 200 is none of an error", 200, UV_EINVAL},
      {"no_such", NULL, "{}", "Client s3 does not have method: no_such", 0, TCX_EOPNAME},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    tcx_stub_error_t e = {.service_error_code = bad[i].code,
                          .http_status_code = bad[i].http_status,
                          .modeled_fields =
                              tcx_value_from_json(bad[i].fields, strlen(bad[i].fields)),
                          .service_error_meta = tcx_value_new_map(),
                          .expected_params = tcx_value_new_map(),
                          .response_meta = tcx_value_new_map()};
    assert_int_equal(tcx_stubber_add_client_error(b.stubber, bad[i].operation, &e), bad[i].status);
    assert_string_equal(tcx_stubber_problem(b.stubber), bad[i].problem);
  }
  assert_int_equal(tcx_stubber_assert_no_pending_responses(b.stubber), 0);
  bench_end(&b);
}

/* What the code under test reads is what a service would have brought. */
static void test_times(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  add(&b, "list_objects_v2",
      tcx_params("{Contents: [{Key: a, LastModified: '2016-01-20T22:09:00Z'}, {LastModified: "
                 "1453327740}, {LastModified: 1453327740.5}]}"),
      NULL);
  struct outcome o = whole_call(&b.w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  int64_t seconds;
  int32_t nanoseconds;
  for (int i = 0; i < 3; i++) {
    char path[40];
    snprintf(path, sizeof path, "Contents[%d].LastModified", i);
    assert_int_equal(tcx_value_time(o.response, path, &seconds, &nanoseconds), 0);
    assert_int_equal(seconds, 1453327740);
    assert_int_equal(nanoseconds, i == 2 ? 500000000 : 0);
  }
  outcome_free(&o);
  bench_end(&b);
}

static char text[64];
static int done;
static void on_all(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  assert_int_equal(status, 0);
  snprintf(text, sizeof text, "%.*s", (int)whole->len, whole->base);
  tcx_stream_close(stream);
  done = 1;
}
static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_null(error);
  assert_non_null(response);
  assert_int_equal(tcx_stream_read_all(tcx_call_take_stream(call, NULL), 100, on_all), 0);
}

static void test_streams(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  add(&b, "get_object", tcx_params("{Body: hello, ContentLength: 5}"), NULL);
  done = 0;
  assert_int_equal(
      tcx_client_call(b.w.client, "get_object", tcx_params("{Bucket: b, Key: k}"), on_object, NULL),
      0);
  whole_until(&b.w, &done);
  assert_string_equal(text, "hello");
  add(&b, "get_object", tcx_params("{Body: hello}"), NULL);
  struct outcome o = whole_call(&b.w, "get_object", tcx_params("{Bucket: b, Key: k}"),
                                &(tcx_call_options_t){.max_body = 10});
  assert_string_equal(tcx_value_bytes(o.response, "Body", NULL), "hello");
  outcome_free(&o);
#define SELECT                                                                                     \
  tcx_params("{Bucket: b, Key: k, Expression: x, ExpressionType: SQL, InputSerialization: {CSV: "  \
             "{}}, OutputSerialization: {CSV: {}}}")
  for (size_t max = 0; max < 2; max++) {
    add(&b, "select_object_content", tcx_params("{Payload: [{Records: {Payload: abc}}]}"), NULL);
    o = whole_call(&b.w, "select_object_content", SELECT,
                   &(tcx_call_options_t){.max_body = max * 100});
    if (max == 0)
      assert_string_equal(
          o.msg,
          STUB "SelectObjectContent: An event stream is answered to a call with max_body only.");
    else
      assert_string_equal(tcx_value_bytes(o.response, "Payload[0].Records.Payload", NULL), "abc");
    outcome_free(&o);
  }
  bench_end(&b);
}

static int pages, page_status;
static void on_page(tcx_paginator_t *p, int status, const tcx_value_t *page) {
  page_status = status;
  if (status == 0 && ++pages > 0) {
    assert_int_equal(tcx_value_len(page, "Contents"), 1);
    assert_int_equal(tcx_paginator_next(p, on_page), 0);
    return;
  }
  tcx_paginator_close(p);
  done = 1;
}

static void test_pages_and_waiters(void **state) {
  (void)state;
  struct bench b;
  bench_begin(&b);
  tcx_paginator_t *p;
  add(&b, "list_objects_v2",
      tcx_params("{Contents: [{Key: a}], IsTruncated: true, NextContinuationToken: t}"),
      tcx_params("{Bucket: b}"));
  add(&b, "list_objects_v2", tcx_params("{Contents: [{Key: c}]}"),
      tcx_params("{Bucket: b, ContinuationToken: t}"));
  assert_int_equal(
      tcx_client_paginate(b.w.client, "list_objects_v2", tcx_params("{Bucket: b}"), NULL, NULL, &p),
      0);
  pages = done = 0;
  assert_int_equal(tcx_paginator_next(p, on_page), 0);
  whole_until(&b.w, &done);
  assert_int_equal(page_status, TCX_EOF);
  assert_int_equal(pages, 2);
  struct outcome o = {0};
  assert_int_equal(tcx_stubber_add_client_error(
                       b.stubber, "head_bucket",
                       &(tcx_stub_error_t){.service_error_code = "404", .http_status_code = 404}),
                   0);
  /* a waiter looks at the status in there, as botocore's */
  add(&b, "head_bucket", tcx_params("{ResponseMetadata: {HTTPStatusCode: 200}}"), NULL);
  assert_int_equal(tcx_client_wait(b.w.client, "bucket_exists", tcx_params("{Bucket: b}"),
                                   &(tcx_wait_options_t){.delay_ms = TCX_NEVER}, outcome_cb, &o,
                                   NULL),
                   0);
  whole_until(&b.w, &o.calls);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  assert_int_equal(tcx_stubber_assert_no_pending_responses(b.stubber), 0);
  bench_end(&b);
}

static void test_life(void **state) {
  (void)state;
  struct bench b;
  struct outcome o;
  tcx_stubber_t *other;
  bench_begin(&b);
  assert_int_equal(tcx_stubber_new(NULL, &other), UV_EINVAL);
  assert_int_equal(tcx_stubber_new(b.w.client, NULL), UV_EINVAL);
  assert_int_equal(tcx_stubber_activate(NULL), UV_EINVAL);
  add(&b, "list_buckets", NULL, NULL);
  whole_goal_to(&b.w, "get_object", tcx_params("{Bucket: b, Key: k}"), TCX__GOAL_PRESIGN, &o);
  assert_int_equal(o.status, TCX_ECREDS); /* as in botocore, it is no call */
  outcome_free(&o);
  tcx_stubber_deactivate(b.stubber);
  o = whole_call(&b.w, "list_buckets", NULL, NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  outcome_free(&o);
  assert_int_equal(tcx_stubber_activate(b.stubber), 0);
  o = whole_call(&b.w, "list_buckets", NULL, NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  tcx_session_close(b.w.session, NULL);
  b.w.closed = true;
  assert_int_equal(tcx_stubber_new(b.w.client, &other), TCX_ECLOSING);
  assert_int_equal(tcx_stubber_activate(b.stubber), TCX_ECLOSING);
  assert_int_equal(tcx_stubber_add_response(b.stubber, "list_buckets", NULL, NULL), TCX_ECLOSING);
  assert_string_equal(tcx_stubber_problem(b.stubber), tcx_strerror(TCX_ECLOSING));
  tcx_stubber_deactivate(b.stubber);
  whole_end(&b.w);
  tcx_stubber_free(b.stubber); /* also after its client */
  tcx_stubber_free(NULL);
}

/* An endpoint at the account of the credentials: none are asked. */
static void test_account_endpoint(void **state) {
  (void)state;
  struct bench b;
  whole_begin_with(&b.w, NULL, 0, &(tcx_session_options_t){.profile = NULL}, NULL);
  assert_int_equal(tcx_session_create_client(b.w.session, "dynamodb",
                                             &(tcx_client_options_t){.region = "us-east-1"},
                                             &b.w.client),
                   0);
  assert_int_equal(tcx_stubber_new(b.w.client, &b.stubber), 0);
  assert_int_equal(tcx_stubber_activate(b.stubber), 0);
  add(&b, "get_item", tcx_params("{Item: {a: {S: x}}}"), NULL);
  struct outcome o =
      whole_call(&b.w, "get_item", tcx_params("{TableName: t, Key: {a: {S: y}}}"), NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Item.a.S"), "x");
  outcome_free(&o);
  bench_end(&b);
}

static void test_names(void **state) {
  (void)state;
  tcx_error_t e = {.status = TCX_ESTUB, .msg = STUB "A: Unexpected API Call: x"};
  assert_string_equal(tcx_error_type_name(&e), "UnStubbedResponseError");
  e.msg = STUB "A: Expected parameters:\nx";
  assert_string_equal(tcx_error_type_name(&e), "StubAssertionError");
  e.msg = STUB "A: Operation mismatch: x";
  assert_string_equal(tcx_error_type_name(&e), "StubResponseError");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add_response),
      cmocka_unit_test(test_expected),
      cmocka_unit_test(test_equal),
      cmocka_unit_test(test_client_error),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_pages_and_waiters),
      cmocka_unit_test(test_life),
      cmocka_unit_test(test_account_endpoint),
      cmocka_unit_test(test_names),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
