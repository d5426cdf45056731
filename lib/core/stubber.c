/*
 * stubber.c - <tucuxi/stubber.h>: a queue of answers behind three hooks.
 *
 * What it does to calls goes through <tucuxi/hooks.h>; of core it needs the client's model, to
 * check answers when they are queued (stub_check.c). Its watch tells when the client goes: the
 * hooks are taken away then, and the stubber is on its own.
 */
#include "core/stubber.h"
#include "base/json.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <tucuxi/hooks.h>
#include <tucuxi/stubber.h>

#define PROBLEM_MAX (64u * 1024)

struct stub {
  struct stub *next;
  const struct tcx_operation *op;
  int http_status;
  tcx_value_t *response, *expected; /* trees of their own; expected NULL: any */
};

struct tcx_stubber {
  tcx_client_t *client; /* NULL once it goes */
  tcx_watch_t watch;
  struct stub *first, **last;
  size_t pending;
  unsigned hooks[3];       /* 0: not active */
  struct tcx_arena *arena; /* of fail */
  struct tcx_fail fail;
};

/* ---- problems ---- */

/* A new one: the last one's text goes. */
static struct tcx_fail *begin(tcx_stubber_t *s) {
  tcx__arena_free(s->arena);
  s->arena = tcx__arena_new();
  s->fail = (struct tcx_fail){.arena = s->arena};
  return &s->fail;
}

static int fail(tcx_stubber_t *s, int status) {
  if (s->fail.status == 0 && s->arena != NULL)
    (void)tcx__fail(&s->fail, status, "%s", tcx_strerror(status));
  return status;
}

const char *tcx_stubber_problem(const tcx_stubber_t *s) {
  return s != NULL && s->fail.text != NULL ? s->fail.text : "no problem";
}

/* ---- the queue ---- */

static void free_stub(struct stub *stub) {
  tcx_value_free(stub->response);
  tcx_value_free(stub->expected);
  tcx__free(stub);
}

static struct stub *pop(tcx_stubber_t *s) {
  struct stub *stub = s->first;
  s->first = stub->next;
  if (s->first == NULL)
    s->last = &s->first;
  s->pending--;
  return stub;
}

static int push(tcx_stubber_t *s, const struct stub *stub) {
  struct stub *copy = tcx__malloc(sizeof *copy);
  if (copy == NULL)
    return UV_ENOMEM;
  *copy = *stub;
  copy->next = NULL;
  *s->last = copy;
  s->last = &copy->next;
  s->pending++;
  return 0;
}

/* ---- hooks ---- */

static int stub_error(tcx_call_t *call, const char *reason, const char *more) {
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, PROBLEM_MAX);
  tcx__buf_printf(&text, "Error getting response stub for operation %s: %s%s",
                  tcx_call_operation(call), reason, more);
  int status = tcx_hook_fail(call, TCX_ESTUB, text.status == 0 ? text.data : reason);
  tcx__buf_free(&text);
  return status;
}

static int check_order(tcx_call_t *call, const tcx_stubber_t *s) {
  char name[256];
  if (s->first == NULL)
    return stub_error(call,
                      "Unexpected API Call: A call was made but no additional calls expected. "
                      "Either the API Call was not stubbed or it was called multiple times.",
                      "");
  if (strcmp(s->first->op->name, tcx_call_operation(call)) == 0)
    return 0;
  snprintf(name, sizeof name, "%s.", s->first->op->name);
  return stub_error(call, "Operation mismatch: found response for ", name);
}

static int tell_params(tcx_call_t *call, const tcx_value_t *expected, const tcx_value_t *received) {
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, PROBLEM_MAX);
  tcx__json_write(&text, expected, TCX__JSON_SPACED);
  tcx__buf_adds(&text, ",\nbut received:\n");
  tcx__json_write(&text, received, TCX__JSON_SPACED);
  int status = stub_error(call, "Expected parameters:\n",
                          text.status == 0 ? text.data : "(too long to be shown)");
  tcx__buf_free(&text);
  return status;
}

static int on_params(tcx_call_t *call, const char *event, void *data) {
  tcx_stubber_t *s = data;
  (void)event;
  if (!tcx_call_is_sent(call))
    return 0;
  int err = check_order(call, s);
  if (err != 0 || s->first->expected == NULL)
    return err;
  const tcx_value_t *params = tcx_request_params(call);
  if (params == NULL)
    return UV_ENOMEM;
  return tcx__value_equal(s->first->expected, params, true)
             ? 0
             : tell_params(call, s->first->expected, params);
}

