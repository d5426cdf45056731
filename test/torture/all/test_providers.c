/*
 * Credential providers while one allocation after the other fails: nothing leaks, who waits is
 * always told, and what is found is right.
 */
#include "folder.h"
#include "identity_help.h"
#include "redirect.h"
#include "torture.h"
#include "whole.h"

#define KEYS                                                                                       \
  "{\"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"s\", \"Token\": \"t\", \"Expiration\": "      \
  "\"2199-01-01T12:00:00Z\"}"
#define ROLE                                                                                       \
  "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>KEY</"                          \
  "AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"                 \
  "<Expiration>2199-01-01T12:00:00Z</Expiration></Credentials></AssumeRoleResult></"               \
  "AssumeRoleResponse>"
#define SSO                                                                                        \
  "{\"roleCredentials\": {\"accessKeyId\": \"KEY\", \"secretAccessKey\": \"s\", "                  \
  "\"sessionToken\": \"t\", \"expiration\": 7226582400000}}"
#define ANSWER(body)                                                                               \
  { DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", body)), DO(CLOSE) }

struct plan {
  const char *config;
  const char *variable, *value; /* of the environment, or NULL */
  const struct fault_step *const *scripts;
  unsigned n;
  const char *cache;       /* a folder, or NULL */
  const char *file, *text; /* written anew each time, or NULL */
  bool ask_public;         /* by tcx_session_get_credentials */
};

static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return INT64_C(1893495600000); /* 2030-01-01T11:00:00Z */
}

static void on_mfa(tcx_mfa_request_t *request, const char *serial, void *data) {
  (void)data;
  assert_string_equal(serial, "arn:aws:iam::1:mfa/me");
  tcx_mfa_answer(request, 0, "123456");
}

static void on_credentials(tcx_session_t *session, int status, const tcx_credentials_t *credentials,
                           const char *provider, const char *msg, void *data) {
  struct found *found = data;
  (void)session;
  assert_true((credentials != NULL) == (status == 0));
  assert_true((msg != NULL) == (status != 0) && (provider != NULL) == (status == 0));
  if (credentials != NULL)
    assert_string_equal(credentials->access_key, "KEY");
  found->status = status;
  found->done++;
}

/* One answer comes, or the function has said that none will. */
static int ask(const struct plan *p, struct whole *w) {
  struct found found = {0};
  int err = 0;
  if (p->ask_public)
    err = tcx_session_get_credentials(w->session, on_credentials, &found);
  else
    found_start(&found, w->session);
  if (err != 0)
    return err;
  tcx__session_hold(w->session);
  while (found.done == 0)
    uv_run(&w->loop, UV_RUN_ONCE);
  tcx__session_drop(w->session);
  assert_int_equal(found.done, 1);
  assert_true(p->ask_public || (found.identity != NULL) == (found.status == 0));
  if (found.identity != NULL)
    assert_string_equal(found.identity->access_key, "KEY");
  found_end(&found);
  return found.status;
}

static int run(void *ctx) {
  const struct plan *p = ctx;
  struct whole w;
  char path[512];
  whole_unset_environment();
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  setenv("AWS_MAX_ATTEMPTS", "1", 1);
  setenv("HOME", test_folder, 1);
  if (p->variable != NULL)
    setenv(p->variable, p->value, 1);
  test_folder_put("config", p->config);
  if (p->file != NULL)
    test_folder_put(p->file, p->text);
  snprintf(path, sizeof path, "%s/config", test_folder);
  tcx_session_options_t o = {.config_file = path, .credentials_cache = p->cache, .mfa = on_mfa};
  int err = whole_try_begin(&w, p->scripts, p->n, &o, NULL);
  redirect_port = w.server.port;
  redirects = 0;
  if (err == 0) {
    w.session->expiry_clock = test_clock;
    err = ask(p, &w);
  }
  redirect_port = 0;
  whole_end(&w);
  return err;
}

static void test_role(void **state) {
  (void)state;
  const struct fault_step role[] = ANSWER(ROLE);
  const struct fault_step *const scripts[] = {role};
  struct plan p = {.config = "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = "
                             "default\naws_access_key_id = A\naws_secret_access_key = s\n",
                   .scripts = scripts,
                   .n = 1};
  test_fail_until_ok(run, &p);
}

