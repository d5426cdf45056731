/* Sessions of directory buckets against a server that acts as one: what is asked for, signed with,
 * kept, asked for again, and what happens when it goes wrong. */
#include "s3/s3.h"
#include "torture.h"
#include "whole.h"

#define BUCKET "b--usw2-az1--x-s3"
#define TOKEN  "session+token/1="
#define BEGIN  1700000000 /* 2023-11-14T22:13:20Z */

static int64_t now_ms;
static int64_t expiry_clock(const tcx_session_t *session) {
  (void)session;
  return now_ms;
}
static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return now_ms / 1000;
}

/* CreateSession's answer: a session that ends so many seconds from now. */
static const char *session_for(int64_t seconds, const char *token) {
  char body[600], end[40];
  time_t at = (time_t)(now_ms / 1000 + seconds);
  struct tm tm;
  gmtime_r(&at, &tm);
  strftime(end, sizeof end, "%Y-%m-%dT%H:%M:%SZ", &tm);
  snprintf(body, sizeof body,
           "<?xml version=\"1.0\"?><CreateSessionOutput "
           "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/"
           "\"><Credentials><AccessKeyId>SESSIONKEY</AccessKeyId>"
           "<SecretAccessKey>sessionsecret</SecretAccessKey>%s%s%s<Expiration>%s</Expiration></"
           "Credentials></CreateSessionOutput>",
           token != NULL ? "<SessionToken>" : "", token != NULL ? token : "",
           token != NULL ? "</SessionToken>" : "", end);
  return whole_answer("200 OK", body);
}
static const char *good(void) { return whole_answer("200 OK", ""); }
static const char *refused(void) {
  return whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "Go away"));
}

/* What the one connection answers, request by request; after that it is silent. */
#define MANY 420
static struct fault_step steps[2 * MANY + 1];
static const struct fault_step *const scripts[] = {steps};
static unsigned n_steps;
static char *kept[MANY];

static void answers(const char *const *texts) {
  for (; *texts != NULL; texts++) {
    assert_true(n_steps < 2 * MANY);
    kept[n_steps / 2] = strdup(*texts);
    steps[n_steps] = (struct fault_step)DO(REQUEST);
    steps[n_steps + 1] = (struct fault_step){FAULT_SEND, kept[n_steps / 2], 0};
    n_steps += 2;
  }
}
#define ANSWERS(...) answers((const char *const[]){__VA_ARGS__, NULL})

static int try_begin(struct whole *w, const tcx_session_options_t *so, tcx_client_options_t co) {
  if (co.access_key == NULL && so == NULL) {
    co.access_key = WHOLE_KEY;
    co.secret_key = WHOLE_SECRET;
    co.session_token = "own-token";
  }
  co.max_connections = 1;
  co.max_attempts = 1;
  int err = whole_try_begin(w, scripts, 1, so, &co);
  if (err == 0) {
    w->session->clock = test_clock;
    w->session->expiry_clock = expiry_clock;
  }
  return err;
}
static void begin(struct whole *w) {
  assert_int_equal(try_begin(w, NULL, (tcx_client_options_t){0}), 0);
}
static void end(struct whole *w) {
  whole_end(w);
  for (unsigned i = 0; i < n_steps / 2; i++)
    free(kept[i]);
  memset(steps, 0, sizeof steps);
  n_steps = 0;
}
static int reset(void **state) {
  (void)state;
  now_ms = (int64_t)BEGIN * 1000;
  return 0;
}

static struct outcome head(struct whole *w, const char *bucket) {
  return whole_call(w, "head_object", tcx_params("{Bucket: %s, Key: k}", bucket), NULL);
}
static void check_head(struct whole *w, const char *bucket, unsigned requests) {
  struct outcome o = head(w, bucket);
  if (o.status != 0)
    print_error("%s\n", o.msg);
  assert_int_equal(o.status, 0);
  assert_int_equal(w->server.requests, requests);
  outcome_free(&o);
}
static void check_sent(const struct whole *w, const char *name, const char *value) {
  char text[300];
  const char *sent = whole_header(w->server.last_head, name, text, sizeof text);
  if (value == NULL)
    assert_null(sent);
  else
    assert_string_equal(sent, value);
}

/* ---- what is sent ---- */

