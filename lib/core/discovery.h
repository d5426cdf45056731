/*
 * discovery.h - endpoints that a service is asked for: DynamoDB's and Timestream's
 * DescribeEndpoints, botocore's EndpointDiscoveryManager.
 *
 *   unknown --ask--> asking --answer--> known --CachePeriodInMinutes--> stale --ask--> ...
 *                       \--failure--> not asked again for a minute; stale ones are used
 *
 * While it is asked, calls wait in INNER. An operation that cannot do without asks at once.
 *
 * One endpoint a client: no service's DescribeEndpoints takes identifiers. Asked is with an
 * internal call of the client itself; its callback wakes all that wait, which prepare their
 * requests from the beginning. 421 and InvalidEndpointException forget the endpoint, and the call
 * goes to the next one, once. A custom endpoint is never replaced.
 */
#ifndef TCX_CORE_DISCOVERY_H
#define TCX_CORE_DISCOVERY_H
#include "base/arena.h"
#include <tucuxi.h>

#define TCX__DISCOVERY_FAILED_S 60 /* after a failure, calls that can do without do so */

struct tcx_discovery_waiter { /* in the call's arena; holds a reference of it */
  tcx_call_t *call;
  struct tcx_discovery_waiter *next;
};
struct tcx_discovery { /* a client's; zeroed at its creation */
  bool on;             /* endpoint_discovery_enabled, and a service that has it */
  bool asking;
  char *url;                     /* malloc; NULL = none known */
  int64_t expires, failed_until; /* Unix seconds */
  char *why;                     /* malloc: of the last failure, or NULL */
  struct tcx_discovery_waiter *waiting;
};
void tcx__discovery_begin(tcx_client_t *client); /* once its model and configuration stand */
void tcx__discovery_free(tcx_client_t *client);
/* Before the request is built. 0, TCX_EAGAIN (it waits), or why it cannot be sent: TCX_EENDPOINT,
 * TCX_ECONFIG. */
int tcx__discovery_wait(tcx_call_t *call);
/* The endpoint that is known goes into the request. UV_ENOMEM. */
int tcx__discovery_apply(tcx_call_t *call);
/* An error of the service says that the endpoint is wrong: it is forgotten, and the call should
 * wait for another one. */
bool tcx__discovery_rejected(tcx_call_t *call);
#endif
