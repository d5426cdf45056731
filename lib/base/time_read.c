#include "base/time.h"
#include <string.h>
#include <uv.h>

#define DIGITS_MAX   40     /* digits of a number that are looked at; the others are zero for it */
#define EXPONENT_MAX 100000 /* larger ones are all the same */
#define WHOLE_MAX    13     /* digits before the point; more are outside the years */

struct scan {
  const char *p, *end;
};

struct stamp {
  struct tcx_civil civil;
  int32_t nanoseconds;
  int offset; /* seconds east of UTC */
};

static struct scan scan_of(struct tcx_str text) {
  text = tcx__str_trim(text);
  return (struct scan){text.p, text.p + text.n};
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool eat(struct scan *s, char c) {
  if (s->p == s->end || *s->p != c)
    return false;
  s->p++;
  return true;
}

static bool eat_spaces(struct scan *s) {
  bool any = false;
  while (eat(s, ' '))
    any = true;
  return any;
}

static size_t count_digits(const struct scan *s) {
  size_t n = 0;
  while (n < (size_t)(s->end - s->p) && is_digit(s->p[n]))
    n++;
  return n;
}

/* Exactly width digits. */
static bool eat_digits(struct scan *s, int width, int *out) {
  int value = 0;
  if (s->end - s->p < width)
    return false;
  for (int i = 0; i < width; i++) {
    if (!is_digit(s->p[i]))
      return false;
    value = value * 10 + (s->p[i] - '0');
  }
  s->p += width;
  *out = value;
  return true;
}

static bool eat_fraction(struct scan *s, int32_t *nanoseconds) {
  *nanoseconds = 0;
  if (!eat(s, '.') && !eat(s, ','))
    return true;
  size_t n = count_digits(s);
  int32_t unit = 100000000;
  for (size_t i = 0; i < n; i++, unit /= 10)
    *nanoseconds += (s->p[i] - '0') * unit;
  s->p += n;
  return n > 0;
}

static bool eat_letters(struct scan *s, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(s->end - s->p) < n ||
      !tcx__str_ieq((struct tcx_str){s->p, n}, (struct tcx_str){word, n}))
    return false;
  s->p += n;
  return true;
}

/* "+01:30", "-0130", "+01"; the sign is there. */
static bool eat_offset(struct scan *s, int *offset) {
  bool west = *s->p++ == '-';
  int hours, minutes = 0;
  if (!eat_digits(s, 2, &hours))
    return false;
  if (s->p < s->end) {
    eat(s, ':');
    if (!eat_digits(s, 2, &minutes))
      return false;
  }
  if (hours > 23 || minutes > 59)
    return false;
  *offset = (hours * 60 + minutes) * (west ? -60 : 60);
  return true;
}

/* To the end; no zone is UTC. */
static bool eat_zone(struct scan *s, int *offset) {
  *offset = 0;
  if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
    return eat_offset(s, offset) && s->p == s->end;
  if (s->p < s->end && !eat_letters(s, "GMT") && !eat_letters(s, "UTC") && !eat_letters(s, "UT") &&
      !eat_letters(s, "Z"))
    return false;
  return s->p == s->end;
}

static int finish(const struct stamp *stamp, int64_t *seconds, int32_t *nanoseconds) {
  static const int lengths[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const struct tcx_civil *c = &stamp->civil;
  if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > lengths[c->month - 1] ||
      c->hour > 23 || c->minute > 59 || c->second > 59)
    return UV_EINVAL;
  if (c->month == 2 && c->day == 29 &&
      (c->year % 4 != 0 || (c->year % 100 == 0 && c->year % 400 != 0)))
    return UV_EINVAL;
  int64_t result = tcx__time_from_civil(c) - stamp->offset;
  if (!tcx__time_in_range(result))
    return UV_ERANGE;
  *seconds = result;
  *nanoseconds = stamp->nanoseconds;
  return 0;
}

/* ---- ISO 8601: "2015-08-30T12:36:00.5+02:00", "20150830T123600Z", "2015-08-30" ---- */

