/*
 * Tables of the credential chain: which profiles lead to which requests, which addresses of
 * containers may be asked, where the metadata service is. Every connection goes to a loopback
 * server; what was asked is compared.
 */
#include "base/codec.h"
#include "fault_server.h"
#include "folder.h"
#include "identity_help.h"
#include "json_tree.h"
#include "redirect.h"

#define DATA         "compliance/data/credentials/"
#define REQUESTS_MAX 8

#define STS_ANSWER(action, key)                                                                    \
  "<" action "Response><" action "Result><Credentials><AccessKeyId>" key                           \
  "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"               \
  "<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></" action "Result></" action        \
  "Response>"
#define SSO_ANSWER                                                                                 \
  "{\"roleCredentials\": {\"accessKeyId\": \"SSO\", \"secretAccessKey\": \"s\", "                  \
  "\"sessionToken\": \"t\", \"expiration\": 1893456000000}}"
#define CONTAINER_ANSWER                                                                           \
  "{\"AccessKeyId\": \"CONTAINER\", \"SecretAccessKey\": \"s\", \"Token\": \"t\", "                \
  "\"Expiration\": \"2030-01-01T00:00:00Z\"}"

struct stage {
  uv_loop_t loop;
  struct fault_server server;
  struct found found;
  unsigned n;
  char heads[REQUESTS_MAX][8192], bodies[REQUESTS_MAX][4096];
};

static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return INT64_C(1800000000000);
}

static const char *answer_of(const char *status, const char *body) {
  static char texts[REQUESTS_MAX][2048];
  static unsigned next;
  char *text = texts[next++ % REQUESTS_MAX];
  snprintf(text, sizeof texts[0],
           "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", status,
           strlen(body), body);
  return text;
}

