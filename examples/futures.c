/*
 * futures.c - calls as futures: one behind the other, several at once, the first answer of two, a
 * limit of time, and a main that waits.
 *
 *   futures BUCKET
 */
#include <inttypes.h>
#include <stdio.h>
#include <tucuxi/future.h>

static tcx_client_t *s3;
static const char *bucket;

static tcx_future_t *put(const char *key, const char *text) {
  return tcx_future_call(s3, "put_object",
                         tcx_params("{Bucket: %s, Key: %s, Body: %s}", bucket, key, text));
}
static tcx_future_t *head(const char *key) {
  return tcx_future_call(s3, "head_object", tcx_params("{Bucket: %s, Key: %s}", bucket, key));
}

/* Waits for the future, says what came of it, and ends it. */
static int finish(const char *what, tcx_future_t *future) {
  int status = tcx_future_await(future);
  if (status != 0)
    printf("%s: %s\n", what, tcx_err_name(status));
  else if (tcx_future_count(future) > 0 && tcx_future_index(future) == SIZE_MAX)
    printf("%s: all %zu\n", what, tcx_future_count(future));
  else
    printf("%s: %" PRId64 " bytes\n", what,
           tcx_value_int(tcx_future_response(future), "ContentLength", -1));
  tcx_future_release(future);
  return status;
}

/* Behind the put, look at what is there now. A failure of the put is the chain's. */
static tcx_future_t *then_head(tcx_future_t *done, int status, void *key) {
  (void)done;
  return status == 0 ? head(key) : NULL;
}

static int chain(void) {
  char key[] = "future/chained"; /* it lives until the chain is over */
  return finish("chain", tcx_future_chain(put(key, "hello"), then_head, key));
}

static int all(void) {
  tcx_future_t *puts[] = {put("future/a", "one"), put("future/b", "two and two"),
                          put("future/c", "")};
  return finish("all", tcx_future_all(puts, 3));
}

/* The 404 of one is no matter. */
static int any(void) {
  tcx_future_t *heads[] = {head("future/not there"), head("future/b")};
  return finish("any", tcx_future_any(heads, 2));
}

/* The answer, or half a minute, whichever comes first. */
static int race(void) {
  tcx_session_t *session = tcx_client_session(s3);
  tcx_future_t *both[] = {head("future/a"), tcx_future_sleep(session, 30000)};
  return finish("race", tcx_future_race(both, 2));
}

/* A limit that is not kept: the outcome is UV_ETIMEDOUT, and what was too slow is canceled. */
static int timeout(void) {
  tcx_future_t *slow = tcx_future_sleep(tcx_client_session(s3), 30000);
  return finish("timeout", tcx_future_timeout(slow, 10)) == UV_ETIMEDOUT ? 0 : -1;
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  uv_loop_t *loop = uv_default_loop();
  if (argc != 2) {
    fprintf(stderr, "usage: futures BUCKET\n");
    return 2;
  }
  bucket = argv[1];
  if (tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  bool good = chain() == 0 && all() == 0 && any() == 0 && race() == 0 && timeout() == 0;
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 && good ? 0 : 1;
}
