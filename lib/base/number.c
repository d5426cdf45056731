#include "base/number.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX   17 /* what a double can give back */
#define EXPONENT_MAX 100000
#define EXACT_DIGITS                                                                               \
  15 /* with as many digits and a power of ten up to 22, one multiplication is exact */
#define EXACT_POWER 22

/* digits * 10^exponent; neither end of digits is a zero. */
struct decimal {
  char digits[DIGITS_MAX + 1];
  int count, exponent;
  bool negative, more; /* more: digits that did not fit */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static int read_exponent(const char *p, const char *end) {
  bool negative = *p == '-';
  if (*p == '-' || *p == '+')
    p++;
  int value = 0;
  for (; p < end; p++)
    value = value < EXPONENT_MAX ? value * 10 + (*p - '0') : value;
  return negative ? -value : value;
}

static struct decimal take_apart(struct tcx_str text) {
  struct decimal d = {.negative = text.p[0] == '-'};
  const char *p = text.p + d.negative, *end = text.p + text.n;
  int zeros = 0, scale = 0; /* zeros: seen, and only digits if one that is not zero comes */
  bool point = false;
  for (; p < end && (is_digit(*p) || *p == '.'); p++) {
    if (*p == '.') {
      point = true;
      continue;
    }
    scale -= point && scale > -EXPONENT_MAX;
    if (*p == '0') {
      zeros += d.count > 0 && zeros < EXPONENT_MAX;
      continue;
    }
    d.more = d.more || d.count + zeros >= DIGITS_MAX;
    for (; zeros > 0 && !d.more; zeros--)
      d.digits[d.count++] = '0';
    if (!d.more)
      d.digits[d.count++] = *p;
    zeros = 0;
  }
  d.exponent = scale + zeros + (p < end ? read_exponent(p + 1, end) : 0);
  return d;
}

static double exact(const struct decimal *d) {
  static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  int64_t digits = 0;
  for (int i = 0; i < d->count; i++)
    digits = digits * 10 + (d->digits[i] - '0');
  double value = (double)digits;
  value = d->exponent < 0 ? value / powers[-d->exponent] : value * powers[d->exponent];
  return d->negative ? -value : value;
}

/* Without a point, which strtod would want in the locale's form. */
static double nearest(const struct decimal *d) {
  char text[DIGITS_MAX + 24];
  snprintf(text, sizeof text, "%s%.*se%d", d->negative ? "-" : "", d->count, d->digits,
           d->exponent);
  return strtod(text, NULL);
}

/* value in count significant digits, zeroes at the end cut: "d.ddde-10" taken apart. */
static struct decimal digits_of(double value, int count) {
  char text[DIGITS_MAX + 16];
  struct decimal d = {.negative = signbit(value) != 0};
  snprintf(text, sizeof text, "%.*e", count - 1, fabs(value));
  char *e = strchr(text, 'e');
  for (const char *p = text; p < e; p++)
    if (is_digit(*p) && d.count < DIGITS_MAX)
      d.digits[d.count++] = *p;
  d.exponent = read_exponent(e + 1, e + strlen(e)) - (d.count - 1);
  while (d.count > 0 && d.digits[d.count - 1] == '0') {
    d.count--;
    d.exponent++;
  }
  return d;
}

tcx_type_t tcx__number_read(struct tcx_str text, int64_t *i, double *d) {
  bool whole = true;
  for (size_t at = 0; at < text.n && whole; at++)
    whole = text.p[at] != '.' && text.p[at] != 'e' && text.p[at] != 'E';
  if (whole)
    return tcx__str_to_int64(text, i) == 0 ? TCX_INT : TCX_BIGNUM;
  struct decimal wanted = take_apart(text);
  if (wanted.more)
    return TCX_BIGNUM;
  if (wanted.count == 0) {
    *d = wanted.negative ? -0.0 : 0.0;
    return TCX_DOUBLE;
  }
  if (wanted.count <= EXACT_DIGITS && abs(wanted.exponent) <= EXACT_POWER) {
    *d = exact(&wanted);
    return TCX_DOUBLE;
  }
  *d = nearest(&wanted);
  if (!isfinite(*d) || *d == 0)
    return TCX_BIGNUM;
  struct decimal got = digits_of(*d, wanted.count);
  bool same = got.count == wanted.count && got.exponent == wanted.exponent &&
              memcmp(got.digits, wanted.digits, (size_t)got.count) == 0;
  return same ? TCX_DOUBLE : TCX_BIGNUM;
}

/* As many digits as could matter. */
double tcx__number_near(struct tcx_str text) {
  char digits[32], out[64];
  const char *p = text.p, *end = text.p + text.n;
  int kept = 0, exponent = 0;
  bool point = false, negative = p < end && *p == '-';
  for (p += negative; p < end && (is_digit(*p) || *p == '.'); p++) {
    if (*p == '.') {
      point = true;
    } else if ((kept > 0 || *p != '0') && kept < (int)sizeof digits) {
      digits[kept++] = *p;
      exponent -= point;
    } else if (kept > 0 ? !point : point) {
      exponent += kept > 0 ? 1 : -1;
    }
  }
  if (p < end)
    exponent += read_exponent(p + 1, end);
  if (kept == 0)
    return 0;
  snprintf(out, sizeof out, "%s%.*se%d", negative ? "-" : "", kept, digits, exponent);
  return strtod(out, NULL);
}

struct tcx_value *tcx__number_value(struct tcx_arena *arena, struct tcx_str text) {
  int64_t i = 0;
  double d = 0;
  switch (tcx__number_read(text, &i, &d)) {
  case TCX_INT:
    return tcx__value_new_int(arena, i);
  case TCX_DOUBLE:
    return tcx__value_new_num(arena, d);
  default:
    break;
  }
  struct tcx_value *v = tcx__value_new_str_copy(arena, text.p, text.n);
  if (v != NULL)
    v->type = TCX_BIGNUM;
  return v;
}

size_t tcx__number_scan(const char *p, const char *end) {
  const char *start = p;
  if (p < end && *p == '-')
    p++;
  if (p == end || !is_digit(*p))
    return 0;
  if (*p == '0')
    p++;
  else
    while (p < end && is_digit(*p))
      p++;
  if (end - p > 1 && *p == '.' && is_digit(p[1]))
    for (p++; p < end && is_digit(*p);)
      p++;
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char *e = p + 1;
    if (e < end && (*e == '-' || *e == '+'))
      e++;
    if (e < end && is_digit(*e)) {
      while (e < end && is_digit(*e))
        e++;
      p = e;
    }
  }
  return (size_t)(p - start);
}

