/* cbor_build.c - see cbor_build.h. */
#include "protocols/cbor_build.h"
#include <string.h>

enum kind { STRUCTURE, MAP, LIST };

int tcx__cbor_build_mismatch(const struct tcx_cbor_build *b) {
  static const uint8_t types[] = {
      [TCX__SHAPE_STRUCTURE] = TCX_MAP,  [TCX__SHAPE_LIST] = TCX_LIST,
      [TCX__SHAPE_MAP] = TCX_MAP,        [TCX__SHAPE_STRING] = TCX_STRING,
      [TCX__SHAPE_BLOB] = TCX_BLOB,      [TCX__SHAPE_BOOLEAN] = TCX_BOOL,
      [TCX__SHAPE_INTEGER] = TCX_INT,    [TCX__SHAPE_LONG] = TCX_INT,
      [TCX__SHAPE_FLOAT] = TCX_DOUBLE,   [TCX__SHAPE_DOUBLE] = TCX_DOUBLE,
      [TCX__SHAPE_TIMESTAMP] = TCX_TIME,
  };
  return tcx__fail(b->fail, TCX_EPROTO, "malformed response: the value of %s is no %s",
                   b->due->name, tcx__type_name(types[b->due->shape->type]));
}

static int bad_union(const struct tcx_cbor_build *b, const char *what,
                     const struct tcx_shape *shape) {
  return tcx__fail(b->fail, TCX_EPROTO, "malformed response: %s in the union %s", what,
                   shape->name);
}

void tcx__cbor_build_init(struct tcx_cbor_build *b, struct tcx_arena *arena, struct tcx_fail *fail,
                          const struct tcx_shape *shape) {
  *b = (struct tcx_cbor_build){.arena = arena, .fail = fail};
  b->root = (struct tcx_member){.name = shape->name, .shape = shape};
  b->due = &b->root;
}

