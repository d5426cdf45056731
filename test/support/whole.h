/*
 * whole.h - whole calls in tests: a loop, a scripted server on it, a session, and an S3 client that
 * talks to that server; and what a callback brought.
 *
 *   struct whole w;
 *   whole_begin(&w, scripts, 1, NULL);
 *   struct outcome o = whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
 *   ... o.status, o.attempts, o.response ...
 *   outcome_free(&o);
 *   whole_end(&w);          closes all, and asserts that nothing is left on the loop
 *
 * Backoff takes no time here: the session's random numbers are all 0.
 */
#ifndef TCX_TEST_WHOLE_H
#define TCX_TEST_WHOLE_H
#include "core/call.h"
#include "fault_server.h"
#include "support.h"
#include <strings.h>
#include <unistd.h>

#define WHOLE_KEY        "AKIDWHOLE"
#define WHOLE_SECRET     "secretsecretsecretsecretsecretsecretsecr"
#define WHOLE_PATIENCE_S 100 /* a test that hangs is ended by a signal */

struct whole {
  uv_loop_t loop;
  struct fault_server server;
  bool serving, starting, closed;
  char url[64];
  tcx_session_t *session;
  tcx_client_t *client;
};

struct outcome {
  struct whole *whole;
  int calls, status, http_status, attempts;
  tcx_phase_t phase;
  bool sent, retryable, throttled;
  char *code, *msg, *operation;
  tcx_value_t *response; /* copied: of the success, or the error's */
  tcx_call_timings_t timings;
};

static inline char *whole_copy(const char *s) { return s != NULL ? strdup(s) : NULL; }

