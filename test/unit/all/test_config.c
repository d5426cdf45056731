/*
 * Configuration of a client: endpoint URLs of environment and files, defaults modes, precedence,
 * pseudo regions, every option of botocore's Config, and options that exclude each other.
 */
#include "core/config_options.h"
#include "core/defaults_mode.h"
#include "settings_help.h"

/* ---- endpoint URLs ---- */

static void add_members(struct tcx_buf *out, yajl_val map) {
  for (size_t i = 0; map != NULL && i < map->u.object.len; i++) {
    const char *name = map->u.object.keys[i];
    yajl_val v = map->u.object.values[i];
    if (YAJL_IS_STRING(v)) {
      tcx__buf_printf(out, "%s = %s\n", name, YAJL_GET_STRING(v));
      continue;
    }
    tcx__buf_printf(out, "%s =\n", name);
    for (size_t k = 0; k < v->u.object.len; k++)
      tcx__buf_printf(out, "  %s = %s\n", v->u.object.keys[k],
                      YAJL_GET_STRING(v->u.object.values[k]));
  }
}

static void write_sections(yajl_val suite) {
  static const char *const kinds[][2] = {{"profiles", "profile"}, {"services", "services"}};
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 1 << 20);
  for (size_t k = 0; k < 2; k++) {
    yajl_val map = json_get(suite, kinds[k][0]);
    for (size_t i = 0; i < map->u.object.len; i++) {
      tcx__buf_printf(&out, "[%s %s]\n", kinds[k][1], map->u.object.keys[i]);
      add_members(&out, map->u.object.values[i]);
    }
  }
  assert_int_equal(out.status, 0);
  write_file(config_file, out.data, out.len);
  tcx__buf_free(&out);
}

#define URL_CASES 27

static bool url_case(yajl_val suite, yajl_val test) {
  yajl_val options = json_get(json_get(suite, "client_configs"), json_str(test, "client_config")),
           set = json_get(json_get(suite, "environments"), json_str(test, "environment"));
  const char *service = json_str(test, "service"),
             *wanted = json_str(json_get(test, "output"), "endpointUrl");
  clear(NULL);
  put_environment(set);
  bool ignore = json_bool(options, "ignore_configured_endpoint_urls", false);
  struct rendered r = render((struct render_plan){
      .service = service,
      .operation = strcmp(service, "s3") == 0 ? "list_buckets" : "list_tables",
      .session = {.profile = json_str(test, "profile"), .config_file = config_file},
      .client = {.region = "fake-region-10",
                 .endpoint_url = json_str_or(options, "endpoint_url", NULL),
                 .config = ignore ? tcx_params("{ignore_configured_endpoint_urls: true}") : NULL}});
  const char *url = r.status == 0 ? tcx_value_str(r.request, "Url") : r.msg;
  bool same =
      r.status == 0 && strncmp(url, wanted, strlen(wanted)) == 0 && url[strlen(wanted)] == '/';
  if (!same)
    print_error("%s: %s, not %s\n", json_str(test, "name"), url, wanted);
  rendered_free(&r);
  return same;
}

