/* xml_scan.h - the pieces of the XML tokenizer: each looks at bytes in memory and keeps nothing. */
#ifndef TCX_BASE_XML_SCAN_H
#define TCX_BASE_XML_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#  include <emmintrin.h>
#endif

enum { TCX__XML_NAME_START = 1, TCX__XML_NAME_CHAR = 2, TCX__XML_SPACE = 4, TCX__XML_PLAIN = 8 };
extern const unsigned char tcx__xml_class[256]; /* of ASCII; PLAIN: an ordinary byte of text */
static inline bool tcx__xml_is(char c, unsigned classes) {
  return (tcx__xml_class[(unsigned char)c] & classes) != 0;
}

static inline const char *tcx__xml_skip_space(const char *p, const char *end) {
  while (p < end && tcx__xml_is(*p, TCX__XML_SPACE))
    p++;
  return p;
}

/* The first byte of text that needs a look: '<', '&', ']', CR, another control character, a byte of
 * a character beyond ASCII; or end. */
const char *tcx__xml_scan_text(const char *p, const char *end);
/* Length of the character at p: 1 to 4; 0 when end cuts it; -1 when it is not UTF-8, or not a
 * character that XML allows. */
int tcx__xml_char(const char *p, const char *end);
/* The byte behind the name at p; end when the name may go on there; NULL when there is none. */
const char *tcx__xml_scan_name(const char *p, const char *end);

#define TCX__XML_SLACK 32 /* bytes that the three below may touch, however short the name */

#ifdef __SSE2__
/* One bit a byte: letters, digits and "._-". */
static inline unsigned tcx__xml_name_mask(const char *p) {
  __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i letter =
      _mm_add_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8((char)(0x80 - 'a')));
  __m128i digit = _mm_add_epi8(v, _mm_set1_epi8((char)(0x80 - '0')));
  __m128i is_letter = _mm_cmplt_epi8(letter, _mm_set1_epi8((char)(0x80 + 26)));
  __m128i is_digit = _mm_cmplt_epi8(digit, _mm_set1_epi8((char)(0x80 + 10)));
  __m128i dash =
      _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('-')), _mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
  __m128i is_mark = _mm_or_si128(dash, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
  return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is_letter, is_digit), is_mark));
}
#endif
/* Length of the name at p when it is at most 31 letters, digits and "._-", has no prefix and slack
   follows; else 0: then scan_name tells. Branches are few, since what varies from name to name is
   hard to predict. */
static inline unsigned tcx__xml_short_name(const char *p, const char *end) {
#ifdef __SSE2__
  if (end - p < TCX__XML_SLACK || !tcx__xml_is(*p, TCX__XML_NAME_START))
    return 0;
  unsigned in_name = tcx__xml_name_mask(p);
  if (in_name == 0xFFFF)
    in_name |= tcx__xml_name_mask(p + 16) << 16;
  if (in_name == 0xFFFFFFFF)
    return 0;
  unsigned n = (unsigned)__builtin_ctz(~in_name);
  return p[n] == ':' || (unsigned char)p[n] >= 0x80 ? 0 : n;
#else
  (void)p, (void)end;
  return 0;
#endif
}
/* memcpy and memcmp == 0 where slack follows at both. */
static inline void tcx__xml_copy(char *to, const char *from, size_t n) {
  if (n <= TCX__XML_SLACK)
    memcpy(to, from, TCX__XML_SLACK);
  else
    memcpy(to, from, n);
}
static inline bool tcx__xml_same(const char *a, const char *b, size_t n) {
#ifdef __SSE2__
  if (n <= TCX__XML_SLACK) {
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                                 _mm_loadu_si128((const __m128i *)(const void *)b));
    __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(a + 16)),
                                  _mm_loadu_si128((const __m128i *)(const void *)(b + 16)));
    uint64_t wanted = ((uint64_t)1 << n) - 1, equal = (uint16_t)_mm_movemask_epi8(high);
    equal = equal << 16 | (uint16_t)_mm_movemask_epi8(low);
    return (equal & wanted) == wanted;
  }
#endif
  return memcmp(a, b, n) == 0;
}
/* What the n bytes between '&' and ';' stand for: its length in UTF-8, or 0 for nothing. */
size_t tcx__xml_reference(const char *p, size_t n, char out[4]);
/* True when the n bytes between "<?xml" and "?>" are an XML declaration's. */
bool tcx__xml_declaration(const char *p, size_t n);
#endif
