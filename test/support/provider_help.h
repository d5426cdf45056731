/*
 * provider_help.h - a session with a config file of its own whose every connection goes to a server
 * of the test's own, and what its providers give. For programs that are linked with
 * --wrap=tcx__pool_acquire. No error that is looked at may hold WHOLE_SECRET.
 */
#ifndef TCX_TEST_PROVIDER_HELP_H
#define TCX_TEST_PROVIDER_HELP_H
#include "folder.h"
#include "identity_help.h"
#include "redirect.h"
#include "whole.h"

#define NOON INT64_C(1893499200) /* 2030-01-01T12:00:00Z */

static int64_t now_s;
static inline int64_t test_clock(const tcx_session_t *session) {
  (void)session;
  return now_s * 1000;
}

/* A session whose every connection goes to a server with these scripts. */
static inline void begin(struct whole *w, const struct fault_step *const *scripts, unsigned n,
                         const char *config, tcx_session_options_t *options) {
  static char path[512];
  tcx_session_options_t o = options != NULL ? *options : (tcx_session_options_t){0};
  whole_unset_environment();
  setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
  setenv("HOME", test_folder, 1);
  test_folder_put("config", config);
  snprintf(path, sizeof path, "%s/config", test_folder);
  o.config_file = path;
  now_s = NOON - 3600;
  whole_begin_with(w, scripts, n, &o, NULL);
  w->server.keep_body = 4000;
  w->session->expiry_clock = test_clock;
  redirect_port = w->server.port;
  redirects = 0;
}

static inline struct found ask(struct whole *w) {
  static struct found found; /* a place that outlives this function until it is done */
  found_start(&found, w->session);
  tcx__session_hold(w->session);
  while (found.done == 0)
    uv_run(&w->loop, UV_RUN_ONCE);
  tcx__session_drop(w->session);
  assert_null(strstr(found.why, WHOLE_SECRET));
  return found;
}
static inline void expect_key(struct whole *w, const char *key) {
  struct found found = ask(w);
  if (found.identity == NULL || strcmp(found.identity->access_key, key) != 0)
    fail_msg("%s instead of %s: %s", found.identity != NULL ? found.identity->access_key : "none",
             key, found.why);
  found_end(&found);
}
static inline void expect_failure(struct whole *w, int status, const char *in_why) {
  struct found found = ask(w);
  if (found.identity != NULL || found.status != status || strstr(found.why, in_why) == NULL)
    fail_msg("%s instead of %s: %s", tcx_err_name(found.status), in_why, found.why);
}
static inline void end(struct whole *w) {
  redirect_port = 0;
  whole_end(w);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)
#endif
