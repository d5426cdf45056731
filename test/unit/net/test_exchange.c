/* What an exchange makes of responses: good ones, wrong ones, cut ones, and none. */
#include "exchange_help.h"

static void test_hello_and_reuse(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {hello};
  begin(scripts, 1);
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
  finish();
}

/* ---- what is read in a response ---- */

struct good {
  const char *response;
  int status;
  const char *body;
  bool head_request, closes, reusable;
};

static const struct good goods[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", false, false, true},
    {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", 200, "ab", false, false, true},
    {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab", 200, "ab", false, false, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", 200, "ab", false, false,
     false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab", false, false, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab", 200, "ab", false,
     false, true},
    {"HTTP/1.1 200 OK\r\n\r\nuntil close", 200, "until close", false, true, false},
    {"HTTP/1.1 200 OK\r\n\r\n", 200, "", false, true, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n",
     200, "abcdefg", false, false, true},
    {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\nx-checksum: "
     "1\r\nother: 2\r\n\r\n",
     200, "abc", false, false, true},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", false, false, true},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 204, "", false, false, true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n", 304, "", false,
     false, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, "", true, false, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", true, false, true},
    {"HTTP/1.1 404 Not Found\r\n\r\n", 404, "", true, false, true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 103 Early "
     "Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
     200, "ab", false, false, true},
    {"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
     "2\r\n\r\nab",
     200, "ab", false, false, true},
    {"HTTP/1.0 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab",
     false, false, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n", 200, "ab", false, false,
     false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab\r\n", 200, "ab", false, false, false},
    {"HTTP/1.1 204 No Content\r\n\r\nbody", 204, "", false, false, false},
};

static void check_good(const struct good *g, bool bytewise) {
  struct fault_step script[] = {
      DO(REQUEST), SEND(g->response),
      g->closes ? (struct fault_step)DO(FINISH) : (struct fault_step)DO(END), DO(END)};
  if (bytewise)
    script[1].what = FAULT_SEND_BYTEWISE;
  struct probe p = {.head_request = g->head_request};
  run(script, &p);
  if (p.status != 0 || p.http_status != g->status ||
      strcmp(p.data_len > 0 ? p.data : "", g->body) != 0)
    fail_msg("%s (bytewise %d): %d %s %d \"%s\"", g->response, bytewise, p.status, p.why,
             p.http_status, p.data);
  if (!bytewise && connections() != (g->reusable ? 1 : 0))
    fail_msg("%s: %u connections", g->response, connections());
  probe_free(&p);
  finish();
}

static void test_good_responses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
    check_good(&goods[i], false);
    check_good(&goods[i], true);
  }
}

static void test_headers(void **state) {
  (void)state;
  static const struct fault_step script[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 200 Very OK\r\nX-Amz-Request-Id:  4442587FB7D0A2F9 \t\r\nEmpty:\r\nEmpty2:   "
           "\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nUTF8: \xc3\xa9\r\n"
           "Content-Length:0\r\n\r\n"),
      DO(END)};
  for (int bytewise = 0; bytewise < 2; bytewise++) {
    struct fault_step copy[3];
    memcpy(copy, script, sizeof copy);
    if (bytewise)
      copy[1].what = FAULT_SEND_BYTEWISE;
    struct probe p = {0};
    run(copy, &p);
    assert_int_equal(p.status, 0);
    assert_int_equal(p.headers, 7);
    static const char *const expected[][2] = {{"x-amz-request-id", "4442587FB7D0A2F9"},
                                              {"empty", ""},
                                              {"empty2", ""},
                                              {"set-cookie", "a"},
                                              {"set-cookie", "b"},
                                              {"utf8", "\xc3\xa9"},
                                              {"content-length", "0"}};
    for (unsigned i = 0; i < 7; i++) {
      assert_string_equal(p.head.headers.list[i].name.p, expected[i][0]);
      assert_string_equal(p.head.headers.list[i].value.p, expected[i][1]);
      assert_int_equal(p.head.headers.list[i].value.n, strlen(expected[i][1]));
    }
    assert_string_equal(p.head.reason.p, "Very OK");
    probe_free(&p);
    finish();
  }
}

/* ---- what is refused ---- */

struct bad {
  const char *response;
  bool closes;
  int status;
  const char *why;
};

