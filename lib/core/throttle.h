/*
 * throttle.h - the adaptive retry mode: a client's calls wait in line for a token of its rate
 * limiter, before each attempt. The wait is one timer a client, for the first in line.
 *
 * States of a call: RATE and not in line (a token was there: on to POOL) or in line -> POOL, when
 * the timer has brought a token; a call that is broken off leaves the line.
 */
#ifndef TCX_CORE_THROTTLE_H
#define TCX_CORE_THROTTLE_H
#include "core/rate_limiter.h"
#include "net/net.h"
#include <tucuxi.h>

struct tcx_throttle {
  struct tcx_rate_limiter rate;
  tcx_call_t *first, *last; /* in line */
  struct tcx_timer timer;   /* runs while somebody is */
};
void tcx__throttle_begin(tcx_client_t *client);
void tcx__throttle_step(tcx_call_t *call); /* RATE: to POOL, now or later */
/* harmless when it is not in line */
void tcx__throttle_leave(tcx_call_t *call);
void tcx__throttle_answered(tcx_client_t *client, bool throttled); /* an attempt is over */
#endif