static void test_signed_with_a_session(void **state) {
  (void)state;
  struct whole w;
  begin(&w);
  ANSWERS(session_for(300, TOKEN), good(), good());
  check_head(&w, BUCKET, 2);
  assert_non_null(strstr(w.server.last_head, "HEAD /" BUCKET "/k HTTP/1.1\r\n"));
  check_sent(&w, "x-amz-s3session-token", TOKEN);
  check_sent(&w, "x-amz-security-token", NULL);
  assert_non_null(strstr(w.server.last_head,
                         "Credential=SESSIONKEY/20231114/us-east-1/s3express/aws4_request"));
  assert_non_null(strstr(w.server.last_head, "x-amz-s3session-token, Signature="));
  check_head(&w, BUCKET, 3); /* the same session */
  end(&w);
}

static void test_session_is_asked_for_with_own_keys(void **state) {
  (void)state;
  struct whole w;
  begin(&w);
  ANSWERS(refused());
  struct outcome o = head(&w, BUCKET);
  assert_non_null(strstr(w.server.last_head, "GET /" BUCKET "?session HTTP/1.1\r\n"));
  check_sent(&w, "x-amz-security-token", "own-token");
  check_sent(&w, "x-amz-s3session-token", NULL);
  assert_non_null(strstr(w.server.last_head,
                         "Credential=" WHOLE_KEY "/20231114/us-east-1/s3express/aws4_request"));
  outcome_free(&o);
  end(&w);
}

static void test_disabled(void **state) {
  (void)state;
  static const char *const ways[] = {"option", "old option", "environment"};
  for (size_t i = 0; i < 3; i++) {
    struct whole w;
    tcx_client_options_t co = {0};
    if (i == 0)
      co.config = tcx_params("{s3_disable_express_session_auth: true}");
    if (i == 1)
      co.config = tcx_params("{s3: {disable_s3_express_session_auth: true}}");
    if (i == 2)
      setenv("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "true", 1);
    assert_int_equal(try_begin(&w, NULL, co), 0);
    unsetenv("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH");
    ANSWERS(good());
    check_head(&w, BUCKET, 1);
    if (strstr(w.server.last_head,
               "Credential=" WHOLE_KEY "/20231114/us-east-1/s3express/aws4_request") == NULL)
      fail_msg("%s: %s", ways[i], w.server.last_head);
    check_sent(&w, "x-amz-security-token", "own-token");
    end(&w);
  }
}

static void test_other_buckets_know_nothing_of_it(void **state) {
  (void)state;
  struct whole w;
  begin(&w);
  ANSWERS(good());
  check_head(&w, "plain", 1);
  check_sent(&w, "x-amz-security-token", "own-token");
  end(&w);
}

static void test_url(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w);
  ANSWERS(session_for(300, TOKEN));
  memset(&o, 0, sizeof o);
  o.whole = &w;
  assert_int_equal(tcx_client_presign(w.client, "get_object",
                                      tcx_params("{Bucket: " BUCKET ", Key: k}"), 0, outcome_cb,
                                      &o),
                   0);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, 0);
  const char *url = tcx_value_str(o.response, "Url");
  assert_non_null(strstr(
      url, "&X-Amz-Expires=300&X-Amz-S3session-Token=session%2Btoken%2F1%3D&X-Amz-Signature="));
  assert_null(strstr(url, "Security-Token"));
  outcome_free(&o);
  whole_goal_to(&w, "get_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), TCX__GOAL_RENDER, &o);
  assert_string_equal(tcx_value_str(o.response, "Headers.x-amz-s3session-token"), TOKEN);
  assert_int_equal(w.server.requests, 1);
  outcome_free(&o);
  end(&w);
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  int *seen = tcx_paginator_data(pages);
  assert_int_equal(status, *seen < 2 ? 0 : TCX_EOF);
  assert_true(page == NULL || tcx_value_len(page, "Contents") == 1);
  ++*seen;
}
static void test_pages(void **state) {
  (void)state;
  struct whole w;
  tcx_paginator_t *pages = NULL;
  int seen = 0;
  begin(&w);
  ANSWERS(
      session_for(300, TOKEN),
      whole_answer("200 OK",
                   "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                   "NextContinuationToken><Contents><Key>a</Key></Contents></ListBucketResult>"),
      whole_answer("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>b</"
                             "Key></Contents></ListBucketResult>"));
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2",
                                       tcx_params("{Bucket: " BUCKET "}"), NULL, &seen, &pages),
                   0);
  for (int i = 1; i <= 3; i++) {
    assert_int_equal(tcx_paginator_next(pages, on_page), 0);
    while (seen < i)
      uv_run(&w.loop, UV_RUN_ONCE);
  }
  assert_int_equal(w.server.requests, 3);
  check_sent(&w, "x-amz-s3session-token", TOKEN);
  tcx_paginator_close(pages);
  end(&w);
}

