/* What was read is written, read again and written again: the same text. Never read past the input,
 * never lost in memory. */
#include "base/json.h"
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tcx_value_t *v = tcx_value_from_json((const char *)data, size);
  if (tcx_value_status(v) == 0) {
    struct tcx_buf first, second;
    tcx__buf_init(&first, NULL, 1u << 28);
    tcx__buf_init(&second, NULL, 1u << 28);
    tcx__json_write(&first, v, (int)(size % 3));
    tcx_value_t *again = tcx_value_from_json(first.data, first.len);
    tcx_value_t *copy = tcx_value_copy(again);
    tcx__json_write(&second, copy, (int)(size % 3));
    if (tcx_value_status(again) != 0 || first.len != second.len ||
        memcmp(first.data, second.data, first.len) != 0)
      abort();
    tcx_value_free(copy);
    tcx_value_free(again);
    tcx__buf_free(&first);
    tcx__buf_free(&second);
  } else if (tcx_value_problem(v) == NULL) {
    abort();
  }
  tcx_value_free(v);
  return 0;
}
