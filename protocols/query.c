/*
 * query.c - the protocols query (STS, IAM, ...) and ec2: a form goes out, XML comes back.
 *
 * Fields of the form go out in the order in which the caller gave them. A name grows and shrinks
 * with the depth at which the writer is, and is kept encoded.
 *
 * A success is read as it comes, by a shape that is made for it: the output, in its wrapper where
 * it has one, beside the element that says the request's id. An error's document is kept and read
 * at its end (xml_error.c).
 */
#include "base/codec.h"
#include "protocols/scalar.h"
#include "protocols/xml_body.h"
#include <string.h>

#define BODY_MAX   ((size_t)1 << 30) /* bytes of a form */
#define FIELD_MAX  ((size_t)1 << 16) /* bytes of a field's name */
#define METADATA   "ResponseMetadata"
#define REQUEST_ID "RequestId"

/* ---- requests ---- */

struct form {
  struct tcx_buf out, name; /* name: of the field that is being written, encoded */
  struct tcx_fail *f;
  bool ec2;
  unsigned depth;
};

static int write_field(struct form *form, const struct tcx_member *m, const struct tcx_value *v);

static void cut_name(struct form *form, size_t len) { form->name.len = len; }

static void add_name(struct form *form, const char *name, size_t n) {
  if (form->name.len > 0)
    tcx__buf_addc(&form->name, '.');
  tcx__uri_encode(&form->name, name, n, TCX__URI_FORM);
}

static void add_number(struct form *form, uint32_t number) {
  tcx__buf_addc(&form->name, '.');
  tcx__buf_add_uint(&form->name, number);
}

/* The name of m: of a structure's member, or of a map's key or value. */
static void add_member(struct form *form, const struct tcx_member *m) {
  size_t at = form->name.len + (form->name.len > 0);
  if (form->ec2 && m->query_name != NULL) {
    add_name(form, m->query_name, strlen(m->query_name));
    return;
  }
  add_name(form, m->wire, m->wire_len);
  if (form->ec2 && form->name.status == 0 && form->name.data[at] >= 'a' &&
      form->name.data[at] <= 'z')
    form->name.data[at] = (char)(form->name.data[at] - 'a' + 'A');
}

static void put(struct form *form, struct tcx_str text) {
  tcx__buf_addc(&form->out, '&');
  tcx__buf_add(&form->out, form->name.data, form->name.len);
  tcx__buf_addc(&form->out, '=');
  tcx__uri_encode(&form->out, text.p, text.n, TCX__URI_FORM);
}

static int write_scalar(struct form *form, const struct tcx_member *m, const struct tcx_value *v) {
  struct tcx_str text;
  int status = tcx__scalar_text(form->out.arena, m, TCX__TIME_ISO8601, v, &text);
  if (status == TCX_EPARAM)
    return tcx__fail(form->f, status, "the value of %s cannot be sent", m->name);
  if (status != 0)
    return tcx__fail(form->f, status, "%s", tcx_strerror(status));
  put(form, text);
  return 0;
}

static int write_structure(struct form *form, const struct tcx_member *m,
                           const struct tcx_value *v) {
  size_t len = form->name.len;
  int status = 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    const struct tcx_member *member = tcx__shape_member(m->shape, kid->name, kid->name_len);
    if (member == NULL || kid->type == TCX_NULL)
      continue;
    add_member(form, member);
    status = write_field(form, member, kid);
    cut_name(form, len);
  }
  return status;
}

/* The name of a list's items up to their number. Flattened and named, the items' name stands
 * instead of the list's. */
static void name_items(struct form *form, const struct tcx_member *m) {
  const struct tcx_member *item = &m->shape->members[0];
  if (form->ec2)
    return;
  if (!(m->flags & TCX__M_FLATTENED)) {
    add_name(form, item->wire_given ? item->wire : "member", item->wire_given ? item->wire_len : 6);
  } else if (item->wire_given && item->wire_len > 0) {
    size_t len = form->name.len;
    while (len > 0 && form->name.data[len - 1] != '.')
      len--;
    cut_name(form, len > 0 ? len - 1 : 0);
    add_name(form, item->wire, item->wire_len);
  }
}

static int write_list(struct form *form, const struct tcx_member *m, const struct tcx_value *v) {
  if (tcx__value_count(v) == 0) {
    if (!form->ec2)
      put(form, (struct tcx_str){"", 0});
    return 0;
  }
  name_items(form, m);
  size_t len = form->name.len;
  uint32_t number = 0;
  int status = form->name.status;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    if (kid->type == TCX_NULL)
      continue;
    add_number(form, ++number);
    status = write_field(form, &m->shape->members[0], kid);
    cut_name(form, len);
  }
  return status;
}

