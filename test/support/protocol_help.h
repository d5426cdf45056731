/* protocol_help.h - protocols in tests: models made of a suite's JSON, values compared, requests
 * and responses without a network. */
#ifndef TCX_TEST_PROTOCOL_HELP_H
#define TCX_TEST_PROTOCOL_HELP_H
#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/loader.h"
#include "protocols/protocol.h"
#include "support.h"
#include <math.h>

static inline struct tcx_value *ph_json_file(struct tcx_arena *arena, const char *path) {
  size_t n;
  char *text = test_read_file(path, &n);
  struct tcx_value *v = NULL;
  struct tcx_fail f = {.arena = arena};
  if (tcx__json_parse(arena, text, n, &v, &f) != 0)
    fail_msg("%s: %s", path, f.text);
  free(text);
  return v;
}
static inline struct tcx_value *ph_get(const struct tcx_value *map, const char *name) {
  struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  return v != NULL && v->type == TCX_NULL ? NULL : v;
}
static inline const char *ph_str(const struct tcx_value *map, const char *name,
                                 const char *fallback) {
  const struct tcx_value *v = ph_get(map, name);
  return v != NULL && v->type == TCX_STRING ? v->u.bytes.p : fallback;
}
static inline int64_t ph_int(const struct tcx_value *map, const char *name, int64_t fallback) {
  const struct tcx_value *v = ph_get(map, name);
  return v != NULL && v->type == TCX_INT ? v->u.integer : fallback;
}

/* json: {metadata, shapes, operations}. */
static inline const struct tcx_model *ph_model(struct tcx_arena *arena,
                                               const struct tcx_value *json, const char *service) {
  struct tcx_fail f = {.arena = arena};
  struct tcx_loader loader = {.arena = arena, .fail = &f, .file = "model"};
  struct tcx_model *model = tcx__arena_zalloc(arena, sizeof *model);
  tcx__interner_init(&loader.names, arena);
  int status = tcx__load_service(&loader, json, service, model);
  tcx__interner_free(&loader.names);
  if (status != 0)
    fail_msg("%s", f.text);
  return model;
}
static inline const struct tcx_model *ph_model_file(struct tcx_arena *arena, const char *path,
                                                    const char *service) {
  return ph_model(arena, ph_json_file(arena, path), service);
}

/* JSON's strings for floats become floats, as the caller of a real client would write them; the
 * tree is changed in place. */
static inline void ph_params(const struct tcx_shape *shape, struct tcx_value *v) {
  struct tcx_value *kid = (struct tcx_value *)tcx__value_kids(v);
  if (shape == NULL)
    return;
  if (shape->type == TCX__SHAPE_STRUCTURE) {
    for (; kid != NULL; kid = kid->next) {
      const struct tcx_member *m = tcx__shape_member(shape, kid->name, kid->name_len);
      ph_params(m != NULL ? m->shape : NULL, kid);
    }
  } else if (shape->type == TCX__SHAPE_LIST || shape->type == TCX__SHAPE_MAP) {
    for (; kid != NULL; kid = kid->next)
      ph_params(shape->members[shape->type == TCX__SHAPE_MAP].shape, kid);
  } else if ((shape->type == TCX__SHAPE_FLOAT || shape->type == TCX__SHAPE_DOUBLE) &&
             v->type == TCX_STRING) {
    double d = tcx__str_is(v->u.bytes, "NaN")         ? NAN
               : tcx__str_is(v->u.bytes, "-Infinity") ? -INFINITY
                                                      : INFINITY;
    v->type = TCX_DOUBLE;
    v->u.number = d;
  }
}

static inline double ph_number(const struct tcx_value *v) {
  switch (v->type) {
  case TCX_INT:
    return (double)v->u.integer;
  case TCX_DOUBLE:
    return v->u.number;
  case TCX_TIME:
    return (double)v->u.time.seconds + v->u.time.nanoseconds / 1e9;
  case TCX_STRING: {
    int64_t seconds;
    int32_t nanoseconds;
    if (v->u.bytes.n > 8 && v->u.bytes.p[0] != '-' && v->u.bytes.p[0] != 'I' &&
        tcx__time_read(v->u.bytes, &seconds, &nanoseconds) == 0)
      return (double)seconds + nanoseconds / 1e9;
    return strcmp(v->u.bytes.p, "NaN") == 0         ? NAN
           : strcmp(v->u.bytes.p, "Infinity") == 0  ? INFINITY
           : strcmp(v->u.bytes.p, "-Infinity") == 0 ? -INFINITY
                                                    : 1e99;
  }
  default:
    return 1e98;
  }
}
/* A parsed value against what JSON can say of it: a blob is its text, a timestamp its epoch seconds
 * or a date, special floats are strings. */
