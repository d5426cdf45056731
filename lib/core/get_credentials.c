/*
 * get_credentials.c - the session's credentials for the program itself.
 *
 *   asked: queued, or waiting for a fetch -> the outcome is there: queued -> told: freed
 *
 * A question holds the loop, and lingers: a session that closes tells it TCX_ECANCELED before its
 * network ends.
 */
#include "base/mem.h"
#include "core/identity.h"
#include "core/session.h"
#include <stddef.h>

struct question {
  struct tcx_identity_wait wait;
  struct tcx_ready ready;
  tcx_session_t *session;
  tcx_session_credentials_cb cb;
  void *data;
  struct tcx_identity *identity;
  struct tcx_arena *arena; /* of the failure's text */
  struct tcx_fail fail;
};

static void on_ready(struct tcx_ready *ready) {
  struct question *q =
      (struct question *)(void *)((char *)ready - offsetof(struct question, ready));
  tcx_session_t *session = q->session;
  const struct tcx_identity *id = q->identity;
  if (session->closing && id == NULL)
    q->cb(session, TCX_ECANCELED, NULL, NULL, tcx_strerror(TCX_ECANCELED), q->data);
  else if (id == NULL)
    q->cb(session, q->fail.status, NULL, NULL, q->fail.text, q->data);
  else
    q->cb(session, 0,
          &(tcx_credentials_t){id->access_key, id->secret_key, id->session_token, id->account_id,
                               id->expires},
          id->origin, NULL, q->data);
  tcx__identity_release(q->identity);
  tcx__arena_free(q->arena);
  tcx__free(q);
  tcx__session_lingered(session);
  tcx__session_drop(session);
}

static void on_identity(struct tcx_identity_wait *wait, struct tcx_identity *identity, int status,
                        const char *why) {
  struct question *q = (struct question *)(void *)((char *)wait - offsetof(struct question, wait));
  q->identity = identity;
  if (identity == NULL)
    (void)tcx__fail(&q->fail, status, "%s", why);
  tcx__ready_push(q->session, &q->ready);
}

int tcx_session_get_credentials(tcx_session_t *session, tcx_session_credentials_cb cb, void *data) {
  struct tcx_settings *settings = NULL;
  struct tcx_identity_source *source = NULL;
  if (session == NULL || cb == NULL)
    return UV_EINVAL;
  if (session->closing)
    return TCX_ECLOSING;
  struct question *q = tcx__calloc(1, sizeof *q);
  struct tcx_arena *arena = q != NULL ? tcx__arena_new() : NULL;
  if (arena == NULL) {
    tcx__free(q);
    return UV_ENOMEM;
  }
  *q = (struct question){.wait.done = on_identity,
                         .ready.run = on_ready,
                         .session = session,
                         .cb = cb,
                         .data = data,
                         .arena = arena,
                         .fail.arena = arena};
  tcx__session_touch(session);
  tcx__session_hold(session);
  tcx__session_linger(session);
  int err = tcx__session_settings(session, &settings, &q->fail);
  if (err == 0)
    err = tcx__session_identity(session, &source);
  if (err != 0) {
    (void)tcx__fail(&q->fail, err, "%s", tcx_strerror(err));
    tcx__ready_push(session, &q->ready);
    return 0;
  }
  struct tcx_identity *now = tcx__identity_get(source, &q->wait);
  if (now != NULL)
    on_identity(&q->wait, now, 0, NULL);
  return 0;
}
