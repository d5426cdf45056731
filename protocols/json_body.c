/* json_body.c - see json_body.h. An error document is read twice: as it is, which gives its code,
 * then by the shape that the code names. */
#include "protocols/json_body.h"
#include "base/json.h"
#include "protocols/error.h"
#include "protocols/json_read.h"
#include "protocols/rest.h"
#include <string.h>

/* A page of a proxy or a load balancer, or nothing at all. */
static bool is_generic(const struct tcx_parse *p, struct tcx_str text) {
  text = tcx__str_trim(text);
  return p->head->status >= 500 && (text.n == 0 || tcx__str_starts(text, "<html>"));
}

/* What the value calls the error; n 0 when it does not. */
static int code_of(struct tcx_arena *arena, const struct tcx_value *v, struct tcx_str *code) {
  if (v != NULL && v->type == TCX_STRING) {
    *code = tcx__error_name(v->u.bytes);
  } else if (v != NULL && v->type == TCX_INT) {
    *code = tcx__str(tcx__arena_printf(arena, "%lld", (long long)v->u.integer));
    return code->p != NULL ? 0 : UV_ENOMEM;
  }
  return 0;
}

/* p stays NULL where nothing calls the error anything. In REST the header is asked first, elsewhere
 * __type. */
static int find_code(const struct tcx_parse *p, const struct tcx_value *members, bool rest,
                     struct tcx_str *code) {
  static const char header[] = "x-amzn-errortype";
  static const char *const in_rest[] = {header, "code", "Code", "__type"};
  static const char *const other[] = {"__type", header, "code", "Code"};
  const struct tcx_header *h = tcx__headers_get(&p->head->headers, header);
  struct tcx_str found = {NULL, 0};
  int status = 0;
  for (size_t i = 0; i < 4 && found.n == 0 && status == 0; i++) {
    const char *name = (rest ? in_rest : other)[i];
    if (name != header)
      status = code_of(p->arena, tcx__value_find(members, name, strlen(name)), &found);
    else if (h != NULL)
      found = tcx__error_name(h->value);
  }
  if (found.n > 0)
    *code = found;
  return status;
}

/* What the exception has for members. One that cannot be read is left out whole. */
static int add_modelled(const struct tcx_parse *p, const struct tcx_shape *shape,
                        struct tcx_str text, bool rest, struct tcx_value *out) {
  struct tcx_value *head = tcx__value_new(p->arena, TCX_MAP), *members = NULL;
  struct tcx_parse quiet = *p;
  quiet.fail = NULL;
  if (head == NULL)
    return UV_ENOMEM;
  int status = rest ? tcx__rest_response_head(&quiet, shape, head) : 0;
  if (status == 0 && text.n > 0)
    status = tcx__json_read(p->arena, shape, NULL, text, &members);
  if (status != 0)
    return status == UV_ENOMEM ? status : 0;
  tcx__value_remove(members, "Error", 5);
  status = tcx__value_move_members(p->arena, out, head);
  return status == 0 && members != NULL ? tcx__value_move_members(p->arena, out, members) : status;
}

static int make(const struct tcx_parse *p, struct tcx_str text, bool rest, struct tcx_value **out,
                struct tcx_parse_error *error) {
  struct tcx_value *members = NULL;
  const char *message = NULL;
  if (is_generic(p, text))
    text.n = 0;
  if (text.n > 0) {
    int status = tcx__json_parse(p->arena, text.p, text.n, &members, NULL);
    if (status == UV_ENOMEM)
      return status;
    if (status != 0 || members->type != TCX_MAP) {
      message = text.p;
      members = NULL;
      text.n = 0;
    }
  }
  if (members != NULL)
    message = tcx__error_message(members);
  struct tcx_str code = {NULL, 0};
  int status = find_code(p, members, rest, &code);
  if (status == 0)
    status = tcx__error_make(p, code, message, out, error);
  const struct tcx_shape *shape = status == 0 ? error->shape : NULL;
  if (shape != NULL && tcx__error_shape(p->model, p->op, error->code) == shape)
    status = add_modelled(p, shape, text, rest, *out);
  return status;
}

int tcx__json_error(const struct tcx_parse *p, const struct tcx_document *document, bool rest,
                    struct tcx_value **out, struct tcx_parse_error *error) {
  struct tcx_parse_error unused;
  struct tcx_str text = {NULL, 0};
  if (!document->cut)
    text = tcx__buf_str(&document->bytes);
  int status = make(p, text, rest, out, error != NULL ? error : &unused);
  return status == 0 ? 0 : tcx__fail(p->fail, status, "%s", tcx_strerror(status));
}

/* ---- events ---- */

int tcx__json_event(const struct tcx_parse *p, const struct tcx_shape *shape, const char *bytes,
                    size_t n, struct tcx_value **out) {
  *out = NULL;
  int status =
      n > 0 ? tcx__json_read(p->arena, shape, p->fail, (struct tcx_str){bytes, n}, out) : 0;
  if (status == 0 && *out == NULL)
    *out = tcx__value_new(p->arena, TCX_MAP);
  return status != 0 || *out != NULL ? status : tcx__fail_memory(p->fail);
}
