/* cbor_write.c - values to CBOR, by shapes. */
#include "base/utf8.h"
#include "protocols/cbor_body.h"
#include "protocols/scalar.h"
#include <math.h>

struct writer {
  struct tcx_buf *out;
  struct tcx_fail *f;
  unsigned depth;
};

static int write_value(struct writer *w, const struct tcx_member *m, const struct tcx_value *v);

static int refuse(const struct writer *w, const struct tcx_member *m) {
  return tcx__fail(w->f, TCX_EPARAM, "the value of %s cannot be sent", m->name);
}

/* ---- single values ---- */

/* An integer of 64 bits with a sign of its own, which is what CBOR has. */
static int write_big(struct writer *w, const struct tcx_member *m, struct tcx_str digits) {
  bool negative = digits.n > 0 && *digits.p == '-';
  uint64_t n = 0;
  for (size_t i = negative; i < digits.n; i++) {
    unsigned digit = (unsigned)(digits.p[i] - '0');
    if (digit > 9 || n > (UINT64_MAX - digit) / 10)
      return refuse(w, m);
    n = n * 10 + digit;
  }
  if (negative)
    tcx__cbor_head(w->out, TCX__CBOR_NEGINT, n - 1);
  else
    tcx__cbor_head(w->out, TCX__CBOR_UINT, n);
  return 0;
}

/* Text as a number, for what JSON could not say as one: "NaN", more digits than a double has. */
static int write_digits(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  struct tcx_value *number;
  int status = tcx__scalar_value(w->out->arena, m->shape, v->u.bytes, &number);
  if (status == TCX_EPROTO)
    return refuse(w, m);
  if (status != 0)
    return tcx__fail(w->f, status, "%s", tcx_strerror(status));
  return number->type == TCX_BIGNUM ? write_big(w, m, number->u.bytes) : write_value(w, m, number);
}

static int write_integer(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  if (v->type != TCX_INT)
    return v->type == TCX_STRING || v->type == TCX_BIGNUM ? write_digits(w, m, v) : refuse(w, m);
  tcx__cbor_int(w->out, v->u.integer);
  return 0;
}

static int write_number(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  if (v->type == TCX_STRING || v->type == TCX_BIGNUM)
    return write_digits(w, m, v);
  if (v->type != TCX_INT && v->type != TCX_DOUBLE)
    return refuse(w, m);
  double d = v->type == TCX_INT ? (double)v->u.integer : v->u.number;
  bool small = m->shape->type == TCX__SHAPE_FLOAT;
  if (small && isfinite(d) && !isfinite((float)d))
    return refuse(w, m);
  if (small)
    tcx__cbor_float(w->out, d);
  else
    tcx__cbor_double(w->out, d);
  return 0;
}

/* The double that is nearest. While one holds all microseconds, their quotient is that; of times
 * that are further away the sum is. */
static double fraction_of(int64_t seconds, int32_t microseconds) {
  const int64_t near_enough = 9000000000;
  return seconds > -near_enough && seconds < near_enough
             ? ((double)seconds * 1e6 + microseconds) / 1e6
             : (double)seconds + microseconds / 1e6;
}

/* Whole seconds as an integer, others in microseconds as a double. */
static int write_time(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  int64_t seconds;
  int32_t nanoseconds;
  if (tcx__scalar_time(v, &seconds, &nanoseconds) != 0)
    return refuse(w, m);
  int32_t microseconds = nanoseconds / 1000; /* botocore's datetime has no finer ones */
  tcx__cbor_head(w->out, TCX__CBOR_TAG, 1);
  if (microseconds == 0)
    tcx__cbor_int(w->out, seconds);
  else
    tcx__cbor_double(w->out, fraction_of(seconds, microseconds));
  return 0;
}

static int write_text(struct writer *w, const struct tcx_member *m, struct tcx_str text) {
  if (tcx__utf8_valid(text.p, text.n) != text.n)
    return tcx__fail(w->f, TCX_EPARAM, "the value of %s is not UTF-8", m->name);
  tcx__cbor_string(w->out, TCX__CBOR_TEXT, text);
  return 0;
}

