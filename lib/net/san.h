/*
 * san.h - what net reads of a server's own certificate beside BearSSL: its subjectAltName, its time
 * of validity, whether it is self-signed. Pure.
 *
 * BearSSL has no IP addresses in names and falls back to the common name; and its error for a wrong
 * time does not say which. This reader never decides that a certificate is good: it is asked after
 * BearSSL has validated the chain, or to find words for a refusal.
 */
#ifndef TCX_NET_SAN_H
#define TCX_NET_SAN_H
#include "net/certificate.h"

struct tcx_leaf {
  bool has_san;
  bool ip_matches;  /* an iPAddress name is the one that was asked for */
  bool self_signed; /* issuer and subject are the same */
  bool has_times;
  int64_t not_before, not_after; /* Unix seconds */
  /* the first DNS and IP names, "a.example, *.b.example, 10.0.0.1", printable; for sentences */
  char names[160];
};
/* ip: 4 or 16 bytes, or NULL. False when the certificate is malformed (then *leaf is not to be
 * used). */
bool tcx__leaf_read(const unsigned char *der, size_t n, const unsigned char *ip, size_t ip_len,
                    struct tcx_leaf *leaf);
#endif
