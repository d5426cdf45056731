/*
 * waiter_match.c - acceptors: which one an answer matches, and botocore's words for it.
 *
 * Equal is what Python calls equal: true is 1, an integer is a double of the same value, a time or
 * bytes are never a string.
 */
#include "core/waiter.h"
#include <string.h>

static bool is(const struct tcx_acceptor *a, const char *matcher) {
  return strcmp(a->matcher, matcher) == 0;
}
static bool is_path(const struct tcx_acceptor *a) {
  return is(a, "path") || is(a, "pathAll") || is(a, "pathAny");
}

static int compile(struct tcx_arena *arena, const char *text, const struct tcx_jmespath **out,
                   struct tcx_fail *f) {
  struct tcx_fail why = {.arena = arena};
  int err = tcx__jmespath_compile(arena, tcx__str(text), out, &why);
  return err == 0 || err == UV_ENOMEM
             ? err
             : tcx__fail(f, TCX_ESERVICE, "Error processing waiter config: %s", why.text);
}

int tcx__waiter_compile(struct tcx_waiter *w, struct tcx_arena *arena, struct tcx_fail *f) {
  int err = 0;
  w->paths = tcx__arena_zalloc(arena, w->model->n_acceptors * sizeof *w->paths);
  if (w->paths == NULL)
    return UV_ENOMEM;
  for (unsigned i = 0; i < w->model->n_acceptors && err == 0; i++) {
    const struct tcx_acceptor *a = &w->model->acceptors[i];
    if (is_path(a))
      err = compile(arena, a->argument != NULL ? a->argument : "", &w->paths[i], f);
    else if (!is(a, "status") && !is(a, "error"))
      err = tcx__fail(f, TCX_ESERVICE, "Error processing waiter config: Unknown acceptor: %s",
                      a->matcher);
  }
  return err;
}

/* ---- equality ---- */

static bool equals_number(const struct tcx_acceptor *a, double v) {
  int64_t n = 0;
  if (a->expected_type == TCX_BOOL)
    return v == (strcmp(a->expected, "true") == 0 ? 1.0 : 0.0);
  return a->expected_type == TCX_INT && tcx__str_to_int64(tcx__str(a->expected), &n) == 0 &&
         v == (double)n;
}

static bool equals(const struct tcx_acceptor *a, const struct tcx_value *v) {
  switch ((tcx_type_t)v->type) {
  case TCX_STRING:
    return a->expected_type == TCX_STRING && tcx__str_is(v->u.bytes, a->expected);
  case TCX_BOOL:
    return equals_number(a, v->u.boolean ? 1.0 : 0.0);
  case TCX_INT:
    return equals_number(a, (double)v->u.integer);
  case TCX_DOUBLE:
    return equals_number(a, v->u.number);
  default:
    return false;
  }
}

/* ---- matchers ---- */

bool tcx__waiter_is_error(const struct tcx_value *document) {
  return tcx__value_find(tcx__value_find(document, "Error", 5), "Code", 4) != NULL;
}

static bool matches_list(const struct tcx_acceptor *a, const struct tcx_value *list) {
  bool all = is(a, "pathAll");
  if (list->type != TCX_LIST || tcx__value_count(list) == 0)
    return false;
  for (const struct tcx_value *item = tcx__value_kids(list); item != NULL; item = item->next)
    if (equals(a, item) != all)
      return !all;
  return all;
}

static int match_path(const struct tcx_acceptor *a, const struct tcx_jmespath *path,
                      const struct tcx_value *document, struct tcx_arena *arena, bool *hit,
                      struct tcx_fail *f) {
  const struct tcx_value *result = NULL;
  if (tcx__waiter_is_error(document))
    return 0;
  int err = tcx__jmespath_search(path, arena, document, &result, f);
  if (err == 0)
    *hit = is(a, "path") ? equals(a, result) : matches_list(a, result);
  return err;
}

/* As the document tells it: an answer that a hook made may tell none. */
static bool match_status(const struct tcx_acceptor *a, const struct tcx_value *document) {
  const struct tcx_value *metadata = tcx__value_find(document, "ResponseMetadata", 16),
                         *status = tcx__value_find(metadata, "HTTPStatusCode", 14);
  return status != NULL && equals(a, status);
}

/* Expected true: any error; false: none; else that code. */
static bool match_error(const struct tcx_acceptor *a, const struct tcx_value *document) {
  const struct tcx_value *error = tcx__value_find(document, "Error", 5),
                         *code = tcx__value_find(error, "Code", 4);
  if (a->expected_type == TCX_BOOL)
    return strcmp(a->expected, "true") == 0 ? code != NULL : error == NULL;
  return code != NULL ? equals(a, code) : a->expected[0] == '\0';
}

int tcx__waiter_match(const struct tcx_waiter *w, const struct tcx_value *document,
                      struct tcx_arena *arena, const struct tcx_acceptor **which,
                      struct tcx_fail *f) {
  int err = 0;
  *which = NULL;
  for (unsigned i = 0; i < w->model->n_acceptors && err == 0; i++) {
    const struct tcx_acceptor *a = &w->model->acceptors[i];
    bool hit = false;
    if (is_path(a))
      err = match_path(a, w->paths[i], document, arena, &hit, f);
    else
      hit = is(a, "status") ? match_status(a, document) : match_error(a, document);
    if (hit) {
      *which = a;
      break;
    }
  }
  return err;
}

/* ---- words ---- */

static const char *expected_text(const struct tcx_acceptor *a) {
  if (a->expected_type != TCX_BOOL)
    return a->expected;
  return strcmp(a->expected, "true") == 0 ? "True" : "False";
}

const char *tcx__waiter_explain(const struct tcx_acceptor *a, struct tcx_arena *arena) {
  const char *expected = expected_text(a);
  if (is(a, "path"))
    return tcx__arena_printf(arena, "For expression \"%s\" we matched expected path: \"%s\"",
                             a->argument, expected);
  if (is(a, "pathAll"))
    return tcx__arena_printf(arena,
                             "For expression \"%s\" all members matched expected path: \"%s\"",
                             a->argument, expected);
  if (is(a, "pathAny"))
    return tcx__arena_printf(arena,
                             "For expression \"%s\" we matched expected path: \"%s\" at least once",
                             a->argument, expected);
  if (is(a, "status"))
    return tcx__arena_printf(arena, "Matched expected HTTP status code: %s", expected);
  return tcx__arena_printf(arena, "Matched expected service error code: %s", expected);
}
