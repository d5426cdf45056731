#include "model/packed.h"
#include <string.h>

/* ---- what the structs are made of ---- */

#define AT(s, f) (uint16_t) offsetof(struct s, f)
#define U8(s, f)                                                                                   \
  { TCX__FIELD_U8, 0, AT(s, f), 0, NULL }
#define U16(s, f)                                                                                  \
  { TCX__FIELD_U16, 0, AT(s, f), 0, NULL }
#define TEXT(s, f)                                                                                 \
  { TCX__FIELD_TEXT, 0, AT(s, f), 0, NULL }
#define SHAPE(s, f)                                                                                \
  { TCX__FIELD_SHAPE, 0, AT(s, f), 0, NULL }
#define LIST(s, kind, f, n)                                                                        \
  { kind, (uint8_t)sizeof((struct s *)0)->n, AT(s, f), AT(s, n), NULL }
#define RECORDS(s, f, n, r)                                                                        \
  { TCX__FIELD_RECORDS, (uint8_t)sizeof((struct s *)0)->n, AT(s, f), AT(s, n), &(r) }
#define RECORD(s, fields)                                                                          \
  { sizeof(struct s), sizeof(fields) / sizeof(fields)[0], fields }

static const struct tcx_field member_fields[] = {
    TEXT(tcx_member, name),          SHAPE(tcx_member, shape),  TEXT(tcx_member, wire),
    TEXT(tcx_member, query_name),    TEXT(tcx_member, xml_uri), TEXT(tcx_member, xml_prefix),
    TEXT(tcx_member, context_param), U16(tcx_member, name_len), U16(tcx_member, wire_len),
    U16(tcx_member, flags),          U8(tcx_member, location),  U8(tcx_member, time_format),
    U8(tcx_member, wire_given)};
static const struct tcx_record member_record = RECORD(tcx_member, member_fields);

static const struct tcx_field shape_fields[] = {
    TEXT(tcx_shape, name),
    TEXT(tcx_shape, wire),
    TEXT(tcx_shape, xml_uri),
    TEXT(tcx_shape, xml_prefix),
    TEXT(tcx_shape, payload),
    TEXT(tcx_shape, error_code),
    TEXT(tcx_shape, result_wrapper),
    RECORDS(tcx_shape, members, n_members, member_record),
    LIST(tcx_shape, TCX__FIELD_U16S, required, n_required),
    LIST(tcx_shape, TCX__FIELD_TEXTS, enum_values, n_enum),
    {TCX__FIELD_DOUBLE, 0, AT(tcx_shape, min), 0, NULL},
    U16(tcx_shape, flags),
    U16(tcx_shape, error_status),
    U8(tcx_shape, type),
    U8(tcx_shape, time_format)};
const struct tcx_record tcx__record_shape = RECORD(tcx_shape, shape_fields);

/* What an operation's reference may say for itself (loader_operations.c). */
static const struct tcx_field variant_fields[] = {TEXT(tcx_shape, wire), TEXT(tcx_shape, xml_uri),
                                                  TEXT(tcx_shape, xml_prefix),
                                                  TEXT(tcx_shape, result_wrapper)};
const struct tcx_record tcx__record_variant = RECORD(tcx_shape, variant_fields);

static const struct tcx_field static_context_fields[] = {
    TEXT(tcx_static_context, name),
    U8(tcx_static_context, value.type),
    U8(tcx_static_context, value.boolean),
    {TCX__FIELD_STR, 0, AT(tcx_static_context, value.string), 0, NULL},
    LIST(tcx_static_context, TCX__FIELD_STRS, value.list, value.n_list)};
static const struct tcx_record static_context_record =
    RECORD(tcx_static_context, static_context_fields);

static const struct tcx_field operation_context_fields[] = {TEXT(tcx_operation_context, name),
                                                            TEXT(tcx_operation_context, path)};
static const struct tcx_record operation_context_record =
    RECORD(tcx_operation_context, operation_context_fields);

static const struct tcx_field operation_fields[] = {
    TEXT(tcx_operation, name),
    TEXT(tcx_operation, wire_name),
    TEXT(tcx_operation, method),
    TEXT(tcx_operation, http_method),
    TEXT(tcx_operation, path),
    TEXT(tcx_operation, query),
    TEXT(tcx_operation, host_prefix),
    TEXT(tcx_operation, auth_type),
    LIST(tcx_operation, TCX__FIELD_TEXTS, auth, n_auth),
    SHAPE(tcx_operation, input),
    SHAPE(tcx_operation, output),
    LIST(tcx_operation, TCX__FIELD_SHAPES, errors, n_errors),
    TEXT(tcx_operation, checksum_algorithm_member),
    TEXT(tcx_operation, checksum_mode_member),
    LIST(tcx_operation, TCX__FIELD_TEXTS, response_algorithms, n_response_algorithms),
    RECORDS(tcx_operation, static_context, n_static_context, static_context_record),
    RECORDS(tcx_operation, operation_context, n_operation_context, operation_context_record),
    U16(tcx_operation, response_code),
    U16(tcx_operation, flags)};
