/*
 * Endpoints that a service is asked for. The service is made for this test: its own endpoint is the
 * server at 127.0.0.1, the endpoints that it tells lead to the same server as localhost, so that
 * the Host header shows which one was used.
 */
#include "torture.h"
#include "whole.h"
#include <sys/stat.h>

#define SERVICE                                                                                    \
  "{\"version\": \"2.0\", \"metadata\": {\"apiVersion\": \"2020-01-01\", \"endpointPrefix\": "     \
  "\"cells\", \"protocol\": \"json\", \"jsonVersion\": \"1.0\", \"targetPrefix\": \"Cells\","      \
  " \"serviceId\": \"Cells\", \"signatureVersion\": \"v4\"}, \"operations\": {"                    \
  "\"DescribeEndpoints\": {\"name\": \"DescribeEndpoints\", \"http\": {\"method\": \"POST\", "     \
  "\"requestUri\": \"/\"}, \"input\": {\"shape\": \"No\"}, \"output\": {\"shape\": \"Found\"},"    \
  " \"endpointoperation\": true},"                                                                 \
  "\"Write\": {\"name\": \"Write\", \"http\": {\"method\": \"POST\", \"requestUri\": \"/\"}, "     \
  "\"input\": {\"shape\": \"In\"}, \"endpointdiscovery\": {\"required\": true}},"                  \
  "\"Read\": {\"name\": \"Read\", \"http\": {\"method\": \"POST\", \"requestUri\": \"/\"}, "       \
  "\"input\": {\"shape\": \"In\"}, \"endpointdiscovery\": {}}},"                                   \
  "\"shapes\": {\"No\": {\"type\": \"structure\", \"members\": {}}, \"In\": {\"type\": "           \
  "\"structure\", \"members\": {\"Name\": {\"shape\": \"S\"}}}, \"S\": {\"type\": \"string\"},"    \
  "\"Found\": {\"type\": \"structure\", \"members\": {\"Endpoints\": {\"shape\": "                 \
  "\"Endpoints\"}}}, \"Endpoints\": {\"type\": \"list\", \"member\": {\"shape\": \"Endpoint\"}},"  \
  "\"Endpoint\": {\"type\": \"structure\", \"members\": {\"Address\": {\"shape\": \"S\"}, "        \
  "\"CachePeriodInMinutes\": {\"shape\": \"L\"}}}, \"L\": {\"type\": \"long\"}}}"
#define RULES                                                                                      \
  "{\"version\": \"1.0\", \"parameters\": {\"Endpoint\": {\"builtIn\": \"SDK::Endpoint\", "        \
  "\"required\": false, \"type\": \"string\"}}, \"rules\": ["                                      \
  "{\"conditions\": [{\"fn\": \"isSet\", \"argv\": [{\"ref\": \"Endpoint\"}]}], \"type\": "        \
  "\"endpoint\", \"endpoint\": {\"url\": {\"ref\": \"Endpoint\"}}},"                               \
  "{\"conditions\": [], \"type\": \"endpoint\", \"endpoint\": {\"url\": "                          \
  "\"http://127.0.0.1:%d\"}}]}"

static char folder[64], paths[4][160];

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void make_service(int port) {
  char rules[1024];
  snprintf(folder, sizeof folder, "/tmp/tucuxi-discovery-XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(paths[0], sizeof paths[0], "%s/cells", folder);
  snprintf(paths[1], sizeof paths[1], "%s/cells/2020-01-01", folder);
  snprintf(paths[2], sizeof paths[2], "%s/cells/2020-01-01/service-2.json", folder);
  snprintf(paths[3], sizeof paths[3], "%s/cells/2020-01-01/endpoint-rule-set-1.json", folder);
  assert_int_equal(mkdir(paths[0], 0700), 0);
  assert_int_equal(mkdir(paths[1], 0700), 0);
  snprintf(rules, sizeof rules, RULES, port);
  write_file(paths[2], SERVICE);
  write_file(paths[3], rules);
}

static void drop_service(void) {
  unlink(paths[2]);
  unlink(paths[3]);
  rmdir(paths[1]);
  rmdir(paths[0]);
  rmdir(folder);
}

/* ---- a client of it ---- */

struct cells {
  struct whole w;
  char found[3][512]; /* answers of DescribeEndpoints: 5 minutes at localhost, nothing, 0 minutes at
                         localhost */
};
static int64_t now;
static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return now;
}

