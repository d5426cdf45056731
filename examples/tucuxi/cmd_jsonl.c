/* cmd_jsonl.c - calls by the line (lines.c), answered as they complete. */
#include "tool.h"
#include <limits.h>

#define CLIENTS_MAX 256 /* more only while they all have calls under way */

/* Lines share a client when they agree in all that it is made of. */
struct cached {
  struct cached *next;
  char *key;
  tcx_client_t *client;
  unsigned running; /* lines that are not answered */
};

struct calls {
  struct lines lines;
  struct cached *clients; /* the one that was used last is the first */
  unsigned n_clients;
}; /* lines first */
struct line {
  struct calls *all;
  struct cached *client;
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
  line->client->running--;
  if (!(error != NULL && error->status == TCX_ECANCELED))
    answer(line->id, response, error);
  tcx_free(line->id);
  free(line);
  lines_done(&all->lines);
}

/* A part of the answer, which comes before it. */
static void print_part(struct line *line, const char *name, const tcx_value_t *part) {
  char *json = NULL;
  if (tcx_value_to_json(part, &json, NULL) == 0)
    printf("{\"id\":%s,\"%s\":%s}\n", line->id, name, json);
  if (json == NULL || !print_flush())
    tool_end(line->all->lines.tool, EXIT_OTHER);
  tcx_free(json);
}

static void on_event(void *data, const tcx_value_t *event) { print_part(data, "event", event); }
static void on_page(void *data, const tcx_value_t *page) { print_part(data, "page", page); }

/* ---- clients ---- */

/* NULL where it is null, which is as good as none. */
static const tcx_value_t *member(const tcx_value_t *line, const char *name) {
  const tcx_value_t *v = tcx_value_get(line, name);
  return tcx_value_type(v, NULL) != TCX_NULL ? v : NULL;
}

/* The line's client options, as JSON. OWNED (tcx_free); NULL: out of memory. */
static char *client_key(const tcx_value_t *line) {
  static const char *const names[] = {"service", "region", "endpoint_url", "config"};
  tcx_value_t *options = tcx_value_new_map();
  char *key = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (member(line, names[i]) != NULL)
      tcx_value_set(options, names[i], tcx_value_copy(member(line, names[i])));
  int err = tcx_value_to_json(options, &key, NULL);
  tcx_value_free(options);
  return err == 0 ? key : NULL;
}

static tcx_client_t *new_client(struct calls *all, const tcx_value_t *line) {
  const tcx_value_t *config = member(line, "config");
  return tool_client(all->lines.tool, tcx_value_str(line, "service"), tcx_value_str(line, "region"),
                     tcx_value_str(line, "endpoint_url"),
                     config != NULL ? tcx_value_copy(config) : NULL);
}

static void drop_oldest(struct calls *all) {
  struct cached **oldest = NULL, *c;
  for (struct cached **at = &all->clients; *at != NULL; at = &(*at)->next)
    if ((*at)->running == 0)
      oldest = at;
  if (oldest == NULL)
    return;
  c = *oldest;
  *oldest = c->next;
  all->n_clients--;
  tcx_client_close(c->client, NULL);
  tcx_free(c->key);
  free(c);
}

/* The line's client; NULL: out of memory. */
static struct cached *client_for(struct calls *all, const tcx_value_t *line) {
  char *key = client_key(line);
  struct cached **at = &all->clients, *c;
  if (key == NULL)
    return NULL;
  while (*at != NULL && strcmp((*at)->key, key) != 0)
    at = &(*at)->next;
  if ((c = *at) != NULL) {
    *at = c->next;
    tcx_free(key);
  } else {
    if (all->n_clients >= CLIENTS_MAX)
      drop_oldest(all);
    tcx_client_t *client = new_client(all, line);
    c = client != NULL ? malloc(sizeof *c) : NULL;
    if (c == NULL) {
      tcx_free(key);
      return NULL;
    }
    *c = (struct cached){.key = key, .client = client};
    all->n_clients++;
  }
  c->next = all->clients;
  all->clients = c;
  return c;
}

/* ---- lines ---- */

static void refuse(const char *id, const char *msg) {
  tcx_error_t error = {.status = TCX_EPARAM, .msg = msg, .operation = ""};
  answer(id, NULL, &error);
}

/* What a line may have; params, config and paginate are looked at where they are used. */
static const struct {
  const char *name;
  tcx_type_t type; /* TCX_ABSENT: any */
  const char *must;
} members[] = {{"id", TCX_ABSENT, NULL},
               {"service", TCX_STRING, "a string"},
               {"operation", TCX_STRING, "a string"},
               {"params", TCX_ABSENT, NULL},
               {"region", TCX_STRING, "a string"},
               {"endpoint_url", TCX_STRING, "a string"},
               {"output", TCX_STRING, "a string"},
               {"config", TCX_ABSENT, NULL},
               {"dry_run", TCX_BOOL, "true or false"},
               {"paginate", TCX_ABSENT, NULL},
               {"wait", TCX_STRING, "a string"},
               {"delay_ms", TCX_INT, "a whole number"},
               {"max_attempts", TCX_INT, "a whole number"}};
#define MEMBERS (sizeof members / sizeof members[0])

