/* <tucuxi/jmespath.h>: who owns what, and where failures are kept. */
#include "support.h"
#include "torture.h"
#include <tucuxi/jmespath.h>

static tcx_value_t *listing(void) {
  return tcx_params("{Contents: [{Key: a, Size: 1}, {Key: b, Size: 2}], Deep: {At: [1, 2]}}");
}

static void test_results(void **state) {
  (void)state;
  tcx_jmespath_t *e = tcx_jmespath_compile("Contents[?Size > `1`].Key[]", 27);
  assert_int_equal(tcx_jmespath_status(e), 0);
  assert_null(tcx_jmespath_problem(e));
  tcx_value_t *v = listing(), *one = tcx_jmespath_search(e, v), *two = tcx_jmespath_search(e, one),
              *three = tcx_jmespath_search(e, NULL);
  tcx_value_free(v); /* a result is its own */
  tcx_jmespath_free(e);
  assert_string_equal(tcx_value_str(one, "[0]"), "b");
  assert_int_equal(tcx_value_len(one, NULL), 1);
  assert_int_equal(tcx_value_type(two, NULL), TCX_NULL);
  assert_int_equal(tcx_value_type(three, NULL), TCX_NULL);
  tcx_value_append(one, tcx_value_new_str("more"));
  assert_int_equal(tcx_value_status(one), 0);
  assert_string_equal(tcx_value_str(one, "[1]"), "more");
  tcx_value_free(one);
  tcx_value_free(two);
  tcx_value_free(three);
}

static void test_failures(void **state) {
  (void)state;
  tcx_value_t *v = listing(), *found;
  tcx_jmespath_t *e = tcx_jmespath_compile("Contents[", 9);
  assert_int_equal(tcx_jmespath_status(e), TCX_EPARAM);
  assert_non_null(strstr(tcx_jmespath_problem(e), "Contents["));
  assert_non_null(strstr(tcx_jmespath_problem(e), "^"));
  found = tcx_jmespath_search(e, v);
  assert_int_equal(tcx_value_status(found), TCX_EPARAM);
  assert_string_equal(tcx_value_problem(found), tcx_jmespath_problem(e));
  tcx_value_free(found);
  tcx_jmespath_free(e);
  tcx_jmespath_free(NULL);
  assert_int_equal(tcx_value_search(v, "abs(Deep)", &found), TCX_EPARAM);
  assert_non_null(strstr(tcx_value_problem(found), "In function abs(), invalid type"));
  tcx_value_free(found);
  assert_int_equal(tcx_value_search(v, NULL, &found), UV_EINVAL);
  tcx_value_free(found);
  assert_int_equal(tcx_value_search(v, "Deep.At[1]", &found), 0);
  assert_int_equal(tcx_value_int(found, NULL, 0), 2);
  tcx_value_free(found);
  tcx_value_t *bad = tcx_params("{a: ");
  assert_int_equal(tcx_value_search(bad, "a", &found), tcx_value_status(bad));
  assert_string_equal(tcx_value_problem(found), tcx_value_problem(bad));
  tcx_value_free(found);
  tcx_value_free(bad);
  tcx_value_free(v);
}

static int compile_and_search(void *ctx) {
  (void)ctx;
  tcx_value_t *v = listing(), *found = NULL;
  int status = tcx_value_search(
      v, "{a: Contents[].{k: Key, s: to_string(Size)}, b: Deep.*, c: join(',', Contents[].Key)}",
      &found);
  if (status == 0) {
    assert_string_equal(tcx_value_str(found, "c"), "a,b");
    assert_string_equal(tcx_value_str(found, "a[1].s"), "2");
  } else {
    assert_int_equal(status, UV_ENOMEM);
    assert_non_null(tcx_value_problem(found));
  }
  tcx_value_free(found);
  tcx_value_free(v);
  return status;
}
static void test_no_memory(void **state) {
  (void)state;
  test_fail_until_ok(compile_and_search, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_results),
                                     cmocka_unit_test(test_failures),
                                     cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
