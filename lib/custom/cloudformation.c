/* cloudformation.c - a template in JSON becomes what it says; one in YAML stays text. */
#include "custom/custom.h"

static int template_body(tcx_call_t *call) {
  return tcx__custom_decode_json(call, tcx__value_find(call->value, "TemplateBody", 12), false);
}

static const struct tcx_hook after_parse[] = {{"GetTemplate", template_body}, {NULL, NULL}};
const struct tcx_customization tcx__custom_cloudformation = {
    .service = "cloudformation", .at = {[TCX__AFTER_PARSE] = after_parse}};
