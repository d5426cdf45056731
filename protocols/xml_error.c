/*
 * xml_error.c - error documents. One is read twice: without a shape, which gives its code, then by
 * the shape that the code names.
 *
 *   <Error>                        S3
 *   <ErrorResponse><Error>         the others
 *   <Response><Errors><Error>      EC2, SimpleDB
 */
#include "protocols/rest.h"
#include "protocols/xml_body.h"
#include <string.h>

struct reading {
  const struct tcx_parse *p;
  struct tcx_str document;
  bool rest;
  const char *around[2]; /* the elements between the document's and the error's members */
};

/* ---- without a shape ---- */

static const char *text_of(const struct tcx_value *map, const char *name) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

static const char *take_text(struct tcx_value *map, const char *name) {
  const char *text = text_of(map, name);
  tcx__value_remove(map, name, strlen(name));
  return text;
}

/* The document's own members, with an Error among them; *out stays NULL when there is none. */
static int read_wrapped(struct reading *r, const char *root, struct tcx_value *tree,
                        struct tcx_parse_error *error, struct tcx_value **out) {
  struct tcx_value *errors = tcx__value_find(tree, "Errors", 6);
  if (errors != NULL && errors->type == TCX_MAP) {
    r->around[0] = "Errors";
    r->around[1] = "Error";
    tcx__value_remove(tree, "Errors", 6);
    if (tcx__value_move_members(r->p->arena, tree, errors) != 0)
      return UV_ENOMEM;
  } else if (strcmp(root, "ErrorResponse") == 0) {
    r->around[0] = "Error";
  }
  const char *other = take_text(tree, "RequestID");
  if (error->request_id == NULL)
    error->request_id = other;
  const struct tcx_value *inner = tcx__value_find(tree, "Error", 5);
  if (inner != NULL && inner->type == TCX_MAP)
    *out = tree;
  return 0;
}

/* The document as {Error: {...}, others}. *out is NULL when it cannot be read so. */
static int read_document(struct reading *r, struct tcx_parse_error *error, struct tcx_value **out) {
  struct tcx_arena *arena = r->p->arena;
  const char *root;
  struct tcx_value *tree;
  *out = NULL;
  if (r->document.n == 0)
    return 0;
  int status = tcx__xml_tree(arena, r->document.p, r->document.n, &root, &tree);
  if (status != 0)
    return status == UV_ENOMEM ? status : 0;
  if (tree->type != TCX_MAP)
    return 0;
  error->request_id = take_text(tree, "RequestId");
  if (strcmp(root, "Error") != 0)
    return read_wrapped(r, root, tree, error, out);
  error->host_id = take_text(tree, "HostId");
  *out = tcx__value_new(arena, TCX_MAP);
  return *out != NULL ? tcx__value_add(arena, *out, "Error", 5, tree) : UV_ENOMEM;
}

/* ---- by the exception's shape ---- */

struct envelope {
  struct tcx_shape shape;
  struct tcx_member member;
};

/* A structure whose one member is shape, under name. */
static const struct tcx_shape *enclose(struct envelope *e, const char *name,
                                       const struct tcx_shape *shape) {
  uint16_t n = (uint16_t)strlen(name);
  e->member =
      (struct tcx_member){.name = name, .wire = name, .name_len = n, .wire_len = n, .shape = shape};
  e->shape = (struct tcx_shape){
      .name = name, .type = TCX__SHAPE_STRUCTURE, .members = &e->member, .n_members = 1};
  return &e->shape;
}

