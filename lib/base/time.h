/* time.h - timestamps as text. Pure: no clock, no locale, no time zone but UTC; years -9999 to
 * 9999, proleptic Gregorian. */
#ifndef TCX_BASE_TIME_H
#define TCX_BASE_TIME_H
#include "base/buf.h"

#define TCX__TIME_MIN (-377705116800) /* -9999-01-01T00:00:00Z */
#define TCX__TIME_MAX 253402300799    /* 9999-12-31T23:59:59Z */

/* False for what is no second of these years, as milliseconds are mostly not. */
static inline bool tcx__time_in_range(int64_t seconds) {
  return seconds >= TCX__TIME_MIN && seconds <= TCX__TIME_MAX;
}

/* Smithy's timestampFormat, botocore's names */
typedef enum {
  TCX__TIME_DEFAULT, /* not said: the protocol and the place decide */
  TCX__TIME_ISO8601, /* 2015-08-30T12:36:00Z, with botocore's 6 digits where there is a fraction */
  TCX__TIME_RFC822,  /* Sun, 30 Aug 2015 12:36:00 GMT */
  TCX__TIME_UNIX     /* 1440938160, with a fraction when there is one */
} tcx__time_format;

/* UV_ERANGE in the buffer outside the years, and for a year before 0 in the formats that spell
 * it. */
void tcx__time_write(struct tcx_buf *out, tcx__time_format format, int64_t seconds,
                     int32_t nanoseconds);
#define TCX__TIME_TEXT 32 /* bytes of the longest text of any format, and a NUL */
/* ISO 8601, or Unix seconds for a year that it cannot spell; NUL-ended. Returns the length. */
size_t tcx__time_text(char out[TCX__TIME_TEXT], int64_t seconds, int32_t nanoseconds);
/* Reads ISO 8601 (with offset, with fraction), RFC 822 / RFC 7231 dates and numbers (Unix seconds,
 * fraction and exponent allowed), whichever it is. UV_EINVAL for anything else, UV_ERANGE outside
 * the years. */
int tcx__time_read(struct tcx_str text, int64_t *seconds, int32_t *nanoseconds);
int tcx__time_read_as(tcx__time_format format, struct tcx_str text, int64_t *seconds,
                      int32_t *nanoseconds);

/* month 1-12, weekday 0 = Sunday */
struct tcx_civil {
  int year, month, day, hour, minute, second, weekday;
};
struct tcx_civil tcx__time_civil(int64_t seconds);
int64_t tcx__time_from_civil(const struct tcx_civil *civil); /* weekday is ignored */
/* "20150830T123600Z" and a NUL */
void tcx__time_amz(char out[17], int64_t seconds);
#endif
