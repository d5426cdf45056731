/* value_equal.c - whether two values are the same: Python's ==. */
#include "base/value.h"

static bool is_text(const struct tcx_value *v) {
  return v->type == TCX_STRING || v->type == TCX_BLOB || v->type == TCX_BIGNUM;
}
static bool is_number(const struct tcx_value *v) {
  return v->type == TCX_INT || v->type == TCX_DOUBLE || v->type == TCX_BOOL;
}
static double number_of(const struct tcx_value *v) {
  return v->type == TCX_INT      ? (double)v->u.integer
         : v->type == TCX_DOUBLE ? v->u.number
         : v->u.boolean          ? 1.0
                                 : 0.0;
}

static bool equal_kids(const struct tcx_value *a, const struct tcx_value *b, bool null_is_any) {
  const struct tcx_value *y = tcx__value_kids(b);
  if (tcx__value_count(a) != tcx__value_count(b))
    return false;
  for (const struct tcx_value *x = tcx__value_kids(a); x != NULL; x = x->next) {
    const struct tcx_value *other =
        a->type == TCX_MAP ? tcx__value_find(b, x->name, x->name_len) : y;
    if (other == NULL || !tcx__value_equal(x, other, null_is_any))
      return false;
    y = y->next;
  }
  return true;
}

bool tcx__value_equal(const struct tcx_value *a, const struct tcx_value *b, bool null_is_any) {
  if (a->type == TCX_NULL)
    return null_is_any || b->type == TCX_NULL;
  if (is_text(a) && is_text(b))
    return tcx__str_eq(a->u.bytes, b->u.bytes);
  if (a->type == TCX_INT && b->type == TCX_INT)
    return a->u.integer == b->u.integer;
  if (is_number(a) && is_number(b))
    return number_of(a) == number_of(b);
  if (a->type != b->type)
    return false;
  if (a->type == TCX_TIME)
    return a->u.time.seconds == b->u.time.seconds && a->u.time.nanoseconds == b->u.time.nanoseconds;
  return (a->type == TCX_MAP || a->type == TCX_LIST) && equal_kids(a, b, null_is_any);
}
