/* TLS against a BearSSL server engine on the same loop. */
#include "dns_server.h"
#include "net/conn.h"
#include "probe.h"

#define DATA(name) "unit/net/tls/" name
#define HELLO      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
static const struct fault_step *const hellos[] = {hello};

static struct world w;
static struct fault_server server;
static struct fault_tls *tls;

static void begin_with(const char *chain, const char *key, const char *ca, bool no_verify,
                       const struct fault_step *const *scripts, unsigned count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", TCX_TEST_DIR, ca);
  struct tcx_net_options net = {0};
  struct tcx_pool_options pool = {.max_connections = 64,
                                  .connect_timeout_ms = 10000,
                                  .idle_ms = 10000,
                                  .tls = {.ca_bundle = path, .no_verify = no_verify}};
  world_open_with(&w, &net, &pool);
  tls = fault_tls_new(chain, key);
  fault_server_start(&server, &w.loop, scripts, count, tls);
}

static void begin(const struct fault_step *const *scripts, unsigned count) {
  begin_with(DATA("good.pem"), DATA("server.key"), DATA("ca.pem"), false, scripts, count);
}

static void finish(void) {
  world_close(&w, &server);
  fault_tls_free(tls);
}

static void get(struct probe *p, const char *host) {
  probe_start(p, &w, host, server.port, true);
  probe_wait(p);
}

static void test_hello(void **state) {
  (void)state;
  static const struct {
    const char *chain, *key;
  } certificates[] = {{DATA("good.pem"), DATA("server.key")}, {DATA("rsa.pem"), DATA("rsa.key")}};
  for (int c = 0; c < 2; c++) {
    begin_with(certificates[c].chain, certificates[c].key, DATA("ca.pem"), false, hellos, 1);
    static const char *const hosts[] = {"localhost", "127.0.0.1", "a.localhost"};
    for (int i = 0; i < 2; i++)
      for (int again = 0; again < 3; again++) {
        struct probe p = {0};
        get(&p, hosts[i]);
        if (p.status != 0)
          fail_msg("%s: %d %s", hosts[i], p.status, p.why);
        assert_string_equal(p.data, "hello");
        assert_int_equal(p.reused, again > 0);
        assert_true(p.upload_done && p.sent);
        assert_string_equal(server.server_name, i == 0 ? "localhost" : "");
        probe_free(&p);
      }
    assert_int_equal(server.accepted, 2);
    finish();
  }
}

/* ---- certificates that are refused, each in its own words ---- */

static void test_refused(void **state) {
  (void)state;
  static const struct {
    const char *chain, *ca, *host, *why;
  } cases[] = {
      {DATA("expired.pem"), DATA("ca.pem"), "localhost", "it has expired on 2021-02-03"},
      {DATA("future.pem"), DATA("ca.pem"), "localhost", "it is not yet valid, until 2090-04-05"},
      {DATA("wronghost.pem"), DATA("ca.pem"), "localhost",
       "it is for other.example, more.example, 10.1.2.3, not for localhost"},
      {DATA("wronghost.pem"), DATA("ca.pem"), "127.0.0.1",
       "it is for other.example, more.example, 10.1.2.3, not for 127.0.0.1"},
      {DATA("noip.pem"), DATA("ca.pem"), "127.0.0.1", "it is for localhost, not for 127.0.0.1"},
      {DATA("nosan.pem"), DATA("ca.pem"), "localhost", "it has no subjectAltName"},
      {DATA("nosan.pem"), DATA("ca.pem"), "127.0.0.1", "it has no subjectAltName"},
      {DATA("self.pem"), DATA("ca.pem"), "localhost", "it is self-signed"},
      {DATA("good.pem"), DATA("rsa.pem"), "localhost", "unknown authority"},
      {DATA("good.pem"), DATA("make.sh"), "localhost", "it holds no certificate"},
      {DATA("good.pem"), DATA("absent.pem"), "localhost", "no such file"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin_with(cases[i].chain, DATA("server.key"), cases[i].ca, false, hellos, 1);
    struct probe p = {0};
    get(&p, cases[i].host);
    if ((p.status != TCX_ETLS && p.status != TCX_ECONFIG) || p.phase != TCX_PHASE_TLS ||
        strstr(p.why, cases[i].why) == NULL)
      fail_msg("%s for %s: %d %s", cases[i].chain, cases[i].host, p.status, p.why);
    assert_false(p.sent);
    assert_int_equal(server.requests, 0);
    probe_free(&p);
    finish();
  }
}

/* Names by DNS: the certificate's own, its wildcard's, and those that it does not cover. */
static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *host;
    bool fine;
  } cases[] = {{"tcx.test", true},   {"a.wild.test", true},    {"b.wild.test", true},
               {"wild.test", false}, {"a.b.wild.test", false}, {"other.test", false}};
  static const struct dns_record records[] = {{"tcx.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"a.wild.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"b.wild.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"wild.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"a.b.wild.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"other.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", TCX_TEST_DIR, DATA("ca.pem"));
  uv_loop_t *loop = &w.loop;
  memset(&w, 0, sizeof w);
  assert_int_equal(uv_loop_init(loop), 0);
  uv_timer_init(loop, &w.watchdog);
  uv_timer_start(&w.watchdog, watchdog_barked, 20000, 0);
  struct dns_server dns;
  dns_server_start(&dns, loop, records);
  struct tcx_net_options net = {.dns_servers = dns.address};
  struct tcx_pool_options pool = {.max_connections = 64,
                                  .connect_timeout_ms = 10000,
                                  .idle_ms = 10000,
                                  .tls = {.ca_bundle = path}};
  assert_int_equal(tcx__net_new(loop, &net, &w.net), 0);
  assert_int_equal(tcx__pool_new(w.net, &pool, &w.pool), 0);
  tls = fault_tls_new(DATA("good.pem"), DATA("server.key"));
  fault_server_start(&server, loop, hellos, 1, tls);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct probe p = {0};
    get(&p, cases[i].host);
    if ((p.status == 0) != cases[i].fine)
      fail_msg("%s: %d %s", cases[i].host, p.status, p.why);
    assert_string_equal(server.server_name, cases[i].fine ? cases[i].host : server.server_name);
    probe_free(&p);
  }
  dns_server_stop(&dns);
  while (dns.handles > 0)
    turn(&w, 1);
  finish();
}

