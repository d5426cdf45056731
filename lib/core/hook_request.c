/* hook_request.c - what a hook may do to parameters, endpoint and request, and the points that come
 * before the wire. */
#include "base/codec.h"
#include "core/body.h"
#include "core/call.h"
#include "core/endpoint.h"
#include "core/user_hooks.h"
#include <string.h>

/* Whether a hook of call runs, at one of the events of the set. */
#define AT(event) (1u << TCX__ON_##event)
static bool at(const tcx_call_t *call, unsigned events) {
  return call != NULL && call->hooks != NULL && call->hooks->event != TCX__ON_EVENTS &&
         (events >> call->hooks->event & 1) != 0;
}
static const unsigned request_made =
    ~(AT(PROVIDE_CLIENT_PARAMS) | AT(BEFORE_PARAMETER_BUILD) | AT(BEFORE_ENDPOINT_RESOLUTION));
static const unsigned request_changes = AT(BEFORE_CALL) | AT(REQUEST_CREATED) | AT(BEFORE_SIGN);

/* ---- parameters ---- */

int tcx__emit_params(tcx_call_t *call) {
  if (call->params_hooked)
    return 0;
  call->params_hooked = true;
  int err = tcx__emit(call, TCX__ON_PROVIDE_CLIENT_PARAMS);
  return err != 0 ? err : tcx__emit(call, TCX__ON_BEFORE_PARAMETER_BUILD);
}

tcx_value_t *tcx_request_params(tcx_call_t *call) {
  if (!at(call, AT(PROVIDE_CLIENT_PARAMS) | AT(BEFORE_PARAMETER_BUILD)))
    return NULL;
  struct tcx_call_hooks *h = call->hooks;
  if (h->lent == NULL && (h->lent = tcx__root_lend(call->arena, call->params)) != NULL)
    call->params = h->lent;
  return h->lent;
}

/* ---- endpoint ---- */

static const struct tcx_rule_param *find_builtin(const tcx_call_t *call, const char *name) {
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(call->client->model->rules, &params);
  for (unsigned i = 0; i < n; i++)
    if (params[i].built_in != NULL && strcmp(params[i].built_in, name) == 0)
      return &params[i];
  return NULL;
}

static int read_builtin(tcx_call_t *call, const struct tcx_rule_param *param, const char *text,
                        struct tcx_rule_param_value *out) {
  *out = (struct tcx_rule_param_value){0};
  if (text == NULL)
    return 0;
  out->type = param->type;
  if (param->type == TCX__RULE_STRING) {
    const char *copy = tcx__arena_strdup(call->arena, text);
    out->string = tcx__str(copy != NULL ? copy : "");
    return copy == NULL ? UV_ENOMEM : 0;
  }
  out->boolean = strcmp(text, "true") == 0;
  return param->type == TCX__RULE_BOOL && (out->boolean || strcmp(text, "false") == 0) ? 0
                                                                                       : UV_EINVAL;
}

int tcx_request_set_builtin(tcx_call_t *call, const char *name, const char *value) {
  struct tcx_rule_param_value read;
  if (!at(call, AT(BEFORE_ENDPOINT_RESOLUTION)) || name == NULL)
    return UV_EINVAL;
  const struct tcx_rule_param *param = find_builtin(call, name);
  int err = param != NULL ? read_builtin(call, param, value, &read) : UV_EINVAL;
  if (err != 0)
    return err;
  struct tcx_hook_builtin *builtin = tcx__arena_alloc(call->arena, sizeof *builtin),
                          **last = &call->hooks->builtins;
  if (builtin == NULL)
    return UV_ENOMEM;
  *builtin = (struct tcx_hook_builtin){.name = param->built_in, .value = read};
  while (*last != NULL)
    last = &(*last)->next;
  *last = builtin;
  return 0;
}

void tcx__hooks_builtins(tcx_call_t *call) {
  for (const struct tcx_hook_builtin *b = call->hooks != NULL ? call->hooks->builtins : NULL;
       b != NULL; b = b->next)
    tcx__endpoint_set_builtin(call, b->name, b->value);
}