#define MANY 40
/* What connections answer in turn; "endpoints" stands for found[0] and so on. */
static struct fault_step steps[4][2 * MANY + 2];
static const struct fault_step *const scripts[] = {steps[0], steps[1], steps[2], steps[3]};

static void answers(struct cells *c, unsigned connection, const char *const *texts) {
  unsigned n = 0;
  memset(steps[connection], 0, sizeof steps[connection]);
  for (; *texts != NULL; texts++) {
    bool found = strncmp(*texts, "endpoints", 9) == 0;
    steps[connection][n++] = (struct fault_step)DO(REQUEST);
    steps[connection][n++] = (struct fault_step)SEND(found ? c->found[(*texts)[9] - '0'] : *texts);
  }
}
#define TEXTS(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define OK          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define BROKEN      "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}"
#define MISDIRECTED "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 2\r\n\r\n{}"
#define INVALID                                                                                    \
  "HTTP/1.1 400 Bad\r\nContent-Length: 38\r\n\r\n{\"__type\": \"InvalidEndpointException\"}"

static int begin(struct cells *c, tcx_value_t *config) {
  memset(c, 0, sizeof *c);
  memset(steps, 0, sizeof steps);
  now = 1700000000;
  alarm(WHOLE_PATIENCE_S);
  assert_int_equal(uv_loop_init(&c->w.loop), 0);
  fault_server_start(&c->w.server, &c->w.loop, scripts, 4, NULL);
  c->w.serving = true;
  for (int i = 0; i < 3; i++) {
    char body[200] = "{\"Endpoints\": []}";
    if (i != 1)
      snprintf(
          body, sizeof body,
          "{\"Endpoints\": [{\"Address\": \"http://localhost:%d\", \"CachePeriodInMinutes\": %d}]}",
          c->w.server.port, i == 0 ? 5 : 0);
    snprintf(c->found[i], sizeof c->found[i], "%s", whole_answer("200 OK", body));
  }
  make_service(c->w.server.port);
  int err = tcx_session_new(&c->w.loop,
                            &(tcx_session_options_t){.config_file = "/dev/null",
                                                     .credentials_file = "/dev/null",
                                                     .data_path = folder},
                            &c->w.session);
  if (err == 0) {
    c->w.session->clock = test_clock;
    err = tcx_session_create_client(c->w.session, "cells",
                                    &(tcx_client_options_t){.region = "us-east-1",
                                                            .access_key = WHOLE_KEY,
                                                            .secret_key = WHOLE_SECRET,
                                                            .max_attempts = 1,
                                                            .config = config},
                                    &c->w.client);
  } else {
    tcx_value_free(config);
  }
  return err;
}
static void end(struct cells *c) {
  whole_end(&c->w);
  drop_service();
}

static void check(struct cells *c, const char *operation, int status, const char *host) {
  char text[100];
  struct outcome o = whole_call(
      &c->w, operation,
      tcx_params("{Name: %s}", strcmp(operation, "describe_endpoints") != 0 ? "x" : NULL), NULL);
  assert_int_equal(o.status, status);
  if (host != NULL)
    assert_non_null(strstr(whole_header(c->w.server.last_head, "Host", text, sizeof text), host));
  outcome_free(&o);
}

static void test_known(void **state) {
  (void)state;
  struct cells c;
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS("endpoints0", "endpoints0"));
  answers(&c, 1, TEXTS(OK, OK, OK, OK));
  check(&c, "write", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 2);
  check(&c, "read", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 3);
  now += 299;
  check(&c, "write", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 4);
  now += 1;
  check(&c, "write", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 6);
  end(&c);
}

