/*
 * The public cases of client-side monitoring: calls with the answers and failures that they name,
 * and the events that come by UDP. Failures of a case are what its connection fails with; answers
 * come from a server of the test's own.
 */
#include "csm_agent.h"
#include "folder.h"
#include "net/net.h"
#include "requests.h"
#include "whole.h"

#define DATA         TCX_TEST_DIR "/compliance/data/config/"
#define ATTEMPTS_MAX 4

static const char rules[] =
    "{\"version\":\"1.0\",\"parameters\":{\"Region\":{\"builtIn\":\"AWS::Region\",\"required\":"
    "true,\"type\":\"String\",\"documentation\":\"-\"}},\"rules\":[{\"conditions\":[],"
    "\"endpoint\":{\"url\":\"https://"
    "csmtest.{Region}.amazonaws.com\",\"properties\":{},\"headers\":{}},\"type\":\"endpoint\"}]}";

/* ---- the connections ---- */

static struct {
  tcx_session_t *session;
  const tcx_value_t *responses; /* of the call; one an attempt */
  unsigned attempt;
  int port;
  struct tcx_lease *failing;
  struct tcx_timer timer;
} wire;

static void on_failure(struct tcx_timer *timer) {
  struct tcx_lease *lease = wire.failing;
  const tcx_value_t *exception =
      tcx_value_get(tcx_value_at(wire.responses, wire.attempt - 1), "sdkException");
  (void)timer;
  bool retryable = tcx_value_bool(exception, "isRetryable", false);
  lease->ops->failed(lease, retryable ? UV_ECONNRESET : TCX_ECONFIG, TCX_PHASE_CONNECT,
                     tcx_value_str(exception, "message"));
}

struct tcx_conn *__real_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh);
struct tcx_conn *__wrap_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh);
struct tcx_conn *__wrap_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh) {
  struct tcx_target to = {.port = (uint16_t)wire.port, .host = TCX__STR("127.0.0.1")};
  (void)target;
  if (tcx_value_get(tcx_value_at(wire.responses, wire.attempt++), "sdkException") == NULL)
    return __real_tcx__pool_acquire(pool, lease, &to, acquire_timeout_ms, fresh);
  wire.failing = lease;
  tcx__timer_start(wire.session->net, &wire.timer, 0, on_failure);
  return NULL;
}

/* A server that gives the answers of the call, each on a connection of its own. */
static unsigned make_scripts(const tcx_value_t *responses, struct fault_step steps[ATTEMPTS_MAX][3],
                             const struct fault_step *scripts[ATTEMPTS_MAX]) {
  unsigned n = 0;
  for (const tcx_value_t *r = tcx_value_first(responses, NULL); r != NULL; r = tcx_value_next(r)) {
    char head[512], body[512] = "{}";
    if (tcx_value_get(r, "sdkException") != NULL)
      continue;
    int used = snprintf(head, sizeof head, "%lld X\r\nConnection: close",
                        (long long)tcx_value_int(r, "httpStatus", 0));
    for (const tcx_value_t *h = tcx_value_first(r, "responseHeaders"); h != NULL;
         h = tcx_value_next(h))
      used += snprintf(head + used, sizeof head - (size_t)used, "\r\n%s: %s", tcx_value_name(h),
                       tcx_value_str(h, NULL));
    if (tcx_value_get(r, "errorCode") != NULL)
      snprintf(body, sizeof body, "{\"__type\": \"%s\", \"message\": \"%s\"}",
               tcx_value_str(r, "errorCode"), tcx_value_str(r, "errorMessage"));
    const struct fault_step these[3] = {DO(REQUEST), SEND(whole_answer(head, body)), DO(CLOSE)};
    memcpy(steps[n], these, sizeof these);
    scripts[n] = steps[n];
    n++;
  }
  return n;
}

/* ---- comparing ---- */

static int differ_value(const char *id, const char *name, const tcx_value_t *want,
                        const tcx_value_t *got) {
  const char *text = tcx_value_type(want, NULL) == TCX_STRING ? tcx_value_str(want, NULL) : "";
  if (strcmp(text, "ANY_INT") == 0)
    return tcx_value_type(got, NULL) == TCX_INT && tcx_value_int(got, NULL, -1) >= 0
               ? 0
               : differ(id, name, text, "not that");
  if (strcmp(text, "ANY_STR") == 0)
    return tcx_value_type(got, NULL) == TCX_STRING && tcx_value_str(got, NULL)[0] != '\0'
               ? 0
               : differ(id, name, text, "not that");
  char *a = NULL, *b = NULL;
  assert_int_equal(tcx_value_to_json(want, &a, NULL), 0);
  if (got != NULL)
    assert_int_equal(tcx_value_to_json(got, &b, NULL), 0);
  int bad = differ(id, name, a, b);
  tcx_free(a);
  tcx_free(b);
  return bad;
}

