/*
 * json.c - JSON text to values: one text, one pass of json_push.h's events.
 */
#include "base/json.h"
#include "base/json_push.h"
#include "base/name_cache.h"
#include "base/number.h"
#include <string.h>
#include <tucuxi.h>

struct reader {
  struct tcx_arena *arena;
  struct tcx_value *top;
  struct tcx_value *stack[TCX__JSON_DEPTH]; /* the open lists and maps */
  uint64_t met[TCX__JSON_DEPTH];            /* a map's names, as name_cache.h notes them */
  unsigned depth, deepest;
  struct tcx_name name;   /* of the member whose value comes next */
  struct tcx_value *twin; /* the member of that name that is there already */
  struct tcx_name_cache names;
};

/* Puts v where the next value belongs, and gives where it is now. Of twins the first keeps its
 * place and takes over the value. NULL when memory is out. */
static struct tcx_value *place(struct reader *r, struct tcx_value *v) {
  struct tcx_value *parent = r->depth == 0 ? NULL : r->stack[r->depth - 1];
  int status = 0;
  if (v == NULL)
    return NULL;
  if (parent == NULL) {
    r->top = v;
  } else if (parent->type == TCX_LIST) {
    status = tcx__value_push(r->arena, parent, v);
  } else if (r->twin != NULL) {
    tcx__value_assign(r->twin, v);
    return r->twin;
  } else {
    status = tcx__value_add(r->arena, parent, r->name.p, r->name.n, v);
  }
  return status == 0 ? v : NULL;
}

static int placed(struct reader *r, struct tcx_value *v) {
  return place(r, v) != NULL ? 0 : UV_ENOMEM;
}

static int on_null(void *ctx) {
  struct reader *r = ctx;
  return placed(r, tcx__value_new(r->arena, TCX_NULL));
}

static int on_boolean(void *ctx, bool b) {
  struct reader *r = ctx;
  return placed(r, tcx__value_new_bool(r->arena, b));
}

static int on_number(void *ctx, const char *p, size_t n) {
  struct reader *r = ctx;
  return placed(r, tcx__number_value(r->arena, (struct tcx_str){p, n}));
}

static int on_string(void *ctx, const char *p, size_t n) {
  struct reader *r = ctx;
  return placed(r, tcx__value_new_str_copy(r->arena, p, n));
}

static int on_name(void *ctx, const char *p, size_t n) {
  struct reader *r = ctx;
  r->name = tcx__name_keep(&r->names, r->arena, p, n);
  if (r->name.p == NULL)
    return UV_ENOMEM;
  r->twin = tcx__name_is_new(&r->met[r->depth - 1], r->name)
                ? NULL
                : tcx__value_find(r->stack[r->depth - 1], p, n);
  return 0;
}

static int open_container(struct reader *r, tcx_type_t type) {
  struct tcx_value *v = place(r, tcx__value_new(r->arena, type));
  if (v == NULL)
    return UV_ENOMEM;
  r->met[r->depth] = 0;
  r->stack[r->depth++] = v;
  if (r->depth > r->deepest)
    r->deepest = r->depth;
  return 0;
}

static int on_map(void *ctx) { return open_container(ctx, TCX_MAP); }

static int on_list(void *ctx) { return open_container(ctx, TCX_LIST); }

static int on_end(void *ctx) {
  struct reader *r = ctx;
  r->depth--;
  return 0;
}

static const struct tcx_json_events events = {on_null, on_boolean, on_number, on_string,
                                              on_map,  on_name,    on_list,   on_end};

static int fail_at(struct tcx_fail *f, const char *text, size_t at, const char *problem) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < at; i++) {
    if (text[i] == '\n') {
      line++;
      column = 1;
    } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
      column++;
    }
  }
  return tcx__fail(f, TCX_EPARAM, "line %zu, column %zu: %s", line, column, problem);
}

int tcx__json_parse(struct tcx_arena *arena, const char *text, size_t len, struct tcx_value **out,
                    struct tcx_fail *f) {
  struct reader r;
  uint64_t at;
  r.arena = arena;
  r.top = r.twin = NULL;
  r.depth = r.deepest = 0;
  memset(&r.names, 0, sizeof r.names);
  struct tcx_json_push *push = tcx__json_push_new(arena, &events, &r);
  int status = push != NULL ? tcx__json_push_feed(push, text, len) : UV_ENOMEM;
  if (status == 0)
    status = tcx__json_push_finish(push);
  const char *why = push != NULL ? tcx__json_push_why(push, &at) : NULL;
  if (why != NULL)
    return fail_at(f, text, (size_t)at, why);
  if (status != 0)
    return tcx__fail(f, status, "out of memory");
  r.top->height = (uint16_t)(r.deepest + 1);
  *out = r.top;
  return 0;
}
