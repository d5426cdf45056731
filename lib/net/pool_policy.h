/*
 * pool_policy.h - who gets which connection: the pool's books and its decisions. Pure: no socket,
 * no clock; pool.c does what it says.
 *
 * A bucket is one target: scheme, host, port, and the proxy on the way. A connection is dialing (a
 * dial), idle, or out (leased); the three together are never more than max. A lease waits in its
 * bucket in arrival order: those for which a dial is under way (dialed), and the others
 * (undialed). A dial belongs to the lease that it was started for, but whoever waits longest gets
 * the connection, and the dial of a lease that was served otherwise goes to the next one without; a
 * dial that nobody waits for is spare.
 */
#ifndef TCX_NET_POOL_POLICY_H
#define TCX_NET_POOL_POLICY_H
#include "net/net.h"

/* how often others may go ahead of the one that has waited longest, because a connection became
 * free that they can use as it is */
#define TCX__POOL_OVERTAKE 8
/* buckets kept without a connection for the sake of their TLS session */
#define TCX__POOL_KEEP 64

struct tcx_bucket;
struct tcx_idle {         /* an idle connection's place; embedded in the connection */
  struct tcx_idle *below; /* in its bucket: the one that became idle before it */
  struct tcx_idle *above;
  struct tcx_idle *older, *newer; /* among all idle ones of the pool */
  struct tcx_bucket *bucket;
  uint64_t since_ms;
};
struct tcx_attempt { /* a dial's place; embedded in the dial */
  struct tcx_attempt *prev, *next;
  struct tcx_bucket *bucket;
  struct tcx_lease *lease; /* NULL: spare */
};
struct tcx_lease_queue {
  struct tcx_lease *first, *last;
};
struct tcx_bucket {
  struct tcx_bucket *chain;       /* same hash */
  struct tcx_bucket *prev, *next; /* while it is ready */
  struct tcx_idle *idle;          /* the newest */
  struct tcx_lease_queue dialed;
  struct tcx_lease_queue undialed[2]; /* who takes any connection, who wants a fresh one */
  unsigned n_idle;
  unsigned waiting;     /* leases in all queues */
  unsigned choosy;      /* of these: those that want a fresh connection */
  unsigned connections; /* idle, out and dialing */
  unsigned overtaken;
  void *session; /* TLS session to resume, pool.c's */
  uint32_t hash;
  bool tls, tunnel;
  bool ready; /* an idle connection is there, and a lease that takes it as it is */
  uint16_t port;
  const struct tcx_proxy *proxy; /* as in struct tcx_target */
  size_t host_len;
  char host[]; /* NUL-ended */
};
struct tcx_policy {
  unsigned max, total;                    /* connections: allowed, and idle + out + dialing */
  unsigned idle, waiting, spare, buckets; /* spare: dials that nobody waits for */
  uint64_t arrivals;
  struct tcx_idle *oldest, *newest;
  struct tcx_attempt *dials;
  struct tcx_lease_queue undialed[2]; /* of all targets, linked by older and newer */
  struct tcx_bucket *ready;
  struct tcx_bucket *recent; /* looked up last */
  struct tcx_bucket *table[64];
};
typedef enum {
  TCX__STEP_NONE,
  /* give idle, which is out now, to lease, which is off the books */
  TCX__STEP_SERVE,
  TCX__STEP_DIAL,   /* start a dial for lease: then tcx__policy_dial */
  TCX__STEP_EVICT,  /* close idle, which is out now: then tcx__policy_gone */
  TCX__STEP_ABANDON /* close the spare dial, which is already off the books */
} tcx__step_kind;
struct tcx_step {
  tcx__step_kind kind;
  struct tcx_lease *lease;
  struct tcx_idle *idle;
  struct tcx_attempt *dial;
};

/* finds or makes it; NULL when memory is out */
struct tcx_bucket *tcx__policy_bucket(struct tcx_policy *p, const struct tcx_target *target);
/* frees the bucket if nothing needs it */
void tcx__policy_forget(struct tcx_policy *p, struct tcx_bucket *bucket,
                        void (*free_session)(void *session));
/* all buckets; they must be empty */
void tcx__policy_clear(struct tcx_policy *p, void (*free_session)(void *session));

/* the newest idle one, now out; NULL when there is none or others wait for it */
struct tcx_idle *tcx__policy_take(struct tcx_policy *p, struct tcx_bucket *bucket);
/* out -> idle */
void tcx__policy_give(struct tcx_policy *p, struct tcx_idle *idle, uint64_t now_ms);
/* idle -> out */
void tcx__policy_take_idle(struct tcx_policy *p, struct tcx_idle *idle);
/* an out connection was closed */
void tcx__policy_gone(struct tcx_policy *p, struct tcx_bucket *bucket);

/* at the end of the queue */
void tcx__policy_wait(struct tcx_policy *p, struct tcx_bucket *bucket, struct tcx_lease *lease);
/* cancelled, timed out or failed */
void tcx__policy_leave(struct tcx_policy *p, struct tcx_lease *lease);
/* the dial that TCX__STEP_DIAL asked for has begun */
void tcx__policy_dial(struct tcx_policy *p, struct tcx_lease *lease, struct tcx_attempt *dial);
/* A dial has become a connection, which is out now. The lease that gets it, off the books; NULL:
 * nobody waits, give it. */
struct tcx_lease *tcx__policy_dialed(struct tcx_policy *p, struct tcx_attempt *dial);
/* A dial failed or was abandoned. The lease that it was for, off the books, or NULL. */
struct tcx_lease *tcx__policy_dial_gone(struct tcx_policy *p, struct tcx_attempt *dial);

/* The next thing to do, until TCX__STEP_NONE. may_serve: callbacks are allowed now. */
struct tcx_step tcx__policy_next(struct tcx_policy *p, bool may_serve);
#endif
