/*
 * replay.c - an exchange without a connection: its response is there already, in memory, and comes
 * as one from a socket would, from the loop and in pieces.
 *
 *   queued -> head -> data, a few pieces a turn -> end a pause stops it anywhere, an abort ends it
 *
 * It belongs to the exchange, and is freed at its end; while its callbacks are on the stack, by
 * whoever called them.
 */
#include "base/mem.h"
#include "net/internal.h"
#include <string.h>

struct tcx_replay {
  struct tcx_defer defer;
  struct tcx_net *net;
  struct tcx_exchange *x; /* NULL once it is over */
  struct tcx_response_head head;
  struct tcx_str body;
  size_t at;
  bool head_told, paused, running;
};

void tcx__replay_drop(struct tcx_replay *r) {
  r->x->replay = NULL;
  r->x = NULL;
  tcx__undefer(r->net, &r->defer);
  if (!r->running)
    tcx__free(r);
}

static bool stopped(const struct tcx_replay *r) { return r->x == NULL || r->paused; }

/* True when all has been told but the end. */
static bool tell(struct tcx_replay *r) {
  if (!r->head_told) {
    r->head_told = true;
    r->x->received = true;
    r->x->ops->head(r->x, &r->head);
  }
  for (size_t told = 0; !stopped(r) && r->at < r->body.n && told < TCX__TURN_BYTES;) {
    size_t rest = r->body.n - r->at, n = rest < TCX__READ_SIZE ? rest : TCX__READ_SIZE;
    r->at += n;
    told += n;
    r->x->ops->data(r->x, r->body.p + r->at - n, n);
  }
  return !stopped(r) && r->at == r->body.n;
}

static void on_turn(struct tcx_defer *defer) {
  struct tcx_replay *r = TCX__CONTAINER(defer, struct tcx_replay, defer);
  if (stopped(r))
    return;
  r->running = true;
  bool all = tell(r);
  r->running = false;
  if (r->x == NULL) {
    tcx__free(r);
  } else if (all) {
    struct tcx_exchange *x = r->x;
    tcx__replay_drop(r);
    x->ops->end(x);
  } else if (!r->paused) {
    tcx__defer(r->net, &r->defer, on_turn);
  }
}

void tcx__replay_pause(struct tcx_replay *r) { r->paused = true; }

void tcx__replay_unpause(struct tcx_replay *r) {
  if (!r->paused)
    return;
  r->paused = false;
  tcx__defer(r->net, &r->defer, on_turn);
}

int tcx__exchange_replay(struct tcx_exchange *x, struct tcx_net *net,
                         const struct tcx_response_head *head, struct tcx_str body) {
  struct tcx_replay *r = tcx__calloc(1, sizeof *r);
  if (r == NULL)
    return UV_ENOMEM;
  r->net = net;
  r->x = x;
  r->head = *head;
  r->body = body;
  x->conn = NULL;
  x->replay = r;
  x->sent = x->upload_done = true;
  x->reused = x->received = false;
  x->first_byte_us = 0;
  tcx__defer(net, &r->defer, on_turn);
  return 0;
}
