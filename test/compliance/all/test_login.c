/* The public cases of the login provider: profile, cached sign-in and the service's answer to
 * credentials, and to what the cache holds then. The clock stands where the cases have it. */
#include "provider_help.h"
#include "requests.h"

#define CASES  "/compliance/data/credentials/login-provider-test-cases.json"
#define FROZEN INT64_C(1763510400) /* 2025-11-19T00:00:00Z: new keys of 900 seconds end at 00:15 */

static int differ_json(const char *id, const char *what, const tcx_value_t *want,
                       const tcx_value_t *got) {
  char *a = NULL, *b = NULL;
  assert_int_equal(tcx_value_to_json(want, &a, NULL), 0);
  assert_int_equal(tcx_value_to_json(got, &b, NULL), 0);
  int bad = differ(id, what, a, b);
  tcx_free(a);
  tcx_free(b);
  return bad;
}

static int differ_text(const char *id, const char *what, const char *want, const char *got) {
  tcx_value_t *a = tcx_value_from_json(want, strlen(want)),
              *b = tcx_value_from_json(got, strlen(got));
  assert_int_equal(tcx_value_status(a), 0);
  int bad = tcx_value_status(b) != 0 ? differ(id, what, want, got) : differ_json(id, what, a, b);
  tcx_value_free(a);
  tcx_value_free(b);
  return bad;
}

static char *json_of(const tcx_value_t *v) {
  char *text = NULL;
  assert_int_equal(tcx_value_to_json(v, &text, NULL), 0);
  return text;
}

static void put_cache(const tcx_value_t *contents) {
  char path[256];
  for (const tcx_value_t *file = tcx_value_first(contents, NULL); file != NULL;
       file = tcx_value_next(file)) {
    char *text = json_of(file);
    snprintf(path, sizeof path, "login/%s", tcx_value_name(file));
    test_folder_put(path, text);
    tcx_free(text);
  }
}

static int differ_cache(const char *id, const tcx_value_t *outcome) {
  char path[512];
  int bad = 0;
  for (const tcx_value_t *file = tcx_value_first(outcome, NULL); file != NULL;
       file = tcx_value_next(file)) {
    if (strcmp(tcx_value_name(file), "result") == 0)
      continue;
    snprintf(path, sizeof path, "%s/login/%s", test_folder, tcx_value_name(file));
    char *want = json_of(file), *got = test_read_file(path, NULL);
    bad += differ_text(id, "cache", want, got);
    tcx_free(want);
    free(got);
  }
  return bad;
}

static int differ_keys(const char *id, const tcx_value_t *outcome, const struct found *found) {
  char ends[TCX__TIME_TEXT];
  const struct tcx_identity *keys = found->identity;
  if (keys == NULL)
    return differ(id, "outcome", "credentials", found->why);
  tcx__time_text(ends, keys->expires, 0);
  return differ(id, "access key", tcx_value_str(outcome, "accessKeyId"), keys->access_key) +
         differ(id, "secret key", tcx_value_str(outcome, "secretAccessKey"), keys->secret_key) +
         differ(id, "session token", tcx_value_str(outcome, "sessionToken"), keys->session_token) +
         differ(id, "account", tcx_value_str(outcome, "accountId"), keys->account_id) +
         differ(id, "end", tcx_value_str(outcome, "expiresAt"), ends) +
         differ(id, "provider", "login", keys->origin);
}

static int run(const tcx_value_t *kase) {
  const char *id = tcx_value_str(kase, "documentation");
  const tcx_value_t *input = tcx_value_get(kase, "mockApiCalls[0].request.tokenInput"),
                    *output = tcx_value_get(kase, "mockApiCalls[0].response.tokenOutput");
  char *answer = output != NULL ? json_of(output) : NULL;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", answer != NULL ? answer : "{}")), DO(END)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  tcx_session_options_t o = {.profile = "signin"};
  int bad = 0;
  put_cache(tcx_value_get(kase, "cacheContents"));
  begin(&w, scripts, 1, tcx_value_str(kase, "configContents"), &o);
  now_s = FROZEN;
  struct found found = ask(&w);
  for (const tcx_value_t *outcome = tcx_value_first(kase, "outcomes"); outcome != NULL;
       outcome = tcx_value_next(outcome)) {
    const char *result = tcx_value_str(outcome, "result");
    if (strcmp(result, "credentials") == 0)
      bad += differ_keys(id, outcome, &found);
    else if (strcmp(result, "cacheContents") == 0)
      bad += differ_cache(id, outcome);
    else
      bad += differ(id, "outcome", "error", found.identity != NULL ? "credentials" : result);
  }
  if (w.server.requests != (input != NULL ? 1u : 0u))
    bad += differ(id, "requests", "another number", "this");
  if (input != NULL) {
    char *want = json_of(input);
    bad += differ_text(id, "request", want, w.server.last_body);
    tcx_free(want);
  }
  found_end(&found);
  end(&w);
  tcx_free(answer);
  return bad;
}

static void test_cases(void **state) {
  (void)state;
  char folder[512];
  char *text = test_read_file(TCX_TEST_DIR CASES, NULL);
  tcx_value_t *cases = tcx_value_from_json(text, strlen(text));
  int bad = 0, n = 0;
  assert_int_equal(tcx_value_status(cases), 0);
  snprintf(folder, sizeof folder, "%s/login", test_folder);
  setenv("AWS_LOGIN_CACHE_DIRECTORY", folder, 1);
  for (const tcx_value_t *kase = tcx_value_first(cases, NULL); kase != NULL;
       kase = tcx_value_next(kase), n++)
    bad += run(kase);
  assert_int_equal(n, 6);
  assert_int_equal(bad, 0);
  tcx_value_free(cases);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {IN_FOLDER(test_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
