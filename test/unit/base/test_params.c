#include "base/value.h"
#include "support.h"
#include "torture.h"
#include <limits.h>
#include <tucuxi.h>
#include <wchar.h>

#define PROGRAM_MAX 4096

static void is(tcx_value_t *v, const char *wanted) {
  char *json = NULL;
  if (tcx_value_status(v) != 0)
    fail_msg("%s", tcx_value_problem(v));
  assert_int_equal(tcx_value_to_json(v, &json, NULL), 0);
  assert_string_equal(json, wanted);
  tcx_free(json);
  tcx_value_free(v);
}

static void wrong(tcx_value_t *v, const char *problem) {
  assert_int_equal(tcx_value_status(v), TCX_EPARAM);
  assert_string_equal(tcx_value_problem(v), problem);
  tcx_value_free(v);
}

static const char *nothing(void) { return NULL; }

static void test_values(void **state) {
  (void)state;
  is(tcx_params("{Bucket: %s, MaxKeys: %d, Tags: [{Key: a, Value: '%d-x'}], Body: %.*s}", "b", 5, 7,
                3, "a\0bc"),
     "{\"Bucket\":\"b\",\"MaxKeys\":5,\"Tags\":[{\"Key\":\"a\",\"Value\":\"7-x\"}],\"Body\":"
     "\"a\\u0000b\"}");
  is(tcx_params("{}"), "{}");
  is(tcx_params(" [ ] "), "[]");
  is(tcx_params("\t{a : {} ,\n b:[]}"), "{\"a\":{},\"b\":[]}");
  is(tcx_params("[true, false, null, 1, -2.5, 1e+5, 0, -0.5e-3, 123456789012345678901]"),
     "[true,false,null,1,-2.5,100000.0,0,-0.0005,123456789012345678901]");
  is(tcx_params("[word, 10.0.0.1, 2015-08-30, 01, 1., a/b:c, -, truely, http://x:80/]"),
     "[\"word\",\"10.0.0.1\",\"2015-08-30\",\"01\",\"1.\",\"a/b:c\",\"-\",\"truely\",\"http://x:80/"
     "\"]");
  is(tcx_params("{'a b': 1, \"it's\": 2, 'n-%d': 3, aws:x: 4, A_b-c.d/e: 5}", 9),
     "{\"a b\":1,\"it's\":2,\"n-9\":3,\"aws:x\":4,\"A_b-c.d/e\":5}");
  is(tcx_params("{a: 1, a: 2}"), "{\"a\":2}");
  is(tcx_params("['', \"\", 'a\\b', 'caf\xc3\xa9']"), "[\"\",\"\",\"a\\\\b\",\"caf\xc3\xa9\"]");
  const char *text = "{x: %d, y: [%s]}"; /* a value is never template text */
  is(tcx_params("{a: %s, b: '%s'}", text, "'}, c: %d"),
     "{\"a\":\"{x: %d, y: [%s]}\",\"b\":\"'}, c: %d\"}");
}

static void test_conversions(void **state) {
  (void)state;
  is(tcx_params("[%d, %i, %hhd, %hd, %ld, %lld, %jd, %zd, %td]", -1, -2, (signed char)-3, (short)-4,
                -5L, -6LL, (intmax_t)-7, (ssize_t)-8, (ptrdiff_t)-9),
     "[-1,-2,-3,-4,-5,-6,-7,-8,-9]");
  is(tcx_params("[%u, %hhu, %hu, %lu, %llu, %ju, %zu]", 1u, (unsigned char)2, (unsigned short)3,
                4ul, ULLONG_MAX, (uintmax_t)INT64_MAX, (size_t)7),
     "[1,2,3,4,18446744073709551615,9223372036854775807,7]");
  is(tcx_params("[%f, %g, %e, %lf, %c]", 0.1, 1e300, -2.0, 3.5, 'x'),
     "[0.1,1e+300,-2.0,3.5,\"x\"]");
  is(tcx_params(
         "['%5d|%-5d|%05d|%+d|%x|%#X|%o', '%.2f|%8.3e|%g', '%-4s|%4s|%.2s|%c%%', '%*d|%-*d|%.*f']",
         1, 2, 3, 4, 255u, 255u, 8u, 1.005, 12345.678, 0.5, "ab", "cd", "efg", 'z', 4, 5, 4, 6, 1,
         2.25),
     "[\"    1|2    |00003|+4|ff|0XFF|10\",\"1.00|1.235e+04|0.5\",\"ab  |  cd|ef|z%\",\"   5|6   "
     "|2.2\"]");
  is(tcx_params("['%.*s', '%*s|', '%*s|', '%.*d']", 3, "a\0b", 3, "x", -3, "y", -1, 7),
     "[\"a\\u0000b\",\"  x|\",\"y  |\",\"7\"]");
  is(tcx_params("['%zu', '%hhd', '%ju']", (size_t)1, (signed char)-1, UINTMAX_MAX),
     "[\"1\",\"-1\",\"18446744073709551615\"]");
}

