/* Endpoint rule sets: what the loader refuses and where, what the evaluator does beyond the public
 * cases, limits, and memory that runs out. */
#include "rules_help.h"
#include "torture.h"

static struct tcx_arena *arena;
static struct tcx_partitions partitions;

static int setup(void **state) {
  (void)state;
  static const struct tcx_partition list[] = {
      {{"aws", "amazonaws.com", "api.aws", NULL, true, false},
       "^us\\-\\w+\\-\\d+$",
       "aws-global\0",
       1}};
  partitions = (struct tcx_partitions){list, 1};
  arena = tcx__arena_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

/* ---- loading ---- */
static int load(const char *json, const struct tcx_ruleset **rules, const char **text) {
  struct tcx_fail f = {.arena = arena};
  int status = tcx__ruleset_load(arena, help_json(arena, json, strlen(json)), rules, &f);
  *text = f.text;
  return status;
}

static void refused(const char *json, const char *want) {
  const struct tcx_ruleset *rules = NULL;
  const char *text;
  assert_int_equal(load(json, &rules, &text), TCX_ESERVICE);
  assert_string_equal(text, want);
  assert_null(rules);
}

/* A set with parameters A (string), B (boolean), L (list) and these rules. */
#define SET(rules)                                                                                 \
  "{\"version\":\"1.0\",\"parameters\":{\"A\":{\"type\":\"string\"},\"B\":{\"type\":\"Boolean\"}," \
  "\"L\":{\"type\":\"stringArray\"}},\"rules\":[" rules "]}"
#define WHEN(conditions)                                                                           \
  SET("{\"type\":\"error\",\"conditions\":[" conditions "],\"error\":\"hit\"}")

static void test_refused_whole(void **state) {
  (void)state;
  refused("[]", "rule set: its version is missing or not 1.x");
  refused("{\"version\":\"2.0\"}", "rule set: its version is missing or not 1.x");
  refused("{\"version\":\"1.0\"}", "parameters: missing, no object or too many");
  refused("{\"version\":\"1.0\",\"parameters\":{}}",
          "rules: missing, no list, nested too deeply or too long");
  refused("{\"version\":\"1.0\",\"parameters\":{\"P\":{\"type\":\"int\"}},\"rules\":[]}",
          "parameters.P: its type is none of string, boolean, stringArray");
  refused("{\"version\":\"1.0\",\"parameters\":{\"P\":{\"type\":\"string\",\"default\":true}},"
          "\"rules\":[]}",
          "parameters.P: its default is not a string");
  refused("{\"version\":\"1.0\",\"parameters\":{\"P\":{\"type\":\"stringArray\",\"default\":[1]}},"
          "\"rules\":[]}",
          "parameters.P: its default is no list of strings, or too long");
  refused("{\"version\":\"1.0\",\"parameters\":{\"P\":{\"type\":\"string\",\"required\":1}},"
          "\"rules\":[]}",
          "parameters.P: required is no boolean");
  refused("{\"version\":\"1.0\",\"parameters\":{\"P\\u0000\":{\"type\":\"string\"}},\"rules\":[]}",
          "parameters.P: its name or builtIn is no plain string");
}

static void test_refused_rules(void **state) {
  (void)state;
  refused(SET("3"), "rules[0]: type is missing or no string");
  refused(SET("{\"type\":\"loop\",\"conditions\":[]}"), "rules[0]: unknown rule type loop");
  refused(SET("{\"type\":\"error\",\"error\":\"x\"}"),
          "rules[0].conditions: missing, no list or too long");
  refused(SET("{\"type\":\"error\",\"conditions\":[]}"), "rules[0].error: it is missing");
  refused(SET("{\"type\":\"error\",\"conditions\":[],\"error\":{\"ref\":\"B\"}}"),
          "rules[0].error: a string is wanted, not a boolean");
  refused(SET("{\"type\":\"tree\",\"conditions\":[],\"rules\":[{\"type\":\"endpoint\","
              "\"conditions\":[],\"endpoint\":{}}]}"),
          "rules[0].rules[0].endpoint.url: it is missing");
  refused(SET("{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{\"url\":\"u\",\"properties\":"
              "[]}}"),
          "rules[0].endpoint.properties: no object");
  refused(SET("{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{\"url\":\"u\",\"properties\":"
              "{\"a\":[1.5]}}}"),
          "rules[0].endpoint.properties.a[0]: a property is a string, a boolean, an integer, a "
          "list or an object");
  refused(SET("{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{\"url\":\"u\",\"headers\":{"
              "\"h\":\"v\"}}}"),
          "rules[0].endpoint.headers.h: a header is a list of strings, not too long");
}

static void test_refused_expressions(void **state) {
  (void)state;
  refused(WHEN("7"), "rules[0].conditions[0]: a condition is no object");
  refused(WHEN("{\"fn\":\"foo\",\"argv\":[]}"), "rules[0].conditions[0]: unknown function foo");
  refused(WHEN("{\"fn\":\"isSet\"}"), "rules[0].conditions[0]: argv is missing or no list");
  refused(WHEN("{\"fn\":\"isSet\",\"argv\":[]}"),
          "rules[0].conditions[0]: isSet takes 1 argument, not 0");
  refused(WHEN("{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"C\"}]}"),
          "rules[0].conditions[0].argv[0]: unknown variable C");
  refused(WHEN("{\"fn\":\"isSet\",\"argv\":[[]]}"),
          "rules[0].conditions[0].argv[0]: neither a string, a boolean, a number, a ref nor a "
          "function");
  refused(WHEN("{\"fn\":\"stringEquals\",\"argv\":[{\"ref\":\"A\"},true]}"),
          "rules[0].conditions[0].argv[1]: stringEquals wants a string here, not a boolean");
  refused(WHEN("{\"fn\":\"substring\",\"argv\":[{\"ref\":\"A\"},-1,2,true]}"),
          "rules[0].conditions[0].argv[1]: a number is negative or too large");
  refused(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"A\"},\"x\"]}"),
          "rules[0].conditions[0].argv[1]: a string has no attribute \"x\"");
  refused(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"L\"},\"[x]\"]}"),
          "rules[0].conditions[0].argv[1]: bad index in \"[x]\"");
  refused(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"L\"},\"[1\"]}"),
          "rules[0].conditions[0].argv[1]: bad index in \"[1\"");
  refused(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"L\"},\"[99999]\"]}"),
          "rules[0].conditions[0].argv[1]: bad index in \"[99999]\"");
  refused(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"A\"},\"[1]\"]}"),
          "rules[0].conditions[0].argv[1]: a string has no items");
  refused(WHEN("{\"fn\":\"uriEncode\",\"argv\":[\"{B}\"]}"),
          "rules[0].conditions[0].argv[0]: {B} is a boolean, not a string");
  refused(WHEN("{\"fn\":\"uriEncode\",\"argv\":[\"x{A\"]}"),
          "rules[0].conditions[0].argv[0]: a brace without its other half");
  refused(WHEN("{\"fn\":\"uriEncode\",\"argv\":[\"x}A\"]}"),
          "rules[0].conditions[0].argv[0]: a brace without its other half");
  refused(WHEN("{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"A\"}],\"assign\":\"B\"}"),
          "rules[0].conditions[0]: B is assigned already");
  refused(WHEN("{\"fn\":\"aws.partition\",\"argv\":[\"x\"],\"assign\":\"p\"},{\"fn\":\"getAttr\","
               "\"argv\":[{\"ref\":\"p\"},\"region\"]}"),
          "rules[0].conditions[1].argv[1]: a partition has no attribute \"region\"");
}

