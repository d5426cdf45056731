/*
 * Responses to S3: the first byte says which operation, the second the mode and where the rest is
 * cut. In one piece, byte by byte and cut: the same value, or all refuse.
 */
#include "protocol_fuzz.h"

static const char *const operations[] = {
    "list_objects_v2",     "list_object_versions",
    "get_bucket_acl",      "copy_object",
    "get_bucket_location", "get_bucket_lifecycle_configuration",
    "get_bucket_policy",   "head_object",
    "delete_objects",      "get_bucket_replication",
    "list_parts",          "get_object"};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const struct tcx_model *model(void) {
  static const struct tcx_model *s3;
  static struct tcx_arena *arena;
  if (s3 == NULL) {
    arena = tcx__arena_new();
    s3 = ph_model_file(arena, TCX_SOURCE_DIR "/models/data/s3/2006-03-01/service-2.json", "s3");
  }
  return s3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  struct pf_case c = {.model = model(),
                      .op = tcx__model_operation(model(), operations[data[0] % OPERATIONS]),
                      .status = data[1] % 3 == 1 ? 404 : 200,
                      .error_in_success = data[1] % 3 == 2};
  pf_check(&c, (struct tcx_str){(const char *)data + 2, size - 2}, data[1] / 3);
  return 0;
}
