/*
 * callback.c - credentials that the program itself fetches.
 *
 *   idle -> asked (fetch: a request waits in the ready queue) -> handed over (the callback has run)
 *     -> answered
 *
 * The program is asked from the loop, never from inside the call that needs the keys. A request
 * that was handed over belongs to the program until tcx_credentials_answer, which frees it. A
 * cancel before that cuts the tie: the answer then does nothing else.
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
  struct callback_provider *provider; /* NULL once nobody waits for it */
  struct tcx_asker *asker;
};

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct callback_provider *p = (struct callback_provider *)provider;
  tcx_credentials_request_t *request = tcx__malloc(sizeof *request);
  if (request == NULL) {
    tcx__answer_failure(asker, UV_ENOMEM, NULL);
    return;
  }
  *request = (tcx_credentials_request_t){p, asker};
  p->pending = request;
  tcx__ready_push(p->session, &p->ready);
}

static void hand_over(struct tcx_ready *ready) {
  struct callback_provider *p =
      (struct callback_provider *)(void *)((char *)ready -
                                           offsetof(struct callback_provider, ready));
  tcx_session_t *session = p->session; /* the callback may close everything */
  tcx__session_enter(session);
  p->cb(p->pending, p->data);
  tcx__session_leave(session);
}

static void cancel(struct tcx_provider *provider) {
  struct callback_provider *p = (struct callback_provider *)provider;
  if (p->ready.queued) {
    tcx__ready_remove(p->session, &p->ready);
    tcx__free(p->pending);
  } else {
    p->pending->provider = NULL;
  }
  p->pending = NULL;
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

void tcx_credentials_answer(tcx_credentials_request_t *request, int status,
                            const tcx_credentials_t *credentials, const char *reason) {
  struct callback_provider *p = request->provider;
  struct tcx_asker *asker = request->asker;
  tcx__free(request);
  if (p == NULL)
    return;
  p->pending = NULL;
  tcx__session_touch(p->session);
  if (status >= 0 && credentials != NULL) {
    tcx__answer_keys(asker, credentials, p->provider.name);
    return;
  }
  char text[512];
  snprintf(text, sizeof text, "the program's credentials callback failed: %s",
           reason != NULL ? reason : tcx_strerror(status < 0 ? status : TCX_ECREDS));
  tcx__answer_failure(asker, status == UV_ENOENT ? UV_ENOENT : TCX_ECREDS, text);
}

int tcx__creds_callback(tcx_session_t *session, tcx_credentials_cb cb, void *data,
                        struct tcx_provider **out) {
  struct callback_provider *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  *p = (struct callback_provider){.provider = {"custom", fetch, cancel, free_provider},
                                  .session = session,
                                  .cb = cb,
                                  .data = data,
                                  .ready = {.run = hand_over}};
  *out = &p->provider;
  return 0;
}
