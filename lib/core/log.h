/* log.h - the one way to the session's log callback. A line is made only when somebody listens at
 * its level. Never put a secret, a signature or a body into one. */
#ifndef TCX_CORE_LOG_H
#define TCX_CORE_LOG_H
#include <tucuxi.h>

void tcx__log(tcx_session_t *session, tcx_log_level_t level, const char *area,
              const tcx_call_t *call, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#endif
