/*
 * http.h - a request before it is sent and the head of a response: what protocols write, auth signs
 * and net encodes.
 *
 * Everything is borrowed: it lies in the call's arena, in the model, or is a literal.
 * Percent-encoding is done by whoever writes path and query; nobody encodes again. tcx__headers_add
 * refuses CR, LF and NUL, so that no later layer must.
 */
#ifndef TCX_BASE_HTTP_H
#define TCX_BASE_HTTP_H
#include "base/buf.h"

struct tcx_header {
  struct tcx_str name, value;
};
struct tcx_headers {
  struct tcx_arena *arena;
  struct tcx_header *list;
  unsigned count, cap;
};
void tcx__headers_init(struct tcx_headers *h, struct tcx_arena *arena);
/* Appends; nothing is copied. UV_ENOMEM, or TCX_EPARAM when name is not a token or value holds CR,
 * LF or NUL. */
int tcx__headers_add(struct tcx_headers *h, struct tcx_str name, struct tcx_str value);
/* replaces all of that name */
int tcx__headers_set(struct tcx_headers *h, struct tcx_str name, struct tcx_str value);
bool tcx__headers_remove(struct tcx_headers *h, const char *name);
/* the first of that name, letters folded; NULL when absent */
const struct tcx_header *tcx__headers_find(const struct tcx_headers *h, struct tcx_str name);
static inline const struct tcx_header *tcx__headers_get(const struct tcx_headers *h,
                                                        const char *name) {
  return tcx__headers_find(h, tcx__str(name));
}
/* The value of one in the list and of those of its name behind it, joined by ", "; where it is the
 * only one, its own. UV_ENOMEM. */
int tcx__headers_join(const struct tcx_headers *h, const struct tcx_header *first,
                      struct tcx_arena *arena, struct tcx_str *out);

struct tcx_request {
  struct tcx_arena *arena;
  const char *method;
  bool tls;
  uint16_t port;
  struct tcx_str host; /* without port; lower case; IPv6 without brackets */
  /* what Host says: host, with the port when it is not the scheme's, IPv6 in brackets */
  struct tcx_str host_header;
  struct tcx_str path;  /* begins with '/', encoded */
  struct tcx_str query; /* without '?', encoded "a=b&c="; empty when there is none */
  /* without Host, Content-Length, Transfer-Encoding: net and core write those */
  struct tcx_headers headers;
  /* bytes in memory; empty when there is none or the body is a source */
  struct tcx_str body;
};

struct tcx_response_head {
  int status;
  struct tcx_str reason; /* may be empty */
  /* names in lower case, values trimmed, all NUL-ended in the arena */
  struct tcx_headers headers;
  int64_t content_length; /* -1: not said (chunked, or until close) */
};
#endif
