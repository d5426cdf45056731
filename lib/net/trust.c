/*
 * trust.c - trust anchors out of a PEM bundle.
 *
 * A bundle is read once a session, when the first TLS connection needs it, and kept. Of each
 * certificate only the name, the key and whether it is an authority's are wanted, so our own reader
 * takes them: BearSSL's decoders need 40 ms for a system's bundle, which is most of what a
 * program's first answer over TLS would take. A certificate that cannot be read (an unknown kind of
 * key) is left out, as others do; a bundle without any usable one is an error.
 */
#include "net/trust.h"
#include "base/codec.h"
#include "base/mem.h"
#include "net/certificate.h"
#include "net/pem.h"
#include "net/trust_anchors.h"
#include <stdio.h>
#include <string.h>

#define BUNDLE_MAX (32u * 1024 * 1024)
#define RSA_MAX    512 /* bytes of a modulus: BearSSL goes up to 4096 bits */
#define EC_MAX     133 /* bytes of a point of P-521 */

/* Where Debian, Red Hat, SUSE, Alpine and the BSDs keep the system's bundle. */
static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt",
                                             "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

static bool room_for_one(struct tcx_trust *trust) {
  if (trust->count < trust->cap)
    return true;
  size_t cap = trust->cap > 0 ? trust->cap * 2 : 32;
  br_x509_trust_anchor *anchors = tcx__reallocarray(trust->anchors, cap, sizeof *anchors);
  if (anchors == NULL)
    return false;
  trust->anchors = anchors;
  trust->cap = cap;
  return true;
}

static size_t length(struct tcx_der content) { return (size_t)(content.end - content.p); }

/* ---- keys ---- */

static bool read_rsa(struct tcx_der bits, struct tcx_der *n, struct tcx_der *e) {
  struct tcx_der pair;
  if (!tcx__der_expect(&bits, 0x30, &pair) || !tcx__der_expect(&pair, 0x02, n) ||
      !tcx__der_expect(&pair, 0x02, e))
    return false;
  while (n->p < n->end && *n->p == 0)
    n->p++;
  while (e->p < e->end && *e->p == 0)
    e->p++;
  return length(*n) > 0 && length(*n) <= RSA_MAX && length(*e) > 0 && length(*e) <= 4;
}

static int curve_of(struct tcx_der oid) {
  static const unsigned char p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
                             p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22},
                             p521[] = {0x2b, 0x81, 0x04, 0x00, 0x23};
  return tcx__der_is(oid, p256, sizeof p256)   ? BR_EC_secp256r1
         : tcx__der_is(oid, p384, sizeof p384) ? BR_EC_secp384r1
         : tcx__der_is(oid, p521, sizeof p521) ? BR_EC_secp521r1
                                               : 0;
}

/* The key's kind, its curve, and its one or two numbers. False for kinds that BearSSL cannot
 * use. */
static bool read_key(struct tcx_der info, br_x509_pkey *key, struct tcx_der parts[2]) {
  static const unsigned char rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01},
                             ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
  struct tcx_der algorithm, oid, curve, bits;
  if (!tcx__der_expect(&info, 0x30, &algorithm) || !tcx__der_expect(&algorithm, 0x06, &oid) ||
      !tcx__der_expect(&info, 0x03, &bits) || length(bits) < 2 || *bits.p++ != 0)
    return false;
  parts[1] = (struct tcx_der){bits.end, bits.end};
  if (tcx__der_is(oid, rsa, sizeof rsa)) {
    key->key_type = BR_KEYTYPE_RSA;
    return read_rsa(bits, &parts[0], &parts[1]);
  }
  key->key_type = BR_KEYTYPE_EC;
  parts[0] = bits;
  return tcx__der_is(oid, ec, sizeof ec) && tcx__der_expect(&algorithm, 0x06, &curve) &&
         (key->key.ec.curve = curve_of(curve)) != 0 && length(bits) <= EC_MAX;
}

static bool is_authority(const struct tcx_certificate *certificate) {
  static const unsigned char basic_constraints[] = {0x55, 0x1d, 0x13};
  struct tcx_der value, in, flag;
  bool found;
  return tcx__certificate_extension(certificate, basic_constraints, sizeof basic_constraints,
                                    &value, &found) &&
         found && tcx__der_expect(&value, 0x30, &in) && tcx__der_expect(&in, 0x01, &flag) &&
         length(flag) == 1 && *flag.p != 0;
}

/* ---- certificates ---- */

