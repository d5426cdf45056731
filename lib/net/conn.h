/*
 * conn.h - one connection, inside net.
 *
 *   CONNECTING --socket connected--> OPENING --handshake done, or none--> LEASED
 *   LEASED <--given to a lease, left again--> IDLE
 *   LEASED --exchange started--> BUSY --response complete, reusable--> LEASED
 *   any state -> CLOSED (tcx__conn_close): the socket is closed at once, the memory goes with the
 *     poll handle's close callback
 *
 * CONNECTING and OPENING connections belong to a dial (conn->dial), which tells the pool; the
 * others to the pool. LEASED lasts no longer than the callback in which it was given. Because
 * memory outlives every callback of the loop's turn, a callback may close anything; whoever called
 * it looks at conn->state or conn->x before it goes on.
 */
#ifndef TCX_NET_CONN_H
#define TCX_NET_CONN_H
#include "net/http1.h"
#include "net/internal.h"
#include "net/pool_policy.h"
#include "net/transport.h"

#define TCX__OUT_MAX 4 /* buffers of tcx__exchange_start */
/* how long a connection that refuses writes may still bring a response */
#define TCX__WRITE_GRACE_MS 1000

typedef enum {
  TCX__CONN_CONNECTING,
  TCX__CONN_OPENING,
  TCX__CONN_IDLE,
  TCX__CONN_LEASED,
  TCX__CONN_BUSY,
  TCX__CONN_CLOSED
} tcx__conn_state;

struct tcx_dial;
struct tcx_tls;
struct tcx_tunnel;
struct tcx_conn {
  uv_poll_t poll;
  int fd;
  uint8_t state;
  /* what the poll handle watches: UV_READABLE | UV_WRITABLE */
  uint8_t events;
  bool reading; /* bytes are wanted: not paused */
  bool blocked; /* the socket is full */
  bool served;  /* has carried an exchange */
  /* set by the transport while it hands over bytes and has further ones */
  bool more_input;
  /* likewise by the proxy's TLS, towards the transport */
  bool more_below;
  bool in_tunnel; /* a proxy's tunnel is open: what fails is no longer about the proxy */
  /* the exchange's: */
  bool uploading; /* the body is still being pulled */
  bool awaiting_100;
  bool source_dry; /* pull said TCX_EAGAIN */
  bool paused;
  bool head_seen; /* the final response's head */
  bool extra;     /* bytes came that belong to no response */
  int write_error;
  struct tcx_pool *pool;
  struct tcx_conn *prev, *next; /* the pool's connections that are not CLOSED */
  struct tcx_idle idle;
  struct tcx_dial *dial;
  const struct tcx_transport *transport;
  struct tcx_tls *tls;
  struct tcx_tls *proxy_tls; /* below the transport: to the proxy of a tunnel */
  struct tcx_tunnel *tunnel; /* while a proxy is asked for one */
  struct tcx_exchange *x;
  struct tcx_timer timer;        /* BUSY: the 100-continue wait, then silence */
  struct tcx_defer defer;        /* BUSY: go on uploading, or deliver what was kept */
  struct tcx_timer gather_timer; /* runs while gathering */
  uint64_t gather_since_ms;
  unsigned gather_reads; /* since then */
  bool gathering;        /* the socket has a low water mark */
  uint64_t active_ms;    /* the last byte in or out */
  uint64_t started_us;
  /* bytes that the socket took and gave, of this exchange */
  uint64_t moved;
  /* of the request, not yet taken by the transport: in first_out, then in windows */
  uv_buf_t *out;
  unsigned out_count;
  uv_buf_t first_out[TCX__OUT_MAX];
  uv_buf_t *windows; /* TCX__PULL_MAX; made at the first pull */
  char *head_copy;
  char *kept; /* from the socket, read before a pause */
  size_t kept_at, kept_len;
  struct tcx_http1 http;
};

/* ---- conn.c ---- */
/* With a socket of the address family and its poll handle, on the pool's list. NULL with
 * *status. */
struct tcx_conn *tcx__conn_new(struct tcx_pool *pool, struct tcx_bucket *bucket, int family,
                               int *status);
/* harmless when CLOSED; tells neither lease, dial nor exchange, but the pool's books */
void tcx__conn_close(struct tcx_conn *conn);
void tcx__conn_opened(struct tcx_conn *conn); /* by the transport: ready for HTTP */
/* by socket and transport: tells dial or exchange, and closes. PHASE_NONE, NULL: found out here */
void tcx__conn_failed(struct tcx_conn *conn, int status, tcx_phase_t phase, const char *why);
/* by the transport: plain bytes; how many were used */
size_t tcx__conn_input(struct tcx_conn *conn, const char *p, size_t n);
void tcx__conn_ended(struct tcx_conn *conn); /* by the socket: the peer closed */
/* "host:port" for sentences */
const char *tcx__conn_name(const struct tcx_conn *conn, char out[300]);

/* ---- tcp.c: the socket ---- */
/* fd and poll handle; or a status, and there is neither */
int tcx__socket_open(struct tcx_net *net, struct tcx_conn *conn, int family);
/* 0, and later tcx__dial_connected; or a status */
int tcx__socket_connect(struct tcx_conn *conn, const struct sockaddr *address, socklen_t size);
/* bytes written, 0 when full (blocked is then set), or a status */
ssize_t tcx__socket_write(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned n);
/* bytes that the socket took and has not got through to the peer, where the system tells */
size_t tcx__socket_unsent(const struct tcx_conn *conn);
/* the poll handle follows state, reading and blocked */
int tcx__socket_watch(struct tcx_conn *conn);
void tcx__socket_close(struct tcx_conn *conn, uv_close_cb closed);
/* socket bytes to the transport; how many were used (all of them, once the connection is closed) */
size_t tcx__socket_feed(struct tcx_conn *conn, char *p, size_t n);

/* ---- wire.c: the socket, or TLS to a tunnel's proxy over it ---- */
void tcx__wire_connected(struct tcx_conn *conn); /* the socket is: the transport is told, in time */
/* As tcx__socket_write of one buffer, and as a transport's flush and input. */
ssize_t tcx__wire_write(struct tcx_conn *conn, const uv_buf_t *buf);
int tcx__wire_flush(struct tcx_conn *conn);
size_t tcx__wire_input(struct tcx_conn *conn, const char *p, size_t n);
/* The transport's, then what lies below it. */
void tcx__wire_resume(struct tcx_conn *conn);
void tcx__wire_farewell(struct tcx_conn *conn);
void tcx__wire_free(struct tcx_conn *conn);

/* ---- gather.c ---- */
void tcx__gather_read(struct tcx_conn *conn); /* a BUSY connection's socket was read */
void tcx__gather_end(struct tcx_conn *conn);  /* harmless when nothing gathers */

/* ---- exchange.c, as the connection sees it ---- */
void tcx__exchange_prepare(struct tcx_conn *conn); /* once a connection */
tcx_phase_t tcx__exchange_phase(const struct tcx_conn *conn);
size_t tcx__exchange_input(struct tcx_conn *conn, const char *p, size_t n);
void tcx__exchange_ended(struct tcx_conn *conn);
void tcx__exchange_writable(struct tcx_conn *conn);
void tcx__exchange_fail(struct tcx_conn *conn, int status, tcx_phase_t phase, const char *why);
/* lets go of the exchange without a word */
void tcx__exchange_drop(struct tcx_conn *conn);
#endif
