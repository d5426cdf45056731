/* loader.c - a whole service description: metadata, then shapes, then operations. And the two small
 * documents beside it. */
#include "model/loader.h"
#include "base/mem.h"
#include <string.h>

struct text {
  const char *key;
  size_t offset;
  bool required;
};
static const struct text metadata_texts[] = {
    {"apiVersion", offsetof(struct tcx_model, api_version), true},
    {"endpointPrefix", offsetof(struct tcx_model, endpoint_prefix), true},
    {"serviceId", offsetof(struct tcx_model, service_id), true},
    {"signatureVersion", offsetof(struct tcx_model, signature_version), false},
    {"signingName", offsetof(struct tcx_model, signing_name), false},
    {"targetPrefix", offsetof(struct tcx_model, target_prefix), false},
    {"jsonVersion", offsetof(struct tcx_model, json_version), false},
    {"globalEndpoint", offsetof(struct tcx_model, global_endpoint), false},
    {"protocol", offsetof(struct tcx_model, protocol), false}};

/* botocore's choice: the first of these that the service speaks; "protocol" where a service has no
 * list. */
static const char *const protocols[] = {"json",  "rest-json", "rest-xml", "smithy-rpc-v2-cbor",
                                        "query", "ec2"};

static int read_protocols(struct tcx_loader *l, const struct tcx_value *metadata,
                          struct tcx_model *model) {
  struct tcx_place at = {"metadata", NULL, NULL, "protocols"};
  const char *const *spoken;
  unsigned count;
  int status = tcx__load_strs(l, at, tcx__value_find(metadata, "protocols", 9), false, UINT8_MAX,
                              &spoken, &count);
  if (status != 0)
    return status;
  if (count == 0)
    return model->protocol != NULL
               ? 0
               : tcx__load_fail(l, (struct tcx_place){"metadata", NULL, NULL, "protocol"},
                                "is missing");
  for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
    for (unsigned k = 0; k < count; k++) {
      if (strcmp(spoken[k], protocols[i]) == 0) {
        model->protocol = spoken[k];
        return 0;
      }
    }
  }
  return tcx__load_fail(l, at, "names no known protocol");
}

static int read_metadata(struct tcx_loader *l, const struct tcx_value *metadata,
                         struct tcx_model *model) {
  struct tcx_place at = {"metadata", NULL, NULL, NULL};
  int status = tcx__load_expect(l, at, metadata, TCX_MAP);
  for (size_t i = 0; i < sizeof metadata_texts / sizeof metadata_texts[0] && status == 0; i++) {
    const struct text *text = &metadata_texts[i];
    const struct tcx_value *v = tcx__value_find(metadata, text->key, strlen(text->key));
    at.key = text->key;
    if (v != NULL || text->required)
      status = tcx__load_str(l, at, v, (const char **)(void *)((char *)model + text->offset));
  }
  const struct tcx_value *space = tcx__value_find(metadata, "xmlNamespace", 12);
  const char *prefix = NULL;
  at.key = "xmlNamespace";
  if (status == 0 && space != NULL)
    status = tcx__load_namespace(l, at, space, &model->xml_uri, &prefix);
  unsigned count = 0;
  at.key = "auth";
  if (status == 0)
    status = tcx__load_strs(l, at, tcx__value_find(metadata, "auth", 4), false, UINT8_MAX,
                            &model->auth, &count);
  model->n_auth = (uint8_t)count;
  if (tcx__value_find(metadata, "awsQueryCompatible", 18) != NULL)
    model->flags |= TCX__SVC_QUERY_COMPATIBLE;
  if (model->signing_name == NULL)
    model->signing_name = model->endpoint_prefix;
  return status != 0 ? status : read_protocols(l, metadata, model);
}

