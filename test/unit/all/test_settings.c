/*
 * Configuration of a session: places of the two files, their sections by kind, files that are none,
 * and the variables with where each comes from.
 */
#include "settings_help.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <tucuxi/model.h>

/* ---- places of files ---- */

#define LOCATIONS 4 /* of 6: two are Windows' */

static void test_locations(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/file-location-tests.json"),
           tests = json_get(tree, "tests");
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
    /* The files are not there: where a profile is named, it is not found, and named in the
     * message. */
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

/* The sections of both files as botocore sorts and merges them; where the vectors of other SDKs
 * want something else, botocore's answer counts. */
static void test_profiles(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/config/profiles-botocore.json"),
           cases = json_get(tree, "cases");
  unsigned failed = 0;
  for (size_t i = 0; i < json_len(cases); i++) {
    yajl_val c = json_at(cases, i), output = json_get(c, "output");
    const char *text = json_str(c, "credentials");
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    write_config(json_str(c, "config"));
    write_file(credentials_file, text, strlen(text));
    struct tcx_settings *s =
        load(arena,
             &(struct tcx_settings_options){.config_file = config_file,
                                            .credentials_file = credentials_file},
             &f);
    bool error = json_get(output, "error") != NULL;
    bool same =
        error ? s == NULL && strncmp(f.text, "Unable to parse config file: ", 29) == 0 : s != NULL;
    if (same && !error)
      same = same_value(json_get(output, "profiles"), s->profiles) &&
             same_value(json_get(output, "sso_sessions"), s->sso_sessions) &&
             same_value(json_get(output, "services"), s->services);
    if (!same)
      print_error("%s%s: %s\n", json_str(c, "config"), text,
                  f.text != NULL ? f.text : "other sections");
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

/* Files of twenty profiles are read in less than a millisecond, at the best of many times; a client
 * that is made then has opened nothing, and nothing keeps the loop. */
static void test_cost(void **state) {
  (void)state;
  struct tcx_buf text;
  uint64_t best = UINT64_MAX;
  tcx__buf_init(&text, NULL, 65536);
  tcx__buf_adds(&text, "[default]\nregion = us-west-2\n");
  for (unsigned i = 0; i < 20; i++)
    tcx__buf_printf(&text,
                    "[profile p%u]\nregion = us-west-2\noutput = json\nrole_arn = "
                    "arn:aws:iam::123456789012:role/r%u\nsource_profile = default\ns3 =\n  "
                    "addressing_style = path\n",
                    i, i);
  write_file(config_file, text.data, text.len);
  write_file(credentials_file, "[default]\n", 10);
  tcx__buf_free(&text);
  for (unsigned i = 0; i < 100; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f;
    uint64_t start = uv_hrtime();
    assert_non_null(load(arena,
                         &(struct tcx_settings_options){.config_file = config_file,
                                                        .credentials_file = credentials_file},
                         &f));
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
  assert_int_equal(tcx_session_new(&loop,
                                   &(tcx_session_options_t){.config_file = config_file,
                                                            .credentials_file = credentials_file},
                                   &session),
                   0);
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
  /* what os.path.expandvars and expanduser give */
  static const struct {
    const char *path, *wanted;
  } cases[] = {
      {"~", "/home/x"},
      {"~/a", "/home/x/a"},
      {"a/~", "a/~"},
      {"$TUCUXI_TEST_FOLDER/a", "/t/$HOME/a"},
      {"${TUCUXI_TEST_FOLDER}a", "/t/$HOMEa"},
      {"$TUCUXI_TEST_NOT_SET/a", "$TUCUXI_TEST_NOT_SET/a"},
      {"${TUCUXI_TEST_NOT_SET}", "${TUCUXI_TEST_NOT_SET}"},
      {"a$", "a$"},
      {"${", "${"},
      {"${}x", "${}x"},
      {"$$x", "$$x"},
      {"", ""},
      {"$TUCUXI_TEST_FOLDER-x", "/t/$HOME-x"},
      {"~user/a", "~user/a"},
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
  struct tcx_settings *s =
      load(arena, &(struct tcx_settings_options){.config_file = asked ? path : NULL}, &f);
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
  static const char binary[] = "\x7f"
                               "ELF\0\1\2\xff\xfe",
                    zeros[] = "[default]\nregion = a\0b\n",
                    late[] = "[default]\nregion = x\n\n[oops\n";
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
  problem(config_file, false,
          "Unable to parse config file: @: line 4: neither a section nor a key with its value");
  /* NUL is a letter to the parser, but not to a region */
  write_file(config_file, zeros, sizeof zeros - 1);
  struct rendered r = render((struct render_plan){
      .service = "s3", .operation = "list_buckets", .session = {.config_file = config_file}});
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

/* ---- what is shown ---- */

/* Each variable with where it comes from; of keys the last four letters. */
static void test_describe(void **state) {
  (void)state;
  static const struct {
    const char *name, *value, *source, *where;
  } rows[] = {
      {"region", "us-west-2", "option", NULL},
      {"retry_mode", "standard", "defaults-mode", NULL},
      {"max_attempts", "7", "environment", "AWS_MAX_ATTEMPTS"},
      {"s3.use_arn_region", "true", "config-file", "s3.use_arn_region"},
      {"s3.us_east_1_regional_endpoint", "legacy", "config-file", "s3.us_east_1_regional_endpoint"},
      {"csm_port", "31000", "default", NULL},
      {"data_path", "null", NULL, NULL},
      {"aws_access_key_id", "********************MPLE", "shared-credentials-file",
       "aws_access_key_id"},
      {"aws_secret_access_key", "********************", "shared-credentials-file",
       "aws_secret_access_key"},
  };
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  write_config("[default]\ndefaults_mode = mobile\ns3 =\n  use_arn_region = TRUE\n  "
               "us_east_1_regional_endpoint = legacy\n");
  static const char keys[] =
      "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = short\n";
  write_file(credentials_file, keys, sizeof keys - 1);
  setenv("AWS_MAX_ATTEMPTS", "7", 1);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop,
                                   &(tcx_session_options_t){.region = "us-west-2",
                                                            .config_file = config_file,
                                                            .credentials_file = credentials_file},
                                   &session),
                   0);
  tcx_value_t *list = tcx_session_describe_config(session);
  assert_int_equal(tcx_value_status(list), 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const tcx_value_t *row = tcx_value_first(list, NULL);
    while (row != NULL && strcmp(tcx_value_str(row, "name"), rows[i].name) != 0)
      row = tcx_value_next(row);
    assert_non_null(row);
    char *json = NULL;
    const char *text = tcx_value_str(row, "value"), *source = tcx_value_str(row, "source"),
               *where = tcx_value_str(row, "where");
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
  assert_int_equal(tcx_session_new(&loop,
                                   &(tcx_session_options_t){.profile = "gone",
                                                            .config_file = "/dev/null",
                                                            .credentials_file = "/dev/null"},
                                   &session),
                   0);
  tcx_value_t *list = tcx_session_describe_config(session);
  assert_int_equal(tcx_value_status(list), TCX_ECONFIG);
  assert_string_equal(tcx_value_problem(list), "The config profile (gone) could not be found");
  tcx_value_free(list);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- the table in the docs ---- */

static void add_names(struct tcx_buf *row, const char *const names[2]) {
  for (unsigned i = 0; i < 2 && names[i] != NULL; i++)
    tcx__buf_printf(row, "%s`%s`", i > 0 ? ", " : "", names[i]);
  tcx__buf_adds(row, " | ");
}

/* Every variable has its row in docs/internals/configuration.md, as it is in the table; and there
 * are no more rows. */
static void test_docs(void **state) {
  (void)state;
  static const char *const kinds[] = {"text", "boolean", "number", "block", "secret"};
  size_t size;
  char *page = test_read_file(TCX_SOURCE_DIR "/docs/internals/configuration.md", &size),
       *table = strstr(page, "| variable |");
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
    tcx__buf_printf(&row, "%s%s%s | %s |\n", has ? "`" : "", has ? v->fallback : "", has ? "`" : "",
                    kinds[v->kind]);
    if (strstr(table, row.data) == NULL)
      fail_msg("docs/internals/configuration.md: no row%s", row.data);
    tcx__buf_free(&row);
  }
  for (const char *p = table; (p = strstr(p, "\n| `")) != NULL; p++)
    rows++;
  assert_int_equal(rows, tcx__n_variables);
  free(page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_locations, clear),
      cmocka_unit_test_teardown(test_profiles, clear),
      cmocka_unit_test_teardown(test_paths, clear),
      cmocka_unit_test_teardown(test_bad_files, clear),
      cmocka_unit_test_teardown(test_cost, clear),
      cmocka_unit_test_teardown(test_describe, clear),
      cmocka_unit_test_teardown(test_describe_problem, clear),
      cmocka_unit_test_teardown(test_docs, clear),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
