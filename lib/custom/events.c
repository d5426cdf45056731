/* events.c - EventBridge: what its rule set says of a multi-region endpoint, in botocore's
 * words. */
#include "custom/custom.h"

static int endpoint_error(tcx_call_t *call, const char *text) {
  struct tcx_str s = tcx__str(text);
  if (!tcx__str_starts(s, "Invalid Configuration: FIPS is not supported with EventBridge "
                          "multi-region endpoints.") &&
      !tcx__str_is(s, "EndpointId must be a valid host label."))
    return 0;
  return tcx__fail(&call->fail, TCX_EENDPOINT, "Invalid endpoint configuration: %s", text);
}

const struct tcx_customization tcx__custom_events = {.service = "events",
                                                     .endpoint_error = endpoint_error};
