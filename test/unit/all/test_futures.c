/* Futures of calls and waiters: one outcome, told once, later; kept until the release; closing and
 * canceling. */
#include "future_help.h"
#include "torture.h"
#include <tucuxi/s3.h>

#define XML_LIST                                                                                   \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></"          \
  "ListBucketResult>"

static const struct fault_step silent[] = {DO(END)};
static const struct fault_step *const silent_scripts[] = {silent};

static tcx_value_t *bucket(void) { return tcx_params("{Bucket: b}"); }
static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }
static tcx_future_t *list(struct whole *w) {
  return tcx_future_call(w->client, "list_objects_v2", bucket());
}

/* A server that answers each request so. */
static void begin_answering(struct whole *w, const char *head, const char *body) {
  static struct fault_step steps[3];
  static const struct fault_step *const scripts[] = {steps};
  steps[0] = (struct fault_step)DO(REQUEST);
  steps[1] = (struct fault_step)SEND(whole_answer(head, body));
  steps[2] = (struct fault_step)DO(AGAIN);
  whole_begin(w, scripts, 1, NULL);
}
static void begin_listing(struct whole *w) {
  begin_answering(w, "200 OK\r\nx-amz-request-id: R1", XML_LIST);
}

/* ---- outcomes ---- */

static void test_then(void **state) {
  (void)state;
  struct whole w;
  struct seen seen = {0}, second = {0};
  begin_listing(&w);
  tcx_future_t *f = list(&w);
  assert_false(tcx_future_done(f));
  assert_int_equal(tcx_future_status(f), TCX_EAGAIN);
  assert_null(tcx_future_response(f));
  assert_null(tcx_future_error(f));
  assert_null(tcx_future_get_call(f));
  seen_then(&seen, f);
  assert_int_equal(tcx_future_then(f, seen_cb, &second), UV_EINVAL); /* one a future */
  whole_until(&w, &seen.calls);
  assert_int_equal(seen.status, 0);
  assert_string_equal(tcx_value_str(tcx_future_response(f), "Contents[0].Key"), "a");
  assert_int_equal(tcx_call_http_status(tcx_future_get_call(f)), 200);
  assert_string_equal(tcx_call_header(tcx_future_get_call(f), "X-Amz-Request-Id"), "R1");
  assert_int_equal(tcx_future_then(f, seen_cb, &second), UV_EINVAL);
  tcx_future_release(f);
  assert_int_equal(tcx_future_then(NULL, seen_cb, &second), UV_EINVAL);
  whole_end(&w);
  assert_int_equal(second.calls, 0);
}

/* The outcome is kept past the session's close; then the future is inert. */
static void test_then_late(void **state) {
  (void)state;
  struct whole w;
  struct seen seen = {0}, never = {0};
  begin_listing(&w);
  tcx_future_t *f = list(&w), *g = list(&w);
  while (!tcx_future_done(f) || !tcx_future_done(g))
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(w.session->holds, 0);
  /* the outcome stands: the callback comes later all the same, and keeps the loop for it */
  seen_then(&seen, f);
  assert_int_equal(w.session->holds, 1);
  assert_int_equal(seen.calls, 0);
  whole_until(&w, &seen.calls);
  assert_int_equal(w.session->holds, 0);
  assert_int_equal(seen.status, 0);
  whole_end(&w);
  assert_string_equal(tcx_value_str(tcx_future_response(f), "Contents[0].Key"), "a");
  assert_int_equal(tcx_future_then(g, seen_cb, &never), TCX_ECLOSING);
  assert_int_equal(tcx_future_await(g), 0);
  tcx_future_cancel(g);
  tcx_future_release(f);
  tcx_future_release(g);
  assert_int_equal(never.calls, 0);
}

static void test_error(void **state) {
  (void)state;
  struct whole w;
  begin_answering(&w, "404 Not Found", WHOLE_ERROR("NoSuchBucket", "gone"));
  tcx_future_t *f = list(&w);
  assert_int_equal(seen_status(&w, f), TCX_ECLIENT);
  assert_string_equal(tcx_future_error(f)->code, "NoSuchBucket");
  assert_int_equal(tcx_future_error(f)->http_status, 404);
  tcx_future_release(f);
  f = tcx_future_call(w.client, "list_objects_v2", tcx_params("{Bukket: b}"));
  assert_int_equal(tcx_future_await(f), TCX_EPARAM);
  assert_non_null(strstr(tcx_future_error(f)->msg, "Bukket"));
  tcx_future_release(f);
  f = tcx_future_call(w.client, "list_objekts", NULL);
  assert_int_equal(tcx_future_await(f), TCX_EOPNAME);
  tcx_future_release(f);
  whole_end(&w);
}

