/*
 * One text, one yajl parser, one pass of its callbacks. Before that the bytes are looked at for
 * what yajl lets through: form feed and vertical tab between tokens, UTF-8 that is not well-formed,
 * halves of surrogate pairs.
 *
 * yajl does not look at what its allocator gives it, so memory that is out leaves through longjmp.
 * Nothing is lost: yajl has all its memory from the arena.
 */
#include "base/json.h"
#include "base/number.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <string.h>
#include <tucuxi.h>
#include <yajl/yajl_parse.h>

#define NAMES 64 /* places of the cache of member names; a power of 2 */

struct reader {
  struct tcx_arena *arena;
  struct tcx_value *top;
  struct tcx_value *stack[TCX__JSON_DEPTH]; /* the open lists and maps */
  unsigned depth, deepest;
  const char *name; /* of the member whose value comes next */
  size_t name_len;
  struct tcx_value *twin; /* the member of that name that is there already */
  const char *problem;    /* why a callback stopped */
  struct tcx_str names[NAMES];
  jmp_buf no_memory;
};

/* ---- yajl's memory: a size stands before each piece, since realloc must know it ---- */

#define PIECE_HEADER 8

static void *piece_new(void *ctx, size_t n) {
  struct reader *r = ctx;
  char *p = n > SIZE_MAX / 2 ? NULL : tcx__arena_alloc(r->arena, n + PIECE_HEADER);
  if (p == NULL)
    longjmp(r->no_memory, 1);
  memcpy(p, &n, sizeof n);
  return p + PIECE_HEADER;
}

static void *piece_resize(void *ctx, void *old, size_t n) {
  size_t size = 0;
  if (old != NULL)
    memcpy(&size, (char *)old - PIECE_HEADER, sizeof size);
  if (old != NULL && n <= size)
    return old;
  void *p = piece_new(ctx, n);
  if (size > 0)
    memcpy(p, old, size);
  return p;
}

static void piece_free(void *ctx, void *p) {
  (void)ctx;
  (void)p;
}

/* ---- callbacks: 0 stops the parser ---- */

static int stop(struct reader *r, const char *problem) {
  r->problem = problem;
  return 0;
}

/* Puts v where the next value belongs. Of twins the first keeps its place and takes over the value.
 */
static struct tcx_value *place(struct reader *r, struct tcx_value *v) {
  int status = v == NULL ? UV_ENOMEM : 0;
  struct tcx_value *parent = r->depth == 0 ? NULL : r->stack[r->depth - 1];
  if (status == 0 && parent == NULL) {
    r->top = v;
  } else if (status == 0 && parent->type == TCX_LIST) {
    status = tcx__value_push(r->arena, parent, v);
  } else if (status == 0 && r->twin != NULL) {
    tcx__value_assign(r->twin, v);
    return r->twin;
  } else if (status == 0) {
    status = tcx__value_add(r->arena, parent, r->name, r->name_len, v);
  }
  if (status != 0)
    longjmp(r->no_memory, 1);
  return v;
}

static int on_null(void *ctx) {
  struct reader *r = ctx;
  return place(r, tcx__value_new(r->arena, TCX_NULL)) != NULL;
}

static int on_boolean(void *ctx, int value) {
  struct reader *r = ctx;
  return place(r, tcx__value_new_bool(r->arena, value != 0)) != NULL;
}

static int on_number(void *ctx, const char *p, size_t n) {
  struct reader *r = ctx;
  int64_t i = 0;
  double d = 0;
  switch (tcx__number_read((struct tcx_str){p, n}, &i, &d)) {
  case TCX_INT:
    return place(r, tcx__value_new_int(r->arena, i)) != NULL;
  case TCX_DOUBLE:
    return place(r, tcx__value_new_num(r->arena, d)) != NULL;
  default:
    break;
  }
  struct tcx_value *v = tcx__value_new_str_copy(r->arena, p, n);
  if (v != NULL)
    v->type = TCX_BIGNUM;
  return place(r, v) != NULL;
}

static int on_string(void *ctx, const unsigned char *p, size_t n) {
  struct reader *r = ctx;
  return place(r, tcx__value_new_str_copy(r->arena, (const char *)p, n)) != NULL;
}

/* The same names come again and again: they are kept once, as long as they meet in the cache. */
static const char *keep_name(struct reader *r, const char *p, size_t n) {
  unsigned char first = n > 0 ? (unsigned char)p[0] : 0, last = n > 0 ? (unsigned char)p[n - 1] : 0;
  struct tcx_str *kept = &r->names[(first * 7u + last * 3u + n) & (NAMES - 1)];
  if (kept->p != NULL && kept->n == n && memcmp(kept->p, p, n) == 0)
    return kept->p;
  kept->p = tcx__arena_strndup(r->arena, p, n);
  kept->n = n;
  if (kept->p == NULL)
    longjmp(r->no_memory, 1);
  return kept->p;
}

