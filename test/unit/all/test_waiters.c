/*
 * Waiters: what each answer leads to, the options, how a wait ends from outside, and what it
 * leaves. What acceptors mean is compared with botocore for every waiter by
 * test/integration/test_waiters.py; here are the cases that no real model has.
 */
#include "model_folder.h"
#include "whole.h"
#include <tucuxi/hooks.h>

#define WAITS(...)    ((tcx_wait_options_t){__VA_ARGS__})
#define AT_ONCE       WAITS(.delay_ms = TCX_NEVER)
#define EMPTY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nX-Amz-Request-Id: id\r\n\r\n"
#define ACTIVE        "{\"Table\":{\"TableStatus\":\"ACTIVE\"}}"
#define CREATING      "{\"Table\":{\"TableStatus\":\"CREATING\"}}"
#define NO_TABLE      "{\"__type\":\"ResourceNotFoundException\",\"message\":\"gone\"}"

/* A service that gives these answers, one a request, and then reads one more. */
struct served {
  struct whole w;
  struct fault_step steps[22];
  const struct fault_step *scripts[1];
  struct outcome o;
  tcx_call_t *call;
};

static void serve(struct served *s, const char *service, const char *const *answers,
                  const char *data_path) {
  unsigned n = 0;
  memset(s, 0, sizeof *s);
  for (; *answers != NULL; answers++) {
    assert_true(n < 20);
    s->steps[n++] = (struct fault_step)DO(REQUEST);
    s->steps[n++] = (struct fault_step)SEND(*answers);
  }
  s->steps[n] = (struct fault_step)DO(REQUEST);
  s->scripts[0] = s->steps;
  tcx_session_options_t so = {.data_path = data_path};
  whole_begin_with(&s->w, s->scripts, 1, &so, NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = s->w.url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET,
                             .max_connections = 1,
                             .max_attempts = 1};
  assert_int_equal(tcx_session_create_client(s->w.session, service, &co, &s->w.client), 0);
}
#define SERVE(s, service, ...) serve(s, service, (const char *const[]){__VA_ARGS__, NULL}, NULL)

static void start(struct served *s, const char *waiter, tcx_value_t *params,
                  tcx_wait_options_t options) {
  s->o.whole = &s->w;
  s->w.starting = true;
  assert_int_equal(
      tcx_client_wait(s->w.client, waiter, params, &options, outcome_cb, &s->o, &s->call), 0);
  s->w.starting = false;
}

static void finish(struct served *s) {
  outcome_free(&s->o);
  whole_end(&s->w);
}

static tcx_value_t *bucket(void) { return tcx_params("{Bucket: b}"); }
static tcx_value_t *table(void) { return tcx_params("{TableName: t}"); }

/* Waits; the outcome has this status and, when that is not 0, this sentence, after so many
 * requests. */
static void check(const char *service, const char *waiter, tcx_value_t *params,
                  tcx_wait_options_t options, int status, const char *msg, unsigned requests,
                  const char *const *answers, const char *data_path) {
  struct served s;
  serve(&s, service, answers, data_path);
  start(&s, waiter, params, options);
  whole_until(&s.w, &s.o.calls);
  if (s.o.status != status || (status != 0 && strcmp(s.o.msg, msg) != 0))
    fail_msg("%s: %s: %s", waiter, tcx_err_name(s.o.status), s.o.msg);
  assert_int_equal(s.w.server.requests, requests);
  assert_int_equal(s.o.attempts, requests);
  finish(&s);
}
#define CHECK(service, waiter, params, options, status, msg, requests, ...)                        \
  check(service, waiter, params, options, status, msg, requests,                                   \
        (const char *const[]){__VA_ARGS__, NULL}, NULL)

