/*
 * The stall limit of whole calls, against servers that are slow: both directions, streams, and all
 * that must not count. Real time, but little of it; test/unit/net/test_stall.c steps the clock.
 */
#include "stream_reader.h"
#include "whole.h"

#define SPAN    120 /* milliseconds */
#define OBJECT  "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
#define NOTHING "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define TRICKLE DO_N(WAIT, 20), SEND("1")

static const struct fault_step trickles[] = {DO(REQUEST), SEND(OBJECT), TRICKLE, TRICKLE, TRICKLE,
                                             TRICKLE,     TRICKLE,      TRICKLE, TRICKLE, TRICKLE,
                                             TRICKLE,     TRICKLE,      TRICKLE, DO(END)};
static const struct fault_step whole_object[] = {DO(REQUEST), SEND(OBJECT), FILL("1111111111", 100),
                                                 DO(AGAIN)};
static const struct fault_step silent_inside[] = {DO(REQUEST), SEND(OBJECT), FILL("1111111111", 10),
                                                  DO(END)};
static const struct fault_step thinks[] = {DO(REQUEST), DO_N(WAIT, 3 * SPAN), SEND(OBJECT),
                                           FILL("1111111111", 100), DO(END)};
static const struct fault_step deaf[] = {DO(STOP_READING), DO(END)};
static const struct fault_step deaf_later[] = {DO(REQUEST), SEND(NOTHING), DO(STOP_READING),
                                               DO(END)};
static const struct fault_step takes[] = {DO(REQUEST), SEND(NOTHING), DO(AGAIN)};

static char big[32u << 20];

static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }

static void check_error(const struct outcome *o, tcx_phase_t phase, int attempts,
                        const char *where) {
  if (o->status != TCX_ESTALLED || o->phase != phase || o->attempts != attempts ||
      strstr(o->msg, where) == NULL)
    fail_msg("%s in phase %d after %d attempts: %s", tcx_err_name(o->status), (int)o->phase,
             o->attempts, o->msg);
  assert_true(o->retryable);
  assert_true(o->sent);
  assert_non_null(strstr(o->msg, "less than 1000 bytes a second for 120 ms"));
}

static void test_download(void **state) {
  (void)state;
  const struct fault_step *const slow[] = {trickles}, *const slow_once[] = {trickles, whole_object};
  struct whole w;
  whole_begin(&w, slow, 1, NULL);
  uint64_t begin = uv_hrtime();
  struct outcome o =
      whole_call(&w, "get_object", key(),
                 &(tcx_call_options_t){
                     .stall_limit = 1000, .stall_ms = SPAN, .max_body = 2000, .max_attempts = 1});
  assert_true((uv_hrtime() - begin) / 1000000 >= SPAN - 1);
  check_error(&o, TCX_PHASE_READ, 1, "inside the response's body");
  outcome_free(&o);
  whole_end(&w);
  whole_begin(&w, slow_once, 2, NULL); /* tried again like any broken transfer */
  o = whole_call(&w, "get_object", key(),
                 &(tcx_call_options_t){.stall_limit = 1000, .stall_ms = SPAN, .max_body = 2000});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  outcome_free(&o);
  /* 30 s */
  o = whole_call(&w, "get_object", key(),
                 &(tcx_call_options_t){.stall_limit = 1000, .max_body = 2000});
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
}

static void test_upload(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {deaf};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  tcx_value_t *params = tcx_value_set_body(key(), "Body", tcx_body_borrow(big, sizeof big));
  struct outcome o =
      whole_call(&w, "put_object", params,
                 &(tcx_call_options_t){.stall_limit = 1000, .stall_ms = SPAN, .max_attempts = 2});
  check_error(&o, TCX_PHASE_SEND, 2, "while the request was being sent");
  outcome_free(&o);
  whole_end(&w);
}

