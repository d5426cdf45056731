/*
 * json_params.c - params that came as JSON, made into what the operation's input wants: the shapes
 * say which strings are base64, which are numbers (NaN, Infinity) and which member is a body.
 *
 * Works in place, on a built tree. Members that the model does not know, and values of a wrong
 * type, stay as they are: the call's validation names them.
 */
#include "base/body.h"
#include "base/codec.h"
#include "core/client.h"
#include "model/model.h"
#include <math.h>
#include <string.h>

#define DEPTH_MAX TCX__VALUE_DEPTH

struct conform {
  struct tcx_root *root;
  const char *member; /* where we are, for the message: the last member's name */
};

static void conform_value(struct conform *c, struct tcx_value *v, const struct tcx_shape *shape,
                          const struct tcx_member *member, unsigned depth);

static struct tcx_value *decode(struct conform *c, struct tcx_str text) {
  struct tcx_buf out;
  tcx__buf_init(&out, c->root->arena, text.n);
  int err = tcx__base64_decode(&out, text.p, text.n);
  if (err == UV_ENOMEM || out.status == UV_ENOMEM)
    tcx__root_fail(c->root, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
  else if (err != 0 || out.status != 0)
    tcx__root_fail(c->root, TCX_EPARAM,
                   "Parameter validation failed:\nInvalid base64 for parameter %s", c->member);
  if (c->root->status != 0)
    return NULL;
  struct tcx_value *blob =
      tcx__value_new_blob(c->root->arena, out.data != NULL ? out.data : "", out.len);
  if (blob == NULL)
    tcx__root_fail(c->root, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
  return blob;
}

static void conform_blob(struct conform *c, struct tcx_value *v) {
  struct tcx_value *blob = v->type == TCX_STRING ? decode(c, v->u.bytes) : NULL;
  if (blob != NULL)
    tcx__value_assign(v, blob);
}

static void discard_body(void *p) {
  struct tcx_value *v = p;
  if (v->u.body != NULL)
    ((struct tcx_body_head *)v->u.body)->discard(v->u.body);
  v->u.body = NULL;
}

/* {"file": path}: the value becomes a body, which ends with the tree when no call takes it. */
static void put_file(struct conform *c, struct tcx_value *v, const char *path) {
  struct tcx_value *body = tcx__value_new(c->root->arena, TCX_BODY);
  if (body == NULL || tcx__arena_on_free(c->root->arena, discard_body, v) != 0) {
    tcx__root_fail(c->root, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
    return;
  }
  body->u.body = tcx_body_file(path, 0, -1);
  tcx__value_assign(v, body);
}

/* A string stands for its own bytes; a map says where they are. */
static void conform_streaming(struct conform *c, struct tcx_value *v) {
  if (v->type != TCX_MAP)
    return;
  const char *path = tcx_value_str(v, "file");
  const struct tcx_value *text = tcx__value_find(v, "base64", 6);
  if (path != NULL && tcx__value_count(v) == 1) {
    put_file(c, v, path);
  } else if (text != NULL && text->type == TCX_STRING && tcx__value_count(v) == 1) {
    struct tcx_value *blob = decode(c, text->u.bytes);
    if (blob != NULL)
      tcx__value_assign(v, blob);
  } else {
    tcx__root_fail(c->root, TCX_EPARAM,
                   "Parameter validation failed:\nInvalid value for parameter %s: give a string, "
                   "{\"file\": path} or {\"base64\": text}",
                   c->member);
  }
}

/* What JSON has no number for goes by its name, which is also how it is printed. */
static void conform_number(struct conform *c, struct tcx_value *v) {
  double d = v->type != TCX_STRING                  ? 0
             : tcx__str_is(v->u.bytes, "NaN")       ? NAN
             : tcx__str_is(v->u.bytes, "Infinity")  ? INFINITY
             : tcx__str_is(v->u.bytes, "-Infinity") ? -INFINITY
                                                    : 0;
  struct tcx_value *number = d != 0 ? tcx__value_new_num(c->root->arena, d) : NULL;
  if (number != NULL)
    tcx__value_assign(v, number);
  else if (d != 0)
    tcx__root_fail(c->root, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
}

static void conform_structure(struct conform *c, struct tcx_value *v, const struct tcx_shape *shape,
                              unsigned depth) {
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && c->root->status == 0;
       kid = kid->next) {
    const struct tcx_member *m = tcx__shape_member(shape, kid->name, kid->name_len);
    if (m == NULL)
      continue;
    c->member = m->name;
    conform_value(c, (struct tcx_value *)(uintptr_t)kid, m->shape, m, depth + 1);
  }
}

static void conform_items(struct conform *c, struct tcx_value *v, const struct tcx_member *member,
                          unsigned depth) {
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && c->root->status == 0;
       kid = kid->next)
    conform_value(c, (struct tcx_value *)(uintptr_t)kid, member->shape, member, depth + 1);
}

static void conform_value(struct conform *c, struct tcx_value *v, const struct tcx_shape *shape,
                          const struct tcx_member *member, unsigned depth) {
  if (depth > DEPTH_MAX || (shape->flags & TCX__S_DOCUMENT) != 0)
    return;
  bool streaming = (shape->flags & TCX__S_STREAMING) != 0 ||
                   (member != NULL && (member->flags & TCX__M_STREAMING) != 0);
  if (shape->type == TCX__SHAPE_BLOB && streaming)
    conform_streaming(c, v);
  else if (shape->type == TCX__SHAPE_BLOB)
    conform_blob(c, v);
  else if (shape->type == TCX__SHAPE_FLOAT || shape->type == TCX__SHAPE_DOUBLE)
    conform_number(c, v);
  else if (shape->type == TCX__SHAPE_STRUCTURE && v->type == TCX_MAP)
    conform_structure(c, v, shape, depth);
  else if (shape->type == TCX__SHAPE_LIST && v->type == TCX_LIST)
    conform_items(c, v, &shape->members[0], depth);
  else if (shape->type == TCX__SHAPE_MAP && v->type == TCX_MAP)
    conform_items(c, v, &shape->members[1], depth);
}

/* The operation of that name, or the one that a waiter of that name asks. */
static const struct tcx_operation *operation_of(const tcx_client_t *client, const char *name) {
  const struct tcx_model *model = client != NULL ? client->model : NULL;
  if (model == NULL || name == NULL)
    return NULL;
  const struct tcx_operation *op = tcx__model_operation(model, name);
  const struct tcx_waiter_model *waiter = op == NULL ? tcx__model_waiter(model, name) : NULL;
  return waiter != NULL ? tcx__model_operation(model, waiter->operation) : op;
}

tcx_value_t *tcx_client_json_params(tcx_client_t *client, const char *operation,
                                    tcx_value_t *params) {
  struct tcx_root *root = tcx__root_of(params);
  const struct tcx_operation *op = operation_of(client, operation);
  if (root == NULL || root->arena == NULL || root->status != 0 || op == NULL || op->input == NULL ||
      params->type != TCX_MAP)
    return params;
  struct conform c = {.root = root, .member = ""};
  conform_structure(&c, &root->value, op->input, 0);
  return params;
}
