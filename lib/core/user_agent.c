#include "core/user_agent.h"
#include "core/call.h"
#include <stdlib.h>
#include <strings.h>
#include <sys/utsname.h>

/* clang-format off */
static const char ids[TCX__USES_COUNT][3] = {
    [TCX__USES_WAITER] = "B", [TCX__USES_PAGINATOR] = "C", [TCX__USES_RETRY_LEGACY] = "D", [TCX__USES_RETRY_STANDARD] = "E", [TCX__USES_RETRY_ADAPTIVE] = "F", [TCX__USES_GZIP] = "L", [TCX__USES_CBOR] = "M", [TCX__USES_ENDPOINT_OVERRIDE] = "N",
    [TCX__USES_ACCOUNT_PREFERRED] = "P", [TCX__USES_ACCOUNT_DISABLED] = "Q", [TCX__USES_ACCOUNT_REQUIRED] = "R", [TCX__USES_SIGV4A] = "S", [TCX__USES_ACCOUNT_ID] = "T", [TCX__USES_CRC32] = "U",
    [TCX__USES_CRC32C] = "V", [TCX__USES_CRC64] = "W", [TCX__USES_SHA1] = "X", [TCX__USES_SHA256] = "Y", [TCX__USES_REQUEST_SUM_SUPPORTED] = "Z", [TCX__USES_REQUEST_SUM_REQUIRED] = "a",
    [TCX__USES_RESPONSE_SUM_SUPPORTED] = "b", [TCX__USES_RESPONSE_SUM_REQUIRED] = "c", [TCX__USES_KEYS_IN_CODE] = "e", [TCX__USES_KEYS_OF_ENVIRONMENT] = "g", [TCX__USES_ENVIRONMENT_WEB_IDENTITY] = "h", [TCX__USES_ROLE] = "i",
    [TCX__USES_WEB_IDENTITY] = "k", [TCX__USES_PROFILE] = "n", [TCX__USES_SOURCE_PROFILE] = "o", [TCX__USES_NAMED_PROVIDER] = "p", [TCX__USES_PROFILE_WEB_IDENTITY] = "q",
    [TCX__USES_PROFILE_SSO] = "r", [TCX__USES_SSO] = "s", [TCX__USES_PROFILE_SSO_LEGACY] = "t", [TCX__USES_SSO_LEGACY] = "u", [TCX__USES_PROFILE_PROCESS] = "v", [TCX__USES_PROCESS] = "w", [TCX__USES_CONTAINER] = "z", [TCX__USES_IMDS] = "0",
    [TCX__USES_BEARER_OF_ENVIRONMENT] = "3", [TCX__USES_PROFILE_LOGIN] = "AC", [TCX__USES_LOGIN] = "AD", [TCX__USES_REGION_REDIRECT] = "Ah",
};
/* clang-format on */

/* ---- a client's text ---- */

/* botocore's: what is no letter, digit or one of these becomes a dash. */
static void add_clean(struct tcx_buf *out, const char *s, bool hash) {
  for (; *s != '\0'; s++) {
    bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
    tcx__buf_addc(
        out, letter || strchr("!$%&'*+-.^_`|~,", *s) != NULL || (hash && *s == '#') ? *s : '-');
  }
}

static void add_part(struct tcx_buf *out, const char *prefix, const char *value) {
  tcx__buf_addc(out, ' ');
  tcx__buf_adds(out, prefix);
  add_clean(out, value, true);
}

static void add_system(struct tcx_buf *out) {
  struct utsname system = {0};
  uname(&system);
  bool mac = strcasecmp(system.sysname, "Darwin") == 0,
       known = mac || strcasecmp(system.sysname, "Linux") == 0;
  if (!known) {
    add_part(out, "os/other md/", system.sysname);
    tcx__buf_addc(out, '#');
    add_clean(out, system.release, true);
  } else {
    add_part(out, mac ? "os/macos#" : "os/linux#", system.release);
  }
  for (char *p = system.machine; *p != '\0'; p++)
    *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
  add_part(out, "md/arch#", system.machine);
}

