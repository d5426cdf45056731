#include "core/stubber.h"
#include "protocols/eventstream.h"
#include <math.h>
#include <string.h>

/* ---- answers ---- */

/* What the validator takes for a timestamp is one from here on: the code under test reads times, as
 * from a service. */
static int make_time(struct tcx_root *root, struct tcx_value *v) {
  int64_t seconds = 0;
  int32_t nanoseconds = 0;
  if (v->type == TCX_STRING && tcx__time_read(v->u.bytes, &seconds, &nanoseconds) != 0)
    return 0;
  if (v->type == TCX_INT)
    seconds = v->u.integer;
  if (v->type == TCX_DOUBLE) {
    double whole = floor(v->u.number);
    seconds = (int64_t)whole;
    nanoseconds = (int32_t)((v->u.number - whole) * 1e9);
  }
  if (v->type != TCX_STRING && v->type != TCX_INT && v->type != TCX_DOUBLE)
    return 0;
  struct tcx_value *time = tcx__value_new_time(root->arena, seconds, nanoseconds);
  if (time == NULL)
    return UV_ENOMEM;
  tcx__value_assign(v, time);
  return 0;
}

static int make_times(struct tcx_root *root, struct tcx_value *v, const struct tcx_shape *shape) {
  int err = 0;
  if (shape->type == TCX__SHAPE_TIMESTAMP)
    return make_time(root, v);
  if ((shape->flags & TCX__S_DOCUMENT) != 0 ||
      (shape->type != TCX__SHAPE_STRUCTURE && shape->type != TCX__SHAPE_LIST &&
       shape->type != TCX__SHAPE_MAP))
    return 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && err == 0; kid = kid->next) {
    const struct tcx_member *m = shape->type == TCX__SHAPE_STRUCTURE
                                     ? tcx__shape_member(shape, kid->name, kid->name_len)
                                     : &shape->members[shape->type == TCX__SHAPE_MAP ? 1 : 0];
    if (m != NULL)
      err = make_times(root, (struct tcx_value *)(uintptr_t)kid, m->shape);
  }
  return err;
}

static int check(const struct tcx_shape *shape, tcx_value_t *v, struct tcx_fail *f) {
  if (shape == NULL && tcx__value_count(v) > 0)
    return tcx__fail(
        f, TCX_EPARAM,
        "Parameter validation failed:\nService response should only contain ResponseMetadata.");
  int err = shape != NULL ? tcx__validate_shape(shape, v, f) : 0;
  return err == 0 && shape != NULL ? make_times(tcx__root_of(v), v, shape) : err;
}

/* Taken out for the time of the check; NULL where there is none. */
static struct tcx_value *take(tcx_value_t *response, const char *name, size_t len) {
  struct tcx_value *v = name != NULL ? tcx__value_find(response, name, len) : NULL;
  if (v != NULL)
    (void)tcx__value_remove(response, name, len);
  return v;
}

static int put_back(tcx_value_t *response, struct tcx_value *v) {
  return v == NULL
             ? 0
             : tcx__value_add(tcx__root_of(response)->arena, response, v->name, v->name_len, v);
}

static int check_stream(const struct tcx_operation *op, const tcx_value_t *response,
                        struct tcx_fail *f) {
  const struct tcx_member *member = NULL;
  if (!tcx__streaming_output(op, &member))
    return 0;
  const struct tcx_value *body = tcx__value_find(response, member->name, member->name_len);
  if (body == NULL || body->type == TCX_STRING || body->type == TCX_BLOB)
    return 0;
  return tcx__fail(f, TCX_EPARAM,
                   "Parameter validation failed:\nInvalid type for parameter %s, type: %s, valid "
                   "types: string, blob",
                   member->name, tcx__type_name((tcx_type_t)body->type));
}

int tcx__stub_check_response(const struct tcx_operation *op, tcx_value_t *response,
                             struct tcx_fail *f) {
  const struct tcx_member *events =
      (op->flags & TCX__OP_EVENT_OUTPUT) != 0 ? tcx__event_output(op) : NULL;
  struct tcx_value *metadata = take(response, "ResponseMetadata", 16);
  struct tcx_value *stream = events != NULL ? take(response, events->name, events->name_len) : NULL;
  int err = check_stream(op, response, f);
  if (err == 0)
    err = check(op->output, response, f);
  if (put_back(response, metadata) != 0 || put_back(response, stream) != 0)
    err = UV_ENOMEM;
  if (err == 0 && stream != NULL && stream->type != TCX_LIST)
    err = tcx__fail(f, TCX_EPARAM,
                    "Parameter validation failed:\nInvalid type for parameter %s, type: %s, valid "
                    "types: list of events",
                    events->name, tcx__type_name((tcx_type_t)stream->type));
  return err;
}

int tcx__stub_check_fields(const struct tcx_model *model, const char *code, tcx_value_t *fields,
                           struct tcx_fail *f) {
  return check(code != NULL ? tcx__error_shape(model, NULL, code) : NULL, fields, f);
}
