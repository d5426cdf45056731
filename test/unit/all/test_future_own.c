/* Futures that the program completes, and those of time. */
#include "future_help.h"

static const struct fault_step silent[] = {DO(END)};
static const struct fault_step *const silent_scripts[] = {silent};

static int cancels;
static void on_cancel(tcx_future_t *future, void *data) {
  cancels++;
  if (data != NULL)
    tcx_future_complete(future, UV_EPIPE, NULL); /* whatever it makes of it */
}

static int releases;
static void on_owner_release(void *owner) {
  assert_ptr_equal(owner, &releases);
  releases++;
}

static void test_own(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, NULL, 0, NULL);
  tcx_future_t *f = tcx_future_new(w.session, NULL, NULL);
  struct seen seen = {0};
  seen_then(&seen, f);
  uv_run(&w.loop, UV_RUN_DEFAULT); /* it does not hold the loop */
  assert_int_equal(seen.calls, 0);
  tcx_future_complete(f, 0, tcx_params("{A: %d}", 7));
  assert_int_equal(seen.calls, 0);
  uv_run(&w.loop, UV_RUN_DEFAULT);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(tcx_value_int(tcx_future_response(f), "A", 0), 7);
  tcx_future_release(f);

  static const struct {
    int status;
    bool response, broken;
    int outcome;
  } cases[] = {
      {0, false, false, 0},
      {UV_EPIPE, false, false, UV_EPIPE},
      {UV_EPIPE, true, false, UV_EPIPE},
      {0, true, true, TCX_EPARAM},
      {1, false, false, UV_EINVAL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    f = tcx_future_new(w.session, NULL, NULL);
    tcx_future_complete(f, cases[i].status,
                        cases[i].broken     ? tcx_params("{A")
                        : cases[i].response ? tcx_params("{A: 1}")
                                            : NULL);
    assert_int_equal(seen_status(&w, f), cases[i].outcome);
    assert_null(tcx_future_get_call(f));
    if (cases[i].broken)
      assert_string_equal(tcx_future_error(f)->msg, "column 3: a colon is expected");
    tcx_future_release(f);
  }
  whole_end(&w);
}

static void test_own_with(void **state) {
  (void)state;
  static const tcx_error_t error = {
      .status = TCX_ECLIENT, .code = "Mine", .msg = "mine", .operation = "Op"};
  struct whole w;
  whole_begin(&w, silent_scripts, 1, NULL);
  tcx_value_t *value = tcx_params("{A: 1}");
  releases = 0;
  tcx_future_t *f = tcx_future_new(w.session, NULL, NULL),
               *g = tcx_future_new(w.session, NULL, NULL),
               *h = tcx_future_new(w.session, NULL, NULL);
  tcx_future_complete_with(f, value, NULL, on_owner_release, &releases);
  tcx_future_complete_with(g, NULL, &error, on_owner_release, &releases);
  tcx_future_cancel(h);
  tcx_future_complete_with(h, value, NULL, on_owner_release, &releases); /* too late */
  assert_int_equal(releases, 1);
  assert_int_equal(seen_status(&w, f), 0);
  assert_ptr_equal(tcx_future_response(f), value);
  assert_int_equal(seen_status(&w, g), TCX_ECLIENT);
  assert_ptr_equal(tcx_future_error(g), &error);
  assert_int_equal(seen_status(&w, h), TCX_ECANCELED);
  tcx_future_release(f);
  assert_int_equal(releases, 2);
  whole_end(&w);
  assert_ptr_equal(tcx_future_error(g), &error);
  tcx_future_release(g);
  tcx_future_release(h);
  assert_int_equal(releases, 3);
  tcx_value_free(value);
}

static void test_own_cancel(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, silent_scripts, 1, NULL);
  tcx_future_t *f = tcx_future_new(w.session, NULL, NULL),
               *g = tcx_future_new(w.session, on_cancel, &w),
               *h = tcx_future_new(w.session, on_cancel, NULL),
               *late = tcx_future_new(w.session, on_cancel, NULL);
  cancels = 0;
  tcx_future_cancel(f);
  tcx_future_cancel(g);
  tcx_future_cancel(h);
  tcx_future_cancel(h);
  assert_int_equal(cancels, 2);
  assert_int_equal(seen_status(&w, f), TCX_ECANCELED);
  assert_int_equal(seen_status(&w, g), UV_EPIPE);
  assert_false(tcx_future_done(h)); /* a request: its outcome comes when the program says so */
  tcx_future_complete(h, 0, NULL);
  assert_int_equal(seen_status(&w, h), 0);
  tcx_future_complete(f, 0, tcx_params("{A: 1}")); /* still owed */
  struct seen seen = {0};
  seen_then(&seen, late);
  tcx_future_release(late);
  whole_end(&w); /* the close asks too, and does not wait */
  assert_int_equal(cancels, 3);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.status, TCX_ECANCELED);
  tcx_future_complete(late, 0, NULL);
  tcx_future_release(f);
  tcx_future_release(g);
  tcx_future_release(h);
}

static void test_sleep(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, silent_scripts, 1, NULL);
  struct seen seen = {0}, closed = {0};
  tcx_future_t *f = tcx_future_sleep(w.session, 2), *g = tcx_future_sleep(w.session, 100000);
  uint64_t begun = uv_hrtime();
  seen_then(&seen, f);
  whole_until(&w, &seen.calls);
  assert_true(uv_hrtime() - begun >= 2000000);
  assert_int_equal(seen.status, 0);
  seen_then(&closed, g);
  whole_end(&w);
  assert_int_equal(closed.status, TCX_ECANCELED);
  tcx_future_release(f);
  tcx_future_release(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_own),
      cmocka_unit_test(test_own_with),
      cmocka_unit_test(test_own_cancel),
      cmocka_unit_test(test_sleep),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
