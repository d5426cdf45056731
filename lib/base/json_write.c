#include "base/codec.h"
#include "base/json.h"
#include "base/number.h"
#include "base/time.h"
#include "base/utf8.h"
#include <math.h>
#include <string.h>

#define INDENT 4

static void write_escape(struct tcx_buf *out, unsigned char c) {
  static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  const char *letter = memchr(from, c, sizeof from - 1);
  if (letter != NULL)
    tcx__buf_add(out, (char[]){'\\', to[letter - from]}, 2);
  else
    tcx__buf_add(out, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

static void write_unit(struct tcx_buf *out, unsigned unit) {
  static const char hex[] = "0123456789abcdef";
  tcx__buf_add(out,
               (char[]){'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
                        hex[unit & 15]},
               6);
}

/* A character that is no printable ASCII, as UTF-16. */
static void write_units(struct tcx_buf *out, uint32_t code) {
  if (code >= 0x10000) {
    write_unit(out, 0xd800 + ((code - 0x10000) >> 10));
    code = 0xdc00 + ((code - 0x10000) & 0x3ff);
  }
  write_unit(out, code);
}

void tcx__json_write_ascii(struct tcx_buf *out, const char *p, size_t n) {
  tcx__buf_addc(out, '"');
  for (size_t i = 0; i < n;) {
    unsigned char c = (unsigned char)p[i];
    size_t length = tcx__utf8_length(p + i, n - i);
    if (length != 1 || c == 0x7f)
      write_units(out, length > 0 ? tcx__utf8_decode(p + i, length) : 0xfffd);
    else if (c < ' ' || c == '"' || c == '\\')
      write_escape(out, c);
    else
      tcx__buf_addc(out, (char)c);
    i += length > 0 ? length : 1;
  }
  tcx__buf_addc(out, '"');
}

void tcx__json_write_str(struct tcx_buf *out, const char *p, size_t n) {
  size_t done = 0, i = 0;
  tcx__buf_addc(out, '"');
  while (i < n) {
    unsigned char c = (unsigned char)p[i];
    if (c >= ' ' && c < 0x80 && c != '"' && c != '\\') {
      i++;
      continue;
    }
    size_t length = c < 0x80 ? 0 : tcx__utf8_length(p + i, n - i);
    if (length > 0) {
      i += length;
      continue;
    }
    tcx__buf_add(out, p + done, i - done);
    if (c < 0x80)
      write_escape(out, c);
    else
      tcx__buf_add(out, "\xef\xbf\xbd", 3);
    done = ++i;
  }
  tcx__buf_add(out, p + done, n - done);
  tcx__buf_addc(out, '"');
}

static void write_number(struct tcx_buf *out, double d) {
  char text[TCX__NUMBER_TEXT];
  if (isnan(d))
    tcx__buf_adds(out, "\"NaN\"");
  else if (isinf(d))
    tcx__buf_adds(out, d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  else
    tcx__buf_add(out, text, tcx__number_write(text, d));
}

static void write_time(struct tcx_buf *out, const struct tcx_value *v) {
  char text[TCX__TIME_TEXT];
  tcx__buf_addc(out, '"');
  tcx__buf_add(out, text, tcx__time_text(text, v->u.time.seconds, v->u.time.nanoseconds));
  tcx__buf_addc(out, '"');
}

static void new_line(struct tcx_buf *out, unsigned depth) {
  tcx__buf_addc(out, '\n');
  for (unsigned i = 0; i < depth * INDENT; i++)
    tcx__buf_addc(out, ' ');
}

static void write_value(struct tcx_buf *out, const struct tcx_value *v, int style, unsigned depth);

static void write_text(struct tcx_buf *out, const char *p, size_t n, int style) {
  if (style == TCX__JSON_ASCII)
    tcx__json_write_ascii(out, p, n);
  else
    tcx__json_write_str(out, p, n);
}

static void write_kids(struct tcx_buf *out, const struct tcx_value *v, int style, unsigned depth) {
  bool map = v->type == TCX_MAP;
  const struct tcx_value *kid = tcx__value_kids(v);
  tcx__buf_addc(out, map ? '{' : '[');
  for (const struct tcx_value *at = kid; at != NULL; at = at->next) {
    if (at != kid)
      tcx__buf_addc(out, ',');
    if (style == TCX__JSON_PRETTY)
      new_line(out, depth + 1);
    else if (style != TCX__JSON_COMPACT && at != kid)
      tcx__buf_addc(out, ' ');
    if (map) {
      write_text(out, at->name, at->name_len, style);
      tcx__buf_add(out, ": ", style == TCX__JSON_COMPACT ? 1 : 2);
    }
    write_value(out, at, style, depth + 1);
  }
  if (kid != NULL && style == TCX__JSON_PRETTY)
    new_line(out, depth);
  tcx__buf_addc(out, map ? '}' : ']');
}

static void write_value(struct tcx_buf *out, const struct tcx_value *v, int style, unsigned depth) {
  switch (v->type) {
  case TCX_BOOL:
    tcx__buf_adds(out, v->u.boolean ? "true" : "false");
    break;
  case TCX_INT:
    tcx__buf_add_int(out, v->u.integer);
    break;
  case TCX_DOUBLE:
    write_number(out, v->u.number);
    break;
  case TCX_BIGNUM:
    tcx__buf_add_str(out, v->u.bytes);
    break;
  case TCX_STRING:
    write_text(out, v->u.bytes.p, v->u.bytes.n, style);
    break;
  case TCX_TIME:
    write_time(out, v);
    break;
  case TCX_BLOB:
    tcx__buf_addc(out, '"');
    tcx__base64_encode(out, v->u.bytes.p, v->u.bytes.n);
    tcx__buf_addc(out, '"');
    break;
  case TCX_LIST:
  case TCX_MAP:
    write_kids(out, v, style, depth);
    break;
  default:
    tcx__buf_adds(out, "null");
    break;
  }
}

void tcx__json_write(struct tcx_buf *out, const struct tcx_value *v, int style) {
  if (v == NULL)
    tcx__buf_adds(out, "null");
  else
    write_value(out, v, style, 0);
}
