/* trust_anchors.h - the inside of a bundle, for trust.c, tls.c and tests. */
#ifndef TCX_NET_TRUST_ANCHORS_H
#define TCX_NET_TRUST_ANCHORS_H
#include "net/trust.h"
#include <bearssl.h>

struct tcx_trust {
  struct tcx_trust *next;
  br_x509_trust_anchor *anchors; /* each one's bytes are one allocation, dn.data */
  size_t count, cap;
  char path[]; /* "" = the system's */
};
/* Adds the certificates of a PEM text. UV_ENOMEM, or TCX_ECONFIG when trust holds none after it. */
int tcx__trust_add(struct tcx_trust *trust, struct tcx_str text);
void tcx__trust_free(struct tcx_trust *trust);
#endif
