/*
 * The retry policy against botocore's: the conditions of its own tests
 * (data/retries/standard-conditions.json), and whole sequences of calls with quota, delays and
 * metadata (data/retries/policy.json, made by make_retries.py).
 */
#include "core/rate_limiter.h"
#include "core/retry.h"
#include "json_tree.h"

#define CONDITIONS     37
#define STEPS          1548
#define LEGACY_STEPS   1200
#define ADAPTIVE_STEPS 2400

static int status_of(const char *exception) {
  static const struct {
    const char *name;
    int status;
  } table[] = {
      {"ConnectionError", UV_ECONNREFUSED}, {"HTTPClientError", TCX_EPROTO},
      {"ECONNREFUSED", UV_ECONNREFUSED},    {"EAI_NONAME", UV_EAI_NONAME},
      {"ECONNRESET", UV_ECONNRESET},        {"EOF", UV_EOF},
      {"ETIMEDOUT", UV_ETIMEDOUT},          {"EHOSTUNREACH", UV_EHOSTUNREACH},
      {"TCX_EPROTO", TCX_EPROTO},           {"TCX_EPARAM", TCX_EPARAM},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].name, exception) == 0)
      return table[i].status;
  fail_msg("no status for %s", exception);
  return 0;
}

static struct tcx_retry_in condition(yajl_val vector) {
  struct tcx_retry_in in = {.service_id = "S3", .attempt = 1};
  in.http_status = (int)json_int(vector, "status_code", 0);
  in.error_code = json_str_or(vector, "error_code", NULL);
  const char *exception = json_str_or(vector, "exception", NULL);
  in.status = exception == NULL ? 0 : status_of(exception);
  return in;
}

/* Looks the code up in the test's service, as the call does in its operation's errors. */
static void look_up(struct tcx_retry_in *in, yajl_val shapes) {
  for (size_t i = 0; i < shapes->u.object.len; i++) {
    yajl_val shape = shapes->u.object.values[i], retryable = json_get(shape, "retryable");
    const char *code = json_str_or(json_get(shape, "error"), "code", shapes->u.object.keys[i]);
    if (in->error_code == NULL || !json_bool(shape, "exception", false) ||
        strcmp(code, in->error_code) != 0)
      continue;
    in->modeled = true;
    in->modeled_retryable = retryable != NULL;
    in->modeled_throttling = json_bool(retryable, "throttling", false);
  }
}

/* Each list tests one checker of botocore's; what another checker says of the same answer is taken
 * into account here. */
static void conditions(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/retries/standard-conditions.json");
  yajl_val shapes = json_get(json_get(tree, "service_description"), "shapes");
  static const struct {
    const char *list;
    tcx__retry_kind kind;
  } lists[] = {
      {"retryable_transient_errors", TCX__RETRY_TRANSIENT},
      {"retryable_throttled_responses", TCX__RETRY_THROTTLED},
      {"retryable_throttling_status_codes", TCX__RETRY_THROTTLED},
      {"retryable_modeled_errors", TCX__RETRY_TRANSIENT},
  };
  size_t count = 0;
  unsigned failed = 0;
  for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
    yajl_val list = json_get(tree, lists[l].list);
    for (size_t i = 0; i < json_len(list); i++, count++) {
      yajl_val vector = json_at(list, i);
      struct tcx_retry_in in = condition(vector);
      look_up(&in, shapes);
      tcx__retry_kind kind = tcx__retry_classify(&in);
      bool ok;
      if (json_bool(vector, "retryable", false)) {
        bool both =
            in.error_code != NULL && (strcmp(in.error_code, "PriorRequestNotComplete") == 0 ||
                                      strcmp(in.error_code, "ModeledThrottlingError") == 0);
        ok = kind == (both ? TCX__RETRY_THROTTLED : lists[l].kind);
      } else {
        bool slow_down = in.error_code != NULL && strcmp(in.error_code, "SlowDown") == 0;
        ok = kind == (in.status != 0 || in.http_status >= 500
                          ? (slow_down ? TCX__RETRY_THROTTLED : TCX__RETRY_TRANSIENT)
                      : in.http_status == 429 ? TCX__RETRY_THROTTLED
                                              : TCX__RETRY_NOT);
      }
      if (!ok) {
        print_error("%s[%zu]: %d\n", lists[l].list, i, (int)kind);
        failed++;
      }
    }
  }
  assert_int_equal(count, CONDITIONS);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