static void test_header(void **state) {
  (void)state;
  struct cells c;
  char text[100];
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS("endpoints0"));
  check(&c, "describe_endpoints", 0, "127.0.0.1:");
  assert_string_equal(whole_header(c.w.server.last_head, "x-amz-api-version", text, sizeof text),
                      "2020-01-01");
  end(&c);
}

/* It cannot be asked: what must have an endpoint fails and asks again, what can do without goes to
 * the service's own, for a minute unasked. */
static void test_failing(void **state) {
  (void)state;
  struct cells c;
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS(BROKEN, "endpoints1", OK, BROKEN, OK, "endpoints0"));
  answers(&c, 1, TEXTS(OK));
  struct outcome o = whole_call(&c.w, "write", tcx_params("{Name: x}"), NULL);
  assert_int_equal(o.status, TCX_EENDPOINT);
  assert_int_equal(o.phase, TCX_PHASE_ENDPOINT);
  assert_memory_equal(
      o.msg, "Endpoint Discovery failed to refresh the required endpoints. An error occurred (500)",
      83);
  assert_false(o.sent);
  outcome_free(&o);
  check(&c, "write", TCX_EENDPOINT, NULL);
  assert_int_equal(c.w.server.requests, 2);
  check(&c, "read", 0, "127.0.0.1:");
  assert_int_equal(c.w.server.requests, 3);
  now += TCX__DISCOVERY_FAILED_S;
  check(&c, "read", 0, "127.0.0.1:");
  assert_int_equal(c.w.server.requests, 5);
  check(&c, "write", 0, "localhost:");
  end(&c);
}

static void test_stale(void **state) {
  (void)state;
  struct cells c;
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS("endpoints0", BROKEN, "endpoints2"));
  answers(&c, 1, TEXTS(OK, OK, OK, OK, OK));
  check(&c, "write", 0, "localhost:");
  now += 1000;
  check(&c, "write", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 4);
  check(&c, "read", 0, "localhost:"); /* asking has failed just now */
  assert_int_equal(c.w.server.requests, 5);
  now += 1000;
  check(&c, "read", 0, "localhost:"); /* one that is stale at once is used all the same */
  assert_int_equal(c.w.server.requests, 7);
  end(&c);
}

/* The endpoint itself says that it is the wrong one. */
static void test_rejected(void **state) {
  (void)state;
  struct cells c;
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS("endpoints0", "endpoints0", "endpoints0", BROKEN));
  answers(&c, 1, TEXTS(MISDIRECTED, OK, INVALID, MISDIRECTED, OK, MISDIRECTED));
  struct outcome o = whole_call(&c.w, "write", tcx_params("{Name: x}"), NULL);
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.RetryAttempts", -1), 1);
  outcome_free(&o);
  assert_int_equal(c.w.server.requests, 4);
  o = whole_call(&c.w, "read", tcx_params("{Name: x}"), NULL); /* once a call */
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.http_status, 421);
  outcome_free(&o);
  assert_int_equal(c.w.server.requests, 7);
  check(&c, "write", 0, "localhost:");
  assert_int_equal(c.w.server.requests, 8);
  o = whole_call(&c.w, "write", tcx_params("{Name: x}"), NULL); /* and none can be had instead */
  assert_int_equal(o.status, TCX_EENDPOINT);
  outcome_free(&o);
  assert_int_equal(c.w.server.requests, 10);
  end(&c);
}

