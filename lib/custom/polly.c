/* polly.c - a presigned URL of Polly's is for a player, which sends no body: the params are its
 * query. */
#include "base/codec.h"
#include "custom/custom.h"

static void add_pair(struct tcx_buf *query, const struct tcx_value *name, struct tcx_str value) {
  if (query->len > 0)
    tcx__buf_addc(query, '&');
  tcx__uri_encode(query, name->name, name->name_len, TCX__URI_LABEL);
  tcx__buf_addc(query, '=');
  tcx__uri_encode(query, value.p, value.n, TCX__URI_LABEL);
}

/* All of SynthesizeSpeech's params are texts or lists of texts. */
static int params_in_query(tcx_call_t *call) {
  struct tcx_buf query;
  if (call->goal != TCX__GOAL_PRESIGN)
    return 0;
  tcx__buf_init(&query, call->arena, 1u << 20);
  for (const struct tcx_value *v = tcx__value_kids(call->params); v != NULL; v = v->next) {
    if (v->type == TCX_STRING)
      add_pair(&query, v, v->u.bytes);
    for (const struct tcx_value *item = v->type == TCX_LIST ? tcx__value_kids(v) : NULL;
         item != NULL; item = item->next)
      if (item->type == TCX_STRING)
        add_pair(&query, v, item->u.bytes);
  }
  call->req.method = "GET";
  call->req.query = tcx__buf_str(&query);
  tcx__call_set_body(call, (struct tcx_str){0});
  tcx__headers_remove(&call->req.headers, "content-type");
  return query.status;
}

static const struct tcx_hook before_call[] = {{"SynthesizeSpeech", params_in_query}, {NULL, NULL}};
const struct tcx_customization tcx__custom_polly = {.service = "polly",
                                                    .at = {[TCX__BEFORE_CALL] = before_call}};
