#include "core/call.h"
#include "base/mem.h"
#include "core/body.h"
#include "core/defaults_mode.h"
#include "core/endpoint.h"
#include "core/events.h"
#include "core/log.h"
#include "core/monitor.h"
#include "core/user_hooks.h"
#include "core/waiter.h"
#include <assert.h>
#include <string.h>

uint64_t tcx__now_us(void) { return uv_hrtime() / 1000; }

/* ---- birth ---- */

static void on_ready(struct tcx_ready *ready);

static void link_call(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  call->next = c->calls;
  if (c->calls != NULL)
    c->calls->prev = call;
  c->calls = call;
  call->linked = true;
  c->active++;
  call->holding = true;
  tcx__session_hold(c->session);
}

void tcx__call_let_loop_go(tcx_call_t *call) {
  if (call->holding && call->session != NULL) {
    call->holding = false;
    tcx__session_drop(call->session);
  }
}

/* Where it is now: the pool and the exchange know better than the last step. */
static tcx_phase_t current_phase(const tcx_call_t *call) {
  if (call->poll != NULL)
    return current_phase(call->poll);
  if (call->leasing)
    return tcx__lease_phase(&call->wait.lease);
  return call->phase == TCX_PHASE_SEND && call->x.upload_done ? TCX_PHASE_WAIT : call->phase;
}

static void on_deadline(struct tcx_timer *timer) {
  tcx_call_t *call = (tcx_call_t *)((char *)timer - offsetof(tcx_call_t, deadline));
  tcx_phase_t phase = current_phase(call);
  tcx__call_break(call);
  call->fail.status = 0; /* what an attempt before failed with */
  (void)tcx__fail(&call->fail, UV_ETIMEDOUT, "The call was not over after its timeout of %u ms",
                  call->options.timeout_ms);
  tcx__call_fail(call, UV_ETIMEDOUT, phase);
}

static tcx_call_t *new_call(const struct tcx_call_start *start, struct tcx_arena *arena) {
  tcx_call_t *call = tcx__arena_zalloc(arena, sizeof *call);
  if (call == NULL)
    return NULL;
  call->arena = arena;
  call->client = start->client;
  call->session = start->client->session;
  call->cb = start->cb;
  call->data = start->data;
  call->refs = 1;
  call->ready.run = on_ready;
  call->fail.arena = arena;
  call->goal = (uint8_t)start->goal;
  call->expires_s = start->expires_s;
  call->presigner = start->presigner;
  call->uses = start->uses;
  call->retry.max_attempts = start->client->config.max_attempts;
  if (start->options != NULL)
    memcpy(&call->options, start->options, start->options_size);
  if (call->options.max_attempts != 0)
    call->retry.max_attempts = call->options.max_attempts;
  call->op_name = tcx__arena_strdup(arena, start->operation);
  call->method = start->method != NULL ? tcx__arena_strdup(arena, start->method) : NULL;
  call->req.arena = arena;
  return call->op_name != NULL && (start->method == NULL || call->method != NULL) ? call : NULL;
}

/* What is wrong before anything was sent. */
static int first_problem(tcx_call_t *call, int params_status, const char *params_text) {
  const struct tcx_fail *problem = &call->client->problem;
  call->phase = TCX_PHASE_PARAMS;
  if (problem->status != 0)
    return tcx__fail(&call->fail, problem->status, "%s", problem->text);
  if (params_status != 0)
    return tcx__fail(&call->fail, params_status, "%s",
                     params_text != NULL ? params_text : tcx_strerror(params_status));
  return tcx__call_read_headers(call, call->options.headers);
}

/* After its preparation: goes on, fails, or waits for an inner call. */
static void begin(tcx_call_t *call, int err) {
  if (err == 0)
    tcx__call_step(call);
  else if (err != TCX_EAGAIN)
    tcx__call_fail(call, err, call->phase);
}

