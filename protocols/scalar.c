/* scalar.c - see scalar.h. */
#include "protocols/scalar.h"
#include "base/codec.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  NUMBER_MAX = 400
}; /* characters of a number that is read; a double's own longest is about 330 */

/* ---- out ---- */

static void write_double(struct tcx_buf *out, double d) {
  if (isnan(d)) {
    tcx__buf_adds(out, "NaN");
  } else if (isinf(d)) {
    tcx__buf_adds(out, d < 0 ? "-Infinity" : "Infinity");
  } else {
    char text[TCX__NUMBER_TEXT];
    tcx__buf_add(out, text, tcx__number_write(text, d));
  }
}

int tcx__scalar_time(const struct tcx_value *v, int64_t *seconds, int32_t *nanoseconds) {
  *seconds = 0;
  *nanoseconds = 0;
  if (v->type == TCX_TIME) {
    *seconds = v->u.time.seconds;
    *nanoseconds = v->u.time.nanoseconds;
  } else if (v->type == TCX_INT) {
    *seconds = v->u.integer;
  } else if (v->type == TCX_STRING) {
    return tcx__time_read(v->u.bytes, seconds, nanoseconds) == 0 ? 0 : TCX_EPARAM;
  } else if (v->type == TCX_DOUBLE && fabs(v->u.number) < 1e15) {
    *seconds = (int64_t)floor(v->u.number);
    *nanoseconds = (int32_t)(round((v->u.number - floor(v->u.number)) * 1e6) * 1e3);
    if (*nanoseconds == 1000000000) {
      (*seconds)++;
      *nanoseconds = 0;
    }
  } else {
    return TCX_EPARAM;
  }
  return tcx__time_in_range(*seconds) ? 0 : TCX_EPARAM;
}

static int write_time(struct tcx_buf *out, tcx__time_format format, const struct tcx_value *v) {
  int64_t seconds;
  int32_t nanoseconds;
  int status = tcx__scalar_time(v, &seconds, &nanoseconds);
  if (status == 0)
    tcx__time_write(out, format, seconds, nanoseconds);
  return status;
}

static tcx__time_format format_of(const struct tcx_member *member, tcx__time_format format) {
  return member->time_format != TCX__TIME_DEFAULT ? (tcx__time_format)member->time_format : format;
}

int tcx__scalar_write(struct tcx_buf *out, const struct tcx_member *member, tcx__time_format format,
                      const struct tcx_value *v) {
  uint8_t type = member->shape->type;
  if (type == TCX__SHAPE_TIMESTAMP)
    return write_time(out, format_of(member, format), v);
  if (type == TCX__SHAPE_BLOB && (v->type == TCX_STRING || v->type == TCX_BLOB)) {
    tcx__base64_encode(out, v->u.bytes.p, v->u.bytes.n);
    return 0;
  }
  switch (v->type) {
  case TCX_BOOL:
    tcx__buf_adds(out, v->u.boolean ? "true" : "false");
    return 0;
  case TCX_INT:
    tcx__buf_add_int(out, v->u.integer);
    return 0;
  case TCX_DOUBLE:
    write_double(out, v->u.number);
    return 0;
  case TCX_BIGNUM:
  case TCX_STRING:
    tcx__buf_add_str(out, v->u.bytes);
    return 0;
  default:
    return TCX_EPARAM;
  }
}

int tcx__scalar_text(struct tcx_arena *arena, const struct tcx_member *member,
                     tcx__time_format format, const struct tcx_value *v, struct tcx_str *out) {
  uint8_t type = member->shape->type;
  if ((v->type == TCX_STRING && type != TCX__SHAPE_BLOB && type != TCX__SHAPE_TIMESTAMP) ||
      v->type == TCX_BIGNUM) {
    *out = v->u.bytes;
    return 0;
  }
  if (type == TCX__SHAPE_BOOLEAN && v->type == TCX_BOOL) {
    *out = v->u.boolean ? TCX__STR("true") : TCX__STR("false");
    return 0;
  }
  struct tcx_buf buf;
  tcx__buf_init(&buf, arena, SIZE_MAX / 2);
  int status = tcx__scalar_write(&buf, member, format, v);
  if (status == 0)
    status = buf.status == UV_ERANGE ? TCX_EPARAM : buf.status; /* a year that has no text */
  *out = tcx__buf_str(&buf);
  return status;
}

/* ---- in ---- */

static size_t digits_at(struct tcx_str s, size_t i) {
  size_t from = i;
  while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
    i++;
  return i - from;
}

