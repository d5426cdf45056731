/*
 * generate_tables.c - a model as C source: packed into words and text (model/packed.h), with its
 * rule set's own tables.
 *
 * Every string stands once in the text, which begins with a NUL: offset 0 means that there is none.
 */
#include "generate.h"
#include "model/loader.h"
#include "model/packed.h"
#include "model/rules.h"
#include "model/rules_data.h"
#include <string.h>

#define PER_LINE 16

struct pack {
  const struct tcx_model *model;
  struct tcx_buf words, text;
  struct tcx_interner placed; /* the strings that are in text */
};

static void add_word(struct pack *p, uint32_t word) { tcx__buf_add(&p->words, &word, sizeof word); }

static void add_text(struct pack *p, const char *s) {
  struct tcx_interned *known = tcx__intern(&p->placed, s, strlen(s));
  if (known == NULL) {
    p->words.status = UV_ENOMEM;
    return;
  }
  if (known->place == 0) {
    known->place = (uint32_t)p->text.len;
    tcx__buf_add(&p->text, s, strlen(s) + 1);
  }
  add_word(p, known->place);
}

static void add_optional_text(struct pack *p, const char *s) {
  if (s == NULL)
    add_word(p, 0);
  else
    add_text(p, s);
}

static void add_shape(struct pack *p, const struct tcx_shape *shape) {
  add_word(p, (uint32_t)(shape - p->model->shapes));
}

static bool is_zero(const struct tcx_field *field, const void *record) {
  const void *at = (const char *)record + field->offset;
  switch ((tcx__field_kind)field->kind) {
  case TCX__FIELD_U8:
    return *(const uint8_t *)at == 0;
  case TCX__FIELD_U16:
    return *(const uint16_t *)at == 0;
  case TCX__FIELD_U32:
    return *(const uint32_t *)at == 0;
  case TCX__FIELD_DOUBLE:
    return *(const double *)at == 0;
  case TCX__FIELD_TEXT:
    return *(const char *const *)at == NULL;
  case TCX__FIELD_STR:
    return ((const struct tcx_str *)at)->p == NULL;
  case TCX__FIELD_SHAPE:
    return *(const struct tcx_shape *const *)at == NULL;
  default:
    return tcx__field_count(field, record) == 0;
  }
}

static void pack_record(struct pack *p, const struct tcx_record *record, const void *from);

static void pack_list(struct pack *p, const struct tcx_field *field, const void *record) {
  uint32_t n = tcx__field_count(field, record);
  size_t size = tcx__field_item_size(field);
  const char *items;
  memcpy(&items, (const char *)record + field->offset, sizeof items);
  add_word(p, n);
  for (uint32_t i = 0; i < n; i++, items += size) {
    const void *item = items;
    switch ((tcx__field_kind)field->kind) {
    case TCX__FIELD_RECORDS:
      pack_record(p, field->items, item);
      break;
    case TCX__FIELD_TEXTS:
      add_optional_text(p, *(const char *const *)item);
      break;
    case TCX__FIELD_STRS:
      add_optional_text(p, ((const struct tcx_str *)item)->p);
      break;
    case TCX__FIELD_SHAPES:
      add_shape(p, *(const struct tcx_shape *const *)item);
      break;
    case TCX__FIELD_OPERATIONS:
      add_word(p, (uint32_t)(*(const struct tcx_operation *const *)item - p->model->operations));
      break;
    default:
      add_word(p, *(const uint16_t *)item);
      break;
    }
  }
}

