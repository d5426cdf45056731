/* xml_scan.h - the pieces that the XML tokenizer is made of: each looks at bytes in memory and keeps nothing. */
#ifndef TCX_BASE_XML_SCAN_H
#define TCX_BASE_XML_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE2__
# include <emmintrin.h>
#endif

enum { TCX__XML_NAME_START = 1, TCX__XML_NAME_CHAR = 2, TCX__XML_SPACE = 4, TCX__XML_PLAIN = 8 };
extern const unsigned char tcx__xml_class[256];    /* of ASCII; PLAIN: an ordinary byte of text */
static inline bool tcx__xml_is(char c, unsigned classes) { return (tcx__xml_class[(unsigned char)c] & classes) != 0; }

/* The first byte of text that needs a look: '<', '&', ']', CR, another control character, a byte of a character beyond ASCII; or end. */
const char *tcx__xml_scan_text(const char *p, const char *end);
/* Length of the character at p: 1 to 4; 0 when end cuts it; -1 when it is not UTF-8, or not a character that XML allows. */
int tcx__xml_char(const char *p, const char *end);
/* The byte behind the name at p; end when the name may go on there; NULL when there is no name at p. */
const char *tcx__xml_scan_name(const char *p, const char *end);
/* Length of the name at p when it is at most 15 letters, digits and "._-", has no prefix and its end can be seen; else 0: then scan_name tells. Branches are few,
   since what varies from name to name is hard to predict. */
static inline unsigned tcx__xml_short_name(const char *p, const char *end) {
#ifdef __SSE2__
  if (end - p < 16 || !tcx__xml_is(*p, TCX__XML_NAME_START))
    return 0;
  __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i letter = _mm_add_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8((char)(0x80 - 'a')));
  __m128i digit = _mm_add_epi8(v, _mm_set1_epi8((char)(0x80 - '0')));
  __m128i is_letter = _mm_cmplt_epi8(letter, _mm_set1_epi8((char)(0x80 + 26)));
  __m128i is_digit = _mm_cmplt_epi8(digit, _mm_set1_epi8((char)(0x80 + 10)));
  __m128i dash = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('-')), _mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
  __m128i is_mark = _mm_or_si128(dash, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
  unsigned in_name = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is_letter, is_digit), is_mark));
  if (in_name == 0xFFFF)
    return 0;
  unsigned n = (unsigned)__builtin_ctz(~in_name);
  return p[n] == ':' || (unsigned char)p[n] >= 0x80 ? 0 : n;
#else
  (void)p, (void)end;
  return 0;
#endif
}
/* memcpy and memcmp for n bytes where 16 may be touched at a and b when n is less. */
static inline void tcx__xml_copy(char *a, const char *b, size_t n) {
  if (n <= 16)
    memcpy(a, b, 16);
  else
    memcpy(a, b, n);
}
static inline bool tcx__xml_same(const char *a, const char *b, size_t n) {
#ifdef __SSE2__
  if (n <= 16) {
    __m128i va = _mm_loadu_si128((const __m128i *)(const void *)a), vb = _mm_loadu_si128((const __m128i *)(const void *)b);
    unsigned wanted = (1u << n) - 1;
    return ((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(va, vb)) & wanted) == wanted;
  }
#endif
  return memcmp(a, b, n) == 0;
}
/* What the n bytes between '&' and ';' stand for: its length in UTF-8, or 0 when that is nothing. */
size_t tcx__xml_reference(const char *p, size_t n, char out[4]);
/* True when the n bytes between "<?xml" and "?>" are an XML declaration's. */
bool tcx__xml_declaration(const char *p, size_t n);
#endif