/* A name is in scope until its rule ends. */
static void test_scope_ends(void **state) {
  (void)state;
  refused(SET("{\"type\":\"error\",\"conditions\":[{\"fn\":\"uriEncode\",\"argv\":[\"x\"],"
              "\"assign\":\"v\"}],\"error\":\"{v}\"},"
              "{\"type\":\"error\",\"conditions\":[],\"error\":\"{v}\"}"),
          "rules[1].error: unknown variable v");
}

/* count times open, then close. */
static char *nested(unsigned count, const char *open, const char *middle, const char *close) {
  struct tcx_buf buf;
  tcx__buf_init(&buf, arena, 1 << 20);
  for (unsigned i = 0; i < count; i++)
    tcx__buf_adds(&buf, open);
  tcx__buf_adds(&buf, middle);
  for (unsigned i = 0; i < count; i++)
    tcx__buf_adds(&buf, close);
  assert_int_equal(buf.status, 0);
  return buf.data;
}

static const char *set_of(const char *rules) {
  return tcx__arena_printf(arena, "{\"version\":\"1.0\",\"parameters\":{},\"rules\":[%s]}", rules);
}

static void test_limits(void **state) {
  (void)state;
  const struct tcx_ruleset *rules;
  const char *text;
  static const char leaf[] = "{\"type\":\"error\",\"conditions\":[],\"error\":\"e\"}",
                    tree[] = "{\"type\":\"tree\",\"conditions\":[],\"rules\":[";
  assert_int_equal(load(set_of(nested(TCX__RULES_DEPTH - 1, tree, leaf, "]}")), &rules, &text), 0);
  assert_int_equal(load(set_of(nested(TCX__RULES_DEPTH, tree, leaf, "]}")), &rules, &text),
                   TCX_ESERVICE);
  assert_non_null(strstr(text, "nested too deeply"));
  const char *calls = nested(TCX__RULES_NESTING + 2, "{\"fn\":\"not\",\"argv\":[", "true", "]}");
  assert_int_equal(
      load(set_of(tcx__arena_printf(
               arena, "{\"type\":\"error\",\"conditions\":[%s],\"error\":\"e\"}", calls)),
           &rules, &text),
      TCX_ESERVICE);
  assert_non_null(strstr(text, "calls are nested too deeply"));
  const char *lists = nested(TCX__RULES_NESTING + 2, "[", "", "]");
  const char *endpoint = tcx__arena_printf(arena,
                                           "{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{"
                                           "\"url\":\"u\",\"properties\":{\"p\":%s}}}",
                                           lists);
  assert_int_equal(load(set_of(endpoint), &rules, &text), TCX_ESERVICE);
  assert_non_null(strstr(text, "nested too deeply or too long"));
  const char *parts = nested(TCX__RULES_KIDS, "{A}.", "", "");
  assert_int_equal(
      load(tcx__arena_printf(arena, SET("{\"type\":\"error\",\"conditions\":[],\"error\":\"%s\"}"),
                             parts),
           &rules, &text),
      TCX_ESERVICE);
  assert_string_equal(text, "rules[0].error: more than 128 parts in a template");
}

