/*
 * json_push.c - see json_push.h. Each piece of the text is looked at for what yajl lets through
 * (json_check.h), then goes through one yajl parser. A piece from within a long string is held
 * until as much is there as yajl has of that string, which it will look at again.
 *
 * yajl does not look at what its allocator gives it, so memory that is out leaves through longjmp.
 * Nothing is lost: yajl has all its memory from the arena.
 */
#include "base/json_push.h"
#include "base/buf.h"
#include "base/json_check.h"
#include <setjmp.h>
#include <string.h>
#include <tucuxi.h>
#include <yajl/yajl_parse.h>

struct tcx_json_push {
  struct tcx_arena *arena;
  const struct tcx_json_events *events;
  void *ctx;
  yajl_handle parser;
  unsigned depth;
  int status;      /* sticky */
  const char *why; /* of TCX_EPROTO */
  uint64_t offset; /* bytes that went through; of a failure: where it is */
  struct tcx_json_check check;
  size_t carried;      /* bytes of a cut string that yajl has, at most */
  struct tcx_buf held; /* what follows them and yajl does not have yet */
  jmp_buf no_memory;
};

static const char long_number[] = "a number of too many characters";

/* ---- yajl's memory: a size stands before each piece, since realloc must know it ---- */

#define PIECE_HEADER 8

static void *piece_new(void *ctx, size_t n) {
  struct tcx_json_push *push = ctx;
  char *p = n > SIZE_MAX / 2 ? NULL : tcx__arena_alloc(push->arena, n + PIECE_HEADER);
  if (p == NULL)
    longjmp(push->no_memory, 1);
  memcpy(p, &n, sizeof n);
  return p + PIECE_HEADER;
}

static void *piece_resize(void *ctx, void *old, size_t n) {
  struct tcx_json_push *push = ctx;
  size_t size = 0;
  if (old == NULL)
    return piece_new(ctx, n);
  char *piece = (char *)old - PIECE_HEADER;
  memcpy(&size, piece, sizeof size);
  if (n <= size)
    return old;
  if (tcx__arena_resize(push->arena, piece, size + PIECE_HEADER, n + PIECE_HEADER)) {
    memcpy(piece, &n, sizeof n);
    return old;
  }
  void *p = piece_new(ctx, n);
  memcpy(p, old, size);
  return p;
}

static void piece_free(void *ctx, void *p) {
  (void)ctx;
  (void)p;
}

/* ---- yajl's callbacks: 0 stops the parser ---- */

static int pass(struct tcx_json_push *push, int status) {
  if (status == 0)
    return 1;
  push->status = status;
  return 0;
}

static int on_null(void *ctx) {
  struct tcx_json_push *push = ctx;
  return pass(push, push->events->null(push->ctx));
}

static int on_boolean(void *ctx, int value) {
  struct tcx_json_push *push = ctx;
  return pass(push, push->events->boolean(push->ctx, value != 0));
}

static int refuse(struct tcx_json_push *push, const char *why) {
  push->status = TCX_EPROTO;
  push->why = why;
  return 0;
}

static int on_number(void *ctx, const char *p, size_t n) {
  struct tcx_json_push *push = ctx;
  return n > TCX__JSON_NUMBER_MAX ? refuse(push, long_number)
                                  : pass(push, push->events->number(push->ctx, p, n));
}

static int on_string(void *ctx, const unsigned char *p, size_t n) {
  struct tcx_json_push *push = ctx;
  return pass(push, push->events->string(push->ctx, (const char *)p, n));
}

static int on_name(void *ctx, const unsigned char *p, size_t n) {
  struct tcx_json_push *push = ctx;
  return pass(push, push->events->name(push->ctx, (const char *)p, n));
}

static int deeper(struct tcx_json_push *push) {
  if (push->depth < TCX__JSON_DEPTH) {
    push->depth++;
    return 1;
  }
  return refuse(push, "nested too deeply");
}

static int on_map(void *ctx) {
  struct tcx_json_push *push = ctx;
  return deeper(push) && pass(push, push->events->map(push->ctx));
}

static int on_list(void *ctx) {
  struct tcx_json_push *push = ctx;
  return deeper(push) && pass(push, push->events->list(push->ctx));
}

