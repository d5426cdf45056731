/*
 * Where keys come from, and who waits for them: explicit, environment, files, the program's own
 * callback; one fetch for however many wait; refresh; and no secret in the log.
 */
#include "core/identity.h"
#include "refresh_load.h"
#include "whole.h"

static const struct fault_step ok[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step *const ok_scripts[] = {ok};

/* ---- the program's own ---- */

struct giver {
  uv_timer_t timer;
  tcx_credentials_request_t *request;
  int fetches, status;
  unsigned delay; /* 0: from inside */
  int64_t expires;
  const char *key, *reason;
};

static void give(struct giver *g) {
  tcx_credentials_t c = {
      .access_key = g->key != NULL ? g->key : "AKGIVEN", .secret_key = "s", .expires = g->expires};
  tcx_credentials_answer(g->request, g->status, g->status == 0 ? &c : NULL, g->reason);
}
static void on_timer(uv_timer_t *timer) { give(timer->data); }
static void on_asked(tcx_credentials_request_t *request, void *data) {
  struct giver *g = data;
  g->request = request;
  g->fetches++;
  if (g->delay == 0)
    give(g);
  else
    uv_timer_start(&g->timer, on_timer, g->delay, 0);
}
static void giver_begin(struct whole *w, struct giver *g, unsigned connections) {
  tcx_session_options_t so = {.credentials = on_asked, .credentials_data = g};
  whole_begin_with(w, ok_scripts, 1, &so, &(tcx_client_options_t){.max_connections = connections});
  uv_timer_init(&w->loop, &g->timer);
  g->timer.data = g;
}
static void giver_end(struct whole *w, struct giver *g) {
  uv_close((uv_handle_t *)&g->timer, NULL);
  whole_end(w);
}

static int counted, failed;
static void count(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  assert_true((response == NULL) != (error == NULL));
  counted++;
  failed += error != NULL;
}

#define MANY 10000

static void test_many_wait(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 50};
  counted = failed = 0;
  giver_begin(&w, &g, 8);
  for (int i = 0; i < MANY; i++)
    assert_int_equal(
        tcx_client_call(w.client, "head_bucket", tcx_params("{Bucket: b}"), count, NULL), 0);
  assert_int_equal(g.fetches, 0); /* it is asked from the loop */
  while (counted < MANY)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(failed, 0);
  assert_int_equal(g.fetches, 1);
  assert_int_equal(w.server.requests, MANY);
  assert_int_equal(w.server.accepted, 8);
  giver_end(&w, &g);
}

/* ... and when it fails, each is told why; the next call asks again. */
static void test_failure(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 10, .status = UV_ENOENT, .reason = "the vault is locked"};
  struct outcome o[3];
  giver_begin(&w, &g, 1);
  for (int i = 0; i < 3; i++)
    whole_start_to(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL, &o[i], NULL);
  for (int i = 0; i < 3; i++) {
    whole_until(&w, &o[i].calls);
    assert_int_equal(o[i].status, TCX_ECREDS);
    assert_int_equal(o[i].phase, TCX_PHASE_CREDENTIALS);
    assert_int_equal(o[i].attempts, 0);
    assert_non_null(strstr(o[i].msg, "the vault is locked"));
    outcome_free(&o[i]);
  }
  assert_int_equal(g.fetches, 1);
  g.status = 0;
  o[0] = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o[0].status, 0);
  assert_int_equal(g.fetches, 2);
  outcome_free(&o[0]);
  /* Half a pair is none. */
  struct giver half = {.key = ""};
  struct whole v;
  giver_begin(&v, &half, 1);
  o[0] = whole_call(&v, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o[0].status, TCX_ECREDS);
  assert_non_null(strstr(o[0].msg, "missing"));
  outcome_free(&o[0]);
  giver_end(&v, &half);
  giver_end(&w, &g);
}

/* Any number of seconds is an end. */
static void test_far_ends(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.expires = INT64_MAX};
  giver_begin(&w, &g, 1);
  for (int i = 0; i < 2; i++) {
    struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    outcome_free(&o);
  }
  assert_int_equal(g.fetches, 1);
  giver_end(&w, &g);
  g = (struct giver){.expires = INT64_MIN};
  giver_begin(&w, &g, 1);
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "still expired"));
  outcome_free(&o);
  giver_end(&w, &g);
}

