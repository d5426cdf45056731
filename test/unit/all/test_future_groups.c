/* Futures of futures: whose outcome they show, when, what becomes of the others; canceled, released
 * and closed at each state. */
#include "future_help.h"

#define OWN 4
static struct whole w;
static tcx_future_t *own[OWN]; /* the program's; each is owed a completion */
static bool completed[OWN];

static void begin(void) {
  whole_begin(&w, NULL, 0, NULL);
  for (int i = 0; i < OWN; i++) {
    own[i] = tcx_future_new(w.session, NULL, NULL);
    completed[i] = false;
  }
}

static void complete(int i, int status) {
  completed[i] = true;
  tcx_future_complete(own[i], status, status == 0 ? tcx_params("{I: %d}", i) : NULL);
}

static void end(void) {
  for (int i = 0; i < OWN; i++)
    if (!completed[i])
      tcx_future_complete(own[i], 0, NULL);
  whole_end(&w);
}

static void turns(void) { whole_turns(&w, 8); }
static int64_t response(const tcx_future_t *f) {
  return tcx_value_int(tcx_future_response(f), "I", -1);
}

/* ---- all, any, race ---- */

typedef tcx_future_t *(*group_fn)(tcx_future_t *const *futures, size_t n);
/* What happens to three futures, in this order: 'a' 'b' 'c' goes well, 'A' 'B' 'C' fails with
 * UV_EPIPE; '|' the group is made; 'x' it is canceled. */
struct row {
  const char *what;
  group_fn group;
  int status;
  size_t index;
  int64_t response;
};

static const struct row rows[] = {
    {"|abc", tcx_future_all, 0, SIZE_MAX, -1},
    {"abc|", tcx_future_all, 0, SIZE_MAX, -1},
    {"a|cb", tcx_future_all, 0, SIZE_MAX, -1},
    {"|aCB", tcx_future_all, UV_EPIPE, 2, -1},
    {"|BaC", tcx_future_all, UV_EPIPE, 1, -1},
    {"ABC|", tcx_future_all, UV_EPIPE, 0, -1},
    {"|ax", tcx_future_all, TCX_ECANCELED, 1, -1},
    {"|Cx", tcx_future_all, UV_EPIPE, 2, -1},
    {"|b", tcx_future_any, 0, 1, 1},
    {"|Cb", tcx_future_any, 0, 1, 1},
    {"AC|b", tcx_future_any, 0, 1, 1},
    {"c|", tcx_future_any, 0, 2, 2},
    {"|ACB", tcx_future_any, UV_EPIPE, 1, -1},
    {"BAC|", tcx_future_any, UV_EPIPE, 2, -1},
    {"|Bx", tcx_future_any, TCX_ECANCELED, 2, -1},
    {"|c", tcx_future_race, 0, 2, 2},
    {"|B", tcx_future_race, UV_EPIPE, 1, -1},
    {"bC|", tcx_future_race, 0, 1, 1},
    {"|x", tcx_future_race, TCX_ECANCELED, 0, -1},
};

static void one_row(const struct row *row) {
  struct seen seen = {0};
  tcx_future_t *f = NULL;
  begin();
  for (const char *p = row->what; *p != '\0'; p++) {
    if (f != NULL && tcx_future_done(f))
      fail_msg("%s: done before '%s'", row->what, p);
    if (*p == '|') {
      f = row->group(own, 3);
      seen_then(&seen, f);
      assert_int_equal(tcx_future_count(f), 3);
      for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(tcx_future_at(f, i), own[i]);
      assert_null(tcx_future_at(f, 3));
    } else if (*p == 'x') {
      tcx_future_cancel(f);
    } else {
      complete((*p | 32) - 'a', *p >= 'a' ? 0 : UV_EPIPE);
    }
    if (f != NULL)
      turns();
  }
  whole_until(&w, &seen.calls);
  if (seen.status != row->status || tcx_future_index(f) != row->index ||
      response(f) != row->response)
    fail_msg("%s: %d, of %zu", row->what, seen.status, tcx_future_index(f));
  for (size_t i = 0; i < 3; i++)
    if (!completed[i])
      /* of no use any more */
      assert_int_equal(tcx_future_status(tcx_future_at(f, i)), TCX_ECANCELED);
  tcx_future_release(f);
  tcx_future_release(own[3]);
  end();
}

