/*
 * loader_shapes.c - the shapes section. Three passes over the shapes: their names (so that any may
 * refer to any), their own traits, then their members, which merge what the shape they refer to has
 * with what the reference says.
 */
#include "base/mem.h"
#include "model/loader.h"
#include <string.h>

struct raw { /* what of a shape's document the last pass needs */
  const struct tcx_value *members, *required, *item, *key, *value;
};
struct flag {
  const char *name;
  uint16_t bit;
};

static const struct flag shape_flags[] = {{"union", TCX__S_UNION},
                                          {"document", TCX__S_DOCUMENT},
                                          {"eventstream", TCX__S_EVENT_STREAM},
                                          {"event", TCX__S_EVENT},
                                          {"exception", TCX__S_EXCEPTION},
                                          {"flattened", TCX__S_FLATTENED},
                                          {"sensitive", TCX__S_SENSITIVE},
                                          {"streaming", TCX__S_STREAMING},
                                          {"wrapper", TCX__S_WRAPPER},
                                          {"jsonvalue", TCX__S_JSONVALUE},
                                          {"fault", TCX__S_FAULT},
                                          {"requiresLength", TCX__S_REQUIRES_LENGTH}};
static const struct flag member_flags[] = {{"idempotencyToken", TCX__M_IDEMPOTENCY_TOKEN},
                                           {"deprecated", TCX__M_DEPRECATED},
                                           {"hostLabel", TCX__M_HOST_LABEL},
                                           {"jsonvalue", TCX__M_JSONVALUE},
                                           {"flattened", TCX__M_FLATTENED},
                                           {"streaming", TCX__M_STREAMING},
                                           {"eventpayload", TCX__M_EVENT_PAYLOAD},
                                           {"eventheader", TCX__M_EVENT_HEADER},
                                           {"xmlAttribute", TCX__M_XML_ATTRIBUTE},
                                           {"requiresLength", TCX__M_REQUIRES_LENGTH},
                                           {"sensitive", TCX__M_SENSITIVE}};
static const struct {
  uint16_t shape, member;
} inherited[] = {/* what a member has because its shape has it */
                 {TCX__S_FLATTENED, TCX__M_FLATTENED},
                 {TCX__S_STREAMING, TCX__M_STREAMING},
                 {TCX__S_REQUIRES_LENGTH, TCX__M_REQUIRES_LENGTH},
                 {TCX__S_JSONVALUE, TCX__M_JSONVALUE},
                 {TCX__S_SENSITIVE, TCX__M_SENSITIVE}};
static const char *const type_names[] = {"structure", "list",    "map",      "string",
                                         "blob",      "boolean", "integer",  "long",
                                         "float",     "double",  "timestamp"};
static const char *const location_names[] = {"body",   "uri",     "querystring",
                                             "header", "headers", "statusCode"};
static const char *const time_names[] = {"", "iso8601", "rfc822", "unixTimestamp"};

#define MEMBERS_MAX  4096 /* of one structure; the largest has 575 */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The name's index in names; an error when it is none of them. */
static int one_of(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                  const char *const *names, size_t n, uint8_t *out) {
  int status = tcx__load_expect(l, at, v, TCX_STRING);
  if (status != 0)
    return status;
  for (size_t i = 0; i < n; i++) {
    if (tcx__str_is(v->u.bytes, names[i])) {
      *out = (uint8_t)i;
      return 0;
    }
  }
  return tcx__load_fail(l, at, "unknown value \"%.*s\"",
                        (int)(v->u.bytes.n < 100 ? v->u.bytes.n : 100), v->u.bytes.p);
}

/* Sets or clears the trait's bit when v is one of the flags; *known says whether it is. */
static int read_flag(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                     const struct flag *flags, size_t n, uint16_t *out, bool *known) {
  *known = false;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(v->name, flags[i].name) != 0)
      continue;
    bool on;
    *known = true;
    int status = tcx__load_bool(l, at, v, &on);
    if (status == 0)
      *out = (uint16_t)(on ? *out | flags[i].bit : *out & ~flags[i].bit);
    return status;
  }
  return 0;
}