static int64_t now_ms;
static int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return now_ms;
}
#define NOW_S (now_ms / 1000)

static const char *used_key(struct whole *w) {
  static char key[64];
  char text[1000];
  struct outcome o = whole_call(w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  assert_int_equal(
      sscanf(strstr(whole_header(w->server.last_head, "Authorization", text, sizeof text),
                    "Credential="),
             "Credential=%63[^/]", key),
      1);
  return key;
}

static int warned;
static void count_warnings(tcx_log_level_t level, const char *area, const char *line,
                           const tcx_call_t *call, void *data) {
  (void)area, (void)line, (void)call, (void)data;
  warned += level == TCX_LOG_WARN;
}
static void until_answered(struct whole *w, struct giver *g) {
  whole_turns(w, 2);
  while (uv_is_active((uv_handle_t *)&g->timer))
    uv_run(&w->loop, UV_RUN_ONCE);
}

/* Near their end they are fetched anew while the old ones still serve; when that fails they serve
 * until the mandatory window. */
static void test_refresh(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 1, .key = "FIRST"};
  now_ms = 1700000000000;
  g.expires = NOW_S + 3600;
  warned = 0;
  tcx_session_options_t so = {.credentials = on_asked,
                              .credentials_data = &g,
                              .log = count_warnings,
                              .log_level = TCX_LOG_WARN};
  whole_begin_with(&w, ok_scripts, 1, &so, NULL);
  uv_timer_init(&w.loop, &g.timer);
  g.timer.data = &g;
  w.session->expiry_clock = test_clock;
  assert_string_equal(used_key(&w), "FIRST");
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 1);
  now_ms += 2700000 - 1; /* 15 minutes and 1 ms are left */
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 1);
  now_ms += 1;
  g.status = UV_EIO;
  assert_string_equal(used_key(&w), "FIRST"); /* and asks meanwhile */
  assert_int_equal(g.fetches, 2);
  until_answered(&w, &g);
  assert_int_equal(warned, 1);
  /* not asked again at once: after 1 s, half of it by chance; then after 2 s, which is not told
   * again */
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 2);
  now_ms += 500;
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 3);
  until_answered(&w, &g);
  now_ms += 999;
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 3);
  assert_int_equal(warned, 1);
  now_ms += 1;
  g.status = 0;
  g.key = "SECOND";
  g.expires = NOW_S + 3600;
  assert_string_equal(used_key(&w), "FIRST");
  assert_int_equal(g.fetches, 4);
  until_answered(&w, &g);
  assert_string_equal(used_key(&w), "SECOND");
  assert_int_equal(g.fetches, 4);
  /* the mandatory window: a call waits for new ones, and fails with them */
  now_ms = (g.expires - 600) * 1000;
  g.status = UV_EIO;
  g.reason = "not now";
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "not now"));
  outcome_free(&o);
  assert_int_equal(warned, 2);
  g.status = 0;
  g.expires = NOW_S; /* those that have ended when they come are none */
  o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "the refreshed credentials are still expired"));
  outcome_free(&o);
  g.key = "THIRD";
  g.expires = 0;
  assert_string_equal(used_key(&w), "THIRD");
  assert_int_equal(g.fetches, 7);
  assert_string_equal(used_key(&w), "THIRD");
  assert_int_equal(g.fetches, 7);
  giver_end(&w, &g);
}

/* The windows are the session's to set; a fetch that never ends is given up, and the answer that
 * comes then only frees its request. */
static void test_windows(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 1, .key = "SHORT"};
  now_ms = 1700000000000;
  g.expires = NOW_S + 3;
  tcx_session_options_t so = {.credentials = on_asked,
                              .credentials_data = &g,
                              .advisory_refresh_ms = 1500,
                              .mandatory_refresh_ms = 500,
                              .credentials_timeout_ms = 20};
  whole_begin_with(&w, ok_scripts, 1, &so, NULL);
  uv_timer_init(&w.loop, &g.timer);
  g.timer.data = &g;
  w.session->expiry_clock = test_clock;
  assert_string_equal(used_key(&w), "SHORT");
  now_ms += 1499;
  assert_string_equal(used_key(&w), "SHORT");
  assert_int_equal(g.fetches, 1);
  now_ms += 1;
  assert_string_equal(used_key(&w), "SHORT");
  assert_int_equal(g.fetches, 2);
  until_answered(&w, &g);
  now_ms += 2000;
  g.delay = 100000;
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  assert_non_null(strstr(o.msg, "no credentials after 20 ms"));
  outcome_free(&o);
  tcx_credentials_request_t *late = g.request;
  g.delay = 0;
  g.key = "NEXT";
  g.expires = NOW_S + 100;
  assert_string_equal(used_key(&w), "NEXT");
  g.request = late;
  g.key = "LATE";
  give(&g);
  assert_string_equal(used_key(&w), "NEXT");
  giver_end(&w, &g);
}