static int write_map(struct form *form, const struct tcx_member *m, const struct tcx_value *v) {
  const struct tcx_member *key = &m->shape->members[0], *value = &m->shape->members[1];
  if (!(m->flags & TCX__M_FLATTENED))
    add_name(form, "entry", 5);
  size_t len = form->name.len;
  uint32_t number = 0;
  int status = form->name.status;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    struct tcx_value text = {.type = TCX_STRING, .u.bytes = {kid->name, kid->name_len}};
    if (kid->type == TCX_NULL)
      continue;
    add_number(form, ++number);
    size_t entry = form->name.len;
    add_member(form, key);
    status = write_scalar(form, key, &text);
    cut_name(form, entry);
    add_member(form, value);
    if (status == 0)
      status = write_field(form, value, kid);
    cut_name(form, len);
  }
  return status;
}

/* v under the name that stands; the caller cuts the name back. */
static int write_field(struct form *form, const struct tcx_member *m, const struct tcx_value *v) {
  int (*write)(struct form *, const struct tcx_member *, const struct tcx_value *) = write_scalar;
  uint8_t wanted = TCX_MAP;
  switch (m->shape->type) {
  case TCX__SHAPE_STRUCTURE:
    write = write_structure;
    break;
  case TCX__SHAPE_LIST:
    write = write_list;
    wanted = TCX_LIST;
    break;
  case TCX__SHAPE_MAP:
    write = write_map;
    break;
  default:
    break;
  }
  if (write != write_scalar && v->type != wanted)
    return tcx__fail(form->f, TCX_EPARAM, "the value of %s is not a %s", m->name,
                     tcx__type_name(wanted));
  if (form->name.status != 0)
    return tcx__fail(form->f, form->name.status, "%s", tcx_strerror(form->name.status));
  if (form->depth == TCX__XML_DEPTH)
    return tcx__fail(form->f, TCX_EPARAM, "%s is nested too deep", m->name);
  form->depth++;
  int status = write(form, m, v);
  form->depth--;
  return status;
}

static int serialize(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f,
                     bool ec2) {
  struct form form = {.f = f, .ec2 = ec2};
  struct tcx_member input = {.name = s->op->name, .shape = s->op->input};
  tcx__request_begin(s, req);
  tcx__buf_init(&form.out, req->arena, BODY_MAX);
  tcx__buf_init(&form.name, req->arena, FIELD_MAX);
  tcx__buf_adds(&form.out, "Action=");
  tcx__uri_encode(&form.out, s->op->wire_name, strlen(s->op->wire_name), TCX__URI_FORM);
  tcx__buf_adds(&form.out, "&Version=");
  tcx__uri_encode(&form.out, s->model->api_version, strlen(s->model->api_version), TCX__URI_FORM);
  int status =
      s->op->input != NULL && s->params != NULL ? write_field(&form, &input, s->params) : 0;
  if (status == 0)
    status = form.out.status;
  if (status == 0)
    status = tcx__headers_set(&req->headers, TCX__STR("Content-Type"),
                              TCX__STR("application/x-www-form-urlencoded; charset=utf-8"));
  req->body = tcx__buf_str(&form.out);
  return status == 0 ? 0 : tcx__fail(f, status, "%s", tcx_strerror(status));
}

static int serialize_query(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  return serialize(s, req, f, false);
}
static int serialize_ec2(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f) {
  return serialize(s, req, f, true);
}

/* ---- responses ---- */

struct parser {
  struct tcx_parser head;
  const struct tcx_parse *p;
  struct tcx_value *map;
  struct tcx_xml_reader *reader; /* of a success */
  struct tcx_document document;  /* of an error */
  const char *wrapper;           /* the element around a success's members, or NULL */
  struct tcx_shape root;         /* what a success's document looks like */
};

static const struct tcx_shape string = {.name = "String", .type = TCX__SHAPE_STRING};
static const struct tcx_member request_id = {.name = REQUEST_ID,
                                             .wire = REQUEST_ID,
                                             .name_len = sizeof REQUEST_ID - 1,
                                             .wire_len = sizeof REQUEST_ID - 1,
                                             .shape = &string};
static const struct tcx_shape metadata = {
    .name = METADATA, .type = TCX__SHAPE_STRUCTURE, .members = &request_id, .n_members = 1};
/* Where the request's id stands: <ResponseMetadata><RequestId>, and in ec2 <requestId>. */
static const struct tcx_member query_metadata = {.name = METADATA,
                                                 .wire = METADATA,
                                                 .name_len = sizeof METADATA - 1,
                                                 .wire_len = sizeof METADATA - 1,
                                                 .shape = &metadata};
static const struct tcx_member ec2_metadata = {.name = METADATA,
                                               .wire = "requestId",
                                               .name_len = sizeof METADATA - 1,
                                               .wire_len = 9,
                                               .shape = &string};

