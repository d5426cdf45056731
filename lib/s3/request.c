#include "s3/s3.h"
#include <string.h>

/* A parser would turn CR and LF inside keys into something else. */
int tcx__s3_escape_xml(tcx_call_t *call) {
  struct tcx_str body = call->upload.memory;
  struct tcx_buf out;
  if (body.n == 0 || (memchr(body.p, '\r', body.n) == NULL && memchr(body.p, '\n', body.n) == NULL))
    return 0;
  tcx__buf_init(&out, call->arena, SIZE_MAX);
  for (size_t i = 0; i < body.n; i++) {
    if (body.p[i] == '\r')
      tcx__buf_adds(&out, "&#xD;");
    else if (body.p[i] == '\n')
      tcx__buf_adds(&out, "&#xA;");
    else
      tcx__buf_addc(&out, body.p[i]);
  }
  if (out.status != 0)
    return out.status;
  call->req.body = call->upload.memory = tcx__buf_str(&out);
  call->upload.length = (int64_t)out.len;
  return 0;
}

int tcx__s3_expect(tcx_call_t *call) {
  const char *method = call->op->http_method;
  call->expect_continue = (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) && call->upload.length > (int64_t)TCX__EXPECT_MIN;
  return 0;
}
