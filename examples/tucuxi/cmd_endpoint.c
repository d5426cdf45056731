/* cmd_endpoint.c - where a call would go: a service's endpoint rule set, asked with parameters of
 * its own names. */
#include "tool.h"
#include <tucuxi/model.h>

/* The endpoint, or {"error": text}: OWNED. exit_code is what a run with this answer ends with. */
static tcx_value_t *ask(struct tool *tool, const char *service, tcx_value_t *params,
                        int *exit_code) {
  tcx_value_t *v = tcx_session_resolve_endpoint(tool->session, service, params);
  int status = tcx_value_status(v);
  const char *problem = tcx_value_problem(v);
  *exit_code = status == 0 ? 0 : exit_code_of(&(tcx_error_t){.status = status});
  if (status == 0)
    return v;
  tcx_value_t *error = tcx_params("{error: %s}", problem != NULL ? problem : tcx_strerror(status));
  tcx_value_free(v);
  return error;
}

/* ---- by the line ---- */

static void refuse(const char *id, const char *msg) {
  tcx_value_t *text = tcx_value_new_str(msg);
  char *json = NULL;
  if (tcx_value_to_json(text, &json, NULL) == 0)
    printf("{\"id\":%s,\"error\":%s}\n", id, json);
  tcx_free(json);
  tcx_value_free(text);
}

static void take(struct lines *all, const tcx_value_t *line, char *id) {
  const char *service = tcx_value_str(line, "service");
  const tcx_value_t *params = tcx_value_get(line, "params");
  int exit_code = 0;
  if (service == NULL) {
    refuse(id, "a line needs \"service\"");
    tcx_free(id);
    return;
  }
  tcx_value_t *answer =
      ask(all->tool, service, params != NULL ? tcx_value_copy(params) : NULL, &exit_code);
  char *json = NULL;
  if (tcx_value_to_json(answer, &json, NULL) == 0)
    printf("{\"id\":%s,%s\n", id, json + 1); /* an object that is not empty */
  else
    refuse(id, "out of memory");
  tcx_free(json);
  tcx_free(id);
  tcx_value_free(answer);
}

static void free_lines(struct lines *all) { free(all); }

void cmd_endpoint(struct tool *tool) {
  const struct args *args = &tool->args;
  struct lines *all = args->jsonl ? calloc(1, sizeof *all) : NULL;
  tcx_value_t *params = NULL;
  int exit_code = 0;
  if (args->jsonl && all == NULL) {
    tool_end(tool, EXIT_OTHER);
  } else if (args->jsonl) {
    all->take = take;
    all->refuse = refuse;
    all->free = free_lines;
    lines_begin(all, tool);
  } else if (params_read(tool, args->n_words > 1 ? args->words[1] : NULL, &params)) {
    tcx_value_t *answer = ask(tool, args->words[0], params, &exit_code);
    tool_end(tool, print_json(answer) ? exit_code : EXIT_OTHER);
    tcx_value_free(answer);
  }
}
