/* Transfers as futures: the outcome is the transfer's and is kept, and each end from outside. */
#include "future_help.h"
#include "torture.h"
#include "transfer_help.h"

static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(0, "")), DO(AGAIN)};
static const struct fault_step *const goods[] = {good};
static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
static const struct fault_step *const silents[] = {silent};

static void test_outcomes(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, goods, 1, NULL);
  put_file(in_folder("source"), "hello");
  tcx_value_t *copy = tcx_params("{Bucket: b, Key: k, CopySource: 'b/other'}");
  tcx_future_t *all[] = {
      tcx_future_upload(w.client, tcx_body_copy("hello", 5), object(), NULL),
      tcx_future_upload_file(w.client, in_folder("source"), object(), NULL),
      tcx_future_download(w.client, in_folder("target"), object(), NULL),
      tcx_future_copy(w.client, copy, NULL),
      tcx_future_upload_file(w.client, in_folder("absent"), object(), NULL),
  };
  tcx_future_t *f = tcx_future_all(all, 5);
  assert_int_equal(seen_status(&w, f), UV_ENOENT);
  assert_int_equal(tcx_future_index(f), 4);
  whole_end(&w);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(tcx_value_int(tcx_future_response(tcx_future_at(f, i)),
                                   "ResponseMetadata.HTTPStatusCode", 0),
                     200);
  assert_non_null(strstr(tcx_future_error(f)->msg, "absent")); /* text of the transfer's own */
  assert_int_equal(access(in_folder("target"), R_OK), 0);
  tcx_future_release(f);
}

static void test_refused(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, goods, 1, NULL);
  tcx_future_t *f = tcx_future_download(w.client, "", object(), NULL);
  assert_int_equal(tcx_future_status(f), UV_EINVAL);
  tcx_future_release(f);
  f = tcx_future_copy_sized(w.client, object(), NULL, sizeof(tcx_transfer_options_t) + 8);
  assert_int_equal(tcx_future_status(f), UV_EINVAL);
  tcx_future_release(f);
  tcx_client_close(w.client, NULL);
  f = tcx_future_upload(w.client, tcx_body_copy("hello", 5), object(), NULL);
  assert_int_equal(tcx_future_status(f), TCX_ECLOSING);
  tcx_future_release(f);
  whole_end(&w);
  assert_int_equal(tcx_future_status(tcx_future_failed(UV_ENOMEM)), UV_ENOMEM);
  assert_int_equal(tcx_future_status(tcx_future_failed(UV_EPIPE)), UV_EINVAL);
}

/* 0 cancel, 1 the client's close, 2 the session's; + 3: it was released before. Of an upload, which
 * is one call, and of a download, which has file work too. */
static void test_ends(void **state) {
  (void)state;
  for (int download = 0; download < 2; download++) {
    for (int how = 0; how < 6; how++) {
      struct whole w;
      struct seen seen = {0};
      whole_begin(&w, silents, 1, NULL);
      tcx_future_t *f =
          download ? tcx_future_download(w.client, in_folder("x"), object(), NULL)
                   : tcx_future_upload(w.client, tcx_body_copy("hello", 5), object(), NULL);
      seen_then(&seen, f);
      while (w.server.requests == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
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
      if (how < 3) {
        assert_non_null(tcx_future_error(f)->msg);
        tcx_future_release(f);
      }
    }
  }
  assert_int_equal(count_below(folder), 0);
}

/* Nobody looks at it any more: it is done all the same. */
static void test_detached(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, goods, 1, NULL);
  tcx_future_release(tcx_future_download(w.client, in_folder("x"), object(), NULL));
  while (access(in_folder("x"), R_OK) != 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  whole_end(&w);
  assert_int_equal(count_below(folder), 1);
}

static int upload_scenario(void *ctx) {
  struct whole w;
  (void)ctx;
  int status = whole_try_begin(&w, goods, 1, NULL, NULL);
  if (status == 0) {
    tcx_future_t *f = tcx_future_upload_file(w.client, in_folder("source"), object(), NULL);
    status = tcx_future_await(f);
    tcx_future_release(f);
  }
  assert_true(status == 0 || status == UV_ENOMEM);
  whole_end(&w);
  return status;
}
static void test_out_of_memory(void **state) {
  (void)state;
  put_file(in_folder("source"), "hello");
  test_fail_until_ok(upload_scenario, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_outcomes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_detached, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
