/* What the generator embedded is what the loader makes of the same files; a session reads no file
 * for it. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "base/mem.h"
#include "folder.h"
#include "model/model.h"
#include "model/packed.h"
#include "model/rules.h"
#include "support.h"
#include "torture.h"
#include <dirent.h>
#include <dlfcn.h>

#define DATA TCX_SOURCE_DIR "/models/data"

/* ---- files that are asked for: these stand before the C library's own ---- */

static unsigned files_opened;

FILE *fopen(const char *path, const char *mode) {
  FILE *(*next)(const char *, const char *);
  *(void **)&next = dlsym(RTLD_NEXT, "fopen");
  files_opened++;
  return next(path, mode);
}

DIR *opendir(const char *path) {
  DIR *(*next)(const char *);
  *(void **)&next = dlsym(RTLD_NEXT, "opendir");
  files_opened++;
  return next(path);
}

/* ---- equality, field by field ---- */

struct pair {
  const struct tcx_model *a, *b;
  const char *place;
};

static void same_text(const struct pair *p, const char *a, const char *b) {
  if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
    fail_msg("%s: %s, expected %s", p->place, a != NULL ? a : "NULL", b != NULL ? b : "NULL");
}

/* Both stand at the same place in their model. */
static void same_place(const struct pair *p, const void *a, const void *of_a, const void *b,
                       const void *of_b) {
  if ((a == NULL) != (b == NULL) ||
      (a != NULL && (const char *)a - (const char *)of_a != (const char *)b - (const char *)of_b))
    fail_msg("%s: points elsewhere", p->place);
}

static void same_record(const struct pair *p, const struct tcx_record *record, const void *a,
                        const void *b);

static void same_value(const struct pair *p, unsigned kind, const struct tcx_record *items,
                       const void *a, const void *b) {
  switch ((tcx__field_kind)kind) {
  case TCX__FIELD_U8:
    assert_int_equal(*(const uint8_t *)a, *(const uint8_t *)b);
    break;
  case TCX__FIELD_U16:
  case TCX__FIELD_U16S:
    assert_int_equal(*(const uint16_t *)a, *(const uint16_t *)b);
    break;
  case TCX__FIELD_U32:
    assert_int_equal(*(const uint32_t *)a, *(const uint32_t *)b);
    break;
  case TCX__FIELD_DOUBLE:
    assert_memory_equal(a, b, sizeof(double));
    break;
  case TCX__FIELD_TEXT:
  case TCX__FIELD_TEXTS:
    same_text(p, *(const char *const *)a, *(const char *const *)b);
    break;
  case TCX__FIELD_STR:
  case TCX__FIELD_STRS:
    assert_true(tcx__str_eq(*(const struct tcx_str *)a, *(const struct tcx_str *)b));
    break;
  case TCX__FIELD_SHAPE:
  case TCX__FIELD_SHAPES:
    same_place(p, *(const void *const *)a, p->a->shapes, *(const void *const *)b, p->b->shapes);
    break;
  case TCX__FIELD_OPERATIONS:
    same_place(p, *(const void *const *)a, p->a->operations, *(const void *const *)b,
               p->b->operations);
    break;
  case TCX__FIELD_RECORDS:
    same_record(p, items, a, b);
    break;
  }
}

static void same_list(const struct pair *p, const struct tcx_field *field, const char *a,
                      const char *b) {
  uint32_t n = tcx__field_count(field, a);
  size_t size = tcx__field_item_size(field);
  assert_int_equal(n, tcx__field_count(field, b));
  const char *x, *y;
  memcpy(&x, a + field->offset, sizeof x);
  memcpy(&y, b + field->offset, sizeof y);
  for (uint32_t i = 0; i < n; i++)
    same_value(p, field->kind, field->items, x + i * size, y + i * size);
}

static void same_record(const struct pair *p, const struct tcx_record *record, const void *a,
                        const void *b) {
  for (unsigned i = 0; i < record->n_fields; i++) {
    const struct tcx_field *field = &record->fields[i];
    if (field->kind >= TCX__FIELD_RECORDS)
      same_list(p, field, a, b);
    else
      same_value(p, field->kind, NULL, (const char *)a + field->offset,
                 (const char *)b + field->offset);
  }
}

static void same_rules(const struct tcx_ruleset *a, const struct tcx_ruleset *b) {
  struct tcx_buf x, y;
  tcx__buf_init(&x, NULL, 16u << 20);
  tcx__buf_init(&y, NULL, 16u << 20);
  tcx__ruleset_emit(&x, a, "rules");
  tcx__ruleset_emit(&y, b, "rules");
  assert_int_equal(x.status, 0);
  assert_true(x.len > 1000);
  assert_true(tcx__str_eq(tcx__buf_str(&x), tcx__buf_str(&y)));
  tcx__buf_free(&x);
  tcx__buf_free(&y);
}

