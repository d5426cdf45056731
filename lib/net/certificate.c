#include "net/certificate.h"
#include <string.h>

bool tcx__der_next(struct tcx_der *at, unsigned *tag, struct tcx_der *in) {
  if (at->end - at->p < 2 || (at->p[0] & 0x1f) == 0x1f)
    return false;
  *tag = at->p[0];
  size_t len = at->p[1];
  at->p += 2;
  if (len >= 0x80) {
    size_t bytes = len & 0x7f;
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
  *in = (struct tcx_der){at->p, at->p + len};
  at->p += len;
  return true;
}

bool tcx__der_expect(struct tcx_der *at, unsigned tag, struct tcx_der *in) {
  unsigned found;
  return tcx__der_next(at, &found, in) && found == tag;
}

bool tcx__der_is_next(const struct tcx_der *at, unsigned tag) {
  return at->p < at->end && at->p[0] == tag;
}

bool tcx__der_is(struct tcx_der content, const void *bytes, size_t n) {
  return (size_t)(content.end - content.p) == n && memcmp(content.p, bytes, n) == 0;
}

/* A whole SEQUENCE, tag and length included. */
static bool whole(struct tcx_der *at, struct tcx_der *out) {
  struct tcx_der in;
  const unsigned char *begin = at->p;
  if (!tcx__der_expect(at, 0x30, &in))
    return false;
  *out = (struct tcx_der){begin, at->p};
  return true;
}

bool tcx__certificate_read(const unsigned char *der, size_t n, struct tcx_certificate *out) {
  struct tcx_der file = {der, der + n}, certificate, tbs, in;
  unsigned tag;
  memset(out, 0, sizeof *out);
  if (n > TCX__CERTIFICATE_MAX || !tcx__der_expect(&file, 0x30, &certificate) ||
      !tcx__der_expect(&certificate, 0x30, &tbs))
    return false;
  if (tcx__der_is_next(&tbs, 0xa0) && !tcx__der_expect(&tbs, 0xa0, &in)) /* version */
    return false;
  /* serial number, algorithm */
  if (!tcx__der_expect(&tbs, 0x02, &in) || !tcx__der_expect(&tbs, 0x30, &in))
    return false;
  if (!whole(&tbs, &out->issuer) || !tcx__der_expect(&tbs, 0x30, &out->validity) ||
      !whole(&tbs, &out->subject) || !tcx__der_expect(&tbs, 0x30, &out->key))
    return false;
  while (tbs.p < tbs.end) {
    if (!tcx__der_next(&tbs, &tag, &in))
      return false;
    if (tag == 0xa3)
      return tcx__der_expect(&in, 0x30, &out->extensions);
  }
  return true;
}

bool tcx__certificate_extension(const struct tcx_certificate *certificate, const void *oid,
                                size_t oid_len, struct tcx_der *value, bool *found) {
  struct tcx_der all = certificate->extensions, one, id, in;
  *found = false;
  while (all.p < all.end) {
    if (!tcx__der_expect(&all, 0x30, &one) || !tcx__der_expect(&one, 0x06, &id))
      return false;
    if (tcx__der_is_next(&one, 0x01) && !tcx__der_expect(&one, 0x01, &in)) /* critical */
      return false;
    if (!tcx__der_expect(&one, 0x04, &in))
      return false;
    if (!tcx__der_is(id, oid, oid_len))
      continue;
    if (*found)
      return false;
    *found = true;
    *value = in;
  }
  return true;
}