static void pack_field(struct pack *p, const struct tcx_field *field, const void *record) {
  const void *at = (const char *)record + field->offset;
  uint64_t bits;
  switch ((tcx__field_kind)field->kind) {
  case TCX__FIELD_U8:
    add_word(p, *(const uint8_t *)at);
    break;
  case TCX__FIELD_U16:
    add_word(p, *(const uint16_t *)at);
    break;
  case TCX__FIELD_U32:
    add_word(p, *(const uint32_t *)at);
    break;
  case TCX__FIELD_DOUBLE:
    memcpy(&bits, at, sizeof bits);
    add_word(p, (uint32_t)bits);
    add_word(p, (uint32_t)(bits >> 32));
    break;
  case TCX__FIELD_TEXT:
    add_text(p, *(const char *const *)at);
    break;
  case TCX__FIELD_STR:
    add_text(p, ((const struct tcx_str *)at)->p);
    break;
  case TCX__FIELD_SHAPE:
    add_shape(p, *(const struct tcx_shape *const *)at);
    break;
  default:
    pack_list(p, field, record);
    break;
  }
}

static void pack_record(struct pack *p, const struct tcx_record *record, const void *from) {
  uint32_t mask = 0;
  for (unsigned i = 0; i < record->n_fields; i++)
    mask |= (uint32_t)!is_zero(&record->fields[i], from) << i;
  add_word(p, mask);
  for (unsigned i = 0; i < record->n_fields; i++)
    if (mask >> i & 1)
      pack_field(p, &record->fields[i], from);
}

static void pack_model(struct pack *p) {
  const struct tcx_model *model = p->model;
  tcx__buf_addc(&p->text, '\0');
  add_word(p, model->n_shapes);
  add_word(p, model->n_variants);
  for (uint32_t i = 0; i < model->n_shapes; i++)
    pack_record(p, &tcx__record_shape, &model->shapes[i]);
  for (uint32_t i = model->n_shapes; i < model->n_shapes + model->n_variants; i++) {
    add_shape(p, tcx__model_shape(model, model->shapes[i].name));
    pack_record(p, &tcx__record_variant, &model->shapes[i]);
  }
  pack_record(p, &tcx__record_model, model);
}

/* ---- as C ---- */

static void emit(struct tcx_buf *out, const struct pack *p, const char *id) {
  const struct tcx_model *model = p->model;
  const uint32_t *words = (const uint32_t *)(const void *)p->words.data;
  char rules[160];
  tcx__buf_printf(out,
                  "/* %s, API version %s, packed. Generated; edit models/data instead. */\n"
                  "#include \"model/packed.h\"\n#include \"model/rules_data.h\"\n\n",
                  model->service, model->api_version);
  if (model->rules != NULL) {
    snprintf(rules, sizeof rules, "tcx__ruleset_%s", id);
    tcx__ruleset_emit(out, model->rules, rules);
  }
  tcx__buf_adds(out, "static const uint32_t words[] = {");
  for (size_t i = 0; i < p->words.len / sizeof *words; i++)
    tcx__buf_printf(out, "%s%u,", i % PER_LINE == 0 ? "\n" : "", (unsigned)words[i]);
  tcx__buf_adds(out, "\n};\nstatic const char text[] =\n    ");
  tcx__emit_literal(out, p->text.data, p->text.len);
  tcx__buf_printf(out,
                  ";\nextern const struct tcx_packed_model tcx__packed_%s;\n"
                  "const struct tcx_packed_model tcx__packed_%s = {\"%s\", \"%s\", words, text, ",
                  id, id, model->service, model->api_version);
  tcx__buf_printf(out, model->rules != NULL ? "&%s};\n" : "0};\n", rules);
}

void tcx__generate_tables(struct tcx_buf *out, const struct tcx_model *model, const char *id) {
  struct tcx_arena *arena = tcx__arena_new();
  struct pack p = {.model = model};
  if (arena == NULL) {
    out->status = UV_ENOMEM;
    return;
  }
  tcx__buf_init(&p.words, NULL, TCX__GENERATED_MAX);
  tcx__buf_init(&p.text, NULL, TCX__GENERATED_MAX);
  tcx__interner_init(&p.placed, arena);
  pack_model(&p);
  if (p.words.status == 0 && p.text.status == 0)
    emit(out, &p, id);
  else
    out->status = UV_ENOMEM;
  tcx__interner_free(&p.placed);
  tcx__buf_free(&p.words);
  tcx__buf_free(&p.text);
  tcx__arena_free(arena);
}
