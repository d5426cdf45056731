/*
 * web_identity.c - a role that is assumed with a token in a file, as EKS and CI services lay it
 * there.
 *
 *   idle -> (cached: answered) -> the file is read -> CALL: sts AssumeRoleWithWebIdentity, unsigned
 *     -> answered: idle
 */
#include "base/json.h"
#include "base/mem.h"
#include "creds/creds.h"
#include "creds/file.h"
#include "creds/inner.h"
#include "creds/roles.h"
#include <stddef.h>
#include <stdio.h>

#define TOKEN_MAX (64 * 1024u)

struct web_identity {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile;
  bool environment; /* its variables count, before the profile */
  struct tcx_asker *asker;
  struct tcx_inner inner;
  char key[TCX__ROLE_KEY];
};

static const char *setting(const struct web_identity *p, const char *env, const char *key) {
  const char *value = p->environment ? tcx__getenv(env) : NULL;
  return value != NULL ? value : tcx__creds_profile_key(p->creds, p->profile, key);
}
static const char *session_name(const struct web_identity *p) {
  return setting(p, "AWS_ROLE_SESSION_NAME", "role_session_name");
}

static tcx_value_t *arguments(const struct web_identity *p) {
  tcx_value_t *args = tcx_value_new_map();
  tcx_value_set_str(args, "RoleArn", setting(p, "AWS_ROLE_ARN", "role_arn"));
  return tcx_value_set_str(args, "RoleSessionName", session_name(p));
}

static void on_assumed(struct tcx_inner *inner, const tcx_value_t *response,
                       const tcx_error_t *error) {
  struct web_identity *p =
      (struct web_identity *)(void *)((char *)inner - offsetof(struct web_identity, inner));
  if (error != NULL)
    tcx__answer_failure(p->asker, TCX_ECREDS, error->msg);
  else
    tcx__roles_take(p->creds->roles, p->key, response, p->asker, p->provider.name);
}

static void call(struct web_identity *p, struct tcx_str token) {
  tcx_client_options_t o = {.region = tcx__inner_region(p->creds->session),
                            .unsigned_requests = true};
  tcx_value_t *args = arguments(p);
  if (session_name(p) == NULL)
    tcx__creds_session_name(p->creds, args);
  tcx_value_put(args, "WebIdentityToken", strlen("WebIdentityToken"), tcx_value_new_str(token.p));
  int err = tcx__inner_start(&p->inner, "sts", &o, "assume_role_with_web_identity", args);
  if (err != 0)
    tcx__answer_failure(p->asker, err, NULL);
}

static void read_token(struct web_identity *p, const char *path) {
  char why[TCX__CREDS_TEXT];
  struct tcx_buf token;
  tcx__buf_init(&token, NULL, TOKEN_MAX);
  int err = tcx__file_read(path, &token);
  if (err == 0 && (token.len == 0 || strlen(token.data) != token.len))
    err = UV_EINVAL;
  if (err == 0) {
    call(p, tcx__buf_str(&token));
  } else {
    snprintf(why, sizeof why, "web_identity_token_file %.600s: %s", path,
             err == UV_EINVAL ? "it holds no token" : tcx_strerror(err));
    tcx__answer_failure(p->asker, err == UV_ENOMEM ? err : TCX_ECREDS, why);
  }
  tcx__buf_wipe(&token);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct web_identity *p = (struct web_identity *)provider;
  const char *path = setting(p, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  if (path == NULL) {
    snprintf(why, sizeof why, "%sprofile %.200s has no web_identity_token_file",
             p->environment ? "AWS_WEB_IDENTITY_TOKEN_FILE is not set and " : "", p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
    return;
  }
  if (setting(p, "AWS_ROLE_ARN", "role_arn") == NULL) {
    tcx__answer_failure(
        asker, TCX_ECONFIG,
        "The provided profile or the current environment is configured to assume role with web "
        "identity but has no role ARN configured. Ensure that the profile has the "
        "role_arn configuration set or the AWS_ROLE_ARN env var is set.");
    return;
  }
  int err = tcx__roles_key(arguments(p), TCX__JSON_SPACED, p->key);
  if (err != 0)
    tcx__answer_failure(asker, err, NULL);
  else if (!tcx__roles_answer(p->creds->roles, p->key, asker, provider->name))
    read_token(p, path);
}

static void cancel(struct tcx_provider *provider) {
  tcx__inner_cancel(&((struct web_identity *)provider)->inner);
}
static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

static int make(const struct tcx_creds *creds, const char *profile, bool environment,
                struct tcx_provider **out) {
  struct web_identity *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  p->provider =
      (struct tcx_provider){"assume-role-with-web-identity", fetch, cancel, free_provider};
  p->creds = creds;
  p->profile = profile;
  p->environment = environment;
  p->inner = (struct tcx_inner){.session = creds->session, .done = on_assumed};
  *out = &p->provider;
  return 0;
}

int tcx__creds_web_identity(const struct tcx_creds *creds, const char *profile,
                            struct tcx_provider **out) {
  return make(creds, profile, !creds->settings->profile_from_option, out);
}
int tcx__creds_source_web_identity(const struct tcx_creds *creds, const char *profile,
                                   struct tcx_provider **out) {
  return make(creds, profile, false, out);
}