/* Small here; test/torture/all/test_refresh.c has 2,000 calls a second. */
static void test_load(void **state) {
  (void)state;
  load_run(200, 4);
}

/* An answer after the close only frees the request. */
static void test_late_answer(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 100000};
  struct outcome o;
  giver_begin(&w, &g, 1);
  whole_start_to(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL, &o, NULL);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_ECANCELED);
  outcome_free(&o);
  giver_end(&w, &g);
  give(&g);
}

/* ---- environment and files ---- */

static const char *write_file(const char *text) {
  static char paths[4][40];
  static unsigned next;
  char *path = paths[next++ % 4];
  strcpy(path, "/tmp/tucuxi-creds-XXXXXX");
  int fd = mkstemp(path);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  return path;
}

struct setup {
  const char *what;
  const char *environment[8]; /* "NAME=value" */
  const char *config, *credentials, *profile;
  int status;
  const char *key, *token, *in_msg;
};

#define PAIR(k) "aws_access_key_id = " k "\naws_secret_access_key = s\n"
/* clang-format off */
static const struct setup setups[] = {
    {"environment", {"AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=s"}, NULL, "[default]\n" PAIR("FILE"), NULL, 0, "ENV", NULL, NULL},
    {"environment with a token", {"AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=tok"}, NULL, NULL, NULL, 0, "ENV", "tok", NULL},
    {"environment's half", {"AWS_ACCESS_KEY_ID=ENV"}, NULL, "[default]\n" PAIR("FILE"), NULL, TCX_ECREDS, NULL, NULL, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"},
    {"empty variables", {"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, NULL, "[default]\n" PAIR("FILE"), NULL, 0, "FILE", NULL, NULL},
    {"credentials file", {0}, "[default]\n" PAIR("CONFIG"), "[default]\n" PAIR("FILE") "aws_session_token = ft\n", NULL, 0, "FILE", "ft", NULL},
    {"config file", {0}, "[default]\n" PAIR("CONFIG"), NULL, NULL, 0, "CONFIG", NULL, NULL},
    {"named in the environment", {"AWS_PROFILE=two"}, NULL, "[default]\n" PAIR("FILE") "[two]\n" PAIR("TWO"), NULL, 0, "TWO", NULL, NULL},
    {"environment beats a profile in the environment", {"AWS_PROFILE=two", "AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=s"}, NULL, "[two]\n" PAIR("TWO"), NULL, 0, "ENV", NULL, NULL},
    {"a profile in the options beats it", {"AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=s"}, NULL, "[two]\n" PAIR("TWO"), "two", 0, "TWO", NULL, NULL},
    {"profile of the config file", {0}, "[profile two]\n" PAIR("TWO"), NULL, "two", 0, "TWO", NULL, NULL},
    {"a process", {0}, "[default]\ncredential_process = sh -c 'echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"PROC\\\", \\\"SecretAccessKey\\\": \\\"s\\\", \\\"SessionToken\\\": \\\"pt\\\"}\"'\n", NULL, NULL, 0, "PROC", "pt", NULL},
    {"a process after the credentials file, before the config file", {0}, "[default]\ncredential_process = false\n" PAIR("CONFIG"), "[default]\n" PAIR("FILE"), NULL, 0, "FILE", NULL, NULL},
    {"a process that fails", {0}, "[default]\ncredential_process = sh -c 'printf \"no\\nvault\" >&2; exit 3'\n" PAIR("CONFIG"), NULL, NULL, TCX_ECREDS, NULL, NULL, "Error when retrieving credentials from custom-process: exit status 3: no vault"},
    {"a process that kills itself", {0}, "[default]\ncredential_process = sh -c 'kill -9 $$'\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "custom-process: signal 9"},
    {"a process that is not there", {0}, "[default]\ncredential_process = /no/such/program --with words\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "custom-process: /no/such/program: no such file or directory"},
    {"a process that says nothing", {0}, "[default]\ncredential_process = true\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "its output is not a JSON object"},
    {"a process that says no keys", {0}, "[default]\ncredential_process = echo {\"Version\":1}\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "its output is not a JSON object"},
    {"a process without keys", {0}, "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"A\"}'\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "Missing required key in response: 'SecretAccessKey'"},
    {"a process of another version", {0}, "[default]\ncredential_process = echo '{\"Version\": 2}'\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "Unsupported version"},
    {"a process that floods", {0}, "[default]\ncredential_process = head -c 1000000 /dev/zero\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "its output is too long"},
    {"a process whose quote is open", {0}, "[default]\ncredential_process = echo 'x\n", NULL, NULL, TCX_ECONFIG, NULL, NULL, "credential_process of profile default cannot be split into words"},
    {"half in the credentials file", {0}, NULL, "[default]\naws_access_key_id = A\n", NULL, TCX_ECREDS, NULL, NULL, "Partial credentials found in shared-credentials-file, missing: aws_secret_access_key"},
    {"half in the config file", {0}, "[default]\naws_access_key_id = A\n", NULL, NULL, TCX_ECREDS, NULL, NULL, "Partial credentials found in config-file, missing: aws_secret_access_key"},
    {"none", {0}, NULL, NULL, NULL, TCX_ECREDS, NULL, NULL, "Unable to locate credentials (profile default; asked: env: AWS_ACCESS_KEY_ID is not set; assume-role: profile default has no role_arn; assume-role-with-web-identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set and profile default has no web_identity_token_file; sso: profile default has neither sso_account_id nor sso_role_name; shared-credentials-file: it has no profile default; login: profile default has no login_session; custom-process: profile default has no credential_process; config-file: it has no profile default; container-role: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; iam-role: AWS_EC2_METADATA_DISABLED is true)"},
    {"no such profile", {0}, NULL, "[default]\n" PAIR("FILE"), "three", TCX_ECONFIG, NULL, NULL, "The config profile (three) could not be found"},
    {"a file that is none", {0}, "key without a section\n", NULL, NULL, TCX_ECONFIG, NULL, NULL, "Unable to parse config file"},
};
/* clang-format on */

static void test_setups(void **state) {
  (void)state;
  int bad = 0;
  for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
    const struct setup *c = &setups[i];
    struct whole w;
    char text[1000];
    whole_unset_environment();
    for (size_t k = 0; k < 8 && c->environment[k] != NULL; k++)
      assert_int_equal(putenv((char *)(uintptr_t)c->environment[k]), 0);
    const char *config = write_file(c->config != NULL ? c->config : ""),
               *credentials = write_file(c->credentials != NULL ? c->credentials : "");
    tcx_session_options_t so = {
        .config_file = config, .credentials_file = credentials, .profile = c->profile};
    whole_begin_with(&w, ok_scripts, 1, &so, NULL);
    struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
    bool good = o.status == c->status && (c->in_msg == NULL || strstr(o.msg, c->in_msg) != NULL);
    if (good && c->key != NULL) {
      const char *p = strstr(whole_header(w.server.last_head, "Authorization", text, sizeof text),
                             "Credential=");
      good = strncmp(p + 11, c->key, strlen(c->key)) == 0 && p[11 + strlen(c->key)] == '/';
      const char *token =
          whole_header(w.server.last_head, "x-amz-security-token", text, sizeof text);
      good = good &&
             (token == NULL ? c->token == NULL : c->token != NULL && strcmp(token, c->token) == 0);
    }
    if (!good) {
      fprintf(stderr, "%s: %s %s\n%s", c->what, tcx_err_name(o.status), o.msg, w.server.last_head);
      bad++;
    }
    outcome_free(&o);
    whole_end(&w);
    remove(config);
    remove(credentials);
  }
  whole_unset_environment();
  assert_int_equal(bad, 0);
}

/* The program's own among the others: where it has none the chain goes on. */
static void test_own_link(void **state) {
  (void)state;
  static const struct {
    const char *before;
    int status;
    const char *key, *in_msg;
  } cases[] = {
      {"env", 0, "AKGIVEN", NULL},
      {"shared-credentials-file", 0, "ENV", NULL},
      {"env", UV_ENOENT, "ENV", NULL},
      {"end", 0, "ENV", NULL},
      {"env", UV_EIO, NULL, "the program's credentials callback failed"},
      {"nobody", 0, NULL, "credentials_before is no provider of the chain: nobody"},
  };
  whole_unset_environment();
  setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    struct giver g = {.status = cases[i].status};
    tcx_session_options_t so = {
        .credentials = on_asked, .credentials_data = &g, .credentials_before = cases[i].before};
    whole_begin_with(&w, ok_scripts, 1, &so, NULL);
    if (cases[i].key != NULL) {
      assert_string_equal(used_key(&w), cases[i].key);
    } else {
      struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
      assert_non_null(strstr(o.msg, cases[i].in_msg));
      outcome_free(&o);
    }
    whole_end(&w);
  }
  whole_unset_environment();
}

/* The program asks for them itself; a close answers who still waits. */
static struct told {
  int times, status;
  char key[32], provider[32], msg[256];
} told;
static void on_told(tcx_session_t *session, int status, const tcx_credentials_t *c,
                    const char *provider, const char *msg, void *data) {
  struct told *t = data;
  assert_non_null(session);
  assert_true((c == NULL) == (status != 0) && (c == NULL) == (provider == NULL) &&
              (c == NULL) == (msg != NULL));
  t->times++;
  t->status = status;
  snprintf(t->key, sizeof t->key, "%s", c != NULL ? c->access_key : "");
  snprintf(t->provider, sizeof t->provider, "%s", c != NULL ? provider : "");
  snprintf(t->msg, sizeof t->msg, "%s", c != NULL ? "" : msg);
}
static void test_get(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {.delay = 1};
  giver_begin(&w, &g, 1);
  for (int i = 1; i <= 2; i++) { /* fetched, and there */
    told = (struct told){0};
    assert_int_equal(tcx_session_get_credentials(w.session, on_told, &told), 0);
    assert_int_equal(told.times, 0);
    whole_until(&w, &told.times);
    assert_int_equal(told.times, 1);
    assert_string_equal(told.key, "AKGIVEN");
    assert_string_equal(told.provider, "custom");
    assert_int_equal(g.fetches, 1);
  }
  giver_end(&w, &g);
  struct giver slow = {.delay = 100000};
  giver_begin(&w, &slow, 1);
  told = (struct told){0};
  assert_int_equal(tcx_session_get_credentials(w.session, on_told, &told), 0);
  whole_turns(&w, 3);
  tcx_session_close(w.session, NULL);
  w.closed = true;
  assert_int_equal(tcx_session_get_credentials(w.session, on_told, &told), TCX_ECLOSING);
  giver_end(&w, &slow);
  assert_int_equal(told.times, 1);
  assert_int_equal(told.status, TCX_ECANCELED);
  give(&slow); /* only frees its request */
  whole_begin_with(&w, NULL, 0, &(tcx_session_options_t){.config_file = "/no/such/config"}, NULL);
  told = (struct told){0};
  assert_int_equal(tcx_session_get_credentials(w.session, on_told, &told), 0);
  uv_run(&w.loop, UV_RUN_DEFAULT);
  assert_int_equal(told.status, TCX_ECONFIG);
  assert_non_null(strstr(told.msg, "/no/such/config"));
  whole_end(&w);
}

/* A process that goes on is ended with its session. */
static void test_process_cut(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  const char *config = write_file("[default]\ncredential_process = sleep 1000\n");
  tcx_session_options_t so = {.config_file = config, .credentials_timeout_ms = 30};
  for (int i = 0; i < 2; i++) { /* at its time's end, and at the close */
    so.credentials_timeout_ms = i == 0 ? 30 : 0;
    whole_begin_with(&w, ok_scripts, 1, &so, NULL);
    whole_start_to(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL, &o, NULL);
    if (i == 0)
      whole_until(&w, &o.calls);
    else
      whole_turns(&w, 3);
    whole_end(&w);
    assert_int_equal(o.status, i == 0 ? TCX_ECREDS : TCX_ECANCELED);
    outcome_free(&o);
  }
  remove(config);
}

/* A file that the options name must be there. */
static void test_missing_file(void **state) {
  (void)state;
  struct whole w;
  tcx_session_options_t so = {.config_file = "/no/such/config"};
  whole_begin_with(&w, NULL, 0, &so, NULL);
  struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECONFIG);
  assert_non_null(strstr(o.msg, "/no/such/config"));
  outcome_free(&o);
  whole_end(&w);
}

static void test_unsigned(void **state) {
  (void)state;
  static const char *const configs[] = {NULL, "{\"signature_version\": \"unsigned\"}"};
  for (int i = 0; i < 2; i++) {
    struct whole w;
    char text[1000];
    tcx_session_options_t so = {.region = "us-east-1"};
    tcx_client_options_t co = {
        .unsigned_requests = i == 0,
        .config = i == 1 ? tcx_value_from_json(configs[1], strlen(configs[1])) : NULL};
    whole_begin_with(&w, ok_scripts, 1, &so, &co);
    struct outcome o = whole_call(&w, "head_bucket", tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    assert_null(whole_header(w.server.last_head, "Authorization", text, sizeof text));
    assert_null(whole_header(w.server.last_head, "x-amz-date", text, sizeof text));
    outcome_free(&o);
    whole_end(&w);
  }
}

/* ---- the log ---- */

#define TOKEN "tokentokentokentokentoken"
static struct {
  int lines, levels[TCX_LOG_TRACE + 1], bad;
  char signature[80];
} logged;
static void on_log(tcx_log_level_t level, const char *area, const char *line,
                   const tcx_call_t *call, void *data) {
  (void)call;
  assert_ptr_equal(data, &logged);
  assert_non_null(area);
  logged.lines++;
  logged.levels[level]++;
  if (strstr(line, WHOLE_SECRET) != NULL || strstr(line, TOKEN) != NULL ||
      strstr(line, "Signature=") != NULL || strchr(line, '\n') != NULL ||
      strchr(line, '\r') != NULL)
    logged.bad++;
}

static void test_log(void **state) {
  (void)state;
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
      DO(REQUEST),
      SEND(whole_answer("301 X\r\nx-amz-bucket-region: eu-west-1", "")),
      DO(REQUEST),
      SEND(whole_answer("403 Forbidden", WHOLE_ERROR("SignatureDoesNotMatch", WHOLE_SECRET))),
      DO(REQUEST),
      DO(CLOSE)};
  const struct fault_step *const scripts[] = {steps};
  for (tcx_log_level_t level = TCX_LOG_ERROR; level <= TCX_LOG_TRACE; level++) {
    struct whole w;
    memset(&logged, 0, sizeof logged);
    tcx_session_options_t so = {.log = on_log, .log_data = &logged, .log_level = level};
    whole_begin_with(&w, scripts, 1, &so,
                     &(tcx_client_options_t){.access_key = WHOLE_KEY,
                                             .secret_key = WHOLE_SECRET,
                                             .session_token = TOKEN,
                                             .max_attempts = 4});
    struct outcome o =
        whole_call(&w, "put_object", tcx_params("{Bucket: b, Key: %s, Body: x}", "a\r\nb"), NULL);
    assert_int_equal(o.status, TCX_ECLIENT);
    outcome_free(&o);
    o = whole_call(
        &w, "get_object",
        tcx_params("{Bucket: b, Key: k, SSECustomerAlgorithm: AES256, SSECustomerKey: %s}",
                   WHOLE_SECRET),
        &(tcx_call_options_t){.max_attempts = 1});
    outcome_free(&o);
    struct outcome url;
    whole_goal_to(&w, "get_object", tcx_params("{Bucket: b, Key: k}"), TCX__GOAL_PRESIGN, &url);
    assert_int_equal(url.status, 0);
    outcome_free(&url);
    assert_int_equal(logged.bad, 0);
    for (int above = (int)level + 1; above <= TCX_LOG_TRACE; above++)
      assert_int_equal(logged.levels[above], 0);
    if (level >= TCX_LOG_DEBUG)
      assert_true(logged.levels[TCX_LOG_DEBUG] >= 4 && logged.levels[TCX_LOG_INFO] >= 2);
    whole_end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_wait),   cmocka_unit_test(test_failure),
      cmocka_unit_test(test_far_ends),    cmocka_unit_test(test_refresh),
      cmocka_unit_test(test_windows),     cmocka_unit_test(test_load),
      cmocka_unit_test(test_late_answer), cmocka_unit_test(test_setups),
      cmocka_unit_test(test_own_link),    cmocka_unit_test(test_get),
      cmocka_unit_test(test_process_cut), cmocka_unit_test(test_missing_file),
      cmocka_unit_test(test_unsigned),    cmocka_unit_test(test_log),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
