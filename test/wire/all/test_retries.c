/*
 * What is sent again, how often, and what the outcome says of it: statuses, codes, dead
 * connections, quota, bodies, trailers, checksums.
 */
#include "whole.h"

#define OK_EMPTY  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define LIST      "<ListBucketResult><Name>b</Name></ListBucketResult>"
#define MAX_STEPS 16

/* A script of answers on one connection. */
struct script {
  struct fault_step steps[MAX_STEPS];
};
static void answers(struct script *s, const char *const *texts) {
  unsigned n = 0;
  memset(s, 0, sizeof *s);
  for (; *texts != NULL; texts++) {
    s->steps[n++] = (struct fault_step)DO(REQUEST);
    s->steps[n++] = (struct fault_step)SEND(*texts);
  }
  assert_true(n < MAX_STEPS);
}

static struct outcome run(const char *const *texts, const char *operation, tcx_value_t *params,
                          const tcx_call_options_t *options, const tcx_client_options_t *co,
                          unsigned requests) {
  struct script s;
  answers(&s, texts);
  const struct fault_step *const scripts[] = {s.steps};
  struct whole w;
  whole_begin(&w, scripts, 1, co);
  struct outcome o = whole_call(&w, operation, params, options);
  if (w.server.requests != requests)
    fail_msg("%u requests, not %u; %s", w.server.requests, requests, o.msg);
  char text[100];
  assert_non_null(whole_header(w.server.last_head, "amz-sdk-invocation-id", text, sizeof text));
  assert_non_null(whole_header(w.server.last_head, "amz-sdk-request", text, sizeof text));
  unsigned attempt = 0, max = 0;
  assert_int_equal(sscanf(text, "attempt=%u; max=%u", &attempt, &max), 2);
  assert_int_equal(attempt, requests);
  whole_end(&w);
  return o;
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_statuses(void **state) {
  (void)state;
  static const struct {
    const char *head, *body;
    const char *code;
    bool again, throttled;
  } cases[] = {
      {"500 Internal Server Error", "", "500", true, false},
      {"502 Bad Gateway", "<html>", "502", true, false},
      {"503 Slow Down", WHOLE_ERROR("SlowDown", "Reduce your request rate"), "SlowDown", true,
       true},
      {"503 Service Unavailable", WHOLE_ERROR("ServiceUnavailable", "x"), "ServiceUnavailable",
       true, false},
      {"504 Gateway Timeout", "", "504", true, false},
      {"429 Too Many Requests", "", "429", true, true},
      {"400 Bad Request", WHOLE_ERROR("RequestTimeout", "x"), "RequestTimeout", true, false},
      {"400 Bad Request", WHOLE_ERROR("Throttling", "x"), "Throttling", true, true},
      {"200 OK", WHOLE_ERROR("InternalError", "We encountered an internal error."), "InternalError",
       true, false},
      {"200 OK", WHOLE_ERROR("SlowDown", "x"), "SlowDown", true, true},
      {"400 Bad Request", WHOLE_ERROR("InvalidArgument", "x"), "InvalidArgument", false, false},
      {"403 Forbidden", WHOLE_ERROR("AccessDenied", "x"), "AccessDenied", false, false},
      {"404 Not Found", WHOLE_ERROR("NoSuchBucket", "x"), "NoSuchBucket", false, false},
      {"501 Not Implemented", WHOLE_ERROR("NotImplemented", "x"), "NotImplemented", false, false},
      {"409 Conflict", WHOLE_ERROR("OperationAborted", "x"), "OperationAborted", false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *bad = whole_answer(cases[i].head, cases[i].body),
               *good = whole_answer("200 OK", LIST);
    struct outcome o = run(TEXTS(bad, bad, bad), "list_objects_v2", tcx_params("{Bucket: b}"), NULL,
                           NULL, cases[i].again ? 3 : 1);
    assert_int_equal(o.status, TCX_ECLIENT);
    assert_string_equal(o.code, cases[i].code);
    assert_int_equal(o.attempts, cases[i].again ? 3 : 1);
    assert_int_equal(o.retryable, cases[i].again);
    assert_int_equal(o.throttled, cases[i].throttled);
    assert_true(o.sent);
    assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.RetryAttempts", -1),
                     cases[i].again ? 2 : 0);
    assert_int_equal(tcx_value_bool(o.response, "ResponseMetadata.MaxAttemptsReached", false),
                     cases[i].again);
    assert_int_equal(strstr(o.msg, "(reached max retries: 2)") != NULL, cases[i].again);
    assert_int_equal(o.http_status,
                     strncmp(cases[i].head, "200", 3) == 0 ? 500 : atoi(cases[i].head));
    outcome_free(&o);
    if (!cases[i].again)
      continue;
    o = run(TEXTS(bad, good), "list_objects_v2", tcx_params("{Bucket: b}"), NULL, NULL, 2);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.attempts, 2);
    assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.RetryAttempts", -1), 1);
    assert_string_equal(tcx_value_str(o.response, "Name"), "b");
    outcome_free(&o);
  }
}

