/* tls_client_cert.h - the certificate that a client shows, and its key: PEM files, of RSA and of EC
 * keys on P-256, P-384 and P-521. */
#ifndef TCX_NET_TLS_CLIENT_CERT_H
#define TCX_NET_TLS_CLIENT_CERT_H
#include "base/buf.h"
#include <bearssl.h>

#define TCX__CLIENT_CERT_CHAIN_MAX 16 /* certificates */
#define TCX__CLIENT_CERT_FILE_MAX  (1024u * 1024)

struct tcx_client_cert;
/* key_path NULL: the key stands in the certificate's file. NULL with *status (TCX_ECONFIG,
 * UV_ENOMEM) and a sentence in why, which names the file and holds nothing of it. Blocking. */
struct tcx_client_cert *tcx__client_cert_load(const char *cert_path, const char *key_path,
                                              int *status, char *why, size_t why_size);
/* The same of texts; why is only what is wrong, and *in_key says in which of them. Pure. */
struct tcx_client_cert *tcx__client_cert_read(struct tcx_str cert, struct tcx_str key, int *status,
                                              const char **why, bool *in_key);
/* after br_ssl_client_init_full; cert must outlive client */
void tcx__client_cert_use(const struct tcx_client_cert *cert, br_ssl_client_context *client);
/* wipes the key; NULL is fine */
void tcx__client_cert_free(struct tcx_client_cert *cert);
#endif
