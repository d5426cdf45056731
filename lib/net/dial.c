/* dial.c - making one connection; see dial.h for the states. */
#include "net/dial.h"
#include "base/mem.h"
#include "net/pool.h"
#include "net/proxy.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static void on_deadline(struct tcx_timer *timer);
static void on_stagger(struct tcx_timer *timer);

/* ---- the end ---- */

/* Lets go of everything but the connection that won (NULL: none). */
static void let_go(struct tcx_dial *dial, const struct tcx_conn *winner) {
  struct tcx_net *net = dial->pool->net;
  tcx__timer_stop(net, &dial->deadline);
  tcx__timer_stop(net, &dial->stagger);
  tcx__undefer(net, &dial->defer);
  tcx__dns_cancel(&dial->query);
  for (unsigned i = 0; i < dial->addresses.count; i++) {
    struct tcx_conn *conn = dial->conns[i];
    dial->conns[i] = NULL;
    if (conn == NULL)
      continue;
    if (conn != winner)
      tcx__conn_close(conn);
  }
}

void tcx__dial_abandon(struct tcx_dial *dial) {
  let_go(dial, NULL);
  tcx__free(dial);
}

static bool is_local_failure(int status) {
  return status == UV_EMFILE || status == UV_ENFILE || status == UV_ENOMEM || status == UV_ENOBUFS;
}

/* Where the socket goes: to the target, or to the proxy that opens a tunnel to it. */
static const char *peer_host(const struct tcx_dial *dial) {
  const struct tcx_bucket *bucket = dial->attempt.bucket;
  return bucket->tunnel ? bucket->proxy->host.p : bucket->host;
}
static uint16_t peer_port(const struct tcx_dial *dial) {
  const struct tcx_bucket *bucket = dial->attempt.bucket;
  return bucket->tunnel ? bucket->proxy->port : bucket->port;
}

static bool asks_proxy(const struct tcx_dial *dial) {
  return dial->opening && dial->conns[dial->chosen] != NULL &&
         dial->conns[dial->chosen]->tunnel != NULL;
}

/* Everything up to the end of the proxy's answer is about the proxy; what fails in the tunnel is
 * about the target. */
static void fail(struct tcx_dial *dial, int status, tcx_phase_t phase, const char *why) {
  const struct tcx_bucket *bucket = dial->attempt.bucket;
  const struct tcx_conn *opening = dial->opening ? dial->conns[dial->chosen] : NULL;
  char text[900];
  if (bucket->proxy != NULL && (opening == NULL || !opening->in_tunnel)) {
    snprintf(text, sizeof text, "Failed to connect to proxy URL: \"%s\": %s", bucket->proxy->url,
             why);
    why = text;
    if (!is_local_failure(status) && status != UV_ETIMEDOUT && status != TCX_ECONFIG)
      status = TCX_EPROXY;
  }
  let_go(dial, NULL);
  tcx__pool_dial_failed(dial, status, phase, why);
  tcx__free(dial);
}

/* Every address failed (or there is no socket to be had). */
static void fail_connect(struct tcx_dial *dial) {
  char name[300], why[512], count[32] = "";
  if (dial->addresses.count > 1)
    snprintf(count, sizeof count, " (%u addresses)", dial->addresses.count);
  tcx__host_name(peer_host(dial), peer_port(dial), name);
  snprintf(why, sizeof why, "could not connect to %s%s: %s", name, count,
           tcx_strerror(dial->status));
  fail(dial, dial->status, TCX_PHASE_CONNECT, why);
}

static void on_failed(struct tcx_defer *defer) {
  fail_connect(TCX__CONTAINER(defer, struct tcx_dial, defer));
}

static void on_no_resolver(struct tcx_defer *defer) {
  struct tcx_dial *dial = TCX__CONTAINER(defer, struct tcx_dial, defer);
  char why[512];
  snprintf(why, sizeof why, "could not look up %s: %s", peer_host(dial),
           tcx_strerror(dial->status));
  fail(dial, dial->status, TCX_PHASE_DNS, why);
}

/* ---- sockets ---- */

static socklen_t make_sockaddr(const struct tcx_address *address, uint16_t port,
                               struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (address->v6) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, address->bytes, 16);
    return sizeof *in6;
  }
  struct sockaddr_in *in = (struct sockaddr_in *)out;
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  memcpy(&in->sin_addr, address->bytes, 4);
  return sizeof *in;
}

/* 0: the address is being tried. */
static int try_address(struct tcx_dial *dial, unsigned i) {
  int status;
  const struct tcx_address *address = &dial->addresses.list[i];
  struct tcx_conn *conn =
      tcx__conn_new(dial->pool, dial->attempt.bucket, address->v6 ? AF_INET6 : AF_INET, &status);
  if (conn == NULL)
    return status;
  struct sockaddr_storage to;
  socklen_t size = make_sockaddr(address, peer_port(dial), &to);
  conn->dial = dial;
  status = tcx__socket_connect(conn, (const struct sockaddr *)&to, size);
  if (status != 0) {
    tcx__conn_close(conn);
    return status;
  }
  dial->conns[i] = conn;
  dial->racing++;
  return 0;
}

static void address_failed(struct tcx_dial *dial, unsigned i, int status) {
  if (dial->status == 0)
    dial->status = status;
  if (!is_local_failure(status))
    tcx__dns_failed(dial->pool->net, peer_host(dial), &dial->addresses.list[i]);
}