static void test_sso(void **state) {
  (void)state;
  const struct fault_step keys[] = ANSWER(SSO);
  const struct fault_step *const scripts[] = {keys};
  struct plan p = {.config =
                       "[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = "
                       "r\n[sso-session dev]\nsso_region = us-west-2\nsso_start_url = https://x\n",
                   .scripts = scripts,
                   .n = 1};
  test_folder_put(".aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json",
                  "{\"accessToken\": \"old\", \"expiresAt\": \"2199-01-01T10:00:00Z\"}");
  test_fail_until_ok(run, &p);
}

static void test_container(void **state) {
  (void)state;
  const struct fault_step keys[] = ANSWER(KEYS);
  const struct fault_step *const scripts[] = {keys};
  struct plan p = {.config = "[default]\n",
                   .variable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                   .value = "/x",
                   .scripts = scripts,
                   .n = 1};
  test_fail_until_ok(run, &p);
}

static void test_instance(void **state) {
  (void)state;
  const struct fault_step token[] = ANSWER("token"), role[] = ANSWER("role"), keys[] = ANSWER(KEYS);
  const struct fault_step *const scripts[] = {token, role, keys};
  struct plan p = {.config = "[default]\n",
                   .variable = "AWS_EC2_METADATA_DISABLED",
                   .value = "false",
                   .scripts = scripts,
                   .n = 3};
  test_fail_until_ok(run, &p);
}

static void test_process(void **state) {
  (void)state;
  static const struct fault_step nothing[] = {DO(END)};
  static const struct fault_step *const scripts[] = {nothing};
  struct plan p = {.config = "[default]\ncredential_process = echo '{\"Version\": 1, "
                             "\"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"s\"}'\n",
                   .scripts = scripts,
                   .n = 1};
  test_fail_until_ok(run, &p);
}

/* The profile that a role is assumed with, and the device that it wants. */
static void test_mfa(void **state) {
  (void)state;
  const struct fault_step role[] = ANSWER(ROLE);
  const struct fault_step *const scripts[] = {role};
  struct plan p = {
      .config = "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\nmfa_serial "
                "= arn:aws:iam::1:mfa/me\naws_access_key_id = A\naws_secret_access_key = s\n",
      .scripts = scripts,
      .n = 1};
  test_fail_until_ok(run, &p);
}

/* What is kept in a file, and what is found there. */
static void test_cache(void **state) {
  (void)state;
  const struct fault_step role[] = ANSWER(ROLE);
  const struct fault_step *const scripts[] = {role};
  struct plan p = {.config =
                       "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = "
                       "default\naws_access_key_id = A\naws_secret_access_key = s\n",
                   .scripts = scripts,
                   .n = 1,
                   .cache = test_folder};
  p.file = "6dc9e6e1e186b9f293814df3266de783142c48a2.json";
  p.text = "{}";
  test_fail_until_ok(run, &p);
  p.text = "{\"Credentials\": {\"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"s\", "
           "\"SessionToken\": \"t\", \"Expiration\": \"2031-01-01T12:00:00Z\"}}";
  test_fail_until_ok(run, &p);
}

static void test_sso_renewal(void **state) {
  (void)state;
  const struct fault_step renewed[] =
      ANSWER("{\"accessToken\": \"new\", \"expiresIn\": 3600, \"refreshToken\": \"next\"}"),
                          keys[] = ANSWER(SSO);
  const struct fault_step *const scripts[] = {renewed, keys};
  struct plan p = {.config =
                       "[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = "
                       "r\n[sso-session dev]\nsso_region = us-west-2\nsso_start_url = https://x\n",
                   .scripts = scripts,
                   .n = 2};
  p.file = ".aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";
  p.text = "{\"accessToken\": \"old\", \"expiresAt\": \"2030-01-01T11:10:00Z\", \"refreshToken\": "
           "\"again\", \"clientId\": \"id\", \"clientSecret\": \"s\", \"registrationExpiresAt\": "
           "\"2031-01-01T00:00:00Z\"}";
  test_fail_until_ok(run, &p);
}

