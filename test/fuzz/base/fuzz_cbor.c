/* The CBOR decoder: the same events in one piece, byte by byte and in pieces of three, or all
 * refuse at the same place. */
#include "cbor_events.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1 << 16)
    return 0;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_str bytes = {(const char *)data, size};
  struct ce_result whole = ce_decode(arena, bytes, 0);
  if (whole.status != 0 && (whole.status != TCX_EPROTO || whole.why == NULL))
    abort();
  for (size_t step = 1; step <= 3; step += 2) {
    struct ce_result cut = ce_decode(arena, bytes, step);
    if (whole.status != cut.status || whole.why != cut.why ||
        (whole.status == 0 && strcmp(whole.text, cut.text) != 0))
      abort();
  }
  tcx__arena_free(arena);
  return 0;
}
