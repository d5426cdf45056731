/*
 * session.h - the inside of tcx_session_t: one loop's share of everything.
 *
 * States: open -> closing (tcx_session_close: clients close, each owed callback runs) -> network
 * closing -> handles closing -> freed, after the close callback.
 *
 * Two libuv handles of its own: `check` runs the ready queue after each poll and is the only handle
 * that is ever ref'd (while `holds` > 0); `idle` is started while the queue is not empty, so that
 * the loop does not block in poll with work to do. Callbacks to the user run from the queue, or
 * from a read for streams; `depth` counts them.
 */
#ifndef TCX_CORE_SESSION_H
#define TCX_CORE_SESSION_H
#include "base/arena.h"
#include "base/error.h"
#include "model/model.h"
#include "net/net.h"
#include <tucuxi.h>

struct tcx_identity_source;
struct tcx_monitor;
struct tcx_settings;
struct tcx_user_hook;

/* Something that is to run from the loop, once. Embedded in its owner; must stay until it ran or
 * was taken out. */
struct tcx_ready {
  struct tcx_ready *prev, *next;
  void (*run)(struct tcx_ready *ready);
  bool queued;
};
struct tcx_ready_list {
  struct tcx_ready *first, *last;
};

/* Something that may outlive its session, and is told once that it closes: from inside
 * tcx_session_close, already taken out. */
struct tcx_session_link {
  struct tcx_session_link *prev, *next;
  void (*closing)(struct tcx_session_link *link);
  bool linked;
};

struct tcx_session {
  uv_loop_t *loop;
  uv_check_t check;
  uv_idle_t idle;
  struct tcx_ready_list ready;
  struct tcx_net *net;
  struct tcx_models *models;            /* NULL until the first client */
  struct tcx_settings *settings;        /* NULL until the first client */
  struct tcx_identity_source *identity; /* the session's credentials; NULL until somebody signs */
  /* the session's bearer token; NULL until somebody wants one */
  struct tcx_identity_source *token;
  /* the region that this machine is in; NULL until a client's defaults mode asks */
  struct tcx_identity_source *home;
  /* NULL: client-side monitoring is off; made with the first client */
  struct tcx_monitor *monitor;
  bool monitor_known;    /* whether it is on was looked up */
  tcx_client_t *clients; /* all, newest first */
  struct tcx_session_link *links;
  /* reasons to keep the loop: calls, reading streams, closes */
  unsigned holds;
  unsigned depth;        /* tucuxi callbacks on the stack */
  unsigned open_clients; /* not yet freed */
  uint64_t rng[2];
  bool closing;
  /* closing, and everything that uses the network was asked to end */
  bool network_due;
  /* what must end before the network does: pools and processes of credential providers, futures */
  unsigned lingering;
  /* check and idle, and the monitor's: not yet closed, while closing */
  unsigned handles;
  tcx_session_close_cb close_cb;
  tcx_log_cb log;
  void *log_data;
  tcx_log_level_t log_level;
  size_t log_wire;
  tcx_credentials_cb credentials;
  void *credentials_data;
  tcx_mfa_cb mfa;
  void *mfa_data;
  /* as the options have them */
  unsigned advisory_refresh_ms, mandatory_refresh_ms, credentials_timeout_ms;
  void *data;
  struct tcx_user_hook *user_hooks; /* user_hooks.h: for clients that are created later */
  unsigned last_hook;               /* the id of the newest */
  struct tcx_arena *arena;          /* the options' texts, the settings */
  const char *profile, *region, *config_file, *credentials_file, *data_path, *credentials_before,
      *credentials_cache;
  /* Unix seconds, of signatures; tests put their own */
  int64_t (*clock)(const tcx_session_t *session);
  /* Unix milliseconds, of credentials' ends; tests put their own */
  int64_t (*expiry_clock)(const tcx_session_t *session);
};

void tcx__session_hold(tcx_session_t *session);
void tcx__session_drop(tcx_session_t *session);
/* harmless when queued already */
void tcx__ready_push(tcx_session_t *session, struct tcx_ready *ready);
/* harmless when not queued */
void tcx__ready_remove(tcx_session_t *session, struct tcx_ready *ready);
/* Around every callback to the user. */
void tcx__session_enter(tcx_session_t *session);
void tcx__session_leave(tcx_session_t *session);
/* Refreshes the loop's cached time when called from outside tucuxi's own callbacks: timers started
 * after long work must count from now. */
void tcx__session_touch(tcx_session_t *session);
/* Unix seconds, for signatures */
int64_t tcx__session_now(const tcx_session_t *session);
/* Unix milliseconds, for what expires */
int64_t tcx__session_expiry_now_ms(const tcx_session_t *session);
double tcx__session_random(tcx_session_t *session);           /* [0, 1), for jitter */
void tcx__session_uuid(tcx_session_t *session, char out[37]); /* UUID version 4 */
/* Settings, models and the trust of an open session, made at first use. UV_ENOMEM, TCX_ECONFIG,
 * TCX_ESERVICE with text in f. */
int tcx__session_settings(tcx_session_t *session, struct tcx_settings **settings,
                          struct tcx_fail *f);
int tcx__session_models(tcx_session_t *session, struct tcx_models **models, struct tcx_fail *f);
int tcx__session_monitor(tcx_session_t *session, struct tcx_fail *f);
int tcx__session_identity(tcx_session_t *session, struct tcx_identity_source **source);
int tcx__session_token(tcx_session_t *session, struct tcx_identity_source **source);
int tcx__session_home(tcx_session_t *session, struct tcx_identity_source **source);
void tcx__session_link(tcx_session_t *session, struct tcx_session_link *link);
/* harmless when taken out */
void tcx__session_unlink(tcx_session_t *session, struct tcx_session_link *link);
/* The network of a closing session stays until each of these has ended. */
void tcx__session_linger(tcx_session_t *session);
void tcx__session_lingered(void *session);
/* the last one lets a closing session go on */
void tcx__session_client_freed(tcx_session_t *session);
#endif