/* A self-signed certificate that is itself in the bundle is trusted. */
static void test_self_signed_in_bundle(void **state) {
  (void)state;
  begin_with(DATA("self.pem"), DATA("server.key"), DATA("self.pem"), false, hellos, 1);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  probe_free(&p);
  finish();
}

static void test_no_verify(void **state) {
  (void)state;
  static const char *const chains[] = {DATA("self.pem"), DATA("expired.pem"), DATA("nosan.pem"),
                                       DATA("wronghost.pem")};
  for (int i = 0; i < 4; i++) {
    begin_with(chains[i], DATA("server.key"), DATA("ca.pem"), true, hellos, 1);
    struct probe p = {0};
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    probe_free(&p);
    finish();
  }
}

static void test_not_tls(void **state) {
  (void)state;
  static const struct fault_step talks[] =
      {DO_N(BYTES, 10), SEND("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), DO(END)},
                                 quits[] = {DO_N(BYTES, 10), DO(CLOSE)}, silent[] = {DO(END)},
                                 resets[] = {DO_N(BYTES, 10), DO(RESET)};
  static const struct fault_step *const all[] = {talks, quits, resets};
  for (int i = 0; i < 3; i++) {
    begin(hellos, 1);
    struct fault_server plain;
    fault_server_start(&plain, &w.loop, &all[i], 1, NULL);
    struct probe p = {0};
    probe_start(&p, &w, "localhost", plain.port, true);
    probe_wait(&p);
    assert_int_equal(p.phase, TCX_PHASE_TLS);
    assert_int_equal(p.status, i == 0 ? TCX_ETLS : UV_ECONNRESET);
    if (i == 0)
      assert_non_null(strstr(p.why, "is not TLS"));
    probe_free(&p);
    fault_server_stop(&plain);
    while (plain.handles > 0)
      uv_run(&w.loop, UV_RUN_ONCE);
    finish();
  }
  struct tcx_net_options net = {0};
  struct tcx_pool_options pool = {.max_connections = 64,
                                  .connect_timeout_ms = 50,
                                  .idle_ms = 10000,
                                  .tls = {.no_verify = true}};
  world_open_with(&w, &net, &pool);
  static const struct fault_step *const scripts[] = {silent};
  fault_server_start(&server, &w.loop, scripts, 1, NULL);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_TLS);
  assert_non_null(strstr(p.why, "within 50 ms: the TLS handshake did not end"));
  probe_free(&p);
  world_close(&w, &server);
}

/* ---- sessions ---- */

static void test_resumption(void **state) {
  (void)state;
  static const struct fault_step once[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
      DO(END)};
  const struct fault_step *const scripts[] = {once};
  begin(scripts, 1);
  for (unsigned i = 0; i < 4; i++) {
    struct probe p = {0};
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    assert_false(p.reused);
    assert_int_equal(fault_tls_resumed(tls), i);
    probe_free(&p);
  }
  assert_int_equal(server.accepted, 4);
  finish();
}

/* ---- bodies that reach to the end of the connection ---- */

static void test_until_close(void **state) {
  (void)state;
  static const struct fault_step said[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\n\r\nbody"),
                                           DO(FINISH), DO(END)},
                                 cut[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\n\r\nbody"),
                                          DO(CLOSE)},
                                 cut_after_length[] = {DO(REQUEST), SEND(HELLO), DO(CLOSE)};
  const struct fault_step *const scripts[] = {said, cut, cut_after_length};
  begin(scripts, 3);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "body");
  probe_free(&p);
  get(&p, "localhost");
  assert_int_equal(p.status, TCX_EPROTO);
  assert_non_null(strstr(p.why, "cut without close_notify"));
  assert_string_equal(p.data, "body");
  probe_free(&p);
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  probe_free(&p);
  finish();
}

