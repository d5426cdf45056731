/* The pool with real sockets: the queue, limits, timeouts, cancelling, closing. */
#include "probe.h"
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
static const struct fault_step later[] = {DO(REQUEST), DO_N(WAIT, 2), SEND(HELLO), DO(AGAIN)};
static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
static const struct fault_step *const hellos[] = {hello}, *const laters[] = {later},
                                      *const silents[] = {silent};

static struct world w;
static struct fault_server server;

static void begin(const struct fault_step *const *scripts, struct tcx_pool_options pool) {
  struct tcx_net_options net = {0};
  if (pool.connect_timeout_ms == 0)
    pool.connect_timeout_ms = 10000;
  if (pool.idle_ms == 0)
    pool.idle_ms = 10000;
  world_open_with(&w, &net, &pool);
  fault_server_start(&server, &w.loop, scripts, 1, NULL);
}

static void finish(void) { world_close(&w, &server); }

static struct tcx_pool_stats stats(void) {
  struct tcx_pool_stats s;
  tcx__pool_get_stats(w.pool, &s);
  return s;
}

static unsigned order_of[10000], ended;

static void note_order(struct probe *p) { order_of[ended++] = (unsigned)(uintptr_t)p->hook; }

/* 500 requests on 4 connections: in order, and no more connects than connections. */
static void test_queue(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 4});
  static struct probe p[500];
  memset(p, 0, sizeof p);
  ended = 0;
  for (unsigned i = 0; i < 500; i++) {
    p[i].hook = (void *)(uintptr_t)i;
    p[i].on_over = note_order;
    probe_start(&p[i], &w, "127.0.0.1", server.port, false);
    assert_false(p[i].at_once);
  }
  assert_int_equal(stats().connections, 4);
  assert_int_equal(stats().queued, 500);
  for (unsigned i = 0; i < 500; i++) {
    probe_wait(&p[i]);
    assert_int_equal(p[i].status, 0);
  }
  for (unsigned i = 0; i < 500; i++)
    assert_true(order_of[i] + 4 >= i && order_of[i] <= i + 4);
  assert_int_equal(stats().connects, 4);
  assert_int_equal(stats().idle, 4);
  assert_int_equal(stats().queued, 0);
  assert_int_equal(server.accepted, 4);
  assert_true(p[499].lease.times.queue_us > 0 && p[499].lease.times.reused);
  for (unsigned i = 0; i < 500; i++)
    probe_free(&p[i]);
  finish();
}

/* Three targets at max_connections 1: all are served, closing what is idle for the others. */
static void test_one_connection_for_three_targets(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 1});
  static struct probe p[60];
  memset(p, 0, sizeof p);
  static const char *const hosts[] = {"127.0.0.1", "localhost", "a.localhost"};
  for (unsigned i = 0; i < 60; i++)
    probe_start(&p[i], &w, hosts[i % 3], server.port, false);
  for (unsigned i = 0; i < 60; i++) {
    probe_wait(&p[i]);
    assert_int_equal(p[i].status, 0);
    probe_free(&p[i]);
  }
  assert_int_equal(stats().connections, 1);
  assert_true(server.accepted >= 3 && server.accepted < 30);
  finish();
}

static void test_acquire_timeout(void **state) {
  (void)state;
  begin(silents, (struct tcx_pool_options){.max_connections = 1});
  struct probe holds = {.read_timeout_ms = 200}, waits = {.acquire_timeout_ms = 30};
  probe_start(&holds, &w, "127.0.0.1", server.port, false);
  probe_start(&waits, &w, "127.0.0.1", server.port, false);
  probe_wait(&waits);
  assert_int_equal(waits.status, TCX_EPOOL);
  assert_int_equal(waits.phase, TCX_PHASE_POOL);
  assert_non_null(strstr(waits.why, "became free in time: all 1 are in use"));
  assert_false(holds.over);
  assert_int_equal(stats().queued, 0);
  probe_wait(&holds);
  assert_int_equal(holds.status, UV_ETIMEDOUT);
  probe_free(&holds);
  probe_free(&waits);
  finish();
}

