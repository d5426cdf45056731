/* The response decoder: any bytes, whole and cut into pieces with pauses, must give the same
 * events. First byte: flags; second: length of the pieces. */
#include "base/arena.h"
#include "net/http1.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What happened, as a sum over everything that was delivered. */
struct events {
  uint64_t sum;
  size_t body;
  unsigned heads, interims;
  int outcome, status;
  bool keep_alive;
  unsigned pause_every, calls;
  size_t left;
};

static void mix(struct events *e, const void *p, size_t n) {
  const unsigned char *s = p;
  for (size_t i = 0; i < n; i++)
    e->sum = (e->sum ^ s[i]) * UINT64_C(1099511628211);
}

static void on_interim(void *ctx, int status) {
  struct events *e = ctx;
  e->interims++;
  mix(e, &status, sizeof status);
}

static tcx__http1_verdict verdict(struct events *e) {
  return e->pause_every > 0 && ++e->calls % e->pause_every == 0 ? TCX__HTTP1_PAUSE
                                                                : TCX__HTTP1_GO_ON;
}

static tcx__http1_verdict on_head(void *ctx, const struct tcx_response_head *head) {
  struct events *e = ctx;
  e->heads++;
  mix(e, &head->status, sizeof head->status);
  mix(e, &head->content_length, sizeof head->content_length);
  mix(e, head->reason.p, head->reason.n + 1);
  for (unsigned i = 0; i < head->headers.count; i++) {
    const struct tcx_header *h = &head->headers.list[i];
    if (h->name.n == 0 || strlen(h->name.p) != h->name.n || strlen(h->value.p) != h->value.n ||
        strpbrk(h->value.p, "\r\n") != NULL)
      abort();
    mix(e, h->name.p, h->name.n + 1);
    mix(e, h->value.p, h->value.n + 1);
  }
  return verdict(e);
}

static tcx__http1_verdict on_data(void *ctx, const char *p, size_t n) {
  struct events *e = ctx;
  if (n == 0 || e->heads != 1)
    abort();
  e->body += n;
  mix(e, p, n);
  return verdict(e);
}

static const struct tcx_http1_ops ops = {on_interim, on_head, on_data};

static void decode(const uint8_t *data, size_t size, size_t step, bool head_request,
                   struct events *e) {
  static char shared[TCX__HEAD_MAX];
  struct tcx_http1 h;
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    abort();
  tcx__http1_init(&h, &ops, e);
  tcx__http1_reset(&h, arena, head_request);
  tcx__http1_result rc = TCX__HTTP1_MORE;
  size_t at = 0;
  while (rc == TCX__HTTP1_MORE && at < size) {
    size_t n = size - at < step ? size - at : step, from = at;
    char *piece = malloc(n); /* a block of its own, so that a step outside is seen */
    if (piece == NULL)
      abort();
    memcpy(piece, data + at, n);
    do {
      size_t used = 0;
      memset(shared, 0x5a, 64);
      rc = tcx__http1_feed(&h, piece + (at - from), n - (at - from), &used, shared);
      if (used > n - (at - from))
        abort();
      at += rc == TCX__HTTP1_ERROR ? 0 : used;
    } while (rc == TCX__HTTP1_PAUSED);
    free(piece);
  }
  if (rc == TCX__HTTP1_MORE)
    rc = tcx__http1_finish(&h, shared);
  if (rc == TCX__HTTP1_ERROR && (h.status != TCX_EPROTO || h.why == NULL || strlen(h.why) > 200))
    abort();
  if (rc == TCX__HTTP1_DONE && e->heads != 1)
    abort();
  e->outcome = (int)rc;
  e->status = rc == TCX__HTTP1_ERROR ? h.status : 0;
  e->keep_alive = rc == TCX__HTTP1_DONE && h.keep_alive;
  e->left = rc == TCX__HTTP1_DONE ? size - at : 0;
  tcx__http1_free(&h);
  tcx__arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 48 * 1024)
    return 0;
  bool head_request = data[0] & 1;
  struct events whole = {0}, cut = {.pause_every = data[0] >> 1 & 7};
  decode(data + 2, size - 2, size, head_request, &whole);
  decode(data + 2, size - 2, data[1] % 17 + 1u, head_request, &cut);
  if (whole.outcome != cut.outcome || whole.status != cut.status || whole.heads != cut.heads ||
      whole.interims != cut.interims)
    abort();
  if (whole.outcome == (int)TCX__HTTP1_DONE &&
      (whole.sum != cut.sum || whole.body != cut.body || whole.keep_alive != cut.keep_alive ||
       whole.left != cut.left))
    abort();
  return 0;
}
