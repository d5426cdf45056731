/* gzip.h - gzip, both ways (RFC 1952). The one file that knows zlib is gzip.c. */
#ifndef TCX_BASE_GZIP_H
#define TCX_BASE_GZIP_H
#include "base/buf.h"

/*
 * Bytes that come in pieces, compressed: the same bytes each time, without a date.
 *
 *   new -> add* -> finish
 *
 * All memory is the arena's, zlib's (270 KB) too: there is nothing to free.
 */
struct tcx_gzip;
/* NULL when memory is out */
struct tcx_gzip *tcx__gzip_new(struct tcx_arena *arena);
int tcx__gzip_add(struct tcx_gzip *z, const char *p, size_t n); /* UV_ENOMEM */
/* UV_ENOMEM; out lies in the arena */
int tcx__gzip_finish(struct tcx_gzip *z, struct tcx_str *out);

/* Appends what a whole gzip file holds. UV_EINVAL when it is damaged, cut, or more comes behind it;
 * else out's status. */
int tcx__gunzip(struct tcx_buf *out, const char *p, size_t n);
#endif