/* Runs the loop until *flag is not 0. */
static inline void whole_until(struct whole *w, const int *flag) {
  while (*flag == 0)
    uv_run(&w->loop, UV_RUN_ONCE);
}
/* Some turns of the loop, without waiting. */
static inline void whole_turns(struct whole *w, int n) {
  while (n-- > 0)
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static inline void whole_unset_environment(void) {
  static const char *const names[] = {"AWS_ENDPOINT_URL",
                                      "AWS_ENDPOINT_URL_S3",
                                      "AWS_REGION",
                                      "AWS_DEFAULT_REGION",
                                      "AWS_PROFILE",
                                      "AWS_DEFAULT_PROFILE",
                                      "AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_SECURITY_TOKEN",
                                      "AWS_CONFIG_FILE",
                                      "AWS_SHARED_CREDENTIALS_FILE",
                                      "AWS_MAX_ATTEMPTS",
                                      "AWS_RETRY_MODE",
                                      "AWS_CA_BUNDLE",
                                      "AWS_DATA_PATH",
                                      "AWS_CREDENTIAL_EXPIRATION",
                                      "AWS_ACCOUNT_ID",
                                      "AWS_WEB_IDENTITY_TOKEN_FILE",
                                      "AWS_ROLE_ARN",
                                      "AWS_ROLE_SESSION_NAME",
                                      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                      "AWS_BEARER_TOKEN_BEDROCK",
                                      "AWS_AUTH_SCHEME_PREFERENCE",
                                      "AWS_SIGV4A_SIGNING_REGION_SET",
                                      "AWS_ACCOUNT_ID_ENDPOINT_MODE",
                                      "HTTP_PROXY",
                                      "http_proxy",
                                      "HTTPS_PROXY",
                                      "https_proxy"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unsetenv(names[i]);
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

/* What servers that are started from now on serve with, as localhost; NULL: plain http. */
static const struct fault_tls *whole_tls;

/* What is 0 in so and co gets a default. scripts NULL: no server. */
static inline int whole_try_begin(struct whole *w, const struct fault_step *const *scripts,
                                  unsigned count, const tcx_session_options_t *so,
                                  const tcx_client_options_t *co) {
  tcx_session_options_t s = so != NULL ? *so : (tcx_session_options_t){0};
  tcx_client_options_t c = co != NULL ? *co : (tcx_client_options_t){0};
  memset(w, 0, sizeof *w);
  alarm(WHOLE_PATIENCE_S);
  assert_int_equal(uv_loop_init(&w->loop), 0);
  if (scripts != NULL) {
    fault_server_start(&w->server, &w->loop, scripts, count, whole_tls);
    w->serving = true;
    snprintf(w->url, sizeof w->url,
             whole_tls != NULL ? "https://localhost:%d" : "http://127.0.0.1:%d", w->server.port);
  }
  if (s.config_file == NULL)
    s.config_file = "/dev/null";
  if (s.credentials_file == NULL)
    s.credentials_file = "/dev/null";
  if (c.region == NULL)
    c.region = "us-east-1";
  if (c.endpoint_url == NULL && w->serving)
    c.endpoint_url = w->url;
  bool keys = s.credentials == NULL && s.profile == NULL && so == NULL;
  if (c.access_key == NULL && keys) {
    c.access_key = WHOLE_KEY;
    c.secret_key = WHOLE_SECRET;
  }
  int err = tcx_session_new(&w->loop, &s, &w->session);
  if (err != 0) {
    tcx_value_free(c.config);
    w->session = NULL;
    return err;
  }
  w->session->rng[0] = w->session->rng[1] = 0;
  return tcx_session_create_client(w->session, "s3", &c, &w->client);
}

static inline void whole_begin_with(struct whole *w, const struct fault_step *const *scripts,
                                    unsigned count, const tcx_session_options_t *so,
                                    const tcx_client_options_t *co) {
  assert_int_equal(whole_try_begin(w, scripts, count, so, co), 0);
}
static inline void whole_begin(struct whole *w, const struct fault_step *const *scripts,
                               unsigned count, const tcx_client_options_t *co) {
  whole_begin_with(w, scripts, count, NULL, co);
}

static inline void whole_end(struct whole *w) {
  if (w->session != NULL && !w->closed)
    tcx_session_close(w->session, NULL);
  if (w->serving)
    fault_server_stop(&w->server);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  if (w->serving)
    assert_int_equal(w->server.handles, 0);
  int err = uv_loop_close(&w->loop);
  if (err != 0)
    uv_print_all_handles(&w->loop, stderr);
  assert_int_equal(err, 0);
}

static inline void outcome_take(struct outcome *o, tcx_call_t *call, const tcx_value_t *response,
                                const tcx_error_t *error) {
  assert_true((response == NULL) != (error == NULL));
  if (o->whole != NULL)
    assert_false(o->whole->starting);
  o->calls++;
  assert_int_equal(o->calls, 1);
  tcx_call_get_timings(call, &o->timings);
  if (response != NULL) {
    o->response = tcx_value_copy(response);
    o->http_status = tcx_call_http_status(call);
    o->attempts = (int)o->timings.attempts;
    return;
  }
  assert_non_null(error->msg);
  assert_non_null(error->operation);
  assert_true(error->status < 0);
  assert_true((error->status == TCX_ECLIENT) == (error->code != NULL) ||
              error->status == TCX_EWAITER);
  o->status = error->status;
  o->http_status = error->http_status;
  o->attempts = error->attempts;
  o->phase = error->phase;
  o->sent = error->sent;
  o->retryable = error->retryable;
  o->throttled = error->throttled;
  o->code = whole_copy(error->code);
  o->msg = whole_copy(error->msg);
  o->operation = whole_copy(error->operation);
  o->response = error->response != NULL ? tcx_value_copy(error->response) : NULL;
}
static inline void outcome_cb(tcx_call_t *call, const tcx_value_t *response,
                              const tcx_error_t *error) {
  outcome_take(tcx_call_data(call), call, response, error);
}

static inline void outcome_free(struct outcome *o) {
  free(o->code);
  free(o->msg);
  free(o->operation);
  tcx_value_free(o->response);
  memset(o, 0, sizeof *o);
}

static inline void whole_start_to(struct whole *w, const char *operation, tcx_value_t *params,
                                  const tcx_call_options_t *options, struct outcome *o,
                                  tcx_call_t **call) {
  memset(o, 0, sizeof *o);
  o->whole = w;
  w->starting = true;
  assert_int_equal(tcx_client_start(w->client, operation, params, options, outcome_cb, o, call), 0);
  w->starting = false;
}
static inline void whole_goal_to(struct whole *w, const char *operation, tcx_value_t *params,
                                 tcx__goal goal, struct outcome *o) {
  memset(o, 0, sizeof *o);
  o->whole = w;
  struct tcx_call_start start = {.client = w->client,
                                 .operation = operation,
                                 .params = params,
                                 .cb = outcome_cb,
                                 .data = o,
                                 .goal = goal,
                                 .expires_s = 3600};
  w->starting = true;
  assert_int_equal(tcx__call_start(&start, NULL), 0);
  w->starting = false;
  whole_until(w, &o->calls);
}
static inline struct outcome whole_call(struct whole *w, const char *operation, tcx_value_t *params,
                                        const tcx_call_options_t *options) {
  /* a place that outlives this function until the callback has run */
  struct outcome *at = calloc(1, sizeof *at);
  whole_start_to(w, operation, params, options, at, NULL);
  whole_until(w, &at->calls);
  struct outcome o = *at;
  free(at);
  return o;
}

/* The text of an answer whose Content-Length is right: "200 OK" or "200 OK\r\nETag: x", and a body.
 * In one of 32 places that are used in turn. */
static inline const char *whole_answer(const char *head, const char *body) {
  static char texts[32][4096];
  static unsigned next;
  char *text = texts[next++ % 32];
  int n = snprintf(text, sizeof texts[0], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head,
                   strlen(body), body);
  assert_true(n > 0 && (size_t)n < sizeof texts[0]);
  return text;
}
#define WHOLE_ERROR(code, message)                                                                 \
  "<Error><Code>" code "</Code><Message>" message "</Message><RequestId>R</RequestId></Error>"

/* "Name: value" of a head as it travelled; NULL when it is not there. Copied into out. */
static inline const char *whole_header(const char *head, const char *name, char *out, size_t size) {
  size_t n = strlen(name);
  for (const char *p = strstr(head, "\r\n"); p != NULL; p = strstr(p + 2, "\r\n")) {
    const char *line = p + 2;
    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
      continue;
    const char *value = line + n + 1 + strspn(line + n + 1, " ");
    snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
    return out;
  }
  return NULL;
}
static inline unsigned whole_count(const char *text, const char *what) {
  unsigned n = 0;
  for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
    n++;
  return n;
}
#endif
