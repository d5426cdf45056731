/*
 * search.c - what an expression makes of a value.
 *
 * What comes out is shared with what went in: an item that goes into a new list is a copy of its
 * head alone. A projection over a flattened list walks the lists within, and makes none of its own.
 */
#include "base/number.h"
#include "jmespath/ast.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAKING     16 /* steps that a new value costs */
#define STEP_BYTES 16 /* bytes of text that are walked in a step */

const struct tcx_value tcx__jmespath_null = {.type = TCX_NULL};

const struct tcx_value *tcx__jmespath_bool(bool b) {
  static const struct tcx_value values[2] = {{.type = TCX_BOOL, .u.boolean = false},
                                             {.type = TCX_BOOL, .u.boolean = true}};
  return &values[b];
}

const struct tcx_value *tcx__jmespath_stop(struct tcx_search *s, int status) {
  if (s->status == 0)
    s->status = status;
  return &tcx__jmespath_null;
}

bool tcx__jmespath_spend(struct tcx_search *s, unsigned steps) {
  if (s->status == 0 && s->steps >= steps) {
    s->steps -= steps;
    return true;
  }
  if (s->status == 0)
    (void)tcx__jmespath_stop(s, tcx__fail(s->f, TCX_ETOOBIG,
                                          "The JMESPath expression takes more than %u steps",
                                          TCX__JMESPATH_STEPS));
  return false;
}

bool tcx__jmespath_spend_bytes(struct tcx_search *s, size_t n) {
  return tcx__jmespath_spend(s,
                             n / STEP_BYTES < UINT_MAX ? (unsigned)(n / STEP_BYTES) + 1 : UINT_MAX);
}

bool tcx__jmespath_spend_value(struct tcx_search *s, const struct tcx_value *v) {
  bool text = v->type == TCX_STRING || v->type == TCX_BLOB || v->type == TCX_BIGNUM;
  return tcx__jmespath_spend_bytes(s, v->name_len + (text ? v->u.bytes.n : 0));
}

bool tcx__jmespath_spend_tree(struct tcx_search *s, const struct tcx_value *v) {
  if (!tcx__jmespath_spend_value(s, v))
    return false;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next)
    if (!tcx__jmespath_spend_tree(s, kid))
      return false;
  return true;
}

/* ---- making ---- */

struct tcx_value *tcx__jmespath_list(struct tcx_search *s) {
  struct tcx_value *list =
      tcx__jmespath_spend(s, MAKING) ? tcx__value_new(s->arena, TCX_LIST) : NULL;
  if (list == NULL)
    (void)tcx__jmespath_stop(s, UV_ENOMEM);
  return list;
}

struct tcx_value *tcx__jmespath_share(struct tcx_search *s, const struct tcx_value *v) {
  struct tcx_value *copy =
      tcx__jmespath_spend(s, MAKING)
          ? tcx__value_new(s->arena, v->type == TCX_ABSENT ? TCX_NULL : (tcx_type_t)v->type)
          : NULL;
  if (copy == NULL) {
    (void)tcx__jmespath_stop(s, UV_ENOMEM);
    return NULL;
  }
  if (!tcx__is_null(v))
    tcx__value_assign(copy, v);
  return copy;
}

void tcx__jmespath_push(struct tcx_search *s, struct tcx_value *list, const struct tcx_value *v) {
  struct tcx_value *copy = list != NULL ? tcx__jmespath_share(s, v) : NULL;
  if (copy != NULL && tcx__value_push(s->arena, list, copy) != 0)
    (void)tcx__jmespath_stop(s, UV_ENOMEM);
}

/* The list, unless something went wrong on the way. */
static const struct tcx_value *done(const struct tcx_search *s, const struct tcx_value *v) {
  return s->status == 0 && v != NULL ? v : &tcx__jmespath_null;
}

/* ---- truth, equality, order ---- */

