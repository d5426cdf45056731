/*
 * future.h - the inside of tcx_future_t.
 *
 *   pending --outcome--> done, to be told
 *   done, to be told --from the loop--> told: its parent, or tcx_future_then's callback
 *   told --tcx_future_then--> to be told once more; else kept while anybody holds it
 *
 * A future is ACTIVE while it is pending or to be told: it holds a reference to itself, and its
 * session's close waits for it. Who makes the outcome (a call's callback, a timer, a child, the
 * program) calls tcx__future_decide, and then tcx__future_tell when it runs from the loop, else
 * tcx__future_tell_later. Telling goes up: a child that is told may decide its parent, which is
 * told next, in one loop and without recursion, so that chains of any length need no stack.
 *
 * Who frees: refs counts the holder (the caller, or the parent that consumed it), itself while
 * active, each future that shows its outcome (source), and the one who must complete it (own.c).
 * After its session's close it is inert memory: session is NULL.
 */
#ifndef TCX_FUTURE_FUTURE_H
#define TCX_FUTURE_FUTURE_H
#include "core/session.h"
#include <tucuxi/future.h>

struct tcx__future_kind {
  /* pending: asks its work to end; the child that is to be canceled in its place, or NULL */
  tcx_future_t *(*cancel)(tcx_future_t *f);
  /* pending: child is done; decides f, or not yet */
  void (*child)(tcx_future_t *f, tcx_future_t *child);
  /* pending: its session closes; NULL: it is canceled */
  void (*closing)(tcx_future_t *f);
  /* frees what is the kind's; NULL: nothing */
  void (*end)(tcx_future_t *f);
};

typedef enum { TCX__FUTURE_ALL, TCX__FUTURE_ANY, TCX__FUTURE_RACE } tcx__future_group;

struct tcx_future {
  const struct tcx__future_kind *kind; /* NULL: one that could not be made; constant */
  tcx_session_t *session;              /* NULL: nothing can come of it any more */
  tcx_future_t *parent;                /* whom it tells; it has a reference to this one */
  size_t place;                        /* among the parent's kids */
  tcx_future_t *source;                /* whose outcome it shows, held; NULL: its own */
  struct tcx_session_link link;
  struct tcx_ready ready;
  unsigned refs;
  int status;
  bool done, active, holding, canceled, awaited, then_given;
  const tcx_value_t *response;
  const tcx_error_t *error;
  tcx_error_t own_error;
  tcx_future_cb cb;
  void *data;
  tcx_call_t *call;     /* under way: borrowed; done: retained */
  tcx_stream_t *stream; /* of the call; NULL once taken */
  union {
    tcx_paginator_t *pages; /* whose page it is */
    tcx_value_t *whole;     /* of a stream that was read */
    struct tcx_timer timer; /* sleep */
    struct {
      struct tcx_timer timer;
      tcx_future_t *child;
    } timeout;
    struct {
      tcx_future_t *link;
      tcx_future_next next;
      void *data;
    } chain;
    struct {
      tcx_future_cancel_cb cancel;
      void *data;
      tcx_value_t *tree;
      void (*release)(void *owner);
      void *owner;
    } own;
    struct {
      size_t n, left, index;
      tcx__future_group what;
    } group;
  } u;
  tcx_future_t *kids[]; /* of a group */
};

/* future.c */
/* A pending one, with room for so many kids; of refs 2: the caller's, and its own. UV_EINVAL when
 * session is NULL. */
int tcx__future_make(tcx_session_t *session, const struct tcx__future_kind *kind, size_t kids,
                     tcx_future_t **out);
/* one that was made a moment ago and is not needed */
void tcx__future_drop(tcx_future_t *f);
/* The outcome stands. error NULL with a status < 0: the status in words. Both must live as long as
 * f. */
void tcx__future_decide(tcx_future_t *f, int status, const tcx_value_t *response,
                        const tcx_error_t *error);
void tcx__future_adopt(tcx_future_t *f, tcx_future_t *child); /* decides it as child was */
/* of a done one, from the loop: callbacks run in it. f may be gone afterwards */
void tcx__future_tell(tcx_future_t *f);
/* the same through the ready queue; of a pending chain: its link is done */
void tcx__future_tell_later(tcx_future_t *f);
void tcx__future_hold(tcx_future_t *f, bool on); /* whether it keeps the loop */
void tcx__future_unref(tcx_future_t *f);
/* closing, of those whose client's close ends them */
void tcx__future_leave_to_client(tcx_future_t *f);
#endif
