/* loader_operations.c - the operations section. */
#include "base/mem.h"
#include "model/loader.h"
#include <string.h>

static const char *const reference_traits[] = {"locationName", "xmlNamespace", "resultWrapper"};

static bool has_traits(const struct tcx_value *reference) {
  for (size_t i = 0; i < sizeof reference_traits / sizeof reference_traits[0]; i++)
    if (tcx__value_find(reference, reference_traits[i], strlen(reference_traits[i])) != NULL)
      return true;
  return false;
}

uint32_t tcx__load_count_variants(const struct tcx_value *operations) {
  uint32_t count = 0;
  for (const struct tcx_value *v = tcx__value_kids(operations); v != NULL; v = v->next)
    count += (uint32_t)has_traits(tcx__value_find(v, "input", 5)) +
             (uint32_t)has_traits(tcx__value_find(v, "output", 6));
  return count;
}

/* "input" or "output": the shape itself, or a variant of it behind the model's shapes when the
 * reference has traits of its own. */
static int read_io(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *reference,
                   struct tcx_model *model, const struct tcx_shape **out) {
  struct tcx_shape *shape;
  if (reference == NULL)
    return 0;
  int status = tcx__load_reference(l, at, reference, &shape);
  if (status != 0)
    return status;
  if (shape->type != TCX__SHAPE_STRUCTURE)
    return tcx__load_fail(l, at, "\"%.100s\" is not a structure", shape->name);
  *out = shape;
  if (!has_traits(reference))
    return 0;
  struct tcx_shape *variant = &l->variants[model->n_variants++];
  *variant = *shape;
  for (const struct tcx_value *v = tcx__value_kids(reference); v != NULL && status == 0;
       v = v->next) {
    at.key = v->name;
    if (strcmp(v->name, "locationName") == 0) {
      status = tcx__load_str(l, at, v, &variant->wire);
    } else if (strcmp(v->name, "resultWrapper") == 0) {
      status = tcx__load_str(l, at, v, &variant->result_wrapper);
    } else if (strcmp(v->name, "xmlNamespace") == 0) {
      variant->xml_prefix = NULL;
      status = tcx__load_namespace(l, at, v, &variant->xml_uri, &variant->xml_prefix);
    }
  }
  *out = variant;
  return status;
}

static int read_http(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *http,
                     struct tcx_operation *op) {
  const char *uri;
  at.part = "http";
  int status = tcx__load_expect(l, at, http, TCX_MAP);
  if (status != 0)
    return status;
  at.key = "method";
  status = tcx__load_str(l, at, tcx__value_find(http, "method", 6), &op->http_method);
  at.key = "requestUri";
  if (status == 0)
    status = tcx__load_str(l, at, tcx__value_find(http, "requestUri", 10), &uri);
  if (status != 0)
    return status;
  const char *mark = strchr(uri, '?');
  op->path = uri;
  if (mark != NULL) {
    struct tcx_interned *path = tcx__intern(&l->names, uri, (size_t)(mark - uri));
    op->path = path != NULL ? path->s : NULL;
    op->query = mark + 1;
  }
  if (op->path == NULL)
    return tcx__load_no_memory(l);
  const struct tcx_value *code = tcx__value_find(http, "responseCode", 12);
  unsigned number = 0;
  at.key = "responseCode";
  if (code != NULL)
    status = tcx__load_uint(l, at, code, 999, &number);
  op->response_code = (uint16_t)number;
  return status;
}

static int read_checksum(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *map,
                         struct tcx_operation *op) {
  int status = tcx__load_expect(l, at, map, TCX_MAP);
  at.part = "httpChecksum";
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && status == 0; v = v->next) {
    bool on;
    unsigned count;
    at.key = v->name;
    if (strcmp(v->name, "requestAlgorithmMember") == 0) {
      status = tcx__load_str(l, at, v, &op->checksum_algorithm_member);
    } else if (strcmp(v->name, "requestValidationModeMember") == 0) {
      status = tcx__load_str(l, at, v, &op->checksum_mode_member);
    } else if (strcmp(v->name, "requestChecksumRequired") == 0) {
      status = tcx__load_bool(l, at, v, &on);
      if (status == 0 && on)
        op->flags |= TCX__OP_CHECKSUM_REQUIRED;
    } else if (strcmp(v->name, "responseAlgorithms") == 0) {
      status = tcx__load_strs(l, at, v, false, UINT8_MAX, &op->response_algorithms, &count);
      op->n_response_algorithms = (uint8_t)count;
    }
  }
  return status;
}

