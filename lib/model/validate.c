/*
 * validate.c - params against an operation's input, as botocore's validate.py does it: every bad
 * member, in its words and its order.
 *
 * A clean pass allocates nothing: where a value stands is a chain of frames on the C stack, written
 * out only for a message. The walk goes as deep as the params do, at most DEPTH_MAX; shapes may be
 * recursive.
 */
#include "base/json.h"
#include "model/model.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX   600         /* more than the JSON parser lets through */
#define REPORT_MAX  (64u << 10) /* bytes of the report; what does not fit is counted */
#define MESSAGE_MAX (32u << 10) /* bytes of one message */
#define SHOWN_MAX   256         /* bytes of a value or a name that are shown */

typedef enum { STEP_TOP, STEP_MEMBER, STEP_INDEX, STEP_KEY, STEP_DOCUMENT_KEY } step;
struct place { /* one step of the way to a value */
  const struct place *up;
  step kind;
  const char *name;
  uint32_t index;
  unsigned depth;
  bool sensitive; /* the value is not shown */
};
struct check {
  struct tcx_fail *fail;
  struct tcx_buf report;
  unsigned errors, hidden;
};

static void check_value(struct check *c, const struct tcx_value *v, const struct tcx_shape *shape,
                        const struct tcx_member *member, const struct place *at);

/* ---- messages ---- */

/* What comes now is counted, and nothing is made for it. */
static bool full(const struct check *c) { return c->report.len >= REPORT_MAX - MESSAGE_MAX; }

/* How much of a text is shown: at most SHOWN_MAX bytes, whole characters. */
static int shown(const char *p, size_t n) {
  if (n <= SHOWN_MAX)
    return (int)n;
  for (n = SHOWN_MAX; n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80;)
    n--;
  return (int)n;
}

static void write_steps(struct tcx_buf *out, const struct place *at) {
  if (at->kind == STEP_TOP)
    return;
  if (at->kind != STEP_DOCUMENT_KEY) /* botocore forgets where a document's key stands */
    write_steps(out, at->up);
  if (at->kind == STEP_INDEX)
    tcx__buf_printf(out, "[%u]", (unsigned)at->index);
  else
    tcx__buf_printf(out,
                    at->kind == STEP_MEMBER ? ".%.*s"
                    : at->kind == STEP_KEY  ? " (key: %.*s)"
                                            : "%.*s",
                    shown(at->name, strlen(at->name)), at->name);
}

static const char *place_text(struct check *c, const struct place *at) {
  struct tcx_buf path;
  if (full(c))
    return "";
  tcx__buf_init(&path, c->fail->arena, MESSAGE_MAX);
  write_steps(&path, at);
  if (path.status == UV_ENOMEM)
    c->report.status = UV_ENOMEM;
  if (path.status != 0)
    return "a parameter";
  if (path.len == 0)
    return "input";
  return path.data + (path.data[0] == '.');
}

/* A string as it is, other values as JSON; cut where it is long. */
static const char *value_text(struct check *c, const struct tcx_value *v, const struct place *at) {
  struct tcx_buf text;
  tcx__buf_init(&text, c->fail->arena, 16 * SHOWN_MAX);
  if (full(c) || at->sensitive)
    return "***";
  if (v->type == TCX_STRING || v->type == TCX_BIGNUM)
    tcx__buf_add(&text, v->u.bytes.p, v->u.bytes.n < 2 * SHOWN_MAX ? v->u.bytes.n : 2 * SHOWN_MAX);
  else if (v->type == TCX_BLOB)
    tcx__buf_printf(&text, "%zu bytes", v->u.bytes.n);
  else if (v->type == TCX_BODY)
    tcx__buf_adds(&text, "a body");
  else if (v->type == TCX_TIME)
    tcx__time_write(&text, TCX__TIME_ISO8601, v->u.time.seconds, v->u.time.nanoseconds);
  else
    tcx__json_write(&text, v, TCX__JSON_SPACED);
  if (text.status == UV_ENOMEM)
    c->report.status = UV_ENOMEM;
  if (text.data == NULL || (text.len <= SHOWN_MAX && text.status == 0))
    return text.data != NULL ? text.data : "";
  const char *cut =
      tcx__arena_printf(c->fail->arena, "%.*s...", shown(text.data, text.len), text.data);
  if (cut == NULL)
    c->report.status = UV_ENOMEM;
  return cut != NULL ? cut : "";
}

