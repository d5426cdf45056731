/*
 * Every kind of time limit, against servers that stall: the deadline of a call in each of its
 * phases, attempt, read, connect and acquire timeouts. Real time, but little of it.
 */
#include "stream_reader.h"
#include "whole.h"
#include <arpa/inet.h>
#include <sys/socket.h>

#define SHORT 30 /* milliseconds */

static const struct fault_step silent[] = {DO(END)};
static const struct fault_step reads[] = {DO(REQUEST), DO(END)};
static const struct fault_step deaf[] = {DO(STOP_READING), DO(END)};
static const struct fault_step half[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), DO(END)};
static const struct fault_step half_head[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-"),
                                              DO(END)};

static char big[32u << 20];

/* Runs one call with the options; it must time out in the phase, not before the limit and not much
 * later. */
static struct outcome stalls(struct whole *w, const char *operation, tcx_value_t *params,
                             const tcx_call_options_t *options, tcx_phase_t phase, unsigned ms) {
  uint64_t begin = uv_hrtime();
  struct outcome o = whole_call(w, operation, params, options);
  uint64_t took = (uv_hrtime() - begin) / 1000000;
  if (o.status != UV_ETIMEDOUT || o.phase != phase || took + 1 < ms || took > ms + 3000)
    fail_msg("%s in phase %d after %d ms: %s", tcx_err_name(o.status), (int)o.phase, (int)took,
             o.msg);
  return o;
}

static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }
static tcx_value_t *with_body(size_t n) {
  return tcx_value_set_body(key(), "Body", tcx_body_borrow(big, n));
}

static void check(const struct fault_step *steps, const char *operation, tcx_value_t *params,
                  const tcx_call_options_t *options, tcx_phase_t phase, int attempts, bool sent) {
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = stalls(&w, operation, params, options, phase, SHORT * (unsigned)attempts);
  assert_int_equal(o.attempts, attempts);
  assert_int_equal(o.sent, sent);
  outcome_free(&o);
  whole_end(&w);
}

static void test_deadline(void **state) {
  (void)state;
  const tcx_call_options_t limit = {.timeout_ms = SHORT, .max_body = 100};
  check(reads, "get_object", key(), &limit, TCX_PHASE_WAIT, 1, true);
  check(deaf, "put_object", with_body(sizeof big), &limit, TCX_PHASE_SEND, 1, true);
  check(half, "get_object", key(), &limit, TCX_PHASE_READ, 1, true);
  check(half_head, "get_object", key(), &limit, TCX_PHASE_WAIT, 1, true);
}

static void test_attempt_timeout(void **state) {
  (void)state;
  const tcx_call_options_t once = {.attempt_timeout_ms = SHORT, .max_attempts = 1},
                           thrice = {.attempt_timeout_ms = SHORT};
  check(silent, "get_object", key(), &once, TCX_PHASE_WAIT, 1, true);
  check(silent, "get_object", key(), &thrice, TCX_PHASE_WAIT, 3, true);
  check(deaf, "put_object", with_body(sizeof big), &once, TCX_PHASE_SEND, 1, true);
  /* It ends with the headers. */
  const struct fault_step slow[] = {DO(REQUEST),
                                    SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"),
                                    DO_N(WAIT, 3 * SHORT), SEND("2"), DO(END)};
  const struct fault_step *const scripts[] = {slow};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "get_object", key(),
                                &(tcx_call_options_t){.attempt_timeout_ms = SHORT, .max_body = 9});
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
}

static void test_read_timeout(void **state) {
  (void)state;
  const tcx_call_options_t once = {.read_timeout_ms = SHORT, .max_attempts = 1, .max_body = 100},
                           twice = {.read_timeout_ms = SHORT, .max_attempts = 2, .max_body = 100};
  check(silent, "get_object", key(), &once, TCX_PHASE_WAIT, 1, true);
  check(half, "get_object", key(), &once, TCX_PHASE_READ, 1, true);
  check(half, "get_object", key(), &twice, TCX_PHASE_READ, 2, true);
  /* Of the client; and the call's own beats it. */
  const struct fault_step *const scripts[] = {silent};
  struct whole w;
  whole_begin(&w, scripts, 1, &(tcx_client_options_t){.read_timeout_ms = SHORT, .max_attempts = 1});
  struct outcome o = stalls(&w, "get_object", key(), NULL, TCX_PHASE_WAIT, SHORT);
  assert_non_null(strstr(o.msg, "silent for 30 ms"));
  outcome_free(&o);
  o = stalls(&w, "get_object", key(), &(tcx_call_options_t){.read_timeout_ms = 2 * SHORT},
             TCX_PHASE_WAIT, 2 * SHORT);
  outcome_free(&o);
  whole_end(&w);
}

