/* render.c - the signed request as a value: a call that ends in it instead of on the wire, and what
 * a presigned URL is told with. */
#include "core/call.h"
#include <string.h>

static int put(tcx_call_t *call, const char *name, struct tcx_value *v) {
  return v == NULL ? UV_ENOMEM : tcx__value_add(call->arena, call->value, name, strlen(name), v);
}

/* The whole body as it would travel. TCX_EAGAIN: a file is being read, the ready queue calls
 * again. */
static int pull_all(tcx_call_t *call) {
  uv_buf_t bufs[TCX__PULL_MAX];
  unsigned n = 0;
  int err = 0;
  if (!tcx__upload_any(&call->upload))
    return 0;
  while ((err = tcx__upload_pull(&call->upload, bufs, &n, &call->fail)) == 0 && n > 0) {
    for (unsigned i = 0; i < n; i++)
      tcx__buf_add(&call->rendered, bufs[i].base, bufs[i].len);
    if (call->rendered.status != 0)
      return call->rendered.status;
  }
  return err;
}

const char *tcx__call_url(tcx_call_t *call) {
  const struct tcx_request *req = &call->req;
  return tcx__arena_printf(call->arena, "%s://%.*s%.*s%s%.*s", req->tls ? "https" : "http",
                           (int)req->host_header.n, req->host_header.p, (int)req->path.n,
                           req->path.p, req->query.n > 0 ? "?" : "", (int)req->query.n,
                           req->query.p != NULL ? req->query.p : "");
}

static struct tcx_value *url_of(tcx_call_t *call) {
  const char *text = tcx__call_url(call);
  return text != NULL ? tcx__value_new_str(call->arena, text, strlen(text)) : NULL;
}

static int put_header(tcx_call_t *call, struct tcx_value *map, struct tcx_str name,
                      struct tcx_str value) {
  const char *key = tcx__arena_strndup(call->arena, name.p, name.n);
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, value.p, value.n);
  return key == NULL || v == NULL ? UV_ENOMEM : tcx__value_add(call->arena, map, key, name.n, v);
}

struct tcx_value *tcx__call_signed_headers(tcx_call_t *call) {
  struct tcx_value *map = tcx__value_new(call->arena, TCX_MAP);
  for (unsigned i = 0; map != NULL && i < call->req.headers.count; i++)
    if (put_header(call, map, call->req.headers.list[i].name, call->req.headers.list[i].value) != 0)
      return NULL;
  return map;
}

/* The lines of a head that is written as it would be for the wire: "Name: value" after the request
 * line, an empty one last. */
static struct tcx_value *head_headers(tcx_call_t *call, struct tcx_str head) {
  struct tcx_value *map = tcx__value_new(call->arena, TCX_MAP);
  const char *end = head.p + head.n, *line = memchr(head.p, '\n', head.n);
  for (const char *colon, *stop;
       map != NULL && (colon = memchr(line + 1, ':', (size_t)(end - line - 1))) != NULL;
       line = stop) {
    stop = memchr(colon, '\n', (size_t)(end - colon));
    if (put_header(call, map, (struct tcx_str){line + 1, (size_t)(colon - line - 1)},
                   (struct tcx_str){colon + 2, (size_t)(stop - colon) - 3}) != 0)
      return NULL;
  }
  return map;
}

int tcx__call_describe(tcx_call_t *call, struct tcx_value *headers) {
  call->value = tcx__value_new(call->arena, TCX_MAP);
  if (call->value == NULL)
    return UV_ENOMEM;
  int err = put(call, "Url", url_of(call));
  if (err == 0)
    err = put(call, "Method",
              tcx__value_new_str(call->arena, call->req.method, strlen(call->req.method)));
  return err == 0 ? put(call, "Headers", headers) : err;
}

void tcx__call_rendered(tcx_call_t *call) {
  struct tcx_str head;
  int err = 0;
  if (call->state != TCX__CALL_RENDER) {
    call->state = TCX__CALL_RENDER;
    tcx__buf_init(&call->rendered, call->arena, SIZE_MAX);
    tcx__session_uuid(call->session, call->invocation);
    err = tcx__call_sign(call);
  }
  if (err == 0)
    err = pull_all(call);
  if (err == TCX_EAGAIN)
    return;
  if (err == 0)
    err = tcx__call_head(call, 1, &head);
  if (err == 0)
    err = tcx__call_describe(call, head_headers(call, head));
  if (err == 0)
    err = put(call, "Body",
              tcx__value_new_blob(call->arena, call->rendered.len > 0 ? call->rendered.data : "",
                                  call->rendered.len));
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
  else
    tcx__call_done(call);
}

int tcx_client_render(tcx_client_t *client, const char *operation, tcx_value_t *params,
                      tcx_call_cb cb, void *data) {
  struct tcx_call_start start = {.client = client,
                                 .operation = operation,
                                 .params = params,
                                 .cb = cb,
                                 .data = data,
                                 .goal = TCX__GOAL_RENDER};
  return tcx__call_start(&start, NULL);
}
