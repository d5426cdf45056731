/* json_write.c - see json_write.h. Members go out in the caller's order. */
#include "protocols/json_write.h"
#include "base/json.h"
#include "protocols/scalar.h"
#include <string.h>

struct writer {
  struct tcx_buf *out;
  struct tcx_fail *f;
  bool (*in_body)(const struct tcx_member *m);
};

static int write_value(struct writer *w, const struct tcx_member *m, const struct tcx_value *v);

static int refuse(struct writer *w, const struct tcx_member *m) {
  return tcx__fail(w->f, TCX_EPARAM, "the value of %s cannot be sent", m->name);
}

/* A comma unless it is the first one; a map's or structure's name. */
static void begin(struct writer *w, bool *first) {
  if (!*first)
    tcx__buf_addc(w->out, ',');
  *first = false;
}

static void write_name(struct writer *w, const char *name, size_t n) {
  tcx__json_write_str(w->out, name, n);
  tcx__buf_addc(w->out, ':');
}

static int write_structure(struct writer *w, const struct tcx_shape *shape,
                           const struct tcx_value *v) {
  bool (*in_body)(const struct tcx_member *) = w->in_body, first = true;
  int status = 0;
  w->in_body = NULL;
  tcx__buf_addc(w->out, '{');
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    const struct tcx_member *m = tcx__shape_member(shape, kid->name, kid->name_len);
    if (m == NULL || kid->type == TCX_NULL || (in_body != NULL && !in_body(m)))
      continue;
    begin(w, &first);
    write_name(w, m->wire, m->wire_len);
    status = write_value(w, m, kid);
  }
  tcx__buf_addc(w->out, '}');
  return status;
}

static int write_map(struct writer *w, const struct tcx_shape *shape, const struct tcx_value *v) {
  bool first = true;
  int status = 0;
  tcx__buf_addc(w->out, '{');
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    begin(w, &first);
    write_name(w, kid->name, kid->name_len);
    status = write_value(w, &shape->members[1], kid);
  }
  tcx__buf_addc(w->out, '}');
  return status;
}

static int write_list(struct writer *w, const struct tcx_shape *shape, const struct tcx_value *v) {
  bool first = true;
  int status = 0;
  tcx__buf_addc(w->out, '[');
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    begin(w, &first);
    status = write_value(w, &shape->members[0], kid);
  }
  tcx__buf_addc(w->out, ']');
  return status;
}

static int write_container(struct writer *w, const struct tcx_member *m,
                           const struct tcx_value *v) {
  uint8_t type = m->shape->type, wanted = type == TCX__SHAPE_LIST ? TCX_LIST : TCX_MAP;
  if (v->type != wanted)
    return tcx__fail(w->f, TCX_EPARAM, "the value of %s is not a %s", m->name,
                     tcx__type_name(wanted));
  return type == TCX__SHAPE_STRUCTURE ? write_structure(w, m->shape, v)
         : type == TCX__SHAPE_MAP     ? write_map(w, m->shape, v)
                                      : write_list(w, m->shape, v);
}

/* In quotes: base64, or a date. */
static int write_quoted(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  tcx__buf_addc(w->out, '"');
  int status = tcx__scalar_write(w->out, m, TCX__TIME_UNIX, v);
  tcx__buf_addc(w->out, '"');
  return status == 0 ? 0 : refuse(w, m);
}

static int write_time(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  if (m->time_format != TCX__TIME_DEFAULT && m->time_format != TCX__TIME_UNIX)
    return write_quoted(w, m, v);
  return tcx__scalar_write(w->out, m, TCX__TIME_UNIX, v) == 0 ? 0 : refuse(w, m);
}

static int write_value(struct writer *w, const struct tcx_member *m, const struct tcx_value *v) {
  uint8_t type = m->shape->type;
  bool document = type == TCX__SHAPE_STRUCTURE && (m->shape->flags & TCX__S_DOCUMENT) != 0;
  if (v->type == TCX_BODY)
    return refuse(w, m);
  if (v->type != TCX_NULL && !document) {
    if (type <= TCX__SHAPE_MAP)
      return write_container(w, m, v);
    if (type == TCX__SHAPE_TIMESTAMP)
      return write_time(w, m, v);
    if (type == TCX__SHAPE_BLOB)
      return v->type == TCX_STRING || v->type == TCX_BLOB ? write_quoted(w, m, v) : refuse(w, m);
  }
  tcx__json_write(w->out, v, TCX__JSON_COMPACT);
  return 0;
}

int tcx__json_write_shape(struct tcx_buf *out, const struct tcx_member *member,
                          const struct tcx_value *v, bool (*in_body)(const struct tcx_member *m),
                          struct tcx_fail *f) {
  struct writer w = {.out = out, .f = f, .in_body = in_body};
  int status = write_value(&w, member, v);
  if (status == 0 && out->status != 0)
    status = tcx__fail(f, out->status, "%s", tcx_strerror(out->status));
  return status;
}