static void test_idle_timeout(void **state) {
  (void)state;
  begin(laters, (struct tcx_pool_options){.max_connections = 4, .idle_ms = 40});
  struct probe p[3];
  memset(p, 0, sizeof p);
  for (int i = 0; i < 3; i++)
    probe_start(&p[i], &w, "127.0.0.1", server.port, false);
  for (int i = 0; i < 3; i++) {
    probe_wait(&p[i]);
    probe_free(&p[i]);
  }
  assert_int_equal(stats().idle, 3);
  uint64_t then = uv_now(&w.loop);
  while (stats().connections > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_in_range(uv_now(&w.loop) - then, 30, 1000);
  finish();
}

/* The newest idle connection is used first, so that the others can age. */
static void test_lifo(void **state) {
  (void)state;
  begin(laters, (struct tcx_pool_options){.max_connections = 4});
  struct probe p[3];
  memset(p, 0, sizeof p);
  struct tcx_conn *last = NULL;
  for (int i = 0; i < 3; i++)
    probe_start(&p[i], &w, "127.0.0.1", server.port, false);
  for (int i = 0; i < 3; i++)
    probe_wait(&p[i]);
  for (int round = 0; round < 5; round++) {
    struct probe q = {0};
    probe_start(&q, &w, "127.0.0.1", server.port, false);
    assert_true(q.at_once);
    assert_true(last == NULL || q.conn == last);
    last = q.conn;
    probe_wait(&q);
    probe_free(&q);
  }
  for (int i = 0; i < 3; i++)
    probe_free(&p[i]);
  finish();
}

static void test_fresh(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 2});
  struct probe p = {0};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  probe_wait(&p);
  probe_free(&p);
  for (unsigned i = 0; i < 4; i++) { /* at the limit the idle ones make room */
    p.fresh = true;
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    assert_false(p.at_once);
    probe_wait(&p);
    assert_int_equal(p.status, 0);
    assert_false(p.reused);
    assert_int_equal(server.accepted, i + 2);
    assert_true(stats().connections <= 2);
    probe_free(&p);
  }
  finish();
}

/* ---- cancelling ---- */

static void test_cancel(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 2});
  struct probe a = {0}, b = {0}, c = {0};
  probe_start(&a, &w, "127.0.0.1", server.port, false);
  probe_start(&b, &w, "127.0.0.1", server.port, false);
  probe_start(&c, &w, "127.0.0.1", server.port, false);
  assert_int_equal(stats().connections, 2);
  tcx__lease_cancel(&a.lease); /* its connection goes on for c */
  tcx__lease_cancel(&a.lease);
  assert_int_equal(stats().connections, 2);
  probe_wait(&b);
  probe_wait(&c);
  assert_int_equal(b.status, 0);
  assert_int_equal(c.status, 0);
  assert_false(a.over);
  assert_int_equal(server.accepted, 2);
  tcx__lease_cancel(&c.lease);
  probe_free(&a);
  probe_free(&b);
  probe_free(&c);
  /* Nobody else wants it: the connection that is being made is closed. */
  probe_start(&a, &w, "localhost", server.port, false);
  tcx__lease_cancel(&a.lease);
  assert_int_equal(stats().queued, 0);
  turn(&w, 10);
  assert_false(a.over);
  probe_free(&a);
  finish();
}

static void give_back(struct probe *p) {
  unsigned queued = stats().queued;
  tcx__conn_release(p->conn, *(bool *)p->hook);
  assert_int_equal(stats().queued, queued); /* nobody is served from inside */
  probe_over(p, 0, TCX_PHASE_NONE, "");
}

