/*
 * Configuration as clients meet it: endpoint URLs of environment and files, defaults modes, pseudo regions, options that exclude each other, and files that are none.
 */
#include "core/config_options.h"
#include "core/defaults_mode.h"
#include "core/variables.h"
#include "json_tree.h"
#include "render_help.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <tucuxi/model.h>
#include <unistd.h>

/* ---- files and environment ---- */

static char folder[] = "/tmp/tucuxi-settings-XXXXXX";
static char config_file[64], credentials_file[64];

static int make_folder(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(config_file, sizeof config_file, "%s/config", folder);
  snprintf(credentials_file, sizeof credentials_file, "%s/credentials", folder);
  return 0;
}
static int remove_folder(void **state) {
  (void)state;
  unlink(config_file);
  unlink(credentials_file);
  return rmdir(folder);
}

static void write_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}
static void write_config(const char *text) { write_file(config_file, text, strlen(text)); }

static const char *const touched[] = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE", "AWS_CONFIG_FILE",
                                      "AWS_SHARED_CREDENTIALS_FILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_DEFAULTS_MODE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE",
                                      "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_DATA_PATH", "TUCUXI_TEST_FOLDER"};
static int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof touched / sizeof touched[0]; i++)
    unsetenv(touched[i]);
  return 0;
}

static void put_environment(yajl_val map) {
  for (size_t i = 0; map != NULL && i < map->u.object.len; i++) {
    const char *value = YAJL_GET_STRING(map->u.object.values[i]);
    assert_non_null(value);
    if (value != NULL)
      setenv(map->u.object.keys[i], value, 1);
  }
}

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
      tcx__buf_printf(out, "  %s = %s\n", v->u.object.keys[k], YAJL_GET_STRING(v->u.object.values[k]));
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
  yajl_val options = json_get(json_get(suite, "client_configs"), json_str(test, "client_config")), set = json_get(json_get(suite, "environments"), json_str(test, "environment"));
  const char *service = json_str(test, "service"), *wanted = json_str(json_get(test, "output"), "endpointUrl");
  clear(NULL);
  put_environment(set);
  bool ignore = json_bool(options, "ignore_configured_endpoint_urls", false);
  struct rendered r = render((struct render_plan){.service = service,
                                                  .operation = strcmp(service, "s3") == 0 ? "list_buckets" : "list_tables",
                                                  .session = {.profile = json_str(test, "profile"), .config_file = config_file},
                                                  .client = {.region = "fake-region-10",
                                                             .endpoint_url = json_str_or(options, "endpoint_url", NULL),
                                                             .config = ignore ? tcx_params("{ignore_configured_endpoint_urls: true}") : NULL}});
  const char *url = r.status == 0 ? tcx_value_str(r.request, "Url") : r.msg;
  bool same = r.status == 0 && strncmp(url, wanted, strlen(wanted)) == 0 && url[strlen(wanted)] == '/';
  if (!same)
    print_error("%s: %s, not %s\n", json_str(test, "name"), url, wanted);
  rendered_free(&r);
  return same;
}

