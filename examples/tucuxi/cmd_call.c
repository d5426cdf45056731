/* cmd_call.c - one API call from the command line. */
#include "tool.h"

static void on_answer(void *data, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = data;
  if (error != NULL) {
    tool_fail(tool, error);
    return;
  }
  tool_end(tool, print_json(response) ? 0 : EXIT_OTHER);
}

/* A line each, as they come; the response is the last line. */
static void on_event(void *data, const tcx_value_t *event) {
  struct tool *tool = data;
  if (!print_json(event) || !print_flush())
    tool_end(tool, EXIT_OTHER);
}

void cmd_call(struct tool *tool) {
  const struct args *args = &tool->args;
  if (args->jsonl) {
    cmd_jsonl(tool);
    return;
  }
  tcx_value_t *params = NULL;
  if (!params_read(tool, args->n_words > 2 ? args->words[2] : NULL, &params))
    return;
  tcx_client_t *client = tool_client(tool, args->words[0], NULL, NULL, NULL);
  if (client == NULL)
    tcx_value_free(params);
  else
    one_call(
        tool, client,
        &(struct one_call){args->words[1], params, args->output, args->dry_run, NULL, on_event},
        on_answer, tool);
}
