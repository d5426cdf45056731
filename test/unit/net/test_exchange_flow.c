/* What flows in an exchange, and when: uploads, 100-continue, pauses, ends from inside callbacks,
 * turns of the loop. */
#include "exchange_help.h"

/* ---- uploads ---- */

static const char window[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void test_upload(void **state) {
  (void)state;
  static const struct fault_step script[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
  struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 6400000\r\n\r\n",
                    .has_body = true,
                    .body = window,
                    .body_step = 37,
                    .body_times = 100000,
                    .dry_every = 1000};
  run(script, &p);
  assert_int_equal(p.status, 0);
  assert_true(p.upload_done);
  assert_int_equal(server.received, strlen(p.request) + 6400000);
  assert_int_equal(server.requests, 1);
  assert_int_equal(connections(), 1);
  probe_free(&p);
  finish();
}

/* The server reads nothing for a while: the socket fills, the pulls stop, and all arrives in the
 * end. */
static void test_upload_blocked(void **state) {
  (void)state;
  static char big[1 << 20];
  memset(big, 'x', sizeof big - 1);
  static const struct fault_step script[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
  struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 67108800\r\n\r\n",
                    .has_body = true,
                    .body = big,
                    .body_times = 64};
  run(script, &p);
  assert_int_equal(p.status, 0);
  assert_int_equal(server.received, strlen(p.request) + 64 * (sizeof big - 1));
  probe_free(&p);
  finish();
}

static void test_upload_stalls(void **state) {
  (void)state;
  static char big[1 << 20];
  memset(big, 'x', sizeof big - 1);
  static const struct fault_step script[] = {DO(HEAD), DO(STOP_READING), DO(END)};
  struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 67108800\r\n\r\n",
                    .has_body = true,
                    .body = big,
                    .body_times = 64,
                    .read_timeout_ms = 50};
  run(script, &p);
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_SEND);
  assert_non_null(strstr(p.why, "while the request was being sent"));
  assert_true(p.sent && !p.upload_done);
  probe_free(&p);
  finish();
}

/* The program's own source being slow is not the server's silence. */
static bool source_open;

static int pull_when_open(struct tcx_exchange *x, uv_buf_t *out, unsigned *n) {
  probe_of(x)->pulls++;
  return source_open ? probe_pull(x, out, n) : TCX_EAGAIN;
}

static void open_source(uv_timer_t *timer) {
  struct probe *p = timer->data;
  source_open = true;
  tcx__exchange_resume(&p->x);
}

static void begin_slow_upload(struct probe *p) {
  static struct tcx_exchange_ops ops;
  ops = probe_exchange_ops;
  ops.pull = pull_when_open;
  p->x.ops = &ops;
  p->x.arena = p->arena;
  p->x.read_timeout_ms = 20;
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p->request, (unsigned)strlen(p->request));
  tcx__exchange_start(&p->x, p->conn, &buf, 1, true);
}

static void test_slow_source(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {hello};
  begin(scripts, 1);
  struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 64\r\n\r\n",
                    .body = window,
                    .body_times = 1,
                    .on_ready = begin_slow_upload};
  uv_timer_t late;
  uv_timer_init(&w.loop, &late);
  late.data = &p;
  source_open = false;
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  while (p.pulls == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  uv_timer_start(&late, open_source, 100, 0);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  uv_close((uv_handle_t *)&late, NULL);
  probe_free(&p);
  finish();
}

static int pull_fails(struct tcx_exchange *x, uv_buf_t *out, unsigned *n) {
  (void)x, (void)out, (void)n;
  return TCX_EBODY;
}

static void begin_failing_body(struct probe *p) {
  static struct tcx_exchange_ops ops;
  ops = probe_exchange_ops;
  ops.pull = pull_fails;
  p->x.ops = &ops;
  p->x.arena = p->arena;
  p->x.read_timeout_ms = TCX_NEVER;
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)GET, sizeof GET - 1);
  tcx__exchange_start(&p->x, p->conn, &buf, 1, true);
  assert_false(p->over);
}

static void test_body_fails(void **state) {
  (void)state;
  struct probe p = {.on_ready = begin_failing_body};
  run(hello, &p);
  assert_int_equal(p.status, TCX_EBODY);
  assert_int_equal(p.phase, TCX_PHASE_SEND);
  probe_free(&p);
  finish();
}

#define REFUSED "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope"

/* The answer comes while the upload is under way: it is delivered, the upload stops, the connection
 * is closed. */
