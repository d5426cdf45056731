/*
 * describe.c - introspection (tucuxi/model.h): a model as values.
 *
 * The trees borrow the model's names, and hold a reference to the session's models for it. A tree
 * is written into one sink after the other: the first failure (memory) stays in the writer and is
 * looked at once.
 */
#include "base/mem.h"
#include "core/client.h"
#include "model/rules_data.h"
#include <string.h>
#include <tucuxi/model.h>

#define LEVELS 6 /* of the deepest tree: operation, shapes, shape, members, member, text */

struct writer {
  struct tcx_root *root;
  bool no_memory;
};

static struct tcx_value *put(struct writer *w, struct tcx_value *map, const char *name,
                             struct tcx_value *v) {
  if (w->no_memory || v == NULL || map == NULL ||
      tcx__value_add(w->root->arena, map, name, strlen(name), v) != 0)
    w->no_memory = true;
  return w->no_memory ? NULL : v;
}

static struct tcx_value *put_map(struct writer *w, struct tcx_value *map, const char *name) {
  return put(w, map, name, tcx__value_new(w->root->arena, TCX_MAP));
}
static struct tcx_value *put_list(struct writer *w, struct tcx_value *map, const char *name) {
  return put(w, map, name, tcx__value_new(w->root->arena, TCX_LIST));
}

static void put_text(struct writer *w, struct tcx_value *map, const char *name, const char *text) {
  if (text != NULL)
    put(w, map, name, tcx__value_new_str(w->root->arena, text, strlen(text)));
}

static void put_int(struct writer *w, struct tcx_value *map, const char *name, int64_t n) {
  put(w, map, name, tcx__value_new_int(w->root->arena, n));
}

static void put_if(struct writer *w, struct tcx_value *map, const char *name, bool holds) {
  if (holds)
    put(w, map, name, tcx__value_new_bool(w->root->arena, true));
}

static void push_text(struct writer *w, struct tcx_value *list, const char *text) {
  struct tcx_value *v = tcx__value_new_str(w->root->arena, text, strlen(text));
  if (w->no_memory || v == NULL || list == NULL || tcx__value_push(w->root->arena, list, v) != 0)
    w->no_memory = true;
}

static void free_models(void *models) { tcx__models_free(models); }

/* A tree that may borrow from the models (NULL: it does not). */
static bool begin(struct writer *w, tcx_type_t type, struct tcx_models *models) {
  *w = (struct writer){.root = tcx__root_new(type)};
  if (w->root == NULL)
    return false;
  if (models != NULL && tcx__arena_on_free(w->root->arena, free_models, models) == 0)
    tcx__models_retain(models);
  else if (models != NULL)
    w->no_memory = true;
  return true;
}

