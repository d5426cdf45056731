/*
 * net.c - the session's network: its few handles, shared buffers, the timers' clockwork, work put
 * off to the loop, and closing.
 *
 *   open -> closing (tcx__net_close) -> freed, in the close callback of the last handle
 *
 * Owned by the session. Pools, connections and DNS open handles and report each; the network is
 * freed when none is left.
 */
#include "base/mem.h"
#include "net/dns.h"
#include "net/internal.h"
#include "net/trust.h"
#include <stdio.h>

int tcx__net_new(uv_loop_t *loop, const struct tcx_net_options *options, struct tcx_net **out) {
  struct tcx_net *net = tcx__calloc(1, sizeof *net);
  if (net == NULL)
    return UV_ENOMEM;
  net->read_buffer = tcx__malloc(TCX__READ_SIZE);
  net->scratch = tcx__malloc(TCX__READ_SIZE);
  net->head_buffer = tcx__malloc(TCX__HEAD_MAX);
  if (options->dns_servers != NULL)
    net->dns_servers = tcx__strdup(options->dns_servers);
  if (net->read_buffer == NULL || net->scratch == NULL || net->head_buffer == NULL ||
      (options->dns_servers != NULL && net->dns_servers == NULL)) {
    tcx__free(net->read_buffer);
    tcx__free(net->scratch);
    tcx__free(net->head_buffer);
    tcx__free(net->dns_servers);
    tcx__free(net);
    return UV_ENOMEM;
  }
  net->loop = loop;
  net->log = options->log;
  net->log_ctx = options->log_ctx;
  net->log_level = options->log_level;
  net->wake_ms = UINT64_MAX;
  tcx__wheel_init(&net->wheel, uv_now(loop));
  uv_timer_init(loop, &net->timer);
  tcx__net_handle_opened(net, (uv_handle_t *)&net->timer);
  uv_idle_init(loop, &net->idle);
  tcx__net_handle_opened(net, (uv_handle_t *)&net->idle);
  net->timer.data = net->idle.data = net;
  *out = net;
  return 0;
}

static void own_handle_closed(uv_handle_t *handle) { tcx__net_handle_closed(handle->data); }

void tcx__net_close(struct tcx_net *net, void (*cb)(void *ctx), void *ctx) {
  net->closing = true;
  net->closed = cb;
  net->closed_ctx = ctx;
  if (net->dns != NULL)
    tcx__dns_close(net->dns);
  uv_close((uv_handle_t *)&net->timer, own_handle_closed);
  uv_close((uv_handle_t *)&net->idle, own_handle_closed);
}

void tcx__net_handle_opened(struct tcx_net *net, uv_handle_t *handle) {
  uv_unref(handle);
  net->handles++;
}

/* Keys and tokens have passed through it. */
static void free_wiped(char *buffer, size_t size) {
  if (buffer != NULL)
    tcx__wipe(buffer, size);
  tcx__free(buffer);
}

void tcx__net_handle_closed(struct tcx_net *net) {
  if (--net->handles > 0 || !net->closing)
    return;
  if (net->closed != NULL)
    net->closed(net->closed_ctx);
  tcx__trust_free_all(net->trusts);
  free_wiped(net->read_buffer, TCX__READ_SIZE);
  free_wiped(net->scratch, TCX__READ_SIZE);
  tcx__free(net->head_buffer);
  tcx__free(net->seal_buffer);
  tcx__free(net->proxy_seal_buffer);
  tcx__free(net->dns_servers);
  tcx__free(net);
}

char *tcx__net_scratch(struct tcx_net *net, size_t *size) {
  *size = TCX__READ_SIZE;
  return net->scratch;
}

uint64_t tcx__net_now_us(void) { return uv_hrtime() / 1000; }

void tcx__net_log_line(struct tcx_net *net, tcx_log_level_t level, const char *area,
                       const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  net->log(net->log_ctx, level, area, line);
}

/* ---- timers ---- */

static void wake(uv_timer_t *handle);

static void wake_at(struct tcx_net *net, uint64_t due) {
  uint64_t now = uv_now(net->loop);
  net->wake_ms = due;
  uv_timer_start(&net->timer, wake, due > now ? due - now : 0, 0);
}

static void rest(struct tcx_net *net) {
  net->wake_ms = UINT64_MAX;
  uv_timer_stop(&net->timer);
}

static void wake(uv_timer_t *handle) {
  struct tcx_net *net = handle->data;
  struct tcx_timer *timer;
  net->wake_ms = 0; /* callbacks need not set the clock: it is set below */
  while ((timer = tcx__wheel_pop(&net->wheel, uv_now(net->loop))) != NULL)
    timer->cb(timer);
  if (net->closing)
    return;
  uint64_t next = tcx__wheel_next(&net->wheel);
  if (next == UINT64_MAX)
    rest(net);
  else
    wake_at(net, next);
}

void tcx__timer_start(struct tcx_net *net, struct tcx_timer *timer, uint64_t ms,
                      void (*cb)(struct tcx_timer *timer)) {
  tcx__wheel_remove(&net->wheel, timer);
  timer->cb = cb;
  tcx__wheel_add(&net->wheel, timer, uv_now(net->loop), ms);
  if (timer->due_ms < net->wake_ms && !net->closing)
    wake_at(net, timer->due_ms);
}

void tcx__timer_stop(struct tcx_net *net, struct tcx_timer *timer) {
  if (timer->due_ms == 0)
    return;
  tcx__wheel_remove(&net->wheel, timer);
  if (net->wheel.count == 0 && net->wake_ms != 0 && !net->closing)
    rest(net);
}

/* ---- deferred work ---- */

/* Runs what was queued when the turn began; uploads end the turn early when they have sent their
 * share. */
static void run_deferred(uv_idle_t *handle) {
  struct tcx_net *net = handle->data;
  net->uploaded = 0;
  for (unsigned n = net->deferred; n > 0 && net->first != NULL && net->uploaded < TCX__TURN_UPLOADS;
       n--) {
    struct tcx_defer *defer = net->first;
    tcx__undefer(net, defer);
    defer->run(defer);
  }
  if (net->first == NULL && !net->closing)
    uv_idle_stop(&net->idle);
}

void tcx__defer(struct tcx_net *net, struct tcx_defer *defer,
                void (*run)(struct tcx_defer *defer)) {
  defer->run = run;
  if (defer->prev != NULL || net->first == defer)
    return;
  defer->prev = net->last;
  defer->next = NULL;
  if (net->last != NULL) {
    net->last->next = defer;
  } else {
    net->first = defer;
    if (!net->closing)
      uv_idle_start(&net->idle, run_deferred);
  }
  net->last = defer;
  net->deferred++;
}

void tcx__undefer(struct tcx_net *net, struct tcx_defer *defer) {
  if (defer->prev == NULL && net->first != defer)
    return;
  if (defer->prev != NULL)
    defer->prev->next = defer->next;
  else
    net->first = defer->next;
  if (defer->next != NULL)
    defer->next->prev = defer->prev;
  else
    net->last = defer->prev;
  defer->prev = defer->next = NULL;
  net->deferred--;
}
