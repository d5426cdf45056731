/* lookup.c - finding things in a model's sorted tables. */
#include "model/model.h"
#include <string.h>

/* The entry of that name in a table whose entries begin with their name. */
static const void *find(const void *table, uint32_t n, size_t stride, const char *name) {
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const void *entry = (const char *)table + middle * stride;
    const char *its_name;
    memcpy(&its_name, entry, sizeof its_name);
    int order = strcmp(name, its_name);
    if (order == 0)
      return entry;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

/* Methods that older versions of botocore spelled otherwise: its ClientMethodAlias. */
static const char *current_method(const char *name) {
  static const char *const older[][2] = {
      {"create_o_auth2_token", "create_oauth2_token"},
      {"delete_whatsapp_media_message", "delete_whatsapp_message_media"},
      {"get_o_tel_enrichment", "get_otel_enrichment"},
      {"list_hi_ts_for_qualification_type", "list_hits_for_qualification_type"},
      {"start_o_tel_enrichment", "start_otel_enrichment"},
      {"stop_o_tel_enrichment", "stop_otel_enrichment"},
      {"update_o_tel_enrichment", "update_otel_enrichment"},
  };
  for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
    if (strcmp(older[i][0], name) == 0)
      return older[i][1];
  return NULL;
}

static const struct tcx_operation *by_method(const struct tcx_model *model, const char *name) {
  uint32_t low = 0, high = model->n_operations;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(name, model->by_method[middle]->method);
    if (order == 0)
      return model->by_method[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

const struct tcx_operation *tcx__model_operation(const struct tcx_model *model, const char *name) {
  const struct tcx_operation *op = by_method(model, name);
  if (op == NULL)
    op = find(model->operations, model->n_operations, sizeof *model->operations, name);
  const char *current = op == NULL ? current_method(name) : NULL;
  return current != NULL ? by_method(model, current) : op;
}

const char *tcx__service_name(const char *name) {
  return strcmp(name, "runtime.sagemaker") == 0 ? "sagemaker-runtime" : name;
}

const struct tcx_shape *tcx__model_shape(const struct tcx_model *model, const char *name) {
  return find(model->shapes, model->n_shapes, sizeof *model->shapes, name);
}

const struct tcx_pagination *tcx__model_pagination(const struct tcx_model *model,
                                                   const struct tcx_operation *op) {
  return find(model->paginations, model->n_paginations, sizeof *model->paginations, op->name);
}

const struct tcx_waiter_model *tcx__model_waiter(const struct tcx_model *model, const char *name) {
  for (uint32_t i = 0; i < model->n_waiters; i++)
    if (strcmp(model->waiters[i].method, name) == 0 || strcmp(model->waiters[i].name, name) == 0)
      return &model->waiters[i];
  return NULL;
}

const struct tcx_member *tcx__shape_member(const struct tcx_shape *structure, const char *name,
                                           size_t len) {
  for (uint32_t i = 0; i < structure->n_members; i++)
    if (structure->members[i].name_len == len && memcmp(structure->members[i].name, name, len) == 0)
      return &structure->members[i];
  return NULL;
}
