/* trust.h - trust anchors: a PEM bundle, read and decoded once a session. */
#ifndef TCX_NET_TRUST_H
#define TCX_NET_TRUST_H
#include "net/internal.h"

struct tcx_trust;
/* The anchors of the bundle (NULL: the system's), from the session's store or read now. NULL with
 * *status (TCX_ECONFIG, UV_ENOMEM, UV_E*) and a sentence in why. */
struct tcx_trust *tcx__trust_get(struct tcx_net *net, const char *path, int *status, char *why,
                                 size_t why_size);
void tcx__trust_free_all(struct tcx_trust *trusts);
#endif