static void test_endpoint_urls(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/configured-endpoint-urls.json"),
           suite = json_at(json_get(tree, "testSuites"), 0),
           tests = json_get(suite, "endpointUrlTests");
  unsigned failed = 0;
  write_sections(suite);
  for (size_t i = 0; i < json_len(tests); i++)
    failed += !url_case(suite, json_at(tests, i));
  assert_int_equal(json_len(tests), URL_CASES);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

/* ---- defaults modes ---- */

static void test_defaults_modes(void **state) {
  (void)state;
  yajl_val tree = json_load("../models/data/sdk-default-configuration.json"),
           base = json_get(tree, "base"), modes = json_get(tree, "modes");
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_defaults_mode mode;
  assert_string_equal(json_str(base, "retryMode"), "standard");
  assert_string_equal(json_str(base, "stsRegionalEndpoints"), "regional");
  assert_string_equal(json_str(base, "s3UsEast1RegionalEndpoints"), "regional");
  assert_int_equal(modes->u.object.len, 4);
  for (size_t i = 0; i < modes->u.object.len; i++) {
    yajl_val timeout = json_get(modes->u.object.values[i], "connectTimeoutInMillis");
    assert_int_equal(tcx__defaults_mode(modes->u.object.keys[i], NULL, &mode, &f), 0);
    assert_string_equal(mode.name, modes->u.object.keys[i]);
    assert_int_equal(mode.connect_timeout_ms,
                     json_int(timeout != NULL ? timeout : base,
                              timeout != NULL ? "override" : "connectTimeoutInMillis", 0));
  }
  assert_int_equal(tcx__defaults_mode("Legacy", NULL, &mode, &f), 0);
  assert_int_equal(mode.connect_timeout_ms, 0);
  assert_int_equal(tcx__defaults_mode("fast", NULL, &mode, &f), TCX_ECONFIG);
  assert_string_equal(f.text,
                      "Client configured with invalid defaults mode: fast. Valid defaults modes "
                      "include: legacy, auto, standard, in-region, cross-region, mobile.");
  tcx__arena_free(arena);
  yajl_tree_free(tree);
}

static const char *automatic(const char *region) {
  struct tcx_defaults_mode mode = {0};
  assert_int_equal(tcx__defaults_mode("AUTO", region, &mode, NULL), 0);
  return mode.name;
}

static void test_auto_mode(void **state) {
  (void)state;
  setenv("AWS_REGION", "us-west-2", 1);
  assert_string_equal(automatic("us-west-2"), "standard"); /* not in AWS */
  setenv("AWS_EXECUTION_ENV", "AWS_Lambda_x", 1);
  assert_string_equal(automatic("us-west-2"), "in-region");
  assert_string_equal(automatic("us-east-1"), "cross-region");
  assert_string_equal(automatic(NULL), "cross-region");
  unsetenv("AWS_REGION");
  assert_string_equal(automatic("us-east-1"), "standard");
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  assert_string_equal(automatic("us-east-1"), "in-region");
}

/* ---- what a client makes of it ---- */

static void test_precedence(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f;
  write_config("[default]\nregion = from-profile\nmax_attempts = 7\ndefaults_mode = mobile\ns3 =\n "
               " us_east_1_regional_endpoint = legacy\n  use_arn_region = false\n");
  struct tcx_client_config c = resolve(NULL, NULL, arena, &f);
  assert_string_equal(c.region, "from-profile");
  assert_int_equal(c.max_attempts, 7);
  assert_int_equal(c.connect_timeout_ms, 30000);
  assert_int_equal(c.s3.us_east_1_global, TCX__TRUE); /* over the defaults mode */
  assert_int_equal(c.s3.use_arn_region, TCX__FALSE);
  setenv("AWS_REGION", "second", 1);
  assert_string_equal(resolve(NULL, NULL, arena, &f).region, "second");
  setenv("AWS_DEFAULT_REGION", "first", 1);
  setenv("AWS_MAX_ATTEMPTS", " 5 ", 1);
  setenv("AWS_DEFAULTS_MODE", "in-region", 1);
  c = resolve("{\"retries\": {\"max_attempts\": 1}}", NULL, arena, &f);
  assert_string_equal(c.region, "first");
  assert_int_equal(c.max_attempts, 2);
  assert_int_equal(c.connect_timeout_ms, 1100);
  c = resolve("{\"region_name\": \"by-config\", \"defaults_mode\": \"standard\", \"retries\": "
              "{\"total_max_attempts\": 9, \"max_attempts\": 1}}",
              NULL, arena, &f);
  assert_string_equal(c.region, "by-config");
  assert_int_equal(c.max_attempts, 9);
  assert_int_equal(c.connect_timeout_ms, 3100);
  c = resolve("{\"region_name\": \"by-config\", \"connect_timeout\": 2.5}", "by-field", arena, &f);
  assert_string_equal(c.region, "by-field");
  assert_int_equal(c.max_attempts, 5);
  assert_int_equal(c.connect_timeout_ms, 2500);
  tcx__arena_free(arena);
}

/* Attempts by mode, and by service. */
static void test_retry_modes(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f;
  write_config("[default]\nretry_mode = legacy\n");
  struct tcx_client_config c = resolve(NULL, NULL, arena, &f);
  assert_int_equal(c.retry_mode, TCX__RETRY_LEGACY);
  assert_int_equal(c.max_attempts, 5);
  c = resolve("{\"retries\": {\"mode\": \"adaptive\"}}", NULL, arena, &f);
  assert_int_equal(c.retry_mode, TCX__RETRY_ADAPTIVE);
  assert_int_equal(c.max_attempts, 3);
  c = resolve("{\"defaults_mode\": \"standard\"}", NULL, arena, &f);
  assert_int_equal(c.retry_mode, TCX__RETRY_LEGACY); /* over the defaults mode */
  assert_int_equal(tcx__retry_default_attempts(TCX__RETRY_LEGACY, "DynamoDB"), 10);
  assert_int_equal(tcx__retry_default_attempts(TCX__RETRY_LEGACY, "DynamoDB Streams"), 5);
  tcx__arena_free(arena);
}

static void test_pseudo_regions(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"fips-us-east-1", "us-east-1"},
                                         {"us-gov-west-1-fips", "us-gov-west-1"},
                                         {"us-east-1", NULL}};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f;
  write_config("");
  for (size_t i = 0; i < 3; i++) {
    struct tcx_client_config c = resolve("{\"use_fips_endpoint\": false}", cases[i][0], arena, &f);
    assert_string_equal(c.region, cases[i][1] != NULL ? cases[i][1] : cases[i][0]);
    assert_int_equal(c.use_fips, cases[i][1] != NULL ? TCX__TRUE : TCX__FALSE);
  }
  tcx__arena_free(arena);
}

