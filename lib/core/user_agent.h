/*
 * user_agent.h - the User-Agent header in ua/2.1 form, with the features that client and call use,
 * and X-Amzn-Trace-Id in Lambda.
 *
 * A client's text is made once, in two halves; between them stand the features' ids, which are
 * looked up again only when a call uses others than the one before it.
 */
#ifndef TCX_CORE_USER_AGENT_H
#define TCX_CORE_USER_AGENT_H
#include "base/buf.h"
#include "base/error.h"
#include <tucuxi.h>

struct tcx_settings;

/* Bits of a set; their ids are AWS's (user_agent.c). */
typedef enum {
  TCX__USES_WAITER,
  TCX__USES_PAGINATOR,
  TCX__USES_RETRY_LEGACY,
  TCX__USES_RETRY_STANDARD,
  TCX__USES_RETRY_ADAPTIVE,
  TCX__USES_GZIP,
  TCX__USES_CBOR,
  TCX__USES_ENDPOINT_OVERRIDE,
  TCX__USES_ACCOUNT_PREFERRED,
  TCX__USES_ACCOUNT_DISABLED,
  TCX__USES_ACCOUNT_REQUIRED,
  TCX__USES_SIGV4A,
  TCX__USES_ACCOUNT_ID,
  TCX__USES_CRC32,
  TCX__USES_CRC32C,
  TCX__USES_CRC64,
  TCX__USES_SHA1,
  TCX__USES_SHA256,
  TCX__USES_REQUEST_SUM_SUPPORTED,
  TCX__USES_REQUEST_SUM_REQUIRED,
  TCX__USES_RESPONSE_SUM_SUPPORTED,
  TCX__USES_RESPONSE_SUM_REQUIRED,
  TCX__USES_KEYS_IN_CODE,
  TCX__USES_KEYS_OF_ENVIRONMENT,
  TCX__USES_ENVIRONMENT_WEB_IDENTITY,
  TCX__USES_ROLE,
  TCX__USES_WEB_IDENTITY,
  TCX__USES_PROFILE,
  TCX__USES_SOURCE_PROFILE,
  TCX__USES_NAMED_PROVIDER,
  TCX__USES_PROFILE_WEB_IDENTITY,
  TCX__USES_PROFILE_SSO,
  TCX__USES_SSO,
  TCX__USES_PROFILE_SSO_LEGACY,
  TCX__USES_SSO_LEGACY,
  TCX__USES_PROFILE_PROCESS,
  TCX__USES_PROCESS,
  TCX__USES_CONTAINER,
  TCX__USES_IMDS,
  TCX__USES_BEARER_OF_ENVIRONMENT,
  TCX__USES_PROFILE_LOGIN,
  TCX__USES_LOGIN,
  TCX__USES_REGION_REDIRECT,
  TCX__USES_COUNT
} tcx__uses;
#define TCX__USES(feature) (UINT64_C(1) << (feature))

struct tcx_user_agent {
  struct tcx_str before, after; /* around the features; an own user agent is all in before */
  bool own;                     /* Config's user_agent: it has no features */
  bool lambda;                  /* the trace id is passed on */
  uint64_t uses;                /* of the client */
  uint64_t shown;               /* the set whose ids are in ids */
  struct tcx_str ids;
  char room[2 + 3 * TCX__USES_COUNT]; /* "m/B,C,..." of shown */
  const char *origin;                 /* of the credentials whose features are origin_uses */
  uint64_t origin_uses;
};
/* after everything else of the client; UV_ENOMEM */
/* user_agent_origin.c: what a provider's name stands for, by what the session's profile says. */
uint64_t tcx__uses_of_origin(const struct tcx_settings *settings, const char *origin);
int tcx__user_agent_make(tcx_client_t *client);
struct tcx_str tcx__user_agent_ids(tcx_call_t *call); /* valid until the next call's */
/* The trace id of this invocation, percent-encoded into room; nothing outside of Lambda, or when it
 * is longer than that. */
struct tcx_str tcx__trace_id(const tcx_client_t *client, char *room, size_t size);
#endif