bool tcx__jmespath_true(const struct tcx_value *v) {
  switch ((tcx_type_t)v->type) {
  case TCX_ABSENT:
  case TCX_NULL:
    return false;
  case TCX_BOOL:
    return v->u.boolean;
  case TCX_STRING:
  case TCX_BLOB:
    return v->u.bytes.n > 0;
  case TCX_LIST:
  case TCX_MAP:
    return tcx__value_count(v) > 0;
  default:
    return true;
  }
}

double tcx__jmespath_number(const struct tcx_value *v) {
  switch ((tcx_type_t)v->type) {
  case TCX_INT:
    return (double)v->u.integer;
  case TCX_DOUBLE:
    return v->u.number;
  default:
    return tcx__number_near(v->u.bytes);
  }
}

/* An integer and a double, exactly. */
static int order_mixed(int64_t i, double d) {
  if (d >= 0x1p63)
    return -1;
  if (d < -0x1p63)
    return 1;
  int64_t whole = (int64_t)d;
  if (i != whole)
    return i < whole ? -1 : 1;
  double rest = d - (double)whole;
  return rest > 0 ? -1 : rest < 0;
}

static int order_bytes(struct tcx_str x, struct tcx_str y) {
  size_t n = x.n < y.n ? x.n : y.n;
  int order = n > 0 ? memcmp(x.p, y.p, n) : 0;
  return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

static bool is_integer(struct tcx_str digits) {
  for (size_t i = 0; i < digits.n; i++)
    if (digits.p[i] != '-' && (digits.p[i] < '0' || digits.p[i] > '9'))
      return false;
  return true;
}

/* Both too large for their types: integers by their digits, others as doubles, and different texts
 * are never the same number. */
static int order_large(struct tcx_str x, struct tcx_str y) {
  double a = tcx__number_near(x), b = tcx__number_near(y);
  if (a != b)
    return a < b ? -1 : 1;
  if (!is_integer(x) || !is_integer(y) || x.n == y.n)
    return a < 0 ? -order_bytes(x, y) : order_bytes(x, y);
  return (x.n < y.n) == (a < 0) ? 1 : -1;
}

static int order_numbers(const struct tcx_value *a, const struct tcx_value *b) {
  if (a->type == TCX_INT && b->type == TCX_INT)
    return (a->u.integer > b->u.integer) - (a->u.integer < b->u.integer);
  if (a->type == TCX_BIGNUM && b->type == TCX_BIGNUM)
    return order_large(a->u.bytes, b->u.bytes);
  double x = tcx__jmespath_number(a), y = tcx__jmespath_number(b);
  if (a->type == TCX_INT)
    return order_mixed(a->u.integer, y);
  if (b->type == TCX_INT)
    return -order_mixed(b->u.integer, x);
  return (x > y) - (x < y);
}

struct tcx_str tcx__jmespath_text(const struct tcx_value *v, char scratch[TCX__TIME_TEXT]) {
  if (v->type == TCX_TIME)
    return (struct tcx_str){scratch,
                            tcx__time_text(scratch, v->u.time.seconds, v->u.time.nanoseconds)};
  return v->u.bytes;
}

static int order_times(const struct tcx_value *a, const struct tcx_value *b) {
  if (a->u.time.seconds != b->u.time.seconds)
    return a->u.time.seconds < b->u.time.seconds ? -1 : 1;
  return (a->u.time.nanoseconds > b->u.time.nanoseconds) -
         (a->u.time.nanoseconds < b->u.time.nanoseconds);
}

int tcx__jmespath_order(const struct tcx_value *a, const struct tcx_value *b) {
  char first[TCX__TIME_TEXT], second[TCX__TIME_TEXT];
  if (tcx__is_number(a))
    return order_numbers(a, b);
  if (a->type == TCX_TIME && b->type == TCX_TIME)
    return order_times(a, b);
  return order_bytes(tcx__jmespath_text(a, first), tcx__jmespath_text(b, second));
}

static bool equal_lists(struct tcx_search *s, const struct tcx_value *a,
                        const struct tcx_value *b) {
  const struct tcx_value *x = tcx__value_kids(a), *y = tcx__value_kids(b);
  if (tcx__value_count(a) != tcx__value_count(b))
    return false;
  for (; x != NULL; x = x->next, y = y->next)
    if (!tcx__jmespath_equal(s, x, y))
      return false;
  return true;
}

static bool equal_maps(struct tcx_search *s, const struct tcx_value *a, const struct tcx_value *b) {
  if (tcx__value_count(a) != tcx__value_count(b))
    return false;
  for (const struct tcx_value *x = tcx__value_kids(a); x != NULL; x = x->next) {
    const struct tcx_value *y = tcx__value_find(b, x->name, x->name_len);
    if (y == NULL || !tcx__jmespath_equal(s, x, y))
      return false;
  }
  return true;
}

bool tcx__jmespath_equal(struct tcx_search *s, const struct tcx_value *a,
                         const struct tcx_value *b) {
  if (!tcx__jmespath_spend_value(s, a))
    return false;
  if (tcx__is_number(a) && tcx__is_number(b))
    return order_numbers(a, b) == 0 && !(a->type == TCX_DOUBLE && isnan(a->u.number)) &&
           !(b->type == TCX_DOUBLE && isnan(b->u.number));
  if (tcx__is_string(a) && tcx__is_string(b))
    return tcx__jmespath_order(a, b) == 0;
  if (tcx__is_null(a) || tcx__is_null(b))
    return tcx__is_null(a) && tcx__is_null(b);
  if (a->type != b->type)
    return false;
  switch ((tcx_type_t)a->type) {
  case TCX_BOOL:
    return a->u.boolean == b->u.boolean;
  case TCX_BLOB:
    return tcx__str_eq(a->u.bytes, b->u.bytes);
  case TCX_LIST:
    return equal_lists(s, a, b);
  case TCX_MAP:
    return equal_maps(s, a, b);
  default:
    return false;
  }
}

static const struct tcx_value *compare(struct tcx_search *s, const struct tcx_node *n,
                                       const struct tcx_value *v) {
  const struct tcx_value *a = tcx__jmespath_eval(s, n->u.of.left, v),
                         *b = tcx__jmespath_eval(s, n->u.of.right, v);
  if (n->op == TCX__TOKEN_EQ || n->op == TCX__TOKEN_NE)
    return tcx__jmespath_bool(tcx__jmespath_equal(s, a, b) == (n->op == TCX__TOKEN_EQ));
  if (!(tcx__is_number(a) && tcx__is_number(b)) && !(tcx__is_string(a) && tcx__is_string(b)))
    return &tcx__jmespath_null;
  if (!tcx__jmespath_spend_value(s, a))
    return &tcx__jmespath_null;
  int order = tcx__jmespath_order(a, b);
  switch (n->op) {
  case TCX__TOKEN_LT:
    return tcx__jmespath_bool(order < 0);
  case TCX__TOKEN_LTE:
    return tcx__jmespath_bool(order <= 0);
  case TCX__TOKEN_GT:
    return tcx__jmespath_bool(order > 0);
  default:
    return tcx__jmespath_bool(order >= 0);
  }
}

/* ---- lists ---- */

static const struct tcx_value *at(const struct tcx_value *v, int64_t i) {
  int64_t n = (int64_t)tcx__value_count(v);
  if (v->type != TCX_LIST)
    return &tcx__jmespath_null;
  if (i < 0)
    i += n;
  return i >= 0 && i < n ? tcx_value_at(v, (size_t)i) : &tcx__jmespath_null;
}

/* An end of a slice as Python counts it: from the end when negative, and no further than the list
 * goes. */
static int64_t clamp(int64_t i, int64_t n, int64_t least, int64_t most) {
  if (i < 0)
    i += n;
  return i < least ? least : i > most ? most : i;
}

static const struct tcx_value *slice(struct tcx_search *s, const struct tcx_node *node,
                                     const struct tcx_value *v) {
  if (v->type != TCX_LIST)
    return &tcx__jmespath_null;
  int64_t n = (int64_t)tcx__value_count(v), step = (node->given & 4) != 0 ? node->u.number[2] : 1;
  bool up = step > 0;
  int64_t least = up ? 0 : -1, most = up ? n : n - 1;
  int64_t from = (node->given & 1) != 0 ? clamp(node->u.number[0], n, least, most) : up ? 0 : n - 1;
  int64_t to = (node->given & 2) != 0 ? clamp(node->u.number[1], n, least, most) : up ? n : -1;
  if (step > n)
    step = n + 1;
  else if (step < -n)
    step = -n - 1;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (int64_t i = from; (up ? i < to : i > to) && s->status == 0; i += step)
    tcx__jmespath_push(s, list, tcx_value_at(v, (size_t)i));
  return done(s, list);
}

static const struct tcx_value *flatten(struct tcx_search *s, const struct tcx_value *v) {
  if (v->type != TCX_LIST)
    return &tcx__jmespath_null;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *item = tcx__value_kids(v); item != NULL && s->status == 0;
       item = item->next) {
    if (item->type != TCX_LIST)
      tcx__jmespath_push(s, list, item);
    for (const struct tcx_value *inner = item->type == TCX_LIST ? tcx__value_kids(item) : NULL;
         inner != NULL && s->status == 0; inner = inner->next)
      tcx__jmespath_push(s, list, inner);
  }
  return done(s, list);
}

