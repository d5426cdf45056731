#include "base/json_check.h"
#include "base/utf8.h"
#include <string.h>

#define BLOCK 64 /* bytes that are looked at together: the compiler makes vectors of the loop */

static const char not_utf8[] = "bytes that are not UTF-8", half_pair[] = "half of a surrogate pair",
                  control[] = "a control character";

enum { OUTSIDE, BACKSLASH, CODE, BETWEEN, SECOND }; /* BETWEEN: after a first half */

static int hex_digit(char c) {
  return c >= '0' && c <= '9'                 ? c - '0'
         : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                              : -1;
}

static void begin_code(struct tcx_json_check *check) {
  check->escape = CODE;
  check->digits = 0;
  check->code = 0;
}

/* One more digit of \uXXXX. What is no digit is left to yajl. */
static const char *add_digit(struct tcx_json_check *check, char c) {
  int digit = hex_digit(c);
  bool low = check->low;
  if (digit >= 0 && check->digits < 3) {
    check->digits++;
    check->code = (uint16_t)(check->code << 4 | digit);
    return NULL;
  }
  unsigned code = digit < 0 ? 0 : (unsigned)check->code << 4 | (unsigned)digit;
  check->low = code >= 0xd800 && code <= 0xdbff;
  check->escape = check->low ? BETWEEN : OUTSIDE;
  return low == (code >= 0xdc00 && code <= 0xdfff) ? NULL : half_pair;
}

/* The next byte of an escape. */
static const char *step(struct tcx_json_check *check, char c) {
  switch (check->escape) {
  case BACKSLASH:
    check->escape = OUTSIDE;
    if (c == 'u')
      begin_code(check);
    return NULL;
  case CODE:
    return add_digit(check, c);
  case BETWEEN:
    check->escape = SECOND;
    return c == '\\' ? NULL : half_pair;
  default:
    begin_code(check);
    return c == 'u' ? NULL : half_pair;
  }
}

static void quote(struct tcx_json_check *check, unsigned count) {
  check->quoted |= count > 0;
  check->in_string ^= (count & 1) != 0;
}

/* True when nothing in the block but quotes needs a second look, and then they are noted. */
static bool take_plain(struct tcx_json_check *check, const char *block) {
  unsigned char special = 0, quotes = 0;
  for (int i = 0; i < BLOCK; i++) {
    unsigned char c = (unsigned char)block[i];
    special |= (unsigned char)((c >= 0x80) | (c == '\\') | (c == '\f') | (c == '\v'));
    quotes = (unsigned char)(quotes + (c == '"'));
  }
  if (special == 0)
    quote(check, quotes);
  return special == 0;
}

/* The number with which the piece ends; one that fills it goes on from the piece before. */
static void note_number(struct tcx_json_check *check, const char *p, size_t n) {
  size_t i = n;
  while (!check->in_string && i > 0 &&
         ((p[i - 1] >= '0' && p[i - 1] <= '9') || p[i - 1] == '.' || p[i - 1] == '-' ||
          p[i - 1] == '+' || (p[i - 1] | 32) == 'e'))
    i--;
  check->number = (i == 0 ? check->number : 0) + n - i;
}

/* The character that begins at p, or the rest of the one that a cut split: how many bytes of it are
 * here, or 0 when it is none. */
static size_t take_character(struct tcx_json_check *check, const char *p, size_t n) {
  size_t had = check->part_len, whole = tcx__utf8_expected(had > 0 ? check->part[0] : p[0]), i = 0;
  while (i < n && had + i < whole && had + i < sizeof check->part) {
    if (had + i > 0 && ((unsigned char)p[i] & 0xc0) != 0x80)
      return 0;
    check->part[had + i] = p[i];
    i++;
  }
  check->part_len = had + i < whole ? (uint8_t)(had + i) : 0;
  return check->part_len > 0 || tcx__utf8_length(check->part, whole) > 0 ? i : 0;
}

const char *tcx__json_check(struct tcx_json_check *check, const char *p, size_t n, size_t *at) {
  const char *why = NULL;
  size_t i = 0;
  check->quoted = false;
  while (i < n && why == NULL) {
    *at = i;
    if (check->escape == OUTSIDE && check->part_len == 0 && n - i >= BLOCK &&
        take_plain(check, p + i)) {
      i += BLOCK;
      continue;
    }
    if (check->part_len > 0 || (unsigned char)p[i] >= 0x80) {
      if (check->escape != OUTSIDE)
        why = step(check, p[i]);
      size_t length = take_character(check, p + i, n - i);
      i += length;
      why = length == 0 ? not_utf8 : why;
      continue;
    }
    if (p[i] == '\f' || p[i] == '\v')
      why = control;
    else if (check->escape != OUTSIDE)
      why = step(check, p[i]);
    else if (p[i] == '\\')
      check->escape = BACKSLASH;
    else if (p[i] == '"')
      quote(check, 1);
    i++;
  }
  note_number(check, p, n);
  return why;
}

const char *tcx__json_check_end(const struct tcx_json_check *check) {
  return check->part_len > 0 ? not_utf8
         : check->low        ? half_pair
         : check->in_string  ? "the text ends inside a string"
                             : NULL;
}
