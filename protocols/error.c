/* error.c - see error.h. */
#include "protocols/error.h"
#include <string.h>

struct tcx_str tcx__error_name(struct tcx_str type) {
  const char *colon = type.n > 0 ? memchr(type.p, ':', type.n) : NULL;
  if (colon != NULL)
    type.n = (size_t)(colon - type.p);
  for (size_t i = type.n; i-- > 0;)
    if (type.p[i] == '#')
      return (struct tcx_str){type.p + i + 1, type.n - i - 1};
  return type;
}

#define TEXT_MEMBER(NAME)                                                                          \
  {                                                                                                \
    .name = NAME, .wire = NAME, .name_len = sizeof NAME - 1, .wire_len = sizeof NAME - 1,          \
    .shape = &text_shape                                                                           \
  }
static const struct tcx_shape text_shape = {.name = "String", .type = TCX__SHAPE_STRING};
static const struct tcx_member members[] = {TEXT_MEMBER("__type"), TEXT_MEMBER("message"),
                                            TEXT_MEMBER("Message")};
const struct tcx_shape tcx__error_document = {
    .name = "Error", .type = TCX__SHAPE_STRUCTURE, .members = members, .n_members = 3};

const char *tcx__error_message(const struct tcx_value *said) {
  static const char *const names[] = {"message", "Message"};
  for (int i = 0; i < 2; i++) {
    const struct tcx_value *v = tcx__value_find(said, names[i], 7);
    if (v != NULL && v->type == TCX_STRING)
      return v->u.bytes.p;
  }
  return NULL;
}

/* The code and type that a query service would have sent: "Code;Type". */
static bool query_error(const struct tcx_parse *p, struct tcx_str *code, struct tcx_str *type) {
  const struct tcx_header *h = tcx__headers_get(&p->head->headers, "x-amzn-query-error");
  const char *mark = h != NULL && h->value.n > 0 ? memchr(h->value.p, ';', h->value.n) : NULL;
  if (mark == NULL || mark == h->value.p)
    return false;
  *code = (struct tcx_str){h->value.p, (size_t)(mark - h->value.p)};
  *type = (struct tcx_str){mark + 1, h->value.n - code->n - 1};
  return memchr(type->p, ';', type->n) == NULL;
}

/* The text as it is kept; NULL when memory is out. */
static const char *put(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                       struct tcx_str text) {
  struct tcx_value *v = tcx__value_new_str_copy(arena, text.p, text.n);
  if (v == NULL || tcx__value_add(arena, map, name, strlen(name), v) != 0)
    return NULL;
  return v->u.bytes.p;
}

int tcx__error_make(const struct tcx_parse *p, struct tcx_str name, const char *message,
                    struct tcx_value **out, struct tcx_parse_error *error) {
  struct tcx_arena *arena = p->arena;
  struct tcx_value *inner = tcx__value_new(arena, TCX_MAP);
  struct tcx_str code = name, type = {0}, query_code;
  const char *original = NULL;
  if (name.p == NULL) {
    code = tcx__str(tcx__arena_printf(arena, "%d", p->head->status));
    if (message == NULL && p->head->status >= 500)
      message = tcx__status_phrase(p->head->status);
  }
  *out = tcx__value_new(arena, TCX_MAP);
  bool translated = query_error(p, &query_code, &type);
  struct tcx_str final = translated ? query_code : code;
  *error = (struct tcx_parse_error){0};
  if (inner == NULL || *out == NULL || code.p == NULL ||
      tcx__value_add(arena, *out, "Error", 5, inner) != 0 ||
      (error->code = put(arena, inner, "Code", final)) == NULL ||
      (error->message = put(arena, inner, "Message", tcx__str(message != NULL ? message : ""))) ==
          NULL ||
      (translated && (original = put(arena, inner, "QueryErrorCode", code)) == NULL) ||
      (translated && put(arena, inner, "Type", type) == NULL))
    return tcx__fail_memory(p->fail);
  error->shape = tcx__error_shape(p->model, p->op, error->code);
  if (error->shape == NULL && original != NULL)
    error->shape = tcx__error_shape(p->model, p->op, original);
  return 0;
}