/* ---- a wrong clock ---- */

static int64_t wrong_clock(const tcx_session_t *session) {
  (void)session;
  return 1440938160; /* 2015-08-30T12:36:00Z */
}

#define SKEWED "403 Forbidden\r\nDate: Sun, 30 Aug 2015 13:36:00 GMT"

/* The time that was signed last. */
static void assert_signed_at(const struct whole *w, const char *time) {
  char text[100];
  assert_non_null(whole_header(w->server.last_head, "x-amz-date", text, sizeof text));
  assert_string_equal(text, time);
}

static void test_clock(void **state) {
  (void)state;
  static const char *const codes[] = {"RequestTimeTooSkewed",  "RequestExpired",
                                      "RequestInTheFuture",    "InvalidSignatureException",
                                      "SignatureDoesNotMatch", "AuthFailure"};
  const char *good = whole_answer("200 OK", LIST);
  for (size_t i = 0; i <= sizeof codes / sizeof codes[0]; i++) {
    bool head = i == sizeof codes / sizeof codes[0];
    char error[300];
    snprintf(error, sizeof error, WHOLE_ERROR("%s", "x"), head ? "" : codes[i]);
    struct script s;
    answers(&s, TEXTS(whole_answer(SKEWED, head ? "" : error), head ? OK_EMPTY : good, good));
    const struct fault_step *const scripts[] = {s.steps};
    struct whole w;
    whole_begin(&w, scripts, 1, NULL);
    w.session->clock = wrong_clock;
    struct outcome o =
        whole_call(&w, head ? "head_bucket" : "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.attempts, 2);
    assert_signed_at(&w, "20150830T133600Z");
    outcome_free(&o);
    /* the next call knows */
    o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.attempts, 1);
    assert_signed_at(&w, "20150830T133600Z");
    outcome_free(&o);
    whole_end(&w);
  }
}

/* What the clock does not explain stays an error: a small difference, another code, a cache's
 * answer, no date, a date that is none. */
static void test_clock_is_right(void **state) {
  (void)state;
  static const struct {
    const char *head, *code;
  } cases[] = {
      {"403 Forbidden\r\nDate: Sun, 30 Aug 2015 12:39:59 GMT", "SignatureDoesNotMatch"},
      {"403 Forbidden\r\nDate: Sun, 30 Aug 2015 12:32:01 GMT", "RequestTimeTooSkewed"},
      {SKEWED, "AccessDenied"},
      {SKEWED "\r\nAge: 3600", "RequestTimeTooSkewed"},
      {"403 Forbidden", "RequestTimeTooSkewed"},
      {"403 Forbidden\r\nDate: yesterday", "RequestTimeTooSkewed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char error[300];
    snprintf(error, sizeof error, WHOLE_ERROR("%s", "x"), cases[i].code);
    struct script s;
    answers(&s, TEXTS(whole_answer(cases[i].head, error)));
    const struct fault_step *const scripts[] = {s.steps};
    struct whole w;
    whole_begin(&w, scripts, 1, NULL);
    w.session->clock = wrong_clock;
    struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, TCX_ECLIENT);
    assert_string_equal(o.code, cases[i].code);
    assert_int_equal(o.attempts, 1);
    assert_false(o.retryable);
    outcome_free(&o);
    whole_end(&w);
  }
}

/* The server's word is not believed twice for one request: the second time is what it said
 * itself. */
