/* The reader of a server's certificate: any bytes. First byte: the address that is looked for. */
#include "net/san.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const unsigned char four[4] = {127, 0, 0, 1}, sixteen[16] = {[15] = 1};
  if (size < 1)
    return 0;
  unsigned char *copy = malloc(size); /* a block of its own, so that a step outside is seen */
  if (copy == NULL)
    abort();
  memcpy(copy, data + 1, size - 1);
  struct tcx_leaf leaf;
  const unsigned char *ip = data[0] % 3 == 0 ? NULL : data[0] % 3 == 1 ? four : sixteen;
  if (tcx__leaf_read(copy, size - 1, ip, ip == four ? 4 : 16, &leaf)) {
    if (memchr(leaf.names, '\0', sizeof leaf.names) == NULL ||
        (leaf.ip_matches && (ip == NULL || !leaf.has_san)))
      abort();
    for (const char *p = leaf.names; *p != '\0'; p++)
      if (*p < 0x20 || *p > 0x7e)
        abort();
  }
  free(copy);
  return 0;
}
