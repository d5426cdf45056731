/* error_type.c - the name of the exception that botocore would raise for an error. */
#include <string.h>
#include <tucuxi.h>

static bool starts(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What is wrong with credentials or configuration is one status each; the sentence, botocore's own,
 * tells which of its exceptions it is. */
static const char *by_text(const char *msg, const char *otherwise) {
  static const struct {
    const char *prefix, *name;
  } table[] = {
      {"Unable to locate credentials", "NoCredentialsError"},
      {"Unable to locate authorization token", "NoAuthTokenError"},
      {"Partial credentials", "PartialCredentialsError"},
      {"You must specify a region", "NoRegionError"},
      {"Provided region_name", "InvalidRegionError"},
      {"The config profile (", "ProfileNotFound"},
      {"Unable to parse config file", "ConfigParseError"},
      {"Unable to read config file", "ConfigNotFound"},
      {"Invalid endpoint configuration", "InvalidEndpointConfigurationError"},
      {"Invalid endpoint", "ValueError"},
      {"Invalid host label to be bound", "InvalidHostLabelError"},
      {"Unsupported configuration when using S3: ", "UnsupportedS3ConfigurationError"},
      {"Unsupported configuration when using S3 access-points: ",
       "UnsupportedS3AccesspointConfigurationError"},
      {"Unsupported configuration when using S3 Control: ",
       "UnsupportedS3ControlConfigurationError"},
      {"S3 ARN \"", "UnsupportedS3ControlArnError"},
      {"Unknown Signature Version: ", "UnknownSignatureVersionError"},
      {"Signature version(s) are not supported: ", "UnsupportedSignatureVersionError"},
      {"The specified config file (", "ConfigNotFound"},
      {"Invalid value provided to \"mode\": ", "InvalidRetryModeError"},
      {"Value provided to \"max_attempts\": ", "InvalidMaxRetryAttemptsError"},
      {"Cannot provide retry configuration for ", "InvalidRetryConfigurationError"},
      {"S3 addressing style ", "InvalidS3AddressingStyleError"},
      {"Unsupported configuration value for endpoint_discovery_enabled",
       "InvalidEndpointDiscoveryConfigurationError"},
      {"Unsupported configuration value for ", "InvalidChecksumConfigError"},
      {"S3 us-east-1 regional endpoint option ", "InvalidS3UsEast1RegionalEndpointConfigError"},
      {"STS regional endpoints option ", "InvalidSTSRegionalEndpointsConfigError"},
      {"Operation cannot be paginated", "OperationNotPageableError"},
      {"Bad starting token: ", "ValueError"},
      {"Client configured with invalid defaults mode: ", "InvalidDefaultsMode"},
      {"Waiter does not exist: ", "ValueError"},
      {"Error processing waiter config: ", "WaiterConfigError"},
      {"In function ", "JMESPathTypeError"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (starts(msg, table[i].prefix))
      return table[i].name;
  return otherwise;
}

static const char *timeout_name(tcx_phase_t phase) {
  return phase == TCX_PHASE_POOL || phase == TCX_PHASE_DNS || phase == TCX_PHASE_CONNECT ||
                 phase == TCX_PHASE_TLS
             ? "ConnectTimeoutError"
             : "ReadTimeoutError";
}

/* An exception in a response that had begun as a success. */
static const char *client_name(const tcx_error_t *e) {
  return e->http_status >= 200 && e->http_status < 300 ? "EventStreamError" : "ClientError";
}

/* By the stubber's reasons: two of them have a class of their own. */
static const char *stub_name(const tcx_error_t *e) {
  if (strstr(e->msg, ": Unexpected API Call: ") != NULL)
    return "UnStubbedResponseError";
  return strstr(e->msg, ": Expected parameters:\n") != NULL ? "StubAssertionError"
                                                            : "StubResponseError";
}

static const char *network_name(const tcx_error_t *e) {
  if (e->phase == TCX_PHASE_POOL || e->phase == TCX_PHASE_DNS || e->phase == TCX_PHASE_CONNECT)
    return "EndpointConnectionError";
  return e->http_status != 0 ? "ResponseStreamingError" : "ConnectionClosedError";
}

const char *tcx_error_type_name(const tcx_error_t *e) {
  switch (e->status) {
  case TCX_ECLIENT:
    return client_name(e);
  case TCX_EPARAM:
    return by_text(e->msg, "ParamValidationError");
  case TCX_EOPNAME:
    return by_text(e->msg, "UnknownClientMethodError");
  case TCX_ECREDS:
    return by_text(e->msg, "CredentialRetrievalError");
  case TCX_EENDPOINT:
    return by_text(e->msg, "EndpointResolutionError");
  case TCX_ETLS:
    return "SSLError";
  case TCX_EPROXY:
    return "ProxyConnectionError";
  case TCX_EPROTO:
    return e->http_status != 0 ? "ResponseParserError" : "ConnectionClosedError";
  case TCX_ECHECKSUM:
    return "FlexibleChecksumError";
  case TCX_EWAITER:
    return by_text(e->msg, "WaiterError");
  case TCX_ESERVICE:
    return by_text(e->msg, "UnknownServiceError");
  case TCX_ECONFIG:
    return by_text(e->msg, "InvalidConfigError");
  case TCX_EPOOL:
    return "ConnectTimeoutError";
  case TCX_EPAGINATE:
    return by_text(e->msg, "PaginationError");
  case TCX_ESTUB:
    return stub_name(e);
  case TCX_EBODY:
    return "HTTPClientError";
  case TCX_ESTALLED:
    return "ReadTimeoutError";
  case UV_ETIMEDOUT:
    return timeout_name(e->phase);
  case UV_ECONNREFUSED:
  case UV_ECONNRESET:
  case UV_ECONNABORTED:
  case UV_EPIPE:
  case UV_EHOSTUNREACH:
  case UV_ENETUNREACH:
  case UV_EADDRNOTAVAIL:
  case UV_ENOTCONN:
  case UV_EOF:
  case UV_EAI_NONAME:
  case UV_EAI_AGAIN:
  case UV_EAI_FAIL:
  case UV_EAI_NODATA:
    return network_name(e);
  default:
    return e->phase == TCX_PHASE_DNS ? "EndpointConnectionError" : "BotoCoreError";
  }
}
