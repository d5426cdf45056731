/*
 * Key material is wiped when its memory is freed: every block that the library gives back is
 * searched for a secret that came from a file, a process, a metadata service, an assumed role and a
 * sign-in.
 */
#define _GNU_SOURCE
#include "folder.h"
#include "identity_help.h"
#include "redirect.h"
#include "whole.h"
#include <malloc.h>

#define SECRET "wiped-wiped-wiped-wiped-wiped-wiped-wipe"
#define KEYS                                                                                       \
  "{\"Version\": 1, \"AccessKeyId\": \"KEY\", \"SecretAccessKey\": \"" SECRET                      \
  "\", \"Token\": \"t\", \"Expiration\": \"2199-01-01T12:00:00Z\"}"
#define ROLE                                                                                       \
  "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>KEY</"                          \
  "AccessKeyId><SecretAccessKey>" SECRET "</SecretAccessKey><SessionToken>t</SessionToken>"        \
  "<Expiration>2199-01-01T12:00:00Z</Expiration></Credentials></AssumeRoleResult></"               \
  "AssumeRoleResponse>"

#define LOGIN                                                                                      \
  ".aws/login/cache/2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0.json"
#define LOGIN_KEY                                                                                  \
  "-----BEGIN PRIVATE "                                                                            \
  "KEY-----"                                                                                       \
  "\\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAQIDBAUGBwgJCgsM\\nDQ4PEBESExQVFhcYGRobHB0e" \
  "HyChRANCAARRXD1uueOWuQTT/sp/"                                                                   \
  "VP3NDMHpl783\\nXcpRWtCmw7QDX0U2vjpQ8xj7+aVHWQKiIVAr7w1X4IxTsswKVvF9n5NU\\n-----END PRIVATE "    \
  "KEY-----"
#define LOGIN_KEPT(end, key)                                                                       \
  "{\"accessToken\": {\"accessKeyId\": \"KEY\", \"secretAccessKey\": \"" SECRET                    \
  "\", \"sessionToken\": \"t\", \"accountId\": \"1\", \"expiresAt\": \"" end                       \
  "\"}, \"clientId\": \"c\", \"refreshToken\": \"r\", \"dpopKey\": \"" key "\"}"
#define LOGIN_NEW                                                                                  \
  "{\"accessToken\": {\"accessKeyId\": \"NEW\", \"secretAccessKey\": \"" SECRET                    \
  "\", \"sessionToken\": \"u\"}, \"refreshToken\": \"next\", \"expiresIn\": 900}"

static unsigned left_behind, freed;

static void look(const void *p) {
  if (p == NULL)
    return;
  freed++;
  left_behind +=
      memmem(p, malloc_usable_size((void *)(uintptr_t)p), SECRET, sizeof SECRET - 1) != NULL;
}
static void free_looked(void *p) {
  look(p);
  free(p);
}
/* always elsewhere, so that what it leaves is seen */
static void *realloc_looked(void *p, size_t n) {
  void *to = malloc(n);
  if (to != NULL && p != NULL) {
    size_t had = malloc_usable_size(p);
    memcpy(to, p, had < n ? had : n);
    free_looked(p);
  }
  return to;
}

static const char *what;
static void find(const char *config, const char *variable, const char *value,
                 const struct fault_step *const *scripts, unsigned n) {
  struct whole w;
  struct found found;
  char path[512];
  whole_unset_environment();
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  if (variable != NULL)
    setenv(variable, value, 1);
  test_folder_put("config", config);
  snprintf(path, sizeof path, "%s/config", test_folder);
  left_behind = freed = 0;
  tcx_session_options_t o = {.config_file = path};
  whole_begin_with(&w, scripts, n, &o, NULL);
  redirect_port = w.server.port;
  redirects = 0;
  found_start(&found, w.session);
  tcx__session_hold(w.session);
  while (found.done == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx__session_drop(w.session);
  assert_non_null(found.identity);
  assert_string_equal(found.identity->secret_key, SECRET);
  found_end(&found);
  redirect_port = 0;
  whole_end(&w);
  assert_true(freed > 0);
  if (left_behind > 0)
    fail_msg("%s: the secret is left in %u of %u freed blocks", what, left_behind, freed);
}

static void test_wiped(void **state) {
  (void)state;
  const struct fault_step keys[] = {
      DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", KEYS)), DO(CLOSE)};
  const struct fault_step role[] = {
      DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", ROLE)), DO(CLOSE)};
  const struct fault_step *const container[] = {keys}, *const sts[] = {role};
  what = "the config file's";
  find("[default]\naws_access_key_id = KEY\naws_secret_access_key = " SECRET "\n", NULL, NULL,
       container, 1);
  what = "the process's";
  find("[default]\ncredential_process = echo '" KEYS "'\n", NULL, NULL, container, 1);
  what = "the container's";
  find("[default]\n", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x", container, 1);
  what = "the role's";
  find("[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\naws_access_key_id = "
       "A\naws_secret_access_key = s\n",
       NULL, NULL, sts, 1);
  what = "the sign-in's";
  setenv("HOME", test_folder, 1);
  test_folder_put(LOGIN, LOGIN_KEPT("2199-01-01T12:00:00Z", "not looked at"));
  find("[default]\nlogin_session = me\n", NULL, NULL, container, 1);
  const struct fault_step renewed[] = {
      DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", LOGIN_NEW)), DO(CLOSE)};
  const struct fault_step *const signin[] = {renewed};
  what = "the renewed sign-in's";
  test_folder_put(LOGIN, LOGIN_KEPT("2020-01-01T12:00:00Z", LOGIN_KEY));
  find("[default]\nlogin_session = me\n", NULL, NULL, signin, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_wiped, test_folder_make, test_folder_remove)};
  if (tcx_replace_allocator(malloc, realloc_looked, calloc, free_looked) != 0)
    return 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
