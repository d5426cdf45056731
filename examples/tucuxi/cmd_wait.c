/* cmd_wait.c - waits until something is in the state that a waiter is named after. */
#include "tool.h"

static void on_answer(void *data, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = data;
  if (error != NULL)
    tool_fail(tool, error);
  else
    tool_end(tool, !tool->args.json || print_json(response) ? 0 : EXIT_OTHER);
}

void cmd_wait(struct tool *tool) {
  const struct args *args = &tool->args;
  const tcx_wait_options_t wait = {
      .delay_ms = args->delay_s < TCX_NEVER / 1000 ? args->delay_s * 1000 : TCX_NEVER - 1,
      .max_attempts = args->max_attempts};
  tcx_value_t *params = NULL;
  if (!params_read(tool, args->n_words > 2 ? args->words[2] : NULL, &params))
    return;
  tcx_client_t *client = tool_client(tool, args->words[0], NULL, NULL, NULL);
  if (client == NULL)
    tcx_value_free(params);
  else
    one_call(tool, client,
             &(struct one_call){.operation = args->words[1], .params = params, .wait = &wait},
             on_answer, tool);
}