int tcx__load_namespace(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                        const char **uri, const char **prefix) {
  if (v->type == TCX_STRING)
    return tcx__load_str(l, at, v, uri);
  int status = tcx__load_expect(l, at, v, TCX_MAP);
  if (status == 0)
    status = tcx__load_str(l, at, tcx__value_find(v, "uri", 3), uri);
  const struct tcx_value *given = tcx__value_find(v, "prefix", 6);
  if (status == 0 && given != NULL)
    status = tcx__load_str(l, at, given, prefix);
  return status;
}

static int read_error(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                      struct tcx_shape *shape) {
  int status = tcx__load_expect(l, at, v, TCX_MAP);
  const struct tcx_value *code = tcx__value_find(v, "code", 4);
  if (status == 0 && code != NULL)
    status = tcx__load_str(l, at, code, &shape->error_code);
  const struct tcx_value *http = tcx__value_find(v, "httpStatusCode", 14);
  unsigned number = 0;
  if (status == 0 && http != NULL)
    status = tcx__load_uint(l, at, http, 999, &number);
  shape->error_status = (uint16_t)number;
  return status;
}

static int read_retryable(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                          struct tcx_shape *shape) {
  int status = tcx__load_expect(l, at, v, TCX_MAP);
  const struct tcx_value *throttling = tcx__value_find(v, "throttling", 10);
  bool on = false;
  if (status == 0 && throttling != NULL)
    status = tcx__load_bool(l, at, throttling, &on);
  shape->flags = (uint16_t)(shape->flags | TCX__S_RETRYABLE | (on ? TCX__S_THROTTLING : 0));
  return status;
}

static int read_min(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                    struct tcx_shape *shape) {
  if (v->type == TCX_INT)
    shape->min = (double)v->u.integer;
  else if (v->type == TCX_DOUBLE)
    shape->min = v->u.number;
  else
    return tcx__load_fail(l, at, "is not a number");
  shape->flags |= TCX__S_HAS_MIN;
  return 0;
}

static int read_enum(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                     struct tcx_shape *shape) {
  unsigned count;
  int status = tcx__load_strs(l, at, v, false, UINT16_MAX, &shape->enum_values, &count);
  shape->n_enum = (uint16_t)count;
  return status;
}

static int read_shape_trait(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                            struct tcx_shape *shape, struct raw *raw) {
  const char *name = v->name;
  bool known;
  at.key = name;
  if (strcmp(name, "type") == 0)
    return one_of(l, at, v, type_names, COUNT(type_names), &shape->type);
  if (strcmp(name, "members") == 0)
    raw->members = v;
  else if (strcmp(name, "required") == 0)
    raw->required = v;
  else if (strcmp(name, "member") == 0)
    raw->item = v;
  else if (strcmp(name, "key") == 0)
    raw->key = v;
  else if (strcmp(name, "value") == 0)
    raw->value = v;
  else if (strcmp(name, "min") == 0)
    return read_min(l, at, v, shape);
  else if (strcmp(name, "enum") == 0)
    return read_enum(l, at, v, shape);
  else if (strcmp(name, "payload") == 0)
    return tcx__load_str(l, at, v, &shape->payload);
  else if (strcmp(name, "locationName") == 0)
    return tcx__load_str(l, at, v, &shape->wire);
  else if (strcmp(name, "xmlNamespace") == 0)
    return tcx__load_namespace(l, at, v, &shape->xml_uri, &shape->xml_prefix);
  else if (strcmp(name, "error") == 0)
    return read_error(l, at, v, shape);
  else if (strcmp(name, "retryable") == 0)
    return read_retryable(l, at, v, shape);
  else if (strcmp(name, "timestampFormat") == 0)
    return one_of(l, at, v, time_names, COUNT(time_names), &shape->time_format);
  else
    return read_flag(l, at, v, shape_flags, COUNT(shape_flags), &shape->flags, &known);
  return 0;
}

