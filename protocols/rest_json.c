/*
 * rest_json.c - the protocol rest-json: Lambda, API Gateway, Bedrock and most of the newer
 * services.
 *
 * A success is read by shape as it comes; bytes of a payload that is a blob or a string are only
 * gathered, and a body that no member is in is not looked at. An error's document is kept (up to
 * TCX__ERROR_DOCUMENT_MAX) and read at its end (json_body.c).
 */
#include "protocols/json_body.h"
#include "protocols/json_read.h"
#include "protocols/json_write.h"
#include "protocols/rest.h"
#include <string.h>

#define BODY_MAX ((size_t)1 << 30) /* bytes of a request's document */

/* ---- requests ---- */

static bool has_body_member(const struct tcx_shape *shape) {
  for (uint32_t i = 0; i < shape->n_members; i++)
    if (shape->members[i].location == TCX__LOC_BODY)
      return true;
  return false;
}

/* Where no member may be in the body there is none; nor is one for a union that was not given,
 * since an empty union is none. */
static bool has_document(const struct tcx_shape *input, const struct tcx_rest_body *body) {
  if (body->payload == NULL)
    return has_body_member(input);
  return body->value != NULL || !(body->payload->shape->flags & TCX__S_UNION);
}

/* A payload that was not given, and members of which none was: an empty document. */
static int write_document(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f,
                          const struct tcx_rest_body *body) {
  if (body->payload != NULL ? body->value == NULL : !body->has_members) {
    req->body = TCX__STR("{}");
    return 0;
  }
  struct tcx_member root = {.name = s->op->name, .shape = s->op->input};
  struct tcx_buf out;
  tcx__buf_init(&out, req->arena, BODY_MAX);
  int status = body->payload != NULL
                   ? tcx__json_write_shape(&out, body->payload, body->value, NULL, f)
                   : tcx__json_write_shape(&out, &root, s->params, tcx__rest_in_body, f);
  req->body = tcx__buf_str(&out);
  return status;
}

static int serialize(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  static const struct tcx_str type = {"application/json", 16};
  const struct tcx_shape *input = s->op->input;
  struct tcx_rest_body body;
  int status = tcx__rest_request(s, req, f, &body);
  if (status != 0 || body.written || input == NULL || !has_document(input, &body))
    return status;
  status = write_document(s, req, f, &body);
  if (status != 0 || tcx__headers_get(&req->headers, "content-type") != NULL)
    return status;
  status = tcx__headers_set(&req->headers, TCX__STR("Content-Type"), type);
  return status == 0 ? 0 : tcx__fail(f, status, "%s", tcx_strerror(status));
}

/* ---- responses ---- */

struct parser {
  struct tcx_parser head;
  const struct tcx_parse *p;
  const struct tcx_member *payload; /* of the output, or NULL */
  const struct tcx_member *bytes;   /* the same when it is bytes */
  const struct tcx_shape *document; /* what the body is to be read as; NULL: it is not looked at */
  struct tcx_json_reader *reader;   /* from the first byte on */
  struct tcx_document kept;         /* of an error; or the payload that is bytes */
  bool fed;
};

static int start(const struct tcx_parse *p, struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  if (parser == NULL)
    return tcx__fail_memory(p->fail);
  const struct tcx_shape *shape = p->mode == TCX__PARSE_OUTPUT ? p->op->output : NULL;
  parser->head.mode = p->mode;
  parser->p = p;
  parser->payload = tcx__rest_payload(shape);
  parser->bytes = tcx__rest_bytes_payload(shape);
  if (parser->payload == NULL)
    parser->document = shape != NULL && has_body_member(shape) ? shape : NULL;
  else if (parser->bytes == NULL && !(parser->payload->shape->flags & TCX__S_EVENT_STREAM))
    parser->document = parser->payload->shape;
  tcx__buf_init(&parser->kept.bytes, p->arena,
                parser->bytes != NULL ? SIZE_MAX / 2 : TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  return 0;
}

static int feed(struct tcx_parser *head, const char *bytes, size_t n) {
  struct parser *parser = (struct parser *)head;
  const struct tcx_parse *p = parser->p;
  if (n == 0)
    return 0;
  parser->fed = true;
  if (head->mode == TCX__PARSE_ERROR || parser->bytes != NULL)
    return tcx__document_keep(&parser->kept, bytes, n) == 0 ? 0 : tcx__fail_memory(p->fail);
  if (parser->document == NULL)
    return 0;
  if (parser->reader == NULL)
    parser->reader = tcx__json_reader_new(p->arena, parser->document, p->fail);
  return parser->reader != NULL ? tcx__json_reader_feed(parser->reader, bytes, n)
                                : tcx__fail_memory(p->fail);
}

/* The body as members of map; *map NULL: it is the body itself. */
static int finish_body(struct parser *parser, struct tcx_value **map) {
  const struct tcx_parse *p = parser->p;
  const struct tcx_member *payload = parser->payload;
  struct tcx_value *v = NULL;
  int status = parser->reader != NULL ? tcx__json_reader_finish(parser->reader, &v) : 0;
  if (status != 0)
    return status;
  *map = payload == NULL && v != NULL ? v : tcx__value_new(p->arena, TCX_MAP);
  if (*map == NULL)
    return tcx__fail_memory(p->fail);
  if (parser->bytes != NULL)
    return !parser->fed && tcx__streaming_output(p->op, NULL)
               ? 0
               : tcx__rest_add_bytes(p, payload, &parser->kept, *map);
  if (payload == NULL)
    return 0;
  if (!parser->fed)
    return tcx__rest_add_empty(p, p->op->output, *map);
  return v == NULL || tcx__value_add(p->arena, *map, payload->name, payload->name_len, v) == 0
             ? 0
             : tcx__fail_memory(p->fail);
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  const struct tcx_parse *p = parser->p;
  if (head->mode == TCX__PARSE_ERROR)
    return tcx__json_error(p, &parser->kept, true, out, error);
  int status = finish_body(parser, out);
  return status == 0 && p->op->output != NULL ? tcx__rest_response_head(p, p->op->output, *out)
                                              : status;
}

const struct tcx_protocol tcx__rest_json = {"rest-json", serialize,       start, feed,
                                            finish,      tcx__json_event, false};
