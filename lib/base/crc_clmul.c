#include "base/crc.h"
#include "base/hash_block.h"
#if TCX__X86
#  include <immintrin.h>

/* A lane holds 128 bits of message, first bit lowest. Moving it forward by D bits multiplies it
 * with x^D modulo the polynomial: each half by its own constant. */
__attribute__((target("pclmul,sse4.1"))) static inline __m128i move(__m128i lane, __m128i by) {
  return _mm_xor_si128(_mm_clmulepi64_si128(lane, by, 0x00), _mm_clmulepi64_si128(lane, by, 0x11));
}

__attribute__((target("pclmul,sse4.1"))) static inline __m128i load(const unsigned char *p) {
  return _mm_loadu_si128((const __m128i *)(const void *)p);
}

__attribute__((target("pclmul,sse4.1"))) void tcx__crc_fold(const struct tcx_crc *spec,
                                                            uint64_t crc, const unsigned char *p,
                                                            size_t n, unsigned char out[16]) {
  const __m128i by4 = _mm_loadu_si128((const __m128i *)(const void *)spec->fold4);
  const __m128i by1 = _mm_loadu_si128((const __m128i *)(const void *)spec->fold1);
  __m128i a = _mm_xor_si128(load(p), _mm_loadl_epi64((const __m128i *)(const void *)&crc));
  __m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);
  for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
    a = _mm_xor_si128(move(a, by4), load(p));
    b = _mm_xor_si128(move(b, by4), load(p + 16));
    c = _mm_xor_si128(move(c, by4), load(p + 32));
    d = _mm_xor_si128(move(d, by4), load(p + 48));
  }
  b = _mm_xor_si128(move(a, by1), b);
  c = _mm_xor_si128(move(b, by1), c);
  d = _mm_xor_si128(move(c, by1), d);
  for (; n >= 16; p += 16, n -= 16)
    d = _mm_xor_si128(move(d, by1), load(p));
  _mm_storeu_si128((__m128i *)(void *)out, d);
}
#endif
