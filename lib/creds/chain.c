/*
 * chain.c - providers in an order. The first that has credentials wins and is the one that is asked
 * from then on; one that fails ends the search; when none has any, the failure says what each of
 * them lacked.
 *
 *   idle -> asking links[at] -> (it has none) asking the next ... -> answered: idle
 */
#include "base/mem.h"
#include "core/log.h"
#include "core/session.h"
#include "creds/creds.h"
#include "creds/roles.h"
#include "creds/sso.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LINKS_MAX 16
#define ASKED_MAX 4096

struct chain {
  struct tcx_provider provider;
  struct tcx_creds creds; /* its links' */
  bool whole;             /* the session's chain: the roles are its own */
  const char *profile;
  const char *what; /* the sentence of who found nothing */
  struct tcx_provider *links[LINKS_MAX];
  unsigned n, at;
  bool misplaced;            /* credentials_before names no link */
  bool won;                  /* links[at] has given credentials */
  struct tcx_asker asker;    /* whom the links answer */
  struct tcx_asker *waiting; /* who asked the chain */
  char asked[ASKED_MAX];     /* "name: why" of those that had none */
};

static void ask(struct chain *c) {
  struct tcx_provider *link = c->links[c->at];
  tcx__log(c->creds.session, TCX_LOG_DEBUG, "credentials", NULL, "Looking for credentials via: %s",
           link->name);
  link->fetch(link, &c->asker);
}

static void on_link(struct tcx_asker *asker, const struct tcx_answer *a) {
  struct chain *c = (struct chain *)(void *)((char *)asker - offsetof(struct chain, asker));
  if (a->status == 0)
    c->won = true;
  if (a->status != UV_ENOENT || c->won) {
    c->waiting->answer(c->waiting, a);
    return;
  }
  size_t used = strlen(c->asked);
  snprintf(c->asked + used, sizeof c->asked - used, "%s%s: %s", used > 0 ? "; " : "",
           c->links[c->at]->name, a->why != NULL ? a->why : "none");
  if (++c->at < c->n) {
    ask(c);
    return;
  }
  char why[ASKED_MAX + 256];
  snprintf(why, sizeof why, "%s (profile %s; asked: %s)", c->what, c->profile, c->asked);
  tcx__answer_failure(c->waiting, UV_ENOENT, why);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct chain *c = (struct chain *)provider;
  if (c->misplaced) {
    char why[TCX__CREDS_TEXT];
    snprintf(why, sizeof why, "credentials_before is no provider of the chain: %s",
             c->creds.session->credentials_before);
    tcx__answer_failure(asker, TCX_ECONFIG, why);
    return;
  }
  c->waiting = asker;
  c->asked[0] = '\0';
  if (!c->won)
    c->at = 0;
  ask(c);
}

static void cancel(struct tcx_provider *provider) {
  struct chain *c = (struct chain *)provider;
  if (c->links[c->at]->cancel != NULL)
    c->links[c->at]->cancel(c->links[c->at]);
}

static void free_provider(struct tcx_provider *provider) {
  struct chain *c = (struct chain *)provider;
  while (c->n > 0) {
    c->n--;
    c->links[c->n]->free(c->links[c->n]);
  }
  if (c->whole)
    tcx__roles_free(c->creds.roles);
  tcx__free(c);
}

static struct chain *new_chain(const struct tcx_creds *creds, const char *profile) {
  struct chain *c = tcx__calloc(1, sizeof *c);
  if (c == NULL)
    return NULL;
  c->provider = (struct tcx_provider){"chain", fetch, cancel, free_provider};
  c->asker.answer = on_link;
  c->creds = *creds;
  c->profile = profile;
  c->what = "Unable to locate credentials";
  return c;
}

/* Each puts the next link, unless an earlier one failed. */
typedef int (*make_link)(const struct tcx_creds *creds, struct tcx_provider **out);
typedef int (*make_profile_link)(const struct tcx_creds *creds, const char *profile,
                                 struct tcx_provider **out);
