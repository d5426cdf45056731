#include "core/rate_limiter.h"
#include <math.h>

#define MIN_RATE        0.5
#define BETA            0.7 /* what is left of the rate after a throttled answer */
#define SCALE           0.4
#define SMOOTHING       0.8
#define BUCKETS         2.0 /* a second, of the measured rate */
#define MAX_OF_MEASURED 2.0 /* how far the rate may go over the measured one */

static void refill(struct tcx_rate_limiter *l, double now) {
  l->capacity = fmin(l->max_capacity, l->capacity + (now - l->filled_at) * l->fill_rate);
  l->filled_at = now;
}

static void set_rate(struct tcx_rate_limiter *l, double rate, double now) {
  refill(l, now);
  l->fill_rate = fmax(rate, MIN_RATE);
  l->max_capacity = fmax(rate, 1);
  l->capacity = fmin(l->capacity, l->max_capacity);
}

void tcx__rate_limiter_init(struct tcx_rate_limiter *l, double now) {
  *l = (struct tcx_rate_limiter){.fill_rate = 1,
                                 .max_capacity = 1,
                                 .filled_at = now,
                                 .last_fail = now,
                                 .last_bucket = floor(now)};
}

double tcx__rate_limiter_acquire(struct tcx_rate_limiter *l, double now) {
  if (!l->enabled)
    return 0;
  refill(l, now);
  if (l->capacity < 1)
    return (1 - l->capacity) / l->fill_rate;
  l->capacity -= 1;
  return 0;
}

static void measure(struct tcx_rate_limiter *l, double now) {
  double bucket = floor(now * BUCKETS) / BUCKETS;
  l->count += 1;
  if (bucket <= l->last_bucket)
    return;
  l->measured_rate =
      l->count / (bucket - l->last_bucket) * SMOOTHING + l->measured_rate * (1 - SMOOTHING);
  l->count = 0;
  l->last_bucket = bucket;
}

/* CUBIC's curve: back to w_max after k seconds, flat there, steep beyond. */
static double grown(const struct tcx_rate_limiter *l, double now) {
  return SCALE * pow(now - l->last_fail - l->k, 3) + l->w_max;
}

static double shrunk(struct tcx_rate_limiter *l, double now) {
  l->w_max = l->enabled ? fmin(l->measured_rate, l->fill_rate) : l->measured_rate;
  l->k = pow(l->w_max * (1 - BETA) / SCALE, 1 / 3.0);
  l->last_fail = now;
  l->enabled = true;
  return l->w_max * BETA;
}

void tcx__rate_limiter_answered(struct tcx_rate_limiter *l, bool throttled, double now) {
  measure(l, now);
  double rate = throttled ? shrunk(l, now) : grown(l, now);
  set_rate(l, fmin(rate, MAX_OF_MEASURED * l->measured_rate), now);
}
