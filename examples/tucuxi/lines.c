/*
 * lines.c - JSON objects by the line from stdin, taken while fewer than --concurrency are under
 * way.
 *
 *   reading (a piece of stdin is on its way, from libuv's pool) -> lines are taken -> full: none is
 *     taken until one is done -> end of input, last one done -> over
 */
#include "tool.h"
#include <unistd.h>

#define PIECE          65536
#define LINE_MAX_BYTES ((size_t)64 << 20)
#define TOO_LONG       "a line is longer than 64 MiB"

static void go_on(struct lines *all);

/* The run is over: what it was made of goes once nobody is to come back to it. */
static void leave(struct lines *all) {
  if (all->taking || all->reading || all->running > 0)
    return;
  free(all->text);
  all->free(all);
}

static void take_line(struct lines *all, const char *p, size_t n) {
  while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == ' ' || p[n - 1] == '\t'))
    n--;
  if (n == 0)
    return;
  tcx_value_t *v = tcx_value_from_json(p, n);
  char *id = NULL;
  if (tcx_value_status(v) != 0)
    all->refuse("null", tcx_value_problem(v));
  else if (tcx_value_type(v, NULL) != TCX_MAP)
    all->refuse("null", "a line is a JSON object");
  else if (tcx_value_to_json(tcx_value_get(v, "id"), &id, NULL) != 0)
    all->refuse("null", "out of memory");
  else
    all->take(all, v, id);
  tcx_value_free(v);
}

/* Takes the lines that may start. True when more input is wanted. */
static bool take_lines(struct lines *all) {
  while (all->running < all->limit && !all->tool->ending) {
    size_t left = all->len - all->at;
    char *from = all->text + all->at,
         *newline = left > all->seen ? memchr(from + all->seen, '\n', left - all->seen) : NULL;
    if (newline == NULL && !all->ended) {
      all->seen = left;
      return true;
    }
    size_t n = newline != NULL ? (size_t)(newline - from) : left;
    if (newline == NULL && n == 0)
      return false;
    all->at += n + (newline != NULL);
    all->seen = 0;
    if (!all->too_long)
      take_line(all, from, n);
    all->too_long = false;
  }
  return false;
}

/* ---- input ---- */

static void on_read(uv_fs_t *req) {
  struct lines *all = req->data;
  ssize_t n = req->result;
  uv_fs_req_cleanup(req);
  all->reading = false;
  if (n > 0)
    all->len += (size_t)n;
  else
    all->ended = true;
  if (n < 0) { /* the lines before are answered */
    fprintf(stderr, "tucuxi %s: cannot read stdin: %s\n", all->tool->command->name,
            uv_strerror((int)n));
    all->exit_code = EXIT_OTHER;
  }
  go_on(all);
}

/* Makes room for another piece behind what is left; of a line that is too long nothing is kept.
 * False: out of memory. */
static bool make_room(struct lines *all) {
  if (all->at > 0) {
    memmove(all->text, all->text + all->at, all->len - all->at);
    all->len -= all->at;
    all->at = 0;
  }
  if (all->len > LINE_MAX_BYTES && !all->too_long) {
    all->refuse("null", TOO_LONG);
    all->too_long = true;
  }
  if (all->too_long)
    all->len = all->seen = 0;
  if (all->cap - all->len >= PIECE)
    return true;
  size_t cap = all->cap * 2 > all->len + PIECE ? all->cap * 2 : all->len + PIECE;
  char *bigger = realloc(all->text, cap);
  if (bigger == NULL)
    return false;
  all->text = bigger;
  all->cap = cap;
  return true;
}

static int read_more(struct lines *all) {
  if (!make_room(all))
    return UV_ENOMEM;
  uv_buf_t buf = uv_buf_init(all->text + all->len, PIECE);
  all->req.data = all;
  int err = uv_fs_read(&all->tool->loop, &all->req, STDIN_FILENO, &buf, 1, -1, on_read);
  all->reading = err == 0;
  return err;
}

static void go_on(struct lines *all) {
  struct tool *tool = all->tool;
  if (all->taking)
    return;
  all->taking = true;
  bool wanted = take_lines(all);
  all->taking = false;
  if (!tool->ending && !print_flush())
    tool_end(tool, EXIT_OTHER);
  else if (!tool->ending && !all->reading && wanted)
    (void)tool_refused(tool, read_more(all));
  else if (!tool->ending && all->ended && all->running == 0 && all->at == all->len)
    tool_end(tool, all->exit_code);
  if (tool->ending)
    leave(all);
}

void lines_done(struct lines *all) {
  all->running--;
  go_on(all);
}

void lines_begin(struct lines *all, struct tool *tool) {
  all->tool = tool;
  all->limit = tool->args.concurrency > 0 ? tool->args.concurrency : 64;
  go_on(all);
}
