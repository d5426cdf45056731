/* functions.c - the functions of the language: how many arguments each takes, of which types, and
 * what it makes of them. */
#include "base/json.h"
#include "base/number.h"
#include "base/utf8.h"
#include "jmespath/ast.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PARAMS_MAX 2
#define TEXT_MAX   (16u << 20) /* bytes of a text that a function makes */

enum { /* types of an argument */
       NUMBER = 1,
       STRING = 2,
       BOOLEAN = 4,
       ARRAY = 8,
       OBJECT = 16,
       NIL = 32,
       EXPREF = 64,
       NUMBERS = 128,
       STRINGS = 256,
       ANY = 512
};
static const struct {
  uint16_t bit;
  const char *name;
} type_names[] = {
    {ARRAY, "array"},   {NUMBERS, "array-number"}, {STRINGS, "array-string"}, {NUMBER, "number"},
    {STRING, "string"}, {BOOLEAN, "boolean"},      {OBJECT, "object"},        {NIL, "null"},
    {EXPREF, "expref"},
};

struct args {
  const struct tcx_value *at[PARAMS_MAX]; /* of a variadic function: list */
  const struct tcx_value **list;
  unsigned n;
  const struct tcx_node *expref;
  const char *name; /* the function's */
};
struct tcx_function {
  const char *name;
  uint16_t params[PARAMS_MAX];
  uint8_t n;
  bool variadic;
  const struct tcx_value *(*run)(struct tcx_search *s, const struct args *a);
};

/* ---- types ---- */

static uint16_t type_of(const struct tcx_value *v) {
  switch ((tcx_type_t)v->type) {
  case TCX_ABSENT:
  case TCX_NULL:
    return NIL;
  case TCX_BOOL:
    return BOOLEAN;
  case TCX_INT:
  case TCX_DOUBLE:
  case TCX_BIGNUM:
    return NUMBER;
  case TCX_STRING:
  case TCX_TIME:
    return STRING;
  case TCX_LIST:
    return ARRAY;
  case TCX_MAP:
    return OBJECT;
  default:
    return 0;
  }
}

static const char *type_name(uint16_t type) {
  for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++)
    if (type_names[i].bit == type)
      return type_names[i].name;
  return "unknown";
}

static const struct tcx_value *wrong_type(struct tcx_search *s, const char *function,
                                          const char *shown, const char *actual, uint16_t wanted) {
  char names[128] = "";
  size_t n = 0;
  for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++)
    if ((wanted & type_names[i].bit) != 0)
      n += (size_t)snprintf(names + n, sizeof names - n, "%s'%s'", n > 0 ? ", " : "",
                            type_names[i].name);
  return tcx__jmespath_stop(
      s,
      tcx__fail(
          s->f, TCX_EPARAM,
          "In function %s(), invalid type for value: %s, expected one of: [%s], received: \"%s\"",
          function, shown, names, actual));
}

/* The value as JSON, a string as it is, at most 256 bytes. */
static const struct tcx_value *wrong_value(struct tcx_search *s, const char *function,
                                           const struct tcx_value *v, uint16_t wanted) {
  struct tcx_buf text;
  char scratch[TCX__TIME_TEXT];
  tcx__buf_init(&text, s->arena, 256);
  if (tcx__is_string(v))
    tcx__buf_add_str(&text, tcx__jmespath_text(v, scratch));
  else if (v->type != TCX_LIST && v->type != TCX_MAP)
    tcx__json_write(&text, v, TCX__JSON_COMPACT);
  else
    tcx__buf_adds(&text, v->type == TCX_LIST ? "[...]" : "{...}");
  return wrong_type(s, function,
                    text.status == 0 && text.data != NULL ? text.data
                    : text.status == 0                    ? ""
                                                          : "(long)",
                    type_name(type_of(v)), wanted);
}

