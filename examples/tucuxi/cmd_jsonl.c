/* cmd_jsonl.c - calls by the line (lines.c), answered as they complete. */
#include "tool.h"

/* Lines share a client when they agree in all that it is made of. */
struct cached {
  struct cached *next;
  char *key;
  tcx_client_t *client;
};

struct calls {
  struct lines lines;
  struct cached *clients;
}; /* lines first */
struct line {
  struct calls *all;
  char *id;
}; /* id: its JSON text */

static void free_calls(struct lines *lines) {
  struct calls *all = (struct calls *)lines;
  while (all->clients != NULL) {
    struct cached *c = all->clients;
    all->clients = c->next;
    tcx_free(c->key);
    free(c);
  }
  free(all);
}

/* ---- answers ---- */

static tcx_value_t *jsonl_error(const tcx_error_t *error) {
  tcx_value_t *v = tcx_params("{type: %s, code: null, message: %s, response: null}",
                              tcx_error_type_name(error), error->msg);
  if (error->code != NULL)
    tcx_value_set_str(v, "code", error->code);
  if (error->response != NULL)
    tcx_value_set(v, "response", tcx_value_copy(error->response));
  return v;
}

static void answer(const char *id, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_value_t *made = error != NULL ? jsonl_error(error) : NULL;
  char *json = NULL;
  if (tcx_value_to_json(error != NULL ? made : response, &json, NULL) == 0)
    printf("{\"id\":%s,\"%s\":%s}\n", id, error != NULL ? "error" : "response", json);
  else
    printf("{\"id\":%s,\"error\":{\"type\":\"MemoryError\",\"code\":null,\"message\":\"out of "
           "memory\",\"response\":null}}\n",
           id);
  tcx_free(json);
  tcx_value_free(made);
}

static void on_answer(void *data, const tcx_value_t *response, const tcx_error_t *error) {
  struct line *line = data;
  struct calls *all = line->all;
  if (!(error != NULL && error->status == TCX_ECANCELED))
    answer(line->id, response, error);
  tcx_free(line->id);
  free(line);
  lines_done(&all->lines);
}

static void on_event(void *data, const tcx_value_t *event) {
  struct line *line = data;
  char *json = NULL;
  if (tcx_value_to_json(event, &json, NULL) == 0)
    printf("{\"id\":%s,\"event\":%s}\n", line->id, json);
  if (json == NULL || !print_flush())
    tool_end(line->all->lines.tool, EXIT_OTHER);
  tcx_free(json);
}

/* ---- clients ---- */

/* The line's client options, as JSON. OWNED (tcx_free); NULL: out of memory. */
static char *client_key(const tcx_value_t *line) {
  static const char *const names[] = {"service", "region", "endpoint_url", "config"};
  tcx_value_t *options = tcx_value_new_map();
  char *key = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (tcx_value_get(line, names[i]) != NULL)
      tcx_value_set(options, names[i], tcx_value_copy(tcx_value_get(line, names[i])));
  int err = tcx_value_to_json(options, &key, NULL);
  tcx_value_free(options);
  return err == 0 ? key : NULL;
}

static tcx_client_t *new_client(struct calls *all, const tcx_value_t *line) {
  const tcx_value_t *config = tcx_value_get(line, "config");
  return tool_client(all->lines.tool, tcx_value_str(line, "service"), tcx_value_str(line, "region"),
                     tcx_value_str(line, "endpoint_url"),
                     config != NULL ? tcx_value_copy(config) : NULL);
}

static tcx_client_t *client_for(struct calls *all, const tcx_value_t *line) {
  struct cached *c = all->clients;
  char *key = client_key(line);
  while (c != NULL && key != NULL && strcmp(c->key, key) != 0)
    c = c->next;
  if (c == NULL && key != NULL && (c = calloc(1, sizeof *c)) != NULL) {
    *c = (struct cached){all->clients, key, new_client(all, line)};
    all->clients = c;
    return c->client;
  }
  tcx_free(key);
  return c != NULL ? c->client : NULL;
}

/* ---- lines ---- */

static void refuse(const char *id, const char *msg) {
  tcx_error_t error = {.status = TCX_EPARAM, .msg = msg, .operation = ""};
  answer(id, NULL, &error);
}

/* "delay_ms": 0 is no delay, as in botocore; what is absent is the waiter's own. */
static tcx_wait_options_t wait_options(const tcx_value_t *v) {
  int64_t delay = tcx_value_int(v, "delay_ms", -1), most = tcx_value_int(v, "max_attempts", 0);
  return (tcx_wait_options_t){.delay_ms = delay == 0                       ? TCX_NEVER
                                          : delay > 0 && delay < TCX_NEVER ? (unsigned)delay
                                                                           : 0,
                              .max_attempts = most > 0 && most < TCX_NEVER ? (unsigned)most : 0};
}

static void start_line(struct lines *lines, const tcx_value_t *v, char *id) {
  struct calls *all = (struct calls *)lines;
  const char *service = tcx_value_str(v, "service"), *waiter = tcx_value_str(v, "wait");
  const char *operation = waiter != NULL ? waiter : tcx_value_str(v, "operation");
  const tcx_wait_options_t wait = wait_options(v);
  const tcx_value_t *params = tcx_value_get(v, "params");
  if (service == NULL || operation == NULL) {
    refuse(id, "a line needs \"service\", and \"operation\" or \"wait\"");
    tcx_free(id);
    return;
  }
  tcx_client_t *client = client_for(all, v);
  struct line *line = client != NULL ? malloc(sizeof *line) : NULL;
  if (line == NULL) {
    refuse(id, "out of memory");
    tcx_free(id);
    return;
  }
  *line = (struct line){all, id};
  lines->running++;
  one_call(lines->tool, client,
           &(struct one_call){operation, params != NULL ? tcx_value_copy(params) : NULL,
                              tcx_value_str(v, "output"),
                              tcx_value_bool(v, "dry_run", lines->tool->args.dry_run),
                              waiter != NULL ? &wait : NULL, on_event},
           on_answer, line);
}

void cmd_jsonl(struct tool *tool) {
  struct calls *all = calloc(1, sizeof *all);
  if (all == NULL) {
    tool_end(tool, EXIT_OTHER);
    return;
  }
  all->lines.take = start_line;
  all->lines.refuse = refuse;
  all->lines.free = free_calls;
  lines_begin(&all->lines, tool);
}
