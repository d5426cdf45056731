/*
 * assume_role.c - a profile's role_arn, assumed with the credentials of source_profile or
 * credential_source.
 *
 *   idle -> (cached: answered) -> MFA, where the profile has a device -> SOURCE: another provider
 *     is asked -> CALL: sts AssumeRole -> answered: idle
 *
 * A source may be a role itself: providers then are each other's source, and child leads back to
 * the profile at which it began. The source is made at the first fetch.
 */
#include "base/json.h"
#include "base/mem.h"
#include "creds/creds.h"
#include "creds/inner.h"
#include "creds/roles.h"
#include <stddef.h>
#include <stdio.h>

#define ROLES_MAX 16 /* of a chain of roles */
#define CODE_MAX  64

struct assume_role {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile;
  const struct assume_role *child; /* whose source this is; NULL at the top */
  struct tcx_provider *source;
  struct tcx_asker from_source;
  struct tcx_asker *asker;
  struct tcx_inner inner;
  struct tcx_ready ready; /* queued: the MFA request is not handed over yet */
  tcx_mfa_request_t *mfa; /* what the program has not answered yet */
  enum { IDLE, MFA, SOURCE, CALL } state;
  char key[TCX__ROLE_KEY];
  char code[CODE_MAX];
};
struct tcx_mfa_request {
  struct assume_role *role; /* NULL once nobody waits for it */
};

static int make(const struct tcx_creds *creds, const char *profile, const struct assume_role *child,
                struct tcx_provider **out);

static const char *key_of(const struct assume_role *p, const char *key) {
  return tcx__creds_profile_key(p->creds, p->profile, key);
}

static void fail(struct assume_role *p, int status, const char *why) {
  p->state = IDLE;
  tcx__wipe(p->code, sizeof p->code);
  tcx__answer_failure(p->asker, status, why);
}

/* ---- the source ---- */

static bool has_keys(const struct tcx_creds *creds, const char *profile) {
  return tcx__creds_profile_key(creds, profile, "aws_access_key_id") != NULL ||
         tcx__creds_profile_key(creds, profile, "aws_secret_access_key") != NULL;
}
static bool has_role(const struct tcx_creds *creds, const char *profile) {
  return tcx__creds_profile_key(creds, profile, "role_arn") != NULL &&
         tcx__creds_profile_key(creds, profile, "web_identity_token_file") == NULL;
}

static int source_by_name(struct assume_role *p, const char *name, char *why, size_t size) {
  if (strcmp(name, "Environment") == 0)
    return tcx__creds_env(p->creds, &p->source);
  if (strcmp(name, "EcsContainer") == 0)
    return tcx__creds_container(p->creds, &p->source);
  if (strcmp(name, "Ec2InstanceMetadata") == 0)
    return tcx__creds_imds(p->creds, &p->source);
  snprintf(why, size,
           "The credential source \"%.100s\" referenced in profile \"%.100s\" is not valid.", name,
           p->profile);
  return TCX_ECONFIG;
}

/* A profile may name itself, so that it has keys and role in one place; nothing else may come
 * twice. */
static int check_loop(const struct assume_role *p, const char *source, char *why, size_t size) {
  unsigned roles = 0;
  bool visited = false;
  size_t used =
      (size_t)snprintf(why, size,
                       "Infinite loop in credential configuration detected. Attempting to load "
                       "from profile %.100s which has already been visited. Visited profiles:",
                       source);
  for (const struct assume_role *at = p; at != NULL; at = at->child, roles++) {
    visited = visited || strcmp(at->profile, source) == 0;
    if (used < size)
      used += (size_t)snprintf(why + used, size - used, " %.40s", at->profile);
  }
  if (visited && (strcmp(source, p->profile) != 0 || !has_keys(p->creds, source)))
    return TCX_ECONFIG;
  snprintf(why, size, "more than %d roles are assumed one with another (profile %.100s)", ROLES_MAX,
           source);
  return roles > ROLES_MAX ? TCX_ECONFIG : 0;
}