bool tcx__hooks_set_account(const tcx_call_t *call) {
  for (const struct tcx_hook_builtin *b = call->hooks != NULL ? call->hooks->builtins : NULL;
       b != NULL; b = b->next)
    if (strcmp(b->name, "AWS::Auth::AccountId") == 0)
      return true;
  return false;
}

/* ---- the request, read ---- */

const char *tcx_request_method(tcx_call_t *call) {
  return at(call, request_made) ? call->req.method : NULL;
}
const char *tcx_request_url(tcx_call_t *call) {
  return at(call, request_made) ? tcx__call_url(call) : NULL;
}

const char *tcx_request_header(tcx_call_t *call, const char *name) {
  const struct tcx_header *h =
      at(call, request_made) && name != NULL ? tcx__headers_get(&call->req.headers, name) : NULL;
  return h != NULL ? tcx__arena_strndup(call->arena, h->value.p, h->value.n) : NULL;
}

const void *tcx_request_body(tcx_call_t *call, size_t *len) {
  bool here = at(call, request_made) && call->upload.memory.n > 0;
  if (len != NULL)
    *len = here ? call->upload.memory.n : 0;
  return here ? call->upload.memory.p : NULL;
}

bool tcx_call_is_sent(const tcx_call_t *call) {
  return call != NULL && call->goal == TCX__GOAL_SEND;
}

unsigned tcx_call_attempt(const tcx_call_t *call) {
  unsigned coming =
      at(call, AT(REQUEST_CREATED) | AT(BEFORE_SIGN) | AT(BEFORE_SEND)) && !call->free_retried ? 1
                                                                                               : 0;
  return call != NULL ? call->attempts + coming : 0;
}

/* ---- the request, changed ---- */

static int set_header(tcx_call_t *call, const char *name, const char *value) {
  struct tcx_headers *headers = &call->req.headers;
  if (value == NULL) {
    (void)tcx__headers_remove(headers, name);
    return 0;
  }
  const char *name_copy = tcx__arena_strdup(call->arena, name),
             *value_copy = tcx__arena_strdup(call->arena, value);
  return name_copy == NULL || value_copy == NULL
             ? UV_ENOMEM
             : tcx__headers_set(headers, tcx__str(name_copy), tcx__str(value_copy));
}

int tcx_request_set_header(tcx_call_t *call, const char *name, const char *value) {
  bool late = at(call, AT(BEFORE_SEND));
  if ((!late && !at(call, request_changes)) || name == NULL)
    return UV_EINVAL;
  if (late && (value == NULL || tcx__headers_get(&call->req.headers, name) != NULL))
    return UV_EINVAL;
  return tcx__own_header(tcx__str(name)) ? TCX_EPARAM : set_header(call, name, value);
}

int tcx_request_set_method(tcx_call_t *call, const char *method) {
  size_t n = method != NULL ? strlen(method) : 0;
  if (!at(call, request_changes) || n == 0)
    return UV_EINVAL;
  for (size_t i = 0; i < n; i++)
    if (method[i] < 'A' || method[i] > 'Z')
      return TCX_EPARAM;
  const char *copy = n <= 32 ? tcx__arena_strdup(call->arena, method) : NULL;
  if (n <= 32 && copy != NULL)
    call->req.method = copy;
  return n > 32 ? TCX_EPARAM : copy == NULL ? UV_ENOMEM : 0;
}

static bool same_origin(const struct tcx_request *req, const struct tcx_url *url,
                        struct tcx_str host) {
  return req->tls == url->tls && req->port == url->port && tcx__str_eq(req->host, host);
}

/* Lower case, as the pool compares it. */
static int host_of(tcx_call_t *call, const struct tcx_url *url, struct tcx_str *out) {
  char *host = tcx__arena_strndup(call->arena, url->host.p, url->host.n);
  for (size_t i = 0; host != NULL && i < url->host.n; i++)
    host[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] + ('a' - 'A') : host[i]);
  *out = (struct tcx_str){host, url->host.n};
  return host == NULL ? UV_ENOMEM : tcx__valid_host(*out) ? 0 : TCX_EPARAM;
}

/* Nothing that would end the request line or be no part of it. */
static bool plain(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || *text == '#')
      return false;
  return true;
}

