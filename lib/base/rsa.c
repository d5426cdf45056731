#include "base/rsa.h"
#include "base/hash.h"
#include "base/mem.h"
#include <bearssl.h>
#include <uv.h>

struct tcx_rsa_key {
  br_skey_decoder_context decoder; /* holds the key's numbers */
};

int tcx__rsa_key_new(const void *der, size_t n, struct tcx_rsa_key **out, const char **why) {
  struct tcx_rsa_key *key = tcx__calloc(1, sizeof *key);
  if (key == NULL)
    return UV_ENOMEM;
  br_skey_decoder_init(&key->decoder);
  br_skey_decoder_push(&key->decoder, der, n);
  *why = NULL;
  if (br_skey_decoder_last_error(&key->decoder) != 0)
    *why = "its key is neither RSA nor EC, or malformed";
  else if (br_skey_decoder_key_type(&key->decoder) != BR_KEYTYPE_RSA)
    *why = "its key is no RSA key";
  else if ((br_skey_decoder_get_rsa(&key->decoder)->n_bitlen + 7) / 8 > TCX__RSA_MAX)
    *why = "its key has more than 4096 bits";
  if (*why == NULL) {
    *out = key;
    return 0;
  }
  tcx__rsa_key_free(key);
  return UV_EINVAL;
}

size_t tcx__rsa_sha1_sign(const struct tcx_rsa_key *key, const void *text, size_t n,
                          unsigned char out[TCX__RSA_MAX]) {
  unsigned char digest[20];
  const br_rsa_private_key *rsa = br_skey_decoder_get_rsa(&key->decoder);
  tcx__sha1(text, n, digest);
  br_rsa_pkcs1_sign sign = br_rsa_pkcs1_sign_get_default();
  return sign(BR_HASH_OID_SHA1, digest, sizeof digest, rsa, out) == 1 ? (rsa->n_bitlen + 7) / 8 : 0;
}

void tcx__rsa_key_free(struct tcx_rsa_key *key) {
  if (key == NULL)
    return;
  tcx__wipe(key, sizeof *key);
  tcx__free(key);
}
