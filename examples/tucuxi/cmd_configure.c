/* cmd_configure.c - configure: what the configuration is. */
#include "tool.h"
#include <tucuxi/model.h>

static void print_row(const tcx_value_t *row) {
  char *json = NULL;
  const tcx_value_t *value = tcx_value_get(row, "value");
  const char *text = tcx_value_str(row, "value"), *source = tcx_value_str(row, "source"), *where = tcx_value_str(row, "where");
  if (text == NULL && tcx_value_type(row, "value") != TCX_NULL && tcx_value_to_json(value, &json, NULL) == 0)
    text = json;
  printf("%-46s %-28s %-24s %s\n", tcx_value_str(row, "name"), text != NULL ? text : "-", source != NULL ? source : "-", where != NULL ? where : "");
  tcx_free(json);
}

static void list(struct tool *tool) {
  tcx_value_t *rows = tcx_session_describe_config(tool->session);
  if (tcx_value_status(rows) != 0) {
    tool_fail(tool, &(tcx_error_t){.status = tcx_value_status(rows), .msg = tcx_value_problem(rows)});
  } else if (tool->args.json) {
    tool_end(tool, print_json(rows) ? 0 : EXIT_OTHER);
  } else {
    for (size_t i = 0; i < tcx_value_len(rows, NULL); i++)
      print_row(tcx_value_at(rows, i));
    tool_end(tool, 0);
  }
  tcx_value_free(rows);
}

void cmd_configure(struct tool *tool) {
  if (strcmp(tool->args.words[0], "list") == 0)
    list(tool);
  else
    tool_usage(tool, "unknown command %s", tool->args.words[0]);
}