static void same_model(const struct tcx_model *a, const struct tcx_model *b) {
  struct pair p = {a, b, a->service};
  assert_true(a->n_operations > 0 && a->n_shapes > 0);
  assert_int_equal(a->n_shapes, b->n_shapes);
  assert_int_equal(a->n_variants, b->n_variants);
  for (uint32_t i = 0; i < a->n_shapes + a->n_variants; i++) {
    p.place = a->shapes[i].name;
    same_record(&p, &tcx__record_shape, &a->shapes[i], &b->shapes[i]);
  }
  p.place = a->service;
  same_record(&p, &tcx__record_model, a, b);
  same_rules(a->rules, b->rules);
}

static void loaded_and_embedded_are_equal(void **state) {
  (void)state;
  struct tcx_models *models;
  struct tcx_arena *arena = tcx__arena_new();
  unsigned count = 0;
  assert_int_equal(
      tcx__models_new(&(struct tcx_models_options){.data_path = DATA, .not_installed = true},
                      &models),
      0);
  for (const struct tcx_packed_model *const *embedded = tcx__embedded_models; *embedded != NULL;
       embedded++, count++) {
    struct tcx_fail fail = {.arena = arena};
    struct tcx_model unpacked;
    const struct tcx_model *loaded;
    assert_int_equal(tcx__model_unpack(*embedded, arena, &unpacked), 0);
    assert_string_equal(unpacked.service, (*embedded)->service);
    assert_string_equal(unpacked.api_version, (*embedded)->api_version);
    assert_int_equal(tcx__models_get(models, (*embedded)->service, &loaded, &fail), 0);
    same_model(&unpacked, loaded);
  }
  assert_true(count >= 2);
  struct tcx_fail fail = {.arena = arena};
  struct tcx_buf x, y;
  const struct tcx_partitions *loaded = tcx__models_partitions(models, &fail);
  assert_non_null(loaded);
  assert_ptr_not_equal(loaded, tcx__embedded_partitions);
  tcx__buf_init(&x, arena, 1u << 20);
  tcx__buf_init(&y, arena, 1u << 20);
  tcx__partitions_emit(&x, loaded, "p");
  tcx__partitions_emit(&y, tcx__embedded_partitions, "p");
  assert_true(tcx__str_eq(tcx__buf_str(&x), tcx__buf_str(&y)));
  tcx__arena_free(arena);
  tcx__models_free(models);
}

static void embedded_ones_cost_no_file(void **state) {
  (void)state;
  struct tcx_models *models;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  const struct tcx_model *model, *again;
  struct tcx_models_options options = {.data_path = "/nowhere:relative",
                                       .home = "/nowhere",
                                       .embedded = tcx__embedded_models,
                                       .partitions = tcx__embedded_partitions};
  files_opened = 0;
  assert_int_equal(tcx__models_new(&options, &models), 0);
  for (const struct tcx_packed_model *const *embedded = tcx__embedded_models; *embedded != NULL;
       embedded++) {
    assert_int_equal(tcx__models_get(models, (*embedded)->service, &model, &fail), 0);
    assert_int_equal(tcx__models_get(models, (*embedded)->service, &again, &fail), 0);
    assert_ptr_equal(model, again);
    assert_ptr_equal(model->rules, (*embedded)->rules);
  }
  assert_ptr_equal(tcx__models_partitions(models, &fail), tcx__embedded_partitions);
  assert_int_equal(files_opened, 0);
  tcx__models_free(models);
  options = (struct tcx_models_options){.data_path = DATA, .embedded = tcx__embedded_models};
  assert_int_equal(tcx__models_new(&options, &models), 0);
  assert_int_equal(tcx__models_get(models, "sts", &model, &fail), 0);
  assert_true(files_opened > 0); /* they are counted */
  tcx__models_free(models);
  tcx__arena_free(arena);
}

