/* Name resolution against a small DNS server, and the race of addresses. */
#include "dns_server.h"
#include "net/dns.h"
#include "probe.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
static const struct fault_step *const hellos[] = {hello};

static struct world w;
static struct dns_server dns;
static struct tcx_net_options net_options;

static void begin(const struct dns_record *records) {
  memset(&w, 0, sizeof w);
  uv_loop_t *loop = &w.loop;
  assert_int_equal(uv_loop_init(loop), 0);
  dns_server_start(&dns, loop, records);
  assert_int_equal(uv_timer_init(loop, &w.watchdog), 0);
  assert_int_equal(uv_timer_start(&w.watchdog, watchdog_barked, 20000, 0), 0);
  net_options = (struct tcx_net_options){.dns_servers = dns.address};
  assert_int_equal(tcx__net_new(loop, &net_options, &w.net), 0);
  struct tcx_pool_options pool = {
      .max_connections = 64, .connect_timeout_ms = 5000, .idle_ms = 10000};
  assert_int_equal(tcx__pool_new(w.net, &pool, &w.pool), 0);
}

static void finish(struct fault_server *server) {
  dns_server_stop(&dns);
  while (dns.handles > 0)
    turn(&w, 1);
  world_close(&w, server);
}

/* ---- look-ups ---- */

struct lookup {
  struct tcx_dns_query query;
  bool over;
  int status;
  char why[100];
  struct tcx_addresses addresses;
};

static void on_done(struct tcx_dns_query *query, int status, const struct tcx_addresses *addresses,
                    const char *why) {
  struct lookup *l = (struct lookup *)(void *)query;
  assert_false(l->over);
  l->over = true;
  l->status = status;
  l->addresses = *addresses;
  snprintf(l->why, sizeof l->why, "%s", why != NULL ? why : "");
}

/* How it went: 1 at once, 0 later. */
static int look_up(const char *host, bool fresh, struct lookup *l) {
  memset(l, 0, sizeof *l);
  l->query.done = on_done;
  int rc = tcx__dns_lookup(w.net, host, fresh, &l->query, &l->addresses);
  assert_true(rc == 0 || rc == 1);
  if (rc == 0)
    turn_until(&w, &l->over);
  return rc;
}

static const char *text(const struct tcx_addresses *a) {
  static char out[600];
  out[0] = '\0';
  for (unsigned i = 0; i < a->count; i++) {
    char one[64];
    assert_int_equal(
        uv_inet_ntop(a->list[i].v6 ? AF_INET6 : AF_INET, a->list[i].bytes, one, sizeof one), 0);
    snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i > 0 ? " " : "", one);
  }
  return out;
}

static void test_without_a_query(void **state) {
  (void)state;
  static const struct dns_record none[] = {{NULL, 0, NULL, 0, DNS_FINE}};
  static const char *const cases[][2] = {{"127.0.0.1", "127.0.0.1"},
                                         {"10.1.2.3", "10.1.2.3"},
                                         {"::1", "::1"},
                                         {"fd00::2", "fd00::2"},
                                         {"localhost", "127.0.0.1 ::1"},
                                         {"a.localhost", "127.0.0.1 ::1"},
                                         {"x.y.localhost", "127.0.0.1 ::1"},
                                         {"localhost.", "127.0.0.1 ::1"}};
  begin(none);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int again = 0; again < 3; again++) {
      struct lookup l;
      assert_int_equal(look_up(cases[i][0], again == 2, &l), 1);
      assert_string_equal(text(&l.addresses), cases[i][1]);
    }
  assert_int_equal(dns.queries, 0);
  struct lookup l;
  look_up("notlocalhost", false, &l);
  assert_int_equal(l.status, UV_EAI_NONAME);
  finish(NULL);
}