/* A function of a program's own that takes a template: checked and consumed like tcx_params. */
static tcx_value_t *own(int number, const char *template_, ...) TCX_PRINTF(2, 3);
static tcx_value_t *own(int number, const char *template_, ...) {
  va_list args;
  va_start(args, template_);
  tcx_value_t *v = tcx_value_set_int(tcx_vparams(template_, args), "Number", number);
  va_end(args);
  return v;
}

static void test_va_list(void **state) {
  (void)state;
  is(own(4, "{A: %s, B: %d, C: '%.2f', D: %p, E: %.*s}", "a", 2, 1.5, (void *)tcx_params("[%d]", 3),
         2, "xyz"),
     "{\"A\":\"a\",\"B\":2,\"C\":\"1.50\",\"D\":[3],\"E\":\"xy\",\"Number\":4}");
  wrong(own(4, "{A: %p, B: ", (void *)tcx_params("[%d]", 3)), "column 12: a value is expected");
}

static void test_leaving_out(void **state) {
  (void)state;
  is(tcx_params("{A: %s, B: [%s, 1, %p], C: %p, D: %.*s, E: %s}", nothing(), nothing(),
                (void *)NULL, (void *)NULL, 3, nothing(), "x"),
     "{\"B\":[1],\"E\":\"x\"}");
}

