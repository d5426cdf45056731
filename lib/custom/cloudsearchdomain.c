/* cloudsearchdomain.c - a search may be longer than a URL: its query goes out as a form. */
#include "custom/custom.h"
#include <string.h>

static int return_fields(tcx_call_t *call) {
  return tcx__custom_alias(call, "return", "returnFields");
}

static int post(tcx_call_t *call) {
  struct tcx_request *req = &call->req;
  if (call->goal == TCX__GOAL_PRESIGN || strcmp(req->method, "GET") != 0 || req->query.n == 0)
    return 0;
  req->method = "POST";
  tcx__call_set_body(call, req->query);
  req->query = (struct tcx_str){0};
  return tcx__headers_set(&req->headers, TCX__STR("Content-Type"),
                          TCX__STR("application/x-www-form-urlencoded"));
}

static const struct tcx_hook before_parameter_build[] = {{"Search", return_fields}, {NULL, NULL}};
static const struct tcx_hook before_call[] = {{"Search", post}, {NULL, NULL}};
const struct tcx_customization tcx__custom_cloudsearchdomain = {
    .service = "cloudsearchdomain",
    .at = {
        [TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build, [TCX__BEFORE_CALL] = before_call}};
