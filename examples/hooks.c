/*
 * hooks.c - functions of your own at the named points of a call, botocore's events: a header for
 * each request, parameters that are changed, a retry that the policy would not make, and how long
 * everything took.
 *
 *   hooks BUCKET
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/hooks.h>
#include <tucuxi/s3.h>

/* before-sign: each attempt's request, right before it is signed. */
static int name_the_team(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  return tcx_request_set_header(call, "X-Team", data);
}

/* before-parameter-build: what the caller gave, before it is validated. */
static int keep_apart(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  char key[1024];
  tcx_value_t *params = tcx_request_params(call);
  const char *given = tcx_value_str(params, "Key");
  if (given == NULL || snprintf(key, sizeof key, "%s/%s", (const char *)data, given) >= 1024)
    return tcx_hook_fail(call, TCX_EPARAM, "a key is wanted, of less than 1000 bytes");
  tcx_value_set_str(params, "Key", key);
  return 0;
}

/* needs-retry: a key that is not there yet gets a second chance. */
static int once_more(tcx_call_t *call, const char *event, void *data) {
  const tcx_error_t *error = tcx_hook_error(call);
  (void)event, (void)data;
  if (error == NULL || tcx_call_http_status(call) != 404 || tcx_call_attempt(call) > 1)
    return 0;
  printf("%s, attempt %u: again in 50 ms\n", error->code, tcx_call_attempt(call));
  return tcx_hook_retry(call, 50);
}

/* after-call: whatever the service said. */
static int tell(tcx_call_t *call, const char *event, void *data) {
  tcx_call_timings_t timings;
  (void)data;
  tcx_call_get_timings(call, &timings);
  printf("%s: HTTP status %d, %u attempts\n", event, tcx_call_http_status(call), timings.attempts);
  return 0;
}

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call, (void)response;
  if (error != NULL)
    printf("%s\n", error->msg);
}

static int start(tcx_client_t *s3, const char *bucket) {
  int err = tcx_client_on(s3, "before-sign.s3", name_the_team, "blue", NULL);
  if (err == 0)
    err = tcx_client_on(s3, "before-parameter-build.s3.*", keep_apart, "blue", NULL);
  if (err == 0)
    err = tcx_client_on(s3, "needs-retry.s3.GetObject", once_more, NULL, NULL);
  if (err == 0)
    err = tcx_client_on(s3, "after-call", tell, NULL, NULL);
  if (err == 0)
    err = tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Key: nowhere}", bucket), on_done, NULL);
  return err;
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3;
  if (argc != 2) {
    fprintf(stderr, "usage: hooks BUCKET\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0 || start(s3, argv[1]) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) != 0;
}