static int write_string(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  bool text = m->shape->type == TCX__SHAPE_STRING;
  if (v->type != TCX_STRING && (text || v->type != TCX_BLOB))
    return refuse(w, m);
  if (text)
    return write_text(w, m, v->u.bytes);
  tcx__cbor_string(w->out, TCX__CBOR_BYTES, v->u.bytes);
  return 0;
}

static int write_boolean(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  if (v->type != TCX_BOOL)
    return refuse(w, m);
  tcx__cbor_head(w->out, TCX__CBOR_SIMPLE, v->u.boolean ? TCX__CBOR_TRUE : TCX__CBOR_FALSE);
  return 0;
}

/* ---- maps and lists ---- */

static const struct tcx_member *member_of(const struct tcx_shape *shape,
                                          const struct tcx_value *kid) {
  return kid->type != TCX_NULL ? tcx__shape_member(shape, kid->name, kid->name_len) : NULL;
}

static int write_structure(struct writer *w, const struct tcx_member *m,
                           const struct tcx_value *v) {
  uint64_t count = 0;
  int status = 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next)
    count += member_of(m->shape, kid) != NULL;
  tcx__cbor_head(w->out, TCX__CBOR_MAP, count);
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    const struct tcx_member *member = member_of(m->shape, kid);
    if (member == NULL)
      continue;
    tcx__cbor_string(w->out, TCX__CBOR_TEXT, (struct tcx_str){member->wire, member->wire_len});
    status = write_value(w, member, kid);
  }
  return status;
}

static int write_list(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  int status = 0;
  tcx__cbor_head(w->out, TCX__CBOR_ARRAY, tcx__value_count(v));
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next)
    status = write_value(w, &m->shape->members[0], kid);
  return status;
}

static int write_map(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  int status = 0;
  tcx__cbor_head(w->out, TCX__CBOR_MAP, tcx__value_count(v));
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    status = write_text(w, m, (struct tcx_str){kid->name, kid->name_len});
    if (status == 0)
      status = write_value(w, &m->shape->members[1], kid);
  }
  return status;
}

typedef int (*write_cb)(struct writer *, const struct tcx_member *, const struct tcx_value *);

static int write_nested(struct writer *w, const struct tcx_member *m, const struct tcx_value *v,
                        tcx_type_t wanted, write_cb write) {
  if (v->type != wanted)
    return tcx__fail(w->f, TCX_EPARAM, "the value of %s is not a %s", m->name,
                     tcx__type_name(wanted));
  if (w->depth == TCX__CBOR_DEPTH)
    return tcx__fail(w->f, TCX_EPARAM, "%s is nested too deep", m->name);
  w->depth++;
  int status = write(w, m, v);
  w->depth--;
  return status;
}

/* v, not a structure's; nulls of lists and maps are written as such. */
static int write_value(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  if (v->type == TCX_NULL) {
    tcx__cbor_head(w->out, TCX__CBOR_SIMPLE, TCX__CBOR_NULL);
    return 0;
  }
  switch (m->shape->type) {
  case TCX__SHAPE_STRUCTURE:
    return write_nested(w, m, v, TCX_MAP, write_structure);
  case TCX__SHAPE_LIST:
    return write_nested(w, m, v, TCX_LIST, write_list);
  case TCX__SHAPE_MAP:
    return write_nested(w, m, v, TCX_MAP, write_map);
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
    return write_integer(w, m, v);
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    return write_number(w, m, v);
  case TCX__SHAPE_TIMESTAMP:
    return write_time(w, m, v);
  case TCX__SHAPE_BOOLEAN:
    return write_boolean(w, m, v);
  default:
    return write_string(w, m, v);
  }
}

int tcx__cbor_write(struct tcx_buf *out, const struct tcx_shape *shape, const struct tcx_value *v,
                    struct tcx_fail *f) {
  struct writer w = {.out = out, .f = f};
  struct tcx_member root = {.name = shape->name, .shape = shape};
  int status = write_value(&w, &root, v);
  if (status == 0 && out->status != 0)
    return tcx__fail(f, out->status, "%s", tcx_strerror(out->status));
  return status;
}
