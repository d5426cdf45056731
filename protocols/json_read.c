/*
 * json_read.c - see json_read.h: JSON's events, values of them by the shapes (build.h).
 *
 * A single value of another kind than the shape's becomes one of the shape's where its text says
 * one, else it stays what it is.
 */
#include "protocols/json_read.h"
#include "base/json_push.h"
#include "base/number.h"
#include "protocols/build.h"
#include "protocols/scalar.h"
#include <math.h>
#include <string.h>

#define EXACT 9007199254740992.0 /* up to here every whole number is a double */

struct tcx_json_reader {
  struct tcx_build build;
  struct tcx_json_push *push;
};

static int bad_text(struct tcx_build *b, struct tcx_str text) {
  return tcx__fail(b->fail, TCX_EPROTO, "malformed response: %s: \"%.*s\" is no %s",
                   tcx__build_path(b), (int)(text.n < 60 ? text.n : 60), text.p,
                   tcx__build_due(b)->type == TCX__SHAPE_BLOB ? "blob" : "timestamp");
}

/* A map or a list, and nothing else, belongs there. */
static bool is_container(const struct tcx_shape *shape) {
  return shape->type <= TCX__SHAPE_MAP && !tcx__build_is_document(shape);
}

static int on_null(void *ctx) { return tcx__build_null(ctx); }

static int on_boolean(void *ctx, bool value) {
  struct tcx_build *b = ctx;
  const struct tcx_shape *shape = tcx__build_due(b);
  if (shape == NULL)
    return tcx__build_skip(b);
  if (is_container(shape) || shape->type == TCX__SHAPE_BLOB || shape->type == TCX__SHAPE_TIMESTAMP)
    return tcx__build_mismatch(b, "boolean");
  return tcx__build_add(b, tcx__value_new_bool(b->arena, value));
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
  struct tcx_build *b = ctx;
  const struct tcx_shape *shape = tcx__build_due(b);
  struct tcx_str text = {p, n};
  struct tcx_value *v = NULL;
  if (shape == NULL)
    return tcx__build_skip(b);
  if (is_container(shape) || shape->type == TCX__SHAPE_BLOB)
    return tcx__build_mismatch(b, "number");
  if (shape->type == TCX__SHAPE_TIMESTAMP) {
    int status = tcx__scalar_value(b->arena, shape, text, &v);
    return status == TCX_EPROTO ? bad_text(b, text) : tcx__build_add(b, v);
  }
  v = tcx__number_value(b->arena, text);
  if (v != NULL)
    fit_number(shape, v);
  return tcx__build_add(b, v);
}

/* What the text says by the shape; what is no number or boolean stays a string. */
static int read_text(struct tcx_build *b, const struct tcx_shape *shape, struct tcx_str text) {
  struct tcx_value *v = NULL;
  int status = TCX_EPROTO;
  if (shape->type != TCX__SHAPE_BOOLEAN || tcx__str_is(text, "true") || tcx__str_is(text, "false"))
    status = tcx__scalar_value(b->arena, shape, text, &v);
  if (status != TCX_EPROTO)
    return tcx__build_add(b, status == 0 ? v : NULL);
  if (shape->type == TCX__SHAPE_BLOB || shape->type == TCX__SHAPE_TIMESTAMP)
    return bad_text(b, text);
  return tcx__build_add(b, tcx__value_new_str_copy(b->arena, text.p, text.n));
}

static int on_string(void *ctx, const char *p, size_t n) {
  struct tcx_build *b = ctx;
  const struct tcx_shape *shape = tcx__build_due(b);
  if (shape == NULL)
    return tcx__build_skip(b);
  if (shape->type == TCX__SHAPE_STRING || tcx__build_is_document(shape))
    return tcx__build_add(b, tcx__value_new_str_copy(b->arena, p, n));
  if (is_container(shape))
    return tcx__build_mismatch(b, "string");
  return read_text(b, shape, (struct tcx_str){p, n});
}

static int on_map(void *ctx) { return tcx__build_open(ctx, true); }

static int on_name(void *ctx, const char *p, size_t n) { return tcx__build_name(ctx, p, n); }

static int on_list(void *ctx) { return tcx__build_open(ctx, false); }

static int on_end(void *ctx) { return tcx__build_close(ctx); }

/* ---- the reader ---- */

static const struct tcx_json_events events = {on_null, on_boolean, on_number, on_string,
                                              on_map,  on_name,    on_list,   on_end};

struct tcx_json_reader *tcx__json_reader_new(struct tcx_arena *arena, const struct tcx_shape *shape,
                                             struct tcx_fail *fail) {
  struct tcx_json_reader *r = tcx__arena_alloc(arena, sizeof *r);
  if (r == NULL)
    return NULL;
  tcx__build_init(&r->build, arena, fail, shape);
  r->build.lenient = true;
  r->push = tcx__json_push_new(arena, &events, &r->build);
  return r->push != NULL ? r : NULL;
}

static int explain(struct tcx_json_reader *r, int status) {
  uint64_t offset = 0;
  const char *why = status == TCX_EPROTO ? tcx__json_push_why(r->push, &offset) : NULL;
  if (why != NULL)
    return tcx__fail(r->build.fail, status, "malformed response: not JSON near byte %llu: %s",
                     (unsigned long long)offset, why);
  return status == UV_ENOMEM ? tcx__fail_memory(r->build.fail) : status;
}

int tcx__json_reader_feed(struct tcx_json_reader *r, const char *p, size_t n) {
  return explain(r, tcx__json_push_feed(r->push, p, n));
}

int tcx__json_reader_finish(struct tcx_json_reader *r, struct tcx_value **out) {
  int status = explain(r, tcx__json_push_finish(r->push));
  *out = status == 0 ? r->build.value : NULL;
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
