/*
 * put_get.c - puts an object, reads it back into memory, deletes it: each step starts the next from
 * its callback.
 *
 *   put_get BUCKET KEY TEXT
 */
#include <stdio.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

struct job {
  tcx_client_t *s3;
  const char *bucket, *key, *text;
  int failed;
};

static int failed(struct job *job, const tcx_error_t *error) {
  if (error != NULL) {
    fprintf(stderr, "%s\n", error->msg);
    job->failed = 1;
  }
  return error != NULL;
}

static void on_delete(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  if (!failed(tcx_call_data(call), error))
    puts("deleted");
}

static void on_get(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct job *job = tcx_call_data(call);
  if (failed(job, error))
    return;
  size_t n;
  const char *body = tcx_value_bytes(response, "Body", &n);
  printf("got %zu bytes of %s: %.*s\n", n, tcx_value_str(response, "ContentType"), (int)n, body);
  job->failed =
      tcx_s3_delete_object(job->s3, tcx_params("{Bucket: %s, Key: %s}", job->bucket, job->key),
                           on_delete, job) != 0;
}

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  static const tcx_call_options_t whole_body = {.max_body = 1 << 20};
  struct job *job = tcx_call_data(call);
  if (failed(job, error))
    return;
  printf("put, ETag %s\n", tcx_value_str(response, "ETag"));
  job->failed = tcx_client_start(job->s3, "get_object",
                                 tcx_params("{Bucket: %s, Key: %s}", job->bucket, job->key),
                                 &whole_body, on_get, job, NULL) != 0;
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  struct job job = {0};
  if (argc != 4) {
    fprintf(stderr, "usage: put_get BUCKET KEY TEXT\n");
    return 2;
  }
  job.bucket = argv[1];
  job.key = argv[2];
  job.text = argv[3];
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &job.s3) != 0)
    return 1;
  tcx_value_t *params = tcx_params("{Bucket: %s, Key: %s, Body: %s, ContentType: text/plain}",
                                   job.bucket, job.key, job.text);
  if (tcx_s3_put_object(job.s3, params, on_put, &job) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) == 0 ? job.failed : 1;
}
