/*
 * waiter.h - the inside of a waiter: a tcx_call_t that polls (tcx_client_wait). waiter.c has its
 * states, waiter_match.c says what an answer means.
 */
#ifndef TCX_CORE_WAITER_H
#define TCX_CORE_WAITER_H
#include "core/call.h"
#include "jmespath/jmespath.h"

struct tcx_waiter { /* in its call's arena */
  const struct tcx_waiter_model *model;
  const struct tcx_jmespath **paths; /* by acceptor; NULL for one that has none */
  unsigned delay_ms, max_attempts;
  unsigned polls; /* answered */
  bool matched;   /* an acceptor did, now or before */
};

/* From tcx__call_start: finds the waiter of call->op_name and sends the first poll. TCX_EAGAIN, or
 * < 0 with the text in call->fail. */
int tcx__wait_begin(tcx_call_t *call, const tcx_wait_options_t *options);

/* Compiles the acceptors' expressions. TCX_ESERVICE for a matcher that nobody knows, TCX_EPARAM for
 * a bad expression, UV_ENOMEM. */
int tcx__waiter_compile(struct tcx_waiter *w, struct tcx_arena *arena, struct tcx_fail *f);
/* *which is the first acceptor that matches document (a response, or a parsed error), or NULL.
 * Results of searches lie in arena. < 0: a search failed, with jmespath.py's text. */
int tcx__waiter_match(const struct tcx_waiter *w, const struct tcx_value *document,
                      struct tcx_arena *arena, const struct tcx_acceptor **which,
                      struct tcx_fail *f);
/* Whether botocore would call it an error response: it has Error.Code. */
bool tcx__waiter_is_error(const struct tcx_value *document);
/* botocore's words for why: AcceptorConfig.explanation. NULL: out of memory. */
const char *tcx__waiter_explain(const struct tcx_acceptor *acceptor, struct tcx_arena *arena);
#endif