static int read_integer(struct tcx_arena *arena, struct tcx_str text, struct tcx_value **out) {
  struct tcx_str s = tcx__str_trim(text);
  size_t sign = s.n > 0 && (*s.p == '-' || *s.p == '+');
  if (s.n == sign || s.n > NUMBER_MAX || digits_at(s, sign) != s.n - sign)
    return TCX_EPROTO;
  int64_t i;
  if (tcx__str_to_int64(s, &i) == 0) {
    *out = tcx__value_new_int(arena, i);
    return *out != NULL ? 0 : UV_ENOMEM;
  }
  if (*s.p == '+')
    s.p++, s.n--;
  *out = tcx__value_new(arena, TCX_BIGNUM);
  char *copy = tcx__arena_strndup(arena, s.p, s.n);
  if (*out == NULL || copy == NULL)
    return UV_ENOMEM;
  (*out)->u.bytes = (struct tcx_str){copy, s.n};
  return 0;
}

static bool is_decimal(struct tcx_str s) {
  size_t i = s.n > 0 && (*s.p == '-' || *s.p == '+'), whole = digits_at(s, i), fraction = 0;
  i += whole;
  if (i < s.n && s.p[i] == '.') {
    fraction = digits_at(s, i + 1);
    i += 1 + fraction;
  }
  if (whole + fraction == 0)
    return false;
  if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
    i++;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
      i++;
    size_t exponent = digits_at(s, i);
    if (exponent == 0)
      return false;
    i += exponent;
  }
  return i == s.n;
}

/* strtod reads the locale's decimal point; the text has a '.'. */
static double to_double(struct tcx_str s) {
  char sample[16], text[NUMBER_MAX + sizeof sample];
  snprintf(sample, sizeof sample, "%.1f", 0.5);
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != '.') {
      text[n++] = s.p[i];
      continue;
    }
    size_t point = strlen(sample) - 2; /* "0", the point, "5" */
    memcpy(text + n, sample + 1, point);
    n += point;
  }
  text[n] = '\0';
  return strtod(text, NULL);
}

static int read_double(struct tcx_arena *arena, struct tcx_str text, struct tcx_value **out) {
  struct tcx_str s = tcx__str_trim(text), name = s;
  bool minus = s.n > 0 && *s.p == '-';
  if (s.n > 0 && (*s.p == '-' || *s.p == '+'))
    name = (struct tcx_str){s.p + 1, s.n - 1};
  double d;
  if (tcx__str_ieq(name, TCX__STR("infinity")) || tcx__str_ieq(name, TCX__STR("inf")))
    d = minus ? -INFINITY : INFINITY;
  else if (tcx__str_ieq(name, TCX__STR("nan")))
    d = NAN;
  else if (s.n <= NUMBER_MAX && is_decimal(s))
    d = to_double(s);
  else
    return TCX_EPROTO;
  *out = tcx__value_new_num(arena, d);
  return *out != NULL ? 0 : UV_ENOMEM;
}

static int read_time(struct tcx_arena *arena, struct tcx_str text, struct tcx_value **out) {
  int64_t seconds;
  int32_t nanoseconds;
  bool is_date =
      text.n > 4 &&
      text.p[4] == '-'; /* what nearly every one is: no need to try the other forms first */
  if ((!is_date || tcx__time_read_as(TCX__TIME_ISO8601, text, &seconds, &nanoseconds) != 0) &&
      tcx__time_read(text, &seconds, &nanoseconds) != 0)
    return TCX_EPROTO;
  *out = tcx__value_new_time(arena, seconds, nanoseconds);
  return *out != NULL ? 0 : UV_ENOMEM;
}

static int read_blob(struct tcx_arena *arena, struct tcx_str text, struct tcx_value **out) {
  struct tcx_buf bytes;
  tcx__buf_init(&bytes, arena, SIZE_MAX / 2);
  if (tcx__base64_decode(&bytes, text.p, text.n) != 0)
    return bytes.status != 0 ? bytes.status : TCX_EPROTO;
  *out = tcx__value_new_blob(arena, bytes.data, bytes.len);
  return *out != NULL ? 0 : UV_ENOMEM;
}

int tcx__scalar_value(struct tcx_arena *arena, const struct tcx_shape *shape, struct tcx_str text,
                      struct tcx_value **out) {
  switch (shape->type) {
  case TCX__SHAPE_STRING:
    *out = tcx__value_new_str(arena, text.p, text.n);
    break;
  case TCX__SHAPE_BOOLEAN:
    *out = tcx__value_new_bool(arena, tcx__str_is(text, "true"));
    break;
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
    return read_integer(arena, text, out);
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    return read_double(arena, text, out);
  case TCX__SHAPE_TIMESTAMP:
    return read_time(arena, text, out);
  case TCX__SHAPE_BLOB:
    return read_blob(arena, text, out);
  default:
    return TCX_EPROTO;
  }
  return *out != NULL ? 0 : UV_ENOMEM;
}