static inline bool ph_equal(const struct tcx_value *expected, const struct tcx_value *got) {
  switch (got->type) {
  case TCX_NULL:
    return expected->type == TCX_NULL;
  case TCX_BOOL:
    return expected->type == TCX_BOOL && expected->u.boolean == got->u.boolean;
  case TCX_INT:
  case TCX_DOUBLE:
  case TCX_TIME: {
    double a = ph_number(expected), b = ph_number(got);
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) < 1e-6;
  }
  case TCX_STRING:
  case TCX_BLOB:
  case TCX_BIGNUM:
    return (expected->type == TCX_STRING || expected->type == TCX_BLOB ||
            expected->type == TCX_BIGNUM) &&
           tcx__str_eq(expected->u.bytes, got->u.bytes) && got->u.bytes.p[got->u.bytes.n] == '\0';
  default:
    break;
  }
  if (expected->type != got->type || tcx__value_count(expected) != tcx__value_count(got))
    return false;
  const struct tcx_value *a = tcx__value_kids(expected), *b = tcx__value_kids(got);
  for (; a != NULL; a = a->next, b = b->next) {
    const struct tcx_value *other =
        got->type == TCX_LIST ? b : tcx__value_find(got, a->name, a->name_len);
    if (other == NULL || !ph_equal(a, other))
      return false;
  }
  return true;
}
/* As JSON; NULL when memory is out. */
static inline const char *ph_text(struct tcx_arena *arena, const struct tcx_value *v) {
  struct tcx_buf out;
  if (v == NULL)
    return "(none)";
  tcx__buf_init(&out, arena, 1u << 24);
  tcx__json_write(&out, v, TCX__JSON_SPACED);
  return out.status == 0 ? out.data : NULL;
}

/* headers: a JSON object of strings, or NULL. Names in lower case, as the network layer gives them.
 */
static inline void ph_head(struct tcx_arena *arena, struct tcx_response_head *head, int status,
                           const struct tcx_value *headers) {
  *head = (struct tcx_response_head){.status = status, .content_length = -1};
  tcx__headers_init(&head->headers, arena);
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next) {
    char *name = tcx__arena_strndup(arena, h->name, h->name_len);
    for (char *p = name; *p != '\0'; p++)
      *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    assert_int_equal(
        tcx__headers_add(&head->headers, (struct tcx_str){name, h->name_len}, h->u.bytes), 0);
  }
}

struct ph_parsed {
  int status;
  struct tcx_value *value;
  struct tcx_parse_error error;
  const char *text;
  bool is_error;
};
/* Feeds the body cut at the byte (0: in one piece; -1: byte by byte), each piece a copy of its own.
 */
static inline struct ph_parsed ph_parse(struct tcx_arena *arena, const struct tcx_model *model,
                                        const struct tcx_operation *op,
                                        const struct tcx_response_head *head, tcx__parse_mode mode,
                                        struct tcx_str body, long cut, bool error_in_success) {
  const struct tcx_protocol *protocol = tcx__protocol_by_name(model->protocol);
  struct ph_parsed out = {0};
  struct tcx_fail f = {.arena = arena};
  struct tcx_parse p = {.arena = arena,
                        .model = model,
                        .op = op,
                        .head = head,
                        .mode = mode,
                        .fail = &f,
                        .error_in_success = error_in_success};
  struct tcx_parser *parser = NULL;
  out.status = protocol->start(&p, &parser);
  for (size_t at = 0; at < body.n && out.status == 0;) {
    size_t n = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : body.n - at;
    char *piece = malloc(n);
    memcpy(piece, body.p + at, n);
    out.status = protocol->feed(parser, piece, n);
    free(piece);
    at += n;
  }
  if (out.status == 0)
    out.status = protocol->finish(parser, &out.value, &out.error);
  out.text = f.text;
  out.is_error = parser != NULL && parser->mode == TCX__PARSE_ERROR;
  return out;
}

/* ---- rows of vectors ---- */

static inline struct tcx_value *ph_column(const struct tcx_value *row, unsigned i) {
  struct tcx_value *v = (struct tcx_value *)tcx__value_kids(row);
  while (i-- > 0)
    v = v->next;
  return v;
}
/* Timestamps as times, the way most callers give them. */
static inline void ph_to_times(const struct tcx_shape *shape, struct tcx_value *v) {
  struct tcx_value *kid = (struct tcx_value *)tcx__value_kids(v);
  if (shape->flags & TCX__S_DOCUMENT)
    return;
  for (; kid != NULL; kid = kid->next) {
    if (shape->type == TCX__SHAPE_STRUCTURE)
      ph_to_times(tcx__shape_member(shape, kid->name, kid->name_len)->shape, kid);
    else
      ph_to_times(shape->members[shape->type == TCX__SHAPE_MAP].shape, kid);
  }
  if (shape->type == TCX__SHAPE_TIMESTAMP) {
    double number = ph_number(v);
    v->type = TCX_TIME;
    v->u.time.seconds = (int64_t)floor(number);
    v->u.time.nanoseconds = (int32_t)lround((number - floor(number)) * 1e6) * 1000;
  }
}
#endif
