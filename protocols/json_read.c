/*
 * json_read.c - see json_read.h.
 *
 * Each open map and list has a frame; what belongs to an unknown member is only counted (skip). A
 * value is given to the frame on top as soon as it begins. As in botocore: of a name that stands
 * twice the last counts; a structure's null is no member, a list's or map's stays; a union has one
 * member, "__type" and nulls not counted. A single value of another kind than the shape's becomes
 * one of the shape's where its text says one, else it stays what it is.
 */
#include "protocols/json_read.h"
#include "base/json_push.h"
#include "base/name_cache.h"
#include "base/number.h"
#include "protocols/json_names.h"
#include "protocols/protocol.h"
#include "protocols/scalar.h"
#include <math.h>
#include <string.h>

#define EXACT 9007199254740992.0 /* up to here every whole number is a double */

enum kind { STRUCTURE, LIST, MAP };

struct frame {
  const struct tcx_shape *shape;
  struct tcx_value *value;
  const struct tcx_shape *item;    /* of the value that comes next; NULL: it is of no interest */
  const struct tcx_member *member; /* STRUCTURE: the member that it is */
  struct tcx_name name;            /* MAP: its name. Union: its name when it is no member */
  const char *unknown;             /* union: the name of what was set and is no member */
  uint64_t met; /* STRUCTURE: of the first 64 members. MAP: its names, as name_cache.h notes them */
  uint32_t next; /* STRUCTURE: the member that is expected next */
  uint8_t kind;
  bool several; /* union: more than one unknown name was set */
};

struct tcx_json_reader {
  struct tcx_arena *arena;
  const struct tcx_shape *shape;
  struct tcx_fail *fail;
  struct tcx_json_push *push;
  struct tcx_value *value;
  struct frame *frames, *top; /* top NULL: nothing is open */
  unsigned depth, cap;
  unsigned skip; /* open maps and lists of no interest */
  struct tcx_json_names *indexes;
  struct tcx_name_cache names;
};

/* What a document holds: anything. */
static const struct tcx_shape anything = {
    .name = "Document", .type = TCX__SHAPE_STRUCTURE, .flags = TCX__S_DOCUMENT};

static int no_memory(struct tcx_json_reader *r) {
  return tcx__fail_memory(r->fail);
}

static bool is_document(const struct tcx_shape *shape) {
  return shape->type == TCX__SHAPE_STRUCTURE && (shape->flags & TCX__S_DOCUMENT) != 0;
}

static bool is_union(const struct frame *f) {
  return (f->shape->flags & TCX__S_UNION) != 0;
}

static const struct tcx_shape *item_shape(const struct tcx_json_reader *r) {
  return r->top != NULL ? r->top->item : r->shape;
}

/* ---- what is wrong, and where ---- */

/* "Items[3].price": the place of the value that is being read. */
static const char *path_of(const struct tcx_json_reader *r) {
  struct tcx_buf path;
  tcx__buf_init(&path, r->arena, 1024);
  for (unsigned i = 0; i < r->depth; i++) {
    const struct frame *f = &r->frames[i];
    if (f->kind == LIST) {
      tcx__buf_printf(&path, "[%u]", tcx__value_count(f->value) - (i + 1 < r->depth));
      continue;
    }
    if (path.len > 0)
      tcx__buf_addc(&path, '.');
    if (f->kind == MAP)
      tcx__buf_add(&path, f->name.p, f->name.n);
    else
      tcx__buf_adds(&path, f->member != NULL ? f->member->wire : "");
  }
  return path.len > 0 && path.data != NULL ? path.data : "the document";
}

static int mismatch(struct tcx_json_reader *r, const char *what) {
  static const char *const kinds[] = {
      [TCX__SHAPE_STRUCTURE] = "structure",
      [TCX__SHAPE_LIST] = "list",
      [TCX__SHAPE_MAP] = "map",
      [TCX__SHAPE_BLOB] = "blob",
      [TCX__SHAPE_TIMESTAMP] = "timestamp",
  };
  return tcx__fail(r->fail, TCX_EPROTO, "malformed response: %s: a %s is no %s", path_of(r), what,
                   kinds[item_shape(r)->type]);
}

static int bad_text(struct tcx_json_reader *r, struct tcx_str text) {
  return tcx__fail(r->fail, TCX_EPROTO, "malformed response: %s: \"%.*s\" is no %s", path_of(r),
                   (int)(text.n < 60 ? text.n : 60), text.p,
                   item_shape(r)->type == TCX__SHAPE_BLOB ? "blob" : "timestamp");
}

