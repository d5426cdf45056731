/*
 * handle_error.c - the four kinds of failure, told apart: bad parameters, the service's no, a
 * server that cannot be reached, a call that takes too long.
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
    printf("%s succeeded\n", tcx_call_operation(call));
    return;
  }
  switch (error->status) {
  case TCX_EPARAM: /* nothing was sent; msg names every bad member */
    printf("bad parameters: %s\n", error->msg);
    break;
  case TCX_ECLIENT: /* botocore's ClientError: the service answered, and said no */
    if (strcmp(error->code, "NoSuchKey") == 0)
      printf("no such key (HTTP status %d)\n", error->http_status);
    else
      printf("%s: %s\n", error->code, error->msg);
    break;
  case UV_ETIMEDOUT: /* sent tells whether the service may have acted on it */
    printf("timed out, %s: %s\n", error->sent ? "sent" : "not sent", error->msg);
    break;
  default: /* no usable answer came */
    printf("%s after %d attempts: %s\n", tcx_err_name(error->status), error->attempts, error->msg);
  }
}

/* A server that takes connections and never says a word. */
static void say_nothing(uv_stream_t *server, int status) { (void)server, (void)status; }

static int start_silent_server(uv_tcp_t *server, char *url, size_t size) {
  struct sockaddr_in address;
  int length = sizeof address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  if (uv_tcp_init(uv_default_loop(), server) != 0 ||
      uv_tcp_bind(server, (const struct sockaddr *)&address, 0) != 0 ||
      uv_listen((uv_stream_t *)server, 1, say_nothing) != 0 ||
      uv_tcp_getsockname(server, (struct sockaddr *)&address, &length) != 0)
    return -1;
  uv_unref((uv_handle_t *)server);
  snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
  return 0;
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3, *nobody, *silent;
  uv_tcp_t server;
  char url[64];
  if (argc != 2) {
    fprintf(stderr, "usage: handle_error BUCKET\n");
    return 2;
  }
  if (start_silent_server(&server, url, sizeof url) != 0)
    return 1;
  tcx_client_options_t to_nobody = {.endpoint_url = "http://127.0.0.1:1", .max_attempts = 2},
                       to_silent = {.endpoint_url = url};
  tcx_call_options_t hasty = {.timeout_ms = 100};
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0 ||
      tcx_session_create_client(session, "s3", &to_nobody, &nobody) != 0 ||
      tcx_session_create_client(session, "s3", &to_silent, &silent) != 0)
    return 1;
  /* All four return 0: what is wrong with them comes through the callback. */
  if (tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Kee: x}", argv[1]), tell, NULL) != 0 ||
      tcx_s3_get_object(s3, tcx_params("{Bucket: %s, Key: 'not there'}", argv[1]), tell, NULL) !=
          0 ||
      tcx_s3_list_buckets(nobody, NULL, tell, NULL) != 0 ||
      tcx_client_start(silent, "list_buckets", NULL, &hasty, tell, NULL, NULL) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  uv_close((uv_handle_t *)&server, NULL);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) != 0;
}
