/* Two lines: a rule set (JSON), and parameters (a JSON object). What loads is resolved, directly
 * and through a cache, and emitted. */
#include "base/json.h"
#include "model/rules_data.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tcx_partition LIST[] = {
    {{"aws", "amazonaws.com", "api.aws", "us-east-1", true, true},
     "^us\\-\\w+\\-\\d+$",
     "aws-global\0",
     1}};
static const struct tcx_partitions PARTITIONS = {LIST, 1};

static void take_values(struct tcx_arena *arena, const struct tcx_ruleset *rules,
                        const struct tcx_value *params, struct tcx_rule_param_value *values) {
  for (const struct tcx_value *p = tcx__value_kids(params); p != NULL; p = p->next) {
    int i = tcx__ruleset_param_index(rules, p->name);
    if (i < 0)
      continue;
    struct tcx_rule_param_value *v = &values[i];
    uint32_t n = tcx__value_count(p) < 100 ? tcx__value_count(p) : 100;
    memset(v, 0, sizeof *v);
    if (p->type == TCX_STRING) {
      v->type = TCX__RULE_STRING;
      v->string = p->u.bytes;
    } else if (p->type == TCX_BOOL) {
      v->type = TCX__RULE_BOOL;
      v->boolean = p->u.boolean;
    } else if (p->type == TCX_LIST) {
      struct tcx_str *list = tcx__arena_zalloc(arena, (n + 1) * sizeof *list);
      v->type = TCX__RULE_LIST;
      v->list = list;
      for (const struct tcx_value *item = tcx__value_kids(p); item != NULL && v->n_list < n;
           item = item->next, v->n_list++)
        if (item->type == TCX_STRING)
          list[v->n_list] = item->u.bytes;
    }
  }
}

static void use(struct tcx_arena *arena, const struct tcx_ruleset *rules,
                const struct tcx_value *params) {
  struct tcx_rule_param_value values[TCX__RULES_SLOTS];
  struct tcx_fail f = {.arena = arena};
  struct tcx_endpoint endpoint;
  struct tcx_endpoint_cache *cache;
  memset(values, 0, sizeof values);
  take_values(arena, rules, params, values);
  int status = tcx__endpoint_resolve(rules, &PARTITIONS, values, arena, &endpoint, &f);
  if ((status == 0) == (f.status != 0) || (status != 0 && f.text == NULL))
    abort();
  if (tcx__endpoint_cache_new(rules, &PARTITIONS, 2, &cache) != 0)
    return;
  for (int i = 0; i < 2; i++) {
    const struct tcx_endpoint_ref *ref;
    int cached = tcx__endpoint_cache_get(cache, values, &ref, NULL);
    /* what the rules made is no URL */
    if (cached != status && !(status == 0 && cached == TCX_EENDPOINT))
      abort();
    if (cached == 0 && !tcx__str_eq(ref->endpoint.url, endpoint.url))
      abort();
    if (cached == 0)
      tcx__endpoint_release(ref);
  }
  tcx__endpoint_cache_free(cache);
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 20);
  tcx__ruleset_emit(&out, rules, "set");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *json, *params = NULL;
  const struct tcx_ruleset *rules;
  size_t n = end != NULL ? (size_t)(end - text) : size;
  if (end != NULL && tcx__json_parse(arena, end + 1, size - n - 1, &params, NULL) != 0)
    params = NULL;
  if (tcx__json_parse(arena, text, n, &json, NULL) == 0 &&
      tcx__ruleset_load(arena, json, &rules, &f) == 0)
    use(arena, rules, params);
  tcx__arena_free(arena);
  return 0;
}