/* ---- giving values to their places ---- */

/* True when the member of the structure was met before; notes it. */
static bool was_met(struct frame *f) {
  size_t i = (size_t)(f->member - f->shape->members);
  if (i >= 64)
    return tcx__value_find(f->value, f->member->name, f->member->name_len) != NULL;
  uint64_t bit = (uint64_t)1 << i;
  bool met = (f->met & bit) != 0;
  f->met |= bit;
  return met;
}

/* The member is null: what came before under its name does not count. */
static void forget(struct frame *f) {
  size_t i = (size_t)(f->member - f->shape->members);
  uint64_t bit = i < 64 ? (uint64_t)1 << i : 0;
  if (i < 64 && (f->met & bit) == 0)
    return;
  f->met &= ~bit;
  tcx__value_remove(f->value, f->member->name, f->member->name_len);
}

static int place(struct tcx_json_reader *r, struct tcx_value *v) {
  struct frame *f = r->top;
  int status;
  if (v == NULL)
    return no_memory(r);
  if (f == NULL) {
    r->value = v;
    return 0;
  }
  if (f->kind == LIST)
    status = tcx__value_push(r->arena, f->value, v);
  else if (f->kind == MAP && tcx__name_is_new(&f->met, f->name))
    status = tcx__value_add(r->arena, f->value, f->name.p, f->name.n, v);
  else if (f->kind == MAP)
    status = tcx__value_replace(r->arena, f->value, f->name.p, f->name.n, v);
  else if (was_met(f))
    status = tcx__value_replace(r->arena, f->value, f->member->name, f->member->name_len, v);
  else
    status = tcx__value_add(r->arena, f->value, f->member->name, f->member->name_len, v);
  return status == 0 ? 0 : no_memory(r);
}

/* A value of no interest comes, and is not null. */
static void pass_over(struct tcx_json_reader *r) {
  struct frame *f = r->top;
  if (r->skip > 0 || !is_union(f) || f->name.p == NULL)
    return;
  f->several |= f->unknown != NULL && strcmp(f->unknown, f->name.p) != 0;
  f->unknown = f->name.p;
}

/* ---- single values ---- */

static int on_null(void *ctx) {
  struct tcx_json_reader *r = ctx;
  struct frame *f = r->top;
  if (r->skip > 0 || f == NULL || f->item == NULL)
    return 0;
  if (f->kind != STRUCTURE)
    return place(r, tcx__value_new(r->arena, TCX_NULL));
  forget(f);
  return 0;
}

static int on_boolean(void *ctx, bool b) {
  struct tcx_json_reader *r = ctx;
  const struct tcx_shape *shape = r->skip > 0 ? NULL : item_shape(r);
  if (shape == NULL) {
    pass_over(r);
    return 0;
  }
  if ((shape->type <= TCX__SHAPE_MAP && !is_document(shape)) || shape->type == TCX__SHAPE_BLOB ||
      shape->type == TCX__SHAPE_TIMESTAMP)
    return mismatch(r, "boolean");
  return place(r, tcx__value_new_bool(r->arena, b));
}

/* Whole numbers are integers and others doubles, as the shape says, where nothing is lost by it. */
static void fit_number(const struct tcx_shape *shape, struct tcx_value *v) {
  bool whole = shape->type == TCX__SHAPE_INTEGER || shape->type == TCX__SHAPE_LONG;
  bool real = shape->type == TCX__SHAPE_FLOAT || shape->type == TCX__SHAPE_DOUBLE;
  if (whole && v->type == TCX_DOUBLE && floor(v->u.number) == v->u.number &&
      fabs(v->u.number) <= EXACT) {
    v->type = TCX_INT;
    v->u.integer = (int64_t)v->u.number;
  } else if (real && v->type == TCX_INT && v->u.integer <= (int64_t)EXACT &&
             v->u.integer >= -(int64_t)EXACT) {
    v->type = TCX_DOUBLE;
    v->u.number = (double)v->u.integer;
  }
}

static int on_number(void *ctx, const char *p, size_t n) {
  struct tcx_json_reader *r = ctx;
  const struct tcx_shape *shape = r->skip > 0 ? NULL : item_shape(r);
  struct tcx_str text = {p, n};
  struct tcx_value *v = NULL;
  if (shape == NULL) {
    pass_over(r);
    return 0;
  }
  if ((shape->type <= TCX__SHAPE_MAP && !is_document(shape)) || shape->type == TCX__SHAPE_BLOB)
    return mismatch(r, "number");
  if (shape->type == TCX__SHAPE_TIMESTAMP) {
    int status = tcx__scalar_value(r->arena, shape, text, &v);
    return status == TCX_EPROTO ? bad_text(r, text) : place(r, v);
  }
  v = tcx__number_value(r->arena, text);
  if (v != NULL)
    fit_number(shape, v);
  return place(r, v);
}

