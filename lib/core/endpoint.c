#include "core/endpoint.h"
#include "base/codec.h"
#include "core/call.h"
#include <string.h>

#define ENDPOINT_CACHE 100 /* as botocore's */

/* ---- parameters ---- */

static struct tcx_rule_param_value text_value(const char *s) {
  return s == NULL ? (struct tcx_rule_param_value){0} : (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(s)};
}
static struct tcx_rule_param_value bool_value(bool b) { return (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = b}; }

static bool common_builtin(const tcx_client_t *c, const char *name, struct tcx_rule_param_value *out) {
  bool custom = c->config.endpoint_url != NULL; /* cannot be combined with FIPS or dual stack */
  if (strcmp(name, "AWS::Region") == 0)
    *out = text_value(c->config.region);
  else if (strcmp(name, "AWS::UseFIPS") == 0)
    *out = bool_value(!custom && c->config.use_fips == TCX__TRUE);
  else if (strcmp(name, "AWS::UseDualStack") == 0)
    *out = bool_value(!custom && c->config.use_dualstack == TCX__TRUE);
  else if (strcmp(name, "SDK::Endpoint") == 0)
    *out = text_value(c->config.endpoint_url);
  else if (strcmp(name, "AWS::STS::UseGlobalEndpoint") == 0)
    *out = bool_value(false);
  else
    return false;
  return true;
}

int tcx__endpoint_prepare(tcx_client_t *c, struct tcx_fail *f) {
  if (c->config.endpoint_url != NULL) {
    struct tcx_url url;
    const char *why = "";
    if (tcx__url_parse(&url, tcx__str(c->config.endpoint_url), &why) != 0)
      return tcx__fail(f, TCX_ECONFIG, "Invalid endpoint: %s (%s)", c->config.endpoint_url, why);
  }
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(c->model->rules, &params);
  c->base_values = tcx__arena_zalloc(c->arena, (n > 0 ? n : 1) * sizeof *c->base_values);
  c->scratch_values = tcx__arena_zalloc(c->arena, (n > 0 ? n : 1) * sizeof *c->scratch_values);
  if (c->base_values == NULL || c->scratch_values == NULL)
    return UV_ENOMEM;
  for (unsigned i = 0; i < n; i++) {
    const char *name = params[i].built_in;
    if (name != NULL && !common_builtin(c, name, &c->base_values[i]) && c->custom != NULL && c->custom->builtin != NULL)
      (void)c->custom->builtin(c, name, &c->base_values[i]);
  }
  return tcx__endpoint_cache_new(c->model->rules, c->partitions, ENDPOINT_CACHE, &c->endpoints);
}

void tcx__endpoint_set_builtin(tcx_call_t *call, const char *built_in, struct tcx_rule_param_value value) {
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(call->client->model->rules, &params);
  for (unsigned i = 0; i < n; i++)
    if (params[i].built_in != NULL && strcmp(params[i].built_in, built_in) == 0)
      call->rule_values[i] = value;
}

static int list_value(tcx_call_t *call, const struct tcx_value *v, struct tcx_rule_param_value *out) {
  uint32_t n = tcx__value_count(v);
  struct tcx_str *list = tcx__arena_alloc(call->arena, (n > 0 ? n : 1) * sizeof *list);
  if (list == NULL)
    return UV_ENOMEM;
  unsigned i = 0;
  for (const struct tcx_value *item = tcx__value_kids(v); item != NULL; item = item->next)
    list[i++] = item->type == TCX_STRING ? item->u.bytes : (struct tcx_str){0};
  *out = (struct tcx_rule_param_value){.type = TCX__RULE_LIST, .list = list, .n_list = (uint16_t)n};
  return 0;
}

/* Members that feed a parameter; static ones win over them. */
static int context_values(tcx_call_t *call) {
  const struct tcx_ruleset *rules = call->client->model->rules;
  const struct tcx_shape *input = call->op->input;
  for (uint32_t i = 0; input != NULL && i < input->n_members; i++) {
    const struct tcx_member *m = &input->members[i];
    if (m->context_param == NULL)
      continue;
    int at = tcx__ruleset_param_index(rules, m->context_param);
    const struct tcx_value *v = tcx__value_find(call->params, m->name, m->name_len);
    if (at < 0 || v == NULL)
      continue;
    if (v->type == TCX_STRING)
      call->rule_values[at] = (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = v->u.bytes};
    else if (v->type == TCX_BOOL)
      call->rule_values[at] = bool_value(v->u.boolean);
    else if (v->type == TCX_LIST && list_value(call, v, &call->rule_values[at]) != 0)
      return UV_ENOMEM;
  }
  for (unsigned i = 0; i < call->op->n_static_context; i++) {
    int at = tcx__ruleset_param_index(rules, call->op->static_context[i].name);
    if (at >= 0)
      call->rule_values[at] = call->op->static_context[i].value;
  }
  return 0;
}