static void test_clock_stubborn(void **state) {
  (void)state;
  const char *bad = whole_answer(SKEWED, WHOLE_ERROR("SignatureDoesNotMatch", "x"));
  struct script s;
  answers(&s, TEXTS(bad, bad));
  const struct fault_step *const scripts[] = {s.steps};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  w.session->clock = wrong_clock;
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_string_equal(o.code, "SignatureDoesNotMatch");
  assert_int_equal(o.attempts, 2);
  outcome_free(&o);
  whole_end(&w);
}

/* The call's limit beats the client's, which beats the default. */
static void test_max_attempts(void **state) {
  (void)state;
  const char *bad = whole_answer("500 Internal Server Error", "");
  struct outcome o = run(TEXTS(bad, bad, bad, bad, bad), "list_buckets", NULL, NULL,
                         &(tcx_client_options_t){.max_attempts = 5}, 5);
  assert_int_equal(o.attempts, 5);
  outcome_free(&o);
  o = run(TEXTS(bad, bad), "list_buckets", NULL, &(tcx_call_options_t){.max_attempts = 2},
          &(tcx_client_options_t){.max_attempts = 5}, 2);
  outcome_free(&o);
  o = run(TEXTS(bad), "list_buckets", NULL, NULL,
          &(tcx_client_options_t){.config = tcx_params("{retries: {max_attempts: 0}}")}, 1);
  outcome_free(&o);
  o = run(TEXTS(bad, bad), "list_buckets", NULL, NULL,
          &(tcx_client_options_t){
              .config = tcx_params("{retries: {total_max_attempts: 2, max_attempts: 7}}")},
          2);
  outcome_free(&o);
}

/* x-amz-retry-after is a lower bound of the delay; the deadline may end the wait. */
static void test_retry_after(void **state) {
  (void)state;
  const char *bad = whole_answer("503 Service Unavailable\r\nx-amz-retry-after: 60", ""),
             *good = whole_answer("200 OK", "");
  uint64_t begin = uv_hrtime();
  struct outcome o = run(TEXTS(bad, good), "head_bucket", tcx_params("{Bucket: b}"), NULL, NULL, 2);
  assert_true((uv_hrtime() - begin) / 1000000 >= 60);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  bad = whole_answer("503 Service Unavailable\r\nx-amz-retry-after: 4000", "");
  o = run(TEXTS(bad), "head_bucket", tcx_params("{Bucket: b}"),
          &(tcx_call_options_t){.timeout_ms = 30}, NULL, 1);
  assert_int_equal(o.status, UV_ETIMEDOUT);
  assert_int_equal(o.phase, TCX_PHASE_BACKOFF);
  assert_non_null(strstr(o.msg, "30 ms"));
  assert_int_equal(o.attempts, 1);
  assert_true(o.sent);
  outcome_free(&o);
}

/* 500 tokens: 14 a retry; what a success had taken comes back, and one more for each success
 * without a retry. */
