/* endpoint_params.c - the values of a rule set's parameters: what a client knows once, and what
 * each call adds. */
#include "base/codec.h"
#include "core/call.h"
#include "core/endpoint.h"
#include "core/user_hooks.h"
#include "jmespath/jmespath.h"
#include <string.h>

#define ENDPOINT_CACHE 100 /* as botocore's */

static struct tcx_rule_param_value text_value(const char *s) {
  return s == NULL ? (struct tcx_rule_param_value){0}
                   : (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(s)};
}
static struct tcx_rule_param_value bool_value(bool b) {
  return (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = b};
}

int tcx__endpoint_list(struct tcx_arena *arena, const struct tcx_value *v,
                       struct tcx_rule_param_value *out) {
  uint32_t n = tcx__value_count(v);
  struct tcx_str *list = tcx__arena_alloc(arena, (n > 0 ? n : 1) * sizeof *list);
  if (list == NULL)
    return UV_ENOMEM;
  unsigned i = 0;
  for (const struct tcx_value *item = tcx__value_kids(v); item != NULL; item = item->next)
    list[i++] = item->type == TCX_STRING ? item->u.bytes : tcx__str("");
  *out = (struct tcx_rule_param_value){
      .type = TCX__RULE_LIST, .list = list, .n_list = (uint16_t)(n < UINT16_MAX ? n : UINT16_MAX)};
  return 0;
}

/* The regions whose STS is the global one, where sts_regional_endpoints is legacy. */
static bool sts_is_global(const struct tcx_client_config *config) {
  static const char *const regions[] = {
      "ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
      "aws-global",     "ca-central-1", "eu-central-1",   "eu-north-1",
      "eu-west-1",      "eu-west-2",    "eu-west-3",      "sa-east-1",
      "us-east-1",      "us-east-2",    "us-west-1",      "us-west-2"};
  for (size_t i = 0; config->sts_global == TCX__TRUE && config->region != NULL &&
                     i < sizeof regions / sizeof regions[0];
       i++)
    if (strcmp(regions[i], config->region) == 0)
      return true;
  return false;
}

static bool common_builtin(const tcx_client_t *c, const char *name,
                           struct tcx_rule_param_value *out) {
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
    *out = bool_value(sts_is_global(&c->config));
  else if (strcmp(name, "AWS::Auth::AccountIdEndpointMode") == 0)
    *out = text_value(c->config.account_id_mode);
  else
    return false;
  return true;
}

/* ---- client context parameters ---- */

static const char *name_at(const void *names, unsigned i) {
  return ((const char *const *)names)[i];
}

/* botocore's names of them: "force_path_style". */
static const char *const *context_names(tcx_client_t *c) {
  const struct tcx_model *m = c->model;
  const char **names = tcx__arena_alloc(c->arena, (m->n_client_context + 1u) * sizeof *names);
  for (unsigned i = 0; names != NULL && i < m->n_client_context; i++) {
    char name[128];
    if (tcx__method_name(name, sizeof name, m->client_context[i].name) != 0)
      name[0] = '\0';
    if ((names[i] = tcx__arena_strdup(c->arena, name)) == NULL)
      return NULL;
  }
  return names;
}

static int context_value(tcx_client_t *c, const struct tcx_value *v, uint8_t type,
                         struct tcx_rule_param_value *out, struct tcx_fail *f) {
  if (type == TCX__RULE_STRING && v->type == TCX_STRING)
    *out = (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = v->u.bytes};
  else if (type == TCX__RULE_BOOL && v->type == TCX_BOOL)
    *out = bool_value(v->u.boolean);
  else if (type == TCX__RULE_LIST && v->type == TCX_LIST)
    return tcx__endpoint_list(c->arena, v, out);
  else
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: client_context_params.%s must be %s",
                     v->name,
                     type == TCX__RULE_STRING ? "a string"
                     : type == TCX__RULE_BOOL ? "true or false"
                                              : "a list of strings");
  return 0;
}

