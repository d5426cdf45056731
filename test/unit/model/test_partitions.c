/* Partitions: which region belongs where, which patterns are known, what the loader refuses, memory
 * that runs out. */
#include "rules_help.h"
#include "torture.h"

static struct tcx_arena *arena;

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

static int load(const char *json, const struct tcx_partitions **partitions, const char **text) {
  struct tcx_fail f = {.arena = arena};
  int status = tcx__partitions_load(arena, help_json(arena, json, strlen(json)), partitions, &f);
  *text = f.text;
  return status;
}

#define OUTPUTS "\"outputs\":{\"dnsSuffix\":\"d\",\"dualStackDnsSuffix\":\"s\"}"
#define PARTITION                                                                                  \
  "{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"%s\",\"regions\":{}," OUTPUTS "}]}"

static const struct tcx_partitions *with_pattern(const char *pattern) {
  const struct tcx_partitions *partitions = NULL;
  const char *text;
  if (load(tcx__arena_printf(arena, PARTITION, pattern), &partitions, &text) != 0)
    fail_msg("%s", text);
  return partitions;
}

static bool matches(const char *pattern, const char *region) {
  return tcx__partition_find(with_pattern(pattern), tcx__str(region)) != NULL;
}

static void test_patterns(void **state) {
  (void)state;
  assert_true(matches("^(us|eu)\\\\-\\\\w+\\\\-\\\\d+$", "us-east-1"));
  assert_true(matches("^(us|eu)\\\\-\\\\w+\\\\-\\\\d+$", "eu-a_9-007"));
  static const char *const no[] = {"",
                                   "-",
                                   "us",
                                   "us-",
                                   "us-east",
                                   "us-east-",
                                   "us-east-1-",
                                   "us-east-1-2",
                                   "us-east-1a",
                                   "use-east-1",
                                   "u-east-1",
                                   "us--1",
                                   "-us-east-1",
                                   "us-east-one",
                                   "us-e\xc3\xa9-1",
                                   "us-east-1\n",
                                   " us-east-1",
                                   "US-east-1"};
  for (unsigned i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(matches("^(us|eu)\\\\-\\\\w+\\\\-\\\\d+$", no[i]));
  assert_true(matches("^a$", "a"));
  assert_false(matches("^a$", "ab"));
  assert_false(matches("^a$", "a-b"));
  assert_true(matches("^eu\\\\-(de)\\\\-\\\\d+$", "eu-de-1"));
  assert_true(matches("^(a|ab|abc)\\\\-x$", "abc-x"));
  assert_true(matches("^(a|ab|abc)\\\\-x$", "a-x"));
  assert_false(matches("^(a|ab|abc)\\\\-x$", "abcd-x"));
  assert_false(tcx__partition_find(with_pattern("^us$"), (struct tcx_str){"us\0", 3}) != NULL);
}

static void test_patterns_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "us$",
                                    "^us",
                                    "^$",
                                    "^us-x$",
                                    "^us.*$",
                                    "^(us$",
                                    "^()$",
                                    "^(a|)$",
                                    "^(a|\\\\w+)$",
                                    "^\\\\s+$",
                                    "^\\\\w$",
                                    "^\\\\w*$",
                                    "^\\\\w+x$",
                                    "^us\\\\-$",
                                    "^us$x",
                                    "^us\\\\.x$",
                                    "^a?$",
                                    "^[ab]$",
                                    "^(a)(b)$",
                                    "^a|b$",
                                    "^us\\\\-\\\\-x$",
                                    "^us\\\\-\\\\d+",
                                    "^\\\\",
                                    "^us\\u0000$"};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct tcx_partitions *partitions = NULL;
    const char *text;
    if (load(tcx__arena_printf(arena, PARTITION, bad[i]), &partitions, &text) != TCX_ESERVICE)
      fail_msg("taken: %s", bad[i]);
    assert_non_null(strstr(text, "partitions[0]: regionRegex"));
  }
}

static void test_refused(void **state) {
  (void)state;
  static const struct {
    const char *json, *text;
  } cases[] = {
      {"[]", "partitions: missing, no list, empty or too long"},
      {"{\"partitions\":[]}", "partitions: missing, no list, empty or too long"},
      {"{\"partitions\":[3]}", "partitions[0]: no object with outputs"},
      {"{\"partitions\":[{\"outputs\":{}}]}", "partitions[0]: id is missing or no plain string"},
      {"{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"^a$\",\"outputs\":{\"dnsSuffix\":\"d\"}}]"
       "}",
       "partitions[0]: dualStackDnsSuffix is missing or no plain string"},
      {"{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"^a$\",\"outputs\":{\"dnsSuffix\":\"d\","
       "\"dualStackDnsSuffix\":\"s\",\"supportsFIPS\":1}}]}",
       "partitions[0]: supportsFIPS is no boolean"},
      {"{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"^a$\"," OUTPUTS "}]}",
       "partitions[0]: regions is missing, no object or too large"},
      {"{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"^a$\",\"regions\":{\"a\\u0000b\":{}}"
       "," OUTPUTS "}]}",
       "partitions[0]: a region's name holds a NUL"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct tcx_partitions *partitions = NULL;
    const char *text;
    assert_int_equal(load(cases[i].json, &partitions, &text), TCX_ESERVICE);
    assert_string_equal(text, cases[i].text);
    assert_null(partitions);
  }
}

static void test_partition_of(void **state) {
  (void)state;
  struct tcx_fail f = {.arena = arena};
  const struct tcx_partitions *partitions;
  struct tcx_partition_info info;
  assert_int_equal(tcx__partitions_load(
                       arena, help_json_file(arena, "compliance/data/endpoints/partitions.json"),
                       &partitions, &f),
                   0);
  assert_true(tcx__partition_of(partitions, TCX__STR("us-gov-west-1"), &info));
  assert_string_equal(info.name, "aws-us-gov");
  assert_string_equal(info.implicit_global_region, "us-gov-west-1");
  assert_true(info.supports_fips && info.supports_dual_stack);
  assert_true(tcx__partition_of(partitions, TCX__STR("aws-iso-b-global"), &info));
  assert_string_equal(info.name, "aws-iso-b");
  assert_string_equal(info.dns_suffix, "sc2s.sgov.gov");
  assert_false(tcx__partition_of(partitions, TCX__STR("local"), &info));
  assert_string_equal(info.name, "aws");
  assert_string_equal(info.dual_stack_dns_suffix, "api.aws");
  assert_false(tcx__partition_of(partitions, (struct tcx_str){NULL, 0}, &info));
}

static int load_all(void *ctx) {
  static const char json[] = "{\"partitions\":[{\"id\":\"p\",\"regionRegex\":\"^a$\",\"regions\":{"
                             "\"x\":{},\"y\":{}}," OUTPUTS "}]}";
  (void)ctx;
  struct tcx_arena *own = tcx__arena_new();
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_fail f = {.arena = own};
  const struct tcx_partitions *partitions;
  struct tcx_value *value = help_json(own, json, sizeof json - 1);
  int status = value != NULL ? tcx__partitions_load(own, value, &partitions, &f) : UV_ENOMEM;
  if (status == 0)
    assert_non_null(tcx__partition_find(partitions, TCX__STR("y")));
  tcx__arena_free(own);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(load_all, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_patterns), TEST(test_patterns_refused),
                                     TEST(test_refused), TEST(test_partition_of),
                                     TEST(test_out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