static void test_endpoint_urls(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/configured-endpoint-urls.json"), suite = json_at(json_get(tree, "testSuites"), 0), tests = json_get(suite, "endpointUrlTests");
  unsigned failed = 0;
  write_sections(suite);
  for (size_t i = 0; i < json_len(tests); i++)
    failed += !url_case(suite, json_at(tests, i));
  assert_int_equal(json_len(tests), URL_CASES);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

/* ---- places of files ---- */

static struct tcx_settings *load(struct tcx_arena *arena, const struct tcx_settings_options *o, struct tcx_fail *f) {
  struct tcx_settings *s = NULL;
  *f = (struct tcx_fail){.arena = arena};
  int err = tcx__settings_load(arena, o, &s, f);
  assert_true((err == 0) == (s != NULL));
  assert_true(err == f->status);
  return s;
}

#define LOCATIONS 4 /* of 6: two are Windows' */

static void test_locations(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/file-location-tests.json"), tests = json_get(tree, "tests");
  char home[256];
  snprintf(home, sizeof home, "%s", getenv("HOME") != NULL ? getenv("HOME") : "/");
  unsigned run = 0;
  for (size_t i = 0; i < json_len(tests); i++) {
    yajl_val test = json_at(tests, i), set = json_get(test, "environment");
    if (strcmp(json_str(test, "platform"), "linux") != 0)
      continue;
    clear(NULL);
    put_environment(set);
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    /* The files are not there: where a profile is named, it is not found, and named in the message. */
    struct tcx_settings *s = load(arena, &(struct tcx_settings_options){0}, &f);
    if (getenv("AWS_PROFILE") != NULL) {
      assert_string_equal(f.text, "The config profile (other) could not be found");
    } else {
      assert_string_equal(s->config_path, json_str(test, "configLocation"));
      assert_string_equal(s->credentials_path, json_str(test, "credentialsLocation"));
      assert_string_equal(s->profile, "default");
    }
    tcx__arena_free(arena);
    run++;
  }
  setenv("HOME", home, 1);
  assert_int_equal(run, LOCATIONS);
  yajl_tree_free(tree);
}

/* ---- sections ---- */

static bool same_value(yajl_val wanted, const struct tcx_value *got) {
  const char *text = YAJL_GET_STRING(wanted);
  if (text != NULL)
    return got->type == TCX_STRING && strcmp(got->u.bytes.p, text) == 0;
  bool same = got->type == TCX_MAP && tcx__value_count(got) == wanted->u.object.len;
  for (size_t i = 0; i < wanted->u.object.len && same; i++) {
    const char *name = wanted->u.object.keys[i];
    const struct tcx_value *member = tcx__value_find(got, name, strlen(name));
    same = member != NULL && same_value(wanted->u.object.values[i], member);
  }
  return same;
}

#define PROFILE_CASES 93

/* The sections of both files as botocore sorts and merges them; where the vectors of other SDKs want something else, botocore's answer counts. */
static void test_profiles(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/profiles-botocore.json"), cases = json_get(tree, "cases");
  unsigned failed = 0;
  for (size_t i = 0; i < json_len(cases); i++) {
    yajl_val c = json_at(cases, i), output = json_get(c, "output");
    const char *text = json_str(c, "credentials");
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    write_config(json_str(c, "config"));
    write_file(credentials_file, text, strlen(text));
    struct tcx_settings *s = load(arena, &(struct tcx_settings_options){.config_file = config_file, .credentials_file = credentials_file}, &f);
    bool error = json_get(output, "error") != NULL;
    bool same = error ? s == NULL && strncmp(f.text, "Unable to parse config file: ", 29) == 0 : s != NULL;
    if (same && !error)
      same = same_value(json_get(output, "profiles"), s->profiles) && same_value(json_get(output, "sso_sessions"), s->sso_sessions) && same_value(json_get(output, "services"), s->services);
    if (!same)
      print_error("%s%s: %s\n", json_str(c, "config"), text, f.text != NULL ? f.text : "other sections");
    failed += !same;
    tcx__arena_free(arena);
  }
  assert_int_equal(json_len(cases), PROFILE_CASES);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

/* ---- what it costs ---- */

static unsigned open_files(void) {
  unsigned n = 0;
  for (int fd = 0; fd < 256; fd++)
    n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

/* Files of twenty profiles are read in less than a millisecond, at the best of many times; a client that is made then has opened nothing, and nothing keeps the loop. */
static void test_cost(void **state) {
  (void)state;
  struct tcx_buf text;
  uint64_t best = UINT64_MAX;
  tcx__buf_init(&text, NULL, 65536);
  tcx__buf_adds(&text, "[default]\nregion = us-west-2\n");
  for (unsigned i = 0; i < 20; i++)
    tcx__buf_printf(&text, "[profile p%u]\nregion = us-west-2\noutput = json\nrole_arn = arn:aws:iam::123456789012:role/r%u\nsource_profile = default\ns3 =\n  addressing_style = path\n", i, i);
  write_file(config_file, text.data, text.len);
  write_file(credentials_file, "[default]\n", 10);
  tcx__buf_free(&text);
  for (unsigned i = 0; i < 100; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    uint64_t start = uv_hrtime();
    assert_non_null(load(arena, &(struct tcx_settings_options){.config_file = config_file, .credentials_file = credentials_file}, &f));
    uint64_t took = uv_hrtime() - start;
    best = took < best ? took : best;
    tcx__arena_free(arena);
  }
  print_message("read in %llu us\n", (unsigned long long)(best / 1000));
  assert_true(best < 1000000);
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_client_t *client = NULL;
  assert_int_equal(uv_loop_init(&loop), 0);
  unsigned before = open_files();
  assert_int_equal(tcx_session_new(&loop, &(tcx_session_options_t){.config_file = config_file, .credentials_file = credentials_file}, &session), 0);
  assert_int_equal(tcx_session_create_client(session, "s3", NULL, &client), 0);
  assert_string_equal(tcx_client_region(client), "us-west-2");
  assert_int_equal(open_files(), before);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(open_files(), before);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_paths(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_settings s = {.arena = arena, .home = "/home/x"};
  setenv("TUCUXI_TEST_FOLDER", "/t/$HOME", 1);
  unsetenv("TUCUXI_TEST_NOT_SET");
  static const struct { const char *path, *wanted; } cases[] = { /* what os.path.expandvars and expanduser give */
      {"~", "/home/x"}, {"~/a", "/home/x/a"}, {"a/~", "a/~"}, {"$TUCUXI_TEST_FOLDER/a", "/t/$HOME/a"}, {"${TUCUXI_TEST_FOLDER}a", "/t/$HOMEa"},
      {"$TUCUXI_TEST_NOT_SET/a", "$TUCUXI_TEST_NOT_SET/a"}, {"${TUCUXI_TEST_NOT_SET}", "${TUCUXI_TEST_NOT_SET}"}, {"a$", "a$"}, {"${", "${"}, {"${}x", "${}x"}, {"$$x", "$$x"}, {"", ""},
      {"$TUCUXI_TEST_FOLDER-x", "/t/$HOME-x"}, {"~user/a", "~user/a"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(tcx__expand_path(&s, cases[i].path), cases[i].wanted);
  tcx__arena_free(arena);
}

/* ---- files that are none ---- */

/* wanted: the sentence, '@' for the path; NULL: it is as if there were none. */
static void problem(const char *path, bool asked, const char *wanted) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f;
  char text[256];
  if (!asked)
    setenv("AWS_CONFIG_FILE", path, 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
  struct tcx_settings *s = load(arena, &(struct tcx_settings_options){.config_file = asked ? path : NULL}, &f);
  if (wanted == NULL) {
    assert_non_null(s);
    assert_int_equal(tcx__value_count(s->profiles), 0);
  } else {
    assert_int_equal(f.status, TCX_ECONFIG);
    const char *at = strchr(wanted, '@');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - wanted), wanted, path, at + 1);
    assert_string_equal(f.text, text);
  }
  clear(NULL);
  tcx__arena_free(arena);
}

static void test_bad_files(void **state) {
  (void)state;
  static const char binary[] = "\x7f" "ELF\0\1\2\xff\xfe", zeros[] = "[default]\nregion = a\0b\n", late[] = "[default]\nregion = x\n\n[oops\n";
  char pipe[80];
  problem("/tmp/tucuxi/no such file", false, NULL);
  problem("/tmp/tucuxi/no such file", true, "The specified config file (@) could not be found.");
  problem(folder, false, NULL); /* a folder is no file, for botocore */
  problem(folder, true, "The specified config file (@) could not be found.");
  problem("/dev/null", true, NULL);
  snprintf(pipe, sizeof pipe, "%s/pipe", folder);
  assert_int_equal(mkfifo(pipe, 0600), 0);
  problem(pipe, false, NULL); /* and nobody waits for a writer */
  problem(pipe, true, "The specified config file (@) could not be found.");
  unlink(pipe);
  write_file(config_file, binary, sizeof binary);
  problem(config_file, false, "Unable to parse config file: @: it is not UTF-8");
  write_file(config_file, late, sizeof late - 1);
  problem(config_file, false, "Unable to parse config file: @: line 4: neither a section nor a key with its value");
  write_file(config_file, zeros, sizeof zeros - 1); /* NUL is a letter to the parser, but not to a region */
  struct rendered r = render((struct render_plan){.service = "s3", .operation = "list_buckets", .session = {.config_file = config_file}});
  assert_int_equal(r.status, 0); /* the option's region */
  rendered_free(&r);
  assert_int_equal(truncate(config_file, (17 << 20)), 0);
  problem(config_file, false, "Unable to parse config file: @: larger than 16 MiB");
  write_config("[default]\n");
  if (geteuid() != 0) {
    assert_int_equal(chmod(config_file, 0), 0);
    problem(config_file, false, "Unable to read config file: @: Permission denied");
    assert_int_equal(chmod(config_file, 0600), 0);
  }
}

/* ---- defaults modes ---- */

static void test_defaults_modes(void **state) {
  (void)state;
  yajl_val tree = json_load("../models/data/sdk-default-configuration.json"), base = json_get(tree, "base"), modes = json_get(tree, "modes");
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
    assert_int_equal(mode.connect_timeout_ms, json_int(timeout != NULL ? timeout : base, timeout != NULL ? "override" : "connectTimeoutInMillis", 0));
  }
  assert_int_equal(tcx__defaults_mode("Legacy", NULL, &mode, &f), 0);
  assert_int_equal(mode.connect_timeout_ms, 0);
  assert_int_equal(tcx__defaults_mode("fast", NULL, &mode, &f), TCX_ECONFIG);
  assert_string_equal(f.text, "Client configured with invalid defaults mode: fast. Valid defaults modes include: legacy, auto, standard, in-region, cross-region, mobile.");
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

static struct tcx_client_config resolve(const char *config, const char *field_region, struct tcx_arena *arena, struct tcx_fail *f) {
  struct tcx_client_config c = {0};
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
  struct tcx_settings *s = load(arena, &(struct tcx_settings_options){.config_file = config_file}, f);
  assert_non_null(s);
  tcx_value_t *v = config != NULL ? tcx_value_from_json(config, strlen(config)) : NULL;
  int err = tcx__config_resolve(&c, arena, &(tcx_client_options_t){.region = field_region, .config = v}, s, "S3", f);
  assert_true(err == f->status);
  tcx_value_free(v);
  return c;
}

static void test_precedence(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f;
  write_config("[default]\nregion = from-profile\nmax_attempts = 7\ndefaults_mode = mobile\ns3 =\n  us_east_1_regional_endpoint = legacy\n  use_arn_region = false\n");
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
  c = resolve("{\"region_name\": \"by-config\", \"defaults_mode\": \"standard\", \"retries\": {\"total_max_attempts\": 9, \"max_attempts\": 1}}", NULL, arena, &f);
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

/* Each variable with where it comes from; of keys the last four letters. */
static void test_describe(void **state) {
  (void)state;
  static const struct { const char *name, *value, *source, *where; } rows[] = {
      {"region", "us-west-2", "option", NULL},
      {"retry_mode", "standard", "defaults-mode", NULL},
      {"max_attempts", "7", "environment", "AWS_MAX_ATTEMPTS"},
      {"s3.use_arn_region", "true", "config-file", "s3.use_arn_region"},
      {"s3.us_east_1_regional_endpoint", "legacy", "config-file", "s3.us_east_1_regional_endpoint"},
      {"csm_port", "31000", "default", NULL},
      {"data_path", "null", NULL, NULL},
      {"aws_access_key_id", "********************MPLE", "shared-credentials-file", "aws_access_key_id"},
      {"aws_secret_access_key", "********************", "shared-credentials-file", "aws_secret_access_key"},
  };
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  write_config("[default]\ndefaults_mode = mobile\ns3 =\n  use_arn_region = TRUE\n  us_east_1_regional_endpoint = legacy\n");
  static const char keys[] = "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = short\n";
  write_file(credentials_file, keys, sizeof keys - 1);
  setenv("AWS_MAX_ATTEMPTS", "7", 1);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &(tcx_session_options_t){.region = "us-west-2", .config_file = config_file, .credentials_file = credentials_file}, &session), 0);
  tcx_value_t *list = tcx_session_describe_config(session);
  assert_int_equal(tcx_value_status(list), 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const tcx_value_t *row = tcx_value_first(list, NULL);
    while (row != NULL && strcmp(tcx_value_str(row, "name"), rows[i].name) != 0)
      row = tcx_value_next(row);
    assert_non_null(row);
    char *json = NULL;
    const char *text = tcx_value_str(row, "value"), *source = tcx_value_str(row, "source"), *where = tcx_value_str(row, "where");
    if (text == NULL)
      assert_int_equal(tcx_value_to_json(tcx_value_get(row, "value"), &json, NULL), 0);
    assert_string_equal(text != NULL ? text : json, rows[i].value);
    assert_string_equal(source != NULL ? source : "", rows[i].source != NULL ? rows[i].source : "");
    assert_string_equal(where != NULL ? where : "", rows[i].where != NULL ? rows[i].where : "");
    tcx_free(json);
  }
  tcx_value_free(list);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

/* Without files and without a profile that is there: the tree holds the error. */
static void test_describe_problem(void **state) {
  (void)state;
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &(tcx_session_options_t){.profile = "gone", .config_file = "/dev/null", .credentials_file = "/dev/null"}, &session), 0);
  tcx_value_t *list = tcx_session_describe_config(session);
  assert_int_equal(tcx_value_status(list), TCX_ECONFIG);
  assert_string_equal(tcx_value_problem(list), "The config profile (gone) could not be found");
  tcx_value_free(list);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_pseudo_regions(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"fips-us-east-1", "us-east-1"}, {"us-gov-west-1-fips", "us-gov-west-1"}, {"us-east-1", NULL}};
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
  static const struct { const char *mode, *region, *url; } cases[] = {
      {NULL, "eu-west-1", "https://sts.eu-west-1.amazonaws.com/"},
      {"legacy", "eu-west-1", "https://sts.amazonaws.com/"},
      {"legacy", "eu-south-1", "https://sts.eu-south-1.amazonaws.com/"},
      {"regional", "us-east-1", "https://sts.us-east-1.amazonaws.com/"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clear(NULL);
    if (cases[i].mode != NULL)
      setenv("AWS_STS_REGIONAL_ENDPOINTS", cases[i].mode, 1);
    struct rendered r = render((struct render_plan){.service = "sts", .operation = "get_caller_identity", .client.region = cases[i].region});
    assert_int_equal(r.status, 0);
    assert_string_equal(tcx_value_str(r.request, "Url"), cases[i].url);
    rendered_free(&r);
  }
}

/* The s3 section is asked first, and only by S3. */
static void test_dualstack(void **state) {
  (void)state;
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

static void add_names(struct tcx_buf *row, const char *const names[2]) {
  for (unsigned i = 0; i < 2 && names[i] != NULL; i++)
    tcx__buf_printf(row, "%s`%s`", i > 0 ? ", " : "", names[i]);
  tcx__buf_adds(row, " | ");
}

/* Every variable has its row in docs/internals/configuration.md, as it is in the table; and there are no more rows. */
static void test_docs(void **state) {
  (void)state;
  static const char *const kinds[] = {"text", "boolean", "number", "block", "secret"};
  size_t size;
  char *page = test_read_file(TCX_SOURCE_DIR "/docs/internals/configuration.md", &size), *table = strstr(page, "| variable |");
  unsigned rows = 0;
  assert_non_null(table);
  for (unsigned i = 0; i < tcx__n_variables; i++) {
    const struct tcx_variable *v = &tcx__variables[i];
    struct tcx_buf row;
    tcx__buf_init(&row, NULL, 4096);
    tcx__buf_printf(&row, "\n| `%s` | ", v->name);
    add_names(&row, v->key);
    add_names(&row, v->env);
    bool has = v->fallback != NULL && v->fallback[0] != '\0';
    tcx__buf_printf(&row, "%s%s%s | %s |\n", has ? "`" : "", has ? v->fallback : "", has ? "`" : "", kinds[v->kind]);
    if (strstr(table, row.data) == NULL)
      fail_msg("docs/internals/configuration.md: no row%s", row.data);
    tcx__buf_free(&row);
  }
  for (const char *p = table; (p = strstr(p, "\n| `")) != NULL; p++)
    rows++;
  assert_int_equal(rows, tcx__n_variables);
  free(page);
}

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
  unsigned bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    char text[256];
    snprintf(text, sizeof text, "[default]\n%s\n", cases[i].file);
    write_config(text);
    (void)resolve(cases[i].config, NULL, arena, &f);
    if (f.status != TCX_ECONFIG || strcmp(f.text, cases[i].msg) != 0) {
      print_error("%s %s: %s\n", cases[i].file, cases[i].config != NULL ? cases[i].config : "", f.text != NULL ? f.text : "no error");
      bad++;
    }
    tcx__arena_free(arena);
  }
  assert_int_equal(bad, 0);
}

/* A custom endpoint and FIPS: both given, an error; where the environment asks for FIPS, the endpoint that was given counts, as in botocore. */
static void test_fips_with_endpoint(void **state) {
  (void)state;
  static const char *const both[] = {"use_fips_endpoint", "use_dualstack_endpoint"};
  for (size_t i = 0; i < 2; i++) {
    tcx_value_t *config = tcx_value_new_map();
    tcx_value_set_bool(config, both[i], true);
    struct rendered r = render((struct render_plan){.service = "sts", .operation = "get_caller_identity", .client = {.endpoint_url = "http://127.0.0.1:1", .config = config}});
    assert_int_equal(r.status, TCX_ECONFIG);
    assert_non_null(strstr(r.msg, both[i]));
    assert_non_null(strstr(r.msg, "endpoint_url"));
    rendered_free(&r);
  }
  setenv("AWS_USE_FIPS_ENDPOINT", "TRUE", 1);
  setenv("AWS_USE_DUALSTACK_ENDPOINT", "yes", 1); /* not "true": false */
  struct rendered r = render((struct render_plan){.service = "sts", .operation = "get_caller_identity", .client.endpoint_url = "http://127.0.0.1:1"});
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
      cmocka_unit_test_teardown(test_endpoint_urls, clear), cmocka_unit_test_teardown(test_locations, clear),     cmocka_unit_test_teardown(test_paths, clear),
      cmocka_unit_test_teardown(test_bad_files, clear),     cmocka_unit_test(test_defaults_modes),                cmocka_unit_test_teardown(test_auto_mode, clear),
      cmocka_unit_test_teardown(test_precedence, clear),    cmocka_unit_test_teardown(test_pseudo_regions, clear), cmocka_unit_test_teardown(test_sts_legacy, clear),
      cmocka_unit_test_teardown(test_dualstack, clear),     cmocka_unit_test_teardown(test_refused, clear),       cmocka_unit_test_teardown(test_fips_with_endpoint, clear), cmocka_unit_test(test_docs),
      cmocka_unit_test_teardown(test_option_table, clear),  cmocka_unit_test_teardown(test_retry_modes, clear),   cmocka_unit_test_teardown(test_describe, clear),
      cmocka_unit_test_teardown(test_describe_problem, clear), cmocka_unit_test_teardown(test_profiles, clear),    cmocka_unit_test_teardown(test_cost, clear),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
