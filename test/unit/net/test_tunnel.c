/* Through a proxy: requests that it forwards, tunnels with TLS inside, and all that a proxy may
 * answer to CONNECT. */
#include "net/conn.h"
#include "net/proxy.h"
#include "probe.h"

#define DATA(name) "unit/net/tls/" name
#define HELLO      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define OPEN       "HTTP/1.0 200 Connection established\r\nProxy-agent: test\r\n\r\n"

static const struct fault_step tunnel[] = {DO(HEAD),    SEND(OPEN),  DO(START_TLS), DO(REQUEST),
                                           SEND(HELLO), DO(REQUEST), SEND(HELLO),   DO(END)};
static const struct fault_step *const tunnels[] = {tunnel};

static struct world w;
static struct fault_server server;
static struct fault_tls *tls;
static struct tcx_proxy proxy;
static char url[64];

static void begin(const char *chain, const struct fault_step *const *scripts, unsigned count,
                  unsigned connect_timeout_ms) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", TCX_TEST_DIR, DATA("ca.pem"));
  struct tcx_net_options net = {0};
  struct tcx_pool_options pool = {.max_connections = 4,
                                  .connect_timeout_ms = connect_timeout_ms,
                                  .idle_ms = 10000,
                                  .tls = {.ca_bundle = path},
                                  .proxy_tls = {.ca_bundle = path}};
  world_open_with(&w, &net, &pool);
  tls = fault_tls_new(chain, DATA("server.key"));
  fault_server_start(&server, &w.loop, scripts, count, tls);
  server.starts_plain = true;
  snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
  proxy =
      (struct tcx_proxy){.port = (uint16_t)server.port, .host = TCX__STR("127.0.0.1"), .url = url};
}

static void finish(void) {
  world_close(&w, &server);
  fault_tls_free(tls);
}

static void get(struct probe *p, const char *host) {
  p->proxy = &proxy;
  p->tunnel = true;
  probe_start(p, &w, host, 443, true);
  probe_wait(p);
}

static void test_tunnel(void **state) {
  (void)state;
  begin(DATA("good.pem"), tunnels, 1, 5000);
  proxy.authorization = TCX__STR("Basic dXNlcjpwYXNz");
  struct probe p = {0};
  get(&p, "localhost");
  if (p.status != 0)
    fail_msg("%d %s", p.status, p.why);
  assert_string_equal(p.data, "hello");
  assert_string_equal(server.server_name, "localhost");
  assert_int_equal(server.requests, 2);
  assert_true(p.lease.times.connect_us > 0 && p.lease.times.tls_us > 0);
  probe_free(&p);
  get(&p, "localhost"); /* the tunnel is kept, and used again */
  assert_int_equal(p.status, 0);
  assert_true(p.reused && p.at_once);
  probe_free(&p);
  assert_int_equal(server.accepted, 1);
  finish();
}

static const struct fault_step asked[] = {DO(HEAD), DO(CLOSE)};
static const struct fault_step *const askeds[] = {asked};

static void test_connect_request(void **state) {
  (void)state;
  static const struct {
    const char *host, *authorization, *head;
  } cases[] = {
      {"s3.example", "", "CONNECT s3.example:443 HTTP/1.1\r\nHost: s3.example:443\r\n\r\n"},
      {"fd00::1", "", "CONNECT [fd00::1]:443 HTTP/1.1\r\nHost: [fd00::1]:443\r\n\r\n"},
      {"s3.example", "Basic dXNlcjpwYXNz",
       "CONNECT s3.example:443 HTTP/1.1\r\nHost: s3.example:443\r\nProxy-Authorization: Basic "
       "dXNlcjpwYXNz\r\n\r\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin(DATA("good.pem"), askeds, 1, 5000);
    proxy.authorization = tcx__str(cases[i].authorization);
    struct probe p = {0};
    get(&p, cases[i].host);
    assert_int_equal(p.status, TCX_EPROXY);
    assert_int_equal(p.phase, TCX_PHASE_CONNECT);
    assert_non_null(strstr(p.why, "broke before the proxy answered CONNECT"));
    assert_non_null(strstr(p.why, url));
    assert_null(strstr(p.why, "dXNlcjpwYXNz"));
    assert_string_equal(server.last_head, cases[i].head);
    probe_free(&p);
    finish();
  }
}

/* The origin's certificate is checked against the origin, however the tunnel came to be. */
static void test_host_name(void **state) {
  (void)state;
  begin(DATA("wronghost.pem"), tunnels, 1, 5000);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, TCX_ETLS);
  assert_int_equal(p.phase, TCX_PHASE_TLS);
  if (strcmp(p.why,
             "no TLS connection to localhost:443: the server's certificate is refused: it is not "
             "for this host: it is for other.example, more.example, 10.1.2.3, not for localhost") !=
      0)
    fail_msg("%s", p.why);
  probe_free(&p);
  finish();
}