static void test_children(void **state) {
  (void)state;
  is(tcx_params("{A: %p, B: [%p, %p]}", (void *)tcx_params("{x: %d}", 1),
                (void *)tcx_value_new_str("s"), (void *)tcx_value_new_list()),
     "{\"A\":{\"x\":1},\"B\":[\"s\",[]]}");
  wrong(tcx_params("{A: %p, B: %p}", (void *)tcx_params("{x"), (void *)tcx_value_new_map()),
        "column 3: a colon is expected");
  /* consumed, wherever the template goes wrong; a leak shows under a leak checker */
  wrong(tcx_params("A: %p", (void *)tcx_value_new_map()),
        "column 1: a template begins with { or [");
  wrong(tcx_params("{A %d: %p, '%p': %s %%, %.*s %*d %p", 1, (void *)tcx_value_new_map(),
                   (void *)tcx_value_new_map(), "s", 1, "t", 2, 3, (void *)tcx_value_new_map()),
        "column 4: a colon is expected");
  wrong(tcx_params("{A: '%p'}", (void *)tcx_value_new_map()),
        "column 6: no conversion that can stand inside quotes");
  wrong(tcx_params("{A: %5d, B: %p}", 1, (void *)tcx_value_new_map()),
        "column 5: flags, width and base have a meaning only inside quotes");
  int written = 0;
  wrong(tcx_params("{A: '%9999d', B: %p}", 1, (void *)tcx_value_new_map()),
        "column 6: no conversion that can stand inside quotes");
  wrong(tcx_params("{A: %n, B: %p}", &written, (void *)tcx_value_new_map()),
        "column 5: no conversion that is known");
  wrong(tcx_params("{A: %Lf, B: %ls, C: %lc, D: %m, E: %'d, F: %*d, G: %p}", 1.5L, L"x",
                   (wint_t)L'x', 1, 2, 3, (void *)tcx_value_new_map()),
        "column 5: no conversion that is known");
  tcx_value_t *deep = tcx_value_new_list();
  for (int i = 2; i < TCX__VALUE_DEPTH; i++)
    deep = tcx_value_append(tcx_value_new_list(), deep);
  tcx_value_t *v = tcx_params("[[%p]]", (void *)deep);
  assert_int_equal(tcx_value_status(v), UV_EINVAL);
  tcx_value_free(v);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static void test_wrong_templates(void **state) {
  (void)state;
  static const struct {
    const char *text, *problem;
  } cases[] = {
      {"", "column 1: a template begins with { or ["},
      {"x", "column 1: a template begins with { or ["},
      {"{", "column 2: a name is expected"},
      {"{a", "column 3: a colon is expected"},
      {"{a}", "column 3: a colon is expected"},
      {"{a:}", "column 4: a value is expected"},
      {"{a: ", "column 5: a value is expected"},
      {"{a: 1", "column 1: the bracket is not closed"},
      {"{a: [1}", "column 7: a comma or ] is expected"},
      {"{a: 1]", "column 6: a comma or } is expected"},
      {"{a: 1 b: 2}", "column 7: a comma or } is expected"},
      {"{a: 1,}", "column 7: a name is expected"},
      {"[1,]", "column 4: a value is expected"},
      {"[1,,2]", "column 4: a value is expected"},
      {"{a: 1} x", "column 8: nothing more is expected"},
      {"{a:1}", "column 2: a colon that ends a name is not followed by a word at once"},
      {"{: 1}", "column 2: a name is expected"},
      {"{a: 'x", "column 5: the quote is not closed"},
      {"{a: 'x\"}", "column 5: the quote is not closed"},
      {"{'a: 1}", "column 2: the quote is not closed"},
      {"{a: x%", "column 6: a comma or } is expected"},
      {"{a: %", "column 5: no conversion that is known"},
      {"{a: %n}", "column 5: no conversion that is known"},
      {"{a: %k}", "column 5: no conversion that is known"},
      {"{a: %ls}", "column 5: no conversion that is known"},
      {"{a: '%n'}", "column 6: no conversion that can stand inside quotes"},
      {"{a: '%", "column 6: no conversion that can stand inside quotes"},
      {"{a: '%9999d'}", "column 6: no conversion that can stand inside quotes"},
      {"{a: %%}", "column 5: no conversion that is known"},
      {"{a: {b: [{c: !}]}}", "column 14: a value is expected"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    wrong(tcx_params(cases[i].text), cases[i].problem);
  wrong(tcx_params(NULL), "the template is NULL");
  wrong(tcx_params("{a: %.*s}", -1, "x"), "column 5: a negative length");
  wrong(tcx_params("{a: '%s'}", nothing()), "column 6: NULL for a string inside quotes");
  wrong(tcx_params("{a: %x}", 1u),
        "column 5: flags, width and base have a meaning only inside quotes");
  wrong(tcx_params("{a: %.3s}", "x"),
        "column 5: flags, width and base have a meaning only inside quotes");
  char deep[2 * TCX__VALUE_DEPTH + 1];
  memset(deep, '[', sizeof deep);
  deep[sizeof deep - 1] = '\0';
  tcx_value_t *v = tcx_params(deep);
  assert_int_equal(tcx_value_status(v), UV_EINVAL);
  assert_string_equal(tcx_value_problem(v), "nested deeper than 512 levels");
  tcx_value_free(v);
}
#pragma GCC diagnostic pop

/* The compiler's own check of the conversions. */
static int compiles(const char *call) {
  const char *compiler = getenv("CC") != NULL && getenv("CC")[0] != '\0' ? getenv("CC") : "cc";
  char command[PROGRAM_MAX];
  snprintf(command, sizeof command,
           "%s -std=gnu11 -fsyntax-only -Wformat -Werror -I'%s/include' -x c - 2>/dev/null",
           compiler, TCX_SOURCE_DIR);
  FILE *pipe = popen(command, "w");
  assert_non_null(pipe);
  fprintf(pipe, "#include <tucuxi.h>\nvoid f(void); void f(void) { tcx_value_free(%s); }\n", call);
  return pclose(pipe) == 0;
}

static void test_the_compiler_warns(void **state) {
  (void)state;
  if (!compiles("tcx_params(\"{}\")"))
    skip();
  assert_true(compiles("tcx_params(\"{A: %s, B: %d, C: %p, D: '%5.2f%%', E: %.*s}\", \"x\", 1, "
                       "(void *)tcx_value_new_map(), 1.5, 2, \"ab\")"));
  static const char *const calls[] = {"tcx_params(\"{A: %s}\", 1)",
                                      "tcx_params(\"{A: %d}\", \"x\")",
                                      "tcx_params(\"{A: %d}\")",
                                      "tcx_params(\"{A: %s, B: %s}\", \"x\")",
                                      "tcx_params(\"{A: %d}\", 1L)",
                                      "tcx_params(\"{A: 1}\", 1)",
                                      "tcx_params(\"{A: %.*s}\", \"x\", 1)",
                                      "tcx_params(\"{A: '%f'}\", 1)",
                                      "tcx_params(\"{A: %k}\", 1)"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (compiles(calls[i]))
      fail_msg("no warning: %s", calls[i]);
}

static int build_small(void *ctx) {
  char name[600];
  (void)ctx;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  tcx_value_t *v =
      tcx_params("{'%s': 1, '%s': %s, X: [%p, %p], Y: '%4000d'}", name, name, name,
                 (void *)tcx_value_new_str(name), (void *)tcx_params("{Z: %s}", name), 1);
  int status = tcx_value_status(v);
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx_value_free(v);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(build_small, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),          cmocka_unit_test(test_conversions),
      cmocka_unit_test(test_leaving_out),     cmocka_unit_test(test_children),
      cmocka_unit_test(test_wrong_templates), cmocka_unit_test(test_the_compiler_warns),
      cmocka_unit_test(test_out_of_memory),   cmocka_unit_test(test_va_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
