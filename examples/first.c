#include <inttypes.h>
#include <stdio.h>
#include <tucuxi/s3.h>

static void on_list(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  if (error != NULL)
    fprintf(stderr, "%s\n", error->msg);
  for (const tcx_value_t *o = tcx_value_first(response, "Contents"); o != NULL;
       o = tcx_value_next(o))
    printf("%s %" PRId64 "\n", tcx_value_str(o, "Key"), tcx_value_int(o, "Size", 0));
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  tcx_session_t *session;
  tcx_client_t *s3;
  if (argc != 2 || tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0 ||
      tcx_s3_list_objects_v2(s3, tcx_params("{Bucket: %s, MaxKeys: %d}", argv[1], 100), on_list,
                             NULL) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT); /* returns when no call is under way */
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