/* What the text says by the shape; what is no number or boolean stays a string. */
static int read_text(struct tcx_json_reader *r, const struct tcx_shape *shape, struct tcx_str text,
                     struct tcx_value **out) {
  int status = TCX_EPROTO;
  if (shape->type != TCX__SHAPE_BOOLEAN || tcx__str_is(text, "true") || tcx__str_is(text, "false"))
    status = tcx__scalar_value(r->arena, shape, text, out);
  if (status != TCX_EPROTO)
    return status == 0 ? 0 : no_memory(r);
  if (shape->type == TCX__SHAPE_BLOB || shape->type == TCX__SHAPE_TIMESTAMP)
    return bad_text(r, text);
  *out = tcx__value_new_str_copy(r->arena, text.p, text.n);
  return 0;
}

static int on_string(void *ctx, const char *p, size_t n) {
  struct tcx_json_reader *r = ctx;
  const struct tcx_shape *shape = r->skip > 0 ? NULL : item_shape(r);
  if (shape == NULL) {
    pass_over(r);
    return 0;
  }
  if (shape->type == TCX__SHAPE_STRING || is_document(shape))
    return place(r, tcx__value_new_str_copy(r->arena, p, n));
  if (shape->type <= TCX__SHAPE_MAP)
    return mismatch(r, "string");
  struct tcx_value *v = NULL;
  int status = read_text(r, shape, (struct tcx_str){p, n}, &v);
  return status == 0 ? place(r, v) : status;
}

/* ---- maps and lists ---- */

static struct frame *push_frame(struct tcx_json_reader *r) {
  if (r->depth == r->cap) {
    unsigned cap = r->cap == 0 ? 8 : r->cap * 2;
    struct frame *frames = tcx__arena_alloc(r->arena, cap * sizeof *frames);
    if (frames == NULL)
      return NULL;
    if (r->depth > 0)
      memcpy(frames, r->frames, r->depth * sizeof *frames);
    r->frames = frames;
    r->cap = cap;
  }
  return &r->frames[r->depth++];
}

static int open_frame(struct tcx_json_reader *r, enum kind kind, const struct tcx_shape *shape,
                      const struct tcx_shape *item) {
  struct tcx_value *v = tcx__value_new(r->arena, kind == LIST ? TCX_LIST : TCX_MAP);
  int status = place(r, v);
  if (status != 0)
    return status;
  struct frame *f = push_frame(r);
  if (f == NULL)
    return no_memory(r);
  *f = (struct frame){.kind = (uint8_t)kind, .shape = shape, .item = item, .value = v};
  r->top = f;
  return 0;
}

/* The shape of the map or list that begins, or NULL: it is passed over. */
static const struct tcx_shape *begin(struct tcx_json_reader *r) {
  const struct tcx_shape *shape = r->skip > 0 ? NULL : item_shape(r);
  if (shape == NULL) {
    pass_over(r);
    r->skip++;
  }
  return shape;
}

static int on_map(void *ctx) {
  struct tcx_json_reader *r = ctx;
  const struct tcx_shape *shape = begin(r);
  if (shape == NULL)
    return 0;
  switch (shape->type) {
  case TCX__SHAPE_STRUCTURE:
    return is_document(shape) ? open_frame(r, MAP, &anything, &anything)
                              : open_frame(r, STRUCTURE, shape, NULL);
  case TCX__SHAPE_MAP:
    return open_frame(r, MAP, shape, shape->members[1].shape);
  case TCX__SHAPE_LIST:
  case TCX__SHAPE_BLOB:
  case TCX__SHAPE_TIMESTAMP:
    return mismatch(r, "map");
  default:
    return open_frame(r, MAP, &anything, &anything);
  }
}

static int on_list(void *ctx) {
  struct tcx_json_reader *r = ctx;
  const struct tcx_shape *shape = begin(r);
  if (shape == NULL)
    return 0;
  if (shape->type == TCX__SHAPE_LIST)
    return open_frame(r, LIST, shape, shape->members[0].shape);
  if ((shape->type <= TCX__SHAPE_MAP && !is_document(shape)) || shape->type == TCX__SHAPE_BLOB ||
      shape->type == TCX__SHAPE_TIMESTAMP)
    return mismatch(r, "list");
  return open_frame(r, LIST, &anything, &anything);
}

