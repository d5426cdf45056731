#include "net/tls_client_cert.h"
#include "base/mem.h"
#include "net/certificate.h"
#include "net/pem.h"
#include <stdio.h>
#include <tucuxi.h>

/* bytes of a prime factor: keys of up to 4096 bits, as for servers */
#define FACTOR_MAX 256

struct tcx_client_cert {
  br_x509_certificate chain[TCX__CLIENT_CERT_CHAIN_MAX]; /* each one's bytes are one allocation */
  size_t count;
  br_skey_decoder_context key;
};

/* ---- reading ---- */

static int read_chain(struct tcx_client_cert *c, struct tcx_str text, struct tcx_buf *der,
                      const char **why) {
  struct tcx_str label, body;
  while (tcx__pem_next(&text, &label, &body)) {
    if (!tcx__str_is(label, "CERTIFICATE"))
      continue;
    *why = "a certificate in it is not base64, or too long";
    int status = tcx__pem_decode(body, der);
    if (status != 0)
      return status;
    *why = "it holds more than 16 certificates";
    if (c->count == TCX__CLIENT_CERT_CHAIN_MAX)
      return UV_EINVAL;
    unsigned char *copy = tcx__malloc(der->len + 1);
    if (copy == NULL)
      return UV_ENOMEM;
    memcpy(copy, der->data, der->len);
    c->chain[c->count++] = (br_x509_certificate){copy, der->len};
  }
  *why = "it holds no certificate";
  return c->count > 0 ? 0 : UV_EINVAL;
}

/* PKCS #1, SEC 1 and PKCS #8: the decoder sees which. */
static int read_key(struct tcx_client_cert *c, struct tcx_str text, struct tcx_buf *der,
                    const char **why) {
  int status = tcx__pem_private_key(text, der, why);
  if (status != 0)
    return status;
  br_skey_decoder_init(&c->key);
  br_skey_decoder_push(&c->key, der->data, der->len);
  *why = "its key is neither RSA nor EC, or malformed";
  return br_skey_decoder_last_error(&c->key) == 0 ? 0 : UV_EINVAL;
}

/* ---- whether the key is the certificate's ---- */

static bool same_rsa(const br_rsa_private_key *own, const br_x509_pkey *key) {
  unsigned char n[2 * FACTOR_MAX];
  if (key->key_type != BR_KEYTYPE_RSA)
    return false;
  const unsigned char *modulus = key->key.rsa.n;
  size_t len = key->key.rsa.nlen;
  while (len > 0 && *modulus == 0)
    modulus++, len--;
  if (own->plen > FACTOR_MAX || own->qlen > FACTOR_MAX || own->plen + own->qlen < len)
    return false;
  br_rsa_compute_modulus compute = br_rsa_compute_modulus_get_default();
  return compute(NULL, own) == len && compute(n, own) == len && memcmp(n, modulus, len) == 0;
}

static bool same_ec(const br_ec_private_key *own, const br_x509_pkey *key) {
  unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];
  br_ec_public_key pub;
  return key->key_type == BR_KEYTYPE_EC && key->key.ec.curve == own->curve &&
         br_ec_compute_pub(br_ec_get_default(), &pub, point, own) != 0 &&
         pub.qlen == key->key.ec.qlen && memcmp(pub.q, key->key.ec.q, pub.qlen) == 0;
}

static int check_pair(const struct tcx_client_cert *c, const char **why) {
  br_x509_decoder_context x509;
  br_x509_decoder_init(&x509, NULL, NULL);
  br_x509_decoder_push(&x509, c->chain[0].data, c->chain[0].data_len);
  const br_x509_pkey *key = br_x509_decoder_get_pkey(&x509);
  *why = "its certificate is malformed, or of a kind of key that TLS here does not know";
  if (key == NULL)
    return UV_EINVAL;
  bool ec = br_skey_decoder_key_type(&c->key) == BR_KEYTYPE_EC;
  *why = "the key does not belong to it";
  return (ec ? same_ec(br_skey_decoder_get_ec(&c->key), key)
             : same_rsa(br_skey_decoder_get_rsa(&c->key), key))
             ? 0
             : UV_EINVAL;
}