static const struct bad bads[] = {
    {"", true, UV_ECONNRESET, "closed the connection before it answered"},
    {"garbage\r\n\r\n", false, TCX_EPROTO, "Expected HTTP/ near \"gar"},
    {"<html>", false, TCX_EPROTO, "Expected HTTP/"},
    {"\x16\x03\x01\x02", false, TCX_EPROTO, "Expected HTTP/"},
    {"HTTP/1.1 20x OK\r\n\r\n", false, TCX_EPROTO, "malformed response from 127.0.0.1"},
    {"HTTP/1.1 999 What\r\n\r\n", false, TCX_EPROTO, "the status is not between 100 and 599"},
    {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO, "not HTTP/1"},
    {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", false,
     TCX_EPROTO, "switched protocols"},
    {"HTTP/1.1 200 OK\r\nContent-Len", true, TCX_EPROTO,
     "the connection ended inside the response's head"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true, TCX_EPROTO,
     "the connection ended 7 bytes before the end of the body"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n", false, TCX_EPROTO,
     "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, TCX_EPROTO, "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n", false, TCX_EPROTO, "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n", false, TCX_EPROTO,
     "ontent-"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", false, TCX_EPROTO,
     "out of range"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
     TCX_EPROTO, "Content-Length"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", false,
     TCX_EPROTO, "Content-Length"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false, TCX_EPROTO,
     "Transfer-Encoding is not chunked"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc", false, TCX_EPROTO,
     "Transfer-Encoding is not chunked"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     false, TCX_EPROTO, "ransfer-"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false, TCX_EPROTO,
     "chunk size"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", false,
     TCX_EPROTO, "hunk size"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true, TCX_EPROTO,
     "before the last chunk"},
    {"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\nX:\r\n folded\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
    {"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO, "malformed response"},
    {"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", false, TCX_EPROTO,
     "malformed response"},
};

static void test_bad_responses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
    for (int bytewise = 0; bytewise < 2; bytewise++) {
      const struct bad *b = &bads[i];
      if (b->response[0] == '\0' && bytewise)
        continue;
      struct fault_step script[] = {
          DO(REQUEST), SEND(b->response),
          b->closes ? (struct fault_step)DO(FINISH) : (struct fault_step)DO(END), DO(END)};
      if (bytewise)
        script[1].what = FAULT_SEND_BYTEWISE;
      if (b->response[0] == '\0')
        script[1] = script[2];
      struct probe p = {0};
      run(script, &p);
      if (p.status != b->status || strstr(p.why, b->why) == NULL)
        fail_msg("%s (bytewise %d): %d %s", b->response, bytewise, p.status, p.why);
      assert_int_equal(connections(), 0);
      probe_free(&p);
      finish();
    }
}

static void test_nul_in_head(void **state) {
  (void)state;
  static const char reason[] = "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
                    value[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
                    name[] = "HTTP/1.1 200 OK\r\nX\0: ab\r\nContent-Length: 0\r\n\r\n";
  const struct fault_step steps[3] = {{FAULT_SEND, reason, sizeof reason - 1},
                                      {FAULT_SEND, value, sizeof value - 1},
                                      {FAULT_SEND, name, sizeof name - 1}};
  for (int i = 0; i < 3; i++) {
    struct fault_step script[] = {DO(REQUEST), steps[i], DO(END)};
    struct probe p = {0};
    run(script, &p);
    assert_int_equal(p.status, TCX_EPROTO);
    probe_free(&p);
    finish();
  }
}

static void test_limits(void **state) {
  (void)state;
  static const struct {
    struct fault_step fill;
    const char *before, *after, *why;
  } cases[] = {
      {FILL("a: b\r\n", 1000), "HTTP/1.1 200 OK\r\n", "\r\n", "more than 512 header lines"},
      {FILL("a: 0123456789012345678901234567890123456789\r\n", 5000), "HTTP/1.1 200 OK\r\n", "\r\n",
       "header lines"},
      {FILL("0123456789", 10000), "HTTP/1.1 200 OK\r\nX: ", "\r\n\r\n", "head is over 64 KiB"},
      {FILL("0123456789", 10000), "HTTP/1.1 200 OK\r\nX", ": a\r\n\r\n", "head is over 64 KiB"},
      {FILL("          ", 20000), "HTTP/1.1 200 OK\r\nX:", "\r\n\r\n", "head is over 64 KiB"},
      {FILL("\r\n\r\n\r\n", 50000), "", "", "head is over 64 KiB"},
      {FILL("0123456789", 10000), "HTTP/1.1 200 ", "\r\n\r\n", "head is over 64 KiB"},
      {FILL("0123456789", 20000), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
       "\r\na\r\n0\r\n\r\n", "chunk headers or trailers"},
      {FILL("trailer: "
            "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
            "67890123456789012345678901234567890\r\n",
            510 * 3),
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "\r\n", "the response"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct fault_step script[] = {DO(REQUEST), SEND(cases[i].before), cases[i].fill,
                                  SEND(cases[i].after), DO(END)};
    if (cases[i].before[0] == '\0')
      script[1] = (struct fault_step)DO_N(WAIT, 1);
    struct probe p = {0};
    run(script, &p);
    if (p.status != TCX_EPROTO || strstr(p.why, cases[i].why) == NULL)
      fail_msg("case %zu: %d %s", i, p.status, p.why);
    probe_free(&p);
    finish();
  }
}

static void test_512_headers_pass(void **state) {
  (void)state;
  static const struct fault_step script[] = {DO(REQUEST),
                                             SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
                                             FILL("a: b\r\n", 511), SEND("\r\n"), DO(END)};
  struct probe p = {0};
  run(script, &p);
  assert_int_equal(p.status, 0);
  assert_int_equal(p.headers, 512);
  probe_free(&p);
  finish();
}

static void test_many_interim(void **state) {
  (void)state;
  static const struct fault_step script[] = {
      DO(REQUEST), FILL("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", 20000),
      SEND(HELLO), DO(AGAIN)};
  struct probe p = {0};
  run(script, &p);
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "hello");
  probe_free(&p);
  finish();
}

/* ---- broken connections ---- */

static void test_resets(void **state) {
  (void)state;
  static const struct fault_step before[] = {DO(REQUEST), DO(RESET)},
                                 inside[] = {DO(REQUEST),
                                             SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"),
                                             DO_N(WAIT, 5), DO(RESET)};
  struct probe p = {0};
  run(before, &p);
  assert_int_equal(p.status, UV_ECONNRESET);
  assert_int_equal(p.phase, TCX_PHASE_WAIT);
  assert_true(p.sent && !p.received && !p.reused);
  probe_free(&p);
  finish();
  run(inside, &p);
  assert_int_equal(p.status, UV_ECONNRESET);
  assert_int_equal(p.phase, TCX_PHASE_READ);
  assert_true(p.received);
  assert_int_equal(p.data_len, 2);
  probe_free(&p);
  finish();
}

/* A server that closes an idle connection: it is noticed, and the next request opens another. */
static void test_idle_connection_closed_by_server(void **state) {
  (void)state;
  static const struct fault_step once[] = {DO(REQUEST), SEND(HELLO), DO_N(WAIT, 5), DO(CLOSE)};
  const struct fault_step *const scripts[] = {once, hello};
  begin(scripts, 2);
  struct probe p = {0};
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  probe_wait(&p);
  assert_int_equal(connections(), 1);
  while (connections() > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  probe_free(&p);
  probe_start(&p, &w, "127.0.0.1", server.port, false);
  probe_wait(&p);
  assert_int_equal(p.status, 0);
  assert_false(p.reused);
  probe_free(&p);
  finish();
}

/* An idle connection that says something unasked is closed. */
static void test_unasked_bytes(void **state) {
  (void)state;
  static const struct fault_step talks[] = {DO(REQUEST), SEND(HELLO), DO_N(WAIT, 5),
                                            SEND("HTTP/1.1 408 Request Timeout\r\n\r\n"), DO(END)};
  struct probe p = {0};
  run(talks, &p);
  assert_int_equal(p.status, 0);
  while (connections() > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  probe_free(&p);
  finish();
}

/* The connection dies while the second request is on its way: reused, nothing received, so the
 * caller may retry for nothing. */
static void test_reused_connection_dies(void **state) {
  (void)state;
  for (int reset = 0; reset < 2; reset++) {
    struct fault_step once[] = {DO(REQUEST), SEND(HELLO), DO(HEAD), DO(CLOSE)};
    if (reset)
      once[3].what = FAULT_RESET;
    const struct fault_step *const scripts[] = {once};
    begin(scripts, 1);
    struct probe p = {0};
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    probe_wait(&p);
    probe_free(&p);
    probe_start(&p, &w, "127.0.0.1", server.port, false);
    assert_true(p.at_once);
    probe_wait(&p);
    assert_int_equal(p.status, UV_ECONNRESET);
    assert_true(p.reused && !p.received);
    probe_free(&p);
    finish();
  }
}

/* ---- silence ---- */

static void test_read_timeouts(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)},
                                 half[] = {DO(REQUEST),
                                           SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"),
                                           DO(END)};
  struct probe p = {.read_timeout_ms = 30};
  uint64_t then = uv_hrtime();
  run(silent, &p);
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_WAIT);
  assert_non_null(strstr(p.why, "was silent for 30 ms before it answered"));
  assert_true(uv_hrtime() - then >= 29 * UINT64_C(1000000));
  probe_free(&p);
  finish();
  p.read_timeout_ms = 30;
  run(half, &p);
  assert_int_equal(p.status, UV_ETIMEDOUT);
  assert_int_equal(p.phase, TCX_PHASE_READ);
  probe_free(&p);
  finish();
}

/* Every byte starts the clock anew. */
static void test_slow_but_not_silent(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST),     SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
      DO_N(WAIT, 300), SEND("a"),
      DO_N(WAIT, 300), SEND("b"),
      DO_N(WAIT, 300), SEND("c"),
      DO_N(WAIT, 300), SEND("d"),
      DO(END)};
  struct probe p = {.read_timeout_ms = 1000};
  run(slow, &p);
  assert_int_equal(p.status, 0);
  assert_string_equal(p.data, "abcd");
  probe_free(&p);
  finish();
}

