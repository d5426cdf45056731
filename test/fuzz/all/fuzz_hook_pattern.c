/* Patterns of hooks: what is taken has whole parts within their limits, and says again what it was
 * read from. */
#include "core/user_hooks.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool whole(const char *part) {
  return strlen(part) <= TCX__HOOK_NAME_MAX && strpbrk(part, ".*") == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct tcx_user_hook hook = {0};
  char *text = malloc(size + 1);
  if (text == NULL)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  if (tcx__hook_parse(text, &hook) == 0) {
    unsigned dots = 0;
    for (const char *p = text; *p != '\0'; p++)
      dots += *p == '.' ? 1u : 0u;
    unsigned parts = 1u + (hook.key / 3 % 3 != 0 ? 1u : 0u) + (hook.key % 3 != 0 ? 1u : 0u);
    if (hook.key < 9 || hook.key > 26 || hook.event > TCX__ON_EVENTS || dots + 1 != parts ||
        !whole(hook.service) || !whole(hook.operation) || strstr(text, hook.service) == NULL ||
        strstr(text, hook.operation) == NULL)
      abort();
  }
  free(text);
  return 0;
}