/* right on item, into list unless it is null. */
static void project_item(struct tcx_search *s, const struct tcx_node *right,
                         const struct tcx_value *item, struct tcx_value *list) {
  const struct tcx_value *made = tcx__jmespath_eval(s, right, item);
  if (!tcx__is_null(made))
    tcx__jmespath_push(s, list, made);
}

static const struct tcx_value *project(struct tcx_search *s, const struct tcx_node *n,
                                       const struct tcx_value *v) {
  bool flat = n->u.of.left->type == TCX__NODE_FLATTEN;
  const struct tcx_value *base =
      tcx__jmespath_eval(s, flat ? n->u.of.left->u.of.left : n->u.of.left, v);
  if (base->type != TCX_LIST)
    return &tcx__jmespath_null;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *item = tcx__value_kids(base); item != NULL && s->status == 0;
       item = item->next) {
    bool within = flat && item->type == TCX_LIST;
    if (!within)
      project_item(s, n->u.of.right, item, list);
    for (const struct tcx_value *inner = within ? tcx__value_kids(item) : NULL;
         inner != NULL && s->status == 0; inner = inner->next)
      project_item(s, n->u.of.right, inner, list);
  }
  return done(s, list);
}

static const struct tcx_value *project_values(struct tcx_search *s, const struct tcx_node *n,
                                              const struct tcx_value *v) {
  const struct tcx_value *base = tcx__jmespath_eval(s, n->u.of.left, v);
  if (base->type != TCX_MAP)
    return &tcx__jmespath_null;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *item = tcx__value_kids(base); item != NULL && s->status == 0;
       item = item->next)
    project_item(s, n->u.of.right, item, list);
  return done(s, list);
}