static void test_sts_legacy(void **state) {
  (void)state;
  static const struct {
    const char *mode, *region, *url;
  } cases[] = {
      {NULL, "eu-west-1", "https://sts.eu-west-1.amazonaws.com/"},
      {"legacy", "eu-west-1", "https://sts.amazonaws.com/"},
      {"legacy", "eu-south-1", "https://sts.eu-south-1.amazonaws.com/"},
      {"regional", "us-east-1", "https://sts.us-east-1.amazonaws.com/"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clear(NULL);
    if (cases[i].mode != NULL)
      setenv("AWS_STS_REGIONAL_ENDPOINTS", cases[i].mode, 1);
    struct rendered r = render((struct render_plan){
        .service = "sts", .operation = "get_caller_identity", .client.region = cases[i].region});
    assert_int_equal(r.status, 0);
    assert_string_equal(tcx_value_str(r.request, "Url"), cases[i].url);
    rendered_free(&r);
  }
}

/* The s3 section is asked first, and only by S3. */
static void test_dualstack(void **state) {
  (void)state;
  /* clang-format off */
  static const struct { const char *service, *operation, *url; } cases[] = {
      {"s3", "list_buckets", "https://s3.dualstack.us-west-2.amazonaws.com/"}, {"sts", "get_caller_identity", "https://sts.us-west-2.amazonaws.com/"}};
  for (size_t i = 0; i < 2; i++) {
    struct rendered r = render((struct render_plan){
        .service = cases[i].service, .operation = cases[i].operation, .client = {.region = "us-west-2", .config = tcx_params("{s3: {use_dualstack_endpoint: true}}")}});
    assert_int_equal(r.status, 0);
    assert_true(strncmp(tcx_value_str(r.request, "Url"), cases[i].url, strlen(cases[i].url)) == 0);
    rendered_free(&r);
  }
}

/* ---- the table in the docs ---- */

static bool same_text(const char *p, const char *end, const char *text) { return (size_t)(end - p) == strlen(text) && memcmp(p, text, strlen(text)) == 0; }

/* Each row of docs/differences.md is tried with a value that is none: an option that is carried out looks at it, the others are refused by name. */
static void test_option_table(void **state) {
  (void)state;
  size_t size;
  char *page = test_read_file(TCX_SOURCE_DIR "/docs/differences.md", &size), *table = strstr(page, "## Every option of Config\n");
  bool listed[128] = {false};
  assert_non_null(table);
  write_config("");
  for (char *p = strstr(table, "\n| `"), *stop = strstr(table + 3, "\n## "); p != NULL && (stop == NULL || p < stop); p = strstr(p + 1, "\n| `")) {
    char *name = p + 4, *end = strchr(name, '`'), *dot = memchr(name, '.', (size_t)(end - name)), json[200];
    bool carried_out = strncmp(end, "` | yes |", 9) == 0;
    assert_true(carried_out || strncmp(end, "` | no |", 8) == 0);
    for (unsigned i = 0; tcx__config_option(i) != NULL; i++)
      listed[i] = listed[i] || same_text(name, end, tcx__config_option(i));
    if (dot != NULL)
      snprintf(json, sizeof json, "{\"%.*s\": {\"%.*s\": [1]}}", (int)(dot - name), name, (int)(end - dot - 1), dot + 1);
    else
      snprintf(json, sizeof json, "{\"%.*s\": [1]}", (int)(end - name), name);
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    (void)resolve(json, NULL, arena, &f);
    bool refused = f.text != NULL && strstr(f.text, "is not carried out") != NULL;
    if (f.status != TCX_ECONFIG || strstr(f.text, "unknown") != NULL || refused == carried_out)
      fail_msg("%s: %s", json, f.text != NULL ? f.text : "no error");
    tcx__arena_free(arena);
  }
  for (unsigned i = 0; tcx__config_option(i) != NULL; i++)
    if (!listed[i] && tcx__config_option(i)[0] != '\0')
      fail_msg("docs/differences.md: no row for %s", tcx__config_option(i));
  free(page);
}

/* ---- what is refused ---- */

static void test_refused(void **state) {
  (void)state;
  static const struct { const char *file, *config, *msg; } cases[] = {
      {"retry_mode = fast", NULL, "Invalid value provided to \"mode\": \"fast\" must be one of: ('legacy', 'standard', 'adaptive')"},
      {"max_attempts = 0", NULL, "Value provided to \"max_attempts\": 0 must be an integer greater than or equal to 1."},
      {"max_attempts = many", NULL, "Invalid configuration: max_attempts: invalid literal for int() with base 10: 'many'"},
      {"defaults_mode = fast", NULL, "Client configured with invalid defaults mode: fast. Valid defaults modes include: legacy, auto, standard, in-region, cross-region, mobile."},
      {"account_id_endpoint_mode = x", NULL, "The configured value 'x' for 'account_id_endpoint_mode' is invalid. Valid values are: ('preferred', 'disabled', 'required')."},
      {"sts_regional_endpoints = x", NULL, "STS regional endpoints option x is invalid. Valid options are: \"legacy\", \"regional\""},
      {"s3_us_east_1_regional_endpoint = x", NULL, "S3 us-east-1 regional endpoint option x is invalid. Valid options are: \"legacy\", \"regional\""},
      {"s3_disable_express_session_auth = 1", NULL, "Invalid value \"1\" for s3_disable_express_session_auth. Value must be a boolean"},
      {"request_checksum_calculation = x", NULL, "Unsupported configuration value for request_checksum_calculation. Expected one of ('when_supported', 'when_required') but got x."},
      {"endpoint_discovery_enabled = x", NULL, "Unsupported configuration value for endpoint_discovery_enabled. Expected one of (\"true\", \"false\", \"auto\") but got x."},
      {"request_min_compression_size_bytes = 0", NULL, "Invalid value \"0\" for request_min_compression_size_bytes. Value must be between 1 and 1048576."},
      {"services = gone", NULL, "The profile is configured to use the services section but the \"gone\" services configuration does not exist."},
      {"region = a b", NULL, "Provided region_name 'a b' doesn't match a supported format."},
      {"", "{\"retries\": {\"max_attempts\": -1}}", "Value provided to \"max_attempts\": -1 must be an integer greater than or equal to 0."},
      {"", "{\"retries\": {\"attempts\": 1}}", "Cannot provide retry configuration for \"attempts\". Valid retry configuration options are: ('max_attempts', 'mode', 'total_max_attempts')"},
      {"", "{\"s3\": {\"adressing_style\": \"path\"}}", "Invalid configuration: unknown option s3.adressing_style, did you mean s3.addressing_style?"},
      {"", "{\"read_timeuot\": null}", "Invalid configuration: unknown option read_timeuot, did you mean read_timeout?"},
      {"", "{\"s3\": {\"addressing_style\": \"path\", \"use_accelerate_endpoint\": true}}",
       "Path-style addressing cannot be used with S3 Accelerate: s3.addressing_style path and s3.use_accelerate_endpoint are both given"},
  };
  /* clang-format on */
  unsigned bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    char text[256];
    snprintf(text, sizeof text, "[default]\n%s\n", cases[i].file);
    write_config(text);
    (void)resolve(cases[i].config, NULL, arena, &f);
    if (f.status != TCX_ECONFIG || strcmp(f.text, cases[i].msg) != 0) {
      print_error("%s %s: %s\n", cases[i].file, cases[i].config != NULL ? cases[i].config : "",
                  f.text != NULL ? f.text : "no error");
      bad++;
    }
    tcx__arena_free(arena);
  }
  assert_int_equal(bad, 0);
}

