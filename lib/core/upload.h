/*
 * upload.h - a request body on its way into the socket: windows of memory or of a tcx_body_t,
 * framed as aws-chunked where the payload says so.
 *
 * One struct tcx_upload a call, begun anew at each attempt. The chunker and its frames are
 * allocated in the call's arena, only where they are needed.
 */
#ifndef TCX_CORE_UPLOAD_H
#define TCX_CORE_UPLOAD_H
#include "auth/auth.h"
#include "net/net.h"

#define TCX__UPLOAD_CHUNKS 4 /* chunks framed in one pull: 256 KiB */
struct tcx_frames {          /* of a chunked body */
  struct tcx_chunked chunked;
  struct tcx_summer summer;
  char head[TCX__UPLOAD_CHUNKS][TCX__CHUNK_HEAD];
  char tail[TCX__CHUNK_TAIL];
};
struct tcx_upload {
  struct tcx_str memory; /* the body, when body is NULL */
  tcx_body_t *body;
  int64_t length;            /* decoded bytes; -1 unknown */
  uint64_t at;               /* of these: given out */
  struct tcx_frames *frames; /* NULL: as it is */
  tcx__sum trailer_sum;
  bool tail_given, started;
};
/* Starts from the beginning; s has just signed (of an unsigned request only its payload is set).
 * UV_ENOMEM, TCX_EBODY with text in f. */
int tcx__upload_begin(struct tcx_upload *u, struct tcx_arena *arena, const struct tcx_sigv4 *s,
                      tcx__payload form, tcx__sum trailer_sum, struct tcx_fail *f);
/* as struct tcx_exchange_ops.pull */
int tcx__upload_pull(struct tcx_upload *u, uv_buf_t out[TCX__PULL_MAX], unsigned *n,
                     struct tcx_fail *f);
/* there is a body, even an empty chunked one */
bool tcx__upload_any(const struct tcx_upload *u);
#endif
