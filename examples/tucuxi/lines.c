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

static void go_on(struct lines *all);

static void end(struct lines *all, int code) {
  struct tool *tool = all->tool;
  free(all->text);
  all->text = NULL;
  if (!all->reading)
    all->free(all);
  tool_end(tool, code);
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
    all->refuse("null", tcx_value_problem(v));
  else if (tcx_value_type(v, NULL) != TCX_MAP)
    all->refuse("null", "a line is a JSON object");
  else if ((given != NULL ? tcx_value_to_json(given, &id, NULL)
                          : tcx_value_to_json(tcx_value_get(v, "id"), &id, NULL)) == 0)
    all->take(all, v, id);
  tcx_value_free(v);
}

/* Takes the lines that may start. True when more input is wanted. */
static bool take_lines(struct lines *all) {
  while (all->running < all->limit && !all->tool->ending) {
    char *from = all->text + all->at,
         *newline = all->len > all->at ? memchr(from, '\n', all->len - all->at) : NULL;
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

void lines_done(struct lines *all) {
  all->running--;
  if (all->tool->ending)
    return;
  if (!print_flush())
    tool_end(all->tool, EXIT_OTHER);
  else
    go_on(all);
}

void lines_begin(struct lines *all, struct tool *tool) {
  all->tool = tool;
  all->limit = tool->args.concurrency > 0 ? tool->args.concurrency : 64;
  go_on(all);
}
