/* conversion.h - printf conversions, read from a template and taken from its arguments one at a
 * time. */
#ifndef TCX_BASE_CONVERSION_H
#define TCX_BASE_CONVERSION_H
#include "base/buf.h"
#include <stdarg.h>

#define TCX__CONVERSION_WIDTH 4096 /* largest width and precision */

struct tcx_conversion {
  char flags[6];        /* of "-+ #0" those that are there, NUL-ended */
  int width, precision; /* -1: not given */
  bool star_width, star_precision;
  char length;     /* 0 or one of h l j z t; H is hh, q is ll, L is long double */
  char letter;     /* d i u x X o c s p f F g G e E a A; what cannot be used: n m C S */
  bool usable;     /* else it is only known which argument it takes */
  const char *end; /* behind it in the template */
};
union tcx_argument {
  intmax_t i;  /* d i c */
  uintmax_t u; /* u x X o */
  double d;
  const char *s;
  void *p;
};
struct tcx_arguments {
  va_list list;
};

/* p is at the '%'. false: none that is known. "%%" is not one. */
bool tcx__conversion_read(const char *p, struct tcx_conversion *c);
/* Takes what the conversion takes, also one that cannot be used; stars are put in place of width
 * and precision. */
union tcx_argument tcx__conversion_take(struct tcx_conversion *c, struct tcx_arguments *args);
/* As printf writes it, but that "%.*s" does not stop at a NUL. Not for p. */
void tcx__conversion_write(struct tcx_buf *out, const struct tcx_conversion *c,
                           union tcx_argument arg);
/* Nothing but a length stands between '%' and the letter; for s also ".*". */
bool tcx__conversion_is_plain(const struct tcx_conversion *c);
#endif
