#include "core/config.h"
#include "core/config_net.h"
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum { TEXT, BOOL, NOT_BOOL, TRI, SECONDS, COUNT, SIZE, ADDRESSING, WHEN, MODE, EAST, RETRIES, VERIFY, SIGNER, AUTO, PREFERENCE, ACCOUNT, CONTEXT, PROXIES, PROXIES_CONFIG, LATER } kind;
struct option {
  const char *name;      /* botocore's; a dot leads into a nested map */
  kind kind;
  size_t offset;
  const char *env, *key; /* where else it may stand; key "block.key" is nested */
};
#define AT(member) offsetof(struct tcx_client_config, member)

/* Every name of botocore's Config. LATER: known, and not carried out by this version: refused, never ignored. */
static const struct option options_table[] = {
    {"region_name", TEXT, AT(region), NULL, NULL},
    {"signature_version", SIGNER, AT(scheme), NULL, NULL},
    {"auth_scheme_preference", PREFERENCE, 0, "AWS_AUTH_SCHEME_PREFERENCE", "auth_scheme_preference"},
    {"sigv4a_signing_region_set", TEXT, AT(region_set), "AWS_SIGV4A_SIGNING_REGION_SET", "sigv4a_signing_region_set"},
    {"account_id_endpoint_mode", ACCOUNT, AT(account_id_mode), "AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode"},
    {"client_context_params", CONTEXT, AT(context), NULL, NULL},
    {"user_agent_extra", TEXT, AT(user_agent_extra), NULL, NULL},
    {"user_agent_appid", TEXT, AT(user_agent_appid), "AWS_SDK_UA_APP_ID", "sdk_ua_app_id"},
    {"connect_timeout", SECONDS, AT(connect_timeout_ms), NULL, NULL},
    {"read_timeout", SECONDS, AT(read_timeout_ms), NULL, NULL},
    {"parameter_validation", NOT_BOOL, AT(no_validation), NULL, "parameter_validation"},
    {"max_pool_connections", COUNT, AT(max_connections), NULL, NULL},
    {"retries.total_max_attempts", COUNT, AT(max_attempts), "AWS_MAX_ATTEMPTS", "max_attempts"},
    {"retries.max_attempts", RETRIES, AT(max_attempts), NULL, NULL},
    {"retries.mode", MODE, 0, "AWS_RETRY_MODE", "retry_mode"},
    {"s3.addressing_style", ADDRESSING, AT(s3.addressing), NULL, "s3.addressing_style"},
    {"s3.payload_signing_enabled", TRI, AT(s3.payload_signing), NULL, "s3.payload_signing_enabled"},
    {"s3.use_accelerate_endpoint", TRI, AT(s3.use_accelerate), NULL, "s3.use_accelerate_endpoint"},
    {"s3.use_dualstack_endpoint", TRI, AT(use_dualstack), NULL, "s3.use_dualstack_endpoint"},
    {"s3.use_arn_region", TRI, AT(s3.use_arn_region), "AWS_S3_USE_ARN_REGION", "s3_use_arn_region"},
    {"s3.us_east_1_regional_endpoint", EAST, AT(s3.us_east_1_global), "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint"},
    {"s3.s3_disable_multiregion_access_points", TRI, AT(s3.disable_mrap), "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "s3_disable_multiregion_access_points"},
    {"s3.disable_s3_express_session_auth", TRI, AT(s3.disable_express_auth), NULL, NULL},
    {"s3.presign_global_endpoint", TRI, AT(s3.presign_global), NULL, NULL},
    {"s3.checksum_trailer", TRI, AT(s3.checksum_trailer), NULL, NULL},
    {"s3_disable_express_session_auth", TRI, AT(s3.disable_express_auth), "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth"},
    {"inject_host_prefix", NOT_BOOL, AT(no_host_prefix), NULL, NULL},
    {"endpoint_discovery_enabled", AUTO, AT(discovery), "AWS_ENDPOINT_DISCOVERY_ENABLED", "endpoint_discovery_enabled"},
    {"use_dualstack_endpoint", TRI, AT(use_dualstack), "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"},
    {"use_fips_endpoint", TRI, AT(use_fips), "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"},
    {"tcp_keepalive", BOOL, AT(tcp_keepalive), "BOTOCORE_TCP_KEEPALIVE", "tcp_keepalive"},
    {"request_checksum_calculation", WHEN, AT(request_checksum_when_required), "AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation"},
    {"response_checksum_validation", WHEN, AT(response_checksum_when_required), "AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation"},
    {"verify", VERIFY, 0, NULL, NULL},
    {"user_agent", LATER, 0, NULL, NULL},
    {"proxies", PROXIES, 0, NULL, NULL},
    {"proxies_config", PROXIES_CONFIG, 0, NULL, NULL},
    {"client_cert", LATER, 0, NULL, NULL},
    {"ignore_configured_endpoint_urls", LATER, 0, NULL, NULL},
    {"defaults_mode", LATER, 0, NULL, NULL},
    {"request_min_compression_size_bytes", SIZE, AT(min_compression_size), "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes"},
    {"disable_request_compression", BOOL, AT(no_compression), "AWS_DISABLE_REQUEST_COMPRESSION", "disable_request_compression"},
};
#define N_OPTIONS (sizeof options_table / sizeof options_table[0])
/* What inject_host_prefix is called outside of Config. */
static const struct option disable_prefix = {"disable_host_prefix_injection", BOOL, AT(no_host_prefix), "AWS_DISABLE_HOST_PREFIX_INJECTION", "disable_host_prefix_injection"};

struct resolve {
  struct tcx_client_config *out;
  struct tcx_arena *arena;
  struct tcx_fail *f;
};

static int bad(struct resolve *r, const struct option *o, const char *wanted) {
  return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s must be %s", o->name, wanted);
}

static const char *option_name(const void *ctx, unsigned i) {
  (void)ctx;
  return options_table[i].name;
}

static int parse_bool(const struct tcx_value *v, bool *out) {
  if (v->type == TCX_BOOL)
    *out = v->u.boolean;
  else if (v->type == TCX_STRING && strcasecmp(v->u.bytes.p, "true") == 0)
    *out = true;
  else if (v->type == TCX_STRING && strcasecmp(v->u.bytes.p, "false") == 0)
    *out = false;
  else
    return UV_EINVAL;
  return 0;
}

static bool text_is(const struct tcx_value *v, const char *s) {
  return v->type == TCX_STRING && strcasecmp(v->u.bytes.p, s) == 0;
}

static int set_seconds(struct resolve *r, const struct option *o, const struct tcx_value *v, unsigned *out) {
  double seconds = tcx_value_num(v, NULL, -1);
  if (!(seconds > 0) || seconds > 4e6)
    return bad(r, o, "a number of seconds greater than 0");
  *out = (unsigned)ceil(seconds * 1000);
  return 0;
}

/* -1: it is none. */
static int64_t whole_number(const struct tcx_value *v) {
  int64_t n = -1;
  if (v->type == TCX_INT)
    return v->u.integer;
  return v->type == TCX_STRING && tcx__str_to_int64(v->u.bytes, &n) == 0 ? n : -1;
}

static int set_size(struct resolve *r, const struct option *o, const struct tcx_value *v, unsigned *out) {
  int64_t n = whole_number(v);
  if (n < 1 || n > 1048576)
    return bad(r, o, "a whole number from 1 to 1048576");
  *out = (unsigned)n;
  return 0;
}

static int set_count(struct resolve *r, const struct option *o, const struct tcx_value *v, unsigned least, unsigned plus, unsigned *out) {
  int64_t n = whole_number(v);
  if (n < least || n > 1000000)
    return bad(r, o, least == 0 ? "a whole number of at least 0" : "a whole number of at least 1");
  *out = (unsigned)n + plus;
  return 0;
}

static int set_text(struct resolve *r, const struct option *o, const struct tcx_value *v, const char **out) {
  if (v->type != TCX_STRING || v->u.bytes.n == 0)
    return bad(r, o, "a string that is not empty");
  if (strlen(v->u.bytes.p) != v->u.bytes.n || strpbrk(v->u.bytes.p, "\r\n") != NULL)
    return bad(r, o, "a string without line ends or NUL");
  *out = tcx__arena_strdup(r->arena, v->u.bytes.p);
  return *out == NULL ? UV_ENOMEM : 0;
}

static int set_signer(struct resolve *r, const struct option *o, const struct tcx_value *v, uint8_t *out) {
  *out = v->type == TCX_STRING ? tcx__scheme_by_version(v->u.bytes) : TCX__SCHEME_UNSET;
  return *out != TCX__SCHEME_UNSET ? 0 : bad(r, o, "v4, s3v4, v4a, s3v4a, v2, bearer or unsigned: no other signer is built in");
}

/* Names with commas between them; those that are unknown are left out, as in botocore. */
static int set_preference(struct resolve *r, const struct option *o, const struct tcx_value *v) {
  if (v->type != TCX_STRING)
    return bad(r, o, "a string with commas between names of auth schemes");
  r->out->n_preference = 0;
  for (const char *p = v->u.bytes.p, *end = p + v->u.bytes.n; p < end;) {
    const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma != NULL ? comma : end;
    while (p < stop && (*p == ' ' || *p == '\t'))
      p++;
    size_t n = (size_t)(stop - p);
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
      n--;
    uint8_t scheme = tcx__scheme_by_name((struct tcx_str){p, n});
    if (scheme != TCX__SCHEME_UNSET && r->out->n_preference < TCX__SCHEMES_MAX)
      r->out->preference[r->out->n_preference++] = scheme;
    p = comma != NULL ? comma + 1 : end;
  }
  return 0;
}

static int set_account_mode(struct resolve *r, const struct option *o, const struct tcx_value *v, const char **out) {
  static const char *const modes[] = {"preferred", "disabled", "required"};
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
    if (text_is(v, modes[i])) {
      *out = modes[i];
      return 0;
    }
  return bad(r, o, "preferred, disabled or required");
}

/* Which names there are is the service's to say: the endpoint's parameters look at them. */
static int set_context(struct resolve *r, const struct option *o, const struct tcx_value *v, const struct tcx_value **out) {
  if (v->type != TCX_MAP)
    return bad(r, o, "a map");
  *out = tcx__value_deep_copy(r->arena, v);
  return *out == NULL ? UV_ENOMEM : 0;
}

static int set_verify(struct resolve *r, const struct option *o, const struct tcx_value *v) {
  if (v->type == TCX_BOOL) {
    r->out->no_verify = !v->u.boolean;
    return 0;
  }
  return set_text(r, o, v, &r->out->ca_bundle);
}

static int set_words(struct resolve *r, const struct option *o, const struct tcx_value *v, void *field) {
  switch (o->kind) {
  case ADDRESSING:
    if (!text_is(v, "auto") && !text_is(v, "virtual") && !text_is(v, "path"))
      return bad(r, o, "auto, virtual or path");
    *(tcx__addressing *)field = text_is(v, "auto") ? TCX__ADDRESSING_AUTO : text_is(v, "virtual") ? TCX__ADDRESSING_VIRTUAL : TCX__ADDRESSING_PATH;
    return 0;
  case WHEN:
    if (!text_is(v, "when_supported") && !text_is(v, "when_required"))
      return bad(r, o, "when_supported or when_required");
    *(bool *)field = text_is(v, "when_required");
    return 0;
  case EAST:
    if (!text_is(v, "regional") && !text_is(v, "legacy"))
      return bad(r, o, "regional or legacy");
    *(tcx__tristate *)field = text_is(v, "legacy") ? TCX__TRUE : TCX__FALSE;
    return 0;
  default:
    if (!text_is(v, "standard"))
      return bad(r, o, "standard: the modes legacy and adaptive are not built in");
    return 0;
  }
}

static int set_flag(struct resolve *r, const struct option *o, const struct tcx_value *v, void *field) {
  bool on;
  if (o->kind == AUTO && text_is(v, "auto")) {
    *(tcx__tristate *)field = TCX__UNSET;
    return 0;
  }
  if (parse_bool(v, &on) != 0)
    return bad(r, o, o->kind == AUTO ? "true, false or auto" : "true or false");
  if (o->kind == TRI || o->kind == AUTO)
    *(tcx__tristate *)field = on ? TCX__TRUE : TCX__FALSE;
  else
    *(bool *)field = o->kind == NOT_BOOL ? !on : on;
  return 0;
}

static int apply(struct resolve *r, const struct option *o, const struct tcx_value *v) {
  void *field = (char *)r->out + o->offset;
  switch (o->kind) {
  case TEXT: return set_text(r, o, v, field);
  case BOOL: case NOT_BOOL: case TRI: case AUTO: return set_flag(r, o, v, field);
  case SECONDS: return set_seconds(r, o, v, field);
  case COUNT: return set_count(r, o, v, 1, 0, field);
  case SIZE: return set_size(r, o, v, field);
  case RETRIES: return set_count(r, o, v, 0, 1, field);
  case SIGNER: return set_signer(r, o, v, field);
  case PREFERENCE: return set_preference(r, o, v);
  case ACCOUNT: return set_account_mode(r, o, v, field);
  case CONTEXT: return set_context(r, o, v, field);
  case VERIFY: return set_verify(r, o, v);
  case PROXIES: return tcx__config_proxies(r->out, r->arena, v, r->f);
  case PROXIES_CONFIG: return tcx__config_proxies_config(r->out, r->arena, v, r->f);
  case LATER: return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s is not carried out by this version of tucuxi", o->name);
  default: return set_words(r, o, v, field);
  }
}

static const struct option *find_option(const char *prefix, const char *name) {
  char full[160];
  snprintf(full, sizeof full, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", name);
  for (unsigned i = 0; i < N_OPTIONS; i++)
    if (strcmp(options_table[i].name, full) == 0)
      return &options_table[i];
  return NULL;
}

static int apply_map(struct resolve *r, const char *prefix, const struct tcx_value *map) {
  int err = 0;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && err == 0; v = v->next) {
    if (v->type == TCX_NULL)
      continue;
    bool block = prefix[0] == '\0' && (strcmp(v->name, "retries") == 0 || strcmp(v->name, "s3") == 0);
    if (block && v->type == TCX_MAP) {
      err = apply_map(r, v->name, v);
      continue;
    }
    const struct option *o = block ? NULL : find_option(prefix, v->name);
    if (block)
      err = tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s must be a map", v->name);
    else if (o == NULL)
      err = tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: unknown option %s%s%s%s", prefix, prefix[0] != '\0' ? "." : "", v->name,
                      tcx__near_names(r->arena, v->name, option_name, NULL, N_OPTIONS));
    else
      err = apply(r, o, v);
  }
  return err;
}

