/*
 * chain.c - the providers that need no network, in botocore's order: environment, credentials file, config file. The first that has an access key decides; a pair of which one half
 * is missing is an error, not a reason to go on.
 */
#include "base/mem.h"
#include "base/time.h"
#include "creds/creds.h"
#include <stdio.h>
#include <string.h>

struct chain {
  struct tcx_provider provider;
  const struct tcx_settings *settings;
};

/* A place to look, and what was found there. */
struct place {
  const char *name;
  tcx_credentials_t keys;
  const char *missing; /* the half that is not there */
};

static const char *text_of(const struct tcx_value *map, const char *key) {
  const struct tcx_value *v = tcx__value_find(map, key, strlen(key));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

static bool from_environment(struct place *place) {
  const char *expires = tcx__getenv("AWS_CREDENTIAL_EXPIRATION");
  place->name = "env";
  place->keys = (tcx_credentials_t){
      .access_key = tcx__getenv("AWS_ACCESS_KEY_ID"),
      .secret_key = tcx__getenv("AWS_SECRET_ACCESS_KEY"),
      .session_token = tcx__getenv("AWS_SECURITY_TOKEN"),
      .account_id = tcx__getenv("AWS_ACCOUNT_ID"),
  };
  int32_t nanoseconds;
  if (expires != NULL)
    (void)tcx__time_read(tcx__str(expires), &place->keys.expires, &nanoseconds);
  if (place->keys.session_token == NULL)
    place->keys.session_token = tcx__getenv("AWS_SESSION_TOKEN");
  place->missing = place->keys.secret_key == NULL ? "AWS_SECRET_ACCESS_KEY" : NULL;
  return place->keys.access_key != NULL;
}

static bool from_profile(struct place *place, const char *name, const struct tcx_value *profile) {
  place->name = name;
  place->keys = (tcx_credentials_t){
      .access_key = text_of(profile, "aws_access_key_id"),
      .secret_key = text_of(profile, "aws_secret_access_key"),
      .session_token = text_of(profile, "aws_session_token"),
      .account_id = text_of(profile, "aws_account_id"),
  };
  if (place->keys.session_token == NULL)
    place->keys.session_token = text_of(profile, "aws_security_token");
  place->missing = place->keys.secret_key == NULL ? "aws_secret_access_key" : NULL;
  return place->keys.access_key != NULL;
}

static void fetch(struct tcx_provider *provider, struct tcx_identity_source *source) {
  const struct tcx_settings *s = ((struct chain *)provider)->settings;
  struct place place;
  char text[512];
  /* A profile that was named by an option beats the environment, as in botocore; one named by a variable does not. */
  bool found = (!s->profile_from_option && from_environment(&place)) || from_profile(&place, "shared-credentials-file", s->secrets) ||
               from_profile(&place, "config-file", s->scoped);
  if (!found) {
    snprintf(text, sizeof text, "Unable to locate credentials (asked: %sshared-credentials-file, config-file; profile %s)", s->profile_from_option ? "" : "env, ",
             s->profile);
    tcx__identity_answer(source, TCX_ECREDS, NULL, NULL, text);
  } else if (place.missing != NULL) {
    snprintf(text, sizeof text, "Partial credentials found in %s, missing: %s", place.name, place.missing);
    tcx__identity_answer(source, TCX_ECREDS, NULL, NULL, text);
  } else {
    tcx__identity_answer(source, 0, &place.keys, place.name, NULL);
  }
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

int tcx__creds_chain(const struct tcx_settings *settings, struct tcx_provider **out) {
  struct chain *c = tcx__calloc(1, sizeof *c);
  if (c == NULL)
    return UV_ENOMEM;
  *c = (struct chain){{"chain", fetch, free_provider}, settings};
  *out = &c->provider;
  return 0;
}
