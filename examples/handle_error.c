/*
 * handle_error.c - the four kinds of failure, told apart: bad parameters, a service's answer, a server that cannot be reached, a call that takes too long.
 *
 *   handle_error BUCKET
 */
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

static void tell(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  if (error == NULL) {
    printf("%s: succeeded\n", tcx_call_operation(call));
    return;
  }
  switch (error->status) {
  case TCX_EPARAM: /* nothing was sent; msg names every bad member */
    printf("bad parameters\n%s\n", error->msg);
    break;
  case TCX_ECLIENT: /* botocore's ClientError: the service said no */
    if (strcmp(error->code, "NoSuchKey") == 0)
      printf("no such key (HTTP %d, request %s)\n", error->http_status, error->request_id);
    else
      printf("%s\n", error->msg);
    break;
  case UV_ETIMEDOUT:
    printf("timed out in phase %d\n", (int)error->phase);
    break;
  default: /* no usable response came */
    printf("%s after %d attempts: %s\n", tcx_err_name(error->status), error->attempts, error->msg);
  }
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3, *nowhere;
  static const tcx_client_options_t unreachable = {.endpoint_url = "http://127.0.0.1:1", .max_attempts = 2};
  static const tcx_call_options_t hasty = {.timeout_ms = 1};
  if (argc != 2) {
    fprintf(stderr, "usage: handle_error BUCKET\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 || tcx_session_create_client(session, "s3", NULL, &s3) != 0 ||
      tcx_session_create_client(session, "s3", &unreachable, &nowhere) != 0)
    return 1;
  if (tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Kee: x}", argv[1]), tell, NULL) != 0 ||
      tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Key: 'not there'}", argv[1]), tell, NULL) != 0 ||
      tcx_s3_list_buckets(nowhere, NULL, tell, NULL) != 0 || tcx_client_start(nowhere, "list_buckets", NULL, &hasty, tell, NULL, NULL) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) != 0;
}
