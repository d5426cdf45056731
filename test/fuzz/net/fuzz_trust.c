/* CA bundles: any bytes as a PEM text, and (by the first byte) as the certificate inside one. */
#include "base/codec.h"
#include "base/mem.h"
#include "net/trust_anchors.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > 32 * 1024)
    return 0;
  struct tcx_trust *trust = tcx__calloc(1, sizeof *trust + 1);
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, 128 * 1024);
  if (data[0] & 1) {
    tcx__buf_adds(&text, "-----BEGIN CERTIFICATE-----");
    tcx__base64_encode(&text, data + 1, size - 1);
    tcx__buf_adds(&text, "-----END CERTIFICATE-----");
  } else {
    tcx__buf_add(&text, data + 1, size - 1);
  }
  if (trust == NULL || text.status != 0)
    abort();
  int status = tcx__trust_add(trust, tcx__buf_str(&text));
  if (status != (trust->count > 0 ? 0 : TCX_ECONFIG))
    abort();
  tcx__buf_free(&text);
  tcx__trust_free(trust);
  return 0;
}
