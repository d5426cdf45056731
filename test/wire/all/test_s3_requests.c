/*
 * Every operation of S3 as botocore sends it (data/s3-requests.json, written by
 * make_s3_requests.py): method, URL, headers and body. The client's options ask for botocore's way
 * of sending checksums, so that whole bodies can be compared.
 */
#include "requests.h"
#include "whole.h"

static bool compared(const char *name) {
  static const char *const not [] = {"authorization", "x-amz-date", "content-length", "host",
                                     "x-amz-client-token"};
  for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
    if (strcasecmp(name, not [i]) == 0)
      return false;
  return !is_own_header(name);
}

static int compare(const tcx_value_t *c, const tcx_value_t *found) {
  const char *id = tcx_value_str(c, "id");
  const tcx_value_t *wanted = tcx_value_get(c, "expect.headers"),
                    *headers = tcx_value_get(found, "Headers");
  int bad =
      differ(id, "method", tcx_value_str(c, "expect.method"), tcx_value_str(found, "Method")) +
      differ(id, "url", tcx_value_str(c, "expect.url"), tcx_value_str(found, "Url"));
  for (const tcx_value_t *h = tcx_value_first(wanted, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)))
      bad += differ_header(id, tcx_value_name(h), tcx_value_str(h, NULL),
                           find_header(headers, tcx_value_name(h)));
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)) && find_header(wanted, tcx_value_name(h)) == NULL)
      bad += differ(id, tcx_value_name(h), NULL, tcx_value_str(h, NULL));
  size_t n = 0;
  const void *body = tcx_value_bytes(found, "Body", &n);
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, SIZE_MAX);
  tcx__base64_encode(&text, body != NULL ? body : "", n);
  bad += differ(id, "body", tcx_value_str(c, "expect.body_base64"),
                text.data != NULL ? text.data : "");
  if (bad > 0 && n > 0)
    fprintf(stderr, "  %.*s\n", (int)n, (const char *)body);
  tcx__buf_free(&text);
  return bad;
}

static int run(const tcx_value_t *c) {
  struct whole w;
  struct outcome o;
  tcx_value_t *config = tcx_value_get(c, "client_config") != NULL
                            ? tcx_value_copy(tcx_value_get(c, "client_config"))
                            : tcx_value_new_map();
  tcx_value_set_bool(config, "s3.checksum_trailer", true);
  whole_begin(
      &w, NULL, 0,
      &(tcx_client_options_t){
          .region = "us-west-2", .access_key = "AKID", .secret_key = "SECRET", .config = config});
  whole_goal_to(&w, tcx_value_str(c, "operation"), request_params(tcx_value_get(c, "params")),
                TCX__GOAL_RENDER, &o);
  int bad = o.status == 0 ? compare(c, o.response)
                          : differ(tcx_value_str(c, "id"), "outcome", "success", o.msg);
  outcome_free(&o);
  whole_end(&w);
  return bad;
}

static void test_requests(void **state) {
  (void)state;
  size_t size;
  char *text = test_read_file("wire/data/s3-requests.json", &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_status(all), 0);
  int count = 0, failed = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL; c = tcx_value_next(c)) {
    count++;
    failed += run(c) != 0;
  }
  tcx_value_free(all);
  free(text);
  assert_int_equal(failed, 0);
  assert_int_equal(count, 276);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