static void test_states(void **state) {
  (void)state;
  CHECK("s3", "bucket_exists", bucket(), AT_ONCE, 0, NULL, 1, EMPTY("200 OK"));
  CHECK("s3", "BucketExists", bucket(), AT_ONCE, 0, NULL, 3, EMPTY("404 Not Found"),
        EMPTY("404 Not Found"), EMPTY("200 OK"));
  CHECK("s3", "bucket_not_exists", bucket(), AT_ONCE, 0, NULL, 2, EMPTY("200 OK"),
        EMPTY("404 Not Found"));
  CHECK("s3", "bucket_exists", bucket(), AT_ONCE, TCX_EWAITER,
        "Waiter BucketExists failed: An error occurred (400): Bad Request", 1,
        EMPTY("400 Bad Request"));
  CHECK("s3", "bucket_exists", bucket(), WAITS(.delay_ms = 1, .max_attempts = 2), TCX_EWAITER,
        "Waiter BucketExists failed: Max attempts exceeded. Previously accepted state: Matched "
        "expected HTTP status code: 404",
        2, EMPTY("404 Not Found"), EMPTY("404 Not Found"));
  CHECK("dynamodb", "table_exists", table(), AT_ONCE, 0, NULL, 3,
        whole_answer("400 Bad Request", NO_TABLE), whole_answer("200 OK", CREATING),
        whole_answer("200 OK", ACTIVE));
  CHECK("dynamodb", "table_exists", table(), WAITS(.delay_ms = TCX_NEVER, .max_attempts = 1),
        TCX_EWAITER, "Waiter TableExists failed: Max attempts exceeded", 1,
        whole_answer("200 OK", CREATING));
  /* Nothing matched the last answer: botocore explains the acceptor that it looked at last. */
  CHECK("dynamodb", "table_exists", table(), WAITS(.delay_ms = TCX_NEVER, .max_attempts = 2),
        TCX_EWAITER,
        "Waiter TableExists failed: Max attempts exceeded. Previously accepted state: Matched "
        "expected service error code: ResourceNotFoundException",
        2, whole_answer("400 Bad Request", NO_TABLE), whole_answer("200 OK", CREATING));
}

/* ---- acceptors that no model of botocore's has ---- */

static const char probe_model[] =
    "{'metadata':{'apiVersion':'2026-01-01','endpointPrefix':'probe','serviceId':'Probe','"
    "signatureVersion':'v4','protocol':'json','targetPrefix':'T','jsonVersion':'1.1'},"
    "'operations':{'Look':{'name':'Look','http':{'method':'POST','requestUri':'/"
    "'},'input':{'shape':'In'},'output':{'shape':'Out'}}},'shapes':{"
    "'In':{'type':'structure','members':{'Body':{'shape':'B'}}},'Out':{'type':'structure','members'"
    ":{'N':{'shape':'I'},'D':{'shape':'F'},'F':{'shape':'O'},'T':{'shape':'W'},"
    "'L':{'shape':'L'},'Error':{'shape':'E'}}},'E':{'type':'structure','members':{'Code':{'shape':'"
    "S'}}},"
    "'S':{'type':'string'},'B':{'type':'blob'},'I':{'type':'integer'},'F':{'type':'double'},'O':{'"
    "type':'boolean'},'W':{'type':'timestamp'},'L':{'type':'list','member':{'shape':'S'}}}}";
#define WAITER(name, acceptors)                                                                    \
  "'" name "':{'operation':'Look','delay':1,'maxAttempts':1,'acceptors':[" acceptors "]}"
#define ACCEPTOR(matcher, argument, expected, state)                                               \
  "{'matcher':'" matcher "','argument':'" argument "','expected':" expected ",'state':'" state "'" \
  "}"