/* ---- evaluating ---- */
static const char *resolve(const char *set, const char *params, struct tcx_endpoint *endpoint,
                           int want) {
  const struct tcx_ruleset *rules;
  const char *text;
  struct tcx_rule_param_value values[TCX__RULES_SLOTS];
  if (load(set, &rules, &text) != 0)
    fail_msg("%s", text);
  assert_true(help_values(arena, rules, help_json(arena, params, strlen(params)), values));
  struct tcx_fail f = {.arena = arena};
  assert_int_equal(tcx__endpoint_resolve(rules, &partitions, values, arena, endpoint, &f), want);
  return f.text;
}

#define ENDPOINT(conditions, url, rest)                                                            \
  SET("{\"type\":\"endpoint\",\"conditions\":[" conditions "],\"endpoint\":{\"url\":\"" url        \
      "\"" rest "}}")
#define ARN "{\"fn\":\"aws.parseArn\",\"argv\":[{\"ref\":\"A\"}],\"assign\":\"a\"}"

static void test_result_is_a_copy(void **state) {
  (void)state;
  const char *set = ENDPOINT(ARN, "{A}",
                             ",\"headers\":{\"h\":[{\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"a\"},"
                             "\"region\"]},{\"ref\":\"A\"}]}");
  const struct tcx_ruleset *rules;
  const char *text;
  char bucket[] = "arn:aws:s3:us-east-1:1:b";
  assert_int_equal(load(set, &rules, &text), 0);
  struct tcx_rule_param_value values[3] = {{.type = TCX__RULE_STRING, .string = TCX__STR(bucket)}};
  struct tcx_endpoint endpoint;
  assert_int_equal(tcx__endpoint_resolve(rules, &partitions, values, arena, &endpoint, NULL), 0);
  memset(bucket, 'x', sizeof bucket - 1);
  assert_true(tcx__str_is(endpoint.url, "arn:aws:s3:us-east-1:1:b"));
  assert_string_equal(tcx_value_str(endpoint.headers, "h[0]"), "us-east-1");
  assert_string_equal(tcx_value_str(endpoint.headers, "h[1]"), "arn:aws:s3:us-east-1:1:b");
  assert_int_equal(tcx__value_count(endpoint.properties), 0);
}

