/*
 * tucuxi/coro.hpp - tucuxi in C++20 coroutines, on the same loop. Header-only; a layer over
 * <tucuxi/future.h>.
 *
 *   tucuxi::task<> list(tucuxi::s3 &s3, const char *bucket) {
 *     tucuxi::result page = co_await s3.list_objects_v2("{Bucket: %s}", bucket);
 *     for (tucuxi::value object : page["Contents"])
 *       std::printf("%s\n", object.str("Key"));
 *   }
 *   tucuxi::run(uv_default_loop(), list(s3, "mybucket"));
 *
 * Whatever can be awaited is a future: of a call, a page, a waiter, a time, of others together, or
 * any of C's: future(tcx_future_download(s3.raw(), path, params, nullptr)). An
 * awaited future throws tucuxi::error when it fails; `co_await f.as_result()` does not, and gives a
 * result that tells. A future that nobody awaits goes on and is forgotten when its object ends, as
 * in C.
 *
 * A task starts when it is awaited, or handed to run, start or detach. Its cancel reaches the
 * future that it waits for, through all tasks between: co_await throws TCX_ECANCELED there, and the
 * coroutine may catch it, then await other things to tidy up, and end as it likes (as in Python's
 * asyncio). A coroutine that is destroyed while it waits cancels what it waits for.
 *
 * Exceptions are needed. Everything runs on the loop's thread. Coroutines are resumed from
 * callbacks of tucuxi's: they may call any function but run.
 */
#ifndef TUCUXI_CORO_HPP
#define TUCUXI_CORO_HPP
#include <algorithm>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdarg>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tucuxi/future.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace tucuxi {

/* ---- values and outcomes --------------------------------------------------------------------- */

/* A view of a tcx_value_t, as long as what it lies in: NULL-safe and total, as the functions of C
 * are. Paths are theirs: "Contents[0].Key"; nullptr is the value itself. */
class value {
public:
  class iterator {
  public:
    explicit iterator(const tcx_value_t *at) noexcept : at_(at) {}
    value operator*() const noexcept { return value(at_); }
    iterator &operator++() noexcept {
      at_ = tcx_value_next(at_);
      return *this;
    }
    bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }

  private:
    const tcx_value_t *at_;
  };

  value() noexcept = default;
  explicit value(const tcx_value_t *raw) noexcept : raw_(raw) {}
  const tcx_value_t *raw() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ != nullptr; } /* it is there */
  value operator[](const char *path) const noexcept { return value(tcx_value_get(raw_, path)); }
  template <std::integral I> value operator[](I i) const noexcept {
    return value(tcx_value_at(raw_, static_cast<std::size_t>(i)));
  }
  tcx_type_t type(const char *path = nullptr) const noexcept { return tcx_value_type(raw_, path); }
  /* nullptr when absent */
  const char *str(const char *path = nullptr) const noexcept { return tcx_value_str(raw_, path); }
  /* empty when absent; of bytes too */
  std::string string(const char *path = nullptr) const {
    std::size_t n = 0;
    const void *p = tcx_value_bytes(raw_, path, &n);
    return p != nullptr ? std::string(static_cast<const char *>(p), n) : std::string();
  }
  std::int64_t integer(const char *path = nullptr, std::int64_t fallback = 0) const noexcept {
    return tcx_value_int(raw_, path, fallback);
  }
  double number(const char *path = nullptr, double fallback = 0) const noexcept {
    return tcx_value_num(raw_, path, fallback);
  }
  bool boolean(const char *path = nullptr, bool fallback = false) const noexcept {
    return tcx_value_bool(raw_, path, fallback);
  }
  std::size_t size(const char *path = nullptr) const noexcept { return tcx_value_len(raw_, path); }
  const char *name() const noexcept { return tcx_value_name(raw_); } /* inside a map */
  iterator begin() const noexcept { return iterator(tcx_value_first(raw_, nullptr)); }
  iterator end() const noexcept { return iterator(nullptr); }

private:
  const tcx_value_t *raw_ = nullptr;
};