static void test_groups(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    one_row(&rows[i]);
}

/* A kid that could not be made counts as one that failed. */
static void test_groups_of_failed(void **state) {
  (void)state;
  static const struct {
    group_fn group;
    int status;
    size_t index;
  } cases[] = {
      {tcx_future_all, UV_EINVAL, 0}, {tcx_future_any, 0, 1}, {tcx_future_race, UV_EINVAL, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin();
    tcx_future_t *f =
        cases[i].group((tcx_future_t *[]){tcx_future_call(NULL, "x", NULL), own[0], NULL}, 3);
    complete(0, 0);
    assert_int_equal(seen_status(&w, f), cases[i].status);
    assert_int_equal(tcx_future_index(f), cases[i].index);
    assert_int_equal(tcx_future_status(tcx_future_at(f, 2)), UV_EINVAL);
    tcx_future_release(f);
    for (int k = 1; k < OWN; k++)
      tcx_future_release(own[k]);
    end();
  }
}

/* Closed, released, and both, while kids are pending; in groups of groups. */
static void test_groups_closed(void **state) {
  (void)state;
  for (int released = 0; released < 2; released++) {
    struct seen seen = {0};
    begin();
    tcx_future_t *inner = tcx_future_race(own, 2);
    tcx_future_t *f = tcx_future_all((tcx_future_t *[]){inner, own[2], own[3]}, 3);
    seen_then(&seen, f);
    if (released)
      tcx_future_release(f);
    w.closed = true;
    tcx_session_close(w.session, NULL);
    assert_int_equal(seen.calls, 0);
    end();
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, TCX_ECANCELED);
    if (!released) {
      assert_int_equal(tcx_future_error(f)->status, TCX_ECANCELED);
      tcx_future_release(f);
    }
  }
}

/* ---- chain ---- */

struct link {
  int calls, status;
  tcx_future_t *next;
  bool cancel;
  tcx_future_t *chain;
  int64_t response;
};
static tcx_future_t *take_next(tcx_future_t *done, int status, void *data) {
  struct link *link = data;
  link->calls++;
  link->status = status;
  link->response = response(done);
  assert_int_equal(tcx_future_status(done), status);
  if (link->cancel)
    tcx_future_cancel(link->chain);
  return link->next;
}

static void test_chain(void **state) {
  (void)state;
  begin();
  struct link first = {.next = own[1]}, second = {0};
  struct seen seen = {0};
  tcx_future_t *f =
      tcx_future_chain(tcx_future_chain(own[0], take_next, &first), take_next, &second);
  assert_int_equal(tcx_future_count(f), 0);
  assert_int_equal(tcx_future_index(f), SIZE_MAX);
  seen_then(&seen, f);
  complete(0, 0);
  assert_int_equal(first.calls, 0); /* later, from the loop */
  turns();
  assert_int_equal(first.calls, 1);
  assert_int_equal(first.response, 0);
  assert_int_equal(second.calls + seen.calls, 0);
  complete(1, 0);
  whole_until(&w, &seen.calls);
  assert_int_equal(second.calls, 1);
  assert_int_equal(second.response, 1);
  assert_int_equal(response(f), 1); /* NULL: the outcome of the last link */
  tcx_future_release(f);
  tcx_future_release(own[2]);
  tcx_future_release(own[3]);
  end();
}

/* Over a future that was told already, one that is to be told, and into ones that are done, or
 * could not be made. */
static void test_chain_done(void **state) {
  (void)state;
  begin();
  struct link first = {.next = own[1]}, second = {.next = tcx_future_call(NULL, "x", NULL)};
  complete(0, UV_EPIPE);
  complete(1, 0);
  turns();
  tcx_future_t *f = tcx_future_chain(own[0], take_next, &first);
  assert_int_equal(first.calls, 0);
  assert_int_equal(seen_status(&w, f), 0);
  assert_int_equal(first.status, UV_EPIPE);
  assert_int_equal(response(f), 1);
  complete(2, 0);
  tcx_future_t *g = tcx_future_chain(own[2], take_next, &second);
  assert_int_equal(seen_status(&w, g), UV_EINVAL);
  assert_int_equal(second.calls, 1);
  tcx_future_release(f);
  tcx_future_release(g);
  tcx_future_release(own[3]);
  end();
}