static void test_control_characters(void **state) {
  (void)state;
  struct tcx_endpoint endpoint;
  assert_string_equal(
      resolve(ENDPOINT("", "https://{A}", ""), "{\"A\":\"a\\r\\nb\"}", &endpoint, TCX_EPARAM),
      "The endpoint's URL would hold a control character");
  assert_string_equal(resolve(ENDPOINT("", "https://a", ",\"headers\":{\"h\":[\"{A}\"]}"),
                              "{\"A\":\"a\\u0000b\"}", &endpoint, TCX_EPARAM),
                      "The endpoint's header would hold a control character");
  assert_null(resolve(ENDPOINT("", "https://a", ",\"properties\":{\"h\":[\"{A}\"]}"),
                      "{\"A\":\"a\\u0000b\"}", &endpoint, 0));
}

static void test_unset_values(void **state) {
  (void)state;
  struct tcx_endpoint endpoint;
  assert_string_equal(resolve(ENDPOINT("", "https://{A}", ""), "{}", &endpoint, TCX_EENDPOINT),
                      "A value that the endpoint rules insert into a string is not set");
  assert_string_equal(
      resolve(
          SET("{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{\"url\":{\"ref\":\"A\"}}}"),
          "{}", &endpoint, TCX_EENDPOINT),
      "A value that the endpoint rules put into the endpoint is not set");
  assert_string_equal(resolve(WHEN("{\"fn\":\"getAttr\",\"argv\":[{\"fn\":\"aws.parseArn\","
                                   "\"argv\":[\"x\"]},\"region\"]}"),
                              "{}", &endpoint, TCX_EENDPOINT),
                      "No endpoint found for parameters:\n");
  const char *implicit = "{\"fn\":\"aws.partition\",\"argv\":[\"us-east-1\"],\"assign\":\"p\"},{"
                         "\"fn\":\"getAttr\",\"argv\":[{\"ref\":\"p\"},\"implicitGlobalRegion\"]}";
  assert_string_equal(
      resolve(tcx__arena_printf(arena, WHEN("%s"), implicit), "{}", &endpoint, TCX_EENDPOINT),
      "No endpoint found for parameters:\n");
}

static void test_wrong_types(void **state) {
  (void)state;
  struct tcx_endpoint endpoint;
  assert_string_equal(resolve(WHEN(""), "{\"A\":true}", &endpoint, TCX_EENDPOINT),
                      "Value (A) is the wrong type. Must be <class 'str'>.");
  assert_string_equal(resolve(WHEN(""), "{\"B\":\"true\"}", &endpoint, TCX_EENDPOINT),
                      "Value (B) is the wrong type. Must be <class 'bool'>.");
  assert_string_equal(resolve(WHEN(""), "{\"L\":\"x\"}", &endpoint, TCX_EENDPOINT),
                      "Value (L) is the wrong type. Must be <class 'tuple'>.");
}

static void test_urls_refused(void **state) {
  (void)state;
  static const char *const urls[] = {"https://user@host", "https://a b", "https://a\\r\\n",
                                     "https://a#f",       "https:///p",  "https://[::1",
                                     "https://\\u00e9",   " https://a"};
  struct tcx_endpoint endpoint;
  for (unsigned i = 0; i < sizeof urls / sizeof *urls; i++)
    resolve(ENDPOINT("{\"fn\":\"not\",\"argv\":[{\"fn\":\"isSet\",\"argv\":[{\"fn\":\"parseURL\","
                     "\"argv\":[{\"ref\":\"A\"}]}]}]}",
                     "https://refused", ""),
            tcx__arena_printf(arena, "{\"A\":\"%s\"}", urls[i]), &endpoint, 0);
}

