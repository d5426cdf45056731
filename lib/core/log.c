#include "core/log.h"
#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1024 /* a longer line is cut */

void tcx__log_line(tcx_session_t *session, tcx_log_level_t level, const char *area,
                   const tcx_call_t *call, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  for (char *p = line; *p != '\0'; p++)
    if ((unsigned char)*p < ' ')
      *p = ' ';
  session->log(level, area, line, call, session->log_data);
}
