/* retry_legacy.c - what botocore's legacy retry mode tries again (models/data/_retry.json), and
 * when. It has no quota, and its delays no end. */
#include "core/retry.h"
#include <math.h>

#define MAX_DELAY_MS 4e9 /* of a number of milliseconds, not of the mode */

/* A status alone, or with a code; service NULL: of all. The last that fits counts. */
static const struct policy {
  const char *service;
  int status;
  const char *code;
  tcx__retry_kind kind;
} policies[] = {
    {NULL, 500, NULL, TCX__RETRY_TRANSIENT},
    {NULL, 502, NULL, TCX__RETRY_TRANSIENT},
    {NULL, 503, NULL, TCX__RETRY_TRANSIENT},
    {NULL, 504, NULL, TCX__RETRY_TRANSIENT},
    {NULL, 509, NULL, TCX__RETRY_THROTTLED},
    {NULL, 429, NULL, TCX__RETRY_THROTTLED},
    {NULL, 400, "Throttling", TCX__RETRY_THROTTLED},
    {NULL, 400, "ThrottlingException", TCX__RETRY_THROTTLED},
    {NULL, 400, "ThrottledException", TCX__RETRY_THROTTLED},
    {NULL, 400, "RequestThrottledException", TCX__RETRY_THROTTLED},
    {NULL, 400, "ProvisionedThroughputExceededException", TCX__RETRY_THROTTLED},
    {"organizations", 429, NULL, TCX__RETRY_NOT}, /* its own policy of that name stands for it */
    {"organizations", 400, "TooManyRequestsException", TCX__RETRY_THROTTLED},
    {"dynamodb", 409, "ReplicatedWriteConflictException", TCX__RETRY_TRANSIENT},
    {"dynamodb", 400, "TransactionInProgressException", TCX__RETRY_TRANSIENT},
    {"ec2", 503, "RequestLimitExceeded", TCX__RETRY_THROTTLED},
    {"ec2", 503, "EC2ThrottledException", TCX__RETRY_THROTTLED},
    {"cloudsearch", 509, "BandwidthLimitExceeded", TCX__RETRY_THROTTLED},
    {"kinesis", 400, "LimitExceededException", TCX__RETRY_THROTTLED},
    {"sqs", 403, "RequestThrottled", TCX__RETRY_THROTTLED},
    {"s3", 400, "RequestTimeout", TCX__RETRY_TRANSIENT},
    {"s3", 400, "BadDigest", TCX__RETRY_TRANSIENT},
    {"glacier", 408, "RequestTimeoutException", TCX__RETRY_TRANSIENT},
    {"route-53", 400, "Throttling", TCX__RETRY_THROTTLED},
    {"route-53", 400, "PriorRequestNotComplete", TCX__RETRY_TRANSIENT},
    {"sts", 400, "IDPCommunicationError", TCX__RETRY_TRANSIENT},
};

tcx__retry_kind tcx__retry_legacy_classify(const struct tcx_retry_in *in) {
  tcx__retry_kind kind = TCX__RETRY_NOT;
  for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
    const struct policy *p = &policies[i];
    if (p->status != in->http_status ||
        (p->service != NULL && !tcx__retry_is_service(in->service_id, p->service)))
      continue;
    if (p->code == NULL ||
        (in->error_code != NULL && tcx__str_is(tcx__str(in->error_code), p->code)))
      kind = p->kind;
  }
  if (kind == TCX__RETRY_NOT &&
      (in->clock_corrected || tcx__retry_is_transient_status(in->status, in->phase)))
    return TCX__RETRY_TRANSIENT;
  return kind;
}

/* Two to the power of the attempts before, times a random part of a second; for DynamoDB of 50 ms,
 * without chance. */
uint64_t tcx__retry_legacy_delay(const struct tcx_retry_in *in) {
  double base = tcx__retry_is_service(in->service_id, "dynamodb") ? 50 : 1000 * in->random,
         ms = ldexp(base, in->attempt < 64 ? (int)in->attempt - 1 : 63);
  return (uint64_t)((ms < MAX_DELAY_MS ? ms : MAX_DELAY_MS) + 0.5);
}