int tcx__load_service(struct tcx_loader *l, const struct tcx_value *json, const char *service,
                      struct tcx_model *model) {
  int status = tcx__load_expect(l, (struct tcx_place){NULL, NULL, NULL, NULL}, json, TCX_MAP);
  if (status != 0)
    return status;
  struct tcx_interned *name = tcx__intern(&l->names, service, strlen(service));
  if (name == NULL)
    return tcx__load_no_memory(l);
  model->service = name->s;
  status = read_metadata(l, tcx__value_find(json, "metadata", 8), model);
  const struct tcx_value *operations = tcx__value_find(json, "operations", 10);
  if (status == 0)
    status = tcx__load_shapes(l, tcx__value_find(json, "shapes", 6),
                              tcx__load_count_variants(operations), model);
  if (status == 0)
    status = tcx__load_operations(l, operations, model);
  const struct tcx_value *context = tcx__value_find(json, "clientContextParams", 19);
  if (status == 0 && context != NULL)
    status =
        tcx__load_static_context(l, (struct tcx_place){"clientContextParams", NULL, NULL, NULL},
                                 context, true, &model->client_context, &model->n_client_context);
  return status;
}

static int read_pagination(struct tcx_loader *l, const struct tcx_value *document,
                           struct tcx_pagination *p) {
  struct tcx_place at = {"pagination", document->name, NULL, NULL};
  struct {
    const char *key;
    const char *const **list;
    uint8_t *count;
  } lists[] = {{"input_token", &p->input_token, &p->n_input_token},
               {"output_token", &p->output_token, &p->n_output_token},
               {"result_key", &p->result_key, &p->n_result_key},
               {"non_aggregate_keys", &p->non_aggregate_keys, &p->n_non_aggregate_keys}};
  struct {
    const char *key;
    const char **text;
  } texts[] = {{"more_results", &p->more_results}, {"limit_key", &p->limit_key}};
  int status = tcx__load_expect(l, at, document, TCX_MAP);
  for (size_t i = 0; i < sizeof lists / sizeof lists[0] && status == 0; i++) {
    unsigned count;
    at.key = lists[i].key;
    status = tcx__load_strs(l, at, tcx__value_find(document, at.key, strlen(at.key)), true,
                            UINT8_MAX, lists[i].list, &count);
    *lists[i].count = (uint8_t)count;
  }
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == 0; i++) {
    at.key = texts[i].key;
    const struct tcx_value *v = tcx__value_find(document, at.key, strlen(at.key));
    if (v != NULL)
      status = tcx__load_str(l, at, v, texts[i].text);
  }
  at.key = NULL;
  if (status == 0 && (p->n_input_token == 0 || p->n_input_token != p->n_output_token))
    status = tcx__load_fail(l, at, "has %u input tokens and %u output tokens", p->n_input_token,
                            p->n_output_token);
  return status;
}

/* The entries of a document's one section, sorted by name: *entries from the allocator, NULL when
 * there are none; *n of them. */
static int read_section(struct tcx_loader *l, const struct tcx_value *json, const char *section,
                        const struct tcx_value ***entries, uint32_t *n) {
  *entries = NULL;
  int status = tcx__load_expect(l, (struct tcx_place){NULL, NULL, NULL, NULL}, json, TCX_MAP);
  if (status != 0)
    return status;
  const struct tcx_value *map = tcx__value_find(json, section, strlen(section));
  status = tcx__load_expect(l, (struct tcx_place){section, NULL, NULL, NULL}, map, TCX_MAP);
  if (status != 0)
    return status;
  *n = tcx__value_count(map);
  return tcx__load_sorted(l, map, entries);
}

int tcx__load_paginators(struct tcx_loader *l, const struct tcx_value *json,
                         struct tcx_model *model) {
  const struct tcx_value **entries;
  uint32_t n;
  int status = read_section(l, json, "pagination", &entries, &n);
  if (status != 0 || entries == NULL)
    return status;
  struct tcx_pagination *list = tcx__arena_zalloc(l->arena, n * sizeof *list);
  if (list == NULL)
    status = tcx__load_no_memory(l);
  for (uint32_t i = 0; i < n && status == 0; i++) {
    struct tcx_interned *name = tcx__intern(&l->names, entries[i]->name, strlen(entries[i]->name));
    if (name == NULL)
      status = tcx__load_no_memory(l);
    else
      list[i].operation = name->s;
    if (status == 0)
      status = read_pagination(l, entries[i], &list[i]);
  }
  tcx__free(entries);
  if (status == 0) {
    model->paginations = list;
    model->n_paginations = n;
  }
  return status;
}

