/* cbor.c - see cbor.h. */
#include "base/cbor.h"
#include <math.h>
#include <tucuxi.h>

/* ---- encoding ---- */

static void add_big_endian(struct tcx_buf *out, uint64_t n, unsigned bytes) {
  char text[8];
  for (unsigned i = 0; i < bytes; i++)
    text[i] = (char)(n >> (8 * (bytes - 1 - i)) & 0xff);
  tcx__buf_add(out, text, bytes);
}

static void add_initial(struct tcx_buf *out, tcx__cbor_major major, unsigned info) {
  tcx__buf_addc(out, (char)((unsigned)major << 5 | info));
}

void tcx__cbor_head(struct tcx_buf *out, tcx__cbor_major major, uint64_t n) {
  unsigned size = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
  static const uint8_t infos[] = {[1] = 24, [2] = 25, [4] = 26, [8] = 27};
  add_initial(out, major, size == 0 ? (unsigned)n : infos[size]);
  add_big_endian(out, n, size);
}

void tcx__cbor_int(struct tcx_buf *out, int64_t i) {
  if (i >= 0)
    tcx__cbor_head(out, TCX__CBOR_UINT, (uint64_t)i);
  else
    tcx__cbor_head(out, TCX__CBOR_NEGINT, ~(uint64_t)i);
}

void tcx__cbor_string(struct tcx_buf *out, tcx__cbor_major major, struct tcx_str s) {
  tcx__cbor_head(out, major, s.n);
  tcx__buf_add_str(out, s);
}

/* True when d is not finite, and was written. */
static bool add_special(struct tcx_buf *out, double d) {
  if (isfinite(d))
    return false;
  add_initial(out, TCX__CBOR_SIMPLE, 25);
  add_big_endian(out, isnan(d) ? 0x7e00 : d < 0 ? 0xfc00 : 0x7c00, 2);
  return true;
}

void tcx__cbor_double(struct tcx_buf *out, double d) {
  uint64_t bits;
  if (add_special(out, d))
    return;
  memcpy(&bits, &d, sizeof bits);
  add_initial(out, TCX__CBOR_SIMPLE, 27);
  add_big_endian(out, bits, 8);
}

void tcx__cbor_float(struct tcx_buf *out, double d) {
  float f = (float)d;
  uint32_t bits;
  if (add_special(out, (double)f))
    return;
  memcpy(&bits, &f, sizeof bits);
  add_initial(out, TCX__CBOR_SIMPLE, 26);
  add_big_endian(out, bits, 4);
}

/* ---- decoding ---- */

enum { ITEM, ARGUMENT, STRING, OVER };
#define INDEFINITE UINT64_MAX

void tcx__cbor_init(struct tcx_cbor *c, struct tcx_arena *arena,
                    const struct tcx_cbor_events *events, void *ctx) {
  *c = (struct tcx_cbor){.events = events, .ctx = ctx, .arena = arena};
}

static int malformed(struct tcx_cbor *c, const char *why) {
  c->why = why;
  return TCX_EPROTO;
}

/* An item is complete: so may be what it lies in. */
static int item_done(struct tcx_cbor *c) {
  c->state = ITEM;
  while (c->depth > 0) {
    struct tcx_cbor_level *level = &c->levels[c->depth - 1];
    level->value_due = level->map && !level->value_due;
    if (level->left == INDEFINITE || --level->left > 0)
      return 0;
    c->depth--;
    int status = c->events->close(c->ctx);
    if (status != 0)
      return status;
  }
  c->state = OVER;
  return 0;
}

static int push(struct tcx_cbor *c, bool map, uint64_t left) {
  if (c->depth == c->cap) {
    unsigned cap = c->cap == 0 ? 8 : c->cap * 2;
    struct tcx_cbor_level *levels = tcx__arena_alloc(c->arena, cap * sizeof *levels);
    if (levels == NULL)
      return UV_ENOMEM;
    if (c->depth > 0)
      memcpy(levels, c->levels, c->depth * sizeof *levels);
    c->levels = levels;
    c->cap = cap;
  }
  c->levels[c->depth++] = (struct tcx_cbor_level){.map = map, .left = left};
  return 0;
}

static int open_level(struct tcx_cbor *c, bool map, uint64_t count) {
  if (c->depth == TCX__CBOR_DEPTH)
    return malformed(c, "arrays and maps nested too deep");
  int status = c->events->open(c->ctx, map);
  if (status != 0)
    return status;
  if (count == 0) {
    status = c->events->close(c->ctx);
    return status == 0 ? item_done(c) : status;
  }
  c->state = ITEM;
  return push(c, map, count == INDEFINITE || !map ? count : count * 2);
}

/* ff: the end of what has no length. */
static int on_break(struct tcx_cbor *c) {
  struct tcx_cbor_level *level = c->depth > 0 ? &c->levels[c->depth - 1] : NULL;
  if (c->chunks != 0) {
    bool text = c->chunks == TCX__CBOR_TEXT;
    c->chunks = 0;
    int status = c->events->string(c->ctx, text, "", 0, true);
    return status == 0 ? item_done(c) : status;
  }
  if (level == NULL || level->left != INDEFINITE || level->value_due || c->tagged)
    return malformed(c, "a break where an item must come");
  c->depth--;
  int status = c->events->close(c->ctx);
  return status == 0 ? item_done(c) : status;
}