static void test_early_answer(void **state) {
  (void)state;
  static char big[1 << 20];
  memset(big, 'x', sizeof big - 1);
  struct fault_step scripts[3][5] = {
      {DO(HEAD), SEND(REFUSED), DO(END)},
      {DO(HEAD), DO(STOP_READING), SEND(REFUSED), DO(END)},
      {DO(HEAD), SEND(REFUSED), DO(FINISH), DO(CLOSE)},
  };
  for (int i = 0; i < 3; i++) {
    struct probe p = {.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 67108800\r\n\r\n",
                      .has_body = true,
                      .body = big,
                      .body_times = 64};
    run(scripts[i], &p);
    if (p.status != 0)
      fail_msg("script %d: %d %s", i, p.status, p.why);
    assert_int_equal(p.http_status, 403);
    assert_string_equal(p.data, "nope");
    assert_false(p.upload_done);
    assert_int_equal(connections(), 0);
    probe_free(&p);
    finish();
  }
}

/* ---- Expect: 100-continue ---- */

#define EXPECTING "PUT /a HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 64\r\n\r\n"

static void test_continue(void **state) {
  (void)state;
  static const struct fault_step yes[] = {DO(HEAD),        SEND("HTTP/1.1 102 Processing\r\n\r\n"),
                                          DO_N(WAIT, 10),  SEND("HTTP/1.1 100 Continue\r\n\r\n"),
                                          DO_N(BYTES, 64), SEND(HELLO),
                                          DO(AGAIN)},
                                 silent[] = {DO(HEAD), DO_N(BYTES, 64), SEND(HELLO), DO(AGAIN)},
                                 no[] = {DO(HEAD), SEND(REFUSED), DO(END)};
  struct probe p = {.request = EXPECTING,
                    .has_body = true,
                    .body = window,
                    .body_times = 1,
                    .continue_timeout_ms = 10000};
  run(yes, &p);
  assert_int_equal(p.status, 0);
  assert_int_equal(p.http_status, 200);
  assert_true(p.upload_done && p.pulls > 0);
  assert_int_equal(connections(), 1);
  probe_free(&p);
  finish();

  p = (struct probe){.request = EXPECTING,
                     .has_body = true,
                     .body = window,
                     .body_times = 1,
                     .continue_timeout_ms = 20};
  run(silent, &p);
  assert_int_equal(p.status, 0);
  assert_true(p.upload_done && p.pulls > 0);
  probe_free(&p);
  finish();

  p = (struct probe){.request = EXPECTING,
                     .has_body = true,
                     .body = window,
                     .body_times = 1,
                     .continue_timeout_ms = 10000};
  run(no, &p);
  assert_int_equal(p.status, 0);
  assert_int_equal(p.http_status, 403);
  assert_int_equal(p.pulls, 0);
  assert_false(p.upload_done);
  assert_int_equal(connections(), 0);
  probe_free(&p);
  finish();
}

/* ---- pausing ---- */

static void count_data(struct probe *p, const char *bytes, size_t n) {
  (void)bytes;
  p->data_len += n;
}