__attribute__((format(printf, 2, 3))) static void report(struct check *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *line = full(c) ? NULL : tcx__arena_vprintf(c->fail->arena, format, args);
  va_end(args);
  c->errors++;
  if (full(c) || (line != NULL && strlen(line) >= MESSAGE_MAX - 100)) {
    c->hidden++;
  } else if (line == NULL) {
    c->report.status = UV_ENOMEM;
  } else {
    tcx__buf_addc(&c->report, '\n');
    tcx__buf_adds(&c->report, line);
  }
}

static void report_type(struct check *c, const struct tcx_value *v, const struct place *at,
                        const char *valid) {
  report(c, "Invalid type for parameter %s, value: %s, type: %s, valid types: %s",
         place_text(c, at), value_text(c, v, at), tcx__type_name((tcx_type_t)v->type), valid);
}

static const char *member_names(struct check *c, const struct tcx_shape *shape) {
  struct tcx_buf names;
  if (full(c))
    return "";
  tcx__buf_init(&names, c->fail->arena, MESSAGE_MAX);
  for (uint32_t i = 0; i < shape->n_members; i++) {
    if (i > 0)
      tcx__buf_adds(&names, ", ");
    tcx__buf_adds(&names, shape->members[i].name);
  }
  if (names.status == UV_ENOMEM)
    c->report.status = UV_ENOMEM;
  return names.data != NULL ? names.data : "";
}

/* ---- checks ---- */

static void check_min(struct check *c, double number, bool length, const struct tcx_value *v,
                      const struct tcx_shape *shape, const struct tcx_member *member,
                      const struct place *at) {
  double min = 1; /* what stands in a host name must not be empty */
  if (shape->flags & TCX__S_HAS_MIN)
    min = shape->min;
  else if (member == NULL || !(member->flags & TCX__M_HOST_LABEL))
    return;
  if (!(number < min))
    return;
  char digits[40];
  bool whole =
      min >= -9223372036854775808.0 && min < 9223372036854775808.0 && (double)(int64_t)min == min;
  snprintf(digits, sizeof digits, whole ? "%.0f" : "%.15g", min);
  if (length) /* botocore shows the length, not the value */
    report(c, "Invalid length for parameter %s, value: %.0f, valid min length: %s",
           place_text(c, at), number, digits);
  else
    report(c, "Invalid value for parameter %s, value: %s, valid min value: %s", place_text(c, at),
           value_text(c, v, at), digits);
}

static size_t characters(struct tcx_str s) {
  size_t count = 0;
  for (size_t i = 0; i < s.n; i++)
    count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
  return count;
}

static bool is_whole(const struct tcx_value *v) {
  return v->type == TCX_INT ||
         (v->type == TCX_BIGNUM && memchr(v->u.bytes.p, '.', v->u.bytes.n) == NULL &&
          memchr(v->u.bytes.p, 'e', v->u.bytes.n) == NULL &&
          memchr(v->u.bytes.p, 'E', v->u.bytes.n) == NULL);
}

static double number_of(const struct tcx_value *v) {
  if (v->type == TCX_INT)
    return (double)v->u.integer;
  if (v->type == TCX_DOUBLE)
    return v->u.number;
  return v->u.bytes.n > 0 && v->u.bytes.p[0] == '-' ? -INFINITY : INFINITY; /* beyond int64 */
}

static bool is_time(const struct tcx_value *v) {
  int64_t seconds;
  int32_t nanoseconds;
  switch (v->type) {
  case TCX_STRING:
    return tcx__time_read(v->u.bytes, &seconds, &nanoseconds) == 0;
  case TCX_TIME:
    return tcx__time_in_range(v->u.time.seconds);
  case TCX_INT:
    return tcx__time_in_range(v->u.integer);
  default:
    return v->type == TCX_DOUBLE && v->u.number >= TCX__TIME_MIN &&
           v->u.number < TCX__TIME_MAX + 1.0;
  }
}

static const struct tcx_value *unserializable(const struct tcx_value *v, unsigned depth) {
  if (v->type == TCX_BLOB || v->type == TCX_TIME || v->type == TCX_BODY || depth > DEPTH_MAX)
    return v;
  const struct tcx_value *bad = NULL;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && bad == NULL;
       kid = kid->next)
    bad = unserializable(kid, depth + 1);
  return bad;
}