static const struct tcx_record operation_record = RECORD(tcx_operation, operation_fields);

static const struct tcx_field pagination_fields[] = {
    TEXT(tcx_pagination, operation),
    LIST(tcx_pagination, TCX__FIELD_TEXTS, input_token, n_input_token),
    LIST(tcx_pagination, TCX__FIELD_TEXTS, output_token, n_output_token),
    LIST(tcx_pagination, TCX__FIELD_TEXTS, result_key, n_result_key),
    LIST(tcx_pagination, TCX__FIELD_TEXTS, non_aggregate_keys, n_non_aggregate_keys),
    TEXT(tcx_pagination, more_results),
    TEXT(tcx_pagination, limit_key)};
static const struct tcx_record pagination_record = RECORD(tcx_pagination, pagination_fields);

static const struct tcx_field acceptor_fields[] = {
    TEXT(tcx_acceptor, matcher), TEXT(tcx_acceptor, argument), TEXT(tcx_acceptor, state),
    TEXT(tcx_acceptor, expected), U8(tcx_acceptor, expected_type)};
static const struct tcx_record acceptor_record = RECORD(tcx_acceptor, acceptor_fields);

static const struct tcx_field waiter_fields[] = {
    TEXT(tcx_waiter_model, name),
    TEXT(tcx_waiter_model, method),
    TEXT(tcx_waiter_model, operation),
    {TCX__FIELD_U32, 0, AT(tcx_waiter_model, delay_s), 0, NULL},
    {TCX__FIELD_U32, 0, AT(tcx_waiter_model, max_attempts), 0, NULL},
    RECORDS(tcx_waiter_model, acceptors, n_acceptors, acceptor_record)};
static const struct tcx_record waiter_record = RECORD(tcx_waiter_model, waiter_fields);

/* But for shapes and variants, which come before it, and rules: the packed model points to them. */
static const struct tcx_field model_fields[] = {
    TEXT(tcx_model, service),
    TEXT(tcx_model, api_version),
    TEXT(tcx_model, service_id),
    TEXT(tcx_model, endpoint_prefix),
    TEXT(tcx_model, signing_name),
    TEXT(tcx_model, signature_version),
    TEXT(tcx_model, target_prefix),
    TEXT(tcx_model, json_version),
    TEXT(tcx_model, xml_uri),
    TEXT(tcx_model, global_endpoint),
    TEXT(tcx_model, protocol),
    LIST(tcx_model, TCX__FIELD_TEXTS, auth, n_auth),
    RECORDS(tcx_model, operations, n_operations, operation_record),
    LIST(tcx_model, TCX__FIELD_OPERATIONS, by_method, n_operations),
    RECORDS(tcx_model, paginations, n_paginations, pagination_record),
    RECORDS(tcx_model, waiters, n_waiters, waiter_record),
    RECORDS(tcx_model, client_context, n_client_context, static_context_record),
    U16(tcx_model, flags)};
const struct tcx_record tcx__record_model = RECORD(tcx_model, model_fields);

size_t tcx__field_item_size(const struct tcx_field *field) {
  switch ((tcx__field_kind)field->kind) {
  case TCX__FIELD_RECORDS:
    return field->items->size;
  case TCX__FIELD_STRS:
    return sizeof(struct tcx_str);
  case TCX__FIELD_U16S:
    return sizeof(uint16_t);
  default:
    return sizeof(void *);
  }
}

/* ---- unpacking ---- */

struct unpack {
  const uint32_t *at;
  const char *text;
  struct tcx_arena *arena;
  const struct tcx_shape *shapes;
  const struct tcx_operation *operations; /* once they are there */
  bool no_memory;
};

static const char *text_of(const struct unpack *u, uint32_t offset) {
  return offset != 0 ? u->text + offset : NULL;
}

static void unpack_record(struct unpack *u, const struct tcx_record *record, char *out);

