/*
 * rest_xml.c - the protocol rest-xml: S3, CloudFront, Route 53.
 *
 * A success is read by shape as it comes; bytes of a payload that is a blob or a string are only
 * gathered. An error's document is kept (up to TCX__ERROR_DOCUMENT_MAX) and read twice at its end:
 * without a shape, which gives the code, then by the shape that the code names. With
 * error_in_success the bytes are also kept until the document's element is known.
 */
#include "base/codec.h"
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
  struct tcx_buf document; /* of an error, or of what may become one; or the payload's bytes */
  struct tcx_fail fail;    /* the reader's, until it is clear that it is the response's */
  bool fed, cut;           /* cut: the document was longer than what is kept */
  bool watches, keeps; /* error_in_success applies; and the document's element is not known yet */
};

static int no_memory(const struct tcx_parse *p) {
  return tcx__fail(p->fail, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
}

static const struct tcx_member *bytes_payload(const struct tcx_shape *shape) {
  if (shape == NULL || shape->payload == NULL)
    return NULL;
  const struct tcx_member *m = tcx__shape_member(shape, shape->payload, strlen(shape->payload));
  return m->shape->type == TCX__SHAPE_BLOB || m->shape->type == TCX__SHAPE_STRING ? m : NULL;
}

static int start(const struct tcx_parse *p, struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  struct tcx_value *map = tcx__value_new(p->arena, TCX_MAP);
  if (parser == NULL || map == NULL)
    return no_memory(p);
  const struct tcx_shape *shape = p->mode == TCX__PARSE_OUTPUT ? p->op->output : NULL;
  parser->head.mode = p->mode;
  parser->p = p;
  parser->map = map;
  parser->bytes = bytes_payload(shape);
  parser->fail.arena = p->arena;
  parser->watches = parser->keeps = p->error_in_success && shape != NULL && parser->bytes == NULL;
  tcx__buf_init(&parser->document, p->arena,
                parser->bytes != NULL ? SIZE_MAX / 2 : TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  return 0;
}

static int keep(struct parser *parser, const char *bytes, size_t n) {
  struct tcx_buf *document = &parser->document;
  size_t room = document->max - document->len;
  parser->cut |= n > room;
  tcx__buf_add(document, bytes, n < room ? n : room);
  return document->status == 0 ? 0 : no_memory(parser->p);
}

static int new_reader(struct parser *parser, struct tcx_fail *fail, const struct tcx_shape *shape,
                      struct tcx_value *map, bool is_error, struct tcx_xml_reader **out) {
  *out = tcx__xml_reader_new(&(struct tcx_xml_read){
      .arena = parser->p->arena, .fail = fail, .shape = shape, .map = map, .is_error = is_error});
  return *out != NULL ? 0 : no_memory(parser->p);
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
    tcx__buf_free(&parser->document);
  }
  return status == 0 ? 0 : tcx__fail(parser->p->fail, status, "%s", parser->fail.text);
}

static int feed_output(struct parser *parser, const char *bytes, size_t n) {
  int status = parser->keeps ? keep(parser, bytes, n) : 0;
  if (status == 0 && parser->reader == NULL)
    status = new_reader(parser, &parser->fail, parser->p->op->output, parser->map, false,
                        &parser->reader);
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

static int finish_bytes(struct parser *parser) {
  const struct tcx_parse *p = parser->p;
  const struct tcx_member *m = parser->bytes;
  if (!parser->fed && tcx__streaming_output(p->op, NULL))
    return 0;
  const char *data = parser->document.data != NULL ? parser->document.data : "";
  struct tcx_value *v = m->shape->type == TCX__SHAPE_BLOB
                            ? tcx__value_new_blob(p->arena, data, parser->document.len)
                            : tcx__value_new_str(p->arena, data, parser->document.len);
  return v != NULL && tcx__value_add(p->arena, parser->map, m->name, m->name_len, v) == 0
             ? 0
             : no_memory(p);
}

/* An empty body: a payload that is a structure is an empty map, but a union has no member and is
 * left out. */
static int finish_empty(struct parser *parser, const struct tcx_shape *shape,
                        struct tcx_value *map) {
  const struct tcx_parse *p = parser->p;
  const struct tcx_member *m =
      shape->payload != NULL ? tcx__shape_member(shape, shape->payload, strlen(shape->payload))
                             : NULL;
  if (m == NULL || (m->shape->flags & (TCX__S_UNION | TCX__S_EVENT_STREAM)))
    return 0;
  struct tcx_value *v =
      tcx__value_new(p->arena, m->shape->type == TCX__SHAPE_LIST ? TCX_LIST : TCX_MAP);
  return v != NULL && tcx__value_add(p->arena, map, m->name, m->name_len, v) == 0 ? 0
                                                                                  : no_memory(p);
}

static int finish_output(struct parser *parser) {
  const struct tcx_parse *p = parser->p;
  const struct tcx_shape *shape = p->op->output;
  if (shape == NULL)
    return 0;
  int status = 0;
  if (parser->bytes != NULL)
    status = finish_bytes(parser);
  else if (parser->fed)
    status = judge(parser, tcx__xml_reader_finish(parser->reader));
  else
    status = finish_empty(parser, shape, parser->map);
  if (status == 0 && parser->head.mode == TCX__PARSE_OUTPUT)
    status = tcx__rest_response_head(p, shape, parser->map);
  return status;
}

/* ---- errors ---- */

static const char *text_of(const struct tcx_value *map, const char *name) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

static int set_text(struct parser *parser, struct tcx_value *map, const char *name,
                    const char *text) {
  struct tcx_value *v = tcx__value_new_str(parser->p->arena, text, strlen(text));
  return v != NULL && tcx__value_replace(parser->p->arena, map, name, strlen(name), v) == 0
             ? 0
             : UV_ENOMEM;
}

static const char *take_text(struct tcx_value *map, const char *name) {
  const char *text = text_of(map, name);
  tcx__value_remove(map, name, strlen(name));
  return text;
}

/* The document as {Error: {...}, others}: <Error> is S3's own form, the others have it inside. NULL
 * when it cannot be read so. */
static int read_document(struct parser *parser, struct tcx_parse_error *error,
                         struct tcx_value **out) {
  const struct tcx_parse *p = parser->p;
  const char *root;
  struct tcx_value *tree, *inner;
  *out = NULL;
  if (parser->document.len == 0 || parser->cut)
    return 0;
  int status = tcx__xml_tree(p->arena, parser->document.data, parser->document.len, &root, &tree);
  if (status != 0)
    return status == UV_ENOMEM ? status : 0;
  if (tree->type != TCX_MAP)
    return 0;
  error->request_id = take_text(tree, "RequestId");
  if (strcmp(root, "Error") != 0) {
    inner = tcx__value_find(tree, "Error", 5);
    if (inner == NULL || inner->type != TCX_MAP)
      return 0;
    *out = tree;
    return 0;
  }
  error->host_id = take_text(tree, "HostId");
  *out = tcx__value_new(p->arena, TCX_MAP);
  return *out != NULL && tcx__value_add(p->arena, *out, "Error", 5, tree) == 0 ? 0 : UV_ENOMEM;
}

/* Adds what the exception that the code names has for members. One that cannot be read is left out
 * whole. */
static int add_modelled(struct parser *parser, const struct tcx_shape *shape, struct tcx_value *out,
                        bool has_document) {
  const struct tcx_parse *p = parser->p;
  struct tcx_value *members = tcx__value_new(p->arena, TCX_MAP);
  struct tcx_xml_reader *reader;
  if (members == NULL)
    return UV_ENOMEM;
  struct tcx_parse quiet = *p;
  quiet.fail = NULL;
  int status = tcx__rest_response_head(&quiet, shape, members);
  if (status == 0 && has_document) {
    status = new_reader(parser, NULL, shape, members, true, &reader);
    if (status == 0)
      status = tcx__xml_reader_feed(reader, parser->document.data, parser->document.len);
    if (status == 0)
      status = tcx__xml_reader_finish(reader);
  } else if (status == 0) {
    status = finish_empty(parser, shape, members);
  }
  if (status != 0)
    return status == UV_ENOMEM ? status : 0;
  for (struct tcx_value *v = (struct tcx_value *)tcx__value_kids(members), *next; v != NULL;
       v = next) {
    next = v->next;
    v->next = NULL;
    if (tcx__value_replace(p->arena, out, v->name, v->name_len, v) != 0)
      return UV_ENOMEM;
  }
  return 0;
}

/* Code and message, from the status where the document has none. */
static int fill_in(struct parser *parser, struct tcx_value *out, struct tcx_parse_error *error,
                   bool has_document) {
  const struct tcx_parse *p = parser->p;
  int http_status = p->mode == TCX__PARSE_OUTPUT ? 500 : p->head->status;
  struct tcx_value *inner = tcx__value_find(out, "Error", 5);
  error->code = text_of(inner, "Code");
  error->message = text_of(inner, "Message");
  if (error->code == NULL) {
    error->code = tcx__arena_printf(p->arena, "%d", http_status);
    if (error->code == NULL || set_text(parser, inner, "Code", error->code) != 0)
      return UV_ENOMEM;
    if (error->message == NULL) {
      error->message = tcx__status_phrase(http_status);
      if (set_text(parser, inner, "Message", error->message) != 0)
        return UV_ENOMEM;
    }
  }
  if (error->message == NULL)
    error->message = "";
  error->shape = tcx__error_shape(p->model, p->op, error->code);
  return error->shape != NULL ? add_modelled(parser, error->shape, out, has_document) : 0;
}

static int finish_error(struct parser *parser, struct tcx_value **out,
                        struct tcx_parse_error *error) {
  const struct tcx_parse *p = parser->p;
  struct tcx_parse_error unused;
  error = error != NULL ? error : &unused;
  *error = (struct tcx_parse_error){0};
  int status = read_document(parser, error, out);
  bool has_document = *out != NULL;
  if (status == 0 && !has_document) {
    struct tcx_value *inner = tcx__value_new(p->arena, TCX_MAP);
    *out = tcx__value_new(p->arena, TCX_MAP);
    if (inner == NULL || *out == NULL || tcx__value_add(p->arena, *out, "Error", 5, inner) != 0)
      status = UV_ENOMEM;
  }
  if (status == 0)
    status = fill_in(parser, *out, error, has_document);
  return status == 0 ? 0 : no_memory(p);
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  int status = head->mode == TCX__PARSE_OUTPUT ? finish_output(parser) : 0;
  if (status == 0 && head->mode == TCX__PARSE_ERROR)
    return finish_error(parser, out, error);
  *out = parser->map;
  return status;
}

const struct tcx_protocol tcx__rest_xml = {"rest-xml", serialize, start, feed, finish};
