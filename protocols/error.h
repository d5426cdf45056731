/* error.h - what errors of json, rest-json, rpc-v2-cbor and event streams have in common. */
#ifndef TCX_PROTOCOLS_ERROR_H
#define TCX_PROTOCOLS_ERROR_H
#include "protocols/protocol.h"

/* The name in "aws.service#Name:http://...". */
struct tcx_str tcx__error_name(struct tcx_str type);
/* What the document of any error may say: __type, message, Message. */
extern const struct tcx_shape tcx__error_document;
/* message, else Message, where it is text; NULL when it says none. said may be NULL. */
const char *tcx__error_message(const struct tcx_value *said);

/* Makes {Error: {Code, Message}} of what a document says, and fills in error. name.p NULL: it says
   none, and the status speaks; message may be NULL. Where the service was a query one before, the
   header x-amzn-query-error gives the code, and QueryErrorCode and Type come to it. The modelled
   members, by error->shape, are the caller's to add. UV_ENOMEM. */
int tcx__error_make(const struct tcx_parse *p, struct tcx_str name, const char *message,
                    struct tcx_value **out, struct tcx_parse_error *error);
#endif