static bool eat_iso_date(struct scan *s, struct tcx_civil *c, bool *basic) {
  bool negative = eat(s, '-');
  if (!eat_digits(s, 4, &c->year))
    return false;
  if (negative)
    c->year = -c->year;
  *basic = !eat(s, '-');
  return eat_digits(s, 2, &c->month) && (*basic || eat(s, '-')) && eat_digits(s, 2, &c->day);
}

static bool eat_iso_clock(struct scan *s, struct stamp *stamp, bool basic) {
  struct tcx_civil *c = &stamp->civil;
  if (!eat_digits(s, 2, &c->hour) || !(basic || eat(s, ':')) || !eat_digits(s, 2, &c->minute))
    return false;
  if (basic ? count_digits(s) == 0 : !eat(s, ':'))
    return true;
  return eat_digits(s, 2, &c->second) && eat_fraction(s, &stamp->nanoseconds);
}

static int read_iso8601(struct scan s, int64_t *seconds, int32_t *nanoseconds) {
  struct stamp stamp = {.nanoseconds = 0};
  bool basic;
  if (!eat_iso_date(&s, &stamp.civil, &basic))
    return UV_EINVAL;
  if (s.p < s.end) {
    if (!eat(&s, 'T') && !eat(&s, 't') && !eat(&s, ' '))
      return UV_EINVAL;
    if (!eat_iso_clock(&s, &stamp, basic))
      return UV_EINVAL;
    eat_spaces(&s);
    if (!eat_zone(&s, &stamp.offset))
      return UV_EINVAL;
  }
  return finish(&stamp, seconds, nanoseconds);
}

/* ---- RFC 822: and what RFC 9110 wants read besides, RFC 850's and asctime's forms ---- */

static bool eat_clock(struct scan *s, struct stamp *stamp) {
  struct tcx_civil *c = &stamp->civil;
  return eat_digits(s, 2, &c->hour) && eat(s, ':') && eat_digits(s, 2, &c->minute) && eat(s, ':') &&
         eat_digits(s, 2, &c->second) && eat_fraction(s, &stamp->nanoseconds);
}

static bool eat_month(struct scan *s, int *month) {
  static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (int i = 0; i < 12; i++) {
    char name[4] = {names[3 * i], names[3 * i + 1], names[3 * i + 2], '\0'};
    if (eat_letters(s, name)) {
      *month = i + 1;
      return true;
    }
  }
  return false;
}

static bool eat_day(struct scan *s, int *day) {
  size_t n = count_digits(s);
  return (n == 1 || n == 2) && eat_digits(s, (int)n, day);
}

/* Two digits are years from 1969 to 2068, as POSIX has it. */
static bool eat_year(struct scan *s, int *year) {
  size_t n = count_digits(s);
  if ((n != 2 && n != 4) || !eat_digits(s, (int)n, year))
    return false;
  if (n == 2)
    *year += *year < 69 ? 2000 : 1900;
  return true;
}

