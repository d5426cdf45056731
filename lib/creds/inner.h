/*
 * inner.h - one call of a client of the library's own, for providers that ask a service.
 *
 *   idle -> tcx__inner_start -> done, once, from the loop: idle        cancelled -> idle
 *
 * The client is made for the call and closed after it. What the response holds is wiped when done
 * returns. The struct must last until the session has closed its clients.
 */
#ifndef TCX_CREDS_INNER_H
#define TCX_CREDS_INNER_H
#include "core/hooks.h"
#include "core/session.h"

struct tcx_inner {
  tcx_session_t *session; /* set by the owner, with done */
  void (*done)(struct tcx_inner *inner, const tcx_value_t *response, const tcx_error_t *error);
  /* what hangs on the call, instead of the service's own; it finds the inner call as tcx_call_data.
   * NULL = nothing */
  const struct tcx_customization *custom;
  tcx_client_t *client;
  tcx_call_t *call; /* NULL while idle */
};
/* params is CONSUMED. UV_ENOMEM, TCX_ECLOSING: done does not come. */
int tcx__inner_start(struct tcx_inner *inner, const char *service,
                     const tcx_client_options_t *options, const char *operation,
                     tcx_value_t *params);
void tcx__inner_cancel(struct tcx_inner *inner); /* done does not come; harmless when idle */
/* The second in which what the response hands out ends: so many from now as the member at path
 * says, and none beyond the years that can be written. */
int64_t tcx__inner_ends(const struct tcx_inner *inner, const tcx_value_t *response,
                        const char *path);
/* Where the session's clients are, for services that are asked on their behalf: the region of the
 * newest that has one, or NULL. */
const char *tcx__inner_region(const tcx_session_t *session);
#endif
