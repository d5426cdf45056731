#include "tool.h"
#include <errno.h>

int exit_code_of(const tcx_error_t *error) {
  switch (error->status) {
  case TCX_ECLIENT:
    return EXIT_SERVICE;
  case TCX_EPARAM:
  case TCX_EOPNAME:
  case TCX_ESERVICE:
    return EXIT_USAGE;
  case TCX_ECREDS:
  case TCX_ECONFIG:
  case TCX_EENDPOINT:
    return EXIT_CONFIG;
  default:
    return EXIT_OTHER;
  }
}

tcx_value_t *error_value(const tcx_error_t *error) {
  tcx_value_t *v = tcx_value_new_map();
  tcx_value_set_str(v, "type", tcx_error_type_name(error));
  tcx_value_set_str(v, "message", error->msg);
  if (error->code != NULL)
    tcx_value_set_str(v, "Error.Code", error->code);
  else
    tcx_value_set_null(v, "Error.Code");
  tcx_value_set_str(v, "Error.Message",
                    error->error_message != NULL ? error->error_message : error->msg);
  if (error->shape != NULL)
    tcx_value_set_str(v, "shape", error->shape);
  if (error->http_status != 0)
    tcx_value_set_int(v, "HTTPStatusCode", error->http_status);
  else
    tcx_value_set_null(v, "HTTPStatusCode");
  if (error->operation != NULL)
    tcx_value_set_str(v, "operation", error->operation);
  if (error->request_id != NULL)
    tcx_value_set_str(v, "RequestId", error->request_id);
  return v;
}

void print_error(const struct tool *tool, const tcx_error_t *error) {
  char *json = NULL;
  if (tool->args.json || tool->command->run == cmd_call) {
    tcx_value_t *v = error_value(error);
    if (tcx_value_to_json(v, &json, NULL) == 0)
      fprintf(stderr, "%s\n", json);
    tcx_value_free(v);
  }
  if (json == NULL)
    fprintf(stderr, "tucuxi %s: %s\n", tool->command->name, error->msg);
  tcx_free(json);
}

bool print_json(const tcx_value_t *value) {
  char *json = NULL;
  size_t n = 0;
  if (tcx_value_to_json(value, &json, &n) != 0)
    return false;
  bool good = fwrite(json, 1, n, stdout) == n && putchar('\n') != EOF;
  tcx_free(json);
  return good;
}

bool print_flush(void) { return fflush(stdout) == 0 && !ferror(stdout); }

void print_stdout_error(const char *command) {
  if (errno != EPIPE && errno != EINTR)
    fprintf(stderr, "tucuxi%s%s: cannot write to stdout: %s\n", command[0] != '\0' ? " " : "",
            command, strerror(errno));
}

const char *size_text(char out[32], double bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t i = 0;
  for (; bytes >= 1024 && i + 1 < sizeof units / sizeof units[0]; i++)
    bytes /= 1024;
  snprintf(out, 32, i == 0 ? "%.0f %s" : "%.1f %s", bytes, units[i]);
  return out;
}