/* One more address; when none is left and nothing is under way, it has failed. */
static void try_next(struct tcx_dial *dial) {
  struct tcx_net *net = dial->pool->net;
  while (dial->next < dial->addresses.count) {
    unsigned i = dial->next++;
    int status = try_address(dial, i);
    if (status == 0) {
      if (dial->next < dial->addresses.count)
        tcx__timer_start(net, &dial->stagger, TCX__DIAL_STAGGER_MS, on_stagger);
      return;
    }
    address_failed(dial, i, status);
  }
  if (dial->racing == 0)
    tcx__defer(net, &dial->defer, on_failed);
}

static void on_stagger(struct tcx_timer *timer) {
  try_next(TCX__CONTAINER(timer, struct tcx_dial, stagger));
}

void tcx__dial_connected(struct tcx_dial *dial, struct tcx_conn *conn, int status) {
  struct tcx_net *net = dial->pool->net;
  unsigned i = 0;
  while (dial->conns[i] != conn)
    i++;
  dial->racing--;
  if (status != 0) {
    dial->conns[i] = NULL;
    tcx__conn_close(conn);
    address_failed(dial, i, status);
    tcx__timer_stop(net, &dial->stagger);
    try_next(dial);
    return;
  }
  tcx__timer_stop(net, &dial->stagger);
  for (unsigned j = 0; j < dial->addresses.count; j++)
    if (j != i && dial->conns[j] != NULL) {
      tcx__conn_close(dial->conns[j]);
      dial->conns[j] = NULL;
    }
  tcx__dns_worked(net, peer_host(dial), &dial->addresses.list[i]);
  dial->connected_us = tcx__net_now_us();
  dial->chosen = (uint8_t)i;
  dial->opening = true;
  conn->state = TCX__CONN_OPENING;
  tcx__wire_connected(conn);
}

void tcx__dial_opened(struct tcx_dial *dial, struct tcx_conn *conn) {
  conn->dial = NULL;
  conn->state = TCX__CONN_LEASED;
  let_go(dial, conn);
  tcx__pool_dialed(dial, conn);
  tcx__free(dial);
}

void tcx__dial_lost(struct tcx_dial *dial, struct tcx_conn *conn, int status, tcx_phase_t phase,
                    const char *why) {
  (void)conn; /* closed with the rest */
  if (status != TCX_ETLS && status != TCX_EPROXY && status != TCX_ECONFIG &&
      !is_local_failure(status))
    address_failed(dial, dial->chosen, status);
  fail(dial, status, phase, why);
}

/* ---- the beginning ---- */

static void on_resolved(struct tcx_dns_query *query, int status,
                        const struct tcx_addresses *addresses, const char *text) {
  struct tcx_dial *dial = TCX__CONTAINER(query, struct tcx_dial, query);
  dial->resolving = false;
  dial->resolved_us = tcx__net_now_us();
  if (status != 0) {
    char why[512];
    snprintf(why, sizeof why, "could not look up %s: %s", peer_host(dial), text);
    fail(dial, status, TCX_PHASE_DNS, why);
    return;
  }
  dial->addresses = *addresses;
  try_next(dial);
}

tcx_phase_t tcx__dial_phase(const struct tcx_dial *dial) {
  return dial->resolving                      ? TCX_PHASE_DNS
         : dial->opening && !asks_proxy(dial) ? TCX_PHASE_TLS
                                              : TCX_PHASE_CONNECT;
}

static void on_deadline(struct tcx_timer *timer) {
  struct tcx_dial *dial = TCX__CONTAINER(timer, struct tcx_dial, deadline);
  tcx_phase_t phase = tcx__dial_phase(dial);
  char name[300], why[512];
  snprintf(why, sizeof why, "could not connect to %s within %u ms: %s",
           tcx__target_name(dial->attempt.bucket, name), dial->pool->options.connect_timeout_ms,
           asks_proxy(dial)         ? "the proxy did not answer CONNECT"
           : phase == TCX_PHASE_TLS ? "the TLS handshake did not end"
           : phase == TCX_PHASE_DNS ? "its name was not resolved"
                                    : "no address answered");
  if (!dial->opening && !dial->resolving)
    for (unsigned i = 0; i < dial->next; i++)
      if (dial->conns[i] != NULL)
        address_failed(dial, i, UV_ETIMEDOUT);
  fail(dial, UV_ETIMEDOUT, phase, why);
}

struct tcx_dial *tcx__dial_new(struct tcx_pool *pool, struct tcx_bucket *bucket, bool fresh) {
  struct tcx_dial *dial = tcx__calloc(1, sizeof *dial);
  if (dial == NULL)
    return NULL;
  dial->pool = pool;
  dial->attempt.bucket = bucket;
  dial->begun_us = tcx__net_now_us();
  dial->query.done = on_resolved;
  if (pool->options.connect_timeout_ms != TCX_NEVER)
    tcx__timer_start(pool->net, &dial->deadline, pool->options.connect_timeout_ms, on_deadline);
  int rc = tcx__dns_lookup(pool->net, peer_host(dial), fresh, &dial->query, &dial->addresses);
  if (rc == 0) {
    dial->resolving = true;
  } else if (rc < 0) {
    dial->status = rc;
    tcx__defer(pool->net, &dial->defer, on_no_resolver);
  } else {
    dial->resolved_us = dial->begun_us;
    try_next(dial);
  }
  return dial;
}