int tcx__call_start(const struct tcx_call_start *start, tcx_call_t **out) {
  struct tcx_arena *arena = NULL;
  const char *text = NULL;
  tcx_client_t *c = start->client;
  int status = tcx__value_consume(start->params, &arena, &text);
  int err = 0;
  if (c == NULL || start->operation == NULL || start->cb == NULL ||
      start->options_size > sizeof(tcx_call_options_t))
    err = UV_EINVAL;
  else if (c->closing || (c->draining && !start->internal) || c->session->closing)
    err = TCX_ECLOSING;
  else if (status == UV_ENOMEM ||
           (arena == NULL && (arena = tcx__arena_new_sized(TCX__ARENA_CALL)) == NULL))
    err = UV_ENOMEM;
  if (err != 0) {
    tcx__arena_free(arena);
    return err;
  }
  tcx__arena_set_pool(arena, &c->blocks);
  tcx_call_t *call = new_call(start, arena);
  if (call != NULL)
    call->params =
        start->params != NULL ? (struct tcx_value *)start->params : tcx__value_new(arena, TCX_MAP);
  if (call == NULL || call->params == NULL ||
      (c->session->monitor != NULL && start->goal == TCX__GOAL_SEND &&
       tcx__monitor_started(call) != 0)) {
    tcx__arena_free(arena);
    return UV_ENOMEM;
  }
  tcx__session_touch(c->session);
  call->started_us = tcx__now_us();
  link_call(call);
  if (out != NULL)
    *out = call;
  if (call->options.timeout_ms != 0 && call->options.timeout_ms != TCX_NEVER)
    tcx__timer_start(c->session->net, &call->deadline, call->options.timeout_ms, on_deadline);
  err = first_problem(call, status, text);
  if (err == 0 && call->presigner != NULL && call->presigner->alone)
    tcx__call_alone(call);
  else if (err == 0)
    err = start->wait != NULL ? tcx__wait_begin(call, start->wait) : tcx__call_prepare(call);
  begin(call, err);
  return 0;
}

int tcx__call_inner(tcx_call_t *call, const struct tcx_call_start *inner, tcx_call_t **out) {
  uint8_t state = call->state;
  call->state = TCX__CALL_INNER;
  call->refs++;
  int err = tcx__call_start(inner, out);
  if (err == 0)
    return TCX_EAGAIN;
  call->refs--;
  call->state = state;
  return err;
}

void tcx__call_inner_prepared(tcx_call_t *call, int err, tcx_phase_t phase) {
  call->state = TCX__CALL_NEW;
  call->phase = phase;
  begin(call, err == 0 ? tcx__call_prepare(call) : err);
}

/* ---- the states before the wire ---- */

static void on_body_wake(void *ctx) {
  tcx_call_t *call = ctx;
  if (call->session != NULL)
    tcx__ready_push(call->session, &call->ready);
}

/* NEW: the endpoint may lie at the account of the credentials. */
static void step_new(tcx_call_t *call) {
  int err = tcx__emit(call, TCX__ON_BEFORE_ENDPOINT_RESOLUTION);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_ENDPOINT);
    return;
  }
  call->state = tcx__endpoint_wants_account(call) ? TCX__CALL_ACCOUNT : TCX__CALL_BUILD;
  tcx__call_step(call);
}

/* BUILD: endpoint and request; the body is attached. */
static void step_build(tcx_call_t *call) {
  int err = tcx__call_build(call);
  if (err != 0) {
    tcx__call_fail(call, err, call->phase);
    return;
  }
  if (tcx__hooks_answered(call)) {
    tcx__hooks_take_answer(call);
    return;
  }
  tcx_body_t *body = call->body;
  call->state = TCX__CALL_BODY;
  if (body != NULL && body->status != UV_ENOMEM) {
    body->loop = call->session->loop;
    body->wake = on_body_wake;
    body->ctx = call;
  }
  tcx__call_step(call);
}

/* A body that lies in memory needs no reading; its owner is closed with the call. */
static int open_body(tcx_call_t *call) {
  tcx_body_t *body = call->body;
  if (body == NULL || call->body_open)
    return 0;
  int err = body->ops->open(body, &call->fail);
  if (err != 0)
    return err;
  call->body_open = true;
  call->upload.length = body->length;
  if (tcx__body_memory(body, &call->upload.memory))
    call->upload.body = NULL;
  return 0;
}