class stream;

/* The outcome of a future, and what keeps it: as a value it is the response. Copies share it. */
class result : public value {
public:
  explicit result(tcx_future_t *owned) noexcept
      : value(tcx_future_response(owned)), future_(owned) {}
  result(const result &other) noexcept
      : value(other),
        future_(other.future_ != nullptr ? tcx_future_retain(other.future_) : nullptr) {}
  result(result &&other) noexcept : value(other), future_(std::exchange(other.future_, nullptr)) {}
  result &operator=(result other) noexcept {
    std::swap(future_, other.future_);
    value::operator=(other);
    return *this;
  }
  ~result() { tcx_future_release(future_); }

  bool ok() const noexcept { return status() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  int status() const noexcept { return tcx_future_status(future_); }
  /* nullptr when it is ok */
  const tcx_error_t *error() const noexcept { return tcx_future_error(future_); }
  /* its headers, timings ...; nullptr when no call is behind it */
  const tcx_call_t *call() const noexcept { return tcx_future_get_call(future_); }
  int http_status() const noexcept { return call() != nullptr ? tcx_call_http_status(call()) : 0; }
  const char *header(const char *name) const noexcept {
    return call() != nullptr ? tcx_call_header(call(), name) : nullptr;
  }
  /* of when_all, when_any and race */
  std::size_t count() const noexcept { return tcx_future_count(future_); }
  std::size_t index() const noexcept { return tcx_future_index(future_); }
  /* i below count() */
  result at(std::size_t i) const noexcept {
    return result(tcx_future_retain(const_cast<tcx_future_t *>(tcx_future_at(future_, i))));
  }
  /* the body of an operation that streams, once */
  inline stream take_stream();
  /* throws what is wrong */
  inline const result &check() const &;
  inline result check() &&;

private:
  tcx_future_t *future_;
};

/* What went wrong: the tcx_error_t, kept alive. what() is its whole sentence, as botocore prints
 * it. */
class error : public std::exception {
public:
  explicit error(result outcome) noexcept
      : outcome_(std::move(outcome)), details_(*outcome_->error()) {}
  /* of a stream, whose call it keeps */
  explicit error(const tcx_stream_t *stream)
      : call_(tcx_call_retain(tcx_stream_call(stream)), tcx_call_release),
        details_(*tcx_stream_error(stream)) {}
  explicit error(int status) noexcept : details_{} {
    details_.status = status;
    details_.msg = tcx_strerror(status);
    details_.operation = "";
  }
  const char *what() const noexcept override { return details_.msg; }
  int status() const noexcept { return details_.status; }
  /* "NoSuchKey"; "" unless status() is TCX_ECLIENT */
  const char *code() const noexcept { return details_.code != nullptr ? details_.code : ""; }
  bool is(const char *code_) const noexcept { return std::string_view(code()) == code_; }
  const tcx_error_t &details() const noexcept { return details_; }
  value response() const noexcept { return value(details_.response); }

private:
  std::optional<result> outcome_;
  std::shared_ptr<tcx_call_t> call_;
  tcx_error_t details_;
};

inline const result &result::check() const & {
  if (!ok())
    throw tucuxi::error(*this);
  return *this;
}
inline result result::check() && {
  if (!ok())
    throw tucuxi::error(std::move(*this));
  return std::move(*this);
}

/* ---- cancellation inside --------------------------------------------------------------------- */

namespace detail {

/* What a coroutine waits for. */
struct waited {
  virtual void cancel() noexcept = 0;

protected:
  ~waited() = default;
};

/* A coroutine that can be canceled: what it waits for is; or, when it does not wait, the next that
 * it waits for. */
struct cancelable {
  waited *current = nullptr;
  bool due = false;
  void cancel() noexcept {
    if (current != nullptr)
      current->cancel();
    else
      due = true;
  }
};

/* The part of a coroutine that waits, of whatever kind it is: one of other libraries is resumed
 * just the same, and cannot be canceled. */
template <class Promise> cancelable *cancelable_of(std::coroutine_handle<Promise> handle) noexcept {
  if constexpr (std::is_base_of_v<cancelable, Promise>)
    return &handle.promise();
  else
    return nullptr;
}

/* Which outcomes an awaited future throws; `unless_eof`: TCX_EOF is a result that is not ok. */
enum class throws { all, unless_eof, nothing };

class future_awaiter final : waited {
public:
  /* The future is the awaiter's, or somebody else's who keeps it meanwhile. */
  future_awaiter(tcx_future_t *f, bool owned, throws which) noexcept
      : future_(f), throws_(which), owned_(owned) {}
  future_awaiter(const future_awaiter &) = delete;
  future_awaiter &operator=(const future_awaiter &) = delete;
  ~future_awaiter() {
    if (waiting_) { /* its coroutine was destroyed */
      tcx_future_forget(future_);
      tcx_future_cancel(future_);
      leave();
    }
    if (owned_)
      tcx_future_release(future_);
  }
  bool await_ready() const noexcept { return tcx_future_done(future_); }
  template <class Promise> bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    if (tcx_future_then(future_, resume, this) != 0)
      return false; /* somebody waits for it already */
    handle_ = handle;
    waiting_ = true;
    waiter_ = cancelable_of(handle);
    if (waiter_ != nullptr) {
      waiter_->current = this;
      if (std::exchange(waiter_->due, false))
        cancel();
    }
    return true;
  }
  result await_resume() {
    if (!tcx_future_done(future_))
      throw error(UV_EINVAL);
    result r(owned_ ? std::exchange(future_, nullptr) : tcx_future_retain(future_));
    owned_ = false;
    bool quiet =
        throws_ == throws::nothing || (throws_ == throws::unless_eof && r.status() == TCX_EOF);
    return quiet ? std::move(r) : std::move(r).check();
  }

private:
  static void resume(tcx_future_t *, int, void *data) {
    auto *self = static_cast<future_awaiter *>(data);
    self->leave();
    self->handle_.resume();
  }
  void leave() noexcept {
    waiting_ = false;
    if (waiter_ != nullptr)
      waiter_->current = nullptr;
  }
  void cancel() noexcept override { tcx_future_cancel(future_); }

