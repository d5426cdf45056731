/* number.h - decimal numbers as text, exactly, whatever the locale's decimal point. */
#ifndef TCX_BASE_NUMBER_H
#define TCX_BASE_NUMBER_H
#include "base/value.h"

/* What a JSON number is: TCX_INT (*i), TCX_DOUBLE (*d) when the double gives the same digits back,
 * else TCX_BIGNUM: the text itself is the value. text must be a number by JSON's grammar. */
tcx_type_t tcx__number_read(struct tcx_str text, int64_t *i, double *d);
/* The same as a value, a BIGNUM with its digits copied; NULL when memory is out. */
struct tcx_value *tcx__number_value(struct tcx_arena *arena, struct tcx_str text);
/* The double that is nearest to a JSON number: infinite when it is too large. */
double tcx__number_near(struct tcx_str text);
/* The length of the JSON number that text begins with; 0 when there is none. */
size_t tcx__number_scan(const char *p, const char *end);
/* The fewest digits that give d back, laid out as Python's repr: 1.0, 0.1, 1e+16, 5e-324. d is
 * finite. */
#define TCX__NUMBER_TEXT 32
size_t tcx__number_write(char out[TCX__NUMBER_TEXT], double d);
#endif
