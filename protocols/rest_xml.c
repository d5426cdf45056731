/*
 * rest_xml.c - the protocol rest-xml: S3, CloudFront, Route 53.
 *
 * A success is read by shape as it comes; bytes of a payload that is a blob or a string are only
 * gathered. An error's document is kept (up to TCX__ERROR_DOCUMENT_MAX) and read at its end
 * (xml_error.c). With error_in_success the bytes are also kept until the document's element is
 * known.
 */
#include "protocols/rest.h"
#include "protocols/xml_body.h"
#include <string.h>

#define BODY_MAX ((size_t)1 << 30) /* bytes of a request's document */

/* ---- requests ---- */

/* What the body's element is called and looks like. */
static struct tcx_member root_of(const struct tcx_shape *input, const struct tcx_member *payload) {
  struct tcx_member root = {.shape = input,
                            .name = input->name,
                            .wire = input->wire,
                            .xml_uri = input->xml_uri,
                            .xml_prefix = input->xml_prefix};
  if (payload != NULL) {
    root = *payload;
    if (!payload->wire_given)
      root.wire = payload->shape->wire;
  }
  if (root.wire == NULL)
    root.wire = root.shape->name;
  return root;
}

static int serialize(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  struct tcx_rest_body body;
  int status = tcx__rest_request(s, req, f, &body);
  if (status != 0 || body.written ||
      (body.payload != NULL ? body.value == NULL : !body.has_members))
    return status;
  struct tcx_buf out;
  tcx__buf_init(&out, req->arena, BODY_MAX);
  struct tcx_member root = root_of(s->op->input, body.payload);
  status = tcx__xml_write(&out, &root, body.payload != NULL ? body.value : s->params,
                          body.payload != NULL ? NULL : tcx__rest_in_body, f);
  req->body = tcx__buf_str(&out);
  return status;
}

/* ---- responses ---- */

struct parser {
  struct tcx_parser head;
  const struct tcx_parse *p;
  struct tcx_value *map;
  const struct tcx_member *bytes; /* the payload that is bytes, or NULL */
  struct tcx_xml_reader *reader;  /* from the first byte on */
  struct tcx_document document;   /* of an error, or of what may become one; or the payload */
  struct tcx_fail fail;           /* the reader's, until it is clear that it is the response's */
  bool fed;
  bool watches, keeps; /* error_in_success applies; and the document's element is not known yet */
};

static int start(const struct tcx_parse *p, struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  struct tcx_value *map = tcx__value_new(p->arena, TCX_MAP);
  if (parser == NULL || map == NULL)
    return tcx__fail_memory(p->fail);
  const struct tcx_shape *shape = p->mode == TCX__PARSE_OUTPUT ? p->op->output : NULL;
  parser->head.mode = p->mode;
  parser->p = p;
  parser->map = map;
  parser->bytes = tcx__rest_bytes_payload(shape);
  parser->fail.arena = p->arena;
  parser->watches = parser->keeps = p->error_in_success && shape != NULL && parser->bytes == NULL;
  tcx__buf_init(&parser->document.bytes, p->arena,
                parser->bytes != NULL ? SIZE_MAX / 2 : TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  return 0;
}

static int keep(struct parser *parser, const char *bytes, size_t n) {
  return tcx__document_keep(&parser->document, bytes, n) == 0 ? 0
                                                              : tcx__fail_memory(parser->p->fail);
}

/* What the reader's status means. With error_in_success a document called Error is an error, and so
 * is a malformed one. */
static int judge(struct parser *parser, int status) {
  const char *root = tcx__xml_reader_root(parser->reader);
  bool known = status == 0 && root != NULL, is_error = known && strcmp(root, "Error") == 0;
  if (parser->watches && (is_error || status == TCX_EPROTO)) {
    parser->head.mode = TCX__PARSE_ERROR;
    return 0;
  }
  if (known && parser->keeps) {
    parser->keeps = false;
    tcx__buf_free(&parser->document.bytes);
  }
  return status == 0 ? 0 : tcx__fail(parser->p->fail, status, "%s", parser->fail.text);
}

static int feed_output(struct parser *parser, const char *bytes, size_t n) {
  int status = parser->keeps ? keep(parser, bytes, n) : 0;
  if (parser->reader == NULL)
    parser->reader = tcx__xml_reader_new(&(struct tcx_xml_read){.arena = parser->p->arena,
                                                                .fail = &parser->fail,
                                                                .shape = parser->p->op->output,
                                                                .map = parser->map});
  if (parser->reader == NULL)
    return tcx__fail_memory(parser->p->fail);
  return status == 0 ? judge(parser, tcx__xml_reader_feed(parser->reader, bytes, n)) : status;
}

static int feed(struct tcx_parser *head, const char *bytes, size_t n) {
  struct parser *parser = (struct parser *)head;
  if (n == 0)
    return 0;
  parser->fed = true;
  if (head->mode == TCX__PARSE_ERROR || parser->bytes != NULL)
    return keep(parser, bytes, n);
  return parser->p->op->output != NULL ? feed_output(parser, bytes, n) : 0;
}

/* ---- success ---- */

static int finish_output(struct parser *parser) {
  const struct tcx_parse *p = parser->p;
  const struct tcx_shape *shape = p->op->output;
  if (shape == NULL)
    return 0;
  int status = 0;
  if (parser->bytes != NULL)
    status = !parser->fed && tcx__streaming_output(p->op, NULL)
                 ? 0
                 : tcx__rest_add_bytes(p, parser->bytes, &parser->document, parser->map);
  else if (parser->fed)
    status = judge(parser, tcx__xml_reader_finish(parser->reader));
  else
    status = tcx__rest_add_empty(p, shape, parser->map);
  if (status == 0 && parser->head.mode == TCX__PARSE_OUTPUT)
    status = tcx__rest_response_head(p, shape, parser->map);
  return status;
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  int status = head->mode == TCX__PARSE_OUTPUT ? finish_output(parser) : 0;
  if (status == 0 && head->mode == TCX__PARSE_ERROR)
    return tcx__xml_error(parser->p, &parser->document, true, out, error);
  *out = parser->map;
  return status;
}

/* ---- events ---- */

static int read_document(const struct tcx_parse *p, const struct tcx_shape *shape,
                         const char *bytes, size_t n, struct tcx_value **out) {
  *out = tcx__value_new(p->arena, TCX_MAP);
  if (*out == NULL)
    return tcx__fail_memory(p->fail);
  if (n == 0)
    return 0;
  struct tcx_xml_reader *reader = tcx__xml_reader_new(
      &(struct tcx_xml_read){.arena = p->arena, .fail = p->fail, .shape = shape, .map = *out});
  if (reader == NULL)
    return tcx__fail_memory(p->fail);
  int status = tcx__xml_reader_feed(reader, bytes, n);
  return status == 0 ? tcx__xml_reader_finish(reader) : status;
}

const struct tcx_protocol tcx__rest_xml = {"rest-xml", serialize,     start, feed,
                                           finish,     read_document, false};
