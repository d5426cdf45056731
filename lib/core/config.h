/*
 * config.h - a client's settings, resolved once when it is created: option field, then Config value
 * (botocore's names), then environment and profile, then default.
 */
#ifndef TCX_CORE_CONFIG_H
#define TCX_CORE_CONFIG_H
#include "base/error.h"
#include "core/retry.h"
#include "core/scheme.h"
#include "core/settings.h"
#include "net/proxy.h"
#include <tucuxi.h>

typedef enum { TCX__UNSET, TCX__FALSE, TCX__TRUE } tcx__tristate;
typedef enum {
  TCX__ADDRESSING_AUTO,
  TCX__ADDRESSING_VIRTUAL,
  TCX__ADDRESSING_PATH
} tcx__addressing;

#define TCX__DEFAULT_CONNECT_TIMEOUT_MS   60000u
#define TCX__DEFAULT_READ_TIMEOUT_MS      60000u
#define TCX__DEFAULT_MAX_CONNECTIONS      64u
#define TCX__DEFAULT_MIN_COMPRESSION_SIZE 10240u
/* an idle connection is closed before the service (S3: 20 s) closes it */
#define TCX__IDLE_MS 15000u

struct tcx_client_config { /* texts lie in the client's arena */
  const char *region, *endpoint_url, *user_agent, *user_agent_extra, *user_agent_appid, *ca_bundle;
  bool auto_mode; /* the defaults mode waits for the machine's region: auto_mode.c */
  unsigned connect_timeout_ms, read_timeout_ms, acquire_timeout_ms, max_attempts, max_connections;
  /* tcx__scheme that signature_version asks for; NONE also for unsigned requests; UNSET = not
   * given */
  uint8_t scheme;
  /* of auth_scheme_preference: those that are known */
  uint8_t preference[TCX__SCHEMES_MAX];
  unsigned n_preference;
  bool preference_in_code;         /* it was an option, no setting */
  const char *region_set;          /* of sigv4a; NULL = the endpoint's, else "*" */
  const char *account_id_mode;     /* "preferred", "disabled", "required" */
  const struct tcx_value *context; /* client_context_params: MAP, or NULL */
  struct tcx_proxies proxies;      /* of Config, else of the environment */
  bool proxies_given;
  /* of a proxy that is reached over TLS; NULL = ca_bundle */
  const char *proxy_ca_bundle;
  /* what is shown to servers and such proxies; a key may stand in its certificate's file */
  const char *client_cert, *client_key, *proxy_client_cert, *proxy_client_key;
  uint8_t retry_mode; /* tcx__retry_mode */
  bool no_verify, tcp_keepalive, no_validation, no_host_prefix;
  bool no_compression;           /* of requests */
  unsigned min_compression_size; /* bytes of a body that is worth it */
  /* as an option: neither AWS_CA_BUNDLE nor REQUESTS_CA_BUNDLE is asked */
  bool verify_given;
  /* the region was a pseudo region ("fips-us-east-1"): region is the real one */
  bool fips_region;
  tcx__tristate use_fips, use_dualstack;
  tcx__tristate sts_global; /* sts_regional_endpoints: TRUE = legacy */
  tcx__tristate ignore_endpoint_urls;
  tcx__tristate discovery; /* endpoint_discovery_enabled; UNSET = auto */
  bool request_checksum_when_required, response_checksum_when_required;
  struct { /* botocore's Config(s3={...}) */
    tcx__addressing addressing;
    tcx__tristate use_dualstack; /* over the client's own, for S3 and S3 Control */
    tcx__tristate payload_signing, use_accelerate, use_arn_region, us_east_1_global, disable_mrap,
        disable_express_auth;
    /* tucuxi's own: TRUE = presigned URLs go to the global host where botocore's do */
    tcx__tristate presign_global;
    /* tucuxi's own: TRUE = bodies in memory over https carry their checksum in a trailer too, as
     * botocore's do */
    tcx__tristate checksum_trailer;
  } s3;
};
/* config is read, not kept; its texts are copied. TCX_ECONFIG names the option and what is wrong
 * with it. */
int tcx__config_resolve(struct tcx_client_config *out, struct tcx_arena *arena,
                        const tcx_client_options_t *options, const struct tcx_settings *settings,
                        const char *service_id, struct tcx_fail *f);
#endif
