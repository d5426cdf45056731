/* The stall limit, under a clock that the test steps: what counts, and when it has been enough. */
#include "net/stall.h"
#include "support.h"

/* Steps: the time, and what happens then. */
typedef enum { END, RUN, STAND, TICK, STALLED } what;
struct step {
  what what;
  unsigned at_ms;
  uint64_t moved;
  unsigned next; /* of RUN and TICK: when to look again */
};

static void play(const char *name, unsigned limit, unsigned span_ms, const struct step *steps) {
  struct tcx_stall s = {.limit = limit, .span_ms = span_ms};
  tcx__stall_begin(&s);
  for (unsigned i = 0; steps[i].what != END; i++) {
    const struct step *step = &steps[i];
    uint64_t next = 0, now = 1000 + step->at_ms;
    if (step->what == RUN)
      next = tcx__stall_run(&s, now, step->moved);
    else if (step->what == STAND)
      tcx__stall_stand(&s, now);
    else
      next = tcx__stall_tick(&s, now, step->moved);
    if (next != step->next || s.running != (step->what != STAND))
      fail_msg("%s, step %u: looks again in %u ms, running %d", name, i, (unsigned)next, s.running);
  }
}

static void test_table(void **state) {
  (void)state;
  /* 100 bytes a second for 400 ms: 40 bytes in four slices of 100 ms. */
  play("silence", 100, 400,
       (struct step[]){{RUN, 0, 5, 100},
                       {TICK, 100, 5, 100},
                       {TICK, 200, 5, 100},
                       {TICK, 300, 5, 100},
                       {STALLED, 400, 5, 0},
                       {0}});
  play("just fast enough", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 100, 10, 100},
                       {TICK, 200, 20, 100},
                       {TICK, 300, 30, 100},
                       {TICK, 400, 40, 100},
                       {TICK, 500, 50, 100},
                       {0}});
  play("just too slow", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 100, 10, 100},
                       {TICK, 200, 20, 100},
                       {TICK, 300, 30, 100},
                       {STALLED, 400, 39, 0},
                       {0}});
  play("a burst lasts for its span", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 100, 4000, 100},
                       {TICK, 200, 4000, 100},
                       {TICK, 300, 4000, 100},
                       {TICK, 400, 4000, 100},
                       {STALLED, 500, 4000, 0},
                       {0}});
  play("what moved before it ran", 100, 400,
       (struct step[]){{RUN, 0, 90000, 100},
                       {TICK, 100, 90000, 100},
                       {TICK, 200, 90000, 100},
                       {TICK, 300, 90000, 100},
                       {STALLED, 400, 90039, 0},
                       {0}});
  /* Only time that runs counts. */
  play("stops", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {STAND, 40, 0, 0},
                       {RUN, 9040, 0, 60},
                       {TICK, 9100, 0, 100},
                       {TICK, 9200, 0, 100},
                       {STAND, 9250, 0, 0},
                       {0}});
  play("stops and stalls", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 100, 0, 100},
                       {STAND, 150, 0, 0},
                       {RUN, 7000, 0, 50},
                       {TICK, 7050, 0, 100},
                       {TICK, 7150, 0, 100},
                       {STALLED, 7250, 0, 0},
                       {0}});
  play("stops at the very end of a slice", 100, 400,
       (struct step[]){
           {RUN, 0, 0, 100}, {STAND, 500, 0, 0}, {RUN, 600, 0, 1}, {TICK, 601, 0, 100}, {0}});
  /* A look that came early, and ones that came late. */
  play("early", 100, 400,
       (struct step[]){{RUN, 0, 0, 100}, {TICK, 70, 0, 30}, {TICK, 100, 0, 100}, {0}});
  play("a busy loop", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 100, 0, 100},
                       {TICK, 200, 0, 100},
                       {TICK, 300, 0, 100},
                       {TICK, 700, 0, 100},
                       {TICK, 800, 0, 100},
                       {TICK, 900, 0, 100},
                       {TICK, 1000, 0, 100},
                       {STALLED, 1100, 0, 0},
                       {0}});
  play("a little late", 100, 400,
       (struct step[]){{RUN, 0, 0, 100},
                       {TICK, 150, 0, 100},
                       {TICK, 250, 0, 100},
                       {TICK, 350, 0, 100},
                       {STALLED, 450, 0, 0},
                       {0}});
  /* Bytes that went back into the queue are none; the smallest span; the largest numbers. */
  play("less than before", 100, 400,
       (struct step[]){{RUN, 0, 500, 100},
                       {TICK, 100, 400, 100},
                       {TICK, 200, 400, 100},
                       {TICK, 300, 400, 100},
                       {STALLED, 400, 400, 0},
                       {0}});
  play("1 ms", 1, 1,
       (struct step[]){{RUN, 0, 0, 1},
                       {TICK, 1, 0, 1},
                       {TICK, 2, 0, 1},
                       {TICK, 3, 0, 1},
                       {STALLED, 4, 0, 0},
                       {0}});
  play(
      "the largest", UINT32_MAX, UINT32_MAX,
      (struct step[]){{RUN, 0, 0, UINT32_MAX / 4}, {TICK, UINT32_MAX / 4, 0, UINT32_MAX / 4}, {0}});
}

/* The next exchange of the same call starts anew. */
static void test_again(void **state) {
  (void)state;
  struct tcx_stall s = {.limit = 100, .span_ms = 400};
  tcx__stall_begin(&s);
  (void)tcx__stall_run(&s, 0, 0);
  for (unsigned i = 1; i < 4; i++)
    assert_int_equal(tcx__stall_tick(&s, 100 * i, 0), 100);
  tcx__stall_begin(&s);
  assert_false(s.running);
  assert_int_equal(tcx__stall_run(&s, 5000, 7), 100);
  for (unsigned i = 1; i < 4; i++)
    assert_int_equal(tcx__stall_tick(&s, 5000 + 100 * i, 7), 100);
  assert_int_equal(tcx__stall_tick(&s, 5400, 7), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_again)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
