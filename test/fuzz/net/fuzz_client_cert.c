/* The files of a client's certificate and key: any two texts, with a NUL between them. */
#include "net/tls_client_cert.h"
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
  size_t n = nul != NULL ? (size_t)(nul - data) : size, key_n = nul != NULL ? size - n - 1 : size;
  /* blocks of their own, so that a step outside is seen */
  char *cert = malloc(n + 1), *key = malloc(key_n + 1);
  if (cert == NULL || key == NULL)
    abort();
  memcpy(cert, data, n);
  memcpy(key, nul != NULL ? nul + 1 : data, key_n);
  int status = 1;
  bool in_key;
  const char *why = NULL;
  struct tcx_client_cert *c = tcx__client_cert_read(
      (struct tcx_str){cert, n}, (struct tcx_str){key, key_n}, &status, &why, &in_key);
  if ((c != NULL) != (status == 0) || (c == NULL && (status != TCX_ECONFIG || why == NULL)))
    abort();
  tcx__client_cert_free(c);
  free(key);
  free(cert);
  return 0;
}