/* A trickle is no silence. */
static void test_trickle(void **state) {
  (void)state;
  const struct fault_step trickle[] = {
      DO(REQUEST),    SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
      DO_N(WAIT, 60), SEND("1"),
      DO_N(WAIT, 60), SEND("2"),
      DO_N(WAIT, 60), SEND("3"),
      DO_N(WAIT, 60), SEND("4"),
      DO(END)};
  const struct fault_step *const scripts[] = {trickle};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "get_object", key(),
                                &(tcx_call_options_t){.read_timeout_ms = 150, .max_body = 9});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- the pool ---- */

static void test_acquire_timeout(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {silent};
  struct whole w;
  struct outcome first;
  whole_begin(&w, scripts, 1,
              &(tcx_client_options_t){.max_connections = 1, .acquire_timeout_ms = SHORT});
  whole_start_to(&w, "get_object", key(), NULL, &first, NULL);
  while (w.server.received == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  uint64_t begin = uv_hrtime();
  struct outcome o = whole_call(&w, "get_object", key(), NULL);
  assert_true((uv_hrtime() - begin) / 1000000 >= SHORT - 1);
  assert_int_equal(o.status, TCX_EPOOL);
  assert_int_equal(o.phase, TCX_PHASE_POOL);
  assert_int_equal(o.attempts, 0);
  assert_false(o.sent);
  assert_non_null(strstr(o.msg, "all 1 are in use"));
  outcome_free(&o);
  /* the deadline in the queue */
  o = stalls(&w, "get_object", key(), &(tcx_call_options_t){.timeout_ms = SHORT / 2},
             TCX_PHASE_POOL, SHORT / 2);
  assert_int_equal(o.attempts, 0);
  outcome_free(&o);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  whole_until(&w, &first.calls);
  assert_int_equal(first.status, TCX_ECANCELED);
  outcome_free(&first);
  whole_end(&w);
}

/* ---- connecting ---- */

/* A port whose queue of connections is full: the kernel answers no further SYN. */
static int full_port(int fds[16]) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  fds[0] = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fds[0], (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(fds[0], 0), 0);
  assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &size), 0);
  for (int i = 1; i < 16; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)!connect(fds[i], (struct sockaddr *)&at, size);
  }
  return ntohs(at.sin_port);
}

static void test_connecting(void **state) {
  (void)state;
  int fds[16];
  char url[64];
  struct whole w;
  snprintf(url, sizeof url, "http://127.0.0.1:%d", full_port(fds));
  whole_begin(
      &w, NULL, 0,
      &(tcx_client_options_t){.endpoint_url = url, .connect_timeout_ms = SHORT, .max_attempts = 2});
  struct outcome o = stalls(&w, "get_object", key(), NULL, TCX_PHASE_CONNECT, 2 * SHORT);
  assert_int_equal(o.attempts, 2);
  assert_false(o.sent);
  outcome_free(&o);
  o = stalls(&w, "get_object", key(), &(tcx_call_options_t){.timeout_ms = SHORT / 2},
             TCX_PHASE_CONNECT, SHORT / 2);
  assert_false(o.sent);
  outcome_free(&o);
  whole_end(&w);
  for (int i = 0; i < 16; i++)
    close(fds[i]);
}

/* A name server that says nothing. */
static void test_looking_up(void **state) {
  (void)state;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
  char server[64];
  snprintf(server, sizeof server, "127.0.0.1:%d", ntohs(at.sin_port));
  struct whole w;
  tcx_session_options_t so = {.dns_servers = server};
  whole_begin_with(&w, NULL, 0, &so,
                   &(tcx_client_options_t){.endpoint_url = "http://nowhere.test",
                                           .access_key = "A",
                                           .secret_key = "S",
                                           .connect_timeout_ms = SHORT,
                                           .max_attempts = 1});
  struct outcome o = stalls(&w, "get_object", key(), NULL, TCX_PHASE_DNS, SHORT);
  assert_non_null(strstr(o.msg, "nowhere.test"));
  outcome_free(&o);
  o = stalls(&w, "get_object", key(), &(tcx_call_options_t){.timeout_ms = SHORT / 2}, TCX_PHASE_DNS,
             SHORT / 2);
  outcome_free(&o);
  whole_end(&w);
  close(fd);
}

