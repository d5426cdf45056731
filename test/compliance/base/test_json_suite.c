/* nst/JSONTestSuite: test/compliance/data/json. */
#include "base/codec.h"
#include "base/json.h"
#include "support.h"
#include <tucuxi.h>

/* What was read is written, read again and written again: the same text. */
static bool goes_round(const tcx_value_t *v, int style) {
  struct tcx_buf first, second;
  tcx__buf_init(&first, NULL, 1 << 24);
  tcx__buf_init(&second, NULL, 1 << 24);
  tcx__json_write(&first, v, style);
  tcx_value_t *again = tcx_value_from_json(first.data, first.len);
  tcx__json_write(&second, again, style);
  bool same = tcx_value_status(again) == 0 && first.len == second.len &&
              memcmp(first.data, second.data, first.len) == 0;
  tcx_value_free(again);
  tcx__buf_free(&first);
  tcx__buf_free(&second);
  return same;
}

static bool passes(const char *expect, const tcx_value_t *v) {
  bool taken = tcx_value_status(v) == 0;
  const char *problem = tcx_value_problem(v);
  if (strcmp(expect, "either") != 0 && taken != (strcmp(expect, "accept") == 0))
    return false;
  if (!taken)
    return tcx_value_status(v) == TCX_EPARAM && strncmp(problem, "line ", 5) == 0 &&
           strstr(problem, ", column ") != NULL;
  return goes_round(v, TCX__JSON_COMPACT) && goes_round(v, TCX__JSON_SPACED) &&
         goes_round(v, TCX__JSON_PRETTY);
}

static void test_suite(void **state) {
  (void)state;
  size_t size;
  char *text = test_read_file("compliance/data/json/json-test-suite.json", &size);
  tcx_value_t *suite = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_status(suite), 0);
  int bad = 0, count = 0;
  for (const tcx_value_t *c = tcx_value_first(suite, "cases"); c != NULL; c = tcx_value_next(c)) {
    const char *base64 = tcx_value_str(c, "input_base64");
    struct tcx_buf input;
    tcx__buf_init(&input, NULL, 1 << 24);
    assert_int_equal(tcx__base64_decode(&input, base64, strlen(base64)), 0);
    char *exact = malloc(input.len + (input.len == 0));
    memcpy(exact, input.data, input.len);
    tcx_value_t *v = tcx_value_from_json(exact, input.len);
    if (!passes(tcx_value_str(c, "expect"), v)) {
      printf("# %s: %s\n", tcx_value_str(c, "name"),
             tcx_value_problem(v) == NULL ? "taken" : tcx_value_problem(v));
      bad++;
    }
    count++;
    tcx_value_free(v);
    free(exact);
    tcx__buf_free(&input);
  }
  assert_int_equal(bad, 0);
  assert_int_equal(count, 254);
  tcx_value_free(suite);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
