/*
 * pool.c - a client's connections: does what pool_policy.c decides.
 *
 *   lease: acquire -> (an idle connection at once) | waiting -> ready | failed | cancelled
 *   pool:  open -> closing (everything is failed and closed from inside) -> freed, at the turn
 *          after the last handle's close callback
 *
 * The policy's books hold idle connections, leases and dials; pool->conns holds every connection
 * whose socket is open. tcx__pool_pump runs the policy's steps: whoever gives up a connection from
 * inside a callback of the loop pumps when the callback is over, anybody else has it pumped at the
 * next turn.
 */
#include "net/pool.h"
#include "base/mem.h"
#include "net/tls.h"
#include <stdio.h>
#include <string.h>

enum { LEASE_OVER, LEASE_WAITING, LEASE_FAILING };

static int copy(char **to, const char *from) {
  return from == NULL || (*to = tcx__strdup(from)) != NULL ? 0 : UV_ENOMEM;
}

static int set_tls(struct tcx_pool_tls *tls, const struct tcx_tls_options *options) {
  tls->no_verify = options->no_verify;
  int err = copy(&tls->ca_bundle, options->ca_bundle);
  if (err == 0)
    err = copy(&tls->client_cert, options->client_cert);
  return err != 0 ? err : copy(&tls->client_key, options->client_key);
}

static void free_pool(struct tcx_pool *pool) {
  tcx__tls_pool_free(&pool->origin_tls);
  tcx__tls_pool_free(&pool->proxy_tls);
  if (pool->proxy_session != NULL)
    tcx__tls_session_free(pool->proxy_session);
  tcx__free(pool);
}

int tcx__pool_new(struct tcx_net *net, const struct tcx_pool_options *options,
                  struct tcx_pool **out) {
  struct tcx_pool *pool = tcx__calloc(1, sizeof *pool);
  if (pool == NULL)
    return UV_ENOMEM;
  pool->net = net;
  pool->options = *options;
  /* copied into origin_tls and proxy_tls */
  pool->options.tls = pool->options.proxy_tls = (struct tcx_tls_options){0};
  if (set_tls(&pool->origin_tls, &options->tls) != 0 ||
      set_tls(&pool->proxy_tls, &options->proxy_tls) != 0) {
    free_pool(pool);
    return UV_ENOMEM;
  }
  pool->policy.max = options->max_connections > 0 ? options->max_connections : 1;
  *out = pool;
  return 0;
}

const char *tcx__host_name(const char *host, uint16_t port, char out[300]) {
  bool v6 = strchr(host, ':') != NULL;
  snprintf(out, 300, v6 ? "[%s]:%u" : "%s:%u", host, port);
  return out;
}

const char *tcx__target_name(const struct tcx_bucket *bucket, char out[300]) {
  return tcx__host_name(bucket->host, bucket->port, out);
}

/* The bucket may be gone after this. */
static void forget(struct tcx_pool *pool, struct tcx_bucket *bucket) {
  if (!pool->closing)
    tcx__policy_forget(&pool->policy, bucket, tcx__tls_session_free);
}

/* ---- leases ---- */

static void end_lease(struct tcx_lease *lease) {
  tcx__timer_stop(lease->pool->net, &lease->timer);
  lease->state = LEASE_OVER;
}

static void fail_lease(struct tcx_lease *lease, int status, tcx_phase_t phase, const char *why) {
  end_lease(lease);
  lease->ops->failed(lease, status, phase, why);
}

static void serve_lease(struct tcx_lease *lease, struct tcx_conn *conn) {
  end_lease(lease);
  uint64_t waited = tcx__net_now_us() - lease->since_us,
           made = lease->times.dns_us + lease->times.connect_us + lease->times.tls_us;
  lease->times.queue_us = waited > made ? waited - made : 0;
  lease->times.reused = conn->served;
  conn->state = TCX__CONN_LEASED;
  lease->ops->ready(lease, conn);
}

static void link_failing(struct tcx_pool *pool, struct tcx_lease *lease) {
  lease->state = LEASE_FAILING;
  lease->prev = NULL;
  lease->next = pool->failing;
  if (pool->failing != NULL)
    pool->failing->prev = lease;
  pool->failing = lease;
  tcx__pool_pump_later(pool);
}

