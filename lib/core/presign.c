/* presign.c - a call that ends in a URL instead of on the wire: botocore's generate_presigned_url,
 * SigV4 always. */
#include "core/call.h"
#include "core/user_hooks.h"
#include <string.h>

#define MAX_EXPIRES     604800u
#define DEFAULT_EXPIRES 3600u
#define EXPRESS_EXPIRES 300u /* a session of S3 Express, and what it signed, lives no longer */

/* The fields of a form become the query, where a space is no '+'; the signer then leaves the form's
 * content type out. */
static int move_form(tcx_call_t *call) {
  struct tcx_request *req = &call->req;
  const struct tcx_header *type = tcx__headers_get(&req->headers, "content-type");
  struct tcx_str form = req->body;
  if (type == NULL || form.n == 0 ||
      !tcx__str_is(type->value, "application/x-www-form-urlencoded; charset=utf-8"))
    return 0;
  struct tcx_buf query;
  tcx__buf_init(&query, call->arena, SIZE_MAX);
  tcx__buf_add_str(&query, req->query);
  if (query.len > 0)
    tcx__buf_addc(&query, '&');
  for (size_t i = 0; i < form.n; i++) {
    if (form.p[i] == '+')
      tcx__buf_adds(&query, "%20");
    else
      tcx__buf_addc(&query, form.p[i]);
  }
  req->query = tcx__buf_str(&query);
  req->body = (struct tcx_str){0};
  return query.status;
}

static unsigned expires_of(const tcx_call_t *call) {
  return call->expires_s != 0                    ? call->expires_s
         : call->scheme == TCX__SCHEME_S3EXPRESS ? EXPRESS_EXPIRES
                                                 : DEFAULT_EXPIRES;
}

void tcx__call_presigned(tcx_call_t *call) {
  struct tcx_sigv4 s;
  int err = tcx__run_hooks(call, TCX__BEFORE_SIGN);
  if (err == 0)
    err = tcx__emit(call, TCX__ON_BEFORE_SIGN);
  if (err == 0 && call->scheme != TCX__SCHEME_NONE && !tcx__call_signs(call))
    err = tcx__fail(&call->fail, TCX_ECONFIG, "Signature version(s) are not supported: %s-query",
                    call->scheme == TCX__SCHEME_BEARER ? "bearer" : "v2");
  if (err == 0 && tcx__call_signs(call)) {
    err = move_form(call);
    if (err == 0)
      err = tcx__call_sigv4(call, &s);
    if (err == 0)
      err = tcx__sigv4_presign(&s, &call->req, expires_of(call), &call->fail);
  }
  if (err == 0)
    err = tcx__call_describe(call, tcx__call_signed_headers(call));
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
  else
    tcx__call_done(call);
}

int tcx__client_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                        unsigned expires_s, tcx_call_cb cb, void *data, tcx_call_t **call) {
  struct tcx_call_start start = {.client = client,
                                 .operation = operation,
                                 .params = params,
                                 .cb = cb,
                                 .data = data,
                                 .goal = TCX__GOAL_PRESIGN,
                                 .expires_s = expires_s};
  if (expires_s > MAX_EXPIRES) {
    tcx_value_free(params);
    return UV_EINVAL;
  }
  return tcx__call_start(&start, call);
}

int tcx_client_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                       unsigned expires_s, tcx_call_cb cb, void *data) {
  return tcx__client_presign(client, operation, params, expires_s, cb, data, NULL);
}