/* Config's client_context_params. */
static int client_context(tcx_client_t *c, unsigned n_params, struct tcx_fail *f) {
  const struct tcx_model *m = c->model;
  int err = 0;
  if (tcx__value_count(c->config.context) == 0)
    return 0;
  const char *const *names = context_names(c);
  c->context_values = tcx__arena_zalloc(c->arena, (n_params + 1) * sizeof *c->context_values);
  if (names == NULL || c->context_values == NULL)
    return UV_ENOMEM;
  for (const struct tcx_value *v = tcx__value_kids(c->config.context); v != NULL && err == 0;
       v = v->next) {
    unsigned i = 0;
    while (i < m->n_client_context && strcmp(names[i], v->name) != 0)
      i++;
    if (i == m->n_client_context)
      return tcx__fail(f, TCX_ECONFIG,
                       "Invalid configuration: service %s has no client_context_params.%s%s",
                       c->service, v->name,
                       tcx__near_names(f->arena, v->name, name_at, names, m->n_client_context));
    int at = tcx__ruleset_param_index(m->rules, m->client_context[i].name);
    if (at >= 0 && v->type != TCX_NULL)
      err = context_value(c, v, m->client_context[i].value.type, &c->context_values[at], f);
  }
  return err;
}

/* ---- operation context parameters ---- */

struct tcx_context_path {
  const struct tcx_operation_context *param;
  const struct tcx_jmespath *path;
};

/* Each operation's paths, compiled. */
static int context_paths(tcx_client_t *c, struct tcx_fail *f) {
  const struct tcx_model *m = c->model;
  unsigned n = 0;
  for (uint32_t i = 0; i < m->n_operations; i++)
    n += m->operations[i].n_operation_context;
  if (n == 0)
    return 0;
  c->context_paths = tcx__arena_alloc(c->arena, n * sizeof *c->context_paths);
  if (c->context_paths == NULL)
    return UV_ENOMEM;
  for (uint32_t i = 0; i < m->n_operations; i++) {
    const struct tcx_operation *op = &m->operations[i];
    for (unsigned k = 0; k < op->n_operation_context; k++) {
      struct tcx_context_path *to = &c->context_paths[c->n_context_paths++];
      struct tcx_fail why = {.arena = f->arena};
      to->param = &op->operation_context[k];
      int err = tcx__jmespath_compile(c->arena, tcx__str(to->param->path), &to->path, &why);
      if (err != 0)
        return err == UV_ENOMEM
                   ? err
                   : tcx__fail(f, TCX_ESERVICE,
                               "Service %s: operations.%s.operationContextParams.%s: %s",
                               c->service, op->name, to->param->name, why.text);
    }
  }
  return 0;
}

int tcx__endpoint_prepare(tcx_client_t *c, struct tcx_fail *f) {
  if (c->config.endpoint_url != NULL) {
    struct tcx_url url;
    const char *why = "";
    const char *user = strrchr(c->config.endpoint_url, '@'); /* a password is not shown */
    if (tcx__url_parse(&url, tcx__str(c->config.endpoint_url), &why) != 0)
      return tcx__fail(f, TCX_ECONFIG, "Invalid endpoint: %s%s (%s)", user != NULL ? "...@" : "",
                       user != NULL ? user + 1 : c->config.endpoint_url, why);
  }
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(c->model->rules, &params);
  c->base_values = tcx__arena_zalloc(c->arena, (n + 1) * sizeof *c->base_values);
  c->scratch_values = tcx__arena_zalloc(c->arena, (n + 1) * sizeof *c->scratch_values);
  if (c->base_values == NULL || c->scratch_values == NULL)
    return UV_ENOMEM;
  c->account_param = -1;
  for (unsigned i = 0; i < n; i++) {
    const char *name = params[i].built_in;
    if (name != NULL && strcmp(name, "AWS::Auth::AccountId") == 0 &&
        strcmp(c->config.account_id_mode, "disabled") != 0)
      c->account_param = (int)i;
    bool own = name != NULL && c->custom != NULL && c->custom->builtin != NULL &&
               c->custom->builtin(c, name, &c->base_values[i]);
    if (name != NULL && !own)
      (void)common_builtin(c, name, &c->base_values[i]);
  }
  int err = client_context(c, n, f);
  if (err == 0)
    err = context_paths(c, f);
  return err != 0 ? err
                  : tcx__endpoint_cache_new(c->model->rules, c->partitions, ENDPOINT_CACHE,
                                            &c->endpoints);
}

/* ---- a call's ---- */