/* The endpoint may want the account of credentials, which there need not be. */
static int on_endpoint(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  int err = tcx_request_set_builtin(call, "AWS::Auth::AccountId", NULL);
  return err == UV_EINVAL ? 0 : err; /* most services have no such built-in */
}

static int on_call(tcx_call_t *call, const char *event, void *data) {
  tcx_stubber_t *s = data;
  (void)event;
  if (!tcx_call_is_sent(call))
    return 0;
  int err = check_order(call, s);
  if (err != 0)
    return err;
  struct stub *stub = pop(s);
  err = tcx_call_answer(call, stub->http_status, stub->response);
  stub->response = NULL;
  free_stub(stub);
  return err == UV_EINVAL
             ? stub_error(call, "An event stream is answered to a call with max_body only.", "")
             : err;
}

/* ---- life ---- */

static void on_client_closing(tcx_watch_t *watch) {
  tcx_stubber_t *s = (tcx_stubber_t *)(void *)((char *)watch - offsetof(tcx_stubber_t, watch));
  tcx_stubber_deactivate(s);
  s->client = NULL;
  tcx_client_unwatch(watch);
}

int tcx_stubber_new(tcx_client_t *client, tcx_stubber_t **out) {
  if (client == NULL || out == NULL)
    return UV_EINVAL;
  tcx_stubber_t *s = tcx__calloc(1, sizeof *s);
  if (s == NULL)
    return UV_ENOMEM;
  s->watch.closing = on_client_closing;
  s->last = &s->first;
  int err = tcx_client_watch(client, &s->watch);
  if (err != 0) {
    tcx__free(s);
    return err;
  }
  s->client = client;
  *out = s;
  return 0;
}

void tcx_stubber_free(tcx_stubber_t *s) {
  if (s == NULL)
    return;
  tcx_stubber_deactivate(s);
  tcx_client_unwatch(&s->watch);
  while (s->first != NULL)
    free_stub(pop(s));
  tcx__arena_free(s->arena);
  tcx__free(s);
}

int tcx_stubber_activate(tcx_stubber_t *s) {
  static const struct {
    const char *pattern;
    tcx_hook_order_t order;
    tcx_hook_cb cb;
  } hooks[] = {
      {"before-parameter-build.*.*", TCX_HOOK_FIRST, on_params},
      {"before-endpoint-resolution.*", TCX_HOOK_MIDDLE, on_endpoint},
      {"before-call.*.*", TCX_HOOK_MIDDLE, on_call},
  };
  if (s == NULL)
    return UV_EINVAL;
  if (s->client == NULL)
    return TCX_ECLOSING;
  int err = 0;
  for (size_t i = 0; i < 3 && s->hooks[i] == 0 && err == 0; i++)
    err = tcx_client_on_order(s->client, hooks[i].pattern, hooks[i].order, hooks[i].cb, s,
                              &s->hooks[i]);
  if (err != 0)
    tcx_stubber_deactivate(s);
  return err;
}

void tcx_stubber_deactivate(tcx_stubber_t *s) {
  for (size_t i = 0; s != NULL && i < 3; i++) {
    if (s->hooks[i] != 0 && s->client != NULL)
      tcx_client_off(s->client, s->hooks[i]);
    s->hooks[i] = 0;
  }
}

/* ---- adding ---- */

static int find_operation(tcx_stubber_t *s, const char *name, struct stub *stub) {
  const tcx_client_t *c = s->client;
  if (c == NULL)
    return TCX_ECLOSING;
  if (c->problem.status != 0)
    return tcx__fail(&s->fail, c->problem.status, "%s", c->problem.text);
  if (name != NULL && tcx__client_operation(c, name, &stub->op, NULL) == 0)
    return 0;
  return tcx__fail(&s->fail, TCX_EOPNAME, "Client %s does not have method: %s", c->service,
                   name != NULL ? name : "(NULL)");
}

static int check_tree(struct tcx_fail *f, const tcx_value_t *v, const char *what) {
  int status = tcx_value_status(v);
  if (status != 0)
    return tcx__fail(f, status, "%s: %s", what, tcx_value_problem(v));
  return v == NULL || tcx_value_type(v, NULL) == TCX_MAP
             ? 0
             : tcx__fail(f, UV_EINVAL, "%s: not a map", what);
}

