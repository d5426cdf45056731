/*
 * Credential providers while one allocation after the other fails: nothing leaks, who waits is always told, and what is found is right.
 */
#include "folder.h"
#include "identity_help.h"
#include "redirect.h"
#include "torture.h"
#include "whole.h"

#define KEYS "{\"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"s\", \"Token\": \"t\", \"Expiration\": \"2199-01-01T12:00:00Z\"}"
#define ROLE                                                                                                                                       \
  "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>KEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>" \
  "<Expiration>2199-01-01T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define SSO "{\"roleCredentials\": {\"accessKeyId\": \"KEY\", \"secretAccessKey\": \"s\", \"sessionToken\": \"t\", \"expiration\": 7226582400000}}"
#define ANSWER(body) {DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", body)), DO(CLOSE)}

struct plan {
  const char *config;
  const char *variable, *value;        /* of the environment, or NULL */
  const struct fault_step *const *scripts;
  unsigned n;
  const char *cache;
};

static int run(void *ctx) {
  const struct plan *p = ctx;
  struct whole w;
  struct found found;
  char path[512];
  whole_unset_environment();
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  setenv("AWS_MAX_ATTEMPTS", "1", 1);
  setenv("HOME", test_folder, 1);
  if (p->variable != NULL)
    setenv(p->variable, p->value, 1);
  test_folder_put("config", p->config);
  snprintf(path, sizeof path, "%s/config", test_folder);
  tcx_session_options_t o = {.config_file = path, .credentials_cache = p->cache};
  int err = whole_try_begin(&w, p->scripts, p->n, &o, NULL);
  redirect_port = w.server.port;
  redirects = 0;
  if (err == 0) {
    found_start(&found, w.session);
    tcx__session_hold(w.session);
    while (found.done == 0)
      uv_run(&w.loop, UV_RUN_ONCE);
    tcx__session_drop(w.session);
    assert_int_equal(found.done, 1);
    assert_true((found.identity != NULL) == (found.status == 0));
    if (found.identity != NULL)
      assert_string_equal(found.identity->access_key, "KEY");
    err = found.status;
    found_end(&found);
  }
  redirect_port = 0;
  whole_end(&w);
  return err;
}

static void test_role(void **state) {
  (void)state;
  const struct fault_step role[] = ANSWER(ROLE);
  const struct fault_step *const scripts[] = {role};
  struct plan p = {"[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\naws_access_key_id = A\naws_secret_access_key = s\n", NULL, NULL, scripts, 1, NULL};
  test_fail_until_ok(run, &p);
}

static void test_sso(void **state) {
  (void)state;
  const struct fault_step keys[] = ANSWER(SSO);
  const struct fault_step *const scripts[] = {keys};
  struct plan p = {"[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = r\n[sso-session dev]\nsso_region = us-west-2\nsso_start_url = https://x\n", NULL, NULL, scripts, 1, NULL};
  test_folder_put(".aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json", "{\"accessToken\": \"old\", \"expiresAt\": \"2199-01-01T10:00:00Z\"}");
  test_fail_until_ok(run, &p);
}

static void test_container(void **state) {
  (void)state;
  const struct fault_step keys[] = ANSWER(KEYS);
  const struct fault_step *const scripts[] = {keys};
  struct plan p = {"[default]\n", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x", scripts, 1, NULL};
  test_fail_until_ok(run, &p);
}

static void test_instance(void **state) {
  (void)state;
  const struct fault_step token[] = ANSWER("token"), role[] = ANSWER("role"), keys[] = ANSWER(KEYS);
  const struct fault_step *const scripts[] = {token, role, keys};
  struct plan p = {"[default]\n", "AWS_EC2_METADATA_DISABLED", "false", scripts, 3, NULL};
  test_fail_until_ok(run, &p);
}

static void test_process(void **state) {
  (void)state;
  static const struct fault_step nothing[] = {DO(END)};
  static const struct fault_step *const scripts[] = {nothing};
  struct plan p = {"[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"s\"}'\n", NULL, NULL, scripts, 1, NULL};
  test_fail_until_ok(run, &p);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)
int main(void) {
  const struct CMUnitTest tests[] = {IN_FOLDER(test_role), IN_FOLDER(test_sso), IN_FOLDER(test_container), IN_FOLDER(test_instance), IN_FOLDER(test_process)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
