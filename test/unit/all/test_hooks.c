/* The program's hooks: patterns, their order, which points a call passes, and the session's. The
 * orders are those that botocore 1.44.5 shows. */
#include "hooks_help.h"

/* ---- patterns ---- */

static void test_patterns(void **state) {
  (void)state;
  static const char *const good[] = {"*",
                                     "*.*",
                                     "*.*.*",
                                     "*.s3.PutObject",
                                     "before-call",
                                     "before-call.s3",
                                     "before-call.*.PutObject",
                                     "before-endpoint-resolution",
                                     "before-endpoint-resolution.s3",
                                     "after-call-error.s3.*"};
  static const char *const bad[] = {"",
                                    ".",
                                    "before-call.",
                                    ".s3",
                                    "before-call..PutObject",
                                    "before-cal",
                                    "before-*",
                                    "before-call.s*",
                                    "before-call.s3.Put*",
                                    "before-call.s3.PutObject.x",
                                    "before-call.sqs",
                                    "before-call.s3.put_object",
                                    "before-call.s3.NoSuch",
                                    "before-endpoint-resolution.s3.PutObject",
                                    "creating-client-class.s3",
                                    "before-call.S3"};
  struct whole w;
  unsigned id = 0;
  whole_begin(&w, NULL, 0, NULL);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    assert_int_equal(tcx_client_on(w.client, good[i], note, NULL, &id), 0);
  assert_int_equal(id, sizeof good / sizeof good[0]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (tcx_client_on(w.client, bad[i], note, NULL, &id) != UV_EINVAL)
      fail_msg("%s was taken", bad[i]);
  char longest[300];
  memset(longest, 'a', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(tcx_client_on(w.client, longest, note, NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_on(NULL, "*", note, NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_on(w.client, NULL, note, NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_on(w.client, "*", NULL, NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_on_order(w.client, "*", (tcx_hook_order_t)3, note, NULL, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_session_on(w.session, "before-cal", note, NULL, NULL), UV_EINVAL);
  /* for clients of which nothing is known yet */
  assert_int_equal(tcx_session_on(w.session, "before-call.sqs.NoSuch", note, NULL, NULL), 0);
  tcx_client_off(w.client, 0);
  tcx_client_off(w.client, 9999);
  tcx_client_off(NULL, 1);
  tcx_session_off(NULL, 1);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  assert_int_equal(tcx_client_on(w.client, "*", note, NULL, NULL), TCX_ECLOSING);
  assert_int_equal(tcx_session_on(w.session, "*", note, NULL, NULL), TCX_ECLOSING);
  whole_end(&w);
}

/* The hyphenated service id, and the name that the client was created with. */
static void test_service_names(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *client;
  whole_begin_with(&w, NULL, 0,
                   &(tcx_session_options_t){.data_path = TCX_SOURCE_DIR "/models/data"}, NULL);
  assert_int_equal(tcx_session_create_client(
                       w.session, "elbv2", &(tcx_client_options_t){.region = "us-east-1"}, &client),
                   0);
  assert_int_equal(tcx_client_on(client, "before-call.elastic-load-balancing-v2", note, NULL, NULL),
                   0);
  assert_int_equal(tcx_client_on(client, "before-call.elbv2", note, NULL, NULL), 0);
  assert_int_equal(tcx_client_on(client, "before-call.elastic-load-balancing", note, NULL, NULL),
                   UV_EINVAL);
  whole_end(&w);
}

static int answer_empty(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  return tcx_call_answer(call, 200, tcx_value_new_map());
}

/* As botocore's emitter runs them for before-call.s3.PutObject. */
static void test_order(void **state) {
  (void)state;
  static char *const patterns[] = {"before-call",
                                   "before-call.s3",
                                   "before-call.s3.PutObject",
                                   "before-call.s3.*",
                                   "before-call.*",
                                   "before-call.*.PutObject",
                                   "before-call.*.*",
                                   "*",
                                   "*.s3",
                                   "*.s3.PutObject",
                                   "*.s3.*",
                                   "*.*",
                                   "*.*.PutObject",
                                   "*.*.*",
                                   "before-call.s3.GetObject",
                                   "after-call-error.s3"};
  struct whole w;
  unsigned ids[sizeof patterns / sizeof patterns[0]];
  whole_begin(&w, NULL, 0, NULL);
  on(&w, "before-parameter-build.s3.PutObject", note, "built");
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
    assert_int_equal(tcx_client_on(w.client, patterns[i], note, patterns[i], &ids[i]), 0);
  assert_int_equal(
      tcx_client_on_order(w.client, "before-call.s3.PutObject", TCX_HOOK_LAST, note, "last", NULL),
      0);
  assert_int_equal(tcx_client_on_order(w.client, "before-call.s3.PutObject", TCX_HOOK_FIRST, note,
                                       "first", NULL),
                   0);
  on(&w, "before-call.s3.PutObject", note, "second");
  assert_int_equal(
      tcx_client_on_order(w.client, "before-call", TCX_HOOK_LAST, answer_empty, NULL, NULL), 0);
  seen[0] = '\0';
  struct outcome o = whole_call(&w, "put_object", key(), NULL);
  assert_int_equal(o.status, 0);
  const char *from = strstr(seen, "built\n");
  assert_non_null(from);
  /* before-endpoint-resolution, which has no operation */
  from = strstr(from + 6, "*.*\n*.s3\n*\n");
  assert_non_null(from);
  assert_memory_equal(
      from + 11,
      "*.*.*\n*.*.PutObject\n*.*\n*.s3.*\n*.s3.PutObject\n*.s3\n*\nbefore-call.*.*\nbefore-call.*."
      "PutObject\nbefore-call.*\nbefore-call.s3.*\nfirst\nbefore-call.s3."
      "PutObject\nsecond\nlast\nbefore-call.s3\nbefore-call\n",
      strlen("*.*.*\n*.*.PutObject\n*.*\n*.s3.*\n*.s3.PutObject\n*.s3\n*\nbefore-call.*.*\nbefore-"
             "call.*.PutObject\nbefore-call.*\nbefore-call.s3.*\nfirst\nbefore-call.s3."
             "PutObject\nsecond\nlast\nbefore-call.s3\nbefore-call\n"));
  outcome_free(&o);
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
    tcx_client_off(w.client, ids[i]);
  seen[0] = '\0';
  o = whole_call(&w, "put_object", key(), NULL);
  assert_string_equal(seen, "built\nfirst\nsecond\nlast\n");
  outcome_free(&o);
  whole_end(&w);
}

/* ---- which events, in which order ---- */

static void events_of(const struct fault_step *const *scripts, const char *operation,
                      tcx_value_t *params, int status, const char *expected) {
  struct whole w;
  whole_begin(&w, scripts, scripts != NULL ? 1 : 0,
              scripts == NULL
                  ? &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1", .max_attempts = 2}
                  : NULL);
  on(&w, "*", note, NULL);
  seen[0] = '\0';
  struct outcome o = whole_call(&w, operation, params, NULL);
  assert_int_equal(o.status, status);
  assert_string_equal(seen, expected);
  outcome_free(&o);
  whole_end(&w);
}

#define BEGIN(op)                                                                                  \
  "provide-client-params.s3." op "\nbefore-parameter-build.s3." op                                 \
  "\nbefore-endpoint-resolution.s3\nbefore-call.s3." op "\nchoose-signer.s3." op "\n"
#define ATTEMPT(op) "request-created.s3." op "\nbefore-sign.s3." op "\nbefore-send.s3." op "\n"
#define ANSWERED(op)                                                                               \
  "before-parse.s3." op "\nresponse-received.s3." op "\n"                                          \
  "needs-retry.s3." op "\n"
#define UNANSWERED(op) "response-received.s3." op "\nneeds-retry.s3." op "\n"

static void test_events(void **state) {
  (void)state;
  events_of(then_ok_scripts, "put_object", put_params(), 0,
            BEGIN("PutObject") ATTEMPT("PutObject") ANSWERED("PutObject") ATTEMPT("PutObject")
                ANSWERED("PutObject") "after-call.s3.PutObject\n");
  events_of(missing_scripts, "put_object", put_params(), TCX_ECLIENT,
            BEGIN("PutObject") ATTEMPT("PutObject")
                ANSWERED("PutObject") "after-call.s3.PutObject\n");
  events_of(body_scripts, "get_object", key(), 0,
            BEGIN("GetObject") ATTEMPT("GetObject")
                ANSWERED("GetObject") "after-call.s3.GetObject\n");
  events_of(NULL, "put_object", put_params(), UV_ECONNREFUSED,
            BEGIN("PutObject") ATTEMPT("PutObject") UNANSWERED("PutObject") ATTEMPT("PutObject")
                UNANSWERED("PutObject") "after-call-error.s3.PutObject\n");
  events_of(ok_scripts, "put_object", tcx_params("{Bucket: b}"), TCX_EPARAM,
            "provide-client-params.s3.PutObject\nbefore-parameter-build.s3.PutObject\n");
}

static void goal_events(tcx__goal goal, const char *expected) {
  struct whole w;
  struct outcome o;
  whole_begin(&w, NULL, 0, NULL);
  on(&w, "*", note, NULL);
  seen[0] = '\0';
  whole_goal_to(&w, "get_object", key(), goal, &o);
  assert_int_equal(o.status, 0);
  assert_string_equal(seen, expected);
  outcome_free(&o);
  whole_end(&w);
}

static void test_goals(void **state) {
  (void)state;
  goal_events(TCX__GOAL_PRESIGN,
              "provide-client-params.s3.GetObject\nbefore-parameter-build.s3.GetObject\nbefore-"
              "endpoint-resolution.s3\nchoose-signer.s3.GetObject\nbefore-sign.s3.GetObject\n");
  goal_events(TCX__GOAL_RENDER,
              BEGIN("GetObject") "request-created.s3.GetObject\nbefore-sign.s3.GetObject\n");
}

/* A waiter is no call of the service: its polls are. */
static void test_waiter(void **state) {
  (void)state;
  struct whole w;
  struct outcome o = {0};
  whole_begin(&w, missing_scripts, 1, NULL);
  on(&w, "*", note, NULL);
  seen[0] = '\0';
  tcx_wait_options_t options = {.delay_ms = TCX_NEVER, .max_attempts = 2};
  assert_int_equal(
      tcx_client_wait(w.client, "object_exists", key(), &options, outcome_cb, &o, NULL), 0);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_EWAITER);
  assert_string_equal(
      seen, BEGIN("HeadObject") ATTEMPT("HeadObject")
                ANSWERED("HeadObject") "after-call.s3.HeadObject\n" BEGIN("HeadObject")
                    ATTEMPT("HeadObject") ANSWERED("HeadObject") "after-call.s3.HeadObject\n");
  outcome_free(&o);
  assert_int_equal(
      tcx_client_wait(w.client, "no_such_waiter", key(), &options, outcome_cb, &o, NULL), 0);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_EOPNAME);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- a session's hooks ---- */

static void test_session(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *before, *after;
  unsigned id, gone;
  whole_begin(&w, NULL, 0, NULL);
  before = w.client;
  assert_int_equal(tcx_session_on(w.session, "before-parameter-build.s3", note, "gone", &gone), 0);
  assert_int_equal(tcx_session_on(w.session, "before-parameter-build.s3", note, "session", &id), 0);
  assert_int_equal(tcx_session_on(w.session, "before-parameter-build.sqs", note, "sqs", NULL), 0);
  tcx_session_off(w.session, gone);
  assert_int_equal(tcx_session_create_client(
                       w.session, "s3", &(tcx_client_options_t){.region = "us-east-1"}, &after),
                   0);
  tcx_session_off(w.session, id);
  w.client = after;
  on(&w, "before-parameter-build.s3", note, "client");
  on(&w, "before-call", answer_empty, NULL);
  seen[0] = '\0';
  struct outcome o = whole_call(&w, "list_buckets", NULL, NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(seen, "session\nclient\n");
  outcome_free(&o);
  w.client = before;
  on(&w, "before-call", answer_empty, NULL);
  seen[0] = '\0';
  o = whole_call(&w, "list_buckets", NULL, NULL);
  assert_string_equal(seen, "");
  outcome_free(&o);
  whole_end(&w);
}

/* A client of which something is wrong tells that, whatever hooks it has. */
static void test_problem(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, NULL, 0, NULL);
  assert_int_equal(tcx_session_on(w.session, "*", note, NULL, NULL), 0);
  assert_int_equal(tcx_session_create_client(w.session, "no-such-service", NULL, &w.client), 0);
  on(&w, "before-call.*.Anything", note, NULL);
  seen[0] = '\0';
  struct outcome o = whole_call(&w, "x", NULL, NULL);
  assert_int_equal(o.status, TCX_ESERVICE);
  assert_string_equal(seen, "");
  outcome_free(&o);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_patterns), cmocka_unit_test(test_service_names),
      cmocka_unit_test(test_order),    cmocka_unit_test(test_events),
      cmocka_unit_test(test_goals),    cmocka_unit_test(test_waiter),
      cmocka_unit_test(test_session),  cmocka_unit_test(test_problem),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
