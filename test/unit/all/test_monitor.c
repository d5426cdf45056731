/* Client-side monitoring beyond the public cases: lengths, streams, calls that end before a
 * request, names of hosts, wrong settings, sessions that close under it. */
#include "core/monitor.h"
#include "csm_agent.h"
#include "whole.h"

#define LIST whole_answer("200 OK", "<ListBucketResult/>")

/* A session with monitoring on, and its agent. */
static void begin(struct whole *w, const struct fault_step *const *scripts, unsigned n,
                  const tcx_client_options_t *options) {
  char port[8];
  static uv_loop_t *loop;
  whole_unset_environment();
  setenv("AWS_CSM_ENABLED", "true", 1);
  setenv("AWS_CSM_PORT", "31000", 1); /* the real one is known once the loop is there */
  memset(w, 0, sizeof *w);
  assert_int_equal(uv_loop_init(&w->loop), 0);
  loop = &w->loop;
  agent_start(loop, port);
  setenv("AWS_CSM_PORT", port, 1);
  if (scripts != NULL) {
    fault_server_start(&w->server, loop, scripts, n, NULL);
    w->serving = true;
    snprintf(w->url, sizeof w->url, "http://127.0.0.1:%d", w->server.port);
  }
  tcx_session_options_t so = {.config_file = "/dev/null", .credentials_file = "/dev/null"};
  tcx_client_options_t co = *options;
  co.region = "us-east-1";
  co.endpoint_url = w->serving ? w->url : NULL;
  assert_int_equal(tcx_session_new(loop, &so, &w->session), 0);
  w->session->rng[0] = w->session->rng[1] = 0;
  assert_int_equal(tcx_session_create_client(w->session, "s3", &co, &w->client), 0);
}
static void end(struct whole *w) {
  agent_stop();
  whole_end(w);
  unsetenv("AWS_CSM_ENABLED");
  unsetenv("AWS_CSM_PORT");
}
#define KEYS .access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET

static int64_t number(const char *event, const char *name) {
  tcx_value_t *v = tcx_value_from_json(event, strlen(event));
  assert_int_equal(tcx_value_status(v), 0);
  int64_t n = tcx_value_int(v, name, -1);
  tcx_value_free(v);
  return n;
}
static size_t length(const char *event, const char *name) {
  tcx_value_t *v = tcx_value_from_json(event, strlen(event));
  assert_int_equal(tcx_value_status(v), 0);
  size_t n = tcx_value_len(v, name);
  tcx_value_free(v);
  return n;
}

/* The longest of each, in characters; two bytes each in the message. */
static void test_lengths(void **state) {
  (void)state;
  struct whole w;
  char code[200], message[1300], extra[400], error[2000];
  memset(code, 'C', sizeof code);
  code[sizeof code - 1] = '\0';
  for (size_t i = 0; i + 1 < sizeof message; i += 2)
    memcpy(message + i, "\xc3\xa9", 2);
  message[sizeof message - 2] = '\0';
  memset(extra, 'e', sizeof extra);
  extra[sizeof extra - 1] = '\0';
  snprintf(error, sizeof error, "<Error><Code>%s</Code><Message>%s</Message></Error>", code,
           message);
  const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("400 X", error)), DO(END)};
  const struct fault_step *const scripts[] = {steps};
  begin(&w, scripts, 1,
        &(tcx_client_options_t){KEYS, .session_token = "the-token", .user_agent_extra = extra});
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  outcome_free(&o);
  agent_take(&w.loop, 2);
  assert_int_equal(length(agent.events[0], "UserAgent"), 256);
  assert_int_equal(length(agent.events[0], "AwsException"), 128);
  assert_int_equal(length(agent.events[0], "AwsExceptionMessage"), 2 * 512);
  assert_int_equal(length(agent.events[1], "UserAgent"), 256);
  assert_int_equal(length(agent.events[1], "FinalAwsException"), 128);
  assert_int_equal(length(agent.events[1], "FinalAwsExceptionMessage"), 2 * 512);
  assert_non_null(strstr(agent.events[0], "\"SessionToken\":\"the-token\""));
  assert_null(strstr(agent.events[0], WHOLE_SECRET));
  assert_null(strstr(agent.events[1], WHOLE_KEY));
  end(&w);
}

/* An event that would be longer than 8 KiB is not sent; the others are. */
static void test_too_long(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step steps[] = {DO(REQUEST), SEND(LIST), DO(END)};
  const struct fault_step *const scripts[] = {steps};
  char *token = malloc(9000);
  memset(token, 't', 8999);
  token[8999] = '\0';
  begin(&w, scripts, 1, &(tcx_client_options_t){KEYS, .session_token = token});
  free(token);
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  agent_take(&w.loop, 1);
  assert_non_null(strstr(agent.events[0], "\"Type\":\"ApiCall\""));
  end(&w);
}

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_null(error);
  ++*(int *)tcx_call_data(call);
}