static void test_release(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 1});
  bool reusable = true, not_reusable = false;
  struct probe a = {.hook = &reusable, .on_ready = give_back},
               b = {.hook = &not_reusable, .on_ready = give_back}, c = {0};
  probe_start(&a, &w, "127.0.0.1", server.port, false);
  probe_start(&b, &w, "127.0.0.1", server.port, false);
  probe_start(&c, &w, "127.0.0.1", server.port, false);
  probe_wait(&a);
  probe_wait(&b);
  probe_wait(&c);
  assert_int_equal(c.status, 0);
  assert_int_equal(server.accepted, 2);
  probe_free(&a);
  probe_free(&b);
  probe_free(&c);
  finish();
}

/* ---- failures for many ---- */

static void test_refused_for_all(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 3});
  static struct probe p[50];
  memset(p, 0, sizeof p);
  for (int i = 0; i < 50; i++)
    probe_start(&p[i], &w, "127.0.0.1", 1, false);
  for (int i = 0; i < 50; i++) {
    probe_wait(&p[i]);
    assert_int_equal(p[i].status, UV_ECONNREFUSED);
    probe_free(&p[i]);
  }
  assert_int_equal(stats().connections, 0);
  assert_int_equal(stats().queued, 0);
  finish();
}

static void start_another(struct probe *p) {
  struct probe *other = p->hook;
  p->hook = NULL;
  if (other != NULL)
    probe_start(other, p->world, "127.0.0.1", server.port, false);
}

/* In end the connection is already free: the next request takes it at once. In failed too, anything
 * goes. */
static void test_start_from_end(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 1});
  struct probe b = {0}, a = {.hook = &b, .on_over = start_another};
  probe_start(&a, &w, "127.0.0.1", server.port, false);
  probe_wait(&a);
  assert_true(b.at_once);
  probe_wait(&b);
  assert_true(b.reused);
  probe_free(&a);
  probe_free(&b);
  a = (struct probe){.hook = &b, .on_over = start_another};
  probe_start(&a, &w, "127.0.0.1", 1, false);
  probe_wait(&a);
  assert_int_equal(a.status, UV_ECONNREFUSED);
  probe_wait(&b);
  assert_int_equal(b.status, 0);
  probe_free(&a);
  probe_free(&b);
  finish();
}

/* Who waits longer is served first: an end callback cannot overtake the queue. */
static void test_end_does_not_overtake(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 1});
  struct probe c = {0}, a = {.hook = &c, .on_over = start_another}, b = {0};
  probe_start(&a, &w, "127.0.0.1", server.port, false);
  probe_start(&b, &w, "127.0.0.1", server.port, false);
  probe_wait(&a);
  assert_false(c.at_once);
  probe_wait(&b);
  assert_false(c.over);
  probe_wait(&c);
  probe_free(&a);
  probe_free(&b);
  probe_free(&c);
  finish();
}

/* ---- closing ---- */

static void acquire_again(struct probe *p) {
  struct probe *other = p->hook;
  p->hook = NULL;
  if (other != NULL)
    probe_start(other, p->world, "127.0.0.1", server.port, false);
}

static void test_close(void **state) {
  (void)state;
  begin(silents, (struct tcx_pool_options){.max_connections = 2});
  struct probe late = {0}, busy = {.hook = &late, .on_over = acquire_again}, dialing = {0},
               queued = {0};
  probe_start(&busy, &w, "127.0.0.1", server.port, false);
  while (server.requests == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  probe_start(&dialing, &w, "localhost", server.port, false);
  probe_start(&queued, &w, "127.0.0.1", server.port, false);
  tcx__pool_close(w.pool, world_pool_closed, &w);
  assert_int_equal(busy.status, TCX_ECLOSING); /* from inside */
  assert_int_equal(dialing.status, TCX_ECLOSING);
  assert_int_equal(queued.status, TCX_ECLOSING);
  assert_false(late.over);
  turn_until(&w, &w.pool_closed);
  assert_int_equal(late.status, TCX_ECLOSING); /* what comes while it closes fails too, later */
  probe_free(&busy);
  probe_free(&dialing);
  probe_free(&queued);
  probe_free(&late);
  finish();
}

/* The pool is closed from the very callback that brings the connection, and the exchange started
 * all the same: it fails, later. */
static void close_then_start(struct probe *p) {
  tcx__pool_close(w.pool, world_pool_closed, &w);
  p->on_ready = NULL;
  probe_begin(p, p->conn);
  tcx__exchange_pause(&p->x);
  tcx__exchange_unpause(&p->x);
  tcx__exchange_resume(&p->x);
  assert_false(p->over);
}

static void test_start_on_closed(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 2});
  struct probe p = {.on_ready = close_then_start};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, TCX_ECLOSING);
  turn_until(&w, &w.pool_closed);
  probe_free(&p);
  finish();
}

