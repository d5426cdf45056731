/*
 * Responses in rpc-v2-cbor: the first byte says which operation, the second the mode and where the
 * rest is cut. In one piece, byte by byte and cut: the same value, or all refuse.
 */
#include "protocol_help.h"

#define MODEL TCX_SOURCE_DIR "/models/data/cloudwatchomni/2025-01-01/service-2.json"

static const char *const operations[] = {
    "GetAlert",    "GetContextGraph", "GetTelemetryQueryResults",
    "ListDomains", "GetIntegration",  "DeleteView"};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const struct tcx_model *model(void) {
  static const struct tcx_model *m;
  static struct tcx_arena *arena;
  if (m == NULL) {
    arena = tcx__arena_new();
    m = ph_model_file(arena, MODEL, "cloudwatchomni");
  }
  return m;
}

static const char *verdict(struct tcx_arena *arena, const struct tcx_operation *op, bool error,
                           struct tcx_str body, long cut) {
  struct tcx_response_head head;
  ph_head(arena, &head, error ? 404 : 200, NULL);
  struct ph_parsed got = ph_parse(arena, model(), op, &head,
                                  error ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body, cut, false);
  if (got.status != 0) {
    if (got.status != TCX_EPROTO || got.text == NULL || error)
      abort();
    return "refused";
  }
  if (error && (got.error.code == NULL || got.error.message == NULL))
    abort();
  return ph_text(arena, got.value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  const struct tcx_operation *op = tcx__model_operation(model(), operations[data[0] % OPERATIONS]);
  struct tcx_str body = {(const char *)data + 2, size - 2};
  bool error = (data[1] & 1) != 0;
  long cut = body.n > 1 ? 1 + (data[1] / 2) % (long)(body.n - 1) : 0;
  struct tcx_arena *arena = tcx__arena_new();
  const char *whole = verdict(arena, op, error, body, 0);
  if (strcmp(whole, verdict(arena, op, error, body, -1)) != 0 ||
      strcmp(whole, verdict(arena, op, error, body, cut)) != 0) {
    fprintf(stderr, "a cut at %ld changes %s\n", cut, whole);
    abort();
  }
  tcx__arena_free(arena);
  return 0;
}