static int read_auth(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *list,
                     struct tcx_operation *op) {
  unsigned count;
  int status = tcx__load_strs(l, at, list, false, UINT8_MAX, &op->auth, &count);
  op->n_auth = (uint8_t)count;
  if (status == 0 && count > 0 && strcmp(op->auth[0], "smithy.api#noAuth") == 0)
    op->flags |= TCX__OP_UNSIGNED;
  return status;
}

static int read_auth_type(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                          struct tcx_operation *op) {
  int status = tcx__load_str(l, at, v, &op->auth_type);
  if (status == 0 && strcmp(op->auth_type, "none") == 0)
    op->flags |= TCX__OP_UNSIGNED;
  if (status == 0 && strcmp(op->auth_type, "v4-unsigned-body") == 0)
    op->flags |= TCX__OP_UNSIGNED_PAYLOAD;
  return status;
}

static int read_errors(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *list,
                       struct tcx_operation *op) {
  int status = tcx__load_expect(l, at, list, TCX_LIST);
  uint32_t n = tcx__value_count(list);
  if (status != 0 || n == 0)
    return status;
  if (n > UINT8_MAX)
    return tcx__load_fail(l, at, "has more than %d entries", UINT8_MAX);
  const struct tcx_shape **errors = tcx__arena_alloc(l->arena, n * sizeof *errors);
  if (errors == NULL)
    return tcx__load_no_memory(l);
  op->errors = errors;
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL; v = v->next) {
    struct tcx_shape *shape;
    status = tcx__load_reference(l, at, v, &shape);
    if (status != 0)
      return status;
    if (shape->type != TCX__SHAPE_STRUCTURE)
      return tcx__load_fail(l, at, "\"%.100s\" is not a structure", shape->name);
    errors[op->n_errors++] = shape;
  }
  return 0;
}

static int read_context_value(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                              struct tcx_rule_param_value *out) {
  unsigned count;
  const char *const *strings;
  const char *text;
  int status = 0;
  if (v != NULL && v->type == TCX_BOOL) {
    *out = (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = v->u.boolean};
  } else if (v != NULL && v->type == TCX_LIST) {
    status = tcx__load_strs(l, at, v, false, UINT16_MAX, &strings, &count);
    struct tcx_str *list =
        status == 0 ? tcx__arena_alloc(l->arena, (count + 1) * sizeof *list) : NULL;
    if (list == NULL)
      return status != 0 ? status : tcx__load_no_memory(l);
    for (unsigned i = 0; i < count; i++)
      list[i] = tcx__str(strings[i]);
    *out = (struct tcx_rule_param_value){
        .type = TCX__RULE_LIST, .list = list, .n_list = (uint16_t)count};
  } else {
    status = tcx__load_str(l, at, v, &text);
    if (status == 0)
      *out = (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(text)};
  }
  return status;
}

static int read_context_type(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                             struct tcx_rule_param_value *out) {
  const char *type;
  int status = tcx__load_str(l, at, v, &type);
  if (status != 0)
    return status;
  if (strcmp(type, "string") == 0)
    out->type = TCX__RULE_STRING;
  else if (strcmp(type, "boolean") == 0)
    out->type = TCX__RULE_BOOL;
  else if (strcmp(type, "stringArray") == 0)
    out->type = TCX__RULE_LIST;
  else
    return tcx__load_fail(l, at, "unknown type \"%.100s\"", type);
  return 0;
}

