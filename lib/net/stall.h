/*
 * stall.h - whether a transfer is slower than its limit. Pure: the caller says what time it is and
 * how many bytes have moved.
 *
 *   standing <--stand, run--> running --tick at the end of each slice--> running | stalled
 *
 * Time is looked at in slices, a quarter of the span each; a transfer has stalled when the last
 * four slices together brought less than limit bytes a second. Only time that runs counts: a reader
 * that stopped, or a source that has nothing, is not the peer's fault. A slice that ended much too
 * late tells of a busy loop and not of the peer: all is forgotten then.
 */
#ifndef TCX_NET_STALL_H
#define TCX_NET_STALL_H
#include "net/net.h"

#define TCX__STALL_SLICES 4

struct tcx_stall {
  /* bytes a second; set by the caller, with span_ms, and the rest zero */
  unsigned limit;
  unsigned span_ms;
  struct tcx_timer timer;            /* the exchange's: the end of the slice */
  struct tcx_conn *conn;             /* the exchange's */
  uint64_t at_start;                 /* bytes that had moved when this slice began */
  uint64_t since_ms;                 /* when the slice began, or ran again */
  unsigned spent_ms;                 /* of the slice, before that */
  unsigned slices;                   /* whole ones so far, at most TCX__STALL_SLICES */
  uint64_t moved[TCX__STALL_SLICES]; /* in the last ones, by turns */
  uint8_t next;
  bool running;
};
/* Each time the transfer begins, or may go on. How long the slice has still to run, 1 ms at
 * least. */
uint64_t tcx__stall_run(struct tcx_stall *s, uint64_t now_ms, uint64_t moved);
void tcx__stall_stand(struct tcx_stall *s, uint64_t now_ms);
/* The time that run told has passed. 0: stalled; else how long until the next look. */
uint64_t tcx__stall_tick(struct tcx_stall *s, uint64_t now_ms, uint64_t moved);
/* of another exchange: forgets all but the limits */
void tcx__stall_begin(struct tcx_stall *s);
#endif