/* total_max_attempts wins over max_attempts, whatever their order. */
static int apply_config(struct resolve *r, const struct tcx_value *config) {
  if (config->type != TCX_MAP)
    return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: config must be a map");
  int err = apply_map(r, "", config);
  const struct tcx_value *preference = tcx__value_find(config, "auth_scheme_preference", 22);
  r->out->preference_in_code = preference != NULL && preference->type != TCX_NULL;
  const struct tcx_value *total = tcx_value_get(config, "retries.total_max_attempts");
  if (err == 0 && total != NULL && total->type != TCX_NULL)
    err = apply(r, find_option("retries", "total_max_attempts"), total);
  return err;
}

static int apply_setting(struct resolve *r, const struct option *o, const struct tcx_settings *settings) {
  const char *text = NULL;
  const char *dot = o->key != NULL ? strchr(o->key, '.') : NULL;
  if (dot != NULL) {
    char block[16];
    snprintf(block, sizeof block, "%.*s", (int)(dot - o->key), o->key);
    text = tcx__setting_nested(settings, block, dot + 1);
  } else if (o->env != NULL || o->key != NULL) {
    text = tcx__setting(settings, o->env, o->key);
  }
  struct tcx_value v = {.type = TCX_STRING, .u.bytes = tcx__str(text)};
  return text != NULL ? apply(r, o, &v) : 0;
}

