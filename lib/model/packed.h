/*
 * packed.h - a model as two constant arrays without a single pointer: how the library holds the
 * services that are embedded.
 *
 * Tables of pointers would have to be relocated by the dynamic linker in every process, used or
 * not. So the generator packs the tables that the loader built into words and text, and a session
 * that asks for the service unpacks them into the same tables again, some tens of microseconds.
 * What the structs of model.h are made of is written down once, in the tables of fields of
 * packed.c; packing and unpacking are walks along them.
 *
 * The words: the number of shapes and of variants, each shape, each variant (the index of the shape
 * that it varies, then what differs), the model. A struct is a mask of its fields that are not
 * zero, then these. A list is its length and its items.
 */
#ifndef TCX_MODEL_PACKED_H
#define TCX_MODEL_PACKED_H
#include "model/model.h"

typedef enum {
  TCX__FIELD_U8,
  TCX__FIELD_U16,
  TCX__FIELD_U32,
  TCX__FIELD_DOUBLE, /* two words, the lower one first */
  TCX__FIELD_TEXT,   /* const char *: where it begins in text; 0 is none */
  TCX__FIELD_STR,    /* struct tcx_str, the same; it holds no NUL */
  TCX__FIELD_SHAPE,  /* const struct tcx_shape *: its index in shapes */
  /* lists: a pointer and, elsewhere in the struct, how many it points to */
  TCX__FIELD_RECORDS, /* structs */
  TCX__FIELD_TEXTS,
  TCX__FIELD_STRS,
  TCX__FIELD_SHAPES,
  TCX__FIELD_U16S,
  TCX__FIELD_OPERATIONS /* pointers to operations: their indexes */
} tcx__field_kind;

struct tcx_field {
  uint8_t kind;       /* tcx__field_kind */
  uint8_t count_size; /* lists: bytes of the count */
  uint16_t offset, count_offset;
  const struct tcx_record *items; /* RECORDS */
};
struct tcx_record { /* a struct of model.h; at most 32 fields */
  size_t size;
  unsigned n_fields;
  const struct tcx_field *fields;
};
extern const struct tcx_record tcx__record_model, tcx__record_shape, tcx__record_variant;

/* Bytes of an item of a list of this field. */
size_t tcx__field_item_size(const struct tcx_field *field);
static inline uint32_t tcx__field_count(const struct tcx_field *field, const void *record) {
  const void *at = (const char *)record + field->count_offset;
  return field->count_size == 1   ? *(const uint8_t *)at
         : field->count_size == 2 ? *(const uint16_t *)at
                                  : *(const uint32_t *)at;
}

struct tcx_packed_model {
  const char *service, *api_version; /* as in struct tcx_model */
  const uint32_t *words;
  const char *text;
  const struct tcx_ruleset *rules;
};
/* Everything but text and rule set lies in arena. UV_ENOMEM. */
int tcx__model_unpack(const struct tcx_packed_model *packed, struct tcx_arena *arena,
                      struct tcx_model *out);
#endif
