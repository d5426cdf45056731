/*
 * net.h - all that the rest of tucuxi sees of the network: timers, a pool of connections, and one
 * HTTP/1.1 exchange on a connection.
 *
 *   struct tcx_net      one a session: the loop, the shared read and write buffers, the timer
 *                       wheel, DNS, the trust store
 *   struct tcx_pool     one a client: connections by target, at most max_connections in all, and
 *                       the queue for them
 *   struct tcx_lease    embedded in whoever wants a connection: queue -> dns -> connect -> tls ->
 *                       connection, or a failure
 *   struct tcx_exchange embedded in whoever sends a request on it: write head and body -> read head
 *     -> read body -> end, or a failure
 *
 * net knows no model and no call. Its callbacks come from the loop or, where said, from inside a
 * function; whoever is called may start or end anything, also the very lease or exchange that
 * calls. Every struct here that a caller embeds must stay put until its last callback; after that
 * net touches it no more.
 */
#ifndef TCX_NET_NET_H
#define TCX_NET_NET_H
#include "base/http.h"
#include <tucuxi.h>

/* timers: one wheel, one uv_timer a session, unref'd, stopped while nothing is armed.
 * Resolution about 1 % of the delay, at least 1 ms; never early. */
/* all zero = stopped */
struct tcx_timer {
  struct tcx_timer *prev, *next;
  uint64_t due_ms;
  void (*cb)(struct tcx_timer *timer);
};
struct tcx_net;
/* restarts */
void tcx__timer_start(struct tcx_net *net, struct tcx_timer *timer, uint64_t ms,
                      void (*cb)(struct tcx_timer *timer));
/* harmless when stopped */
void tcx__timer_stop(struct tcx_net *net, struct tcx_timer *timer);

/* ---- the session's network ---- */
struct tcx_net_options {
  const char *dns_servers; /* NULL = the system's */
  /* may be NULL */
  void (*log)(void *ctx, tcx_log_level_t level, const char *area, const char *line);
  void *log_ctx;
  tcx_log_level_t log_level;
};
/* UV_ENOMEM only; nothing is opened before the first use */
int tcx__net_new(uv_loop_t *loop, const struct tcx_net_options *options, struct tcx_net **out);
/* After every pool is closed. cb when no handle and no descriptor is left; net is freed right after
 * cb returns. */
void tcx__net_close(struct tcx_net *net, void (*cb)(void *ctx), void *ctx);

/* TLS settings of one client; made at its first https connection (the system's bundle is read
 * then, once a session). */
struct tcx_tls_options {
  const char *ca_bundle; /* PEM file; NULL = the system's bundle */
  bool no_verify;
  /* PEM file: what a server that asks for it is shown; NULL = nothing */
  const char *client_cert;
  const char *client_key; /* PEM file; NULL = the key stands in client_cert */
};

/* ---- pool ---- */
struct tcx_proxy; /* proxy.h */
struct tcx_target {
  bool tls;
  uint16_t port;
  struct tcx_str host; /* lower case, IPv6 without brackets */
  /* NULL: none. Else host and port are the proxy's own (it forwards) ... */
  const struct tcx_proxy *proxy;
  bool tunnel; /* ... or the origin's, behind the tunnel that it opens */
};
struct tcx_pool_options {
  unsigned max_connections;
  /* from the first DNS query to the end of the TLS handshake, a proxy's tunnel included; TCX_NEVER
   * = none */
  unsigned connect_timeout_ms;
  unsigned idle_ms; /* an idle connection older than this is closed */
  bool tcp_keepalive;
  struct tcx_tls_options tls;       /* texts copied */
  struct tcx_tls_options proxy_tls; /* towards a proxy that is reached over TLS; texts copied */
};
struct tcx_pool_stats {
  unsigned connections, idle, queued;
  uint64_t connects;
};
struct tcx_pool;
struct tcx_conn; /* one connection; belongs to its pool */
/* UV_ENOMEM */
int tcx__pool_new(struct tcx_net *net, const struct tcx_pool_options *options,
                  struct tcx_pool **out);
/* Every lease in it fails (TCX_ECLOSING) and every exchange on its connections fails (TCX_ECLOSING)
 * from inside; cb when the last handle is closed, then it is freed. */
void tcx__pool_close(struct tcx_pool *pool, void (*cb)(void *ctx), void *ctx);
void tcx__pool_get_stats(const struct tcx_pool *pool, struct tcx_pool_stats *stats);

struct tcx_net_times {
  uint64_t queue_us, dns_us, connect_us, tls_us;
  bool reused;
};
struct tcx_lease;
struct tcx_lease_ops {
  /* the caller starts an exchange on conn at once, or gives it back */
  void (*ready)(struct tcx_lease *lease, struct tcx_conn *conn);
  /* why: a sentence, valid inside */
  void (*failed)(struct tcx_lease *lease, int status, tcx_phase_t phase, const char *why);
};
struct tcx_lease {
  const struct tcx_lease_ops *ops; /* set by the caller before */
  struct tcx_net_times times;      /* out, valid at ready */
  /* net's own: */
  struct tcx_pool *pool;
  struct tcx_bucket *bucket; /* where it waits: its target */
  struct tcx_attempt *dial;  /* the connection that is being made for it */
  struct tcx_lease *prev, *next;
  struct tcx_lease *older, *newer; /* of all targets, while it has no dial */
  struct tcx_timer timer;
  uint64_t since_us, arrival;
  unsigned char state;
  bool fresh;
};
/* Asks for a connection to target (target.host must stay until ready or failed). An idle one, the
 * newest first, comes back at once as the return value and neither callback runs. NULL: exactly one
 * of the two callbacks comes, later, from the loop. Waiting lasts at most acquire_timeout_ms
 * (TCX_EPOOL; TCX_NEVER = for ever). fresh: no idle connection, a new one (and a new DNS look-up).
 * Waiters are served in arrival order among those that can run; at the limit the oldest idle
 * connection of another target is closed for a waiter. */