/* clang-format off */
static const char probe_waiters[] =
    "{'version':2,'waiters':{"
    WAITER("One", ACCEPTOR("path", "N", "1", "success")) ","
    WAITER("Truth", ACCEPTOR("path", "N", "true", "success")) ","
    WAITER("Flag", ACCEPTOR("path", "F", "1", "success")) ","
    WAITER("Double", ACCEPTOR("path", "D", "1", "success")) ","
    WAITER("Text", ACCEPTOR("path", "N", "'1'", "success")) ","
    WAITER("Time", ACCEPTOR("path", "T", "'2026-01-01T00:00:00Z'", "success")) ","
    WAITER("All", ACCEPTOR("pathAll", "L", "'a'", "success")) ","
    WAITER("Any", ACCEPTOR("pathAny", "L", "'a'", "success")) ","
    WAITER("NoError", ACCEPTOR("error", "-", "false", "success")) ","
    WAITER("AnyError", ACCEPTOR("error", "-", "true", "failure")) ","
    WAITER("StatusText", ACCEPTOR("status", "-", "'200'", "success")) ","
    WAITER("Ceil", ACCEPTOR("path", "ceil(L[0])", "1", "success")) ","
    WAITER("Unknown", ACCEPTOR("guess", "-", "1", "success")) ","
    WAITER("BadPath", ACCEPTOR("path", "a[", "1", "success"))
    "}}";
/* clang-format on */

#define GAVE_UP(name) "Waiter " name " failed: Max attempts exceeded"
static void test_acceptors(void **state) {
  (void)state;
  static const struct {
    const char *waiter, *body;
    int status;
    const char *msg;
    unsigned requests;
  } rows[] = {
      {"one", "{\"N\":1}", 0, NULL, 1},
      {"one", "{\"N\":2}", TCX_EWAITER, GAVE_UP("One"), 1},
      {"one", "{}", TCX_EWAITER, GAVE_UP("One"), 1},
      {"truth", "{\"N\":1}", 0, NULL, 1}, /* as in Python */
      {"truth", "{\"N\":2}", TCX_EWAITER, GAVE_UP("Truth"), 1},
      {"flag", "{\"F\":true}", 0, NULL, 1},
      {"double", "{\"D\":1.0}", 0, NULL, 1},
      {"double", "{\"D\":1.5}", TCX_EWAITER, GAVE_UP("Double"), 1},
      {"text", "{\"N\":1}", TCX_EWAITER, GAVE_UP("Text"), 1},
      {"time", "{\"T\":1767225600}", TCX_EWAITER, GAVE_UP("Time"), 1},
      {"all", "{\"L\":[\"a\",\"a\"]}", 0, NULL, 1},
      {"all", "{\"L\":[\"a\",\"b\"]}", TCX_EWAITER, GAVE_UP("All"), 1},
      {"all", "{\"L\":[]}", TCX_EWAITER, GAVE_UP("All"), 1},
      {"all", "{}", TCX_EWAITER, GAVE_UP("All"), 1},
      {"any", "{\"L\":[\"b\",\"a\"]}", 0, NULL, 1},
      {"any", "{\"L\":[\"b\"]}", TCX_EWAITER, GAVE_UP("Any"), 1},
      {"any", "{\"L\":[]}", TCX_EWAITER, GAVE_UP("Any"), 1},
      {"no_error", "{}", 0, NULL, 1},
      {"no_error", "{\"Error\":{}}", TCX_EWAITER, GAVE_UP("NoError"), 1},
      /* a success that looks like an error */
      {"one", "{\"N\":1,\"Error\":{\"Code\":\"C\"}}", TCX_EWAITER,
       "Waiter One failed: An error occurred (C): Unknown", 1},
      {"any_error", "{\"Error\":{\"Code\":\"C\"}}", TCX_EWAITER,
       "Waiter AnyError failed: Waiter encountered a terminal failure state: Matched expected "
       "service error code: True",
       1},
      {"status_text", "{}", TCX_EWAITER, GAVE_UP("StatusText"), 1},
      {"ceil", "{\"L\":[\"a\"]}", TCX_EWAITER,
       "In function ceil(), invalid type for value: a, expected one of: ['number'], received: "
       "\"string\"",
       1},
      {"unknown", "{}", TCX_ESERVICE, "Error processing waiter config: Unknown acceptor: guess", 0},
      {"on", "{}", TCX_EOPNAME, "Waiter does not exist: on, did you mean one?", 0},
  };
  mf_begin();
  mf_add("probe", probe_model);
  mf_add_waiters(probe_waiters);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check("probe", rows[i].waiter, NULL, AT_ONCE, rows[i].status, rows[i].msg, rows[i].requests,
          (const char *const[]){whole_answer("200 OK", rows[i].body), NULL}, mf.path);
  struct served s;
  serve(&s, "probe", (const char *const[]){NULL}, mf.path);
  start(&s, "bad_path", NULL, AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, TCX_ESERVICE);
  assert_non_null(strstr(s.o.msg, "Error processing waiter config: "));
  assert_non_null(strstr(s.o.msg, "a["));
  finish(&s);
  /* JSON in the form of the operation that it asks; a body cannot be sent again and again. */
  serve(&s, "probe", (const char *const[]){NULL}, mf.path);
  tcx_value_t *params =
      tcx_client_json_params(s.w.client, "one", tcx_value_from_json("{\"Body\":\"aGk=\"}", 15));
  assert_int_equal(tcx_value_type(params, "Body"), TCX_BLOB);
  assert_memory_equal(tcx_value_bytes(params, "Body", NULL), "hi", 2);
  tcx_value_free(params);
  start(&s, "one", tcx_value_set_body(tcx_value_new_map(), "Body", tcx_body_copy("x", 1)), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, UV_EINVAL);
  finish(&s);
  mf_end();
}