/* ---- much data, both ways, in pieces and with pauses ---- */

static void count_data(struct probe *p, const char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (bytes[i] != (char)('a' + (p->data_len + i) % 23))
      fail_msg("byte %zu is wrong", p->data_len + i);
  p->data_len += n;
}

static uv_timer_t unpause_timer;

static void unpause(uv_timer_t *timer) { tcx__exchange_unpause(&((struct probe *)timer->data)->x); }

static void count_and_pause(struct probe *p, const char *bytes, size_t n) {
  assert_false(uv_is_active((uv_handle_t *)&unpause_timer));
  count_data(p, bytes, n);
  if (p->data_calls % 7 == 0) {
    tcx__exchange_pause(&p->x);
    uv_timer_start(&unpause_timer, unpause, p->data_calls % 2, 0);
  }
}

static void test_download(void **state) {
  (void)state;
  static char piece[23 * 1000 + 1];
  for (size_t i = 0; i < sizeof piece - 1; i++)
    piece[i] = (char)('a' + i % 23);
  struct fault_step script[] = {DO(REQUEST),
                                SEND("HTTP/1.1 200 OK\r\nContent-Length: 11500000\r\n\r\n"),
                                FILL(piece, 500), DO(AGAIN)};
  const struct fault_step *const scripts[] = {script};
  begin(scripts, 1);
  for (int paused = 0; paused < 2; paused++) {
    struct probe p = {.on_data = paused ? count_and_pause : count_data};
    uv_timer_init(&w.loop, &unpause_timer);
    unpause_timer.data = &p;
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.data_len, 11500000);
    assert_int_equal(p.reused, paused);
    uv_close((uv_handle_t *)&unpause_timer, NULL);
    turn(&w, 2);
    probe_free(&p);
  }
  finish();
}

static void test_upload(void **state) {
  (void)state;
  static char big[100001];
  memset(big, 'x', sizeof big - 1);
  begin(hellos, 1);
  for (int i = 0; i < 2; i++) {
    struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 20000000\r\n\r\n",
                      .has_body = true,
                      .body = big,
                      .body_times = 200,
                      .body_step = i == 0 ? 0 : 33333,
                      .dry_every = 50};
    size_t before = server.received;
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    assert_true(p.upload_done);
    assert_int_equal(server.received - before, strlen(p.request) + 20000000);
    assert_int_equal(p.reused, i);
    probe_free(&p);
  }
  finish();
}

static void test_early_answer(void **state) {
  (void)state;
  static char big[1 << 20];
  memset(big, 'x', sizeof big - 1);
  static const struct fault_step refuses[] = {
      DO(HEAD), SEND("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope"), DO(END)};
  const struct fault_step *const scripts[] = {refuses};
  begin(scripts, 1);
  struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 67108800\r\n\r\n",
                    .has_body = true,
                    .body = big,
                    .body_times = 64};
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  assert_int_equal(p.http_status, 403);
  assert_string_equal(p.data, "nope");
  struct tcx_pool_stats stats;
  tcx__pool_get_stats(w.pool, &stats);
  assert_int_equal(stats.connections, 0);
  probe_free(&p);
  finish();
}

/* A record after the response's last: the connection is not used again. */
static void test_extra_record(void **state) {
  (void)state;
  static const struct fault_step talks[] = {
      DO(REQUEST), SEND(HELLO), SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), DO(END)};
  const struct fault_step *const scripts[] = {talks, hello};
  begin(scripts, 2);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  probe_free(&p);
  turn(&w, 20);
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "hello");
  assert_false(p.reused);
  probe_free(&p);
  finish();
}

static void test_bytewise(void **state) {
  (void)state;
  static const struct fault_step slow[] = {DO(REQUEST), SEND_BYTEWISE(HELLO), DO(AGAIN)};
  const struct fault_step *const scripts[] = {slow};
  begin(scripts, 1);
  struct probe p = {0};
  get(&p, "localhost");
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "hello");
  probe_free(&p);
  finish();
}

