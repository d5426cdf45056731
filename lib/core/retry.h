/*
 * retry.h - whether a failed attempt is made again, and when: botocore's modes. Pure: randomness
 * comes in, the caller waits. Adaptive is standard, and a limit on the rate (rate_limiter.h).
 *
 *   attempt failed -> tcx__retry_decide -> retry after delay_ms, or not
 *   call succeeded -> tcx__retry_succeeded, which gives back what its last retry took from the
 * client's quota
 *
 * The caller decides what only it can know: a body that cannot be sent again, a deadline that the
 * delay would overrun, a redirect (no retry in this sense).
 */
#ifndef TCX_CORE_RETRY_H
#define TCX_CORE_RETRY_H
#include "base/buf.h"
#include <tucuxi.h>

#define TCX__RETRY_QUOTA          500 /* of a client, at first and at most */
#define TCX__RETRY_COST           14  /* of a retry */
#define TCX__RETRY_COST_THROTTLED 5   /* of a retry after a throttled answer */

typedef enum { TCX__RETRY_STANDARD, TCX__RETRY_LEGACY, TCX__RETRY_ADAPTIVE } tcx__retry_mode;

struct tcx_retry_quota {
  unsigned available;
};                       /* one a client */
struct tcx_retry_state { /* one a call */
  unsigned max_attempts; /* in all, the first included; set by the caller */
  unsigned taken;        /* what the last retry took from the quota; 0 at first */
};

typedef enum { TCX__RETRY_NOT, TCX__RETRY_TRANSIENT, TCX__RETRY_THROTTLED } tcx__retry_kind;

struct tcx_retry_in {
  uint8_t mode;            /* tcx__retry_mode */
  const char *service_id;  /* the model's serviceId: "DynamoDB" */
  unsigned attempt;        /* the one that failed, counted from 1 */
  int http_status;         /* 0 when no response came */
  const char *error_code;  /* of the response; NULL = none */
  bool modeled;            /* the code is one of the operation's modelled errors ... */
  bool modeled_retryable;  /* ... whose shape has the retryable trait ... */
  bool modeled_throttling; /* ... with throttling */
  int status; /* what kept a (usable) response from coming: UV_E* or TCX_E*; 0 or TCX_ECLIENT =
                 nothing */
  bool clock_corrected;       /* the request's time was wrong, the next one's will not be */
  tcx_phase_t phase;          /* when it happened */
  struct tcx_str retry_after; /* x-amz-retry-after: milliseconds; empty = absent */
  bool long_poll;             /* tcx__retry_is_long_poll */
  double random;              /* in [0, 1) */
};
struct tcx_retry_out {
  bool retry;
  uint64_t delay_ms; /* before the retry; without one (a long poll and no quota) before the failure
                        is told */
  tcx__retry_kind kind; /* what sort of failure it is, whether or not it is retried: tcx_error_t's
                           retryable and throttled */
  bool max_attempts_reached; /* ResponseMetadata's MaxAttemptsReached */
  bool quota_reached;        /* ResponseMetadata's RetryQuotaReached */
};

void tcx__retry_quota_init(struct tcx_retry_quota *quota);
const char *tcx__retry_mode_name(uint8_t mode); /* "standard" */
/* 3, and 4 for DynamoDB and its streams; legacy: 5, and 10 for DynamoDB */
unsigned tcx__retry_default_attempts(uint8_t mode, const char *service_id);
bool tcx__retry_is_long_poll(const char *service_id,
                             const char *operation); /* "SQS", "ReceiveMessage" */
tcx__retry_kind tcx__retry_classify(const struct tcx_retry_in *in);
/* Takes from the quota when the answer is to retry. */
struct tcx_retry_out tcx__retry_decide(struct tcx_retry_quota *quota, struct tcx_retry_state *state,
                                       const struct tcx_retry_in *in);
/* retry_legacy.c */
tcx__retry_kind tcx__retry_legacy_classify(const struct tcx_retry_in *in);
uint64_t tcx__retry_legacy_delay(const struct tcx_retry_in *in);
/* For it: a service id as botocore compares it ("Route 53" is route-53); whether another connection
 * may do better. */
bool tcx__retry_is_service(const char *service_id, const char *hyphenated);
bool tcx__retry_is_transient_status(int status, tcx_phase_t phase);
/* A call ended with a 2xx. */
void tcx__retry_succeeded(struct tcx_retry_quota *quota, const struct tcx_retry_state *state);
#endif
