#include "tool.h"

static void print_member(const tcx_value_t *v) {
  char *json = NULL;
  const char *text = tcx_value_str(v, NULL);
  if (text == NULL && tcx_value_to_json(v, &json, NULL) == 0)
    text = json;
  printf("%-20s %s\n", tcx_value_name(v), text != NULL ? text : "");
  tcx_free(json);
}

static void on_head(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = tcx_call_data(call);
  if (error != NULL) {
    tool_fail(tool, error);
    return;
  }
  if (tool->args.json)
    print_json(response);
  for (const tcx_value_t *v = tcx_value_first(response, NULL); v != NULL && !tool->args.json;
       v = tcx_value_next(v))
    if (strcmp(tcx_value_name(v), "ResponseMetadata") != 0)
      print_member(v);
  tool_end(tool, 0);
}

void cmd_head(struct tool *tool) {
  struct uri uri;
  tcx_client_t *s3 = tool_s3(tool);
  if (s3 == NULL)
    return;
  if (!uri_parse(tool->args.words[0], &uri)) {
    tool_usage(tool, "%s is no s3://BUCKET[/KEY]", tool->args.words[0]);
    return;
  }
  bool bucket = uri.key[0] == '\0';
  tcx_value_t *params = tcx_params("{Bucket: %s}", uri.bucket);
  tcx_value_set_str(params, "Key", bucket ? NULL : uri.key);
  uri_free(&uri);
  tool_refused(tool,
               tcx_client_call(s3, bucket ? "head_bucket" : "head_object", params, on_head, tool));
}
