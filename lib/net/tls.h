/* tls.h - what the pool knows of TLS beside its transport table. */
#ifndef TCX_NET_TLS_H
#define TCX_NET_TLS_H
struct tcx_pool_tls;
void tcx__tls_pool_free(struct tcx_pool_tls *tls); /* what it holds */
void tcx__tls_session_free(void *session);         /* of a bucket: what a later handshake resumes */
#endif
