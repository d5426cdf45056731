/* iam.c - IAM answers with policies as percent-encoded JSON: they become what they say. */
#include "custom/custom.h"
#include <string.h>

static int decode_policies(tcx_call_t *call, struct tcx_value *v, const struct tcx_shape *shape);

static int decode_member(tcx_call_t *call, struct tcx_value *v, const struct tcx_shape *shape) {
  if (shape->type == TCX__SHAPE_STRING && strcmp(shape->name, "policyDocumentType") == 0)
    return tcx__custom_decode_json(call, v, true);
  return decode_policies(call, v, shape);
}

/* In structures and lists, as deep as the parser has read them. */
static int decode_policies(tcx_call_t *call, struct tcx_value *v, const struct tcx_shape *shape) {
  int err = 0;
  if (shape->type != TCX__SHAPE_STRUCTURE && shape->type != TCX__SHAPE_LIST)
    return 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && err == 0; kid = kid->next) {
    const struct tcx_member *m = shape->type == TCX__SHAPE_LIST
                                     ? &shape->members[0]
                                     : tcx__shape_member(shape, kid->name, kid->name_len);
    if (m != NULL)
      err = (shape->type == TCX__SHAPE_LIST ? decode_policies : decode_member)(
          call, (struct tcx_value *)(uintptr_t)kid, m->shape);
  }
  return err;
}

static int policies(tcx_call_t *call) {
  return call->op->output != NULL && call->parse_mode == TCX__PARSE_OUTPUT
             ? decode_policies(call, call->value, call->op->output)
             : 0;
}

static const struct tcx_hook after_parse[] = {{NULL, policies}, {NULL, NULL}};
const struct tcx_customization tcx__custom_iam = {.service = "iam",
                                                  .at = {[TCX__AFTER_PARSE] = after_parse}};