/* ---- auth schemes ---- */

static const char *text_member(const struct tcx_value *map, const char *name, size_t n) {
  const struct tcx_value *v = tcx__value_find(map, name, n);
  return v != NULL && v->type == TCX_STRING ? v->u.bytes.p : NULL;
}

static int pick_scheme(tcx_call_t *call, const struct tcx_value *schemes) {
  const tcx_client_t *c = call->client;
  call->signing_region = c->config.region;
  call->signing_name = c->model->signing_name;
  call->s3_signer = strncmp(c->model->signature_version, "s3", 2) == 0;
  call->unsigned_request = c->config.unsigned_requests || (call->op->flags & TCX__OP_UNSIGNED) != 0;
  if (schemes == NULL || tcx__value_count(schemes) == 0 || call->unsigned_request)
    return 0;
  for (const struct tcx_value *s = tcx__value_kids(schemes); s != NULL; s = s->next) {
    const char *name = text_member(s, "name", 4);
    if (name == NULL || strcmp(name, "sigv4") != 0)
      continue;
    const char *region = text_member(s, "signingRegion", 13), *signing_name = text_member(s, "signingName", 11);
    if (region != NULL && !call->client_region_signs)
      call->signing_region = region;
    if (signing_name != NULL)
      call->signing_name = signing_name;
    return 0;
  }
  const char *first = text_member(tcx__value_kids(schemes), "name", 4);
  return tcx__fail(&call->fail, TCX_EENDPOINT, "This request needs the auth scheme %s, which this version of tucuxi does not have", first != NULL ? first : "(unnamed)");
}

/* ---- the endpoint into the request ---- */

/* op->host_prefix with its labels filled in from the params, or NULL when there is none to put. */
static int host_prefix(tcx_call_t *call, const char **out) {
  const char *p = call->op->host_prefix;
  *out = "";
  if (p == NULL || call->client->config.no_host_prefix)
    return 0;
  struct tcx_buf buf;
  tcx__buf_init(&buf, call->arena, 512);
  while (*p != '\0') {
    const char *open = strchr(p, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    if (close == NULL) {
      tcx__buf_adds(&buf, p);
      break;
    }
    tcx__buf_add(&buf, p, (size_t)(open - p));
    const struct tcx_value *v = tcx__value_find(call->params, open + 1, (size_t)(close - open - 1));
    if (v == NULL || v->type != TCX_STRING || v->u.bytes.n == 0)
      return tcx__fail(&call->fail, TCX_EPARAM, "Parameter validation failed:\nMissing required parameter in input: \"%.*s\"", (int)(close - open - 1), open + 1);
    tcx__buf_add_str(&buf, v->u.bytes);
    p = close + 1;
  }
  if (buf.status != 0)
    return buf.status;
  *out = buf.data != NULL ? buf.data : "";
  return 0;
}

static int with_prefix(tcx_call_t *call, const char *prefix, struct tcx_str text, struct tcx_str *out) {
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
  req->host = target->host;
  req->host_header = target->host_header;
  if (prefix[0] == '\0')
    return 0;
  err = with_prefix(call, prefix, target->host, &req->host);
  if (err == 0)
    err = with_prefix(call, prefix, target->host_header, &req->host_header);
  if (err == 0 && !tcx__valid_host(req->host))
    err = tcx__fail(&call->fail, TCX_EENDPOINT, "Invalid endpoint: the host %s holds a character that no host name has", req->host.p);
  return err;
}

/* Headers that the rule set adds: the first value of each, as botocore. */
static int add_headers(tcx_call_t *call, const struct tcx_value *headers) {
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next) {
    const struct tcx_value *first = tcx__value_kids(h);
    if (first == NULL || first->type != TCX_STRING)
      continue;
    int err = tcx__headers_set(&call->req.headers, (struct tcx_str){h->name, h->name_len}, first->u.bytes);
    if (err != 0)
      return err;
  }
  return 0;
}

int tcx__endpoint_of_call(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(c->model->rules, &params);
  struct tcx_rule_param_value *values = c->scratch_values;
  memcpy(values, c->base_values, n * sizeof values[0]);
  call->rule_values = values;
  int err = context_values(call);
  if (err == 0)
    err = tcx__run_hooks(call, TCX__BEFORE_ENDPOINT_RESOLUTION);
  if (err == 0) {
    if (call->endpoint != NULL)
      tcx__endpoint_release(call->endpoint);
    call->endpoint = NULL;
    err = tcx__endpoint_cache_get(c->endpoints, values, &call->endpoint, &call->fail);
  }
  call->rule_values = NULL;
  if (err != 0)
    return err;
  err = pick_scheme(call, tcx__value_find(call->endpoint->endpoint.properties, "authSchemes", 11));
  if (err == 0)
    err = set_target(call, &call->endpoint->target);
  if (err == 0)
    err = add_headers(call, call->endpoint->endpoint.headers);
  return err;
}
