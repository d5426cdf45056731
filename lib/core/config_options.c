/* config_options.c - every option of botocore's Config: its name, its variable, and how its value
 * is read. Errors are botocore's sentences where it has one. */
#include "core/config_options.h"
#include "base/json.h"
#include "core/config_net.h"
#include "core/variables.h"
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef enum {
  TEXT,
  BOOL,
  NOT_BOOL,
  TRI,
  SECONDS,
  SIZE,
  COUNT,
  ATTEMPTS,
  RETRIES,
  MODE,
  ADDRESSING,
  WHEN,
  REGIONAL,
  ACCOUNT,
  DISCOVERY,
  EXPRESS,
  SIGNER,
  PREFERENCE,
  CONTEXT,
  VERIFY,
  PROXIES,
  PROXIES_CONFIG,
  CLIENT_CERT,
  EARLY
} kind;
struct option {
  const char *name; /* botocore's; a dot leads into a nested map; NULL: only a variable */
  kind kind;
  size_t offset;
  const char *variable; /* of variables.h; NULL = none */
};
#define AT(member) offsetof(struct tcx_client_config, member)

/* EARLY: looked at before the others, by config.c. */
static const struct option options_table[] = {
    {"region_name", EARLY, 0, NULL},
    {"defaults_mode", EARLY, 0, NULL},
    {"signature_version", SIGNER, AT(scheme), NULL},
    {"auth_scheme_preference", PREFERENCE, 0, "auth_scheme_preference"},
    {"sigv4a_signing_region_set", TEXT, AT(region_set), "sigv4a_signing_region_set"},
    {"account_id_endpoint_mode", ACCOUNT, AT(account_id_mode), "account_id_endpoint_mode"},
    {"client_context_params", CONTEXT, AT(context), NULL},
    {"user_agent_extra", TEXT, AT(user_agent_extra), NULL},
    {"user_agent_appid", TEXT, AT(user_agent_appid), "user_agent_appid"},
    {"connect_timeout", SECONDS, AT(connect_timeout_ms), NULL},
    {"read_timeout", SECONDS, AT(read_timeout_ms), NULL},
    {"parameter_validation", NOT_BOOL, AT(no_validation), "parameter_validation"},
    {"max_pool_connections", COUNT, AT(max_connections), NULL},
    {"retries.total_max_attempts", ATTEMPTS, AT(max_attempts), "max_attempts"},
    {"retries.max_attempts", RETRIES, AT(max_attempts), NULL},
    {"retries.mode", MODE, AT(retry_mode), "retry_mode"},
    {"s3.addressing_style", ADDRESSING, AT(s3.addressing), "s3.addressing_style"},
    {"s3.payload_signing_enabled", TRI, AT(s3.payload_signing), "s3.payload_signing_enabled"},
    {"s3.use_accelerate_endpoint", TRI, AT(s3.use_accelerate), "s3.use_accelerate_endpoint"},
    {"s3.use_dualstack_endpoint", TRI, AT(s3.use_dualstack), "s3.use_dualstack_endpoint"},
    {"s3.use_arn_region", TRI, AT(s3.use_arn_region), "s3.use_arn_region"},
    {"s3.us_east_1_regional_endpoint", REGIONAL, AT(s3.us_east_1_global),
     "s3.us_east_1_regional_endpoint"},
    {"s3.s3_disable_multiregion_access_points", TRI, AT(s3.disable_mrap),
     "s3.s3_disable_multiregion_access_points"},
    {"s3.disable_s3_express_session_auth", EXPRESS, AT(s3.disable_express_auth), NULL},
    {"s3.presign_global_endpoint", TRI, AT(s3.presign_global), NULL},
    {"s3.checksum_trailer", TRI, AT(s3.checksum_trailer), NULL},
    {"s3_disable_express_session_auth", EXPRESS, AT(s3.disable_express_auth),
     "s3_disable_express_session_auth"},
    {"inject_host_prefix", NOT_BOOL, AT(no_host_prefix), NULL},
    {NULL, BOOL, AT(no_host_prefix), "disable_host_prefix_injection"},
    {NULL, REGIONAL, AT(sts_global), "sts_regional_endpoints"},
    {"endpoint_discovery_enabled", DISCOVERY, AT(discovery), "endpoint_discovery_enabled"},
    {"use_dualstack_endpoint", TRI, AT(use_dualstack), "use_dualstack_endpoint"},
    {"use_fips_endpoint", TRI, AT(use_fips), "use_fips_endpoint"},
    {"ignore_configured_endpoint_urls", TRI, AT(ignore_endpoint_urls),
     "ignore_configured_endpoint_urls"},
    {"tcp_keepalive", BOOL, AT(tcp_keepalive), "tcp_keepalive"},
    {"request_checksum_calculation", WHEN, AT(request_checksum_when_required),
     "request_checksum_calculation"},
    {"response_checksum_validation", WHEN, AT(response_checksum_when_required),
     "response_checksum_validation"},
    {"verify", VERIFY, 0, NULL},
    {"user_agent", TEXT, AT(user_agent), NULL},
    {"proxies", PROXIES, 0, NULL},
    {"proxies_config", PROXIES_CONFIG, 0, NULL},
    {"client_cert", CLIENT_CERT, 0, NULL},
    {"request_min_compression_size_bytes", SIZE, AT(min_compression_size),
     "request_min_compression_size_bytes"},
    {"disable_request_compression", BOOL, AT(no_compression), "disable_request_compression"},
};
#define N_OPTIONS (sizeof options_table / sizeof options_table[0])

