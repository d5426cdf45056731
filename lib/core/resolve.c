/* resolve.c - a service's rule set asked directly: where a call with these parameters would go. */
#include "base/json.h"
#include "core/endpoint.h"
#include "core/session.h"
#include "model/rules.h"
#include <string.h>
#include <tucuxi/model.h>

#define SHOWN_MAX 256 /* bytes of a wrong value that are shown */

struct question {
  struct tcx_arena *arena; /* of all but the answer */
  struct tcx_fail fail;
  const struct tcx_ruleset *rules;
  const struct tcx_rule_param *params;
  unsigned n_params;
  struct tcx_rule_param_value *values;
  struct tcx_buf wrong; /* what is wrong with the parameters, a line each */
};

static const char *type_name(uint8_t type) {
  return type == TCX__RULE_STRING ? "string"
         : type == TCX__RULE_BOOL ? "boolean"
                                  : "list of strings";
}

static void unknown_name(struct question *q, const char *name) {
  tcx__buf_printf(&q->wrong, "\nUnknown parameter in input: \"%s\", must be one of: ", name);
  for (unsigned i = 0; i < q->n_params; i++)
    tcx__buf_printf(&q->wrong, "%s%s", i > 0 ? ", " : "", q->params[i].name);
}

static void wrong_type(struct question *q, const struct tcx_rule_param *param,
                       const struct tcx_value *v) {
  struct tcx_buf shown;
  tcx__buf_init(&shown, q->arena, SHOWN_MAX);
  if (v->type == TCX_STRING)
    tcx__buf_add_str(&shown, v->u.bytes);
  else
    tcx__json_write(&shown, v, TCX__JSON_COMPACT);
  tcx__buf_printf(&q->wrong,
                  "\nInvalid type for parameter %s, value: %s, type: %s, valid types: %s",
                  param->name, shown.status == 0 && shown.data != NULL ? shown.data : "(long)",
                  tcx__type_name((tcx_type_t)v->type), type_name(param->type));
}

static bool strings_only(const struct tcx_value *list) {
  for (const struct tcx_value *item = tcx__value_kids(list); item != NULL; item = item->next)
    if (item->type != TCX_STRING)
      return false;
  return true;
}

/* One parameter into its value; a wrong one is noted. UV_ENOMEM. */
static int take(struct question *q, const struct tcx_value *v) {
  int i = tcx__ruleset_param_index(q->rules, v->name);
  if (i < 0) {
    unknown_name(q, v->name);
    return 0;
  }
  struct tcx_rule_param_value *out = &q->values[i];
  uint8_t type = q->params[i].type;
  if (v->type == TCX_NULL)
    return 0;
  if (type == TCX__RULE_STRING && v->type == TCX_STRING)
    *out = (struct tcx_rule_param_value){.type = type, .string = v->u.bytes};
  else if (type == TCX__RULE_BOOL && v->type == TCX_BOOL)
    *out = (struct tcx_rule_param_value){.type = type, .boolean = v->u.boolean};
  else if (type == TCX__RULE_LIST && v->type == TCX_LIST && strings_only(v))
    return tcx__endpoint_list(q->arena, v, out);
  else
    wrong_type(q, &q->params[i], v);
  return 0;
}

static int find_rules(struct question *q, tcx_session_t *session, const char *service,
                      const struct tcx_partitions **partitions) {
  struct tcx_models *models = NULL;
  const struct tcx_model *model = NULL;
  int err = tcx__session_models(session, &models, &q->fail);
  if (err == 0)
    err = tcx__models_get(models, service, &model, &q->fail);
  if (err != 0)
    return err;
  *partitions = tcx__models_partitions(models, &q->fail);
  q->rules = model->rules;
  q->n_params = tcx__ruleset_params(model->rules, &q->params);
  q->values = tcx__arena_zalloc(q->arena, (q->n_params + 1) * sizeof *q->values);
  if (*partitions == NULL)
    return q->fail.status;
  return q->values != NULL ? 0 : UV_ENOMEM;
}

static int take_params(struct question *q, const tcx_value_t *params) {
  int err = 0;
  if (params != NULL && params->type != TCX_MAP)
    return tcx__fail(&q->fail, TCX_EPARAM,
                     "Parameter validation failed:\nThe parameters must be a map");
  tcx__buf_init(&q->wrong, q->arena, 1u << 16);
  for (const struct tcx_value *v = tcx__value_kids(params); v != NULL && err == 0; v = v->next)
    err = take(q, v);
  if (err != 0 || q->wrong.status == UV_ENOMEM)
    return UV_ENOMEM;
  return q->wrong.len == 0
             ? 0
             : tcx__fail(&q->fail, TCX_EPARAM, "Parameter validation failed:%s", q->wrong.data);
}

static int resolve(struct question *q, tcx_session_t *session, const char *service,
                   const tcx_value_t *params, tcx_value_t *out) {
  const struct tcx_partitions *partitions = NULL;
  struct tcx_endpoint endpoint;
  int err = tcx_value_status(params);
  if (err != 0)
    return err == UV_ENOMEM ? err
                            : tcx__fail(&q->fail, TCX_EPARAM, "%s", tcx_value_problem(params));
  if (session == NULL || service == NULL)
    return UV_EINVAL;
  if (session->closing)
    return TCX_ECLOSING;
  err = find_rules(q, session, service, &partitions);
  if (err == 0)
    err = take_params(q, params);
  if (err == 0)
    err = tcx__endpoint_resolve(q->rules, partitions, q->values, q->arena, &endpoint, &q->fail);
  if (err != 0)
    return err;
  tcx_value_put(out, "url", 3,
                tcx_value_new_str(tcx__arena_strndup(q->arena, endpoint.url.p, endpoint.url.n)));
  tcx_value_set(out, "headers", tcx_value_copy(endpoint.headers));
  tcx_value_set(out, "properties", tcx_value_copy(endpoint.properties));
  return 0;
}

tcx_value_t *tcx_session_resolve_endpoint(tcx_session_t *session, const char *service,
                                          tcx_value_t *params) {
  tcx_value_t *out = tcx_value_new_map();
  struct tcx_root *root = tcx__root_of(out);
  struct question q = {.arena = tcx__arena_new()};
  q.fail.arena = q.arena;
  int err = q.arena != NULL ? resolve(&q, session, service, params, out) : UV_ENOMEM;
  if (err != 0 && root != NULL)
    tcx__root_fail(root, err, "%s", q.fail.text != NULL ? q.fail.text : tcx_strerror(err));
  tcx__arena_free(q.arena);
  tcx_value_free(params);
  return out;
}
