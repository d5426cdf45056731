/*
 * crc.c - CRC-32, CRC-32C and CRC-64/NVME, and the CRC of joined parts.
 *
 * One engine for all three: from 64 bytes on, carry-less multiplication folds the message to 16
 * bytes with the same remainder (crc_clmul.c); those and whatever is shorter go through tables,
 * eight bytes a step.
 */
#include "base/crc.h"
#include "base/checksum.h"
#include "base/hash_block.h"
#include <stdatomic.h>

static atomic_bool portable;

void tcx__crc_force_portable(bool on) {
  atomic_store_explicit(&portable, on, memory_order_relaxed);
}

static inline uint64_t load64(const unsigned char *p) {
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
         (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t by_table(const struct tcx_crc *spec, uint64_t crc, const unsigned char *p,
                         size_t n) {
  const uint64_t(*t)[256] = spec->table;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t v = load64(p) ^ crc;
    crc = t[7][v & 255] ^ t[6][v >> 8 & 255] ^ t[5][v >> 16 & 255] ^ t[4][v >> 24 & 255] ^
          t[3][v >> 32 & 255] ^ t[2][v >> 40 & 255] ^ t[1][v >> 48 & 255] ^ t[0][v >> 56];
  }
  for (; n > 0; p++, n--)
    crc = t[0][(crc ^ *p) & 255] ^ crc >> 8;
  return crc;
}

static uint64_t run(const struct tcx_crc *spec, uint64_t crc, const unsigned char *p, size_t n) {
  const uint64_t ones = ~(uint64_t)0 >> (64 - spec->width);
  crc ^= ones;
#if TCX__X86
  if (n >= 64 && (tcx__cpu() & TCX__CPU_CLMUL) != 0 &&
      !atomic_load_explicit(&portable, memory_order_relaxed)) {
    unsigned char rest[16];
    size_t whole = n & ~(size_t)15;
    tcx__crc_fold(spec, crc, p, whole, rest);
    crc = by_table(spec, 0, rest, sizeof rest);
    p += whole;
    n -= whole;
  }
#endif
  return by_table(spec, crc, p, n) ^ ones;
}

uint32_t tcx__crc32(uint32_t crc, const void *p, size_t n) {
  return (uint32_t)run(&tcx__crc_crc32, crc, p, n);
}

uint32_t tcx__crc32c(uint32_t crc, const void *p, size_t n) {
  return (uint32_t)run(&tcx__crc_crc32c, crc, p, n);
}

uint64_t tcx__crc64nvme(uint64_t crc, const void *p, size_t n) {
  return run(&tcx__crc_crc64nvme, crc, p, n);
}

/* a * b modulo the polynomial; the highest bit of the width is x^0. */
static uint64_t multiply(const struct tcx_crc *spec, uint64_t a, uint64_t b) {
  uint64_t product = 0;
  for (uint64_t bit = (uint64_t)1 << (spec->width - 1); bit != 0; bit >>= 1) {
    if ((a & bit) != 0)
      product ^= b;
    b = b >> 1 ^ ((b & 1) != 0 ? spec->poly : 0);
  }
  return product;
}

/* The CRC of A followed by B is A's, moved by B's length, plus B's: the ones at begin and end
 * cancel out. */
static uint64_t combine(const struct tcx_crc *spec, uint64_t a, uint64_t b, uint64_t len_b) {
  uint64_t power = (uint64_t)1 << (spec->width - 1 - 8); /* x^8, then its squares */
  for (; len_b != 0; len_b >>= 1) {
    if ((len_b & 1) != 0)
      a = multiply(spec, power, a);
    power = multiply(spec, power, power);
  }
  return a ^ b;
}

uint32_t tcx__crc32_combine(uint32_t a, uint32_t b, uint64_t len_b) {
  return (uint32_t)combine(&tcx__crc_crc32, a, b, len_b);
}

uint32_t tcx__crc32c_combine(uint32_t a, uint32_t b, uint64_t len_b) {
  return (uint32_t)combine(&tcx__crc_crc32c, a, b, len_b);
}

uint64_t tcx__crc64nvme_combine(uint64_t a, uint64_t b, uint64_t len_b) {
  return combine(&tcx__crc_crc64nvme, a, b, len_b);
}