static int read_modelled(const struct reading *r, const struct tcx_shape *shape,
                         struct tcx_value *members) {
  struct tcx_arena *arena = r->p->arena;
  struct envelope envelopes[2];
  struct tcx_value *found = tcx__value_new(arena, TCX_MAP);
  bool enclosed = shape->payload == NULL && r->around[0] != NULL;
  for (unsigned i = 2; enclosed && i-- > 0;)
    if (r->around[i] != NULL)
      shape = enclose(&envelopes[i], r->around[i], shape);
  if (found == NULL)
    return UV_ENOMEM;
  struct tcx_xml_reader *reader =
      tcx__xml_reader_new(&(struct tcx_xml_read){.arena = arena, .shape = shape, .map = found});
  if (reader == NULL)
    return UV_ENOMEM;
  int status = tcx__xml_reader_feed(reader, r->document.p, r->document.n);
  if (status == 0)
    status = tcx__xml_reader_finish(reader);
  for (unsigned i = 0; i < 2 && enclosed && found != NULL; i++)
    if (r->around[i] != NULL)
      found = tcx__value_find(found, r->around[i], strlen(r->around[i]));
  return status == 0 ? tcx__value_move_members(arena, members, found) : status;
}

/* Adds what the exception that the code names has for members. One that cannot be read is left out
 * whole. */
static int add_modelled(const struct reading *r, const struct tcx_shape *shape,
                        struct tcx_value *out, bool has_document) {
  struct tcx_value *members = tcx__value_new(r->p->arena, TCX_MAP);
  if (members == NULL)
    return UV_ENOMEM;
  struct tcx_parse quiet = *r->p;
  quiet.fail = NULL;
  int status = r->rest ? tcx__rest_response_head(&quiet, shape, members) : 0;
  if (status == 0 && has_document)
    status = read_modelled(r, shape, members);
  if (status != 0)
    return status == UV_ENOMEM ? status : 0;
  return tcx__value_move_members(r->p->arena, out, members);
}

/* ---- both ---- */

static int set_text(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                    const char *text) {
  struct tcx_value *v = tcx__value_new_str(arena, text, strlen(text));
  return v != NULL ? tcx__value_replace(arena, map, name, strlen(name), v) : UV_ENOMEM;
}

/* Code and message, from the status where the document has none. */
static int fill_in(const struct reading *r, struct tcx_value *out, struct tcx_parse_error *error,
                   bool has_document) {
  const struct tcx_parse *p = r->p;
  int http_status = p->mode == TCX__PARSE_OUTPUT ? 500 : p->head->status;
  struct tcx_value *inner = tcx__value_find(out, "Error", 5);
  error->code = text_of(inner, "Code");
  error->message = text_of(inner, "Message");
  if (error->code == NULL) {
    error->code = tcx__arena_printf(p->arena, "%d", http_status);
    if (error->code == NULL || set_text(p->arena, inner, "Code", error->code) != 0)
      return UV_ENOMEM;
    if (error->message == NULL) {
      error->message = tcx__status_phrase(http_status);
      if (set_text(p->arena, inner, "Message", error->message) != 0)
        return UV_ENOMEM;
    }
  }
  if (error->message == NULL)
    error->message = "";
  error->shape = tcx__error_shape(p->model, p->op, error->code);
  return error->shape != NULL ? add_modelled(r, error->shape, out, has_document) : 0;
}

int tcx__xml_error(const struct tcx_parse *p, const struct tcx_document *document, bool rest,
                   struct tcx_value **out, struct tcx_parse_error *error) {
  struct reading r = {.p = p, .rest = rest};
  struct tcx_parse_error unused;
  if (!document->cut)
    r.document = tcx__buf_str(&document->bytes);
  error = error != NULL ? error : &unused;
  *error = (struct tcx_parse_error){0};
  int status = read_document(&r, error, out);
  bool has_document = status == 0 && *out != NULL;
  if (status == 0 && !has_document) {
    struct tcx_value *inner = tcx__value_new(p->arena, TCX_MAP);
    *out = tcx__value_new(p->arena, TCX_MAP);
    if (inner == NULL || *out == NULL || tcx__value_add(p->arena, *out, "Error", 5, inner) != 0)
      status = UV_ENOMEM;
  }
  if (status == 0)
    status = fill_in(&r, *out, error, has_document);
  return status == 0 ? 0 : tcx__fail(p->fail, status, "%s", tcx_strerror(status));
}
