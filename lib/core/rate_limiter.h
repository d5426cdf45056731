/*
 * rate_limiter.h - the adaptive retry mode's limit on how often a client sends: a token bucket,
 * whose rate grows and shrinks as TCP's CUBIC does. Pure: the caller says what time it is, and
 * waits.
 *
 *   off -> the first throttled answer -> on, for good: each attempt takes a token, or waits for one
 */
#ifndef TCX_CORE_RATE_LIMITER_H
#define TCX_CORE_RATE_LIMITER_H
#include <stdbool.h>

struct tcx_rate_limiter {
  bool enabled;
  /* the bucket: tokens a second, tokens, when it was last filled */
  double fill_rate, max_capacity, capacity, filled_at;
  /* CUBIC: the rate at the last throttled answer, how long until it is reached again, when that
   * was */
  double w_max, k, last_fail;
  /* answers a second, smoothed, by halves of a second */
  double measured_rate, last_bucket, count;
};
/* Times are seconds from any beginning; they do not go back. */
void tcx__rate_limiter_init(struct tcx_rate_limiter *limiter, double now);
/* 0: a token was taken, or none is needed. Else the seconds to wait before it is asked again. */
double tcx__rate_limiter_acquire(struct tcx_rate_limiter *limiter, double now);
/* An attempt is over. */
void tcx__rate_limiter_answered(struct tcx_rate_limiter *limiter, bool throttled, double now);
#endif