/* ---- errors ---- */

static const char *name_of(const struct option *o) {
  return o->name != NULL ? o->name : o->variable;
}

static int bad(struct tcx_config_resolve *r, const struct option *o, const char *wanted) {
  return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s must be %s", name_of(o), wanted);
}

/* A value for a message. */
static const char *shown(struct tcx_config_resolve *r, const struct tcx_value *v) {
  struct tcx_buf text;
  if (v->type == TCX_STRING)
    return v->u.bytes.p;
  tcx__buf_init(&text, r->arena, 256);
  tcx__json_write(&text, v, TCX__JSON_COMPACT);
  return text.status == 0 ? text.data : "...";
}

/* ---- values ---- */

static bool text_is(const struct tcx_value *v, const char *s) {
  return v->type == TCX_STRING && strcmp(v->u.bytes.p, s) == 0;
}
static bool text_like(const struct tcx_value *v, const char *s) {
  return v->type == TCX_STRING && strcasecmp(v->u.bytes.p, s) == 0;
}

static int parse_bool(const struct tcx_value *v, bool *out) {
  if (v->type == TCX_BOOL)
    *out = v->u.boolean;
  else if (text_like(v, "true") || text_like(v, "false"))
    *out = text_like(v, "true");
  else
    return UV_EINVAL;
  return 0;
}

static int set_flag(struct tcx_config_resolve *r, const struct option *o, const struct tcx_value *v,
                    void *field) {
  bool on;
  if (parse_bool(v, &on) != 0) {
    if (o->kind == EXPRESS)
      return tcx__fail(
          r->f, TCX_ECONFIG,
          "Invalid value \"%s\" for s3_disable_express_session_auth. Value must be a boolean",
          shown(r, v));
    return bad(r, o, "true or false");
  }
  if (o->kind == TRI || o->kind == EXPRESS)
    *(tcx__tristate *)field = on ? TCX__TRUE : TCX__FALSE;
  else
    *(bool *)field = o->kind == NOT_BOOL ? !on : on;
  return 0;
}

static int set_seconds(struct tcx_config_resolve *r, const struct option *o,
                       const struct tcx_value *v, unsigned *out) {
  double seconds = tcx_value_num(v, NULL, -1);
  if (!(seconds > 0) || seconds > 4e6)
    return bad(r, o, "a number of seconds greater than 0");
  *out = (unsigned)ceil(seconds * 1000);
  return 0;
}

/* A number, or text that is one. */
static int set_size(struct tcx_config_resolve *r, const struct option *o, const struct tcx_value *v,
                    unsigned *out) {
  int64_t n = 0;
  if (v->type != TCX_INT && (v->type != TCX_STRING || tcx__variable_int(v->u.bytes.p, &n) != 0))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Invalid value \"%s\" for %s. Value must be an integer. Received %s instead.",
                     shown(r, v), name_of(o), tcx__type_name((tcx_type_t)v->type));
  if (v->type == TCX_INT)
    n = v->u.integer;
  if (n < 1 || n > 1048576)
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Invalid value \"%s\" for %s. Value must be between 1 and 1048576.",
                     shown(r, v), name_of(o));
  *out = (unsigned)n;
  return 0;
}