  tcx_future_t *future_;
  std::coroutine_handle<> handle_;
  cancelable *waiter_ = nullptr;
  throws throws_;
  bool owned_, waiting_ = false;
};

} // namespace detail

/* ---- futures --------------------------------------------------------------------------------- */

/* A tcx_future_t that is owned. One that ends goes on without us; await it, or cancel it first. */
class [[nodiscard]] future {
public:
  explicit future(tcx_future_t *owned) noexcept : raw_(owned) {}
  future(future &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  future &operator=(future &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~future() { tcx_future_release(raw_); }

  tcx_future_t *raw() const noexcept { return raw_; }
  tcx_future_t *release() noexcept { return std::exchange(raw_, nullptr); } /* gives it away */
  bool done() const noexcept { return tcx_future_done(raw_); }
  void cancel() const noexcept { tcx_future_cancel(raw_); }

  detail::future_awaiter operator co_await() const &noexcept {
    return {raw_, false, detail::throws::all};
  }
  detail::future_awaiter operator co_await() &&noexcept {
    return {release(), true, detail::throws::all};
  }
  /* Awaited, it gives its result and throws nothing. */
  detail::future_awaiter as_result() const &noexcept {
    return {raw_, false, detail::throws::nothing};
  }
  detail::future_awaiter as_result() &&noexcept {
    return {release(), true, detail::throws::nothing};
  }

private:
  tcx_future_t *raw_;
};

namespace detail {
template <class T>
concept given_away = std::is_same_v<T, future>; /* moved, not copied */
inline unsigned milliseconds(std::chrono::milliseconds time) noexcept {
  using count = std::chrono::milliseconds::rep;
  return static_cast<unsigned>(std::clamp<count>(time.count(), 0, TCX_NEVER - 1));
}
/* tcx_future_all, any or race. */
using combination = tcx_future_t *(*)(tcx_future_t *const *, std::size_t);
inline future combine(combination how, std::vector<future> &&futures) {
  std::vector<tcx_future_t *> raw;
  raw.reserve(futures.size());
  for (future &f : futures)
    raw.push_back(f.release());
  return future(how(raw.data(), raw.size()));
}
template <given_away... Futures>
future combine(combination how, future &first, Futures &&...others) noexcept {
  tcx_future_t *raw[] = {first.release(), others.release()...};
  return future(how(raw, 1 + sizeof...(others)));
}
} // namespace detail

/* All of them; its failure is the first that came. result.at(i) is each one's. */
inline future when_all(std::vector<future> futures) {
  return detail::combine(tcx_future_all, std::move(futures));
}
template <detail::given_away... Futures>
future when_all(future first, Futures &&...others) noexcept {
  return detail::combine(tcx_future_all, first, std::forward<Futures>(others)...);
}
/* The first that goes well; the others are canceled then. */
inline future when_any(std::vector<future> futures) {
  return detail::combine(tcx_future_any, std::move(futures));
}
template <detail::given_away... Futures>
future when_any(future first, Futures &&...others) noexcept {
  return detail::combine(tcx_future_any, first, std::forward<Futures>(others)...);
}
/* The first that is done, well or not; the others are canceled then. */
inline future race(std::vector<future> futures) {
  return detail::combine(tcx_future_race, std::move(futures));
}
template <detail::given_away... Futures> future race(future first, Futures &&...others) noexcept {
  return detail::combine(tcx_future_race, first, std::forward<Futures>(others)...);
}
/* UV_ETIMEDOUT when it is not done by then; it is canceled in that case. */
inline future timeout(future f, std::chrono::milliseconds time) noexcept {
  return future(tcx_future_timeout(f.release(), detail::milliseconds(time)));
}
inline future sleep(tcx_session_t *session, std::chrono::milliseconds time) noexcept {
  return future(tcx_future_sleep(session, detail::milliseconds(time)));
}

/* ---- tasks ----------------------------------------------------------------------------------- */

template <class T = void> class task;

namespace detail {

struct task_promise : cancelable {
  std::coroutine_handle<> parent;
  bool starting = false; /* whoever awaits it has not suspended yet */
  std::exception_ptr failure;

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
      task_promise &promise = handle.promise();
      return promise.starting ? std::noop_coroutine() : promise.parent;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T> struct task_promise_of : task_promise {
  std::optional<T> kept;
  task<T> get_return_object() noexcept;
  template <class U> void return_value(U &&given) { kept.emplace(std::forward<U>(given)); }
  T take() { return std::move(*kept); }
};
template <> struct task_promise_of<void> : task_promise {
  inline task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

template <class T> class task_awaiter final : waited {
public:
  using handle = std::coroutine_handle<task_promise_of<T>>;
  explicit task_awaiter(handle child) noexcept : child_(child) {}
  task_awaiter(const task_awaiter &) = delete;
  task_awaiter &operator=(const task_awaiter &) = delete;
  ~task_awaiter() { leave(); }
  bool await_ready() const noexcept { return false; }
  /* The child runs until it waits; one that ends before gives control back here and not to its
   * parent, so that a loop of such children needs no stack. */
  template <class Promise> bool await_suspend(std::coroutine_handle<Promise> parent) {
    task_promise &promise = child_.promise();
    promise.parent = parent;
    waiter_ = cancelable_of(parent);
    if (waiter_ != nullptr) {
      waiter_->current = this;
      promise.due = std::exchange(waiter_->due, false);
    }
    promise.starting = true;
    child_.resume();
    promise.starting = false;
    return !child_.done();
  }
  T await_resume() {
    leave();
    if (child_.promise().failure)
      std::rethrow_exception(std::exchange(child_.promise().failure, nullptr));
    return child_.promise().take();
  }

private:
  void leave() noexcept {
    if (waiter_ != nullptr)
      waiter_->current = nullptr;
    waiter_ = nullptr;
  }
  void cancel() noexcept override { child_.promise().cancel(); }

  handle child_;
  cancelable *waiter_ = nullptr;
};

} // namespace detail

/* A coroutine that gives a T. It starts when it is awaited, once. */
template <class T> class [[nodiscard]] task {
public:
  using promise_type = detail::task_promise_of<T>;
  using handle = std::coroutine_handle<promise_type>;
  explicit task(handle h) noexcept : handle_(h) {}
  task(task &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task &operator=(task &&other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_)
      handle_.destroy();
  }
  detail::task_awaiter<T> operator co_await() &&noexcept {
    return detail::task_awaiter<T>(handle_);
  }

private:
  handle handle_;
};

namespace detail {

template <class T> task<T> task_promise_of<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise_of<T>>::from_promise(*this));
}
inline task<void> task_promise_of<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise_of<void>>::from_promise(*this));
}

/* The root of tasks: nobody awaits it, and it ends by itself. */
struct root {
  struct promise_type : cancelable {
    tcx_future_t *future = nullptr; /* of start: to be completed */
    root get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

struct this_root { /* co_await gives the promise of the root that awaits */
  root::promise_type *promise = nullptr;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<root::promise_type> handle) noexcept {
    promise = &handle.promise();
    return false;
  }
  root::promise_type *await_resume() const noexcept { return promise; }
};

inline root detached(task<void> t) { co_await std::move(t); }

/* A failure that no future of tucuxi's made. */
struct own_failure {
  std::string text;
  tcx_error_t error;
  explicit own_failure(const char *what) : text(what), error{} {
    error.status = UV_UNKNOWN;
    error.msg = text.c_str();
    error.operation = "";
  }
};

template <class Owner>
void complete_with(tcx_future_t *f, Owner *owner, const tcx_error_t *error) noexcept {
  tcx_future_complete_with(
      f, nullptr, error, [](void *p) { delete static_cast<Owner *>(p); }, owner);
}

/* Inside a handler: the exception becomes the future's outcome. */
inline void complete_with_current(tcx_future_t *f) noexcept {
  try {
    try {
      throw;
    } catch (const error &e) {
      auto *kept = new error(e);
      complete_with(f, kept, &kept->details());
    } catch (const std::exception &e) {
      auto *kept = new own_failure(e.what());
      complete_with(f, kept, &kept->error);
    } catch (...) {
      auto *kept = new own_failure("an exception that is no std::exception");
      complete_with(f, kept, &kept->error);
    }
  } catch (...) {
    tcx_future_complete(f, UV_ENOMEM, nullptr);
  }
}

inline root started(task<void> t) {
  root::promise_type *self = co_await this_root();
  try {
    co_await std::move(t);
    tcx_future_complete(self->future, 0, nullptr);
  } catch (...) {
    complete_with_current(self->future);
  }
}

template <class T> struct run_state {
  uv_loop_t *loop;
  bool running = false, done = false;
  std::exception_ptr failure;
  std::optional<T> kept;
};
template <> struct run_state<void> {
  uv_loop_t *loop;
  bool running = false, done = false;
  std::exception_ptr failure;
};

template <class T> root ran(task<T> t, std::shared_ptr<run_state<T>> state) {
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::move(t);
    else
      state->kept.emplace(co_await std::move(t));
  } catch (...) {
    state->failure = std::current_exception();
  }
  state->done = true;
  if (state->running)
    uv_stop(state->loop);
}

} // namespace detail

