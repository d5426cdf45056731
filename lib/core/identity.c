/*
 * States of a source: empty -> fetching -> holding an identity -> (expired) fetching ... -> freed.
 * tcx__identity_get starts a fetch when there is nothing usable; tcx__identity_answer ends it and tells all waiters in the order in which they came. An identity near its end is still
 * given out while a new one is fetched; when that fails the old one serves on until it has expired.
 */
#include "core/identity.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/session.h"
#include <string.h>

#define NEAR_END_S 600 /* before it expires: fetched anew, while it goes on being used */
#define AGAIN_S 60     /* between two such fetches */

struct tcx_identity_source {
  tcx_session_t *session;
  struct tcx_provider *provider;
  struct tcx_identity *current;
  struct tcx_identity_wait *first, *last;
  uint64_t round; /* answers so far: who waits from now on waits for a later one */
  int64_t again;  /* when an identity near its end may be fetched anew */
  bool fetching;
};

static size_t text_size(const char *s) { return s != NULL ? strlen(s) + 1 : 0; }

static const char *put_text(char **to, const char *s) {
  size_t n = text_size(s);
  if (n <= 1)
    return NULL;
  char *at = *to;
  memcpy(at, s, n);
  *to += n;
  return at;
}

int tcx__identity_new(const tcx_credentials_t *c, const char *token, const char *origin, struct tcx_identity **out) {
  size_t size = sizeof(struct tcx_identity) + text_size(c->access_key) + text_size(c->secret_key) +
                text_size(c->session_token) + text_size(c->account_id) + text_size(token);
  struct tcx_identity *id = tcx__calloc(1, size);
  if (id == NULL)
    return UV_ENOMEM;
  char *to = (char *)(id + 1);
  id->refs = 1;
  id->access_key = put_text(&to, c->access_key);
  id->secret_key = put_text(&to, c->secret_key);
  id->session_token = put_text(&to, c->session_token);
  id->account_id = put_text(&to, c->account_id);
  id->token = put_text(&to, token);
  id->expires = c->expires;
  id->origin = origin;
  id->size = size;
  *out = id;
  return 0;
}

struct tcx_identity *tcx__identity_retain(struct tcx_identity *id) {
  id->refs++;
  return id;
}

void tcx__identity_release(struct tcx_identity *id) {
  if (id == NULL || --id->refs > 0)
    return;
  tcx__wipe(id, id->size);
  tcx__free(id);
}

int tcx__identity_source_new(tcx_session_t *session, struct tcx_provider *provider, struct tcx_identity_source **out) {
  struct tcx_identity_source *s = tcx__calloc(1, sizeof *s);
  if (s == NULL) {
    provider->free(provider);
    return UV_ENOMEM;
  }
  s->session = session;
  s->provider = provider;
  *out = s;
  return 0;
}

static struct tcx_identity_wait *take_first(struct tcx_identity_source *s) {
  struct tcx_identity_wait *w = s->first;
  if (w != NULL)
    tcx__identity_cancel(w);
  return w;
}

void tcx__identity_source_free(struct tcx_identity_source *s) {
  if (s == NULL)
    return;
  for (struct tcx_identity_wait *w; (w = take_first(s)) != NULL;)
    w->done(w, NULL, TCX_ECLOSING, tcx_strerror(TCX_ECLOSING));
  s->provider->free(s->provider);
  tcx__identity_release(s->current);
  tcx__free(s);
}

static bool lives(const struct tcx_identity *id, int64_t now) {
  return id != NULL && (id->expires == 0 || id->expires > now);
}

static void enqueue(struct tcx_identity_source *s, struct tcx_identity_wait *w) {
  w->source = s;
  w->round = s->round;
  w->since_us = uv_hrtime() / 1000;
  w->next = NULL;
  w->prev = s->last;
  if (s->last != NULL)
    s->last->next = w;
  else
    s->first = w;
  s->last = w;
}

struct tcx_identity *tcx__identity_get(struct tcx_identity_source *s, struct tcx_identity_wait *w) {
  if (s->current != NULL && s->current->expires == 0)
    return tcx__identity_retain(s->current);
  int64_t now = tcx__session_now(s->session);
  if (lives(s->current, now)) {
    if (s->current->expires - now <= NEAR_END_S && !s->fetching && now >= s->again) {
      s->again = now + AGAIN_S;
      s->fetching = true;
      s->provider->fetch(s->provider, s); /* the answer never takes away what still lives */
    }
    return tcx__identity_retain(s->current);
  }
  if (!s->fetching) {
    s->fetching = true;
    enqueue(s, w);
    s->provider->fetch(s->provider, s);
    return NULL;
  }
  enqueue(s, w);
  return NULL;
}

void tcx__identity_cancel(struct tcx_identity_wait *w) {
  struct tcx_identity_source *s = w->source;
  if (s == NULL)
    return;
  if (w->prev != NULL)
    w->prev->next = w->next;
  else
    s->first = w->next;
  if (w->next != NULL)
    w->next->prev = w->prev;
  else
    s->last = w->prev;
  w->source = NULL;
  w->prev = w->next = NULL;
}

/* Only those who waited when the answer came: a waiter that starts a new call may wait again. */
static void tell_waiters(struct tcx_identity_source *s, struct tcx_identity *id, int status, const char *why) {
  uint64_t round = ++s->round;
  while (s->first != NULL && s->first->round < round) {
    struct tcx_identity_wait *w = take_first(s);
    w->done(w, id != NULL ? tcx__identity_retain(id) : NULL, status, why);
  }
}

/* id NULL: status and why. */
static void answer(struct tcx_identity_source *s, struct tcx_identity *id, int status, const char *origin, const char *why) {
  const char *what = id != NULL && id->token != NULL ? "token" : "credentials";
  s->fetching = false;
  if (id == NULL && s->first == NULL && lives(s->current, tcx__session_now(s->session))) {
    tcx__log(s->session, TCX_LOG_WARN, "credentials", NULL, "refreshing them failed, the old ones are used on: %s", why != NULL ? why : tcx_strerror(status));
    return;
  }
  tcx__identity_release(s->current);
  s->current = id;
  if (id != NULL) {
    tcx__log(s->session, TCX_LOG_INFO, "credentials", NULL, "found %s: %s", what, origin);
    tcx__identity_retain(id);
  }
  tell_waiters(s, id, status, why != NULL ? why : tcx_strerror(status));
  tcx__identity_release(id);
}

static bool given(const char *s) { return s != NULL && s[0] != '\0'; }

void tcx__identity_answer(struct tcx_identity_source *s, int status, const tcx_credentials_t *c, const char *origin, const char *why) {
  struct tcx_identity *id = NULL;
  if (status == 0 && c == NULL) {
    status = TCX_ECREDS;
  } else if (status == 0 && (!given(c->access_key) || !given(c->secret_key))) {
    status = TCX_ECREDS;
    why = "the access key or the secret key is missing";
  } else if (status == 0) {
    status = tcx__identity_new(c, NULL, origin, &id);
    why = NULL;
  }
  answer(s, id, status, origin, why);
}

void tcx__identity_answer_token(struct tcx_identity_source *s, int status, const char *token, int64_t expires, const char *origin, const char *why) {
  struct tcx_identity *id = NULL;
  if (status == 0 && !given(token))
    status = TCX_ECREDS;
  else if (status == 0)
    status = tcx__identity_new(&(tcx_credentials_t){.expires = expires}, token, origin, &id);
  answer(s, id, status, origin, why);
}