static void test_options(void **state) {
  (void)state;
  struct whole w;
  begin_answering(&w, "200 OK", "whole body");
  tcx_future_t *f =
      tcx_future_start(w.client, "get_object", key(), &(tcx_call_options_t){.max_body = 100});
  assert_int_equal(tcx_future_await(f), 0);
  assert_memory_equal(tcx_value_bytes(tcx_future_response(f), "Body", NULL), "whole body", 10);
  assert_null(tcx_future_take_stream(f, NULL));
  tcx_future_release(f);
  f = tcx_future_start(w.client, "get_object", key(), &(tcx_call_options_t){.max_body = 3});
  assert_int_equal(tcx_future_await(f), TCX_ETOOBIG);
  tcx_future_release(f);
  f = tcx_future_presign(w.client, "get_object", key(), 60);
  assert_int_equal(tcx_future_await(f), 0);
  assert_non_null(strstr(tcx_value_str(tcx_future_response(f), "Url"), "X-Amz-Expires=60"));
  tcx_future_release(f);
  whole_end(&w);
}

static void on_body(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  struct seen *seen = tcx_stream_data(stream);
  assert_int_equal(status, 0);
  assert_int_equal(whole->len, 10);
  seen->calls++;
}

/* A streaming body waits for its reader, in the future, until that is released. */
static void test_stream(void **state) {
  (void)state;
  struct whole w;
  struct seen seen = {0};
  begin_answering(&w, "200 OK", "whole body");
  tcx_future_t *f = tcx_future_call(w.client, "get_object", key());
  assert_int_equal(tcx_future_await(f), 0);
  tcx_stream_t *stream = tcx_future_take_stream(f, &seen);
  assert_non_null(stream);
  assert_null(tcx_future_take_stream(f, NULL));
  assert_int_equal(tcx_stream_length(stream), 10);
  tcx_future_release(f);
  assert_int_equal(tcx_stream_read_all(stream, 100, on_body), 0);
  whole_until(&w, &seen.calls);
  tcx_stream_close(stream);
  f = tcx_future_call(w.client, "get_object", key()); /* nobody takes it */
  assert_int_equal(tcx_future_await(f), 0);
  tcx_future_release(f);
  f = tcx_future_call(w.client, "get_object", key()); /* nor here, until all is closed */
  assert_int_equal(tcx_future_await(f), 0);
  whole_end(&w);
  tcx_future_release(f);
}

/* ---- those that cannot be made ---- */

static int closes;
static void on_body_close(tcx_body_t *body) {
  (void)body;
  closes++;
}
static ssize_t read_nothing(tcx_body_t *body, void *buf, size_t len) {
  (void)body, (void)buf, (void)len;
  return 0;
}
static tcx_value_t *with_body(void) {
  return tcx_value_set_body(key(), "Body",
                            tcx_body_source(0, read_nothing, NULL, on_body_close, NULL));
}
static tcx_future_t *never_next(tcx_future_t *done, int status, void *data) {
  (void)done, (void)status, (void)data;
  fail_msg("next of a chain that could not be made");
  return NULL;
}

/* Its status is there from the beginning, no callback comes, and what was handed over is
 * consumed. */
static void refused(tcx_future_t *f, int status) {
  struct seen never = {0};
  assert_non_null(f);
  assert_true(tcx_future_done(f));
  assert_int_equal(tcx_future_status(f), status);
  assert_int_equal(tcx_future_error(f)->status, status);
  assert_non_null(tcx_future_error(f)->msg);
  assert_null(tcx_future_response(f));
  assert_null(tcx_future_get_call(f));
  assert_null(tcx_future_take_stream(f, NULL));
  assert_int_equal(tcx_future_count(f), 0);
  assert_int_equal(tcx_future_then(f, seen_cb, &never), status);
  assert_int_equal(tcx_future_await(f), status);
  tcx_future_cancel(f);
  tcx_future_release(f);
  assert_int_equal(never.calls, 0);
}

static void refuse_all(struct whole *w, int status) {
  closes = 0;
  refused(tcx_future_call(w->client, "put_object", with_body()), status);
  assert_int_equal(closes, 1);
  refused(tcx_future_chain(tcx_future_call(w->client, "put_object", with_body()), never_next, NULL),
          status);
  refused(tcx_future_timeout(tcx_future_call(w->client, "put_object", with_body()), 1), status);
  tcx_future_t *two[] = {list(w), list(w)};
  refused(tcx_future_all(two, 2), status);
  refused(tcx_future_any(two, 2), status);
  refused(tcx_future_race(two, 2), status);
  assert_int_equal(closes, 3);
}

