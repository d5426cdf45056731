#include "base/ini.h"
#include "base/json.h"
#include "support.h"
#include "torture.h"
#include <tucuxi.h>

/* The parsed file as JSON, or the problem. */
static void gives(const char *text, size_t len, const char *wanted) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *v = NULL;
  int status = tcx__ini_parse(arena, text, len, &v, &f);
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 24);
  if (status == 0)
    tcx__json_write(&out, v, TCX__JSON_COMPACT);
  else
    assert_int_equal(status, TCX_ECONFIG);
  assert_string_equal(status == 0 ? out.data : f.text, wanted);
  tcx__arena_free(arena);
}

/* Each answer is botocore's. */
static void test_grammar(void **state) {
  (void)state;
  static const struct {
    const char *text, *wanted;
  } cases[] = {
      {"", "{}"},
      {"\n# c\n; d\n", "{}"},
      {"[a]", "{\"a\":{}}"},
      {"[a]\nx=1\ny : 2\nZ=3 ; no comment\n",
       "{\"a\":{\"x\":\"1\",\"y\":\"2\",\"z\":\"3 ; no comment\"}}"},
      {"[a]\nx =\n  k = 1\n  # c\n  K2=a=b\n\n  z = \nq = 2\n",
       "{\"a\":{\"x\":{\"k\":\"1\",\"K2\":\"a=b\",\"z\":\"\"},\"q\":\"2\"}}"},
      {"[a]\nx = 1\n  two\n\n  three\n\n", "{\"a\":{\"x\":\"1\\ntwo\\n\\nthree\"}}"},
      {"[a]\r\nx = 1\r\n[b]\ry=2\n", "{\"a\":{\"x\":\"1\"},\"b\":{\"y\":\"2\"}}"},
      {"[DEFAULT]\nd = 1\ne = 2\n[a]\ne = 3\n[default]\n",
       "{\"a\":{\"e\":\"3\",\"d\":\"1\"},\"default\":{\"d\":\"1\",\"e\":\"2\"}}"},
      {"[a]b]c\nx=1", "{\"a]b\":{\"x\":\"1\"}}"},
      {"[profile \"p q\"]\n\tx = 1\n\ty = 2\n",
       "{\"profile \\\"p q\\\"\":{\"x\":\"1\",\"y\":\"2\"}}"},
      {"[a]\n  x = 1\ny = 2\n    z = 3\n", "{\"a\":{\"x\":\"1\",\"y\":\"2\\nz = 3\"}}"},
      {"[a]\nx = \n\n\n", "{\"a\":{\"x\":\"\"}}"},
      {"[a]\nurl = http://h:1/?a=b\n", "{\"a\":{\"url\":\"http://h:1/?a=b\"}}"},
      {"[a]\nx:=1\n", "{\"a\":{\"x\":\"=1\"}}"},
      {"[ a ]\n\303\251 = \303\251\n", "{\" a \":{\"\303\251\":\"\303\251\"}}"},
      {"[a]\nx = 1\n # c\n  y = 2\n", "{\"a\":{\"x\":\"1\\ny = 2\"}}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    gives(cases[i].text, strlen(cases[i].text), cases[i].wanted);
}

static void test_problems(void **state) {
  (void)state;
  static const struct {
    const char *text, *problem;
  } cases[] = {
      {"a = 1", "line 1: a section is expected first"},
      {"[a]\n\nx", "line 3: neither a section nor a key with its value"},
      {"[a]\n[b]\n[a]", "line 3: this section is there already"},
      {"[a]\nx=1\nX : 2", "line 3: this key is there already"},
      {"[a]\n= 1", "line 2: there is no key"},
      {"[a]\ns3 =\n  x\n[b]", "before line 4: no '=' in the block of 's3'"},
      {"[DEFAULT]\na=1\n[DEFAULT]\na=2", "line 4: this key is there already"},
      {"[a]\n\xff = 1", "it is not UTF-8"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    gives(cases[i].text, strlen(cases[i].text), cases[i].problem);
}

static void test_limits(void **state) {
  (void)state;
  char *text = malloc(TCX__INI_MAX + 1);
  assert_non_null(text);
  memset(text, ' ', TCX__INI_MAX + 1);
  gives(text, TCX__INI_MAX, "{}");
  gives(text, TCX__INI_MAX + 1, "larger than 16 MiB");
  char *to = text, *end = text + TCX__INI_MAX;
  to += snprintf(to, (size_t)(end - to), "[DEFAULT]\n");
  for (int i = 0; i < 2000; i++)
    to += snprintf(to, (size_t)(end - to), "k%d = 1\n", i);
  for (int i = 0; i < 2000; i++)
    to += snprintf(to, (size_t)(end - to), "[s%d]\n", i);
  gives(text, (size_t)(to - text), "too many keys come from [DEFAULT]");
  free(text);
}

static int parse(void *ctx) {
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return UV_ENOMEM;
  struct tcx_value *v = NULL;
  int status = tcx__ini_parse(arena, ctx, strlen(ctx), &v, NULL);
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx__arena_free(arena);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  char text[20000] = "[DEFAULT]\nd = 1\n";
  for (int i = 0; i < 40; i++)
    snprintf(text + strlen(text), 400, "[section %d]\nkey = %0*d\nblock =\n  a = %0100d\n  b = 2\n",
             i, i, i, i);
  test_fail_until_ok(parse, text);
}

static void test_botocore_files(void **state) {
  (void)state;
  static const struct {
    const char *name, *wanted;
  } files[] = {
      {"aws_bad_profile", "{\"default\":{\"aws_access_key_id\":\"default\",\"aws_secret_access_"
                          "key\":\"default\"},\"profile \\\"personal\\\" "
                          "\\\"otherkey\\\"\":{\"aws_access_key_id\":\"default\",\"aws_secret_"
                          "access_key\":\"default\"},\"profile \\\"my "
                          "profile\\\"\":{\"aws_access_key_id\":\"default\",\"aws_secret_access_"
                          "key\":\"default\"},\"profile \\\"missing end quote\":{},\"profile "
                          "personal1\":{\"aws_access_key_id\":\"access_personal1\",\"aws_secret_"
                          "access_key\":\"key_personal1\"}}"},
      {"aws_config",
       "{\"default\":{\"aws_access_key_id\":\"foo\",\"aws_secret_access_key\":\"bar\"},\"profile "
       "\\\"personal\\\"\":{\"aws_access_key_id\":\"fie\",\"aws_secret_access_key\":\"baz\",\"aws_"
       "security_token\":\"fiebaz\"}}"},
      {"aws_config_bad", "line 1: a section is expected first"},
      {"aws_config_badbytes", "it is not UTF-8"},
      {"aws_config_nested",
       "{\"default\":{\"aws_access_key_id\":\"foo\",\"aws_secret_access_key\":\"bar\",\"s3\":{"
       "\"signature_version\":\"s3v4\",\"addressing_style\":\"path\"},\"cloudwatch\":{\"signature_"
       "version\":\"v4\"},\"region\":\"us-west-2\"}}"},
      {"aws_config_nested_bad", "before line 6: no '=' in the block of 's3'"},
      {"aws_config_nocreds", "{\"default\":{\"region\":\"us-west-2\"}}"},
      {"aws_config_other", "{\"default\":{\"aws_access_key_id\":\"other_foo\",\"aws_secret_access_"
                           "key\":\"other_bar\"},\"profile "
                           "\\\"personal\\\"\":{\"aws_access_key_id\":\"fie\",\"aws_secret_access_"
                           "key\":\"baz\",\"aws_security_token\":\"fiebaz\"}}"},
      {"aws_credentials", "line 1: a section is expected first"},
      {"aws_services_config", "{\"default\":{\"endpoint_url\":\"https://localhost:1234/"
                              "\",\"services\":\"my-services\"},\"services "
                              "my-services\":{\"s3\":{\"endpoint_url\":\"https://localhost:5678/"
                              "\"},\"dynamodb\":{\"endpoint_url\":\"https://localhost:8888/\"}}}"},
      {"aws_sso_session_config",
       "{\"default\":{\"sso_session\":\"sso\"},\"sso-session "
       "sso\":{\"sso_start_url\":\"https://example.com\",\"sso_region\":\"us-east-1\"}}"},
      {"aws_third_config", "{\"default\":{\"aws_access_key_id\":\"third_foo\",\"aws_secret_access_"
                           "key\":\"third_bar\"},\"profile "
                           "\\\"third\\\"\":{\"aws_access_key_id\":\"third_fie\",\"aws_secret_"
                           "access_key\":\"third_baz\",\"aws_security_token\":\"third_fiebaz\"}}"},
      {"boto_config",
       "{\"Credentials\":{\"aws_access_key_id\":\"foo\",\"aws_secret_access_key\":\"bar\"}}"},
      {"boto_config_empty", "{\"Credentials\":{}}"},
      {"foo_config",
       "{\"default\":{\"aws_access_key_id\":\"foo\",\"aws_secret_access_key\":\"bar\",\"foo_"
       "region\":\"us-west-1\"},\"profile "
       "\\\"foo\\\"\":{\"aws_access_key_id\":\"fie\",\"aws_secret_access_key\":\"baz\"}}"},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[200];
    size_t size;
    snprintf(path, sizeof path, "compliance/data/config/botocore-cfg/%s", files[i].name);
    char *text = test_read_file(path, &size);
    gives(text, size, files[i].wanted);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grammar),        cmocka_unit_test(test_problems),
      cmocka_unit_test(test_limits),         cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_botocore_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