static void test_addresses_turn(void **state) {
  (void)state;
  static const struct dns_record records[] = {
      {"a.test", DNS_A, "10.0.0.1", 60, DNS_FINE},    {"a.test", DNS_A, "10.0.0.2", 60, DNS_FINE},
      {"a.test", DNS_A, "10.0.0.3", 60, DNS_FINE},    {"a.test", DNS_AAAA, "fd00::1", 60, DNS_FINE},
      {"a.test", DNS_AAAA, "fd00::2", 60, DNS_FINE},  {"v4.test", DNS_A, "10.0.0.9", 60, DNS_FINE},
      {"v6.test", DNS_AAAA, "fd00::9", 60, DNS_FINE}, {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct lookup l;
  assert_int_equal(look_up("a.test", false, &l), 0);
  assert_int_equal(l.status, 0);
  assert_int_equal(l.addresses.count, 5);
  unsigned queries = dns.queries, firsts[2][4] = {{0}};
  assert_int_equal(queries, 2); /* A and AAAA */
  for (int i = 0; i < 12; i++) {
    assert_int_equal(look_up("a.test", false, &l), 1);
    assert_int_equal(l.addresses.count, 5);
    for (int j = 0; j < 4; j++)
      assert_int_equal(l.addresses.list[j].v6, j % 2 == 0); /* alternating, IPv6 first */
    firsts[0][l.addresses.list[0].bytes[15]]++;
    firsts[1][l.addresses.list[1].bytes[3]]++;
  }
  assert_int_equal(firsts[0][1], 6);
  assert_int_equal(firsts[0][2], 6);
  for (int i = 1; i < 4; i++)
    assert_int_equal(firsts[1][i], 4);
  assert_int_equal(dns.queries, queries);
  look_up("v4.test", false, &l);
  assert_string_equal(text(&l.addresses), "10.0.0.9");
  look_up("v6.test", false, &l);
  assert_string_equal(text(&l.addresses), "fd00::9");
  finish(NULL);
}

static void test_failed_address_rests(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"a.test", DNS_A, "10.0.0.1", 60, DNS_FINE},
                                              {"a.test", DNS_A, "10.0.0.2", 60, DNS_FINE},
                                              {"a.test", DNS_AAAA, "fd00::1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct lookup l;
  look_up("a.test", false, &l);
  struct tcx_address v6 = {.v6 = true, .bytes = {0xfd, 0, [15] = 1}},
                     two = {.bytes = {10, 0, 0, 2}};
  tcx__dns_failed(w.net, "a.test", &v6);
  tcx__dns_failed(w.net, "a.test", &two);
  for (int i = 0; i < 4; i++) {
    look_up("a.test", false, &l);
    assert_int_equal(l.addresses.count, 3);
    assert_int_equal(l.addresses.list[0].bytes[3], 1);
    assert_false(l.addresses.list[0].v6);
  }
  look_up("a.test", true, &l); /* asked afresh: it still rests */
  assert_int_equal(l.addresses.list[0].bytes[3], 1);
  tcx__dns_worked(w.net, "a.test", &v6);
  look_up("a.test", false, &l);
  assert_true(l.addresses.list[0].v6);
  struct tcx_address loop4 = {.bytes = {127, 0, 0, 1}};
  look_up("localhost", false, &l);
  tcx__dns_failed(w.net, "b.localhost", &loop4);
  look_up("localhost", false, &l);
  assert_string_equal(text(&l.addresses), "::1 127.0.0.1");
  finish(NULL);
}

static void test_ttl(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"brief.test", DNS_A, "10.0.0.1", 1, DNS_FINE},
                                              {"long.test", DNS_A, "10.0.0.1", 86400, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct lookup l;
  assert_int_equal(look_up("brief.test", false, &l), 0);
  assert_int_equal(look_up("brief.test", false, &l), 1);
  assert_int_equal(look_up("long.test", false, &l), 0);
  assert_int_equal(look_up("long.test", true, &l), 0); /* a retry looks again */
  uint64_t until = uv_now(&w.loop) + 1050;
  while (uv_now(&w.loop) < until)
    uv_run(&w.loop, UV_RUN_NOWAIT);
  assert_int_equal(look_up("brief.test", false, &l), 0);
  assert_int_equal(look_up("long.test", false, &l), 1);
  finish(NULL);
}

static void test_failures(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"fail.test", DNS_ANY, NULL, 0, DNS_SERVFAIL},
                                              {"no.test", DNS_ANY, NULL, 0, DNS_REFUSED},
                                              {"mx.test", 15, NULL, 60, DNS_FINE},
                                              {"half.test", DNS_A, "10.0.0.1", 60, DNS_FINE},
                                              {"half.test", DNS_AAAA, NULL, 0, DNS_SERVFAIL},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct lookup l;
  look_up("absent.test", false, &l);
  assert_int_equal(l.status, UV_EAI_NONAME);
  assert_string_equal(l.why, "Domain name not found");
  look_up("fail.test", false, &l);
  assert_true(l.status < 0);
  look_up("no.test", false, &l);
  assert_true(l.status < 0);
  look_up("mx.test", false, &l);
  assert_true(l.status == UV_EAI_NODATA || l.status == UV_EAI_NONAME);
  look_up("half.test", false, &l);
  assert_int_equal(l.status, 0);
  assert_string_equal(text(&l.addresses), "10.0.0.1");
  look_up("a..test", false, &l);
  assert_true(l.status < 0);
  char longest[400];
  memset(longest, 'a', sizeof longest);
  longest[399] = '\0';
  look_up(longest, false, &l);
  assert_true(l.status < 0);
  finish(NULL);
}

/* Asked afresh in vain: what is known and still holds is used. */
static void test_known_name_outlives_its_server(void **state) {
  (void)state;
  static const struct dns_record fine[] = {{"a.test", DNS_A, "10.0.0.1", 60, DNS_FINE},
                                           {NULL, 0, NULL, 0, DNS_FINE}},
                                 broken[] = {{"a.test", DNS_ANY, NULL, 0, DNS_SERVFAIL},
                                             {NULL, 0, NULL, 0, DNS_FINE}};
  begin(fine);
  struct lookup l;
  look_up("a.test", false, &l);
  dns.records = broken;
  look_up("a.test", true, &l);
  assert_int_equal(l.status, 0);
  assert_string_equal(text(&l.addresses), "10.0.0.1");
  finish(NULL);
}

static void test_one_question_for_many(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"a.test", DNS_A, "10.0.0.1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct lookup many[20];
  memset(many, 0, sizeof many);
  for (int i = 0; i < 20; i++) {
    many[i].query.done = on_done;
    assert_int_equal(
        tcx__dns_lookup(w.net, "a.test", i % 2 == 1, &many[i].query, &many[i].addresses), 0);
  }
  tcx__dns_cancel(&many[7].query);
  tcx__dns_cancel(&many[0].query);
  tcx__dns_cancel(&many[19].query);
  turn_until(&w, &many[18].over);
  for (int i = 0; i < 20; i++)
    assert_int_equal(many[i].over, i != 7 && i != 0 && i != 19);
  assert_int_equal(dns.queries, 2);
  finish(NULL);
}

static void test_cache_is_bounded(void **state) {
  (void)state;
  static struct dns_record records[400];
  static char names[400][16];
  for (int i = 0; i < 399; i++) {
    snprintf(names[i], sizeof names[i], "n%d.test", i);
    records[i] = (struct dns_record){names[i], DNS_A, "10.0.0.1", 60, DNS_FINE};
  }
  begin(records);
  struct lookup l;
  for (int i = 0; i < 399; i++)
    look_up(names[i], false, &l);
  assert_int_equal(look_up(names[398], false, &l), 1);
  assert_int_equal(look_up(names[200], false, &l), 1);
  assert_int_equal(look_up(names[0], false, &l), 0);
  finish(NULL);
}

/* A silent server, and the network closed meanwhile: nothing is left. */
static void test_close_while_asking(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"slow.test", DNS_ANY, NULL, 0, DNS_SILENT},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct probe p = {0};
  probe_start(&p, &w, "slow.test", 80, false);
  turn(&w, 5);
  assert_false(p.over);
  world_close_pool(&w);
  assert_int_equal(p.status, TCX_ECLOSING);
  probe_free(&p);
  finish(NULL);
}