static bool too_deep(struct check *c, const struct place *at) {
  if (at->depth <= DEPTH_MAX)
    return false;
  report(c, "Parameter is nested too deeply: more than %d levels", DEPTH_MAX);
  return true;
}

static void check_document(struct check *c, const struct tcx_value *v, const struct place *at) {
  struct place next = {.up = at,
                       .kind = v->type == TCX_MAP ? STEP_DOCUMENT_KEY : STEP_INDEX,
                       .depth = at->depth + 1,
                       .sensitive = at->sensitive};
  if (too_deep(c, at))
    return;
  if (v->type == TCX_BLOB || v->type == TCX_TIME || v->type == TCX_BODY)
    report(c,
           "Invalid type for document parameter %s, value: %s, type: %s, valid types: string, "
           "integer, boolean, number, list, map",
           place_text(c, at), value_text(c, v, at), tcx__type_name((tcx_type_t)v->type));
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL;
       kid = kid->next, next.index++) {
    next.name = kid->name;
    check_document(c, kid, &next);
  }
}

static void check_required(struct check *c, const struct tcx_value *map,
                           const struct tcx_shape *shape, const struct place *at) {
  for (uint32_t i = 0; i < shape->n_required; i++) {
    const struct tcx_member *member = &shape->members[shape->required[i]];
    bool filled_in = at->kind == STEP_TOP && (member->flags & TCX__M_IDEMPOTENCY_TOKEN);
    if (!filled_in && tcx__value_find(map, member->name, member->name_len) == NULL)
      report(c, "Missing required parameter in %s: \"%s\"", place_text(c, at), member->name);
  }
}

static void check_structure(struct check *c, const struct tcx_value *map,
                            const struct tcx_shape *shape, const struct place *at) {
  uint32_t count = tcx__value_count(map);
  if ((shape->flags & TCX__S_UNION) && count == 0)
    report(c, "Must set one of the following keys for tagged unionstructure %s: %s.",
           place_text(c, at), member_names(c, shape));
  if ((shape->flags & TCX__S_UNION) && count > 1)
    report(c,
           "Invalid number of parameters set for tagged union structure %s. Can only set one of "
           "the following keys: %s.",
           place_text(c, at), member_names(c, shape));
  check_required(c, map, shape, at);
  for (const struct tcx_value *kid = tcx__value_kids(map); kid != NULL; kid = kid->next)
    if (tcx__shape_member(shape, kid->name, kid->name_len) == NULL)
      report(c, "Unknown parameter in %s: \"%.*s\", must be one of: %s", place_text(c, at),
             shown(kid->name, kid->name_len), kid->name, member_names(c, shape));
  for (const struct tcx_value *kid = tcx__value_kids(map); kid != NULL; kid = kid->next) {
    const struct tcx_member *member = tcx__shape_member(shape, kid->name, kid->name_len);
    struct place next = {.up = at, .kind = STEP_MEMBER, .name = kid->name, .depth = at->depth + 1};
    if (member == NULL)
      continue;
    next.sensitive = at->sensitive || (member->flags & TCX__M_SENSITIVE);
    bool payload = shape->payload != NULL && strcmp(shape->payload, member->name) == 0;
    if (kid->type == TCX_BODY && payload && member->shape->type == TCX__SHAPE_BLOB)
      continue;
    check_value(c, kid, member->shape, member, &next);
  }
}

static void check_list(struct check *c, const struct tcx_value *list, const struct tcx_shape *shape,
                       const struct tcx_member *member, const struct place *at) {
  const struct tcx_member *item = &shape->members[0];
  struct place next = {.up = at,
                       .kind = STEP_INDEX,
                       .depth = at->depth + 1,
                       .sensitive = at->sensitive || (item->flags & TCX__M_SENSITIVE)};
  check_min(c, (double)tcx__value_count(list), true, list, shape, member, at);
  for (const struct tcx_value *kid = tcx__value_kids(list); kid != NULL;
       kid = kid->next, next.index++)
    check_value(c, kid, item->shape, item, &next);
}

