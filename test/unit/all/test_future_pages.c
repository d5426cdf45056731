/* Futures of pages and of a stream's rest: what they show, what keeps it, and each end from
 * outside. */
#include "future_help.h"

#define FIRST                                                                                      \
  "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"                    \
  "NextContinuationToken><Contents><Key>a</Key></Contents></ListBucketResult>"
#define LAST                                                                                       \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>b</Key></Contents></"          \
  "ListBucketResult>"

static tcx_paginator_t *begin(struct whole *w, const struct fault_step *const *scripts,
                              bool prefetch) {
  tcx_paginator_t *pages = NULL;
  tcx_paginate_options_t options = {.prefetch = prefetch};
  whole_begin(w, scripts, 1, &(tcx_client_options_t){.max_attempts = 1});
  assert_int_equal(tcx_client_paginate(w->client, "list_objects_v2", tcx_params("{Bucket: b}"),
                                       &options, w, &pages),
                   0);
  return pages;
}

/* ---- pages ---- */

static void test_pages(void **state) {
  (void)state;
  for (int prefetch = 0; prefetch < 2; prefetch++) {
    struct whole w;
    const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("200 OK", FIRST)),
                                       DO(REQUEST), SEND(whole_answer("200 OK", LAST)), DO(AGAIN)};
    const struct fault_step *const scripts[] = {steps};
    tcx_paginator_t *pages = begin(&w, scripts, prefetch);
    tcx_future_t *first = tcx_future_page(pages), *busy = tcx_future_page(pages);
    assert_int_equal(seen_status(&w, busy), UV_EBUSY);
    assert_int_equal(seen_status(&w, first), 0);
    while (prefetch && w.server.requests < 2)
      uv_run(&w.loop, UV_RUN_ONCE);
    whole_turns(&w, 5);
    tcx_future_t *second = tcx_future_page(pages);
    assert_int_equal(seen_status(&w, second), 0);
    tcx_future_t *end = tcx_future_page(pages);
    assert_int_equal(seen_status(&w, end), TCX_EOF);
    assert_int_equal(tcx_future_await(end), TCX_EOF);
    assert_ptr_equal(tcx_paginator_data(pages), &w);
    tcx_paginator_close(pages);
    whole_end(&w);
    /* kept, both */
    assert_string_equal(tcx_value_str(tcx_future_response(first), "Contents[0].Key"), "a");
    assert_string_equal(tcx_value_str(tcx_future_response(second), "Contents[0].Key"), "b");
    assert_int_equal(tcx_call_http_status(tcx_future_get_call(second)), 200);
    tcx_future_release(first);
    tcx_future_release(second);
    tcx_future_release(busy);
    tcx_future_release(end);
  }
}

/* The service's error, and the paginator's own, outlive the paginator and the session. */
static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *head, *body, *msg;
    int status;
  } cases[] = {
      {"404 Not Found", WHOLE_ERROR("NoSuchBucket", "gone"), "gone", TCX_ECLIENT},
      {"200 OK", FIRST, "The same next token was received twice", TCX_EPAGINATE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    const struct fault_step steps[] = {DO(REQUEST),
                                       SEND(whole_answer(cases[i].head, cases[i].body)), DO(AGAIN)};
    const struct fault_step *const scripts[] = {steps};
    tcx_paginator_t *pages = begin(&w, scripts, false);
    tcx_future_t *f = tcx_future_page(pages);
    while (tcx_future_await(f) == 0) { /* the token repeats behind the second page */
      tcx_future_release(f);
      f = tcx_future_page(pages);
    }
    assert_int_equal(tcx_future_await(f), cases[i].status);
    tcx_future_t *again = tcx_future_page(pages);
    assert_int_equal(tcx_future_await(again), cases[i].status);
    tcx_paginator_close(pages);
    whole_end(&w);
    assert_non_null(strstr(tcx_future_error(f)->msg, cases[i].msg));
    assert_non_null(strstr(tcx_future_error(again)->msg, cases[i].msg));
    tcx_future_release(f);
    tcx_future_release(again);
  }
}

/* Ends from outside: cancel, the paginator's close, the client's, the session's; and with the
 * future released before. */