static bool run_step(struct tcx_retry_quota *quota, struct tcx_retry_state *state,
                     const char *service_id, const char *operation, yajl_val step) {
  if (json_bool(step, "success", false)) {
    tcx__retry_succeeded(quota, state);
    return quota->available == (unsigned)json_int(step, "available", -1);
  }
  yajl_val modeled = json_get(step, "modeled"), delay = json_get(step, "delay_ms");
  const char *exception = json_str_or(step, "exception", NULL);
  struct tcx_retry_in in = {
      .service_id = service_id,
      .attempt = (unsigned)json_int(step, "attempt", 0),
      .http_status = (int)json_int(step, "http", 0),
      .error_code = json_str_or(step, "code", NULL),
      .modeled = modeled != NULL,
      .modeled_retryable = modeled != NULL && YAJL_IS_TRUE(json_at(modeled, 0)),
      .modeled_throttling = modeled != NULL && YAJL_IS_TRUE(json_at(modeled, 1)),
      .status = exception == NULL ? 0 : status_of(exception),
      .retry_after = tcx__str(json_str_or(step, "retry_after", NULL)),
      .long_poll = tcx__retry_is_long_poll(service_id, operation),
      .random = YAJL_GET_DOUBLE(json_get(step, "random"))};
  struct tcx_retry_out out = tcx__retry_decide(quota, state, &in);
  double expected =
      YAJL_IS_DOUBLE(delay) ? YAJL_GET_DOUBLE(delay) : (double)YAJL_GET_INTEGER(delay);
  bool same_delay =
      (double)out.delay_ms <= expected + 0.501 && (double)out.delay_ms >= expected - 0.501;
  bool same_metadata =
      exception != NULL ||
      (out.max_attempts_reached == json_bool(step, "max_attempts_reached", false) &&
       out.quota_reached == json_bool(step, "quota_reached", false));
  return out.retry == json_bool(step, "retry", false) && same_delay && same_metadata &&
         quota->available == (unsigned)json_int(step, "available", -1);
}