/* A custom endpoint and FIPS: both given, an error; where the environment asks for FIPS, the
 * endpoint that was given counts, as in botocore. */
static void test_fips_with_endpoint(void **state) {
  (void)state;
  static const char *const both[] = {"use_fips_endpoint", "use_dualstack_endpoint"};
  for (size_t i = 0; i < 2; i++) {
    tcx_value_t *config = tcx_value_new_map();
    tcx_value_set_bool(config, both[i], true);
    struct rendered r = render(
        (struct render_plan){.service = "sts",
                             .operation = "get_caller_identity",
                             .client = {.endpoint_url = "http://127.0.0.1:1", .config = config}});
    assert_int_equal(r.status, TCX_ECONFIG);
    assert_non_null(strstr(r.msg, both[i]));
    assert_non_null(strstr(r.msg, "endpoint_url"));
    rendered_free(&r);
  }
  setenv("AWS_USE_FIPS_ENDPOINT", "TRUE", 1);
  setenv("AWS_USE_DUALSTACK_ENDPOINT", "yes", 1); /* not "true": false */
  struct rendered r = render((struct render_plan){.service = "sts",
                                                  .operation = "get_caller_identity",
                                                  .client.endpoint_url = "http://127.0.0.1:1"});
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Url"), "http://127.0.0.1:1/");
  rendered_free(&r);
  r = render((struct render_plan){.service = "sts", .operation = "get_caller_identity"});
  assert_int_equal(r.status, 0);
  assert_string_equal(tcx_value_str(r.request, "Url"), "https://sts-fips.us-east-1.amazonaws.com/");
  rendered_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_endpoint_urls, clear),
      cmocka_unit_test_teardown(test_defaults_modes, clear),
      cmocka_unit_test_teardown(test_auto_mode, clear),
      cmocka_unit_test_teardown(test_precedence, clear),
      cmocka_unit_test_teardown(test_retry_modes, clear),
      cmocka_unit_test_teardown(test_pseudo_regions, clear),
      cmocka_unit_test_teardown(test_sts_legacy, clear),
      cmocka_unit_test_teardown(test_dualstack, clear),
      cmocka_unit_test_teardown(test_option_table, clear),
      cmocka_unit_test_teardown(test_refused, clear),
      cmocka_unit_test_teardown(test_fips_with_endpoint, clear),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