/* ATTEMPTS are in all, RETRIES those after the first. */
static int set_count(struct tcx_config_resolve *r, const struct option *o,
                     const struct tcx_value *v, unsigned *out) {
  int64_t n = v->type == TCX_INT ? v->u.integer : -1, least = o->kind == RETRIES ? 0 : 1;
  if (n < least || n > 1000000) {
    if (o->kind == COUNT)
      return bad(r, o, "a whole number of at least 1");
    return tcx__fail(
        r->f, TCX_ECONFIG,
        "Value provided to \"max_attempts\": %s must be an integer greater than or equal to %d.",
        shown(r, v), (int)least);
  }
  *out = (unsigned)n + (o->kind == RETRIES);
  return 0;
}

static int set_text(struct tcx_config_resolve *r, const struct option *o, const struct tcx_value *v,
                    const char **out) {
  if (v->type != TCX_STRING || v->u.bytes.n == 0)
    return bad(r, o, "a string that is not empty");
  if (strlen(v->u.bytes.p) != v->u.bytes.n || strpbrk(v->u.bytes.p, "\r\n") != NULL)
    return bad(r, o, "a string without line ends or NUL");
  *out = tcx__arena_strdup(r->arena, v->u.bytes.p);
  return *out == NULL ? UV_ENOMEM : 0;
}

static int set_signer(struct tcx_config_resolve *r, const struct option *o,
                      const struct tcx_value *v, uint8_t *out) {
  *out = v->type == TCX_STRING ? tcx__scheme_by_version(v->u.bytes) : TCX__SCHEME_UNSET;
  return *out != TCX__SCHEME_UNSET
             ? 0
             : bad(r, o,
                   "v4, s3v4, v4a, s3v4a, v2, bearer or unsigned: no other signer is built in");
}

/* Names with commas between them; those that are unknown are left out, as in botocore. */
static int set_preference(struct tcx_config_resolve *r, const struct tcx_value *v) {
  if (v->type != TCX_STRING)
    return tcx__fail(
        r->f, TCX_ECONFIG,
        "auth_scheme_preference must be a comma-delimited string. Received %s instead: %s.",
        tcx__type_name((tcx_type_t)v->type), shown(r, v));
  r->out->n_preference = 0;
  for (const char *p = v->u.bytes.p, *end = p + v->u.bytes.n; p < end;) {
    const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma != NULL ? comma : end;
    uint8_t scheme = tcx__scheme_by_name(tcx__str_trim((struct tcx_str){p, (size_t)(stop - p)}));
    if (scheme != TCX__SCHEME_UNSET && r->out->n_preference < TCX__SCHEMES_MAX)
      r->out->preference[r->out->n_preference++] = scheme;
    p = comma != NULL ? comma + 1 : end;
  }
  return 0;
}

/* Which names there are is the service's to say: the endpoint's parameters look at them. */
static int set_context(struct tcx_config_resolve *r, const struct option *o,
                       const struct tcx_value *v) {
  if (v->type != TCX_MAP)
    return bad(r, o, "a map");
  r->out->context = tcx__value_deep_copy(r->arena, v);
  return r->out->context == NULL ? UV_ENOMEM : 0;
}

static int set_verify(struct tcx_config_resolve *r, const struct option *o,
                      const struct tcx_value *v) {
  r->out->verify_given = true;
  if (v->type != TCX_BOOL)
    return set_text(r, o, v, &r->out->ca_bundle);
  r->out->no_verify = !v->u.boolean;
  return 0;
}

/* ---- words ---- */

static int set_mode(struct tcx_config_resolve *r, const struct tcx_value *v, uint8_t *out) {
  for (int mode = TCX__RETRY_STANDARD; mode <= TCX__RETRY_ADAPTIVE; mode++)
    if (text_is(v, tcx__retry_mode_name((uint8_t)mode))) {
      *out = (uint8_t)mode;
      return 0;
    }
  return tcx__fail(r->f, TCX_ECONFIG,
                   "Invalid value provided to \"mode\": \"%s\" must be one of: ('legacy', "
                   "'standard', 'adaptive')",
                   shown(r, v));
}

