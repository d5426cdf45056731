/* stall.c - see stall.h. */
#include "net/stall.h"

static unsigned slice_ms(const struct tcx_stall *s) {
  return s->span_ms / TCX__STALL_SLICES > 0 ? s->span_ms / TCX__STALL_SLICES : 1;
}

static uint64_t rest_ms(const struct tcx_stall *s) {
  return s->spent_ms < slice_ms(s) ? slice_ms(s) - s->spent_ms : 1;
}

static void new_slice(struct tcx_stall *s, uint64_t now_ms, uint64_t moved) {
  s->at_start = moved;
  s->since_ms = now_ms;
  s->spent_ms = 0;
}

void tcx__stall_begin(struct tcx_stall *s) {
  s->running = false;
  s->slices = s->next = 0;
  s->spent_ms = 0;
  s->at_start = 0;
}

uint64_t tcx__stall_run(struct tcx_stall *s, uint64_t now_ms, uint64_t moved) {
  if (s->slices == 0 && s->spent_ms == 0)
    s->at_start = moved;
  s->since_ms = now_ms;
  s->running = true;
  return rest_ms(s);
}

void tcx__stall_stand(struct tcx_stall *s, uint64_t now_ms) {
  uint64_t ran = now_ms - s->since_ms;
  s->spent_ms += ran < slice_ms(s) ? (unsigned)ran : slice_ms(s);
  s->running = false;
}

static bool too_slow(const struct tcx_stall *s) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < TCX__STALL_SLICES; i++)
    sum += s->moved[i];
  return s->slices == TCX__STALL_SLICES &&
         sum * 1000 < (uint64_t)s->limit * slice_ms(s) * TCX__STALL_SLICES;
}

uint64_t tcx__stall_tick(struct tcx_stall *s, uint64_t now_ms, uint64_t moved) {
  uint64_t took = s->spent_ms + (now_ms - s->since_ms);
  if (took < slice_ms(s)) {
    s->spent_ms = (unsigned)took;
    s->since_ms = now_ms;
    return rest_ms(s);
  }
  if (took > 2 * (uint64_t)slice_ms(s) + 1) {
    s->slices = 0;
  } else {
    s->moved[s->next] = moved > s->at_start ? moved - s->at_start : 0;
    s->next = (uint8_t)((s->next + 1) % TCX__STALL_SLICES);
    s->slices += s->slices < TCX__STALL_SLICES ? 1 : 0;
  }
  new_slice(s, now_ms, moved);
  return too_slow(s) ? 0 : slice_ms(s);
}
