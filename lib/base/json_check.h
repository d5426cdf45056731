/*
 * json_check.h - what yajl lets through and JSON does not: bytes that are not UTF-8, halves of
 * surrogate pairs, form feeds and vertical tabs. The bytes may be cut anywhere.
 *
 * It also tells where cuts are: yajl begins a token that is cut from the start again with each
 * piece, so that many small pieces of a long one would take quadratic time.
 */
#ifndef TCX_BASE_JSON_CHECK_H
#define TCX_BASE_JSON_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcx_json_check { /* zeroed at first */
  uint8_t escape;       /* where in an escape the text is */
  uint8_t digits;       /* of \uXXXX that were read, */
  uint16_t code;        /* and what they say */
  bool low;             /* it must be the second half of a pair */
  bool in_string;       /* the text so far ends inside a string */
  bool quoted;          /* in the last piece a string began or ended */
  size_t number;        /* characters of the number with which the text so far ends */
  uint8_t part_len;     /* bytes of a character that a cut split */
  char part[4];
};
/* The next bytes of the text. NULL, or what is wrong, and *at where. */
const char *tcx__json_check(struct tcx_json_check *check, const char *p, size_t n, size_t *at);
/* The text ends here. */
const char *tcx__json_check_end(const struct tcx_json_check *check);
#endif
