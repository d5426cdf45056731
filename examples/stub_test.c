/*
 * stub_test.c - how you test code of yours that makes calls: answers in a queue, no network, no
 * credentials.
 *
 *   stub_test
 */
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>
#include <tucuxi/stubber.h>

/* ---- the code under test: how many bytes does a bucket hold? ---- */

struct sum {
  int64_t bytes;
  int status;
};

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct sum *sum = tcx_paginator_data(pages);
  for (const tcx_value_t *o = tcx_value_first(page, "Contents"); o != NULL; o = tcx_value_next(o))
    sum->bytes += tcx_value_int(o, "Size", 0);
  if (status == 0)
    status = tcx_paginator_next(pages, on_page);
  if (status == 0)
    return;
  sum->status = status == TCX_EOF ? 0 : status;
  tcx_paginator_close(pages);
}

static int sum_bucket(tcx_client_t *s3, const char *bucket, struct sum *sum) {
  tcx_paginator_t *pages;
  tcx_value_t *params = tcx_params("{Bucket: %s}", bucket);
  int err = tcx_client_paginate(s3, "list_objects_v2", params, NULL, sum, &pages);
  return err != 0 ? err : tcx_paginator_next(pages, on_page);
}

/* ---- its tests ---- */

static int failures;
static void check(int ok, const char *what) {
  printf("%s - %s\n", ok ? "ok" : "not ok", what);
  failures += !ok;
}

static struct sum sum_now(tcx_client_t *s3) {
  struct sum sum = {0, 1};
  if (sum_bucket(s3, "mybucket", &sum) == 0)
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return sum;
}

static void test_two_pages(tcx_client_t *s3, tcx_stubber_t *stubber) {
  tcx_value_t *first = tcx_params("{IsTruncated: true, NextContinuationToken: t, "
                                  "Contents: [{Key: a, Size: 1}, {Key: b, Size: 2}]}");
  tcx_value_t *second = tcx_params("{Contents: [{Key: c, Size: 4}]}");
  /* null is any value: botocore's ANY */
  int err = tcx_stubber_add_response(stubber, "list_objects_v2", first,
                                     tcx_params("{Bucket: mybucket}")) != 0 ||
            tcx_stubber_add_response(stubber, "list_objects_v2", second,
                                     tcx_params("{Bucket: null, ContinuationToken: t}")) != 0;
  check(!err, "the answers fit the model");
  struct sum sum = sum_now(s3);
  check(sum.status == 0 && sum.bytes == 7, "the sizes of two pages are summed");
  check(tcx_stubber_assert_no_pending_responses(stubber) == 0, "both pages were asked for");
}

static void test_no_bucket(tcx_client_t *s3, tcx_stubber_t *stubber) {
  tcx_stub_error_t missing = {.service_error_code = "NoSuchBucket", .http_status_code = 404};
  check(tcx_stubber_add_client_error(stubber, "list_objects_v2", &missing) == 0, "an error");
  check(sum_now(s3).status == TCX_ECLIENT, "a bucket that is not there is told");
}

static void test_unexpected(tcx_client_t *s3) {
  check(sum_now(s3).status == TCX_ESTUB, "a call that nobody expects fails");
}

static void test_wrong_answer(tcx_stubber_t *stubber) {
  tcx_value_t *wrong = tcx_params("{Contents: [{Size: many}]}");
  int err = tcx_stubber_add_response(stubber, "list_objects_v2", wrong, NULL);
  check(err == TCX_EPARAM, "an answer that S3 never gives is refused");
  printf("# %s\n", tcx_stubber_problem(stubber));
}

int main(void) {
  tcx_session_t *session;
  tcx_client_t *s3;
  tcx_stubber_t *stubber;
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", &(tcx_client_options_t){.region = "us-east-1"},
                                &s3) != 0 ||
      tcx_stubber_new(s3, &stubber) != 0 || tcx_stubber_activate(stubber) != 0)
    return 1;
  test_two_pages(s3, stubber);
  test_no_bucket(s3, stubber);
  test_unexpected(s3);
  test_wrong_answer(stubber);
  tcx_stubber_free(stubber);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) != 0 || failures != 0;
}
