#include "base/ecdsa.h"
#include "base/mem.h"
#include <assert.h>
#include <bearssl.h>
#include <string.h>

/* The order of the curve. */
static const unsigned char order[TCX__P256_SECRET] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static size_t sign(br_ecdsa_sign signer, const unsigned char *secret, const unsigned char *hash,
                   unsigned char *out) {
  unsigned char x[TCX__P256_SECRET];
  const br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = x, .xlen = sizeof x};
  memcpy(x, secret, sizeof x);
  size_t n = signer(br_ec_get_default(), &br_sha256_vtable, hash, &key, out);
  tcx__wipe(x, sizeof x);
  assert(n > 0); /* 0 is for a key that is none */
  return n;
}

size_t tcx__p256_sign(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32],
                      unsigned char out[TCX__P256_DER]) {
  return sign(br_ecdsa_i31_sign_asn1, secret, hash, out);
}

void tcx__p256_sign_raw(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32],
                        unsigned char out[TCX__P256_RAW]) {
  size_t n = sign(br_ecdsa_i31_sign_raw, secret, hash, out);
  assert(n == TCX__P256_RAW);
  (void)n;
}

/* From 1 to the order less 1, the work always the same. */
static bool in_range(const unsigned char *secret) {
  unsigned borrow = 0, any = 0;
  for (size_t i = TCX__P256_SECRET; i-- > 0;) {
    borrow = ((unsigned)secret[i] - order[i] - borrow) >> 8 & 1;
    any |= secret[i];
  }
  return borrow == 1 && any != 0;
}

bool tcx__p256_read(const void *der, size_t n, unsigned char secret[TCX__P256_SECRET]) {
  br_skey_decoder_context decoder;
  br_skey_decoder_init(&decoder);
  br_skey_decoder_push(&decoder, der, n);
  const br_ec_private_key *key =
      br_skey_decoder_last_error(&decoder) == 0 ? br_skey_decoder_get_ec(&decoder) : NULL;
  bool good = key != NULL && key->curve == BR_EC_secp256r1 && key->xlen <= TCX__P256_SECRET;
  memset(secret, 0, TCX__P256_SECRET);
  if (good)
    memcpy(secret + TCX__P256_SECRET - key->xlen, key->x, key->xlen);
  tcx__wipe(&decoder, sizeof decoder);
  return good && in_range(secret);
}

void tcx__p256_public(const unsigned char secret[TCX__P256_SECRET], unsigned char x[32],
                      unsigned char y[32]) {
  unsigned char copy[TCX__P256_SECRET], point[BR_EC_KBUF_PUB_MAX_SIZE];
  const br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = copy, .xlen = sizeof copy};
  memcpy(copy, secret, sizeof copy);
  size_t n = br_ec_compute_pub(br_ec_get_default(), NULL, point, &key);
  tcx__wipe(copy, sizeof copy);
  assert(n == 65 && point[0] == 4); /* uncompressed */
  (void)n;
  memcpy(x, point + 1, 32);
  memcpy(y, point + 33, 32);
}
