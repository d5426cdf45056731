/*
 * other_thread.c - calls handed over from another thread. tucuxi's functions belong to the loop's
 * thread: the other one puts its wishes into a queue and wakes the loop.
 *
 *   other_thread BUCKET
 */
#include <stdio.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

#define WISHES 100

struct shared {
  uv_mutex_t mutex;
  int keys[WISHES], count; /* wished for and not started */
  int finished;            /* the thread wishes no more */
  uv_async_t wake;
  tcx_client_t *s3;
  const char *bucket;
  int answered, failed;
};

static void wish(void *arg) { /* the other thread */
  struct shared *shared = arg;
  for (int i = 0; i < WISHES; i++) {
    uv_mutex_lock(&shared->mutex);
    shared->keys[shared->count++] = i;
    shared->finished = i == WISHES - 1;
    /* the only function of a loop that another thread may call; under the lock, since `finished`
     * closes wake */
    uv_async_send(&shared->wake);
    uv_mutex_unlock(&shared->mutex);
  }
}

static void on_answer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct shared *shared = tcx_call_data(call);
  (void)response;
  shared->answered++;
  shared->failed += error != NULL;
}

/* the loop's thread: several wishes may come with one wake-up */
static void on_wake(uv_async_t *wake) {
  struct shared *shared = wake->data;
  int keys[WISHES];
  uv_mutex_lock(&shared->mutex);
  int count = shared->count, finished = shared->finished;
  memcpy(keys, shared->keys, (size_t)count * sizeof keys[0]);
  shared->count = 0;
  uv_mutex_unlock(&shared->mutex);
  for (int i = 0; i < count; i++)
    if (tcx_s3_put_object(
            shared->s3,
            tcx_params("{Bucket: %s, Key: 'thread/%d', Body: hello}", shared->bucket, keys[i]),
            on_answer, shared) != 0)
      shared->failed++;
  if (finished)
    uv_close((uv_handle_t *)wake, NULL);
}

int main(int argc, char **argv) {
  struct shared shared = {0};
  uv_loop_t *loop = uv_default_loop();
  tcx_session_t *session;
  uv_thread_t thread;
  if (argc != 2) {
    fprintf(stderr, "usage: other_thread BUCKET\n");
    return 2;
  }
  shared.bucket = argv[1];
  shared.wake.data = &shared;
  if (uv_mutex_init(&shared.mutex) != 0 || uv_async_init(loop, &shared.wake, on_wake) != 0)
    return 1;
  if (tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &shared.s3) != 0)
    return 1;
  if (uv_thread_create(&thread, wish, &shared) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT);
  uv_thread_join(&thread);
  printf("%d of %d answered, %d failed\n", shared.answered, WISHES, shared.failed);
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  uv_mutex_destroy(&shared.mutex);
  return uv_loop_close(loop) == 0 && shared.answered == WISHES ? shared.failed != 0 : 1;
}