static void test_refused(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, silent_scripts, 1, NULL);
  closes = 0;
  refused(tcx_future_call(NULL, "put_object", with_body()), UV_EINVAL);
  refused(tcx_future_call(w.client, NULL, with_body()), UV_EINVAL);
  refused(tcx_future_start_sized(w.client, "put_object", with_body(), NULL,
                                 sizeof(tcx_call_options_t) + 8),
          UV_EINVAL);
  refused(tcx_future_presign(w.client, "put_object", with_body(), 604801), UV_EINVAL);
  assert_int_equal(closes, 4);
  refused(tcx_future_sleep(NULL, 1), UV_EINVAL);
  refused(tcx_future_new(NULL, NULL, NULL), UV_EINVAL);
  refused(tcx_future_chain(NULL, never_next, NULL), UV_EINVAL);
  refused(tcx_future_timeout(NULL, 5), UV_EINVAL);
  refused(tcx_future_all(NULL, 0), UV_EINVAL);
  refused(tcx_future_all((tcx_future_t *[]){NULL}, 1), UV_EINVAL);
  refused(tcx_future_chain(list(&w), NULL, NULL), UV_EINVAL); /* the call goes with it */
  tcx_client_drain(w.client, NULL);
  refuse_all(&w, TCX_ECLOSING);
  whole_end(&w);
}

/* No allocation at all is left to tell it with. */
static void *nothing_malloc(size_t n) {
  (void)n;
  return NULL;
}
static void *nothing_calloc(size_t n, size_t size) {
  (void)n, (void)size;
  return NULL;
}
static void *nothing_realloc(void *p, size_t n) {
  (void)p, (void)n;
  return NULL;
}
static void test_no_memory(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, silent_scripts, 1, NULL);
  tcx_future_t *f = list(&w), *g = list(&w);
  assert_int_equal(tcx_replace_allocator(nothing_malloc, nothing_realloc, nothing_calloc, free), 0);
  refused(list(&w), UV_ENOMEM);
  refused(tcx_future_sleep(w.session, 5), UV_ENOMEM);
  tcx_future_t *own = tcx_future_new(w.session, NULL, NULL);
  tcx_future_complete(own, 0, NULL); /* nothing happens to it */
  refused(own, UV_ENOMEM);
  refused(tcx_future_chain(f, never_next, NULL), UV_ENOMEM);
  refused(tcx_future_all(&g, 1), UV_ENOMEM);
  assert_int_equal(tcx_replace_allocator(malloc, realloc, calloc, free), 0);
  whole_end(&w);
}

/* ---- what it costs ---- */

static tcx_future_t *count_next(tcx_future_t *done, int status, void *data) {
  assert_int_equal(status, TCX_ECANCELED);
  assert_int_equal(tcx_future_status(done), status);
  ++*(int *)data;
  return NULL;
}

static void count_answer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)error;
  assert_non_null(response);
  ++*(int *)tcx_call_data(call);
}

/* One malloc more than the call itself: when the future is released in its callback, the blocks of
 * the call go back to its client. */
static void test_cost(void **state) {
  (void)state;
  struct whole w;
  size_t made[2] = {0};
  begin_listing(&w);
  for (int with = 0; with < 2; with++) {
    for (int round = 0; round < 3; round++) { /* the last one counts */
      struct seen seen = {.release = true};
      int calls = 0;
      test_count_begin();
      if (with)
        seen_then(&seen, list(&w));
      else
        assert_int_equal(
            tcx_client_call(w.client, "list_objects_v2", bucket(), count_answer, &calls), 0);
      whole_until(&w, with ? &seen.calls : &calls);
      made[with] = test_count_end(NULL);
    }
  }
  assert_int_equal(made[0], 1);
  assert_int_equal(made[1], 2);
  tcx_future_t *kids[8], *all;
  test_count_begin();
  for (int i = 0; i < 8; i++)
    kids[i] = tcx_future_new(w.session, NULL, NULL);
  int nexts = 0;
  all = tcx_future_timeout(tcx_future_chain(tcx_future_all(kids, 8), count_next, &nexts), 100000);
  assert_int_equal(test_count_end(NULL), 8 + 3);
  tcx_future_release(all);
  whole_end(&w);
  assert_int_equal(nexts, 1);
  for (int i = 0; i < 8; i++)
    tcx_future_complete(kids[i], 0, NULL);
}

