/*
 * wheel.h - the timer wheel: due times in milliseconds, start and stop in constant time. Pure: the
 * caller says what time it is.
 *
 * Six levels of 64 slots. A timer lies in the level of the highest 6-bit digit in which its due
 * time differs from the wheel's own time (elapsed), in the slot of that digit, so that it can be
 * found again from both. When time reaches a slot of a higher level, its timers move down; level 0
 * holds single milliseconds.
 */
#ifndef TCX_NET_WHEEL_H
#define TCX_NET_WHEEL_H
#include "net/net.h"

#define TCX__WHEEL_LEVELS 6
/* longest delay in ms, more than a year; longer ones are cut to it */
#define TCX__WHEEL_MAX ((UINT64_C(1) << 35) - 1)

struct tcx_wheel {
  /* every timer due at or before it has been popped */
  uint64_t elapsed;
  unsigned count; /* armed timers */
  /* a bit a slot; may be set for an empty slot, never clear for a full one */
  uint64_t used[TCX__WHEEL_LEVELS];
  struct tcx_timer *slots[TCX__WHEEL_LEVELS][64];
};
void tcx__wheel_init(struct tcx_wheel *wheel, uint64_t now);
/* Arms a stopped timer: due at now + ms or up to 1 % of ms later, at least 1 ms ahead. */
void tcx__wheel_add(struct tcx_wheel *wheel, struct tcx_timer *timer, uint64_t now, uint64_t ms);
/* harmless when stopped */
void tcx__wheel_remove(struct tcx_wheel *wheel, struct tcx_timer *timer);
/* The next timer that is due, now stopped; NULL when none is. Timers due in the same millisecond
 * come in no order. */
struct tcx_timer *tcx__wheel_pop(struct tcx_wheel *wheel, uint64_t now);
/* When to look again: at or before the first due time. UINT64_MAX when nothing is armed. */
uint64_t tcx__wheel_next(struct tcx_wheel *wheel);
#endif
