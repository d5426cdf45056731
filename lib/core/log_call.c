/* log_call.c - what a call does, in lines: its states, where it goes, how it ended. */
#include "core/call.h"
#include "core/log.h"
#include <string.h>

#define PARAMS_MAX 700 /* bytes of an endpoint's parameters that are shown */

static const char *name_of(const tcx_call_t *call) {
  return call->op != NULL ? call->op->name : call->op_name;
}

void tcx__log_state(tcx_call_t *call) {
  static const char *const names[] = {
      [TCX__CALL_NEW] = "parameters are valid",
      [TCX__CALL_ACCOUNT] = "wants the account for its endpoint",
      [TCX__CALL_BUILD] = "looks for its endpoint",
      [TCX__CALL_BODY] = "looks at its body",
      [TCX__CALL_CREDENTIALS] = "wants credentials",
      [TCX__CALL_RATE] = "may be sent, by its rate",
      [TCX__CALL_POOL] = "wants a connection",
  };
  if (call->state <= TCX__CALL_POOL)
    tcx__log(call->session, TCX_LOG_DEBUG, "call", call, "%s %s", name_of(call),
             names[call->state]);
}

static void add_param(struct tcx_buf *out, const char *name,
                      const struct tcx_rule_param_value *value) {
  if (value->type == TCX__RULE_UNSET)
    return;
  tcx__buf_printf(out, "%s%s=", out->len > 0 ? ", " : "", name);
  if (value->type == TCX__RULE_STRING)
    tcx__buf_add_str(out, value->string);
  else if (value->type == TCX__RULE_BOOL)
    tcx__buf_adds(out, value->boolean ? "true" : "false");
  for (unsigned i = 0; value->type == TCX__RULE_LIST && i < value->n_list; i++)
    tcx__buf_printf(out, "%s%.*s", i > 0 ? "|" : "", (int)value->list[i].n, value->list[i].p);
}

void tcx__log_endpoint(tcx_call_t *call) {
  const struct tcx_rule_param *params;
  struct tcx_buf text;
  if (!tcx__logs(call->session, TCX_LOG_DEBUG))
    return;
  unsigned n = tcx__ruleset_params(call->client->model->rules, &params);
  tcx__buf_init(&text, NULL, PARAMS_MAX);
  for (unsigned i = 0; i < n && text.status == 0; i++)
    add_param(&text, params[i].name, &call->rule_values[i]);
  struct tcx_str url = call->endpoint->endpoint.url;
  tcx__log(call->session, TCX_LOG_DEBUG, "endpoint", call, "%s goes to %.*s (%.*s%s)",
           name_of(call), (int)url.n, url.p, (int)text.len, text.len > 0 ? text.data : "",
           text.status != 0 ? " ..." : "");
  tcx__buf_free(&text);
}

void tcx__log_outcome(tcx_call_t *call) {
  const tcx_error_t *e = &call->error;
  if (!tcx__logs(call->session, TCX_LOG_DEBUG))
    return;
  unsigned long long us = call->timings.total_us;
  if (e->status == 0)
    tcx__log(call->session, TCX_LOG_DEBUG, "call", call,
             "%s is done: status %d, %u attempts, %llu us", name_of(call), call->head.status,
             call->attempts, us);
  else
    tcx__log(call->session, TCX_LOG_DEBUG, "call", call,
             "%s has failed: %s%s%s, phase %s, %u attempts, %llu us", name_of(call),
             tcx_err_name(e->status), e->code != NULL ? " " : "", e->code != NULL ? e->code : "",
             tcx_phase_name(e->phase), call->attempts, us);
}
