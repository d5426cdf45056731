/* cmd_call.c - one API call from the command line. */
#include "tool.h"
#include <errno.h>

/* The whole of a file or of stdin; malloc. */
static char *read_all(FILE *in, size_t *n) {
  size_t cap = 65536;
  char *text = malloc(cap);
  *n = 0;
  while (text != NULL) {
    *n += fread(text + *n, 1, cap - *n, in);
    if (*n < cap)
      break;
    char *bigger = realloc(text, cap *= 2);
    if (bigger == NULL)
      free(text);
    text = bigger;
  }
  if (text != NULL && ferror(in)) {
    free(text);
    text = NULL;
  }
  return text;
}

static tcx_value_t *params_of(const char *word, const char **problem) {
  size_t n = 0;
  if (word == NULL)
    return NULL;
  if (word[0] != '@' && strcmp(word, "-") != 0)
    return tcx_value_from_json(word, strlen(word));
  FILE *in = word[0] == '@' ? fopen(word + 1, "rb") : stdin;
  char *text = in != NULL ? read_all(in, &n) : NULL;
  if (text == NULL)
    *problem = strerror(errno);
  if (in != NULL && in != stdin)
    fclose(in);
  tcx_value_t *params = text != NULL ? tcx_value_from_json(text, n) : NULL;
  free(text);
  return params;
}

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
  const char *problem = NULL;
  if (args->jsonl) {
    cmd_jsonl(tool);
    return;
  }
  tcx_value_t *params = params_of(args->n_words > 2 ? args->words[2] : NULL, &problem);
  if (problem != NULL) {
    tool_usage(tool, "cannot read %s: %s", args->words[2], problem);
    return;
  }
  tcx_client_t *client = tool_client(tool, args->words[0], NULL, NULL, NULL);
  if (client == NULL)
    tcx_value_free(params);
  else
    one_call(tool, client, &(struct one_call){args->words[1], params, args->output, args->dry_run, on_event}, on_answer, tool);
}
