/* ecdsa.h - signatures on the curve P-256, BearSSL's. Pure, and in constant time; the random number of a signature is made of key and hash (RFC 6979). */
#ifndef TCX_BASE_ECDSA_H
#define TCX_BASE_ECDSA_H
#include <stddef.h>

#define TCX__P256_SECRET 32   /* bytes of a secret key: a number from 1 to the curve's order less 1, the most significant byte first */
#define TCX__P256_DER 72      /* longest signature as DER: SEQUENCE { INTEGER r, INTEGER s } */
/* Signs a SHA-256 hash. Returns the signature's length. */
size_t tcx__p256_sign(const unsigned char secret[TCX__P256_SECRET], const unsigned char hash[32], unsigned char out[TCX__P256_DER]);
#endif