/* Items of an array are all numbers, or all strings. */
static bool check_items(struct tcx_search *s, const char *function, const struct tcx_value *list,
                        uint16_t wanted) {
  const struct tcx_value *item = tcx__value_kids(list);
  uint16_t allowed = 0;
  if (item == NULL)
    return true;
  if ((wanted & NUMBERS) != 0 && type_of(item) == NUMBER)
    allowed = NUMBER;
  if ((wanted & STRINGS) != 0 && type_of(item) == STRING)
    allowed = STRING;
  for (; item != NULL; item = item->next)
    if (type_of(item) != allowed || !tcx__jmespath_spend(s, 1)) {
      (void)wrong_value(s, function, item, wanted);
      return false;
    }
  return true;
}

static bool check(struct tcx_search *s, const char *function, const struct tcx_value *v,
                  uint16_t wanted) {
  if ((wanted & ANY) != 0 || (wanted & type_of(v)) != 0)
    return true;
  if (v->type == TCX_LIST && (wanted & (NUMBERS | STRINGS)) != 0)
    return check_items(s, function, v, wanted);
  (void)wrong_value(s, function, v, wanted);
  return false;
}

/* ---- making ---- */

static const struct tcx_value *made(struct tcx_search *s, const struct tcx_value *v) {
  return v != NULL ? v : tcx__jmespath_stop(s, UV_ENOMEM);
}

static const struct tcx_value *new_int(struct tcx_search *s, int64_t i) {
  return made(s, tcx__value_new_int(s->arena, i));
}
static const struct tcx_value *new_num(struct tcx_search *s, double d) {
  return made(s, tcx__value_new_num(s->arena, d));
}
static const struct tcx_value *new_text(struct tcx_search *s, const char *p, size_t n) {
  return tcx__jmespath_spend_bytes(s, n) ? made(s, tcx__value_new_str_copy(s->arena, p, n))
                                         : &tcx__jmespath_null;
}

static const struct tcx_value *ended(const struct tcx_search *s, const struct tcx_value *v) {
  return s->status == 0 && v != NULL ? v : &tcx__jmespath_null;
}

/* ---- numbers ---- */

static const struct tcx_value *f_abs(struct tcx_search *s, const struct args *a) {
  const struct tcx_value *v = a->at[0];
  if (v->type == TCX_INT && v->u.integer != INT64_MIN)
    return v->u.integer >= 0 ? v : new_int(s, -v->u.integer);
  if (v->type == TCX_BIGNUM) {
    if (v->u.bytes.p[0] != '-')
      return v;
    struct tcx_value *copy = tcx__jmespath_share(s, v);
    if (copy != NULL)
      copy->u.bytes = (struct tcx_str){v->u.bytes.p + 1, v->u.bytes.n - 1};
    return ended(s, copy);
  }
  return new_num(s, fabs(tcx__jmespath_number(v)));
}

/* A whole double is an integer where one can hold it. */
static const struct tcx_value *whole(struct tcx_search *s, double d) {
  return d >= -0x1p63 && d < 0x1p63 ? new_int(s, (int64_t)d) : new_num(s, d);
}

static const struct tcx_value *f_ceil(struct tcx_search *s, const struct args *a) {
  return a->at[0]->type == TCX_INT ? a->at[0] : whole(s, ceil(tcx__jmespath_number(a->at[0])));
}
static const struct tcx_value *f_floor(struct tcx_search *s, const struct args *a) {
  return a->at[0]->type == TCX_INT ? a->at[0] : whole(s, floor(tcx__jmespath_number(a->at[0])));
}

/* Integers as long as all are and nothing overflows. */
static bool sum_of(const struct tcx_value *list, int64_t *whole_sum, double *sum) {
  bool whole_still = true;
  *whole_sum = 0;
  *sum = 0;
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL; v = v->next) {
    whole_still = whole_still && v->type == TCX_INT &&
                  !__builtin_add_overflow(*whole_sum, v->u.integer, whole_sum);
    *sum += tcx__jmespath_number(v);
  }
  return whole_still;
}

static const struct tcx_value *f_sum(struct tcx_search *s, const struct args *a) {
  int64_t i;
  double d;
  return sum_of(a->at[0], &i, &d) ? new_int(s, i) : new_num(s, d);
}

static const struct tcx_value *f_avg(struct tcx_search *s, const struct args *a) {
  uint32_t n = tcx__value_count(a->at[0]);
  int64_t i;
  double d;
  if (n == 0)
    return &tcx__jmespath_null;
  return sum_of(a->at[0], &i, &d) ? new_num(s, (double)i / n) : new_num(s, d / n);
}

