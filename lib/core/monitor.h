/*
 * monitor.h - client-side monitoring: for an agent on this machine, a JSON document over UDP for
 * each attempt of a call and for each call (csm_enabled, csm_host, csm_port, csm_client_id).
 *
 *   off: session->monitor and call->monitored are NULL, and each of the points below is a test for
 *     that
 *   on:  call started -> requested -> (attempt -> attempted)* -> done
 *
 * monitor.c has the session's half: the socket, and where it sends to; monitor_call.c the call's.
 * Events are best effort, as UDP is: one that the socket does not take at once is lost, and so are
 * those that come before the first look-up of csm_host has ended. Nothing here holds the loop or
 * fails a call, but for memory at its start.
 */
#ifndef TCX_CORE_MONITOR_H
#define TCX_CORE_MONITOR_H
#include "core/call.h"

/* bytes of an event; a longer one is not sent, as in botocore */
#define TCX__MONITOR_EVENT_MAX (8 * 1024u)

/* ---- the session's half ---- */

/* Of the session's settings; *out stays NULL where csm_enabled is not true. Opens nothing.
 * TCX_ECONFIG, UV_ENOMEM. */
int tcx__monitor_new(tcx_session_t *session, const struct tcx_settings *settings,
                     struct tcx_monitor **out, struct tcx_fail *f);
const char *tcx__monitor_client_id(const struct tcx_monitor *monitor);
/* the first time only: asks for csm_host's address */
void tcx__monitor_look_up(struct tcx_monitor *monitor);
void tcx__monitor_send(struct tcx_monitor *monitor, const struct tcx_buf *event);
/* before the network closes: no look-up any more. NULL is fine */
void tcx__monitor_stop(struct tcx_monitor *monitor);
/* closed when its handle is; then it is freed */
void tcx__monitor_close(struct tcx_monitor *monitor, void (*closed)(tcx_session_t *session));

/* ---- the call's half ---- */

struct tcx_monitored {
  int64_t started_ms, attempt_ms; /* the session's clock */
  uint64_t attempt_us;
  /* the request is made (what fails before is no event); the call's own event is out */
  bool requested, told;
  /* of the last attempt */
  bool any;
  int http_status; /* 0: no response, but an exception */
  /* of an error response, or of the exception (its class); code NULL: a success */
  const char *code, *message;
};

int tcx__monitor_started(tcx_call_t *call); /* UV_ENOMEM */
void tcx__monitor_attempt_began(tcx_call_t *call);
/* no usable response; the text is in call->fail */
void tcx__monitor_attempt_failed(tcx_call_t *call, int status, tcx_phase_t phase);
void tcx__monitor_attempt_answered(tcx_call_t *call);
void tcx__monitor_call_done(tcx_call_t *call);
#endif
