/* pem.h - files of PEM form: read whole, and taken apart. */
#ifndef TCX_NET_PEM_H
#define TCX_NET_PEM_H
#include "base/buf.h"

/* The whole file, at most max bytes, from tcx__malloc; NULL with *status (UV_E*). Blocking. */
char *tcx__pem_read_file(const char *path, size_t max, size_t *size, int *status);
/* The next object: its label ("CERTIFICATE") and what stands between its lines, base64. text moves
 * behind it; false after the last. */
bool tcx__pem_next(struct tcx_str *text, struct tcx_str *label, struct tcx_str *body);
#endif
