/* control.c - what S3 Control does beyond its model: ARNs of Outposts among the parameters, and an
 * account that the rule set puts into the host itself. */
#include "s3/s3.h"
#include <string.h>

/* ---- ARNs ---- */

struct arn {
  struct tcx_str text, service, region, account;
  struct tcx_str resource[4]; /* cut at '/' and ':' */
  unsigned n_resource;        /* more than 4: that many */
};

/* What stands before the next mark; at goes behind it. */
static struct tcx_str cut(struct tcx_str *at, const char *marks) {
  size_t n = 0;
  while (n < at->n && (at->p[n] == '\0' || strchr(marks, at->p[n]) == NULL))
    n++;
  struct tcx_str piece = {at->p, n};
  size_t skip = n < at->n ? n + 1 : n;
  *at = (struct tcx_str){at->p + skip, at->n - skip};
  return piece;
}

static bool read_arn(const tcx_call_t *call, const char *name, struct arn *arn) {
  const struct tcx_value *v = tcx__value_find(call->params, name, strlen(name));
  unsigned colons = 0;
  if (v == NULL || v->type != TCX_STRING)
    return false;
  struct tcx_str rest = v->u.bytes;
  for (size_t i = 0; i < rest.n; i++)
    colons += rest.p[i] == ':';
  if (colons < 5)
    return false;
  memset(arn, 0, sizeof *arn);
  arn->text = rest;
  (void)cut(&rest, ":"); /* "arn" */
  (void)cut(&rest, ":"); /* the partition */
  arn->service = cut(&rest, ":");
  arn->region = cut(&rest, ":");
  arn->account = cut(&rest, ":");
  for (bool more = true; more; arn->n_resource++) {
    const char *before = rest.p;
    struct tcx_str piece = cut(&rest, "/:");
    more = rest.p > before + piece.n;
    if (arn->n_resource < 4)
      arn->resource[arn->n_resource] = piece;
  }
  return true;
}

static int refuse(tcx_call_t *call, const struct arn *arn, const char *why) {
  return tcx__fail(&call->fail, TCX_EPARAM,
                   "S3 ARN \"%.*s\" provided is invalid for this operation. %s", (int)arn->text.n,
                   arn->text.p, why);
}

/* The account of the ARN becomes AccountId, which must not say another one. */
static int take_account(tcx_call_t *call, const struct arn *arn) {
  const struct tcx_value *given = tcx__value_find(call->params, "AccountId", 9);
  if (given != NULL && given->type == TCX_STRING && !tcx__str_eq(given->u.bytes, arn->account)) {
    const char *why = tcx__arena_printf(
        call->arena, "Account ID in arn does not match the AccountId parameter provided: \"%.*s\"",
        (int)given->u.bytes.n, given->u.bytes.p);
    return why != NULL ? refuse(call, arn, why) : UV_ENOMEM;
  }
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, arn->account.p, arn->account.n);
  return v != NULL ? tcx__value_replace(call->arena, call->params, "AccountId", 9, v) : UV_ENOMEM;
}

/* outpost/ID/KIND/NAME of s3-outposts; no other ARN fits the parameter. */
static int take_arn(tcx_call_t *call, const char *parameter, const char *kind,
                    const char *otherwise) {
  struct arn arn;
  if (!read_arn(call, parameter, &arn))
    return 0;
  if (tcx__str_starts(arn.region, "fips-") || tcx__str_ends(arn.region, "fips-"))
    return refuse(call, &arn, "Invalid ARN, FIPS region not allowed in ARN.");
  if (call->client->config.s3.use_accelerate == TCX__TRUE)
    return tcx__fail(&call->fail, TCX_ECONFIG,
                     "Unsupported configuration when using S3 Control: S3 control client does not "
                     "support accelerate endpoints");
  if (!tcx__str_is(arn.service, "s3-outposts") || arn.n_resource != 4 ||
      !tcx__str_is(arn.resource[0], "outpost") || !tcx__str_is(arn.resource[2], kind))
    return refuse(call, &arn, otherwise);
  return take_account(call, &arn);
}

static int arn_params(tcx_call_t *call) {
  const char *name = call->op->name;
  int err = 0;
  if (strcmp(name, "CreateBucket") == 0 || strcmp(name, "ListRegionalBuckets") == 0)
    return 0;
  if (strcmp(name, "CreateAccessPoint") != 0)
    err = take_arn(call, "Name", "accesspoint",
                   "The Name parameter does not support the provided ARN");
  return err == 0 ? take_arn(call, "Bucket", "bucket",
                             "The Bucket parameter does not support the provided ARN")
                  : err;
}

/* ---- hosts ---- */

/* Model and rule set both put the account before the host: once is enough. */
static int host_prefix(tcx_call_t *call) {
  const struct tcx_operation *op = call->op;
  for (unsigned i = 0; i < op->n_static_context; i++)
    if (strcmp(op->static_context[i].name, "RequiresAccountId") == 0 &&
        op->static_context[i].value.boolean)
      call->no_host_prefix =
          op->host_prefix != NULL && strcmp(op->host_prefix, "{AccountId}.") == 0;
  return 0;
}

static bool builtin(const tcx_client_t *client, const char *name,
                    struct tcx_rule_param_value *out) {
  bool dualstack = strcmp(name, "AWS::UseDualStack") == 0;
  if (!dualstack && strcmp(name, "AWS::S3Control::UseArnRegion") != 0)
    return false;
  *out = (struct tcx_rule_param_value){.type = TCX__RULE_BOOL,
                                       .boolean = dualstack ? tcx__s3_dualstack(&client->config)
                                                            : client->config.s3.use_arn_region ==
                                                                  TCX__TRUE};
  return true;
}

static int endpoint_error(tcx_call_t *call, const char *text) {
  struct tcx_str s = tcx__str(text);
  if (tcx__str_starts(s, "Invalid ARN:")) {
    const char *bucket = tcx_value_str(call->params, "Bucket");
    return tcx__fail(&call->fail, TCX_EENDPOINT,
                     "S3 ARN \"%s\" provided is invalid for this operation. %s",
                     bucket != NULL ? bucket : "None", text);
  }
  if (tcx__str_starts(s, "Invalid configuration:") ||
      tcx__str_starts(s, "Client was configured for partition"))
    return tcx__fail(&call->fail, TCX_EENDPOINT,
                     "Unsupported configuration when using S3 Control: %s", text);
  if (tcx__str_is(s, "AccountId is required but not set"))
    return tcx__fail(&call->fail, TCX_EPARAM, "Parameter validation failed:\n%s", text);
  return 0;
}

static const struct tcx_hook before_parameter_build[] = {
    {NULL, arn_params}, {NULL, host_prefix}, {NULL, NULL}};

const struct tcx_customization tcx__s3control = {
    .service = "s3control",
    .at = {[TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build},
    .builtin = builtin,
    .endpoint_error = endpoint_error,
};