static void check_map(struct check *c, const struct tcx_value *map, const struct tcx_shape *shape,
                      const struct place *at) {
  const struct tcx_member *key = &shape->members[0], *value = &shape->members[1];
  for (const struct tcx_value *kid = tcx__value_kids(map); kid != NULL; kid = kid->next) {
    struct place next = {.up = at,
                         .kind = STEP_KEY,
                         .name = kid->name,
                         .depth = at->depth + 1,
                         .sensitive = at->sensitive || (key->flags & TCX__M_SENSITIVE)};
    struct tcx_value name = {.type = TCX_STRING, .u.bytes = {kid->name, kid->name_len}};
    check_value(c, &name, key->shape, key, &next);
    next.kind = STEP_MEMBER;
    next.sensitive = at->sensitive || (value->flags & TCX__M_SENSITIVE);
    check_value(c, kid, value->shape, value, &next);
  }
}

static void check_number(struct check *c, const struct tcx_value *v, const struct tcx_shape *shape,
                         const struct tcx_member *member, const struct place *at) {
  bool whole = shape->type == TCX__SHAPE_INTEGER || shape->type == TCX__SHAPE_LONG;
  if (whole ? is_whole(v) : v->type == TCX_INT || v->type == TCX_DOUBLE || v->type == TCX_BIGNUM)
    check_min(c, number_of(v), false, v, shape, member, at);
  else
    report_type(c, v, at, whole ? "integer" : "number, large number, integer");
}

static void check_value(struct check *c, const struct tcx_value *v, const struct tcx_shape *shape,
                        const struct tcx_member *member, const struct place *at) {
  if (too_deep(c, at))
    return;
  if (member != NULL && (member->flags & TCX__M_JSONVALUE) && member->location == TCX__LOC_HEADER) {
    const struct tcx_value *bad = unserializable(v, at->depth);
    if (bad != NULL)
      report(c,
             "Invalid parameter %s must be json serializable: Object of type %s is not JSON "
             "serializable",
             place_text(c, at), tcx__type_name((tcx_type_t)bad->type));
    return;
  }
  switch ((tcx__shape_type)shape->type) {
  case TCX__SHAPE_STRUCTURE:
    if (shape->flags & TCX__S_DOCUMENT)
      check_document(c, v, at);
    else if (v->type == TCX_MAP)
      check_structure(c, v, shape, at);
    else
      report_type(c, v, at, "map");
    return;
  case TCX__SHAPE_LIST:
    if (v->type == TCX_LIST)
      check_list(c, v, shape, member, at);
    else
      report_type(c, v, at, "list");
    return;
  case TCX__SHAPE_MAP:
    if (v->type == TCX_MAP)
      check_map(c, v, shape, at);
    else
      report_type(c, v, at, "map");
    return;
  case TCX__SHAPE_STRING:
    if (v->type == TCX_STRING)
      check_min(c, (double)characters(v->u.bytes), true, v, shape, member, at);
    else
      report_type(c, v, at, "string");
    return;
  case TCX__SHAPE_BLOB:
    if (v->type != TCX_STRING && v->type != TCX_BLOB &&
        !(v->type == TCX_BODY && member != NULL && (member->flags & TCX__M_STREAMING)))
      report_type(c, v, at,
                  member != NULL && (member->flags & TCX__M_STREAMING) ? "blob, string, body"
                                                                       : "blob, string");
    return;
  case TCX__SHAPE_BOOLEAN:
    if (v->type != TCX_BOOL)
      report_type(c, v, at, "boolean");
    return;
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    check_number(c, v, shape, member, at);
    return;
  case TCX__SHAPE_TIMESTAMP:
    if (!is_time(v))
      report_type(c, v, at, "timestamp, timestamp-string");
    return;
  }
}

int tcx__validate_shape(const struct tcx_shape *shape, const struct tcx_value *v,
                        struct tcx_fail *f) {
  struct check c = {.fail = f};
  struct place top = {.kind = STEP_TOP};
  tcx__buf_init(&c.report, f->arena, REPORT_MAX);
  check_value(&c, v, shape, NULL, &top);
  if (c.errors == 0)
    return 0;
  if (c.hidden > 0)
    tcx__buf_printf(&c.report, "\n(and %u more)", c.hidden);
  if (c.report.status != 0)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  return tcx__fail(f, TCX_EPARAM, "Parameter validation failed:%s", c.report.data);
}

int tcx__validate(const struct tcx_operation *op, const struct tcx_value *params,
                  struct tcx_fail *f) {
  static const struct tcx_value none = {.type = TCX_MAP};
  return op->input == NULL ? 0 : tcx__validate_shape(op->input, params != NULL ? params : &none, f);
}
