#include "core/discovery.h"
#include "base/codec.h"
#include "base/mem.h"
#include "core/call.h"
#include "core/log.h"
#include <string.h>

static bool required(const tcx_call_t *call) {
  return (call->op->flags & TCX__OP_DISCOVERY_REQUIRED) != 0;
}

/* Only what is sent asks: a dry run or a presigned URL sends nothing. */
static bool concerns(const tcx_call_t *call) {
  return (call->op->flags & TCX__OP_DISCOVERY) != 0 && call->goal == TCX__GOAL_SEND &&
         call->client->config.endpoint_url == NULL;
}

static const struct tcx_operation *operation_with(const struct tcx_model *model, unsigned flag) {
  for (uint32_t i = 0; i < model->n_operations; i++)
    if ((model->operations[i].flags & flag) != 0)
      return &model->operations[i];
  return NULL;
}

void tcx__discovery_begin(tcx_client_t *c) {
  tcx__tristate asked = c->config.discovery;
  if (asked == TCX__FALSE || operation_with(c->model, TCX__OP_DISCOVERY_OPERATION) == NULL)
    return;
  c->discovery.on =
      asked == TCX__TRUE || operation_with(c->model, TCX__OP_DISCOVERY_REQUIRED) != NULL;
}

void tcx__discovery_free(tcx_client_t *c) {
  tcx__free(c->discovery.url);
  tcx__free(c->discovery.why);
}

/* ---- the answer ---- */

static int keep(char **at, const char *text) {
  size_t n = strlen(text) + 1;
  char *copy = tcx__malloc(n);
  if (copy == NULL)
    return UV_ENOMEM;
  memcpy(copy, text, n);
  tcx__free(*at);
  *at = copy;
  return 0;
}

/* "https://" before an address without a scheme. */
static int keep_url(struct tcx_discovery *d, const char *address) {
  struct tcx_url url;
  const char *why = NULL;
  char text[512];
  int n = snprintf(text, sizeof text, "%s%s", strncmp(address, "http", 4) == 0 ? "" : "https://",
                   address);
  if (n < 0 || (size_t)n >= sizeof text ||
      tcx__url_parse(&url, (struct tcx_str){text, (size_t)n}, &why) != 0)
    return TCX_EENDPOINT;
  return keep(&d->url, text);
}

static int take_endpoint(tcx_client_t *c, const tcx_value_t *response) {
  const char *address = tcx_value_str(response, "Endpoints[0].Address");
  int64_t minutes = tcx_value_int(response, "Endpoints[0].CachePeriodInMinutes", 0);
  int err = address != NULL ? keep_url(&c->discovery, address) : TCX_EENDPOINT;
  if (err == 0 && minutes > 0 && minutes < INT32_MAX)
    c->discovery.expires = tcx__session_now(c->session) + minutes * 60;
  return err;
}

static void note_failure(tcx_client_t *c, const char *why) {
  c->discovery.failed_until = tcx__session_now(c->session) + TCX__DISCOVERY_FAILED_S;
  tcx__log(c->session, TCX_LOG_WARN, "endpoint", NULL, "%s: endpoint discovery failed: %s",
           c->service, why);
  if (keep(&c->discovery.why, why) != 0) {
    tcx__free(c->discovery.why);
    c->discovery.why = NULL;
  }
}

/* Before its first attempt a call is prepared anew; later it goes to the new endpoint. */
static void wake(tcx_call_t *call) {
  if (call->attempts == 0) {
    tcx__call_inner_prepared(call, 0, TCX_PHASE_ENDPOINT);
    return;
  }
  int err = tcx__discovery_wait(call);
  call->redirect = err == 0;
  tcx__call_inner_done(call, err);
}

static void on_endpoints(tcx_call_t *inner, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_client_t *c = tcx_call_client(inner);
  struct tcx_discovery_waiter *waiting = c->discovery.waiting;
  c->discovery.waiting = NULL;
  c->discovery.asking = false;
  if (error != NULL)
    note_failure(c, error->msg);
  else if (take_endpoint(c, response) != 0)
    note_failure(c, "the answer holds no endpoint");
  while (waiting != NULL) {
    tcx_call_t *call = waiting->call;
    waiting = waiting->next;
    if (call->state == TCX__CALL_INNER)
      wake(call);
    tcx__call_unref(call);
  }
}

/* ---- a call ---- */

static int join_waiting(tcx_call_t *call) {
  struct tcx_discovery *d = &call->client->discovery;
  struct tcx_discovery_waiter *w = tcx__arena_alloc(call->arena, sizeof *w);
  if (w == NULL)
    return UV_ENOMEM;
  *w = (struct tcx_discovery_waiter){call, d->waiting};
  d->waiting = w;
  call->refs++;
  call->state = TCX__CALL_INNER;
  call->phase = TCX_PHASE_ENDPOINT;
  call->asked_endpoint = true;
  return TCX_EAGAIN;
}

static int ask(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  struct tcx_call_start start = {.client = c,
                                 .operation =
                                     operation_with(c->model, TCX__OP_DISCOVERY_OPERATION)->name,
                                 .cb = on_endpoints,
                                 .internal = true};
  if (!c->discovery.asking) {
    int err = tcx__call_start(&start, NULL);
    if (err != 0)
      return err;
    c->discovery.asking = true;
  }
  return join_waiting(call);
}

int tcx__discovery_wait(tcx_call_t *call) {
  const struct tcx_discovery *d = &call->client->discovery;
  int64_t now = tcx__session_now(call->session);
  if (!concerns(call))
    return 0;
  if (!d->on)
    return required(call)
               ? tcx__fail(&call->fail, TCX_ECONFIG,
                           "Endpoint Discovery is not enabled but this operation requires it.")
               : 0;
  if (d->url != NULL && now < d->expires)
    return 0;
  if (!call->asked_endpoint && (required(call) || now >= d->failed_until))
    return ask(call);
  if (d->url != NULL || !required(call))
    return 0;
  return tcx__fail(&call->fail, TCX_EENDPOINT,
                   "Endpoint Discovery failed to refresh the required endpoints.%s%s",
                   d->why != NULL ? " " : "", d->why != NULL ? d->why : "");
}

int tcx__discovery_apply(tcx_call_t *call) {
  const struct tcx_discovery *d = &call->client->discovery;
  struct tcx_request *req = &call->req;
  struct tcx_url url;
  const char *why = NULL;
  if (!concerns(call) || d->url == NULL)
    return 0;
  const char *text = tcx__arena_strdup(call->arena, d->url);
  if (text == NULL)
    return UV_ENOMEM;
  int err = tcx__url_parse(&url, tcx__str(text), &why);
  if (err != 0)
    return tcx__fail(&call->fail, TCX_EENDPOINT, "Invalid endpoint: %s (%s)", text, why);
  req->tls = url.tls;
  req->port = url.port;
  req->host = url.host;
  req->host_header = url.authority;
  call->discovered = text;
  return 0;
}

bool tcx__discovery_rejected(tcx_call_t *call) {
  struct tcx_discovery *d = &call->client->discovery;
  if (call->discovered == NULL || call->redirected ||
      (call->head.status != 421 && strcmp(call->parse_error.code, "InvalidEndpointException") != 0))
    return false;
  if (d->url != NULL &&
      strcmp(d->url, call->discovered) == 0) { /* not yet replaced through another call */
    tcx__free(d->url);
    d->url = NULL;
  }
  call->asked_endpoint = false;
  return true;
}
