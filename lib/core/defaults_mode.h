/* defaults_mode.h - what a defaults mode (botocore's sdk-default-configuration.json) changes:
 * connect timeout, and the same retry mode and regional endpoints for all of them. */
#ifndef TCX_CORE_DEFAULTS_MODE_H
#define TCX_CORE_DEFAULTS_MODE_H
#include "base/error.h"
#include <tucuxi.h>

struct tcx_defaults_mode {
  const char *name; /* "auto" has become one of the others */
  /* 0: "legacy", which changes nothing. Else retries are standard, and STS and S3 in us-east-1
   * regional, where nothing else is said */
  unsigned connect_timeout_ms;
  bool ask; /* it was "auto", and only the metadata service of EC2 can tell more */
};
/* name in any case. TCX_ECONFIG for one that there is not. "auto" looks at the environment of the
 * process: in AWS it is in-region or cross-region, by region; elsewhere standard, until the
 * machine was asked (auto_mode.c). */
int tcx__defaults_mode(const char *name, const char *region, struct tcx_defaults_mode *out,
                       struct tcx_fail *f);
/* auto_mode.c: before a client's pool is made. 0: its mode is known; TCX_EAGAIN: the call is
 * stepped again when it is; UV_ENOMEM. */
int tcx__auto_mode_wait(tcx_call_t *call);
#endif
