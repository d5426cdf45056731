/*
 * search_pages.c - what a JMESPath expression finds in the pages of a bucket's listing, so many
 * objects at a time; the last line is the token to go on with.
 *
 *   search_pages BUCKET EXPRESSION [MAX_ITEMS [TOKEN]]
 *   search_pages photos 'Contents[?Size > `1000000`].Key' 500
 *
 * The token is botocore's: the AWS CLI takes it as --starting-token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi/jmespath.h>

static int failed;

static void on_found(tcx_paginator_t *pages, int status, const tcx_value_t *found) {
  char *json = NULL;
  if (status == 0) {
    if (tcx_value_to_json(found, &json, NULL) == 0)
      printf("%s\n", json);
    tcx_free(json);
    return;
  }
  if (status != TCX_EOF) {
    const tcx_error_t *error = tcx_paginator_error(pages);
    fprintf(stderr, "%s\n", error != NULL ? error->msg : tcx_strerror(status));
    failed = 1;
  } else if (tcx_paginator_token(pages) != NULL) {
    printf("next: %s\n", tcx_paginator_token(pages));
  }
  tcx_paginator_close(pages);
}

/* The expression may go as soon as the search has begun. */
static int start(tcx_client_t *s3, int argc, char **argv) {
  tcx_paginator_t *pages;
  tcx_paginate_options_t options = {.max_items = argc > 3 ? strtoull(argv[3], NULL, 10) : 0,
                                    .starting_token = argc > 4 ? argv[4] : NULL,
                                    .prefetch = true};
  tcx_jmespath_t *expression = tcx_jmespath_compile(argv[2], strlen(argv[2]));
  int err = tcx_jmespath_status(expression);
  if (err != 0)
    fprintf(stderr, "%s\n", tcx_jmespath_problem(expression));
  if (err == 0)
    err = tcx_client_paginate(s3, "list_objects_v2", tcx_params("{Bucket: %s}", argv[1]), &options,
                              NULL, &pages);
  if (err == 0 && (err = tcx_paginator_search(pages, expression, on_found)) != 0)
    tcx_paginator_close(pages);
  tcx_jmespath_free(expression);
  return err;
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3;
  if (argc < 3 || argc > 5) {
    fprintf(stderr, "usage: search_pages BUCKET EXPRESSION [MAX_ITEMS [TOKEN]]\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  if (start(s3, argc, argv) != 0)
    failed = 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* returns when no call is under way */
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) == 0 ? failed : 1;
}