/* The session's credentials, from n answers on a connection each. */
static void play(struct stage *s, const char *const *answers, unsigned n,
                 const tcx_session_options_t *options) {
  struct fault_step steps[REQUESTS_MAX + 1][3];
  const struct fault_step *scripts[REQUESTS_MAX + 1];
  tcx_session_t *session = NULL;
  memset(s, 0, sizeof *s);
  for (unsigned i = 0; i <= n; i++) {
    const struct fault_step answer[3] = {
        DO(REQUEST),
        SEND(i < n ? answers[i]
                   : "HTTP/1.1 500 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        DO(CLOSE)};
    memcpy(steps[i], answer, sizeof answer);
    scripts[i] = steps[i];
  }
  assert_int_equal(uv_loop_init(&s->loop), 0);
  fault_server_start(&s->server, &s->loop, scripts, n + 1, NULL);
  s->server.keep_body = sizeof s->bodies[0] - 1;
  redirect_port = s->server.port;
  redirects = 0;
  assert_int_equal(tcx_session_new(&s->loop, options, &session), 0);
  session->expiry_clock = test_clock;
  session->rng[0] = session->rng[1] = 0;
  found_start(&s->found, session);
  tcx__session_hold(session);
  while (s->found.done == 0) {
    uv_run(&s->loop, UV_RUN_ONCE);
    for (; s->n < s->server.requests && s->n < REQUESTS_MAX; s->n++) {
      memcpy(s->heads[s->n], s->server.last_head, sizeof s->heads[0]);
      snprintf(s->bodies[s->n], sizeof s->bodies[0], "%s",
               s->server.last_body != NULL ? s->server.last_body : "");
    }
  }
  tcx__session_drop(session);
  tcx_session_close(session, NULL);
  fault_server_stop(&s->server);
  uv_run(&s->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&s->loop), 0);
}

static void set_environment(yajl_val env) {
  static const char *const names[] = {"AWS_PROFILE",
                                      "AWS_DEFAULT_PROFILE",
                                      "AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_WEB_IDENTITY_TOKEN_FILE",
                                      "AWS_ROLE_ARN",
                                      "AWS_CONFIG_FILE",
                                      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                      "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                      "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                      "AWS_EC2_METADATA_DISABLED",
                                      "AWS_ENDPOINT_URL",
                                      "AWS_SHARED_CREDENTIALS_FILE"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unsetenv(names[i]);
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  for (size_t i = 0; env != NULL && i < env->u.object.len; i++)
    if (strcmp(env->u.object.keys[i], "AWS_CONFIG_FILE") != 0)
      setenv(env->u.object.keys[i], json_str(env, env->u.object.keys[i]), 1);
}

/* ---- profiles ---- */

static void put_sections(FILE *file, const char *kind, yajl_val sections, const char *token) {
  for (size_t i = 0; sections != NULL && i < sections->u.object.len; i++) {
    yajl_val section = sections->u.object.values[i];
    fprintf(file, "[%s %s]\n", kind, sections->u.object.keys[i]);
    for (size_t k = 0; k < section->u.object.len; k++) {
      const char *value = json_str(section, section->u.object.keys[k]);
      fprintf(file, "%s = %s\n", section->u.object.keys[k],
              strcmp(value, "/var/token.jwt") == 0 ? token : value);
    }
  }
}

static bool has_field(const char *body, const char *name, const char *value) {
  struct tcx_buf field;
  tcx__buf_init(&field, NULL, 1000);
  tcx__buf_printf(&field, "%s=", name);
  tcx__uri_encode(&field, value, strlen(value), TCX__URI_FORM);
  bool has = strstr(body, field.data) != NULL;
  tcx__buf_free(&field);
  return has;
}

static bool same_link(const struct stage *s, unsigned i, yajl_val link) {
  yajl_val role = json_get(link, "AssumeRole"), web = json_get(link, "WebIdentityToken"),
           sso = json_get(link, "Sso");
  const char *body = s->bodies[i], *id;
  char want[256];
  if (sso != NULL) {
    snprintf(want, sizeof want, "account_id=%s", json_str(sso, "sso_account_id"));
    return strstr(s->heads[i], "GET /federation/credentials?") == s->heads[i] &&
           strstr(s->heads[i], want) != NULL &&
           strstr(s->heads[i], "x-amz-sso_bearer_token: token") != NULL;
  }
  if (role == NULL)
    return has_field(body, "Action", "AssumeRoleWithWebIdentity") &&
           has_field(body, "RoleArn", json_str(web, "role_arn")) &&
           has_field(body, "WebIdentityToken", "webtoken") &&
           strstr(s->heads[i], "uthorization:") == NULL &&
           ((id = json_str_or(web, "role_session_name", NULL)) == NULL ||
            has_field(body, "RoleSessionName", id));
  id = json_str_or(role, "external_id", NULL);
  return strstr(body, "Action=AssumeRole&") != NULL &&
         has_field(body, "RoleArn", json_str(role, "role_arn")) &&
         (id == NULL ? strstr(body, "ExternalId") == NULL : has_field(body, "ExternalId", id));
}

static yajl_val first(yajl_val list) { return json_len(list) > 0 ? json_at(list, 0) : NULL; }

/* Which answer each link of the chain wants. */
static unsigned answers_of(yajl_val chain, const char **answers) {
  unsigned n = 0;
  for (size_t i = 0; i < json_len(chain); i++) {
    yajl_val link = json_at(chain, i);
    if (json_get(link, "AssumeRole") != NULL)
      answers[n++] = answer_of("200 OK", STS_ANSWER("AssumeRole", "ROLE"));
    else if (json_get(link, "WebIdentityToken") != NULL)
      answers[n++] = answer_of("200 OK", STS_ANSWER("AssumeRoleWithWebIdentity", "WEB"));
    else if (json_get(link, "Sso") != NULL)
      answers[n++] = answer_of("200 OK", SSO_ANSWER);
  }
  return n;
}

static bool judge_chain(const struct stage *s, yajl_val chain, unsigned answers) {
  char want[128];
  yajl_val keys = json_get(first(chain), "AccessKey");
  if (chain == NULL)
    return s->found.identity == NULL;
  bool good = s->found.identity != NULL && s->n == answers;
  for (unsigned i = 0; good && i < answers; i++)
    good = same_link(s, i, json_at(chain, i + (keys != NULL ? 1 : 0)));
  if (keys != NULL)
    snprintf(want, sizeof want, "Credential=%s/", json_str(keys, "access_key_id"));
  return good && (keys == NULL || strstr(s->heads[0], want) != NULL);
}

static void test_profiles(void **state) {
  (void)state;
  static struct stage s;
  yajl_val cases = json_load(DATA "assume-role-profile-chain.json");
  const char *answers[REQUESTS_MAX];
  char path[512], token[512], *text = NULL;
  size_t size;
  int bad = 0;
  snprintf(token, sizeof token, "%s/token.jwt", test_folder);
  snprintf(path, sizeof path, "%s/config", test_folder);
  test_folder_put("token.jwt", "webtoken");
  /* The file of https://foo.bar. */
  test_folder_put(".aws/sso/cache/7c459196c60f9c8b83244ac9c88b673bfec5eece.json",
                  "{\"accessToken\": \"token\", \"expiresAt\": \"2199-01-01T00:00:00Z\"}");
  assert_int_equal(json_len(cases), 20);
  for (size_t i = 0; i < json_len(cases); i++) {
    yajl_val c = json_at(cases, i), input = json_get(c, "input"),
             chain = json_get(json_get(c, "output"), "ProfileChain");
    if (json_get(json_get(first(chain), "Sso"), "sso_session") != NULL)
      /* a profile with a session alone is about tokens in botocore, and has no credentials */
      chain = NULL;
    set_environment(NULL);
    setenv("HOME", test_folder, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    FILE *file = open_memstream(&text, &size);
    put_sections(file, "profile", json_get(input, "profiles"), token);
    put_sections(file, "sso-session", json_get(input, "sso_sessions"), token);
    fclose(file);
    test_folder_put("config", text);
    free(text);
    tcx_session_options_t o = {.config_file = path,
                               .credentials_file = "/dev/null",
                               .profile = json_str(input, "selected_profile")};
    unsigned n = answers_of(chain, answers);
    play(&s, answers, n, &o);
    if (!judge_chain(&s, chain, n)) {
      fprintf(stderr, "%s: %u of %u requests; %s\n", json_str(c, "docs"), s.n, n, s.found.why);
      bad++;
    }
    found_end(&s.found);
  }
  yajl_tree_free(cases);
  assert_int_equal(bad, 0);
}

/* ---- addresses ---- */

static bool went_to(const struct stage *s, const char *text) {
  struct tcx_url url;
  const char *why;
  char line[512];
  if (redirects == 0 || s->n == 0 || tcx__url_parse(&url, tcx__str(text), &why) != 0)
    return false;
  snprintf(line, sizeof line, " %.*s HTTP/1.1\r\n",
           (int)(url.path.n + (url.query.p != NULL ? url.query.n + 1 : 0)), url.path.p);
  return redirected[0].tls == url.tls && redirected[0].port == url.port &&
         tcx__str_is(url.host, redirected[0].host) && strstr(s->heads[0], line) != NULL;
}

static void test_container_uris(void **state) {
  (void)state;
  static struct stage s;
  yajl_val all = json_load(DATA "ecs-uri-tests.json"), tests = json_get(all, "tests");
  int bad = 0;
  assert_int_equal(json_len(tests), 8);
  for (size_t i = 0; i < json_len(tests); i++) {
    yajl_val c = json_at(tests, i);
    const char *ok = json_str_or(json_get(c, "result"), "Ok", NULL),
               *answer = answer_of("200 OK", CONTAINER_ANSWER);
    set_environment(json_get(c, "env"));
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    tcx_session_options_t o = {.config_file = "/dev/null", .credentials_file = "/dev/null"};
    play(&s, &answer, 1, &o);
    if (ok != NULL ? s.found.identity == NULL || !went_to(&s, ok)
                   : s.found.identity != NULL || s.n > 0) {
      fprintf(stderr, "%s: %s\n", json_str(c, "docs"), s.found.why);
      bad++;
    }
    found_end(&s.found);
  }
  yajl_tree_free(all);
  assert_int_equal(bad, 0);
}

static void test_metadata_endpoints(void **state) {
  (void)state;
  static struct stage s;
  yajl_val all = json_load(DATA "imds-endpoint-tests.json"), tests = json_get(all, "tests");
  char path[512];
  int bad = 0;
  assert_int_equal(json_len(tests), 10);
  snprintf(path, sizeof path, "%s/config", test_folder);
  for (size_t i = 0; i < json_len(tests); i++) {
    yajl_val c = json_at(tests, i);
    const char *ok = json_str_or(json_get(c, "result"), "Ok", NULL),
               *answer = answer_of("400 X", "");
    set_environment(json_get(c, "env"));
    if (json_get(c, "endpoint_override") != NULL)
      setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", json_str(c, "endpoint_override"), 1);
    if (json_get(c, "mode_override") != NULL)
      setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", json_str(c, "mode_override"), 1);
    test_folder_put("config", json_str_or(json_get(c, "fs"), "config", ""));
    tcx_session_options_t o = {.config_file = path, .credentials_file = "/dev/null"};
    play(&s, &answer, 1, &o);
    if (s.found.identity != NULL ||
        (ok != NULL ? !went_to(&s, ok)
                    : s.n > 0 || strstr(s.found.why,
                                        "Invalid EC2 Instance Metadata endpoint mode") == NULL)) {
      fprintf(stderr, "%s: %s\n", json_str(c, "docs"), s.found.why);
      bad++;
    }
    found_end(&s.found);
  }
  yajl_tree_free(all);
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_profiles, test_folder_make, test_folder_remove),
      cmocka_unit_test(test_container_uris),
      cmocka_unit_test_setup_teardown(test_metadata_endpoints, test_folder_make,
                                      test_folder_remove),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