static void unlink_failing(struct tcx_pool *pool, struct tcx_lease *lease) {
  if (lease->prev != NULL)
    lease->prev->next = lease->next;
  else
    pool->failing = lease->next;
  if (lease->next != NULL)
    lease->next->prev = lease->prev;
}

static void fail_failing(struct tcx_pool *pool) {
  unsigned n = 0;
  for (struct tcx_lease *lease = pool->failing; lease != NULL; lease = lease->next)
    n++;
  for (; n > 0 && pool->failing != NULL; n--) { /* not those that come meanwhile */
    struct tcx_lease *lease = pool->failing;
    unlink_failing(pool, lease);
    if (pool->closing)
      fail_lease(lease, TCX_ECLOSING, TCX_PHASE_POOL, "the client is closing");
    else
      fail_lease(lease, UV_ENOMEM, TCX_PHASE_POOL, "out of memory");
  }
}

static void on_lease_timer(struct tcx_timer *timer) {
  struct tcx_lease *lease = TCX__CONTAINER(timer, struct tcx_lease, timer);
  struct tcx_pool *pool = lease->pool;
  if (lease->dial != NULL) /* its connection is being made: the connect timeout counts */
    return;
  char name[300], why[512];
  snprintf(why, sizeof why, "no connection to %s became free in time: all %u are in use",
           tcx__target_name(lease->bucket, name), pool->policy.max);
  struct tcx_bucket *bucket = lease->bucket;
  tcx__policy_leave(&pool->policy, lease);
  forget(pool, bucket);
  fail_lease(lease, TCX_EPOOL, TCX_PHASE_POOL, why);
  tcx__pool_pump(pool);
}

static void pump(struct tcx_pool *pool, bool may_serve);

struct tcx_conn *tcx__pool_acquire(struct tcx_pool *pool, struct tcx_lease *lease,
                                   const struct tcx_target *target, unsigned acquire_timeout_ms,
                                   bool fresh) {
  lease->pool = pool;
  lease->fresh = fresh;
  lease->dial = NULL;
  lease->timer = (struct tcx_timer){0};
  lease->times = (struct tcx_net_times){0};
  struct tcx_bucket *bucket = pool->closing ? NULL : tcx__policy_bucket(&pool->policy, target);
  if (bucket == NULL) {
    lease->since_us = tcx__net_now_us();
    link_failing(pool, lease);
    return NULL;
  }
  struct tcx_idle *idle = fresh ? NULL : tcx__policy_take(&pool->policy, bucket);
  if (idle != NULL) {
    struct tcx_conn *conn = TCX__CONTAINER(idle, struct tcx_conn, idle);
    conn->state = TCX__CONN_LEASED;
    lease->state = LEASE_OVER;
    lease->times.reused = conn->served;
    return conn;
  }
  lease->since_us = tcx__net_now_us();
  lease->state = LEASE_WAITING;
  tcx__policy_wait(&pool->policy, bucket, lease);
  pump(pool, false);
  if (lease->state == LEASE_WAITING && lease->dial == NULL && acquire_timeout_ms != TCX_NEVER)
    tcx__timer_start(pool->net, &lease->timer, acquire_timeout_ms, on_lease_timer);
  return NULL;
}

void tcx__conn_release(struct tcx_conn *conn, bool reusable) {
  struct tcx_pool *pool = conn->pool;
  if (conn->state != TCX__CONN_LEASED)
    return;
  if (reusable)
    tcx__pool_give(pool, conn);
  else
    tcx__conn_close(conn);
  tcx__pool_pump_later(pool);
}

/* ---- connections ---- */

static void on_idle_timer(struct tcx_timer *timer) {
  struct tcx_pool *pool = TCX__CONTAINER(timer, struct tcx_pool, idle_timer);
  uint64_t now = uv_now(pool->net->loop);
  struct tcx_idle *idle;
  while ((idle = pool->policy.oldest) != NULL && now - idle->since_ms >= pool->options.idle_ms)
    tcx__conn_close(TCX__CONTAINER(idle, struct tcx_conn, idle));
  if (idle != NULL)
    tcx__timer_start(pool->net, &pool->idle_timer, pool->options.idle_ms - (now - idle->since_ms),
                     on_idle_timer);
}

