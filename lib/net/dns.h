/*
 * dns.h - host names to addresses: IP literals and localhost at once, everything else by c-ares on
 * the loop, with a cache by TTL.
 *
 * All addresses of a name are kept and handed out in turn, IPv6 and IPv4 alternating; one that
 * failed to connect goes to the end of the list for a while.
 */
#ifndef TCX_NET_DNS_H
#define TCX_NET_DNS_H
#include "net/internal.h"

#define TCX__ADDRESSES_MAX  8   /* addresses of one name that are used */
#define TCX__DNS_NAMES_MAX  256 /* names in the cache */
#define TCX__DNS_TTL_MAX_MS 300000u
#define TCX__DNS_TTL_MIN_MS 1000u
#define TCX__DNS_REST_MS    30000u /* how long a failed address is tried last */

struct tcx_address {
  bool v6;
  unsigned char bytes[16];
};
struct tcx_addresses {
  unsigned count;
  struct tcx_address list[TCX__ADDRESSES_MAX];
};
struct tcx_dns_query {
  struct tcx_dns_query *prev, *next;
  struct tcx_dns_name *name; /* NULL: not waiting */
  /* status 0 and the addresses, or a status and a part of a sentence. From the loop. */
  void (*done)(struct tcx_dns_query *query, int status, const struct tcx_addresses *addresses,
               const char *why);
};
/* 1: *out is the answer; 0: query->done comes later; < 0: UV_ENOMEM, or c-ares cannot start. fresh:
 * asks although the cache knows. */
int tcx__dns_lookup(struct tcx_net *net, const char *host, bool fresh, struct tcx_dns_query *query,
                    struct tcx_addresses *out);
/* done does not come any more; harmless when not waiting */
void tcx__dns_cancel(struct tcx_dns_query *query);
/* it rests */
void tcx__dns_failed(struct tcx_net *net, const char *host, const struct tcx_address *address);
void tcx__dns_worked(struct tcx_net *net, const char *host, const struct tcx_address *address);
/* nobody waits any more; its handles close */
void tcx__dns_close(struct tcx_dns *dns);
#endif
