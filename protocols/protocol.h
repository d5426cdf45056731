/*
 * protocol.h - what a protocol is to the call: params to a request, bytes to a value. Pure: no
 * clock, no I/O, no service by name.
 *
 *   serialize            params -> struct tcx_request (method, path, query, headers, body in memory
 *                        or a body source)
 *   parser: start -> feed* -> finish once per response; on any failure the parser is simply dropped
 *     (its memory is the arena's)
 *   read                 a whole document by its shape: what the payload of an event holds
 *
 * A parser of a success (status < 301) builds the output shape's value as bytes come; one of an
 * error finds Code, Message, Type and the rest of the document first and, when the code names a
 * modelled exception, its members too. Neither fills in ResponseMetadata: the call does. Event
 * streams do not pass through a parser: eventstream.h takes their frames apart and reads each with
 * read.
 */
#ifndef TCX_PROTOCOL_H
#define TCX_PROTOCOL_H
#include "base/error.h"
#include "base/http.h"
#include "base/value.h"
#include "model/model.h"

struct tcx_serialize {
  const struct tcx_model *model;
  const struct tcx_operation *op;
  const struct tcx_value *params; /* MAP or NULL; validated */
  /* instead of op->path (S3: the rule set has put the bucket into the endpoint already), or NULL; a
   * URI member that it does not name is left out */
  const char *path;
  /* out: the streaming member's value (STRING, BLOB or BODY) that is the request's body, else NULL;
   * request.body is then empty */
  struct tcx_value *body;
  bool body_requires_length; /* out, with body */
};

typedef enum { TCX__PARSE_OUTPUT, TCX__PARSE_ERROR } tcx__parse_mode;
/* a protocol's own begins so, in the arena. mode: as started, or ERROR once error_in_success was
 * found true */
struct tcx_parser {
  tcx__parse_mode mode;
};
/* what finish tells of a response; texts NUL-ended, in the arena */
struct tcx_parse_error {
  /* of an error never NULL after a successful finish: from the body, a header, or the status
   * ("404") */
  const char *code;
  /* never NULL; "" when the service said nothing (the call may put the HTTP reason) */
  const char *message;
  const struct tcx_shape *shape;    /* the modelled exception, or NULL */
  const char *request_id, *host_id; /* what the body says (it is in no value), or NULL */
};

/* what a parser is started with; borrowed until finish */
struct tcx_parse {
  struct tcx_arena *arena; /* the value and all of the parser's memory */
  const struct tcx_model *model;
  const struct tcx_operation *op;
  const struct tcx_response_head *head;
  tcx__parse_mode mode;
  /* in mode OUTPUT: a document whose element is Error, or that is malformed, is an error all the
   * same (S3 does that): the parser's mode says so by the time finish returns, and finish gives
   * what it gives for errors, with status 500 where a status is needed */
  bool error_in_success;
  struct tcx_fail *fail; /* what is wrong with the response, in words */
};

struct tcx_protocol {
  const char *name; /* metadata.protocol: "rest-xml" */
  /* req.arena, tls, host, host_header and the endpoint's path and query (in req->path and
   * req->query) are set by the caller; the operation's are joined to them. */
  int (*serialize)(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f);
  int (*start)(const struct tcx_parse *p, struct tcx_parser **out); /* UV_ENOMEM */
  /* TCX_EPROTO, TCX_ETOOBIG, UV_ENOMEM */
  int (*feed)(struct tcx_parser *parser, const char *bytes, size_t n);
  /* The body is complete. *out is a MAP, never NULL on success. error (may be NULL) is filled in
   * mode TCX__PARSE_ERROR; of a success only request_id is, where the body has one. In that mode
   * the value is {Error: {Code, Message, ...}, <other elements beside Error>, <modelled members>};
   * RequestId and HostId go into error instead. A malformed error document is no failure: code
   * comes from the status then. */
  int (*finish)(struct tcx_parser *parser, struct tcx_value **out, struct tcx_parse_error *error);
  /* The whole document bytes[0, n) as a value of shape, a structure: the payload of an event.
   * Members that travel as event headers are not looked for. Of p: arena, model and fail. n 0 is an
   * empty MAP. NULL where no event stream exists (query, ec2). TCX_EPROTO with its text in p->fail,
   * UV_ENOMEM. */
  int (*read)(const struct tcx_parse *p, const struct tcx_shape *shape, const char *bytes, size_t n,
              struct tcx_value **out);
  /* an event stream begins with an event of that name, whose payload is the output without the
   * stream (the output has no other place in the response) */
  bool initial_response;
};
/* True when the operation's success output has a member that streams (its name comes back): the
 * body then does not pass through a parser but to the stream; start and finish still run, without
 * feed, for headers and status. */
/* As botocore: a payload that is a blob, or has the streaming trait. */
bool tcx__streaming_output(const struct tcx_operation *op, const struct tcx_member **member);

/* True when a response's or an event's member stands in its head, not in its body. */
static inline bool tcx__is_in_head(const struct tcx_member *m) {
  return m->location == TCX__LOC_HEADER || m->location == TCX__LOC_HEADERS ||
         m->location == TCX__LOC_STATUS || (m->flags & TCX__M_EVENT_HEADER) != 0;
}

/* The exception that an error code names: one of op's, else any of the model's; NULL when there is
 * none. */
const struct tcx_shape *tcx__error_shape(const struct tcx_model *model,
                                         const struct tcx_operation *op, const char *code);
/* "Not Found" for 404; "" for a status without a phrase. */
const char *tcx__status_phrase(int status);

extern const struct tcx_protocol tcx__rest_xml, tcx__query, tcx__ec2, tcx__json, tcx__rest_json,
    tcx__rpc_v2_cbor;
/* NULL when this build has none of that name */
const struct tcx_protocol *tcx__protocol_by_name(const char *name);

/* What the requests of protocols with one path have in common: the operation's method, the
 * endpoint's path or "/", no body yet. */
void tcx__request_begin(struct tcx_serialize *s, struct tcx_request *req);

/* bytes of an error document that are looked at; the rest is ignored */
#define TCX__ERROR_DOCUMENT_MAX (1u << 20)
/* kept as it comes, at most bytes.max; cut: there was more */
struct tcx_document {
  struct tcx_buf bytes;
  bool cut;
};
/* the buffer's status: UV_ENOMEM */
int tcx__document_keep(struct tcx_document *document, const char *p, size_t n);
#endif