/* NULL, or what is wrong with a member. */
static const char *bad_member(const tcx_value_t *v, char *msg, size_t size) {
  const char *name = tcx_value_name(v), *text = tcx_value_str(v, NULL);
  tcx_type_t type = tcx_value_type(v, NULL);
  size_t i = 0;
  while (i < MEMBERS && strcmp(members[i].name, name) != 0)
    i++;
  if (i == MEMBERS)
    snprintf(msg, size, "unknown member \"%.100s\" of a line", name);
  else if (type == TCX_NULL || members[i].type == TCX_ABSENT)
    return NULL;
  else if (type != members[i].type)
    snprintf(msg, size, "\"%s\" is %s", name, members[i].must);
  else if (text != NULL && strlen(text) != tcx_value_len(v, NULL))
    snprintf(msg, size, "\"%s\" has a NUL in it", name);
  else if (type == TCX_INT &&
           (tcx_value_int(v, NULL, -1) < 0 || tcx_value_int(v, NULL, 0) >= TCX_NEVER))
    snprintf(msg, size, "\"%s\" is out of its range", name);
  else
    return NULL;
  return msg;
}

/* "delay_ms": 0 is no delay, as in botocore; what is absent is the waiter's own. */
static tcx_wait_options_t wait_options(const tcx_value_t *v) {
  int64_t delay = tcx_value_int(v, "delay_ms", -1);
  return (tcx_wait_options_t){.delay_ms = delay == 0  ? TCX_NEVER
                                          : delay > 0 ? (unsigned)delay
                                                      : 0,
                              .max_attempts = (unsigned)tcx_value_int(v, "max_attempts", 0)};
}

/* What a line says of its pages: {"max_items", "page_size", "starting_token", "pages"}, pages true:
 * each by itself. NULL, or what is wrong with it. */
static const char *read_paginate(const tcx_value_t *p, struct paged_call *what) {
  if (tcx_value_type(p, NULL) != TCX_MAP)
    return "\"paginate\" is an object";
  for (const tcx_value_t *v = tcx_value_first(p, NULL); v != NULL; v = tcx_value_next(v)) {
    const char *name = tcx_value_name(v);
    int64_t n = tcx_value_int(v, NULL, 0);
    if (strcmp(name, "max_items") == 0 && n > 0)
      what->options.max_items = (uint64_t)n;
    else if (strcmp(name, "page_size") == 0 && n > 0 && n <= INT_MAX)
      what->options.page_size = (unsigned)n;
    else if (strcmp(name, "starting_token") == 0 && tcx_value_type(v, NULL) == TCX_STRING)
      what->options.starting_token = tcx_value_str(v, NULL);
    else if (strcmp(name, "pages") == 0 && tcx_value_type(v, NULL) == TCX_BOOL)
      what->page = tcx_value_bool(v, NULL, false) ? on_page : NULL;
    else
      return "\"paginate\" has max_items and page_size (above 0), starting_token (a string) and "
             "pages (true or false)";
  }
  return NULL;
}

static struct line *new_line(struct calls *all, struct cached *client, char *id) {
  struct line *line = client != NULL ? malloc(sizeof *line) : NULL;
  if (line != NULL) {
    *line = (struct line){all, client, id};
    client->running++;
    all->lines.running++;
  }
  return line;
}

/* NULL, or why the line cannot be started. */
static const char *bad_line(const tcx_value_t *v, bool dry_run, char *msg, size_t size) {
  const bool operation = tcx_value_str(v, "operation") != NULL,
             waiter = tcx_value_str(v, "wait") != NULL, pages = member(v, "paginate") != NULL;
  for (const tcx_value_t *m = tcx_value_first(v, NULL); m != NULL; m = tcx_value_next(m))
    if (bad_member(m, msg, size) != NULL)
      return msg;
  if (tcx_value_str(v, "service") == NULL || operation == waiter)
    return "a line needs \"service\", and \"operation\" or \"wait\"";
  if (waiter && pages)
    return "a line has \"wait\" or \"paginate\"";
  if (dry_run && (waiter || pages))
    return "a dry run shows one request: it does not go with \"wait\" and \"paginate\"";
  return NULL;
}

/* NULL: it was started; else why not, and id is still the caller's. */
static const char *start_line(struct calls *all, const tcx_value_t *v, char *id, bool dry_run) {
  struct tool *tool = all->lines.tool;
  const tcx_value_t *params = member(v, "params"), *paginate = member(v, "paginate");
  const char *waiter = tcx_value_str(v, "wait");
  const tcx_wait_options_t wait = wait_options(v);
  struct paged_call pages = {.operation = waiter != NULL ? waiter : tcx_value_str(v, "operation")};
  const char *wrong = paginate != NULL ? read_paginate(paginate, &pages) : NULL;
  if (wrong != NULL)
    return wrong;
  struct cached *cached = client_for(all, v);
  struct line *line = new_line(all, cached, id);
  if (line == NULL)
    return "out of memory";
  pages.params = params != NULL ? tcx_value_copy(params) : NULL;
  struct one_call one = {pages.operation,
                         pages.params,
                         tcx_value_str(v, "output"),
                         dry_run,
                         waiter != NULL ? &wait : NULL,
                         on_event};
  if (paginate != NULL)
    paged_call(tool, cached->client, &pages, on_answer, line);
  else
    one_call(tool, cached->client, &one, on_answer, line);
  return NULL;
}

static void take(struct lines *lines, const tcx_value_t *v, char *id) {
  bool dry_run = tcx_value_bool(v, "dry_run", lines->tool->args.dry_run);
  char msg[256];
  const char *wrong = bad_line(v, dry_run, msg, sizeof msg);
  if (wrong == NULL)
    wrong = start_line((struct calls *)lines, v, id, dry_run);
  if (wrong == NULL)
    return;
  refuse(id, wrong);
  tcx_free(id);
}

void cmd_jsonl(struct tool *tool) {
  struct calls *all = calloc(1, sizeof *all);
  if (all == NULL) {
    tool_end(tool, EXIT_OTHER);
    return;
  }
  all->lines.take = take;
  all->lines.refuse = refuse;
  all->lines.free = free_calls;
  lines_begin(&all->lines, tool);
}
