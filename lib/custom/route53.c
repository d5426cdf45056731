/* route53.c - Route 53 answers with ids as "/hostedzone/Z1": only the last part is sent. */
#include "custom/custom.h"
#include <string.h>

static bool is_id(const struct tcx_shape *shape) {
  return strcmp(shape->name, "ResourceId") == 0 || strcmp(shape->name, "DelegationSetId") == 0 ||
         strcmp(shape->name, "ChangeId") == 0;
}

static struct tcx_str last_part(struct tcx_str id) {
  size_t at = id.n;
  while (at > 0 && id.p[at - 1] != '/')
    at--;
  return (struct tcx_str){id.p + at, id.n - at};
}

static int strip_ids(tcx_call_t *call) {
  const struct tcx_shape *input = call->op->input;
  for (uint32_t i = 0; input != NULL && i < input->n_members; i++) {
    const struct tcx_member *m = &input->members[i];
    struct tcx_value *v =
        is_id(m->shape) ? tcx__value_find(call->params, m->name, m->name_len) : NULL;
    if (v != NULL && v->type == TCX_STRING)
      v->u.bytes = last_part(v->u.bytes);
  }
  return 0;
}

static const struct tcx_hook before_parameter_build[] = {{NULL, strip_ids}, {NULL, NULL}};
const struct tcx_customization tcx__custom_route53 = {
    .service = "route53", .at = {[TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build}};
