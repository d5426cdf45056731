/*
 * auto_mode.c - the defaults mode "auto" outside of what the environment tells: whether a client's
 * region is the one that this machine is in, which the metadata service of EC2 knows.
 *
 *   client: pending -> (its first call waits in POOL) -> known: in-region, or cross-region
 *
 * The first calls of all such clients share one look-up, which the session keeps. It is within
 * metadata_service_timeout and metadata_service_num_attempts, and its failure is no error.
 */
#include "core/call.h"
#include "core/defaults_mode.h"
#include "core/log.h"
#include <string.h>

/* A region that is not known is another one: standard and cross-region are the same here. */
static void settle(tcx_client_t *c, const char *home) {
  struct tcx_defaults_mode mode;
  bool here = c->config.region != NULL && strcmp(c->config.region, home) == 0;
  const char *name = here ? "in-region" : "cross-region";
  if (c->config.auto_mode && tcx__defaults_mode(name, NULL, &mode, NULL) == 0) {
    c->config.connect_timeout_ms = mode.connect_timeout_ms;
    tcx__log(c->session, TCX_LOG_DEBUG, "config", NULL, "client %s: the machine's region is %s: %s",
             c->service, home, name);
  }
  c->config.auto_mode = false;
}

static void on_home(struct tcx_identity_wait *wait, struct tcx_identity *home, int status,
                    const char *why) {
  tcx_call_t *call = (tcx_call_t *)(void *)((char *)wait - offsetof(tcx_call_t, wait.identity));
  call->identity_waiting = false;
  (void)why; /* of a look-up that took too long: the source has logged it */
  if (status == UV_ENOMEM) {
    tcx__call_fail(call, status, TCX_PHASE_POOL);
    return;
  }
  settle(call->client, home != NULL ? home->token : "unknown");
  tcx__identity_release(home);
  tcx__call_step(call);
}

int tcx__auto_mode_wait(tcx_call_t *call) {
  struct tcx_identity_source *source = NULL;
  if (!call->client->config.auto_mode)
    return 0;
  int err = tcx__session_home(call->session, &source);
  if (err != 0)
    return err;
  memset(&call->wait.identity, 0, sizeof call->wait.identity);
  call->wait.identity.done = on_home;
  call->identity_waiting = true;
  struct tcx_identity *home = tcx__identity_get(source, &call->wait.identity);
  if (home == NULL)
    return TCX_EAGAIN;
  call->identity_waiting = false;
  settle(call->client, home->token);
  tcx__identity_release(home);
  return 0;
}
