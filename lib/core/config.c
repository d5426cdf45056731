/*
 * config.c - a client's settings from all that have a say, weakest first, each over the one before:
 *
 *   constants -> defaults mode -> profile -> environment -> config (the session's region among
 *     them) -> fields
 *
 * The region comes before, since the defaults mode may ask for it.
 */
#include "core/config.h"
#include "core/config_net.h"
#include "core/config_options.h"
#include "core/defaults_mode.h"
#include "core/variables.h"
#include <ctype.h>
#include <string.h>

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

static int copy(struct tcx_config_resolve *r, const char **to, const char *from) {
  if (from == NULL || from[0] == '\0')
    return 0;
  *to = tcx__arena_strdup(r->arena, from);
  return *to == NULL ? UV_ENOMEM : 0;
}

/* A text among the options in config; NULL when it is not given. */
static int early_text(struct tcx_config_resolve *r, const tcx_client_options_t *o, const char *name,
                      const char **out) {
  const struct tcx_value *v = o->config != NULL ? tcx_value_get(o->config, name) : NULL;
  *out = NULL;
  if (v == NULL || v->type == TCX_NULL)
    return 0;
  if (v->type != TCX_STRING || strlen(v->u.bytes.p) != v->u.bytes.n)
    return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: %s must be a string", name);
  *out = v->u.bytes.p;
  return 0;
}

/* ---- the region ---- */

/* Takes every "fips-" and "-fips" out of the name of a pseudo region, in place. */
static bool strip_fips(char *region) {
  static const char *const marks[] = {"fips-", "-fips"};
  bool found = false;
  for (size_t i = 0; i < 2; i++)
    for (char *at = region; (at = strstr(at, marks[i])) != NULL; found = true)
      memmove(at, at + 5, strlen(at + 5) + 1);
  return found;
}

static int apply_region(struct tcx_config_resolve *r, const tcx_client_options_t *o,
                        const struct tcx_settings *settings) {
  const char *region = o->region;
  int err = region == NULL ? early_text(r, o, "region_name", &region) : 0;
  if (err == 0 && region == NULL)
    region = tcx__variable_text(settings, "region");
  if (err != 0 || region == NULL)
    return err;
  if (!valid_region(region))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Provided region_name '%s' doesn't match a supported format.", region);
  char *name = tcx__arena_strdup(r->arena, region);
  if (name == NULL)
    return UV_ENOMEM;
  r->out->fips_region = strip_fips(name);
  r->out->region = name;
  return 0;
}

/* ---- the defaults mode ---- */

static int apply_defaults_mode(struct tcx_config_resolve *r, const tcx_client_options_t *o,
                               const struct tcx_settings *settings) {
  struct tcx_client_config *c = r->out;
  const char *name;
  int err = early_text(r, o, "defaults_mode", &name);
  if (err == 0 && name == NULL)
    name = tcx__variable_text(settings, "defaults_mode");
  struct tcx_defaults_mode mode;
  if (err == 0)
    err = tcx__defaults_mode(name, c->region, &mode, r->f);
  if (err != 0 || mode.connect_timeout_ms == 0)
    return err;
  c->connect_timeout_ms = mode.connect_timeout_ms;
  /* that timeout is all in which the modes differ that it can become */
  c->auto_mode = mode.ask && o->connect_timeout_ms == 0 &&
                 (o->config == NULL || tcx_value_get(o->config, "connect_timeout") == NULL);
  c->retry_mode = TCX__RETRY_STANDARD;
  c->sts_global = c->s3.us_east_1_global = TCX__FALSE;
  return 0;
}

/* ---- fields ---- */

static int apply_fields(struct tcx_config_resolve *r, const tcx_client_options_t *o) {
  struct tcx_client_config *c = r->out;
  if (o->user_agent_extra != NULL && strpbrk(o->user_agent_extra, "\r\n") != NULL)
    return tcx__fail(r->f, TCX_ECONFIG, "Invalid configuration: user_agent_extra holds a line end");
  int err = copy(r, &c->endpoint_url, o->endpoint_url);
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
  if (c->fips_region)
    c->use_fips = TCX__TRUE;
  c->no_verify = c->no_verify || o->no_verify;
  if (o->path_style)
    c->s3.addressing = TCX__ADDRESSING_PATH;
  return err;
}