int tcx__load_static_context(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *map,
                             bool types_only, const struct tcx_static_context **out,
                             uint8_t *count) {
  int status = tcx__load_expect(l, at, map, TCX_MAP);
  uint32_t n = tcx__value_count(map);
  if (status != 0 || n == 0)
    return status;
  if (n > UINT8_MAX)
    return tcx__load_fail(l, at, "has more than %d entries", UINT8_MAX);
  struct tcx_static_context *list = tcx__arena_zalloc(l->arena, n * sizeof *list);
  if (list == NULL)
    return tcx__load_no_memory(l);
  *out = list;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && status == 0;
       v = v->next, list++) {
    struct tcx_interned *name = tcx__intern(&l->names, v->name, strlen(v->name));
    at.key = v->name;
    if (name == NULL)
      return tcx__load_no_memory(l);
    list->name = name->s;
    status = tcx__load_expect(l, at, v, TCX_MAP);
    if (status == 0)
      status = types_only ? read_context_type(l, at, tcx__value_find(v, "type", 4), &list->value)
                          : read_context_value(l, at, tcx__value_find(v, "value", 5), &list->value);
  }
  *count = (uint8_t)n;
  return status;
}

static int read_operation_context(struct tcx_loader *l, struct tcx_place at,
                                  const struct tcx_value *map, struct tcx_operation *op) {
  int status = tcx__load_expect(l, at, map, TCX_MAP);
  uint32_t n = tcx__value_count(map);
  if (status != 0 || n == 0)
    return status;
  if (n > UINT8_MAX)
    return tcx__load_fail(l, at, "has more than %d entries", UINT8_MAX);
  struct tcx_operation_context *list = tcx__arena_zalloc(l->arena, n * sizeof *list);
  if (list == NULL)
    return tcx__load_no_memory(l);
  op->operation_context = list;
  op->n_operation_context = (uint8_t)n;
  at.part = at.key;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && status == 0;
       v = v->next, list++) {
    struct tcx_interned *name = tcx__intern(&l->names, v->name, strlen(v->name));
    at.key = v->name;
    if (name == NULL)
      return tcx__load_no_memory(l);
    list->name = name->s;
    status = tcx__load_str(l, at, tcx__value_find(v, "path", 4), &list->path);
  }
  return status;
}

static int read_discovery(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *map,
                          struct tcx_operation *op) {
  bool on = false;
  int status = tcx__load_expect(l, at, map, TCX_MAP);
  const struct tcx_value *required = tcx__value_find(map, "required", 8);
  if (status == 0 && required != NULL)
    status = tcx__load_bool(l, at, required, &on);
  op->flags = (uint16_t)(op->flags | TCX__OP_DISCOVERY | (on ? TCX__OP_DISCOVERY_REQUIRED : 0));
  return status;
}

static int read_compression(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *map,
                            struct tcx_operation *op) {
  const char *const *encodings;
  unsigned count;
  int status = tcx__load_expect(l, at, map, TCX_MAP);
  if (status == 0)
    status = tcx__load_strs(l, at, tcx__value_find(map, "encodings", 9), false, UINT8_MAX,
                            &encodings, &count);
  for (unsigned i = 0; status == 0 && i < count; i++)
    if (strcmp(encodings[i], "gzip") == 0)
      op->flags |= TCX__OP_GZIP;
  return status;
}

static int read_flag(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                     struct tcx_operation *op) {
  static const struct {
    const char *name;
    uint16_t bit;
  } flags[] = {{"deprecated", TCX__OP_DEPRECATED},
               {"httpChecksumRequired", TCX__OP_MD5_REQUIRED},
               {"unsignedPayload", TCX__OP_UNSIGNED_PAYLOAD},
               {"endpointoperation", TCX__OP_DISCOVERY_OPERATION}};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    bool on = false;
    if (strcmp(v->name, flags[i].name) != 0)
      continue;
    int status = tcx__load_bool(l, at, v, &on);
    if (on)
      op->flags |= flags[i].bit;
    return status;
  }
  return 0;
}