static void look_ups_find(void **state) {
  (void)state;
  struct tcx_models *models;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  const struct tcx_model *s3;
  assert_int_equal(tcx__models_new(&(struct tcx_models_options){.embedded = tcx__embedded_models,
                                                                .not_installed = true},
                                   &models),
                   0);
  assert_int_equal(tcx__models_get(models, "s3", &s3, &fail), 0);
  const struct tcx_operation *op = tcx__model_operation(s3, "list_objects_v2");
  assert_non_null(op);
  assert_ptr_equal(op, tcx__model_operation(s3, "ListObjectsV2"));
  assert_string_equal(op->query, "list-type=2");
  assert_string_equal(op->path, "/{Bucket}");
  assert_null(tcx__model_operation(s3, "list_objects_v3"));
  assert_null(tcx__model_operation(s3, ""));
  assert_non_null(tcx__model_pagination(s3, op));
  assert_null(tcx__model_pagination(s3, tcx__model_operation(s3, "get_object")));
  assert_non_null(tcx__shape_member(op->input, "Bucket", 6));
  assert_null(tcx__shape_member(op->input, "Bucke", 5));
  assert_string_equal(tcx__model_shape(s3, "Object")->name, "Object");
  assert_null(tcx__model_shape(s3, "object"));
  assert_int_equal(tcx__models_get(models, "s4", &s3, &fail), TCX_ESERVICE);
  assert_string_equal(fail.text, "Unknown service: 's4', did you mean s3?");
  tcx__arena_free(arena);
  tcx__models_free(models);
}

/* ---- folders that hold some part of an embedded service ---- */

static const struct tcx_model *ask(struct tcx_models **models, struct tcx_arena *arena) {
  struct tcx_fail fail = {.arena = arena};
  const struct tcx_model *model;
  struct tcx_models_options options = {
      .data_path = test_folder, .embedded = tcx__embedded_models, .not_installed = true};
  assert_int_equal(tcx__models_new(&options, models), 0);
  assert_int_equal(tcx__models_get(*models, "sts", &model, &fail), 0);
  return model;
}

static void parts_override_an_embedded_model(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_models *models;
  const struct tcx_model *sts = ask(&models, arena);
  const struct tcx_ruleset *own_rules = sts->rules;
  assert_string_equal(sts->api_version, "2011-06-15");
  tcx__models_free(models);
  test_folder_put("sts/2010-01-01/endpoint-rule-set-1.json", "older ones are not read");
  test_folder_put("sts/2011-06-15/endpoint-rule-set-1.json",
                  "{\"version\":\"1.0\",\"parameters\":{},\"rules\":[{\"conditions\":[],"
                  "\"endpoint\":{\"url\":\"https://other.example\","
                  "\"properties\":{},\"headers\":{}},\"type\":\"endpoint\"}]}");
  sts = ask(&models, arena);
  assert_non_null(tcx__model_operation(sts, "assume_role"));
  assert_ptr_not_equal(sts->rules, own_rules);
  struct tcx_endpoint endpoint;
  struct tcx_fail fail = {.arena = arena};
  assert_int_equal(tcx__endpoint_resolve(sts->rules, NULL, NULL, arena, &endpoint, &fail), 0);
  assert_true(tcx__str_is(endpoint.url, "https://other.example"));
  tcx__models_free(models);
  static const char small[] = "{\"metadata\":{\"apiVersion\":\"2020-01-01\",\"endpointPrefix\":"
                              "\"small\",\"serviceId\":\"Small\",\"protocol\":\"rest-json\"},"
                              "\"operations\":{},\"shapes\":{}}";
  test_folder_put("sts/2010-01-01/service-2.json", small);
  sts = ask(&models, arena);
  assert_non_null(tcx__model_operation(sts, "assume_role"));
  tcx__models_free(models);
  test_folder_put("sts/2011-06-15/service-2.json", small);
  sts = ask(&models, arena);
  assert_int_equal(sts->n_operations, 0);
  assert_string_equal(sts->service_id, "Small");
  tcx__models_free(models);
  tcx__arena_free(arena);
}

static int unpack_once(void *ctx) {
  struct tcx_models *models = NULL;
  const struct tcx_model *model;
  struct tcx_arena *arena = tcx__arena_new();
  (void)ctx;
  if (arena == NULL)
    return UV_ENOMEM;
  struct tcx_fail fail = {.arena = arena};
  int status = tcx__models_new(
      &(struct tcx_models_options){.embedded = tcx__embedded_models, .not_installed = true},
      &models);
  if (status == 0)
    status = tcx__models_get(models, "sts", &model, &fail);
  if (status == 0)
    assert_non_null(tcx__model_operation(model, "assume_role"));
  tcx__models_free(models);
  tcx__arena_free(arena);
  return status;
}

static void memory_may_end_anywhere(void **state) {
  (void)state;
  test_fail_until_ok(unpack_once, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loaded_and_embedded_are_equal), cmocka_unit_test(embedded_ones_cost_no_file),
      cmocka_unit_test(look_ups_find),
      cmocka_unit_test_setup_teardown(parts_override_an_embedded_model, test_folder_make,
                                      test_folder_remove),
      cmocka_unit_test(memory_may_end_anywhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