/* ---- a waiter ---- */

static void test_wait(void **state) {
  (void)state;
  struct whole w;
  begin_answering(&w, "404 Not Found", "");
  tcx_wait_options_t twice = {.delay_ms = 1, .max_attempts = 2};
  tcx_future_t *f = tcx_future_wait(w.client, "bucket_exists", bucket(), &twice);
  assert_int_equal(tcx_future_await(f), TCX_EWAITER);
  assert_int_equal(tcx_future_error(f)->attempts, 2);
  tcx_future_release(f);
  f = tcx_future_wait(w.client, "bucket_not_exists", bucket(), NULL);
  assert_int_equal(seen_status(&w, f), 0);
  tcx_future_release(f);
  f = tcx_future_wait(w.client, "bucket_exists", bucket(), NULL);
  while (w.server.requests < 4)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_future_cancel(f); /* between two polls */
  assert_int_equal(tcx_future_await(f), TCX_ECANCELED);
  tcx_future_release(f);
  whole_end(&w);
}

/* ---- cancel, release, close ---- */

static void test_cancel(void **state) {
  (void)state;
  struct whole w;
  struct seen seen = {0};
  whole_begin(&w, silent_scripts, 1, NULL);
  tcx_future_t *f = list(&w);
  seen_then(&seen, f);
  whole_turns(&w, 3);
  tcx_future_cancel(f);
  tcx_future_cancel(f);
  assert_int_equal(seen.calls, 0);
  whole_until(&w, &seen.calls);
  assert_int_equal(seen.status, TCX_ECANCELED);
  assert_string_equal(tcx_future_error(f)->msg, "The call was canceled");
  tcx_future_cancel(f);
  tcx_future_release(f);
  tcx_future_cancel(NULL);
  tcx_future_release(NULL);
  whole_end(&w);
}

/* Released while it is pending: the call goes on, and the callback that was given comes. */
static void test_release(void **state) {
  (void)state;
  struct whole w;
  struct seen seen = {0};
  begin_listing(&w);
  tcx_future_release(list(&w));
  tcx_future_t *f = list(&w);
  seen_then(&seen, f);
  tcx_future_release(f);
  while (w.session->holds > 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.status, 0);
  assert_int_equal(w.server.requests, 2);
  whole_end(&w);
}

static void test_retain_and_forget(void **state) {
  (void)state;
  struct whole w;
  struct seen never = {0}, seen = {0};
  begin_listing(&w);
  tcx_future_t *f = list(&w);
  assert_ptr_equal(tcx_future_retain(f), f);
  seen_then(&never, f);
  tcx_future_forget(f);
  tcx_future_forget(f);
  while (!tcx_future_done(f))
    uv_run(&w.loop, UV_RUN_ONCE);
  whole_turns(&w, 3);
  assert_int_equal(never.calls, 0);
  tcx_future_release(f);
  seen_then(&seen, f);
  whole_until(&w, &seen.calls);
  tcx_future_forget(f); /* it came */
  assert_int_equal(tcx_future_then(f, seen_cb, &never), UV_EINVAL);
  assert_string_equal(tcx_value_str(tcx_future_response(f), "Contents[0].Key"), "a");
  tcx_future_release(f);
  tcx_future_t *failed = tcx_future_call(NULL, "x", NULL);
  assert_ptr_equal(tcx_future_retain(failed), failed);
  tcx_future_forget(failed);
  tcx_future_release(failed);
  whole_end(&w);
}

static void test_close(void **state) {
  (void)state;
  for (int released = 0; released < 2; released++) {
    for (int client = 0; client < 2; client++) {
      struct whole w;
      struct seen seen = {0};
      whole_begin(&w, silent_scripts, 1, NULL);
      tcx_future_t *f = list(&w);
      seen_then(&seen, f);
      whole_turns(&w, 3);
      if (released)
        tcx_future_release(f);
      if (client) {
        tcx_client_close(w.client, NULL);
        whole_until(&w, &seen.calls);
      }
      whole_end(&w);
      assert_int_equal(seen.calls, 1);
      assert_int_equal(seen.status, TCX_ECANCELED);
      if (!released) {
        assert_string_equal(tcx_future_error(f)->msg, "The client was closed");
        assert_int_equal(tcx_future_await(f), TCX_ECANCELED);
        tcx_future_release(f);
      }
    }
  }
}

