#include "net/tls_verify.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/san.h"
#include <stdio.h>
#include <string.h>

/* ---- BearSSL's X.509 engine interface ---- */

static struct tcx_verifier *self(const br_x509_class **ctx) {
  return (struct tcx_verifier *)(void *)ctx;
}

static void start_chain(const br_x509_class **ctx, const char *server_name) {
  struct tcx_verifier *v = self(ctx);
  v->leaf_len = 0;
  v->first = true;
  v->minimal.vtable->start_chain(&v->minimal.vtable, v->is_ip ? NULL : server_name);
}

static void start_cert(const br_x509_class **ctx, uint32_t length) {
  struct tcx_verifier *v = self(ctx);
  if (v->first) {
    if (length <= TCX__CERTIFICATE_MAX && length > 0) {
      v->leaf_cap = length;
      tcx__free(v->leaf);
      v->leaf = tcx__malloc(length);
      v->no_memory = v->leaf == NULL;
    }
    br_x509_decoder_init(&v->decoder, NULL, NULL);
  }
  v->minimal.vtable->start_cert(&v->minimal.vtable, length);
}

static void append(const br_x509_class **ctx, const unsigned char *p, size_t n) {
  struct tcx_verifier *v = self(ctx);
  if (v->first) {
    if (v->leaf != NULL && n <= v->leaf_cap - v->leaf_len) {
      memcpy(v->leaf + v->leaf_len, p, n);
      v->leaf_len += n;
    }
    if (v->no_verify)
      br_x509_decoder_push(&v->decoder, p, n);
  }
  v->minimal.vtable->append(&v->minimal.vtable, p, n);
}

static void end_cert(const br_x509_class **ctx) {
  struct tcx_verifier *v = self(ctx);
  v->first = false;
  v->minimal.vtable->end_cert(&v->minimal.vtable);
}

static bool read_leaf(const struct tcx_verifier *v, struct tcx_leaf *leaf) {
  return v->leaf != NULL &&
         tcx__leaf_read(v->leaf, v->leaf_len, v->is_ip ? v->ip : NULL, v->ip_len, leaf);
}

static unsigned end_chain(const br_x509_class **ctx) {
  struct tcx_verifier *v = self(ctx);
  unsigned rc = v->minimal.vtable->end_chain(&v->minimal.vtable);
  if (v->no_verify)
    return br_x509_decoder_get_pkey(&v->decoder) != NULL ? 0 : BR_ERR_X509_UNSUPPORTED;
  if (rc != 0 && rc != BR_ERR_X509_BAD_SERVER_NAME)
    return rc;
  struct tcx_leaf leaf;
  if (!read_leaf(v, &leaf))
    return BR_ERR_X509_INVALID_VALUE;
  if (!leaf.has_san)
    return TCX__ERR_NO_SAN;
  return rc == 0 && v->is_ip && !leaf.ip_matches ? BR_ERR_X509_BAD_SERVER_NAME : rc;
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages) {
  const struct tcx_verifier *v = (const struct tcx_verifier *)(const void *)ctx;
  if (!v->no_verify)
    return v->minimal.vtable->get_pkey(&v->minimal.vtable, usages);
  if (usages != NULL)
    *usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
  return br_x509_decoder_get_pkey((br_x509_decoder_context *)(uintptr_t)&v->decoder);
}

static const br_x509_class verifier_class = {
    sizeof(struct tcx_verifier), start_chain, start_cert, append, end_cert, end_chain, get_pkey};

void tcx__verifier_init(struct tcx_verifier *v, const char *host, uint64_t now, bool no_verify) {
  v->vtable = &verifier_class;
  v->no_verify = no_verify;
  v->now = now;
  v->ip_len = uv_inet_pton(AF_INET, host, v->ip) == 0    ? 4
              : uv_inet_pton(AF_INET6, host, v->ip) == 0 ? 16
                                                         : 0;
  v->is_ip = v->ip_len > 0;
  /* BearSSL counts days from the 1st of January of the year 0. */
  br_x509_minimal_set_time(&v->minimal, (uint32_t)(now / 86400 + 719528), (uint32_t)(now % 86400));
}

void tcx__verifier_free(struct tcx_verifier *v) {
  if (v == NULL)
    return;
  tcx__free(v->leaf);
  tcx__free(v);
}

/* ---- words ---- */

static void date(char out[32], int64_t seconds) {
  struct tcx_civil c = tcx__time_civil(seconds);
  snprintf(out, 32, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static const char *plain_words(int error) {
  switch (error) {
  case BR_ERR_X509_BAD_SIGNATURE:
    return "a signature in the chain is wrong";
  case BR_ERR_X509_NOT_CA:
    return "a certificate in the chain was issued by one that is not an authority's";
  case BR_ERR_X509_FORBIDDEN_KEY_USAGE:
    return "its key may not be used for this";
  case BR_ERR_X509_WEAK_PUBLIC_KEY:
    return "a key in the chain is too short";
  case BR_ERR_X509_CRITICAL_EXTENSION:
    return "the chain has a critical extension that is not supported";
  case BR_ERR_X509_DN_MISMATCH:
    return "the certificates are not in the order of a chain";
  case BR_ERR_X509_UNSUPPORTED:
    return "it uses an algorithm that is not supported";
  case BR_ERR_X509_EMPTY_CHAIN:
    return "the server sent none";
  default:
    return "it is malformed";
  }
}

bool tcx__verifier_explain(const struct tcx_verifier *v, int error, const char *host, char *out,
                           size_t size) {
  struct tcx_leaf leaf;
  char when[32];
  if (error != TCX__ERR_NO_SAN &&
      (error < BR_ERR_X509_INVALID_VALUE || error > BR_ERR_X509_NOT_TRUSTED))
    return false;
  if (v->no_memory || !read_leaf(v, &leaf))
    memset(&leaf, 0, sizeof leaf);
  int64_t now = (int64_t)v->now;
  if (error == TCX__ERR_NO_SAN) {
    snprintf(out, size, "it has no subjectAltName, which is where a certificate names its hosts");
  } else if (error == BR_ERR_X509_BAD_SERVER_NAME) {
    snprintf(out, size, "it is not for this host: it is for %s, not for %s",
             leaf.names[0] != '\0' ? leaf.names : "other names", host);
  } else if (error == BR_ERR_X509_EXPIRED && leaf.has_times && now > leaf.not_after) {
    date(when, leaf.not_after);
    snprintf(out, size, "it has expired on %s", when);
  } else if (error == BR_ERR_X509_EXPIRED && leaf.has_times && now < leaf.not_before) {
    date(when, leaf.not_before);
    snprintf(out, size, "it is not yet valid, until %s", when);
  } else if (error == BR_ERR_X509_EXPIRED) {
    snprintf(out, size, "another certificate in its chain has expired or is not yet valid");
  } else if (error == BR_ERR_X509_NOT_TRUSTED && leaf.self_signed) {
    snprintf(out, size, "it is self-signed");
  } else if (error == BR_ERR_X509_NOT_TRUSTED) {
    snprintf(out, size, "it was issued by an unknown authority (CA)");
  } else {
    snprintf(out, size, "%s (BearSSL error %d)", plain_words(error), error);
  }
  return true;
}
