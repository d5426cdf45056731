/*
 * callback.c - credentials that the program itself fetches.
 *
 *   idle -> asked (fetch: a request waits in the ready queue) -> handed over (the callback has run) -> answered
 *
 * The program is asked from the loop, never from inside the call that needs the keys. A request that was handed over belongs to the program until tcx_credentials_answer, which frees it.
 * A source that is freed before cuts the tie: the answer then does nothing else.
 */
#include "base/mem.h"
#include "core/session.h"
#include "creds/creds.h"
#include <stddef.h>
#include <stdio.h>

struct callback_provider {
  struct tcx_provider provider;
  tcx_session_t *session;
  tcx_credentials_cb cb;
  void *data;
  tcx_credentials_request_t *pending;
  struct tcx_ready ready; /* queued: pending is not handed over yet */
};
struct tcx_credentials_request {
  struct callback_provider *provider; /* NULL once the source is gone */
  struct tcx_identity_source *source;
};

static void fetch(struct tcx_provider *provider, struct tcx_identity_source *source) {
  struct callback_provider *p = (struct callback_provider *)provider;
  tcx_credentials_request_t *request = tcx__malloc(sizeof *request);
  if (request == NULL) {
    tcx__identity_answer(source, UV_ENOMEM, NULL, provider->name, NULL);
    return;
  }
  *request = (tcx_credentials_request_t){p, source};
  p->pending = request;
  tcx__ready_push(p->session, &p->ready);
}

static void hand_over(struct tcx_ready *ready) {
  struct callback_provider *p = (struct callback_provider *)(void *)((char *)ready - offsetof(struct callback_provider, ready));
  tcx_session_t *session = p->session; /* the callback may close everything */
  tcx__session_enter(session);
  p->cb(p->pending, p->data);
  tcx__session_leave(session);
}

static void free_provider(struct tcx_provider *provider) {
  struct callback_provider *p = (struct callback_provider *)provider;
  if (p->ready.queued) {
    tcx__ready_remove(p->session, &p->ready);
    tcx__free(p->pending);
  } else if (p->pending != NULL) {
    p->pending->provider = NULL;
  }
  tcx__free(p);
}

void tcx_credentials_answer(tcx_credentials_request_t *request, int status, const tcx_credentials_t *credentials, const char *reason) {
  struct callback_provider *p = request->provider;
  struct tcx_identity_source *source = request->source;
  tcx__free(request);
  if (p == NULL)
    return;
  p->pending = NULL;
  tcx__session_touch(p->session);
  if (status < 0) {
    char text[512];
    snprintf(text, sizeof text, "the program's credentials callback failed: %s", reason != NULL ? reason : tcx_strerror(status));
    tcx__identity_answer(source, TCX_ECREDS, NULL, p->provider.name, text);
    return;
  }
  tcx__identity_answer(source, 0, credentials, p->provider.name, reason);
}

int tcx__creds_callback(tcx_session_t *session, tcx_credentials_cb cb, void *data, struct tcx_provider **out) {
  struct callback_provider *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  *p = (struct callback_provider){.provider = {"custom", fetch, free_provider}, .session = session, .cb = cb, .data = data, .ready = {.run = hand_over}};
  *out = &p->provider;
  return 0;
}
