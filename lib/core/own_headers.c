/* own_headers.c - the headers that a call's options add to its request. */
#include "core/call.h"
#include <string.h>

bool tcx__own_header(struct tcx_str name) {
  static const char *const names[] = {"host",
                                      "content-length",
                                      "transfer-encoding",
                                      "connection",
                                      "expect",
                                      "authorization",
                                      "user-agent",
                                      "x-amz-date",
                                      "x-amz-security-token",
                                      "x-amz-s3session-token",
                                      "x-amz-content-sha256",
                                      "x-amz-decoded-content-length",
                                      "x-amz-trailer",
                                      "amz-sdk-invocation-id",
                                      "amz-sdk-request"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (tcx__str_ieq(name, tcx__str(names[i])))
      return true;
  return false;
}

int tcx__call_read_headers(tcx_call_t *call, const char *const *lines) {
  tcx__headers_init(&call->extra, call->arena);
  for (; lines != NULL && *lines != NULL; lines++) {
    const char *colon = strchr(*lines, ':');
    if (colon == NULL)
      return tcx__fail(&call->fail, TCX_EPARAM, "header line without a colon: %s", *lines);
    if (tcx__own_header((struct tcx_str){*lines, (size_t)(colon - *lines)}))
      return tcx__fail(&call->fail, TCX_EPARAM,
                       "header line for a header that tucuxi writes itself: %s", *lines);
    char *copy = tcx__arena_strdup(call->arena, *lines);
    if (copy == NULL)
      return UV_ENOMEM;
    const char *value = copy + (colon - *lines) + 1;
    while (*value == ' ' || *value == '\t')
      value++;
    int err = tcx__headers_add(&call->extra, (struct tcx_str){copy, (size_t)(colon - *lines)},
                               tcx__str(value));
    if (err != 0)
      return err == UV_ENOMEM
                 ? err
                 : tcx__fail(&call->fail, err,
                             "header line with a line end, a NUL or a bad name: %s", *lines);
  }
  return 0;
}
