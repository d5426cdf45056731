/*
 * user_hooks.h - the program's functions at the points of a call: <tucuxi/hooks.h>.
 *
 *   session list --(client is created)--> client's lists, one a point, sorted as botocore runs them
 *     --(point is passed)--> tcx__emit --> the hooks, one after another
 *
 * user_hooks.c registers and runs; hook_request.c and hook_outcome.c are what a hook may call. A
 * hook that is taken away while a point is being passed is marked dead, and freed when no point is.
 * What a call keeps for its hooks lies in its arena, from the first point on that has one. While a
 * hook runs, a cancel of its call is only noted: the point ends with TCX_ECANCELED.
 */
#ifndef TCX_CORE_USER_HOOKS_H
#define TCX_CORE_USER_HOOKS_H
#include "core/call.h"
#include <tucuxi/hooks.h>

typedef enum {
  TCX__ON_PROVIDE_CLIENT_PARAMS,
  TCX__ON_BEFORE_PARAMETER_BUILD,
  TCX__ON_BEFORE_ENDPOINT_RESOLUTION,
  TCX__ON_BEFORE_CALL,
  TCX__ON_CHOOSE_SIGNER,
  TCX__ON_REQUEST_CREATED,
  TCX__ON_BEFORE_SIGN,
  TCX__ON_BEFORE_SEND,
  TCX__ON_BEFORE_PARSE,
  TCX__ON_RESPONSE_RECEIVED,
  TCX__ON_NEEDS_RETRY,
  TCX__ON_AFTER_CALL,
  TCX__ON_AFTER_CALL_ERROR,
  TCX__ON_EVENTS
} tcx__event;

#define TCX__HOOK_NAME_MAX 127 /* bytes of a part of a pattern */

struct tcx_user_hook {
  struct tcx_user_hook *next;
  tcx_hook_cb cb;
  void *data;
  unsigned id;
  uint8_t order; /* tcx_hook_order_t */
  uint8_t event; /* tcx__event; TCX__ON_EVENTS: "*" */
  /* how specific, as botocore sorts: a digit to base 3 a part, name 1, "*" 2, nothing 0 */
  uint8_t key;
  bool dead;
  char service[TCX__HOOK_NAME_MAX + 1], operation[TCX__HOOK_NAME_MAX + 1]; /* "": any */
};

struct tcx_user_hooks { /* of a client that has, or had, some */
  struct tcx_user_hook *at[TCX__ON_EVENTS];
  char service_id[TCX__HOOK_NAME_MAX + 1]; /* hyphenated */
  unsigned last_id;
  unsigned running; /* points that are being passed */
  bool sweep;       /* some are dead */
};

typedef enum { TCX__VERDICT_NONE, TCX__VERDICT_RETRY, TCX__VERDICT_STOP } tcx__verdict;

struct tcx_hook_builtin {
  struct tcx_hook_builtin *next;
  const char *name;
  struct tcx_rule_param_value value;
};

struct tcx_call_hooks { /* of a call that has met a hook */
  uint8_t event;        /* being emitted; TCX__ON_EVENTS: none */
  uint8_t verdict;      /* tcx__verdict, of the attempt */
  bool canceled;        /* by a hook, while it ran */
  bool answered;
  /* made holds the request as it was before the attempt's own hooks */
  bool created;
  const char *cancel_why;
  struct tcx_value *lent; /* to the hook that runs: the params or the response */
  struct tcx_hook_builtin *builtins;
  struct tcx_fail fail; /* of tcx_hook_fail */
  uint64_t delay_ms;    /* of TCX__VERDICT_RETRY */
  struct tcx_request made;
  struct tcx_response_head head; /* the answer of a hook ... */
  struct tcx_str body;           /* ... and its bytes */
  /* the answer is call->value already, and has what metadata it has */
  bool parsed;
  bool failed; /* error is what went wrong */
  tcx_error_t error;
};

/* registry */
/* Its event, key, service and operation. UV_EINVAL when it is none. */
int tcx__hook_parse(const char *pattern, struct tcx_user_hook *hook);
/* the session's, for a new client. UV_ENOMEM */
int tcx__user_hooks_begin(tcx_client_t *client);
void tcx__user_hooks_free(tcx_client_t *client);
void tcx__session_hooks_free(tcx_session_t *session);
bool tcx__has_some(const tcx_call_t *call, tcx__event event);
static inline bool tcx__has_hook(const tcx_call_t *call, tcx__event event) {
  return call->client->user_hooks != NULL && tcx__has_some(call, event);
}

/* Passes a point: 0, or < 0 with the text in call->fail. The hooks may have done anything, but for
 * the end of this call. */
int tcx__emit_some(tcx_call_t *call, tcx__event event);
static inline int tcx__emit(tcx_call_t *call, tcx__event event) {
  return call->client->user_hooks == NULL ? 0 : tcx__emit_some(call, event);
}
/* made at first use; NULL when memory is out */
struct tcx_call_hooks *tcx__hooks_state(tcx_call_t *call);
/* true: a hook of this call runs, which ends it */
bool tcx__hooks_note_cancel(tcx_call_t *call, const char *why);

/* hook_request.c */
/* provide-client-params and before-parameter-build, once a call */
int tcx__emit_params(tcx_call_t *call);
/* request-created; each attempt starts from the request as it was made, without what hooks changed
 * in the one before */
int tcx__emit_created(tcx_call_t *call);
/* the request as it is made: before a hook may change it for an attempt */
int tcx__hooks_keep(tcx_call_t *call);
/* the request as it was made, before its body is planned anew */
void tcx__hooks_restore(tcx_call_t *call);
/* the hooks' built-ins into call->rule_values */
void tcx__hooks_builtins(tcx_call_t *call);
bool tcx__hooks_set_account(const tcx_call_t *call); /* they have settled the account */
bool tcx__hooks_answered(const tcx_call_t *call);
/* the outcome is a before-call hook's */
bool tcx__hooks_parsed(const tcx_call_t *call);
/* hook_outcome.c */
/* of before-call: the outcome, or its stream */
void tcx__hooks_take_answer(tcx_call_t *call);
void tcx__hooks_replay(tcx_call_t *call); /* of before-send: the response */
/* response-received and needs-retry. status 0: a success. < 0: the call fails with it */
int tcx__emit_outcome(tcx_call_t *call, int status, tcx_phase_t phase);
/* after-call or after-call-error, of call->error or call->value; < 0: what the outcome is
 * instead */
int tcx__emit_after(tcx_call_t *call);
#endif
