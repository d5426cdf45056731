/*
 * endpoint.h - where a call goes and how it is signed: the rule set's parameters from the client,
 * the operation and the params; the endpoint's auth scheme.
 */
#ifndef TCX_CORE_ENDPOINT_H
#define TCX_CORE_ENDPOINT_H
#include "model/rules.h"
#include <tucuxi.h>

/* Once a client: the endpoint cache, and the parameters that do not depend on a call. UV_ENOMEM,
 * TCX_ECONFIG. */
int tcx__endpoint_prepare(tcx_client_t *client, struct tcx_fail *f);
/* Whether the endpoint depends on the account of the credentials: they must be there before it is
 * resolved. */
bool tcx__endpoint_wants_account(const tcx_call_t *call);
/* call->rule_values for this resolution. UV_ENOMEM, or what a hook says. */
int tcx__endpoint_values(tcx_call_t *call);
/* Resolves call->endpoint, the request's scheme, host, port and path, and call->signing_*. Again
 * for a redirect. TCX_EENDPOINT, TCX_ECONFIG. */
int tcx__endpoint_of_call(tcx_call_t *call);
/* A LIST of strings as a rule set's value; what is no string is empty. UV_ENOMEM. */
int tcx__endpoint_list(struct tcx_arena *arena, const struct tcx_value *v,
                       struct tcx_rule_param_value *out);
/* Sets a rule set parameter for this resolution by its built-in's name; from
 * BEFORE_ENDPOINT_RESOLUTION hooks. Nothing happens when the rule set has no such built-in. */
void tcx__endpoint_set_builtin(tcx_call_t *call, const char *built_in,
                               struct tcx_rule_param_value value);
#endif
