/* cmd_mb.c - mb and rb: buckets come and go. */
#include "tool.h"

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = tcx_call_data(call);
  if (error != NULL) {
    tool_fail(tool, error);
    return;
  }
  if (tool->args.json)
    print_json(response);
  tool_end(tool, 0);
}

/* The bucket that the argument names, and no key; else the run ends. */
static bool bucket_argument(struct tool *tool, struct uri *uri) {
  if (!uri_parse(tool->args.words[0], uri)) {
    tool_usage(tool, "%s is no s3://BUCKET", tool->args.words[0]);
    return false;
  }
  if (uri->key[0] == '\0')
    return true;
  tool_usage(tool, "%s names more than a bucket", tool->args.words[0]);
  uri_free(uri);
  return false;
}

void cmd_mb(struct tool *tool) {
  struct uri uri;
  tcx_client_t *s3 = tool_s3(tool);
  if (s3 == NULL || !bucket_argument(tool, &uri))
    return;
  const char *region = tcx_client_region(s3);
  tcx_value_t *params = tcx_params("{Bucket: %s}", uri.bucket);
  if (region != NULL && strcmp(region, "us-east-1") != 0)
    tcx_value_set_str(params, "CreateBucketConfiguration.LocationConstraint", region);
  uri_free(&uri);
  tool_refused(tool, tcx_client_call(s3, "create_bucket", params, on_done, tool));
}

static void remove_bucket(struct tool *tool) {
  struct uri uri;
  tcx_client_t *s3 = tool_s3(tool);
  if (s3 == NULL || !bucket_argument(tool, &uri))
    return;
  tcx_value_t *params = tcx_params("{Bucket: %s}", uri.bucket);
  uri_free(&uri);
  tool_refused(tool, tcx_client_call(s3, "delete_bucket", params, on_done, tool));
}

static tcx_items_t *all_objects(struct tool *tool) {
  struct uri uri;
  if (!uri_parse(tool->args.words[0], &uri))
    return NULL;
  tcx_listing_options_t o = {.kind = TCX_ITEM_DELETE, .bucket = uri.bucket};
  tcx_items_t *items = tcx_items_listing(tool_s3(tool), &o);
  uri_free(&uri);
  return items;
}

void cmd_rb(struct tool *tool) {
  struct uri uri;
  if (!tool->args.force) {
    remove_bucket(tool);
    return;
  }
  if (!bucket_argument(tool, &uri))
    return;
  uri_free(&uri);
  bulk_run(tool, &(struct bulk_options){.make = all_objects, .then = remove_bucket});
}
