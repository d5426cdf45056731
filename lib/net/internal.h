/*
 * internal.h - the session's network as its own files see it: the loop's handles, the shared
 * buffers, work put off to the loop.
 *
 * Every handle is unref'd for ever: the session decides whether the loop lives, the network never
 * does. Sockets are watched by uv_poll and read and written by net itself, so that no request of
 * libuv's (which would hold the loop) exists, a broken pipe raises no SIGPIPE, and a busy socket
 * cannot keep the others waiting.
 */
#ifndef TCX_NET_INTERNAL_H
#define TCX_NET_INTERNAL_H
#include "net/net.h"
#include "net/wheel.h"

/* what one connection reads or writes in one turn of the loop */
#define TCX__TURN_BYTES   (256u * 1024)
#define TCX__TURN_UPLOADS (1024u * 1024) /* what all connections together upload in one turn */
/* TLS handshakes that compute in one millisecond of loop time */
#define TCX__TURN_HANDSHAKES 4

/* Work for the next turn of the loop. All zero = not queued. Runs once, in order. */
struct tcx_defer {
  struct tcx_defer *prev, *next;
  void (*run)(struct tcx_defer *defer);
};

struct tcx_dns;
struct tcx_trust;

struct tcx_net {
  uv_loop_t *loop;
  uv_timer_t timer;
  /* runs deferred work; started only while there is some */
  uv_idle_t idle;
  struct tcx_wheel wheel;
  uint64_t wake_ms; /* when the uv_timer fires; UINT64_MAX = stopped */
  struct tcx_defer *first, *last;
  unsigned deferred;     /* how many are queued */
  size_t uploaded;       /* bytes of this turn, towards TCX__TURN_UPLOADS */
  uint64_t handshake_ms; /* the millisecond that handshakes counts */
  unsigned handshakes;
  unsigned handles;  /* open ones, closing ones included */
  char *read_buffer; /* TCX__READ_SIZE */
  char *scratch;     /* TCX__READ_SIZE, the caller's */
  /* TCX__HEAD_MAX, where response heads are put together */
  char *head_buffer;
  /* TCX__SEAL_SIZE, TLS records on their way out; made at the first TLS connection */
  char *seal_buffer;
  char *proxy_seal_buffer; /* the same, of TLS below TLS */
  struct tcx_dns *dns;     /* made at the first look-up */
  char *dns_servers;
  struct tcx_trust *trusts; /* one a CA bundle, kept for the session */
  void (*log)(void *ctx, tcx_log_level_t level, const char *area, const char *line);
  void *log_ctx;
  tcx_log_level_t log_level;
  bool closing;
  void (*closed)(void *ctx);
  void *closed_ctx;
};

/* harmless when queued */
void tcx__defer(struct tcx_net *net, struct tcx_defer *defer, void (*run)(struct tcx_defer *defer));
/* harmless when not queued */
void tcx__undefer(struct tcx_net *net, struct tcx_defer *defer);
/* unrefs it and counts it */
void tcx__net_handle_opened(struct tcx_net *net, uv_handle_t *handle);
/* last thing in a handle's close callback */
void tcx__net_handle_closed(struct tcx_net *net);
uint64_t tcx__net_now_us(void);
/* A line is made only when somebody listens at its level. */
static inline bool tcx__net_logs(const struct tcx_net *net, tcx_log_level_t level) {
  return net->log != NULL && level <= net->log_level;
}
void tcx__net_log_line(struct tcx_net *net, tcx_log_level_t level, const char *area,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
#define tcx__net_log(net, level, ...)                                                              \
  do {                                                                                             \
    if (tcx__net_logs(net, level))                                                                 \
      tcx__net_log_line(net, level, __VA_ARGS__);                                                  \
  } while (0)
/* replay.c */
void tcx__replay_pause(struct tcx_replay *replay);
void tcx__replay_unpause(struct tcx_replay *replay);
/* no callback comes any more; may be freed */
void tcx__replay_drop(struct tcx_replay *replay);
#define TCX__CONTAINER(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))
#endif
