/* cbor_body.h - shapes as CBOR, both ways: what rpc-v2-cbor's bodies are made of. */
#ifndef TCX_PROTOCOLS_CBOR_BODY_H
#define TCX_PROTOCOLS_CBOR_BODY_H
#include "base/cbor.h"
#include "protocols/build.h"

/* ---- writing (cbor_write.c) ---- */

/* Appends v, a map, as a structure of shape, as botocore does: nulls are left out, numbers in the
   form of their shape, timestamps under tag 1. TCX_EPARAM with its text in f, or the buffer's
   status. */
int tcx__cbor_write(struct tcx_buf *out, const struct tcx_shape *shape, const struct tcx_value *v,
                    struct tcx_fail *f);

/* ---- reading (cbor_read.c) ---- */

/*
 * A reader makes a value of shape, a structure, while the bytes come.
 *
 *   init -> feed* -> finish
 */
struct tcx_cbor_reader {
  struct tcx_build build;
  struct tcx_cbor cbor;
  struct tcx_buf text; /* the pieces of a string so far */
};
void tcx__cbor_reader_init(struct tcx_cbor_reader *r, struct tcx_arena *arena,
                           struct tcx_fail *fail, const struct tcx_shape *shape);
/* TCX_EPROTO with its text in fail, UV_ENOMEM. */
int tcx__cbor_reader_feed(struct tcx_cbor_reader *r, const char *p, size_t n);
int tcx__cbor_reader_finish(struct tcx_cbor_reader *r, struct tcx_value **out);
/* All three at once; no bytes are an empty map. */
int tcx__cbor_read(struct tcx_arena *arena, struct tcx_fail *fail, const struct tcx_shape *shape,
                   struct tcx_str bytes, struct tcx_value **out);
#endif