static int source_by_profile(struct assume_role *p, const char *source, char *why, size_t size) {
  struct tcx_profile profile = tcx__settings_profile(p->creds->settings, source);
  if (profile.config == NULL && profile.secrets == NULL) {
    snprintf(why, size,
             "The source_profile \"%.100s\" referenced in the profile \"%.100s\" does not exist.",
             source, p->profile);
    return TCX_ECONFIG;
  }
  int err = check_loop(p, source, why, size);
  if (err != 0)
    return err;
  if (has_keys(p->creds, source) || !has_role(p->creds, source))
    return tcx__creds_profile_chain(p->creds, source, &p->source);
  return make(p->creds, source, p, &p->source);
}

static int make_source(struct assume_role *p, char *why, size_t size) {
  const char *source = key_of(p, "source_profile"), *name = key_of(p, "credential_source");
  if (p->source != NULL)
    return 0;
  if (source != NULL && name != NULL) {
    snprintf(why, size,
             "The profile \"%.100s\" contains both source_profile and credential_source.",
             p->profile);
    return TCX_ECONFIG;
  }
  if (source == NULL && name == NULL) {
    snprintf(
        why, size,
        "Partial credentials found in assume-role, missing: source_profile or credential_source");
    return TCX_ECREDS;
  }
  return source != NULL ? source_by_profile(p, source, why, size)
                        : source_by_name(p, name, why, size);
}

/* ---- the call ---- */

static bool duration_of(const struct assume_role *p, int64_t *seconds) {
  const char *text = key_of(p, "duration_seconds");
  return text != NULL && tcx__str_to_int64(tcx__str(text), seconds) == 0;
}

/* What is asked for, but for the session's name where the profile has none: it is made anew each
 * time, and no part of the cache's key. */
static tcx_value_t *arguments(const struct assume_role *p) {
  int64_t seconds;
  tcx_value_t *args = tcx_value_new_map();
  if (duration_of(p, &seconds))
    tcx_value_set_int(args, "DurationSeconds", seconds);
  tcx_value_set_str(args, "ExternalId", key_of(p, "external_id"));
  tcx_value_set_str(args, "RoleArn", key_of(p, "role_arn"));
  tcx_value_set_str(args, "RoleSessionName", key_of(p, "role_session_name"));
  tcx_value_set_str(args, "SerialNumber", key_of(p, "mfa_serial"));
  return args;
}

static void on_assumed(struct tcx_inner *inner, const tcx_value_t *response,
                       const tcx_error_t *error) {
  struct assume_role *p =
      (struct assume_role *)(void *)((char *)inner - offsetof(struct assume_role, inner));
  p->state = IDLE;
  if (error != NULL)
    fail(p, TCX_ECREDS, error->msg);
  else
    tcx__roles_take(p->creds->roles, p->key, response, p->asker, p->provider.name);
}

static void call(struct assume_role *p, const tcx_credentials_t *keys) {
  tcx_client_options_t o = {.region = tcx__inner_region(p->creds->session),
                            .access_key = keys->access_key,
                            .secret_key = keys->secret_key,
                            .session_token = keys->session_token};
  tcx_value_t *args = arguments(p);
  if (key_of(p, "role_session_name") == NULL)
    tcx__creds_session_name(p->creds, args);
  if (p->code[0] != '\0')
    tcx_value_set_str(args, "TokenCode", p->code);
  tcx__wipe(p->code, sizeof p->code);
  p->state = CALL;
  int err = tcx__inner_start(&p->inner, "sts", &o, "assume_role", args);
  if (err != 0)
    fail(p, err, NULL);
}

static void on_source(struct tcx_asker *asker, const struct tcx_answer *a) {
  struct assume_role *p =
      (struct assume_role *)(void *)((char *)asker - offsetof(struct assume_role, from_source));
  char why[TCX__CREDS_TEXT];
  const char *name = key_of(p, "credential_source");
  if (a->status == 0) {
    call(p, a->credentials);
  } else if (a->status != UV_ENOENT) {
    fail(p, a->status, a->why);
  } else if (name != NULL) {
    snprintf(why, sizeof why,
             "Error when retrieving credentials from %.40s: No credentials found in "
             "credential_source referenced in profile %.100s (%.600s)",
             name, p->profile, a->why);
    fail(p, TCX_ECREDS, why);
  } else {
    snprintf(why, sizeof why, "The source profile \"%.100s\" must have credentials. %.800s",
             key_of(p, "source_profile"), a->why);
    fail(p, TCX_ECONFIG, why);
  }
}

