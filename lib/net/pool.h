/* pool.h - the pool, inside net. */
#ifndef TCX_NET_POOL_H
#define TCX_NET_POOL_H
#include "net/conn.h"
#include "net/dial.h"

struct tcx_client_cert;
struct tcx_pool_tls { /* TLS towards one kind of peer */
  char *ca_bundle, *client_cert, *client_key;
  bool no_verify;
  struct tcx_trust *trust;      /* found at the first TLS connection; the network's */
  struct tcx_client_cert *cert; /* read then too; NULL: none */
};
struct tcx_pool {
  struct tcx_net *net;
  struct tcx_pool_options options;
  struct tcx_pool_tls origin_tls, proxy_tls;
  void *proxy_session; /* TLS session to resume, with a tunnel's proxy; wire.c's */
  struct tcx_policy policy;
  struct tcx_conn *conns;    /* those that are not CLOSED */
  struct tcx_lease *failing; /* leases that fail at the next turn: memory was out */
  unsigned open;             /* poll handles whose close callback has not run */
  uint64_t connects;
  struct tcx_timer idle_timer;
  struct tcx_defer defer; /* serve the queue, or finish closing */
  bool closing;
  void (*closed)(void *ctx);
  void *closed_ctx;
};
/* an open connection that nobody uses; serves nobody yet */
void tcx__pool_give(struct tcx_pool *pool, struct tcx_conn *conn);
/* from the loop only: serves and dials for those that wait */
void tcx__pool_pump(struct tcx_pool *pool);
void tcx__pool_pump_later(struct tcx_pool *pool);
/* by the dial, which is over */
void tcx__pool_dialed(struct tcx_dial *dial, struct tcx_conn *conn);
void tcx__pool_dial_failed(struct tcx_dial *dial, int status, tcx_phase_t phase, const char *why);
/* a connection that was idle or out is closed: off the books */
void tcx__pool_lost(struct tcx_pool *pool, struct tcx_bucket *bucket);
const char *tcx__host_name(const char *host, uint16_t port, char out[300]); /* "host:port" */
/* the same, for sentences and CONNECT */
const char *tcx__target_name(const struct tcx_bucket *bucket, char out[300]);
/* a poll handle's close callback has run */
void tcx__pool_conn_freed(struct tcx_pool *pool);
#endif
