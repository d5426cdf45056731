/* logs.c - fromTime for a member that is named from. */
#include "custom/custom.h"

static int from_time(tcx_call_t *call) { return tcx__custom_alias(call, "from", "fromTime"); }

static const struct tcx_hook before_parameter_build[] = {{"CreateExportTask", from_time},
                                                         {NULL, NULL}};
const struct tcx_customization tcx__custom_logs = {
    .service = "logs", .at = {[TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build}};
