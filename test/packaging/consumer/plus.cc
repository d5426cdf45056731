// The headers and the library from C++.
#include <tucuxi.h>
#include <tucuxi/s3.h>
#include <cstring>

int main() {
  tcx_value_t *params = tcx_params("{Bucket: %s, MaxKeys: %d}", "bucket", 7);
  bool right = std::strcmp(tcx_value_str(params, "Bucket"), "bucket") == 0 && tcx_value_int(params, "MaxKeys", 0) == 7;
  tcx_value_free(params);
  return right && tcx_version() == TCX_VERSION_HEX ? 0 : 1;
}
