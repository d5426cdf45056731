/* hash.c - SHA-256 around one block function (the processor's, or BearSSL's), HMAC with pads hashed
 * once, MD5. */
#include "base/hash.h"
#include "base/hash_block.h"
#include "base/mem.h"
#include <bearssl.h>
#include <stdatomic.h>
#include <string.h>

static atomic_bool portable;

void tcx__sha256_force_portable(bool on) {
  atomic_store_explicit(&portable, on, memory_order_relaxed);
}

bool tcx__sha256_accelerated(void) {
  return TCX__X86 && (tcx__cpu() & TCX__CPU_SHA) != 0 &&
         !atomic_load_explicit(&portable, memory_order_relaxed);
}

static inline uint32_t load32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store32(unsigned char *p, uint32_t v) {
  p[0] = (unsigned char)(v >> 24);
  p[1] = (unsigned char)(v >> 16);
  p[2] = (unsigned char)(v >> 8);
  p[3] = (unsigned char)v;
}

static void blocks_portable(uint32_t state[8], const unsigned char *p, size_t blocks) {
  br_sha256_context context;
  unsigned char bytes[32];
  for (int i = 0; i < 8; i++)
    store32(bytes + 4 * i, state[i]);
  br_sha256_set_state(&context, bytes, 0);
  br_sha256_update(&context, p, 64 * blocks);
  br_sha256_state(&context, bytes);
  for (int i = 0; i < 8; i++)
    state[i] = load32(bytes + 4 * i);
}

static void run_blocks(uint32_t state[8], const unsigned char *p, size_t blocks) {
#if TCX__X86
  if (tcx__sha256_accelerated()) {
    tcx__sha256_blocks_ni(state, p, blocks);
    return;
  }
#endif
  blocks_portable(state, p, blocks);
}

static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void tcx__sha256_init(struct tcx_sha256 *h) {
  memcpy(h->state, initial_state, sizeof h->state);
  h->count = 0;
}

void tcx__sha256_update(struct tcx_sha256 *h, const void *data, size_t n) {
  const unsigned char *p = data;
  size_t used = (size_t)(h->count & 63);
  if (n == 0)
    return;
  h->count += n;
  if (used != 0) {
    size_t take = 64 - used < n ? 64 - used : n;
    memcpy(h->block + used, p, take);
    p += take;
    n -= take;
    if (used + take < 64)
      return;
    run_blocks(h->state, h->block, 1);
  }
  if (n >= 64)
    run_blocks(h->state, p, n / 64);
  if ((n & 63) != 0)
    memcpy(h->block, p + (n & ~(size_t)63), n & 63);
}

/* Ends a message of count bytes in all, whose last rest (< 64) bytes are at tail. */
static void finish(uint32_t state[8], uint64_t count, const unsigned char *tail, size_t rest,
                   unsigned char out[32]) {
  unsigned char last[128];
  size_t size = rest < 56 ? 64 : 128;
  memset(last + rest, 0, size - rest);
  if (rest != 0)
    memcpy(last, tail, rest);
  last[rest] = 0x80;
  store32(last + size - 8, (uint32_t)(count >> 29));
  store32(last + size - 4, (uint32_t)(count << 3));
  run_blocks(state, last, size / 64);
  for (int i = 0; i < 8; i++)
    store32(out + 4 * i, state[i]);
}

void tcx__sha256_final(const struct tcx_sha256 *h, unsigned char out[32]) {
  uint32_t state[8];
  memcpy(state, h->state, sizeof state);
  finish(state, h->count, h->block, (size_t)(h->count & 63), out);
}

/* The rest of a message whose first count bytes (a multiple of 64) made this state. */
static void hash_from(const uint32_t from[8], uint64_t count, const unsigned char *p, size_t n,
                      unsigned char out[32]) {
  uint32_t state[8];
  size_t whole = n & ~(size_t)63;
  memcpy(state, from, sizeof state);
  if (whole != 0)
    run_blocks(state, p, whole / 64);
  finish(state, count + n, n != whole ? p + whole : NULL, n - whole, out);
}

void tcx__sha256(const void *p, size_t n, unsigned char out[32]) {
  hash_from(initial_state, 0, p, n, out);
}

void tcx__hmac_key_init(struct tcx_hmac_key *key, const void *p, size_t n) {
  unsigned char pad[64] = {0};
  if (n > sizeof pad)
    tcx__sha256(p, n, pad);
  else if (n != 0)
    memcpy(pad, p, n);
  for (size_t i = 0; i < sizeof pad; i++)
    pad[i] ^= 0x36;
  tcx__sha256_init(&key->inner);
  tcx__sha256_update(&key->inner, pad, sizeof pad);
  for (size_t i = 0; i < sizeof pad; i++)
    pad[i] ^= 0x36 ^ 0x5c;
  tcx__sha256_init(&key->outer);
  tcx__sha256_update(&key->outer, pad, sizeof pad);
  tcx__wipe(pad, sizeof pad);
}

void tcx__hmac(const struct tcx_hmac_key *key, const void *p, size_t n, unsigned char out[32]) {
  unsigned char inner[32];
  hash_from(key->inner.state, 64, p, n, inner);
  hash_from(key->outer.state, 64, inner, sizeof inner, out);
}

void tcx__sha1(const void *p, size_t n, unsigned char out[20]) {
  br_sha1_context c;
  br_sha1_init(&c);
  br_sha1_update(&c, p, n);
  br_sha1_out(&c, out);
}

void tcx__md5(const void *p, size_t n, unsigned char out[16]) {
  br_md5_context context;
  br_md5_init(&context);
  br_md5_update(&context, p, n);
  br_md5_out(&context, out);
}
