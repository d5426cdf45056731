/* sigv4.c - signing by headers, and what all forms of signing share: payload line, scope, string to
 * sign. */
#include "auth/sign.h"
#include "base/codec.h"
#include "base/mem.h"
#include "base/time.h"

#define EMPTY_SHA256  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ALGORITHM_MAX 32 /* characters of an algorithm's name, at most */

struct tcx_str tcx__algorithm(bool asymmetric) {
  return asymmetric ? TCX__STR("AWS4-ECDSA-P256-SHA256") : TCX__STR("AWS4-HMAC-SHA256");
}

static int make_key(struct tcx_signing *g, const struct tcx_sigv4 *s, struct tcx_fail *f) {
  g->key.asymmetric = s->asymmetric;
  if (s->asymmetric)
    return tcx__sigv4a_key(s, g->key.u.ecdsa, f);
  tcx__signing_key(s->keys, s->secret_key, g->scope, &g->key.u.hmac);
  return 0;
}

int tcx__signing_begin(struct tcx_signing *g, const struct tcx_sigv4 *s, struct tcx_fail *f) {
  static const char end[] = "/aws4_request";
  size_t region = s->asymmetric ? 0 : strlen(s->region), service = strlen(s->service);
  if (region >= sizeof g->scope || service >= sizeof g->scope ||
      8 + 1 + region + 1 + service + sizeof end > sizeof g->scope)
    return tcx__fail(f, TCX_EPARAM,
                     "Region \"%.64s\" or signing name \"%.64s\" is too long to sign for",
                     s->region, s->service);
  tcx__time_amz(g->date, s->now);
  char *at = tcx__append(g->scope, g->date, 8);
  *at++ = '/';
  if (!s->asymmetric) {
    at = tcx__append(at, s->region, region);
    *at++ = '/';
  }
  at = tcx__append(at, s->service, service);
  at = tcx__append(at, end, sizeof end);
  g->scope_len = (size_t)(at - g->scope) - 1;
  return make_key(g, s, f);
}

void tcx__signature(const struct tcx_signature_key *key, const char *text, size_t n,
                    char out[TCX__SIGNATURE_MAX + 1]) {
  unsigned char mac[32];
  if (key->asymmetric) {
    tcx__sigv4a_signature(key->u.ecdsa, text, n, out);
    return;
  }
  tcx__hmac(&key->u.hmac, text, n, mac);
  tcx__hex_encode(out, mac, sizeof mac);
  out[64] = '\0';
}

int tcx__signing_end(const struct tcx_signing *g, struct tcx_sigv4 *s,
                     const struct tcx_request *req, const unsigned char canonical[32]) {
  char text[ALGORITHM_MAX + sizeof g->date + sizeof g->scope + 64];
  struct tcx_str algorithm = tcx__algorithm(s->asymmetric);
  char *at = tcx__append(text, algorithm.p, algorithm.n);
  *at++ = '\n';
  at = tcx__append(at, g->date, 16);
  *at++ = '\n';
  at = tcx__append(at, g->scope, g->scope_len);
  *at++ = '\n';
  tcx__hex_encode(at, canonical, 32);
  at += 64;
  size_t n = (size_t)(at - text);
  tcx__signature(&g->key, text, n, s->signature);
  if (s->string_to_sign == NULL)
    return 0;
  *s->string_to_sign = (struct tcx_str){tcx__arena_strndup(req->arena, text, n), n};
  return s->string_to_sign->p == NULL ? UV_ENOMEM : 0;
}

