/*
 * dpop.h - a proof of possession (RFC 9449): a signed token that travels with a request, so that
 * what was granted to a key is of no use to who only sees the request. Pure.
 */
#ifndef TCX_CREDS_DPOP_H
#define TCX_CREDS_DPOP_H
#include "base/buf.h"
#include "base/ecdsa.h"

#define TCX__DPOP_KEY_MAX (8 * 1024u) /* bytes of a key in PEM form */

/* The key of a text in PEM form, on P-256, not encrypted; the text may be anything. UV_ENOMEM,
 * UV_EINVAL. Wipe secret. */
int tcx__dpop_key(struct tcx_str pem, unsigned char secret[TCX__P256_SECRET]);
/* Appends the proof of a POST to url. now: Unix seconds; id: unique for each. */
void tcx__dpop_proof(struct tcx_buf *out, const unsigned char secret[TCX__P256_SECRET],
                     struct tcx_str url, int64_t now, const char *id);
#endif