/* ---- the cache ---- */

#define WAITING 20

static void test_one_fetch_for_all_who_wait(void **state) {
  (void)state;
  struct whole w;
  struct outcome o[WAITING];
  begin(&w);
  ANSWERS(session_for(300, TOKEN));
  for (int i = 0; i < WAITING; i++)
    ANSWERS(good());
  for (int i = 0; i < WAITING; i++)
    whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &o[i],
                   NULL);
  for (int i = 0; i < WAITING; i++) {
    whole_until(&w, &o[i].calls);
    assert_int_equal(o[i].status, 0);
    outcome_free(&o[i]);
  }
  assert_int_equal(w.server.requests, 1 + WAITING);
  end(&w);
}

static void test_windows(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w);
  ANSWERS(session_for(300, TOKEN), good(), good());
  check_head(&w, BUCKET, 2);
  now_ms += 254 * 1000; /* 46 seconds left */
  check_head(&w, BUCKET, 3);
  /* advisory: the call goes on with the old one, the new one is fetched in its shadow */
  now_ms += 2 * 1000;
  ANSWERS(session_for(300, "second"), good());
  o = head(&w, BUCKET);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  while (w.server.requests < 5 || tcx__client_state(w.client) == NULL || w.client->active > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  ANSWERS(good());
  check_head(&w, BUCKET, 6);
  check_sent(&w, "x-amz-s3session-token", "second");
  now_ms += 291 * 1000; /* mandatory: 9 seconds left */
  ANSWERS(session_for(300, "third"), good());
  check_head(&w, BUCKET, 8);
  check_sent(&w, "x-amz-s3session-token", "third");
  end(&w);
}