static int on_name(void *ctx, const unsigned char *p, size_t n) {
  struct reader *r = ctx;
  r->name = keep_name(r, (const char *)p, n);
  r->name_len = n;
  r->twin = tcx__value_find(r->stack[r->depth - 1], r->name, n);
  return 1;
}

static int open_container(struct reader *r, tcx_type_t type) {
  if (r->depth == TCX__JSON_DEPTH)
    return stop(r, "nested too deeply");
  struct tcx_value *v = place(r, tcx__value_new(r->arena, type));
  r->stack[r->depth++] = v;
  if (r->depth > r->deepest)
    r->deepest = r->depth;
  return 1;
}

static int on_map(void *ctx) {
  return open_container(ctx, TCX_MAP);
}

static int on_list(void *ctx) {
  return open_container(ctx, TCX_LIST);
}

static int on_end(void *ctx) {
  struct reader *r = ctx;
  r->depth--;
  return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_map,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end,
    .yajl_start_array = on_list,
    .yajl_end_array = on_end,
};

/* ---- what yajl lets through ---- */

static int hex4(const char *p, const char *end) {
  int value = 0;
  if (end - p < 4)
    return -1;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    int digit = c >= '0' && c <= '9'                 ? c - '0'
                : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                     : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* Of the escape at p, which is a backslash: its length, or 0 when it is half of a surrogate pair.
 * What is no escape at all is left to yajl. */
static size_t escape_length(const char *p, const char *end) {
  int code = end - p > 2 && p[1] == 'u' ? hex4(p + 2, end) : -1;
  if (code < 0xd800 || code > 0xdfff)
    return end - p > 1 ? 2 : 1;
  if (code >= 0xdc00 || end - p < 12 || p[6] != '\\' || p[7] != 'u')
    return 0;
  int low = hex4(p + 8, end);
  return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/* The text's length, or where something is wrong. */
static size_t check_bytes(const char *text, size_t len, const char **problem) {
  size_t good = tcx__utf8_valid(text, len);
  const char *end = text + good, *p = text;
  while (p < end) {
    if (*p == '\\') {
      size_t n = escape_length(p, end);
      if (n == 0) {
        *problem = "half of a surrogate pair";
        return (size_t)(p - text);
      }
      p += n;
    } else if (*p == '\f' || *p == '\v') {
      *problem = "a control character";
      return (size_t)(p - text);
    } else {
      p++;
    }
  }
  if (good < len)
    *problem = "bytes that are not UTF-8";
  return good;
}

/* ---- the way in ---- */

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
  int n = (int)strcspn(problem, "\n");
  return tcx__fail(f, TCX_EPARAM, "line %zu, column %zu: %.*s", line, column, n, problem);
}

static int run(struct reader *r, const char *text, size_t len, struct tcx_fail *f) {
  yajl_alloc_funcs memory = {piece_new, piece_resize, piece_free, r};
  yajl_handle parser = yajl_alloc(&callbacks, &memory, r);
  yajl_config(parser, yajl_dont_validate_strings, 1); /* check_bytes did */
  yajl_status status = yajl_parse(parser, (const unsigned char *)text, len);
  size_t at = yajl_get_bytes_consumed(parser); /* with the token that is wrong */
  at -= at > 0;
  if (status == yajl_status_ok) {
    status = yajl_complete_parse(parser);
    at = len;
  }
  if (status == yajl_status_ok)
    return 0;
  if (r->problem == NULL)
    r->problem = (const char *)yajl_get_error(parser, 0, NULL, 0);
  return fail_at(f, text, at, r->problem);
}

int tcx__json_parse(struct tcx_arena *arena, const char *text, size_t len, struct tcx_value **out,
                    struct tcx_fail *f) {
  struct reader r;
  r.arena = arena;
  r.top = r.twin = NULL;
  r.depth = r.deepest = 0;
  r.problem = NULL;
  memset(r.names, 0, sizeof r.names);
  size_t good = check_bytes(text, len, &r.problem);
  if (r.problem != NULL)
    return fail_at(f, text, good, r.problem);
  if (setjmp(r.no_memory) != 0)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  int status = run(&r, text, len, f);
  if (status == 0) {
    r.top->height = (uint16_t)(r.deepest + 1);
    *out = r.top;
  }
  return status;
}
