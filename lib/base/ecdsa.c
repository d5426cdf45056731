#include "base/ecdsa.h"
#include "base/mem.h"
#include <assert.h>
#include <bearssl.h>
#include <string.h>

size_t tcx__p256_sign(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32], unsigned char out[TCX__P256_DER]) {
  unsigned char x[TCX__P256_SECRET];
  const br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = x, .xlen = sizeof x};
  memcpy(x, secret, sizeof x);
  size_t n = br_ecdsa_i31_sign_asn1(br_ec_get_default(), &br_sha256_vtable, hash, &key, out);
  tcx__wipe(x, sizeof x);
  assert(n > 0 && n <= TCX__P256_DER); /* 0 is for a key that is none */
  return n;
}
