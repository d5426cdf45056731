/* sign.h - what the files of lib/auth share: the canonical request, the scope, the key and the
 * signature. */
#ifndef TCX_AUTH_SIGN_H
#define TCX_AUTH_SIGN_H
#include "auth/auth.h"
#include <string.h>

/* The headers that are signed, Host among them, sorted by their names in lower case; repeated ones
 * in order of appearance. */
struct tcx_signed_headers {
  struct tcx_header *list; /* local, or in the request's arena when there are more */
  unsigned count;
  struct tcx_str names; /* "host;x-amz-date", in the request's arena */
  struct tcx_header local[32];
};
int tcx__signed_headers(struct tcx_signed_headers *h,
                        const struct tcx_request *req); /* 0 or UV_ENOMEM */

/* Hashes the canonical request. query is encoded, payload its last line. text (may be NULL) gets
 * the canonical request itself, in the request's arena. 0 or UV_ENOMEM. */
int tcx__canonical_hash(const struct tcx_sigv4 *s, const struct tcx_request *req,
                        const struct tcx_signed_headers *h, struct tcx_str query,
                        struct tcx_str payload, unsigned char out[32]);

/* Time, scope and key of one signature; wiped by whoever made it. */
struct tcx_signing {
  char date[17];   /* "20150830T123600Z" */
  char scope[128]; /* "20150830/us-east-1/s3/aws4_request" */
  size_t scope_len;
  struct tcx_signature_key key;
};
int tcx__signing_begin(struct tcx_signing *g, const struct tcx_sigv4 *s,
                       struct tcx_fail *f); /* 0 or TCX_EPARAM */
/* Writes the string to sign for this canonical request and its signature into s. 0 or UV_ENOMEM. */
int tcx__signing_end(const struct tcx_signing *g, struct tcx_sigv4 *s,
                     const struct tcx_request *req, const unsigned char canonical[32]);
/* "AWS4-HMAC-SHA256", or "AWS4-ECDSA-P256-SHA256". */
struct tcx_str tcx__algorithm(bool asymmetric);
/* Signature of text, as hex characters and a NUL. */
void tcx__signature(const struct tcx_signature_key *key, const char *text, size_t n,
                    char out[TCX__SIGNATURE_MAX + 1]);
/* 4A's: the secret key (TCX_EPARAM when the access key is too long), and a signature by it. */
int tcx__sigv4a_key(const struct tcx_sigv4 *s, unsigned char out[TCX__P256_SECRET],
                    struct tcx_fail *f);
void tcx__sigv4a_signature(const unsigned char secret[TCX__P256_SECRET], const char *text, size_t n,
                           char out[TCX__SIGNATURE_MAX + 1]);
/* The payload's line in the canonical request: a literal, borrowed from s, or in the request's
 * arena. p NULL when memory is out. */
struct tcx_str tcx__payload_text(const struct tcx_sigv4 *s, const struct tcx_request *req);
/* The key of this scope, from the cache or derived. */
void tcx__signing_key(struct tcx_signing_keys *keys, const char *secret, const char *scope,
                      struct tcx_hmac_key *out);

static inline char *tcx__append(char *at, const char *p, size_t n) {
  memcpy(at, p, n);
  return at + n;
}
#endif