struct tcx_client_cert *tcx__client_cert_read(struct tcx_str cert, struct tcx_str key, int *status,
                                              const char **why, bool *in_key) {
  struct tcx_client_cert *c = tcx__calloc(1, sizeof *c);
  struct tcx_buf der;
  tcx__buf_init(&der, NULL, TCX__CERTIFICATE_MAX);
  *in_key = false;
  /* at once: what grows leaves copies of a key behind */
  *status = c == NULL ? UV_ENOMEM : tcx__buf_reserve(&der, TCX__CERTIFICATE_MAX - 1);
  if (*status == 0)
    *status = read_chain(c, cert, &der, why);
  if (*status == 0) {
    *status = read_key(c, key, &der, why);
    *in_key = *status != 0;
  }
  if (*status == 0)
    *status = check_pair(c, why);
  tcx__buf_wipe(&der);
  if (*status == 0)
    return c;
  *status = *status == UV_ENOMEM ? UV_ENOMEM : TCX_ECONFIG;
  tcx__client_cert_free(c);
  return NULL;
}

/* ---- files ---- */

static void explain(char *why, size_t size, const char *path, const char *what) {
  snprintf(why, size, "the client certificate %s cannot be used: %s", path, what);
}

struct tcx_client_cert *tcx__client_cert_load(const char *cert_path, const char *key_path,
                                              int *status, char *why, size_t why_size) {
  struct tcx_client_cert *c = NULL;
  size_t cert_size = 0, key_size = 0;
  const char *what = "out of memory", *path = cert_path;
  bool in_key = false;
  char *key = NULL,
       *cert = tcx__pem_read_file(cert_path, TCX__CLIENT_CERT_FILE_MAX, &cert_size, status);
  if (cert != NULL && key_path != NULL &&
      (key = tcx__pem_read_file(key_path, TCX__CLIENT_CERT_FILE_MAX, &key_size, status)) == NULL)
    path = key_path;
  if (cert == NULL || (key_path != NULL && key == NULL)) {
    what = tcx_strerror(*status);
    *status = *status == UV_ENOMEM ? UV_ENOMEM : TCX_ECONFIG;
  } else {
    struct tcx_str text = {cert, cert_size};
    c = tcx__client_cert_read(text, key != NULL ? (struct tcx_str){key, key_size} : text, status,
                              &what, &in_key);
    path = in_key && key_path != NULL ? key_path : cert_path;
  }
  if (c == NULL)
    explain(why, why_size, path, *status == UV_ENOMEM ? "out of memory" : what);
  if (cert != NULL)
    tcx__wipe(cert, cert_size);
  if (key != NULL)
    tcx__wipe(key, key_size);
  tcx__free(cert);
  tcx__free(key);
  return c;
}

/* ---- use ---- */

void tcx__client_cert_use(const struct tcx_client_cert *c, br_ssl_client_context *client) {
  if (br_skey_decoder_key_type(&c->key) == BR_KEYTYPE_EC)
    br_ssl_client_set_single_ec(client, c->chain, c->count, br_skey_decoder_get_ec(&c->key),
                                BR_KEYTYPE_SIGN, 0, br_ec_get_default(),
                                br_ecdsa_sign_asn1_get_default());
  else
    br_ssl_client_set_single_rsa(client, c->chain, c->count, br_skey_decoder_get_rsa(&c->key),
                                 br_rsa_pkcs1_sign_get_default());
}

void tcx__client_cert_free(struct tcx_client_cert *c) {
  if (c == NULL)
    return;
  for (size_t i = 0; i < c->count; i++)
    tcx__free(c->chain[i].data);
  tcx__wipe(&c->key, sizeof c->key);
  tcx__free(c);
}
