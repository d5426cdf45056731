/* Calls through a proxy: what its client is told by options and environment, what goes over the
 * wire, and what an error says. */
#include "fault_tls.h"
#include "whole.h"

#define LIST                                                                                       \
  "HTTP/1.1 200 OK\r\nContent-Length: "                                                            \
  "52\r\n\r\n<ListBucketResult><Name>b</Name></ListBucketResult>\r\n"
#define BUSY "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"

static const struct fault_step answer[] = {DO(REQUEST), SEND(LIST), DO(AGAIN)};
static const struct fault_step *const answers[] = {answer};
static char at[64]; /* "http://user:pa%20ss@127.0.0.1:PORT" */

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy",   "HTTPS_PROXY",
                                        "no_proxy",   "NO_PROXY",   "REQUEST_METHOD"};
static void clear(void) {
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
    unsetenv(variables[i]);
}

/* The server is the proxy. Its port is known once it runs, so that the client of the call is a
 * second one. */
static struct outcome list(const struct fault_step *const *scripts, unsigned n,
                           const char *endpoint, bool by_option, char head[8192]) {
  struct whole w;
  whole_begin(&w, scripts, n, NULL);
  snprintf(at, sizeof at, "http://user:pa%%20ss@127.0.0.1:%d", w.server.port);
  if (!by_option)
    setenv("HTTP_PROXY", at, 1);
  tcx_client_options_t co = {
      .region = "us-east-1",
      .endpoint_url = endpoint,
      .access_key = WHOLE_KEY,
      .secret_key = WHOLE_SECRET,
      .config = by_option ? tcx_params("{proxies: {http: %s, https: %s}}", at, at) : NULL};
  assert_int_equal(tcx_session_create_client(w.session, "s3", &co, &w.client), 0);
  struct outcome o =
      whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b, Prefix: 'a b'}"), NULL);
  snprintf(head, 8192, "%s", w.server.last_head);
  whole_end(&w);
  unsetenv("HTTP_PROXY");
  return o;
}

static void test_forward(void **state) {
  (void)state;
  char head[8192], value[8192];
  clear();
  for (int by_option = 0; by_option < 2; by_option++) {
    struct outcome o = list(answers, 1, "http://s3.test.example:9000", by_option == 1, head);
    if (o.status != 0)
      fail_msg("%s", o.msg);
    assert_string_equal(tcx_value_str(o.response, "Name"), "b");
    if (strncmp(head, "GET http://s3.test.example:9000/b?list-type=2&", 46) != 0 ||
        strstr(head, "prefix=a%20b") == NULL)
      fail_msg("%s", head);
    assert_string_equal(whole_header(head, "host", value, sizeof value), "s3.test.example:9000");
    assert_string_equal(whole_header(head, "proxy-authorization", value, sizeof value),
                        "Basic dXNlcjpwYSBzcw==");
    /* not signed */
    assert_null(strstr(whole_header(head, "authorization", value, sizeof value), "proxy"));
    outcome_free(&o);
  }
}

/* What the proxy answers itself is an answer like any other, tried again where its status says
 * so. */
static void test_answers(void **state) {
  (void)state;
  static const struct fault_step refuses[] = {
      DO(REQUEST), SEND("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
      DO(AGAIN)};
  static const struct fault_step busy[] = {DO(REQUEST), SEND(BUSY), DO(REQUEST), SEND(LIST),
                                           DO(END)};
  static const struct fault_step *const refusing[] = {refuses}, *const busy_once[] = {busy};
  char head[8192];
  struct outcome o = list(refusing, 1, "http://s3.test.example", true, head);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.http_status, 407);
  assert_int_equal(o.attempts, 1);
  assert_int_equal(strncmp(head, "GET http://s3.test.example/b?", 29), 0);
  outcome_free(&o);
  o = list(busy_once, 1, "http://s3.test.example", true, head);
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  outcome_free(&o);
}

/* A refused tunnel: botocore's ProxyConnectionError, tried again as there; never the password. */
static void test_refused_tunnel(void **state) {
  (void)state;
  static const struct fault_step refuses[] = {DO(HEAD), SEND("HTTP/1.1 403 Filtered\r\n\r\n"),
                                              DO(END)};
  static const struct fault_step *const scripts[] = {refuses};
  char head[8192];
  struct outcome o = list(scripts, 1, "https://s3.test.example", true, head);
  assert_int_equal(o.status, TCX_EPROXY);
  assert_int_equal(o.phase, TCX_PHASE_CONNECT);
  assert_int_equal(o.attempts, 3);
  assert_true(o.retryable && !o.sent);
  assert_int_equal(strncmp(o.msg, "Failed to connect to proxy URL: \"http://127.0.0.1:", 50), 0);
  assert_non_null(strstr(o.msg, "it answered CONNECT with 403 Filtered"));
  assert_null(strstr(o.msg, "ss@"));
  assert_string_equal(
      tcx_error_type_name(&(tcx_error_t){.status = o.status, .phase = o.phase, .msg = o.msg}),
      "ProxyConnectionError");
  assert_int_equal(strncmp(head, "CONNECT s3.test.example:443 HTTP/1.1\r\n", 38), 0);
  outcome_free(&o);
}