static void test_configured(void **state) {
  (void)state;
  struct cells c;
  struct outcome o;
  assert_int_equal(begin(&c, tcx_params("{endpoint_discovery_enabled: false}")), 0);
  answers(&c, 0, TEXTS(OK));
  o = whole_call(&c.w, "write", tcx_params("{Name: x}"), NULL);
  assert_int_equal(o.status, TCX_ECONFIG);
  assert_string_equal(o.msg, "Endpoint Discovery is not enabled but this operation requires it.");
  outcome_free(&o);
  check(&c, "read", 0, "127.0.0.1:");
  whole_goal_to(&c.w, "write", tcx_params("{Name: x}"), TCX__GOAL_RENDER, &o);
  assert_int_equal(o.status, 0);
  assert_memory_equal(tcx_value_str(o.response, "Url"), "http://127.0.0.1:", 17);
  outcome_free(&o);
  assert_int_equal(c.w.server.requests, 1);
  end(&c);

  assert_int_equal(begin(&c, tcx_params("{endpoint_discovery_enabled: auto}")), 0);
  answers(&c, 0, TEXTS("endpoints0"));
  answers(&c, 1, TEXTS(OK));
  check(&c, "write", 0, "localhost:");
  end(&c);

  assert_int_equal(begin(&c, tcx_params("{endpoint_discovery_enabled: sometimes}")), 0);
  o = whole_call(&c.w, "read", NULL, NULL);
  assert_int_equal(o.status, TCX_ECONFIG);
  assert_string_equal(o.msg, "Unsupported configuration value for endpoint_discovery_enabled. "
                             "Expected one of (\"true\", \"false\", \"auto\") but got sometimes.");
  outcome_free(&o);
  end(&c);
}

/* Many calls wait for one answer; one of them does not want it any more. */
static void test_many_wait(void **state) {
  (void)state;
  struct cells c;
  struct outcome o[MANY];
  tcx_call_t *first = NULL;
  assert_int_equal(begin(&c, NULL), 0);
  answers(&c, 0, TEXTS("endpoints0"));
  for (unsigned i = 1; i < 4; i++)
    answers(&c, i,
            TEXTS(OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK));
  for (int i = 0; i < MANY; i++)
    whole_start_to(&c.w, "write", tcx_params("{Name: x}"), NULL, &o[i], i == 0 ? &first : NULL);
  assert_int_equal(first->state, TCX__CALL_INNER);
  tcx_call_cancel(first);
  for (int i = 0; i < MANY; i++) {
    whole_until(&c.w, &o[i].calls);
    assert_int_equal(o[i].status, i == 0 ? TCX_ECANCELED : 0);
    outcome_free(&o[i]);
  }
  assert_int_equal(c.w.server.requests, MANY);
  end(&c);
}

static void test_closed(void **state) {
  (void)state;
  struct cells c;
  struct outcome o[2];
  assert_int_equal(begin(&c, NULL), 0);
  whole_start_to(&c.w, "write", tcx_params("{Name: x}"), NULL, &o[0], NULL);
  whole_start_to(&c.w, "read", tcx_params("{Name: x}"), NULL, &o[1], NULL);
  tcx_client_close(c.w.client, NULL);
  for (int i = 0; i < 2; i++) {
    whole_until(&c.w, &o[i].calls);
    assert_int_equal(o[i].status, TCX_ECANCELED);
    outcome_free(&o[i]);
  }
  end(&c);
}

static int torture(void *ctx) {
  struct cells c;
  struct outcome o;
  (void)ctx;
  memset(&o, 0, sizeof o);
  int err = begin(&c, NULL);
  if (err == 0) {
    answers(&c, 0, TEXTS("endpoints0", "endpoints0"));
    answers(&c, 1, TEXTS(MISDIRECTED, OK));
    err = tcx_client_call(c.w.client, "write", tcx_params("{Name: x}"), outcome_cb, &o);
  }
  if (err == 0) {
    whole_until(&c.w, &o.calls);
    err = o.status != 0 ? o.status : tcx_value_status(o.response);
  }
  outcome_free(&o);
  end(&c);
  return err;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(torture, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known),        cmocka_unit_test(test_header),
      cmocka_unit_test(test_failing),      cmocka_unit_test(test_stale),
      cmocka_unit_test(test_rejected),     cmocka_unit_test(test_configured),
      cmocka_unit_test(test_many_wait),    cmocka_unit_test(test_closed),
      cmocka_unit_test(test_out_of_memory)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
