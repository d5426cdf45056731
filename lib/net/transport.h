/*
 * transport.h - what lies between a connection's socket and HTTP: nothing (tcp.c) or TLS (wire.c,
 * over tls.c); before TLS, while a proxy is asked for a tunnel, tunnel.c. Where the proxy is
 * reached over TLS, that lies below (wire.c). A second TLS library would be another table of this
 * kind.
 *
 * A transport never calls the exchange but through tcx__conn_input, and never closes the connection
 * itself but through the tcx__conn_ functions named here.
 */
#ifndef TCX_NET_TRANSPORT_H
#define TCX_NET_TRANSPORT_H
#include "net/net.h"
#include <sys/types.h>

struct tcx_transport {
  /* The socket is connected. Ends in tcx__conn_opened, now or later, or in tcx__conn_failed. */
  void (*connected)(struct tcx_conn *conn);
  /* Takes bytes of the request: how many, 0 when the socket is full (the connection then watches
   * for room), or < 0. */
  ssize_t (*write)(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned n);
  /* Writes what was taken and is not written yet. 1: nothing is left, 0: the socket is full, < 0:
   * failed. */
  int (*flush)(struct tcx_conn *conn);
  /* n bytes from the socket. How many were used: fewer only when the exchange is paused; the rest
   * comes again. */
  size_t (*input)(struct tcx_conn *conn, const char *p, size_t n);
  /* Before input after a pause: what the transport itself holds back goes on first. */
  void (*resume)(struct tcx_conn *conn);
  /* The end of the connection was said, not only seen: a body that reaches to the end of the
   * connection is whole. */
  bool (*ended)(const struct tcx_conn *conn);
  /* The connection is in order and being closed: say so to the peer if that costs nothing. */
  void (*farewell)(struct tcx_conn *conn);
  /* with the connection's memory: nothing is in use any more */
  void (*free)(struct tcx_conn *conn);
};
extern const struct tcx_transport tcx__transport_tcp, tcx__transport_tls, tcx__transport_tunnel;
#endif