static void ask_source(struct assume_role *p) {
  p->state = SOURCE;
  p->source->fetch(p->source, &p->from_source);
}

/* ---- the MFA device ---- */

static void hand_over(struct tcx_ready *ready) {
  struct assume_role *p =
      (struct assume_role *)(void *)((char *)ready - offsetof(struct assume_role, ready));
  tcx_session_t *session = p->creds->session; /* the callback may close everything */
  tcx__session_enter(session);
  session->mfa(p->mfa, key_of(p, "mfa_serial"), session->mfa_data);
  tcx__session_leave(session);
}

static void ask_code(struct assume_role *p) {
  char why[TCX__CREDS_TEXT];
  if (p->creds->session->mfa == NULL) {
    snprintf(why, sizeof why,
             "the role of profile %.100s wants a code of the MFA device %.200s, and the session "
             "has no mfa callback",
             p->profile, key_of(p, "mfa_serial"));
    fail(p, TCX_ECREDS, why);
    return;
  }
  p->mfa = tcx__malloc(sizeof *p->mfa);
  if (p->mfa == NULL) {
    fail(p, UV_ENOMEM, NULL);
    return;
  }
  p->mfa->role = p;
  p->state = MFA;
  tcx__ready_push(p->creds->session, &p->ready);
}

void tcx_mfa_answer(tcx_mfa_request_t *request, int status, const char *code) {
  struct assume_role *p = request->role;
  tcx__free(request);
  if (p == NULL)
    return;
  p->mfa = NULL;
  tcx__session_touch(p->creds->session);
  if (status < 0 || code == NULL || code[0] == '\0' || strlen(code) >= sizeof p->code) {
    fail(p, TCX_ECREDS, "the program gave no code of the MFA device");
    return;
  }
  memcpy(p->code, code, strlen(code) + 1);
  ask_source(p);
}

/* ---- the provider ---- */

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct assume_role *p = (struct assume_role *)provider;
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  if (!has_role(p->creds, p->profile)) {
    snprintf(why, sizeof why,
             key_of(p, "role_arn") == NULL ? "profile %.200s has no role_arn"
                                           : "profile %.200s has a web_identity_token_file",
             p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
    return;
  }
  why[0] = '\0';
  int err = make_source(p, why, sizeof why);
  if (err == 0)
    err = tcx__roles_key(arguments(p), TCX__JSON_SPACED, p->key);
  if (err != 0)
    fail(p, err, err == UV_ENOMEM ? NULL : why);
  else if (tcx__roles_answer(p->creds->roles, p->key, asker, provider->name))
    return;
  else if (key_of(p, "mfa_serial") != NULL)
    ask_code(p);
  else
    ask_source(p);
}

static void cancel_mfa(struct assume_role *p) {
  if (p->ready.queued) {
    tcx__ready_remove(p->creds->session, &p->ready);
    tcx__free(p->mfa);
  } else {
    p->mfa->role = NULL;
  }
  p->mfa = NULL;
}

static void cancel(struct tcx_provider *provider) {
  struct assume_role *p = (struct assume_role *)provider;
  if (p->state == MFA)
    cancel_mfa(p);
  else if (p->state == SOURCE && p->source->cancel != NULL)
    p->source->cancel(p->source);
  else if (p->state == CALL)
    tcx__inner_cancel(&p->inner);
  p->state = IDLE;
  tcx__wipe(p->code, sizeof p->code);
}

static void free_provider(struct tcx_provider *provider) {
  struct assume_role *p = (struct assume_role *)provider;
  if (p->source != NULL)
    p->source->free(p->source);
  tcx__free(p);
}

static int make(const struct tcx_creds *creds, const char *profile, const struct assume_role *child,
                struct tcx_provider **out) {
  struct assume_role *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  p->provider = (struct tcx_provider){"assume-role", fetch, cancel, free_provider};
  p->creds = creds;
  p->profile = profile;
  p->child = child;
  p->from_source.answer = on_source;
  p->inner = (struct tcx_inner){.session = creds->session, .done = on_assumed};
  p->ready.run = hand_over;
  *out = &p->provider;
  return 0;
}

int tcx__creds_assume_role(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out) {
  return make(creds, profile, NULL, out);
}
