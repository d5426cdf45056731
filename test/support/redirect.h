/*
 * redirect.h - sends every connection of the library to one loopback server, over plain http, and
 * keeps where it was meant to go. For programs that are linked with --wrap=tcx__pool_acquire
 * (cmake/TucuxiTests.cmake).
 */
#ifndef TCX_TEST_REDIRECT_H
#define TCX_TEST_REDIRECT_H
#include "net/net.h"
#include "support.h"

#define REDIRECTS_MAX 64
static struct {
  bool tls;
  unsigned port;
  char host[128];
} redirected[REDIRECTS_MAX];
static unsigned redirects; /* so far */
static int redirect_port;  /* where to; 0: nowhere, connections go where they are meant to */

struct tcx_conn *__real_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh);
struct tcx_conn *__wrap_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh);
struct tcx_conn *__wrap_tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                          const struct tcx_target *target,
                                          unsigned acquire_timeout_ms, bool fresh) {
  static const char here[] = "127.0.0.1";
  if (redirect_port == 0)
    return __real_tcx__pool_acquire(pool, lease, target, acquire_timeout_ms, fresh);
  assert_true(redirects < REDIRECTS_MAX);
  redirected[redirects].tls = target->tls;
  redirected[redirects].port = target->port;
  snprintf(redirected[redirects].host, sizeof redirected[0].host, "%.*s", (int)target->host.n,
           target->host.p);
  redirects++;
  struct tcx_target to = {
      .tls = false, .port = (uint16_t)redirect_port, .host = {here, sizeof here - 1}};
  return __real_tcx__pool_acquire(pool, lease, &to, acquire_timeout_ms, fresh);
}
#endif