static tcx_value_t *end(struct writer *w) {
  if (w->root == NULL)
    return (tcx_value_t *)(uintptr_t)&tcx__root_no_memory.value;
  if (w->no_memory)
    tcx__root_fail(w->root, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
  tcx__root_reach(w->root, LEVELS - 1);
  return &w->root->value;
}

static tcx_value_t *end_with(struct writer *w, const struct tcx_fail *f) {
  if (w->root != NULL)
    tcx__root_fail(w->root, f->status, "%s", f->text != NULL ? f->text : tcx_strerror(f->status));
  return end(w);
}

/* ---- services and regions ---- */

/* What a session's question needs beside its answer: models, and memory for what is read on the
 * way. */
struct question {
  struct writer w;
  struct tcx_models *models;
  struct tcx_arena *scratch;
  struct tcx_fail fail;
};

static bool ask(struct question *q, tcx_session_t *session) {
  *q = (struct question){.scratch = tcx__arena_new()};
  if (!begin(&q->w, TCX_LIST, NULL) || q->scratch == NULL) {
    q->w.no_memory = true;
    return false;
  }
  q->fail.arena = q->scratch;
  if (session->closing) {
    (void)tcx__fail(&q->fail, TCX_ECLOSING, "%s", tcx_strerror(TCX_ECLOSING));
    return false;
  }
  if (tcx__session_models(session, &q->models, &q->fail) == 0)
    return true;
  (void)tcx__fail(&q->fail, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
  return false;
}

static tcx_value_t *answer(struct question *q) {
  tcx_value_t *v = q->fail.status != 0 ? end_with(&q->w, &q->fail) : end(&q->w);
  tcx__arena_free(q->scratch);
  return v;
}

/* Copied: what a question reads does not outlive it. */
static int push_copy(void *ctx, const char *text) {
  struct writer *w = ctx;
  const char *copy = tcx__arena_strdup(w->root->arena, text);
  if (copy != NULL)
    push_text(w, &w->root->value, copy);
  else
    w->no_memory = true;
  return w->no_memory ? UV_ENOMEM : 0;
}

tcx_value_t *tcx_session_get_available_services(tcx_session_t *session) {
  struct question q;
  if (ask(&q, session) && tcx__models_services(q.models, q.scratch, push_copy, &q.w) != 0)
    q.w.no_memory = true;
  return answer(&q);
}

tcx_value_t *tcx_session_get_available_partitions(tcx_session_t *session) {
  struct question q;
  const struct tcx_partitions *partitions =
      ask(&q, session) ? tcx__models_partitions(q.models, &q.fail) : NULL;
  for (unsigned i = 0; partitions != NULL && i < partitions->n; i++)
    (void)push_copy(&q.w, partitions->list[i].info.name);
  return answer(&q);
}

static void push_regions(struct question *q, const char *partition) {
  const struct tcx_partitions *partitions = tcx__models_partitions(q->models, &q->fail);
  char *global = tcx__arena_printf(q->scratch, "%s-global", partition);
  q->w.no_memory = q->w.no_memory || global == NULL;
  for (unsigned i = 0; partitions != NULL && i < partitions->n && !q->w.no_memory; i++) {
    const struct tcx_partition *p = &partitions->list[i];
    const char *region = p->regions;
    for (unsigned k = 0; strcmp(p->info.name, partition) == 0 && k < p->n_regions;
         k++, region += strlen(region) + 1)
      if (strcmp(region, global) != 0)
        (void)push_copy(&q->w, region);
  }
}

/* endpoints.json: {partitions: [{partition, regions: {NAME: ...}, services: {PREFIX: {endpoints:
 * {NAME: ...}}}}]}. An endpoint that is no region is a pseudo-region. */
static void push_endpoints(struct question *q, const char *service, const char *partition) {
  const struct tcx_model *model;
  const struct tcx_value *endpoints = NULL;
  if (tcx__models_get(q->models, service, &model, &q->fail) != 0 ||
      tcx__models_endpoints(q->models, &endpoints, &q->fail) != 0)
    return;
  for (const struct tcx_value *p = tcx_value_first(endpoints, "partitions"); p != NULL;
       p = p->next) {
    const char *name = tcx_value_str(p, "partition");
    if (name == NULL || strcmp(name, partition) != 0)
      continue;
    const struct tcx_value *regions = tcx_value_get(p, "regions"),
                           *services = tcx_value_get(p, "services");
    const struct tcx_value *own =
        tcx__value_find(services, model->endpoint_prefix, strlen(model->endpoint_prefix));
    for (const struct tcx_value *e = tcx_value_first(own, "endpoints"); e != NULL; e = e->next)
      if (tcx__value_find(regions, e->name, e->name_len) != NULL)
        (void)push_copy(&q->w, e->name);
  }
}

tcx_value_t *tcx_session_get_available_regions(tcx_session_t *session, const char *service,
                                               const char *partition) {
  struct question q;
  if (partition == NULL)
    partition = "aws";
  if (ask(&q, session) && service != NULL)
    push_endpoints(&q, service, partition);
  else if (q.fail.status == 0 && !q.w.no_memory)
    push_regions(&q, partition);
  return answer(&q);
}

/* ---- a service ---- */

static bool begin_of_client(struct writer *w, tcx_client_t *client) {
  return begin(w, TCX_MAP, client->model != NULL ? client->session->models : NULL);
}

tcx_value_t *tcx_client_describe(tcx_client_t *client) {
  const struct tcx_model *model = client->model;
  struct writer w;
  if (!begin_of_client(&w, client) || model == NULL)
    return end_with(&w, &client->problem);
  struct tcx_value *map = &w.root->value;
  put_text(&w, map, "service", model->service);
  put_text(&w, map, "service_id", model->service_id);
  put_text(&w, map, "api_version", model->api_version);
  put_text(&w, map, "protocol", model->protocol);
  put_text(&w, map, "endpoint_prefix", model->endpoint_prefix);
  put_text(&w, map, "signing_name", model->signing_name);
  struct tcx_value *operations = put_map(&w, map, "operations");
  for (uint32_t i = 0; i < model->n_operations && !w.no_memory; i++)
    if ((model->by_method[i]->flags & TCX__OP_EVENT_INPUT) == 0)
      put_text(&w, operations, model->by_method[i]->method, model->by_method[i]->name);
  struct tcx_value *waiters = put_list(&w, map, "waiters");
  for (uint32_t i = 0; i < model->n_waiters && !w.no_memory; i++)
    push_text(&w, waiters, model->waiters[i].method);
  return end(&w);
}

bool tcx_client_can_paginate(const tcx_client_t *client, const char *operation) {
  const struct tcx_operation *op;
  return client->model != NULL && operation != NULL &&
         tcx__client_operation(client, operation, &op, NULL) == 0 &&
         tcx__model_pagination(client->model, op) != NULL;
}

bool tcx_client_has_event_stream(const tcx_client_t *client, const char *operation) {
  const struct tcx_operation *op;
  return client->model != NULL && tcx__client_operation(client, operation, &op, NULL) == 0 &&
         (op->flags & TCX__OP_EVENT_OUTPUT) != 0;
}

/* ---- an operation and its shapes ---- */

/* The shapes in the order in which they are met: queue[done, known) are still to be written. */
struct reached {
  const struct tcx_model *model;
  const struct tcx_shape **queue;
  bool *seen; /* by index in the model's shapes */
  uint32_t done, known;
};

static void reach(struct reached *r, const struct tcx_shape *shape) {
  ptrdiff_t i = shape - r->model->shapes;
  if (r->seen[i])
    return;
  r->seen[i] = true;
  r->queue[r->known++] = shape;
}

static void put_member(struct writer *w, struct reached *r, struct tcx_value *map, const char *name,
                       const struct tcx_member *m) {
  struct tcx_value *v = put_map(w, map, name);
  put_text(w, v, "shape", m->shape->name);
  put_if(w, v, "streaming", (m->flags & TCX__M_STREAMING) != 0);
  put_if(w, v, "idempotency_token", (m->flags & TCX__M_IDEMPOTENCY_TOKEN) != 0);
  put_if(w, v, "deprecated", (m->flags & TCX__M_DEPRECATED) != 0);
  reach(r, m->shape);
}

static void put_structure(struct writer *w, struct reached *r, struct tcx_value *v,
                          const struct tcx_shape *shape) {
  struct tcx_value *required = shape->n_required > 0 ? put_list(w, v, "required") : NULL;
  for (uint32_t i = 0; i < shape->n_required; i++)
    push_text(w, required, shape->members[shape->required[i]].name);
  struct tcx_value *members = put_map(w, v, "members");
  for (uint32_t i = 0; i < shape->n_members; i++)
    put_member(w, r, members, shape->members[i].name, &shape->members[i]);
  put_if(w, v, "document", (shape->flags & TCX__S_DOCUMENT) != 0);
  put_if(w, v, "union", (shape->flags & TCX__S_UNION) != 0);
  put_if(w, v, "event_stream", (shape->flags & TCX__S_EVENT_STREAM) != 0);
  if ((shape->flags & TCX__S_EXCEPTION) == 0)
    return;
  put_if(w, v, "exception", true);
  put_text(w, v, "error_code", shape->error_code);
  if (shape->error_status != 0)
    put_int(w, v, "http_status", shape->error_status);
  put_if(w, v, "retryable", (shape->flags & TCX__S_RETRYABLE) != 0);
  put_if(w, v, "throttling", (shape->flags & TCX__S_THROTTLING) != 0);
}

static struct tcx_value *number(struct writer *w, double n) {
  bool whole = n >= -1e15 && n <= 1e15 && n == (double)(int64_t)n;
  return whole ? tcx__value_new_int(w->root->arena, (int64_t)n)
               : tcx__value_new_num(w->root->arena, n);
}

static void put_shape(struct writer *w, struct reached *r, struct tcx_value *shapes,
                      const struct tcx_shape *shape) {
  static const char *const types[] = {"structure", "list", "map",   "string", "blob",     "boolean",
                                      "integer",   "long", "float", "double", "timestamp"};
  struct tcx_value *v = put_map(w, shapes, shape->name);
  put_text(w, v, "type", types[shape->type]);
  if (shape->type == TCX__SHAPE_STRUCTURE)
    put_structure(w, r, v, shape);
  for (uint32_t i = 0; i < shape->n_members && shape->type != TCX__SHAPE_STRUCTURE; i++)
    put_member(w, r, v, shape->members[i].name, &shape->members[i]);
  struct tcx_value *values = shape->n_enum > 0 ? put_list(w, v, "enum") : NULL;
  for (unsigned i = 0; i < shape->n_enum; i++)
    push_text(w, values, shape->enum_values[i]);
  if (shape->flags & TCX__S_HAS_MIN)
    put(w, v, "min", number(w, shape->min));
  put_if(w, v, "sensitive", (shape->flags & TCX__S_SENSITIVE) != 0);
}

/* A reference to a shape that the operation varies is one to the shape. */
static void put_io(struct writer *w, struct reached *r, const char *name,
                   const struct tcx_shape *shape) {
  if (shape == NULL)
    return;
  put_text(w, &w->root->value, name, shape->name);
  reach(r, tcx__model_shape(r->model, shape->name));
}

static void put_operation(struct writer *w, struct reached *r, const struct tcx_operation *op) {
  struct tcx_value *map = &w->root->value;
  put_text(w, map, "name", op->name);
  put_text(w, map, "method", op->method);
  put_text(w, map, "http_method", op->http_method);
  put_text(w, map, "request_uri",
           op->query == NULL ? op->path
                             : tcx__arena_printf(w->root->arena, "%s?%s", op->path, op->query));
  put(w, map, "paginated",
      tcx__value_new_bool(w->root->arena, tcx__model_pagination(r->model, op) != NULL));
  put_if(w, map, "deprecated", (op->flags & TCX__OP_DEPRECATED) != 0);
  put_io(w, r, "input", op->input);
  put_io(w, r, "output", op->output);
  struct tcx_value *errors = put_list(w, map, "errors");
  for (unsigned i = 0; i < op->n_errors; i++) {
    push_text(w, errors, op->errors[i]->name);
    reach(r, op->errors[i]);
  }
  struct tcx_value *shapes = put_map(w, map, "shapes");
  while (r->done < r->known && !w->no_memory)
    put_shape(w, r, shapes, r->queue[r->done++]);
}

tcx_value_t *tcx_client_describe_operation(tcx_client_t *client, const char *operation) {
  const struct tcx_operation *op;
  struct writer w;
  if (!begin_of_client(&w, client) || client->model == NULL)
    return end_with(&w, &client->problem);
  struct tcx_fail fail = {.arena = w.root->arena};
  if (tcx__client_operation(client, operation != NULL ? operation : "", &op, &fail) != 0)
    return end_with(&w, &fail);
  struct tcx_arena *scratch = tcx__arena_new();
  struct reached r = {.model = client->model};
  if (scratch != NULL) {
    r.queue = tcx__arena_alloc(scratch, (r.model->n_shapes + 1) * sizeof *r.queue);
    r.seen = tcx__arena_zalloc(scratch, r.model->n_shapes + 1);
  }
  if (r.queue != NULL && r.seen != NULL)
    put_operation(&w, &r, op);
  else
    w.no_memory = true;
  tcx__arena_free(scratch);
  return end(&w);
}

/* ---- pages ---- */

static void put_texts(struct writer *w, const char *name, const char *const *texts, unsigned n) {
  struct tcx_value *list = put_list(w, &w->root->value, name);
  for (unsigned i = 0; i < n; i++)
    push_text(w, list, texts[i]);
}

tcx_value_t *tcx_client_describe_pagination(tcx_client_t *client, const char *operation) {
  const struct tcx_operation *op;
  struct writer w;
  if (!begin_of_client(&w, client) || client->model == NULL)
    return end_with(&w, &client->problem);
  struct tcx_fail fail = {.arena = w.root->arena};
  int err = tcx__client_operation(client, operation != NULL ? operation : "", &op, &fail);
  const struct tcx_pagination *m = err == 0 ? tcx__model_pagination(client->model, op) : NULL;
  if (err == 0 && m == NULL)
    err = tcx__fail(&fail, TCX_EPAGINATE, "Operation cannot be paginated: %s", operation);
  if (err != 0)
    return end_with(&w, &fail);
  put_texts(&w, "input_token", m->input_token, m->n_input_token);
  put_texts(&w, "output_token", m->output_token, m->n_output_token);
  put_texts(&w, "result_key", m->result_key, m->n_result_key);
  put_texts(&w, "non_aggregate_keys", m->non_aggregate_keys, m->n_non_aggregate_keys);
  put_text(&w, &w.root->value, "more_results", m->more_results);
  put_text(&w, &w.root->value, "limit_key", m->limit_key);
  return end(&w);
}
