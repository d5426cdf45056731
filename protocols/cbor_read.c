/* cbor_read.c - CBOR to values, driven by shapes (build.h), while the bytes come. */
#include "base/utf8.h"
#include "protocols/cbor_body.h"
#include "protocols/scalar.h"

#define EPOCH_TAG 1 /* of a number that is Unix seconds */

static int malformed(const struct tcx_cbor_reader *r, const char *what) {
  return tcx__fail(r->build.fail, TCX_EPROTO, "malformed response: %s", what);
}

/* True when a single value is to be dropped; *status says how that went. */
static bool is_dropped(struct tcx_cbor_reader *r, int *status) {
  struct tcx_build *b = &r->build;
  if (!tcx__build_wants_name(b) && tcx__build_due(b) != NULL)
    return false;
  *status =
      tcx__build_wants_name(b) ? malformed(r, "a map's key is no string") : tcx__build_skip(b);
  return true;
}

/* ---- single values ---- */

static struct tcx_value *big_number(struct tcx_cbor_reader *r, bool negative, uint64_t n) {
  struct tcx_value *v = tcx__value_new(r->build.arena, TCX_BIGNUM);
  const char *text = negative && n == UINT64_MAX
                         ? "-18446744073709551616"
                         : tcx__arena_printf(r->build.arena, "%s%llu", negative ? "-" : "",
                                             (unsigned long long)(negative ? n + 1 : n));
  if (v == NULL || text == NULL)
    return NULL;
  v->u.bytes = tcx__str(text);
  return v;
}

static int add_time(struct tcx_cbor_reader *r, const struct tcx_value *number) {
  int64_t seconds;
  int32_t nanoseconds;
  if (tcx__scalar_time(number, &seconds, &nanoseconds) != 0)
    return tcx__build_mismatch(&r->build, NULL);
  return tcx__build_add(&r->build, tcx__value_new_time(r->build.arena, seconds, nanoseconds));
}

static int on_integer(void *ctx, bool negative, uint64_t n) {
  struct tcx_cbor_reader *r = ctx;
  struct tcx_build *b = &r->build;
  bool fits = n <= INT64_MAX;
  int64_t i = negative ? -1 - (int64_t)(n & INT64_MAX) : (int64_t)(n & INT64_MAX);
  int status;
  if (is_dropped(r, &status))
    return status;
  switch (tcx__build_due(b)->type) {
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
    return tcx__build_add(b, fits ? tcx__value_new_int(b->arena, i) : big_number(r, negative, n));
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    return tcx__build_add(b, tcx__value_new_num(b->arena, negative ? -1 - (double)n : (double)n));
  case TCX__SHAPE_TIMESTAMP:
    if (fits)
      return add_time(r, &(struct tcx_value){.type = TCX_INT, .u.integer = i});
    return tcx__build_mismatch(b, NULL);
  default:
    return tcx__build_mismatch(b, NULL);
  }
}

static int on_number(void *ctx, double d) {
  struct tcx_cbor_reader *r = ctx;
  struct tcx_build *b = &r->build;
  int status;
  if (is_dropped(r, &status))
    return status;
  switch (tcx__build_due(b)->type) {
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    return tcx__build_add(b, tcx__value_new_num(b->arena, d));
  case TCX__SHAPE_TIMESTAMP:
    return add_time(r, &(struct tcx_value){.type = TCX_DOUBLE, .u.number = d});
  default:
    return tcx__build_mismatch(b, NULL);
  }
}

static int on_simple(void *ctx, int what) {
  struct tcx_cbor_reader *r = ctx;
  struct tcx_build *b = &r->build;
  int status;
  bool null = what == TCX__CBOR_NULL || what == TCX__CBOR_UNDEFINED;
  if (null && !tcx__build_wants_name(b))
    return tcx__build_null(b);
  if (is_dropped(r, &status))
    return status;
  if (tcx__build_due(b)->type != TCX__SHAPE_BOOLEAN)
    return tcx__build_mismatch(b, NULL);
  return tcx__build_add(b, tcx__value_new_bool(b->arena, what == TCX__CBOR_TRUE));
}

/* A tag on what is read must be the one that times have. */
static int on_tag(void *ctx, uint64_t tag) {
  struct tcx_cbor_reader *r = ctx;
  if (tcx__build_wants_name(&r->build))
    return malformed(r, "a map's key is no string");
  const struct tcx_shape *due = tcx__build_due(&r->build);
  if (due == NULL || (tag == EPOCH_TAG && due->type == TCX__SHAPE_TIMESTAMP))
    return 0;
  return tcx__fail(r->build.fail, TCX_EPROTO, "malformed response: %s has the tag %llu",
                   tcx__build_path(&r->build), (unsigned long long)tag);
}