static void unpack_items(struct unpack *u, const struct tcx_field *field, char *items, uint32_t n) {
  size_t size = tcx__field_item_size(field);
  for (uint32_t i = 0; i < n; i++, items += size) {
    void *item = items;
    switch ((tcx__field_kind)field->kind) {
    case TCX__FIELD_RECORDS:
      unpack_record(u, field->items, items);
      break;
    case TCX__FIELD_TEXTS:
      *(const char **)item = text_of(u, *u->at++);
      break;
    case TCX__FIELD_STRS:
      *(struct tcx_str *)item = tcx__str(text_of(u, *u->at++));
      break;
    case TCX__FIELD_SHAPES:
      *(const struct tcx_shape **)item = u->shapes + *u->at++;
      break;
    case TCX__FIELD_OPERATIONS:
      *(const struct tcx_operation **)item = u->operations + *u->at++;
      break;
    default:
      *(uint16_t *)item = (uint16_t)*u->at++;
      break;
    }
  }
}

static void unpack_list(struct unpack *u, const struct tcx_field *field, char *out) {
  uint32_t n = *u->at++;
  void *count = out + field->count_offset, *at = out + field->offset;
  char *items = u->no_memory ? NULL : tcx__arena_zalloc(u->arena, n * tcx__field_item_size(field));
  if (items == NULL) {
    u->no_memory = true;
    return;
  }
  memcpy(at, &items, sizeof items);
  if (field->count_size == 1)
    *(uint8_t *)count = (uint8_t)n;
  else if (field->count_size == 2)
    *(uint16_t *)count = (uint16_t)n;
  else
    *(uint32_t *)count = n;
  unpack_items(u, field, items, n);
  if (field->kind == TCX__FIELD_RECORDS && field->items == &operation_record)
    u->operations = (const struct tcx_operation *)(const void *)items;
}

static void unpack_record(struct unpack *u, const struct tcx_record *record, char *out) {
  uint32_t mask = *u->at++;
  for (unsigned i = 0; mask != 0 && !u->no_memory; i++, mask >>= 1) {
    if ((mask & 1) == 0)
      continue;
    const struct tcx_field *field = &record->fields[i];
    void *at = out + field->offset;
    switch ((tcx__field_kind)field->kind) {
    case TCX__FIELD_U8:
      *(uint8_t *)at = (uint8_t)*u->at++;
      break;
    case TCX__FIELD_U16:
      *(uint16_t *)at = (uint16_t)*u->at++;
      break;
    case TCX__FIELD_U32:
      *(uint32_t *)at = *u->at++;
      break;
    case TCX__FIELD_DOUBLE: {
      uint64_t bits = u->at[0] | (uint64_t)u->at[1] << 32;
      memcpy(at, &bits, sizeof bits);
      u->at += 2;
      break;
    }
    case TCX__FIELD_TEXT:
      *(const char **)at = text_of(u, *u->at++);
      break;
    case TCX__FIELD_STR:
      *(struct tcx_str *)at = tcx__str(text_of(u, *u->at++));
      break;
    case TCX__FIELD_SHAPE:
      *(const struct tcx_shape **)at = u->shapes + *u->at++;
      break;
    default:
      unpack_list(u, field, out);
      break;
    }
  }
}

static void unpack_variant(struct unpack *u, struct tcx_shape *out) {
  *out = u->shapes[*u->at++];
  out->wire = out->xml_uri = out->xml_prefix = out->result_wrapper = NULL;
  unpack_record(u, &tcx__record_variant, (char *)out);
}

int tcx__model_unpack(const struct tcx_packed_model *packed, struct tcx_arena *arena,
                      struct tcx_model *out) {
  struct unpack u = {.at = packed->words, .text = packed->text, .arena = arena};
  uint32_t n_shapes = *u.at++, n_variants = *u.at++;
  struct tcx_shape *shapes = tcx__arena_zalloc(arena, (n_shapes + n_variants + 1) * sizeof *shapes);
  if (shapes == NULL)
    return UV_ENOMEM;
  u.shapes = shapes;
  for (uint32_t i = 0; i < n_shapes && !u.no_memory; i++)
    unpack_record(&u, &tcx__record_shape, (char *)&shapes[i]);
  for (uint32_t i = n_shapes; i < n_shapes + n_variants && !u.no_memory; i++)
    unpack_variant(&u, &shapes[i]);
  *out = (struct tcx_model){
      .shapes = shapes, .n_shapes = n_shapes, .n_variants = n_variants, .rules = packed->rules};
  if (!u.no_memory)
    unpack_record(&u, &tcx__record_model, (char *)out);
  return u.no_memory ? UV_ENOMEM : 0;
}
