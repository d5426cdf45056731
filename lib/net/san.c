/* san.c - a bounded DER reader that knows just the way to the fields it is asked for. */
#include "net/san.h"
#include "base/time.h"
#include <stdio.h>
#include <string.h>

struct der { const unsigned char *p, *end; };

/* The next element: its tag, its content in *in; at moves past it. Definite lengths of up to 4 bytes, in the shortest form. */
static bool next(struct der *at, unsigned *tag, struct der *in) {
  if (at->end - at->p < 2 || (at->p[0] & 0x1f) == 0x1f)
    return false;
  *tag = at->p[0];
  size_t len = at->p[1], bytes = 0;
  at->p += 2;
  if (len >= 0x80) {
    bytes = len & 0x7f;
    if (bytes == 0 || bytes > 4 || (size_t)(at->end - at->p) < bytes)
      return false;
    len = 0;
    for (size_t i = 0; i < bytes; i++)
      len = len << 8 | at->p[i];
    if (len < 0x80 || at->p[0] == 0)
      return false;
    at->p += bytes;
  }
  if ((size_t)(at->end - at->p) < len)
    return false;
  *in = (struct der){at->p, at->p + len};
  at->p += len;
  return true;
}

static bool expect(struct der *at, unsigned want, struct der *in) {
  unsigned tag;
  return next(at, &tag, in) && tag == want;
}

static bool is_next(const struct der *at, unsigned tag) {
  return at->p < at->end && at->p[0] == tag;
}

static bool same(struct der a, struct der b) {
  return a.end - a.p == b.end - b.p && memcmp(a.p, b.p, (size_t)(a.end - a.p)) == 0;
}

/* ---- times: UTCTime YYMMDDHHMMSSZ, GeneralizedTime YYYYMMDDHHMMSSZ ---- */

static bool two_digits(const unsigned char *p, int *out) {
  if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
    return false;
  *out = (p[0] - '0') * 10 + (p[1] - '0');
  return true;
}

static bool read_time(struct der *at, int64_t *out) {
  unsigned tag;
  struct der in;
  struct tcx_civil c = {0};
  int century = 0, year;
  if (!next(at, &tag, &in))
    return false;
  size_t n = (size_t)(in.end - in.p);
  if (tag == 0x18 && n == 15) {
    if (!two_digits(in.p, &century))
      return false;
    in.p += 2;
  } else if (tag != 0x17 || n != 13) {
    return false;
  }
  if (!two_digits(in.p, &year) || !two_digits(in.p + 2, &c.month) || !two_digits(in.p + 4, &c.day) || !two_digits(in.p + 6, &c.hour) ||
      !two_digits(in.p + 8, &c.minute) || !two_digits(in.p + 10, &c.second) || in.p[12] != 'Z')
    return false;
  if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour > 23 || c.minute > 59 || c.second > 60)
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

static bool read_names(struct der value, const unsigned char *ip, size_t ip_len, struct tcx_leaf *leaf) {
  struct der names, in;
  unsigned tag;
  if (!expect(&value, 0x30, &names) || value.p != value.end)
    return false;
  leaf->has_san = true;
  while (names.p < names.end) {
    if (!next(&names, &tag, &in))
      return false;
    size_t n = (size_t)(in.end - in.p);
    if (tag == 0x82)
      add_name(leaf, (const char *)in.p, n);
    if (tag != 0x87 || (n != 4 && n != 16))
      continue;
    add_ip(leaf, in.p, n);
    if (ip != NULL && n == ip_len && memcmp(in.p, ip, n) == 0)
      leaf->ip_matches = true;
  }
  return true;
}

static bool read_extensions(struct der list, const unsigned char *ip, size_t ip_len, struct tcx_leaf *leaf) {
  static const unsigned char subject_alt_name[] = {0x55, 0x1d, 0x11};
  struct der all, one, oid, value;
  if (!expect(&list, 0x30, &all))
    return false;
  while (all.p < all.end) {
    if (!expect(&all, 0x30, &one) || !expect(&one, 0x06, &oid))
      return false;
    if (is_next(&one, 0x01) && !expect(&one, 0x01, &value)) /* critical */
      return false;
    if (!expect(&one, 0x04, &value))
      return false;
    if (same(oid, (struct der){subject_alt_name, subject_alt_name + sizeof subject_alt_name})) {
      if (leaf->has_san || !read_names(value, ip, ip_len, leaf))
        return false;
    }
  }
  return true;
}

bool tcx__leaf_read(const unsigned char *der, size_t n, const unsigned char *ip, size_t ip_len, struct tcx_leaf *leaf) {
  struct der file = {der, der + n}, certificate, tbs, in, issuer, subject, validity;
  unsigned tag;
  memset(leaf, 0, sizeof *leaf);
  if (n > TCX__LEAF_MAX || !expect(&file, 0x30, &certificate) || !expect(&certificate, 0x30, &tbs))
    return false;
  if (is_next(&tbs, 0xa0) && !expect(&tbs, 0xa0, &in)) /* version */
    return false;
  if (!expect(&tbs, 0x02, &in) || !expect(&tbs, 0x30, &in) || !expect(&tbs, 0x30, &issuer) || !expect(&tbs, 0x30, &validity) ||
      !expect(&tbs, 0x30, &subject) || !expect(&tbs, 0x30, &in)) /* serial, algorithm, issuer, validity, subject, key */
    return false;
  leaf->self_signed = same(issuer, subject);
  leaf->has_times = read_time(&validity, &leaf->not_before) && read_time(&validity, &leaf->not_after);
  while (tbs.p < tbs.end) {
    if (!next(&tbs, &tag, &in))
      return false;
    if (tag == 0xa3)
      return read_extensions(in, ip, ip_len, leaf);
  }
  return true;
}