int tcx_stubber_add_response(tcx_stubber_t *s, const char *operation, tcx_value_t *response,
                             tcx_value_t *expected) {
  struct stub stub = {.http_status = 200,
                      .response = response != NULL ? response : tcx_value_new_map(),
                      .expected = expected};
  struct tcx_fail *f = s != NULL ? begin(s) : NULL;
  int err = s == NULL          ? UV_EINVAL
            : s->arena == NULL ? UV_ENOMEM
                               : find_operation(s, operation, &stub);
  if (err == 0)
    err = check_tree(f, stub.response, "response");
  if (err == 0)
    err = check_tree(f, expected, "expected_params");
  if (err == 0)
    err = tcx__stub_check_response(stub.op, stub.response, f);
  if (err == 0)
    err = push(s, &stub);
  if (err != 0) {
    tcx_value_free(stub.response);
    tcx_value_free(expected);
  }
  return err != 0 && s != NULL ? fail(s, err) : err;
}

/* All members of the map from into the map at name of to. */
static void merge(tcx_value_t *to, const tcx_value_t *from) {
  for (const tcx_value_t *v = tcx_value_first(from, NULL); v != NULL; v = tcx_value_next(v))
    tcx_value_put(to, tcx_value_name(v), strlen(tcx_value_name(v)), tcx_value_copy(v));
}

static tcx_value_t *error_response(const tcx_stub_error_t *e) {
  tcx_value_t *error = tcx_value_new_map(), *meta = tcx_value_new_map(),
              *response = tcx_value_new_map();
  tcx_value_set_str(error, "Message", e->service_message != NULL ? e->service_message : "");
  tcx_value_set_str(error, "Code", e->service_error_code != NULL ? e->service_error_code : "");
  merge(error, e->service_error_meta);
  tcx_value_set_int(meta, "HTTPStatusCode", e->http_status_code);
  merge(meta, e->response_meta);
  tcx_value_set(response, "ResponseMetadata", meta);
  tcx_value_set(response, "Error", error);
  merge(response, e->modeled_fields);
  return response;
}

static int check_error(tcx_stubber_t *s, const tcx_stub_error_t *e) {
  int err = e->http_status_code < 300 || e->http_status_code > 599
                ? tcx__fail(&s->fail, UV_EINVAL, "http_status_code %d is none of an error",
                            e->http_status_code)
                : 0;
  if (err == 0)
    err = check_tree(&s->fail, e->service_error_meta, "service_error_meta");
  if (err == 0)
    err = check_tree(&s->fail, e->expected_params, "expected_params");
  if (err == 0)
    err = check_tree(&s->fail, e->response_meta, "response_meta");
  if (err == 0)
    err = check_tree(&s->fail, e->modeled_fields, "modeled_fields");
  if (err == 0 && e->modeled_fields != NULL)
    err = tcx__stub_check_fields(s->client->model, e->service_error_code, e->modeled_fields,
                                 &s->fail);
  return err;
}

int tcx_stubber_add_client_error_sized(tcx_stubber_t *s, const char *operation,
                                       const tcx_stub_error_t *error, size_t size) {
  tcx_stub_error_t e = {0};
  if (size > sizeof e)
    return UV_EINVAL;
  if (error != NULL)
    memcpy(&e, error, size);
  if (e.http_status_code == 0)
    e.http_status_code = 400;
  struct stub stub = {.http_status = e.http_status_code, .expected = e.expected_params};
  if (s != NULL)
    begin(s);
  int err = s == NULL          ? UV_EINVAL
            : s->arena == NULL ? UV_ENOMEM
                               : find_operation(s, operation, &stub);
  if (err == 0)
    err = check_error(s, &e);
  if (err == 0) {
    stub.response = error_response(&e);
    err = check_tree(&s->fail, stub.response, "error");
  }
  if (err == 0)
    err = push(s, &stub);
  tcx_value_free(e.service_error_meta);
  tcx_value_free(e.response_meta);
  tcx_value_free(e.modeled_fields);
  if (err != 0) {
    tcx_value_free(stub.response);
    tcx_value_free(e.expected_params);
  }
  return err != 0 && s != NULL ? fail(s, err) : err;
}

int tcx_stubber_assert_no_pending_responses(tcx_stubber_t *s) {
  if (s == NULL || s->pending == 0)
    return s == NULL ? UV_EINVAL : 0;
  struct tcx_fail *f = begin(s);
  return s->arena == NULL
             ? UV_ENOMEM
             : tcx__fail(f, TCX_ESTUB, "%zu responses remaining in queue.", s->pending);
}

size_t tcx_stubber_pending(const tcx_stubber_t *s) { return s != NULL ? s->pending : 0; }