static int on_end(void *ctx) {
  struct tcx_json_push *push = ctx;
  push->depth--;
  return pass(push, push->events->end(push->ctx));
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

/* ---- the way in ---- */

struct tcx_json_push *tcx__json_push_new(struct tcx_arena *arena,
                                         const struct tcx_json_events *events, void *ctx) {
  struct tcx_json_push *push = tcx__arena_zalloc(arena, sizeof *push);
  if (push == NULL)
    return NULL;
  if (setjmp(push->no_memory) != 0)
    return NULL;
  push->arena = arena;
  push->events = events;
  push->ctx = ctx;
  tcx__buf_init(&push->held, arena, SIZE_MAX / 2);
  yajl_alloc_funcs memory = {piece_new, piece_resize, piece_free, push};
  push->parser = yajl_alloc(&callbacks, &memory, push);
  yajl_config(push->parser, yajl_dont_validate_strings, 1); /* json_check does */
  return push;
}

static int fail_at(struct tcx_json_push *push, const char *why, size_t at) {
  push->status = TCX_EPROTO;
  push->why = why;
  push->offset += at;
  return push->status;
}

/* What yajl says of the n bytes that it was given last. Its sentences end in a line feed. */
static int judge(struct tcx_json_push *push, yajl_status status, size_t n) {
  if (status == yajl_status_ok) {
    push->offset += n;
    return 0;
  }
  size_t at = n > 0 ? yajl_get_bytes_consumed(push->parser) : 0; /* with the token that is wrong */
  at -= at > 0;
  if (push->status != 0) {
    push->offset += at;
    return push->status;
  }
  char *why = (char *)yajl_get_error(push->parser, 0, NULL, 0);
  why[strcspn(why, "\n")] = '\0';
  return fail_at(push, why, at);
}

static int parse(struct tcx_json_push *push, const char *p, size_t n) {
  return judge(push, yajl_parse(push->parser, (const unsigned char *)p, n), n);
}

static int parse_held(struct tcx_json_push *push) {
  size_t n = push->held.len;
  push->held.len = 0;
  push->carried += n;
  return n > 0 ? parse(push, push->held.data, n) : 0;
}

/* True when the last piece is all from within the string that was cut before it. */
static bool goes_on(const struct tcx_json_push *push) {
  return push->carried > 0 && !push->check.quoted;
}

static int parse_piece(struct tcx_json_push *push, const char *p, size_t n) {
  int status = parse_held(push);
  if (status == 0)
    status = parse(push, p, n);
  push->carried = !push->check.in_string ? 0 : goes_on(push) ? push->carried + n : n;
  return status;
}

static int parse_end(struct tcx_json_push *push, const char *p, size_t n) {
  (void)p;
  (void)n;
  int status = parse_held(push);
  if (status != 0)
    return status;
  const char *why = tcx__json_check_end(&push->check);
  return why != NULL ? fail_at(push, why, 0) : judge(push, yajl_complete_parse(push->parser), 0);
}

/* What may run out of memory. */
static int guard(struct tcx_json_push *push,
                 int (*run)(struct tcx_json_push *push, const char *p, size_t n), const char *p,
                 size_t n) {
  if (setjmp(push->no_memory) != 0)
    return push->status = UV_ENOMEM;
  return run(push, p, n);
}

int tcx__json_push_feed(struct tcx_json_push *push, const char *p, size_t n) {
  size_t at = 0;
  if (push->status != 0 || n == 0)
    return push->status;
  const char *why = tcx__json_check(&push->check, p, n, &at);
  if (why == NULL && push->check.number > TCX__JSON_NUMBER_MAX)
    why = long_number;
  if (why != NULL)
    return fail_at(push, why, push->held.len + at);
  if (!goes_on(push) || push->held.len + n >= push->carried)
    return guard(push, parse_piece, p, n);
  tcx__buf_add(&push->held, p, n);
  return push->status = push->held.status;
}

int tcx__json_push_finish(struct tcx_json_push *push) {
  return push->status != 0 ? push->status : guard(push, parse_end, NULL, 0);
}

const char *tcx__json_push_why(const struct tcx_json_push *push, uint64_t *offset) {
  *offset = push->offset;
  return push->why;
}
