#include "tool.h"
#include <tucuxi/presign.h>

#define EXPIRES_MAX 604800

static void on_signed(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = tcx_call_data(call);
  if (error != NULL) {
    tool_fail(tool, error);
    return;
  }
  if (tool->args.json)
    print_json(response);
  else
    puts(tcx_value_str(response, "Url"));
  tool_end(tool, 0);
}

/* A form is its URL and its fields: always JSON. */
static void on_form(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = tcx_call_data(call);
  if (error != NULL)
    tool_fail(tool, error);
  else
    tool_end(tool, print_json(response) ? 0 : EXIT_OTHER);
}

static const char *operation_of(const char *method) {
  static const char *const table[][2] = {{"get", "get_object"},
                                         {"put", "put_object"},
                                         {"head", "head_object"},
                                         {"delete", "delete_object"},
                                         {"post", ""}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(method != NULL ? method : "get", table[i][0]) == 0)
      return table[i][1];
  return NULL;
}

void cmd_presign(struct tool *tool) {
  struct uri uri;
  const char *operation = operation_of(tool->args.method);
  tcx_client_t *s3 = tool_s3(tool);
  if (s3 == NULL)
    return;
  if (operation == NULL) {
    tool_usage(tool, "no URL can be made for %s: get, put, head, delete or post",
               tool->args.method);
    return;
  }
  if (!uri_parse(tool->args.words[0], &uri)) {
    tool_usage(tool, "%s is no s3://BUCKET/KEY", tool->args.words[0]);
    return;
  }
  unsigned expires_s = tool->args.expires_s;
  const char *wrong = uri.key[0] == '\0'        ? "a URL is for an object: s3://BUCKET/KEY"
                      : expires_s > EXPIRES_MAX ? "--expires-in is 604800 (7 days) at most"
                                                : NULL;
  if (wrong != NULL) {
    uri_free(&uri);
    tool_usage(tool, "%s", wrong);
    return;
  }
  int err =
      operation[0] == '\0'
          ? tcx_client_presign_post(s3, uri.bucket, uri.key, NULL, NULL, expires_s, on_form, tool)
          : tcx_client_presign(s3, operation,
                               tcx_params("{Bucket: %s, Key: %s}", uri.bucket, uri.key), expires_s,
                               on_signed, tool);
  uri_free(&uri);
  tool_refused(tool, err);
}
