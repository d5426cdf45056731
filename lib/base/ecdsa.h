/* ecdsa.h - keys of and signatures on the curve P-256, BearSSL's. Pure, and in constant time; the
 * random number of a signature is made of key and hash (RFC 6979). */
#ifndef TCX_BASE_ECDSA_H
#define TCX_BASE_ECDSA_H
#include <stdbool.h>
#include <stddef.h>

/* bytes of a secret key: a number from 1 to the curve's order less 1, the most significant byte
 * first */
#define TCX__P256_SECRET 32
#define TCX__P256_DER    72 /* longest signature as DER: SEQUENCE { INTEGER r, INTEGER s } */
#define TCX__P256_RAW    64 /* a signature as r and s, 32 bytes each */
/* Signs a SHA-256 hash. Returns the signature's length. */
size_t tcx__p256_sign(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32],
                      unsigned char out[TCX__P256_DER]);
/* The same in its raw form. */
void tcx__p256_sign_raw(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32],
                        unsigned char out[TCX__P256_RAW]);
/* The secret key of a DER document (SEC 1 or PKCS #8), which may be anything; false: it holds no
 * key of this curve. Wipe secret. */
bool tcx__p256_read(const void *der, size_t n, unsigned char secret[TCX__P256_SECRET]);
/* The public key's two coordinates. */
void tcx__p256_public(const unsigned char secret[TCX__P256_SECRET], unsigned char x[32],
                      unsigned char y[32]);
#endif