/* Runs the loop until the task is over: for main and for tests, never from a callback. Throws what
 * the task threw; error(UV_EINTR) when uv_stop was called and error(UV_EAGAIN) when nothing is left
 * on the loop that could go on with it: the task goes on in both cases when the loop runs again. */
template <class T> T run(uv_loop_t *loop, task<T> t) {
  auto state = std::make_shared<detail::run_state<T>>();
  state->loop = loop;
  detail::ran(std::move(t), state).handle.resume();
  int alive = 1;
  if (!state->done) {
    state->running = true;
    alive = uv_run(loop, UV_RUN_DEFAULT);
    state->running = false;
  }
  if (!state->done)
    throw error(alive != 0 ? UV_EINTR : UV_EAGAIN);
  if (state->failure)
    std::rethrow_exception(state->failure);
  if constexpr (!std::is_void_v<T>)
    return std::move(*state->kept);
}

/* Starts the task now and gives a future of it: to await it later, beside others, with a timeout.
 * The future's cancel is the task's. An exception becomes its error: a tucuxi::error as it is,
 * others UV_UNKNOWN with what() as msg. */
inline future start(tcx_session_t *session, task<> t) {
  auto handle = detail::started(std::move(t)).handle;
  tcx_future_t *f = tcx_future_new(
      session,
      [](tcx_future_t *, void *data) { static_cast<detail::cancelable *>(data)->cancel(); },
      static_cast<detail::cancelable *>(&handle.promise()));
  if (tcx_future_done(f)) { /* it could not be made */
    handle.destroy();
    return future(f);
  }
  handle.promise().future = f;
  handle.resume();
  return future(f);
}