static int keep_name(struct tcx_json_reader *r, struct frame *f, const char *p, size_t n) {
  f->name = tcx__name_keep(&r->names, r->arena, p, n);
  return f->name.p != NULL ? 0 : no_memory(r);
}

static int on_name(void *ctx, const char *p, size_t n) {
  struct tcx_json_reader *r = ctx;
  struct frame *f = r->top;
  if (r->skip > 0)
    return 0;
  if (f->kind == MAP)
    return keep_name(r, f, p, n);
  const struct tcx_member *m = NULL;
  int status = tcx__json_names_find(&r->indexes, r->arena, f->shape, &f->next, p, n, &m);
  f->member = m;
  f->item = m != NULL ? m->shape : NULL;
  if (status != 0)
    return no_memory(r);
  f->name.p = NULL;
  bool is_tag = m == NULL && is_union(f) && !tcx__str_is((struct tcx_str){p, n}, "__type");
  return is_tag ? keep_name(r, f, p, n) : 0;
}

/* A finished union: its member, or what botocore gives for one that it does not know. */
static int close_union(struct tcx_json_reader *r, const struct frame *f) {
  uint32_t known = tcx__value_count(f->value);
  if (f->several || known + (f->unknown != NULL) != 1)
    return tcx__fail(r->fail, TCX_EPROTO,
                     "malformed response: %s: the union %s must have one and only one member set",
                     path_of(r), f->shape->name);
  if (known == 1)
    return 0;
  struct tcx_value *unknown = tcx__value_new(r->arena, TCX_MAP),
                   *name = tcx__value_new_str(r->arena, f->unknown, strlen(f->unknown));
  if (unknown == NULL || name == NULL || tcx__value_add(r->arena, unknown, "name", 4, name) != 0 ||
      tcx__value_add(r->arena, f->value, "SDK_UNKNOWN_MEMBER", 18, unknown) != 0)
    return no_memory(r);
  return 0;
}

static int on_end(void *ctx) {
  struct tcx_json_reader *r = ctx;
  if (r->skip > 0) {
    r->skip--;
    return 0;
  }
  struct frame *f = r->top; /* stays where it is until the next one */
  r->depth--;
  r->top = r->depth > 0 ? f - 1 : NULL;
  return is_union(f) ? close_union(r, f) : 0;
}

/* ---- the reader ---- */

static const struct tcx_json_events events = {on_null, on_boolean, on_number, on_string,
                                              on_map,  on_name,    on_list,   on_end};

struct tcx_json_reader *tcx__json_reader_new(struct tcx_arena *arena, const struct tcx_shape *shape,
                                             struct tcx_fail *fail) {
  struct tcx_json_reader *r = tcx__arena_zalloc(arena, sizeof *r);
  if (r == NULL)
    return NULL;
  r->arena = arena;
  r->shape = shape;
  r->fail = fail;
  r->push = tcx__json_push_new(arena, &events, r);
  return r->push != NULL ? r : NULL;
}

static int explain(struct tcx_json_reader *r, int status) {
  uint64_t offset = 0;
  const char *why = status == TCX_EPROTO ? tcx__json_push_why(r->push, &offset) : NULL;
  if (why != NULL)
    return tcx__fail(r->fail, status, "malformed response: not JSON near byte %llu: %s",
                     (unsigned long long)offset, why);
  return status == UV_ENOMEM ? no_memory(r) : status;
}

int tcx__json_reader_feed(struct tcx_json_reader *r, const char *p, size_t n) {
  return explain(r, tcx__json_push_feed(r->push, p, n));
}

int tcx__json_reader_finish(struct tcx_json_reader *r, struct tcx_value **out) {
  int status = explain(r, tcx__json_push_finish(r->push));
  *out = status == 0 ? r->value : NULL;
  return status;
}

int tcx__json_read(struct tcx_arena *arena, const struct tcx_shape *shape, struct tcx_fail *fail,
                   struct tcx_str text, struct tcx_value **out) {
  struct tcx_json_reader *r = tcx__json_reader_new(arena, shape, fail);
  if (r == NULL)
    return tcx__fail_memory(fail);
  int status = tcx__json_reader_feed(r, text.p, text.n);
  return status == 0 ? tcx__json_reader_finish(r, out) : status;
}
