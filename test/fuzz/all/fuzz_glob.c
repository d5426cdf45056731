/* Patterns over keys: the input is a pattern, a NUL, and a text. A text is matched by itself with
 * every character escaped, and by "*". */
#include <stdlib.h>
#include <string.h>
#include <tucuxi/transfer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 4096)
    return 0;
  char *glob = malloc(size + 1), *quoted = malloc(2 * size + 1);
  memcpy(glob, data, size);
  glob[size] = '\0';
  size_t n = strlen(glob);
  const char *text = n < size ? glob + n + 1 : "";
  size_t plain = tcx_glob_plain(glob), at = 0;
  if (plain > n || (glob[plain] == '\0' && !tcx_glob_match(glob, glob)))
    abort();
  (void)tcx_glob_match(glob, text);
  for (const char *p = text; *p != '\0'; p++) {
    quoted[at++] = '\\';
    quoted[at++] = *p;
  }
  quoted[at] = '\0';
  if (!tcx_glob_match("*", text) || !tcx_glob_match(quoted, text))
    abort();
  free(glob);
  free(quoted);
  return 0;
}