/* Legacy mode: what botocore's handler of each service said of random failures. */
static void legacy(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/retries/modes.json"),
           services = json_get(tree, "legacy");
  unsigned steps = 0, failed = 0;
  for (size_t s = 0; s < json_len(services); s++) {
    yajl_val service = json_at(services, s), list = json_get(service, "steps");
    const char *id = json_str(service, "service_id");
    struct tcx_retry_quota quota;
    tcx__retry_quota_init(&quota);
    struct tcx_retry_state call = {.max_attempts =
                                       tcx__retry_default_attempts(TCX__RETRY_LEGACY, id)};
    assert_int_equal(call.max_attempts, json_int(service, "max_attempts", 0));
    for (size_t i = 0; i < json_len(list); i++, steps++) {
      yajl_val step = json_at(list, i);
      const char *exception = json_str_or(step, "exception", NULL);
      struct tcx_retry_in in = {.mode = TCX__RETRY_LEGACY,
                                .service_id = id,
                                .attempt = (unsigned)json_int(step, "attempt", 0),
                                .http_status = (int)json_int(step, "http", 0),
                                .error_code = json_str_or(step, "code", NULL),
                                .status = exception == NULL ? 0 : status_of(exception),
                                .random = YAJL_GET_DOUBLE(json_get(step, "random"))};
      struct tcx_retry_out out = tcx__retry_decide(&quota, &call, &in);
      double delay = YAJL_GET_DOUBLE(json_get(step, "delay_ms"));
      bool same = out.retry == json_bool(step, "retry", false) &&
                  (double)out.delay_ms <= delay + 0.501 && (double)out.delay_ms >= delay - 0.501 &&
                  (exception != NULL ||
                   out.max_attempts_reached == json_bool(step, "max_attempts_reached", false));
      if (!same) {
        print_error("%s[%zu]: %d after %g ms, botocore %d after %g ms\n", id, i, out.retry,
                    (double)out.delay_ms, json_bool(step, "retry", false), delay);
        failed++;
      }
    }
    assert_int_equal(quota.available, TCX__RETRY_QUOTA);
  }
  assert_int_equal(steps, LEGACY_STEPS);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

static bool near(yajl_val step, const char *name, double got) {
  double wanted = YAJL_GET_DOUBLE(json_get(step, name));
  bool good = got <= wanted + 1e-9 * (1 + (wanted < 0 ? -wanted : wanted)) &&
              got >= wanted - 1e-9 * (1 + (wanted < 0 ? -wanted : wanted));
  if (!good)
    print_error("%s: %.17g, not %.17g\n", name, got, wanted);
  return good;
}

/* Adaptive mode: the rate limiter beside botocore's, step by step under one clock. */
static void adaptive(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/retries/modes.json"),
           runs = json_get(tree, "adaptive");
  unsigned steps = 0, failed = 0;
  for (size_t r = 0; r < json_len(runs); r++) {
    yajl_val list = json_get(json_at(runs, r), "steps");
    struct tcx_rate_limiter limiter;
    tcx__rate_limiter_init(&limiter, YAJL_GET_DOUBLE(json_get(json_at(runs, r), "begin")));
    for (size_t i = 0; i < json_len(list); i++, steps++) {
      yajl_val step = json_at(list, i);
      double now = YAJL_GET_DOUBLE(json_get(step, "now"));
      bool same = true;
      if (json_get(step, "wait") != NULL)
        same = near(step, "wait", tcx__rate_limiter_acquire(&limiter, now));
      else
        tcx__rate_limiter_answered(&limiter, json_bool(step, "throttled", false), now);
      same = near(step, "fill_rate", limiter.fill_rate) && same;
      same = near(step, "capacity", limiter.capacity) && same;
      same = near(step, "measured_rate", limiter.measured_rate) && same;
      same = limiter.enabled == json_bool(step, "enabled", false) && same;
      if (!same)
        print_error("run %zu, step %zu\n", r, i);
      failed += !same;
    }
  }
  assert_int_equal(steps, ADAPTIVE_STEPS);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

static void sequences(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/retries/policy.json"),
           clients = json_get(tree, "clients");
  unsigned steps_run = 0, failed = 0;
  for (size_t c = 0; c < json_len(clients); c++) {
    yajl_val client = json_at(clients, c), calls = json_get(client, "calls");
    const char *service_id = json_str(client, "service_id");
    struct tcx_retry_quota quota;
    tcx__retry_quota_init(&quota);
    assert_int_equal(tcx__retry_default_attempts(TCX__RETRY_STANDARD, service_id),
                     json_int(client, "max_attempts", 0));
    for (size_t k = 0; k < json_len(calls); k++) {
      yajl_val steps = json_get(json_at(calls, k), "steps");
      struct tcx_retry_state call = {
          .max_attempts = tcx__retry_default_attempts(TCX__RETRY_STANDARD, service_id)};
      for (size_t i = 0; i < json_len(steps); i++, steps_run++)
        if (!run_step(&quota, &call, service_id, json_str(json_at(calls, k), "operation"),
                      json_at(steps, i))) {
          print_error("%s client %zu call %zu step %zu\n", service_id, c, k, i);
          failed++;
        }
    }
  }
  assert_int_equal(steps_run, STEPS);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

static tcx__retry_kind kind_of(int status, tcx_phase_t phase) {
  return tcx__retry_classify(
      &(struct tcx_retry_in){.service_id = "S3", .attempt = 1, .status = status, .phase = phase});
}

/* What is no failure of the network is not tried again, and neither is a handshake that was
 * refused. */
static void transport_failures(void **state) {
  (void)state;
  static const int never[] = {
      UV_ENOMEM,     UV_EINVAL,     UV_ECANCELED, UV_EACCES,   TCX_EPARAM, TCX_ECREDS,
      TCX_EENDPOINT, TCX_ECLOSING,  TCX_ESERVICE, TCX_ECONFIG, TCX_EPOOL,  TCX_EBODY,
      TCX_ETOOBIG,   TCX_EPAGINATE, TCX_EWAITER,  TCX_ECLIENT, 0};
  static const int again[] = {UV_ECONNREFUSED, UV_ECONNRESET,   UV_EPIPE,       UV_EOF,
                              UV_ETIMEDOUT,    UV_EHOSTUNREACH, UV_ENETUNREACH, UV_EAI_AGAIN,
                              UV_EAI_NONAME,   UV_EAI_NODATA,   UV_EMFILE,      TCX_EPROTO,
                              TCX_ECHECKSUM,   TCX_ESTALLED};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    assert_int_equal(kind_of(never[i], TCX_PHASE_CONNECT), TCX__RETRY_NOT);
  for (size_t i = 0; i < sizeof again / sizeof *again; i++)
    assert_int_equal(kind_of(again[i], TCX_PHASE_READ), TCX__RETRY_TRANSIENT);
  assert_int_equal(kind_of(TCX_ETLS, TCX_PHASE_TLS), TCX__RETRY_NOT);
  assert_int_equal(kind_of(TCX_ETLS, TCX_PHASE_READ), TCX__RETRY_TRANSIENT);
  assert_int_equal(kind_of(UV_ECONNRESET, TCX_PHASE_TLS), TCX__RETRY_TRANSIENT);
}

static void delays_are_bounded(void **state) {
  (void)state;
  for (unsigned attempt = 1; attempt < 100; attempt++)
    for (int throttled = 0; throttled < 2; throttled++) {
      struct tcx_retry_quota quota = {500};
      struct tcx_retry_state call = {.max_attempts = 1000};
      struct tcx_retry_in in = {.service_id = "S3",
                                .attempt = attempt,
                                .http_status = throttled ? 429 : 500,
                                .random = 0.999999};
      double expected = throttled ? 1000 : 50;
      for (unsigned i = 1; i < attempt && expected < 20000; i++)
        expected *= 2;
      struct tcx_retry_out out = tcx__retry_decide(&quota, &call, &in);
      assert_true(out.retry);
      assert_int_equal(out.delay_ms, expected < 20000 ? expected : 20000);
      in.random = 0;
      assert_int_equal(tcx__retry_decide(&quota, &call, &in).delay_ms, 0);
      in.retry_after = TCX__STR("3600000");
      assert_int_equal(tcx__retry_decide(&quota, &call, &in).delay_ms, 5000);
    }
}

/* A broken service spends the quota; successes bring it back to its height and no further. */
static void quota_runs_dry(void **state) {
  (void)state;
  struct tcx_retry_quota quota;
  struct tcx_retry_state call = {.max_attempts = 3};
  struct tcx_retry_in in = {.service_id = "S3", .attempt = 1, .http_status = 500};
  unsigned retries = 0;
  tcx__retry_quota_init(&quota);
  while (tcx__retry_decide(&quota, &call, &in).retry)
    retries++;
  assert_int_equal(retries, 500 / 14);
  struct tcx_retry_out out = tcx__retry_decide(&quota, &call, &in);
  assert_true(out.quota_reached && !out.max_attempts_reached && out.kind == TCX__RETRY_TRANSIENT &&
              out.delay_ms == 0);
  in.http_status = 429;
  out = tcx__retry_decide(&quota, &call, &in);
  assert_true(out.retry && out.kind == TCX__RETRY_THROTTLED);
  struct tcx_retry_state fresh = {.max_attempts = 3};
  for (int i = 0; i < 1000; i++)
    tcx__retry_succeeded(&quota, &fresh);
  assert_int_equal(quota.available, 500);
}

static void long_polls(void **state) {
  (void)state;
  assert_true(tcx__retry_is_long_poll("SQS", "ReceiveMessage"));
  assert_true(tcx__retry_is_long_poll("Kinesis", "ReceiveQueueRecords"));
  assert_false(tcx__retry_is_long_poll("SQS", "SendMessage"));
  assert_false(tcx__retry_is_long_poll("SQ", "ReceiveMessage"));
  assert_false(tcx__retry_is_long_poll("SQSX", "ReceiveMessage"));
  assert_false(tcx__retry_is_long_poll(NULL, "ReceiveMessage"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(conditions),
                                     cmocka_unit_test(sequences),
                                     cmocka_unit_test(legacy),
                                     cmocka_unit_test(adaptive),
                                     cmocka_unit_test(transport_failures),
                                     cmocka_unit_test(delays_are_bounded),
                                     cmocka_unit_test(quota_runs_dry),
                                     cmocka_unit_test(long_polls)};
  return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