static void test_failed_advisory_fetch_is_silent(void **state) {
  (void)state;
  struct whole w;
  begin(&w);
  ANSWERS(session_for(300, TOKEN), good());
  check_head(&w, BUCKET, 2);
  now_ms += 260 * 1000;
  ANSWERS(refused(), good());
  struct outcome o = head(&w, BUCKET);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  while (w.server.requests < 4 || w.client->active > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  now_ms += 35 * 1000; /* now it matters */
  ANSWERS(refused());
  o = head(&w, BUCKET);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(w.server.requests, 5);
  outcome_free(&o);
  end(&w);
}

static void name_bucket(char out[64], int i) { snprintf(out, 64, "b%03d--usw2-az1--x-s3", i); }

static void test_least_recently_used_goes(void **state) {
  (void)state;
  struct whole w;
  char bucket[64];
  begin(&w);
  const struct tcx_s3_client *cache = tcx__client_state(w.client);
  for (int i = 0; i < TCX__S3_SESSIONS_MAX; i++) {
    ANSWERS(session_for(300, TOKEN), good());
    name_bucket(bucket, i);
    check_head(&w, bucket, 2 * (unsigned)i + 2);
  }
  assert_int_equal(cache->n_sessions, TCX__S3_SESSIONS_MAX);
  ANSWERS(good());
  name_bucket(bucket, 0);
  check_head(&w, bucket, 2 * TCX__S3_SESSIONS_MAX + 1); /* used again: the next one is the oldest */
  ANSWERS(session_for(300, TOKEN), good());
  check_head(&w, BUCKET, 2 * TCX__S3_SESSIONS_MAX + 3);
  assert_int_equal(cache->n_sessions, TCX__S3_SESSIONS_MAX);
  ANSWERS(good(), session_for(300, TOKEN), good());
  check_head(&w, bucket, 2 * TCX__S3_SESSIONS_MAX + 4);
  name_bucket(bucket, 1);
  check_head(&w, bucket, 2 * TCX__S3_SESSIONS_MAX + 6);
  assert_int_equal(cache->n_sessions, TCX__S3_SESSIONS_MAX);
  end(&w);
}

/* More buckets at once than the cache has places: none is taken from under those who wait. */
static void test_waited_at_stays(void **state) {
  (void)state;
  enum { BUCKETS = TCX__S3_SESSIONS_MAX + 20 };
  struct whole w;
  struct outcome *o = calloc(BUCKETS, sizeof *o);
  char bucket[64];
  begin(&w);
  const struct tcx_s3_client *cache = tcx__client_state(w.client);
  for (int i = 0; i < BUCKETS; i++)
    /* the inner calls are in line for the connection before the outer ones */
    ANSWERS(session_for(300, TOKEN));
  for (int i = 0; i < BUCKETS; i++)
    ANSWERS(good());
  for (int i = 0; i < BUCKETS; i++) {
    name_bucket(bucket, i);
    whole_start_to(&w, "head_object", tcx_params("{Bucket: %s, Key: k}", bucket), NULL, &o[i],
                   NULL);
  }
  assert_int_equal(cache->n_sessions, BUCKETS);
  for (int i = 0; i < BUCKETS; i++) {
    whole_until(&w, &o[i].calls);
    assert_int_equal(o[i].status, 0);
    outcome_free(&o[i]);
  }
  ANSWERS(session_for(300, TOKEN), good());
  check_head(&w, BUCKET, 2 * BUCKETS + 2);
  assert_int_equal(cache->n_sessions, TCX__S3_SESSIONS_MAX);
  free(o);
  end(&w);
}

/* A call that gets its connection after its keys have ended fetches new ones first. */
static void test_expired_in_the_queue(void **state) {
  (void)state;
  struct whole w;
  struct outcome first, second;
  begin(&w);
  ANSWERS(session_for(300, TOKEN), good());
  steps[n_steps - 1] = (struct fault_step)DO_N(WAIT, 30);
  steps[n_steps++] = (struct fault_step){FAULT_SEND, kept[1], 0};
  unsigned at = n_steps;
  char *more[] = {strdup(session_for(900, "second")), strdup(good())};
  for (unsigned i = 0; i < 2; i++) {
    steps[at++] = (struct fault_step)DO(REQUEST);
    steps[at++] = (struct fault_step){FAULT_SEND, more[i], 0};
  }
  whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &first, NULL);
  whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &second,
                 NULL);
  while (w.server.requests < 2)
    uv_run(&w.loop, UV_RUN_ONCE);
  now_ms += 301 * 1000;
  whole_until(&w, &first.calls);
  whole_until(&w, &second.calls);
  assert_int_equal(first.status, 0);
  assert_int_equal(second.status, 0);
  assert_int_equal(w.server.requests, 4);
  check_sent(&w, "x-amz-s3session-token", "second");
  outcome_free(&first);
  outcome_free(&second);
  n_steps--; /* what end() frees goes by pairs */
  end(&w);
  free(more[0]);
  free(more[1]);
}

/* ---- what goes wrong ---- */

static void test_failure_is_told_to_all(void **state) {
  (void)state;
  struct whole w;
  struct outcome o[3];
  begin(&w);
  ANSWERS(refused());
  for (int i = 0; i < 3; i++)
    whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &o[i],
                   NULL);
  for (int i = 0; i < 3; i++) {
    whole_until(&w, &o[i].calls);
    assert_int_equal(o[i].status, TCX_ECLIENT);
    assert_string_equal(o[i].code, "AccessDenied");
    assert_int_equal(o[i].http_status, 403);
    assert_int_equal(o[i].phase, TCX_PHASE_CREDENTIALS);
    assert_int_equal(o[i].attempts, 0);
    assert_string_equal(o[i].operation, "HeadObject");
    assert_string_equal(o[i].msg, "An error occurred (AccessDenied) when calling the CreateSession "
                                  "operation (reached max retries: 0): Go away");
    assert_string_equal(tcx_value_str(o[i].response, "Error.Message"), "Go away");
    assert_int_equal(tcx_value_int(o[i].response, "ResponseMetadata.HTTPStatusCode", 0), 403);
    outcome_free(&o[i]);
  }
  assert_int_equal(w.server.requests, 1);
  ANSWERS(session_for(300, TOKEN), good());
  check_head(&w, BUCKET, 3); /* the next call asks again */
  end(&w);
}

static void test_no_session_in_the_answer(void **state) {
  (void)state;
  struct whole w;
  begin(&w);
  ANSWERS(session_for(300, NULL), session_for(-1, TOKEN),
          whole_answer("200 OK", "<CreateSessionOutput/>"));
  struct outcome o = head(&w, BUCKET);
  assert_int_equal(o.status, TCX_EPROTO);
  assert_non_null(strstr(o.msg, "CreateSession lacks"));
  outcome_free(&o);
  o = head(&w, BUCKET);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "still expired"));
  outcome_free(&o);
  o = head(&w, BUCKET); /* an answer without a body */
  assert_int_equal(o.status, TCX_EPROTO);
  outcome_free(&o);
  end(&w);
}

