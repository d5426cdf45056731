/*
 * log.h - the one way to the session's log callback. A line is made only when somebody listens at
 * its level. Never put a secret, a signature or a body into one; log_wire.c shows heads and bodies
 * to whoever asked for them, without those.
 */
#ifndef TCX_CORE_LOG_H
#define TCX_CORE_LOG_H
#include "core/session.h"

static inline bool tcx__logs(const tcx_session_t *session, tcx_log_level_t level) {
  return session->log != NULL && level <= session->log_level;
}
void tcx__log_line(tcx_session_t *session, tcx_log_level_t level, const char *area,
                   const tcx_call_t *call, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#define tcx__log(session, level, ...)                                                              \
  do {                                                                                             \
    if (tcx__logs(session, level))                                                                 \
      tcx__log_line(session, level, __VA_ARGS__);                                                  \
  } while (0)

/* log_call.c: each tests first whether anybody listens */
void tcx__log_state(tcx_call_t *call);    /* the one that it enters */
void tcx__log_endpoint(tcx_call_t *call); /* while call->rule_values are there */
void tcx__log_outcome(tcx_call_t *call);
/* log_wire.c: likewise */
void tcx__log_request(tcx_call_t *call, struct tcx_str head);
void tcx__log_response_head(tcx_call_t *call);
void tcx__log_response_data(tcx_call_t *call, const char *p, size_t n);
void tcx__log_response_end(tcx_call_t *call); /* or its failure */
#endif
