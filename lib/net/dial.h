/*
 * dial.h - making one connection: addresses, racing sockets (RFC 8305), a proxy's tunnel, TLS; all
 * within the pool's connect timeout.
 *
 *   RESOLVING -> CONNECTING (one socket, every 250 ms or after a failure one more) -> OPENING (the
 *     first that connected; the others are closed) -> over
 *
 * A dial belongs to the pool until it reports (tcx__pool_dialed or tcx__pool_dial_failed, from the
 * loop) or is abandoned; then it frees itself.
 */
#ifndef TCX_NET_DIAL_H
#define TCX_NET_DIAL_H
#include "net/dns.h"
#include "net/pool_policy.h"

#define TCX__DIAL_STAGGER_MS 250

struct tcx_conn;
struct tcx_dial {
  struct tcx_attempt attempt; /* the policy's */
  struct tcx_pool *pool;
  struct tcx_dns_query query;
  struct tcx_addresses addresses;
  struct tcx_conn *conns[TCX__ADDRESSES_MAX]; /* by address; NULL: not tried, failed, or closed */
  /* the next address to try; sockets that are connecting */
  unsigned next, racing;
  struct tcx_timer deadline, stagger;
  struct tcx_defer defer; /* a failure that must not be told from inside */
  uint64_t begun_us, resolved_us, connected_us;
  uint8_t chosen; /* the address of the connection that is opening */
  bool resolving, opening;
  int status; /* the first failure of a socket */
};
/* Begins at the next step of the loop at the latest; reports nothing from inside. NULL when memory
 * is out. */
struct tcx_dial *tcx__dial_new(struct tcx_pool *pool, struct tcx_bucket *bucket, bool fresh);
/* no report any more */
void tcx__dial_abandon(struct tcx_dial *dial);
/* by the socket */
void tcx__dial_connected(struct tcx_dial *dial, struct tcx_conn *conn, int status);
/* by the transport */
void tcx__dial_opened(struct tcx_dial *dial, struct tcx_conn *conn);
/* DNS, CONNECT (a proxy's answer included) or TLS */
tcx_phase_t tcx__dial_phase(const struct tcx_dial *dial);
/* the opening connection failed */
void tcx__dial_lost(struct tcx_dial *dial, struct tcx_conn *conn, int status, tcx_phase_t phase,
                    const char *why);
#endif
