/* hooks_help.h - what the tests of hooks share: scripts of a server, parameters, and a hook that
 * notes what it sees. */
#ifndef TCX_TEST_HOOKS_HELP_H
#define TCX_TEST_HOOKS_HELP_H
#include "whole.h"
#include <tucuxi/hooks.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"
static const struct fault_step ok[] = {DO(REQUEST), SEND(OK_ANSWER), DO(AGAIN)};
static const struct fault_step *const ok_scripts[] = {ok};
static const struct fault_step then_ok[] = {DO(REQUEST),
                                            SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
                                            DO(REQUEST), SEND(OK_ANSWER), DO(AGAIN)};
static const struct fault_step *const then_ok_scripts[] = {then_ok};
static const struct fault_step missing[] = {
    DO(REQUEST), SEND("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step *const missing_scripts[] = {missing};
static const struct fault_step body[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), DO(AGAIN)};
static const struct fault_step *const body_scripts[] = {body};

static inline tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }
static inline tcx_value_t *put_params(void) {
  return tcx_params("{Bucket: b, Key: k, Body: hello}");
}

static char seen[4096];
static inline int note(tcx_call_t *call, const char *event, void *data) {
  (void)call;
  size_t n = strlen(seen);
  snprintf(seen + n, sizeof seen - n, "%s%s", data != NULL ? (const char *)data : event, "\n");
  return 0;
}

static inline void on(struct whole *w, const char *pattern, tcx_hook_cb cb, void *data) {
  assert_int_equal(tcx_client_on(w->client, pattern, cb, data, NULL), 0);
}

#endif
