/*
 * metadata.h - small requests to a metadata service (containers, EC2 instances): one at a time, on
 * connections of their own, with a time limit and a bounded answer.
 *
 *   idle -> tcx__metadata_ask -> done, once, from the loop: idle        cancelled -> idle
 */
#ifndef TCX_CREDS_METADATA_H
#define TCX_CREDS_METADATA_H
#include "base/codec.h"
#include "core/session.h"
#include "net/net.h"

#define TCX__METADATA_MAX (64 * 1024u) /* bytes of an answer's body */

struct tcx_metadata {
  tcx_session_t *session; /* set by the owner, with done and ca_bundle */
  const char *ca_bundle;  /* NULL = the system's */
  /* status 0: http_status and body; UV_ETIMEDOUT, TCX_EPARAM for a header that is none, or what the
   * network says; why as a sentence. */
  void (*done)(struct tcx_metadata *m, int status, const char *why);
  /* of the answer, valid inside done: */
  int http_status;
  struct tcx_buf body;
  /* the time ran out while an answer was awaited, not before */
  bool connected;
  /* its own: */
  struct tcx_pool *pool;
  struct tcx_lease lease;
  struct tcx_exchange exchange;
  struct tcx_arena *arena; /* of the request under way */
  struct tcx_buf head;
  struct tcx_timer timer;
  enum { TCX__METADATA_IDLE, TCX__METADATA_LEASE, TCX__METADATA_EXCHANGE } state;
};
/* lines: "Name: value", NULL-ended; read inside. url must be one that tcx__url_parse took, and stay
 * until done. UV_ENOMEM, or TCX_EPARAM for a line that holds CR, LF or NUL: then done does not
 * come. */
int tcx__metadata_ask(struct tcx_metadata *m, const char *method, const struct tcx_url *url,
                      const char *const *lines, unsigned timeout_ms);
void tcx__metadata_cancel(struct tcx_metadata *m); /* done does not come; harmless when idle */
/* cancels, and closes its connections: the session's network lingers for them */
void tcx__metadata_end(struct tcx_metadata *m);
#endif
