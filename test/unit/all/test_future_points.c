/*
 * Futures ended at each point of their life, as test_points.c does it with calls: canceled, out of
 * time, and without their client or session. Whatever the point: one callback, with the right
 * status, and nothing is left.
 */
#include "future_help.h"

typedef enum { CANCEL, OUT_OF_TIME, CLOSE_CLIENT, CLOSE_SESSION, ENDS } ending;

static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
static const struct fault_step fails[] = {
    DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step not_found[] = {
    DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step once[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST), DO(END)};
static const struct fault_step half_body[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), DO(END)};

static struct whole w;
static tcx_paginator_t *pages;
static int nexts;

static tcx_future_t *head(void) {
  return tcx_future_call(w.client, "head_bucket", tcx_params("{Bucket: b}"));
}
static tcx_future_t *wait_long(void) {
  tcx_wait_options_t options = {.delay_ms = 3600000};
  return tcx_future_wait(w.client, "bucket_exists", tcx_params("{Bucket: b}"), &options);
}
static tcx_future_t *next_head(tcx_future_t *done, int status, void *data) {
  (void)done, (void)data;
  nexts++;
  return status == 0 ? head() : NULL;
}
static tcx_future_t *two_links(void) { return tcx_future_chain(head(), next_head, NULL); }
static tcx_future_t *queued(void) {
  tcx_future_release(head()); /* it has the one connection */
  return head();
}
static tcx_future_t *read_body(tcx_future_t *done, int status, void *data) {
  (void)data;
  nexts++;
  return status == 0 ? tcx_future_read_all(tcx_future_take_stream(done, NULL), 100) : NULL;
}
static tcx_future_t *stream(void) {
  tcx_value_t *params = tcx_params("{Bucket: b, Key: k}");
  return tcx_future_chain(tcx_future_call(w.client, "get_object", params), read_body, NULL);
}
static tcx_future_t *page(void) {
  tcx_value_t *params = tcx_params("{Bucket: b}");
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", params, NULL, NULL, &pages), 0);
  return tcx_future_page(pages);
}
static tcx_future_t *all(void) {
  return tcx_future_all((tcx_future_t *[]){head(), two_links()}, 2);
}
static tcx_future_t *in_a_race(void) {
  return tcx_future_race((tcx_future_t *[]){wait_long(), head()}, 2);
}

static bool asked(void) { return w.server.requests == 1; }
static bool asked_twice(void) { return w.server.requests == 2; }
static bool backs_off(void) { return asked() && w.client->calls->state == TCX__CALL_BACKOFF; }
static bool reads(void) { return nexts == 1 && tcx_call_bytes_received(w.client->calls) == 5; }

static const struct point {
  const char *name;
  const struct fault_step *steps;
  tcx_future_t *(*make)(void);
  bool (*there)(void);
} points[] = {
    {"call in the queue", silent, queued, asked},
    {"call waits", silent, head, asked},
    {"call backs off", fails, head, backs_off},
    {"waiter's delay", not_found, wait_long, backs_off},
    {"waiter's poll", silent, wait_long, asked},
    {"page", silent, page, asked},
    {"first link", silent, two_links, asked},
    {"second link", once, two_links, asked_twice},
    {"stream's rest", half_body, stream, reads},
    {"all", silent, all, asked},
    {"race", silent, in_a_race, asked},
};

static void run_point(const struct point *p, ending how, bool released) {
  const struct fault_step *const scripts[] = {p->steps};
  struct seen seen = {0};
  nexts = 0;
  pages = NULL;
  whole_begin(&w, scripts, 1, &(tcx_client_options_t){.max_connections = 1});
  w.session->rng[0] = w.session->rng[1] = UINT64_MAX; /* a backoff takes its time */
  tcx_future_t *f = p->make();
  while (!p->there()) {
    assert_false(tcx_future_done(f));
    uv_run(&w.loop, UV_RUN_ONCE);
  }
  if (how == OUT_OF_TIME)
    f = tcx_future_timeout(f, 1);
  seen_then(&seen, f);
  if (released)
    tcx_future_release(f);
  if (how == CANCEL)
    tcx_future_cancel(f);
  else if (how == CLOSE_CLIENT)
    tcx_client_close(w.client, NULL);
  else if (how == CLOSE_SESSION)
    tcx_session_close(w.session, NULL);
  w.closed = how == CLOSE_SESSION;
  assert_int_equal(seen.calls, 0); /* never from inside */
  whole_until(&w, &seen.calls);
  int wanted = how == OUT_OF_TIME ? UV_ETIMEDOUT : TCX_ECANCELED;
  if (seen.status != wanted)
    fail_msg("%s, %d: %s", p->name, (int)how, tcx_err_name(seen.status));
  whole_end(&w);
  assert_int_equal(seen.calls, 1);
  assert_true(nexts <= 1);
  if (!released)
    tcx_future_release(f);
  tcx_paginator_close(pages);
}

static void test_points(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    for (ending how = CANCEL; how < ENDS; how++)
      for (int released = 0; released < 2; released++)
        run_point(&points[i], how, released);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_points)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
