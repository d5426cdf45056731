/*
 * client.h - the inside of tcx_client_t.
 *
 * States: open -> (draining) -> closing: every call is cancelled and every stream broken off, their
 * callbacks run from the ready queue -> no call left: the pool closes -> freed, after the close
 * callback. A client whose creation found something wrong (unknown service, bad option) is open
 * too: `problem` answers each of its calls.
 */
#ifndef TCX_CORE_CLIENT_H
#define TCX_CORE_CLIENT_H
#include "auth/auth.h"
#include "core/config.h"
#include "core/discovery.h"
#include "core/hooks.h"
#include "core/identity.h"
#include "core/retry.h"
#include "core/session.h"
#include "core/throttle.h"
#include "core/user_agent.h"
#include "model/rules.h"
#include "protocols/protocol.h"

#define TCX__POOLED_BLOCKS 1024 /* arena blocks that a client keeps for later calls */

struct tcx_client {
  tcx_session_t *session;
  tcx_client_t *prev, *next;
  struct tcx_arena *arena; /* texts and the service's own state */
  const char *service;
  const struct tcx_model *model; /* NULL with a problem */
  const struct tcx_protocol *protocol;
  const struct tcx_partitions *partitions;
  const struct tcx_customization *custom; /* NULL when the service has none */
  void *custom_state;
  /* the program's, user_hooks.h; NULL while there has been none */
  struct tcx_user_hooks *user_hooks;
  struct tcx_client_config config;
  /* tcx__scheme: where neither operation nor endpoint says more */
  uint8_t scheme;
  struct tcx_user_agent user_agent;
  struct tcx_fail problem;                  /* status 0 = none */
  struct tcx_identity_source *own_identity; /* explicit keys; else the session's */
  struct tcx_identity_source *token;        /* a bearer token; NULL: none is known */
  bool token_given;                         /* by the program, not the environment */
  struct tcx_endpoint_cache *endpoints;
  struct tcx_discovery discovery;
  /* the rule set's parameters as this client fills them in: built-ins */
  struct tcx_rule_param_value *base_values;
  /* its own client context parameters, which win over them; NULL when it has none */
  struct tcx_rule_param_value *context_values;
  /* the rule set's parameter that is the account of the credentials; -1: none, or not wanted */
  int account_param;
  /* parameters that operations take out of their params; n_context_paths */
  struct tcx_context_path *context_paths;
  unsigned n_context_paths;
  struct tcx_rule_param_value *scratch_values; /* the same for the call that is being resolved */
  struct tcx_pool *pool;                       /* made at the first call */
  struct tcx_block_pool blocks;
  struct tcx_signing_keys keys;
  struct tcx_retry_quota quota;
  struct tcx_throttle throttle; /* of the adaptive retry mode */
  /* not completed, newest first; and those whose stream is open */
  tcx_call_t *calls;
  unsigned active;             /* calls of that list */
  tcx_paginator_t *paginators; /* open ones */
  tcx_watch_t *watches;        /* a close waits for them */
  uint64_t completed, retries, errors, throttles;
  /* the service's clock minus this machine's, in seconds; 0 until a request was refused for it */
  int64_t skew_s;
  /* the custom endpoint has answered that it does not know trailers */
  bool trailers_refused;
  bool shared; /* tcx_session_get_client's: ends with the session */
  bool draining, closing;
  struct tcx_ready close_ready; /* draining or closing: looks whether it is over */
  tcx_client_close_cb drain_cb, close_cb;
  bool drain_asked;
  void *data;
};

tcx_client_t *tcx__client_next(const tcx_client_t *client);
/* tcx_client_close, also for shared ones */
void tcx__client_close_any(tcx_client_t *client, tcx_client_close_cb cb);
/* made at first use; UV_ENOMEM */
int tcx__client_pool(tcx_client_t *client, struct tcx_pool **pool);
int tcx__client_identity(tcx_client_t *client, struct tcx_identity_source **source);
/* the client's own, else the session's */
int tcx__client_token(tcx_client_t *client, struct tcx_identity_source **source);
/* The operation of that name (prepare.c), where the client has a model; those that send events are
 * none. TCX_EOPNAME, with near names in f (may be NULL). */
int tcx__client_operation(const tcx_client_t *client, const char *name,
                          const struct tcx_operation **out, struct tcx_fail *f);
/* a call or a stream ended: a drain or a close may go on */
void tcx__client_call_gone(tcx_client_t *client);
/* paginator.c: the client goes, they stay as inert memory */
void tcx__paginators_orphan(tcx_client_t *client);
static inline void *tcx__client_state(const tcx_client_t *client) { return client->custom_state; }
#endif
