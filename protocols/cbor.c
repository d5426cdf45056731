/*
 * cbor.c - the protocol rpc-v2-cbor.
 *
 * A success is read by shape as it comes. An error's document is kept (up to
 * TCX__ERROR_DOCUMENT_MAX) and read at its end: once for its code, then by the shape that the code
 * names.
 */
#include "protocols/cbor_body.h"
#include "protocols/error.h"
#include <string.h>

#define BODY_MAX ((size_t)1 << 30) /* bytes of a request's body */

/* ---- requests ---- */

static int write_path(const struct tcx_serialize *s, struct tcx_request *req) {
  struct tcx_str base = req->path;
  const char *target = s->model->target_prefix != NULL ? s->model->target_prefix : "";
  if (tcx__str_ends(base, "/"))
    base.n--;
  const char *path = tcx__arena_printf(req->arena, "%.*s/service/%s/operation/%s", (int)base.n,
                                       base.n > 0 ? base.p : "", target, s->op->name);
  req->path = tcx__str(path);
  return path != NULL ? 0 : UV_ENOMEM;
}

static int write_headers(const struct tcx_serialize *s, struct tcx_request *req) {
  struct tcx_headers *h = &req->headers;
  bool events = (s->op->flags & TCX__OP_EVENT_OUTPUT) != 0;
  int status = tcx__headers_set(h, TCX__STR("smithy-protocol"), TCX__STR("rpc-v2-cbor"));
  if (status == 0 && (s->model->flags & TCX__SVC_QUERY_COMPATIBLE))
    status = tcx__headers_set(h, TCX__STR("x-amzn-query-mode"), TCX__STR("true"));
  if (status == 0)
    status = tcx__headers_set(h, TCX__STR("Accept"),
                              events ? TCX__STR("application/vnd.amazon.eventstream")
                                     : TCX__STR("application/cbor"));
  if (status == 0 && s->op->input != NULL)
    status = tcx__headers_set(h, TCX__STR("Content-Type"), TCX__STR("application/cbor"));
  return status;
}

static int serialize(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  static const struct tcx_value none = {.type = TCX_MAP};
  struct tcx_buf body;
  s->body = NULL;
  s->body_requires_length = false;
  req->method = "POST";
  req->body = (struct tcx_str){NULL, 0};
  int status = write_path(s, req);
  if (status == 0)
    status = write_headers(s, req);
  if (status != 0)
    return tcx__fail(f, status, "%s", tcx_strerror(status));
  if (s->op->input == NULL)
    return 0;
  tcx__buf_init(&body, req->arena, BODY_MAX);
  status = tcx__cbor_write(&body, s->op->input, s->params != NULL ? s->params : &none, f);
  req->body = tcx__buf_str(&body);
  return status;
}

/* ---- responses ---- */

struct parser {
  struct tcx_parser head;
  const struct tcx_parse *p;
  struct tcx_cbor_reader reader; /* of a success with an output */
  bool reads, fed;
  struct tcx_document document; /* of an error */
};

static int start(const struct tcx_parse *p, struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  if (parser == NULL)
    return tcx__fail_memory(p->fail);
  parser->head.mode = p->mode;
  parser->p = p;
  parser->reads = p->mode == TCX__PARSE_OUTPUT && p->op->output != NULL;
  if (parser->reads)
    tcx__cbor_reader_init(&parser->reader, p->arena, p->fail, p->op->output);
  tcx__buf_init(&parser->document.bytes, p->arena, TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  return 0;
}

static int feed(struct tcx_parser *head, const char *bytes, size_t n) {
  struct parser *parser = (struct parser *)head;
  parser->fed |= n > 0;
  if (parser->reads)
    return tcx__cbor_reader_feed(&parser->reader, bytes, n);
  if (head->mode == TCX__PARSE_OUTPUT)
    return 0;
  return tcx__document_keep(&parser->document, bytes, n) == 0 ? 0
                                                              : tcx__fail_memory(parser->p->fail);
}

/* Adds what the exception that the code names has for members. One that cannot be read is left out
 * whole. */
static int add_modelled(const struct parser *parser, const struct tcx_shape *shape,
                        struct tcx_value *out) {
  struct tcx_arena *arena = parser->p->arena;
  struct tcx_value *members = NULL;
  int status = tcx__cbor_read(arena, NULL, shape, tcx__buf_str(&parser->document.bytes), &members);
  (void)tcx__value_remove(members, "Error", 5);
  if (status == 0)
    status = tcx__value_move_members(arena, out, members);
  return status == UV_ENOMEM ? tcx__fail_memory(parser->p->fail) : 0;
}

static int finish_error(struct parser *parser, struct tcx_value **out,
                        struct tcx_parse_error *error) {
  const struct tcx_parse *p = parser->p;
  struct tcx_parse_error unused;
  struct tcx_value *found = NULL;
  struct tcx_str bytes = tcx__buf_str(&parser->document.bytes);
  error = error != NULL ? error : &unused;
  int status = parser->document.cut
                   ? TCX_EPROTO
                   : tcx__cbor_read(p->arena, NULL, &tcx__error_document, bytes, &found);
  if (status == UV_ENOMEM)
    return tcx__fail_memory(p->fail);
  found = status == 0 ? found : NULL;
  const struct tcx_value *type = tcx__value_find(found, "__type", 6);
  struct tcx_str name = type != NULL ? tcx__error_name(type->u.bytes) : (struct tcx_str){NULL, 0};
  status = tcx__error_make(p, name, tcx__error_message(found), out, error);
  if (status == 0 && error->shape != NULL && found != NULL)
    status = add_modelled(parser, error->shape, *out);
  return status;
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  if (head->mode == TCX__PARSE_ERROR)
    return finish_error(parser, out, error);
  if (parser->reads && parser->fed)
    return tcx__cbor_reader_finish(&parser->reader, out);
  *out = tcx__value_new(parser->p->arena, TCX_MAP);
  return *out != NULL ? 0 : tcx__fail_memory(parser->p->fail);
}

static int read_document(const struct tcx_parse *p, const struct tcx_shape *shape,
                         const char *bytes, size_t n, struct tcx_value **out) {
  return tcx__cbor_read(p->arena, p->fail, shape, (struct tcx_str){bytes, n}, out);
}

const struct tcx_protocol tcx__rpc_v2_cbor = {"smithy-rpc-v2-cbor", serialize, start, feed, finish,
                                              read_document,        true};
