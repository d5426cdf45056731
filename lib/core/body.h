/*
 * body.h - the inside of tcx_body_t: a source of bytes that is opened, read in windows, rewound and
 * closed, by one call.
 *
 * States: made -> attached to a call -> open -> reading <-> waiting (TCX_EAGAIN, then wake) ->
 * closed -> freed. A file's requests run on libuv's pool: while one is under way the body waits,
 * and close waits for it too.
 */
#ifndef TCX_CORE_BODY_H
#define TCX_CORE_BODY_H
#include "base/body.h"
#include "base/buf.h"
#include "base/error.h"

#define TCX__BODY_WINDOW (256u << 10) /* most bytes of one window of a file or a source */

struct tcx_body_ops {
  /* 0, TCX_EAGAIN or < 0. length is known after it, if ever */
  int (*open)(tcx_body_t *body, struct tcx_fail *f);
  /* Exactly want bytes (at most TCX__BODY_WINDOW) unless the body ends before; window.n 0 = end.
   * Valid until the next read, rewind or close. */
  int (*read)(tcx_body_t *body, size_t want, struct tcx_str *window, struct tcx_fail *f);
  int (*rewind)(tcx_body_t *body, struct tcx_fail *f);
  /* 0, or TCX_EAGAIN: wake comes when it is closed */
  int (*close)(tcx_body_t *body);
  void (*free)(tcx_body_t *body); /* after close */
};
struct tcx_body {
  struct tcx_body_head head;
  const struct tcx_body_ops *ops;
  int64_t length; /* -1 unknown */
  int status;     /* < 0: the constructor's failure */
  uv_loop_t *loop;
  /* set by the call that reads; comes from the loop, or from tcx_body_resume */
  void (*wake)(void *ctx);
  void *ctx;
  bool closed;
  /* nobody is left to wake: it frees itself when its request is over */
  bool abandoned;
  struct tcx_str memory; /* of a body in memory; else p NULL */
  void *data;
};
/* The memory that a body is, for those that need no reading; false for files and sources. */
bool tcx__body_memory(const tcx_body_t *body, struct tcx_str *out);
/* 0 (again 0 when closed already) or TCX_EAGAIN */
int tcx__body_close(tcx_body_t *body);
/* closes and frees, now or when its request is over. NULL is fine */
void tcx__body_abandon(tcx_body_t *body);
/* never NULL: a body whose open fails with status */
tcx_body_t *tcx__body_failed(int status);
extern const struct tcx_body_ops tcx__body_file_ops;
#endif