static int set_account_mode(struct tcx_config_resolve *r, const struct tcx_value *v,
                            const char **out) {
  static const char *const modes[] = {"preferred", "disabled", "required"};
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
    if (text_like(v, modes[i])) {
      *out = modes[i];
      return 0;
    }
  return tcx__fail(r->f, TCX_ECONFIG,
                   "The configured value '%s' for 'account_id_endpoint_mode' is invalid. Valid "
                   "values are: ('preferred', 'disabled', 'required').",
                   shown(r, v));
}

static int set_addressing(struct tcx_config_resolve *r, const struct tcx_value *v,
                          tcx__addressing *out) {
  if (!text_is(v, "auto") && !text_is(v, "virtual") && !text_is(v, "path"))
    return tcx__fail(
        r->f, TCX_ECONFIG,
        "S3 addressing style %s is invalid. Valid options are: 'auto', 'virtual', and 'path'",
        shown(r, v));
  *out = text_is(v, "auto")      ? TCX__ADDRESSING_AUTO
         : text_is(v, "virtual") ? TCX__ADDRESSING_VIRTUAL
                                 : TCX__ADDRESSING_PATH;
  return 0;
}

static int set_when(struct tcx_config_resolve *r, const struct option *o, const struct tcx_value *v,
                    bool *required) {
  if (!text_like(v, "when_supported") && !text_like(v, "when_required"))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Unsupported configuration value for %s. Expected one of ('when_supported', "
                     "'when_required') but got %s.",
                     name_of(o), shown(r, v));
  *required = text_like(v, "when_required");
  return 0;
}

static int set_regional(struct tcx_config_resolve *r, const struct option *o,
                        const struct tcx_value *v, tcx__tristate *global) {
  if (!text_is(v, "regional") && !text_is(v, "legacy"))
    return tcx__fail(
        r->f, TCX_ECONFIG, "%s option %s is invalid. Valid options are: \"legacy\", \"regional\"",
        o->name != NULL ? "S3 us-east-1 regional endpoint" : "STS regional endpoints", shown(r, v));
  *global = text_is(v, "legacy") ? TCX__TRUE : TCX__FALSE;
  return 0;
}

static int set_discovery(struct tcx_config_resolve *r, const struct tcx_value *v,
                         tcx__tristate *out) {
  bool on = false;
  bool is_auto = text_like(v, "auto");
  if (!is_auto && parse_bool(v, &on) != 0)
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Unsupported configuration value for endpoint_discovery_enabled. Expected one "
                     "of (\"true\", \"false\", \"auto\") but got %s.",
                     shown(r, v));
  *out = is_auto ? TCX__UNSET : on ? TCX__TRUE : TCX__FALSE;
  return 0;
}

static int apply(struct tcx_config_resolve *r, const struct option *o, const struct tcx_value *v) {
  void *field = (char *)r->out + o->offset;
  switch (o->kind) {
  case TEXT:
    return set_text(r, o, v, field);
  case BOOL:
  case NOT_BOOL:
  case TRI:
  case EXPRESS:
    return set_flag(r, o, v, field);
  case SECONDS:
    return set_seconds(r, o, v, field);
  case SIZE:
    return set_size(r, o, v, field);
  case COUNT:
  case ATTEMPTS:
  case RETRIES:
    return set_count(r, o, v, field);
  case MODE:
    return set_mode(r, v, field);
  case ADDRESSING:
    return set_addressing(r, v, field);
  case WHEN:
    return set_when(r, o, v, field);
  case REGIONAL:
    return set_regional(r, o, v, field);
  case ACCOUNT:
    return set_account_mode(r, v, field);
  case DISCOVERY:
    return set_discovery(r, v, field);
  case SIGNER:
    return set_signer(r, o, v, field);
  case PREFERENCE:
    return set_preference(r, v);
  case CONTEXT:
    return set_context(r, o, v);
  case VERIFY:
    return set_verify(r, o, v);
  case PROXIES:
    return tcx__config_proxies(r->out, r->arena, v, r->f);
  case PROXIES_CONFIG:
    return tcx__config_proxies_config(r->out, r->arena, v, r->f);
  case CLIENT_CERT:
    return tcx__config_client_cert(r->out, r->arena, v, r->f);
  default:
    return 0;
  }
}