static const struct tcx_value *f_to_number(struct tcx_search *s, const struct args *a) {
  const struct tcx_value *v = a->at[0];
  if (tcx__is_number(v))
    return v;
  if (v->type != TCX_STRING || v->u.bytes.n == 0 ||
      tcx__number_scan(v->u.bytes.p, v->u.bytes.p + v->u.bytes.n) != v->u.bytes.n)
    return &tcx__jmespath_null;
  return made(s, tcx__number_value(s->arena, v->u.bytes));
}

/* ---- strings ---- */

static struct tcx_str text_at(const struct args *a, unsigned i, char scratch[TCX__TIME_TEXT]) {
  return tcx__jmespath_text(a->at[i], scratch);
}

/* Each place where it may begin costs steps: texts that nearly hold another many times are no way
 * around the limit. */
static bool found_in(struct tcx_search *s, struct tcx_str text, struct tcx_str what) {
  if (what.n == 0)
    return true;
  for (size_t i = 0; i + what.n <= text.n; i++)
    if (text.p[i] == what.p[0] &&
        (!tcx__jmespath_spend_bytes(s, what.n) || memcmp(text.p + i, what.p, what.n) == 0))
      return s->status == 0;
  return false;
}

static const struct tcx_value *f_contains(struct tcx_search *s, const struct args *a) {
  char first[TCX__TIME_TEXT], second[TCX__TIME_TEXT];
  if (a->at[0]->type != TCX_LIST)
    return tcx__jmespath_bool(tcx__is_string(a->at[1]) &&
                              found_in(s, text_at(a, 0, first), text_at(a, 1, second)));
  for (const struct tcx_value *v = tcx__value_kids(a->at[0]); v != NULL && s->status == 0;
       v = v->next)
    if (tcx__jmespath_equal(s, v, a->at[1]))
      return tcx__jmespath_bool(true);
  return tcx__jmespath_bool(false);
}

static const struct tcx_value *f_starts_with(struct tcx_search *s, const struct args *a) {
  char first[TCX__TIME_TEXT], second[TCX__TIME_TEXT];
  struct tcx_str text = text_at(a, 0, first), part = text_at(a, 1, second);
  (void)s;
  return tcx__jmespath_bool(part.n <= text.n &&
                            (part.n == 0 || memcmp(text.p, part.p, part.n) == 0));
}

static const struct tcx_value *f_ends_with(struct tcx_search *s, const struct args *a) {
  char first[TCX__TIME_TEXT], second[TCX__TIME_TEXT];
  struct tcx_str text = text_at(a, 0, first), part = text_at(a, 1, second);
  (void)s;
  return tcx__jmespath_bool(part.n <= text.n &&
                            (part.n == 0 || memcmp(text.p + text.n - part.n, part.p, part.n) == 0));
}

/* Bytes of the character that p begins with; of a byte that begins none: 1. */
static size_t character(const char *p, size_t n) {
  size_t length = tcx__utf8_length(p, n);
  return length > 0 ? length : 1;
}

static const struct tcx_value *f_length(struct tcx_search *s, const struct args *a) {
  char scratch[TCX__TIME_TEXT];
  int64_t n = 0;
  if (!tcx__is_string(a->at[0]))
    return new_int(s, tcx__value_count(a->at[0]));
  struct tcx_str text = text_at(a, 0, scratch);
  for (size_t i = 0; i < text.n; i += character(text.p + i, text.n - i))
    n++;
  return new_int(s, n);
}

static const struct tcx_value *reversed_text(struct tcx_search *s, struct tcx_str text) {
  char *out = tcx__arena_alloc(s->arena, text.n + 1);
  if (out == NULL)
    return tcx__jmespath_stop(s, UV_ENOMEM);
  char *to = out + text.n;
  *to = '\0';
  for (size_t i = 0, n; i < text.n; i += n) {
    n = character(text.p + i, text.n - i);
    to -= n;
    memcpy(to, text.p + i, n);
  }
  return made(s, tcx__value_new_str(s->arena, out, text.n));
}