/* Starts the task now; nobody learns how it ends. An exception that it does not catch ends the
 * program, as a thread's does. */
inline void detach(task<> t) { detail::detached(std::move(t)).handle.resume(); }

/* ---- streams --------------------------------------------------------------------------------- */

namespace detail {

class read_awaiter;

struct stream_state {
  tcx_stream_t *raw = nullptr;
  read_awaiter *reader = nullptr;
  bool ended = false, broken = false; /* broken: it ended with an error */
};

class read_awaiter final : waited {
public:
  explicit read_awaiter(stream_state *state) noexcept : state_(state) {}
  read_awaiter(const read_awaiter &) = delete;
  read_awaiter &operator=(const read_awaiter &) = delete;
  ~read_awaiter() {
    if (waiting_) { /* its coroutine was destroyed */
      tcx_stream_read_stop(state_->raw);
      leave();
    }
    if (canceled_ != nullptr)
      tcx_future_forget(canceled_);
    tcx_future_release(canceled_);
  }
  bool await_ready() const noexcept { return state_->ended; }
  template <class Promise> bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    status_ = tcx_stream_read_start(state_->raw, on_read);
    if (status_ != 0)
      return false;
    handle_ = handle;
    state_->reader = this;
    waiting_ = true;
    waiter_ = cancelable_of(handle);
    if (waiter_ != nullptr) {
      waiter_->current = this;
      if (std::exchange(waiter_->due, false))
        cancel();
    }
    return true;
  }
  std::string await_resume() {
    if (state_->broken)
      throw error(state_->raw);
    if (status_ != 0)
      throw error(status_);
    return std::move(chunk_);
  }

private:
  static void on_read(tcx_stream_t *raw, ssize_t nread, const uv_buf_t *buf) {
    auto *state = static_cast<stream_state *>(tcx_stream_data(raw));
    read_awaiter *self = state->reader;
    tcx_stream_read_stop(raw);
    if (nread > 0)
      self->keep(buf->base, static_cast<std::size_t>(nread));
    state->ended = nread <= 0;
    state->broken = nread < 0 && nread != TCX_EOF;
    self->resume();
  }
  void keep(const char *p, std::size_t n) noexcept {
    try {
      chunk_.assign(p, n);
    } catch (...) {
      status_ = UV_ENOMEM;
    }
  }
  void resume() {
    leave();
    handle_.resume();
  }
  void leave() noexcept {
    waiting_ = false;
    state_->reader = nullptr;
    if (waiter_ != nullptr)
      waiter_->current = nullptr;
  }
  /* Later, from the loop, like every outcome. A client that is closing ends the read by itself. */
  void cancel() noexcept override {
    tcx_client_t *client = tcx_call_client(tcx_stream_call(state_->raw));
    if (canceled_ != nullptr || client == nullptr)
      return;
    canceled_ = tcx_future_new(tcx_client_session(client), nullptr, nullptr);
    tcx_future_cancel(canceled_);
    tcx_future_complete(canceled_, 0, nullptr);
    if (tcx_future_then(canceled_, on_canceled, this) == 0)
      tcx_stream_read_stop(state_->raw);
  }
  static void on_canceled(tcx_future_t *, int, void *data) {
    auto *self = static_cast<read_awaiter *>(data);
    self->status_ = TCX_ECANCELED;
    if (self->waiting_)
      self->resume();
  }

