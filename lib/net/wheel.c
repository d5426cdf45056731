#include "net/wheel.h"
#include <string.h>

void tcx__wheel_init(struct tcx_wheel *wheel, uint64_t now) {
  memset(wheel, 0, sizeof *wheel);
  wheel->elapsed = now;
}

static unsigned level_of(const struct tcx_wheel *wheel, uint64_t due) {
  uint64_t differs = (wheel->elapsed ^ due) | 63;
  unsigned level = (unsigned)(63 - __builtin_clzll(differs)) / 6;
  return level < TCX__WHEEL_LEVELS ? level : TCX__WHEEL_LEVELS - 1;
}

static void link_timer(struct tcx_wheel *wheel, struct tcx_timer *timer) {
  unsigned level = level_of(wheel, timer->due_ms);
  unsigned slot = (unsigned)(timer->due_ms >> (6 * level)) & 63;
  struct tcx_timer **first = &wheel->slots[level][slot];
  timer->prev = NULL;
  timer->next = *first;
  if (*first != NULL)
    (*first)->prev = timer;
  *first = timer;
  wheel->used[level] |= UINT64_C(1) << slot;
}

static void unlink_timer(struct tcx_wheel *wheel, struct tcx_timer *timer) {
  if (timer->prev != NULL) {
    timer->prev->next = timer->next;
  } else {
    unsigned level = level_of(wheel, timer->due_ms);
    wheel->slots[level][(timer->due_ms >> (6 * level)) & 63] = timer->next;
  }
  if (timer->next != NULL)
    timer->next->prev = timer->prev;
  timer->prev = timer->next = NULL;
}

void tcx__wheel_add(struct tcx_wheel *wheel, struct tcx_timer *timer, uint64_t now, uint64_t ms) {
  if (wheel->count == 0) {
    wheel->elapsed = now;
    memset(wheel->used, 0, sizeof wheel->used);
  }
  if (ms > TCX__WHEEL_MAX)
    ms = TCX__WHEEL_MAX;
  if (ms == 0)
    ms = 1;
  /* Rounded up to a power of two of at most 1/128 of the delay: many timers then share a
   * wake-up. */
  uint64_t grain = ms < 256 ? 1 : UINT64_C(1) << (63 - __builtin_clzll(ms / 128));
  timer->due_ms = (now + ms + grain - 1) & ~(grain - 1);
  link_timer(wheel, timer);
  wheel->count++;
}

void tcx__wheel_remove(struct tcx_wheel *wheel, struct tcx_timer *timer) {
  if (timer->due_ms == 0)
    return;
  unlink_timer(wheel, timer);
  timer->due_ms = 0;
  wheel->count--;
}

/* The first slot in time that holds a timer, and when it begins. Lower levels always come before
 * higher ones. The top level is a ring: its digit may have wrapped. */
static bool first_slot(struct tcx_wheel *wheel, unsigned *out_level, unsigned *out_slot,
                       uint64_t *begins) {
  for (unsigned level = 0; level < TCX__WHEEL_LEVELS; level++) {
    unsigned shift = 6 * level, here = (unsigned)(wheel->elapsed >> shift) & 63;
    while (wheel->used[level] != 0) {
      uint64_t turned = here == 0 ? wheel->used[level]
                                  : wheel->used[level] >> here | wheel->used[level] << (64 - here);
      unsigned ahead = (unsigned)__builtin_ctzll(turned), slot = (here + ahead) & 63;
      if (wheel->slots[level][slot] == NULL) {
        wheel->used[level] &= ~(UINT64_C(1) << slot);
        continue;
      }
      *out_level = level;
      *out_slot = slot;
      *begins = ((wheel->elapsed >> shift) + ahead) << shift;
      if (*begins < wheel->elapsed)
        *begins = wheel->elapsed;
      return true;
    }
  }
  return false;
}

uint64_t tcx__wheel_next(struct tcx_wheel *wheel) {
  unsigned level, slot;
  uint64_t begins;
  if (wheel->count == 0 || !first_slot(wheel, &level, &slot, &begins))
    return UINT64_MAX;
  return begins;
}

struct tcx_timer *tcx__wheel_pop(struct tcx_wheel *wheel, uint64_t now) {
  unsigned level, slot;
  uint64_t begins;
  while (wheel->count > 0 && first_slot(wheel, &level, &slot, &begins) && begins <= now) {
    struct tcx_timer *timer = wheel->slots[level][slot];
    if (level == 0) {
      wheel->elapsed = begins;
      tcx__wheel_remove(wheel, timer);
      return timer;
    }
    wheel->slots[level][slot] = NULL;
    wheel->elapsed = begins;
    while (timer != NULL) {
      struct tcx_timer *next = timer->next;
      link_timer(wheel, timer);
      timer = next;
    }
  }
  if (now > wheel->elapsed)
    wheel->elapsed = now;
  return NULL;
}
