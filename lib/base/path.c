#include "base/path.h"
#include <string.h>

#define INDEX_DIGITS 9

struct tcx_path tcx__path(const char *text) {
  return (struct tcx_path){text, text};
}

static struct tcx_step bad(struct tcx_path *path) {
  path->at = NULL;
  return (struct tcx_step){.kind = TCX__STEP_BAD};
}

static struct tcx_step next_index(struct tcx_path *path) {
  const char *p = path->at + 1;
  struct tcx_step step = {.kind = TCX__STEP_INDEX};
  int digits = 0;
  for (; *p >= '0' && *p <= '9'; p++, digits++) {
    if (digits == INDEX_DIGITS)
      return bad(path);
    step.index = step.index * 10 + (size_t)(*p - '0');
  }
  if (*p != ']')
    return bad(path);
  path->at = p + 1;
  if (digits > 0)
    return step;
  step.kind = TCX__STEP_APPEND;
  return *path->at == '\0' ? step : bad(path);
}

struct tcx_step tcx__path_next(struct tcx_path *path) {
  const char *p = path->at;
  if (p == NULL)
    return bad(path);
  bool first = p == path->start;
  if (first && (*p == '\0' || strnlen(p, TCX__PATH_MAX + 1) > TCX__PATH_MAX))
    return bad(path);
  if (*p == '\0')
    return (struct tcx_step){.kind = TCX__STEP_END};
  if (*p == '[')
    return next_index(path);
  if (!first && *p++ != '.')
    return bad(path);
  size_t n = strcspn(p, ".[]");
  if (n == 0 || p[n] == ']')
    return bad(path);
  path->at = p + n;
  return (struct tcx_step){.kind = TCX__STEP_NAME, .name = p, .len = n};
}

/* ---- putting ---- */

/* What step leads to in v; NULL when there is nothing yet, or when step does not fit (then the
 * failure is kept). */
static struct tcx_value *look(struct tcx_root *root, const char *path, struct tcx_value *v,
                              const struct tcx_step *step) {
  tcx_type_t wanted = step->kind == TCX__STEP_NAME ? TCX_MAP : TCX_LIST;
  if (v->type != wanted) {
    tcx__root_fail(root, UV_EINVAL, "path '%s': a %s has no %s", path,
                   tcx__type_name((tcx_type_t)v->type), wanted == TCX_MAP ? "members" : "items");
    return NULL;
  }
  if (step->kind == TCX__STEP_NAME)
    return tcx__value_find(v, step->name, step->len);
  uint32_t count = tcx__value_count(v);
  if (step->kind == TCX__STEP_APPEND || step->index == count)
    return NULL;
  if (step->index > count) {
    tcx__root_fail(root, UV_EINVAL, "path '%s': index %zu in a list of %u", path, step->index,
                   (unsigned)count);
    return NULL;
  }
  return v->u.container->items[step->index];
}

static void hang(struct tcx_root *root, struct tcx_value *v, const struct tcx_step *step,
                 struct tcx_value *child) {
  int status;
  if (step->kind == TCX__STEP_APPEND) {
    status = tcx__value_push(root->arena, v, child);
  } else if (step->kind == TCX__STEP_INDEX) {
    status = tcx__value_replace_at(root->arena, v, step->index, child);
  } else {
    char *name = tcx__arena_strndup(root->arena, step->name, step->len);
    status = name == NULL ? UV_ENOMEM : tcx__value_replace(root->arena, v, name, step->len, child);
  }
  if (status != 0)
    tcx__root_fail(root, status, "out of memory");
}

static void put_whole(struct tcx_root *root, struct tcx_value *child, unsigned height) {
  if (child->type == TCX_BODY)
    tcx__root_fail(root, UV_EINVAL, "a body must be a member");
  else if (tcx__root_reach(root, height - 1))
    tcx__value_assign(&root->value, child);
}

void tcx__path_put(struct tcx_root *root, const char *text, struct tcx_value *child,
                   unsigned height) {
  if (root->status != 0)
    return;
  if (text == NULL) {
    put_whole(root, child, height);
    return;
  }
  struct tcx_path path = tcx__path(text);
  struct tcx_value *v = &root->value;
  struct tcx_step step = tcx__path_next(&path), after;
  for (unsigned level = 1; step.kind != TCX__STEP_BAD; level++, step = after) {
    after = tcx__path_next(&path);
    if (after.kind == TCX__STEP_BAD)
      break;
    struct tcx_value *found = look(root, text, v, &step);
    bool last = after.kind == TCX__STEP_END;
    if (root->status != 0 || !tcx__root_reach(root, last ? level + height - 1 : level))
      return;
    if (last) {
      hang(root, v, &step, child);
      return;
    }
    if (found == NULL) {
      found = tcx__value_new(root->arena, after.kind == TCX__STEP_NAME ? TCX_MAP : TCX_LIST);
      if (found == NULL)
        tcx__root_fail(root, UV_ENOMEM, "out of memory");
      else
        hang(root, v, &step, found);
      if (root->status != 0)
        return;
    }
    v = found;
  }
  tcx__root_fail(root, UV_EINVAL, "'%.100s' is not a path", text);
}
