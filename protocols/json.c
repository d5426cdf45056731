/*
 * json.c - the protocol json, 1.0 and 1.1: DynamoDB, SQS, KMS and many more.
 *
 * A success is read by shape as it comes; an output without members is not looked at. An error's
 * document is kept (up to TCX__ERROR_DOCUMENT_MAX) and read at its end (json_body.c).
 */
#include "protocols/json_body.h"
#include "protocols/json_read.h"
#include "protocols/json_write.h"
#include <string.h>

#define BODY_MAX ((size_t)1 << 30) /* bytes of a request's document */

/* ---- requests ---- */

static int set_headers(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  const struct tcx_model *model = s->model;
  if (model->target_prefix == NULL || model->json_version == NULL)
    return tcx__fail(f, TCX_ESERVICE, "the model of %s lacks its targetPrefix or jsonVersion",
                     model->service);
  const char *target =
                 tcx__arena_printf(req->arena, "%s.%s", model->target_prefix, s->op->wire_name),
             *type =
                 tcx__arena_printf(req->arena, "application/x-amz-json-%s", model->json_version);
  if (target == NULL || type == NULL)
    return tcx__fail_memory(f);
  int status = tcx__headers_set(&req->headers, TCX__STR("X-Amz-Target"), tcx__str(target));
  if (status == 0)
    status = tcx__headers_set(&req->headers, TCX__STR("Content-Type"), tcx__str(type));
  if (status == 0 && (model->flags & TCX__SVC_QUERY_COMPATIBLE))
    status = tcx__headers_set(&req->headers, TCX__STR("x-amzn-query-mode"), TCX__STR("true"));
  return status == 0 ? 0 : tcx__fail(f, status, "%s", tcx_strerror(status));
}

static int serialize(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  tcx__request_begin(s, req);
  int status = set_headers(s, req, f);
  if (status != 0)
    return status;
  if (s->op->input == NULL || s->params == NULL) {
    req->body = TCX__STR("{}");
    return 0;
  }
  struct tcx_buf out;
  struct tcx_member input = {.name = s->op->name, .shape = s->op->input};
  tcx__buf_init(&out, req->arena, BODY_MAX);
  status = tcx__json_write_shape(&out, &input, s->params, NULL, f);
  req->body = tcx__buf_str(&out);
  return status;
}

/* ---- responses ---- */

struct parser {
  struct tcx_parser head;
  const struct tcx_parse *p;
  struct tcx_json_reader *reader; /* of a success, from the first byte on */
  struct tcx_document document;   /* of an error */
};

static int start(const struct tcx_parse *p, struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  if (parser == NULL)
    return tcx__fail_memory(p->fail);
  parser->head.mode = p->mode;
  parser->p = p;
  tcx__buf_init(&parser->document.bytes, p->arena, TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  return 0;
}

static int feed(struct tcx_parser *head, const char *bytes, size_t n) {
  struct parser *parser = (struct parser *)head;
  const struct tcx_parse *p = parser->p;
  if (head->mode == TCX__PARSE_ERROR)
    return tcx__document_keep(&parser->document, bytes, n) == 0 ? 0 : tcx__fail_memory(p->fail);
  if (n == 0 || p->op->output == NULL || p->op->output->n_members == 0)
    return 0;
  if (parser->reader == NULL)
    parser->reader = tcx__json_reader_new(p->arena, p->op->output, p->fail);
  return parser->reader != NULL ? tcx__json_reader_feed(parser->reader, bytes, n)
                                : tcx__fail_memory(p->fail);
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  const struct tcx_parse *p = parser->p;
  if (head->mode == TCX__PARSE_ERROR)
    return tcx__json_error(p, &parser->document, false, out, error);
  *out = NULL;
  int status = parser->reader != NULL ? tcx__json_reader_finish(parser->reader, out) : 0;
  if (status == 0 && *out == NULL)
    *out = tcx__value_new(p->arena, TCX_MAP);
  return status != 0 || *out != NULL ? status : tcx__fail_memory(p->fail);
}

const struct tcx_protocol tcx__json = {"json", serialize,       start, feed,
                                       finish, tcx__json_event, true};
