/*
 * tls.h - a layer of TLS on a connection: between its socket and HTTP, or below that, between its
 * socket and a proxy's tunnel, in which there is TLS again. wire.c puts the layers together.
 */
#ifndef TCX_NET_TLS_H
#define TCX_NET_TLS_H
#include "net/conn.h"

struct tcx_pool_tls;
void tcx__tls_pool_free(struct tcx_pool_tls *tls); /* what it holds */
void tcx__tls_session_free(void *session);         /* what a later handshake resumes */

struct tcx_tls_peer {
  struct tcx_pool_tls *way; /* what is shown to it, and whom it must be vouched for by */
  const char *host;         /* outlives the layer */
  uint16_t port;
  void **session; /* the place of what a later handshake resumes */
  /* the place of the buffer in which records are gathered: not that of a layer below */
  char **seal;
};
struct tcx_tls_side {
  /* Downwards: bytes taken, 0 when the socket is full (conn->blocked is then set), or < 0. */
  ssize_t (*write)(struct tcx_conn *conn, const uv_buf_t *buf);
  int (*flush)(struct tcx_conn *conn); /* what lies below and was taken: as a transport's */
  /* Upwards: plain bytes, and whether there are further ones here; how many were used. */
  size_t (*deliver)(struct tcx_conn *conn, const char *p, size_t n, bool more);
  void (*opened)(struct tcx_conn *conn);
};

/* Begins a handshake; the layer is *place from then on. Ends in side->opened, now or later, or in
 * tcx__conn_failed. */
void tcx__tls_begin(struct tcx_conn *conn, struct tcx_tls **place, const struct tcx_tls_side *side,
                    const struct tcx_tls_peer *peer);
/* As the functions of struct tcx_transport. */
ssize_t tcx__tls_write(struct tcx_tls *tls, const uv_buf_t *bufs, unsigned count);
int tcx__tls_flush(struct tcx_tls *tls);
size_t tcx__tls_input(struct tcx_tls *tls, const char *p, size_t n); /* n 0: what it holds back */
bool tcx__tls_ended(const struct tcx_tls *tls);
void tcx__tls_farewell(struct tcx_tls *tls); /* NULL is fine */
void tcx__tls_free(struct tcx_tls *tls);     /* likewise */
#endif
