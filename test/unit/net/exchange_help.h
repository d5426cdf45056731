/* exchange_help.h - one exchange, or more, with a server that plays a script. */
#ifndef TCX_TEST_EXCHANGE_HELP_H
#define TCX_TEST_EXCHANGE_HELP_H
#include "probe.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};

static struct world w;
static struct fault_server server;

static void begin(const struct fault_step *const *scripts, unsigned count) {
  world_open(&w);
  fault_server_start(&server, &w.loop, scripts, count, NULL);
}

static void finish(void) { world_close(&w, &server); }

/* One request on a new connection to a server with this script. */
static void run(const struct fault_step *script, struct probe *p) {
  begin(&script, 1);
  probe_start(p, &w, "127.0.0.1", server.port, false);
  probe_wait(p);
}

static unsigned connections(void) {
  struct tcx_pool_stats stats;
  tcx__pool_get_stats(w.pool, &stats);
  return stats.connections;
}
#endif
