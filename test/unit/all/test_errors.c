/* What an error says of the model's exception: its name, members, and traits; and what the retry
 * policy makes of them. */
#include "whole.h"

#define DATA TCX_SOURCE_DIR "/models/data"
#define JSON_ERROR(head, name, members)                                                            \
  {                                                                                                \
    DO(REQUEST),                                                                                   \
        SEND("HTTP/1.1 " head "\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: "       \
             "close\r\n\r\n{\"__type\":\"com.amazonaws#" name "\"" members "}"),                   \
        DO(CLOSE)                                                                                  \
  }

struct told {
  struct outcome o;
  char shape[64];
  bool modeled_retryable, modeled_throttling;
};

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct told *t = tcx_call_data(call);
  outcome_take(&t->o, call, response, error);
  if (error == NULL)
    return;
  snprintf(t->shape, sizeof t->shape, "%s", error->shape != NULL ? error->shape : "-");
  t->modeled_retryable = error->modeled_retryable;
  t->modeled_throttling = error->modeled_throttling;
}

static struct told *ask(struct whole *w, const char *service,
                        const struct fault_step *const *scripts, unsigned n, const char *operation,
                        tcx_value_t *params) {
  struct told *t = calloc(1, sizeof *t);
  tcx_client_t *client = NULL;
  whole_begin_with(w, scripts, n, &(tcx_session_options_t){.data_path = DATA}, NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = w->url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET};
  assert_int_equal(tcx_session_create_client(w->session, service, &co, &client), 0);
  assert_int_equal(tcx_client_call(client, operation, params, on_done, t), 0);
  whole_until(w, &t->o.calls);
  return t;
}
static void end(struct whole *w, struct told *t) {
  outcome_free(&t->o);
  free(t);
  whole_end(w);
}

static void test_named(void **state) {
  (void)state;
  static const struct fault_step known[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" WHOLE_ERROR("NoSuchKey", "gone")),
      DO(CLOSE)};
  static const struct fault_step unknown[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n" WHOLE_ERROR("NeverHeardOf", "no")),
      DO(CLOSE)};
  static const struct {
    const struct fault_step *script;
    const char *code, *shape;
  } cells[] = {{known, "NoSuchKey", "NoSuchKey"}, {unknown, "NeverHeardOf", "-"}};
  for (size_t i = 0; i < 2; i++) {
    struct whole w;
    struct told *t =
        ask(&w, "s3", &cells[i].script, 1, "get_object", tcx_params("{Bucket: b, Key: k}"));
    assert_string_equal(t->o.code, cells[i].code);
    assert_string_equal(t->shape, cells[i].shape);
    assert_false(t->modeled_retryable);
    assert_false(t->modeled_throttling);
    end(&w, t);
  }
}

/* The code is that of the query protocol, the exception is the model's: SQS has no codes of its own
 * there. */
static void test_query_compatible(void **state) {
  (void)state;
  static const struct fault_step gone[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 400 Bad Request\r\nx-amzn-query-error: "
           "AWS.SimpleQueueService.NonExistentQueue;Sender\r\nConnection: close\r\n\r\n"
           "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"no such queue\"}"),
      DO(CLOSE)};
  static const struct fault_step *const scripts[] = {gone};
  struct whole w;
  struct told *t = ask(&w, "sqs", scripts, 1, "get_queue_url", tcx_params("{QueueName: q}"));
  assert_string_equal(t->o.code, "AWS.SimpleQueueService.NonExistentQueue");
  assert_string_equal(t->shape, "QueueDoesNotExist");
  assert_string_equal(tcx_value_str(t->o.response, "Error.QueryErrorCode"), "QueueDoesNotExist");
  end(&w, t);
}

/* Members stand beside Error. */
static void test_members(void **state) {
  (void)state;
  static const struct fault_step script[] =
      JSON_ERROR("400 Bad Request", "TransactionCanceledException",
                 ",\"Message\":\"m\",\"CancellationReasons\":[{\"Code\":\"None\"},{\"Code\":"
                 "\"ConditionalCheckFailed\"}]");
  static const struct fault_step *const scripts[] = {script};
  struct whole w;
  struct told *t = ask(&w, "dynamodb", scripts, 1, "transact_write_items",
                       tcx_params("{TransactItems: [{Delete: {TableName: t, Key: {k: {S: v}}}}]}"));
  assert_string_equal(t->shape, "TransactionCanceledException");
  assert_string_equal(tcx_value_str(t->o.response, "CancellationReasons[1].Code"),
                      "ConditionalCheckFailed");
  assert_string_equal(tcx_value_str(t->o.response, "Error.Message"), "m");
  end(&w, t);
}

/* An exception that the model calls retryable is tried again where it is one of the operation's
 * own, as in botocore; the error says what the model says in either case. */
static void test_retryable(void **state) {
  (void)state;
  static const struct fault_step busy[] = JSON_ERROR(
      "422 Unprocessable Entity", "UnprocessableEntityException", ",\"message\":\"busy\"");
  static const struct fault_step full[] =
      JSON_ERROR("429 Too Many Requests", "ThrottlingException", ",\"message\":\"slower\"");
  /* clang-format off */
  static const struct { const struct fault_step *script; const char *operation, *params, *shape; int attempts; bool retryable, throttled, modeled_throttling; } cells[] = {
      {busy, "check_no_public_access", "{\"policyDocument\":\"{}\",\"resourceType\":\"AWS::S3::Bucket\"}", "UnprocessableEntityException", 3, true, false, false},
      {busy, "delete_analyzer", "{\"analyzerName\":\"a\"}", "UnprocessableEntityException", 1, false, false, false},
      {full, "delete_analyzer", "{\"analyzerName\":\"a\"}", "ThrottlingException", 3, true, true, true},
  };
  /* clang-format on */
  for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
    struct whole w;
    struct told *t = ask(&w, "accessanalyzer", &cells[i].script, 1, cells[i].operation,
                         tcx_value_from_json(cells[i].params, strlen(cells[i].params)));
    assert_int_equal(t->o.status, TCX_ECLIENT);
    assert_string_equal(t->shape, cells[i].shape);
    assert_int_equal(t->o.attempts, cells[i].attempts);
    assert_int_equal(w.server.requests, cells[i].attempts);
    assert_int_equal(t->o.retryable, cells[i].retryable);
    assert_int_equal(t->o.throttled, cells[i].throttled);
    assert_true(t->modeled_retryable);
    assert_int_equal(t->modeled_throttling, cells[i].modeled_throttling);
    end(&w, t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_named), cmocka_unit_test(test_query_compatible),
      cmocka_unit_test(test_members), cmocka_unit_test(test_retryable)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
