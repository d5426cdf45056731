/*
 * sigv4a.c - what Signature Version 4A does otherwise: a key pair on P-256 that is derived from
 * secret and access key, for all days, regions and services, and a signature that says for which
 * regions it counts (X-Amz-Region-Set). Everything else is sigv4.c's, presign.c's and chunked.c's.
 *
 * The key is not kept: it takes a fraction of a microsecond, and the signature hundreds.
 */
#include "auth/sign.h"
#include "base/codec.h"
#include "base/mem.h"

#define LABEL "AWS4-ECDSA-P256-SHA256"

/* The order of P-256 less 2: what is not above it becomes a key by adding 1. */
static const unsigned char order_less_2[TCX__P256_SECRET] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f};

/* All bytes are looked at, whatever they are. */
static bool above(const unsigned char *a, const unsigned char *b, size_t n) {
  unsigned greater = 0, equal = 1;
  for (size_t i = 0; i < n; i++) {
    greater |= equal & ((unsigned)(b[i] - a[i]) >> 8 & 1);
    equal &= ((unsigned)(a[i] ^ b[i]) - 1) >> 8 & 1;
  }
  return greater != 0;
}

static void add_one(unsigned char *number, size_t n) {
  unsigned carry = 1;
  while (n-- > 0) {
    carry += number[n];
    number[n] = (unsigned char)carry;
    carry >>= 8;
  }
}

static void hmac_key(const char *secret, struct tcx_hmac_key *key) {
  struct tcx_sha256 h;
  unsigned char text[64];
  size_t n = strlen(secret);
  if (n + 5 <= sizeof text) {
    memcpy(text, "AWS4A", 5);
    memcpy(text + 5, secret, n);
    n += 5;
  } else {
    tcx__sha256_init(&h);
    tcx__sha256_update(&h, "AWS4A", 5);
    tcx__sha256_update(&h, secret, n);
    tcx__sha256_final(&h, text);
    tcx__wipe(&h, sizeof h);
    n = 32;
  }
  tcx__hmac_key_init(key, text, n);
  tcx__wipe(text, sizeof text);
}

/* NIST SP 800-108, in counter mode with one block; the access key's own counter goes up until the
 * number fits the curve. */
int tcx__sigv4a_key(const struct tcx_sigv4 *s, unsigned char out[TCX__P256_SECRET],
                    struct tcx_fail *f) {
  unsigned char text[4 + sizeof LABEL + 128 + 1 + 4];
  struct tcx_hmac_key key;
  size_t access_key = strlen(s->access_key);
  if (access_key > 128)
    return tcx__fail(f, TCX_EPARAM, "The access key is too long to sign with");
  memcpy(text, "\0\0\0\1" LABEL, 4 + sizeof LABEL);
  memcpy(text + 4 + sizeof LABEL, s->access_key, access_key);
  unsigned char *counter = text + 4 + sizeof LABEL + access_key;
  memcpy(counter, "\0\0\0\1\0", 5); /* the counter, and 256 bits */
  hmac_key(s->secret_key, &key);
  do {
    counter[0]++;
    tcx__hmac(&key, text, (size_t)(counter + 5 - text), out);
  } while (above(out, order_less_2, TCX__P256_SECRET));
  add_one(out, TCX__P256_SECRET);
  tcx__wipe(&key, sizeof key);
  return 0;
}

void tcx__sigv4a_signature(const unsigned char secret[TCX__P256_SECRET], const char *text, size_t n,
                           char out[TCX__SIGNATURE_MAX + 1]) {
  unsigned char hash[32], der[TCX__P256_DER];
  tcx__sha256(text, n, hash);
  size_t length = tcx__p256_sign(secret, hash, der);
  tcx__hex_encode(out, der, length);
  out[2 * length] = '\0';
}
