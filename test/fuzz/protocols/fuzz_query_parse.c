/*
 * Responses in query and in ec2: the first byte says which operation, the second the mode and where
 * the rest is cut. In one piece, byte by byte and cut: the same value and request id, or all
 * refuse.
 */
#include "protocol_fuzz.h"

static const struct {
  bool ec2;
  const char *name;
} operations[] = {
    {false, "get_user"},
    {false, "get_account_summary"},
    {false, "list_users"},
    {false, "simulate_custom_policy"},
    {false, "generate_credential_report"},
    {false, "delete_user"},
    {true, "describe_instances"},
    {true, "describe_vpcs"},
    {true, "create_snapshot"},
    {true, "delete_vpc"},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const struct tcx_model *model(bool ec2) {
  static const struct tcx_model *models[2];
  static struct tcx_arena *arena;
  if (arena == NULL) {
    arena = tcx__arena_new();
    models[0] =
        ph_model_file(arena, TCX_SOURCE_DIR "/models/data/iam/2010-05-08/service-2.json", "iam");
    models[1] =
        ph_model_file(arena, TCX_SOURCE_DIR "/models/data/ec2/2016-11-15/service-2.json", "ec2");
  }
  return models[ec2];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  struct pf_case c = {.model = model(operations[data[0] % OPERATIONS].ec2),
                      .status = (data[1] & 1) != 0 ? 404 : 200};
  c.op = tcx__model_operation(c.model, operations[data[0] % OPERATIONS].name);
  pf_check(&c, (struct tcx_str){(const char *)data + 2, size - 2}, data[1] / 2);
  return 0;
}
