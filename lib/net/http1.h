/*
 * http1.h - the HTTP/1.1 response decoder: bytes in, head and body out. Pure; the only user of
 * llhttp.
 *
 * One decoder serves all responses of a connection, one after the other: reset -> feed ... -> DONE
 * | ERROR | STOPPED. Interim responses (1xx) are skipped, any number of them.
 */
#ifndef TCX_NET_HTTP1_H
#define TCX_NET_HTTP1_H
#include "net/net.h"
#include <llhttp.h>

typedef enum {
  TCX__HTTP1_MORE,   /* everything was used; the response goes on */
  TCX__HTTP1_PAUSED, /* a callback asked to pause; the unused bytes must be fed again, first */
  /* a callback said that it is over; the decoder was not touched after that */
  TCX__HTTP1_STOPPED,
  TCX__HTTP1_DONE, /* the response is complete; unused bytes do not belong to it */
  TCX__HTTP1_ERROR /* status and why say what is wrong */
} tcx__http1_result;

typedef enum { TCX__HTTP1_GO_ON, TCX__HTTP1_PAUSE, TCX__HTTP1_STOP } tcx__http1_verdict;
struct tcx_http1_ops {
  /* a 1xx response was skipped */
  void (*interim)(void *ctx, int status);
  tcx__http1_verdict (*head)(void *ctx, const struct tcx_response_head *head);
  /* PAUSE: these bytes were taken */
  tcx__http1_verdict (*data)(void *ctx, const char *p, size_t n);
};

struct tcx_http1 {
  llhttp_t parser;
  const struct tcx_http1_ops *ops;
  void *ctx;
  struct tcx_arena *arena; /* for the head */
  /* the head so far: reason NUL (name NUL value NUL)...; the shared buffer, or own */
  char *text;
  /* from the allocator; only while a head is incomplete between two feeds */
  char *own;
  uint32_t len, cap;
  uint32_t value_at; /* where the header value that is being read begins */
  /* bytes since the last head or byte of body: bounds what a server sends without getting
   * anywhere */
  uint32_t quiet;
  /* the first bytes of the next feed are body that was parsed before the pause */
  uint32_t owed;
  const char *feed; /* where the bytes of this feed begin */
  char last_mark;   /* the last byte of the feeds before that is neither space nor tab */
  uint16_t lines;
  uint8_t verdict;
  bool is_head; /* the request was HEAD */
  bool no_body; /* 1xx, 204, 304, answer to HEAD */
  bool seen_head, done, keep_alive, progress, broken;
  int status; /* of ERROR: TCX_EPROTO or UV_ENOMEM */
  /* of ERROR: a part of a sentence; a literal, or in the shared buffer */
  const char *why;
};
void tcx__http1_init(struct tcx_http1 *h, const struct tcx_http1_ops *ops, void *ctx);
/* for the next response */
void tcx__http1_reset(struct tcx_http1 *h, struct tcx_arena *arena, bool head_request);
/* what it holds, not h itself */
void tcx__http1_free(struct tcx_http1 *h);
/* shared: TCX__HEAD_MAX bytes that nobody else uses during the call. *used: how many bytes of p
 * were taken. */
tcx__http1_result tcx__http1_feed(struct tcx_http1 *h, const char *p, size_t n, size_t *used,
                                  char *shared);
/* The connection has ended. DONE when the body reaches to the end of the connection, else ERROR. */
tcx__http1_result tcx__http1_finish(struct tcx_http1 *h, char *shared);
/* After head: the body has neither a length nor chunks. */
bool tcx__http1_until_close(const struct tcx_http1 *h);
/* Bytes of the body that have not been parsed yet; 0 when its length is not known beforehand. */
uint64_t tcx__http1_left(const struct tcx_http1 *h);
#endif
