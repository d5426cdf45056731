/* Streams in coroutines: by chunks, whole, and each end from outside. */
#include "coro_help.hpp"

namespace {

task<std::string> read_by_chunks(world &w) {
  std::string text;
  result object = co_await w.s3->get_object("{Bucket: b, Key: %s}", "k");
  tucuxi::stream body = object.take_stream();
  assert_true(static_cast<bool>(body));
  assert_false(static_cast<bool>(object.take_stream())); /* once */
  assert_int_equal(body.length(), 10);
  for (std::string chunk = co_await body.read(); !chunk.empty(); chunk = co_await body.read())
    text += chunk;
  assert_true((co_await body.read()).empty());
  co_return text;
}
task<std::string> read_whole(world &w, std::size_t max) {
  result object = co_await w.s3->get_object("{Bucket: b, Key: %s}", "k");
  co_return (co_await object.take_stream().read_all(max)).string();
}

void test_stream(void **) {
  world w(body_answer);
  assert_string_equal(tucuxi::run(&w.loop, read_by_chunks(w)).c_str(), "whole body");
  assert_string_equal(tucuxi::run(&w.loop, read_whole(w, 10)).c_str(), "whole body");
  try {
    tucuxi::run(&w.loop, read_whole(w, 9));
    fail_msg("more than max");
  } catch (const tucuxi::error &e) {
    assert_int_equal(e.status(), TCX_ETOOBIG);
  }
}

/* A body whose end does not come. */
task<> read_slow(world &w, bool whole, std::string *what) {
  result object = co_await w.s3->get_object("{Bucket: b, Key: %s}", "k");
  tucuxi::stream body = object.take_stream();
  try {
    if (whole)
      co_await std::move(body).read_all(1000);
    else
      for (;;)
        *what += co_await body.read();
  } catch (const tucuxi::error &e) {
    *what += tcx_err_name(e.status());
    throw;
  }
}
task<int> read_broken(world &w, std::optional<tucuxi::error> *kept) {
  int caught = 0;
  result object = co_await w.s3->get_object("{Bucket: b, Key: %s}", "k");
  tucuxi::stream body = object.take_stream();
  assert_string_equal((co_await body.read()).c_str(), "some");
  while (caught < 2) {
    try {
      (void)co_await body.read();
      fail_msg("the body was cut");
    } catch (const tucuxi::error &e) {
      *kept = e;
      caught++;
    }
  }
  co_return caught;
}

void test_stream_breaks(void **) {
  std::optional<tucuxi::error> kept;
  {
    world w("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    w.steps[2] = DO(CLOSE);
    assert_int_equal(tucuxi::run(&w.loop, read_broken(w, &kept)), 2); /* again and again */
  }
  assert_int_equal(kept->details().phase, TCX_PHASE_READ); /* it outlives the stream */
  assert_string_equal(kept->details().operation, "GetObject");
  assert_true(kept->what()[0] != '\0');
}

foreign read_foreign(world &w) {
  result object = co_await w.s3->get_object("{Bucket: b, Key: %s}", "k");
  tucuxi::stream body = object.take_stream();
  for (;;)
    (void)co_await body.read();
}

void test_stream_ends(void **) {
  for (int whole = 0; whole < 2; whole++) {
    for (int close = 0; close < 2; close++) {
      std::string what;
      world w("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
      future f = tucuxi::start(*w.session, read_slow(w, whole, &what));
      w.until([&] { return what == "some" || (whole && w.server.requests > 0); });
      uv_run(&w.loop, UV_RUN_NOWAIT);
      if (close)
        tcx_client_close(w.s3->release(), nullptr);
      else
        f.cancel();
      w.until([&] { return f.done(); });
      assert_int_equal(tcx_future_status(f.raw()), TCX_ECANCELED);
      assert_string_equal(what.c_str(), whole ? "ECANCELED" : "someECANCELED");
    }
  }
  world w("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
  foreign reader = read_foreign(w);
  w.until_asked();
  for (int i = 0; i < 5; i++)
    uv_run(&w.loop, UV_RUN_NOWAIT);
  reader.handle.destroy();
}

} // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_stream),
      cmocka_unit_test(test_stream_ends),
      cmocka_unit_test(test_stream_breaks),
  };
  unset_environment();
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
