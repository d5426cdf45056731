/* NO_PROXY as botocore reads it: test/compliance/data/no-proxy. */
#include "base/json.h"
#include "net/proxy.h"
#include "support.h"

static void test_cases(void **state) {
  (void)state;
  size_t n = 0;
  char *text = test_read_file("compliance/data/no-proxy/cases.json", &n);
  tcx_value_t *cases = tcx_value_from_json(text, n);
  assert_int_equal(tcx_value_status(cases), 0);
  assert_int_equal(tcx_value_len(cases, NULL), 3120);
  int bad = 0;
  for (const tcx_value_t *c = tcx_value_first(cases, NULL); c != NULL; c = tcx_value_next(c)) {
    const char *list = tcx_value_str(c, "[0]"), *host = tcx_value_str(c, "[1]");
    struct tcx_str name = tcx__str(host);
    if (host[0] == '[') /* a target's host has no brackets */
      name = (struct tcx_str){host + 1, name.n - 2};
    bool want = tcx_value_bool(c, "[3]", false);
    if (tcx__no_proxy(list, name, (uint16_t)tcx_value_int(c, "[2]", 0)) == want)
      continue;
    printf("# \"%s\" for %s:%d: botocore says %d\n", list, host, (int)tcx_value_int(c, "[2]", 0),
           want);
    bad++;
  }
  assert_int_equal(bad, 0);
  tcx_value_free(cases);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
