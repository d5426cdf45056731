/*
 * presign.c - for people without credentials: a URL that shows an object for ten minutes, and the
 * form that lets them upload one of 1 MB at most below a prefix. Nothing is sent.
 *
 *   presign BUCKET KEY PREFIX
 *
 * curl "$URL" gets the object; curl -F NAME=VALUE ... -F file=@photo.jpg "$POST" uploads one.
 */
#include <stdio.h>
#include <tucuxi.h>
#include <tucuxi/presign.h>

static int failures;

static void tell(const tcx_error_t *error) {
  fprintf(stderr, "%s\n", error->msg);
  failures++;
}

static void on_url(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  if (error != NULL)
    tell(error);
  else
    printf("get %s\n", tcx_value_str(response, "Url"));
}

/* Each field goes into the form as it is, the file comes last. */
static void on_form(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  if (error != NULL) {
    tell(error);
    return;
  }
  printf("post %s\n", tcx_value_str(response, "url"));
  for (const tcx_value_t *field = tcx_value_first(response, "fields"); field != NULL;
       field = tcx_value_next(field))
    printf("%s=%s\n", tcx_value_name(field), tcx_value_str(field, NULL));
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3;
  char key[1024];
  if (argc != 4) {
    fprintf(stderr, "usage: presign BUCKET KEY PREFIX\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  snprintf(key, sizeof key, "%s${filename}", argv[3]); /* S3 puts the file's name there */
  tcx_value_t *size =
      tcx_value_append(tcx_value_new_list(), tcx_value_new_str("content-length-range"));
  tcx_value_append(size, tcx_value_from_json("1", 1));
  tcx_value_append(size, tcx_value_from_json("1000000", 7));
  tcx_value_t *conditions = tcx_value_append(tcx_value_new_list(), size);
  if (tcx_client_presign(s3, "get_object", tcx_params("{Bucket: %s, Key: %s}", argv[1], argv[2]),
                         600, on_url, NULL) != 0 ||
      tcx_client_presign_post(s3, argv[1], key, NULL, conditions, 600, on_form, NULL) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) != 0 || failures > 0;
}