/* A server that accepts and does not shake hands. */
static void test_shaking_hands(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {silent};
  struct whole w;
  char url[64];
  whole_begin(&w, scripts, 1, NULL);
  snprintf(url, sizeof url, "https://127.0.0.1:%d", w.server.port);
  tcx_client_options_t co = {.region = "us-east-1",
                             .access_key = "A",
                             .secret_key = "S",
                             .endpoint_url = url,
                             .connect_timeout_ms = SHORT,
                             .max_attempts = 1};
  assert_int_equal(tcx_session_create_client(w.session, "s3", &co, &w.client), 0);
  struct outcome o = stalls(&w, "get_object", key(), NULL, TCX_PHASE_TLS, SHORT);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- credentials ---- */

static tcx_credentials_request_t *pending;
static void keep_request(tcx_credentials_request_t *request, void *data) {
  (void)data;
  pending = request;
}

static void test_credentials(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {silent};
  struct whole w;
  tcx_session_options_t so = {.credentials = keep_request};
  whole_begin_with(&w, scripts, 1, &so, NULL);
  struct outcome o = stalls(&w, "get_object", key(), &(tcx_call_options_t){.timeout_ms = SHORT},
                            TCX_PHASE_CREDENTIALS, SHORT);
  assert_int_equal(o.attempts, 0);
  assert_false(o.sent);
  assert_int_equal(w.server.accepted, 0);
  outcome_free(&o);
  tcx_credentials_answer(pending, 0, &(tcx_credentials_t){.access_key = "A", .secret_key = "S"},
                         NULL);
  whole_end(&w);
}

/* ---- streams ---- */

/* The deadline ends when the stream is taken; silence counts only while somebody reads. */
static void test_streams(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {half};
  struct whole w;
  struct reader r = {0};
  whole_begin(&w, scripts, 1, NULL);
  const tcx_call_options_t options = {.timeout_ms = SHORT, .read_timeout_ms = SHORT};
  assert_int_equal(tcx_client_start(w.client, "get_object", key(), &options, on_stream, &r, NULL),
                   0);
  whole_until(&w, &r.calls);
  uint64_t begin = uv_hrtime();
  while ((uv_hrtime() - begin) / 1000000 < 3 * SHORT)
    whole_turns(&w, 1);
  assert_int_equal(r.ended, 0);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
  whole_until(&w, &r.ended);
  assert_int_equal(r.ended, UV_ETIMEDOUT);
  const tcx_error_t *e = tcx_stream_error(r.stream);
  assert_int_equal(e->status, UV_ETIMEDOUT);
  assert_int_equal(e->phase, TCX_PHASE_READ);
  assert_non_null(strstr(e->msg, "silent for 30 ms inside the response's body"));
  tcx_stream_close(r.stream);
  whole_end(&w);
}

/* TCX_NEVER is no limit. */
static void test_never(void **state) {
  (void)state;
  const struct fault_step slow[] = {DO(REQUEST), DO_N(WAIT, 80),
                                    SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(END)};
  const struct fault_step *const scripts[] = {slow};
  struct whole w;
  whole_begin(&w, scripts, 1,
              &(tcx_client_options_t){.read_timeout_ms = SHORT,
                                      .connect_timeout_ms = TCX_NEVER,
                                      .acquire_timeout_ms = TCX_NEVER});
  const tcx_call_options_t never = {
      .timeout_ms = TCX_NEVER, .attempt_timeout_ms = TCX_NEVER, .read_timeout_ms = TCX_NEVER};
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), &never);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deadline),        cmocka_unit_test(test_attempt_timeout),
      cmocka_unit_test(test_read_timeout),    cmocka_unit_test(test_trickle),
      cmocka_unit_test(test_acquire_timeout), cmocka_unit_test(test_connecting),
      cmocka_unit_test(test_looking_up),      cmocka_unit_test(test_shaking_hands),
      cmocka_unit_test(test_credentials),     cmocka_unit_test(test_streams),
      cmocka_unit_test(test_never),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