static const struct tcx_value *filter(struct tcx_search *s, const struct tcx_node *n,
                                      const struct tcx_value *v) {
  const struct tcx_value *base = tcx__jmespath_eval(s, n->u.of.left, v);
  if (base->type != TCX_LIST)
    return &tcx__jmespath_null;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *item = tcx__value_kids(base); item != NULL && s->status == 0;
       item = item->next)
    if (tcx__jmespath_true(tcx__jmespath_eval(s, n->u.of.third, item)))
      project_item(s, n->u.of.right, item, list);
  return done(s, list);
}

/* ---- several at once ---- */

static const struct tcx_value *select_list(struct tcx_search *s, const struct tcx_node *n,
                                           const struct tcx_value *v) {
  if (tcx__is_null(v))
    return &tcx__jmespath_null;
  struct tcx_value *list = tcx__jmespath_list(s);
  for (uint32_t i = 0; i < n->n_kids && s->status == 0; i++)
    tcx__jmespath_push(s, list, tcx__jmespath_eval(s, n->u.kids.list[i].node, v));
  return done(s, list);
}

static const struct tcx_value *select_map(struct tcx_search *s, const struct tcx_node *n,
                                          const struct tcx_value *v) {
  if (tcx__is_null(v))
    return &tcx__jmespath_null;
  struct tcx_value *map = tcx__jmespath_spend(s, MAKING) ? tcx__value_new(s->arena, TCX_MAP) : NULL;
  if (map == NULL)
    return tcx__jmespath_stop(s, UV_ENOMEM);
  for (uint32_t i = 0; i < n->n_kids && s->status == 0; i++) {
    const struct tcx_named *kid = &n->u.kids.list[i];
    struct tcx_value *made = tcx__jmespath_share(s, tcx__jmespath_eval(s, kid->node, v));
    if (made != NULL && tcx__value_replace(s->arena, map, kid->name.p, kid->name.n, made) != 0)
      (void)tcx__jmespath_stop(s, UV_ENOMEM);
  }
  return done(s, map);
}

