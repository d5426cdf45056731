/*
 * trust.c - trust anchors out of a PEM bundle.
 *
 * A bundle is read once a session, when the first TLS connection needs it, and kept: it is a few hundred kilobytes of text and some milliseconds of decoding. A certificate that cannot be
 * decoded (an unknown kind of key) is left out, as others do; a bundle without any usable one is an error.
 */
#include "net/trust.h"
#include "net/trust_anchors.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE_MAX (32u * 1024 * 1024)
#define CERTIFICATE_MAX (64u * 1024)

/* Where Debian, Red Hat, SUSE, Alpine and the BSDs keep the system's bundle. */
static const char *const system_bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

struct tcx_trust {
  struct tcx_trust *next;
  br_x509_trust_anchor *anchors;     /* each one's bytes are one allocation, dn.data */
  size_t count, cap;
  char path[];                       /* "" = the system's */
};

/* One certificate on its way from text to anchor. */
struct reader {
  struct tcx_trust *trust;
  unsigned char *der;                /* CERTIFICATE_MAX */
  size_t len;
  unsigned char *dn;
  size_t dn_len, dn_cap;
  bool too_long, no_memory;
};

static void append_der(void *ctx, const void *p, size_t n) {
  struct reader *r = ctx;
  if (n > CERTIFICATE_MAX - r->len) {
    r->too_long = true;
    return;
  }
  memcpy(r->der + r->len, p, n);
  r->len += n;
}

static void append_dn(void *ctx, const void *p, size_t n) {
  struct reader *r = ctx;
  if (r->dn_len + n > r->dn_cap) {
    size_t cap = (r->dn_len + n) * 2;
    unsigned char *dn = tcx__realloc(r->dn, cap);
    if (dn == NULL) {
      r->no_memory = true;
      return;
    }
    r->dn = dn;
    r->dn_cap = cap;
  }
  memcpy(r->dn + r->dn_len, p, n);
  r->dn_len += n;
}

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

/* The name and the key move into one block. */
static void add_anchor(struct reader *r, const br_x509_pkey *key, bool is_ca) {
  size_t key_len = key->key_type == BR_KEYTYPE_RSA ? key->key.rsa.nlen + key->key.rsa.elen : key->key.ec.qlen;
  unsigned char *block = room_for_one(r->trust) ? tcx__malloc(r->dn_len + key_len + 1) : NULL;
  if (block == NULL) {
    r->no_memory = true;
    return;
  }
  br_x509_trust_anchor *anchor = &r->trust->anchors[r->trust->count++];
  unsigned char *at = block + r->dn_len;
  *anchor = (br_x509_trust_anchor){.dn = {block, r->dn_len}, .flags = is_ca ? BR_X509_TA_CA : 0, .pkey = *key};
  if (r->dn_len > 0)
    memcpy(block, r->dn, r->dn_len);
  if (key->key_type == BR_KEYTYPE_RSA) {
    memcpy(at, key->key.rsa.n, key->key.rsa.nlen);
    memcpy(at + key->key.rsa.nlen, key->key.rsa.e, key->key.rsa.elen);
    anchor->pkey.key.rsa.n = at;
    anchor->pkey.key.rsa.e = at + key->key.rsa.nlen;
  } else {
    memcpy(at, key->key.ec.q, key->key.ec.qlen);
    anchor->pkey.key.ec.q = at;
  }
}

static void end_certificate(struct reader *r) {
  br_x509_decoder_context decoder;
  if (r->too_long)
    return;
  r->dn_len = 0;
  br_x509_decoder_init(&decoder, append_dn, r);
  br_x509_decoder_push(&decoder, r->der, r->len);
  const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
  if (key != NULL && !r->no_memory && (key->key_type == BR_KEYTYPE_RSA || key->key_type == BR_KEYTYPE_EC))
    add_anchor(r, key, br_x509_decoder_isCA(&decoder) != 0);
}

