/*
 * coro_help.hpp - coroutines in tests: a loop with a scripted server, a session and an S3 client of
 * it; and a coroutine of another kind than tucuxi's tasks.
 */
#ifndef TCX_TEST_CORO_HELP_HPP
#define TCX_TEST_CORO_HELP_HPP
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <tucuxi/s3.hpp>
#include <unistd.h>
extern "C" {
#include "fault_server.h"
#include <cmocka.h>
}

using namespace std::chrono_literals;
using tucuxi::future;
using tucuxi::result;
using tucuxi::task;

/* The text of an answer whose Content-Length is right. */
inline std::string answer(const char *head, const std::string &body) {
  return std::string("HTTP/1.1 ") + head + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

inline const std::string list_answer =
    answer("200 OK\r\nx-amz-request-id: R1",
           "<ListBucketResult><Contents><Key>a</Key><Size>3</Size></Contents><Contents><Key>b</"
           "Key></Contents></ListBucketResult>");
inline const std::string none_answer =
    answer("404 Not Found", "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>");
inline const std::string body_answer = answer("200 OK", "whole body");

/* A loop with a server that gives one answer to every request, or none at all; a session and a
 * client of it. At its end all is closed, and nothing is left on the loop. */
struct world {
  uv_loop_t loop;
  fault_server server;
  std::string text;
  fault_step steps[3];
  const fault_step *scripts[1];
  std::string url;
  std::optional<tucuxi::session> session;
  std::optional<tucuxi::s3> s3;

  explicit world(std::string answer_text = "")
      : text(std::move(answer_text)),
        steps{DO(REQUEST), {FAULT_SEND, text.c_str(), text.size()}, DO(AGAIN)}, scripts{steps} {
    alarm(100);
    assert_int_equal(uv_loop_init(&loop), 0);
    if (text.empty())
      steps[1] = {FAULT_END, nullptr, 0};
    fault_server_start(&server, &loop, scripts, 1, nullptr);
    url = "http://127.0.0.1:" + std::to_string(server.port);
    tcx_session_options_t so{};
    so.config_file = so.credentials_file = "/dev/null";
    session.emplace(&loop, so);
    tcx_client_options_t co{};
    co.region = "us-east-1";
    co.endpoint_url = url.c_str();
    co.access_key = "AKID";
    co.secret_key = "secret";
    co.max_attempts = 1;
    s3.emplace(*session, co);
  }
  ~world() {
    close();
    fault_server_stop(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
  }
  void close() {
    s3.reset();
    session.reset();
  }
  template <class Done> void until(Done done) {
    while (!done())
      uv_run(&loop, UV_RUN_ONCE);
  }
  void until_asked(unsigned n = 1) {
    until([&] { return server.requests >= n; });
  }
  future list() { return s3->list_objects_v2("{Bucket: %s}", "b"); }
};

/* A coroutine of another kind, which its owner may destroy while it waits. */
struct foreign {
  struct promise_type {
    foreign get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

/* Before the tests: what the machine's environment says is nothing to them. */
inline void unset_environment() {
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  unsetenv("AWS_ENDPOINT_URL");
  unsetenv("AWS_PROFILE");
}
#endif