/* BODY: opened, compressed slice by slice, planned, hashed slice by slice. */
static void step_body(tcx_call_t *call) {
  int err = open_body(call);
  if (err == TCX_EAGAIN)
    return;
  if (err == 0)
    err = tcx__call_compress(call);
  if (err == TCX_EAGAIN) {
    tcx__ready_push(call->session, &call->ready);
    return;
  }
  if (err == 0 && !call->planned) {
    tcx__hooks_restore(call);
    err = tcx__call_plan_body(call);
    call->planned = err == 0;
  }
  if (err == 0)
    err = tcx__payload_hash(call);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
    return;
  }
  if (!call->payload.ready) {
    tcx__ready_push(call->session, &call->ready);
    return;
  }
  call->fixed_headers = call->req.headers.count;
  call->state = TCX__CALL_CREDENTIALS;
  tcx__call_step(call);
}

/* ACCOUNT and CREDENTIALS wait for the same, and go on to different ends. */
static void have_identity(tcx_call_t *call, struct tcx_identity *identity) {
  tcx__identity_release(call->identity);
  call->identity = identity;
  call->state = call->state == TCX__CALL_ACCOUNT ? TCX__CALL_BUILD : TCX__CALL_RATE;
  tcx__call_step(call);
}

static void on_identity(struct tcx_identity_wait *wait, struct tcx_identity *identity, int status,
                        const char *why) {
  tcx_call_t *call = (tcx_call_t *)((char *)wait - offsetof(tcx_call_t, wait.identity));
  call->timings.credentials_us += tcx__now_us() - wait->since_us;
  call->identity_waiting = false;
  if (identity != NULL) {
    have_identity(call, identity);
    return;
  }
  if (wait->cause != NULL && tcx__call_take_error(call, wait->cause) != 0)
    status = UV_ENOMEM;
  (void)tcx__fail(&call->fail, status, "%s", why);
  tcx__call_fail(call, status, TCX_PHASE_CREDENTIALS);
}

/* Where the call's identity comes from. Before the scheme is known it is the client's own. */
static int identity_source(tcx_call_t *call, struct tcx_identity_source **source) {
  uint8_t scheme = call->state == TCX__CALL_CREDENTIALS ? call->scheme : TCX__SCHEME_UNSET;
  if (scheme == TCX__SCHEME_BEARER)
    return tcx__client_token(call->client, source);
  if (scheme == TCX__SCHEME_S3EXPRESS)
    return call->client->custom->session_identity(call, source);
  return tcx__client_identity(call->client, source);
}

/* Whatever is there now, or wait with all the others. */
static void get_identity(tcx_call_t *call) {
  struct tcx_identity_source *source = NULL;
  call->phase = TCX_PHASE_CREDENTIALS;
  int err = identity_source(call, &source);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_CREDENTIALS);
    return;
  }
  memset(&call->wait.identity, 0, sizeof call->wait.identity);
  call->wait.identity.done = on_identity;
  call->identity_waiting = true;
  struct tcx_identity *now = tcx__identity_get(source, &call->wait.identity);
  if (now == NULL)
    return;
  call->identity_waiting = false;
  have_identity(call, now);
}

/* CREDENTIALS: of a call that is signed. */
static void step_credentials(tcx_call_t *call) {
  if (call->monitored != NULL)
    call->monitored->requested = true;
  int err = tcx__emit_created(call);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
    return;
  }
  if (call->scheme != TCX__SCHEME_NONE) {
    get_identity(call);
    return;
  }
  call->state = TCX__CALL_RATE;
  tcx__call_step(call);
}

static void on_lease_ready(struct tcx_lease *lease, struct tcx_conn *conn) {
  tcx_call_t *call = (tcx_call_t *)((char *)lease - offsetof(tcx_call_t, wait.lease));
  call->leasing = false;
  tcx__call_send(call, conn);
}

static void on_lease_failed(struct tcx_lease *lease, int status, tcx_phase_t phase,
                            const char *why) {
  tcx_call_t *call = (tcx_call_t *)((char *)lease - offsetof(tcx_call_t, wait.lease));
  call->leasing = false;
  if (phase != TCX_PHASE_POOL && !call->free_retried)
    call->attempts++;
  tcx__call_attempt_failed(call, status, phase, why);
}
static const struct tcx_lease_ops lease_ops = {on_lease_ready, on_lease_failed};

/* POOL: an idle connection at once, else a place in the queue. A call that is not to be sent ends
 * here instead. */