/* Requests under way hold nothing: whether the loop lives is the session's business. */
static void test_loop_is_not_held(void **state) {
  (void)state;
  begin(silents, (struct tcx_pool_options){.max_connections = 2});
  struct probe p = {.read_timeout_ms = 100000};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  uv_timer_stop(&w.watchdog);
  uv_unref((uv_handle_t *)&server.listener);
  assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0);
  assert_false(p.over);
  uv_ref((uv_handle_t *)&server.listener);
  uv_timer_start(&w.watchdog, watchdog_barked, 20000, 0);
  world_close_pool(&w);
  probe_free(&p);
  finish();
}

/* ---- a peer that is gone raises no signal ---- */

static void test_no_sigpipe(void **state) {
  (void)state;
  begin(hellos, (struct tcx_pool_options){.max_connections = 2});
  signal(SIGPIPE, SIG_DFL); /* the server's side of this test uses plain calls */
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(listener, 10), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
  static char big[1 << 20];
  memset(big, 'x', sizeof big - 1);
  for (int i = 0; i < 3; i++) {
    struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 67108800\r\n\r\n",
                      .has_body = true,
                      .body = big,
                      .body_times = 64};
    probe_start(&p, &w, "127.0.0.1", ntohs(at.sin_port), false);
    int fd = accept(listener, NULL, NULL);
    while (p.pulls < 2)
      uv_run(&w.loop, UV_RUN_ONCE);
    if (i == 1)
      shutdown(fd, SHUT_RDWR);
    close(fd);
    probe_wait(&p);
    assert_true(p.status == UV_ECONNRESET || p.status == UV_EPIPE);
    assert_true(p.phase == TCX_PHASE_SEND);
    probe_free(&p);
  }
  close(listener);
  signal(SIGPIPE, SIG_IGN);
  finish();
}

/* ---- very many ---- */

static void test_two_thousand(void **state) {
  (void)state;
  begin(laters, (struct tcx_pool_options){.max_connections = 300});
  static struct probe p[2000];
  memset(p, 0, sizeof p);
  for (int i = 0; i < 2000; i++)
    probe_start(&p[i], &w, "127.0.0.1", server.port, false);
  assert_int_equal(stats().connections, 300);
  for (int i = 0; i < 2000; i++) {
    probe_wait(&p[i]);
    assert_int_equal(p[i].status, 0);
    probe_free(&p[i]);
  }
  assert_int_equal(stats().connects, 300);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_queue),
      cmocka_unit_test(test_one_connection_for_three_targets),
      cmocka_unit_test(test_acquire_timeout),
      cmocka_unit_test(test_idle_timeout),
      cmocka_unit_test(test_lifo),
      cmocka_unit_test(test_fresh),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_release),
      cmocka_unit_test(test_refused_for_all),
      cmocka_unit_test(test_start_from_end),
      cmocka_unit_test(test_end_does_not_overtake),
      cmocka_unit_test(test_close),
      cmocka_unit_test(test_start_on_closed),
      cmocka_unit_test(test_loop_is_not_held),
      cmocka_unit_test(test_no_sigpipe),
      cmocka_unit_test(test_two_thousand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