/* One certificate becomes an anchor, if it can. Only UV_ENOMEM is an error. */
static int add_certificate(struct tcx_trust *trust, const unsigned char *der, size_t n) {
  struct tcx_certificate certificate;
  struct tcx_der parts[2];
  br_x509_pkey key;
  if (!tcx__certificate_read(der, n, &certificate) || !read_key(certificate.key, &key, parts))
    return 0;
  size_t name = length(certificate.subject), first = length(parts[0]), second = length(parts[1]);
  unsigned char *block = room_for_one(trust) ? tcx__malloc(name + first + second) : NULL;
  if (block == NULL)
    return UV_ENOMEM;
  memcpy(block, certificate.subject.p, name);
  memcpy(block + name, parts[0].p, first);
  memcpy(block + name + first, parts[1].p, second);
  if (key.key_type == BR_KEYTYPE_RSA)
    key.key.rsa = (br_rsa_public_key){block + name, first, block + name + first, second};
  else
    key.key.ec = (br_ec_public_key){key.key.ec.curve, block + name, first};
  trust->anchors[trust->count++] = (br_x509_trust_anchor){
      .dn = {block, name}, .flags = is_authority(&certificate) ? BR_X509_TA_CA : 0, .pkey = key};
  return 0;
}

int tcx__trust_add(struct tcx_trust *trust, struct tcx_str text) {
  struct tcx_str label, block;
  struct tcx_buf der;
  int status = 0;
  tcx__buf_init(&der, NULL, TCX__CERTIFICATE_MAX);
  while (status == 0 && tcx__pem_next(&text, &label, &block)) {
    if (!tcx__str_is(label, "CERTIFICATE") || block.n > TCX__CERTIFICATE_MAX)
      continue;
    der.len = 0;
    status = tcx__base64_decode(&der, block.p, block.n);
    if (status == 0)
      status = add_certificate(trust, (const unsigned char *)der.data, der.len);
    else if (status != UV_ENOMEM)
      status = 0; /* not base64: left out, like a certificate that is not one */
  }
  tcx__buf_free(&der);
  return status != 0 ? status : trust->count == 0 ? TCX_ECONFIG : 0;
}

/* ---- files ---- */

void tcx__trust_free(struct tcx_trust *trust) {
  for (size_t i = 0; i < trust->count; i++)
    tcx__free(trust->anchors[i].dn.data);
  tcx__free(trust->anchors);
  tcx__free(trust);
}

static char *read_bundle(const char **path, size_t *size, int *status) {
  if (*path != NULL)
    return tcx__pem_read_file(*path, BUNDLE_MAX, size, status);
  for (size_t i = 0; i < sizeof system_bundles / sizeof system_bundles[0]; i++) {
    *path = system_bundles[i];
    char *text = tcx__pem_read_file(*path, BUNDLE_MAX, size, status);
    if (text != NULL || *status != UV_ENOENT)
      return text;
  }
  return NULL;
}

struct tcx_trust *tcx__trust_get(struct tcx_net *net, const char *path, int *status, char *why,
                                 size_t why_size) {
  const char *key = path != NULL ? path : "";
  for (struct tcx_trust *trust = net->trusts; trust != NULL; trust = trust->next)
    if (strcmp(trust->path, key) == 0)
      return trust;
  struct tcx_trust *trust = tcx__calloc(1, sizeof *trust + strlen(key) + 1);
  size_t size;
  char *text = NULL;
  *status = UV_ENOMEM;
  if (trust != NULL && (text = read_bundle(&path, &size, status)) != NULL) {
    memcpy(trust->path, key, strlen(key));
    *status = tcx__trust_add(trust, (struct tcx_str){text, size});
    tcx__free(text);
  }
  if (*status == 0) {
    tcx__net_log(net, TCX_LOG_DEBUG, "tls", "%zu certificates of authorities from %s", trust->count,
                 path);
    trust->next = net->trusts;
    net->trusts = trust;
    return trust;
  }
  if (*status == UV_ENOMEM)
    snprintf(why, why_size, "out of memory");
  else
    snprintf(why, why_size, "the CA bundle %s cannot be used: %s", path,
             *status == TCX_ECONFIG ? "it holds no certificate" : tcx_strerror(*status));
  if (*status != UV_ENOMEM)
    *status = TCX_ECONFIG;
  if (trust != NULL)
    tcx__trust_free(trust);
  return NULL;
}

void tcx__trust_free_all(struct tcx_trust *trusts) {
  while (trusts != NULL) {
    struct tcx_trust *next = trusts->next;
    tcx__trust_free(trusts);
    trusts = next;
  }
}