struct tcx_str tcx__payload_text(const struct tcx_sigv4 *s, const struct tcx_request *req) {
  switch (s->payload) {
  case TCX__PAYLOAD_UNSIGNED:
    return TCX__STR("UNSIGNED-PAYLOAD");
  case TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER:
    return TCX__STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  case TCX__PAYLOAD_STREAMING:
    return s->asymmetric ? TCX__STR("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
                         : TCX__STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  case TCX__PAYLOAD_STREAMING_TRAILER:
    return s->asymmetric ? TCX__STR("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER")
                         : TCX__STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
  case TCX__PAYLOAD_HASH:
    break;
  }
  if (s->payload_sha256 != NULL)
    return tcx__str(s->payload_sha256);
  if (req->body.n == 0)
    return TCX__STR(EMPTY_SHA256);
  unsigned char hash[32];
  char *hex = tcx__arena_alloc(req->arena, 64);
  if (hex == NULL)
    return (struct tcx_str){NULL, 0};
  tcx__sha256(req->body.p, req->body.n, hash);
  tcx__hex_encode(hex, hash, sizeof hash);
  return (struct tcx_str){hex, 64};
}

static int set_header(struct tcx_request *req, struct tcx_str name, struct tcx_str value,
                      struct tcx_fail *f) {
  int status = value.p == NULL ? UV_ENOMEM : tcx__headers_set(&req->headers, name, value);
  if (status == TCX_EPARAM)
    return tcx__fail(f, status, "Header %.*s would hold a line break or NUL", (int)name.n, name.p);
  return status;
}

/* The value is copied. */
static int set_text(struct tcx_request *req, struct tcx_str name, const char *text,
                    struct tcx_fail *f) {
  struct tcx_str value = tcx__str(text);
  value.p = tcx__arena_strndup(req->arena, value.p, value.n);
  return set_header(req, name, value, f);
}

static int set_token(const struct tcx_sigv4 *s, struct tcx_request *req, struct tcx_fail *f) {
  return set_text(req,
                  s->express ? TCX__STR("x-amz-s3session-token") : TCX__STR("x-amz-security-token"),
                  s->session_token, f);
}

/* The headers that go into the signature; *payload is the canonical request's last line. */
static int set_signed_headers(const struct tcx_sigv4 *s, const struct tcx_signing *g,
                              struct tcx_request *req, struct tcx_str *payload,
                              struct tcx_fail *f) {
  static const struct tcx_str sha256_name = {"x-amz-content-sha256", 20};
  int status = set_text(req, TCX__STR("x-amz-date"), g->date, f);
  if (status == 0 && s->asymmetric)
    status = set_text(req, TCX__STR("x-amz-region-set"), s->region, f);
  if (status == 0 && s->session_token != NULL && s->session_token[0] != '\0' && !s->token_after)
    status = set_token(s, req, f);
  if (status < 0)
    return status;
  bool sent = s->s3 || s->content_sha256_header || s->payload != TCX__PAYLOAD_HASH;
  const struct tcx_header *given = sent ? NULL : tcx__headers_get(&req->headers, sha256_name.p);
  *payload = given != NULL ? given->value : tcx__payload_text(s, req);
  return sent ? set_header(req, sha256_name, *payload, f) : payload->p == NULL ? UV_ENOMEM : 0;
}

static int set_authorization(const struct tcx_sigv4 *s, const struct tcx_signing *g,
                             const struct tcx_signed_headers *h, struct tcx_request *req,
                             struct tcx_fail *f) {
  static const char credential[] = " Credential=", headers[] = ", SignedHeaders=",
                    signature[] = ", Signature=";
  struct tcx_str algorithm = tcx__algorithm(s->asymmetric);
  size_t access_key = strlen(s->access_key);
  char *text = tcx__arena_alloc(req->arena, algorithm.n + sizeof credential + access_key +
                                                g->scope_len + sizeof headers + h->names.n +
                                                sizeof signature + TCX__SIGNATURE_MAX);
  if (text == NULL)
    return UV_ENOMEM;
  char *at = tcx__append(text, algorithm.p, algorithm.n);
  at = tcx__append(at, credential, sizeof credential - 1);
  at = tcx__append(at, s->access_key, access_key);
  *at++ = '/';
  at = tcx__append(at, g->scope, g->scope_len);
  at = tcx__append(at, headers, sizeof headers - 1);
  at = tcx__append(at, h->names.p, h->names.n);
  at = tcx__append(at, signature, sizeof signature - 1);
  at = tcx__append(at, s->signature, strlen(s->signature));
  return set_header(req, TCX__STR("Authorization"), (struct tcx_str){text, (size_t)(at - text)}, f);
}

int tcx__sigv4_sign(struct tcx_sigv4 *s, struct tcx_request *req, struct tcx_fail *f) {
  struct tcx_signing g;
  struct tcx_signed_headers h;
  struct tcx_str payload;
  unsigned char canonical[32];
  int status = tcx__signing_begin(&g, s, f);
  if (status < 0)
    return status;
  if ((status = set_signed_headers(s, &g, req, &payload, f)) == 0 &&
      (status = tcx__signed_headers(&h, req)) == 0 &&
      (status = tcx__canonical_hash(s, req, &h, req->query, payload, canonical)) == 0 &&
      (status = tcx__signing_end(&g, s, req, canonical)) == 0 &&
      (status = set_authorization(s, &g, &h, req, f)) == 0 && s->token_after &&
      s->session_token != NULL && s->session_token[0] != '\0')
    status = set_token(s, req, f);
  tcx__wipe(&g.key, sizeof g.key);
  return status == 0 ? 0 : tcx__fail(f, status, "%s", tcx_strerror(status));
}
