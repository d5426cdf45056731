/* tls.h - what the pool knows of TLS beside its transport table. */
#ifndef TCX_NET_TLS_H
#define TCX_NET_TLS_H
void tcx__tls_session_free(void *session);     /* of a bucket: what a later handshake resumes */
#endif