void tcx__pool_give(struct tcx_pool *pool, struct tcx_conn *conn) {
  if (pool->closing) {
    tcx__conn_close(conn);
    return;
  }
  conn->state = TCX__CONN_IDLE;
  tcx__policy_give(&pool->policy, &conn->idle, uv_now(pool->net->loop));
  if (pool->idle_timer.due_ms == 0 && pool->options.idle_ms != TCX_NEVER)
    tcx__timer_start(pool->net, &pool->idle_timer, pool->options.idle_ms, on_idle_timer);
}

void tcx__pool_lost(struct tcx_pool *pool, struct tcx_bucket *bucket) {
  tcx__policy_gone(&pool->policy, bucket);
  forget(pool, bucket);
}

/* ---- dials ---- */

static void start_dial(struct tcx_pool *pool, struct tcx_lease *lease) {
  struct tcx_dial *dial = tcx__dial_new(pool, lease->bucket, lease->fresh);
  if (dial == NULL) {
    tcx__policy_leave(&pool->policy, lease);
    tcx__timer_stop(pool->net, &lease->timer);
    link_failing(pool, lease);
    return;
  }
  tcx__policy_dial(&pool->policy, lease, &dial->attempt);
}

static void log_connection(const struct tcx_dial *dial) {
  struct tcx_net *net = dial->pool->net;
  const struct tcx_bucket *bucket = dial->attempt.bucket;
  if (!tcx__net_logs(net, TCX_LOG_DEBUG))
    return;
  char name[300];
  uint64_t now = tcx__net_now_us();
  tcx__net_log(net, TCX_LOG_DEBUG, "net",
               "connected to %s%s%s: dns %u us, connect %u us, tls %u us",
               tcx__target_name(bucket, name), bucket->tls ? ", TLS 1.2" : "",
               bucket->tunnel          ? ", through a proxy's tunnel"
               : bucket->proxy != NULL ? ", a proxy"
                                       : "",
               (unsigned)(dial->resolved_us - dial->begun_us),
               (unsigned)(dial->connected_us - dial->resolved_us),
               dial->attempt.bucket->tls ? (unsigned)(now - dial->connected_us) : 0u);
}

void tcx__pool_dialed(struct tcx_dial *dial, struct tcx_conn *conn) {
  struct tcx_pool *pool = dial->pool;
  pool->connects++;
  log_connection(dial);
  struct tcx_lease *lease = tcx__policy_dialed(&pool->policy, &dial->attempt);
  if (lease == NULL) {
    tcx__pool_give(pool, conn);
    return;
  }
  uint64_t now = tcx__net_now_us();
  lease->times.dns_us = dial->resolved_us - dial->begun_us;
  lease->times.connect_us = dial->connected_us - dial->resolved_us;
  lease->times.tls_us = lease->bucket->tls ? now - dial->connected_us : 0;
  serve_lease(lease, conn);
  tcx__pool_pump(pool);
}

void tcx__pool_dial_failed(struct tcx_dial *dial, int status, tcx_phase_t phase, const char *why) {
  struct tcx_pool *pool = dial->pool;
  struct tcx_bucket *bucket = dial->attempt.bucket;
  struct tcx_lease *lease = tcx__policy_dial_gone(&pool->policy, &dial->attempt);
  tcx__net_log(pool->net, TCX_LOG_INFO, "net", "%s", why);
  forget(pool, bucket);
  if (lease != NULL)
    fail_lease(lease, status, phase, why);
  tcx__pool_pump(pool);
}

/* A dial that is off the books and that nobody waits for. */
static void abandon(struct tcx_pool *pool, struct tcx_attempt *dial) {
  struct tcx_bucket *bucket = dial->bucket;
  tcx__dial_abandon(TCX__CONTAINER(dial, struct tcx_dial, attempt));
  forget(pool, bucket);
}

void tcx__lease_cancel(struct tcx_lease *lease) {
  if (lease->state == LEASE_OVER)
    return;
  struct tcx_pool *pool = lease->pool;
  bool failing = lease->state == LEASE_FAILING;
  end_lease(lease);
  if (failing) {
    unlink_failing(pool, lease);
    return;
  }
  struct tcx_attempt *dial = lease->dial;
  struct tcx_bucket *bucket = lease->bucket;
  tcx__policy_leave(&pool->policy, lease);
  if (dial == NULL || dial->lease != NULL) {
    forget(pool, bucket);
    return;
  }
  tcx__policy_dial_gone(&pool->policy, dial); /* nobody else waits for it */
  abandon(pool, dial);
  tcx__pool_pump_later(pool);
}

