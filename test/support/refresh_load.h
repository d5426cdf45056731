/*
 * refresh_load.h - credentials that live 3 seconds under a steady load, by the real clock: windows
 * of 1.5 s and 0.5 s, a provider that takes 50 ms. No call fails, there is never more than one
 * fetch in flight, calls in the advisory window start at once, and none waits longer than the
 * longest fetch.
 */
#ifndef TCX_TEST_REFRESH_LOAD_H
#define TCX_TEST_REFRESH_LOAD_H
#include "whole.h"
#include <time.h>

#define LOAD_TICK_MS  10
#define LOAD_FETCH_MS 50

struct load {
  struct whole w;
  uv_timer_t tick, answer;
  tcx_credentials_request_t *request; /* in flight; NULL when none is */
  uint64_t asked_us, longest_us;
  unsigned rate, seconds, started, completed, failed, waited, early, late, fetches;
  bool found; /* the first fetch is over */
  int over;
  uint64_t begun_ms;
};

static inline void load_give(uv_timer_t *timer) {
  struct load *l = timer->data;
  tcx_credentials_t keys = {
      .access_key = "AK", .secret_key = "s", .expires = (int64_t)time(NULL) + 3};
  tcx_credentials_request_t *request = l->request;
  uint64_t took = uv_hrtime() / 1000 - l->asked_us;
  l->longest_us = took > l->longest_us ? took : l->longest_us;
  l->request = NULL;
  l->found = true;
  tcx_credentials_answer(request, 0, &keys, NULL);
}
static inline void load_asked(tcx_credentials_request_t *request, void *data) {
  struct load *l = data;
  assert_null(l->request); /* one at a time */
  l->request = request;
  l->asked_us = uv_hrtime() / 1000;
  l->fetches++;
  uv_timer_start(&l->answer, load_give, LOAD_FETCH_MS, 0);
}
static inline void load_done(tcx_call_t *call, const tcx_value_t *response,
                             const tcx_error_t *error) {
  struct load *l = tcx_call_data(call);
  tcx_call_timings_t t;
  (void)response;
  tcx_call_get_timings(call, &t);
  l->completed++;
  l->failed += error != NULL;
  l->waited += t.credentials_us > 0;
  l->late += t.credentials_us > l->longest_us + 20000; /* the turns of the loop around the fetch */
  l->over = l->completed == l->rate * l->seconds;
}
/* As many as are due by the clock. */
static inline void load_tick(uv_timer_t *timer) {
  struct load *l = timer->data;
  uint64_t due = (uv_now(&l->w.loop) - l->begun_ms) * l->rate / 1000;
  for (; l->started < due && l->started < l->rate * l->seconds; l->started++) {
    l->early += !l->found;
    assert_int_equal(
        tcx_client_call(l->w.client, "head_bucket", tcx_params("{Bucket: b}"), load_done, l), 0);
  }
}

static inline void load_run(unsigned rate, unsigned seconds) {
  static const struct fault_step ok[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  static const struct fault_step *const scripts[] = {ok};
  struct load l = {.rate = rate, .seconds = seconds};
  tcx_session_options_t so = {.credentials = load_asked,
                              .credentials_data = &l,
                              .advisory_refresh_ms = 1500,
                              .mandatory_refresh_ms = 500};
  tcx_client_options_t co = {.max_connections = 32};
  whole_begin_with(&l.w, scripts, 1, &so, &co);
  uv_timer_init(&l.w.loop, &l.tick);
  uv_timer_init(&l.w.loop, &l.answer);
  l.tick.data = l.answer.data = &l;
  uv_update_time(&l.w.loop);
  l.begun_ms = uv_now(&l.w.loop);
  uv_timer_start(&l.tick, load_tick, 0, LOAD_TICK_MS);
  whole_until(&l.w, &l.over);
  uv_timer_stop(&l.tick);
  while (l.request != NULL)
    uv_run(&l.w.loop, UV_RUN_ONCE);
  assert_int_equal(l.failed, 0);
  assert_int_equal(l.late, 0);
  assert_true(l.waited <= l.early); /* those alone that began before there were any */
  assert_true(l.fetches >= seconds / 3);
  uv_close((uv_handle_t *)&l.tick, NULL);
  uv_close((uv_handle_t *)&l.answer, NULL);
  whole_end(&l.w);
}
#endif
