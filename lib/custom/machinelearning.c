/* machinelearning.c - a prediction is asked of the model's own endpoint, which is one of the
 * params. */
#include "base/codec.h"
#include "custom/custom.h"

static int predict_host(tcx_call_t *call) {
  const struct tcx_value *endpoint = tcx__value_find(call->params, "PredictEndpoint", 15);
  struct tcx_request *req = &call->req;
  struct tcx_url url;
  const char *why = "";
  if (endpoint == NULL || endpoint->type != TCX_STRING || endpoint->u.bytes.n == 0)
    return 0;
  if (tcx__url_parse(&url, endpoint->u.bytes, &why) != 0)
    return tcx__fail(&call->fail, TCX_EENDPOINT, "Invalid endpoint: %.*s (%s)",
                     (int)endpoint->u.bytes.n, endpoint->u.bytes.p, why);
  req->tls = url.tls;
  req->port = url.port;
  req->host = url.host;
  req->host_header = url.authority;
  return 0;
}

static const struct tcx_hook before_call[] = {{"Predict", predict_host}, {NULL, NULL}};
const struct tcx_customization tcx__custom_machinelearning = {
    .service = "machinelearning", .at = {[TCX__BEFORE_CALL] = before_call}};
