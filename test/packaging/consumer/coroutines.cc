// Coroutines, from an installed package.
#include <tucuxi/s3.hpp>

tucuxi::task<int> list_nothing(tucuxi::session &session) {
  tucuxi::s3 s3(session);
  tucuxi::result result = co_await s3.list_objects_v2("{Bukket: %s}", "bucket").as_result();
  co_return result.status();
}

int main() {
  int status = 0;
  {
    tucuxi::session session(uv_default_loop());
    status = tucuxi::run(uv_default_loop(), list_nothing(session));
  }
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return status == TCX_EPARAM && uv_loop_close(uv_default_loop()) == 0 ? 0 : 1;
}
