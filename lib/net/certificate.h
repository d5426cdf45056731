/*
 * certificate.h - a bounded DER reader that knows the way to the fields of an X.509 certificate.
 * Pure; nothing is copied.
 *
 * It checks the form of what it passes and nothing else: signatures, times and constraints are
 * BearSSL's.
 */
#ifndef TCX_NET_CERTIFICATE_H
#define TCX_NET_CERTIFICATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCX__CERTIFICATE_MAX (64u * 1024)

struct tcx_der {
  const unsigned char *p, *end;
};

/* The next element: its tag, its content in *in; at moves past it. Definite lengths of up to 4
 * bytes, in the shortest form. */
bool tcx__der_next(struct tcx_der *at, unsigned *tag, struct tcx_der *in);
bool tcx__der_expect(struct tcx_der *at, unsigned tag, struct tcx_der *in);
bool tcx__der_is_next(const struct tcx_der *at, unsigned tag);
bool tcx__der_is(struct tcx_der content, const void *bytes, size_t n);

struct tcx_certificate {
  struct tcx_der issuer, subject; /* whole Names, tag and length included */
  struct tcx_der validity;        /* content: two times */
  struct tcx_der key;             /* content: SubjectPublicKeyInfo */
  struct tcx_der extensions;      /* content: of the list; empty when there is none */
};
bool tcx__certificate_read(const unsigned char *der, size_t n, struct tcx_certificate *out);
/* The extension's value; *found false when it is absent. False when the list is malformed or holds
 * it twice. */
bool tcx__certificate_extension(const struct tcx_certificate *certificate, const void *oid,
                                size_t oid_len, struct tcx_der *value, bool *found);
#endif