/* While it is paused the socket is not read: the server cannot send without end. */
static void test_pause_stops_the_server(void **state) {
  (void)state;
  static char big[65536];
  memset(big, 'x', sizeof big - 1);
  struct fault_step script[] = {DO(REQUEST),
                                SEND("HTTP/1.1 200 OK\r\nContent-Length: 104856000\r\n\r\n"),
                                FILL(big, 1600), DO(AGAIN)};
  const struct fault_step *const scripts[] = {script};
  begin(scripts, 1);
  struct probe p = {.on_data = count_data};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  while (p.data_len == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx__exchange_pause(&p.x);
  size_t before = p.data_len;
  turn(&w, 200);
  assert_int_equal(p.data_len, before);
  tcx__exchange_unpause(&p.x);
  assert_int_equal(p.data_len, before);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  assert_int_equal(p.data_len, 1600 * (sizeof big - 1));
  probe_free(&p);
  finish();
}

/* ---- ending things from inside callbacks ---- */

static void abort_it(struct probe *p) {
  tcx__exchange_abort(&p->x);
  tcx__exchange_abort(&p->x);
  tcx__exchange_pause(&p->x);
  tcx__exchange_unpause(&p->x);
  tcx__exchange_resume(&p->x);
  *(bool *)p->hook = true;
}

static void abort_it_data(struct probe *p, const char *bytes, size_t n) {
  (void)bytes, (void)n;
  abort_it(p);
}

static void test_abort_inside(void **state) {
  (void)state;
  for (int where = 0; where < 2; where++) {
    const struct fault_step *const scripts[] = {hello};
    begin(scripts, 1);
    bool aborted = false;
    struct probe p = {.hook = &aborted};
    if (where == 0)
      p.on_head = abort_it;
    else
      p.on_data = abort_it_data;
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    turn_until(&w, &aborted);
    turn(&w, 10);
    assert_false(p.over);
    assert_int_equal(connections(), 0);
    probe_free(&p);
    finish();
  }
}

static void close_pool(struct probe *p) {
  if (p->world->pool_closed || *(bool *)p->hook)
    return;
  *(bool *)p->hook = true;
  tcx__pool_close(p->world->pool, world_pool_closed, p->world);
}

static void close_pool_data(struct probe *p, const char *bytes, size_t n) {
  (void)bytes, (void)n;
  close_pool(p);
}

static void test_close_pool_inside(void **state) {
  (void)state;
  for (int where = 0; where < 4; where++) {
    const struct fault_step *const scripts[] = {hello};
    begin(scripts, 1);
    bool closing = false;
    struct probe p = {.hook = &closing}, other = {0}, waiting = {0};
    if (where == 0)
      p.on_head = close_pool;
    else if (where == 1)
      p.on_data = close_pool_data;
    else if (where == 2)
      p.on_over = close_pool;
    else
      p.on_ready = close_pool;
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    probe_start(&other, &w, "127.0.0.1", server.port, false);
    probe_start(&waiting, &w, "127.0.0.2", server.port, false);
    turn_until(&w, &w.pool_closed);
    assert_true(where == 3 || p.over);
    assert_true(where == 2 ? p.status == 0 : where == 3 || p.status == TCX_ECLOSING);
    assert_true(other.over && waiting.over);
    probe_free(&p);
    probe_free(&other);
    probe_free(&waiting);
    finish();
  }
}

/* fairness: what happens in one turn of the loop is bounded, so that its timers stay in time. */

static size_t turn_bytes, turn_worst;

static void on_turn(uv_prepare_t *prepare) {
  (void)prepare;
  if (turn_bytes > turn_worst)
    turn_worst = turn_bytes;
  turn_bytes = 0;
}

static void count_turn_data(struct probe *p, const char *bytes, size_t n) {
  count_data(p, bytes, n);
  turn_bytes += n;
}

static int count_turn_pull(struct tcx_exchange *x, uv_buf_t *out, unsigned *n) {
  int rc = probe_pull(x, out, n);
  if (rc == 0 && *n > 0)
    turn_bytes += out[0].len;
  return rc;
}

static void test_download_turns(void **state) {
  (void)state;
  static char big[1 << 16];
  memset(big, 'x', sizeof big - 1);
  struct fault_step script[] = {DO(REQUEST),
                                SEND("HTTP/1.1 200 OK\r\nContent-Length: 67107840\r\n\r\n"),
                                FILL(big, 1024), DO(AGAIN)};
  const struct fault_step *const scripts[] = {script};
  begin(scripts, 1);
  uv_prepare_t prepare;
  uv_prepare_init(&w.loop, &prepare);
  uv_prepare_start(&prepare, on_turn);
  turn_bytes = turn_worst = 0;
  struct probe p = {.on_data = count_turn_data};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  assert_int_equal(p.data_len, 1024 * (sizeof big - 1));
  assert_in_range(turn_worst, 1, 256 * 1024);
  uv_close((uv_handle_t *)&prepare, NULL);
  probe_free(&p);
  finish();
}

static void begin_counted_upload(struct probe *p) {
  static struct tcx_exchange_ops ops;
  ops = probe_exchange_ops;
  ops.pull = count_turn_pull;
  p->x.ops = &ops;
  p->x.arena = p->arena;
  p->x.read_timeout_ms = TCX_NEVER;
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p->request, (unsigned)strlen(p->request));
  tcx__exchange_start(&p->x, p->conn, &buf, 1, true);
}

static void test_upload_turns(void **state) {
  (void)state;
  static char big[1 << 16];
  memset(big, 'x', sizeof big - 1);
  const struct fault_step *const scripts[] = {hello};
  begin(scripts, 1);
  uv_prepare_t prepare;
  uv_prepare_init(&w.loop, &prepare);
  uv_prepare_start(&prepare, on_turn);
  turn_bytes = turn_worst = 0;
  struct probe up[8];
  memset(up, 0, sizeof up);
  for (int i = 0; i < 8; i++) {
    up[i] =
        (struct probe){.request = "PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 4194240\r\n\r\n",
                       .body = big,
                       .body_times = 64,
                       .on_ready = begin_counted_upload};
    probe_start(&up[i], &w, "127.0.0.1", server.port, false);
  }
  for (int i = 0; i < 8; i++) {
    probe_wait(&up[i]);
    assert_int_equal(up[i].status, 0);
    probe_free(&up[i]);
  }
  assert_in_range(turn_worst, 1, 1280 * 1024);
  uv_close((uv_handle_t *)&prepare, NULL);
  finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_upload),         cmocka_unit_test(test_upload_blocked),
      cmocka_unit_test(test_upload_stalls),  cmocka_unit_test(test_slow_source),
      cmocka_unit_test(test_body_fails),     cmocka_unit_test(test_early_answer),
      cmocka_unit_test(test_continue),       cmocka_unit_test(test_pause_stops_the_server),
      cmocka_unit_test(test_abort_inside),   cmocka_unit_test(test_close_pool_inside),
      cmocka_unit_test(test_download_turns), cmocka_unit_test(test_upload_turns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