static int read_shape(struct tcx_loader *l, const struct tcx_value *document,
                      struct tcx_shape *shape, struct raw *raw) {
  struct tcx_place at = {"shapes", shape->name, NULL, NULL};
  int status = tcx__load_expect(l, at, document, TCX_MAP);
  if (status == 0 && tcx__value_find(document, "type", 4) == NULL)
    status = tcx__load_fail(l, at, "has no type");
  for (const struct tcx_value *v = tcx__value_kids(document); v != NULL && status == 0; v = v->next)
    status = read_shape_trait(l, at, v, shape, raw);
  return status;
}

int tcx__load_reference(struct tcx_loader *l, struct tcx_place at,
                        const struct tcx_value *reference, struct tcx_shape **out) {
  int status = tcx__load_expect(l, at, reference, TCX_MAP);
  if (status != 0)
    return status;
  const struct tcx_value *name = tcx__value_find(reference, "shape", 5);
  if (name == NULL || name->type != TCX_STRING)
    return tcx__load_fail(l, at, "does not say its shape");
  struct tcx_interned *known = tcx__intern(&l->names, name->u.bytes.p, name->u.bytes.n);
  if (known == NULL)
    return tcx__load_no_memory(l);
  if (known->shape == NULL)
    return tcx__load_fail(l, at, "there is no shape \"%.100s\"", known->s);
  *out = known->shape;
  return 0;
}

static int read_member_trait(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                             struct tcx_member *member) {
  const char *name = v->name;
  bool known;
  at.key = name;
  if (strcmp(name, "shape") == 0)
    return 0;
  if (strcmp(name, "locationName") == 0) {
    member->wire_given = true;
    return tcx__load_str(l, at, v, &member->wire);
  }
  if (strcmp(name, "location") == 0)
    return one_of(l, at, v, location_names, COUNT(location_names), &member->location);
  if (strcmp(name, "queryName") == 0)
    return tcx__load_str(l, at, v, &member->query_name);
  if (strcmp(name, "timestampFormat") == 0)
    return one_of(l, at, v, time_names, COUNT(time_names), &member->time_format);
  if (strcmp(name, "xmlNamespace") == 0) {
    member->xml_prefix = NULL;
    return tcx__load_namespace(l, at, v, &member->xml_uri, &member->xml_prefix);
  }
  if (strcmp(name, "contextParam") == 0) {
    int status = tcx__load_expect(l, at, v, TCX_MAP);
    return status != 0
               ? status
               : tcx__load_str(l, at, tcx__value_find(v, "name", 4), &member->context_param);
  }
  return read_flag(l, at, v, member_flags, COUNT(member_flags), &member->flags, &known);
}

/* An attribute's "xsi:type" is the prefix "xsi" and the name "type". */
static int split_attribute(struct tcx_loader *l, struct tcx_member *member) {
  const char *colon = strchr(member->wire, ':');
  if (colon == NULL)
    return 0;
  struct tcx_interned *prefix =
      tcx__intern(&l->names, member->wire, (size_t)(colon - member->wire));
  if (prefix == NULL)
    return tcx__load_no_memory(l);
  member->xml_prefix = prefix->s;
  struct tcx_interned *wire = tcx__intern(&l->names, colon + 1, strlen(colon + 1));
  if (wire == NULL)
    return tcx__load_no_memory(l);
  member->wire = wire->s;
  return 0;
}

