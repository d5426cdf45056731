/* scalar.h - single values as text, and text as single values, in botocore's forms: what XML
 * elements, headers, query and path share. */
#ifndef TCX_PROTOCOLS_SCALAR_H
#define TCX_PROTOCOLS_SCALAR_H
#include "base/error.h"
#include "base/value.h"
#include "model/model.h"

/* v as text: true or false, digits, Python's shortest form of a double (Infinity, -Infinity, NaN),
   base64 of a blob, a timestamp in member's format or else in the one given. Strings are borrowed,
   the rest lies in arena. TCX_EPARAM when v is no value of member's shape. */
int tcx__scalar_text(struct tcx_arena *arena, const struct tcx_member *member,
                     tcx__time_format format, const struct tcx_value *v, struct tcx_str *out);

/* The same, appended to out. TCX_EPARAM; what is wrong with out is in out->status. */
int tcx__scalar_write(struct tcx_buf *out, const struct tcx_member *member, tcx__time_format format,
                      const struct tcx_value *v);

/* The time that v is: a TIME, seconds as a number (a double's to microseconds), or its text in any
   form. TCX_EPARAM for anything else, and outside the years. */
int tcx__scalar_time(const struct tcx_value *v, int64_t *seconds, int32_t *nanoseconds);

/* Text as a value of shape; what Python's int() and float() take is taken (not the underscores), an
   integer beyond int64 is a BIGNUM. Strings are not copied: text.p[text.n] is NUL already and
   lasts. TCX_EPROTO when text is no such value. */
int tcx__scalar_value(struct tcx_arena *arena, const struct tcx_shape *shape, struct tcx_str text,
                      struct tcx_value **out);
#endif