/* Each step doubles the text: it ends at the limit instead of taking all memory. */
static void test_growth_is_bounded(void **state) {
  (void)state;
  struct tcx_buf set;
  tcx__buf_init(&set, arena, 1 << 20);
  tcx__buf_adds(&set, "{\"version\":\"1.0\",\"parameters\":{\"v0\":{\"type\":\"string\"}},"
                      "\"rules\":[{\"type\":\"error\",\"error\":\"end\",\"conditions\":[");
  for (unsigned i = 0; i < 60; i++)
    tcx__buf_printf(&set, "%s{\"fn\":\"uriEncode\",\"argv\":[\"{v%u}{v%u}\"],\"assign\":\"v%u\"}",
                    i ? "," : "", i, i, i + 1);
  tcx__buf_adds(&set, "]}]}");
  struct tcx_endpoint endpoint;
  assert_string_equal(resolve(set.data, "{\"v0\":\"ab\"}", &endpoint, TCX_ETOOBIG),
                      "The endpoint rules make too much text");
}

static void test_params(void **state) {
  (void)state;
  const struct tcx_ruleset *rules;
  const struct tcx_rule_param *params;
  const char *text;
  assert_int_equal(load("{\"version\":\"1.0\",\"parameters\":{\"Region\":{\"type\":\"string\","
                        "\"builtIn\":\"AWS::Region\",\"required\":true},"
                        "\"L\":{\"type\":\"stringArray\",\"default\":[\"x\",\"y\"]}},\"rules\":[]}",
                        &rules, &text),
                   0);
  assert_int_equal(tcx__ruleset_params(rules, &params), 2);
  assert_string_equal(params[0].name, "Region");
  assert_string_equal(params[0].built_in, "AWS::Region");
  assert_true(params[0].required);
  assert_int_equal(params[0].fallback.type, TCX__RULE_UNSET);
  assert_null(params[1].built_in);
  assert_int_equal(params[1].fallback.n_list, 2);
  assert_true(tcx__str_is(params[1].fallback.list[1], "y"));
  assert_int_equal(tcx__ruleset_param_index(rules, "L"), 1);
  assert_int_equal(tcx__ruleset_param_index(rules, "l"), -1);
  assert_false(tcx__ruleset_uses(rules, 1));
}

/* ---- memory that runs out ---- */
static int load_and_resolve(void *ctx) {
  (void)ctx;
  static const char params[] = "{\"A\":\"arn:aws:s3:us-east-1:1:b\",\"L\":[\"x\"]}";
  static const char set[] =
      SET("{\"type\":\"endpoint\",\"conditions\":[" ARN
          ",{\"fn\":\"parseURL\",\"argv\":[\"https://h/a/b\"],\"assign\":\"u\"}],"
          "\"endpoint\":{\"url\":\"{u#scheme}://"
          "{a#region}{u#normalizedPath}{A}\",\"properties\":{\"p\":[1,true,{\"q\":\"{A}\"}]},"
          "\"headers\":{\"h\":[\"x\"]}}}");
  struct tcx_arena *own = tcx__arena_new();
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_rule_param_value values[TCX__RULES_SLOTS];
  const struct tcx_ruleset *rules;
  struct tcx_endpoint endpoint;
  struct tcx_fail f = {.arena = own};
  struct tcx_value *json = help_json(own, set, sizeof set - 1),
                   *given = json != NULL ? help_json(own, params, sizeof params - 1) : NULL;
  int status = given == NULL ? UV_ENOMEM : tcx__ruleset_load(own, json, &rules, &f);
  if (status == 0 && !help_values(own, rules, given, values))
    status = UV_ENOMEM;
  if (status == 0)
    status = tcx__endpoint_resolve(rules, &partitions, values, own, &endpoint, &f);
  if (status == 0)
    assert_true(tcx__str_is(endpoint.url, "https://us-east-1/a/b/arn:aws:s3:us-east-1:1:b"));
  else
    assert_int_equal(status, UV_ENOMEM);
  tcx__arena_free(own);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(load_and_resolve, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_refused_whole),
      TEST(test_refused_rules),
      TEST(test_refused_expressions),
      TEST(test_scope_ends),
      TEST(test_limits),
      TEST(test_result_is_a_copy),
      TEST(test_control_characters),
      TEST(test_unset_values),
      TEST(test_wrong_types),
      TEST(test_urls_refused),
      TEST(test_growth_is_bounded),
      TEST(test_params),
      TEST(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
