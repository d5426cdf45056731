#include "creds/dpop.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "net/pem.h"
#include <uv.h>

#define PART_MAX (16 * 1024u)

int tcx__dpop_key(struct tcx_str pem, unsigned char secret[TCX__P256_SECRET]) {
  struct tcx_str label, body;
  struct tcx_buf der;
  if (pem.n > TCX__DPOP_KEY_MAX)
    return UV_EINVAL;
  do
    if (!tcx__pem_next(&pem, &label, &body))
      return UV_EINVAL;
  /* "EC PARAMETERS" may come before */
  while (!tcx__str_is(label, "PRIVATE KEY") && !tcx__str_is(label, "EC PRIVATE KEY"));
  tcx__buf_init(&der, NULL, TCX__DPOP_KEY_MAX);
  int err = tcx__base64_decode(&der, body.p, body.n);
  if (err == 0 && !tcx__p256_read(der.data, der.len, secret))
    err = UV_EINVAL;
  tcx__buf_wipe(&der);
  return err == 0 || err == UV_ENOMEM ? err : UV_EINVAL;
}

static void add_encoded(struct tcx_buf *out, const struct tcx_buf *part) {
  if (out->status == 0 && part->status != 0)
    out->status = part->status;
  else
    tcx__base64url_encode(out, part->data, part->len);
}

/* The public key is part of it: who checks the signature looks whether it is the one that was
 * granted something. */
static void add_header(struct tcx_buf *out, const unsigned char *secret) {
  unsigned char x[32], y[32];
  struct tcx_buf json;
  tcx__p256_public(secret, x, y);
  tcx__buf_init(&json, NULL, PART_MAX);
  tcx__buf_adds(&json, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"");
  tcx__base64url_encode(&json, x, sizeof x);
  tcx__buf_adds(&json, "\",\"y\":\"");
  tcx__base64url_encode(&json, y, sizeof y);
  tcx__buf_adds(&json, "\",\"crv\":\"P-256\"}}");
  add_encoded(out, &json);
  tcx__buf_free(&json);
}

static void add_claims(struct tcx_buf *out, struct tcx_str url, int64_t now, const char *id) {
  struct tcx_buf json;
  tcx__buf_init(&json, NULL, PART_MAX);
  tcx__buf_adds(&json, "{\"htm\":\"POST\",\"htu\":");
  tcx__json_write_str(&json, url.p, url.n);
  tcx__buf_printf(&json, ",\"iat\":%lld,\"jti\":\"%s\"}", (long long)now, id);
  add_encoded(out, &json);
  tcx__buf_free(&json);
}

void tcx__dpop_proof(struct tcx_buf *out, const unsigned char secret[TCX__P256_SECRET],
                     struct tcx_str url, int64_t now, const char *id) {
  unsigned char hash[32], signature[TCX__P256_RAW];
  size_t from = out->len;
  add_header(out, secret);
  tcx__buf_addc(out, '.');
  add_claims(out, url, now, id);
  if (out->status != 0)
    return;
  tcx__sha256(out->data + from, out->len - from, hash);
  tcx__p256_sign_raw(secret, hash, signature);
  tcx__buf_addc(out, '.');
  tcx__base64url_encode(out, signature, sizeof signature);
}