/* ---- what several have a say in ---- */

static bool asked_for(const tcx_client_options_t *o, const char *flag) {
  return o->config != NULL && tcx_value_bool(o->config, flag, false);
}

/* Of two options that exclude each other, both given to this client, neither is dropped in silence;
 * what environment and profile say gives way. */
static int check_contradictions(struct tcx_config_resolve *r, const tcx_client_options_t *o) {
  const char *style = o->config != NULL ? tcx_value_str(o->config, "s3.addressing_style") : NULL;
  bool path = o->path_style || (style != NULL && strcmp(style, "path") == 0);
  if (o->endpoint_url != NULL && asked_for(o, "use_fips_endpoint"))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Invalid Configuration: FIPS and custom endpoint are not supported: "
                     "use_fips_endpoint and endpoint_url are both given");
  if (o->endpoint_url != NULL && asked_for(o, "use_dualstack_endpoint"))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Invalid Configuration: Dualstack and custom endpoint are not supported: "
                     "use_dualstack_endpoint and endpoint_url are both given");
  if (path && asked_for(o, "s3.use_accelerate_endpoint"))
    return tcx__fail(r->f, TCX_ECONFIG,
                     "Path-style addressing cannot be used with S3 Accelerate: s3.addressing_style "
                     "path and s3.use_accelerate_endpoint are both given");
  return 0;
}

static int apply_endpoint_url(struct tcx_config_resolve *r, const struct tcx_settings *settings,
                              const char *service_id) {
  if (r->out->endpoint_url != NULL || r->out->ignore_endpoint_urls == TCX__TRUE)
    return 0;
  const char *url = NULL;
  int err = tcx__endpoint_url_of(settings, service_id, &url, r->f);
  return err != 0 ? err : copy(r, &r->out->endpoint_url, url);
}

static int apply_ca_bundle(struct tcx_config_resolve *r, const struct tcx_settings *settings) {
  if (r->out->verify_given)
    return 0;
  const char *path = tcx__variable_text(settings, "ca_bundle");
  return copy(r, &r->out->ca_bundle, path != NULL ? path : tcx__getenv("REQUESTS_CA_BUNDLE"));
}

int tcx__config_resolve(struct tcx_client_config *out, struct tcx_arena *arena,
                        const tcx_client_options_t *options, const struct tcx_settings *settings,
                        const char *service_id, struct tcx_fail *f) {
  struct tcx_config_resolve r = {out, arena, f};
  memset(out, 0, sizeof *out);
  out->connect_timeout_ms = TCX__DEFAULT_CONNECT_TIMEOUT_MS;
  out->read_timeout_ms = TCX__DEFAULT_READ_TIMEOUT_MS;
  out->acquire_timeout_ms = TCX_NEVER;
  out->max_connections = TCX__DEFAULT_MAX_CONNECTIONS;
  out->account_id_mode = "preferred";
  out->min_compression_size = TCX__DEFAULT_MIN_COMPRESSION_SIZE;
  if (options->config != NULL && options->config->type != TCX_MAP)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: config must be a map");
  int err = apply_region(&r, options, settings);
  if (err == 0)
    err = apply_defaults_mode(&r, options, settings);
  if (err == 0)
    err = tcx__config_apply_variables(&r, settings);
  if (err == 0 && options->config != NULL)
    err = tcx__config_apply_map(&r, options->config);
  const struct tcx_value *preference =
      options->config != NULL ? tcx_value_get(options->config, "auth_scheme_preference") : NULL;
  out->preference_in_code = preference != NULL && preference->type != TCX_NULL;
  if (err == 0)
    err = apply_fields(&r, options);
  if (err == 0)
    err = check_contradictions(&r, options);
  if (err == 0)
    err = apply_endpoint_url(&r, settings, service_id);
  if (err == 0 && !out->proxies_given)
    err = tcx__config_proxies_of_environment(&out->proxies, arena, f);
  if (err == 0)
    err = apply_ca_bundle(&r, settings);
  if (err == 0 && out->max_attempts == 0)
    out->max_attempts = tcx__retry_default_attempts(out->retry_mode, service_id);
  return err;
}
