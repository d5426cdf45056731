/* Whole calls in json and rest-json against a scripted server: what is sent, what becomes of
 * answers, what is tried again. */
#include "service_calls.h"

#define ITEM                 "{\"Item\":{\"pk\":{\"S\":\"a\"}}}" /* its CRC-32: 642333050 */
#define ERROR(type, message) "{\"__type\":\"com.amazonaws." type "\",\"message\":\"" message "\"}"

static tcx_value_t *key(void) { return tcx_params("{TableName: t, Key: {pk: {S: %s}}}", "a"); }

static void test_dynamodb(void **state) {
  (void)state;
  struct service s;
  service_begin(&s, "dynamodb",
                SERVICE_ANSWERED(whole_answer(
                    "200 OK\r\nx-amzn-RequestId: r-1\r\nx-amz-crc32: 642333050", ITEM)),
                NULL);
  struct outcome o = whole_call(&s.w, "get_item", key(), NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Item.pk.S"), "a");
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.RequestId"), "r-1");
  assert_null(tcx_value_get(o.response, "ResponseMetadata.ChecksumAlgorithm"));
  service_request(&s, "POST / HTTP/1.1\r\n",
                  "{\"TableName\":\"t\",\"Key\":{\"pk\":{\"S\":\"a\"}}}");
  service_header(&s, "X-Amz-Target", "DynamoDB_20120810.GetItem");
  service_header(&s, "Content-Type", "application/x-amz-json-1.0");
  service_header(&s, "Content-Length", "40");
  service_header(&s, "x-amzn-query-mode", NULL);
  service_header(&s, "Authorization",
                 "/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=");
  outcome_free(&o);
  whole_end(&s.w);
}

static void test_sqs(void **state) {
  (void)state;
  struct service s;
  service_begin(
      &s, "sqs",
      SERVICE_ANSWERED(whole_answer(
          "400 Bad Request\r\nx-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender",
          ERROR("sqs#QueueDoesNotExist", "none"))),
      NULL);
  struct outcome o =
      whole_call(&s.w, "send_message",
                 tcx_params("{QueueUrl: %s, MessageBody: 'a \"b\"', MessageAttributes: {n: "
                            "{DataType: Binary, BinaryValue: bytes}}}",
                            s.w.url),
                 NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_string_equal(o.code, "AWS.SimpleQueueService.NonExistentQueue");
  assert_string_equal(tcx_value_str(o.response, "Error.QueryErrorCode"), "QueueDoesNotExist");
  assert_string_equal(tcx_value_str(o.response, "Error.Type"), "Sender");
  assert_int_equal(o.attempts, 1);
  service_header(&s, "X-Amz-Target", "AmazonSQS.SendMessage");
  service_header(&s, "x-amzn-query-mode", "true");
  assert_non_null(strstr(s.w.server.last_body,
                         "\"MessageBody\":\"a "
                         "\\\"b\\\"\",\"MessageAttributes\":{\"n\":{\"DataType\":"
                         "\"Binary\",\"BinaryValue\":\"Ynl0ZXM=\"}}}"));
  outcome_free(&o);
  whole_end(&s.w);
}

static void test_kms(void **state) {
  (void)state;
  struct service s;
  size_t n = 0;
  service_begin(
      &s, "kms",
      SERVICE_ANSWERED(
          whole_answer("200 OK", "{\"KeyId\":\"k\",\"Plaintext\":\"AAEC\"}"),
          whole_answer("200 OK",
                       "{\"KeyMetadata\":{\"KeyId\":\"k\",\"CreationDate\":1.44093816025E9}}")),
      NULL);
  struct outcome o =
      whole_call(&s.w, "decrypt", tcx_params("{CiphertextBlob: %.*s}", 3, "\0\1\2"), NULL);
  assert_int_equal(o.status, 0);
  assert_memory_equal(tcx_value_bytes(o.response, "Plaintext", &n), "\0\1\2", 3);
  assert_int_equal(n, 3);
  service_request(&s, "POST / HTTP/1.1\r\n", "{\"CiphertextBlob\":\"AAEC\"}");
  service_header(&s, "Content-Type", "application/x-amz-json-1.1");
  outcome_free(&o);
  o = whole_call(&s.w, "describe_key", tcx_params("{KeyId: k}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "KeyMetadata.CreationDate"),
                      "2015-08-30T12:36:00.250000Z");
  outcome_free(&o);
  whole_end(&s.w);
}

static void test_lambda(void **state) {
  (void)state;
  struct service s;
  const tcx_call_options_t kept = {.max_body = 100};
  service_begin(
      &s, "lambda",
      SERVICE_ANSWERED(
          whole_answer("200 OK\r\nX-Amz-Executed-Version: $LATEST", "{\"answer\": 42}"),
          whole_answer("404 Not Found\r\nx-amzn-ErrorType: ResourceNotFoundException:http://x",
                       "{\"Type\":\"User\",\"Message\":\"none\"}"),
          whole_answer("200 OK", "")),
      NULL);
  struct outcome o = whole_call(
      &s.w, "invoke",
      tcx_params("{FunctionName: 'arn:aws:lambda:f', Payload: %s, Qualifier: '1'}", "{\"ask\": 1}"),
      &kept);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_bytes(o.response, "Payload", NULL), "{\"answer\": 42}");
  assert_int_equal(tcx_value_int(o.response, "StatusCode", 0), 200);
  assert_string_equal(tcx_value_str(o.response, "ExecutedVersion"), "$LATEST");
  service_request(
      &s, "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Af/invocations?Qualifier=1 HTTP/1.1\r\n",
      "{\"ask\": 1}");
  service_header(&s, "Content-Type", NULL);
  outcome_free(&o);
  o = whole_call(&s.w, "get_function", tcx_params("{FunctionName: f}"), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_string_equal(o.code, "ResourceNotFoundException");
  assert_string_equal(
      o.msg,
      "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: none");
  assert_string_equal(tcx_value_str(o.response, "Type"), "User");
  assert_memory_equal(s.w.server.last_head, "GET /2015-03-31/functions/f HTTP/1.1\r\n", 38);
  assert_int_equal(s.w.server.last_body_len, 0);
  outcome_free(&o);
  o = whole_call(&s.w, "tag_resource", tcx_params("{Resource: r, Tags: {a: b}}"), NULL);
  assert_int_equal(o.status, 0);
  service_request(&s, "POST /2017-03-31/tags/r HTTP/1.1\r\n", "{\"Tags\":{\"a\":\"b\"}}");
  service_header(&s, "Content-Type", "application/json");
  outcome_free(&o);
  whole_end(&s.w);
}

static void test_bedrock_runtime(void **state) {
  (void)state;
  struct service s;
  const char *answer = "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":"
                       "\"hi\"},{\"newer\":{\"a\":1}},{\"toolUse\":{\"toolUseId\":\"t\",\"name\":"
                       "\"n\",\"input\":{\"x\":[1,null]}}}]}},\"stopReason\":"
                       "\"end_turn\",\"usage\":{\"inputTokens\":1,\"outputTokens\":2,"
                       "\"totalTokens\":3},\"metrics\":{\"latencyMs\":7}}";
  service_begin(&s, "bedrock-runtime", SERVICE_ANSWERED(whole_answer("200 OK", answer)), NULL);
  struct outcome o = whole_call(
      &s.w, "converse",
      tcx_params(
          "{modelId: 'anthropic.claude-3:0', messages: [{role: user, content: [{text: hello}]}], "
          "inferenceConfig: {temperature: %g}, additionalModelRequestFields: {top_k: 5}}",
          0.5),
      NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "output.message.content[0].text"), "hi");
  assert_string_equal(
      tcx_value_str(o.response, "output.message.content[1].SDK_UNKNOWN_MEMBER.name"), "newer");
  assert_int_equal(tcx_value_int(o.response, "output.message.content[2].toolUse.input.x[0]", 0), 1);
  service_request(
      &s, "POST /model/anthropic.claude-3%3A0/converse HTTP/1.1\r\n",
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hello\"}]}],\"inferenceConfig\":{"
      "\"temperature\":0.5},\"additionalModelRequestFields\":{\"top_k\":5}}");
  outcome_free(&o);
  whole_end(&s.w);
}

struct failure {
  const char *what;
  const char *answers[4];
  int status, attempts;
  const char *code;
  bool throttled, puts;
};

/* What DynamoDB's failures become; it is asked four times at most. */
static void test_failures(void **state) {
  (void)state;
  const char *good = whole_answer("200 OK", ITEM),
             *wrong = whole_answer("200 OK\r\nx-amz-crc32: 642333051", ITEM),
             *no_json = whole_answer("200 OK", "{\"Item\":");
  const char *busy =
      whole_answer("400 Bad Request",
                   ERROR("dynamodb.v20120810#ProvisionedThroughputExceededException", "slow"));
  const char *wrong_error =
      whole_answer("400 Bad Request\r\nx-amz-crc32: 1",
                   ERROR("dynamodb.v20120810#ResourceNotFoundException", "no table"));
  const char *conflict = whole_answer(
      "400 Bad Request", ERROR("dynamodb.v20120810#ReplicatedWriteConflictException", "again"));
  const char *internal = whole_answer("500 Internal Server Error",
                                      ERROR("dynamodb.v20120810#InternalServerError", "oh"));
  /* clang-format off */
  const struct failure cases[] = {
      {"throttled", {busy, busy, busy, busy}, TCX_ECLIENT, 4, "ProvisionedThroughputExceededException", true, false},
      {"throttled once", {busy, good}, 0, 2, NULL, false, false},
      {"modelled as retryable", {conflict, whole_answer("200 OK", "{}")}, 0, 2, NULL, false, true},
      {"modelled for other operations", {conflict}, TCX_ECLIENT, 1, "ReplicatedWriteConflictException", false, false},
      {"its own failure", {internal, internal, good}, 0, 3, NULL, false, false},
      {"final", {whole_answer("400 Bad Request", ERROR("dynamodb.v20120810#ResourceNotFoundException", "no table"))}, TCX_ECLIENT, 1, "ResourceNotFoundException", false, false},
      {"a wrong CRC", {wrong, good}, 0, 2, NULL, false, false},
      {"nothing but wrong CRCs", {wrong, wrong, wrong, wrong}, TCX_ECHECKSUM, 4, NULL, false, false},
      {"a wrong CRC of an error", {wrong_error, good}, 0, 2, NULL, false, false},
      {"a CRC that is no number", {whole_answer("200 OK\r\nx-amz-crc32: many", ITEM)}, 0, 1, NULL, false, false},
      {"cut JSON", {no_json, no_json, good}, 0, 3, NULL, false, false},
  };
  /* clang-format on */
  int bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct failure *c = &cases[i];
    const char *answers[5] = {c->answers[0], c->answers[1], c->answers[2], c->answers[3], NULL};
    struct service s;
    service_begin(&s, "dynamodb", answers, NULL);
    struct outcome o = c->puts ? whole_call(&s.w, "put_item",
                                            tcx_params("{TableName: t, Item: {pk: {S: a}}}"), NULL)
                               : whole_call(&s.w, "get_item", key(), NULL);
    bool right =
        o.status == c->status && o.attempts == c->attempts && o.throttled == c->throttled &&
        (c->code == NULL ? o.code == NULL : o.code != NULL && strcmp(o.code, c->code) == 0);
    if (!right) {
      fprintf(stderr, "%s: %s, code %s, %d attempts: %s\n", c->what, tcx_err_name(o.status), o.code,
              o.attempts, o.msg);
      bad++;
    }
    outcome_free(&o);
    whole_end(&s.w);
  }
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_dynamodb),
                                     cmocka_unit_test(test_sqs),
                                     cmocka_unit_test(test_kms),
                                     cmocka_unit_test(test_lambda),
                                     cmocka_unit_test(test_bedrock_runtime),
                                     cmocka_unit_test(test_failures)};
  whole_unset_environment();
  setenv("AWS_DATA_PATH", TCX_SOURCE_DIR "/models/data", 1); /* whatever is embedded */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
