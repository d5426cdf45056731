/* build.c - see build.h. */
#include "protocols/build.h"
#include <string.h>

#define PATH_MAX_LEN 1024 /* bytes of a path that is told */

/* What a document holds: anything. */
static const struct tcx_shape anything = {
    .name = "Document", .type = TCX__SHAPE_STRUCTURE, .flags = TCX__S_DOCUMENT};

void tcx__build_init(struct tcx_build *b, struct tcx_arena *arena, struct tcx_fail *fail,
                     const struct tcx_shape *shape) {
  *b = (struct tcx_build){.arena = arena, .fail = fail, .shape = shape};
}

static bool is_union(const struct tcx_build_frame *f) {
  return (f->shape->flags & TCX__S_UNION) != 0;
}

/* ---- what is wrong, and where ---- */

const char *tcx__build_path(const struct tcx_build *b) {
  struct tcx_buf path;
  tcx__buf_init(&path, b->arena, PATH_MAX_LEN);
  for (unsigned i = 0; i < b->depth; i++) {
    const struct tcx_build_frame *f = &b->frames[i];
    if (f->kind == TCX__BUILD_LIST) {
      tcx__buf_printf(&path, "[%u]", tcx__value_count(f->value) - (i + 1 < b->depth));
      continue;
    }
    if (path.len > 0)
      tcx__buf_addc(&path, '.');
    if (f->kind == TCX__BUILD_MAP)
      tcx__buf_add(&path, f->name.p, f->name.n);
    else
      tcx__buf_adds(&path, f->member != NULL ? f->member->wire : "");
  }
  return path.len > 0 && path.data != NULL ? path.data : "the document";
}

int tcx__build_mismatch(const struct tcx_build *b, const char *what) {
  static const char *const kinds[] = {
      [TCX__SHAPE_STRUCTURE] = "structure",
      [TCX__SHAPE_LIST] = "list",
      [TCX__SHAPE_MAP] = "map",
      [TCX__SHAPE_STRING] = "string",
      [TCX__SHAPE_BLOB] = "blob",
      [TCX__SHAPE_BOOLEAN] = "boolean",
      [TCX__SHAPE_INTEGER] = "integer",
      [TCX__SHAPE_LONG] = "integer",
      [TCX__SHAPE_FLOAT] = "number",
      [TCX__SHAPE_DOUBLE] = "number",
      [TCX__SHAPE_TIMESTAMP] = "timestamp",
  };
  const char *path = tcx__build_path(b), *kind = kinds[tcx__build_due(b)->type];
  return what != NULL
             ? tcx__fail(b->fail, TCX_EPROTO, "malformed response: %s: a %s is no %s", path, what,
                         kind)
             : tcx__fail(b->fail, TCX_EPROTO, "malformed response: %s is no %s", path, kind);
}

/* ---- giving values to their places ---- */

/* True when the member of the structure was met before; notes it. */
static bool was_met(struct tcx_build_frame *f) {
  size_t i = (size_t)(f->member - f->shape->members);
  if (i >= 64)
    return tcx__value_find(f->value, f->member->name, f->member->name_len) != NULL;
  uint64_t bit = (uint64_t)1 << i;
  bool met = (f->met & bit) != 0;
  f->met |= bit;
  return met;
}

/* The member is null: what came before under its name does not count. */
static void forget(struct tcx_build_frame *f) {
  size_t i = (size_t)(f->member - f->shape->members);
  uint64_t bit = i < 64 ? (uint64_t)1 << i : 0;
  if (i < 64 && (f->met & bit) == 0)
    return;
  f->met &= ~bit;
  tcx__value_remove(f->value, f->member->name, f->member->name_len);
}

int tcx__build_add(struct tcx_build *b, struct tcx_value *v) {
  struct tcx_build_frame *f = b->top;
  int status;
  if (v == NULL)
    return tcx__fail_memory(b->fail);
  if (f == NULL) {
    b->value = v;
    return 0;
  }
  f->named = false;
  if (f->kind == TCX__BUILD_LIST)
    status = tcx__value_push(b->arena, f->value, v);
  else if (f->kind == TCX__BUILD_MAP && tcx__name_is_new(&f->met, f->name))
    status = tcx__value_add(b->arena, f->value, f->name.p, f->name.n, v);
  else if (f->kind == TCX__BUILD_MAP)
    status = tcx__value_replace(b->arena, f->value, f->name.p, f->name.n, v);
  else if (was_met(f))
    status = tcx__value_replace(b->arena, f->value, f->member->name, f->member->name_len, v);
  else
    status = tcx__value_add(b->arena, f->value, f->member->name, f->member->name_len, v);
  return status == 0 ? 0 : tcx__fail_memory(b->fail);
}

int tcx__build_null(struct tcx_build *b) {
  struct tcx_build_frame *f = b->top;
  if (b->skip > 0)
    return 0;
  if (f == NULL)
    return b->lenient ? 0 : tcx__build_mismatch(b, "null");
  f->named = false;
  if (f->item == NULL)
    return 0;
  if (f->kind == TCX__BUILD_LIST || (b->lenient && f->kind == TCX__BUILD_MAP))
    return tcx__build_add(b, tcx__value_new(b->arena, TCX_NULL));
  if (b->lenient)
    forget(f);
  return 0;
}