tcx_phase_t tcx__lease_phase(const struct tcx_lease *lease) {
  if (lease->state != LEASE_WAITING || lease->dial == NULL)
    return TCX_PHASE_POOL;
  const struct tcx_dial *dial = TCX__CONTAINER(lease->dial, struct tcx_dial, attempt);
  return tcx__dial_phase(dial);
}

/* ---- the pump ---- */

static void evict(struct tcx_conn *conn) {
  conn->state = TCX__CONN_LEASED;
  tcx__conn_close(conn);
}

static void pump(struct tcx_pool *pool, bool may_serve) {
  while (pool->policy.waiting > 0 && !pool->closing) {
    struct tcx_step step = tcx__policy_next(&pool->policy, may_serve);
    switch (step.kind) {
    case TCX__STEP_NONE:
      return;
    case TCX__STEP_SERVE:
      serve_lease(step.lease, TCX__CONTAINER(step.idle, struct tcx_conn, idle));
      break;
    case TCX__STEP_DIAL:
      start_dial(pool, step.lease);
      break;
    case TCX__STEP_EVICT:
      evict(TCX__CONTAINER(step.idle, struct tcx_conn, idle));
      break;
    case TCX__STEP_ABANDON:
      abandon(pool, step.dial);
      break;
    }
  }
}

void tcx__pool_pump(struct tcx_pool *pool) { pump(pool, true); }

static void finish_closing(struct tcx_pool *pool) {
  void (*closed)(void *ctx) = pool->closed;
  void *ctx = pool->closed_ctx;
  tcx__policy_clear(&pool->policy, tcx__tls_session_free);
  free_pool(pool);
  if (closed != NULL)
    closed(ctx);
}

static void on_turn(struct tcx_defer *defer) {
  struct tcx_pool *pool = TCX__CONTAINER(defer, struct tcx_pool, defer);
  fail_failing(pool);
  if (!pool->closing)
    tcx__pool_pump(pool);
  else if (pool->open == 0 && pool->failing == NULL)
    finish_closing(pool);
}

void tcx__pool_pump_later(struct tcx_pool *pool) { tcx__defer(pool->net, &pool->defer, on_turn); }

/* ---- the end ---- */

void tcx__pool_conn_freed(struct tcx_pool *pool) {
  pool->open--;
  if (pool->closing && pool->open == 0)
    tcx__pool_pump_later(pool);
}

static struct tcx_lease *any_undialed(const struct tcx_policy *p) {
  return p->undialed[false].first != NULL ? p->undialed[false].first : p->undialed[true].first;
}

void tcx__pool_close(struct tcx_pool *pool, void (*cb)(void *ctx), void *ctx) {
  pool->closing = true;
  pool->closed = cb;
  pool->closed_ctx = ctx;
  tcx__timer_stop(pool->net, &pool->idle_timer);
  while (pool->policy.dials != NULL) {
    struct tcx_attempt *dial = pool->policy.dials;
    struct tcx_lease *lease = tcx__policy_dial_gone(&pool->policy, dial);
    tcx__dial_abandon(TCX__CONTAINER(dial, struct tcx_dial, attempt));
    if (lease != NULL)
      fail_lease(lease, TCX_ECLOSING, TCX_PHASE_POOL, "the client is closing");
  }
  struct tcx_lease *lease;
  while ((lease = any_undialed(&pool->policy)) != NULL) {
    tcx__policy_leave(&pool->policy, lease);
    fail_lease(lease, TCX_ECLOSING, TCX_PHASE_POOL, "the client is closing");
  }
  fail_failing(pool);
  while (pool->conns != NULL) {
    if (pool->conns->x != NULL)
      tcx__exchange_fail(pool->conns, TCX_ECLOSING, tcx__exchange_phase(pool->conns),
                         "the client is closing");
    else
      tcx__conn_close(pool->conns);
  }
  tcx__pool_pump_later(pool);
}

void tcx__pool_get_stats(const struct tcx_pool *pool, struct tcx_pool_stats *stats) {
  *stats = (struct tcx_pool_stats){.connections = pool->policy.total,
                                   .idle = pool->policy.idle,
                                   .queued = pool->policy.waiting,
                                   .connects = pool->connects};
}