/* Before next, in next, and in what next made; next comes in any case, so that what it points to
 * can be freed. */
static void test_chain_canceled(void **state) {
  (void)state;
  for (int when = 0; when < 4; when++) {
    begin();
    struct link link = {.next = own[1], .cancel = when == 1};
    struct seen seen = {0};
    tcx_future_t *f = link.chain = tcx_future_chain(own[0], take_next, &link);
    seen_then(&seen, f);
    if (when == 0) {
      link.next = NULL;
      tcx_future_release(own[1]);
      tcx_future_cancel(f);
    } else if (when == 1) {
      complete(0, 0);
    } else if (when == 2) {
      complete(0, 0);
      turns();
      tcx_future_cancel(f);
    } else {
      tcx_future_cancel(f); /* next makes something all the same: that is canceled too */
    }
    whole_until(&w, &seen.calls);
    assert_int_equal(seen.status, TCX_ECANCELED);
    assert_int_equal(link.calls, 1);
    assert_int_equal(link.status, when == 0 || when == 3 ? TCX_ECANCELED : 0);
    tcx_future_release(f);
    tcx_future_release(own[2]);
    tcx_future_release(own[3]);
    end();
  }
}

static tcx_future_t *close_in_next(tcx_future_t *done, int status, void *data) {
  (void)done;
  *(int *)data = status;
  w.closed = true;
  tcx_session_close(w.session, NULL);
  return tcx_future_sleep(w.session, 1);
}

static void test_chain_closed(void **state) {
  (void)state;
  begin();
  int in_next = 1;
  struct link link = {0};
  struct seen seen = {0}, other = {0};
  tcx_future_t *f = tcx_future_chain(own[0], close_in_next, &in_next),
               *g = tcx_future_chain(own[1], take_next, &link);
  seen_then(&seen, f);
  seen_then(&other, g);
  tcx_future_release(f);
  tcx_future_release(g);
  complete(0, 0);
  whole_until(&w, &seen.calls);
  tcx_future_release(own[2]);
  tcx_future_release(own[3]);
  end();
  assert_int_equal(in_next, 0);
  assert_int_equal(seen.status, TCX_ECLOSING); /* what next tried to start */
  assert_int_equal(link.calls, 1);
  assert_int_equal(link.status, TCX_ECANCELED);
  assert_int_equal(other.status, TCX_ECANCELED);
}

/* A loop by recursion: each next gives a chain. No stack is needed to tell it, to free it or to
 * cancel it, however long it is. */
struct deep {
  int left, calls;
  tcx_future_t *last;
};
static tcx_future_t *go_deeper(tcx_future_t *done, int status, void *data) {
  struct deep *deep = data;
  (void)done;
  deep->calls++;
  if (status != 0)
    return NULL;
  if (deep->left-- == 0)
    return deep->last;
  tcx_future_t *next = tcx_future_new(w.session, NULL, NULL);
  tcx_future_complete(next, 0, NULL);
  return tcx_future_chain(next, go_deeper, deep);
}

static void test_chain_deep(void **state) {
  (void)state;
  enum { DEPTH = 20000 };
  for (int cancel = 0; cancel < 2; cancel++) {
    begin();
    struct deep deep = {.left = DEPTH, .last = own[0]};
    struct seen seen = {0};
    tcx_future_t *first = tcx_future_new(w.session, NULL, NULL);
    tcx_future_complete(first, 0, NULL);
    tcx_future_t *f = tcx_future_chain(first, go_deeper, &deep);
    seen_then(&seen, f);
    while (deep.left >= 0)
      uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(seen.calls, 0);
    if (cancel)
      tcx_future_cancel(f);
    else
      complete(0, 0);
    whole_until(&w, &seen.calls);
    assert_int_equal(seen.status, cancel ? TCX_ECANCELED : 0);
    assert_int_equal(deep.calls, DEPTH + 1);
    tcx_future_release(f);
    for (int i = 1; i < OWN; i++)
      tcx_future_release(own[i]);
    end();
  }
}