static const struct tcx_value *f_reverse(struct tcx_search *s, const struct args *a) {
  char scratch[TCX__TIME_TEXT];
  if (tcx__is_string(a->at[0]))
    return reversed_text(s, text_at(a, 0, scratch));
  struct tcx_value *list = tcx__jmespath_list(s);
  for (size_t i = tcx__value_count(a->at[0]); i-- > 0 && s->status == 0;)
    tcx__jmespath_push(s, list, tcx_value_at(a->at[0], i));
  return ended(s, list);
}

static const struct tcx_value *f_join(struct tcx_search *s, const struct args *a) {
  char first[TCX__TIME_TEXT], second[TCX__TIME_TEXT];
  struct tcx_str between = text_at(a, 0, first);
  struct tcx_buf out;
  tcx__buf_init(&out, s->arena, TEXT_MAX);
  for (const struct tcx_value *v = tcx__value_kids(a->at[1]); v != NULL; v = v->next) {
    if (v != tcx__value_kids(a->at[1]))
      tcx__buf_add_str(&out, between);
    tcx__buf_add_str(&out, tcx__jmespath_text(v, second));
  }
  if (out.status == TCX_ETOOBIG)
    (void)tcx__fail(s->f, TCX_ETOOBIG, "join() makes more than %u bytes", TEXT_MAX);
  if (out.status != 0)
    return tcx__jmespath_stop(s, out.status);
  return tcx__jmespath_spend_bytes(s, out.len)
             ? made(s, tcx__value_new_str(s->arena, out.data != NULL ? out.data : "", out.len))
             : &tcx__jmespath_null;
}

static const struct tcx_value *f_to_string(struct tcx_search *s, const struct args *a) {
  struct tcx_buf out;
  if (tcx__is_string(a->at[0]))
    return a->at[0];
  tcx__buf_init(&out, s->arena, TEXT_MAX);
  if (!tcx__jmespath_spend_tree(s, a->at[0]))
    return &tcx__jmespath_null;
  tcx__json_write(&out, a->at[0], TCX__JSON_COMPACT);
  if (out.status == TCX_ETOOBIG)
    (void)tcx__fail(s->f, TCX_ETOOBIG, "to_string() makes more than %u bytes", TEXT_MAX);
  if (out.status != 0)
    return tcx__jmespath_stop(s, out.status);
  return tcx__jmespath_spend_bytes(s, out.len)
             ? made(s, tcx__value_new_str(s->arena, out.data, out.len))
             : &tcx__jmespath_null;
}

/* ---- objects, arrays, anything ---- */

static const struct tcx_value *f_keys(struct tcx_search *s, const struct args *a) {
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *v = tcx__value_kids(a->at[0]); v != NULL && s->status == 0;
       v = v->next) {
    const struct tcx_value name = {.type = TCX_STRING, .u.bytes = {v->name, v->name_len}};
    tcx__jmespath_push(s, list, &name);
  }
  return ended(s, list);
}

static const struct tcx_value *f_values(struct tcx_search *s, const struct args *a) {
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *v = tcx__value_kids(a->at[0]); v != NULL && s->status == 0;
       v = v->next)
    tcx__jmespath_push(s, list, v);
  return ended(s, list);
}

static const struct tcx_value *f_merge(struct tcx_search *s, const struct args *a) {
  struct tcx_value *map = tcx__value_new(s->arena, TCX_MAP);
  if (map == NULL)
    return tcx__jmespath_stop(s, UV_ENOMEM);
  for (unsigned i = 0; i < a->n; i++)
    for (const struct tcx_value *v = tcx__value_kids(a->list[i]); v != NULL && s->status == 0;
         v = v->next) {
      struct tcx_value *copy = tcx__jmespath_share(s, v);
      if (copy != NULL && tcx__value_replace(s->arena, map, v->name, v->name_len, copy) != 0)
        (void)tcx__jmespath_stop(s, UV_ENOMEM);
    }
  return ended(s, map);
}

static const struct tcx_value *f_not_null(struct tcx_search *s, const struct args *a) {
  (void)s;
  for (unsigned i = 0; i < a->n; i++)
    if (!tcx__is_null(a->list[i]))
      return a->list[i];
  return &tcx__jmespath_null;
}