static void test_ends(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  for (int how = 0; how < 8; how++) {
    struct whole w;
    struct seen seen = {0};
    tcx_paginator_t *pages = begin(&w, scripts, how % 2 != 0);
    tcx_future_t *f = tcx_future_page(pages);
    seen_then(&seen, f);
    whole_turns(&w, 3);
    if (how >= 4)
      tcx_future_release(f);
    if (how % 4 == 0)
      tcx_future_cancel(f);
    else if (how % 4 == 1)
      tcx_paginator_close(pages);
    else if (how % 4 == 2)
      tcx_client_close(w.client, NULL);
    if (how % 4 != 3)
      whole_until(&w, &seen.calls);
    whole_end(&w);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, TCX_ECANCELED);
    if (how % 4 != 1) {
      tcx_future_t *late = tcx_future_page(pages);
      assert_int_equal(tcx_future_status(late), TCX_ECLOSING);
      tcx_future_release(late);
      tcx_paginator_close(pages);
    }
    if (how < 4)
      tcx_future_release(f);
  }
  tcx_future_t *none = tcx_future_page(NULL);
  assert_int_equal(tcx_future_status(none), UV_EINVAL);
  tcx_future_release(none);
}

/* ---- the rest of a stream ---- */

/* An object whose body is said to have n bytes, of which "some" come. */
static tcx_stream_t *open_stream(struct whole *w, int n) {
  static char text[128];
  static const struct fault_step steps[] = {DO(REQUEST), SEND(text), DO(END)};
  static const struct fault_step *const scripts[] = {steps};
  snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nsome", n);
  whole_begin(w, scripts, 1, NULL);
  tcx_future_t *f = tcx_future_call(w->client, "get_object", tcx_params("{Bucket: b, Key: k}"));
  assert_int_equal(tcx_future_await(f), 0);
  tcx_stream_t *stream = tcx_future_take_stream(f, NULL);
  assert_non_null(stream);
  tcx_future_release(f);
  return stream;
}

static void test_read_all(void **state) {
  (void)state;
  struct whole w;
  size_t n = 0;
  tcx_future_t *f = tcx_future_read_all(open_stream(&w, 4), 4);
  assert_int_equal(tcx_future_await(f), 0);
  assert_memory_equal(tcx_value_bytes(tcx_future_response(f), NULL, &n), "some", 4);
  assert_int_equal(n, 4);
  whole_end(&w);
  assert_int_equal(tcx_value_len(tcx_future_response(f), NULL), 4);
  tcx_future_release(f);
  f = tcx_future_read_all(open_stream(&w, 4), 3);
  assert_int_equal(seen_status(&w, f), TCX_ETOOBIG);
  whole_end(&w);
  assert_int_equal(tcx_future_error(f)->phase, TCX_PHASE_READ);
  tcx_future_release(f);
  tcx_stream_t *late = open_stream(&w, 4);
  whole_end(&w);
  f = tcx_future_read_all(late, 4);
  assert_int_equal(tcx_future_status(f), TCX_ECLOSING);
  tcx_future_release(f);
  f = tcx_future_read_all(NULL, 4);
  assert_int_equal(tcx_future_status(f), UV_EINVAL);
  tcx_future_release(f);
}

static void test_read_all_ends(void **state) {
  (void)state;
  for (int how = 0; how < 6; how++) {
    struct whole w;
    struct seen seen = {0};
    tcx_future_t *f = tcx_future_read_all(open_stream(&w, 100), 100);
    seen_then(&seen, f);
    whole_turns(&w, 3);
    if (how >= 3)
      tcx_future_release(f);
    if (how % 3 == 0)
      tcx_future_cancel(f);
    else if (how % 3 == 1)
      tcx_client_close(w.client, NULL);
    if (how % 3 != 2)
      whole_until(&w, &seen.calls);
    whole_end(&w);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, TCX_ECANCELED);
    if (how < 3)
      tcx_future_release(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pages),         cmocka_unit_test(test_errors),
      cmocka_unit_test(test_ends),          cmocka_unit_test(test_read_all),
      cmocka_unit_test(test_read_all_ends),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