static int read_expected(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                         struct tcx_acceptor *out) {
  char digits[24];
  const char *text = digits;
  if (v != NULL && v->type == TCX_BOOL) {
    text = v->u.boolean ? "true" : "false";
  } else if (v != NULL && v->type == TCX_INT) {
    snprintf(digits, sizeof digits, "%lld", (long long)v->u.integer);
  } else {
    out->expected_type = TCX_STRING;
    return tcx__load_str(l, at, v, &out->expected);
  }
  out->expected_type = v->type;
  struct tcx_interned *name = tcx__intern(&l->names, text, strlen(text));
  if (name == NULL)
    return tcx__load_no_memory(l);
  out->expected = name->s;
  return 0;
}

static int read_acceptors(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *list,
                          struct tcx_waiter_model *w) {
  at.part = "acceptors";
  int status = tcx__load_expect(l, at, list, TCX_LIST);
  uint32_t n = tcx__value_count(list);
  if (status == 0 && (n == 0 || n > UINT16_MAX))
    status = tcx__load_fail(l, at, "must have 1 to %d entries", UINT16_MAX);
  if (status != 0)
    return status;
  struct tcx_acceptor *acceptors = tcx__arena_zalloc(l->arena, n * sizeof *acceptors);
  if (acceptors == NULL)
    return tcx__load_no_memory(l);
  w->acceptors = acceptors;
  w->n_acceptors = (uint16_t)n;
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL && status == 0;
       v = v->next, acceptors++) {
    const struct tcx_value *argument = tcx__value_find(v, "argument", 8);
    at.key = NULL;
    status = tcx__load_expect(l, at, v, TCX_MAP);
    at.key = "matcher";
    if (status == 0)
      status = tcx__load_str(l, at, tcx__value_find(v, "matcher", 7), &acceptors->matcher);
    at.key = "state";
    if (status == 0)
      status = tcx__load_str(l, at, tcx__value_find(v, "state", 5), &acceptors->state);
    at.key = "expected";
    if (status == 0)
      status = read_expected(l, at, tcx__value_find(v, "expected", 8), acceptors);
    at.key = "argument";
    if (status == 0 && argument != NULL)
      status = tcx__load_str(l, at, argument, &acceptors->argument);
  }
  return status;
}

static int read_waiter(struct tcx_loader *l, const struct tcx_value *document,
                       struct tcx_waiter_model *w) {
  struct tcx_place at = {"waiters", document->name, NULL, NULL};
  char method[256];
  int status = tcx__load_expect(l, at, document, TCX_MAP);
  if (status == 0 && tcx__method_name(method, sizeof method, document->name) != 0)
    status = tcx__load_fail(l, at, "is no name for a waiter");
  if (status != 0)
    return status;
  struct tcx_interned *name = tcx__intern(&l->names, document->name, strlen(document->name));
  if (name == NULL)
    return tcx__load_no_memory(l);
  w->name = name->s;
  name = tcx__intern(&l->names, method, strlen(method));
  if (name == NULL)
    return tcx__load_no_memory(l);
  w->method = name->s;
  at.key = "operation";
  status = tcx__load_str(l, at, tcx__value_find(document, "operation", 9), &w->operation);
  at.key = "delay";
  if (status == 0)
    status = tcx__load_uint(l, at, tcx__value_find(document, "delay", 5), 86400, &w->delay_s);
  at.key = "maxAttempts";
  if (status == 0)
    status = tcx__load_uint(l, at, tcx__value_find(document, "maxAttempts", 11), 1000000,
                            &w->max_attempts);
  at.key = NULL;
  return status != 0 ? status : read_acceptors(l, at, tcx__value_find(document, "acceptors", 9), w);
}

int tcx__load_waiters(struct tcx_loader *l, const struct tcx_value *json, struct tcx_model *model) {
  const struct tcx_value **entries;
  uint32_t n;
  int status = read_section(l, json, "waiters", &entries, &n);
  if (status != 0 || entries == NULL)
    return status;
  struct tcx_waiter_model *list = tcx__arena_zalloc(l->arena, n * sizeof *list);
  if (list == NULL)
    status = tcx__load_no_memory(l);
  for (uint32_t i = 0; i < n && status == 0; i++)
    status = read_waiter(l, entries[i], &list[i]);
  tcx__free(entries);
  if (status == 0) {
    model->waiters = list;
    model->n_waiters = n;
  }
  return status;
}