static int apply_settings(struct resolve *r, const struct tcx_settings *settings) {
  int err = apply_setting(r, &disable_prefix, settings);
  for (unsigned i = 0; i < N_OPTIONS && err == 0; i++)
    err = apply_setting(r, &options_table[i], settings);
  return err;
}

/* botocore's rule: a host label. Region names become part of host names. */
static bool valid_region(const char *s) {
  size_t n = strlen(s);
  bool digits = true;
  if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
    return false;
  for (size_t i = 0; i < n; i++) {
    if (!isalnum((unsigned char)s[i]) && s[i] != '-')
      return false;
    digits = digits && isdigit((unsigned char)s[i]);
  }
  return !digits;
}

static int copy(struct resolve *r, const char **to, const char *from) {
  if (from == NULL || from[0] == '\0')
    return 0;
  *to = tcx__arena_strdup(r->arena, from);
  return *to == NULL ? UV_ENOMEM : 0;
}

static int apply_fields(struct resolve *r, const tcx_client_options_t *o) {
  struct tcx_client_config *c = r->out;
  if (o->user_agent_extra != NULL && strpbrk(o->user_agent_extra, "\r\n") != NULL)
    return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: user_agent_extra holds a line end");
  int err = copy(r, &c->region, o->region);
  if (err == 0)
    err = copy(r, &c->endpoint_url, o->endpoint_url);
  if (err == 0)
    err = copy(r, &c->user_agent_extra, o->user_agent_extra);
  if (o->connect_timeout_ms != 0)
    c->connect_timeout_ms = o->connect_timeout_ms;
  if (o->read_timeout_ms != 0)
    c->read_timeout_ms = o->read_timeout_ms;
  if (o->acquire_timeout_ms != 0)
    c->acquire_timeout_ms = o->acquire_timeout_ms;
  if (o->max_attempts != 0)
    c->max_attempts = o->max_attempts;
  if (o->max_connections != 0)
    c->max_connections = o->max_connections;
  if (o->unsigned_requests)
    c->scheme = TCX__SCHEME_NONE;
  if (c->scheme == TCX__SCHEME_NONE)
    c->account_id_mode = "disabled";
  c->no_verify = c->no_verify || o->no_verify;
  if (o->path_style)
    c->s3.addressing = TCX__ADDRESSING_PATH;
  return err;
}