/* ---- options by name ---- */

const char *tcx__config_option(unsigned i) {
  return i >= N_OPTIONS ? NULL : options_table[i].name != NULL ? options_table[i].name : "";
}

static const char *option_name(const void *ctx, unsigned i) {
  (void)ctx;
  return tcx__config_option(i);
}

static const struct option *find_option(const char *prefix, const char *name) {
  size_t n = strlen(prefix);
  for (unsigned i = 0; i < N_OPTIONS; i++) {
    const char *own = options_table[i].name;
    if (own != NULL &&
        (n == 0 ? strcmp(own, name) == 0
                : strncmp(own, prefix, n) == 0 && own[n] == '.' && strcmp(own + n + 1, name) == 0))
      return &options_table[i];
  }
  return NULL;
}

static int unknown(struct tcx_config_resolve *r, const char *prefix, const char *name) {
  if (strcmp(prefix, "retries") == 0)
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Cannot provide retry configuration for \"%s\". Valid retry configuration "
                     "options are: ('max_attempts', 'mode', 'total_max_attempts')",
                     name);
  const char *full = prefix[0] != '\0' ? tcx__arena_printf(r->arena, "%s.%s", prefix, name) : name;
  if (full == NULL)
    return UV_ENOMEM;
  return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: unknown option %s%s", full,
                   tcx__near_names(r->arena, full, option_name, NULL, N_OPTIONS));
}

static int apply_members(struct tcx_config_resolve *r, const char *prefix,
                         const struct tcx_value *map) {
  int err = 0;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && err == 0; v = v->next) {
    bool block =
        prefix[0] == '\0' && (strcmp(v->name, "retries") == 0 || strcmp(v->name, "s3") == 0);
    const struct option *o = block ? NULL : find_option(prefix, v->name);
    if (!block && o == NULL)
      err = unknown(r, prefix, v->name);
    else if (v->type == TCX_NULL)
      continue;
    else if (block)
      err = v->type == TCX_MAP
                ? apply_members(r, v->name, v)
                : tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s must be a map", v->name);
    else
      err = apply(r, o, v);
  }
  return err;
}

/* total_max_attempts wins over max_attempts, whatever their order. */
int tcx__config_apply_map(struct tcx_config_resolve *r, const struct tcx_value *config) {
  int err = apply_members(r, "", config);
  const struct tcx_value *total = tcx_value_get(config, "retries.total_max_attempts");
  if (err == 0 && total != NULL && total->type != TCX_NULL)
    err = apply(r, find_option("retries", "total_max_attempts"), total);
  return err;
}

/* ---- variables ---- */

static int apply_variable(struct tcx_config_resolve *r, const struct option *o,
                          const struct tcx_settings *settings) {
  const struct tcx_variable *variable = tcx__variable(o->variable);
  struct tcx_var_found found = tcx__variable_find(settings, variable);
  struct tcx_value v = {.type = TCX_STRING, .u.bytes = tcx__str(found.text)};
  if (found.source == TCX__FROM_NOWHERE || found.source == TCX__FROM_DEFAULT)
    return 0;
  if (variable->kind == TCX__VAR_BOOL) {
    v.type = TCX_BOOL;
    v.u.boolean = strcasecmp(found.text, "true") == 0;
  } else if (variable->kind == TCX__VAR_INT) {
    int64_t n;
    if (tcx__variable_int(found.text, &n) != 0)
      return tcx__fail(r->f, TCX_ECONFIG,
                       "Invalid configuration: %s: invalid literal for int() with base 10: '%s'",
                       found.where, found.text);
    v.type = TCX_INT;
    v.u.integer = n;
  }
  return apply(r, o, &v);
}

int tcx__config_apply_variables(struct tcx_config_resolve *r, const struct tcx_settings *settings) {
  int err = 0;
  for (unsigned i = 0; i < N_OPTIONS && err == 0; i++)
    if (options_table[i].variable != NULL)
      err = apply_variable(r, &options_table[i], settings);
  return err;
}
