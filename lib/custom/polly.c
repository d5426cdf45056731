/* polly.c - a presigned URL of Polly's is for a player, which sends no body: for GET, whose params
 * are its query. */
#include "custom/custom.h"

static int for_a_player(tcx_call_t *call) {
  if (call->goal != TCX__GOAL_PRESIGN)
    return 0;
  call->req.method = "GET";
  tcx__headers_remove(&call->req.headers, "content-type");
  return 0;
}

static const struct tcx_hook before_call[] = {{"SynthesizeSpeech", for_a_player}, {NULL, NULL}};
const struct tcx_customization tcx__custom_polly = {.service = "polly",
                                                    .at = {[TCX__BEFORE_CALL] = before_call}};