static void step_pool(tcx_call_t *call) {
  struct tcx_pool *pool = NULL;
  if (call->goal == TCX__GOAL_PRESIGN) {
    tcx__call_presigned(call);
    return;
  }
  if (call->goal == TCX__GOAL_RENDER) {
    tcx__call_rendered(call);
    return;
  }
  call->phase = TCX_PHASE_POOL;
  int err = tcx__auto_mode_wait(call);
  if (err == TCX_EAGAIN)
    return;
  if (call->monitored != NULL)
    tcx__monitor_attempt_began(call);
  call->signed_early = false;
  if (tcx__has_hook(call, TCX__ON_BEFORE_SEND) && tcx__call_sign_for_hooks(call))
    return;
  if (err == 0)
    err = tcx__client_pool(call->client, &pool);
  if (err != 0) {
    tcx__call_fail(call, err, TCX_PHASE_POOL);
    return;
  }
  struct tcx_target origin = {.tls = call->req.tls, .port = call->req.port, .host = call->req.host},
                    target;
  tcx__proxy_route(&call->client->config.proxies, &origin, &target);
  call->proxy = target.tunnel ? NULL : target.proxy;
  memset(&call->wait.lease, 0, sizeof call->wait.lease);
  call->wait.lease.ops = &lease_ops;
  call->leasing = true;
  struct tcx_conn *conn = tcx__pool_acquire(pool, &call->wait.lease, &target,
                                            call->client->config.acquire_timeout_ms, call->fresh);
  if (conn == NULL)
    return;
  call->leasing = false;
  tcx__log(call->session, TCX_LOG_DEBUG, "net", call, "%s has an idle connection to %s",
           call->op->name, target.host.p);
  tcx__call_send(call, conn);
}

void tcx__call_step(tcx_call_t *call) {
  tcx__log_state(call);
  switch ((tcx__call_state)call->state) {
  case TCX__CALL_NEW:
    step_new(call);
    break;
  case TCX__CALL_ACCOUNT:
    get_identity(call);
    break;
  case TCX__CALL_BUILD:
    step_build(call);
    break;
  case TCX__CALL_BODY:
    step_body(call);
    break;
  case TCX__CALL_CREDENTIALS:
    step_credentials(call);
    break;
  case TCX__CALL_RATE:
    tcx__throttle_step(call);
    break;
  case TCX__CALL_POOL:
    step_pool(call);
    break;
  default:
    break;
  }
}

/* ---- the end ---- */

void tcx__call_break(tcx_call_t *call) {
  if (call->poll != NULL) {
    tcx_call_t *poll = call->poll;
    call->poll = NULL;
    tcx_call_cancel(poll);
  }
  if (call->exchanging) {
    call->exchanging = false;
    call->sent = call->sent || call->x.sent;
    tcx__exchange_abort(&call->x);
  }
  if (call->leasing) {
    call->leasing = false;
    tcx__lease_cancel(&call->wait.lease);
  }
  if (call->identity_waiting) {
    call->identity_waiting = false;
    tcx__identity_cancel(&call->wait.identity);
  }
  tcx__throttle_leave(call);
  tcx__timer_stop(call->session->net, &call->timer);
}

void tcx__call_done(tcx_call_t *call) {
  tcx__call_break(call);
  tcx__timer_stop(call->session->net, &call->deadline);
  call->timings.total_us = tcx__now_us() - call->started_us;
  call->timings.attempts = call->attempts;
  tcx__log_outcome(call);
  if (call->monitored != NULL)
    tcx__monitor_call_done(call);
  call->state = TCX__CALL_DONE;
  tcx__ready_push(call->session, &call->ready);
}

void tcx__call_fail(tcx_call_t *call, int status, tcx_phase_t phase) {
  (void)tcx__fail(&call->fail, status, "%s", tcx_strerror(status));
  call->error.status = status;
  call->error.phase = phase;
  tcx__call_done(call);
}

/* The body's close callback runs before the call's own. False: a file request is under way and will
 * wake us. */
static bool body_closed(tcx_call_t *call) {
  tcx_body_t *body = call->body;
  if (body == NULL)
    return true;
  if (tcx__body_close(body) == TCX_EAGAIN)
    return false;
  body->ops->free(body);
  call->body = call->upload.body = NULL;
  return true;
}

