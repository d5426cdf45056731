/*
 * cmd_jsonl.c - calls by the line: read while fewer than --concurrency run, answered as they complete.
 *
 *   reading (a piece of stdin is on its way, from libuv's pool) -> lines start calls -> full: no line is taken until one completes -> end of input, last answer -> over
 */
#include "tool.h"
#include <unistd.h>

#define PIECE 65536
#define LINE_MAX_BYTES ((size_t)64 << 20)

/* Lines share a client when they agree in all that it is made of. */
struct cached { struct cached *next; char *key; tcx_client_t *client; };

struct lines {
  struct tool *tool;
  uv_fs_t req;
  char *text;                    /* what was read and not yet taken: [at, len) of cap */
  size_t at, len, cap;
  bool reading, ended, taking;
  unsigned running, limit;
  struct cached *clients;
};

struct line { struct lines *all; char *id; };   /* id: its JSON text */

static void go_on(struct lines *all);

static void end(struct lines *all, int code) {
  struct tool *tool = all->tool;
  while (all->clients != NULL) {
    struct cached *c = all->clients;
    all->clients = c->next;
    tcx_free(c->key);
    free(c);
  }
  free(all->text);
  if (!all->reading)
    free(all);
  tool_end(tool, code);
}

/* ---- answers ---- */

static tcx_value_t *jsonl_error(const tcx_error_t *error) {
  tcx_value_t *v = tcx_params("{type: %s, code: null, message: %s, response: null}", tcx_error_type_name(error), error->msg);
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
    printf("{\"id\":%s,\"error\":{\"type\":\"MemoryError\",\"code\":null,\"message\":\"out of memory\",\"response\":null}}\n", id);
  tcx_free(json);
  tcx_value_free(made);
}

static void on_answer(void *data, const tcx_value_t *response, const tcx_error_t *error) {
  struct line *line = data;
  struct lines *all = line->all;
  if (!(error != NULL && error->status == TCX_ECANCELED))
    answer(line->id, response, error);
  tcx_free(line->id);
  free(line);
  all->running--;
  if (all->tool->ending)
    return;
  if (!print_flush())
    tool_end(all->tool, EXIT_OTHER);
  else
    go_on(all);
}

static void on_event(void *data, const tcx_value_t *event) {
  struct line *line = data;
  char *json = NULL;
  if (tcx_value_to_json(event, &json, NULL) == 0)
    printf("{\"id\":%s,\"event\":%s}\n", line->id, json);
  if (json == NULL || !print_flush())
    tool_end(line->all->tool, EXIT_OTHER);
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

static tcx_client_t *new_client(struct lines *all, const tcx_value_t *line) {
  const tcx_value_t *config = tcx_value_get(line, "config");
  return tool_client(all->tool, tcx_value_str(line, "service"), tcx_value_str(line, "region"), tcx_value_str(line, "endpoint_url"),
                     config != NULL ? tcx_value_copy(config) : NULL);
}

static tcx_client_t *client_for(struct lines *all, const tcx_value_t *line) {
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

static void start_line(struct lines *all, const tcx_value_t *v, char *id) {
  const char *service = tcx_value_str(v, "service"), *operation = tcx_value_str(v, "operation");
  const tcx_value_t *params = tcx_value_get(v, "params");
  if (service == NULL || operation == NULL) {
    refuse(id, "a line needs \"service\" and \"operation\"");
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
  all->running++;
  one_call(all->tool, client,
           &(struct one_call){operation, params != NULL ? tcx_value_copy(params) : NULL, tcx_value_str(v, "output"),
                              tcx_value_bool(v, "dry_run", all->tool->args.dry_run), on_event},
           on_answer, line);
}

static void take_line(struct lines *all, const char *p, size_t n) {
  while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == ' ' || p[n - 1] == '\t'))
    n--;
  if (n == 0)
    return;
  tcx_value_t *v = tcx_value_from_json(p, n);
  char *id = NULL;
  const tcx_value_t *given = tcx_value_get(v, "id");
  if (tcx_value_status(v) != 0)
    refuse("null", tcx_value_problem(v));
  else if (tcx_value_type(v, NULL) != TCX_MAP)
    refuse("null", "a line is a JSON object");
  else if ((given != NULL ? tcx_value_to_json(given, &id, NULL) : tcx_value_to_json(tcx_value_get(v, "id"), &id, NULL)) == 0)
    start_line(all, v, id);
  tcx_value_free(v);
}

/* Takes the lines that may start. True when more input is wanted. */
static bool take_lines(struct lines *all) {
  while (all->running < all->limit && !all->tool->ending) {
    char *from = all->text + all->at, *newline = all->len > all->at ? memchr(from, '\n', all->len - all->at) : NULL;
    if (newline == NULL && !all->ended)
      return true;
    size_t n = newline != NULL ? (size_t)(newline - from) : all->len - all->at;
    if (newline == NULL && n == 0)
      return false;
    all->at += n + (newline != NULL);
    take_line(all, from, n);
  }
  return false;
}

/* ---- input ---- */

static void on_read(uv_fs_t *req) {
  struct lines *all = req->data;
  ssize_t n = req->result;
  uv_fs_req_cleanup(req);
  all->reading = false;
  if (n <= 0)
    all->ended = true;
  else
    all->len += (size_t)n;
  if (!all->tool->ending)
    go_on(all);
}

/* Makes room for another piece behind what is left. */
static bool make_room(struct lines *all) {
  if (all->at > 0) {
    memmove(all->text, all->text + all->at, all->len - all->at);
    all->len -= all->at;
    all->at = 0;
  }
  if (all->cap - all->len >= PIECE)
    return true;
  size_t cap = all->cap * 2 > all->len + PIECE ? all->cap * 2 : all->len + PIECE;
  char *bigger = cap <= LINE_MAX_BYTES ? realloc(all->text, cap) : NULL;
  if (bigger == NULL)
    return false;
  all->text = bigger;
  all->cap = cap;
  return true;
}

static void go_on(struct lines *all) {
  if (all->taking)
    return;
  all->taking = true;
  bool wanted = take_lines(all);
  all->taking = false;
  if (all->tool->ending || all->reading)
    return;
  if (wanted) {
    uv_buf_t buf;
    int err = make_room(all) ? 0 : UV_ENOMEM;
    if (err == 0) {
      buf = uv_buf_init(all->text + all->len, PIECE);
      all->req.data = all;
      err = uv_fs_read(&all->tool->loop, &all->req, STDIN_FILENO, &buf, 1, -1, on_read);
    }
    all->reading = err == 0;
    if (tool_refused(all->tool, err))
      return;
  } else if (all->ended && all->running == 0 && all->at == all->len) {
    print_flush();
    end(all, 0);
  }
}

void cmd_jsonl(struct tool *tool) {
  struct lines *all = calloc(1, sizeof *all);
  if (all == NULL) {
    tool_end(tool, EXIT_OTHER);
    return;
  }
  all->tool = tool;
  all->limit = tool->args.concurrency > 0 ? tool->args.concurrency : 64;
  tool->args.concurrency = all->limit;
  go_on(all);
}