struct tcx_conn *tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                   const struct tcx_target *target, unsigned acquire_timeout_ms,
                                   bool fresh);
/* no callback comes any more; a connection that is being made goes on for others, or is closed.
 * Harmless when it is over */
void tcx__lease_cancel(struct tcx_lease *lease);
/* what a lease that is not over waits for: POOL, DNS, CONNECT or TLS */
tcx_phase_t tcx__lease_phase(const struct tcx_lease *lease);
/* gives back one that ready (or acquire) gave and no exchange was started on */
void tcx__conn_release(struct tcx_conn *conn, bool reusable);

/* ---- one exchange ---- */
/* bytes of a response's head, all header lines together */
#define TCX__HEAD_MAX (64u * 1024)
/* header lines of a response; more is TCX_EPROTO */
#define TCX__HEADERS_MAX 512
#define TCX__READ_SIZE   (64u * 1024) /* the shared read buffer */

#define TCX__PULL_MAX 16

struct tcx_stall; /* stall.h */
struct tcx_exchange;
struct tcx_exchange_ops {
  /* The final response's head (any number of 1xx was skipped). In exchange->arena. */
  void (*head)(struct tcx_exchange *x, const struct tcx_response_head *head);
  /* Bytes of the body, dechunked, straight from the read buffer; n > 0. */
  void (*data)(struct tcx_exchange *x, const char *p, size_t n);
  /* The response is complete; the connection is already back in the pool, or closed. Nothing comes
   * after it. */
  void (*end)(struct tcx_exchange *x);
  /* It broke; the connection is closed. Nothing comes after it. */
  void (*failed)(struct tcx_exchange *x, int status, tcx_phase_t phase, const char *why);
  /* The next windows of the request body, up to TCX__PULL_MAX at once (one writev): 0 with *n > 0
   * and none of them empty, or 0 with *n 0 at the end, or TCX_EAGAIN (then tcx__exchange_resume),
   * or < 0 (fails the exchange with it, phase SEND). The windows stay untouched until the next pull
   * or the end of the exchange. Not called when has_body was false. */
  int (*pull)(struct tcx_exchange *x, uv_buf_t out[TCX__PULL_MAX], unsigned *n);
};
struct tcx_exchange {
  const struct tcx_exchange_ops *ops; /* set by the caller before, with the next five */
  struct tcx_arena *arena;            /* for the response's head */
  /* silence while waiting for the head or while reading is not paused; TCX_NEVER = none */
  unsigned read_timeout_ms;
  /* > 0: after the head wait this long for a 100 (or a final response) before the first pull */
  unsigned continue_timeout_ms;
  /* the limit below which the bodies are too slow (TCX_ESTALLED), and room to watch it; NULL =
   * none */
  struct tcx_stall *stall;
  bool head_request; /* the method is HEAD: the response has no body */
  /* out: */
  bool reused;            /* the connection had served before */
  bool sent;              /* some byte of the request was written */
  bool received;          /* some byte of a response came */
  bool upload_done;       /* the whole request was written */
  uint64_t first_byte_us; /* from start to the first byte of the response */
  /* net's own: */
  struct tcx_conn *conn;     /* NULL once it is over */
  struct tcx_replay *replay; /* instead of a connection; NULL once it is over */
};
/* Writes the n buffers (request head and small body; the first is copied when it cannot be written
 * at once, the others must stay until the exchange is over), then pulls when has_body, and reads.
 * Callbacks come from the loop, never from inside. */
void tcx__exchange_start(struct tcx_exchange *x, struct tcx_conn *conn, const uv_buf_t *bufs,
                         unsigned n, bool has_body);
void tcx__exchange_resume(struct tcx_exchange *x); /* pull again after TCX_EAGAIN */
/* no data and no end until unpaused; the rest of the current read is kept by the connection and
 * comes first */
void tcx__exchange_pause(struct tcx_exchange *x);
/* kept bytes come from the loop, not from inside */
void tcx__exchange_unpause(struct tcx_exchange *x);
/* closes the connection; no callback comes any more. Harmless when it is over */
void tcx__exchange_abort(struct tcx_exchange *x);
/* An exchange without a connection, whose response is there already: head and body (already
 * dechunked), which must stay until the exchange is over, come like one from a socket.
 * UV_ENOMEM. */
int tcx__exchange_replay(struct tcx_exchange *x, struct tcx_net *net,
                         const struct tcx_response_head *head, struct tcx_str body);
/* For the request's head: a scratch buffer of the session, valid until the next call of any net
 * function. */
char *tcx__net_scratch(struct tcx_net *net, size_t *size);
#endif
