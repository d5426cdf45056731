/* prepare.c - from an operation's name and params to a request that only lacks its body's checksum
 * and its signature. */
#include "core/body.h"
#include "core/call.h"
#include "core/endpoint.h"
#include "core/user_hooks.h"
#include <string.h>

static const char *method_at(const void *ctx, unsigned i) {
  return ((const struct tcx_model *)ctx)->by_method[i]->method;
}

int tcx__client_operation(const tcx_client_t *client, const char *name,
                          const struct tcx_operation **out, struct tcx_fail *f) {
  const struct tcx_model *model = client->model;
  const struct tcx_operation *op = tcx__model_operation(model, name);
  *out = op;
  if (op != NULL && (op->flags & TCX__OP_EVENT_INPUT) == 0)
    return 0;
  *out = NULL;
  return f == NULL
             ? TCX_EOPNAME
             : tcx__fail(f, TCX_EOPNAME, "'%s' has no operation '%s'%s", model->service, name,
                         tcx__near_names(f->arena, name, method_at, model, model->n_operations));
}

/* Members with the idempotencyToken trait that were not given. */
static int fill_tokens(tcx_call_t *call) {
  const struct tcx_shape *input = call->op->input;
  for (uint32_t i = 0; input != NULL && i < input->n_members; i++) {
    const struct tcx_member *m = &input->members[i];
    if ((m->flags & TCX__M_IDEMPOTENCY_TOKEN) == 0 ||
        tcx__value_find(call->params, m->name, m->name_len) != NULL)
      continue;
    char uuid[37];
    tcx__session_uuid(call->session, uuid);
    struct tcx_value *v = tcx__value_new_str_copy(call->arena, uuid, 36);
    if (v == NULL || tcx__value_add(call->arena, call->params, m->name, m->name_len, v) != 0)
      return UV_ENOMEM;
  }
  return 0;
}

/* The serializer's body: bytes that it wrote, or the value of the streaming member. */
static int take_body(tcx_call_t *call, struct tcx_value *v) {
  if (call->body != NULL)
    return 0; /* taken when the request was built the first time */
  call->upload.memory = call->req.body;
  call->upload.length = (int64_t)call->req.body.n;
  call->is_gzip = false;
  if (v == NULL)
    return 0;
  if (v->type != TCX_BODY) {
    call->upload.memory = v->u.bytes;
    call->upload.length = (int64_t)v->u.bytes.n;
    return 0;
  }
  tcx_body_t *body = v->u.body;
  if (body == NULL)
    return tcx__fail(&call->fail, TCX_EBODY, "the request body was given to another call before");
  v->u.body = NULL;
  call->body = call->upload.body = body;
  call->upload.length = body->length;
  return 0;
}

/* A ContentLength among the params is the body's length, where nobody else knows it; it travels
 * once, as what the body turns out to be. In a presigned URL it is signed: whoever uses that must
 * send so much. */
static int take_length(tcx_call_t *call) {
  const struct tcx_header *h = tcx__headers_get(&call->req.headers, "content-length");
  struct tcx_upload *u = &call->upload;
  int64_t n = -1;
  if (h == NULL || call->goal == TCX__GOAL_PRESIGN)
    return 0;
  if (tcx__str_to_int64(h->value, &n) != 0 || n < 0 || (u->length >= 0 && u->length != n))
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter validation failed:\nInvalid value for parameter ContentLength, "
                     "value: %.*s, length of the body: %lld",
                     (int)h->value.n, h->value.p, (long long)u->length);
  if (u->length < 0)
    u->length = call->body->length = n;
  (void)tcx__headers_remove(&call->req.headers, "content-length");
  return 0;
}

void tcx__call_set_body(tcx_call_t *call, struct tcx_str body) {
  call->req.body = call->upload.memory = body;
  call->upload.length = (int64_t)body.n;
}

static int serialize(tcx_call_t *call) {
  struct tcx_serialize s = {
      .model = call->client->model, .op = call->op, .params = call->params, .path = call->path};
  int err = call->client->protocol->serialize(&s, &call->req, &call->fail);
  if (err == 0)
    err = take_body(call, s.body);
  return err == 0 ? take_length(call) : err;
}