static void test_quota(void **state) {
  (void)state;
  const struct fault_step failing[] = {
      DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  const struct fault_step *const scripts[] = {failing};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o;
  unsigned retries = 0;
  for (int i = 0; i < 18; i++) {
    o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
    retries += (unsigned)o.attempts - 1;
    if (i < 17)
      outcome_free(&o);
  }
  assert_int_equal(retries, 35); /* 35 * 14 = 490 */
  assert_int_equal(w.client->quota.available, 10);
  assert_int_equal(o.attempts, 2);
  assert_true(tcx_value_bool(o.response, "ResponseMetadata.RetryQuotaReached", false));
  tcx_client_stats_t stats;
  tcx_client_get_stats(w.client, &stats);
  assert_int_equal(stats.retries, 35);
  assert_int_equal(stats.calls, 18);
  outcome_free(&o);
  whole_end(&w);
}

static void drop_stream(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_non_null(response);
  assert_null(error);
  *(int *)tcx_call_data(call) += 1;
}

/* A success as a stream gives back to the quota like any other. */
static void test_quota_of_streams(void **state) {
  (void)state;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  for (int i = 0; i < 3; i++) {
    int done = 0;
    assert_int_equal(tcx_client_call(w.client, "get_object", tcx_params("{Bucket: b, Key: k}"),
                                     drop_stream, &done),
                     0);
    whole_until(&w, &done);
    assert_int_equal(w.client->quota.available, 500);
    whole_turns(&w, 5);
  }
  whole_end(&w);
}

/* A reused connection that dies without a byte of an answer is replaced for free: no attempt is
 * counted, once an attempt. */
static void test_dead_connection(void **state) {
  (void)state;
  const struct fault_step dies[] = {DO(REQUEST), SEND(OK_EMPTY), DO(REQUEST), DO(CLOSE)};
  const struct fault_step lives[] = {DO(REQUEST), SEND(OK_EMPTY), DO(AGAIN)};
  const struct fault_step *const scripts[] = {dies, lives};
  struct whole w;
  whole_begin(&w, scripts, 2, NULL);
  for (int i = 0; i < 2; i++) {
    struct outcome o = whole_call(&w, "put_object", tcx_params("{Bucket: b, Key: k, Body: x}"),
                                  &(tcx_call_options_t){.max_attempts = 1});
    assert_int_equal(o.status, 0);
    assert_int_equal(o.attempts, 1);
    outcome_free(&o);
  }
  assert_int_equal(w.server.requests, 3);
  assert_int_equal(w.server.accepted, 2);
  char text[100];
  assert_string_equal(whole_header(w.server.last_head, "amz-sdk-request", text, sizeof text),
                      "attempt=1; max=1");
  assert_int_equal(w.client->quota.available, 500);
  whole_end(&w);
}

/* ... but not when a byte of the answer has come, and not on a fresh connection. */
static void test_dead_is_not_free(void **state) {
  (void)state;
  const struct fault_step dies[] = {DO(REQUEST), SEND(OK_EMPTY), DO(REQUEST), SEND("H"), DO(CLOSE)};
  const struct fault_step *const scripts[] = {dies};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  outcome_free(&o);
  o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"),
                 &(tcx_call_options_t){.max_attempts = 1});
  assert_int_equal(o.status, TCX_EPROTO);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- bodies ---- */

struct source {
  const char *bytes;
  size_t at, reads, rewinds, closes;
  int fail_rewind;
};
static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  struct source *s = tcx_body_data(body);
  size_t n = strlen(s->bytes) - s->at;
  s->reads++;
  n = n > len ? len : n;
  memcpy(buf, s->bytes + s->at, n);
  s->at += n;
  return (ssize_t)n;
}
static int source_rewind(tcx_body_t *body, uint64_t offset) {
  struct source *s = tcx_body_data(body);
  s->rewinds++;
  s->at = (size_t)offset;
  return s->fail_rewind;
}
static void source_close(tcx_body_t *body) { ((struct source *)tcx_body_data(body))->closes++; }

static struct outcome put_source(struct source *s, bool rewinds, const char *const *texts,
                                 unsigned requests) {
  tcx_body_t *body = tcx_body_source((int64_t)strlen(s->bytes), source_read,
                                     rewinds ? source_rewind : NULL, source_close, s);
  struct outcome o =
      run(texts, "put_object", tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body),
          NULL, NULL, requests);
  assert_int_equal(s->closes, 1);
  return o;
}

static void test_bodies_again(void **state) {
  (void)state;
  const char *bad = whole_answer("500 X", "");
  struct source once = {.bytes = "abc"}, twice = {.bytes = "abc"},
                broken = {.bytes = "abc", .fail_rewind = UV_ESPIPE};
  struct outcome o = put_source(&once, false, TEXTS(bad, OK_EMPTY), 1);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.attempts, 1);
  assert_true(o.retryable);
  assert_false(tcx_value_bool(o.response, "ResponseMetadata.MaxAttemptsReached", false));
  outcome_free(&o);
  o = put_source(&twice, true, TEXTS(bad, OK_EMPTY), 2);
  assert_int_equal(o.status, 0);
  assert_true(twice.rewinds >= 1);
  outcome_free(&o);
  o = put_source(&broken, true, TEXTS(bad, OK_EMPTY), 1);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(broken.rewinds, 1);
  outcome_free(&o);
}

/* An error that is not sent again leaves the quota and the source's rewind alone. */
static void test_no_needless_rewind(void **state) {
  (void)state;
  struct source s = {.bytes = "abc"};
  struct outcome o = put_source(
      &s, true, TEXTS(whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "x"))), 1);
  assert_int_equal(s.rewinds, 0);
  outcome_free(&o);
}