/* ---- what the outcome holds ---- */

static tcx_call_t *kept;
static int kept_calls;
static void on_kept(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response, (void)error;
  kept = tcx_call_retain(call);
  kept_calls = 1;
}

static void wait_kept(struct served *s, const char *waiter, tcx_value_t *params) {
  kept_calls = 0;
  assert_int_equal(tcx_client_wait(s->w.client, waiter, params,
                                   &WAITS(.delay_ms = 1, .max_attempts = 1), on_kept, s, NULL),
                   0);
  whole_until(&s->w, &kept_calls);
}

/* After the client, the session and the loop are gone, a retained waiter still tells all. */
static void test_outcome(void **state) {
  (void)state;
  struct served s;
  SERVE(&s, "s3", EMPTY("404 Not Found"));
  wait_kept(&s, "bucket_not_exists", bucket());
  finish(&s);
  assert_null(tcx_call_error(kept));
  assert_string_equal(tcx_call_operation(kept), "HeadBucket");
  assert_string_equal(tcx_value_str(tcx_call_response(kept), "Error.Code"), "404");
  assert_int_equal(tcx_value_int(tcx_call_response(kept), "ResponseMetadata.HTTPStatusCode", 0),
                   404);
  assert_int_equal(tcx_call_http_status(kept), 404);
  assert_string_equal(tcx_call_header(kept, "x-amz-request-id"), "id");
  assert_null(tcx_call_client(kept));
  tcx_call_cancel(kept);
  tcx_call_release(kept);

  SERVE(&s, "s3", EMPTY("400 Bad Request"));
  wait_kept(&s, "bucket_exists", bucket());
  finish(&s);
  const tcx_error_t *e = tcx_call_error(kept);
  assert_null(tcx_call_response(kept));
  assert_int_equal(e->status, TCX_EWAITER);
  assert_string_equal(tcx_error_type_name(e), "WaiterError");
  assert_string_equal(e->code, "400");
  assert_int_equal(e->http_status, 400);
  assert_string_equal(e->request_id, "id");
  assert_string_equal(e->operation, "HeadBucket");
  assert_string_equal(tcx_value_str(e->response, "Error.Code"), "400");
  assert_true(e->sent);
  tcx_call_release(kept);

  SERVE(&s, "dynamodb", whole_answer("200 OK", CREATING));
  wait_kept(&s, "table_exists", table());
  finish(&s);
  e = tcx_call_error(kept);
  assert_int_equal(e->status, TCX_EWAITER);
  assert_null(e->code);
  assert_int_equal(e->http_status, 200);
  assert_string_equal(tcx_value_str(e->response, "Table.TableStatus"), "CREATING");
  tcx_call_release(kept);
}

