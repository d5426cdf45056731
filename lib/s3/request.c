#include "s3/s3.h"
#include <string.h>

int tcx__s3_expect(tcx_call_t *call) {
  const char *method = call->op->http_method;
  call->expect_continue = (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) &&
                          call->upload.length > (int64_t)TCX__EXPECT_MIN;
  return 0;
}
