/*
 * data/schemes (made by make_schemes.py): services and operations with all sorts of auth traits,
 * endpoints that offer schemes, clients with all sorts of options: each call is signed as botocore
 * signs it. Where it is not, on purpose, the data says why.
 */
#include "core/call.h"
#include "support.h"

static unsigned checked, wrong;

struct answer {
  char text[400];
};

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  static const char *const names[] = {[TCX__SCHEME_UNSET] = "unset",
                                      [TCX__SCHEME_NONE] = "none",
                                      [TCX__SCHEME_SIGV2] = "sigv2",
                                      [TCX__SCHEME_SIGV4] = "sigv4",
                                      [TCX__SCHEME_SIGV4A] = "sigv4a",
                                      [TCX__SCHEME_BEARER] = "bearer",
                                      [TCX__SCHEME_S3EXPRESS] = "sigv4-s3express"};
  struct answer *a = tcx_call_data(call);
  if (response == NULL && error->status != TCX_ECREDS)
    snprintf(a->text, sizeof a->text, "%s %s", tcx_error_type_name(error), error->msg);
  else if (call->scheme == TCX__SCHEME_SIGV4 || call->scheme == TCX__SCHEME_SIGV4A)
    snprintf(a->text, sizeof a->text, "%s %s %s", names[call->scheme], call->signing_region,
             call->signing_name);
  else
    snprintf(a->text, sizeof a->text, "%s", names[call->scheme]);
}

static void run_group(uv_loop_t *loop, tcx_session_t *session, const tcx_value_t *group) {
  tcx_client_t *client = NULL;
  tcx_client_options_t co = {.region = "us-west-2",
                             .access_key = "AKID",
                             .secret_key = "secret",
                             .config = tcx_value_copy(tcx_value_get(group, "config"))};
  for (const tcx_value_t *v = tcx_value_first(group, "environment"); v != NULL;
       v = tcx_value_next(v))
    setenv(tcx_value_name(v), tcx_value_str(v, NULL), 1);
  assert_int_equal(
      tcx_session_create_client(session, tcx_value_str(group, "service"), &co, &client), 0);
  for (const tcx_value_t *v = tcx_value_first(group, "environment"); v != NULL;
       v = tcx_value_next(v))
    unsetenv(tcx_value_name(v));
  for (const tcx_value_t *v = tcx_value_first(group, "expect"); v != NULL; v = tcx_value_next(v)) {
    struct answer a = {""};
    assert_int_equal(tcx_client_render(client, tcx_value_name(v), NULL, on_done, &a), 0);
    uv_run(loop, UV_RUN_DEFAULT);
    checked++;
    if (strcmp(a.text, tcx_value_str(v, NULL)) == 0)
      continue;
    wrong++;
    char *config = NULL;
    assert_int_equal(tcx_value_to_json(group, &config, NULL), 0);
    print_error("%s of %.100s\n  expected %s\n  found %s\n", tcx_value_name(v), config,
                tcx_value_str(v, NULL), a.text);
    tcx_free(config);
  }
  tcx_client_close(client, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
}

static void test_all(void **state) {
  (void)state;
  size_t n;
  char *text = test_read_file("compliance/data/schemes/vectors.json", &n);
  tcx_value_t *all = tcx_value_from_json(text, n);
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_TEST_DIR "/compliance/data/schemes/models"};
  assert_int_equal(tcx_value_status(all), 0);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &so, &session), 0);
  unsigned otherwise = 0;
  for (const tcx_value_t *group = tcx_value_first(all, "groups"); group != NULL;
       group = tcx_value_next(group)) {
    run_group(&loop, session, group);
    otherwise += (unsigned)tcx_value_len(group, "otherwise");
  }
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  tcx_value_free(all);
  free(text);
  printf("# %u calls, %u of them otherwise than botocore\n", checked, otherwise);
  assert_int_equal(wrong, 0);
  assert_int_equal(checked, 4200);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
