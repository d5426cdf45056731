/* public.c - <tucuxi/jmespath.h>: an expression in an arena of its own, whose results are trees of
 * their own. */
#include "jmespath/ast.h"
#include <string.h>

/* retain and release pass it by */
static const struct tcx_jmespath none = {.status = UV_ENOMEM, .problem = "out of memory"};

static tcx_jmespath_t *no_memory(struct tcx_arena *arena) {
  tcx__arena_free(arena);
  return (tcx_jmespath_t *)(uintptr_t)&none;
}

tcx_jmespath_t *tcx_jmespath_compile(const char *text, size_t len) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  struct tcx_jmespath *e = arena != NULL ? tcx__arena_zalloc(arena, sizeof *e) : NULL;
  char *copy = e != NULL && text != NULL ? tcx__arena_strndup(arena, text, len) : NULL;
  if (e == NULL || (text != NULL && copy == NULL))
    return no_memory(arena);
  const struct tcx_jmespath *made = NULL;
  int err = text == NULL ? UV_EINVAL
                         : tcx__jmespath_compile(arena, (struct tcx_str){copy, len}, &made, &fail);
  if (err == UV_ENOMEM)
    return no_memory(arena);
  e->arena = arena;
  e->refs = 1;
  e->status = err;
  e->problem = err == 0 ? NULL : fail.text != NULL ? fail.text : tcx_strerror(err);
  e->top = err == 0 ? made->top : NULL;
  return e;
}

int tcx_jmespath_status(const tcx_jmespath_t *e) { return e->status; }
const char *tcx_jmespath_problem(const tcx_jmespath_t *e) { return e->problem; }
void tcx_jmespath_free(tcx_jmespath_t *e) { tcx__jmespath_release(e); }

struct tcx_jmespath *tcx__jmespath_retain(struct tcx_jmespath *e) {
  if (e->arena != NULL)
    e->refs++;
  return e;
}

void tcx__jmespath_release(struct tcx_jmespath *e) {
  if (e != NULL && e->arena != NULL && --e->refs == 0)
    tcx__arena_free(e->arena);
}

tcx_value_t *tcx_jmespath_search(const tcx_jmespath_t *e, const tcx_value_t *v) {
  struct tcx_root *root = tcx__root_new(TCX_NULL);
  if (root == NULL)
    return (tcx_value_t *)(uintptr_t)&tcx__root_no_memory.value;
  const struct tcx_value *found = NULL;
  const struct tcx_root *in = tcx__root_of(v);
  struct tcx_fail fail = {.arena = root->arena};
  int err = e->status != 0                  ? tcx__fail(&fail, e->status, "%s", e->problem)
            : in != NULL && in->status != 0 ? tcx__fail(&fail, in->status, "%s", in->text)
                                            : 0;
  if (err == 0)
    err = tcx__jmespath_search(e, root->arena, v, &found, &fail);
  if (err != 0)
    tcx__root_fail(root, err, "%s", fail.text != NULL ? fail.text : tcx_strerror(err));
  else
    tcx__root_copy(root, found);
  return &root->value;
}

int tcx_value_search(const tcx_value_t *v, const char *jmespath, tcx_value_t **result) {
  tcx_jmespath_t *e = tcx_jmespath_compile(jmespath, jmespath != NULL ? strlen(jmespath) : 0);
  *result = tcx_jmespath_search(e, v);
  tcx_jmespath_free(e);
  return tcx_value_status(*result);
}
