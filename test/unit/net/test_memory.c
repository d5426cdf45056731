/* Memory that runs out at every single place: each lease and exchange still ends, once, and nothing
 * is left. */
#include "dns_server.h"
#include "net/proxy.h"
#include "probe.h"
#include "torture.h"

static const struct fault_step hello[] = {
    DO(REQUEST),
    SEND("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Long: "
         "0123456789012345678901234567890123456789\r\nContent-Le"),
    DO_N(WAIT, 1), SEND("ngth: 5\r\n\r\nhello"), DO(AGAIN)};
static const struct fault_step *const hellos[] = {hello};
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
static const struct fault_step tunnel[] = {
    DO(HEAD),      SEND_BYTEWISE("HTTP/1.1 200 OK\r\nX: y\r\n\r\n"),
    DO(START_TLS), DO(REQUEST),
    SEND(HELLO),   DO(REQUEST),
    SEND(HELLO),   DO(END)};
static const struct fault_step *const tunnels[] = {tunnel};
static const struct dns_record records[] = {{"s3.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                            {NULL, 0, NULL, 0, DNS_FINE}};

struct scenario {
  const char *host;
  bool tls, upload, pauses, tunnel;
  bool secure; /* the tunnel's proxy is reached over TLS too */
};

static struct tcx_proxy proxy = {.host = TCX__STR("localhost"),
                                 .url = "http://127.0.0.1",
                                 .authorization = TCX__STR("Basic dXNlcjpwYXNz")};
static uv_timer_t unpause_timer;

static void unpause(uv_timer_t *timer) { tcx__exchange_unpause(&((struct probe *)timer->data)->x); }

static void pause_it(struct probe *p) {
  tcx__exchange_pause(&p->x);
  uv_timer_start(&unpause_timer, unpause, 1, 0);
}

static const char window[] = "0123456789";

static int one_request(struct world *w, const struct scenario *s, int port) {
  struct probe p = {.arena = tcx__arena_new()};
  if (p.arena == NULL)
    return UV_ENOMEM;
  if (s->upload) {
    p.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n";
    p.has_body = true;
    p.body = window;
    p.body_times = 10;
  }
  if (s->pauses)
    p.on_head = pause_it;
  proxy.port = (uint16_t)port;
  proxy.tls = s->secure;
  p.proxy = s->tunnel ? &proxy : NULL;
  p.tunnel = s->tunnel;
  unpause_timer.data = &p;
  probe_start(&p, w, s->host, port, s->tls);
  probe_wait(&p);
  int status = p.status;
  uv_timer_stop(&unpause_timer);
  if (status == 0 && (p.http_status != 200 || p.data_len != 5))
    fail_msg("a wrong result: %d, %zu bytes", p.http_status, p.data_len);
  if (status != 0 && status != UV_ENOMEM && status != UV_ETIMEDOUT && status != UV_EAI_AGAIN)
    fail_msg("%d %s", status, p.why);
  probe_free(&p);
  return status;
}

static int requests(struct world *w, const struct scenario *s, int port) {
  struct tcx_pool_options pool = {
      .max_connections = 2, .connect_timeout_ms = 2000, .idle_ms = 10000};
  char path[4096];
  snprintf(path, sizeof path, "%s/unit/net/tls/ca.pem", TCX_TEST_DIR);
  pool.tls.ca_bundle = pool.proxy_tls.ca_bundle = path;
  int status = tcx__pool_new(w->net, &pool, &w->pool);
  if (status != 0)
    return status;
  status = one_request(w, s, port);
  int again = one_request(w, s, port);
  world_close_pool(w);
  return status != 0 ? status : again;
}

static int run(void *ctx) {
  const struct scenario *s = ctx;
  struct world w;
  struct fault_server server;
  struct dns_server dns;
  memset(&w, 0, sizeof w);
  assert_int_equal(uv_loop_init(&w.loop), 0);
  assert_int_equal(uv_timer_init(&w.loop, &w.watchdog), 0);
  assert_int_equal(uv_timer_start(&w.watchdog, watchdog_barked, 20000, 0), 0);
  uv_timer_init(&w.loop, &unpause_timer);
  dns_server_start(&dns, &w.loop, records);
  struct fault_tls *tls =
      s->tls ? fault_tls_new("unit/net/tls/rsa.pem", "unit/net/tls/rsa.key") : NULL;
  fault_server_start(&server, &w.loop, s->tunnel ? tunnels : hellos, 1, tls);
  server.starts_plain = s->tunnel && !s->secure;
  struct tcx_net_options options = {.dns_servers = dns.address};
  int status = tcx__net_new(&w.loop, &options, &w.net);
  if (status == 0) {
    status = requests(&w, s, server.port);
    tcx__net_close(w.net, world_net_closed, &w);
    turn_until(&w, &w.net_closed);
  }
  fault_server_stop(&server);
  dns_server_stop(&dns);
  uv_close((uv_handle_t *)&unpause_timer, NULL);
  uv_close((uv_handle_t *)&w.watchdog, NULL);
  while (server.handles > 0 || dns.handles > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  uv_run(&w.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&w.loop), 0);
  if (tls != NULL)
    fault_tls_free(tls);
  return status;
}

static void test_plain(void **state) {
  (void)state;
  test_fail_until_ok(run, &(struct scenario){.host = "127.0.0.1"});
}

static void test_by_name(void **state) {
  (void)state;
  test_fail_until_ok(run, &(struct scenario){.host = "s3.test", .pauses = true});
}

static void test_upload(void **state) {
  (void)state;
  test_fail_until_ok(run, &(struct scenario){.host = "localhost", .upload = true});
}

static void test_tls(void **state) {
  (void)state;
  test_fail_until_ok(run, &(struct scenario){.host = "localhost", .tls = true, .pauses = true});
}

static void test_tunnel(void **state) {
  (void)state;
  test_fail_until_ok(run, &(struct scenario){.host = "localhost", .tls = true, .tunnel = true});
}

static void test_tls_in_tls(void **state) {
  (void)state;
  struct scenario s = {.host = "localhost",
                       .tls = true,
                       .upload = true,
                       .pauses = true,
                       .tunnel = true,
                       .secure = true};
  test_fail_until_ok(run, &s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),  cmocka_unit_test(test_by_name),
      cmocka_unit_test(test_upload), cmocka_unit_test(test_tls),
      cmocka_unit_test(test_tunnel), cmocka_unit_test(test_tls_in_tls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