/* ---- timeout ---- */

static void test_timeout(void **state) {
  (void)state;
  begin();
  tcx_future_t *late = tcx_future_timeout(own[0], 1), *in_time = tcx_future_timeout(own[1], 100000),
               *done = NULL, *ever = tcx_future_timeout(own[3], TCX_NEVER);
  assert_int_equal(seen_status(&w, late), UV_ETIMEDOUT);
  assert_true(tcx_future_done(own[0])); /* it was canceled */
  complete(1, 0);
  assert_int_equal(seen_status(&w, in_time), 0);
  assert_int_equal(response(in_time), 1);
  complete(2, UV_EPIPE);
  done = tcx_future_timeout(own[2], 1);
  assert_int_equal(seen_status(&w, done), UV_EPIPE);
  assert_int_equal(w.session->holds, 0); /* without a timer it does not hold the loop */
  tcx_future_cancel(ever);
  assert_int_equal(seen_status(&w, ever), TCX_ECANCELED);
  tcx_future_release(late);
  tcx_future_release(in_time);
  tcx_future_release(done);
  tcx_future_release(ever);
  end();
}

/* Closed while its timer runs, and released before. */
static void test_timeout_closed(void **state) {
  (void)state;
  begin();
  struct seen seen = {0};
  tcx_future_t *f = tcx_future_timeout(tcx_future_timeout(own[0], 100000), 100000);
  seen_then(&seen, f);
  tcx_future_release(f);
  for (int i = 1; i < OWN; i++)
    tcx_future_release(own[i]);
  w.closed = true;
  tcx_session_close(w.session, NULL);
  end();
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.status, TCX_ECANCELED);
}

/* A call that no answer comes to is canceled with its future: nothing of it is left. */
static void test_timeout_call(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  struct whole wire;
  whole_begin(&wire, scripts, 1, NULL);
  tcx_future_t *f = tcx_future_timeout(tcx_future_call(wire.client, "list_buckets", NULL), 5);
  assert_int_equal(tcx_future_await(f), UV_ETIMEDOUT);
  assert_null(tcx_future_get_call(f));
  tcx_client_stats_t stats;
  do {
    uv_run(&wire.loop, UV_RUN_NOWAIT);
    tcx_client_get_stats(wire.client, &stats);
  } while (stats.active > 0);
  tcx_future_release(f);
  whole_end(&wire);
}

/* Futures of two sessions on one loop: the close of either ends its own part of them. */
static void test_two_sessions(void **state) {
  (void)state;
  for (int which = 0; which < 2; which++) {
    tcx_session_t *second;
    struct seen seen = {0};
    begin();
    assert_int_equal(tcx_session_new(&w.loop, NULL, &second), 0);
    tcx_future_t *theirs = tcx_future_sleep(second, 100000);
    tcx_future_t *f = tcx_future_all((tcx_future_t *[]){own[0], theirs}, 2);
    seen_then(&seen, f);
    complete(0, 0);
    tcx_session_close(which == 0 ? second : w.session, NULL);
    whole_until(&w, &seen.calls);
    assert_int_equal(seen.status, TCX_ECANCELED);
    assert_int_equal(tcx_future_index(f), 1);
    tcx_session_close(which == 0 ? w.session : second, NULL);
    w.closed = true;
    for (int i = 1; i < OWN; i++)
      tcx_future_release(own[i]);
    end();
    tcx_future_release(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_groups),        cmocka_unit_test(test_groups_of_failed),
      cmocka_unit_test(test_groups_closed), cmocka_unit_test(test_chain),
      cmocka_unit_test(test_chain_done),    cmocka_unit_test(test_chain_canceled),
      cmocka_unit_test(test_chain_closed),  cmocka_unit_test(test_chain_deep),
      cmocka_unit_test(test_timeout),       cmocka_unit_test(test_timeout_closed),
      cmocka_unit_test(test_timeout_call),  cmocka_unit_test(test_two_sessions),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