/* ---- strings ---- */

/* A whole string: a key, or a value, which keeps the gathered pieces. */
static int on_whole(struct tcx_cbor_reader *r, bool text, const char *p, size_t n) {
  struct tcx_build *b = &r->build;
  if (text && tcx__utf8_valid(p, n) != n)
    return malformed(r, "a string that is not UTF-8");
  if (tcx__build_wants_name(b))
    return text ? tcx__build_name(b, p, n) : malformed(r, "a map's key is no string");
  if (tcx__build_due(b)->type != (text ? TCX__SHAPE_STRING : TCX__SHAPE_BLOB))
    return tcx__build_mismatch(b, NULL);
  if (p != r->text.data && (p = tcx__arena_strndup(b->arena, p, n)) == NULL)
    return tcx__fail_memory(r->build.fail);
  return tcx__build_add(b, text ? tcx__value_new_str(b->arena, p, n)
                                : tcx__value_new_blob(b->arena, p, n));
}

/* Pieces are gathered; those of unknown values are not. */
static int on_string(void *ctx, bool text, const char *p, size_t n, bool last) {
  struct tcx_cbor_reader *r = ctx;
  struct tcx_build *b = &r->build;
  if (!tcx__build_wants_name(b) && tcx__build_due(b) == NULL)
    return last ? tcx__build_skip(b) : 0;
  if (last && r->text.data == NULL)
    return on_whole(r, text, p, n);
  tcx__buf_add(&r->text, p, n);
  if (r->text.status != 0)
    return tcx__fail_memory(r->build.fail);
  if (!last)
    return 0;
  int status = on_whole(r, text, r->text.data, r->text.len);
  tcx__buf_free(&r->text);
  return status;
}

/* ---- maps and lists ---- */

static int on_open(void *ctx, bool map) {
  struct tcx_cbor_reader *r = ctx;
  return tcx__build_wants_name(&r->build) ? malformed(r, "a map's key is no string")
                                          : tcx__build_open(&r->build, map);
}

static int on_close(void *ctx) {
  struct tcx_cbor_reader *r = ctx;
  return tcx__build_close(&r->build);
}

static const struct tcx_cbor_events events = {on_integer, on_number, on_simple, on_string,
                                              on_open,    on_close,  on_tag};

/* ---- the reader ---- */

void tcx__cbor_reader_init(struct tcx_cbor_reader *r, struct tcx_arena *arena,
                           struct tcx_fail *fail, const struct tcx_shape *shape) {
  tcx__build_init(&r->build, arena, fail, shape);
  tcx__cbor_init(&r->cbor, arena, &events, r);
  tcx__buf_init(&r->text, arena, SIZE_MAX / 8);
}

static int explain(struct tcx_cbor_reader *r, int status) {
  if (status == TCX_EPROTO && r->cbor.why != NULL)
    return tcx__fail(r->build.fail, status, "malformed response: not CBOR near byte %llu: %s",
                     (unsigned long long)r->cbor.offset, r->cbor.why);
  return status == UV_ENOMEM ? tcx__fail_memory(r->build.fail) : status;
}

int tcx__cbor_reader_feed(struct tcx_cbor_reader *r, const char *p, size_t n) {
  return explain(r, tcx__cbor_feed(&r->cbor, p, n));
}

int tcx__cbor_reader_finish(struct tcx_cbor_reader *r, struct tcx_value **out) {
  *out = r->build.value;
  return explain(r, tcx__cbor_finish(&r->cbor));
}

int tcx__cbor_read(struct tcx_arena *arena, struct tcx_fail *fail, const struct tcx_shape *shape,
                   struct tcx_str bytes, struct tcx_value **out) {
  struct tcx_cbor_reader r;
  tcx__cbor_reader_init(&r, arena, fail, shape);
  if (bytes.n == 0) {
    *out = tcx__value_new(arena, TCX_MAP);
    return *out != NULL ? 0 : tcx__fail_memory(fail);
  }
  int status = tcx__cbor_reader_feed(&r, bytes.p, bytes.n);
  return status == 0 ? tcx__cbor_reader_finish(&r, out) : status;
}
