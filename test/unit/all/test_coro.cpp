/* Coroutines: what an awaited future gives and throws, tasks of tasks, cancellation at each state,
 * and that nothing is left. */
#include "coro_help.hpp"

namespace {

/* ---- outcomes ---- */

task<std::string> keys(world &w) {
  std::string text;
  result page = co_await w.list();
  assert_true(page.ok() && static_cast<bool>(page));
  assert_int_equal(page.http_status(), 200);
  assert_string_equal(page.header("x-amz-request-id"), "R1");
  for (tucuxi::value object : page["Contents"])
    text += object.string("Key");
  assert_int_equal(page["Contents"][0].integer("Size"), 3);
  assert_int_equal(page.size("Contents"), 2);
  result copy = page;
  page = co_await w.s3->list_objects_v2(tcx_params("{Bucket: b}"), nullptr);
  assert_string_equal(copy.str("Contents[1].Key"), "b");
  co_return text;
}

void test_call(void **) {
  world w(list_answer);
  assert_string_equal(tucuxi::run(&w.loop, keys(w)).c_str(), "ab");
}

task<> list_none(world &w) {
  co_await w.list();
  fail_msg("a failure is thrown");
}
task<> fail_deeper(world &w) { co_await list_none(w); }

task<int> look_at_failures(world &w) {
  result r = co_await w.list().as_result();
  assert_false(r.ok());
  assert_null(r.raw());
  assert_string_equal(r.error()->code, "NoSuchBucket");
  int caught = 0;
  try {
    co_await fail_deeper(w);
  } catch (const tucuxi::error &e) {
    assert_int_equal(e.status(), TCX_ECLIENT);
    assert_true(e.is("NoSuchBucket"));
    assert_int_equal(e.details().http_status, 404);
    assert_string_equal(e.what(), "An error occurred (NoSuchBucket) when calling the ListObjectsV2 "
                                  "operation (reached max retries: 0): gone");
    assert_string_equal(e.response().str("Error.Message"), "gone");
    caught++;
  }
  r = co_await future(tcx_future_failed(UV_ENOMEM)).as_result();
  assert_int_equal(r.status(), UV_ENOMEM);
  try {
    co_await future(tcx_future_failed(UV_ENOMEM));
  } catch (const tucuxi::error &e) {
    assert_int_equal(e.status(), UV_ENOMEM);
    caught++;
  }
  future bad = w.s3->call("list_objekts");
  r = co_await bad.as_result();
  assert_int_equal(r.status(), TCX_EOPNAME);
  r = co_await bad.as_result(); /* it stands */
  assert_true(bad.done());
  co_return caught;
}

void test_errors(void **) {
  world w(none_answer);
  assert_int_equal(tucuxi::run(&w.loop, look_at_failures(w)), 2);
  std::optional<tucuxi::error> kept;
  try {
    tucuxi::run(&w.loop, fail_deeper(w));
  } catch (const tucuxi::error &e) {
    kept = e;
  }
  assert_true(kept.has_value());
  w.close();
  assert_true(kept->is("NoSuchBucket")); /* it outlives all that it came from */
  try {
    tucuxi::session none(nullptr);
    fail_msg("a session without a loop");
  } catch (const tucuxi::error &e) {
    assert_int_equal(e.status(), UV_EINVAL);
    assert_string_equal(e.code(), "");
  }
}

struct odd : std::runtime_error {
  odd() : runtime_error("odd") {}
};
task<int> throw_odd(world &w) {
  co_await tucuxi::sleep(*w.session, 1ms);
  throw odd();
}
task<> throw_odd_deeper(world &w) { (void)co_await throw_odd(w); }

/* Other exceptions go through tasks as they are; a future of C has a status and a sentence for
 * them. */
void test_exceptions(void **) {
  world w;
  bool caught = false;
  try {
    tucuxi::run(&w.loop, throw_odd_deeper(w));
  } catch (const odd &) {
    caught = true;
  }
  assert_true(caught);
  future f = tucuxi::start(*w.session, throw_odd_deeper(w));
  assert_int_equal(tcx_future_await(f.raw()), UV_UNKNOWN);
  assert_string_equal(tcx_future_error(f.raw())->msg, "odd");
}

/* ---- tasks ---- */

task<int> at_once(int i) { co_return i; }
task<long> sum(int n) {
  long total = 0;
  for (int i = 0; i < n; i++)
    total += co_await at_once(i);
  co_return total;
}

task<std::unique_ptr<int>> move_only() { co_return std::make_unique<int>(7); }

void test_tasks(void **) {
  world w;
  /* without waiting, and without stack */
  assert_int_equal(tucuxi::run(&w.loop, sum(200000)), 19999900000);
  assert_int_equal(*tucuxi::run(&w.loop, move_only()), 7);
  task<int> never = at_once(1); /* a task that nobody awaits does nothing */
  task<int> other = std::move(never);
  assert_int_equal(tucuxi::run(&w.loop, std::move(other)), 1);
}

task<> list_into(world &w, int *count) {
  co_await w.list();
  ++*count;
}

task<> all_kinds(world &w) {
  int count = 0;
  result both = co_await tucuxi::when_all(tucuxi::start(*w.session, list_into(w, &count)), w.list(),
                                          tucuxi::sleep(*w.session, 1ms));
  assert_int_equal(both.count(), 3);
  assert_string_equal(both.at(1).str("Contents[0].Key"), "a");
  assert_int_equal(count, 1);
  std::vector<future> many;
  for (int i = 0; i < 5; i++)
    many.push_back(w.list());
  result all = co_await tucuxi::when_all(std::move(many));
  assert_int_equal(all.count(), 5);
  result any = co_await tucuxi::when_any(w.s3->call("nothing"), w.list());
  assert_int_equal(any.index(), 1);
  assert_string_equal(any.str("Contents[0].Key"), "a");
  result first =
      co_await tucuxi::race(tucuxi::sleep(*w.session, 100s), tucuxi::sleep(*w.session, 1ms));
  assert_int_equal(first.index(), 1);
  result late = co_await tucuxi::timeout(tucuxi::sleep(*w.session, 100s), 2ms).as_result();
  assert_int_equal(late.status(), UV_ETIMEDOUT);
  late =
      co_await tucuxi::timeout(tucuxi::start(*w.session, list_into(w, &count)), 100s).as_result();
  assert_int_equal(late.status(), 0);
  result url = co_await w.s3->presign("get_object", tcx_params("{Bucket: b, Key: k}"), 60s);
  assert_non_null(strstr(url.str("Url"), "X-Amz-Expires=60"));
  co_await w.s3->wait("bucket_exists", "{Bucket: %s}", "b");
  co_await w.s3->wait_bucket_exists("{Bucket: %s}", "b");
}

void test_combined(void **) {
  world w(list_answer);
  tucuxi::run(&w.loop, all_kinds(w));
}

void test_detach(void **) {
  world w(list_answer);
  int count = 0;
  tucuxi::detach(list_into(w, &count));
  assert_int_equal(count, 0);
  w.until([&] { return count == 1; });
}

/* A future has one that awaits it. */
task<> await_it(future &f, int *status) {
  result r = co_await f;
  *status = r.status();
}
void test_awaited_twice(void **) {
  world w(list_answer);
  future f = w.list();
  int status = 1;
  tucuxi::detach(await_it(f, &status));
  int other = 1;
  future second = tucuxi::start(*w.session, await_it(f, &other));
  assert_int_equal(tcx_future_await(second.raw()), UV_EINVAL);
  w.until([&] { return status == 0; });
  assert_int_equal(other, 1);
}

void stop_loop(uv_timer_t *timer) { uv_stop(timer->loop); }
task<> sleep_long(world &w, bool *over) {
  result r = co_await tucuxi::sleep(*w.session, 100s).as_result();
  *over = r.status() == TCX_ECANCELED;
}
task<> wait_for(future &f) { co_await f; }

void test_run(void **) {
  uv_loop_t loop;
  bool over = false;
  {
    world w;
    uv_timer_t timer;
    uv_timer_init(&w.loop, &timer);
    uv_timer_start(&timer, stop_loop, 1, 0);
    try {
      tucuxi::run(&w.loop, sleep_long(w, &over));
      fail_msg("the loop was stopped");
    } catch (const tucuxi::error &e) {
      assert_int_equal(e.status(), UV_EINTR);
    }
    assert_false(over); /* it goes on, until the session closes */
    uv_close(reinterpret_cast<uv_handle_t *>(&timer), nullptr);
    w.close();
    w.until([&] { return over; });
  }
  assert_int_equal(uv_loop_init(&loop), 0);
  {
    tucuxi::session session(&loop);
    future own(tcx_future_new(session.raw(), nullptr, nullptr));
    try {
      tucuxi::run(&loop, wait_for(own));
      fail_msg("nothing can complete it");
    } catch (const tucuxi::error &e) {
      assert_int_equal(e.status(), UV_EAGAIN);
    }
    tcx_future_complete(own.raw(), 0, nullptr);
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- cancellation ---- */

/* Tidies up after a cancel with a call of its own. */
task<> list_and_tidy(world &w, std::string *what) {
  try {
    co_await w.list();
    co_return;
  } catch (const tucuxi::error &e) {
    *what += tcx_err_name(e.status());
  }
  co_await tucuxi::sleep(*w.session, 1ms);
  *what += ", tidied";
}
task<> deeper(world &w, std::string *what) {
  co_await list_and_tidy(w, what);
  *what += ", over";
}

void test_cancel(void **) {
  world w;
  std::string what;
  future f = tucuxi::start(*w.session, deeper(w, &what));
  w.until_asked();
  f.cancel();
  assert_string_equal(what.c_str(), "");
  assert_int_equal(tcx_future_await(f.raw()), 0); /* it took the cancel as it liked */
  assert_string_equal(what.c_str(), "ECANCELED, tidied, over");

  what.clear();
  future g = tucuxi::start(*w.session, list_into(w, nullptr)); /* and this one did not look */
  g.cancel();
  assert_int_equal(tcx_future_await(g.raw()), TCX_ECANCELED);
  assert_string_equal(tcx_future_error(g.raw())->msg, "The call was canceled");

  future h = tucuxi::timeout(tucuxi::start(*w.session, deeper(w, &what)), 2ms);
  assert_int_equal(tcx_future_await(h.raw()), UV_ETIMEDOUT);
  w.until([&] { return what == "ECANCELED, tidied, over"; });
}

/* A cancel that finds it not waiting reaches the next thing that it waits for. */
task<> cancel_myself(world &w, future *self, int *status) {
  co_await tucuxi::sleep(*w.session, 1ms);
  self->cancel();
  *status = (co_await tucuxi::sleep(*w.session, 100s).as_result()).status();
  co_await tucuxi::sleep(*w.session, 1ms);
}
task<> cancel_then_child(world &w, future *self, std::string *what) {
  co_await tucuxi::sleep(*w.session, 1ms);
  self->cancel();
  co_await list_and_tidy(w, what);
}
void test_cancel_due(void **) {
  world w;
  int status = 0;
  std::string what;
  future f(nullptr), g(nullptr);
  f = tucuxi::start(*w.session, cancel_myself(w, &f, &status));
  assert_int_equal(tcx_future_await(f.raw()), 0);
  assert_int_equal(status, TCX_ECANCELED);
  g = tucuxi::start(*w.session, cancel_then_child(w, &g, &what));
  assert_int_equal(tcx_future_await(g.raw()), 0);
  assert_string_equal(what.c_str(), "ECANCELED, tidied");
}

/* The session closes under tasks that wait; what they start then is refused. */
void test_close(void **) {
  world w;
  std::string what;
  future f = tucuxi::start(*w.session, deeper(w, &what));
  w.until_asked();
  (void)w.s3->release();
  w.session.reset(); /* its client with it */
  w.until([&] { return f.done(); });
  assert_int_equal(tcx_future_status(f.raw()), TCX_ECANCELED);
  uv_run(&w.loop, UV_RUN_NOWAIT);
  w.until([&] { return what.starts_with("ECANCELED"); });
  assert_string_equal(what.c_str(), "ECANCELED"); /* the sleep threw TCX_ECLOSING */
  future refused = tucuxi::sleep(nullptr, 1ms);
  assert_int_equal(tcx_future_status(refused.raw()), UV_EINVAL);
}

/* A task that cannot be started does not run. */
void test_not_started(void **) {
  world w;
  int count = 0;
  future f = tucuxi::start(static_cast<tcx_session_t *>(nullptr), list_into(w, &count));
  assert_int_equal(tcx_future_status(f.raw()), UV_EINVAL);
}

foreign list_foreign(world &w, int *count) {
  co_await w.list();
  co_await keys(w);
  ++*count;
}

void test_foreign(void **) {
  world w(list_answer);
  int count = 0;
  foreign a = list_foreign(w, &count);
  w.until([&] { return count == 1; });
  assert_true(a.handle.done());
  a.handle.destroy();
  foreign b = list_foreign(w, &count), c = list_foreign(w, &count);
  b.handle.destroy(); /* in its first wait */
  w.until_asked(5);
  c.handle.destroy(); /* in its task's */
  tcx_client_stats_t stats;
  w.until([&] {
    tcx_client_get_stats(w.s3->raw(), &stats);
    return stats.active == 0;
  });
  assert_int_equal(count, 1);
}

/* ---- pages ---- */

task<int> count_pages(world &w, tcx_paginate_options_t options) {
  int n = 0;
  tucuxi::pages pages = w.s3->paginate("list_objects_v2", tcx_params("{Bucket: b}"), &options);
  while (result page = co_await pages.next())
    n += static_cast<int>(page.size("Contents"));
  result end = co_await pages.next(); /* again */
  assert_int_equal(end.status(), TCX_EOF);
  co_return n;
}
task<> first_page(world &w) {
  tucuxi::pages pages = w.s3->paginate("list_objects_v2", "{Bucket: %s}", "b");
  co_await pages.next();
}

void test_pages(void **) {
  {
    world w(list_answer);
    assert_int_equal(tucuxi::run(&w.loop, count_pages(w, {})), 2);
    tcx_paginate_options_t one{};
    one.max_items = 1;
    assert_int_equal(tucuxi::run(&w.loop, count_pages(w, one)), 1);
  }
  {
    world w(none_answer);
    try {
      tucuxi::run(&w.loop, first_page(w));
      fail_msg("an error is thrown");
    } catch (const tucuxi::error &e) {
      assert_true(e.is("NoSuchBucket")); /* though the paginator is gone */
    }
  }
  world w;
  future f = tucuxi::start(*w.session, first_page(w));
  w.until_asked();
  f.cancel();
  assert_int_equal(tcx_future_await(f.raw()), TCX_ECANCELED);
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_call),          cmocka_unit_test(test_errors),
      cmocka_unit_test(test_exceptions),    cmocka_unit_test(test_tasks),
      cmocka_unit_test(test_combined),      cmocka_unit_test(test_detach),
      cmocka_unit_test(test_run),           cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_cancel_due),    cmocka_unit_test(test_close),
      cmocka_unit_test(test_awaited_twice), cmocka_unit_test(test_pages),
      cmocka_unit_test(test_not_started),   cmocka_unit_test(test_foreign),
  };
  unset_environment();
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
