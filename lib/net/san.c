/* san.c - see san.h. */
#include "net/san.h"
#include "base/time.h"
#include <stdio.h>
#include <string.h>

/* ---- times: UTCTime YYMMDDHHMMSSZ, GeneralizedTime YYYYMMDDHHMMSSZ ---- */

static bool two_digits(const unsigned char *p, int *out) {
  if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
    return false;
  *out = (p[0] - '0') * 10 + (p[1] - '0');
  return true;
}

static bool read_time(struct tcx_der *at, int64_t *out) {
  unsigned tag;
  struct tcx_der in;
  struct tcx_civil c = {0};
  int century = 0, year;
  if (!tcx__der_next(at, &tag, &in))
    return false;
  size_t n = (size_t)(in.end - in.p);
  if (tag == 0x18 && n == 15) {
    if (!two_digits(in.p, &century))
      return false;
    in.p += 2;
  } else if (tag != 0x17 || n != 13) {
    return false;
  }
  if (!two_digits(in.p, &year) || !two_digits(in.p + 2, &c.month) ||
      !two_digits(in.p + 4, &c.day) || !two_digits(in.p + 6, &c.hour) ||
      !two_digits(in.p + 8, &c.minute) || !two_digits(in.p + 10, &c.second) || in.p[12] != 'Z')
    return false;
  if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour > 23 || c.minute > 59 ||
      c.second > 60)
    return false;
  c.year = tag == 0x18 ? century * 100 + year : year + (year < 50 ? 2000 : 1900);
  *out = tcx__time_from_civil(&c);
  return true;
}

/* ---- names ---- */

static void add_name(struct tcx_leaf *leaf, const char *text, size_t n) {
  size_t len = strlen(leaf->names);
  if (len + n + 3 > sizeof leaf->names)
    return;
  if (len > 0) {
    memcpy(leaf->names + len, ", ", 2);
    len += 2;
  }
  for (size_t i = 0; i < n; i++)
    leaf->names[len++] = text[i] > 0x20 && text[i] < 0x7f ? text[i] : '?';
  leaf->names[len] = '\0';
}

static void add_ip(struct tcx_leaf *leaf, const unsigned char *p, size_t n) {
  char text[48];
  if (n == 4)
    snprintf(text, sizeof text, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
  else
    for (size_t i = 0; i < 8; i++)
      snprintf(text + i * 5, 6, i < 7 ? "%02x%02x:" : "%02x%02x", p[2 * i], p[2 * i + 1]);
  add_name(leaf, text, strlen(text));
}

static bool read_names(struct tcx_der value, const unsigned char *ip, size_t ip_len,
                       struct tcx_leaf *leaf) {
  struct tcx_der names, in;
  unsigned tag;
  if (!tcx__der_expect(&value, 0x30, &names) || value.p != value.end)
    return false;
  leaf->has_san = true;
  while (names.p < names.end) {
    if (!tcx__der_next(&names, &tag, &in))
      return false;
    size_t n = (size_t)(in.end - in.p);
    if (tag == 0x82)
      add_name(leaf, (const char *)in.p, n);
    if (tag != 0x87 || (n != 4 && n != 16))
      continue;
    add_ip(leaf, in.p, n);
    if (ip != NULL && tcx__der_is(in, ip, ip_len))
      leaf->ip_matches = true;
  }
  return true;
}

bool tcx__leaf_read(const unsigned char *der, size_t n, const unsigned char *ip, size_t ip_len,
                    struct tcx_leaf *leaf) {
  static const unsigned char subject_alt_name[] = {0x55, 0x1d, 0x11};
  struct tcx_certificate certificate;
  struct tcx_der value;
  bool found;
  memset(leaf, 0, sizeof *leaf);
  if (!tcx__certificate_read(der, n, &certificate) ||
      !tcx__certificate_extension(&certificate, subject_alt_name, sizeof subject_alt_name, &value,
                                  &found))
    return false;
  leaf->self_signed = tcx__der_is(certificate.issuer, certificate.subject.p,
                                  (size_t)(certificate.subject.end - certificate.subject.p));
  leaf->has_times = read_time(&certificate.validity, &leaf->not_before) &&
                    read_time(&certificate.validity, &leaf->not_after);
  return !found || read_names(value, ip, ip_len, leaf);
}