static int read_member(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *reference,
                       const char *name, size_t name_len, struct tcx_member *member) {
  struct tcx_shape *shape;
  int status = tcx__load_reference(l, at, reference, &shape);
  if (status != 0)
    return status;
  if (name_len > UINT16_MAX || memchr(name, '\0', name_len) != NULL)
    return tcx__load_fail(l, at, "is no name for a member");
  struct tcx_interned *interned = tcx__intern(&l->names, name, name_len);
  if (interned == NULL)
    return tcx__load_no_memory(l);
  *member = (struct tcx_member){.name = interned->s,
                                .name_len = (uint16_t)name_len,
                                .shape = shape,
                                .wire = shape->wire,
                                .wire_given = shape->wire != NULL,
                                .xml_uri = shape->xml_uri,
                                .xml_prefix = shape->xml_prefix,
                                .time_format = shape->time_format};
  for (size_t i = 0; i < COUNT(inherited); i++)
    if (shape->flags & inherited[i].shape)
      member->flags |= inherited[i].member;
  for (const struct tcx_value *v = tcx__value_kids(reference); v != NULL && status == 0;
       v = v->next)
    status = read_member_trait(l, at, v, member);
  if (member->wire == NULL)
    member->wire = member->name;
  if (status == 0 && (member->flags & TCX__M_XML_ATTRIBUTE))
    status = split_attribute(l, member);
  size_t wire_len = strlen(member->wire);
  if (status == 0 && wire_len > UINT16_MAX)
    status = tcx__load_fail(l, at, "its locationName is too long");
  member->wire_len = (uint16_t)wire_len;
  return status;
}

/* "required": the indices of the members that it names. */
static int read_required(struct tcx_loader *l, const struct tcx_value *list,
                         struct tcx_shape *shape, struct tcx_member *members) {
  struct tcx_place at = {"shapes", shape->name, NULL, "required"};
  int status = tcx__load_expect(l, at, list, TCX_LIST);
  uint32_t n = tcx__value_count(list);
  if (status != 0 || n == 0)
    return status;
  if (n > shape->n_members)
    return tcx__load_fail(l, at, "names more members than there are");
  uint16_t *required = tcx__arena_alloc(l->arena, n * sizeof *required);
  if (required == NULL)
    return tcx__load_no_memory(l);
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL; v = v->next) {
    const char *name;
    status = tcx__load_str(l, at, v, &name);
    if (status != 0)
      return status;
    uint32_t i = 0;
    while (i < shape->n_members && members[i].name != name)
      i++;
    if (i == shape->n_members)
      return tcx__load_fail(l, at, "there is no member \"%.100s\"", name);
    members[i].flags |= TCX__M_REQUIRED;
    required[shape->n_required++] = (uint16_t)i;
  }
  shape->required = required;
  return 0;
}

static int read_structure(struct tcx_loader *l, const struct raw *raw, struct tcx_shape *shape) {
  struct tcx_place at = {"shapes", shape->name, "members", NULL};
  uint32_t n = 0;
  struct tcx_member *members = NULL;
  if (raw->members != NULL) {
    int status = tcx__load_expect(l, at, raw->members, TCX_MAP);
    if (status != 0)
      return status;
    n = tcx__value_count(raw->members);
    if (n > MEMBERS_MAX)
      return tcx__load_fail(l, at, "has more than %d entries", MEMBERS_MAX);
  }
  if (n > 0 && (members = tcx__arena_alloc(l->arena, n * sizeof *members)) == NULL)
    return tcx__load_no_memory(l);
  uint32_t i = 0;
  for (const struct tcx_value *v = tcx__value_kids(raw->members); v != NULL; v = v->next, i++) {
    at.key = v->name;
    int status = read_member(l, at, v, v->name, v->name_len, &members[i]);
    if (status != 0)
      return status;
  }
  shape->members = members;
  shape->n_members = n;
  for (i = 0; shape->payload != NULL && i < n && members[i].name != shape->payload;)
    i++;
  if (shape->payload != NULL && i == n)
    return tcx__load_fail(l, (struct tcx_place){"shapes", shape->name, NULL, "payload"},
                          "there is no member \"%.100s\"", shape->payload);
  return raw->required != NULL ? read_required(l, raw->required, shape, members) : 0;
}