static void add_before(struct tcx_buf *out) {
  tcx__buf_printf(out, "tucuxi/%d.%d.%d ua/2.1", TCX_VERSION_MAJOR, TCX_VERSION_MINOR,
                  TCX_VERSION_PATCH);
  add_system(out);
  tcx__buf_adds(out, " lang/c#11");
  add_part(out, "md/libuv#", uv_version_string());
  const char *environment = tcx__getenv("AWS_EXECUTION_ENV");
  if (environment != NULL) {
    tcx__buf_adds(out, " exec-env/");
    add_clean(out, environment, false);
  }
  tcx__buf_addc(out, ' ');
}

static void add_after(struct tcx_buf *out, const struct tcx_client_config *config) {
  tcx__buf_printf(out, " cfg/retry-mode#%s", tcx__retry_mode_name(config->retry_mode));
  if (config->discovery == TCX__TRUE)
    tcx__buf_adds(out, " cfg/endpoint-discovery");
  if (config->user_agent_appid != NULL)
    add_part(out, "app/", config->user_agent_appid);
}

static void add_extra(struct tcx_buf *out, const struct tcx_client_config *config) {
  if (config->user_agent_extra == NULL)
    return;
  tcx__buf_addc(out, ' ');
  tcx__buf_adds(out, config->user_agent_extra);
}

/* Where the rule set asks for the mode, as in botocore. */
static uint64_t account_mode(const tcx_client_t *c) {
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(c->model->rules, &params);
  for (unsigned i = 0; i < n; i++)
    if (params[i].built_in != NULL &&
        strcmp(params[i].built_in, "AWS::Auth::AccountIdEndpointMode") == 0)
      return TCX__USES(c->config.account_id_mode[0] == 'p'   ? TCX__USES_ACCOUNT_PREFERRED
                       : c->config.account_id_mode[0] == 'd' ? TCX__USES_ACCOUNT_DISABLED
                                                             : TCX__USES_ACCOUNT_REQUIRED);
  return 0;
}

static uint64_t uses_of_client(const tcx_client_t *c) {
  const struct tcx_client_config *config = &c->config;
  static const uint8_t modes[] = {[TCX__RETRY_STANDARD] = TCX__USES_RETRY_STANDARD,
                                  [TCX__RETRY_LEGACY] = TCX__USES_RETRY_LEGACY,
                                  [TCX__RETRY_ADAPTIVE] = TCX__USES_RETRY_ADAPTIVE};
  uint64_t uses = TCX__USES(modes[config->retry_mode]) | account_mode(c);
  uses |= TCX__USES(config->request_checksum_when_required ? TCX__USES_REQUEST_SUM_REQUIRED
                                                           : TCX__USES_REQUEST_SUM_SUPPORTED);
  uses |= TCX__USES(config->response_checksum_when_required ? TCX__USES_RESPONSE_SUM_REQUIRED
                                                            : TCX__USES_RESPONSE_SUM_SUPPORTED);
  uses |= config->endpoint_url != NULL ? TCX__USES(TCX__USES_ENDPOINT_OVERRIDE) : 0;
  return uses |
         (strcmp(c->model->protocol, "smithy-rpc-v2-cbor") == 0 ? TCX__USES(TCX__USES_CBOR) : 0);
}

static int finish(tcx_client_t *c, struct tcx_buf *buf, struct tcx_str *out) {
  *out = tcx__buf_str(buf);
  out->p = tcx__arena_strndup(c->arena, out->n > 0 ? out->p : "", out->n);
  int status = buf->status != 0 ? buf->status : out->p == NULL ? UV_ENOMEM : 0;
  tcx__buf_free(buf);
  return status;
}

int tcx__user_agent_make(tcx_client_t *c) {
  struct tcx_user_agent *ua = &c->user_agent;
  struct tcx_buf buf;
  ua->after = ua->ids = TCX__STR("");
  ua->own = c->config.user_agent != NULL;
  ua->lambda = getenv("AWS_LAMBDA_FUNCTION_NAME") != NULL;
  ua->uses = uses_of_client(c);
  tcx__buf_init(&buf, NULL, SIZE_MAX);
  if (ua->own) {
    tcx__buf_adds(&buf, c->config.user_agent);
    add_extra(&buf, &c->config);
    return finish(c, &buf, &ua->before);
  }
  add_before(&buf);
  int err = finish(c, &buf, &ua->before);
  tcx__buf_init(&buf, NULL, SIZE_MAX);
  add_after(&buf, &c->config);
  add_extra(&buf, &c->config);
  int again = finish(c, &buf, &ua->after);
  return err != 0 ? err : again;
}

