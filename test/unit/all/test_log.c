/* What the log says of whole calls, that no secret of theirs is ever in it, and the counters of
 * calls and clients. */
#include "whole.h"
#include <tucuxi/hooks.h>

#define KEY       "AKIDLOGTEST"
#define SECRET    "verysecretverysecretverysecretverysecret"
#define TOKEN     "sessiontokensessiontoken"
#define SSE_KEY   "0123456789abcdefghijklmnopqrstuv"
#define SSE_B64   "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="
#define NEW_KEY   "newsecretnewsecretnewsecretnewsecretnews"
#define NEW_TOKEN "newtokennewtokennewtoken"
#define SSO_TOKEN "ssoaccesstokenssoaccesstoken"

static char text[200000];
static size_t used, lines;
static void on_log(tcx_log_level_t level, const char *area, const char *line,
                   const tcx_call_t *call, void *data) {
  (void)call, (void)data;
  assert_true(level <= TCX_LOG_TRACE);
  assert_null(strpbrk(line, "\r\n"));
  used += (size_t)snprintf(text + used, sizeof text - used, "%s: %s\n", area, line);
  assert_true(used < sizeof text);
  lines++;
}

static void begin(struct whole *w, const char *service, const struct fault_step *const *scripts,
                  tcx_log_level_t level, size_t wire) {
  used = lines = 0;
  text[0] = '\0';
  tcx_session_options_t so = {.log = on_log, .log_level = level, .log_wire = wire};
  whole_begin_with(w, scripts, 1, &so, NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = w->url,
                             .access_key = KEY,
                             .secret_key = SECRET,
                             .session_token = TOKEN};
  assert_int_equal(tcx_session_create_client(w->session, service, &co, &w->client), 0);
  w->session->rng[0] = w->session->rng[1] = 0;
}

static void no_secret(void) {
  static const char *const secrets[] = {SECRET,         TOKEN,       SSE_KEY,   SSE_B64,
                                        NEW_KEY,        NEW_TOKEN,   SSO_TOKEN, "AWS4-HMAC",
                                        "sessiontoken", "queryquery"};
  for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
    if (strstr(text, secrets[i]) != NULL)
      fail_msg("%s is in the log:\n%s", secrets[i], text);
}

static void has(const char *line) {
  if (strstr(text, line) == NULL)
    fail_msg("\"%s\" is not in the log:\n%s", line, text);
}

static struct outcome call(struct whole *w, const char *operation, tcx_value_t *params) {
  struct outcome o = whole_call(w, operation, params, NULL);
  return o;
}

/* Slow down, then well. */
#define SLOW_BODY                                                                                  \
  "<Error><Code>SlowDown</Code><Message>slow</Message><RequestId>R</RequestId></Error>"
static const struct fault_step *const *twice(void) {
  static struct fault_step steps[5];
  static const struct fault_step *const scripts[] = {steps};
  const struct fault_step fill[] = {
      DO(REQUEST), SEND(whole_answer("503 Slow\r\nSet-Cookie: sessiontoken=1", SLOW_BODY)),
      DO(REQUEST), SEND(whole_answer("200 OK\r\nETag: \"e\"", "")), DO(AGAIN)};
  memcpy(steps, fill, sizeof steps);
  return scripts;
}

static tcx_value_t *put_params(void) {
  return tcx_params(
      "{Bucket: b, Key: k, Body: hello, SSECustomerAlgorithm: AES256, SSECustomerKey: '%s'}",
      SSE_KEY);
}

static int add_query(tcx_call_t *call, const char *event, void *data) {
  char url[300];
  (void)event, (void)data;
  snprintf(url, sizeof url, "%s?X-Amz-Signature=queryquery&a=b", tcx_request_url(call));
  return tcx_request_set_url(call, url);
}

