/* Any text is a map of maps, or an error with its line. */
#include "base/ini.h"
#include <stdlib.h>
#include <tucuxi.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return 0;
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *v = NULL;
  int status = tcx__ini_parse(arena, (const char *)data, size, &v, &f);
  if (status != 0 && (status != TCX_ECONFIG || f.text == NULL))
    abort();
  for (const struct tcx_value *section = status == 0 ? tcx__value_kids(v) : NULL; section != NULL;
       section = section->next) {
    if (section->type != TCX_MAP)
      abort();
    for (const struct tcx_value *key = tcx__value_kids(section); key != NULL; key = key->next)
      if (key->type != TCX_STRING && key->type != TCX_MAP)
        abort();
  }
  tcx__arena_free(arena);
  return 0;
}
