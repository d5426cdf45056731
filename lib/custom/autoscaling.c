/* autoscaling.c - UserData in base64, as EC2 has it. */
#include "custom/custom.h"

static const struct tcx_hook before_parameter_build[] = {
    {"CreateLaunchConfiguration", tcx__custom_user_data}, {NULL, NULL}};
const struct tcx_customization tcx__custom_autoscaling = {
    .service = "autoscaling", .at = {[TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build}};
