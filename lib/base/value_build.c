/*
 * The public builders. Each looks whether the tree has failed already, makes a value in the tree's
 * arena and puts it at its path; what goes wrong is kept in the root. A child is a tree of its own:
 * its arena joins the parent's, nothing is copied.
 */
#include "base/body.h"
#include "base/json.h"
#include "base/path.h"
#include <string.h>

#define NANOSECONDS 1000000000

static tcx_value_t *no_memory(void) { return (tcx_value_t *)(uintptr_t)&tcx__root_no_memory.value; }

static tcx_value_t *value_of(struct tcx_root *root) {
  return root == NULL ? no_memory() : &root->value;
}

int tcx_value_status(const tcx_value_t *v) {
  const struct tcx_root *root = tcx__root_of(v);
  return root == NULL ? 0 : root->status;
}

const char *tcx_value_problem(const tcx_value_t *v) {
  const struct tcx_root *root = tcx__root_of(v);
  return root == NULL ? NULL : root->text;
}

/* The tree that can still be built on; NULL: it has failed, or v is none. */
static struct tcx_root *open_root(tcx_value_t *v) {
  struct tcx_root *root = tcx__root_of(v);
  return root != NULL && root->status == 0 ? root : NULL;
}

static void put(struct tcx_root *root, const char *path, struct tcx_value *made) {
  if (made == NULL)
    tcx__root_fail(root, UV_ENOMEM, "out of memory");
  else
    tcx__path_put(root, path, made, 1);
}

/* ---- new trees ---- */

tcx_value_t *tcx_value_new_map(void) { return value_of(tcx__root_new(TCX_MAP)); }

tcx_value_t *tcx_value_new_list(void) { return value_of(tcx__root_new(TCX_LIST)); }

static bool is_bytes(struct tcx_root *root, const void *p, size_t n) {
  if (p == NULL && n > 0)
    tcx__root_fail(root, UV_EINVAL, "the bytes are NULL");
  return p != NULL || n == 0;
}

static tcx_value_t *new_text(tcx_type_t type, const char *p, size_t n) {
  struct tcx_root *root = tcx__root_new(type);
  if (root == NULL)
    return no_memory();
  if (!is_bytes(root, p, n))
    return &root->value;
  char *copy = tcx__arena_strndup(root->arena, p, n);
  if (copy == NULL)
    tcx__root_fail(root, UV_ENOMEM, "out of memory");
  else
    root->value.u.bytes = (struct tcx_str){copy, n};
  return &root->value;
}

tcx_value_t *tcx_value_new_str(const char *s) {
  return s == NULL ? value_of(tcx__root_new(TCX_NULL)) : new_text(TCX_STRING, s, strlen(s));
}

tcx_value_t *tcx_value_new_bytes(const void *p, size_t n) { return new_text(TCX_BLOB, p, n); }

tcx_value_t *tcx_value_from_json(const char *json, size_t len) {
  struct tcx_root *root = tcx__root_new(TCX_NULL);
  if (root == NULL)
    return no_memory();
  struct tcx_fail fail = {.arena = root->arena};
  struct tcx_value *top = NULL;
  int status = tcx__json_parse(root->arena, json, len, &top, &fail);
  if (status != 0) {
    tcx__root_fail(root, status, "%s", fail.text);
  } else {
    root->value.height = top->height;
    tcx__value_assign(&root->value, top);
  }
  return &root->value;
}

static bool holds_body(const struct tcx_value *v) {
  bool found = v->type == TCX_BODY;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && !found; kid = kid->next)
    found = holds_body(kid);
  return found;
}

void tcx__root_copy(struct tcx_root *root, const struct tcx_value *v) {
  if (holds_body(v)) {
    tcx__root_fail(root, UV_EINVAL, "a body cannot be copied");
    return;
  }
  const struct tcx_value *copy = tcx__value_deep_copy(root->arena, v);
  if (copy == NULL)
    tcx__root_fail(root, UV_ENOMEM, "out of memory");
  else if (tcx__root_reach(root, tcx__value_levels(v) - 1))
    tcx__value_assign(&root->value, copy);
}

tcx_value_t *tcx_value_copy(const tcx_value_t *v) {
  if (v == &tcx__root_no_memory.value)
    return no_memory();
  struct tcx_root *root = tcx__root_new(TCX_NULL);
  const struct tcx_root *from = tcx__root_of(v);
  if (root != NULL && from != NULL && from->status != 0)
    tcx__root_fail(root, from->status, "%s", from->text);
  else if (root != NULL && v != NULL)
    tcx__root_copy(root, v);
  return value_of(root);
}

void tcx_value_free(tcx_value_t *value) {
  struct tcx_root *root = tcx__root_of(value);
  if (root != NULL && (root->value.flags & TCX__VALUE_LENT) == 0)
    tcx__arena_free(root->arena);
}

