/* json.h - JSON text to values and back: a whole text in json_push.h's sense. */
#ifndef TCX_BASE_JSON_H
#define TCX_BASE_JSON_H
#include "base/error.h"
#include "base/value.h"

/* Parses the whole text into arena. Integers within int64 are INT; other integers, and numbers
 * whose digits a double cannot give back, are BIGNUM; the rest DOUBLE. Of a name that stands twice
 * the last counts. TCX_EPARAM with line and column in f, or UV_ENOMEM. */
int tcx__json_parse(struct tcx_arena *arena, const char *text, size_t len, struct tcx_value **out,
                    struct tcx_fail *f);

enum {
  TCX__JSON_COMPACT = 0, /* {"a":1} */
  TCX__JSON_SPACED = 1,  /* {"a": 1, "b": 2} */
  /* spaced, and what is no printable ASCII as \u: Python's json.dumps */
  TCX__JSON_ASCII = 3,
  /* indented by 4, members on their own lines: as the AWS CLI prints */
  TCX__JSON_PRETTY = 2
};
/* TIME as an ISO 8601 string, BLOB as base64, BODY as null, a double that is not finite as the
 * string NaN, Infinity or -Infinity; BIGNUM as its digits. */
void tcx__json_write(struct tcx_buf *out, const struct tcx_value *v, int style);
/* quoted and escaped; bytes that are not UTF-8 become U+FFFD */
void tcx__json_write_str(struct tcx_buf *out, const char *p, size_t n);
/* the same, of TCX__JSON_ASCII */
void tcx__json_write_ascii(struct tcx_buf *out, const char *p, size_t n);
#endif
