/* The timer wheel: against a plain list of due times, with a stepped clock; then on the loop. */
#include "net/wheel.h"
#include "probe.h"

static uint64_t seed = 88172645463325252u;

static uint64_t random64(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

struct entry {
  struct tcx_timer timer;
  uint64_t asked;
  bool armed;
};

static void test_against_list(void **state) {
  (void)state;
  enum { N = 300 };
  static struct tcx_wheel wheel;
  static struct entry entries[N];
  static const uint64_t spans[] = {1, 10, 64, 100, 1000, 5000, 60000, 3600000, 100000000};
  for (int round = 0; round < 20; round++) {
    /* also across the top digit's end */
    uint64_t now = round % 2 == 0 ? random64() >> 24 : (UINT64_C(1) << 36) - 500;
    memset(entries, 0, sizeof entries);
    tcx__wheel_init(&wheel, now);
    unsigned armed = 0;
    for (int step = 0; step < 3000; step++) {
      struct entry *e = &entries[random64() % N];
      uint64_t ms = random64() % (spans[random64() % 9] + 1);
      if (e->armed) {
        tcx__wheel_remove(&wheel, &e->timer);
        armed--;
      }
      e->armed = random64() % 4 != 0;
      if (e->armed) {
        tcx__wheel_add(&wheel, &e->timer, now, ms);
        uint64_t least = now + (ms > 0 ? ms : 1);
        assert_true(e->timer.due_ms >= least && e->timer.due_ms <= least + ms / 100);
        armed++;
      }
      assert_int_equal(wheel.count, armed);
      now += random64() % 8 == 0 ? random64() % (spans[random64() % 7] + 1) : random64() % 3;
      uint64_t next = tcx__wheel_next(&wheel);
      for (int i = 0; i < N; i++)
        assert_true(!entries[i].armed || next <= entries[i].timer.due_ms);
      struct tcx_timer *timer;
      while ((timer = tcx__wheel_pop(&wheel, now)) != NULL) {
        struct entry *due = (struct entry *)(void *)timer;
        assert_true(due->armed);
        assert_int_equal(timer->due_ms, 0);
        due->armed = false;
        armed--;
      }
      for (int i = 0; i < N; i++)
        assert_true(!entries[i].armed || entries[i].timer.due_ms > now);
    }
    for (int i = 0; i < N; i++)
      tcx__wheel_remove(&wheel, &entries[i].timer);
    assert_int_equal(wheel.count, 0);
    assert_true(tcx__wheel_next(&wheel) == UINT64_MAX);
  }
}

static void test_order_and_far_times(void **state) {
  (void)state;
  static struct tcx_wheel wheel;
  struct tcx_timer a = {0}, b = {0}, c = {0};
  tcx__wheel_init(&wheel, 1000);
  tcx__wheel_add(&wheel, &b, 1000, 200);
  tcx__wheel_add(&wheel, &a, 1000, 100);
  tcx__wheel_add(&wheel, &c, 1000, UINT64_MAX);
  assert_null(tcx__wheel_pop(&wheel, 1099));
  assert_ptr_equal(tcx__wheel_pop(&wheel, 5000), &a);
  assert_ptr_equal(tcx__wheel_pop(&wheel, 5000), &b);
  assert_null(tcx__wheel_pop(&wheel, 1000 + TCX__WHEEL_MAX - 1));
  assert_ptr_equal(tcx__wheel_pop(&wheel, 1000 + TCX__WHEEL_MAX * 2), &c);
  tcx__wheel_remove(&wheel, &c);
}

/* ---- on the loop ---- */

static struct world w;
struct timed {
  struct tcx_timer timer;
  unsigned fired;
  struct timed *stops, *starts;
  bool *flag;
};

static void on_fired(struct tcx_timer *timer) {
  struct timed *t = (struct timed *)(void *)timer;
  t->fired++;
  if (t->stops != NULL)
    tcx__timer_stop(w.net, &t->stops->timer);
  if (t->starts != NULL)
    tcx__timer_start(w.net, &t->starts->timer, 1, on_fired);
  if (t->flag != NULL)
    *t->flag = true;
}

static void test_on_loop(void **state) {
  (void)state;
  world_open(&w);
  bool done = false;
  struct timed stopped = {0}, again = {.flag = &done},
               first = {.stops = &stopped, .starts = &again}, restarted = {0};
  tcx__timer_start(w.net, &stopped.timer, 5, on_fired);
  tcx__timer_start(w.net, &first.timer, 5, on_fired);
  tcx__timer_start(w.net, &restarted.timer, 1, on_fired);
  tcx__timer_start(w.net, &restarted.timer, 5000, on_fired);
  uint64_t then = uv_now(&w.loop);
  turn_until(&w, &done);
  assert_true(uv_now(&w.loop) - then >= 6);
  assert_int_equal(first.fired, 1);
  assert_true(stopped.fired <= 1); /* both were due in the same millisecond, in no order */
  assert_int_equal(restarted.fired, 0);
  tcx__timer_stop(w.net, &restarted.timer);
  tcx__timer_stop(w.net, &restarted.timer);
  /* Nothing is armed, and nothing holds the loop: without the test's own timer it ends at once. */
  uv_timer_stop(&w.watchdog);
  assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0);
  tcx__timer_start(w.net, &restarted.timer, 100000, on_fired);
  assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0);
  tcx__timer_stop(w.net, &restarted.timer);
  uv_timer_start(&w.watchdog, watchdog_barked, 20000, 0);
  world_close(&w, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_list),
      cmocka_unit_test(test_order_and_far_times),
      cmocka_unit_test(test_on_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