static void eat_weekday(struct scan *s) {
  while (s->p < s->end && ((*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z')))
    s->p++;
}

static int read_asctime(struct scan s, int64_t *seconds, int32_t *nanoseconds) {
  struct stamp stamp = {.offset = 0};
  if (!eat_month(&s, &stamp.civil.month) || !eat_spaces(&s) || !eat_day(&s, &stamp.civil.day) ||
      !eat_spaces(&s) || !eat_clock(&s, &stamp) || !eat_spaces(&s) ||
      !eat_year(&s, &stamp.civil.year) || s.p != s.end)
    return UV_EINVAL;
  return finish(&stamp, seconds, nanoseconds);
}

static int read_rfc822(struct scan s, int64_t *seconds, int32_t *nanoseconds) {
  struct stamp stamp = {.offset = 0};
  if (s.p < s.end && !is_digit(*s.p)) {
    eat_weekday(&s);
    if (!eat(&s, ','))
      return eat_spaces(&s) ? read_asctime(s, seconds, nanoseconds) : UV_EINVAL;
    eat_spaces(&s);
  }
  if (!eat_day(&s, &stamp.civil.day))
    return UV_EINVAL;
  bool dashes = eat(&s, '-');
  if (!(dashes || eat_spaces(&s)) || !eat_month(&s, &stamp.civil.month) ||
      !(dashes ? eat(&s, '-') : eat_spaces(&s)) || !eat_year(&s, &stamp.civil.year) ||
      !eat_spaces(&s) || !eat_clock(&s, &stamp))
    return UV_EINVAL;
  eat_spaces(&s);
  if (!eat_zone(&s, &stamp.offset))
    return UV_EINVAL;
  return finish(&stamp, seconds, nanoseconds);
}

/* ---- numbers ---- */

/* A decimal number as digits: 0.digits * 10^point; no leading zero. */
struct decimal {
  char digits[DIGITS_MAX];
  int count, point;
  bool negative;
};

static void add_digits(struct scan *s, struct decimal *d, bool whole) {
  for (; s->p < s->end && is_digit(*s->p); s->p++) {
    if (d->count == 0 && *s->p == '0') {
      d->point -= !whole && d->point > -EXPONENT_MAX;
      continue;
    }
    d->point += whole && d->point < EXPONENT_MAX;
    if (d->count < DIGITS_MAX)
      d->digits[d->count++] = *s->p;
  }
}

static bool eat_exponent(struct scan *s, int *exponent) {
  bool negative = eat(s, '-');
  if (!negative)
    eat(s, '+');
  if (count_digits(s) == 0)
    return false;
  int value = 0;
  for (; s->p < s->end && is_digit(*s->p); s->p++)
    value = value < EXPONENT_MAX ? value * 10 + (*s->p - '0') : value;
  *exponent = negative ? -value : value;
  return true;
}

static bool eat_decimal(struct scan *s, struct decimal *d) {
  *d = (struct decimal){.negative = eat(s, '-')};
  if (!d->negative)
    eat(s, '+');
  size_t whole = count_digits(s), fraction = 0;
  add_digits(s, d, true);
  if (eat(s, '.')) {
    fraction = count_digits(s);
    add_digits(s, d, false);
  }
  int exponent = 0;
  if (whole + fraction == 0 || ((eat(s, 'e') || eat(s, 'E')) && !eat_exponent(s, &exponent)))
    return false;
  d->point += exponent;
  return s->p == s->end;
}

static int read_unix(struct scan s, int64_t *seconds, int32_t *nanoseconds) {
  struct decimal d;
  if (!eat_decimal(&s, &d))
    return UV_EINVAL;
  if (d.count > 0 && d.point > WHOLE_MAX)
    return UV_ERANGE;
  int64_t whole = 0;
  int32_t nano = 0;
  if (d.count > 0 && d.point >= -9) {
    for (int i = 0; i < d.point; i++)
      whole = whole * 10 + (i < d.count ? d.digits[i] - '0' : 0);
    for (int place = 0; place < 9; place++) {
      int at = d.point + place;
      nano = nano * 10 + (at >= 0 && at < d.count ? d.digits[at] - '0' : 0);
    }
  }
  if (d.negative)
    whole = -whole - (nano > 0);
  if (d.negative && nano > 0)
    nano = 1000000000 - nano;
  if (!tcx__time_in_range(whole))
    return UV_ERANGE;
  *seconds = whole;
  *nanoseconds = nano;
  return 0;
}

/* ---- the two ways in ---- */

int tcx__time_read_as(tcx__time_format format, struct tcx_str text, int64_t *seconds,
                      int32_t *nanoseconds) {
  if (text.n == 0)
    return UV_EINVAL;
  struct scan s = scan_of(text);
  switch (format) {
  case TCX__TIME_ISO8601:
    return read_iso8601(s, seconds, nanoseconds);
  case TCX__TIME_RFC822:
    return read_rfc822(s, seconds, nanoseconds);
  case TCX__TIME_UNIX:
    return read_unix(s, seconds, nanoseconds);
  case TCX__TIME_DEFAULT:
    break;
  }
  return tcx__time_read(text, seconds, nanoseconds);
}

int tcx__time_read(struct tcx_str text, int64_t *seconds, int32_t *nanoseconds) {
  static const tcx__time_format formats[] = {TCX__TIME_UNIX, TCX__TIME_ISO8601, TCX__TIME_RFC822};
  int status = UV_EINVAL;
  for (size_t i = 0; i < 3 && status == UV_EINVAL; i++)
    status = tcx__time_read_as(formats[i], text, seconds, nanoseconds);
  return status;
}