static int add_extra_headers(tcx_call_t *call) {
  for (unsigned i = 0; i < call->extra.count; i++) {
    int err =
        tcx__headers_set(&call->req.headers, call->extra.list[i].name, call->extra.list[i].value);
    if (err != 0)
      return err;
  }
  return 0;
}

static int at(tcx_call_t *call, tcx_phase_t phase, int err) {
  if (err != 0) {
    call->phase = phase;
    (void)tcx__fail(&call->fail, err, "%s", tcx_strerror(err));
  }
  return err;
}

/* The operation that discovers endpoints says for which version of the API. */
static int add_api_version(tcx_call_t *call) {
  if ((call->op->flags & TCX__OP_DISCOVERY_OPERATION) == 0)
    return 0;
  return tcx__headers_set(&call->req.headers, TCX__STR("x-amz-api-version"),
                          tcx__str(call->client->model->api_version));
}

/* The program's hooks: an answer of theirs is the end of the way. */
static int pass_hooks(tcx_call_t *call) {
  if (call->client->user_hooks == NULL)
    return 0;
  if (call->hooks != NULL)
    call->hooks->created = false;
  int err = call->goal != TCX__GOAL_PRESIGN ? tcx__emit(call, TCX__ON_BEFORE_CALL) : 0;
  return err != 0 || tcx__hooks_answered(call) ? err : tcx__emit(call, TCX__ON_CHOOSE_SIGNER);
}

/* Endpoint, serialization, what hooks and the caller add. */
int tcx__call_build(tcx_call_t *call) {
  tcx__headers_init(&call->req.headers, call->arena);
  call->req.query = call->req.body = (struct tcx_str){0};
  int err = at(call, TCX_PHASE_ENDPOINT, tcx__endpoint_of_call(call));
  if (err == 0)
    err = at(call, TCX_PHASE_ENDPOINT, tcx__discovery_apply(call));
  if (err == 0)
    err = at(call, TCX_PHASE_PARAMS, serialize(call));
  if (err == 0)
    err = at(call, TCX_PHASE_PARAMS, add_api_version(call));
  if (err == 0)
    err = at(call, TCX_PHASE_PARAMS, tcx__run_hooks(call, TCX__BEFORE_CALL));
  if (err == 0)
    err = at(call, TCX_PHASE_PARAMS, add_extra_headers(call));
  if (err == 0)
    err = at(call, TCX_PHASE_PARAMS, pass_hooks(call));
  call->request_headers = call->req.headers.count;
  call->compression_asked = false;
  const struct tcx_header *encoding = tcx__headers_get(&call->req.headers, "content-encoding");
  call->content_encoding = encoding != NULL ? encoding->value : (struct tcx_str){0};
  return err;
}

/* Operation and params: all that can be wrong before an endpoint is looked for. */
static int prepare_params(tcx_call_t *call) {
  int err = tcx__client_operation(call->client, call->op_name, &call->op, &call->fail);
  if (err == 0)
    err = tcx__emit_params(call);
  if (err == 0 && call->params->type != TCX_MAP)
    err = tcx__fail(&call->fail, TCX_EPARAM,
                    "Parameter validation failed:\nThe parameters must be a map");
  if (err == 0)
    err = tcx__run_hooks(call, TCX__BEFORE_PARAMETER_BUILD);
  if (err == 0)
    err = tcx__payload_ask_response(call);
  if (err == 0)
    err = fill_tokens(call);
  return err == 0 && !call->client->config.no_validation
             ? tcx__validate(call->op, call->params, &call->fail)
             : err;
}

int tcx__call_prepare(tcx_call_t *call) {
  int err = prepare_params(call);
  if (err != 0)
    return err == TCX_EAGAIN ? err : at(call, TCX_PHASE_PARAMS, err);
  err = tcx__discovery_wait(call);
  return err == TCX_EAGAIN ? err : at(call, TCX_PHASE_ENDPOINT, err);
}

/* The headers that the payload adds come after those of the request itself, so that a new plan
 * replaces them. */
int tcx__call_plan_body(tcx_call_t *call) {
  int err = 0;
  call->req.headers.count = call->request_headers;
  if (call->content_encoding.p != NULL)
    err =
        tcx__headers_set(&call->req.headers, TCX__STR("Content-Encoding"), call->content_encoding);
  if (err == 0)
    err = tcx__payload_plan(call);
  return at(call, TCX_PHASE_PARAMS, err);
}
