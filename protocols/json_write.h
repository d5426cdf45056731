/* json_write.h - values to JSON, driven by shapes, straight into the request's buffer. */
#ifndef TCX_PROTOCOLS_JSON_WRITE_H
#define TCX_PROTOCOLS_JSON_WRITE_H
#include "base/error.h"
#include "base/value.h"
#include "model/model.h"

/* Appends v, a value of member's shape, compactly. Nulls in structures are left out; of the
   outermost one only members for which in_body (NULL: all) is true are written. TCX_EPARAM with its
   text in f, or the buffer's status. */
int tcx__json_write_shape(struct tcx_buf *out, const struct tcx_member *member,
                          const struct tcx_value *v, bool (*in_body)(const struct tcx_member *m),
                          struct tcx_fail *f);
#endif
