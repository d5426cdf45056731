/*
 * proxy.h - which proxy a request goes through, and how. Pure: who reads the environment is the
 * core.
 *
 * A request for http:// is forwarded: the connection goes to the proxy, and the request names its
 * whole URL. One for https:// goes through a tunnel that the proxy opens (CONNECT), with TLS to the
 * origin inside, also where the proxy is itself reached over TLS, unless the program says that it
 * trusts that one to forward.
 */
#ifndef TCX_NET_PROXY_H
#define TCX_NET_PROXY_H
#include "base/error.h"
#include "net/net.h"

struct tcx_proxy { /* in an arena that outlives the pool */
  bool tls;
  uint16_t port;
  struct tcx_str host; /* lower case, IPv6 without brackets; NUL-ended */
  /* "http://host:port", without user information: for sentences */
  const char *url;
  struct tcx_str authorization; /* "Basic ...", or empty. A secret: tcx__proxy_wipe */
};
struct tcx_proxies {                    /* all zero: none */
  const struct tcx_proxy *http, *https; /* by the scheme of the request */
  const char *no_proxy;                 /* for tcx__no_proxy; NULL = no exceptions */
  bool forward_https; /* through a proxy with TLS, https:// is forwarded as well */
};
/* A URL of http:// or https://, or "host:port" alone; user information is percent-decoded.
 * TCX_ECONFIG, with a sentence that begins with name and never holds the URL; UV_ENOMEM. */
int tcx__proxy_parse(struct tcx_arena *arena, struct tcx_str text, const char *name,
                     const struct tcx_proxy **out, struct tcx_fail *f);
void tcx__proxy_wipe(const struct tcx_proxy *proxy); /* NULL is fine */
/* How origin is reached: *out is origin, or origin through a tunnel, or the proxy itself
 * (forwarded: proxy set, tunnel not). */
void tcx__proxy_route(const struct tcx_proxies *proxies, const struct tcx_target *origin,
                      struct tcx_target *out);

/* no_proxy.c: whether a list of NO_PROXY's form names host (lower case, IPv6 without brackets) or
 * host:port. Entries have commas between them: a host, which stands for all below it too, an
 * address, a range in CIDR form, each but the last with a port if wanted, or '*'. */
bool tcx__no_proxy(const char *list, struct tcx_str host, uint16_t port);
#endif
