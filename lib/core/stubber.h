/* stubber.h - what the stubber asks of the model: whether answers fit it, and whether parameters
 * are the expected ones. */
#ifndef TCX_CORE_STUBBER_H
#define TCX_CORE_STUBBER_H
#include "core/client.h"

/* stub_check.c */
/* The response against op's output, without ResponseMetadata and an event stream; timestamps become
 * times. TCX_EPARAM, UV_ENOMEM. */
int tcx__stub_check_response(const struct tcx_operation *op, tcx_value_t *response,
                             struct tcx_fail *f);
/* Members of the exception that code names. */
int tcx__stub_check_fields(const struct tcx_model *model, const char *code, tcx_value_t *fields,
                           struct tcx_fail *f);
#endif