static void test_quota_and_bodies(void **state) {
  (void)state;
  struct script script;
  answers(&script, TEXTS(whole_answer("500 X", "")));
  const struct fault_step *const scripts[] = {script.steps};
  struct whole w;
  struct source s = {.bytes = "abc"};
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o =
      whole_call(&w, "put_object",
                 tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                                    tcx_body_source(3, source_read, NULL, source_close, &s)),
                 NULL);
  assert_int_equal(o.attempts, 1);
  assert_int_equal(w.client->quota.available, 500);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- trailers that a service does not know ---- */

static void test_refused_trailer(void **state) {
  (void)state;
  const char *refusal = whole_answer(
      "501 Not Implemented",
      WHOLE_ERROR("NotImplemented",
                  "A header you provided implies functionality that is not implemented"));
  const struct fault_step steps[] = {DO(REQUEST), SEND(refusal),  DO(REQUEST), SEND(OK_EMPTY),
                                     DO(REQUEST), SEND(OK_EMPTY), DO(END)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  char text[200];
  whole_begin(&w, scripts, 1, NULL);
  w.server.keep_body = 100000;
  for (int i = 0; i < 2; i++) { /* the second call knows */
    struct source s = {.bytes = "abc"};
    tcx_body_t *body = tcx_body_source(3, source_read, source_rewind, source_close, &s);
    struct outcome o =
        whole_call(&w, "put_object",
                   tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body), NULL);
    assert_int_equal(o.status, 0);
    assert_int_equal(w.server.requests, i == 0 ? 2 : 3);
    assert_string_equal(whole_header(w.server.last_head, "x-amz-content-sha256", text, sizeof text),
                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    assert_null(whole_header(w.server.last_head, "x-amz-trailer", text, sizeof text));
    assert_null(
        whole_header(w.server.last_head, "x-amz-sdk-checksum-algorithm", text, sizeof text));
    assert_null(strstr(w.server.last_body, "x-amz-checksum"));
    outcome_free(&o);
  }
  whole_end(&w);
}

/* Memory has its checksum in a header then, whatever its size. */
static void test_refused_trailer_of_memory(void **state) {
  (void)state;
  static char big[(1u << 20) + 1];
  const char *refusal =
      whole_answer("400 Bad Request", WHOLE_ERROR("XAmzContentSHA256Mismatch", "x"));
  const struct fault_step steps[] = {DO(REQUEST), SEND(refusal), DO(REQUEST), SEND(OK_EMPTY),
                                     DO(END)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  char text[200];
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o =
      whole_call(&w, "put_object",
                 tcx_value_set_body(tcx_params("{Bucket: b, Key: k, ChecksumAlgorithm: SHA256}"),
                                    "Body", tcx_body_borrow(big, sizeof big)),
                 NULL);
  assert_int_equal(o.status, 0);
  assert_int_equal(w.server.requests, 2);
  assert_int_equal(
      strlen(whole_header(w.server.last_head, "x-amz-content-sha256", text, sizeof text)), 64);
  assert_non_null(whole_header(w.server.last_head, "x-amz-checksum-sha256", text, sizeof text));
  outcome_free(&o);
  whole_end(&w);
}

/* A checksum that the caller asked for is not given up: the service's answer stands. */
static void test_refused_trailer_asked_for(void **state) {
  (void)state;
  struct source s = {.bytes = "abc"};
  tcx_body_t *body = tcx_body_source(3, source_read, source_rewind, source_close, &s);
  const char *refusal = whole_answer("501 Not Implemented", WHOLE_ERROR("NotImplemented", "x"));
  struct outcome o =
      run(TEXTS(refusal), "put_object",
          tcx_value_set_body(tcx_params("{Bucket: b, Key: k, ChecksumAlgorithm: SHA256}"), "Body",
                             body),
          NULL, NULL, 1);
  assert_string_equal(o.code, "NotImplemented");
  outcome_free(&o);
}

/* ---- checksums of answers ---- */

#define HELLO       "hello world"
#define GET_OK(sum) "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n" sum "\r\n\r\n" HELLO

static void test_response_checksums(void **state) {
  (void)state;
  static const struct {
    const char *answer;
    int status;
    unsigned attempts;
    const char *algorithm;
  } cases[] = {
      {GET_OK("x-amz-checksum-crc32: DUoRhQ=="), 0, 1, "crc32"},
      {GET_OK("x-amz-checksum-crc32c: yZRlqg=="), 0, 1, "crc32c"},
      {GET_OK("x-amz-checksum-crc64nvme: jSnVw/bqjr4="), 0, 1, "crc64nvme"},
      {GET_OK("x-amz-checksum-sha1: Kq5sNclPz7QV2+lfQIuc6R7oRu0="), 0, 1, "sha1"},
      {GET_OK("x-amz-checksum-sha256: uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="), 0, 1,
       "sha256"},
      {GET_OK("x-amz-checksum-crc32: AAAAAA=="), TCX_ECHECKSUM, 3, NULL},
      /* a checksum of checksums: not verified */
      {GET_OK("x-amz-checksum-crc32: AAAAAA==-3"), 0, 1, NULL},
      {GET_OK("x-amz-checksum-crc32: AAAAAA==\r\nx-amz-checksum-crc32c: yZRlqg=="), 0, 1, "crc32c"},
      {GET_OK("x-amz-checksum-md4: AAAAAA=="), 0, 1, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *a = cases[i].answer;
    struct outcome o = run(TEXTS(a, a, a), "get_object", tcx_params("{Bucket: b, Key: k}"),
                           &(tcx_call_options_t){.max_body = 100}, NULL, cases[i].attempts);
    if (o.status != cases[i].status)
      fail_msg("%s: %s %s", a, tcx_err_name(o.status), o.msg);
    if (o.status == TCX_ECHECKSUM) {
      assert_string_equal(o.msg,
                          "Expected checksum AAAAAA== did not match calculated checksum: DUoRhQ==");
      assert_int_equal(o.http_status, 200);
      assert_true(o.retryable);
    } else {
      assert_memory_equal(tcx_value_bytes(o.response, "Body", NULL), HELLO, 11);
      const char *algorithm = tcx_value_str(o.response, "ResponseMetadata.ChecksumAlgorithm");
      assert_true(algorithm == NULL
                      ? cases[i].algorithm == NULL
                      : cases[i].algorithm != NULL && strcmp(algorithm, cases[i].algorithm) == 0);
    }
    outcome_free(&o);
  }
  /* Not asked for: not verified. */
  struct outcome o = run(TEXTS(GET_OK("x-amz-checksum-crc32: AAAAAA==")), "get_object",
                         tcx_params("{Bucket: b, Key: k}"), &(tcx_call_options_t){.max_body = 100},
                         &(tcx_client_options_t){
                             .config = tcx_params("{response_checksum_validation: when_required}")},
                         1);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
}

static void test_max_body(void **state) {
  (void)state;
  static const char *const cases[] = {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" HELLO,
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                      "chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"};
  for (size_t i = 0; i < 2; i++) {
    struct outcome o = run(TEXTS(cases[i]), "get_object", tcx_params("{Bucket: b, Key: k}"),
                           &(tcx_call_options_t){.max_body = 11}, NULL, 1);
    assert_int_equal(tcx_value_len(o.response, "Body"), 11);
    outcome_free(&o);
    o = run(TEXTS(cases[i]), "get_object", tcx_params("{Bucket: b, Key: k}"),
            &(tcx_call_options_t){.max_body = 10}, NULL, 1);
    assert_int_equal(o.status, TCX_ETOOBIG);
    assert_non_null(strstr(o.msg, "(10)"));
    assert_true(o.sent);
    assert_false(o.retryable);
    outcome_free(&o);
  }
}

int main(void) {
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clock),            cmocka_unit_test(test_clock_is_right),  cmocka_unit_test(test_clock_stubborn),
      cmocka_unit_test(test_statuses),         cmocka_unit_test(test_max_attempts),    cmocka_unit_test(test_retry_after),
      cmocka_unit_test(test_quota),            cmocka_unit_test(test_quota_of_streams), cmocka_unit_test(test_dead_connection),
      cmocka_unit_test(test_dead_is_not_free), cmocka_unit_test(test_bodies_again),    cmocka_unit_test(test_no_needless_rewind),
      cmocka_unit_test(test_quota_and_bodies), cmocka_unit_test(test_refused_trailer), cmocka_unit_test(test_refused_trailer_of_memory),
      cmocka_unit_test(test_refused_trailer_asked_for), cmocka_unit_test(test_response_checksums), cmocka_unit_test(test_max_body),
  };
  /* clang-format on */
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
