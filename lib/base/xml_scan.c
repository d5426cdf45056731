/* xml_scan.c - see xml_scan.h. */
#include "base/xml_scan.h"
#include <stdint.h>

#define S (TCX__XML_NAME_START | TCX__XML_NAME_CHAR | TCX__XML_PLAIN)
#define N (TCX__XML_NAME_CHAR | TCX__XML_PLAIN)
#define W (TCX__XML_SPACE | TCX__XML_PLAIN)
#define R TCX__XML_SPACE
#define P TCX__XML_PLAIN
const unsigned char tcx__xml_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, W, W, 0, 0, R, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    W, P, P, P, P, P, 0, P, P, P, P, P, P, N, N, P, N, N, N, N, N, N, N, N, N, N, S, P, 0, P, P, P,
    P, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, P, P, 0, P, S,
    P, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, P, P, P, P, P,
};
#undef S
#undef N
#undef W
#undef R
#undef P

const char *tcx__xml_scan_text(const char *p, const char *end) {
#ifdef __SSE2__
  const __m128i lt = _mm_set1_epi8('<'), amp = _mm_set1_epi8('&'), bracket = _mm_set1_epi8(']');
  const __m128i space = _mm_set1_epi8(' '), tab = _mm_set1_epi8('\t'),
                newline = _mm_set1_epi8('\n');
  while (end - p >= 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i odd =
        _mm_cmplt_epi8(v, space); /* signed: control characters, and everything beyond ASCII */
    __m128i fine = _mm_or_si128(_mm_cmpeq_epi8(v, tab), _mm_cmpeq_epi8(v, newline));
    __m128i mark = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, lt), _mm_cmpeq_epi8(v, amp)),
                                _mm_cmpeq_epi8(v, bracket));
    unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(fine, odd), mark));
    if (mask != 0)
      return p + __builtin_ctz(mask);
    p += 16;
  }
#endif
  while (p < end && tcx__xml_is(*p, TCX__XML_PLAIN))
    p++;
  return p;
}

/* How many bytes a character has by its first one; 0 when none begins so. */
static int length_by_lead(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2 || lead > 0xF4)
    return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

int tcx__xml_char(const char *text, const char *end) {
  const unsigned char *p = (const unsigned char *)text;
  int n = length_by_lead(p[0]);
  if (n == 0 || (n == 1 && p[0] < 0x20 && p[0] != '\t' && p[0] != '\n' && p[0] != '\r'))
    return -1;
  if (end - text < n)
    return 0;
  for (int i = 1; i < n; i++)
    if ((p[i] & 0xC0) != 0x80)
      return -1;
  bool bad = false;
  switch (p[0]) {
  case 0xE0:
    bad = p[1] < 0xA0;
    break; /* longer than need be */
  case 0xED:
    bad = p[1] > 0x9F;
    break; /* surrogates */
  case 0xEF:
    bad = p[1] == 0xBF && p[2] > 0xBD;
    break; /* U+FFFE, U+FFFF */
  case 0xF0:
    bad = p[1] < 0x90;
    break;
  case 0xF4:
    bad = p[1] > 0x8F;
    break;
  default:
    break;
  }
  return bad ? -1 : n;
}

static uint32_t decode(const char *text, int n) {
  const unsigned char *p = (const unsigned char *)text;
  uint32_t c = n == 2 ? p[0] & 0x1Fu : n == 3 ? p[0] & 0x0Fu : p[0] & 0x07u;
  for (int i = 1; i < n; i++)
    c = c << 6 | (p[i] & 0x3Fu);
  return c;
}

