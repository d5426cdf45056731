/*
 * hooks.h - the named points of a call (botocore's event names) and what a service hangs on them.
 *
 * A customization is a const table; call.c runs its handlers in order at each point. This is the
 * only way in which a service differs from its model: core and protocols never ask which service
 * they serve. A handler returns 0, or < 0 with the reason in call->fail (the call then fails with
 * it).
 */
#ifndef TCX_CORE_HOOKS_H
#define TCX_CORE_HOOKS_H
#include "model/rules.h"
#include <tucuxi.h>

typedef enum {
  /* call->params may be changed; TCX_EAGAIN: tcx__call_inner waits, then all of these run again */
  TCX__BEFORE_PARAMETER_BUILD,
  TCX__BEFORE_ENDPOINT_RESOLUTION, /* call->rule_values may be changed */
  /* the request is serialized: its headers and body may be changed */
  TCX__BEFORE_CALL,
  TCX__BEFORE_SIGN,  /* each attempt */
  TCX__BEFORE_PARSE, /* the head has come: call->error_in_success may be set */
  /* botocore's after-call, run before the retry decision on success too: call->value may be
   * changed */
  TCX__AFTER_PARSE,
  /* an error: call->redirect may be set (retry at once, not counted as a retry by the policy) */
  TCX__NEEDS_RETRY,
  TCX__POINTS
} tcx__point;

struct tcx_hook {
  const char *operation; /* "GetObject"; NULL = every one */
  int (*run)(tcx_call_t *call);
};
struct tcx_identity_source;
struct tcx_customization {
  const char *service;
  const struct tcx_hook *at[TCX__POINTS]; /* each ended by run NULL; NULL = none */
  /* A built-in endpoint parameter that only this service knows ("AWS::S3::Accelerate"); false when
   * it does not. */
  bool (*builtin)(const tcx_client_t *client, const char *name, struct tcx_rule_param_value *out);
  /* The rule set's own error, where botocore words it otherwise: kept in call->fail, and its status
   * returned. 0 = as it is. May be NULL. */
  int (*endpoint_error)(tcx_call_t *call, const char *text);
  /* The credentials of a call whose scheme is sigv4-s3express: those of a session, which the
   * service itself hands out. UV_ENOMEM. May be NULL: it has none. */
  int (*session_identity)(tcx_call_t *call, struct tcx_identity_source **source);
  /* bytes of the client's own state for this service, zeroed at creation: tcx__client_state */
  size_t client_size;
  void (*client_free)(tcx_client_t *client); /* ends that state; may be NULL */
};
int tcx__run_hooks(tcx_call_t *call, tcx__point point);
#endif