int tcx_request_set_url(tcx_call_t *call, const char *text) {
  struct tcx_url url;
  struct tcx_str host;
  const char *why = NULL;
  if (!at(call, request_changes) || text == NULL)
    return UV_EINVAL;
  const char *copy = tcx__arena_strdup(call->arena, text);
  if (copy == NULL)
    return UV_ENOMEM;
  if (!plain(copy) || tcx__url_parse(&url, tcx__str(copy), &why) != 0)
    return TCX_EPARAM;
  struct tcx_request *req = &call->req;
  int err = host_of(call, &url, &host);
  if (err != 0)
    return err;
  bool same = same_origin(req, &url, host);
  if (!same && at(call, AT(BEFORE_SIGN)))
    return UV_EINVAL;
  if (!same) {
    req->tls = url.tls;
    req->port = url.port;
    req->host = host;
    req->host_header = url.authority;
  }
  req->path = url.path.n > 0 ? url.path : TCX__STR("/");
  req->query = url.query.p != NULL ? url.query : (struct tcx_str){0};
  return 0;
}

int tcx_request_set_body(tcx_call_t *call, const void *p, size_t n) {
  if (!at(call, AT(BEFORE_CALL)) || call->body != NULL || (p == NULL && n > 0))
    return UV_EINVAL;
  const char *copy = tcx__arena_strndup(call->arena, n > 0 ? p : "", n);
  if (copy == NULL)
    return UV_ENOMEM;
  tcx__call_set_body(call, (struct tcx_str){copy, n});
  return 0;
}

int tcx_request_set_unsigned(tcx_call_t *call) {
  if (!at(call, AT(CHOOSE_SIGNER)))
    return UV_EINVAL;
  call->scheme = TCX__SCHEME_NONE;
  return 0;
}

int tcx_hook_fail(tcx_call_t *call, int status, const char *msg) {
  if (!at(call, ~0u) || msg == NULL || status >= 0 || status == TCX_ECLIENT ||
      status == TCX_EAGAIN || status == TCX_EOF)
    return UV_EINVAL;
  call->hooks->fail.status = 0;
  return tcx__fail(&call->hooks->fail, status, "%s", msg);
}

/* ---- an attempt's own changes ---- */

static int copy_request(tcx_call_t *call, struct tcx_request *to, const struct tcx_request *from) {
  unsigned n = from->headers.count;
  struct tcx_header *list = tcx__arena_alloc(call->arena, (n > 0 ? n : 1) * sizeof *list);
  if (list == NULL)
    return UV_ENOMEM;
  if (n > 0)
    memcpy(list, from->headers.list, n * sizeof *list);
  *to = *from;
  to->headers.list = list;
  to->headers.cap = n > 0 ? n : 1;
  return 0;
}

int tcx__hooks_keep(tcx_call_t *call) {
  struct tcx_call_hooks *h = tcx__hooks_state(call);
  if (h == NULL)
    return tcx__fail_memory(&call->fail);
  if (h->created)
    return 0;
  call->req.headers.count = call->fixed_headers;
  if (copy_request(call, &h->made, &call->req) != 0)
    return tcx__fail_memory(&call->fail);
  h->created = true;
  return 0;
}

int tcx__emit_created(tcx_call_t *call) {
  bool again = call->hooks != NULL && call->hooks->created;
  if (call->goal == TCX__GOAL_PRESIGN || (!again && !tcx__has_hook(call, TCX__ON_REQUEST_CREATED)))
    return 0;
  int err = again ? copy_request(call, &call->req, &call->hooks->made) : tcx__hooks_keep(call);
  if (err == 0)
    err = tcx__emit(call, TCX__ON_REQUEST_CREATED);
  call->fixed_headers = call->req.headers.count;
  return err;
}

void tcx__hooks_restore(tcx_call_t *call) {
  struct tcx_call_hooks *h = call->hooks;
  if (h == NULL || !h->created)
    return;
  call->req = h->made;
  h->created = false;
}

bool tcx__hooks_answered(const tcx_call_t *call) {
  return call->hooks != NULL && call->hooks->answered;
}
bool tcx__hooks_parsed(const tcx_call_t *call) {
  return call->hooks != NULL && call->hooks->parsed;
}
