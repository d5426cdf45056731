/*
 * rest.h - what rest-xml and rest-json share: which member goes where in the request, and what of a
 * response's head becomes members.
 */
#ifndef TCX_PROTOCOLS_REST_H
#define TCX_PROTOCOLS_REST_H
#include "protocols/protocol.h"

struct tcx_rest_body {
  const struct tcx_member *payload; /* the input's payload member, or NULL */
  const struct tcx_value *value;    /* its value, or NULL when the caller gave none */
  bool written; /* the payload is bytes: they are in the request (or in serialize.body) already */
  bool has_members; /* no payload member: some members go into the body */
};

/* Method, path, query and headers; and the body when it is a payload of bytes. TCX_EPARAM with its
 * text in f, UV_ENOMEM. */
int tcx__rest_request(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f,
                      struct tcx_rest_body *body);
/* True when the input's member travels in the body, where the input has no payload. */
static inline bool tcx__rest_in_body(const struct tcx_member *m) {
  return m->location == TCX__LOC_BODY || m->location == TCX__LOC_STATUS;
}

/* Adds the members of structure that headers and the status give to map. TCX_EPROTO with its text
 * in p->fail, UV_ENOMEM. */
int tcx__rest_response_head(const struct tcx_parse *p, const struct tcx_shape *structure,
                            struct tcx_value *map);
/* The member that is the body, or NULL. shape may be NULL. */
const struct tcx_member *tcx__rest_payload(const struct tcx_shape *shape);
/* The same when it is bytes, not a document: a blob or a string. */
const struct tcx_member *tcx__rest_bytes_payload(const struct tcx_shape *shape);
/* Adds that payload to map. UV_ENOMEM. */
int tcx__rest_add_bytes(const struct tcx_parse *p, const struct tcx_member *payload,
                        const struct tcx_document *document, struct tcx_value *map);
/* The body is empty: the payload of structure is an empty map or list, but a union has no member
 * and is left out. UV_ENOMEM. */
int tcx__rest_add_empty(const struct tcx_parse *p, const struct tcx_shape *structure,
                        struct tcx_value *map);
#endif