/* ---- a call's features ---- */

/* Names of providers are static: the same pointer is the same name. */
static uint64_t uses_of_identity(tcx_client_t *c, const struct tcx_identity *identity) {
  struct tcx_user_agent *ua = &c->user_agent;
  if (identity->token != NULL)
    return strcmp(identity->origin, "env") == 0 ? TCX__USES(TCX__USES_BEARER_OF_ENVIRONMENT) : 0;
  if (ua->origin != identity->origin) {
    ua->origin = identity->origin;
    ua->origin_uses = tcx__uses_of_origin(c->session->settings, identity->origin);
  }
  return ua->origin_uses;
}

static uint64_t uses_of_sum(const struct tcx_payload *payload) {
  static const uint8_t sums[TCX__SUM_COUNT] = {[TCX__SUM_CRC32] = TCX__USES_CRC32,
                                               [TCX__SUM_CRC32C] = TCX__USES_CRC32C,
                                               [TCX__SUM_CRC64NVME] = TCX__USES_CRC64,
                                               [TCX__SUM_SHA1] = TCX__USES_SHA1,
                                               [TCX__SUM_SHA256] = TCX__USES_SHA256};
  return payload->place != TCX__SUM_NOWHERE && payload->sum != TCX__SUM_NONE
             ? TCX__USES(sums[payload->sum])
             : 0;
}

static uint64_t uses_of_call(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  uint64_t uses = c->user_agent.uses | call->uses | uses_of_sum(&call->payload);
  if (call->identity != NULL)
    uses |= uses_of_identity(c, call->identity) |
            (c->account_param >= 0 && call->identity->account_id != NULL
                 ? TCX__USES(TCX__USES_ACCOUNT_ID)
                 : 0);
  uses |= call->is_gzip ? TCX__USES(TCX__USES_GZIP) : 0;
  uses |= call->redirected ? TCX__USES(TCX__USES_REGION_REDIRECT) : 0;
  return uses | (call->scheme == TCX__SCHEME_SIGV4A ? TCX__USES(TCX__USES_SIGV4A) : 0);
}

struct tcx_str tcx__user_agent_ids(tcx_call_t *call) {
  struct tcx_user_agent *ua = &call->client->user_agent;
  uint64_t uses = ua->own ? 0 : uses_of_call(call);
  if (uses == ua->shown)
    return ua->ids;
  size_t n = 0;
  ua->room[n++] = 'm';
  for (unsigned i = 0; i < TCX__USES_COUNT; i++) {
    if ((uses & TCX__USES(i)) == 0)
      continue;
    ua->room[n] = n == 1 ? '/' : ',';
    n++;
    for (const char *id = ids[i]; *id != '\0'; id++)
      ua->room[n++] = *id;
  }
  ua->shown = uses;
  ua->ids = (struct tcx_str){ua->room, n};
  return ua->ids;
}

/* ---- Lambda ---- */

struct tcx_str tcx__trace_id(const tcx_client_t *client, char *room, size_t size) {
  static const char digits[] = "0123456789ABCDEF";
  const char *id = client->user_agent.lambda ? tcx__getenv("_X_AMZN_TRACE_ID") : NULL;
  size_t n = 0;
  for (; id != NULL && *id != '\0'; id++) {
    if (size - n < 3)
      return (struct tcx_str){0};
    unsigned char c = (unsigned char)*id;
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 strchr("-._~=;:+&[]{}\"',", c) != NULL;
    if (!plain) {
      room[n++] = '%';
      room[n++] = digits[c >> 4];
    }
    room[n++] = plain ? (char)c : digits[c & 15];
  }
  return (struct tcx_str){room, n};
}