static size_t lay_out(char *out, const struct decimal *d) {
  char *to = out;
  int point = d->count + d->exponent; /* digits before the point */
  if (d->negative)
    *to++ = '-';
  if (point > 16 || point < -3) {
    *to++ = d->digits[0];
    if (d->count > 1) {
      *to++ = '.';
      memcpy(to, d->digits + 1, (size_t)d->count - 1);
      to += d->count - 1;
    }
    to += snprintf(to, 6, "e%+03d", point - 1);
    return (size_t)(to - out);
  }
  if (point <= 0)
    *to++ = '0';
  for (int i = 0; i < point; i++)
    *to++ = i < d->count ? d->digits[i] : '0';
  *to++ = '.';
  for (int i = point; i < 0; i++)
    *to++ = '0';
  for (int i = point > 0 ? point : 0; i < d->count; i++)
    *to++ = d->digits[i];
  if (point >= d->count)
    *to++ = '0';
  return (size_t)(to - out);
}

size_t tcx__number_write(char out[TCX__NUMBER_TEXT], double d) {
  if (d == 0) {
    const char *zero = signbit(d) ? "-0.0" : "0.0";
    memcpy(out, zero, strlen(zero));
    return strlen(zero);
  }
  struct decimal digits;
  int count = fabs(d) < DBL_MIN ? 1 : EXACT_DIGITS; /* the tiny ones have fewer digits */
  do
    digits = digits_of(d, count);
  while (count++ < DIGITS_MAX && nearest(&digits) != d);
  return lay_out(out, &digits);
}
