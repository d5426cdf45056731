/* hash.h - SHA-256 (with the CPU's instructions where it has them), SHA-1, MD5, HMAC-SHA-256.
 * BearSSL's, behind it. Pure. */
#ifndef TCX_BASE_HASH_H
#define TCX_BASE_HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcx_sha256 {
  uint32_t state[8];
  uint64_t count;
  unsigned char block[64];
};
void tcx__sha256_init(struct tcx_sha256 *h);
void tcx__sha256_update(struct tcx_sha256 *h, const void *p, size_t n);
void tcx__sha256_final(const struct tcx_sha256 *h, unsigned char out[32]); /* h may go on */
void tcx__sha256(const void *p, size_t n, unsigned char out[32]);

/* The two pads of a key, hashed once: a signing key is used for many requests. */
struct tcx_hmac_key {
  struct tcx_sha256 inner, outer;
};
/* wipe with tcx__wipe */
void tcx__hmac_key_init(struct tcx_hmac_key *key, const void *p, size_t n);
void tcx__hmac(const struct tcx_hmac_key *key, const void *p, size_t n, unsigned char out[32]);

void tcx__sha1(const void *p, size_t n, unsigned char out[20]);
void tcx__md5(const void *p, size_t n, unsigned char out[16]);
bool tcx__sha256_accelerated(void);
void tcx__sha256_force_portable(bool on); /* for the tests that compare the two */
#endif