/* ---- pausing ---- */

static uv_timer_t unpause_timer;

static void unpause(uv_timer_t *timer) {
  struct probe *p = timer->data;
  tcx__exchange_unpause(&p->x);
}

static void pause_a_moment(struct probe *p) {
  tcx__exchange_pause(&p->x);
  uv_timer_start(&unpause_timer, unpause, 1, 0);
}

static void record_and_pause(struct probe *p, const char *bytes, size_t n) {
  assert_false(uv_is_active((uv_handle_t *)&unpause_timer));
  p->data = realloc(p->data, p->data_len + n + 1);
  memcpy(p->data + p->data_len, bytes, n);
  p->data_len += n;
  p->data[p->data_len] = '\0';
  pause_a_moment(p);
}

static void not_while_paused(struct probe *p) {
  assert_false(uv_is_active((uv_handle_t *)&unpause_timer));
  (void)p;
}

/* Paused at the head and at every piece of the body: the same bytes come, none while paused, no end
 * while paused. */
static void test_pause(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
    for (int bytewise = 0; bytewise < 2; bytewise++) {
      const struct good *g = &goods[i];
      struct fault_step script[] = {
          DO(REQUEST), SEND(g->response),
          g->closes ? (struct fault_step)DO(FINISH) : (struct fault_step)DO(END), DO(END)};
      if (bytewise)
        script[1].what = FAULT_SEND_BYTEWISE;
      const struct fault_step *const scripts[] = {script};
      begin(scripts, 1);
      struct probe p = {.head_request = g->head_request,
                        .on_head = pause_a_moment,
                        .on_data = record_and_pause,
                        .on_over = not_while_paused};
      uv_timer_init(&w.loop, &unpause_timer);
      unpause_timer.data = &p;
      probe_start(&p, &w, "127.0.0.1", server.port, false);
      probe_wait(&p);
      if (p.status != 0 || p.http_status != g->status ||
          strcmp(p.data_len > 0 ? p.data : "", g->body) != 0)
        fail_msg("%s (bytewise %d): %d %s \"%s\"", g->response, bytewise, p.status, p.why, p.data);
      if (!bytewise && connections() != (g->reusable ? 1 : 0))
        fail_msg("%s: %u connections", g->response, connections());
      uv_close((uv_handle_t *)&unpause_timer, NULL);
      probe_free(&p);
      finish();
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hello_and_reuse),
      cmocka_unit_test(test_good_responses),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_bad_responses),
      cmocka_unit_test(test_nul_in_head),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_512_headers_pass),
      cmocka_unit_test(test_many_interim),
      cmocka_unit_test(test_resets),
      cmocka_unit_test(test_idle_connection_closed_by_server),
      cmocka_unit_test(test_unasked_bytes),
      cmocka_unit_test(test_reused_connection_dies),
      cmocka_unit_test(test_read_timeouts),
      cmocka_unit_test(test_slow_but_not_silent),
      cmocka_unit_test(test_pause),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
