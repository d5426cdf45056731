/* The key of a cached sign-in: any text. One that is a key signs a proof. */
#include "creds/dpop.h"
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char secret[TCX__P256_SECRET];
  char *text = malloc(size + 1); /* a block of its own, so that a step outside is seen */
  if (text == NULL)
    abort();
  memcpy(text, data, size);
  int err = tcx__dpop_key((struct tcx_str){text, size}, secret);
  if (err == 0) {
    struct tcx_buf out;
    tcx__buf_init(&out, NULL, 64 * 1024);
    tcx__dpop_proof(&out, secret, TCX__STR("https://x/"), 1, "id");
    if (out.status != 0 || strlen(out.data) != out.len)
      abort();
    tcx__buf_free(&out);
  } else if (err != UV_EINVAL) {
    abort();
  }
  free(text);
  return 0;
}
