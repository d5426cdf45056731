/* Two lines: partitions (JSON), and a region. */
#include "base/json.h"
#include "model/rules_data.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *json;
  const struct tcx_partitions *partitions;
  size_t n = end != NULL ? (size_t)(end - text) : size;
  struct tcx_str region = {end != NULL ? end + 1 : text, end != NULL ? size - n - 1 : 0};
  if (tcx__json_parse(arena, text, n, &json, NULL) == 0 &&
      tcx__partitions_load(arena, json, &partitions, &f) == 0) {
    struct tcx_partition_info info;
    if (tcx__partition_of(partitions, region, &info) !=
            (tcx__partition_find(partitions, region) != NULL) ||
        info.name == NULL)
      abort();
    struct tcx_buf out;
    tcx__buf_init(&out, arena, 1 << 20);
    tcx__partitions_emit(&out, partitions, "all");
  }
  tcx__arena_free(arena);
  return 0;
}
