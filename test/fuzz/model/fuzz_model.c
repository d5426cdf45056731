/* A service's documents: the first byte says which (0 description, 1 paginators, 2 waiters), the
 * rest is JSON. What loads is looked up and validated against. */
#include "base/json.h"
#include "base/mem.h"
#include "model/loader.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct tcx_model *model, const struct tcx_value *params,
                struct tcx_arena *arena) {
  for (uint32_t i = 0; i < model->n_operations; i++) {
    const struct tcx_operation *op = &model->operations[i];
    struct tcx_fail fail = {.arena = arena};
    const struct tcx_operation *found = tcx__model_operation(model, op->name);
    if (found == NULL || tcx__model_shape(model, "no such shape") != NULL)
      __builtin_trap();
    tcx__model_pagination(model, op);
    int status = tcx__validate(op, params, &fail);
    if (status != 0 && status != TCX_EPARAM)
      __builtin_trap();
    for (uint32_t k = 0; op->input != NULL && k < op->input->n_members; k++)
      if (tcx__shape_member(op->input, op->input->members[k].name,
                            op->input->members[k].name_len) == NULL)
        __builtin_trap();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_model model = {0};
  struct tcx_fail fail = {.arena = arena};
  struct tcx_loader loader = {.arena = arena, .fail = &fail, .file = "input"};
  struct tcx_value *json;
  if (size > 0 && tcx__json_parse(arena, (const char *)data + 1, size - 1, &json, &fail) == 0) {
    int status;
    tcx__interner_init(&loader.names, arena);
    if (data[0] % 3 == 0)
      status = tcx__load_service(&loader, json, "fuzz", &model);
    else if (data[0] % 3 == 1)
      status = tcx__load_paginators(&loader, json, &model);
    else
      status = tcx__load_waiters(&loader, json, &model);
    tcx__interner_free(&loader.names);
    if (status != 0 && (status != TCX_ESERVICE || fail.text == NULL))
      __builtin_trap();
    if (status == 0)
      use(&model, json, arena);
  }
  tcx__arena_free(arena);
  return 0;
}
