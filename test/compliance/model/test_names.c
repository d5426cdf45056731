/* Method names against botocore's xform_name. */
#include "model/model.h"
#include "support.h"

#define EXPECTED_PAIRS 1919

static void every_name_is_botocores(void **state) {
  (void)state;
  char *text = test_read_file("compliance/data/names/methods.txt", NULL);
  unsigned count = 0, wrong = 0;
  for (char *line = text, *end; *line != '\0'; line = end + 1, count++) {
    char method[256], *space = strchr(line, ' ');
    end = strchr(line, '\n');
    *space = *end = '\0';
    assert_int_equal(tcx__method_name(method, sizeof method, line), 0);
    if (strcmp(method, space + 1) != 0) {
      print_error("%s: %s, expected %s\n", line, method, space + 1);
      wrong++;
    }
  }
  free(text);
  assert_int_equal(wrong, 0);
  assert_int_equal(count, EXPECTED_PAIRS);
}

static void odd_names(void **state) {
  (void)state;
  static const struct {
    const char *name, *method;
  } cases[] = {{"", ""},
               {"A", "a"},
               {"s", "s"},
               {"As", "as"},
               {"ABs", "_abs"},
               {"ARNs", "_arns"},
               {"GatewayARNs", "gateway_arns"},
               {"already_there", "already_there"},
               {"has_Underscore", "has_Underscore"},
               {"lower", "lower"},
               {"HTTPServer", "http_server"},
               {"S3", "s3"},
               {"PutV2Rule", "put_v2_rule"},
               {"ABCDef", "abc_def"},
               {"aB", "a_b"},
               {"A1B2", "a1_b2"}};
  char method[64];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(tcx__method_name(method, sizeof method, cases[i].name), 0);
    assert_string_equal(method, cases[i].method);
  }
}

static void too_long_is_refused(void **state) {
  (void)state;
  char out[16], longest[300];
  assert_int_equal(tcx__method_name(out, 11, "GetObject"), 0);
  assert_int_equal(tcx__method_name(out, 10, "GetObject"), UV_ENOBUFS);
  assert_int_equal(tcx__method_name(out, 0, ""), UV_ENOBUFS);
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(tcx__method_name(out, sizeof out, longest), UV_ENOBUFS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_name_is_botocores),
                                     cmocka_unit_test(odd_names),
                                     cmocka_unit_test(too_long_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
