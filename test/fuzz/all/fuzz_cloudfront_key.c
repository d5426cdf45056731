/* A private key of a CloudFront signer: any text. What is a key signs. */
#include <stdlib.h>
#include <string.h>
#include <tucuxi/presign.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tcx_cloudfront_signer_t *signer = NULL;
  const char *why = NULL;
  /* a block of its own, so that a step outside is seen */
  char *url = NULL, *pem = malloc(size + 1);
  if (pem == NULL)
    abort();
  memcpy(pem, data, size);
  int status = tcx_cloudfront_signer_from_pem("K", pem, size, &signer, &why);
  if ((signer != NULL) != (status == 0) || (status != 0 && (status != TCX_ECONFIG || why == NULL)))
    abort();
  if (signer != NULL) {
    status = tcx_cloudfront_sign_url(signer, "https://example.com/", 1, NULL, &url);
    if ((url != NULL) != (status == 0) || (status != 0 && status != TCX_ECONFIG))
      abort();
  }
  tcx_free(url);
  tcx_cloudfront_signer_free(signer);
  free(pem);
  return 0;
}
