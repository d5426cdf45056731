/* What a first program does with the installed library, without a network: a presigned URL, an
 * error with its text, a service whose model is read from the installed data. Prints what it found;
 * exits 0 when all came as it should. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>
#ifdef OWN_LLHTTP
int own_llhttp_works(void);
#endif

struct seen {
  int presigned, refused, loaded, closed;
};

static void on_presigned(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct seen *seen = tcx_call_data(call);
  const char *url = tcx_value_str(response, "Url");
  seen->presigned = error == NULL && url != NULL && strstr(url, "/bucket/key?") != NULL &&
                    strstr(url, "X-Amz-Signature=") != NULL;
  printf("presigned: %s\n", url != NULL ? url : error != NULL ? error->msg : "nothing");
}

static void on_refused(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct seen *seen = tcx_call_data(call);
  seen->refused = response == NULL && error != NULL && error->status == TCX_EPARAM;
  printf("refused: %s\n", error != NULL ? error->msg : "nothing");
}

static void on_loaded(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct seen *seen = tcx_call_data(call);
  /* Its model was found: else the error would be the service's. */
  seen->loaded = response == NULL && error != NULL && error->status == TCX_EOPNAME;
  printf("from the installed model: %s\n", error != NULL ? error->msg : "nothing");
}

static void on_closed(tcx_session_t *session) {
  ((struct seen *)tcx_session_data(session))->closed = 1;
}

int main(void) {
  struct seen seen = {0, 0, 0, 0};
  uv_loop_t loop;
  tcx_session_t *session;
  tcx_client_t *s3, *route53;
  tcx_session_options_t session_options = {.data = &seen};
  tcx_client_options_t options = {
      .region = "us-east-1", .access_key = "key", .secret_key = "secret", .path_style = true};
  uv_loop_init(&loop);
  if (tcx_version() != TCX_VERSION_HEX || tcx_session_new(&loop, &session_options, &session) != 0 ||
      tcx_session_create_client(session, "s3", &options, &s3) != 0 ||
      tcx_session_create_client(session, "route53", &options, &route53) != 0)
    return 1;
  if (tcx_client_presign(s3, "get_object", tcx_params("{Bucket: bucket, Key: key}"), 60,
                         on_presigned, &seen) != 0 ||
      tcx_s3_head_object(s3, tcx_params("{Bucket: bucket}"), on_refused, &seen) != 0 ||
      tcx_client_call(route53, "no_such_operation", NULL, on_loaded, &seen) != 0)
    return 1;
  uv_run(&loop, UV_RUN_DEFAULT);
  tcx_session_close(session, on_closed);
  uv_run(&loop, UV_RUN_DEFAULT);
  int left = uv_loop_close(&loop);
#ifdef OWN_LLHTTP
  if (!own_llhttp_works())
    return 1;
#endif
  return seen.presigned && seen.refused && seen.loaded && seen.closed && left == 0 ? 0 : 1;
}