/* ---- configuration ---- */

static struct tcx_client_config resolved; /* of the last resolve; its texts are gone */
static char proxies[3][128];              /* http, https, no_proxy; "" = none */

static int resolve(tcx_value_t *config, char *why, size_t size) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_settings *settings = NULL;
  assert_int_equal(
      tcx__settings_load(arena,
                         &(struct tcx_settings_options){.config_file = "/dev/null",
                                                        .credentials_file = "/dev/null"},
                         &settings, &f),
      0);
  int err = tcx__config_resolve(&resolved, arena, &(tcx_client_options_t){.config = config},
                                settings, "S3", &f);
  const struct tcx_proxies *p = &resolved.proxies;
  snprintf(proxies[0], sizeof proxies[0], "%s", err == 0 && p->http != NULL ? p->http->url : "");
  snprintf(proxies[1], sizeof proxies[1], "%s", err == 0 && p->https != NULL ? p->https->url : "");
  snprintf(proxies[2], sizeof proxies[2], "%s", err == 0 && p->no_proxy != NULL ? p->no_proxy : "");
  snprintf(why, size, "%s", err != 0 ? f.text : "");
  tcx_value_free(config);
  tcx__arena_free(arena);
  return err;
}

static void expect(tcx_value_t *config, const char *http, const char *https, const char *no_proxy) {
  char why[300];
  if (resolve(config, why, sizeof why) != 0)
    fail_msg("%s", why);
  assert_string_equal(proxies[0], http);
  assert_string_equal(proxies[1], https);
  assert_string_equal(proxies[2], no_proxy);
}

static void test_environment(void **state) {
  (void)state;
  clear();
  expect(NULL, "", "", "");
  setenv("HTTP_PROXY", "one:1", 1);
  setenv("HTTPS_PROXY", "two:2", 1);
  setenv("NO_PROXY", "a.example", 1);
  expect(NULL, "http://one:1", "http://two:2", "a.example");
  setenv("http_proxy", "three:3", 1);
  setenv("no_proxy", "b.example", 1);
  expect(NULL, "http://three:3", "http://two:2", "b.example");
  setenv("https_proxy", "", 1); /* empty, and hides the other */
  expect(NULL, "http://three:3", "", "b.example");
  unsetenv("http_proxy");
  setenv("REQUEST_METHOD", "GET", 1);
  expect(NULL, "", "", "");
  setenv("http_proxy", "three:3", 1);
  expect(NULL, "http://three:3", "", "b.example");
  /* Config's own take their place, without exceptions; none at all is an answer too */
  expect(tcx_params("{proxies: {https: 'four:4'}}"), "", "http://four:4", "");
  expect(tcx_value_from_json("{\"proxies\": {}}", 15), "", "", "");
  expect(tcx_params("{proxies: {http: null}, proxies_config: {proxy_ca_bundle: '/x.pem', "
                    "proxy_use_forwarding_for_https: true}}"),
         "", "", "");
  assert_true(resolved.proxies.forward_https);
  clear();
}

