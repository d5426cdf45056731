/* trust_anchors.h - what tls.c sees of a bundle. */
#ifndef TCX_NET_TRUST_ANCHORS_H
#define TCX_NET_TRUST_ANCHORS_H
#include "net/trust.h"
#include <bearssl.h>
const br_x509_trust_anchor *tcx__trust_anchors(const struct tcx_trust *trust, size_t *count);
#endif