static int differ_event(const char *id, const tcx_value_t *want, const char *text) {
  tcx_value_t *got = tcx_value_from_json(text, strlen(text));
  int bad = 0;
  assert_int_equal(tcx_value_status(got), 0);
  for (const tcx_value_t *v = tcx_value_first(want, NULL); v != NULL; v = tcx_value_next(v))
    bad += differ_value(id, tcx_value_name(v), v,
                        tcx_value_member(got, tcx_value_name(v), strlen(tcx_value_name(v))));
  for (const tcx_value_t *v = tcx_value_first(got, NULL); v != NULL; v = tcx_value_next(v))
    if (tcx_value_member(want, tcx_value_name(v), strlen(tcx_value_name(v))) == NULL)
      bad += differ(id, tcx_value_name(v), NULL, "there");
  tcx_value_free(got);
  return bad;
}

/* ---- the cases ---- */

static void put_model(void) {
  char *model = test_read_file(DATA "csm-service-model/csmtest/2018-06-19/service-2.json", NULL),
       *typo = strstr(model, "strucutre");
  assert_non_null(typo);
  memcpy(typo, "structure", strlen("structure"));
  test_folder_put("models/csmtest/2018-06-19/service-2.json", model);
  test_folder_put("models/csmtest/2018-06-19/endpoint-rule-set-1.json", rules);
  free(model);
}

static void set_environment(const tcx_value_t *configuration, const char *port) {
  char config[512];
  int used = snprintf(config, sizeof config, "[default]\n");
  whole_unset_environment();
  unsetenv("AWS_CSM_ENABLED");
  unsetenv("AWS_CSM_CLIENT_ID");
  setenv("AWS_CSM_PORT", port, 1);
  for (const tcx_value_t *v = tcx_value_first(configuration, "environmentVariables"); v != NULL;
       v = tcx_value_next(v))
    setenv(tcx_value_name(v), tcx_value_str(v, NULL), 1);
  for (const tcx_value_t *v = tcx_value_first(configuration, "sharedConfigFile"); v != NULL;
       v = tcx_value_next(v))
    used += snprintf(config + used, sizeof config - (size_t)used, "%s = %s\n", tcx_value_name(v),
                     tcx_value_str(v, NULL));
  test_folder_put("config", config);
}

static int run(const tcx_value_t *all, const tcx_value_t *kase) {
  const char *id = tcx_value_str(kase, "description");
  const tcx_value_t *configuration = tcx_value_get(kase, "configuration"),
                    *expected = tcx_value_get(kase, "expectedMonitoringEvents");
  if (configuration == NULL)
    configuration = tcx_value_get(all, "defaults.configuration");
  struct fault_step steps[ATTEMPTS_MAX][3];
  const struct fault_step *scripts[ATTEMPTS_MAX];
  struct fault_server server;
  struct whole w = {0};
  char port[8], models[512], config[512];
  int bad = 0;
  assert_int_equal(tcx_value_len(kase, "apiCalls"), 1);
  wire.responses = tcx_value_get(kase, "apiCalls[0].attemptResponses");
  wire.attempt = 0;
  unsigned n = make_scripts(wire.responses, steps, scripts);
  assert_int_equal(uv_loop_init(&w.loop), 0);
  agent_start(&w.loop, port);
  set_environment(configuration, port);
  if (n > 0) {
    fault_server_start(&server, &w.loop, scripts, n, NULL);
    wire.port = server.port;
  }
  snprintf(models, sizeof models, "%s/models", test_folder);
  snprintf(config, sizeof config, "%s/config", test_folder);
  tcx_session_options_t so = {
      .data_path = models, .config_file = config, .credentials_file = "/dev/null"};
  tcx_client_options_t co = {.region = tcx_value_str(configuration, "region"),
                             .access_key = tcx_value_str(configuration, "accessKey"),
                             .secret_key = "s"};
  if (tcx_value_get(configuration, "maxRetries") != NULL)
    co.config = tcx_params("{retries: {max_attempts: %d}}",
                           (int)tcx_value_int(configuration, "maxRetries", 0));
  assert_int_equal(tcx_session_new(&w.loop, &so, &w.session), 0);
  w.session->rng[0] = w.session->rng[1] = 0;
  wire.session = w.session;
  assert_int_equal(tcx_session_create_client(w.session, "csmtest", &co, &w.client), 0);
  struct outcome o = whole_call(&w, tcx_value_str(kase, "apiCalls[0].operationName"), NULL, NULL);
  if ((int)wire.attempt != (int)tcx_value_len(wire.responses, NULL))
    bad += differ(id, "attempts", "as many as answers", o.msg);
  outcome_free(&o);
  agent_take(&w.loop, (int)tcx_value_len(expected, NULL));
  for (int i = 0; i < agent.n && bad == 0; i++)
    bad += differ_event(id, tcx_value_at(expected, (size_t)i), agent.events[i]);
  if (n > 0)
    fault_server_stop(&server);
  agent_stop();
  whole_end(&w);
  return bad;
}

static void test_cases(void **state) {
  (void)state;
  char *text = test_read_file(DATA "csm-cases.json", NULL);
  tcx_value_t *all = tcx_value_from_json(text, strlen(text));
  int bad = 0;
  put_model();
  assert_int_equal(tcx_value_len(all, "cases"), 15);
  for (const tcx_value_t *kase = tcx_value_first(all, "cases"); kase != NULL;
       kase = tcx_value_next(kase))
    bad += run(all, kase);
  assert_int_equal(bad, 0);
  tcx_value_free(all);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_cases, test_folder_make, test_folder_remove)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
