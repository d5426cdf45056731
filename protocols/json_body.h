/* json_body.h - what the responses of json and rest-json have in common. */
#ifndef TCX_PROTOCOLS_JSON_BODY_H
#define TCX_PROTOCOLS_JSON_BODY_H
#include "protocols/protocol.h"

/* What finish of protocol.h gives for errors. A document that is no JSON is the message; where it
   is empty or cut, the status speaks. rest: headers may hold the code and members of exceptions.
   UV_ENOMEM. */
int tcx__json_error(const struct tcx_parse *p, const struct tcx_document *document, bool rest,
                    struct tcx_value **out, struct tcx_parse_error *error);
/* struct tcx_protocol's read. */
int tcx__json_event(const struct tcx_parse *p, const struct tcx_shape *shape, const char *bytes,
                    size_t n, struct tcx_value **out);
#endif