static int read_trait(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                      struct tcx_model *model, struct tcx_operation *op) {
  const char *name = v->name;
  at.key = name;
  if (strcmp(name, "name") == 0)
    return tcx__load_str(l, at, v, &op->wire_name);
  if (strcmp(name, "input") == 0)
    return read_io(l, at, v, model, &op->input);
  if (strcmp(name, "output") == 0)
    return read_io(l, at, v, model, &op->output);
  if (strcmp(name, "errors") == 0)
    return read_errors(l, at, v, op);
  if (strcmp(name, "authtype") == 0)
    return read_auth_type(l, at, v, op);
  if (strcmp(name, "auth") == 0)
    return read_auth(l, at, v, op);
  if (strcmp(name, "httpChecksum") == 0)
    return read_checksum(l, at, v, op);
  if (strcmp(name, "staticContextParams") == 0)
    return tcx__load_static_context(l, (struct tcx_place){at.section, at.entry, name, NULL}, v,
                                    false, &op->static_context, &op->n_static_context);
  if (strcmp(name, "operationContextParams") == 0)
    return read_operation_context(l, at, v, op);
  if (strcmp(name, "endpointdiscovery") == 0)
    return read_discovery(l, at, v, op);
  if (strcmp(name, "requestcompression") == 0)
    return read_compression(l, at, v, op);
  if (strcmp(name, "endpoint") == 0) {
    int status = tcx__load_expect(l, at, v, TCX_MAP);
    const struct tcx_value *prefix = tcx__value_find(v, "hostPrefix", 10);
    return status != 0 || prefix == NULL ? status : tcx__load_str(l, at, prefix, &op->host_prefix);
  }
  return read_flag(l, at, v, op);
}

static bool has_events(const struct tcx_shape *shape) {
  for (uint32_t i = 0; shape != NULL && i < shape->n_members; i++)
    if (shape->members[i].shape->flags & TCX__S_EVENT_STREAM)
      return true;
  return false;
}

static int read_operation(struct tcx_loader *l, const struct tcx_value *document,
                          struct tcx_model *model, struct tcx_operation *op) {
  struct tcx_place at = {"operations", document->name, NULL, NULL};
  char method[256];
  int status = tcx__load_expect(l, at, document, TCX_MAP);
  if (status != 0)
    return status;
  if (memchr(document->name, '\0', document->name_len) != NULL ||
      tcx__method_name(method, sizeof method, document->name) != 0)
    return tcx__load_fail(l, at, "is no name for an operation");
  struct tcx_interned *name = tcx__intern(&l->names, document->name, document->name_len);
  if (name == NULL)
    return tcx__load_no_memory(l);
  op->name = op->wire_name = name->s;
  name = tcx__intern(&l->names, method, strlen(method));
  if (name == NULL)
    return tcx__load_no_memory(l);
  op->method = name->s;
  status = read_http(l, at, tcx__value_find(document, "http", 4), op);
  for (const struct tcx_value *v = tcx__value_kids(document); v != NULL && status == 0; v = v->next)
    status = read_trait(l, at, v, model, op);
  if (has_events(op->input))
    op->flags |= TCX__OP_EVENT_INPUT;
  if (has_events(op->output))
    op->flags |= TCX__OP_EVENT_OUTPUT;
  return status;
}

static int by_method(const void *a, const void *b) {
  return strcmp(((const struct tcx_operation *)a)->method,
                ((const struct tcx_operation *)b)->method);
}

int tcx__load_operations(struct tcx_loader *l, const struct tcx_value *section,
                         struct tcx_model *model) {
  int status =
      tcx__load_expect(l, (struct tcx_place){"operations", NULL, NULL, NULL}, section, TCX_MAP);
  if (status != 0)
    return status;
  const struct tcx_value **documents;
  status = tcx__load_sorted(l, section, &documents);
  if (status != 0 || documents == NULL)
    return status;
  uint32_t n = tcx__value_count(section);
  struct tcx_operation *operations = tcx__arena_zalloc(l->arena, n * sizeof *operations);
  const struct tcx_operation **methods = tcx__arena_alloc(l->arena, n * sizeof *methods);
  if (operations == NULL || methods == NULL)
    status = tcx__load_no_memory(l);
  for (uint32_t i = 0; i < n && status == 0; i++) {
    status = read_operation(l, documents[i], model, &operations[i]);
    methods[i] = &operations[i];
  }
  tcx__free(documents);
  if (status != 0)
    return status;
  tcx__load_sort((const void **)methods, n, by_method);
  model->operations = operations;
  model->by_method = methods;
  model->n_operations = n;
  return 0;
}
