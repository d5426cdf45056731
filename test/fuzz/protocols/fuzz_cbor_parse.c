/*
 * Responses in rpc-v2-cbor: the first byte says which operation, the second the mode and where the
 * rest is cut. In one piece, byte by byte and cut: the same value, or all refuse.
 */
#include "protocol_fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  struct pf_case c = {.model = model(),
                      .op = tcx__model_operation(model(), operations[data[0] % OPERATIONS]),
                      .status = (data[1] & 1) != 0 ? 404 : 200};
  pf_check(&c, (struct tcx_str){(const char *)data + 2, size - 2}, data[1] / 2);
  return 0;
}