static void test_bad_dns_servers(void **state) {
  (void)state;
  struct tcx_net_options net = {.dns_servers = "not an address"};
  struct tcx_pool_options pool = {
      .max_connections = 8, .connect_timeout_ms = 5000, .idle_ms = 10000};
  world_open_with(&w, &net, &pool);
  struct probe p = {0};
  probe_start(&p, &w, "a.test", 80, false);
  assert_false(p.over);
  probe_wait(&p);
  assert_int_equal(p.status, TCX_ECONFIG);
  assert_int_equal(p.phase, TCX_PHASE_DNS);
  probe_free(&p);
  world_close(&w, NULL);
}

/* ---- dialing by name ---- */

static void test_get_by_name(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"s3.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct fault_server server;
  fault_server_start(&server, &w.loop, hellos, 1, NULL);
  struct probe p = {0};
  probe_start(&p, &w, "s3.test", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "hello");
  assert_true(p.lease.times.dns_us > 0);
  probe_free(&p);
  probe_start(&p, &w, "none.test", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, UV_EAI_NONAME);
  assert_int_equal(p.phase, TCX_PHASE_DNS);
  assert_string_equal(p.why, "could not look up none.test: Domain name not found");
  probe_free(&p);
  finish(&server);
}

/* One address refuses: the other one serves, and the refusing one rests. */
static void test_second_address(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"two.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"two.test", DNS_AAAA, "::1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct fault_server server;
  fault_server_start(&server, &w.loop, hellos, 1, NULL);
  for (int i = 0; i < 3; i++) {
    struct probe p = {.fresh = true};
    probe_start(&p, &w, "two.test", server.port, false);
    probe_wait(&p);
    assert_int_equal(p.status, 0);
    probe_free(&p);
  }
  struct lookup l;
  look_up("two.test", false, &l);
  assert_string_equal(text(&l.addresses), "127.0.0.1 ::1");
  finish(&server);
}

