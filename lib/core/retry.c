/* retry.c - the standard retry mode: what is transient or throttled, the client's quota, and
 * exponential backoff with full jitter. The legacy mode's rules are in retry_legacy.c. */
#include "core/retry.h"

#define MAX_DELAY_MS        20000.0
#define RETRY_AFTER_MORE_MS 5000.0 /* how far x-amz-retry-after may push the delay */

static bool one_of(const char *s, const char *const *list) {
  for (; s != NULL && *list != NULL; list++)
    if (tcx__str_is(tcx__str(s), *list))
      return true;
  return false;
}

/* Service ids as botocore compares them: "DynamoDB Streams" is dynamodb-streams. */
bool tcx__retry_is_service(const char *service_id, const char *hyphenated) {
  if (service_id == NULL)
    return false;
  for (; *service_id != '\0' && *hyphenated != '\0'; service_id++, hyphenated++) {
    char c = *service_id == ' ' ? '-' : *service_id;
    if (c >= 'A' && c <= 'Z')
      c = (char)(c + ('a' - 'A'));
    if (c != *hyphenated)
      return false;
  }
  return *service_id == *hyphenated;
}

static bool is_dynamodb(const char *service_id) {
  return tcx__retry_is_service(service_id, "dynamodb") ||
         tcx__retry_is_service(service_id, "dynamodb-streams");
}

const char *tcx__retry_mode_name(uint8_t mode) {
  static const char *const names[] = {[TCX__RETRY_STANDARD] = "standard",
                                      [TCX__RETRY_LEGACY] = "legacy",
                                      [TCX__RETRY_ADAPTIVE] = "adaptive"};
  return names[mode];
}

unsigned tcx__retry_default_attempts(uint8_t mode, const char *service_id) {
  if (mode == TCX__RETRY_LEGACY)
    return tcx__retry_is_service(service_id, "dynamodb") ? 10 : 5;
  return is_dynamodb(service_id) ? 4 : 3;
}

bool tcx__retry_is_long_poll(const char *service_id, const char *operation) {
  static const struct {
    const char *service;
    const char *operations[3];
  } polls[] = {
      {"sqs", {"ReceiveMessage"}},
      {"sfn", {"GetActivityTask"}},
      {"swf", {"PollForActivityTask", "PollForDecisionTask"}},
      {"kinesis", {"ReceiveQueueRecords", "ReceiveDeadLetterQueueRecords"}},
  };
  for (size_t i = 0; i < sizeof polls / sizeof *polls; i++)
    if (tcx__retry_is_service(service_id, polls[i].service))
      return one_of(operation, polls[i].operations);
  return false;
}

/* ---- what failed ---- */

/* Whether another connection may do better. A handshake that was refused (certificate, protocol)
 * will be refused again. */
bool tcx__retry_is_transient_status(int status, tcx_phase_t phase) {
  switch (status) {
  case UV_ECONNREFUSED:
  case UV_ECONNRESET:
  case UV_ECONNABORTED:
  case UV_EPIPE:
  case UV_EOF:
  case UV_ENOTCONN:
  case UV_ETIMEDOUT:
  case UV_EHOSTUNREACH:
  case UV_ENETUNREACH:
  case UV_ENETDOWN:
  case UV_EADDRNOTAVAIL:
  case UV_EPROTO:
  case UV_EMFILE:
  case UV_ENFILE:
  case UV_ENOBUFS:
  case UV_EAI_AGAIN:
  case UV_EAI_FAIL:
  case UV_EAI_NODATA:
  case UV_EAI_NONAME:
  case UV_EAI_ADDRFAMILY:
  case UV_EAI_FAMILY:
  case UV_EAI_SERVICE:
  case TCX_EPROTO:
  case TCX_ECHECKSUM:
  case TCX_ESTALLED:
    return true;
  case TCX_ETLS:
  case TCX_EPROXY:
    return phase != TCX_PHASE_TLS;
  default:
    return false;
  }
}

static bool is_transient(const struct tcx_retry_in *in) {
  static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
                                      "PriorRequestNotComplete", NULL};
  if (one_of(in->error_code, codes) || tcx__retry_is_transient_status(in->status, in->phase))
    return true;
  if (tcx__retry_is_service(in->service_id, "sts") && in->error_code != NULL &&
      tcx__str_is(tcx__str(in->error_code), "IDPCommunicationError"))
    return true;
  return in->http_status == 500 || in->http_status == 502 || in->http_status == 503 ||
         in->http_status == 504;
}

