/* rsa.h - RSA signatures, BearSSL's. Pure. */
#ifndef TCX_BASE_RSA_H
#define TCX_BASE_RSA_H
#include <stddef.h>

#define TCX__RSA_MAX 512 /* bytes of a signature: keys of up to 4096 bits */

struct tcx_rsa_key;
/* A private key as DER, PKCS #1 or PKCS #8. UV_ENOMEM; UV_EINVAL, and *why says what is wrong. */
int tcx__rsa_key_new(const void *der, size_t n, struct tcx_rsa_key **out, const char **why);
/* RSASSA-PKCS1-v1_5 with SHA-1 of the text. Returns the signature's length; 0: the key is none. */
size_t tcx__rsa_sha1_sign(const struct tcx_rsa_key *key, const void *text, size_t n,
                          unsigned char out[TCX__RSA_MAX]);
void tcx__rsa_key_free(struct tcx_rsa_key *key); /* wipes it; NULL is fine */
#endif