void tcx__endpoint_set_builtin(tcx_call_t *call, const char *built_in,
                               struct tcx_rule_param_value value) {
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(call->client->model->rules, &params);
  for (unsigned i = 0; i < n; i++)
    if (params[i].built_in != NULL && strcmp(params[i].built_in, built_in) == 0)
      call->rule_values[i] = value;
}

static void given_value(struct tcx_rule_param_value *values, int at,
                        struct tcx_rule_param_value value) {
  if (at >= 0 && value.type != TCX__RULE_UNSET)
    values[at] = value;
}

/* What a value of the params is to a rule set; UNSET when it is nothing to it. */
static int value_of(struct tcx_arena *arena, const struct tcx_value *v,
                    struct tcx_rule_param_value *out) {
  *out = (struct tcx_rule_param_value){0};
  if (v == NULL)
    return 0;
  if (v->type == TCX_STRING)
    *out = (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = v->u.bytes};
  else if (v->type == TCX_BOOL)
    *out = bool_value(v->u.boolean);
  else if (v->type == TCX_LIST)
    return tcx__endpoint_list(arena, v, out);
  return 0;
}

/* Members that feed a parameter. */
static int member_values(tcx_call_t *call, const struct tcx_ruleset *rules,
                         struct tcx_rule_param_value *values) {
  const struct tcx_shape *input = call->op->input;
  for (uint32_t i = 0; input != NULL && i < input->n_members; i++) {
    const struct tcx_member *m = &input->members[i];
    struct tcx_rule_param_value value;
    if (m->context_param == NULL)
      continue;
    if (value_of(call->arena, tcx__value_find(call->params, m->name, m->name_len), &value) != 0)
      return UV_ENOMEM;
    given_value(values, tcx__ruleset_param_index(rules, m->context_param), value);
  }
  return 0;
}

/* What the operation takes out of the params by a path. */
static int path_values(tcx_call_t *call, const struct tcx_ruleset *rules,
                       struct tcx_rule_param_value *values) {
  const tcx_client_t *c = call->client;
  const struct tcx_operation *op = call->op;
  for (unsigned i = 0; op->n_operation_context > 0 && i < c->n_context_paths; i++) {
    const struct tcx_context_path *at = &c->context_paths[i];
    const struct tcx_value *found = NULL;
    struct tcx_rule_param_value value;
    if (at->param < op->operation_context ||
        at->param >= op->operation_context + op->n_operation_context)
      continue;
    int err = tcx__jmespath_search(at->path, call->arena, call->params, &found, &call->fail);
    if (err == 0)
      err = value_of(call->arena, found, &value);
    if (err != 0)
      return err;
    given_value(values, tcx__ruleset_param_index(rules, at->param->name), value);
  }
  return 0;
}

bool tcx__endpoint_wants_account(const tcx_call_t *call) {
  return call->client->account_param >= 0 && (call->op->flags & TCX__OP_UNSIGNED) == 0 &&
         !tcx__hooks_set_account(call);
}

/* Weakest first, each over the one before: built-ins (as a hook has changed them), the client's
 * own, paths, members, the operation's constants. */
int tcx__endpoint_values(tcx_call_t *call) {
  const tcx_client_t *c = call->client;
  const struct tcx_operation *op = call->op;
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(c->model->rules, &params);
  call->rule_values = c->scratch_values;
  memcpy(call->rule_values, c->base_values, n * sizeof *call->rule_values);
  if (c->account_param >= 0 && call->identity != NULL)
    given_value(call->rule_values, c->account_param, text_value(call->identity->account_id));
  int err = tcx__run_hooks(call, TCX__BEFORE_ENDPOINT_RESOLUTION);
  tcx__hooks_builtins(call);
  for (unsigned i = 0; c->context_values != NULL && i < n; i++)
    given_value(call->rule_values, (int)i, c->context_values[i]);
  if (err == 0)
    err = path_values(call, c->model->rules, call->rule_values);
  if (err == 0)
    err = member_values(call, c->model->rules, call->rule_values);
  for (unsigned i = 0; i < op->n_static_context; i++)
    given_value(call->rule_values,
                tcx__ruleset_param_index(c->model->rules, op->static_context[i].name),
                op->static_context[i].value);
  return err;
}