/* The output's members, or its wrapper, and the metadata behind. */
static int make_root(struct parser *parser, const struct tcx_member *extra) {
  const struct tcx_shape *output = parser->p->op->output;
  const char *wrapper = output != NULL && extra == &query_metadata ? output->result_wrapper : NULL;
  uint32_t own = output == NULL ? 0 : wrapper != NULL ? 1 : output->n_members;
  struct tcx_member *members = tcx__arena_alloc(parser->p->arena, (own + 1) * sizeof *members);
  if (members == NULL)
    return UV_ENOMEM;
  if (wrapper != NULL) {
    uint16_t n = (uint16_t)strlen(wrapper);
    members[0] = (struct tcx_member){
        .name = wrapper, .wire = wrapper, .name_len = n, .wire_len = n, .shape = output};
  } else if (own > 0) {
    memcpy(members, output->members, own * sizeof *members);
  }
  members[own] = *extra;
  parser->wrapper = wrapper;
  parser->root = (struct tcx_shape){.name = output != NULL ? output->name : METADATA,
                                    .type = TCX__SHAPE_STRUCTURE,
                                    .members = members,
                                    .n_members = own + 1};
  return 0;
}

static int start(const struct tcx_parse *p, const struct tcx_member *extra,
                 struct tcx_parser **out) {
  struct parser *parser = tcx__arena_zalloc(p->arena, sizeof *parser);
  if (parser == NULL)
    return tcx__fail_memory(p->fail);
  parser->head.mode = p->mode;
  parser->p = p;
  tcx__buf_init(&parser->document.bytes, p->arena, TCX__ERROR_DOCUMENT_MAX);
  *out = &parser->head;
  if (p->mode == TCX__PARSE_ERROR)
    return 0;
  parser->map = tcx__value_new(p->arena, TCX_MAP);
  if (parser->map == NULL || make_root(parser, extra) != 0)
    return tcx__fail_memory(p->fail);
  parser->reader = tcx__xml_reader_new(&(struct tcx_xml_read){
      .arena = p->arena, .fail = p->fail, .shape = &parser->root, .map = parser->map});
  return parser->reader != NULL ? 0 : tcx__fail_memory(p->fail);
}

static int start_query(const struct tcx_parse *p, struct tcx_parser **out) {
  return start(p, &query_metadata, out);
}
static int start_ec2(const struct tcx_parse *p, struct tcx_parser **out) {
  return start(p, &ec2_metadata, out);
}

static int feed(struct tcx_parser *head, const char *bytes, size_t n) {
  struct parser *parser = (struct parser *)head;
  if (head->mode == TCX__PARSE_OUTPUT)
    return tcx__xml_reader_feed(parser->reader, bytes, n);
  return tcx__document_keep(&parser->document, bytes, n) == 0 ? 0
                                                              : tcx__fail_memory(parser->p->fail);
}

/* The request's id out of the map; NULL when there is none. */
static const char *take_id(struct tcx_value *map) {
  const struct tcx_value *v = tcx__value_find(map, METADATA, sizeof METADATA - 1);
  tcx__value_remove(map, METADATA, sizeof METADATA - 1);
  if (v != NULL && v->type == TCX_MAP)
    v = tcx__value_find(v, REQUEST_ID, sizeof REQUEST_ID - 1);
  return v != NULL && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

static int finish_output(struct parser *parser, struct tcx_value **out,
                         struct tcx_parse_error *error) {
  int status = tcx__xml_reader_finish(parser->reader);
  if (status != 0)
    return status;
  const char *id = take_id(parser->map), *wrapper = parser->wrapper;
  if (error != NULL)
    error->request_id = id;
  *out = parser->map;
  if (wrapper == NULL)
    return 0;
  struct tcx_value *result = tcx__value_find(parser->map, wrapper, strlen(wrapper));
  if (result == NULL)
    return tcx__fail(parser->p->fail, TCX_EPROTO, "malformed response: there is no element %s",
                     wrapper);
  tcx__value_remove(parser->map, wrapper, strlen(wrapper));
  result->name = NULL;
  result->name_len = 0;
  result->next = NULL;
  *out = result;
  return 0;
}

static int finish(struct tcx_parser *head, struct tcx_value **out, struct tcx_parse_error *error) {
  struct parser *parser = (struct parser *)head;
  if (head->mode == TCX__PARSE_ERROR)
    return tcx__xml_error(parser->p, &parser->document, false, out, error);
  return finish_output(parser, out, error);
}

const struct tcx_protocol tcx__query = {"query", serialize_query, start_query, feed, finish, NULL,
                                        false};
const struct tcx_protocol tcx__ec2 = {"ec2", serialize_ec2, start_ec2, feed, finish, NULL, false};