  stream_state *state_;
  std::coroutine_handle<> handle_;
  cancelable *waiter_ = nullptr;
  tcx_future_t *canceled_ = nullptr;
  std::string chunk_;
  int status_ = 0;
  bool waiting_ = false;
};

} // namespace detail

/* A response body, pulled: nothing flows while nobody awaits. Its end is verified. */
class stream {
public:
  explicit stream(std::unique_ptr<detail::stream_state> state) noexcept
      : state_(std::move(state)) {}
  stream(stream &&) noexcept = default;
  stream &operator=(stream &&other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~stream() {
    if (state_ != nullptr)
      tcx_stream_close(state_->raw);
  }
  explicit operator bool() const noexcept { return state_ != nullptr; } /* there is one */
  tcx_stream_t *raw() const noexcept { return state_->raw; }
  /* -1 when it is not known */
  std::int64_t length() const noexcept { return tcx_stream_length(state_->raw); }
  /* What has come, at least a byte; an empty string after the last. Throws when the stream
   * breaks. */
  detail::read_awaiter read() const noexcept { return detail::read_awaiter(state_.get()); }
  /* All of it (result.string()); more than max bytes is TCX_ETOOBIG. */
  future read_all(std::size_t max) &&noexcept {
    return future(tcx_future_read_all(std::exchange(state_->raw, nullptr), max));
  }

private:
  std::unique_ptr<detail::stream_state> state_;
};

inline stream result::take_stream() {
  auto state = std::make_unique<detail::stream_state>();
  state->raw = tcx_future_take_stream(future_, state.get());
  if (state->raw == nullptr)
    state.reset();
  return stream(std::move(state));
}

/* ---- sessions and clients -------------------------------------------------------------------- */

/* Closes its session when it ends; the loop has to run after that until it is empty. It must
 * outlive its clients. */
class session {
public:
  explicit session(uv_loop_t *loop, const tcx_session_options_t &options = {}) {
    int err = tcx_session_new(loop, &options, &raw_);
    if (err != 0)
      throw error(err);
  }
  session(session &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  session &operator=(session &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~session() { tcx_session_close(raw_, nullptr); }
  tcx_session_t *raw() const noexcept { return raw_; }
  uv_loop_t *loop() const noexcept { return tcx_session_loop(raw_); }

private:
  tcx_session_t *raw_ = nullptr;
};

/* The pages of an operation, pulled: `while (result page = co_await pages.next())`. */
class pages {
public:
  explicit pages(tcx_paginator_t *owned) noexcept : raw_(owned) {}
  pages(pages &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  pages &operator=(pages &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~pages() { tcx_paginator_close(raw_); }
  tcx_paginator_t *raw() const noexcept { return raw_; }
  /* A result that is not ok (TCX_EOF) after the last; throws every other failure. */
  detail::future_awaiter next() const noexcept {
    return {tcx_future_page(raw_), true, detail::throws::unless_eof};
  }

private:
  tcx_paginator_t *raw_;
};

inline future sleep(const session &s, std::chrono::milliseconds time) noexcept {
  return sleep(s.raw(), time);
}
inline future start(const session &s, task<> t) { return start(s.raw(), std::move(t)); }

/* Of any service, by name; <tucuxi/SERVICE.hpp> has a class of its own for each, with a method an
 * operation. Closes its client when it ends. */
class client {
public:
  client(const session &s, const char *service, const tcx_client_options_t &options = {}) {
    int err = tcx_session_create_client(s.raw(), service, &options, &raw_);
    if (err != 0)
      throw error(err);
  }
  explicit client(tcx_client_t *owned) noexcept : raw_(owned) {}
  client(client &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  client &operator=(client &&other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~client() { tcx_client_close(raw_, nullptr); }
  tcx_client_t *raw() const noexcept { return raw_; }
  /* it is closed by somebody else, or with its session */
  tcx_client_t *release() noexcept { return std::exchange(raw_, nullptr); }

  /* params are CONSUMED: tcx_params("{Bucket: %s}", bucket), or the template itself, which the
   * compiler checks likewise. */
  future call(const char *operation, tcx_value_t *params = nullptr,
              const tcx_call_options_t *options = nullptr) const noexcept {
    return future(tcx_future_start(raw_, operation, params, options));
  }
  TCX_PRINTF(3, 4) future call(const char *operation, const char *template_, ...) const noexcept {
    va_list args;
    va_start(args, template_);
    tcx_value_t *params = tcx_vparams(template_, args);
    va_end(args);
    return call(operation, params);
  }
  /* Until "bucket_exists" or the like is so. */
  future wait(const char *waiter, tcx_value_t *params,
              const tcx_wait_options_t *options = nullptr) const noexcept {
    return future(tcx_future_wait(raw_, waiter, params, options));
  }
  TCX_PRINTF(3, 4) future wait(const char *waiter, const char *template_, ...) const noexcept {
    va_list args;
    va_start(args, template_);
    tcx_value_t *params = tcx_vparams(template_, args);
    va_end(args);
    return wait(waiter, params);
  }
  /* What is wrong with params comes at the first page. */
  tucuxi::pages paginate(const char *operation, tcx_value_t *params,
                         const tcx_paginate_options_t *options = nullptr) const {
    tcx_paginator_t *p = nullptr;
    int err = tcx_client_paginate(raw_, operation, params, options, nullptr, &p);
    if (err != 0)
      throw error(err);
    return tucuxi::pages(p);
  }
  TCX_PRINTF(3, 4) tucuxi::pages paginate(const char *operation, const char *template_, ...) const {
    va_list args;
    va_start(args, template_);
    tcx_value_t *params = tcx_vparams(template_, args);
    va_end(args);
    return paginate(operation, params);
  }
  /* result.str("Url") */
  future presign(const char *operation, tcx_value_t *params,
                 std::chrono::seconds expires = std::chrono::hours(1)) const noexcept {
    return future(tcx_future_presign(raw_, operation, params,
                                     static_cast<unsigned>(std::clamp<std::chrono::seconds::rep>(
                                         expires.count(), 0, TCX_NEVER))));
  }

private:
  tcx_client_t *raw_ = nullptr;
};

/* A method of a service's class: its params as a template, or as a value with options. */
#define TUCUXI_OPERATION(method)                                                                   \
  TCX_PRINTF(2, 3)::tucuxi::future method(const char *template_, ...) const noexcept {             \
    va_list args;                                                                                  \
    va_start(args, template_);                                                                     \
    tcx_value_t *params = tcx_vparams(template_, args);                                            \
    va_end(args);                                                                                  \
    return call(#method, params);                                                                  \
  }                                                                                                \
  ::tucuxi::future method(tcx_value_t *params = nullptr,                                           \
                          const tcx_call_options_t *options = nullptr) const noexcept {            \
    return call(#method, params, options);                                                         \
  }

/* wait_NAME of a service's class. */
#define TUCUXI_WAITER(name)                                                                        \
  TCX_PRINTF(2, 3)::tucuxi::future wait_##name(const char *template_, ...) const noexcept {        \
    va_list args;                                                                                  \
    va_start(args, template_);                                                                     \
    tcx_value_t *params = tcx_vparams(template_, args);                                            \
    va_end(args);                                                                                  \
    return wait(#name, params);                                                                    \
  }                                                                                                \
  ::tucuxi::future wait_##name(tcx_value_t *params, const tcx_wait_options_t *options = nullptr)   \
      const noexcept {                                                                             \
    return wait(#name, params, options);                                                           \
  }

} // namespace tucuxi
#endif