static void test_ipv6(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"six.test", DNS_AAAA, "::1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  uv_loop_t probe_loop;
  uv_tcp_t tcp;
  struct sockaddr_in6 at;
  assert_int_equal(uv_loop_init(&probe_loop), 0);
  assert_int_equal(uv_ip6_addr("::1", 0, &at), 0);
  assert_int_equal(uv_tcp_init(&probe_loop, &tcp), 0);
  bool has_ipv6 = uv_tcp_bind(&tcp, (struct sockaddr *)&at, 0) == 0 &&
                  uv_listen((uv_stream_t *)&tcp, 1, NULL) == 0;
  uv_close((uv_handle_t *)&tcp, NULL);
  uv_run(&probe_loop, UV_RUN_DEFAULT);
  uv_loop_close(&probe_loop);
  if (!has_ipv6) {
    print_message("no IPv6 loopback here\n");
    skip();
  }
  begin(records);
  struct fault_server server;
  fault_server_start_at(&server, &w.loop, "::1", 0, hellos, 1, NULL);
  static const char *const hosts[] = {"six.test", "::1", "localhost"};
  for (int i = 0; i < 3; i++) {
    struct probe p = {0};
    probe_start(&p, &w, hosts[i], server.port, false);
    probe_wait(&p);
    assert_int_equal(p.status, 0);
    probe_free(&p);
  }
  finish(&server);
}

/* A listener whose queue is full: the system drops what would connect to it, so that a connect
 * never ends. */
struct full {
  int listener, fillers[8];
};

