/*
 * cmd_call.c - one API call from the command line. With --query, --output json, text or table, or
 * an option of paging it does as the AWS CLI does: an operation that comes in pages gives all of
 * them in one, and what is printed is output.c's. Else it is one call, and its response whole.
 */
#include "tool.h"
#include <tucuxi/model.h>

struct call {
  struct tool *tool;
  tcx_value_t *about; /* the operation, described; NULL: one call as it is */
  bool printed;       /* a page, so that the next is not the first */
};

/* The code counts where nothing has ended the run before. */
static void end(struct call *call, int exit_code) {
  tool_end(call->tool, exit_code);
  tcx_value_free(call->about);
  free(call);
}

static void on_answer(void *data, const tcx_value_t *response, const tcx_error_t *error) {
  struct call *call = data;
  if (error != NULL) {
    tool_fail(call->tool, error);
    end(call, 0);
  } else if (call->about == NULL) {
    end(call, print_json(response) ? 0 : EXIT_OTHER);
  } else {
    end(call, output_answer(call->tool, tcx_value_str(call->about, "name"), response));
  }
}

/* A line each, as they come; the response is the last line. */
static void on_event(void *data, const tcx_value_t *event) {
  struct call *call = data;
  if (!print_json(event) || !print_flush())
    tool_end(call->tool, EXIT_OTHER);
}

/* ---- pages as text, each as it comes ---- */

static void take(tcx_value_t *to, const tcx_value_t *keys, const tcx_value_t *page) {
  for (const tcx_value_t *key = tcx_value_first(keys, NULL); key != NULL;
       key = tcx_value_next(key)) {
    tcx_value_t *found = NULL;
    if (tcx_value_search(page, tcx_value_str(key, NULL), &found) != 0)
      tcx_value_set_null(found, NULL);
    tcx_value_set(to, tcx_value_str(key, NULL), found);
  }
}

static void on_page(void *data, const tcx_value_t *page) {
  struct call *call = data;
  tcx_value_t *results = tcx_value_new_map();
  if (!call->printed)
    take(results, tcx_value_get(call->about, "pagination.non_aggregate_keys"), page);
  call->printed = true;
  take(results, tcx_value_get(call->about, "pagination.result_key"), page);
  int code = output_answer(call->tool, NULL, results);
  tcx_value_free(results);
  if (code != 0 || !print_flush())
    tool_end(call->tool, EXIT_OTHER);
}

static void on_last_page(void *data, const tcx_value_t *rest, const tcx_error_t *error) {
  struct call *call = data;
  const char *token = tcx_value_str(rest, "NextToken");
  if (error != NULL || token == NULL) {
    if (error != NULL)
      tool_fail(call->tool, error);
    end(call, 0);
    return;
  }
  tcx_value_t *shown = tcx_params("{NextToken: {NextToken: %s}}", token);
  end(call, output_answer(call->tool, NULL, shown));
  tcx_value_free(shown);
}

/* ---- starting ---- */

static bool pages_asked(const struct args *args) {
  return args->paginate || args->max_items > 0 || args->page_size > 0 ||
         args->starting_token != NULL;
}

/* Params that name a page, or its size, stand for that page, as with the AWS CLI. */
static bool names_page(const tcx_value_t *about, const tcx_value_t *params) {
  const char *limit = tcx_value_str(about, "pagination.limit_key");
  for (const tcx_value_t *t = tcx_value_first(about, "pagination.input_token"); t != NULL;
       t = tcx_value_next(t))
    if (tcx_value_get(params, tcx_value_str(t, NULL)) != NULL)
      return true;
  return limit != NULL && tcx_value_get(params, limit) != NULL;
}

static void start(struct call *call, tcx_client_t *client, tcx_value_t *params) {
  struct tool *tool = call->tool;
  const struct args *args = &tool->args;
  bool by_page = args->print != NULL && strcmp(args->print, "text") == 0;
  bool in_pages =
      call->about != NULL && !args->no_paginate && !args->dry_run && args->output == NULL &&
      (pages_asked(args) ||
       (tcx_value_bool(call->about, "paginated", false) && !names_page(call->about, params)));
  if (!in_pages) {
    one_call(
        tool, client,
        &(struct one_call){args->words[1], params, args->output, args->dry_run, NULL, on_event},
        on_answer, call);
    return;
  }
  struct paged_call what = {.operation = args->words[1],
                            .params = params,
                            .options = {.page_size = args->page_size,
                                        .max_items = args->max_items,
                                        .starting_token = args->starting_token,
                                        .prefetch = true},
                            .page = by_page ? on_page : NULL};
  paged_call(tool, client, &what, by_page ? on_last_page : on_answer, call);
}

/* The operation, where the answer is shown as the AWS CLI does. What cannot be described cannot be
 * called: the call tells why. */
static tcx_value_t *describe(tcx_client_t *client, const struct args *args) {
  if (args->query == NULL && args->print == NULL && !pages_asked(args))
    return NULL;
  char *name = operation_name(args->words[1]);
  tcx_value_t *about = tcx_client_describe_operation(client, name != NULL ? name : "");
  if (tcx_value_bool(about, "paginated", false))
    tcx_value_set(about, "pagination", tcx_client_describe_pagination(client, name));
  free(name);
  return about;
}

/* Options that do not go together; NULL: they do. */
static const char *bad_options(const struct args *args) {
  if (args->no_paginate && pages_asked(args))
    return "--no-paginate does not go with --paginate, --max-items, --page-size and "
           "--starting-token";
  if (args->dry_run && pages_asked(args))
    return "--dry-run shows one request: it does not go with --paginate, --max-items, --page-size "
           "and --starting-token";
  if (args->jsonl && (args->query != NULL || args->print != NULL || pages_asked(args)))
    return "with --jsonl pages are asked for in a line, and answers are JSON";
  if (args->jsonl && args->output != NULL)
    return "with --jsonl each line has its own \"output\"";
  return NULL;
}

void cmd_call(struct tool *tool) {
  const struct args *args = &tool->args;
  const char *wrong = bad_options(args);
  tcx_value_t *params = NULL;
  if (wrong != NULL) {
    tool_usage(tool, "%s", wrong);
    return;
  }
  if (args->jsonl) {
    cmd_jsonl(tool);
    return;
  }
  if (!output_open(tool) || !params_read(tool, args->n_words > 2 ? args->words[2] : NULL, &params))
    return;
  tcx_client_t *client = tool_client(tool, args->words[0], NULL, NULL, NULL);
  struct call *call = client != NULL ? malloc(sizeof *call) : NULL;
  if (call == NULL) {
    tcx_value_free(params);
    tool_end(tool, EXIT_OTHER);
    return;
  }
  *call = (struct call){tool, describe(client, args), false};
  start(call, client, params);
}
