#include "base/buf.h"
#include <string.h>
#include <uv.h>

struct tcx_str tcx__str(const char *s) {
  return (struct tcx_str){s, s == NULL ? 0 : strlen(s)};
}

bool tcx__str_eq(struct tcx_str a, struct tcx_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool tcx__str_is(struct tcx_str a, const char *s) {
  return tcx__str_eq(a, tcx__str(s));
}

static unsigned char fold(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool tcx__str_ieq(struct tcx_str a, struct tcx_str b) {
  if (a.n != b.n)
    return false;
  for (size_t i = 0; i < a.n; i++)
    if (fold(a.p[i]) != fold(b.p[i]))
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
