/*
 * rules.h - endpoint rule sets: parameters in, an endpoint (URL, headers, properties) or the rule
 * set's own error out. Pure.
 *
 * A rule set is const data: written by the generator for embedded services, or built by the loader.
 * rules_eval.c interprets both. The tables' own structs are in rules_data.h.
 */
#ifndef TCX_MODEL_RULES_H
#define TCX_MODEL_RULES_H
#include "base/error.h"
#include "model/model.h"

struct tcx_rule_param { /* a rule set's parameter, in its order */
  const char *name;
  const char *built_in;                 /* "AWS::Region", or NULL */
  struct tcx_rule_param_value fallback; /* default; UNSET when there is none */
  uint8_t type;                         /* tcx__rule_type */
  bool required;
};
/* returns their count */
unsigned tcx__ruleset_params(const struct tcx_ruleset *rules, const struct tcx_rule_param **params);
/* -1 when there is none */
int tcx__ruleset_param_index(const struct tcx_ruleset *rules, const char *name);

struct tcx_endpoint {
  struct tcx_str url;                 /* without a slash at its end unless the rule set wrote one */
  const struct tcx_value *properties; /* MAP: authSchemes, backend ...; never NULL */
  const struct tcx_value *headers;    /* MAP of LISTs of STRING; never NULL */
};
/* values: one for each parameter, in the rule set's order; defaults are filled in here. The
 * endpoint lies in arena, but for literal strings, which are the rule set's: it must live as long.
 * values may go at once.
 * TCX_EENDPOINT with botocore's words for a missing required parameter, or with the rule set's own
 * error text. TCX_EPARAM when a value would put a control character into the URL or a header,
 * TCX_ETOOBIG when the rules make more than 1 MiB of text. */
int tcx__endpoint_resolve(const struct tcx_ruleset *rules, const struct tcx_partitions *partitions,
                          const struct tcx_rule_param_value *values, struct tcx_arena *arena,
                          struct tcx_endpoint *out, struct tcx_fail *f);

/* From JSON (already parsed); everything lies in arena. TCX_ESERVICE with the place in f
 * ("rules[3].conditions[0]: unknown function foo"). */
int tcx__ruleset_load(struct tcx_arena *arena, const struct tcx_value *json,
                      const struct tcx_ruleset **out, struct tcx_fail *f);
int tcx__partitions_load(struct tcx_arena *arena, const struct tcx_value *json,
                         const struct tcx_partitions **out, struct tcx_fail *f);
/* The generator's side: the same tables as C source text, appended to out: "const struct
 * tcx_ruleset NAME = ...", external, with static tables NAME_... before it. The file has to include
 * model/rules_data.h. */
void tcx__ruleset_emit(struct tcx_buf *out, const struct tcx_ruleset *rules, const char *name);
void tcx__partitions_emit(struct tcx_buf *out, const struct tcx_partitions *partitions,
                          const char *name);

/* aws.partition(region): the outputs of the partition whose pattern or list knows region; else
 * those of the first one ("aws"), and false. */
struct tcx_partition_info {
  const char *name, *dns_suffix, *dual_stack_dns_suffix, *implicit_global_region;
  bool supports_fips, supports_dual_stack;
};
bool tcx__partition_of(const struct tcx_partitions *partitions, struct tcx_str region,
                       struct tcx_partition_info *out);

/* A client's cache of results (botocore: 100, least recently used goes). Keyed by all values except
 * those of the parameters named Key, Prefix and CopySource. Owns what it keeps; a result stays
 * valid until tcx__endpoint_release, also after it was pushed out or the cache was freed. */
struct tcx_endpoint_cache;
struct tcx_endpoint_target { /* the endpoint's url, cut into what a request needs */
  bool tls;
  uint16_t port;
  /* lower case, IPv6 without brackets; a checked host name or address, NUL-ended */
  struct tcx_str host;
  /* with the port where it is not the scheme's, IPv6 in brackets */
  struct tcx_str host_header;
  struct tcx_str path, query;
};
/* first member of the cache's own, counted entry */
struct tcx_endpoint_ref {
  struct tcx_endpoint endpoint;
  struct tcx_endpoint_target target;
};
int tcx__endpoint_cache_new(const struct tcx_ruleset *rules,
                            const struct tcx_partitions *partitions, unsigned max,
                            struct tcx_endpoint_cache **out);
void tcx__endpoint_cache_free(struct tcx_endpoint_cache *cache);
bool tcx__valid_host(struct tcx_str host); /* lower case: labels, or an address */
/* Resolves or finds. *out is counted: release it. Errors are not cached. TCX_EENDPOINT also when
 * the url is none. */
int tcx__endpoint_cache_get(struct tcx_endpoint_cache *cache,
                            const struct tcx_rule_param_value *values,
                            const struct tcx_endpoint_ref **out, struct tcx_fail *f);
void tcx__endpoint_retain(const struct tcx_endpoint_ref *ref);
void tcx__endpoint_release(const struct tcx_endpoint_ref *ref);
#endif
