#include "core/endpoint.h"
#include "s3/s3.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static struct tcx_rule_param_value flag(bool on) {
  return (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = on};
}

static bool accelerate_url(const char *url) {
  return url != NULL && strstr(url, "s3-accelerate.") != NULL;
}

/* botocore's rule: a custom endpoint means path style, unless virtual was asked for or it is an
 * accelerate host. */
static bool path_style(const struct tcx_client_config *c) {
  if (c->s3.use_accelerate == TCX__TRUE)
    return false;
  if (c->endpoint_url != NULL && !accelerate_url(c->endpoint_url))
    return c->s3.addressing != TCX__ADDRESSING_VIRTUAL;
  return c->s3.addressing == TCX__ADDRESSING_PATH;
}

bool tcx__s3_dualstack(const struct tcx_client_config *c) {
  return c->endpoint_url == NULL &&
         (c->s3.use_dualstack != TCX__UNSET ? c->s3.use_dualstack : c->use_dualstack) == TCX__TRUE;
}

bool tcx__s3_builtin(const tcx_client_t *client, const char *name,
                     struct tcx_rule_param_value *out) {
  const struct tcx_client_config *c = &client->config;
  if (strcmp(name, "AWS::UseDualStack") == 0)
    *out = flag(tcx__s3_dualstack(c));
  else if (strcmp(name, "AWS::S3::Accelerate") == 0)
    *out = flag(c->s3.use_accelerate == TCX__TRUE);
  else if (strcmp(name, "AWS::S3::ForcePathStyle") == 0)
    *out = flag(path_style(c));
  else if (strcmp(name, "AWS::S3::UseArnRegion") == 0)
    *out = flag(c->s3.use_arn_region != TCX__FALSE);
  else if (strcmp(name, "AWS::S3::UseGlobalEndpoint") == 0)
    *out = flag(c->s3.us_east_1_global == TCX__TRUE && c->region != NULL &&
                strcmp(c->region, "us-east-1") == 0);
  else if (strcmp(name, "AWS::S3::DisableMultiRegionAccessPoints") == 0)
    *out = flag(c->s3.disable_mrap == TCX__TRUE);
  else
    return false;
  return true;
}

/* What a rule set would accept as one label of a host name. */
static bool host_label(struct tcx_str s) {
  if (s.n == 0 || s.n > 63 || s.p[0] == '-')
    return false;
  for (size_t i = 0; i < s.n; i++)
    if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-')
      return false;
  return true;
}

const char *tcx__s3_known_region(const tcx_client_t *client, struct tcx_str bucket) {
  const struct tcx_s3_client *state = tcx__client_state(client);
  const struct tcx_value *v = bucket.p != NULL && state->regions != NULL
                                  ? tcx__value_find(state->regions, bucket.p, bucket.n)
                                  : NULL;
  return v != NULL ? v->u.bytes.p : NULL;
}

/* Asked where the region is not known: by path S3 takes it with any region in its signature. */
static bool asks_location(const tcx_call_t *call) {
  return strcmp(call->op->name, "GetBucketLocation") == 0;
}

/* Whether the name stands before the global host; a service's own operation has none. */
static bool before_global_host(struct tcx_str bucket) {
  return bucket.p == NULL ||
         (host_label(bucket) && !tcx__s3_is_arn(bucket) && !tcx__str_ends(bucket, "--x-s3"));
}

/* botocore's conditions for the global host of a presigned URL. */
static bool presigns_globally(const tcx_call_t *call, struct tcx_str bucket) {
  const struct tcx_client_config *c = &call->client->config;
  if (call->goal != TCX__GOAL_PRESIGN || c->s3.presign_global != TCX__TRUE ||
      tcx__s3_dualstack(c) || c->s3.addressing == TCX__ADDRESSING_VIRTUAL)
    return false;
  struct tcx_partition_info partition;
  if (c->region == NULL ||
      !tcx__partition_of(call->client->partitions, tcx__str(c->region), &partition) ||
      strcmp(partition.name, "aws") != 0)
    return false;
  if (c->s3.us_east_1_global == TCX__FALSE && strcmp(c->region, "us-east-1") == 0)
    return false;
  return !path_style(c) && !asks_location(call) && before_global_host(bucket);
}

/* The rule set takes it as a client context parameter, not as a built-in. */
static void express_auth(tcx_call_t *call) {
  tcx__tristate disabled = call->client->config.s3.disable_express_auth;
  int at = tcx__ruleset_param_index(call->client->model->rules, "DisableS3ExpressSessionAuth");
  if (disabled != TCX__UNSET && at >= 0)
    call->rule_values[at] = flag(disabled == TCX__TRUE);
}

int tcx__s3_addressing(tcx_call_t *call) {
  struct tcx_str bucket = tcx__s3_bucket(call);
  express_auth(call);
  if (asks_location(call))
    tcx__endpoint_set_builtin(call, "AWS::S3::ForcePathStyle", flag(true));
  else if (tcx__s3_is_arn(bucket))
    tcx__endpoint_set_builtin(call, "AWS::S3::ForcePathStyle", flag(false));
  if (presigns_globally(call, bucket)) {
    tcx__endpoint_set_builtin(
        call, "AWS::Region",
        (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = TCX__STR("aws-global")});
    tcx__endpoint_set_builtin(call, "AWS::S3::UseGlobalEndpoint", flag(true));
    call->client_region_signs = true;
    return 0;
  }
  const char *region = tcx__s3_known_region(call->client, bucket);
  if (region == NULL && call->client->config.region == NULL)
    region = "aws-global"; /* as botocore: us-east-1, from where S3 redirects */
  if (region != NULL)
    tcx__endpoint_set_builtin(
        call, "AWS::Region",
        (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(region)});
  return 0;
}

int tcx__s3_endpoint_error(tcx_call_t *call, const char *text) {
  static const char *const access_points[] = {"S3 Outposts does not support",
                                              "S3 MRAP does not support",
                                              "S3 Object Lambda does not support",
                                              "Access Points do not support",
                                              "Invalid configuration:",
                                              "Client was configured for partition"};
  struct tcx_str s = tcx__str(text);
  if (tcx__str_is(s, "S3 Object Lambda does not support S3 Accelerate") ||
      tcx__str_is(s, "Accelerate cannot be used with FIPS"))
    return tcx__fail(&call->fail, TCX_EENDPOINT, "Unsupported configuration when using S3: %s",
                     text);
  for (size_t i = 0; i < sizeof access_points / sizeof access_points[0]; i++)
    if (tcx__str_starts(s, access_points[i]))
      return tcx__fail(&call->fail, TCX_EENDPOINT,
                       "Unsupported configuration when using S3 access-points: %s", text);
  if (strncasecmp(text, "invalid arn:", 12) == 0)
    return tcx__fail(&call->fail, TCX_EPARAM, "Parameter validation failed:\n%s", text);
  return 0;
}