/* DONE: the one callback. */
static void run_callback(tcx_call_t *call) {
  tcx_session_t *session = call->session;
  if (!body_closed(call))
    return;
  tcx__arena_cleanup(call->arena); /* bodies that nobody took */
  if (call->error.status != 0)
    tcx__call_complete_error(call);
  int err = tcx__emit_after(call);
  if (err != 0) {
    call->error =
        (tcx_error_t){.status = err, .phase = call->phase, .http_status = call->head.status};
    tcx__call_complete_error(call);
  }
  call->state = TCX__CALL_OVER;
  call->client->completed++;
  call->client->errors += call->error.status != 0 ? 1 : 0;
  tcx__session_enter(session);
  call->cb(call, call->error.status == 0 ? call->value : NULL,
           call->error.status != 0 ? &call->error : NULL);
  tcx__session_leave(session);
  tcx__call_retire(call);
}

static void on_ready(struct tcx_ready *ready) {
  tcx_call_t *call = (tcx_call_t *)((char *)ready - offsetof(tcx_call_t, ready));
  if (call->state == TCX__CALL_DONE)
    run_callback(call);
  else if (call->state == TCX__CALL_BODY)
    step_body(call);
  else if (call->state == TCX__CALL_EXCHANGE && call->exchanging)
    tcx__exchange_resume(&call->x);
  else if (call->state == TCX__CALL_RENDER)
    tcx__call_rendered(call);
}

static void release_models(void *models) { tcx__models_free(models); }

/* It is kept by others: its blocks no longer go to the client's pool, and the model, whose names it
 * holds, stays as long as it does. */
static void keep_alone(tcx_call_t *call, tcx_session_t *session) {
  tcx__arena_set_pool(call->arena, NULL);
  if (session->models == NULL)
    return;
  call->models_hold =
      (struct tcx_cleanup){.run = release_models, .p = tcx__models_retain(session->models)};
  tcx__arena_hang(call->arena, &call->models_hold);
}

/* Out of the client's list; a call that is kept by others keeps nothing of client and session. */
void tcx__call_retire(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  tcx_session_t *session = call->session;
  assert(call->linked);
  if (call->prev != NULL)
    call->prev->next = call->next;
  else
    c->calls = call->next;
  if (call->next != NULL)
    call->next->prev = call->prev;
  call->linked = false;
  tcx__identity_release(call->identity);
  call->identity = NULL;
  if (call->endpoint != NULL)
    tcx__endpoint_release(call->endpoint);
  call->endpoint = NULL;
  tcx__timer_stop(session->net, &call->timer);
  tcx__timer_stop(session->net, &call->deadline);
  tcx__ready_remove(session, &call->ready);
  tcx__events_free(call->events);
  if (call->upload.frames != NULL)
    tcx__chunked_wipe(&call->upload.frames->chunked);
  if (call->refs > 1)
    keep_alone(call, session);
  bool holding = call->holding;
  call->holding = false;
  call->session = NULL;
  call->client = NULL;
  tcx__call_unref(call);
  c->active--;
  tcx__client_call_gone(c);
  if (holding)
    tcx__session_drop(session);
}

void tcx__call_unref(tcx_call_t *call) {
  if (--call->refs > 0)
    return;
  tcx_call_release(call->answer);
  tcx__arena_free(call->arena);
}

/* ---- cancel ---- */

static void cancel_with(tcx_call_t *call, const char *why) {
  if (call->state == TCX__CALL_DONE || call->state == TCX__CALL_OVER ||
      call->state == TCX__CALL_STREAMING || tcx__hooks_note_cancel(call, why))
    return;
  tcx_phase_t phase = current_phase(call);
  tcx__call_break(call);
  call->fail.status = 0;
  (void)tcx__fail(&call->fail, TCX_ECANCELED, "%s", why);
  tcx__call_fail(call, TCX_ECANCELED, phase);
}

void tcx_call_cancel(tcx_call_t *call) {
  if (call != NULL && call->session != NULL)
    cancel_with(call, "The call was canceled");
}

void tcx__call_client_closing(tcx_call_t *call) {
  if (call->stream != NULL && call->state == TCX__CALL_STREAMING)
    tcx__stream_client_closing(call->stream);
  else
    cancel_with(call, "The client was closed");
}