/* What is not the service's answer ends the wait as it is. */
static void test_other_errors(void **state) {
  (void)state;
  struct served s;
  SERVE(&s, "s3", EMPTY("200 OK"));
  start(&s, "bucket_exists", tcx_params("{Bukket: b}"), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, TCX_EPARAM);
  assert_int_equal(s.o.attempts, 0);
  assert_non_null(strstr(s.o.msg, "Missing required parameter in input: \"Bucket\""));
  outcome_free(&s.o);
  start(&s, "bucket_exists", tcx_params("{Bucket"), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, TCX_EPARAM);
  finish(&s);

  static const struct fault_step shut[] = {DO(REQUEST), DO(CLOSE)};
  const struct fault_step *const scripts[] = {shut};
  memset(&s, 0, sizeof s);
  whole_begin(&s.w, scripts, 1, &(tcx_client_options_t){.max_attempts = 2});
  start(&s, "bucket_exists", bucket(), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, UV_ECONNRESET);
  assert_int_equal(s.w.server.requests, 2); /* the poll's own retries */
  assert_int_equal(s.o.attempts, 1);
  finish(&s);
}

static void test_features(void **state) {
  (void)state;
  char text[1000];
  struct served s;
  SERVE(&s, "s3", EMPTY("200 OK"));
  start(&s, "bucket_exists", bucket(), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_non_null(
      strstr(whole_header(s.w.server.last_head, "user-agent", text, sizeof text), "m/B,"));
  finish(&s);
}

/* ---- hooks see each poll, and may answer it ---- */

/* As botocore's Stubber: the first answers do not tell a status, which then matches nothing. */
static int on_before_call(tcx_call_t *call, const char *event, void *data) {
  unsigned *asked = data;
  assert_string_equal(event, "before-call.s3.HeadBucket");
  return tcx_call_answer(
      call, 200,
      ++*asked < 3 ? tcx_value_new_map()
                   : tcx_params("{ResponseMetadata: {HTTPStatusCode: 200}, BucketRegion: here}"));
}

static void test_hooks(void **state) {
  (void)state;
  struct served s;
  unsigned asked = 0;
  SERVE(&s, "s3", EMPTY("404 Not Found"));
  assert_int_equal(
      tcx_client_on(s.w.client, "before-call.s3.HeadBucket", on_before_call, &asked, NULL), 0);
  start(&s, "bucket_exists", bucket(), AT_ONCE);
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, 0);
  assert_string_equal(tcx_value_str(s.o.response, "BucketRegion"), "here");
  assert_int_equal(asked, 3);
  assert_int_equal(s.o.attempts, 3);
  assert_int_equal(s.w.server.requests, 0);
  finish(&s);
}

/* ---- ended from outside ---- */

typedef enum { CANCEL, DEADLINE, CLOSE_CLIENT, CLOSE_SESSION, ENDS } how;

static void end_it(struct served *s, how way) {
  if (way == CANCEL)
    tcx_call_cancel(s->call);
  else if (way == CLOSE_CLIENT)
    tcx_client_close(s->w.client, NULL);
  else if (way == CLOSE_SESSION) {
    tcx_session_close(s->w.session, NULL);
    s->w.closed = true;
  }
}

/* In its delay, and while a poll is under way. The loop ends by itself. */
static void test_ended(void **state) {
  (void)state;
  for (how way = CANCEL; way < ENDS; way++)
    for (int polling = 0; polling < 2; polling++) {
      struct served s;
      if (polling)
        SERVE(&s, "s3", EMPTY("404 Not Found"));
      else
        SERVE(&s, "s3", EMPTY("404 Not Found"), EMPTY("404 Not Found"));
      start(&s, "bucket_exists", bucket(),
            WAITS(.delay_ms = polling ? 1 : 3600000, .timeout_ms = way == DEADLINE ? 60 : 0));
      while (s.w.server.requests < (polling ? 2u : 1u) ||
             (!polling && s.call->state != TCX__CALL_BACKOFF))
        uv_run(&s.w.loop, UV_RUN_ONCE);
      assert_int_equal(s.call->state, polling ? TCX__CALL_INNER : TCX__CALL_BACKOFF);
      end_it(&s, way);
      whole_until(&s.w, &s.o.calls);
      assert_int_equal(s.o.status, way == DEADLINE ? UV_ETIMEDOUT : TCX_ECANCELED);
      assert_int_equal(s.o.phase, polling ? TCX_PHASE_WAIT : TCX_PHASE_BACKOFF);
      assert_int_equal(s.o.attempts, 1);
      if (way == CANCEL || way == DEADLINE)
        assert_int_equal(s.w.client->active, 0);
      finish(&s);
    }
}

