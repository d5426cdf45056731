/* fault_tls.h - the TLS side of fault_server: a BearSSL server engine between its socket and its
 * script. */
#ifndef TCX_TEST_FAULT_TLS_H
#define TCX_TEST_FAULT_TLS_H
#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>

struct fault_server;
struct fault_tls;
/* The chain and key in PEM files below test/ (or absolute). Sessions are remembered for resumption
 * as long as it lives. Aborts when they cannot be read. */
struct fault_tls *fault_tls_new(const char *chain_pem, const char *key_pem);
/* From now on connections must show a certificate by one of these authorities, which outlive it. */
void fault_tls_ask_client(struct fault_tls *tls, const br_x509_trust_anchor *anchors, size_t count);
void fault_tls_free(struct fault_tls *tls);
/* handshakes that resumed a session */
unsigned fault_tls_resumed(const struct fault_tls *tls);

struct fault_tls_conn;
struct fault_tls_conn *fault_tls_conn_new(const struct fault_tls *tls, struct fault_server *server,
                                          void (*out)(void *ctx, const void *p, size_t n),
                                          void (*in)(void *ctx, const void *p, size_t n),
                                          void *ctx);
void fault_tls_conn_receive(struct fault_tls_conn *conn, const void *p, size_t n);
void fault_tls_conn_send(struct fault_tls_conn *conn, const void *p, size_t n);
void fault_tls_conn_close(struct fault_tls_conn *conn); /* sends close_notify */
bool fault_tls_conn_failed(const struct fault_tls_conn *conn);
void fault_tls_conn_free(struct fault_tls_conn *conn);
#endif