/* NameStartChar and NameChar of XML 1.0, fifth edition, beyond ASCII. */
static bool is_name_char(uint32_t c, bool first) {
  static const struct {
    uint32_t from, to;
  } starts[] = {
      {0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
      {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
      {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
  };
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (c >= starts[i].from && c <= starts[i].to)
      return true;
  return !first && (c == 0xB7 || (c >= 0x300 && c <= 0x36F) || (c >= 0x203F && c <= 0x2040));
}

const char *tcx__xml_scan_name(const char *p, const char *end) {
  const char *begin = p;
  if (p == end)
    return NULL;
  if ((unsigned char)*p < 0x80 && !tcx__xml_is(*p, TCX__XML_NAME_START))
    return NULL;
  for (;;) {
    while (p < end && tcx__xml_is(*p, TCX__XML_NAME_CHAR))
      p++;
    if (p == end || (unsigned char)*p < 0x80)
      return p;
    int n = tcx__xml_char(p, end);
    if (n == 0)
      return end;
    if (n < 0 || !is_name_char(decode(p, n), p == begin))
      return NULL;
    p += n;
  }
}

static size_t encode(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = n - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  out[0] = (char)(leads[n] | c);
  return n;
}

static size_t numeric_reference(const char *p, size_t n, char out[4]) {
  uint32_t c = 0, base = 10;
  if (n > 0 && *p == 'x') {
    base = 16;
    p++, n--;
  }
  if (n == 0)
    return 0;
  for (; n > 0; p++, n--) {
    uint32_t digit = *p >= '0' && *p <= '9'   ? (uint32_t)(*p - '0')
                     : *p >= 'a' && *p <= 'f' ? (uint32_t)(*p - 'a') + 10
                     : *p >= 'A' && *p <= 'F' ? (uint32_t)(*p - 'A') + 10
                                              : 99;
    if (digit >= base)
      return 0;
    c = c * base + digit;
    if (c > 0x10FFFF)
      return 0;
  }
  size_t length = encode(c, out);
  return tcx__xml_char(out, out + length) == (int)length ? length : 0;
}

size_t tcx__xml_reference(const char *p, size_t n, char out[4]) {
  if (n > 1 && p[0] == '#')
    return numeric_reference(p + 1, n - 1, out);
  if (n == 4 && memcmp(p, "quot", 4) == 0)
    out[0] = '"';
  else if (n == 3 && memcmp(p, "amp", 3) == 0)
    out[0] = '&';
  else if (n == 2 && memcmp(p, "lt", 2) == 0)
    out[0] = '<';
  else if (n == 2 && memcmp(p, "gt", 2) == 0)
    out[0] = '>';
  else if (n == 4 && memcmp(p, "apos", 4) == 0)
    out[0] = '\'';
  else
    return 0;
  return 1;
}

/* One ` name="value"` of a declaration: name_n 0 when only white space is left. False when it is
 * none. */
static bool pseudo_attribute(const char **pp, const char *end, const char **name, size_t *name_n,
                             const char **value, size_t *value_n) {
  const char *p = *pp;
  *name_n = *value_n = 0;
  if (p == end)
    return true;
  if (!tcx__xml_is(*p, TCX__XML_SPACE))
    return false;
  p = tcx__xml_skip_space(p, end);
  *name = p;
  while (p < end && *p >= 'a' && *p <= 'z')
    p++;
  *name_n = (size_t)(p - *name);
  *pp = p;
  if (*name_n == 0)
    return p == end;
  p = tcx__xml_skip_space(p, end);
  if (p == end || *p != '=')
    return false;
  p = tcx__xml_skip_space(p + 1, end);
  if (p == end || (*p != '"' && *p != '\''))
    return false;
  char quote = *p++;
  *value = p;
  while (p < end && *p != quote)
    if (!tcx__xml_is(*p, TCX__XML_NAME_CHAR) || *p == ':')
      return false;
    else
      p++;
  if (p == end)
    return false;
  *value_n = (size_t)(p - *value);
  *pp = p + 1;
  return true;
}

bool tcx__xml_declaration(const char *p, size_t n) {
  const char *end = p + n, *name = p, *value = p;
  size_t name_n, value_n;
  if (!pseudo_attribute(&p, end, &name, &name_n, &value, &value_n) || name_n != 7 ||
      memcmp(name, "version", 7) != 0)
    return false;
  if (!pseudo_attribute(&p, end, &name, &name_n, &value, &value_n))
    return false;
  if (name_n == 8 && memcmp(name, "encoding", 8) == 0) {
    char first = value_n > 0 ? (char)(*value | 0x20) : 0;
    if (first < 'a' || first > 'z' || !pseudo_attribute(&p, end, &name, &name_n, &value, &value_n))
      return false;
  }
  if (name_n == 0)
    return true;
  if (name_n != 10 || memcmp(name, "standalone", 10) != 0)
    return false;
  if (!(value_n == 3 && memcmp(value, "yes", 3) == 0) &&
      !(value_n == 2 && memcmp(value, "no", 2) == 0))
    return false;
  return tcx__xml_skip_space(p, end) == end;
}
