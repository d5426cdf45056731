/*
 * tls_verify.h - the server's certificate: BearSSL's minimal engine for the chain, our own reader
 * of the leaf for what that engine does not know, and words for a refusal.
 *
 * Lives only during a handshake. A struct tcx_verifier is an X.509 engine of BearSSL's: its first
 * member is the class.
 */
#ifndef TCX_NET_TLS_VERIFY_H
#define TCX_NET_TLS_VERIFY_H
#include "net/net.h"
#include <bearssl.h>

/* Error of our own, outside of BearSSL's range: the certificate has no subjectAltName. */
#define TCX__ERR_NO_SAN 200

struct tcx_verifier {
  const br_x509_class *vtable;
  br_x509_minimal_context minimal;
  bool no_verify;
  bool is_ip;
  bool first; /* the certificate that is being read is the server's own */
  bool no_memory;
  unsigned char ip[16];
  size_t ip_len;
  uint64_t now; /* Unix seconds */
  unsigned char *leaf;
  size_t leaf_len, leaf_cap;
  br_x509_decoder_context decoder; /* no_verify: only the key is taken */
};
/* After br_ssl_client_init_full has prepared verifier->minimal. host: a DNS name or an address. */
void tcx__verifier_init(struct tcx_verifier *verifier, const char *host, uint64_t now,
                        bool no_verify);
/* what it holds, and itself; NULL is fine */
void tcx__verifier_free(struct tcx_verifier *verifier);
/* A part of a sentence for the error that ended the handshake, in out. False: it has nothing to do
 * with the certificate. */
bool tcx__verifier_explain(const struct tcx_verifier *verifier, int error, const char *host,
                           char *out, size_t size);
#endif
