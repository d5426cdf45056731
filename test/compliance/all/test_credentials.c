/*
 * The public cases of the credential chain: environment, files and recorded traffic to credentials.
 * Every connection goes to a loopback server that answers as it was recorded, and what was asked is
 * compared. The clock of expiries stands two hours before the recorded end.
 */
#include "base/codec.h"
#include "base/time.h"
#include "fault_server.h"
#include "identity_help.h"
#include "json_tree.h"
#include "redirect.h"
#include <dirent.h>
#include <unistd.h>

#define DATA         TCX_TEST_DIR "/compliance/data/credentials/"
#define REQUESTS_MAX 8

extern char **environ;

/* Where the outcome is not the case's own, or its error is worth a look. */
struct kase {
  const char *folder;
  const char *in_why; /* of a failure; NULL: the credentials of the case */
  const char *set;    /* "NAME=value": what the case takes for granted */
  unsigned requests;  /* of the recorded ones, made; ALL */
};
#define ALL 99

static const struct kase kases[] = {
    {"default-credential-provider-chain/ecs_assume_role", NULL, NULL, ALL},
    {"default-credential-provider-chain/ecs_credentials", NULL, NULL, ALL},
    {"default-credential-provider-chain/ecs_credentials_invalid_profile", NULL, NULL, ALL},
    {"default-credential-provider-chain/eks_pod_identity_credentials", NULL, NULL, ALL},
    {"default-credential-provider-chain/environment_variables", NULL, NULL, ALL},
    {"default-credential-provider-chain/imds_config_with_no_creds", NULL, NULL, ALL},
    {"default-credential-provider-chain/imds_default_chain_retries", NULL,
     "AWS_METADATA_SERVICE_NUM_ATTEMPTS=2", ALL},
    {"default-credential-provider-chain/imds_default_chain_success", NULL, NULL, ALL},
    {"default-credential-provider-chain/imds_disabled",
     "iam-role: AWS_EC2_METADATA_DISABLED is true", NULL, ALL},
    {"default-credential-provider-chain/imds_no_iam_role",
     "No credentials found in credential_source referenced in profile default (the instance "
     "metadata service answered 404)",
     NULL, ALL},
    {"default-credential-provider-chain/imds_token_fail", "IMDSv1 has been disabled",
     "AWS_EC2_METADATA_V1_DISABLED=true", ALL},
    {"default-credential-provider-chain/prefer_environment", NULL, NULL, ALL},
    {"default-credential-provider-chain/profile_overrides_web_identity",
     "No credentials found in credential_source referenced in profile A (AWS_ACCESS_KEY_ID is not "
     "set)",
     NULL, ALL},
    {"default-credential-provider-chain/profile_static_keys", NULL, NULL, ALL},
    {"default-credential-provider-chain/sso_assume_role", NULL, NULL, ALL},
    {"default-credential-provider-chain/sso_server_error", "503", "AWS_MAX_ATTEMPTS=1", ALL},
    {"default-credential-provider-chain/web_identity_source_profile_no_env",
     "has no role ARN configured", NULL, ALL},
    {"default-credential-provider-chain/web_identity_token_invalid_jwt",
     "No OpenIDConnect provider found in your account", NULL, ALL},
    {"default-credential-provider-chain/web_identity_token_profile", NULL, NULL, ALL},
    {"profile-provider/assume_role_override_global_env_url", NULL, NULL, ALL},
    {"profile-provider/assume_role_override_global_profile_url", NULL, NULL, ALL},
    /* A pipe needs a shell, which botocore does not start either. */
    {"profile-provider/credential_process", "custom-process: its output is not a JSON object", NULL,
     0},
    {"profile-provider/credential_process_account_id_fallback",
     "custom-process: its output is not a JSON object", NULL, 0},
    {"profile-provider/credential_process_invalid",
     "custom-process: its output is not a JSON object", NULL, 0},
    /* In botocore the environment's keys come before a role. */
    {"profile-provider/e2e_assume_role", NULL, "AWS_ACCESS_KEY_ID=", ALL},
    {"profile-provider/empty_config", "Unable to locate credentials",
     "AWS_EC2_METADATA_DISABLED=true", ALL},
    {"profile-provider/invalid_config", "Unable to parse config file", NULL, ALL},
    {"profile-provider/invalid_sso_credentials_config",
     "sso: profile default has neither sso_account_id nor sso_role_name",
     "AWS_EC2_METADATA_DISABLED=true", 0},
    {"profile-provider/region_override", NULL, NULL, ALL},
    {"profile-provider/sso_credentials", NULL, NULL, ALL},
    {"profile-provider/sso_override_global_env_url", NULL, NULL, ALL},
    {"profile-provider/sso_token",
     "sso: profile default has neither sso_account_id nor sso_role_name",
     "AWS_EC2_METADATA_DISABLED=true", 0},
};