static void test_wire(void **state) {
  (void)state;
  struct whole w;
  begin(&w, "s3", twice(), TCX_LOG_TRACE, 1000);
  assert_int_equal(tcx_client_on(w.client, "before-sign", add_query, NULL, NULL), 0);
  struct outcome o = call(&w, "put_object", put_params());
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
  no_secret();
  static const char *const wanted[] = {
      "wire: > PUT /b/k?X-Amz-Signature=***&a=b HTTP/1.1\n",
      "wire: > Host: 127.0.0.1:",
      "wire: > Authorization: ***\n",
      "wire: > x-amz-security-token: ***\n",
      "wire: > x-amz-server-side-encryption-customer-key: ***\n",
      "wire: > x-amz-server-side-encryption-customer-algorithm: AES256\n",
      "wire: > hello\n",
      "wire: > (5 bytes, 5 shown)\n",
      "wire: < 503 Slow\n",
      "wire: < set-cookie: ***\n",
      "wire: < <Error><Code>SlowDown</Code>",
      "wire: < (83 bytes, 83 shown)\n",
      "wire: < 200 OK\n",
      "wire: < etag: \"e\"\n",
      ("retry: PutObject attempt 1 of 3 failed (SlowDown, throttled): again in 0 ms, "
       "quota 495 of 500\n"),
      "endpoint: PutObject goes to http://127.0.0.1:",
      "Bucket=b, Region=us-east-1, UseFIPS=false",
      "call: PutObject wants credentials\n",
      "call: PutObject wants a connection\n",
      "call: PutObject attempt 2 to 127.0.0.1:",
      "call: PutObject is done: status 200, 2 attempts, ",
      "credentials: found credentials: explicit\n",
      "net: connected to 127.0.0.1:",
      "net: PutObject has an idle connection to 127.0.0.1\n",
      "net: closed a connection to 127.0.0.1:",
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    has(wanted[i]);
}

/* Nobody asked for the wire, or not at that level; or for no log at all. */
static void test_levels(void **state) {
  (void)state;
  static const struct {
    tcx_log_level_t level;
    size_t wire;
    bool some;
  } cases[] = {{TCX_LOG_TRACE, 0, true}, {TCX_LOG_DEBUG, 1000, true}, {TCX_LOG_WARN, 1000, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    begin(&w, "s3", twice(), cases[i].level, cases[i].wire);
    struct outcome o = call(&w, "put_object", put_params());
    assert_int_equal(o.status, 0);
    outcome_free(&o);
    whole_end(&w);
    no_secret();
    assert_null(strstr(text, "wire: "));
    assert_int_equal(lines > 0, cases[i].some);
  }
}

#define FORBIDDEN                                                                                  \
  "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>a x-amz-security-token:" TOKEN       \
  "</CanonicalRequest></Error>"
/* A body is cut at the limit, and hex where it is no text; what a service repeats of a request's
 * secrets is not shown, whole or cut. */
static void test_bodies(void **state) {
  (void)state;
  const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("403 X", FORBIDDEN)),
                                     DO(REQUEST), SEND(whole_answer("200 OK", "\x01\x02\xff")),
                                     DO(REQUEST), SEND(whole_answer("200 OK", "line1\nline 2\n")),
                                     DO(END)};
  const struct fault_step *const scripts[] = {steps};
  for (size_t wire = 90; wire <= 200; wire += 110) {
    struct whole w;
    begin(&w, "s3", scripts, TCX_LOG_TRACE, wire);
    struct outcome o = call(&w, "list_buckets", NULL);
    assert_string_equal(o.code, "SignatureDoesNotMatch");
    outcome_free(&o);
    for (int i = 0; i < 2; i++) {
      o = whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"),
                     &(tcx_call_options_t){.max_body = 100});
      assert_int_equal(o.status, 0);
      outcome_free(&o);
    }
    whole_end(&w);
    no_secret();
    has("x-amz-security-token:*");
    char shown[60];
    snprintf(shown, sizeof shown, "wire: < (%zu bytes, %zu shown)\n", sizeof FORBIDDEN - 1,
             wire == 90 ? wire : sizeof FORBIDDEN - 1);
    has(shown);
    has("wire: < 0102ff\n");
    has("wire: < line1\nwire: < line 2\n");
    has("retry: ListBuckets attempt 1 of 3 failed (SignatureDoesNotMatch): not one that is "
        "retried\n");
    has("call: ListBuckets has failed: TCX_ECLIENT SignatureDoesNotMatch, phase read, 1 "
        "attempts, ");
  }
}

/* Services that hand out credentials. */
static void test_credentials(void **state) {
  (void)state;
  const struct fault_step sts[] = {
      DO(REQUEST),
      SEND(whole_answer(
          "200 OK",
          "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>I</AccessKeyId>"
          "<SecretAccessKey>" NEW_KEY "</SecretAccessKey><SessionToken>" NEW_TOKEN
          "</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>")),
      DO(END)};
  const struct fault_step sso[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK",
                        "{\"roleCredentials\":{\"accessKeyId\":\"I\",\"secretAccessKey\":\"" NEW_KEY
                        "\",\"sessionToken\":\"" NEW_TOKEN "\"}}")),
      DO(END)};
  const struct fault_step *const sts_scripts[] = {sts}, *const sso_scripts[] = {sso};
  struct whole w;
  begin(&w, "sts", sts_scripts, TCX_LOG_TRACE, 10000);
  struct outcome o = call(&w, "assume_role",
                          tcx_params("{RoleArn: 'arn:aws:iam::123456789012:role/r', "
                                     "RoleSessionName: session, ExternalId: ex}"));
  assert_string_equal(tcx_value_str(o.response, "Credentials.SecretAccessKey"), NEW_KEY);
  outcome_free(&o);
  whole_end(&w);
  no_secret();
  has("wire: > Action=AssumeRole");
  has(" bytes, not shown: they may hold a secret)\n");
  begin(&w, "sso", sso_scripts, TCX_LOG_TRACE, 10000);
  o = call(&w, "get_role_credentials",
           tcx_params("{roleName: r, accountId: '123456789012', accessToken: '%s'}", SSO_TOKEN));
  assert_string_equal(tcx_value_str(o.response, "roleCredentials.secretAccessKey"), NEW_KEY);
  outcome_free(&o);
  whole_end(&w);
  no_secret();
  has("wire: > x-amz-sso_bearer_token: ***\n");
}