/* A list's "member"; a map's "key" and "value". */
static int read_parts(struct tcx_loader *l, const struct raw *raw, struct tcx_shape *shape) {
  bool list = shape->type == TCX__SHAPE_LIST;
  const struct tcx_value *references[2] = {list ? raw->item : raw->key, list ? NULL : raw->value};
  const char *names[2] = {list ? "member" : "key", "value"};
  uint32_t n = list ? 1 : 2;
  struct tcx_member *members = tcx__arena_alloc(l->arena, n * sizeof *members);
  if (members == NULL)
    return tcx__load_no_memory(l);
  for (uint32_t i = 0; i < n; i++) {
    int status = read_member(l, (struct tcx_place){"shapes", shape->name, NULL, names[i]},
                             references[i], names[i], strlen(names[i]), &members[i]);
    if (status != 0)
      return status;
  }
  if (!list && members[0].shape->type != TCX__SHAPE_STRING)
    return tcx__load_fail(l, (struct tcx_place){"shapes", shape->name, NULL, "key"},
                          "is not a string");
  shape->members = members;
  shape->n_members = n;
  return 0;
}

static int name_shapes(struct tcx_loader *l, const struct tcx_value *const *documents, uint32_t n,
                       struct tcx_shape *shapes) {
  for (uint32_t i = 0; i < n; i++) {
    struct tcx_place at = {"shapes", documents[i]->name, NULL, NULL};
    if (memchr(documents[i]->name, '\0', documents[i]->name_len) != NULL)
      return tcx__load_fail(l, at, "its name holds a NUL");
    struct tcx_interned *name = tcx__intern(&l->names, documents[i]->name, documents[i]->name_len);
    if (name == NULL)
      return tcx__load_no_memory(l);
    shapes[i].name = name->s;
    name->shape = &shapes[i];
  }
  return 0;
}

static int read_shapes(struct tcx_loader *l, const struct tcx_value *const *documents, uint32_t n,
                       struct tcx_shape *shapes, struct raw *raws) {
  int status = name_shapes(l, documents, n, shapes);
  for (uint32_t i = 0; i < n && status == 0; i++)
    status = read_shape(l, documents[i], &shapes[i], &raws[i]);
  for (uint32_t i = 0; i < n && status == 0; i++) {
    if (shapes[i].type == TCX__SHAPE_STRUCTURE)
      status = read_structure(l, &raws[i], &shapes[i]);
    else if (shapes[i].type == TCX__SHAPE_LIST || shapes[i].type == TCX__SHAPE_MAP)
      status = read_parts(l, &raws[i], &shapes[i]);
  }
  return status;
}

int tcx__load_shapes(struct tcx_loader *l, const struct tcx_value *section, uint32_t n_variants,
                     struct tcx_model *model) {
  int status =
      tcx__load_expect(l, (struct tcx_place){"shapes", NULL, NULL, NULL}, section, TCX_MAP);
  if (status != 0)
    return status;
  const struct tcx_value **documents;
  status = tcx__load_sorted(l, section, &documents);
  if (status != 0 || documents == NULL)
    return status;
  uint32_t n = tcx__value_count(section);
  struct tcx_shape *shapes = tcx__arena_zalloc(l->arena, ((size_t)n + n_variants) * sizeof *shapes);
  struct raw *raws = tcx__calloc(n, sizeof *raws);
  if (shapes == NULL || raws == NULL)
    status = tcx__load_no_memory(l);
  else
    status = read_shapes(l, documents, n, shapes, raws);
  tcx__free(raws);
  tcx__free(documents);
  model->shapes = shapes;
  model->n_shapes = n;
  l->variants = shapes != NULL ? shapes + n : NULL;
  return status;
}