static void test_login(void **state) {
  (void)state;
  const struct fault_step renewed[] =
      ANSWER("{\"accessToken\": {\"accessKeyId\": \"KEY\", \"secretAccessKey\": \"s\", "
             "\"sessionToken\": \"t\"}, \"refreshToken\": \"next\", \"expiresIn\": 900}");
  const struct fault_step *const scripts[] = {renewed};
  struct plan p = {.config = "[default]\nlogin_session = me\n", .scripts = scripts, .n = 1};
  p.file = ".aws/login/cache/2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0.json";
  p.text =
      "{\"accessToken\": {\"accessKeyId\": \"OLD\", \"secretAccessKey\": \"s\", \"sessionToken\": "
      "\"t\", \"accountId\": \"123456789012\", \"expiresAt\": \"2030-01-01T11:01:00Z\"}, "
      "\"clientId\": \"c\", "
      "\"refreshToken\": \"again\", \"dpopKey\": \"-----BEGIN PRIVATE "
      "KEY-----"
      "\\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAQIDBAUGBwgJCgsM\\nDQ4PEBESExQVFhcYGRobHB"
      "0eHyChRANCAARRXD1uueOWuQTT/sp/VP3NDMHpl783"
      "\\nXcpRWtCmw7QDX0U2vjpQ8xj7+aVHWQKiIVAr7w1X4IxTsswKVvF9n5NU\\n-----END PRIVATE KEY-----\"}";
  test_fail_until_ok(run, &p);
}

/* The public way to the same keys, with a real file of each kind. */
static void test_get_credentials(void **state) {
  (void)state;
  const struct fault_step role[] = ANSWER(ROLE);
  const struct fault_step *const scripts[] = {role};
  struct plan p = {.config = "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = "
                             "base\nservices = dev\ns3 =\n  addressing_style = path\n[profile "
                             "base]\naws_access_key_id = A\naws_secret_access_key = s\n"
                             "[services dev]\nsts =\n  endpoint_url = "
                             "http://127.0.0.1:1\n[sso-session x]\nsso_region = y\n",
                   .scripts = scripts,
                   .n = 1,
                   .ask_public = true};
  test_fail_until_ok(run, &p);
}

/* The defaults mode auto looks for the machine's region with the first call. */
static int run_auto(void *ctx) {
  const struct fault_step *const *scripts = ctx;
  struct whole w;
  struct outcome o = {.whole = &w};
  char path[512];
  whole_unset_environment();
  setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
  test_folder_put("config", "[default]\ndefaults_mode = auto\n");
  snprintf(path, sizeof path, "%s/config", test_folder);
  tcx_session_options_t so = {.config_file = path};
  tcx_client_options_t co = {.access_key = "A", .secret_key = "s"};
  int err = whole_try_begin(&w, scripts, 3, &so, &co);
  redirect_port = w.server.port;
  redirects = 0;
  if (err == 0)
    err = tcx_client_call(w.client, "list_objects_v2", tcx_params("{Bucket: b}"), outcome_cb, &o);
  if (err == 0) {
    whole_until(&w, &o.calls);
    err = o.status;
    /* a look-up that fails, for whatever reason, is no error: the region is then another one */
    assert_true(err != 0 || w.client->config.connect_timeout_ms == 1100 ||
                w.client->config.connect_timeout_ms == 3100);
    outcome_free(&o);
  }
  redirect_port = 0;
  whole_end(&w);
  return err;
}

static void test_auto_mode(void **state) {
  (void)state;
  const struct fault_step token[] = ANSWER("token"), zone[] = ANSWER("us-east-1a"),
                          list[] = ANSWER("<ListBucketResult/>");
  const struct fault_step *scripts[] = {token, zone, list};
  test_fail_until_ok(run_auto, scripts);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)
int main(void) {
  const struct CMUnitTest tests[] = {IN_FOLDER(test_role),      IN_FOLDER(test_sso),
                                     IN_FOLDER(test_container), IN_FOLDER(test_instance),
                                     IN_FOLDER(test_process),   IN_FOLDER(test_mfa),
                                     IN_FOLDER(test_cache),     IN_FOLDER(test_sso_renewal),
                                     IN_FOLDER(test_login),     IN_FOLDER(test_get_credentials),
                                     IN_FOLDER(test_auto_mode)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
