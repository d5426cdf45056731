/* The public endpoint test cases: each resolves to an equal URL, headers and properties, or to an
 * equal error text. */
#include "rules_help.h"
#include <dirent.h>

#define DATA "compliance/data/"

struct suite { /* one folder of rule sets that share a list of partitions */
  struct tcx_arena *arena;
  const struct tcx_partitions *partitions;
  unsigned sets, cases, wrong;
};

static const struct tcx_partitions *load_partitions(struct tcx_arena *arena, const char *path) {
  const struct tcx_partitions *partitions = NULL;
  struct tcx_fail f = {.arena = arena};
  if (tcx__partitions_load(arena, help_json_file(arena, path), &partitions, &f) != 0)
    fail_msg("%s: %s", path, f.text);
  return partitions;
}

static const char *compare(const struct tcx_value *expected, int status,
                           const struct tcx_endpoint *endpoint, const struct tcx_fail *f) {
  const struct tcx_value *error = tcx__value_find(expected, "error", 5),
                         *want = tcx__value_find(expected, "endpoint", 8);
  if (error != NULL)
    return status == TCX_EENDPOINT && tcx__str_is(error->u.bytes, f->text) ? NULL : "the error";
  if (status != 0)
    return "no endpoint";
  const struct tcx_value *url = tcx__value_find(want, "url", 3),
                         *none = tcx__value_new(f->arena, TCX_MAP);
  const struct tcx_value *properties = tcx__value_find(want, "properties", 10),
                         *headers = tcx__value_find(want, "headers", 7);
  if (!tcx__str_eq(url->u.bytes, endpoint->url))
    return "the URL";
  if (!help_equal(properties != NULL ? properties : none, endpoint->properties))
    return "the properties";
  return help_equal(headers != NULL ? headers : none, endpoint->headers) ? NULL : "the headers";
}

static void run_case(struct suite *s, const char *name, const struct tcx_ruleset *rules,
                     const struct tcx_value *test) {
  struct tcx_rule_param_value values[TCX__RULES_SLOTS];
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_endpoint endpoint = {0};
  assert_true(help_values(arena, rules, tcx__value_find(test, "params", 6), values));
  int status = tcx__endpoint_resolve(rules, s->partitions, values, arena, &endpoint, &f);
  const char *differs = compare(tcx__value_find(test, "expect", 6), status, &endpoint, &f);
  s->cases++;
  if (differs != NULL) {
    struct tcx_buf text;
    tcx__buf_init(&text, arena, 1 << 20);
    tcx__json_write(&text, test, TCX__JSON_SPACED);
    print_error("%s: %s differs: %s\n  got %.*s %s\n", name, differs, text.data,
                (int)endpoint.url.n, endpoint.url.n ? endpoint.url.p : "",
                f.text != NULL ? f.text : "");
    s->wrong++;
  }
  tcx__arena_free(arena);
}

static void run_set(struct suite *s, const char *folder, const char *name) {
  char path[512];
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_ruleset *rules = NULL;
  struct tcx_fail f = {.arena = arena};
  snprintf(path, sizeof path, DATA "%s/%s/ruleset.json", folder, name);
  if (tcx__ruleset_load(arena, help_json_file(arena, path), &rules, &f) != 0)
    fail_msg("%s: %s", path, f.text);
  snprintf(path, sizeof path, DATA "%s/%s/tests.json", folder, name);
  const struct tcx_value *cases = tcx__value_find(help_json_file(arena, path), "testCases", 9);
  for (const struct tcx_value *test = tcx__value_kids(cases); test != NULL; test = test->next)
    run_case(s, name, rules, test);
  s->sets++;
  tcx__arena_free(arena);
}

/* All folders of folder, with the partitions of that file. */
static void run_folder(const char *folder, const char *partitions, unsigned sets, unsigned cases) {
  char path[1024];
  struct suite s = {.arena = tcx__arena_new()};
  s.partitions = load_partitions(s.arena, partitions);
  snprintf(path, sizeof path, TCX_TEST_DIR "/" DATA "%s", folder);
  DIR *dir = opendir(path);
  assert_non_null(dir);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (entry->d_name[0] != '.' && entry->d_name[0] != '_' && strchr(entry->d_name, '.') == NULL)
      run_set(&s, folder, entry->d_name);
  closedir(dir);
  tcx__arena_free(s.arena);
  assert_int_equal(s.wrong, 0);
  assert_int_equal(s.sets, sets);
  assert_int_equal(s.cases, cases);
}

static void test_services(void **state) {
  (void)state;
  run_folder("endpoints", DATA "endpoints/partitions.json", 32, 2780);
}

static void test_engine_botocore(void **state) {
  (void)state;
  run_folder("endpoints-engine/botocore", DATA "endpoints/partitions.json", 15, 75);
}

static void test_engine_sdkutils(void **state) {
  (void)state;
  run_folder("endpoints-engine/aws-c-sdkutils",
             DATA "endpoints-engine/aws-c-sdkutils/_resources/partitions.json", 4, 9);
}

static void test_engine_derived(void **state) {
  (void)state;
  run_folder("endpoints-engine/derived", DATA "endpoints/partitions.json", 13, 204);
}

static int load_set(const char *path, char *text, size_t size) {
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_ruleset *rules = NULL;
  struct tcx_fail f = {.arena = arena};
  int status = tcx__ruleset_load(arena, help_json_file(arena, path), &rules, &f);
  snprintf(text, size, "%s", f.text != NULL ? f.text : "");
  tcx__arena_free(arena);
  return status;
}

static void test_parse_only(void **state) {
  (void)state;
  static const char *const names[] = {"botocore-get-attr-type-inference",
                                      "botocore-minimal-ruleset", "botocore-deprecated-param"};
  for (unsigned i = 0; i < 3; i++) {
    char path[512], text[512];
    snprintf(path, sizeof path, DATA "endpoints-engine/parse-only/%s.json", names[i]);
    if (load_set(path, text, sizeof text) != 0)
      fail_msg("%s: %s", path, text);
  }
}

static void test_refused(void **state) {
  (void)state;
  char text[512];
  assert_int_equal(
      load_set(DATA "endpoints-engine/aws-c-sdkutils/_resources/no_default_on_required.json", text,
               sizeof text),
      TCX_ESERVICE);
  assert_string_equal(text, "rules[0].conditions[0]: booleanEquals takes 2 arguments, not 0");
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_partitions *partitions = NULL;
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *json = help_json_file(
      arena, DATA "endpoints-engine/aws-c-sdkutils/_resources/sample_partitions_bad_regex.json");
  assert_int_equal(tcx__partitions_load(arena, json, &partitions, &f), TCX_ESERVICE);
  assert_string_equal(f.text, "partitions[0]: regionRegex ^(us|eu|ap|sa|ca|me|af)-\\w+-\\d+$ is of "
                              "an unknown form: a field is followed by \\- or '$'");
  tcx__arena_free(arena);
}

static void test_samples_load(void **state) {
  (void)state;
  char text[512];
  if (load_set(DATA "endpoints-engine/aws-c-sdkutils/_resources/sample_ruleset.json", text,
               sizeof text) != 0)
    fail_msg("%s", text);
  struct tcx_arena *arena = tcx__arena_new();
  load_partitions(arena, DATA "endpoints-engine/aws-c-sdkutils/_resources/sample_partitions.json");
  tcx__arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_services),        cmocka_unit_test(test_engine_botocore),
      cmocka_unit_test(test_engine_sdkutils), cmocka_unit_test(test_engine_derived),
      cmocka_unit_test(test_parse_only),      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_samples_load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