int tcx__build_skip(struct tcx_build *b) {
  struct tcx_build_frame *f = b->top;
  if (b->skip > 0 || f == NULL)
    return 0;
  f->named = false;
  if (!is_union(f) || f->name.p == NULL)
    return 0;
  f->several |= f->unknown != NULL && strcmp(f->unknown, f->name.p) != 0;
  f->unknown = f->name.p;
  return 0;
}

/* ---- names ---- */

static int keep_name(struct tcx_build *b, struct tcx_build_frame *f, const char *p, size_t n) {
  f->name = tcx__name_keep(&b->names, b->arena, p, n);
  return f->name.p != NULL ? 0 : tcx__fail_memory(b->fail);
}

int tcx__build_name(struct tcx_build *b, const char *p, size_t n) {
  struct tcx_build_frame *f = b->top;
  if (b->skip > 0)
    return 0;
  f->named = true;
  if (f->kind == TCX__BUILD_MAP)
    return keep_name(b, f, p, n);
  const struct tcx_member *m = NULL;
  if (tcx__member_find(&b->indexes, b->arena, f->shape, &f->next, p, n, &m) != 0)
    return tcx__fail_memory(b->fail);
  f->member = m;
  f->item = m != NULL ? m->shape : NULL;
  f->name.p = NULL;
  bool is_tag = m == NULL && is_union(f) && !tcx__str_is((struct tcx_str){p, n}, "__type");
  return is_tag ? keep_name(b, f, p, n) : 0;
}

/* ---- maps and lists ---- */

static struct tcx_build_frame *push(struct tcx_build *b) {
  if (b->depth == b->cap) {
    unsigned cap = b->cap == 0 ? 8 : b->cap * 2;
    struct tcx_build_frame *frames = tcx__arena_alloc(b->arena, cap * sizeof *frames);
    if (frames == NULL)
      return NULL;
    if (b->depth > 0)
      memcpy(frames, b->frames, b->depth * sizeof *frames);
    b->frames = frames;
    b->cap = cap;
  }
  return &b->frames[b->depth++];
}

/* What a map or list that begins is here: its shape, or NULL for a mismatch. */
static const struct tcx_shape *shape_of(const struct tcx_build *b, const struct tcx_shape *due,
                                        bool map) {
  switch (due->type) {
  case TCX__SHAPE_STRUCTURE:
    return tcx__build_is_document(due) ? &anything : map ? due : NULL;
  case TCX__SHAPE_MAP:
    return map ? due : NULL;
  case TCX__SHAPE_LIST:
    return map ? NULL : due;
  case TCX__SHAPE_BLOB:
  case TCX__SHAPE_TIMESTAMP:
    return NULL;
  default:
    return b->lenient ? &anything : NULL;
  }
}

int tcx__build_open(struct tcx_build *b, bool map) {
  const struct tcx_shape *due = tcx__build_due(b), *shape;
  if (due == NULL) {
    (void)tcx__build_skip(b);
    b->skip++;
    return 0;
  }
  shape = shape_of(b, due, map);
  if (shape == NULL)
    return tcx__build_mismatch(b, map ? "map" : "list");
  struct tcx_value *v = tcx__value_new_open(b->arena, map ? TCX_MAP : TCX_LIST);
  int status = tcx__build_add(b, v);
  struct tcx_build_frame *f = status == 0 ? push(b) : NULL;
  if (f == NULL)
    return status != 0 ? status : tcx__fail_memory(b->fail);
  *f = (struct tcx_build_frame){.shape = shape, .value = v};
  f->kind = !map                                                  ? TCX__BUILD_LIST
            : shape == &anything || shape->type == TCX__SHAPE_MAP ? TCX__BUILD_MAP
                                                                  : TCX__BUILD_STRUCTURE;
  if (f->kind != TCX__BUILD_STRUCTURE)
    f->item = shape == &anything ? shape : shape->members[map].shape;
  b->top = f;
  return 0;
}

/* A finished union: its member, or what botocore gives for one that it does not know. */
static int close_union(struct tcx_build *b, const struct tcx_build_frame *f) {
  uint32_t known = tcx__value_count(f->value);
  if (f->several || known + (f->unknown != NULL) != 1)
    return tcx__fail(b->fail, TCX_EPROTO,
                     "malformed response: %s: the union %s must have one and only one member set",
                     tcx__build_path(b), f->shape->name);
  if (known == 1)
    return 0;
  struct tcx_value *unknown = tcx__value_new(b->arena, TCX_MAP),
                   *name = tcx__value_new_str(b->arena, f->unknown, strlen(f->unknown));
  if (unknown == NULL || name == NULL || tcx__value_add(b->arena, unknown, "name", 4, name) != 0 ||
      tcx__value_add(b->arena, f->value, "SDK_UNKNOWN_MEMBER", 18, unknown) != 0)
    return tcx__fail_memory(b->fail);
  return 0;
}

int tcx__build_close(struct tcx_build *b) {
  if (b->skip > 0) {
    b->skip--;
    return 0;
  }
  struct tcx_build_frame *f = b->top; /* stays where it is until the next one */
  b->depth--;
  b->top = b->depth > 0 ? f - 1 : NULL;
  return is_union(f) ? close_union(b, f) : 0;
}
