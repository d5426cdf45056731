/*
 * Responses in query and in ec2: the first byte says which operation, the second the mode and where
 * the rest is cut. In one piece, byte by byte and cut: the same value and request id, or all
 * refuse.
 */
#include "protocol_help.h"

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

static const char *verdict(struct tcx_arena *arena, const struct tcx_model *m,
                           const struct tcx_operation *op, bool error, struct tcx_str body,
                           long cut) {
  struct tcx_response_head head;
  ph_head(arena, &head, error ? 404 : 200, NULL);
  struct ph_parsed got =
      ph_parse(arena, m, op, &head, error ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body, cut, false);
  if (got.status != 0) {
    if (got.status != TCX_EPROTO || got.text == NULL || error)
      abort();
    return "refused";
  }
  if (error && (got.error.code == NULL || got.error.message == NULL))
    abort();
  const char *id = got.error.request_id;
  return tcx__arena_printf(arena, "%s %s", id != NULL ? id : "-", ph_text(arena, got.value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  const struct tcx_model *m = model(operations[data[0] % OPERATIONS].ec2);
  const struct tcx_operation *op = tcx__model_operation(m, operations[data[0] % OPERATIONS].name);
  struct tcx_str body = {(const char *)data + 2, size - 2};
  bool error = (data[1] & 1) != 0;
  long cut = body.n > 1 ? 1 + (data[1] / 2) % (long)(body.n - 1) : 0;
  struct tcx_arena *arena = tcx__arena_new();
  const char *whole = verdict(arena, m, op, error, body, 0);
  if (strcmp(whole, verdict(arena, m, op, error, body, -1)) != 0 ||
      strcmp(whole, verdict(arena, m, op, error, body, cut)) != 0) {
    fprintf(stderr, "a cut at %ld changes %s\n", cut, whole);
    abort();
  }
  tcx__arena_free(arena);
  return 0;
}
