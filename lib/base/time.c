#include "base/time.h"
#include <string.h>
#include <uv.h>

#define DAY 86400

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* ---- calendar: the year is thought to begin in March, so that the leap day is its last ---- */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t tcx__time_from_civil(const struct tcx_civil *civil) {
  int64_t year = civil->year - (civil->month <= 2), era = floor_div(year, 400);
  int64_t month = (civil->month + 9) % 12, of_era = year - era * 400;
  int64_t day = (153 * month + 2) / 5 + civil->day - 1;
  int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
  return days * DAY + civil->hour * 3600 + civil->minute * 60 + civil->second;
}

struct tcx_civil tcx__time_civil(int64_t seconds) {
  int64_t days = floor_div(seconds, DAY), in_day = seconds - days * DAY;
  int64_t shifted = days + 719468, era = floor_div(shifted, 146097),
          of_era = shifted - era * 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t day = of_era - (365 * year + year / 4 - year / 100), month = (5 * day + 2) / 153;
  struct tcx_civil civil = {
      .month = (int)(month < 10 ? month + 3 : month - 9),
      .day = (int)(day - (153 * month + 2) / 5 + 1),
      .hour = (int)(in_day / 3600),
      .minute = (int)(in_day / 60 % 60),
      .second = (int)(in_day % 60),
      .weekday = (int)(((days + 4) % 7 + 7) % 7),
  };
  civil.year = (int)(year + era * 400 + (civil.month <= 2));
  return civil;
}

/* ---- writing ---- */

static void put_digits(char *to, int value, int width) {
  for (int i = width - 1; i >= 0; i--, value /= 10)
    to[i] = (char)('0' + value % 10);
}

void tcx__time_amz(char out[17], int64_t seconds) {
  struct tcx_civil civil = tcx__time_civil(seconds);
  put_digits(out, civil.year, 4);
  put_digits(out + 4, civil.month, 2);
  put_digits(out + 6, civil.day, 2);
  out[8] = 'T';
  put_digits(out + 9, civil.hour, 2);
  put_digits(out + 11, civil.minute, 2);
  put_digits(out + 13, civil.second, 2);
  out[15] = 'Z';
  out[16] = '\0';
}

static char *put(char *to, const char *text, size_t n) {
  memcpy(to, text, n);
  return to + n;
}

static char *put_clock(char *to, const struct tcx_civil *civil) {
  put_digits(to, civil->hour, 2);
  put_digits(to + 3, civil->minute, 2);
  put_digits(to + 6, civil->second, 2);
  to[2] = to[5] = ':';
  return to + 8;
}

static char *put_fraction(char *to, int32_t micro) {
  *to = '.';
  put_digits(to + 1, micro, 6);
  return to + 7;
}

static char *put_iso8601(char *to, const struct tcx_civil *civil, int32_t nanoseconds) {
  put_digits(to, civil->year, 4);
  put_digits(to + 5, civil->month, 2);
  put_digits(to + 8, civil->day, 2);
  to[4] = to[7] = '-';
  to[10] = 'T';
  to = put_clock(to + 11, civil);
  if (nanoseconds >= 1000)
    to = put_fraction(to, nanoseconds / 1000);
  *to = 'Z';
  return to + 1;
}

static char *put_rfc822(char *to, const struct tcx_civil *civil) {
  to = put(to, weekdays[civil->weekday], 3);
  to = put(to, ", 00 ", 5);
  put_digits(to - 3, civil->day, 2);
  to = put(to, months[civil->month - 1], 3);
  to = put(to, " 0000 ", 6);
  put_digits(to - 5, civil->year, 4);
  return put(put_clock(to, civil), " GMT", 4);
}

/* Microseconds, as in the other formats; zeroes at the end are not written. */
static char *put_unix(char *to, int64_t seconds, int32_t nanoseconds) {
  int32_t micro = nanoseconds / 1000;
  uint64_t whole = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
  if (seconds < 0)
    *to++ = '-';
  if (seconds < 0 && micro > 0) { /* -2 and half a second is -1.5 */
    whole--;
    micro = 1000000 - micro;
  }
  char digits[20];
  size_t at = sizeof digits;
  do
    digits[--at] = (char)('0' + whole % 10);
  while ((whole /= 10) != 0);
  to = put(to, digits + at, sizeof digits - at);
  if (micro > 0)
    for (to = put_fraction(to, micro); to[-1] == '0';)
      to--;
  return to;
}

/* NULL when the format cannot spell the year. */
static char *spell(char out[TCX__TIME_TEXT], tcx__time_format format, int64_t seconds,
                   int32_t nanoseconds) {
  if (format == TCX__TIME_UNIX)
    return put_unix(out, seconds, nanoseconds);
  if (!tcx__time_in_range(seconds))
    return NULL;
  struct tcx_civil civil = tcx__time_civil(seconds);
  if (civil.year < 0)
    return NULL;
  return format == TCX__TIME_RFC822 ? put_rfc822(out, &civil)
                                    : put_iso8601(out, &civil, nanoseconds);
}

void tcx__time_write(struct tcx_buf *out, tcx__time_format format, int64_t seconds,
                     int32_t nanoseconds) {
  char text[TCX__TIME_TEXT];
  const char *end = spell(text, format, seconds, nanoseconds);
  if (end != NULL)
    tcx__buf_add(out, text, (size_t)(end - text));
  else if (out->status == 0)
    out->status = UV_ERANGE;
}

size_t tcx__time_text(char out[TCX__TIME_TEXT], int64_t seconds, int32_t nanoseconds) {
  char *end = spell(out, TCX__TIME_ISO8601, seconds, nanoseconds);
  if (end == NULL)
    end = put_unix(out, seconds, nanoseconds);
  *end = '\0';
  return (size_t)(end - out);
}