static int full_open(struct full *f, const char *address, int port) {
  struct sockaddr_in at;
  socklen_t size = sizeof at;
  assert_int_equal(uv_ip4_addr(address, port, &at), 0);
  f->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(f->listener, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(listen(f->listener, 0), 0);
  assert_int_equal(getsockname(f->listener, (struct sockaddr *)&at, &size), 0);
  for (int i = 0; i < 8; i++) {
    f->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(f->fillers[i], (struct sockaddr *)&at, sizeof at);
  }
  return ntohs(at.sin_port);
}

static void full_close(struct full *f) {
  for (int i = 0; i < 8; i++)
    close(f->fillers[i]);
  close(f->listener);
}

/* The first address does not answer at all: after 250 ms the second is tried beside it, and
 * wins. */
static void test_race(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"race.test", DNS_A, "127.0.0.2", 60, DNS_FINE},
                                              {"race.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct fault_server server;
  struct full full;
  fault_server_start(&server, &w.loop, hellos, 1, NULL);
  full_open(&full, "127.0.0.2", server.port);
  struct probe p = {0};
  probe_start(&p, &w, "race.test", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  assert_in_range(p.lease.times.connect_us, 240000, 4000000);
  assert_int_equal(server.accepted, 1);
  struct tcx_pool_stats stats;
  tcx__pool_get_stats(w.pool, &stats);
  assert_int_equal(stats.connections, 1); /* the loser is closed */
  assert_int_equal(stats.connects, 1);
  probe_free(&p);
  full_close(&full);
  finish(&server);
}

static void test_refused(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"two.test", DNS_A, "127.0.0.1", 60, DNS_FINE},
                                              {"two.test", DNS_A, "127.0.0.2", 60, DNS_FINE},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  struct probe p = {0};
  probe_start(&p, &w, "127.0.0.1", 1, false);
  assert_false(p.over);
  probe_wait(&p);
  assert_int_equal(p.status, UV_ECONNREFUSED);
  assert_int_equal(p.phase, TCX_PHASE_CONNECT);
  assert_string_equal(p.why, "could not connect to 127.0.0.1:1: connection refused");
  probe_free(&p);
  probe_start(&p, &w, "two.test", 1, false);
  probe_wait(&p);
  assert_string_equal(p.why, "could not connect to two.test:1 (2 addresses): connection refused");
  probe_free(&p);
  finish(NULL);
}

static void test_connect_timeouts(void **state) {
  (void)state;
  static const struct dns_record records[] = {{"slow.test", DNS_ANY, NULL, 0, DNS_SILENT},
                                              {NULL, 0, NULL, 0, DNS_FINE}};
  begin(records);
  world_close_pool(&w);
  w.pool_closed = false;
  struct tcx_pool_options pool = {.max_connections = 8, .connect_timeout_ms = 50, .idle_ms = 10000};
  assert_int_equal(tcx__pool_new(w.net, &pool, &w.pool), 0);
  struct probe p = {0};
  struct full full;
  int port = full_open(&full, "127.0.0.3", 0);
  probe_start(&p, &w, "127.0.0.3", port, false);
  probe_wait(&p);
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_CONNECT);
  assert_non_null(strstr(p.why, "within 50 ms: no address answered"));
  probe_free(&p);
  full_close(&full);
  probe_start(&p, &w, "slow.test", 80, false);
  probe_wait(&p);
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_DNS);
  assert_non_null(
      strstr(p.why, "could not connect to slow.test:80 within 50 ms: its name was not resolved"));
  probe_free(&p);
  finish(NULL);
}

int main(void) {
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_a_query),      cmocka_unit_test(test_addresses_turn),
      cmocka_unit_test(test_failed_address_rests), cmocka_unit_test(test_ttl),
      cmocka_unit_test(test_failures),             cmocka_unit_test(test_known_name_outlives_its_server),
      cmocka_unit_test(test_one_question_for_many), cmocka_unit_test(test_cache_is_bounded),
      cmocka_unit_test(test_close_while_asking),   cmocka_unit_test(test_bad_dns_servers),
      cmocka_unit_test(test_get_by_name),          cmocka_unit_test(test_second_address),
      cmocka_unit_test(test_ipv6),                 cmocka_unit_test(test_race),
      cmocka_unit_test(test_refused),              cmocka_unit_test(test_connect_timeouts),
  };
  /* clang-format on */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