static void test_bad_configuration(void **state) {
  (void)state;
  static const struct {
    const char *config, *why;
  } cases[] = {
      {"{\"proxies\": \"http://x\"}", "proxies must be a map"},
      {"{\"proxies\": {\"ftp\": \"x:1\"}}", "unknown option proxies.ftp"},
      {"{\"proxies\": {\"http\": 1}}", "proxies.http must be the URL of a proxy"},
      {"{\"proxies\": {\"https\": \"socks5://secret:secret@x\"}}",
       "proxies.https must be the URL of a proxy, of http:// or https://: it is of another scheme"},
      {"{\"proxies_config\": 1}", "proxies_config must be a map"},
      {"{\"proxies_config\": {\"proxy_ca_bundle\": true}}",
       "proxies_config.proxy_ca_bundle must be the path of a file"},
      {"{\"proxies_config\": {\"proxy_use_forwarding_for_https\": 1}}",
       "proxies_config.proxy_use_forwarding_for_https must be true or false"},
      {"{\"proxies_config\": {\"proxy_client_cert\": 1}}",
       "proxies_config.proxy_client_cert must be the path of a file"},
      {"{\"client_cert\": [\"/c.pem\"]}", "client_cert must be a path, or a list of two"},
      {"{\"client_cert\": [\"/c.pem\", \"/k.pem\", \"/x\"]}",
       "client_cert must be a path, or a list of two"},
      {"{\"client_cert\": [\"/c.pem\", 1]}", "client_cert must be the path of a file"},
      {"{\"client_cert\": \"\"}", "client_cert must be the path of a file"},
      {"{\"proxies_config\": {\"proxy_bundle\": \"x\"}}",
       "unknown option proxies_config.proxy_bundle"},
  };
  char why[300];
  clear();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(
        resolve(tcx_value_from_json(cases[i].config, strlen(cases[i].config)), why, sizeof why),
        TCX_ECONFIG);
    if (strstr(why, cases[i].why) == NULL || strstr(why, "secret") != NULL)
      fail_msg("%s: %s", cases[i].config, why);
  }
  setenv("HTTPS_PROXY", "ftp://secret@x", 1);
  assert_int_equal(resolve(NULL, why, sizeof why), TCX_ECONFIG);
  assert_string_equal(why, "Invalid configuration: HTTPS_PROXY must be the URL of a proxy, of "
                           "http:// or https://: it is of another scheme");
  clear();
}

/* A certificate that is not there is told by the call that needs it. */
static void test_client_cert(void **state) {
  (void)state;
  static const struct {
    const char *config, *file;
  } cases[] = {
      {"{\"client_cert\": \"/absent/both.pem\"}", "/absent/both.pem"},
      {"{\"client_cert\": [\"/absent/c.pem\", \"/absent/k.pem\"]}", "/absent/c.pem"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    whole_tls = fault_tls_new("unit/net/tls/good.pem", "unit/net/tls/server.key");
    whole_begin(&w, answers, 1,
                &(tcx_client_options_t){
                    .no_verify = true,
                    .config = tcx_value_from_json(cases[i].config, strlen(cases[i].config))});
    struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, TCX_ECONFIG);
    if (strstr(o.msg, cases[i].file) == NULL || strstr(o.msg, "no such file") == NULL)
      fail_msg("%s", o.msg);
    outcome_free(&o);
    whole_end(&w);
    fault_tls_free((struct fault_tls *)(uintptr_t)whole_tls);
    whole_tls = NULL;
  }
}

/* A call through a tunnel of a proxy that is reached over TLS: the proxy sees the user and where
 * to, and nothing of the request. */
static void test_tls_in_tls(void **state) {
  (void)state;
  struct whole w;
  char proxy[80], authorization[80];
  static const struct fault_step steps[] = {
      DO(HEAD),
      SEND("HTTP/1.1 200 OK\r\n\r\n"),
      DO(START_TLS),
      DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<ListBucketResult/>\r\n"),
      DO(END)};
  static const struct fault_step *const scripts[] = {steps};
  struct fault_tls *tls = fault_tls_new("unit/net/tls/good.pem", "unit/net/tls/server.key");
  struct fault_server server;
  whole_begin(&w, NULL, 0, NULL);
  fault_server_start(&server, &w.loop, scripts, 1, tls);
  snprintf(proxy, sizeof proxy, "https://user:secret@localhost:%d", server.port);
  tcx_client_options_t o = {
      .region = "us-east-1",
      .access_key = WHOLE_KEY,
      .secret_key = WHOLE_SECRET,
      .config = tcx_params("{proxies: {https: %s}, proxies_config: {proxy_ca_bundle: %s}, "
                           "verify: %s}",
                           proxy, TCX_TEST_DIR "/unit/net/tls/ca.pem",
                           TCX_TEST_DIR "/unit/net/tls/ca.pem"),
      .endpoint_url = "https://localhost:1",
      .path_style = true};
  assert_int_equal(tcx_session_create_client(w.session, "s3", &o, &w.client), 0);
  struct outcome outcome = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  if (outcome.status != 0)
    fail_msg("%s", outcome.msg);
  assert_int_equal(server.requests, 2);
  assert_non_null(strstr(server.last_head, "GET /b?list-type=2"));
  assert_non_null(
      whole_header(server.last_head, "authorization", authorization, sizeof authorization));
  assert_null(
      whole_header(server.last_head, "proxy-authorization", authorization, sizeof authorization));
  outcome_free(&outcome);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  fault_server_stop(&server);
  whole_end(&w);
  fault_tls_free(tls);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forward),           cmocka_unit_test(test_answers),
      cmocka_unit_test(test_refused_tunnel),    cmocka_unit_test(test_environment),
      cmocka_unit_test(test_bad_configuration), cmocka_unit_test(test_tls_in_tls),
      cmocka_unit_test(test_client_cert),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