static const struct tcx_value *f_to_array(struct tcx_search *s, const struct args *a) {
  if (a->at[0]->type == TCX_LIST)
    return a->at[0];
  struct tcx_value *list = tcx__jmespath_list(s);
  tcx__jmespath_push(s, list, a->at[0]);
  return ended(s, list);
}

static const struct tcx_value *f_type(struct tcx_search *s, const struct args *a) {
  uint16_t type = type_of(a->at[0]);
  const char *name = type_name(type);
  return type != 0 ? new_text(s, name, strlen(name)) : &tcx__jmespath_null;
}

static const struct tcx_value *f_map(struct tcx_search *s, const struct args *a) {
  struct tcx_value *list = tcx__jmespath_list(s);
  for (const struct tcx_value *v = tcx__value_kids(a->at[1]); v != NULL && s->status == 0;
       v = v->next)
    tcx__jmespath_push(s, list, tcx__jmespath_eval(s, a->expref, v));
  return ended(s, list);
}

/* ---- order ---- */

struct keyed {
  const struct tcx_value *item, *key;
};

/* What each item is ordered by: itself, or what the argument's expression makes of it. NULL when
 * there is nothing, or s has failed. */
static struct keyed *keys_of(struct tcx_search *s, const struct args *a, uint32_t *n) {
  const struct tcx_value *list = a->at[0];
  uint16_t wanted = NUMBER | STRING;
  uint32_t i = 0;
  *n = tcx__value_count(list);
  if (*n == 0 || !tcx__jmespath_spend(s, *n))
    return NULL;
  struct keyed *keys = tcx__arena_alloc(s->arena, 2 * (size_t)*n * sizeof *keys);
  if (keys == NULL) {
    (void)tcx__jmespath_stop(s, UV_ENOMEM);
    return NULL;
  }
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL && s->status == 0;
       v = v->next, i++) {
    const struct tcx_value *key = a->expref != NULL ? tcx__jmespath_eval(s, a->expref, v) : v;
    if (tcx__jmespath_spend_value(s, key) && check(s, a->name, key, wanted) && i == 0)
      wanted = type_of(key);
    keys[i] = (struct keyed){v, key};
  }
  return s->status == 0 ? keys : NULL;
}

/* Stable; scratch is as long as list. */
static void merge_sort(struct keyed *list, struct keyed *scratch, uint32_t n) {
  if (n < 2)
    return;
  uint32_t half = n / 2, left = 0, right = half;
  merge_sort(list, scratch, half);
  merge_sort(list + half, scratch, n - half);
  memcpy(scratch, list, n * sizeof *list);
  for (uint32_t i = 0; i < n; i++) {
    bool from_right = left == half ||
                      (right < n && tcx__jmespath_order(scratch[right].key, scratch[left].key) < 0);
    list[i] = from_right ? scratch[right++] : scratch[left++];
  }
}

static const struct tcx_value *f_sort(struct tcx_search *s, const struct args *a) {
  uint32_t n;
  struct keyed *keys = keys_of(s, a, &n);
  if (keys == NULL)
    return ended(s, a->at[0]);
  merge_sort(keys, keys + n, n);
  struct tcx_value *list = tcx__jmespath_list(s);
  for (uint32_t i = 0; i < n && s->status == 0; i++)
    tcx__jmespath_push(s, list, keys[i].item);
  return ended(s, list);
}

/* The first of those that nothing lies beyond. */
static const struct tcx_value *furthest(struct tcx_search *s, const struct args *a, int sign) {
  uint32_t n;
  const struct keyed *keys = keys_of(s, a, &n), *best = keys;
  for (uint32_t i = 1; keys != NULL && i < n; i++)
    if (tcx__jmespath_order(keys[i].key, best->key) * sign > 0)
      best = &keys[i];
  return keys != NULL ? best->item : &tcx__jmespath_null;
}
static const struct tcx_value *f_max(struct tcx_search *s, const struct args *a) {
  return furthest(s, a, 1);
}
static const struct tcx_value *f_min(struct tcx_search *s, const struct args *a) {
  return furthest(s, a, -1);
}

/* ---- the table, and calls ---- */

