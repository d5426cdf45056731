/* The public JMESPath compliance suite: each expression gives its result, or its kind of error. */
#include "base/json.h"
#include "jmespath/jmespath.h"
#include "support.h"
#include <dirent.h>

static unsigned cases, wrong;

static bool number(const tcx_value_t *v) {
  return v->type == TCX_INT || v->type == TCX_DOUBLE || v->type == TCX_BIGNUM;
}

static bool same(const tcx_value_t *a, const tcx_value_t *b) {
  if (number(a) && number(b))
    return a->type == TCX_BIGNUM ? strcmp(tcx_value_str(a, NULL), tcx_value_str(b, NULL)) == 0
                                 : tcx_value_num(a, NULL, 1) == tcx_value_num(b, NULL, 2);
  if (a->type != b->type)
    return false;
  if (a->type == TCX_STRING)
    return tcx__str_eq(a->u.bytes, b->u.bytes);
  if (a->type == TCX_BOOL)
    return a->u.boolean == b->u.boolean;
  if (tcx_value_len(a, NULL) != tcx_value_len(b, NULL))
    return false;
  for (const tcx_value_t *kid = tcx_value_first(a, NULL), *other = tcx_value_first(b, NULL);
       kid != NULL; kid = tcx_value_next(kid), other = tcx_value_next(other)) {
    const tcx_value_t *there =
        a->type == TCX_MAP ? tcx_value_member(b, kid->name, kid->name_len) : other;
    if (there == NULL || !same(kid, there))
      return false;
  }
  return true;
}

/* A sentence of each kind that the suite names. */
static bool right_error(const char *kind, const char *text) {
  static const struct {
    const char *kind, *text;
  } kinds[] = {
      {"syntax", "nvalid jmespath expression"}, {"syntax", "Bad jmespath expression"},
      {"syntax", "Parse error at column"},      {"syntax", "Invalid JMESPath expression"},
      {"invalid-arity", "for function"},        {"invalid-type", "invalid type for value"},
      {"invalid-value", "slice step"},          {"unknown-function", "Unknown function"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(kind, kinds[i].kind) == 0 && strstr(text, kinds[i].text) != NULL)
      return true;
  return false;
}

static void run_case(const char *file, const tcx_value_t *given, const tcx_value_t *test) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  const struct tcx_jmespath *e = NULL;
  const tcx_value_t *found = NULL, *wanted = tcx_value_get(test, "result");
  size_t n = 0;
  const char *text = tcx_value_bytes(test, "expression", &n), *error = tcx_value_str(test, "error");
  int status = tcx__jmespath_compile(arena, (struct tcx_str){text, n}, &e, &f);
  if (status == 0)
    status = tcx__jmespath_search(e, arena, given, &found, &f);
  bool good = error != NULL ? status == TCX_EPARAM && right_error(error, f.text)
                            : status == 0 && (wanted == NULL || same(wanted, found));
  cases++;
  if (!good) {
    struct tcx_buf got;
    tcx__buf_init(&got, arena, 1 << 20);
    if (status == 0)
      tcx__json_write(&got, found, TCX__JSON_COMPACT);
    print_error("%s: %s\n  gives %s\n", file, text, status == 0 ? got.data : f.text);
    wrong++;
  }
  tcx__arena_free(arena);
}

static void run_file(const char *name) {
  char path[400];
  size_t n;
  snprintf(path, sizeof path, "compliance/data/jmespath/%s", name);
  char *text = test_read_file(path, &n);
  tcx_value_t *suites = tcx_value_from_json(text, n);
  assert_int_equal(tcx_value_status(suites), 0);
  for (const tcx_value_t *suite = tcx_value_first(suites, NULL); suite != NULL;
       suite = tcx_value_next(suite))
    for (const tcx_value_t *test = tcx_value_first(suite, "cases"); test != NULL;
         test = tcx_value_next(test))
      run_case(name, tcx_value_get(suite, "given"), test);
  tcx_value_free(suites);
  free(text);
}

static void test_suite(void **state) {
  (void)state;
  DIR *dir = opendir(TCX_TEST_DIR "/compliance/data/jmespath");
  assert_non_null(dir);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strstr(entry->d_name, ".json") != NULL)
      run_file(entry->d_name);
  closedir(dir);
  assert_int_equal(wrong, 0);
  assert_int_equal(cases, 686);
}

/* Of an error that jmespath.py tells, all of its text, position and caret included; where only its
 * kind is known, that there is one. */
static bool same_error(const char *wanted, int status, const char *found) {
  if (status != TCX_EPARAM)
    return false;
  return strcmp(wanted, "type") == 0 || (strcmp(wanted, "Bad jmespath expression: ") == 0
                                             ? strncmp(wanted, found, strlen(wanted)) == 0
                                             : strcmp(wanted, found) == 0);
}

static void run_random(const tcx_value_t *data, const tcx_value_t *test) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  const struct tcx_jmespath *e = NULL;
  const tcx_value_t *found = NULL;
  size_t n = 0;
  const char *text = tcx_value_bytes(test, "expression", &n), *error = tcx_value_str(test, "error");
  int status = tcx__jmespath_compile(arena, (struct tcx_str){text, n}, &e, &f);
  if (status == 0)
    status = tcx__jmespath_search(e, arena, data, &found, &f);
  cases++;
  if (error != NULL ? !same_error(error, status, f.text)
                    : status != 0 || !same(tcx_value_get(test, "result"), found)) {
    struct tcx_buf got;
    tcx__buf_init(&got, arena, 1 << 20);
    if (status == 0)
      tcx__json_write(&got, found, TCX__JSON_COMPACT);
    tcx__buf_adds(&got, "\n  not ");
    if (error == NULL)
      tcx__json_write(&got, tcx_value_get(test, "result"), TCX__JSON_COMPACT);
    print_error("%s\n  gives %s %s\n%s\n", text, got.data, f.text != NULL ? f.text : "",
                error != NULL ? error : "");
    wrong++;
  }
  tcx__arena_free(arena);
}

static void test_random(void **state) {
  size_t n;
  (void)state;
  char *text = test_read_file("compliance/data/jmespath-random/vectors.json", &n);
  tcx_value_t *all = tcx_value_from_json(text, n);
  assert_int_equal(tcx_value_status(all), 0);
  cases = wrong = 0;
  for (const tcx_value_t *test = tcx_value_first(all, "cases"); test != NULL;
       test = tcx_value_next(test))
    run_random(tcx_value_get(all, "data"), test);
  tcx_value_free(all);
  free(text);
  assert_int_equal(wrong, 0);
  assert_int_equal(cases, 2500);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite), cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
