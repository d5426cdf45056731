/* The generated headers: each function is tcx_client_call with its operation's method name. */
#include "model/model.h"
#include "support.h"
#include <tucuxi/s3.h>
#include <tucuxi/sts.h>

static const char *called;

int tcx_client_call(tcx_client_t *client, const char *operation, tcx_value_t *params,
                    tcx_call_cb cb, void *data) {
  (void)client;
  (void)params;
  (void)cb;
  (void)data;
  called = operation;
  return 7;
}

int tcx_client_wait_sized(tcx_client_t *client, const char *waiter, tcx_value_t *params,
                          const tcx_wait_options_t *options, size_t size, tcx_call_cb cb,
                          void *data, tcx_call_t **call) {
  (void)client, (void)params, (void)options, (void)cb, (void)data, (void)call;
  assert_int_equal(size, sizeof(tcx_wait_options_t));
  called = waiter;
  return 8;
}

static struct tcx_models *models;

static int open_models(void **state) {
  (void)state;
  return tcx__models_new(
      &(struct tcx_models_options){.embedded = tcx__embedded_models, .not_installed = true},
      &models);
}

static int close_models(void **state) {
  (void)state;
  tcx__models_free(models);
  return 0;
}

static const struct tcx_model *embedded(const char *service) {
  const struct tcx_model *model;
  struct tcx_arena *arena = tcx__arena_new();
  assert_int_equal(tcx__models_get(models, service, &model, &(struct tcx_fail){.arena = arena}), 0);
  tcx__arena_free(arena);
  return model;
}

static void functions_name_their_operation(void **state) {
  (void)state;
  assert_int_equal(tcx_s3_list_objects_v2(NULL, NULL, NULL, NULL), 7);
  assert_string_equal(called, "list_objects_v2");
  assert_string_equal(tcx__model_operation(embedded("s3"), called)->name, "ListObjectsV2");
  assert_int_equal(tcx_s3_get_object(NULL, NULL, NULL, NULL), 7);
  assert_string_equal(tcx__model_operation(embedded("s3"), called)->name, "GetObject");
  assert_int_equal(tcx_sts_get_caller_identity(NULL, NULL, NULL, NULL), 7);
  assert_string_equal(tcx__model_operation(embedded("sts"), called)->name, "GetCallerIdentity");
}

static void functions_name_their_waiter(void **state) {
  (void)state;
  assert_int_equal(tcx_s3_wait_bucket_exists(NULL, NULL, NULL, NULL, NULL, NULL), 8);
  assert_string_equal(called, "bucket_exists");
  assert_string_equal(tcx__model_waiter(embedded("s3"), called)->name, "BucketExists");
  assert_int_equal(tcx_s3_wait_object_not_exists(NULL, NULL, NULL, NULL, NULL, NULL), 8);
  assert_string_equal(tcx__model_waiter(embedded("s3"), called)->operation, "HeadObject");
}

/* Every operation has its function, and its required members stand in the comment. */
static void headers_are_complete(void **state) {
  (void)state;
  static const char *const services[] = {"s3", "sts"};
  for (size_t s = 0; s < sizeof services / sizeof services[0]; s++) {
    const struct tcx_model *model = embedded(services[s]);
    char path[1024], wanted[300];
    snprintf(path, sizeof path, "%s/generated/include/tucuxi/%s.h", TCX_BINARY_DIR, services[s]);
    char *text = test_read_file(path, NULL);
    for (uint32_t i = 0; i < model->n_operations; i++) {
      const struct tcx_operation *op = &model->operations[i];
      snprintf(
          wanted, sizeof wanted,
          "int tcx_%s_%s(tcx_client_t *client, tcx_value_t *params, tcx_call_cb cb, void *data) {",
          services[s], op->method);
      char *function = strstr(text, wanted);
      assert_non_null(function);
      snprintf(wanted, sizeof wanted, "\n/* %s.", op->name);
      char *comment = strstr(text, wanted);
      assert_non_null(comment);
      assert_true(comment < function);
      for (uint32_t k = 0; op->input != NULL && k < op->input->n_members; k++) {
        snprintf(wanted, sizeof wanted, " %s: ", op->input->members[k].name);
        char *member = strstr(comment, wanted);
        if (member == NULL || member > function)
          fail_msg("%s.%s is not in its comment", op->name, op->input->members[k].name);
      }
    }
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(functions_name_their_operation),
                                     cmocka_unit_test(functions_name_their_waiter),
                                     cmocka_unit_test(headers_are_complete)};
  return cmocka_run_group_tests(tests, open_models, close_models);
}
