/* rules_default.c - the rule set of a service that came without one, as a model does that `aws
 * configure add-model` has put into ~/.aws/models: botocore's older endpoint tables give a service
 * that they do not know the same hosts. */
#include "base/json.h"
#include "model/loader.h"
#include "model/rules_data.h"

static const char parameters[] =
    "{\"version\":\"1.0\",\"parameters\":{"
    "\"Region\":{\"builtIn\":\"AWS::Region\",\"type\":\"string\"},"
    "\"UseDualStack\":{\"builtIn\":\"AWS::UseDualStack\",\"default\":false,\"type\":\"boolean\"},"
    "\"UseFIPS\":{\"builtIn\":\"AWS::UseFIPS\",\"default\":false,\"type\":\"boolean\"},"
    "\"Endpoint\":{\"builtIn\":\"SDK::Endpoint\",\"type\":\"string\"}},\"rules\":["
    "{\"conditions\":[{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"Endpoint\"}]}],"
    "\"endpoint\":{\"url\":{\"ref\":\"Endpoint\"}},\"type\":\"endpoint\"},"
    "{\"conditions\":[{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"Region\"}]},"
    "{\"fn\":\"aws.partition\",\"argv\":[{\"ref\":\"Region\"}],\"assign\":\"Partition\"}],"
    "\"type\":\"tree\",\"rules\":[";
static const char missing_region[] = "]},{\"conditions\":[],\"type\":\"error\","
                                     "\"error\":\"Invalid Configuration: Missing Region\"}]}";

static void add_condition(struct tcx_buf *out, const char *name, bool value) {
  tcx__buf_printf(out, "{\"fn\":\"booleanEquals\",\"argv\":[{\"ref\":\"%s\"},%s]}", name,
                  value ? "true" : "false");
}

static void add_host(struct tcx_buf *out, const char *prefix, bool fips, bool dual_stack) {
  tcx__buf_adds(out, "{\"conditions\":[");
  add_condition(out, "UseFIPS", fips);
  tcx__buf_addc(out, ',');
  add_condition(out, "UseDualStack", dual_stack);
  tcx__buf_printf(out,
                  "],\"type\":\"endpoint\",\"endpoint\":{\"url\":\"https://%s%s.{Region}."
                  "{Partition#%s}\"}}",
                  prefix, fips ? "-fips" : "", dual_stack ? "dualStackDnsSuffix" : "dnsSuffix");
}

int tcx__ruleset_default(struct tcx_arena *arena, const char *prefix,
                         const struct tcx_ruleset **out, struct tcx_fail *f) {
  struct tcx_buf text;
  struct tcx_value *json = NULL;
  if (!tcx__rule_is_host_label(tcx__str(prefix), true))
    return tcx__fail(f, TCX_ESERVICE,
                     "there is no endpoint rule set, and the endpoint prefix \"%.100s\" is no host "
                     "name",
                     prefix);
  tcx__buf_init(&text, arena, 8192);
  tcx__buf_adds(&text, parameters);
  for (unsigned i = 0; i < 4; i++) {
    if (i > 0)
      tcx__buf_addc(&text, ',');
    add_host(&text, prefix, (i & 1) != 0, (i & 2) != 0);
  }
  tcx__buf_adds(&text, missing_region);
  int err = text.status;
  if (err == 0)
    err = tcx__json_parse(arena, text.data, text.len, &json, f);
  return err == 0 ? tcx__ruleset_load(arena, json, out, f) : tcx__fail(f, err, "out of memory");
}