/* ---- a case's machine ---- */

static int64_t now_ms;
static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return now_ms;
}

static void clear_environment(void) {
  char name[256];
  for (char **e = environ; *e != NULL;) {
    if (strncmp(*e, "AWS_", 4) != 0) {
      e++;
      continue;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
    unsetenv(name);
    e = environ;
  }
}

/* "/home" and "/token.jwt" lie in the case's folder. */
static const char *local_path(const char *folder, const char *path) {
  static char at[512];
  snprintf(at, sizeof at, DATA "%s/fs%s", folder, path);
  return at;
}

/* The config file with the case's own paths in it, in a file of its own; NULL when there is
 * none. */
static const char *local_config(const char *folder) {
  static char path[64];
  const char *from = local_path(folder, "/home/.aws/config");
  if (access(from, R_OK) != 0)
    return NULL;
  char *text = test_read_file(from, NULL), *rest = text;
  strcpy(path, "/tmp/tucuxi-config-XXXXXX");
  FILE *file = fdopen(mkstemp(path), "w");
  for (char *hit; (hit = strstr(rest, "/token.jwt")) != NULL; rest = hit + strlen("/token.jwt"))
    fprintf(file, "%.*s%s", (int)(hit - rest), rest, local_path(folder, "/token.jwt"));
  fputs(rest, file);
  fclose(file);
  free(text);
  return path;
}

static const char *set_environment(const struct kase *k) {
  char path[512];
  snprintf(path, sizeof path, DATA "%s/env.json", k->folder);
  yajl_val env = json_load(path);
  clear_environment();
  for (size_t i = 0; i < env->u.object.len; i++) {
    const char *name = env->u.object.keys[i], *value = json_str(env, name);
    setenv(name,
           strcmp(name, "HOME") == 0 || strstr(name, "TOKEN_FILE") != NULL
               ? local_path(k->folder, value)
               : value,
           1);
  }
  yajl_tree_free(env);
  if (k->set != NULL)
    assert_int_equal(putenv((char *)(uintptr_t)k->set), 0);
  const char *config = local_config(k->folder);
  if (config != NULL)
    setenv("AWS_CONFIG_FILE", config, 1);
  return config;
}

/* ---- recorded traffic ---- */

struct traffic {
  yajl_val json;
  unsigned n;
  const char *methods[REQUESTS_MAX], *uris[REQUESTS_MAX];
  char *answers[REQUESTS_MAX];
  struct fault_step steps[REQUESTS_MAX][3];
  const struct fault_step *scripts[REQUESTS_MAX];
};

/* Each answer comes on a connection of its own. */
static void load_traffic(struct traffic *t, const char *folder) {
  char path[512];
  int statuses[REQUESTS_MAX] = {0};
  const char *bodies[REQUESTS_MAX] = {0};
  memset(t, 0, sizeof *t);
  snprintf(path, sizeof path, DATA "%s/http-traffic.json", folder);
  t->json = json_load(path);
  yajl_val events = json_get(t->json, "events");
  for (size_t i = 0; i < json_len(events); i++) {
    yajl_val action = json_get(json_at(events, i), "action"), request = json_get(action, "Request"),
             response = json_get(action, "Response"), data = json_get(action, "Data");
    if (request != NULL) {
      assert_true(t->n < REQUESTS_MAX);
      t->methods[t->n] = json_str(json_get(request, "request"), "method");
      t->uris[t->n++] = json_str(json_get(request, "request"), "uri");
    } else if (response != NULL) {
      statuses[t->n - 1] =
          (int)json_int(json_get(json_get(response, "response"), "Ok"), "status", 0);
    } else if (data != NULL && strcmp(json_str(data, "direction"), "Response") == 0) {
      bodies[t->n - 1] = json_str(json_get(data, "data"), "Utf8");
    }
  }
  for (unsigned i = 0; i < t->n; i++) {
    const char *body = bodies[i] != NULL ? bodies[i] : "";
    size_t size = strlen(body) + 200;
    t->answers[i] = malloc(size);
    snprintf(t->answers[i], size,
             "HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", statuses[i],
             strlen(body), body);
    const struct fault_step steps[3] = {DO(REQUEST), SEND(t->answers[i]), DO(CLOSE)};
    memcpy(t->steps[i], steps, sizeof steps);
    t->scripts[i] = t->steps[i];
  }
}

static void free_traffic(struct traffic *t) {
  for (unsigned i = 0; i < t->n; i++)
    free(t->answers[i]);
  yajl_tree_free(t->json);
}

/* Whether the i-th connection and its request are those that were recorded. */
static bool same_request(const struct traffic *t, unsigned i, const char *head) {
  struct tcx_url url;
  const char *why;
  char method[16], path[256];
  if (tcx__url_parse(&url, tcx__str(t->uris[i]), &why) != 0 ||
      sscanf(head, "%15s %255s", method, path) != 2)
    return false;
  size_t path_len = strcspn(path, "?"), query_len = strlen(path) - path_len;
  bool same = strcmp(method, t->methods[i]) == 0 && redirected[i].tls == url.tls &&
              redirected[i].port == url.port && tcx__str_is(url.host, redirected[i].host);
  struct tcx_str want = url.path.n > 0 ? url.path : TCX__STR("/");
  same = same && path_len == want.n && memcmp(path, want.p, want.n) == 0 &&
         query_len == (url.query.p != NULL ? url.query.n + 1 : 0);
  for (const char *p = url.query.p; same && p != NULL && p < url.query.p + url.query.n;
       p += strcspn(p, "&") + 1) {
    char part[128];
    snprintf(part, sizeof part, "%.*s", (int)strcspn(p, "&"), p);
    same = strstr(path, part) != NULL;
  }
  return same;
}

/* ---- the cases ---- */

static bool same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool judge(const struct kase *k, const struct found *found, yajl_val ok) {
  if (k->in_why != NULL)
    return found->identity == NULL && strstr(found->why, k->in_why) != NULL;
  const struct tcx_identity *id = found->identity;
  return id != NULL && strcmp(id->access_key, json_str(ok, "access_key_id")) == 0 &&
         strcmp(id->secret_key, json_str(ok, "secret_access_key")) == 0 &&
         same_text(id->session_token, json_str_or(ok, "session_token", NULL)) &&
         (json_get(ok, "account_id") == NULL ||
          same_text(id->account_id, json_str(ok, "account_id"))) &&
         id->expires == json_int(ok, "expiry", 0);
}

static bool run(const struct kase *k) {
  uv_loop_t loop;
  struct fault_server server;
  struct traffic t;
  struct found found;
  tcx_session_t *session = NULL;
  char path[512], heads[REQUESTS_MAX + 1][sizeof server.last_head];
  snprintf(path, sizeof path, DATA "%s/test-case.json", k->folder);
  yajl_val test = json_load(path), ok = json_get(json_get(test, "result"), "Ok");
  const char *config = set_environment(k);
  load_traffic(&t, k->folder);
  assert_int_equal(uv_loop_init(&loop), 0);
  static const struct fault_step nothing[] = {DO(CLOSE)};
  static const struct fault_step *const none[] = {nothing};
  fault_server_start(&server, &loop, t.n > 0 ? t.scripts : none, t.n > 0 ? t.n : 1, NULL);
  redirect_port = server.port;
  redirects = 0;
  now_ms = (json_int(ok, "expiry", 1700000000) - 7200) * 1000;
  assert_int_equal(tcx_session_new(&loop, NULL, &session), 0);
  session->expiry_clock = test_clock;
  session->rng[0] = session->rng[1] = 0;
  found_start(&found, session);
  tcx__session_hold(session);
  for (unsigned seen = 0; found.done == 0;) {
    uv_run(&loop, UV_RUN_ONCE);
    for (; seen < server.requests && seen < REQUESTS_MAX; seen++)
      memcpy(heads[seen], server.last_head, sizeof server.last_head);
  }
  tcx__session_drop(session);
  bool good = judge(k, &found, ok) && server.requests == (k->requests == ALL ? t.n : k->requests);
  for (unsigned i = 0; good && i < server.requests; i++)
    good = same_request(&t, i, heads[i]);
  if (!good) {
    fprintf(stderr, "%s: %u of %u requests; %s\n", k->folder, server.requests, t.n,
            found.identity != NULL ? found.identity->origin : found.why);
    for (unsigned i = 0; i < redirects; i++)
      fprintf(stderr, "  %s:%u %.*s\n", redirected[i].host, redirected[i].port,
              i < server.requests ? (int)strcspn(heads[i], "\r") : 0, heads[i]);
  }
  found_end(&found);
  tcx_session_close(session, NULL);
  fault_server_stop(&server);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  free_traffic(&t);
  yajl_tree_free(test);
  if (config != NULL)
    remove(config);
  return good;
}

static void test_cases(void **state) {
  (void)state;
  int bad = 0;
  for (size_t i = 0; i < sizeof kases / sizeof kases[0]; i++)
    bad += !run(&kases[i]);
  assert_int_equal(bad, 0);
}

/* ---- others ---- */

static tcx_session_t *open_session(uv_loop_t *loop, const char *folder, const char **config) {
  tcx_session_t *session = NULL;
  *config = set_environment(&(struct kase){.folder = folder});
  assert_int_equal(uv_loop_init(loop), 0);
  assert_int_equal(tcx_session_new(loop, NULL, &session), 0);
  return session;
}
static void close_session(uv_loop_t *loop, tcx_session_t *session, const char *config) {
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(loop), 0);
  remove(config);
}