static void put(struct chain *c, int *err, make_link make) {
  if (*err == 0 && (*err = make(&c->creds, &c->links[c->n])) == 0)
    c->n++;
}
static void put_of_profile(struct chain *c, int *err, make_profile_link make) {
  if (*err == 0 && (*err = make(&c->creds, c->profile, &c->links[c->n])) == 0)
    c->n++;
}

/* The program's own goes before the link of that name; one before env is the first, also where env
 * is left out. */
static void insert_callback(struct chain *c, int *err) {
  tcx_session_t *s = c->creds.session;
  struct tcx_provider *own = NULL;
  unsigned at = 0;
  if (*err != 0 || s->credentials == NULL || s->credentials_before == NULL)
    return;
  while (at < c->n && strcmp(c->links[at]->name, s->credentials_before) != 0)
    at++;
  if (at == c->n && strcmp(s->credentials_before, "env") == 0)
    at = 0;
  else if (at == c->n && strcmp(s->credentials_before, "end") != 0)
    c->misplaced = true;
  *err = tcx__creds_callback(s, s->credentials, s->credentials_data, &own);
  if (*err != 0)
    return;
  memmove(c->links + at + 1, c->links + at, (c->n - at) * sizeof c->links[0]);
  c->links[at] = own;
  c->n++;
}

static int finish(struct chain *c, int err, struct tcx_provider **out) {
  if (err != 0) {
    free_provider(&c->provider);
    return err;
  }
  *out = &c->provider;
  return 0;
}

int tcx__creds_chain(tcx_session_t *session, const struct tcx_settings *settings,
                     struct tcx_provider **out) {
  struct tcx_creds creds = {.session = session, .settings = settings};
  struct chain *c = new_chain(&creds, settings->profile);
  if (c == NULL)
    return UV_ENOMEM;
  c->whole = true;
  int err = tcx__roles_new(session, &c->creds.roles);
  /* a profile that was named by an option beats the environment, as in botocore; one named by a
   * variable does not */
  if (!settings->profile_from_option)
    put(c, &err, tcx__creds_env);
  put_of_profile(c, &err, tcx__creds_assume_role);
  put_of_profile(c, &err, tcx__creds_web_identity);
  put_of_profile(c, &err, tcx__creds_sso);
  put_of_profile(c, &err, tcx__creds_shared_file);
  put_of_profile(c, &err, tcx__creds_login);
  put_of_profile(c, &err, tcx__creds_process);
  put_of_profile(c, &err, tcx__creds_config_file);
  put(c, &err, tcx__creds_container);
  put(c, &err, tcx__creds_imds);
  insert_callback(c, &err);
  return finish(c, err, out);
}

int tcx__creds_profile_chain(const struct tcx_creds *creds, const char *profile,
                             struct tcx_provider **out) {
  struct chain *c = new_chain(creds, profile);
  int err = 0;
  if (c == NULL)
    return UV_ENOMEM;
  put_of_profile(c, &err, tcx__creds_source_web_identity);
  put_of_profile(c, &err, tcx__creds_sso);
  put_of_profile(c, &err, tcx__creds_shared_file);
  put_of_profile(c, &err, tcx__creds_login);
  put_of_profile(c, &err, tcx__creds_process);
  put_of_profile(c, &err, tcx__creds_config_file);
  return finish(c, err, out);
}

static int put_token(const struct tcx_creds *creds, const char *profile,
                     struct tcx_provider **out) {
  return tcx__creds_sso_token(creds, profile, false, out);
}

int tcx__creds_session_token(tcx_session_t *session, const struct tcx_settings *settings,
                             struct tcx_provider **out) {
  struct tcx_creds creds = {.session = session, .settings = settings};
  struct chain *c = new_chain(&creds, settings->profile);
  int err = 0;
  if (c == NULL)
    return UV_ENOMEM;
  c->what = "Unable to locate authorization token";
  put_of_profile(c, &err, put_token);
  return finish(c, err, out);
}