static struct tcx_cbor_build_frame *top(const struct tcx_cbor_build *b) {
  return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

bool tcx__cbor_build_wants_key(const struct tcx_cbor_build *b) {
  return b->skip == 0 && b->due == NULL && b->depth > 0 && !b->keyed;
}

static struct tcx_cbor_build_frame *push(struct tcx_cbor_build *b) {
  if (b->depth == b->cap) {
    unsigned cap = b->cap == 0 ? 8 : b->cap * 2;
    struct tcx_cbor_build_frame *frames = tcx__arena_alloc(b->arena, cap * sizeof *frames);
    if (frames == NULL)
      return NULL;
    if (b->depth > 0)
      memcpy(frames, b->frames, b->depth * sizeof *frames);
    b->frames = frames;
    b->cap = cap;
  }
  struct tcx_cbor_build_frame *f = &b->frames[b->depth++];
  *f = (struct tcx_cbor_build_frame){0};
  return f;
}

/* ---- keys ---- */

/* Members mostly come in the model's order: the search begins behind the last one. */
static const struct tcx_member *find_member(struct tcx_cbor_build_frame *f, const char *name,
                                            size_t n) {
  const struct tcx_shape *shape = f->member->shape;
  uint32_t i = f->next;
  for (uint32_t tried = 0; tried < shape->n_members; tried++, i++) {
    i = i >= shape->n_members ? 0 : i;
    const struct tcx_member *m = &shape->members[i];
    if (m->wire_len == n && memcmp(m->wire, name, n) == 0 && !(m->flags & TCX__M_EVENT_HEADER)) {
      f->next = i + 1;
      return m;
    }
  }
  return NULL;
}

int tcx__cbor_build_key(struct tcx_cbor_build *b, const char *p, size_t n) {
  struct tcx_cbor_build_frame *f = top(b);
  if (b->skip > 0)
    return 0;
  b->keyed = true;
  if (f->kind == STRUCTURE) {
    b->due = find_member(f, p, n);
    b->unknown = (struct tcx_str){0};
    bool is_type = n == 6 && memcmp(p, "__type", 6) == 0;
    if (b->due != NULL || is_type || !(f->member->shape->flags & TCX__S_UNION))
      return 0;
    b->unknown = (struct tcx_str){tcx__arena_strndup(b->arena, p, n), n};
    return b->unknown.p != NULL ? 0 : tcx__fail_memory(b->fail);
  }
  b->due = &f->member->shape->members[1];
  f->key = (struct tcx_str){tcx__arena_strndup(b->arena, p, n), n};
  return f->key.p != NULL ? 0 : tcx__fail_memory(b->fail);
}

/* ---- values ---- */

/* Notes which member of a union has come. */
static int meet(struct tcx_cbor_build *b, struct tcx_cbor_build_frame *f, struct tcx_str name) {
  if (f->key.p != NULL && !tcx__str_eq(f->key, name))
    return bad_union(b, "more than one member is set", f->member->shape);
  f->key = name;
  return 0;
}

/* What comes after a value of the frame on top. */
static void next(struct tcx_cbor_build *b) {
  struct tcx_cbor_build_frame *f = top(b);
  b->keyed = false;
  b->due = NULL;
  if (f != NULL && f->kind == LIST)
    b->due = &f->member->shape->members[0];
}

static int add_member(struct tcx_cbor_build *b, struct tcx_cbor_build_frame *f,
                      const struct tcx_member *m, struct tcx_value *v) {
  const struct tcx_shape *shape = f->member->shape;
  size_t i = (size_t)(m - shape->members);
  uint64_t bit = i < 64 ? (uint64_t)1 << i : 0;
  int status = shape->flags & TCX__S_UNION ? meet(b, f, (struct tcx_str){m->wire, m->wire_len}) : 0;
  if (status != 0)
    return status;
  if (bit != 0 && !(f->seen & bit))
    status = tcx__value_add(b->arena, f->value, m->name, m->name_len, v);
  else
    status = tcx__value_replace(b->arena, f->value, m->name, m->name_len, v);
  f->seen |= bit;
  return status == 0 ? 0 : tcx__fail_memory(b->fail);
}

int tcx__cbor_build_add(struct tcx_cbor_build *b, struct tcx_value *v) {
  struct tcx_cbor_build_frame *f = top(b);
  int status = 0;
  if (v == NULL)
    return tcx__fail_memory(b->fail);
  if (f == NULL)
    b->value = v;
  else if (f->kind == STRUCTURE)
    status = add_member(b, f, b->due, v);
  else if (f->kind == MAP)
    status = tcx__value_replace(b->arena, f->value, f->key.p, f->key.n, v);
  else
    status = tcx__value_push(b->arena, f->value, v);
  if (status != 0)
    return status == UV_ENOMEM ? tcx__fail_memory(b->fail) : status;
  next(b);
  return 0;
}

int tcx__cbor_build_null(struct tcx_cbor_build *b) {
  const struct tcx_cbor_build_frame *f = top(b);
  if (b->skip > 0)
    return 0;
  if (f == NULL)
    return tcx__cbor_build_mismatch(b);
  if (f->kind == LIST)
    return tcx__cbor_build_add(b, tcx__value_new(b->arena, TCX_NULL));
  next(b);
  return 0;
}

int tcx__cbor_build_skip(struct tcx_cbor_build *b) {
  if (b->skip > 0)
    return 0;
  int status = b->unknown.p != NULL ? meet(b, top(b), b->unknown) : 0;
  next(b);
  return status;
}

/* ---- maps and lists ---- */

int tcx__cbor_build_open(struct tcx_cbor_build *b, bool map) {
  if (b->skip > 0 || b->due == NULL) {
    b->skip++;
    return 0;
  }
  const struct tcx_shape *shape = b->due->shape;
  if (shape->type == TCX__SHAPE_LIST ? map : shape->type > TCX__SHAPE_MAP || !map)
    return tcx__cbor_build_mismatch(b);
  struct tcx_value *v = tcx__value_new(b->arena, map ? TCX_MAP : TCX_LIST);
  struct tcx_cbor_build_frame *f = v != NULL ? push(b) : NULL;
  if (f == NULL)
    return tcx__fail_memory(b->fail);
  f->member = b->due;
  f->value = v;
  f->kind = !map ? LIST : shape->type == TCX__SHAPE_MAP ? MAP : STRUCTURE;
  next(b);
  return 0;
}

/* A finished union has one member; of an unknown one the name is told, as in the other protocols
 * (botocore gives an empty map). */
static int close_union(struct tcx_cbor_build *b, const struct tcx_cbor_build_frame *f) {
  if (f->key.p == NULL)
    return bad_union(b, "no member is set", f->member->shape);
  if (tcx__value_count(f->value) > 0)
    return 0;
  struct tcx_value *unknown = tcx__value_new(b->arena, TCX_MAP),
                   *name = tcx__value_new_str(b->arena, f->key.p, f->key.n);
  if (unknown == NULL || name == NULL || tcx__value_add(b->arena, unknown, "name", 4, name) != 0 ||
      tcx__value_add(b->arena, f->value, "SDK_UNKNOWN_MEMBER", 18, unknown) != 0)
    return tcx__fail_memory(b->fail);
  return 0;
}

int tcx__cbor_build_close(struct tcx_cbor_build *b) {
  if (b->skip > 0)
    return --b->skip == 0 ? tcx__cbor_build_skip(b) : 0;
  struct tcx_cbor_build_frame *f = top(b);
  int status =
      f->kind == STRUCTURE && (f->member->shape->flags & TCX__S_UNION) ? close_union(b, f) : 0;
  if (status != 0)
    return status;
  b->depth--; /* the frame stays where it is until the next push */
  b->due = f->member;
  return tcx__cbor_build_add(b, f->value);
}
