#include "core/throttle.h"
#include "core/call.h"
#include <math.h>

static double now(const tcx_client_t *c) { return (double)uv_now(c->session->loop) / 1000; }
static bool is_adaptive(const tcx_client_t *c) {
  return c->config.retry_mode == TCX__RETRY_ADAPTIVE;
}

void tcx__throttle_begin(tcx_client_t *c) { tcx__rate_limiter_init(&c->throttle.rate, now(c)); }

static void go_on(tcx_call_t *call) {
  call->state = TCX__CALL_POOL;
  tcx__call_step(call);
}

static void append(struct tcx_throttle *t, tcx_call_t *call) {
  call->in_line = true;
  call->line_prev = t->last;
  call->line_next = NULL;
  if (t->last != NULL)
    t->last->line_next = call;
  else
    t->first = call;
  t->last = call;
}

static void take_out(struct tcx_throttle *t, tcx_call_t *call) {
  call->in_line = false;
  if (call->line_prev != NULL)
    call->line_prev->line_next = call->line_next;
  else
    t->first = call->line_next;
  if (call->line_next != NULL)
    call->line_next->line_prev = call->line_prev;
  else
    t->last = call->line_prev;
}

static void on_token(struct tcx_timer *timer);

/* Whoever there is a token for goes on; the timer waits for the next one's. */
static void serve(tcx_client_t *c) {
  struct tcx_throttle *t = &c->throttle;
  while (t->first != NULL) {
    double wait = tcx__rate_limiter_acquire(&t->rate, now(c));
    if (wait > 0) {
      tcx__timer_start(c->session->net, &t->timer, (uint64_t)ceil(wait * 1000), on_token);
      return;
    }
    tcx_call_t *call = t->first;
    take_out(t, call);
    go_on(call);
  }
}

static void on_token(struct tcx_timer *timer) {
  serve((tcx_client_t *)((char *)timer - offsetof(tcx_client_t, throttle.timer)));
}

void tcx__throttle_step(tcx_call_t *call) {
  tcx_client_t *c = call->client;
  struct tcx_throttle *t = &c->throttle;
  if (!is_adaptive(c) || call->goal != TCX__GOAL_SEND || !t->rate.enabled) {
    go_on(call);
    return;
  }
  bool first = t->first == NULL;
  call->phase = TCX_PHASE_BACKOFF;
  append(t, call);
  if (first)
    serve(c);
}

void tcx__throttle_leave(tcx_call_t *call) {
  if (!call->in_line)
    return;
  struct tcx_throttle *t = &call->client->throttle;
  take_out(t, call);
  if (t->first == NULL)
    tcx__timer_stop(call->session->net, &t->timer);
}

/* The rate may be another now: the first in line asks again. */
void tcx__throttle_answered(tcx_client_t *c, bool throttled) {
  struct tcx_throttle *t = &c->throttle;
  if (!is_adaptive(c))
    return;
  tcx__rate_limiter_answered(&t->rate, throttled, now(c));
  if (t->first != NULL)
    tcx__timer_start(c->session->net, &t->timer, 1, on_token);
}
