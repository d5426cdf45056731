/*
 * States of a source: empty -> fetching -> holding an identity -> fetching again ... -> freed.
 *
 *   time left        tcx__identity_get
 *   > advisory       the identity
 *   > mandatory      the identity; a fetch is started, unless one is under way or the last one
 *                    failed a moment ago
 *   else, or none    waits; a fetch is started unless one is under way, and when it fails all who
 *                    wait fail
 *
 * A fetch that takes longer than the session's budget is cancelled and has failed. A failed one
 * leaves the identity as it was.
 */
#include "core/identity.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/session.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ADVISORY_MS       (15 * 60 * 1000u) /* botocore's windows */
#define MANDATORY_MS      (10 * 60 * 1000u)
#define BUDGET_MS         (2 * 60 * 1000u)
#define BACKOFF_MS        1000 /* after the first failure in a row; doubled by each further one */
#define BACKOFF_DOUBLINGS 6

struct tcx_identity_source {
  tcx_session_t *session;
  struct tcx_provider *provider;
  struct tcx_asker asker;
  struct tcx_identity *current;
  struct tcx_identity_wait *first, *last;
  struct tcx_timer budget; /* runs while fetching */
  uint64_t round;          /* answers so far: who waits from now on waits for a later one */
  int64_t again_ms;        /* when the advisory window may fetch anew */
  unsigned failures;       /* in a row */
  unsigned advisory_ms, mandatory_ms; /* its own windows; both 0: the session's */
  bool fetching, telling;
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

int tcx__identity_new(const tcx_credentials_t *c, const char *token, const char *origin,
                      struct tcx_identity **out) {
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

int64_t tcx__identity_ends_ms(int64_t expires) {
  return expires <= 0 ? 0 : expires > INT64_MAX / 1000 ? INT64_MAX : expires * 1000;
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

static void on_answer(struct tcx_asker *asker, const struct tcx_answer *answer);

int tcx__identity_source_new(tcx_session_t *session, struct tcx_provider *provider,
                             struct tcx_identity_source **out) {
  struct tcx_identity_source *s = tcx__calloc(1, sizeof *s);
  if (s == NULL) {
    provider->free(provider);
    return UV_ENOMEM;
  }
  s->session = session;
  s->provider = provider;
  s->asker.answer = on_answer;
  *out = s;
  return 0;
}

static struct tcx_identity_wait *take_first(struct tcx_identity_source *s) {
  struct tcx_identity_wait *w = s->first;
  if (w != NULL)
    tcx__identity_cancel(w);
  return w;
}

/* The fetch is over; cancel: before its answer came. */
static void end_fetch(struct tcx_identity_source *s, bool cancel) {
  if (!s->fetching)
    return;
  s->fetching = false;
  tcx__timer_stop(s->session->net, &s->budget);
  if (cancel && s->provider->cancel != NULL)
    s->provider->cancel(s->provider);
}

void tcx__identity_source_free(struct tcx_identity_source *s) {
  if (s == NULL)
    return;
  for (struct tcx_identity_wait *w; (w = take_first(s)) != NULL;)
    w->done(w, NULL, TCX_ECLOSING, tcx_strerror(TCX_ECLOSING));
  end_fetch(s, true);
  s->provider->free(s->provider);
  tcx__identity_release(s->current);
  tcx__free(s);
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

static unsigned option_ms(unsigned option, unsigned usual) {
  return option == 0 ? usual : option == TCX_NEVER ? 0 : option;
}

void tcx__identity_source_windows(struct tcx_identity_source *s, unsigned advisory_ms,
                                  unsigned mandatory_ms) {
  s->advisory_ms = advisory_ms;
  s->mandatory_ms = mandatory_ms;
}

bool tcx__identity_source_busy(const struct tcx_identity_source *s) {
  return s->fetching || s->first != NULL || s->telling;
}

static bool own_windows(const struct tcx_identity_source *s) {
  return s->advisory_ms > 0 || s->mandatory_ms > 0;
}

static unsigned mandatory_ms(const struct tcx_identity_source *s) {
  return own_windows(s) ? s->mandatory_ms
                        : option_ms(s->session->mandatory_refresh_ms, MANDATORY_MS);
}

static unsigned advisory_ms(const struct tcx_identity_source *s) {
  return own_windows(s) ? s->advisory_ms : tcx__identity_advisory_ms(s->session);
}

unsigned tcx__identity_advisory_ms(const tcx_session_t *session) {
  return option_ms(session->advisory_refresh_ms, ADVISORY_MS);
}

static void on_budget(struct tcx_timer *timer) {
  struct tcx_identity_source *s =
      (struct tcx_identity_source *)(void *)((char *)timer -
                                             offsetof(struct tcx_identity_source, budget));
  char why[128];
  end_fetch(s, true);
  snprintf(why, sizeof why, "no credentials after %u ms (provider %s): credentials_timeout_ms",
           option_ms(s->session->credentials_timeout_ms, BUDGET_MS), s->provider->name);
  on_answer(&s->asker, &(struct tcx_answer){.status = TCX_ECREDS, .why = why});
}

static void start_fetch(struct tcx_identity_source *s) {
  if (s->fetching)
    return;
  unsigned budget = option_ms(s->session->credentials_timeout_ms, BUDGET_MS);
  s->fetching = true;
  if (budget > 0)
    tcx__timer_start(s->session->net, &s->budget, budget, on_budget);
  s->provider->fetch(s->provider, &s->asker);
}

struct tcx_identity *tcx__identity_get(struct tcx_identity_source *s, struct tcx_identity_wait *w) {
  if (s->current != NULL && s->current->expires == 0)
    return tcx__identity_retain(s->current);
  int64_t now = tcx__session_expiry_now_ms(s->session),
          left = s->current != NULL ? tcx__identity_ends_ms(s->current->expires) - now : 0;
  if (left > mandatory_ms(s)) {
    if (left <= advisory_ms(s) && now >= s->again_ms)
      start_fetch(s); /* its answer never takes away what still lives */
    return tcx__identity_retain(s->current);
  }
  enqueue(s, w);
  start_fetch(s);
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
static void tell_waiters(struct tcx_identity_source *s, struct tcx_identity *id, int status,
                         const char *why, const tcx_error_t *cause) {
  uint64_t round = ++s->round;
  bool nested = s->telling;
  s->telling = true;
  while (s->first != NULL && s->first->round < round) {
    struct tcx_identity_wait *w = take_first(s);
    w->cause = cause;
    w->done(w, id != NULL ? tcx__identity_retain(id) : NULL, status, why);
  }
  s->telling = nested;
}

static bool given(const char *s) { return s != NULL && s[0] != '\0'; }

/* What is wrong with what an answer brings, or NULL. */
static const char *fault_of(const struct tcx_identity_source *s, const struct tcx_answer *answer) {
  const tcx_credentials_t *c = answer->credentials;
  if (!given(answer->token) && (!given(c->access_key) || !given(c->secret_key)))
    return "the access key or the secret key is missing";
  if (c->expires != 0 &&
      tcx__identity_ends_ms(c->expires) <= tcx__session_expiry_now_ms(s->session))
    return "Credentials were refreshed, but the refreshed credentials are still expired.";
  return NULL;
}

/* Told once for all failures in a row; each makes the next advisory fetch wait longer. */
static void note_failure(struct tcx_identity_source *s, const char *why) {
  int64_t half = (int64_t)(BACKOFF_MS / 2)
                 << (s->failures < BACKOFF_DOUBLINGS ? s->failures : BACKOFF_DOUBLINGS);
  s->again_ms = tcx__session_expiry_now_ms(s->session) + half +
                (int64_t)(tcx__session_random(s->session) * (double)half);
  tcx_log_level_t level = s->failures++ == 0 ? TCX_LOG_WARN : TCX_LOG_DEBUG;
  tcx__log(s->session, level, "credentials", NULL, "fetching credentials failed%s: %s",
           s->current != NULL ? ", the old ones are used as long as they last" : "", why);
}

static void on_answer(struct tcx_asker *asker, const struct tcx_answer *answer) {
  struct tcx_identity_source *s =
      (struct tcx_identity_source *)(void *)((char *)asker -
                                             offsetof(struct tcx_identity_source, asker));
  struct tcx_identity *id = NULL;
  int status = answer->status == UV_ENOENT ? TCX_ECREDS : answer->status;
  const char *why = answer->why;
  if (status == 0) {
    why = fault_of(s, answer);
    status = why != NULL
                 ? TCX_ECREDS
                 : tcx__identity_new(answer->credentials, answer->token, answer->origin, &id);
  }
  if (status != 0 && why == NULL)
    why = tcx_strerror(status);
  end_fetch(s, false);
  if (id != NULL) {
    tcx__identity_release(s->current);
    s->current = tcx__identity_retain(id);
    s->failures = 0;
    s->again_ms = 0;
    tcx__log(s->session, TCX_LOG_INFO, "credentials", NULL, "found %s: %s",
             id->token != NULL ? "token" : "credentials", answer->origin);
  } else {
    note_failure(s, why);
  }
  tell_waiters(s, id, status, why, status == TCX_ECLIENT ? answer->cause : NULL);
  tcx__identity_release(id);
}