static int drained;
static void on_drained(tcx_client_t *client) {
  (void)client;
  drained = 1;
}

/* Drain lets it go on to its end. */
static void test_drain(void **state) {
  (void)state;
  struct served s;
  SERVE(&s, "s3", EMPTY("404 Not Found"), EMPTY("404 Not Found"), EMPTY("200 OK"));
  drained = 0;
  start(&s, "bucket_exists", bucket(), WAITS(.delay_ms = 1));
  tcx_client_drain(s.w.client, on_drained);
  struct outcome refused = {0};
  assert_int_equal(
      tcx_client_wait(s.w.client, "bucket_exists", bucket(), NULL, outcome_cb, &refused, NULL),
      TCX_ECLOSING);
  whole_until(&s.w, &drained);
  assert_int_equal(s.o.calls, 1);
  assert_int_equal(s.o.status, 0);
  assert_int_equal(s.o.attempts, 3);
  finish(&s);
}

/* The loop lives while there is a waiter, and no longer; between polls no connection is its own. */
static void test_holds(void **state) {
  (void)state;
  struct served s;
  SERVE(&s, "s3", EMPTY("404 Not Found"), EMPTY("404 Not Found"), EMPTY("200 OK"));
  uv_update_time(&s.w.loop); /* the delays count from the loop's time */
  uint64_t begin = uv_now(&s.w.loop);
  start(&s, "bucket_exists", bucket(), WAITS(.delay_ms = 20));
  while (s.call->state != TCX__CALL_BACKOFF)
    uv_run(&s.w.loop, UV_RUN_ONCE);
  tcx_client_stats_t stats;
  tcx_client_get_stats(s.w.client, &stats);
  assert_int_equal(stats.active, 1);
  assert_int_equal(stats.idle, stats.connections);
  assert_int_equal(s.w.session->holds, 1);
  whole_until(&s.w, &s.o.calls);
  assert_true(uv_now(&s.w.loop) - begin >= 2 * 20);
  assert_int_equal(s.w.session->holds, 0);
  finish(&s);
}

static void test_bad_arguments(void **state) {
  (void)state;
  struct served s;
  struct outcome none = {0};
  SERVE(&s, "s3", EMPTY("200 OK"));
  assert_int_equal(tcx_client_wait(s.w.client, NULL, bucket(), NULL, outcome_cb, &none, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_wait(s.w.client, "bucket_exists", bucket(), NULL, NULL, &none, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_wait(NULL, "bucket_exists", bucket(), NULL, outcome_cb, &none, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_wait_sized(s.w.client, "bucket_exists", bucket(), NULL, 1000,
                                         outcome_cb, &none, NULL),
                   UV_EINVAL);
  /* A client that was made with something wrong says so. */
  assert_int_equal(tcx_session_create_client(s.w.session, "no-such-service", NULL, &s.w.client), 0);
  start(&s, "bucket_exists", bucket(), WAITS(0));
  whole_until(&s.w, &s.o.calls);
  assert_int_equal(s.o.status, TCX_ESERVICE);
  finish(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_states),   cmocka_unit_test(test_acceptors),
      cmocka_unit_test(test_outcome),  cmocka_unit_test(test_other_errors),
      cmocka_unit_test(test_features), cmocka_unit_test(test_hooks),
      cmocka_unit_test(test_ended),    cmocka_unit_test(test_drain),
      cmocka_unit_test(test_holds),    cmocka_unit_test(test_bad_arguments),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