/* A stream's call is over with its callback, before the body. */
static void test_stream(void **state) {
  (void)state;
  struct whole w;
  static const struct fault_step steps[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nx-amz-request-id: R\r\nContent-Length: 100000000\r\n\r\nx"),
      DO(END)};
  static const struct fault_step *const scripts[] = {steps};
  int done = 0;
  begin(&w, scripts, 1, &(tcx_client_options_t){KEYS});
  assert_int_equal(
      tcx_client_call(w.client, "get_object", tcx_params("{Bucket: b, Key: k}"), on_object, &done),
      0);
  whole_until(&w, &done);
  agent_take(&w.loop, 2);
  assert_non_null(strstr(agent.events[0], "\"XAmzRequestId\":\"R\""));
  assert_non_null(strstr(agent.events[0], "\"Api\":\"GetObject\""));
  assert_int_equal(number(agent.events[1], "FinalHttpStatusCode"), 200);
  assert_int_equal(number(agent.events[1], "AttemptCount"), 1);
  end(&w);
}

/* What is wrong before there is a request is no event; credentials that are missing are one,
 * without an attempt. */
static void test_early_ends(void **state) {
  (void)state;
  struct whole w;
  begin(&w, NULL, 0, &(tcx_client_options_t){0});
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Buckets: b}"), NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  outcome_free(&o);
  o = whole_call(&w, "no_such_thing", NULL, NULL);
  assert_int_equal(o.status, TCX_EOPNAME);
  outcome_free(&o);
  agent_take(&w.loop, 0);
  o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  outcome_free(&o);
  agent_take(&w.loop, 1);
  assert_int_equal(number(agent.events[0], "AttemptCount"), 0);
  assert_int_equal(number(agent.events[0], "MaxRetriesExceeded"), 0);
  assert_null(strstr(agent.events[0], "UserAgent"));
  end(&w);
}

/* A signature that is presigned is no call. */
static void test_not_sent(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w, NULL, 0, &(tcx_client_options_t){KEYS});
  whole_goal_to(&w, "get_object", tcx_params("{Bucket: b, Key: k}"), TCX__GOAL_PRESIGN, &o);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  agent_take(&w.loop, 0);
  end(&w);
}

static void test_host(void **state) {
  (void)state;
  static const struct {
    const char *host;
    int events;
  } cases[] = {{"localhost", 2}, {"127.0.0.1", 2}, {"::1", 0}, {"no.such.name.invalid", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    const struct fault_step steps[] = {DO(REQUEST), SEND(LIST), DO(END)};
    const struct fault_step *const scripts[] = {steps};
    setenv("AWS_CSM_HOST", cases[i].host, 1);
    begin(&w, scripts, 1, &(tcx_client_options_t){KEYS});
    struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    outcome_free(&o);
    agent_take(&w.loop, cases[i].events);
    end(&w);
  }
  unsetenv("AWS_CSM_HOST");
}

static void test_wrong_settings(void **state) {
  (void)state;
  char id[300];
  memset(id, 'i', sizeof id);
  id[256] = '\0';
  const struct {
    const char *name, *value, *in_msg;
  } cases[] = {
      {"AWS_CSM_PORT", "0", "csm_port must be a number from 1 to 65535, and not '0'"},
      {"AWS_CSM_PORT", "65536", "csm_port must be"},
      {"AWS_CSM_PORT", "many", "csm_port must be"},
      {"AWS_CSM_CLIENT_ID", id, "exceeds the maximum length of 255 characters"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    whole_unset_environment();
    setenv("AWS_CSM_ENABLED", "TRUE", 1);
    setenv(cases[i].name, cases[i].value, 1);
    whole_begin(&w, NULL, 0, NULL);
    struct outcome o = whole_call(&w, "list_buckets", NULL, NULL);
    assert_int_equal(o.status, TCX_ECONFIG);
    assert_non_null(strstr(o.msg, cases[i].in_msg));
    outcome_free(&o);
    whole_end(&w);
    unsetenv(cases[i].name);
    unsetenv("AWS_CSM_ENABLED");
    whole_begin(&w, NULL, 0, NULL); /* nobody asks for it */
    assert_null(w.session->monitor);
    whole_end(&w);
  }
}

static void on_canceled(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_int_equal(error->status, UV_ECANCELED);
  ++*(int *)tcx_call_data(call);
}

/* Closing while a request is under way; the call's event still goes out. */
static void test_close(void **state) {
  (void)state;
  struct whole w;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  int done = 0;
  begin(&w, scripts, 1, &(tcx_client_options_t){KEYS});
  assert_int_equal(
      tcx_client_call(w.client, "list_objects_v2", tcx_params("{Bucket: b}"), on_canceled, &done),
      0);
  while (w.server.requests == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  whole_until(&w, &done);
  agent_take(&w.loop, 1);
  assert_int_equal(number(agent.events[0], "AttemptCount"), 1);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lengths),  cmocka_unit_test(test_too_long),
      cmocka_unit_test(test_stream),   cmocka_unit_test(test_early_ends),
      cmocka_unit_test(test_not_sent), cmocka_unit_test(test_host),
      cmocka_unit_test(test_close),    cmocka_unit_test(test_wrong_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
