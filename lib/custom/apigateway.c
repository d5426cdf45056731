/* apigateway.c - API Gateway answers in HAL unless JSON is asked for. */
#include "custom/custom.h"

static int accept_json(tcx_call_t *call) {
  return tcx__custom_header(call, "Accept", "application/json");
}

static const struct tcx_hook before_call[] = {{NULL, accept_json}, {NULL, NULL}};
const struct tcx_customization tcx__custom_apigateway = {.service = "apigateway",
                                                         .at = {[TCX__BEFORE_CALL] = before_call}};