/* A service that thinks before it answers is not slow at sending. */
/* A kept connection that is slow has not died: it is an attempt like any other. */
static void test_upload_again(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {deaf_later};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "head_object", key(), NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  tcx_value_t *params = tcx_value_set_body(key(), "Body", tcx_body_borrow(big, sizeof big));
  o = whole_call(&w, "put_object", params,
                 &(tcx_call_options_t){.stall_limit = 1000, .stall_ms = SPAN, .max_attempts = 1});
  check_error(&o, TCX_PHASE_SEND, 1, "while the request was being sent");
  assert_true(o.timings.reused);
  assert_int_equal(w.server.accepted, 1);
  outcome_free(&o);
  whole_end(&w);
}

static void test_thinking(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {thinks};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o =
      whole_call(&w, "get_object", key(),
                 &(tcx_call_options_t){.stall_limit = 1000, .stall_ms = SPAN, .max_body = 2000});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- a source that has nothing for a while ---- */

static struct {
  tcx_body_t *body;
  uv_timer_t timer;
  unsigned asked;
} source;

static void on_more(uv_timer_t *timer) {
  (void)timer;
  tcx_body_resume(source.body);
}
static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  source.body = body;
  if (source.asked++ == 1) {
    uv_timer_start(&source.timer, on_more, 3 * SPAN, 0);
    return TCX_EAGAIN;
  }
  size_t n = len < 10 ? len : 10;
  memset(buf, 'x', n);
  return (ssize_t)n;
}

static void test_source(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {takes};
  struct whole w;
  memset(&source, 0, sizeof source);
  whole_begin(&w, scripts, 1, NULL);
  uv_timer_init(&w.loop, &source.timer);
  tcx_value_t *params =
      tcx_value_set_body(key(), "Body", tcx_body_source(20, source_read, NULL, NULL, NULL));
  struct outcome o = whole_call(&w, "put_object", params,
                                &(tcx_call_options_t){.stall_limit = 1000, .stall_ms = SPAN});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 1);
  assert_true(source.asked > 2);
  outcome_free(&o);
  uv_close((uv_handle_t *)&source.timer, NULL);
  whole_end(&w);
}

/* ---- streams ---- */

/* Only while somebody reads: before the first start nothing counts, however long it lasts. */
static void test_stream(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {silent_inside};
  struct whole w;
  struct reader r = {0};
  whole_begin(&w, scripts, 1, NULL);
  const tcx_call_options_t options = {.stall_limit = 1000, .stall_ms = SPAN};
  assert_int_equal(tcx_client_start(w.client, "get_object", key(), &options, on_stream, &r, NULL),
                   0);
  whole_until(&w, &r.calls);
  uint64_t begin = uv_hrtime();
  while ((uv_hrtime() - begin) / 1000000 < 3 * SPAN)
    whole_turns(&w, 1);
  assert_int_equal(r.ended, 0);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
  whole_until(&w, &r.ended);
  assert_int_equal(r.ended, TCX_ESTALLED);
  assert_int_equal(r.got, 100);
  const tcx_error_t *e = tcx_stream_error(r.stream);
  assert_int_equal(e->status, TCX_ESTALLED);
  assert_int_equal(e->phase, TCX_PHASE_READ);
  assert_non_null(strstr(e->msg, "inside the response's body"));
  tcx_stream_close(r.stream);
  whole_end(&w);
}

/* Fast enough: nothing happens, also on a connection that is used again. */
static void test_fast(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {whole_object};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  for (int i = 0; i < 3; i++) {
    struct outcome o =
        whole_call(&w, "get_object", key(),
                   &(tcx_call_options_t){.stall_limit = 1, .stall_ms = 5000, .max_body = 2000});
    assert_int_equal(o.status, 0);
    assert_int_equal(o.attempts, 1);
    outcome_free(&o);
  }
  assert_int_equal(w.server.accepted, 1);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_download),     cmocka_unit_test(test_upload),
      cmocka_unit_test(test_upload_again), cmocka_unit_test(test_thinking),
      cmocka_unit_test(test_source),       cmocka_unit_test(test_stream),
      cmocka_unit_test(test_fast),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