/* ---- a large body that comes fast is read in large pieces, and never kept waiting ---- */

#define KIB                                                                                        \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" \
  "ef0123456789abcdef0123456789abcdef"
#define KIB_LEN (sizeof KIB - 1)

struct gathered {
  size_t received, wanted;
  bool gathered, all;
};

/* As many reads as it takes, all of them in one turn of the loop, whatever the machine is doing. */
static void gather_data(struct probe *p, const char *bytes, size_t n) {
  (void)bytes;
  struct gathered *g = p->hook;
  if (g->received == 0) {
    for (int i = 0; i < 100; i++)
      tcx__gather_read(p->conn);
    g->gathered = p->conn->gathering;
  }
  g->received += n;
  g->all = g->received == g->wanted;
}

static void test_gather_slow_end(void **state) {
  (void)state;
  static const struct fault_step silent[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n"), FILL(KIB, 8192 + 1),
      DO(END)};
  const struct fault_step *const scripts[] = {silent};
  struct gathered g = {.wanted = (8192 + 1) * KIB_LEN};
  struct probe p = {.hook = &g, .on_data = gather_data};
  begin(scripts, 1);
  probe_start(&p, &w, "localhost", server.port, true);
  turn_until(&w, &g.all);
  assert_true(g.gathered);
  while (p.conn->gathering)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_false(p.over);
  tcx__exchange_abort(&p.x);
  probe_free(&p);
  finish();
}

static void test_gather_whole(void **state) {
  (void)state;
  static const struct fault_step large[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"),
      FILL(KIB, 1048576 / KIB_LEN), DO(AGAIN)};
  const struct fault_step *const scripts[] = {large};
  begin(scripts, 1);
  for (int i = 0; i < 2; i++) {
    struct gathered g = {.wanted = 1048576};
    struct probe p = {.hook = &g, .on_data = gather_data};
    get(&p, "localhost");
    assert_int_equal(p.status, 0);
    assert_true(g.all && g.gathered);
    assert_false(p.conn->gathering);
    assert_int_equal(p.reused, i > 0);
    probe_free(&p);
  }
  finish();
}

/* ---- many at once: all get through, and callbacks may end anything ---- */

static void test_many_handshakes(void **state) {
  (void)state;
  begin(hellos, 1);
  struct probe p[50];
  memset(p, 0, sizeof p);
  for (int i = 0; i < 50; i++)
    probe_start(&p[i], &w, "localhost", server.port, true);
  for (int i = 0; i < 50; i++) {
    probe_wait(&p[i]);
    assert_int_equal(p[i].status, 0);
    assert_true(p[i].lease.times.reused || p[i].lease.times.tls_us > 0);
    probe_free(&p[i]);
  }
  assert_true(server.accepted <= 50);
  finish();
}

static void close_pool(struct probe *p) {
  tcx__pool_close(p->world->pool, world_pool_closed, p->world);
}

static void abort_data(struct probe *p, const char *bytes, size_t n) {
  (void)bytes, (void)n;
  tcx__exchange_abort(&p->x);
  *(bool *)p->hook = true;
}

static void test_end_inside(void **state) {
  (void)state;
  begin(hellos, 1);
  bool aborted = false;
  struct probe p = {.hook = &aborted, .on_data = abort_data};
  probe_start(&p, &w, "localhost", server.port, true);
  turn_until(&w, &aborted);
  turn(&w, 5);
  assert_false(p.over);
  probe_free(&p);
  finish();
  begin(hellos, 1);
  p = (struct probe){.on_head = close_pool};
  get(&p, "localhost");
  assert_int_equal(p.status, TCX_ECLOSING);
  turn_until(&w, &w.pool_closed);
  probe_free(&p);
  finish();
  begin(hellos, 1);
  p = (struct probe){.on_ready = close_pool};
  probe_start(&p, &w, "localhost", server.port, true);
  turn_until(&w, &w.pool_closed);
  probe_free(&p);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello),        cmocka_unit_test(test_refused),
      cmocka_unit_test(test_names),        cmocka_unit_test(test_self_signed_in_bundle),
      cmocka_unit_test(test_no_verify),    cmocka_unit_test(test_not_tls),
      cmocka_unit_test(test_resumption),   cmocka_unit_test(test_until_close),
      cmocka_unit_test(test_download),     cmocka_unit_test(test_upload),
      cmocka_unit_test(test_early_answer), cmocka_unit_test(test_extra_record),
      cmocka_unit_test(test_bytewise),     cmocka_unit_test(test_gather_slow_end),
      cmocka_unit_test(test_gather_whole), cmocka_unit_test(test_many_handshakes),
      cmocka_unit_test(test_end_inside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
