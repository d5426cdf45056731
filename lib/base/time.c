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
  int64_t shifted = days + 719468, era = floor_div(shifted, 146097), of_era = shifted - era * 146097;
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

static void write_clock(struct tcx_buf *out, const struct tcx_civil *civil) {
  char text[8] = "00:00:00";
  put_digits(text, civil->hour, 2);
  put_digits(text + 3, civil->minute, 2);
  put_digits(text + 6, civil->second, 2);
  tcx__buf_add(out, text, sizeof text);
}

static void write_iso8601(struct tcx_buf *out, const struct tcx_civil *civil, int32_t nanoseconds) {
  char date[11] = "0000-00-00T", fraction[7] = ".000000";
  put_digits(date, civil->year, 4);
  put_digits(date + 5, civil->month, 2);
  put_digits(date + 8, civil->day, 2);
  tcx__buf_add(out, date, sizeof date);
  write_clock(out, civil);
  put_digits(fraction + 1, nanoseconds / 1000, 6);
  if (nanoseconds >= 1000)
    tcx__buf_add(out, fraction, sizeof fraction);
  tcx__buf_addc(out, 'Z');
}

static void write_rfc822(struct tcx_buf *out, const struct tcx_civil *civil) {
  char date[8] = " 00 Jan ", year[5] = "0000 ";
  tcx__buf_add(out, weekdays[civil->weekday], 3);
  tcx__buf_addc(out, ',');
  put_digits(date + 1, civil->day, 2);
  memcpy(date + 4, months[civil->month - 1], 3);
  tcx__buf_add(out, date, sizeof date);
  put_digits(year, civil->year, 4);
  tcx__buf_add(out, year, sizeof year);
  write_clock(out, civil);
  tcx__buf_add(out, " GMT", 4);
}

/* Microseconds, as in the other formats; trailing zeroes are not written. */
static void write_unix(struct tcx_buf *out, int64_t seconds, int32_t nanoseconds) {
  int32_t micro = nanoseconds / 1000;
  if (seconds < 0 && micro > 0) { /* -2 and half a second is -1.5 */
    tcx__buf_addc(out, '-');
    seconds = -(seconds + 1);
    micro = 1000000 - micro;
  }
  tcx__buf_add_int(out, seconds);
  if (micro == 0)
    return;
  char fraction[7] = ".000000";
  put_digits(fraction + 1, micro, 6);
  size_t n = sizeof fraction;
  while (fraction[n - 1] == '0')
    n--;
  tcx__buf_add(out, fraction, n);
}

void tcx__time_write(struct tcx_buf *out, tcx__time_format format, int64_t seconds,
                     int32_t nanoseconds) {
  if (out->status != 0)
    return;
  if (format == TCX__TIME_UNIX) {
    write_unix(out, seconds, nanoseconds);
    return;
  }
  if (seconds > TCX__TIME_MAX || seconds < TCX__TIME_MIN) {
    out->status = UV_ERANGE;
    return;
  }
  struct tcx_civil civil = tcx__time_civil(seconds);
  if (civil.year < 0)
    out->status = UV_ERANGE;
  else if (format == TCX__TIME_RFC822)
    write_rfc822(out, &civil);
  else
    write_iso8601(out, &civil, nanoseconds);
}
