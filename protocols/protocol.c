/* protocol.c - which protocols there are, and what all of them ask of a model. */
#include "protocols/protocol.h"
#include <string.h>

static const struct tcx_protocol *const protocols[] = {
    &tcx__rest_xml, &tcx__query, &tcx__ec2, &tcx__json, &tcx__rest_json, &tcx__rpc_v2_cbor};

const struct tcx_protocol *tcx__protocol_by_name(const char *name) {
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
    if (strcmp(protocols[i]->name, name) == 0)
      return protocols[i];
  return NULL;
}

bool tcx__streaming_output(const struct tcx_operation *op, const struct tcx_member **member) {
  const struct tcx_shape *output = op->output;
  if (output == NULL || output->payload == NULL)
    return false;
  const struct tcx_member *m = tcx__shape_member(output, output->payload, strlen(output->payload));
  if (m == NULL || (m->shape->type != TCX__SHAPE_BLOB && !(m->flags & TCX__M_STREAMING)))
    return false;
  if (member != NULL)
    *member = m;
  return true;
}

static bool has_code(const struct tcx_shape *shape, const char *code) {
  return (shape->flags & TCX__S_EXCEPTION) &&
         strcmp(shape->error_code != NULL ? shape->error_code : shape->name, code) == 0;
}

const struct tcx_shape *tcx__error_shape(const struct tcx_model *model,
                                         const struct tcx_operation *op, const char *code) {
  for (unsigned i = 0; op != NULL && i < op->n_errors; i++)
    if (has_code(op->errors[i], code))
      return op->errors[i];
  for (uint32_t i = 0; i < model->n_shapes; i++)
    if (has_code(&model->shapes[i], code))
      return &model->shapes[i];
  return NULL;
}

void tcx__request_begin(struct tcx_serialize *s, struct tcx_request *req) {
  s->body = NULL;
  s->body_requires_length = false;
  req->method = s->op->http_method;
  req->body = (struct tcx_str){NULL, 0};
  if (req->path.n == 0)
    req->path = TCX__STR("/");
}

int tcx__document_keep(struct tcx_document *document, const char *p, size_t n) {
  struct tcx_buf *bytes = &document->bytes;
  size_t room = bytes->max - bytes->len;
  document->cut |= n > room;
  tcx__buf_add(bytes, p, n < room ? n : room);
  return bytes->status;
}

const char *tcx__status_phrase(int status) {
  static const struct {
    int status;
    const char *phrase;
  } phrases[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {305, "Use Proxy"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Request Entity Too Large"},
      {414, "Request-URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Requested Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {418, "I'm a Teapot"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Entity"},
      {423, "Locked"},
      {424, "Failed Dependency"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {506, "Variant Also Negotiates"},
      {507, "Insufficient Storage"},
      {508, "Loop Detected"},
      {510, "Not Extended"},
      {511, "Network Authentication Required"},
  };
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
    if (phrases[i].status == status)
      return phrases[i].phrase;
  return "";
}
