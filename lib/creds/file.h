/* file.h - small files of credentials and tokens, read and replaced at once (blocking, as the
 * settings are read). */
#ifndef TCX_CREDS_FILE_H
#define TCX_CREDS_FILE_H
#include "base/buf.h"

/* Appends the whole regular file to out, up to its maximum (TCX_ETOOBIG). UV_E*: what the system
 * says; UV_EINVAL: it is no regular file. */
int tcx__file_read(const char *path, struct tcx_buf *out);
/* Writes a new file beside path, mode 0600, and puts it in its place: readers see the old one or
 * the new one, whole. UV_E*. */
int tcx__file_replace(const char *path, const char *p, size_t n);
#endif
