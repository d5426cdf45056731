/* The adaptive retry mode at work: once the service has throttled, attempts wait for tokens, in
 * line; cancelled and closed calls leave it. The numbers are test_retry's. */
#include "whole.h"

static const struct fault_step slow_down[] = {
    DO(REQUEST),
    SEND(
        "HTTP/1.1 503 Slow Down\r\nContent-Length: 36\r\n\r\n<Error><Code>SlowDown</Code></Error>"),
    DO(REQUEST),
    SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    DO(REQUEST),
    SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    DO(AGAIN)};
static const struct fault_step *const scripts[] = {slow_down};

static void begin(struct whole *w, const char *mode) {
  whole_begin(w, scripts, 1,
              &(tcx_client_options_t){.max_connections = 1,
                                      .max_attempts = 1,
                                      .config = tcx_params("{retries: {mode: %s}}", mode)});
}

/* The service has throttled: the bucket is as slow as it gets, and empty. */
static void throttled(struct whole *w) {
  struct outcome o = whole_call(w, "delete_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_true(o.retryable);
  outcome_free(&o);
  w->client->throttle.rate.fill_rate = 0.5;
  w->client->throttle.rate.capacity = 0;
}

/* At half a token a second, the least, the next attempt waits for two seconds; who was cancelled
 * takes none. */
static void test_waits(void **state) {
  (void)state;
  struct whole w;
  struct outcome o[2];
  tcx_call_t *call = NULL;
  begin(&w, "adaptive");
  throttled(&w);
  assert_true(w.client->throttle.rate.enabled);
  uint64_t start = uv_hrtime();
  whole_start_to(&w, "delete_bucket", tcx_params("{Bucket: b}"), NULL, &o[0], &call);
  whole_start_to(&w, "delete_bucket", tcx_params("{Bucket: b}"), NULL, &o[1], NULL);
  whole_turns(&w, 3);
  assert_int_equal(w.server.requests, 1);
  assert_non_null(w.client->throttle.first);
  tcx_call_cancel(call);
  whole_until(&w, &o[0].calls);
  assert_int_equal(o[0].status, TCX_ECANCELED);
  whole_until(&w, &o[1].calls);
  assert_int_equal(o[1].status, 0);
  assert_true(uv_hrtime() - start >= UINT64_C(1000000000));
  assert_null(w.client->throttle.first);
  assert_int_equal(w.server.requests, 2);
  outcome_free(&o[0]);
  outcome_free(&o[1]);
  whole_end(&w);
}

static void test_close(void **state) {
  (void)state;
  struct whole w;
  struct outcome o[3];
  begin(&w, "adaptive");
  throttled(&w);
  for (size_t i = 0; i < 3; i++)
    whole_start_to(&w, "delete_bucket", tcx_params("{Bucket: b}"), NULL, &o[i], NULL);
  whole_turns(&w, 2);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  for (size_t i = 0; i < 3; i++) {
    whole_until(&w, &o[i].calls);
    assert_int_equal(o[i].status, TCX_ECANCELED);
    outcome_free(&o[i]);
  }
  whole_end(&w);
}

/* A wait in line counts for the call's own limit of time. */
static void test_deadline(void **state) {
  (void)state;
  struct whole w;
  begin(&w, "adaptive");
  throttled(&w);
  struct outcome o = whole_call(&w, "delete_bucket", tcx_params("{Bucket: b}"),
                                &(tcx_call_options_t){.timeout_ms = 30});
  assert_int_equal(o.status, UV_ETIMEDOUT);
  assert_int_equal(o.phase, TCX_PHASE_BACKOFF);
  outcome_free(&o);
  whole_end(&w);
}

/* The other modes do not wait, and the user agent tells the mode. */
static void test_other_modes(void **state) {
  (void)state;
  static const char *const modes[] = {"standard", "legacy", "adaptive"};
  char text[400], wanted[40];
  for (size_t i = 0; i < 3; i++) {
    struct whole w;
    begin(&w, modes[i]);
    throttled(&w);
    snprintf(wanted, sizeof wanted, "cfg/retry-mode#%s", modes[i]);
    assert_non_null(
        strstr(whole_header(w.server.last_head, "User-Agent", text, sizeof text), wanted));
    const char *features = strstr(text, " m/");
    assert_non_null(features);
    assert_true(memchr(features, "EDF"[i], strcspn(features + 1, " ") + 1) != NULL);
    assert_true(w.client->throttle.rate.enabled == (i == 2));
    if (i < 2) {
      struct outcome o = whole_call(&w, "delete_bucket", tcx_params("{Bucket: b}"), NULL);
      assert_int_equal(o.status, 0);
      outcome_free(&o);
    }
    whole_end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_waits), cmocka_unit_test(test_close),
                                     cmocka_unit_test(test_deadline),
                                     cmocka_unit_test(test_other_modes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
