/*
 * thousand_calls.c - a thousand calls at once on one thread: all are started before the first
 * answer is read; the client's pool lets as many run as it has connections.
 *
 *   thousand_calls BUCKET [COUNT]
 */
#include <stdio.h>
#include <stdlib.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

static int done, failed;

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call, (void)response;
  done++;
  if (error != NULL && failed++ == 0)
    fprintf(stderr, "%s\n", error->msg);
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3;
  tcx_client_options_t options = {.max_connections = 32};
  int count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000;
  if (argc < 2) {
    fprintf(stderr, "usage: thousand_calls BUCKET [COUNT]\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", &options, &s3) != 0)
    return 1;
  for (int i = 0; i < count; i++)
    if (tcx_s3_put_object(
            s3, tcx_params("{Bucket: %s, Key: 'thousand/%d', Body: 'number %d'}", argv[1], i, i),
            on_put, NULL) != 0)
      return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  tcx_client_stats_t stats;
  tcx_client_get_stats(s3, &stats);
  printf("%d calls, %d failed, over %llu connections\n", done, failed,
         (unsigned long long)stats.connects);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) == 0 && done == count ? failed != 0 : 1;
}
