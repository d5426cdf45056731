#include "base/buf.h"
#include <string.h>
#include <uv.h>

static unsigned char fold(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* From the end: header names begin alike. */
bool tcx__bytes_ieq(const char *a, const char *b, size_t n) {
  while (n-- > 0)
    if (a[n] != b[n] && fold(a[n]) != fold(b[n]))
      return false;
  return true;
}

bool tcx__str_starts(struct tcx_str a, const char *prefix) {
  size_t n = strlen(prefix);
  return n == 0 || (a.n >= n && memcmp(a.p, prefix, n) == 0);
}

bool tcx__str_ends(struct tcx_str a, const char *suffix) {
  size_t n = strlen(suffix);
  return n == 0 || (a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0);
}

struct tcx_str tcx__str_trim(struct tcx_str s) {
  while (s.n > 0 && tcx__is_space(s.p[s.n - 1]))
    s.n--;
  while (s.n > 0 && tcx__is_space(*s.p))
    s.p++, s.n--;
  return s;
}

#define SURE 100000000000000000 /* below it another digit fits: no need to divide */

int tcx__str_to_int64(struct tcx_str s, int64_t *out) {
  size_t i = 0;
  bool negative = false;
  if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
    negative = s.p[i++] == '-';
  if (i == s.n)
    return UV_EINVAL;
  uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;
  bool over = false;
  for (; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return UV_EINVAL;
    unsigned digit = (unsigned)(s.p[i] - '0');
    if (value >= SURE && value > (limit - digit) / 10)
      over = true;
    else
      value = value * 10 + digit;
  }
  if (over)
    return UV_ERANGE;
  *out = negative ? (int64_t)(0 - value) : (int64_t)value;
  return 0;
}
