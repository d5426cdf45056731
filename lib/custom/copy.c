/*
 * copy.c - copies from another region: the service there must let its data go, and is asked through
 * a presigned URL among the params.
 *
 *   the call, before its params are looked at --> an inner call of the same operation, which
 *        ^                                        ends in a URL: for the source region, with
 *        |                                        DestinationRegion
 *        +------- its params with the URL <-------------+
 *
 * The inner call is known by its callback; its data is the call that waits, of which it holds a
 * reference.
 */
#include "core/endpoint.h"
#include "custom/custom.h"
#include <string.h>

struct copy {                /* hook_state of the call */
  const char *name, *source; /* the param that gets the URL; the region */
};

static int set_text(tcx_call_t *call, const char *name, const char *text) {
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, text, strlen(text));
  return v == NULL ? UV_ENOMEM
                   : tcx__value_replace(call->arena, call->params, name, strlen(name), v);
}

static bool knows_destination(const tcx_call_t *call) {
  return tcx__shape_member(call->op->input, "DestinationRegion", 17) != NULL;
}

static int take_url(tcx_call_t *call, const char *url) {
  const struct copy *copy = call->hook_state;
  int err = set_text(call, copy->name, url);
  return err == 0 && knows_destination(call)
             ? set_text(call, "DestinationRegion", call->client->config.region)
             : err;
}

static void on_url(tcx_call_t *inner, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_call_t *call = tcx_call_data(inner);
  if (call->state == TCX__CALL_INNER) {
    int err = error != NULL ? tcx__fail(&call->fail, error->status, "%s", error->msg)
                            : take_url(call, tcx_value_str(response, "Url"));
    tcx__call_inner_prepared(call, err, error != NULL ? error->phase : TCX_PHASE_PARAMS);
  }
  tcx__call_unref(call);
}

static int ask_for_url(tcx_call_t *call) {
  struct tcx_call_start start = {.client = call->client,
                                 .operation = call->op->name,
                                 .cb = on_url,
                                 .data = call,
                                 .goal = TCX__GOAL_PRESIGN,
                                 .internal = true,
                                 .expires_s = 3600};
  start.params = tcx_value_copy(call->params);
  if (knows_destination(call))
    tcx_value_set_str(start.params, "DestinationRegion", call->client->config.region);
  return tcx__call_inner(call, &start, NULL);
}

int tcx__custom_copy_url(tcx_call_t *call, const char *name, bool keep_source) {
  const struct tcx_value *source = tcx__value_find(call->params, "SourceRegion", 12);
  if (call->goal == TCX__GOAL_PRESIGN || source == NULL || source->type != TCX_STRING ||
      call->client->config.region == NULL)
    return 0;
  struct copy *copy = call->hook_state = tcx__arena_alloc(call->arena, sizeof *copy);
  if (copy == NULL)
    return UV_ENOMEM;
  *copy = (struct copy){name, source->u.bytes.p};
  if (!keep_source)
    tcx__value_remove(call->params, "SourceRegion", 12);
  return tcx__value_find(call->params, name, strlen(name)) != NULL ? 0 : ask_for_url(call);
}

static const struct copy *of_inner(const tcx_call_t *call) {
  return call->cb == on_url ? ((tcx_call_t *)call->data)->hook_state : NULL;
}

static int source_endpoint(tcx_call_t *call) {
  const struct copy *copy = of_inner(call);
  if (copy != NULL)
    tcx__endpoint_set_builtin(
        call, "AWS::Region",
        (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(copy->source)});
  return 0;
}

/* Signed for the source, and says where the copy goes also where no member does. */
static int source_request(tcx_call_t *call) {
  const struct copy *copy = of_inner(call);
  if (copy == NULL)
    return 0;
  call->signing_region = copy->source;
  call->req.method = "GET";
  if (knows_destination(call))
    return 0;
  struct tcx_buf form;
  tcx__buf_init(&form, call->arena, SIZE_MAX / 2);
  tcx__buf_add_str(&form, call->req.body);
  tcx__buf_adds(&form, "&DestinationRegion=");
  tcx__buf_adds(&form, call->client->config.region);
  tcx__call_set_body(call, tcx__buf_str(&form));
  return form.status;
}

const struct tcx_hook tcx__custom_copy_endpoint[] = {{NULL, source_endpoint}, {NULL, NULL}};
const struct tcx_hook tcx__custom_copy_call[] = {{NULL, source_request}, {NULL, NULL}};
