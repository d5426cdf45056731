/*
 * Responses to S3: the first byte says which operation, the second the mode and where the rest is
 * cut. In one piece, byte by byte and cut: the same value, or all refuse.
 */
#include "protocol_help.h"

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

static const char *verdict(struct tcx_arena *arena, const struct tcx_operation *op, int kind,
                           struct tcx_str body, long cut) {
  struct tcx_response_head head;
  ph_head(arena, &head, kind == 1 ? 404 : 200, NULL);
  struct ph_parsed got =
      ph_parse(arena, model(), op, &head, kind == 1 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body,
               cut, kind == 2);
  if (got.status != 0) {
    if (got.status != TCX_EPROTO || got.text == NULL || kind != 0)
      abort();
    return "refused";
  }
  if (got.is_error && (got.error.code == NULL || got.error.message == NULL))
    abort();
  return tcx__arena_printf(arena, "%d %s", got.is_error, ph_text(arena, got.value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  const struct tcx_operation *op = tcx__model_operation(model(), operations[data[0] % OPERATIONS]);
  struct tcx_str body = {(const char *)data + 2, size - 2};
  int kind = data[1] % 3;
  long cut = body.n > 1 ? 1 + (data[1] / 3) % (long)(body.n - 1) : 0;
  struct tcx_arena *arena = tcx__arena_new();
  const char *whole = verdict(arena, op, kind, body, 0);
  if (strcmp(whole, verdict(arena, op, kind, body, -1)) != 0 ||
      strcmp(whole, verdict(arena, op, kind, body, cut)) != 0) {
    fprintf(stderr, "a cut at %ld changes %s\n", cut, whole);
    abort();
  }
  tcx__arena_free(arena);
  return 0;
}