static void read_pem(struct reader *r, const char *text, size_t n) {
  br_pem_decoder_context pem;
  bool wanted = false;
  br_pem_decoder_init(&pem);
  while (n > 0 && !r->no_memory) {
    size_t used = br_pem_decoder_push(&pem, text, n);
    text += used;
    n -= used;
    switch (br_pem_decoder_event(&pem)) {
    case BR_PEM_BEGIN_OBJ:
      wanted = strcmp(br_pem_decoder_name(&pem), "CERTIFICATE") == 0 || strcmp(br_pem_decoder_name(&pem), "X509 CERTIFICATE") == 0;
      r->len = 0;
      r->too_long = false;
      br_pem_decoder_setdest(&pem, wanted ? append_der : NULL, r);
      break;
    case BR_PEM_END_OBJ:
      if (wanted)
        end_certificate(r);
      wanted = false;
      break;
    case BR_PEM_ERROR:
      wanted = false;
      break;
    default:
      break;
    }
  }
}

/* The whole file, from tcx__malloc; NULL with *status. */
static char *read_file(const char *path, size_t *size, int *status) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    *status = uv_translate_sys_error(errno);
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  char *text = NULL;
  size_t len = 0, want = (size_t)info.st_size;
  *status = info.st_size < 0 || want > BUNDLE_MAX ? UV_EFBIG : (text = tcx__malloc(want + 1)) == NULL ? UV_ENOMEM : 0;
  while (*status == 0 && len < want) {
    ssize_t n = read(fd, text + len, want - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      *status = uv_translate_sys_error(errno);
    if (n <= 0)
      break;
    len += (size_t)n;
  }
  close(fd);
  if (*status != 0) {
    tcx__free(text);
    return NULL;
  }
  *size = len;
  return text;
}

static void free_trust(struct tcx_trust *trust) {
  for (size_t i = 0; i < trust->count; i++)
    tcx__free(trust->anchors[i].dn.data);
  tcx__free(trust->anchors);
  tcx__free(trust);
}

static int decode(struct tcx_trust *trust, const char *text, size_t n) {
  struct reader r = {.trust = trust, .der = tcx__malloc(CERTIFICATE_MAX)};
  if (r.der == NULL)
    return UV_ENOMEM;
  read_pem(&r, text, n);
  tcx__free(r.der);
  tcx__free(r.dn);
  return r.no_memory ? UV_ENOMEM : trust->count == 0 ? TCX_ECONFIG : 0;
}

static char *read_bundle(const char **path, size_t *size, int *status) {
  if (*path != NULL)
    return read_file(*path, size, status);
  for (size_t i = 0; i < sizeof system_bundles / sizeof system_bundles[0]; i++) {
    *path = system_bundles[i];
    char *text = read_file(*path, size, status);
    if (text != NULL || *status != UV_ENOENT)
      return text;
  }
  return NULL;
}

struct tcx_trust *tcx__trust_get(struct tcx_net *net, const char *path, int *status, char *why, size_t why_size) {
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
    *status = decode(trust, text, size);
    tcx__free(text);
  }
  if (*status == 0) {
    tcx__net_log(net, TCX_LOG_DEBUG, "tls", "%zu certificates of authorities from %s", trust->count, path);
    trust->next = net->trusts;
    net->trusts = trust;
    return trust;
  }
  if (*status == UV_ENOMEM)
    snprintf(why, why_size, "out of memory");
  else
    snprintf(why, why_size, "the CA bundle %s cannot be used: %s", path, *status == TCX_ECONFIG ? "it holds no certificate" : tcx_strerror(*status));
  if (*status != UV_ENOMEM)
    *status = TCX_ECONFIG;
  if (trust != NULL)
    free_trust(trust);
  return NULL;
}

const br_x509_trust_anchor *tcx__trust_anchors(const struct tcx_trust *trust, size_t *count) {
  *count = trust->count;
  return trust->anchors;
}

void tcx__trust_free_all(struct tcx_trust *trusts) {
  while (trusts != NULL) {
    struct tcx_trust *next = trusts->next;
    free_trust(trusts);
    trusts = next;
  }
}
