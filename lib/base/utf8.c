#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

size_t tcx__utf8_expected(char first) {
  unsigned char c = (unsigned char)first;
  return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

size_t tcx__utf8_length(const char *p, size_t n) {
  const unsigned char *s = (const unsigned char *)p;
  if (n == 0)
    return 0;
  unsigned char c = s[0], low = 0x80, high = 0xbf; /* low, high: of the second byte */
  if (c < 0x80)
    return 1;
  size_t length = tcx__utf8_expected(p[0]);
  if (length == 0 || length > n)
    return 0;
  if (c == 0xe0)
    low = 0xa0;
  else if (c == 0xf0)
    low = 0x90;
  else if (c == 0xed)
    high = 0x9f;
  else if (c == 0xf4)
    high = 0x8f;
  if (s[1] < low || s[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  return length;
}

uint32_t tcx__utf8_decode(const char *p, size_t length) {
  uint32_t code = (unsigned char)p[0];
  if (length > 1)
    code &= 0x7fu >> length;
  for (size_t i = 1; i < length; i++)
    code = code << 6 | ((unsigned char)p[i] & 0x3f);
  return code;
}

size_t tcx__utf8_valid(const char *p, size_t n) {
  size_t i = 0;
  while (i < n) {
    uint64_t word;
    if (n - i >= sizeof word) {
      memcpy(&word, p + i, sizeof word);
      if ((word & 0x8080808080808080u) == 0) {
        i += sizeof word;
        continue;
      }
    }
    size_t length = tcx__utf8_length(p + i, n - i);
    if (length == 0)
      return i;
    i += length;
  }
  return n;
}