static int apply_region(struct resolve *r, const char *session_region, const struct tcx_settings *settings) {
  struct tcx_client_config *c = r->out;
  const char *region = c->region;
  if (region == NULL)
    region = session_region;
  if (region == NULL)
    region = tcx__getenv("AWS_DEFAULT_REGION");
  if (region == NULL)
    region = tcx__setting(settings, "AWS_REGION", "region");
  if (region == NULL)
    return 0;
  if (!valid_region(region))
    return tcx__fail(r->f, TCX_ECONFIG, "Provided region_name '%s' doesn't match a supported format.", region);
  return copy(r, &c->region, region);
}

static int apply_endpoint_url(struct resolve *r, const struct tcx_settings *settings, const char *service_id) {
  if (r->out->endpoint_url != NULL)
    return 0;
  const char *url = NULL;
  int err = tcx__setting_endpoint_url(settings, service_id, &url, r->f);
  return err != 0 ? err : copy(r, &r->out->endpoint_url, url);
}

int tcx__config_resolve(struct tcx_client_config *out, struct tcx_arena *arena, const tcx_client_options_t *options, const char *session_region,
                        const struct tcx_settings *settings, const char *service_id, struct tcx_fail *f) {
  struct resolve r = {out, arena, f};
  memset(out, 0, sizeof *out);
  out->connect_timeout_ms = TCX__DEFAULT_CONNECT_TIMEOUT_MS;
  out->read_timeout_ms = TCX__DEFAULT_READ_TIMEOUT_MS;
  out->acquire_timeout_ms = TCX_NEVER;
  out->max_connections = TCX__DEFAULT_MAX_CONNECTIONS;
  out->account_id_mode = "preferred";
  out->min_compression_size = TCX__DEFAULT_MIN_COMPRESSION_SIZE;
  int err = apply_settings(&r, settings);
  if (err == 0 && options->config != NULL)
    err = apply_config(&r, options->config);
  if (err == 0)
    err = apply_fields(&r, options);
  out->max_attempts_given = out->max_attempts != 0;
  if (!out->max_attempts_given)
    out->max_attempts = TCX__DEFAULT_MAX_ATTEMPTS;
  if (err == 0)
    err = apply_region(&r, session_region, settings);
  if (err == 0)
    err = apply_endpoint_url(&r, settings, service_id);
  if (err == 0 && !out->proxies_given)
    err = tcx__config_proxies_of_environment(&out->proxies, arena, f);
  if (err == 0 && out->ca_bundle == NULL)
    err = copy(&r, &out->ca_bundle, tcx__setting(settings, "AWS_CA_BUNDLE", "ca_bundle"));
  return err;
}