/* ---- the walk ---- */

static const struct tcx_value *member(const struct tcx_value *v, struct tcx_str name) {
  const struct tcx_value *found = tcx__value_find(v, name.p, name.n);
  return found != NULL ? found : &tcx__jmespath_null;
}

const struct tcx_value *tcx__jmespath_eval(struct tcx_search *s, const struct tcx_node *n,
                                           const struct tcx_value *v) {
  const struct tcx_value *left;
  if (!tcx__jmespath_spend(s, 1))
    return &tcx__jmespath_null;
  switch ((tcx__node_type)n->type) {
  case TCX__NODE_CURRENT:
    return v;
  case TCX__NODE_FIELD:
    return member(v, n->name);
  case TCX__NODE_INDEX:
    return at(v, n->u.number[0]);
  case TCX__NODE_SLICE:
    return slice(s, n, v);
  case TCX__NODE_LITERAL:
    return n->u.literal;
  case TCX__NODE_CHAIN:
    return tcx__jmespath_eval(s, n->u.of.right, tcx__jmespath_eval(s, n->u.of.left, v));
  case TCX__NODE_FLATTEN:
    return flatten(s, tcx__jmespath_eval(s, n->u.of.left, v));
  case TCX__NODE_PROJECTION:
    return project(s, n, v);
  case TCX__NODE_VALUE_PROJECTION:
    return project_values(s, n, v);
  case TCX__NODE_FILTER:
    return filter(s, n, v);
  case TCX__NODE_OR:
    left = tcx__jmespath_eval(s, n->u.of.left, v);
    return tcx__jmespath_true(left) ? left : tcx__jmespath_eval(s, n->u.of.right, v);
  case TCX__NODE_AND:
    left = tcx__jmespath_eval(s, n->u.of.left, v);
    return tcx__jmespath_true(left) ? tcx__jmespath_eval(s, n->u.of.right, v) : left;
  case TCX__NODE_NOT:
    return tcx__jmespath_bool(!tcx__jmespath_true(tcx__jmespath_eval(s, n->u.of.left, v)));
  case TCX__NODE_COMPARE:
    return compare(s, n, v);
  case TCX__NODE_LIST:
    return select_list(s, n, v);
  case TCX__NODE_MAP:
    return select_map(s, n, v);
  case TCX__NODE_CALL:
    return tcx__jmespath_call(s, n, v);
  case TCX__NODE_EXPREF:
    break;
  }
  return &tcx__jmespath_null;
}

int tcx__jmespath_search(const struct tcx_jmespath *e, struct tcx_arena *arena,
                         const struct tcx_value *data, const struct tcx_value **out,
                         struct tcx_fail *f) {
  struct tcx_search s = {.arena = arena, .f = f, .steps = TCX__JMESPATH_STEPS};
  *out = tcx__jmespath_eval(&s, e->top, data != NULL ? data : &tcx__jmespath_null);
  (void)tcx__jmespath_spend_tree(&s, *out);
  return s.status;
}