static void test_no_keys_to_ask_with(void **state) {
  (void)state;
  struct whole w;
  assert_int_equal(try_begin(&w, &(tcx_session_options_t){0}, (tcx_client_options_t){0}), 0);
  struct outcome o = head(&w, BUCKET);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_int_equal(w.server.requests, 0);
  outcome_free(&o);
  end(&w);
}

static void test_cancelled_and_closed(void **state) {
  (void)state;
  struct whole w;
  struct outcome one, other;
  tcx_call_t *call = NULL;
  begin(&w);
  steps[0] = (struct fault_step)DO(REQUEST); /* and no answer */
  whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &one, &call);
  whole_start_to(&w, "head_object", tcx_params("{Bucket: " BUCKET ", Key: k}"), NULL, &other, NULL);
  while (w.server.requests < 1)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_call_cancel(call);
  whole_until(&w, &one.calls);
  assert_int_equal(one.status, TCX_ECANCELED);
  assert_int_equal(one.phase, TCX_PHASE_CREDENTIALS);
  assert_int_equal(other.calls, 0);
  tcx_client_close(w.client, NULL);
  whole_until(&w, &other.calls);
  assert_int_equal(other.status, TCX_ECANCELED);
  outcome_free(&one);
  outcome_free(&other);
  end(&w);
}

static void test_out_of_time(void **state) {
  (void)state;
  struct whole w;
  assert_int_equal(
      try_begin(&w, &(tcx_session_options_t){.credentials_timeout_ms = 30},
                (tcx_client_options_t){.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET}),
      0);
  steps[0] = (struct fault_step)DO(REQUEST);
  struct outcome o = head(&w, BUCKET);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "(provider s3express)"));
  outcome_free(&o);
  end(&w);
}

/* ---- without memory ---- */

static int scenario(void *ctx) {
  struct whole w;
  struct outcome o = {0};
  (void)ctx;
  if (try_begin(&w, NULL, (tcx_client_options_t){0}) != 0) {
    end(&w);
    return 1;
  }
  ANSWERS(session_for(300, TOKEN), good(), refused());
  int bad = 0;
  for (int i = 0; i < 2 && bad == 0; i++) {
    memset(&o, 0, sizeof o);
    bad = tcx_client_call(w.client, "head_object",
                          tcx_params("{Bucket: %s, Key: k}", i == 0 ? BUCKET : "c--usw2-az1--x-s3"),
                          outcome_cb, &o);
    if (bad == 0) {
      whole_until(&w, &o.calls);
      bad = i == 0                                                           ? o.status
            : o.status == TCX_ECLIENT && strcmp(o.code, "AccessDenied") == 0 ? 0
                                                                             : 1;
      outcome_free(&o);
    }
  }
  end(&w);
  return bad;
}
static void test_memory(void **state) {
  (void)state;
  test_fail_until_ok(scenario, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_signed_with_a_session, reset),
      cmocka_unit_test_setup(test_session_is_asked_for_with_own_keys, reset),
      cmocka_unit_test_setup(test_disabled, reset),
      cmocka_unit_test_setup(test_other_buckets_know_nothing_of_it, reset),
      cmocka_unit_test_setup(test_url, reset),
      cmocka_unit_test_setup(test_pages, reset),
      cmocka_unit_test_setup(test_one_fetch_for_all_who_wait, reset),
      cmocka_unit_test_setup(test_windows, reset),
      cmocka_unit_test_setup(test_failed_advisory_fetch_is_silent, reset),
      cmocka_unit_test_setup(test_least_recently_used_goes, reset),
      cmocka_unit_test_setup(test_waited_at_stays, reset),
      cmocka_unit_test_setup(test_expired_in_the_queue, reset),
      cmocka_unit_test_setup(test_failure_is_told_to_all, reset),
      cmocka_unit_test_setup(test_no_session_in_the_answer, reset),
      cmocka_unit_test_setup(test_no_keys_to_ask_with, reset),
      cmocka_unit_test_setup(test_cancelled_and_closed, reset),
      cmocka_unit_test_setup(test_out_of_time, reset),
      cmocka_unit_test_setup(test_memory, reset),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