#define ANSWER(text)                                                                               \
  {                                                                                                \
    {FAULT_HEAD, NULL, 0}, {FAULT_SEND, text, 0}, { FAULT_END, NULL, 0 }                           \
  }

static void test_refused(void **state) {
  (void)state;
  static char long_head[80 * 1024];
  memset(long_head, 'x', sizeof long_head - 1);
  memcpy(long_head, "HTTP/1.1 200 OK\r\nX: ", 20);
  /* clang-format off */
  const struct { struct fault_step steps[3]; bool authorized; const char *why; } cases[] = {
      {ANSWER("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nno!"), false,
       "it answered CONNECT with 407 Proxy Authentication Required: it wants a user and a password"},
      {ANSWER("HTTP/1.1 407 No\r\n\r\n"), true, "it answered CONNECT with 407 No: it does not accept this user and password"},
      {ANSWER("HTTP/1.1 403 Forbidden\r\n\r\n<html>"), false, "it answered CONNECT with 403 Forbidden"},
      {ANSWER("HTTP/1.0 502 Bad\x1b[1mGateway\r\n\r\n"), false, "it answered CONNECT with 502 Bad?[1mGateway"},
      {ANSWER("HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n"), false, "it answered CONNECT with 302 Found"},
      {ANSWER("HTTP/1.1 503\r\n\r\n"), false, "it answered CONNECT with 503"},
      {ANSWER("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), false, "it sent something behind its answer to CONNECT"},
      {ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), false, "it sent something behind its answer to CONNECT"},
      {ANSWER("SSH-2.0-OpenSSH_9.2\r\n"), false, "its answer to CONNECT is malformed"},
      {ANSWER("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), false, "its answer to CONNECT is malformed"},
      {ANSWER(long_head), false, "its answer to CONNECT is malformed"},
  };
  /* clang-format on */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct fault_step *const scripts[] = {cases[i].steps};
    begin(DATA("good.pem"), scripts, 1, 5000);
    proxy.authorization = cases[i].authorized ? TCX__STR("Basic x") : (struct tcx_str){0};
    struct probe p = {0};
    get(&p, "localhost");
    if (p.status != TCX_EPROXY || p.phase != TCX_PHASE_CONNECT ||
        strstr(p.why, cases[i].why) == NULL || strstr(p.why, url) == NULL)
      fail_msg("%zu: %d %s", i, p.status, p.why);
    assert_false(p.sent);
    probe_free(&p);
    finish();
  }
}

/* Interim answers, and an answer that comes byte by byte. */
static void test_odd_answers(void **state) {
  (void)state;
  static const struct fault_step bytewise[] = {
      DO(HEAD),
      SEND_BYTEWISE(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"),
      DO(START_TLS),
      DO(REQUEST),
      SEND(HELLO),
      DO(END)};
  static const struct fault_step *const scripts[] = {bytewise};
  begin(DATA("good.pem"), scripts, 1, 5000);
  struct probe p = {0};
  get(&p, "localhost");
  if (p.status != 0)
    fail_msg("%d %s", p.status, p.why);
  assert_string_equal(p.data, "hello");
  probe_free(&p);
  finish();
}

static void test_timeouts(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(HEAD), DO(END)},
                                 no_tls[] = {DO(HEAD), SEND(OPEN), DO(END)};
  static const struct {
    const struct fault_step *script;
    tcx_phase_t phase;
    const char *why;
  } cases[] = {{silent, TCX_PHASE_CONNECT, "the proxy did not answer CONNECT"},
               {no_tls, TCX_PHASE_TLS,
                "could not connect to localhost:443 within 100 ms: the TLS handshake did not end"}};
  for (int i = 0; i < 2; i++) {
    const struct fault_step *const scripts[] = {cases[i].script};
    begin(DATA("good.pem"), scripts, 1, 100);
    struct probe p = {0};
    get(&p, "localhost");
    assert_int_equal(p.status, UV_ETIMEDOUT);
    assert_int_equal(p.phase, cases[i].phase);
    if (strstr(p.why, cases[i].why) == NULL || (strstr(p.why, url) != NULL) != (i == 0))
      fail_msg("%s", p.why);
    probe_free(&p);
    finish();
  }
}

/* Nobody listens: the proxy is named, not the origin. */
static void test_unreachable(void **state) {
  (void)state;
  begin(DATA("good.pem"), tunnels, 1, 5000);
  struct fault_server other;
  fault_server_start(&other, &w.loop, tunnels, 1, NULL);
  int port = other.port;
  fault_server_stop(&other);
  while (other.handles > 0)
    turn(&w, 1);
  proxy.port = (uint16_t)port;
  for (int i = 0; i < 2; i++) {
    char wanted[64];
    struct probe p = {.proxy = &proxy, .tunnel = i == 0};
    snprintf(wanted, sizeof wanted, "could not connect to 127.0.0.1:%d: connection refused", port);
    probe_start(&p, &w, i == 0 ? "localhost" : "127.0.0.1", i == 0 ? 443 : port, i == 0);
    probe_wait(&p);
    assert_int_equal(p.status, TCX_EPROXY);
    assert_int_equal(p.phase, TCX_PHASE_CONNECT);
    if (strstr(p.why, wanted) == NULL ||
        strncmp(p.why, "Failed to connect to proxy URL: \"http://127.0.0.1:", 50) != 0)
      fail_msg("%s", p.why);
    probe_free(&p);
  }
  finish();
}

/* TLS towards a proxy that forwards: its own certificate counts, and a bad one is the proxy's
 * failure. */
static void test_tls_to_proxy(void **state) {
  (void)state;
  static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
  static const struct fault_step *const hellos[] = {hello};
  for (int i = 0; i < 2; i++) {
    begin(i == 0 ? DATA("good.pem") : DATA("expired.pem"), hellos, 1, 5000);
    server.starts_plain = false;
    proxy.tls = true;
    struct probe p = {.proxy = &proxy};
    probe_start(&p, &w, "127.0.0.1", server.port, true);
    probe_wait(&p);
    assert_int_equal(p.status, i == 0 ? 0 : TCX_EPROXY);
    if (i == 1) {
      assert_int_equal(p.phase, TCX_PHASE_TLS);
      assert_non_null(strstr(p.why, url));
      assert_non_null(strstr(p.why, "it has expired"));
    }
    probe_free(&p);
    finish();
  }
}

/* ---- TLS to the proxy, and TLS to the origin inside of it ---- */

static void begin_secure(const char *chain, const struct fault_step *const *scripts,
                         unsigned count) {
  begin(chain, scripts, count, 5000);
  server.starts_plain = false;
  proxy.tls = true;
  snprintf(url, sizeof url, "https://127.0.0.1:%d", server.port);
}

static void test_tls_in_tls(void **state) {
  (void)state;
  begin_secure(DATA("good.pem"), tunnels, 1);
  proxy.authorization = TCX__STR("Basic dXNlcjpwYXNz");
  struct probe p = {0};
  get(&p, "localhost");
  if (p.status != 0)
    fail_msg("%d %s", p.status, p.why);
  assert_string_equal(p.data, "hello");
  assert_string_equal(server.server_name, "localhost"); /* the inner one's: the outer had none */
  assert_int_equal(server.requests, 2);
  assert_true(p.lease.times.connect_us > 0 && p.lease.times.tls_us > 0);
  probe_free(&p);
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  assert_true(p.reused && p.at_once);
  probe_free(&p);
  assert_int_equal(server.accepted, 1);
  finish();
}

/* A second connection resumes both sessions. */
static void test_both_resumed(void **state) {
  (void)state;
  static const struct fault_step once[] = {DO(HEAD),    SEND(OPEN), DO(START_TLS), DO(REQUEST),
                                           SEND(HELLO), DO(FINISH), DO(END)};
  static const struct fault_step *const scripts[] = {once};
  begin_secure(DATA("good.pem"), scripts, 1);
  for (int i = 0; i < 2; i++) {
    struct probe p = {.fresh = i > 0};
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    probe_free(&p);
  }
  assert_int_equal(server.accepted, 2);
  assert_int_equal(fault_tls_resumed(tls), 2);
  finish();
}

static struct tcx_timer pause_timer;
static struct probe *paused;
static void go_on(struct tcx_timer *timer) {
  (void)timer;
  tcx__exchange_unpause(&paused->x);
}
static size_t got, reads;
static void pause_often(struct probe *p, const char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    assert_int_equal(bytes[i], 'x');
  got += n;
  if (++reads % 50 != 0)
    return;
  paused = p;
  tcx__exchange_pause(&p->x);
  tcx__timer_start(w.net, &pause_timer, 1, go_on);
}

/* More than any buffer on the way holds, both ways, and read with pauses. */
static void test_large_in_tls(void **state) {
  (void)state;
  enum { CHUNK = 10000, CHUNKS = 300 };
  static char chunk[CHUNK + 1], header[100];
  memset(chunk, 'x', CHUNK);
  snprintf(header, sizeof header, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", CHUNK * CHUNKS);
  static struct fault_step large[] = {
      DO(HEAD),     SEND(OPEN),          DO(START_TLS), DO(HEAD), DO_N(BYTES, CHUNK * CHUNKS),
      SEND(header), FILL(chunk, CHUNKS), DO(END)};
  static const struct fault_step *const scripts[] = {large};
  got = reads = 0;
  begin_secure(DATA("good.pem"), scripts, 1);
  struct probe p = {.request = "PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 3000000\r\n\r\n",
                    .has_body = true,
                    .body = chunk,
                    .body_step = CHUNK,
                    .body_times = CHUNKS,
                    .on_data = pause_often};
  get(&p, "localhost");
  if (p.status != 0)
    fail_msg("%d %s", p.status, p.why);
  assert_int_equal(got, CHUNK * CHUNKS);
  assert_true(p.pulls >= CHUNKS && reads > 200);
  probe_free(&p);
  finish();
}

/* Whose certificate is refused is told. */
static void test_certificates_in_tls(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    begin_secure(i == 0 ? DATA("expired.pem") : DATA("good.pem"), tunnels, 1);
    struct fault_tls *expired = fault_tls_new(DATA("expired.pem"), DATA("server.key"));
    server.inner_tls = expired;
    struct probe p = {0};
    get(&p, "localhost");
    assert_int_equal(p.status, i == 0 ? TCX_EPROXY : TCX_ETLS);
    assert_int_equal(p.phase, TCX_PHASE_TLS);
    assert_non_null(strstr(p.why, "it has expired"));
    assert_true((strstr(p.why, "Failed to connect to proxy URL: \"https://127.0.0.1:") != NULL) ==
                (i == 0));
    assert_true((strstr(p.why, "no TLS connection to localhost:443") != NULL) == (i == 1));
    assert_int_equal(server.requests, i);
    probe_free(&p);
    finish();
    fault_tls_free(expired);
  }
}

static void test_faults_in_tls(void **state) {
  (void)state;
  static const struct fault_step no[] = {
      DO(HEAD), SEND("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"), DO(END)};
  static const struct fault_step gone[] = {DO(HEAD), DO(CLOSE)};
  static const struct fault_step cut[] = {DO(HEAD), SEND(OPEN), DO(CLOSE)};
  static const struct fault_step plain[] = {DO(HEAD), SEND(OPEN), DO(START_TLS), DO(REQUEST),
                                            DO(RESET)};
  static const struct {
    const struct fault_step *steps;
    int status;
    tcx_phase_t phase;
    const char *in_why;
  } cases[] = {
      {no, TCX_EPROXY, TCX_PHASE_CONNECT, "it wants a user and a password"},
      {gone, TCX_EPROXY, TCX_PHASE_CONNECT, "broke before the proxy answered CONNECT"},
      {cut, UV_ECONNRESET, TCX_PHASE_TLS, "broke in the TLS handshake"},
      {plain, UV_ECONNRESET, TCX_PHASE_WAIT, "localhost:443"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct fault_step *const scripts[] = {cases[i].steps};
    begin_secure(DATA("good.pem"), scripts, 1);
    struct probe p = {0};
    get(&p, "localhost");
    if (p.status != cases[i].status || p.phase != cases[i].phase ||
        strstr(p.why, cases[i].in_why) == NULL)
      fail_msg("%zu: %d %s %s", i, p.status, tcx_phase_name(p.phase), p.why);
    probe_free(&p);
    finish();
  }
}

/* Closed before the proxy's handshake, in the tunnel's opening, in the origin's handshake. */
static void test_close_in_tls(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(HEAD), DO(END)};
  static const struct fault_step half[] = {DO(HEAD), SEND(OPEN), DO(END)};
  static const struct fault_step *const before[] = {silent}, *const inside[] = {half};
  for (int i = 0; i < 3; i++) {
    begin_secure(DATA("good.pem"), i < 2 ? before : inside, 1);
    server.starts_plain = i == 0; /* no TLS is spoken, and nothing is a head */
    struct probe p = {.proxy = &proxy, .tunnel = true};
    probe_start(&p, &w, "localhost", 443, true);
    while (i == 0 ? server.accepted == 0 : server.requests == 0)
      turn(&w, 1);
    if (i == 2)
      while (tcx__lease_phase(&p.lease) != TCX_PHASE_TLS)
        turn(&w, 1);
    world_close_pool(&w);
    assert_int_equal(p.status, TCX_ECLOSING);
    probe_free(&p);
    finish();
  }
}

/* With and without a proxy, through a tunnel or not: none of these shares a connection with
 * another. */
static void test_pool_key(void **state) {
  (void)state;
  static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
  static const struct fault_step *const hellos[] = {hello, hello, hello};
  begin(DATA("good.pem"), hellos, 3, 5000);
  struct tcx_proxy other = proxy;
  const struct tcx_proxy *const ways[] = {NULL, &proxy, &other};
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 3; i++) {
      struct probe p = {.proxy = ways[i]};
      probe_start(&p, &w, "127.0.0.1", server.port, false);
      probe_wait(&p);
      assert_int_equal(p.status, 0);
      assert_int_equal(p.reused, round == 1);
      probe_free(&p);
    }
  assert_int_equal(server.accepted, 3);
  finish();
}

static void test_close_inside(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(HEAD), DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  begin(DATA("good.pem"), scripts, 1, 5000);
  struct probe p = {.proxy = &proxy, .tunnel = true};
  probe_start(&p, &w, "localhost", 443, true);
  while (server.requests == 0)
    turn(&w, 1);
  assert_int_equal(tcx__lease_phase(&p.lease), TCX_PHASE_CONNECT);
  world_close_pool(&w);
  assert_int_equal(p.status, TCX_ECLOSING);
  probe_free(&p);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tunnel),        cmocka_unit_test(test_connect_request),
      cmocka_unit_test(test_host_name),     cmocka_unit_test(test_refused),
      cmocka_unit_test(test_odd_answers),   cmocka_unit_test(test_timeouts),
      cmocka_unit_test(test_unreachable),   cmocka_unit_test(test_tls_to_proxy),
      cmocka_unit_test(test_tls_in_tls),    cmocka_unit_test(test_both_resumed),
      cmocka_unit_test(test_large_in_tls),  cmocka_unit_test(test_certificates_in_tls),
      cmocka_unit_test(test_faults_in_tls), cmocka_unit_test(test_close_in_tls),
      cmocka_unit_test(test_pool_key),      cmocka_unit_test(test_close_inside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