/* ---- setting ---- */

tcx_value_t *tcx_value_set_str(tcx_value_t *map, const char *path, const char *s) {
  struct tcx_root *root = open_root(map);
  if (root != NULL && s != NULL)
    put(root, path, tcx__value_new_str_copy(root->arena, s, strlen(s)));
  return map;
}

tcx_value_t *tcx_value_set_bytes(tcx_value_t *map, const char *path, const void *p, size_t n) {
  struct tcx_root *root = open_root(map);
  if (root == NULL || !is_bytes(root, p, n))
    return map;
  struct tcx_value *v = tcx__value_new_str_copy(root->arena, p, n);
  if (v != NULL)
    v->type = TCX_BLOB;
  put(root, path, v);
  return map;
}

tcx_value_t *tcx_value_set_int(tcx_value_t *map, const char *path, int64_t i) {
  struct tcx_root *root = open_root(map);
  if (root != NULL)
    put(root, path, tcx__value_new_int(root->arena, i));
  return map;
}

tcx_value_t *tcx_value_set_num(tcx_value_t *map, const char *path, double d) {
  struct tcx_root *root = open_root(map);
  if (root != NULL)
    put(root, path, tcx__value_new_num(root->arena, d));
  return map;
}

tcx_value_t *tcx_value_set_bool(tcx_value_t *map, const char *path, bool b) {
  struct tcx_root *root = open_root(map);
  if (root != NULL)
    put(root, path, tcx__value_new_bool(root->arena, b));
  return map;
}

tcx_value_t *tcx_value_set_null(tcx_value_t *map, const char *path) {
  struct tcx_root *root = open_root(map);
  if (root != NULL)
    put(root, path, tcx__value_new(root->arena, TCX_NULL));
  return map;
}

tcx_value_t *tcx_value_set_time(tcx_value_t *map, const char *path, int64_t seconds,
                                int32_t nanoseconds) {
  struct tcx_root *root = open_root(map);
  if (root == NULL)
    return map;
  if (nanoseconds < 0 || nanoseconds >= NANOSECONDS)
    tcx__root_fail(root, UV_EINVAL, "nanoseconds %d out of range", (int)nanoseconds);
  else
    put(root, path, tcx__value_new_time(root->arena, seconds, nanoseconds));
  return map;
}

/* ---- children ---- */

tcx_value_t *tcx_value_set(tcx_value_t *map, const char *path, tcx_value_t *child) {
  struct tcx_root *root = tcx__root_of(map);
  unsigned height;
  struct tcx_value *v = tcx__root_adopt(root, child, &height);
  if (v != NULL)
    tcx__path_put(root, path, v, height);
  return map;
}

tcx_value_t *tcx_value_append(tcx_value_t *list, tcx_value_t *child) {
  return tcx_value_set(list, "[]", child);
}

tcx_value_t *tcx_value_put(tcx_value_t *map, const char *name, size_t len, tcx_value_t *child) {
  struct tcx_root *root = tcx__root_of(map);
  unsigned height;
  struct tcx_value *v = tcx__root_adopt(root, child, &height);
  if (v == NULL || !tcx__root_reach(root, height))
    return map;
  if (root->value.type != TCX_MAP) {
    tcx__root_fail(root, UV_EINVAL, "a %s has no members",
                   tcx__type_name((tcx_type_t)root->value.type));
    return map;
  }
  char *copy = tcx__arena_strndup(root->arena, name, len);
  if (copy == NULL || tcx__value_replace(root->arena, &root->value, copy, len, v) != 0)
    tcx__root_fail(root, UV_ENOMEM, "out of memory");
  return map;
}

tcx_value_t *tcx_value_remove(tcx_value_t *map, const char *name, size_t len) {
  struct tcx_root *root = open_root(map);
  if (root != NULL && name != NULL)
    (void)tcx__value_remove(&root->value, name, len);
  return map;
}

static void discard(tcx_body_t *body) { ((struct tcx_body_head *)(void *)body)->discard(body); }

static void discard_untaken(void *p) {
  struct tcx_value *v = p;
  if (v->u.body != NULL)
    discard(v->u.body);
}

tcx_value_t *tcx_value_set_body(tcx_value_t *map, const char *member, tcx_body_t *body) {
  struct tcx_root *root = open_root(map);
  if (body == NULL)
    return map;
  struct tcx_value *v = root == NULL ? NULL : tcx__value_new(root->arena, TCX_BODY);
  if (v == NULL || tcx__arena_on_free(root->arena, discard_untaken, v) != 0) {
    if (root != NULL)
      tcx__root_fail(root, UV_ENOMEM, "out of memory");
    discard(body);
    return map;
  }
  v->u.body = body;
  tcx__path_put(root, member, v, 1);
  return map;
}