static void close_session(tcx_future_t *future, int status, void *data) {
  struct whole *w = data;
  assert_int_equal(status, 0);
  w->closed = true;
  tcx_session_close(w->session, NULL);
  tcx_future_release(future);
}
static void test_close_inside(void **state) {
  (void)state;
  struct whole w;
  begin_listing(&w);
  tcx_future_t *f = list(&w), *other = tcx_future_new(w.session, NULL, NULL);
  assert_int_equal(tcx_future_then(f, close_session, &w), 0);
  while (!tcx_future_done(other))
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(tcx_future_status(other), TCX_ECANCELED);
  tcx_future_complete(other, 0, NULL);
  tcx_future_release(other);
  whole_end(&w);
}

/* ---- await ---- */

static void stop_loop(uv_timer_t *timer) { uv_stop(timer->loop); }

static void await_inside(tcx_future_t *future, int status, void *data) {
  int *result = data;
  (void)status;
  *result = tcx_future_await(future); /* done: nothing to wait for */
  assert_int_equal(*result, 0);
  tcx_future_t *other =
      tcx_future_sleep(tcx_client_session(tcx_call_client(tcx_future_get_call(future))), 1);
  *result = tcx_future_await(other);
  tcx_future_release(other);
}

static void test_await(void **state) {
  (void)state;
  struct whole w;
  int result = 0;
  whole_begin(&w, NULL, 0,
              &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1", .max_attempts = 1});
  tcx_future_t *f = tcx_future_presign(w.client, "get_object", key(), 60),
               *own = tcx_future_new(w.session, NULL, NULL);
  assert_int_equal(tcx_future_await(f), 0);
  assert_int_equal(tcx_future_await(f), 0); /* again: at once */
  tcx_future_release(f);
  assert_int_equal(tcx_future_await(own), TCX_EAGAIN); /* nothing on the loop could complete it */
  uv_timer_t timer;
  uv_timer_init(&w.loop, &timer);
  uv_timer_start(&timer, stop_loop, 1, 0);
  tcx_future_t *slow = tcx_future_sleep(w.session, 100000);
  assert_int_equal(tcx_future_await(slow), UV_EINTR);
  assert_false(tcx_future_done(slow));
  tcx_future_cancel(slow);
  assert_int_equal(tcx_future_await(slow), TCX_ECANCELED);
  tcx_future_release(slow);
  uv_close((uv_handle_t *)&timer, NULL);
  f = tcx_future_presign(w.client, "get_object", key(), 60);
  assert_int_equal(tcx_future_then(f, await_inside, &result), 0);
  uv_run(&w.loop, UV_RUN_DEFAULT);
  assert_int_equal(result, UV_EBUSY);
  tcx_future_release(f);
  assert_int_equal(tcx_future_await(NULL), UV_EINVAL);
  tcx_future_complete(own, 0, tcx_params("{A: 1}"));
  assert_int_equal(tcx_future_await(own), 0);
  tcx_future_release(own);
  whole_end(&w);
}

/* A body's reader is a callback too. */
static int await_in_reader;
static ssize_t read_and_await(tcx_body_t *body, void *buf, size_t len) {
  struct whole *w = tcx_body_data(body);
  tcx_future_t *f = tcx_future_sleep(w->session, 1);
  await_in_reader = tcx_future_await(f);
  tcx_future_release(f);
  memset(buf, 'x', len);
  return (ssize_t)len;
}

static void test_await_in_reader(void **state) {
  (void)state;
  struct whole w;
  begin_answering(&w, "200 OK", "");
  tcx_body_t *body = tcx_body_source(10, read_and_await, NULL, NULL, &w);
  tcx_future_t *f =
      tcx_future_call(w.client, "put_object", tcx_value_set_body(key(), "Body", body));
  assert_int_equal(seen_status(&w, f), 0);
  assert_int_equal(await_in_reader, UV_EBUSY);
  tcx_future_release(f);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_then),      cmocka_unit_test(test_then_late),
      cmocka_unit_test(test_error),     cmocka_unit_test(test_options),
      cmocka_unit_test(test_stream),    cmocka_unit_test(test_refused),
      cmocka_unit_test(test_no_memory), cmocka_unit_test(test_cost),
      cmocka_unit_test(test_cancel),    cmocka_unit_test(test_release),
      cmocka_unit_test(test_close),     cmocka_unit_test(test_close_inside),
      cmocka_unit_test(test_await),     cmocka_unit_test(test_await_in_reader),
      cmocka_unit_test(test_wait),      cmocka_unit_test(test_retain_and_forget),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
