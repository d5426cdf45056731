/* sigv2.h - AWS Signature Version 2, of forms: SimpleDB wants nothing newer. Pure. */
#ifndef TCX_AUTH_SIGV2_H
#define TCX_AUTH_SIGV2_H
#include "base/error.h"
#include "base/http.h"
#include <tucuxi.h>

struct tcx_sigv2 {
  const char *access_key, *secret_key;
  const char *session_token; /* NULL or "" = none */
  int64_t now;               /* Unix seconds */
};
/* The form in req->body with the fields that sign it behind: AWSAccessKeyId, SignatureVersion,
   SignatureMethod, Timestamp, SecurityToken, Signature. form lies in req's arena. TCX_EPARAM when
   the body is no form. */
int tcx__sigv2_sign(const struct tcx_sigv2 *s, const struct tcx_request *req, struct tcx_str *form,
                    struct tcx_fail *f);
#endif
