/* pem.h - files of PEM form: read whole, and taken apart. */
#ifndef TCX_NET_PEM_H
#define TCX_NET_PEM_H
#include "base/buf.h"

/* The whole file, at most max bytes, from tcx__malloc; NULL with *status (UV_E*). Blocking. */
char *tcx__pem_read_file(const char *path, size_t max, size_t *size, int *status);
/* The next object: its label ("CERTIFICATE") and what stands between its lines, base64. text moves
 * behind it; false after the last. */
bool tcx__pem_next(struct tcx_str *text, struct tcx_str *label, struct tcx_str *body);
#define TCX__PEM_BODY_MAX (64u * 1024) /* characters of a body that is decoded */
int tcx__pem_decode(struct tcx_str body, struct tcx_buf *der); /* UV_EINVAL, UV_ENOMEM */
/* The first private key of the text, decoded. UV_EINVAL, and *why says what is wrong: there is
 * none, it is encrypted, no base64, too long. UV_ENOMEM. */
int tcx__pem_private_key(struct tcx_str text, struct tcx_buf *der, const char **why);
#endif
