/*
 * clock.c - this machine's clock beside the service's. A request that was refused because its time
 * is wrong tells the right one in its Date header: the client keeps the difference, signs with it
 * from then on, and the request is sent again.
 */
#include "base/time.h"
#include "core/call.h"
#include <string.h>

/* below this a refusal has another reason: services allow 5 minutes and more */
#define SKEW_MIN_S 240

int64_t tcx__call_now(tcx_call_t *call) {
  call->time_signed = true;
  call->skew_s = call->client->skew_s;
  return tcx__session_now(call->session) + call->skew_s;
}

/* HEAD's refusals have no document: the status is their code. */
static bool may_be_skew(const char *code) {
  static const char *const codes[] = {"RequestTimeTooSkewed",
                                      "RequestExpired",
                                      "RequestInTheFuture",
                                      "InvalidSignatureException",
                                      "SignatureDoesNotMatch",
                                      "AuthFailure",
                                      "403"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(codes[i], code) == 0)
      return true;
  return false;
}

bool tcx__call_clock_corrected(tcx_call_t *call) {
  const struct tcx_header *date = tcx__headers_get(&call->head.headers, "date");
  int64_t server;
  int32_t nanoseconds;
  if (!call->time_signed || date == NULL || !may_be_skew(call->parse_error.code) ||
      tcx__headers_get(&call->head.headers, "age") != NULL || /* a cache's answer, with its date */
      tcx__time_read_as(TCX__TIME_RFC822, date->value, &server, &nanoseconds) != 0)
    return false;
  int64_t skew = server - tcx__session_now(call->session),
          change = skew > call->skew_s ? skew - call->skew_s : call->skew_s - skew;
  if (change < SKEW_MIN_S)
    return false;
  call->client->skew_s = skew;
  return true;
}
