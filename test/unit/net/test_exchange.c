/* Exchanges with servers that behave and that do not. */
#include "probe.h"

#define SCRIPTS(...) static const struct fault_step *const scripts[] = {__VA_ARGS__}
#define START(server, w) fault_server_start(server, &(w)->loop, scripts, sizeof scripts / sizeof scripts[0], NULL)
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {{FAULT_REQUEST}, {FAULT_SEND, HELLO}, {FAULT_AGAIN}, {FAULT_END}};

static void test_hello_and_reuse(void **state) {
  (void)state;
  struct world w;
  struct fault_server server;
  world_open(&w);
  SCRIPTS(hello);
  START(&server, &w);
  for (int i = 0; i < 5; i++) {
    struct probe p = {0};
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    probe_wait(&p);
    assert_int_equal(p.status, 0);
    assert_int_equal(p.http_status, 200);
    assert_string_equal(p.head.reason.p, "OK");
    assert_int_equal(p.content_length, 5);
    assert_string_equal(p.data, "hello");
    assert_int_equal(p.reused, i > 0);
    assert_int_equal(p.at_once, i > 0);
    assert_true(p.sent && p.received && p.upload_done);
    probe_free(&p);
  }
  struct tcx_pool_stats stats;
  tcx__pool_get_stats(w.pool, &stats);
  assert_int_equal(stats.connections, 1);
  assert_int_equal(stats.idle, 1);
  assert_int_equal(stats.connects, 1);
  assert_int_equal(server.accepted, 1);
  assert_string_equal(server.last_head, GET);
  world_close(&w, &server);
}

static const struct tcx_net_options no_net_options;
struct bad { const char *response; const char *why; int status; };

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello_and_reuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
