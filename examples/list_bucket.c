/*
 * list_bucket.c - prints the objects of a bucket, page by page.
 *
 *   list_bucket BUCKET [PREFIX]
 *
 * Region, credentials and endpoint come from the environment or ~/.aws, as for every AWS tool.
 */
#include <inttypes.h>
#include <stdio.h>
#include <tucuxi.h>

static int failed;

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  if (status != 0) {
    if (status != TCX_EOF) {
      fprintf(stderr, "%s\n", tcx_paginator_error(pages)->msg);
      failed = 1;
    }
    tcx_paginator_close(pages);
    return;
  }
  for (const tcx_value_t *o = tcx_value_first(page, "Contents"); o != NULL; o = tcx_value_next(o))
    printf("%12" PRId64 "  %s  %s\n", tcx_value_int(o, "Size", 0), tcx_value_str(o, "LastModified"),
           tcx_value_str(o, "Key"));
  if (tcx_paginator_next(pages, on_page) != 0) {
    failed = 1;
    tcx_paginator_close(pages);
  }
}

int main(int argc, char **argv) {
  tcx_session_t *session;
  tcx_client_t *s3;
  tcx_paginator_t *pages;
  if (argc < 2) {
    fprintf(stderr, "usage: list_bucket BUCKET [PREFIX]\n");
    return 2;
  }
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", NULL, &s3) != 0)
    return 1;
  /* A NULL %s leaves its member out. */
  tcx_value_t *params = tcx_params("{Bucket: %s, Prefix: %s}", argv[1], argc > 2 ? argv[2] : NULL);
  if (tcx_client_paginate(s3, "list_objects_v2", params, NULL, NULL, &pages) != 0 ||
      tcx_paginator_next(pages, on_page) != 0)
    return 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT); /* returns when no call is under way */
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return uv_loop_close(uv_default_loop()) == 0 ? failed : 1;
}