static const struct tcx_function table[] = {
    {"abs", {NUMBER, 0}, 1, false, f_abs},
    {"avg", {NUMBERS, 0}, 1, false, f_avg},
    {"ceil", {NUMBER, 0}, 1, false, f_ceil},
    {"contains", {ARRAY | STRING, ANY}, 2, false, f_contains},
    {"ends_with", {STRING, STRING}, 2, false, f_ends_with},
    {"floor", {NUMBER, 0}, 1, false, f_floor},
    {"join", {STRING, STRINGS}, 2, false, f_join},
    {"keys", {OBJECT, 0}, 1, false, f_keys},
    {"length", {STRING | ARRAY | OBJECT, 0}, 1, false, f_length},
    {"map", {EXPREF, ARRAY}, 2, false, f_map},
    {"max", {NUMBERS | STRINGS, 0}, 1, false, f_max},
    {"max_by", {ARRAY, EXPREF}, 2, false, f_max},
    {"merge", {OBJECT, 0}, 1, true, f_merge},
    {"min", {NUMBERS | STRINGS, 0}, 1, false, f_min},
    {"min_by", {ARRAY, EXPREF}, 2, false, f_min},
    {"not_null", {ANY, 0}, 1, true, f_not_null},
    {"reverse", {ARRAY | STRING, 0}, 1, false, f_reverse},
    {"sort", {NUMBERS | STRINGS, 0}, 1, false, f_sort},
    {"sort_by", {ARRAY, EXPREF}, 2, false, f_sort},
    {"starts_with", {STRING, STRING}, 2, false, f_starts_with},
    {"sum", {NUMBERS, 0}, 1, false, f_sum},
    {"to_array", {ANY, 0}, 1, false, f_to_array},
    {"to_number", {ANY, 0}, 1, false, f_to_number},
    {"to_string", {ANY, 0}, 1, false, f_to_string},
    {"type", {ANY, 0}, 1, false, f_type},
    {"values", {OBJECT, 0}, 1, false, f_values},
};

const struct tcx_function *tcx__jmespath_function(struct tcx_str name) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (tcx__str_is(name, table[i].name))
      return &table[i];
  return NULL;
}

int tcx__jmespath_arity(const struct tcx_function *function, unsigned n, struct tcx_fail *f) {
  if (function->variadic ? n >= function->n : n == function->n)
    return 0;
  return tcx__fail(f, TCX_EPARAM, "Expected %s%u %s for function %s(), received %u",
                   function->variadic ? "at least " : "", function->n,
                   function->n == 1 ? "argument" : "arguments", function->name, n);
}

/* An argument, in its place; false when it is of a wrong type or s has failed. */
static bool take(struct tcx_search *s, const struct tcx_function *function, struct args *a,
                 unsigned i, const struct tcx_node *node, const struct tcx_value *v) {
  unsigned param = i < function->n ? i : function->n - 1u;
  uint16_t wanted = function->params[param];
  if (node->type == TCX__NODE_EXPREF) {
    a->expref = node->u.of.left;
    if ((wanted & EXPREF) == 0)
      (void)wrong_type(s, function->name, "(an expression)", "expref", wanted);
    return s->status == 0;
  }
  const struct tcx_value *value = tcx__jmespath_eval(s, node, v);
  if (s->status != 0 || !tcx__jmespath_spend_value(s, value) ||
      !check(s, function->name, value, wanted))
    return false;
  if (function->variadic)
    a->list[i] = value;
  else
    a->at[i] = value;
  return true;
}

const struct tcx_value *tcx__jmespath_call(struct tcx_search *s, const struct tcx_node *call,
                                           const struct tcx_value *v) {
  const struct tcx_function *function = call->u.kids.function;
  struct args a = {.n = call->n_kids, .name = function->name};
  if (function->variadic && (a.list = tcx__arena_alloc(s->arena, a.n * sizeof *a.list)) == NULL)
    return tcx__jmespath_stop(s, UV_ENOMEM);
  for (unsigned i = 0; i < a.n; i++)
    if (!take(s, function, &a, i, call->u.kids.list[i].node, v))
      return &tcx__jmespath_null;
  return function->run(s, &a);
}