/* White space is a key, in botocore: the case of the name has it skipped. */
static void test_blank(void **state) {
  (void)state;
  uv_loop_t loop;
  struct found found;
  const char *config;
  tcx_session_t *session =
      open_session(&loop, "default-credential-provider-chain/environment_variables_blank", &config);
  found_start(&found, session);
  assert_non_null(found.identity);
  assert_string_equal(found.identity->access_key, " ");
  assert_string_equal(found.identity->origin, "env");
  found_end(&found);
  close_session(&loop, session, config);
}

static struct tcx_identity *found_token;
static void on_token(struct tcx_identity_wait *wait, struct tcx_identity *identity, int status,
                     const char *why) {
  (void)wait, (void)status, (void)why;
  found_token = identity;
}

/* The session's bearer token; the names of keys in any case. */
static void test_tokens(void **state) {
  (void)state;
  static const char *const folders[] = {
      "default-token-provider-chain/profile_keys_case_insensitive",
      "default-token-provider-chain/profile_name"};
  for (size_t i = 0; i < 2; i++) {
    uv_loop_t loop;
    const char *config;
    struct tcx_settings *settings = NULL;
    struct tcx_identity_source *source = NULL;
    struct tcx_identity_wait wait = {0};
    char path[512];
    int64_t ends;
    int32_t nanoseconds;
    snprintf(path, sizeof path, DATA "%s/test-case.json", folders[i]);
    yajl_val test = json_load(path), ok = json_get(json_get(test, "result"), "Ok");
    tcx_session_t *session = open_session(&loop, folders[i], &config);
    struct tcx_fail f = {.arena = session->arena};
    assert_int_equal(tcx__session_settings(session, &settings, &f), 0);
    assert_int_equal(tcx__session_token(session, &source), 0);
    found_token = NULL;
    wait.done = on_token;
    struct tcx_identity *token = tcx__identity_get(source, &wait);
    token = token != NULL ? token : found_token;
    assert_non_null(token);
    assert_string_equal(token->token, json_str(ok, "token"));
    assert_int_equal(tcx__time_read(tcx__str(json_str(ok, "expiration")), &ends, &nanoseconds), 0);
    assert_int_equal(token->expires, ends);
    tcx__identity_release(token);
    close_session(&loop, session, config);
    yajl_tree_free(test);
  }
}

/* No case of the data is left out. */
static void test_all_run(void **state) {
  (void)state;
  static const char *const folders[] = {"default-credential-provider-chain", "profile-provider"};
  size_t n = 0;
  for (size_t i = 0; i < 2; i++) {
    char path[512];
    snprintf(path, sizeof path, DATA "%s", folders[i]);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
      n += entry->d_name[0] != '.';
    closedir(dir);
  }
  assert_int_equal(n, sizeof kases / sizeof kases[0] + 1); /* and environment_variables_blank */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_blank),
                                     cmocka_unit_test(test_tokens), cmocka_unit_test(test_all_run)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
