#include "core/endpoint.h"
#include "core/call.h"
#include "core/log.h"
#include "core/scheme.h"
#include <string.h>

#define HOST_MAX 253 /* bytes of a name in DNS */

static int too_long(tcx_call_t *call) {
  return tcx__fail(&call->fail, TCX_EENDPOINT,
                   "Invalid endpoint: the host, with what the operation puts in front of it, is "
                   "longer than %d bytes",
                   HOST_MAX);
}

/* What botocore lets into a host name: letters, digits, hyphens, dots. */
static bool fits_host(struct tcx_str s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
          c == '.'))
      return false;
  }
  return true;
}

/* The param called name goes to out, or its name among the bad ones. */
static int add_label(tcx_call_t *call, struct tcx_str name, struct tcx_buf *out,
                     struct tcx_buf *bad) {
  const struct tcx_value *v = tcx__value_find(call->params, name.p, name.n);
  if (v == NULL || v->type != TCX_STRING || v->u.bytes.n == 0)
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter validation failed:\nMissing required parameter in input: \"%.*s\"",
                     (int)name.n, name.p);
  bool fits = fits_host(v->u.bytes);
  if (!fits && bad->len > 0)
    tcx__buf_adds(bad, ", ");
  tcx__buf_add_str(fits ? out : bad, fits ? v->u.bytes : name);
  return 0;
}

/* op->host_prefix with its labels filled in from the params; "" when there is none to put. */
static int host_prefix(tcx_call_t *call, const char **out) {
  const char *p = call->op->host_prefix;
  *out = "";
  if (p == NULL || call->no_host_prefix || call->client->config.no_host_prefix)
    return 0;
  struct tcx_buf buf, bad;
  int err = 0;
  tcx__buf_init(&buf, call->arena, HOST_MAX);
  tcx__buf_init(&bad, call->arena, HOST_MAX);
  while (*p != '\0' && err == 0) {
    const char *open = strchr(p, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    if (close == NULL) {
      tcx__buf_adds(&buf, p);
      break;
    }
    tcx__buf_add(&buf, p, (size_t)(open - p));
    err = add_label(call, (struct tcx_str){open + 1, (size_t)(close - open - 1)}, &buf, &bad);
    p = close + 1;
  }
  if (err != 0 || bad.status == UV_ENOMEM)
    return err != 0 ? err : bad.status;
  if (bad.len > 0)
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter validation failed:\nInvalid value for parameter(s): %s. Must "
                     "contain only alphanumeric characters, hyphen, or period.",
                     bad.data);
  *out = buf.data != NULL ? buf.data : "";
  return buf.status == TCX_ETOOBIG ? too_long(call) : buf.status;
}

static int with_prefix(tcx_call_t *call, const char *prefix, struct tcx_str text,
                       struct tcx_str *out) {
  size_t n = strlen(prefix);
  char *joined = tcx__arena_alloc(call->arena, n + text.n + 1);
  if (joined == NULL)
    return UV_ENOMEM;
  for (size_t i = 0; i < n; i++)
    joined[i] = (char)(prefix[i] >= 'A' && prefix[i] <= 'Z' ? prefix[i] + ('a' - 'A') : prefix[i]);
  memcpy(joined + n, text.p, text.n);
  joined[n + text.n] = '\0';
  *out = (struct tcx_str){joined, n + text.n};
  return 0;
}

static int set_target(tcx_call_t *call, const struct tcx_endpoint_target *target) {
  struct tcx_request *req = &call->req;
  const char *prefix = NULL;
  int err = host_prefix(call, &prefix);
  if (err != 0)
    return err;
  req->tls = target->tls;
  req->port = target->port;
  req->path = target->path;
  req->query = target->query;
  req->host = target->host;
  req->host_header = target->host_header;
  if (prefix[0] == '\0')
    return 0;
  err = with_prefix(call, prefix, target->host, &req->host);
  if (err == 0)
    err = with_prefix(call, prefix, target->host_header, &req->host_header);
  if (err == 0 && req->host.n > HOST_MAX)
    err = too_long(call);
  if (err == 0 && !tcx__valid_host(req->host))
    err = tcx__fail(&call->fail, TCX_EENDPOINT,
                    "Invalid endpoint: the host %s holds a character that no host name has",
                    req->host.p);
  return err;
}

/* Headers that the rule set adds: the first value of each, as botocore. */
static int add_headers(tcx_call_t *call, const struct tcx_value *headers) {
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next) {
    const struct tcx_value *first = tcx__value_kids(h);
    if (first == NULL || first->type != TCX_STRING)
      continue;
    int err = tcx__headers_set(&call->req.headers, (struct tcx_str){h->name, h->name_len},
                               first->u.bytes);
    if (err != 0)
      return err;
  }
  return 0;
}

/* botocore's words for what a rule set says: first those for all services, then the service's
 * own. */
static int reword_error(tcx_call_t *call) {
  const struct tcx_customization *custom = call->client->custom;
  const char *text = call->fail.text, *label = strchr(text, '`');
  call->fail.status = 0;
  if (tcx__str_starts(tcx__str(text), "Invalid region in ARN: ")) {
    label = label != NULL ? label + 1 : text;
    return tcx__fail(&call->fail, TCX_EENDPOINT,
                     "Invalid host label to be bound to the hostname of the endpoint: \"%.*s\".",
                     (int)strcspn(label, "`"), label);
  }
  int err =
      custom != NULL && custom->endpoint_error != NULL ? custom->endpoint_error(call, text) : 0;
  return err != 0 ? err : tcx__fail(&call->fail, TCX_EENDPOINT, "%s", text);
}

int tcx__endpoint_of_call(tcx_call_t *call) {
  int err = tcx__endpoint_values(call);
  if (err == 0) {
    if (call->endpoint != NULL)
      tcx__endpoint_release(call->endpoint);
    call->endpoint = NULL;
    err = tcx__endpoint_cache_get(call->client->endpoints, call->rule_values, &call->endpoint,
                                  &call->fail);
  }
  if (err == 0)
    tcx__log_endpoint(call);
  call->rule_values = NULL;
  if (err == TCX_EENDPOINT)
    err = reword_error(call);
  if (err != 0)
    return err;
  err = tcx__scheme_of_call(
      call, tcx__value_find(call->endpoint->endpoint.properties, "authSchemes", 11));
  if (err == 0)
    err = set_target(call, &call->endpoint->target);
  if (err == 0)
    err = add_headers(call, call->endpoint->endpoint.headers);
  return err;
}
