#include "core/variables.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
const struct tcx_variable tcx__variables[] = {
    {"profile", {NULL}, {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}, NULL, TCX__VAR_TEXT},
    {"region", {"region"}, {"AWS_DEFAULT_REGION", "AWS_REGION"}, NULL, TCX__VAR_TEXT},
    {"data_path", {"data_path"}, {"AWS_DATA_PATH"}, NULL, TCX__VAR_TEXT},
    {"config_file", {NULL}, {"AWS_CONFIG_FILE"}, "~/.aws/config", TCX__VAR_TEXT},
    {"credentials_file", {NULL}, {"AWS_SHARED_CREDENTIALS_FILE"}, "~/.aws/credentials", TCX__VAR_TEXT},
    {"ca_bundle", {"ca_bundle"}, {"AWS_CA_BUNDLE"}, NULL, TCX__VAR_TEXT},
    {"api_versions", {"api_versions"}, {NULL}, NULL, TCX__VAR_MAP},
    {"endpoint_url", {"endpoint_url"}, {"AWS_ENDPOINT_URL"}, NULL, TCX__VAR_TEXT},
    {"ignore_configured_endpoint_urls", {"ignore_configured_endpoint_urls"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}, NULL, TCX__VAR_BOOL},
    {"services", {"services"}, {NULL}, NULL, TCX__VAR_TEXT},
    {"use_dualstack_endpoint", {"use_dualstack_endpoint"}, {"AWS_USE_DUALSTACK_ENDPOINT"}, NULL, TCX__VAR_BOOL},
    {"use_fips_endpoint", {"use_fips_endpoint"}, {"AWS_USE_FIPS_ENDPOINT"}, NULL, TCX__VAR_BOOL},
    {"account_id_endpoint_mode", {"account_id_endpoint_mode"}, {"AWS_ACCOUNT_ID_ENDPOINT_MODE"}, "preferred", TCX__VAR_TEXT},
    {"endpoint_discovery_enabled", {"endpoint_discovery_enabled"}, {"AWS_ENDPOINT_DISCOVERY_ENABLED"}, "auto", TCX__VAR_TEXT},
    {"disable_host_prefix_injection", {"disable_host_prefix_injection"}, {"AWS_DISABLE_HOST_PREFIX_INJECTION"}, NULL, TCX__VAR_BOOL},
    {"sts_regional_endpoints", {"sts_regional_endpoints"}, {"AWS_STS_REGIONAL_ENDPOINTS"}, "regional", TCX__VAR_TEXT},
    {"defaults_mode", {"defaults_mode"}, {"AWS_DEFAULTS_MODE"}, "legacy", TCX__VAR_TEXT},
    {"retry_mode", {"retry_mode"}, {"AWS_RETRY_MODE"}, "standard", TCX__VAR_TEXT},
    {"max_attempts", {"max_attempts"}, {"AWS_MAX_ATTEMPTS"}, NULL, TCX__VAR_INT},
    {"parameter_validation", {"parameter_validation"}, {NULL}, "true", TCX__VAR_BOOL},
    {"tcp_keepalive", {"tcp_keepalive"}, {"BOTOCORE_TCP_KEEPALIVE"}, NULL, TCX__VAR_BOOL},
    {"user_agent_appid", {"sdk_ua_app_id"}, {"AWS_SDK_UA_APP_ID"}, NULL, TCX__VAR_TEXT},
    {"request_min_compression_size_bytes", {"request_min_compression_size_bytes"}, {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"}, "10240", TCX__VAR_TEXT},
    {"disable_request_compression", {"disable_request_compression"}, {"AWS_DISABLE_REQUEST_COMPRESSION"}, "false", TCX__VAR_BOOL},
    {"request_checksum_calculation", {"request_checksum_calculation"}, {"AWS_REQUEST_CHECKSUM_CALCULATION"}, "when_supported", TCX__VAR_TEXT},
    {"response_checksum_validation", {"response_checksum_validation"}, {"AWS_RESPONSE_CHECKSUM_VALIDATION"}, "when_supported", TCX__VAR_TEXT},
    {"auth_scheme_preference", {"auth_scheme_preference"}, {"AWS_AUTH_SCHEME_PREFERENCE"}, NULL, TCX__VAR_TEXT},
    {"sigv4a_signing_region_set", {"sigv4a_signing_region_set"}, {"AWS_SIGV4A_SIGNING_REGION_SET"}, NULL, TCX__VAR_TEXT},
    {"s3.addressing_style", {"s3.addressing_style"}, {NULL}, NULL, TCX__VAR_TEXT},
    {"s3.use_accelerate_endpoint", {"s3.use_accelerate_endpoint"}, {NULL}, NULL, TCX__VAR_BOOL},
    {"s3.use_dualstack_endpoint", {"s3.use_dualstack_endpoint"}, {NULL}, NULL, TCX__VAR_BOOL},
    {"s3.payload_signing_enabled", {"s3.payload_signing_enabled"}, {NULL}, NULL, TCX__VAR_BOOL},
    {"s3.use_arn_region", {"s3_use_arn_region", "s3.use_arn_region"}, {"AWS_S3_USE_ARN_REGION"}, NULL, TCX__VAR_BOOL},
    {"s3.us_east_1_regional_endpoint", {"s3_us_east_1_regional_endpoint", "s3.us_east_1_regional_endpoint"}, {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"}, NULL, TCX__VAR_TEXT},
    {"s3.s3_disable_multiregion_access_points", {"s3.s3_disable_multiregion_access_points"}, {"AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"}, NULL, TCX__VAR_BOOL},
    {"s3_disable_express_session_auth", {"s3_disable_express_session_auth"}, {"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"}, NULL, TCX__VAR_TEXT},
    {"proxies_config.proxy_ca_bundle", {"proxy_ca_bundle"}, {NULL}, NULL, TCX__VAR_TEXT},
    {"proxies_config.proxy_client_cert", {"proxy_client_cert"}, {NULL}, NULL, TCX__VAR_TEXT},
    {"proxies_config.proxy_use_forwarding_for_https", {"proxy_use_forwarding_for_https"}, {NULL}, NULL, TCX__VAR_BOOL},
    {"metadata_service_timeout", {"metadata_service_timeout"}, {"AWS_METADATA_SERVICE_TIMEOUT"}, "1", TCX__VAR_INT},
    {"metadata_service_num_attempts", {"metadata_service_num_attempts"}, {"AWS_METADATA_SERVICE_NUM_ATTEMPTS"}, "1", TCX__VAR_INT},
    {"ec2_metadata_service_endpoint", {"ec2_metadata_service_endpoint"}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT"}, NULL, TCX__VAR_TEXT},
    {"ec2_metadata_service_endpoint_mode", {"ec2_metadata_service_endpoint_mode"}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"}, NULL, TCX__VAR_TEXT},
    {"ec2_metadata_v1_disabled", {"ec2_metadata_v1_disabled"}, {"AWS_EC2_METADATA_V1_DISABLED"}, "false", TCX__VAR_BOOL},
    {"imds_use_ipv6", {"imds_use_ipv6"}, {"AWS_IMDS_USE_IPV6"}, "false", TCX__VAR_BOOL},
    {"csm_enabled", {"csm_enabled"}, {"AWS_CSM_ENABLED"}, "false", TCX__VAR_BOOL},
    {"csm_host", {"csm_host"}, {"AWS_CSM_HOST"}, "127.0.0.1", TCX__VAR_TEXT},
    {"csm_port", {"csm_port"}, {"AWS_CSM_PORT"}, "31000", TCX__VAR_INT},
    {"csm_client_id", {"csm_client_id"}, {"AWS_CSM_CLIENT_ID"}, "", TCX__VAR_TEXT},
    {"aws_access_key_id", {"aws_access_key_id"}, {"AWS_ACCESS_KEY_ID"}, NULL, TCX__VAR_SECRET},
    {"aws_secret_access_key", {"aws_secret_access_key"}, {"AWS_SECRET_ACCESS_KEY"}, NULL, TCX__VAR_SECRET},
    {"aws_session_token", {"aws_session_token", "aws_security_token"}, {"AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"}, NULL, TCX__VAR_SECRET},
    {"aws_account_id", {"aws_account_id"}, {"AWS_ACCOUNT_ID"}, NULL, TCX__VAR_TEXT},
};
/* clang-format on */
const unsigned tcx__n_variables = sizeof tcx__variables / sizeof tcx__variables[0];

const struct tcx_variable *tcx__variable(const char *name) {
  for (unsigned i = 0; i < tcx__n_variables; i++)
    if (strcmp(tcx__variables[i].name, name) == 0)
      return &tcx__variables[i];
  return NULL;
}

/* ---- looking ---- */

/* "s3.use_arn_region" is a key of the block s3. */
static const char *profile_text(const struct tcx_value *profile, const char *key) {
  const char *dot = strchr(key, '.');
  if (dot == NULL)
    return tcx__map_text(profile, key);
  return tcx__map_text(tcx__value_find(profile, key, (size_t)(dot - key)), dot + 1);
}

/* The options of a session that are variables too. */
static const char *option_text(const struct tcx_settings_options *o, const char *name) {
  const struct {
    const char *name, *text;
  } options[] = {
      {"profile", o->profile},         {"region", o->region},
      {"config_file", o->config_file}, {"credentials_file", o->credentials_file},
      {"data_path", o->data_path},
  };
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (strcmp(options[i].name, name) == 0)
      return options[i].text;
  return NULL;
}

struct tcx_var_found tcx__variable_find(const struct tcx_settings *s,
                                        const struct tcx_variable *v) {
  struct tcx_var_found found = {.text = option_text(&s->options, v->name),
                                .source = TCX__FROM_OPTION};
  for (unsigned i = 0; i < 2 && found.text == NULL; i++)
    if (v->env[i] != NULL)
      found = (struct tcx_var_found){tcx__getenv(v->env[i]), TCX__FROM_ENVIRONMENT, v->env[i]};
  for (unsigned i = 0; i < 2 && found.text == NULL; i++)
    if (v->key[i] != NULL)
      found = (struct tcx_var_found){profile_text(s->active, v->key[i]),
                                     profile_text(s->secrets, v->key[i]) != NULL
                                         ? TCX__FROM_CREDENTIALS_FILE
                                         : TCX__FROM_CONFIG_FILE,
                                     v->key[i]};
  if (found.text == NULL)
    found = (struct tcx_var_found){
        v->fallback, v->fallback != NULL ? TCX__FROM_DEFAULT : TCX__FROM_NOWHERE, NULL};
  return found;
}

const char *tcx__variable_text(const struct tcx_settings *s, const char *name) {
  return tcx__variable_find(s, tcx__variable(name)).text;
}

bool tcx__variable_true(const struct tcx_settings *s, const char *name) {
  const char *text = tcx__variable_text(s, name);
  return text != NULL && strcasecmp(text, "true") == 0;
}

int tcx__variable_int(const char *text, int64_t *out) {
  struct tcx_str s = tcx__str(text);
  while (s.n > 0 && isspace((unsigned char)s.p[0]))
    s.p++, s.n--;
  while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1]))
    s.n--;
  return tcx__str_to_int64(s, out);
}

/* ---- endpoint URLs ---- */

/* "DynamoDB Streams" as "dynamodb_streams", or in capitals. */
static void snake_id(char *out, size_t size, const char *service_id, bool upper) {
  size_t i = 0;
  for (; service_id[i] != '\0' && i + 1 < size; i++) {
    int c = (unsigned char)service_id[i];
    out[i] = (char)(c == ' ' || c == '-' ? '_' : upper ? toupper(c) : tolower(c));
  }
  out[i] = '\0';
}

int tcx__endpoint_url_of(const struct tcx_settings *s, const char *service_id, const char **url,
                         struct tcx_fail *f) {
  char upper[128], lower[128], variable[160];
  snake_id(upper, sizeof upper, service_id, true);
  snake_id(lower, sizeof lower, service_id, false);
  snprintf(variable, sizeof variable, "AWS_ENDPOINT_URL_%s", upper);
  *url = tcx__getenv(variable);
  if (*url == NULL)
    *url = tcx__getenv("AWS_ENDPOINT_URL");
  if (*url != NULL)
    return 0;
  const char *name = tcx__variable_text(s, "services");
  if (name != NULL) {
    const struct tcx_value *section = tcx__settings_section(s, "services", name);
    if (tcx__value_count(section) == 0)
      return tcx__fail(f, TCX_ECONFIG,
                       "The profile is configured to use the services section but the \"%s\" "
                       "services configuration does not exist.",
                       name);
    *url = tcx__map_text(tcx__value_find(section, lower, strlen(lower)), "endpoint_url");
  }
  if (*url == NULL)
    *url = tcx__map_text(s->active, "endpoint_url");
  return 0;
}
