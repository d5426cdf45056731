/*
 * coroutines.cpp - calls as C++20 coroutines, on the same loop: pages in a loop, errors as
 * exceptions or as results, tasks at once, a limit of time.
 *
 *   coroutines BUCKET
 */
#include <cstdio>
#include <tucuxi/s3.hpp>

using namespace std::chrono_literals;
using tucuxi::result;
using tucuxi::task;

namespace {

task<> put(tucuxi::s3 &s3, const char *bucket, int number) {
  co_await s3.put_object("{Bucket: %s, Key: 'coroutine/%d', Body: 'number %d'}", bucket, number,
                         number);
}

task<std::int64_t> count(tucuxi::s3 &s3, const char *bucket) {
  std::int64_t n = 0;
  tcx_paginate_options_t options{};
  options.page_size = 4;
  tucuxi::pages pages = s3.paginate(
      "list_objects_v2", tcx_params("{Bucket: %s, Prefix: 'coroutine/'}", bucket), &options);
  while (result page = co_await pages.next())
    for (tucuxi::value object : page["Contents"])
      n += object.integer("Size");
  co_return n;
}

task<std::string> read(tucuxi::s3 &s3, const char *bucket, const char *key) {
  std::string text;
  result object = co_await s3.get_object("{Bucket: %s, Key: %s}", bucket, key);
  tucuxi::stream body = object.take_stream();
  for (std::string chunk = co_await body.read(); !chunk.empty(); chunk = co_await body.read())
    text += chunk;
  co_return text;
}

task<> show(tucuxi::session &session, tucuxi::s3 &s3, const char *bucket) {
  std::vector<tucuxi::future> puts; /* ten tasks at once */
  for (int i = 0; i < 10; i++)
    puts.push_back(tucuxi::start(session, put(s3, bucket, i)));
  co_await tucuxi::when_all(std::move(puts));
  std::printf("%d bytes\n", static_cast<int>(co_await count(s3, bucket)));
  std::printf("%s\n", (co_await read(s3, bucket, "coroutine/7")).c_str());

  result head = co_await s3.head_object("{Bucket: %s, Key: 'not there'}", bucket).as_result();
  std::printf("no exception: %d\n", head.error() != nullptr ? head.error()->http_status : 0);
  try {
    co_await s3.get_object("{Bucket: %s, Key: 'not there'}", bucket);
  } catch (const tucuxi::error &e) {
    std::printf("%s\n", e.is("NoSuchKey") ? "an exception: NoSuchKey" : e.what());
  }
  result late = co_await tucuxi::timeout(tucuxi::sleep(session, 30s), 10ms).as_result();
  std::printf("%s\n", tcx_err_name(late.status()));
}

int run(uv_loop_t *loop, const char *bucket) try {
  tucuxi::session session(loop);
  tucuxi::s3 s3(session);
  tucuxi::run(loop, show(session, s3, bucket));
  return 0;
} catch (const tucuxi::error &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: coroutines BUCKET\n");
    return 2;
  }
  int status = run(uv_default_loop(), argv[1]);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT); // what closes needs the loop
  return uv_loop_close(uv_default_loop()) == 0 ? status : 1;
}
