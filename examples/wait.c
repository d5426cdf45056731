/*
 * wait.c - waits until an object is there, while the program does other work; and gives up on one
 * that never comes.
 *
 *   wait BUCKET
 */
#include <stdio.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

static tcx_client_t *s3;
static const char *bucket;

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call, (void)response;
  printf("put: %s\n", error == NULL ? "done" : error->msg);
}

/* The other work: what is waited for comes after a while. */
static void make_object(uv_timer_t *timer) {
  (void)timer;
  if (tcx_s3_put_object(s3, tcx_params("{Bucket: %s, Key: awaited, Body: here}", bucket), on_put,
                        NULL) != 0)
    fprintf(stderr, "the upload cannot be started\n");
}

/* The last response: here that of HeadObject. */
static void on_there(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_call_timings_t timings;
  tcx_call_get_timings(call, &timings);
  if (error != NULL)
    printf("not there: %s\n", error->msg);
  else
    printf("there: %d bytes, %s\n", (int)tcx_value_int(response, "ContentLength", -1),
           timings.attempts > 1 ? "after some polls" : "at the first poll");
}

/* A failure holds the last response too. */
static void on_never(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  if (error == NULL)
    printf("there after all: %d bytes\n", (int)tcx_value_int(response, "ContentLength", -1));
  else if (error->status == TCX_EWAITER)
    printf("%s\nlast answer: %d, after %d polls\n", error->msg, error->http_status,
           error->attempts);
  else
    printf("%s: %s\n", tcx_err_name(error->status), error->msg);
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  tcx_session_t *session;
  uv_timer_t timer;
  if (argc != 2 || tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0) {
    fprintf(stderr, "usage: wait BUCKET\n");
    return 1;
  }
  bucket = argv[1];
  uv_timer_init(loop, &timer);
  uv_timer_start(&timer, make_object, 300, 0);
  /* NULL options: as often, and with as long pauses, as the service's own waiter says. */
  tcx_wait_options_t often = {.delay_ms = 50, .timeout_ms = 30000},
                     twice = {.delay_ms = 50, .max_attempts = 2};
  if (tcx_s3_wait_object_exists(s3, tcx_params("{Bucket: %s, Key: awaited}", bucket), &often,
                                on_there, NULL, NULL) != 0 ||
      tcx_s3_wait_object_exists(s3, tcx_params("{Bucket: %s, Key: never}", bucket), &twice,
                                on_never, NULL, NULL) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT); /* a waiter keeps the loop running */
  uv_close((uv_handle_t *)&timer, NULL);
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