/* ---- counters ---- */

static void test_counters(void **state) {
  (void)state;
  struct whole w;
  struct outcome a, b;
  tcx_client_stats_t s;
  whole_begin(&w, twice(), 1, &(tcx_client_options_t){.max_connections = 1});
  tcx_client_get_stats(w.client, &s);
  assert_int_equal(s.active + s.queued + s.connections + s.idle + s.calls + s.retries + s.connects +
                       s.errors + s.throttles,
                   0);
  assert_int_equal(s.quota, 500);
  whole_start_to(&w, "put_object", put_params(), NULL, &a, NULL);
  whole_start_to(&w, "get_object", tcx_params("{Bucket: b}"), NULL, &b, NULL); /* bad parameters */
  whole_until(&w, &b.calls);
  assert_int_equal(b.status, TCX_EPARAM);
  outcome_free(&b);
  whole_until(&w, &a.calls);
  assert_int_equal(a.status, 0);
  const tcx_call_timings_t *t = &a.timings;
  assert_int_equal(t->attempts, 2);
  assert_int_equal(t->bytes_sent, 10);
  assert_int_equal(t->bytes_received, sizeof SLOW_BODY - 1);
  assert_true(t->total_us >= t->backoff_us);
  assert_true(t->reused);
  outcome_free(&a);
  tcx_client_get_stats(w.client, &s);
  assert_int_equal(s.active, 0);
  assert_int_equal(s.connections, 1);
  assert_int_equal(s.idle, 1);
  assert_int_equal(s.calls, 2);
  assert_int_equal(s.errors, 1);
  assert_int_equal(s.retries, 1);
  assert_int_equal(s.throttles, 1);
  assert_int_equal(s.connects, 1);
  assert_int_equal(s.quota, 500); /* taken, and given back by the success */
  whole_end(&w);
}

static void test_quota_and_queue(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST), DO_N(WAIT, 20), SEND("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  static const struct fault_step *const scripts[] = {slow};
  struct whole w;
  struct outcome a, b;
  tcx_client_stats_t s;
  whole_begin(&w, scripts, 1, &(tcx_client_options_t){.max_connections = 1, .max_attempts = 2});
  whole_start_to(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL, &a, NULL);
  whole_start_to(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL, &b, NULL);
  while (w.server.received == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_client_get_stats(w.client, &s);
  assert_int_equal(s.active, 2);
  assert_int_equal(s.queued, 1);
  assert_int_equal(s.connections, 1);
  assert_int_equal(s.idle, 0);
  whole_until(&w, &a.calls);
  whole_until(&w, &b.calls);
  assert_true(a.timings.queue_us + b.timings.queue_us >= 15000);
  assert_true(a.timings.first_byte_us >= 19000);
  assert_int_equal(a.timings.bytes_sent + a.timings.bytes_received, 0);
  tcx_client_get_stats(w.client, &s);
  assert_int_equal(s.quota, 500 - 2 * 14);
  assert_int_equal(s.errors, 2);
  assert_int_equal(s.retries, 2);
  assert_int_equal(s.throttles, 0);
  outcome_free(&a);
  outcome_free(&b);
  /* an older program's smaller struct */
  unsigned char small[8], more[sizeof s + 16];
  tcx_client_get_stats_sized(w.client, (tcx_client_stats_t *)(void *)small, sizeof small);
  tcx_client_get_stats_sized(w.client, (tcx_client_stats_t *)(void *)more, sizeof more);
  assert_int_equal(more[sizeof more - 1], 0);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wire),     cmocka_unit_test(test_levels),
      cmocka_unit_test(test_bodies),   cmocka_unit_test(test_credentials),
      cmocka_unit_test(test_counters), cmocka_unit_test(test_quota_and_queue),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