static bool is_throttling_code(const char *code) {
  static const char *const codes[] = {"Throttling",
                                      "ThrottlingException",
                                      "ThrottledException",
                                      "RequestThrottledException",
                                      "TooManyRequestsException",
                                      "ProvisionedThroughputExceededException",
                                      "TransactionInProgressException",
                                      "RequestLimitExceeded",
                                      "BandwidthLimitExceeded",
                                      "LimitExceededException",
                                      "RequestThrottled",
                                      "SlowDown",
                                      "PriorRequestNotComplete",
                                      "EC2ThrottledException",
                                      NULL};
  return one_of(code, codes);
}

tcx__retry_kind tcx__retry_classify(const struct tcx_retry_in *in) {
  if (in->mode == TCX__RETRY_LEGACY)
    return tcx__retry_legacy_classify(in);
  if (is_throttling_code(in->error_code))
    return TCX__RETRY_THROTTLED;
  if (in->modeled_retryable)
    return in->modeled_throttling ? TCX__RETRY_THROTTLED : TCX__RETRY_TRANSIENT;
  if (in->clock_corrected)
    return TCX__RETRY_TRANSIENT;
  if (in->http_status == 429 && !in->modeled)
    return TCX__RETRY_THROTTLED;
  return is_transient(in) ? TCX__RETRY_TRANSIENT : TCX__RETRY_NOT;
}

/* ---- when ---- */

/* Milliseconds; 0 when absent, not a number, or negative. Any number is as good as the largest: the
 * policy bounds it. */
static double asked_delay(struct tcx_str retry_after) {
  int64_t ms = 0;
  int status = retry_after.n == 0 ? UV_EINVAL : tcx__str_to_int64(retry_after, &ms);
  if (status == UV_ERANGE && retry_after.p[0] != '-')
    return (double)INT64_MAX;
  return status == 0 && ms > 0 ? (double)ms : 0;
}

static uint64_t delay(const struct tcx_retry_in *in, tcx__retry_kind kind) {
  double ms = kind == TCX__RETRY_THROTTLED  ? 1000
              : is_dynamodb(in->service_id) ? 25
                                            : 50,
         asked = asked_delay(in->retry_after);
  for (unsigned i = 1; i < in->attempt && ms < MAX_DELAY_MS; i++)
    ms *= 2;
  ms = in->random * (ms < MAX_DELAY_MS ? ms : MAX_DELAY_MS);
  if (asked > ms + RETRY_AFTER_MORE_MS)
    asked = ms + RETRY_AFTER_MORE_MS;
  if (asked > ms)
    ms = asked;
  return (uint64_t)(ms + 0.5);
}

void tcx__retry_quota_init(struct tcx_retry_quota *quota) { quota->available = TCX__RETRY_QUOTA; }

static struct tcx_retry_out decide_legacy(const struct tcx_retry_state *state,
                                          const struct tcx_retry_in *in) {
  struct tcx_retry_out out = {.kind = tcx__retry_legacy_classify(in)};
  if (out.kind == TCX__RETRY_NOT)
    return out;
  out.max_attempts_reached = in->attempt >= state->max_attempts;
  out.retry = !out.max_attempts_reached;
  if (out.retry)
    out.delay_ms = tcx__retry_legacy_delay(in);
  return out;
}

struct tcx_retry_out tcx__retry_decide(struct tcx_retry_quota *quota, struct tcx_retry_state *state,
                                       const struct tcx_retry_in *in) {
  if (in->mode == TCX__RETRY_LEGACY)
    return decide_legacy(state, in);
  struct tcx_retry_out out = {.kind = tcx__retry_classify(in)};
  out.max_attempts_reached = in->attempt >= state->max_attempts;
  if (out.kind == TCX__RETRY_NOT || out.max_attempts_reached)
    return out;
  unsigned cost = out.kind == TCX__RETRY_THROTTLED ? TCX__RETRY_COST_THROTTLED : TCX__RETRY_COST;
  out.quota_reached = cost > quota->available;
  out.retry = !out.quota_reached;
  if (out.retry) {
    quota->available -= cost;
    state->taken = cost;
  }
  if (out.retry || in->long_poll)
    out.delay_ms = delay(in, out.kind);
  return out;
}

void tcx__retry_succeeded(struct tcx_retry_quota *quota, const struct tcx_retry_state *state) {
  unsigned back = state->taken == 0 ? 1 : state->taken, room = TCX__RETRY_QUOTA - quota->available;
  quota->available += back < room ? back : room;
}