static int begin_string(struct tcx_cbor *c, uint8_t major, uint64_t n) {
  c->left = n;
  c->state = STRING;
  if (n > 0)
    return 0;
  if (c->chunks != 0) {
    c->state = ITEM;
    return 0;
  }
  int status = c->events->string(c->ctx, major == TCX__CBOR_TEXT, "", 0, true);
  return status == 0 ? item_done(c) : status;
}

static double half(uint64_t bits) {
  int exponent = (int)(bits >> 10 & 0x1f), mantissa = (int)(bits & 0x3ff);
  double d = exponent == 0    ? ldexp(mantissa, -24)
             : exponent != 31 ? ldexp(mantissa + 1024, exponent - 25)
             : mantissa == 0  ? (double)INFINITY
                              : (double)NAN;
  return bits & 0x8000 ? -d : d;
}

static int on_simple(struct tcx_cbor *c, uint8_t info) {
  double d;
  float f;
  uint32_t low = (uint32_t)c->argument;
  int status;
  switch (info) {
  case TCX__CBOR_FALSE:
  case TCX__CBOR_TRUE:
  case TCX__CBOR_NULL:
  case TCX__CBOR_UNDEFINED:
    status = c->events->simple(c->ctx, info);
    return status == 0 ? item_done(c) : status;
  case 25:
    d = half(c->argument);
    break;
  case 26:
    memcpy(&f, &low, sizeof f);
    d = (double)f;
    break;
  case 27:
    memcpy(&d, &c->argument, sizeof d);
    break;
  default:
    return malformed(c, "a simple value that is not known");
  }
  status = c->events->number(c->ctx, d);
  return status == 0 ? item_done(c) : status;
}

/* A head is complete. */
static int on_head(struct tcx_cbor *c) {
  uint8_t major = c->initial >> 5, info = c->initial & 31;
  int status;
  if (c->chunks != 0 && major != c->chunks)
    return malformed(c, "a chunk of another type than its string");
  if (major != TCX__CBOR_TAG)
    c->tagged = false;
  switch (major) {
  case TCX__CBOR_UINT:
  case TCX__CBOR_NEGINT:
    status = c->events->integer(c->ctx, major == TCX__CBOR_NEGINT, c->argument);
    return status == 0 ? item_done(c) : status;
  case TCX__CBOR_BYTES:
  case TCX__CBOR_TEXT:
    return begin_string(c, major, c->argument);
  case TCX__CBOR_ARRAY:
  case TCX__CBOR_MAP:
    if (c->argument > UINT64_MAX / 4)
      return malformed(c, "more items than can come");
    return open_level(c, major == TCX__CBOR_MAP, c->argument);
  case TCX__CBOR_TAG:
    c->tagged = true;
    c->state = ITEM;
    return c->events->tag(c->ctx, c->argument);
  default:
    return on_simple(c, info);
  }
}

/* A head without a length: a string in chunks, an array or map until a break, or a break. */
static int on_indefinite(struct tcx_cbor *c) {
  uint8_t major = c->initial >> 5;
  if (major == TCX__CBOR_SIMPLE)
    return on_break(c);
  if (c->chunks != 0)
    return malformed(c, "a string in chunks inside another");
  c->tagged = false;
  if (major == TCX__CBOR_ARRAY || major == TCX__CBOR_MAP)
    return open_level(c, major == TCX__CBOR_MAP, INDEFINITE);
  if (major != TCX__CBOR_BYTES && major != TCX__CBOR_TEXT)
    return malformed(c, "a number or tag without its value");
  c->chunks = major;
  return 0;
}

static int on_initial(struct tcx_cbor *c, uint8_t byte) {
  uint8_t info = byte & 31;
  c->initial = byte;
  c->argument = info;
  if (info < 24)
    return on_head(c);
  if (info == 31)
    return on_indefinite(c);
  if (info > 27)
    return malformed(c, "a reserved length");
  c->argument = 0;
  c->missing = (uint8_t)(1u << (info - 24));
  c->state = ARGUMENT;
  return 0;
}

/* Some bytes of a string; how many were taken comes back in *n. */
static int on_string(struct tcx_cbor *c, const char *p, size_t *n) {
  uint8_t major = c->initial >> 5;
  if (*n > c->left)
    *n = (size_t)c->left;
  c->left -= *n;
  bool last = c->left == 0 && c->chunks == 0;
  int status = c->events->string(c->ctx, major == TCX__CBOR_TEXT, p, *n, last);
  if (status == 0 && last)
    return item_done(c);
  if (c->left == 0)
    c->state = ITEM;
  return status;
}

static int step(struct tcx_cbor *c, const char *p, size_t *n) {
  switch (c->state) {
  case ITEM:
    *n = 1;
    return on_initial(c, (uint8_t)*p);
  case ARGUMENT:
    *n = 1;
    c->argument = c->argument << 8 | (uint8_t)*p;
    return --c->missing == 0 ? on_head(c) : 0;
  case STRING:
    return on_string(c, p, n);
  default:
    return malformed(c, "bytes behind the end");
  }
}

int tcx__cbor_feed(struct tcx_cbor *c, const char *p, size_t n) {
  while (n > 0 && c->status == 0) {
    size_t used = n;
    c->status = step(c, p, &used);
    p += used;
    n -= used;
    c->offset += used;
  }
  return c->status;
}

int tcx__cbor_finish(struct tcx_cbor *c) {
  if (c->status == 0 && c->state != OVER)
    c->status = malformed(c, "the end comes too early");
  return c->status;
}
