/*
 * sso.c - the credentials of a role that single sign-on gives.
 *
 *   idle -> (cached: answered) -> TOKEN: sso_token.c -> CALL: sso GetRoleCredentials, unsigned ->
 *     answered: idle
 */
#include "creds/sso.h"
#include "base/json.h"
#include "base/mem.h"
#include "creds/inner.h"
#include "creds/roles.h"
#include <stddef.h>
#include <stdio.h>

struct sso {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile;
  struct tcx_provider *token;
  struct tcx_asker from_token;
  struct tcx_asker *asker;
  struct tcx_inner inner;
  struct tcx_sso config;
  const char *account, *role;
  char key[TCX__ROLE_KEY];
};

static void on_credentials(struct tcx_inner *inner, const tcx_value_t *response,
                           const tcx_error_t *error) {
  struct sso *p = (struct sso *)(void *)((char *)inner - offsetof(struct sso, inner));
  char why[TCX__CREDS_TEXT];
  if (error != NULL && error->code != NULL && strcmp(error->code, "UnauthorizedException") == 0) {
    tcx__sso_expired(p->profile, why, sizeof why);
    tcx__answer_failure(p->asker, TCX_ECREDS, why);
    return;
  }
  if (error != NULL) {
    tcx__answer_failure(p->asker, TCX_ECREDS, error->msg);
    return;
  }
  tcx_credentials_t c = {
      .access_key = tcx_value_str(response, "roleCredentials.accessKeyId"),
      .secret_key = tcx_value_str(response, "roleCredentials.secretAccessKey"),
      .session_token = tcx_value_str(response, "roleCredentials.sessionToken"),
      .account_id = p->account,
      .expires = tcx_value_int(response, "roleCredentials.expiration", 0) / 1000,
  };
  if (c.access_key == NULL || c.secret_key == NULL || c.session_token == NULL || c.expires == 0) {
    tcx__answer_failure(p->asker, TCX_ECREDS,
                        "the answer of single sign-on has no whole credentials");
    return;
  }
  tcx__roles_keep(p->creds->roles, p->key, &c, p->provider.name);
  tcx__answer_keys(p->asker, &c, p->provider.name);
}

static void on_token(struct tcx_asker *asker, const struct tcx_answer *a) {
  struct sso *p = (struct sso *)(void *)((char *)asker - offsetof(struct sso, from_token));
  if (a->status != 0) {
    tcx__answer_failure(p->asker, a->status == UV_ENOENT ? TCX_ECREDS : a->status, a->why);
    return;
  }
  tcx_client_options_t o = {.region = p->config.region, .unsigned_requests = true};
  tcx_value_t *params =
      tcx_params("{roleName: %s, accountId: %s, accessToken: %s}", p->role, p->account, a->token);
  int err = tcx__inner_start(&p->inner, "sso", &o, "get_role_credentials", params);
  if (err != 0)
    tcx__answer_failure(p->asker, err, NULL);
}

/* The four that every profile must have. UV_ENOENT: it is about something else. */
static int configure(struct sso *p, char *why, size_t size) {
  p->account = tcx__creds_profile_key(p->creds, p->profile, "sso_account_id");
  p->role = tcx__creds_profile_key(p->creds, p->profile, "sso_role_name");
  if (p->account == NULL && p->role == NULL) {
    snprintf(why, size, "profile %.200s has neither sso_account_id nor sso_role_name", p->profile);
    return UV_ENOENT;
  }
  int err = tcx__sso_read(p->creds, p->profile, &p->config, why, size);
  if (err != 0)
    return err;
  const char *const values[] = {p->role, p->account, p->config.start_url, p->config.region};
  static const char *const names[] = {"sso_role_name", "sso_account_id", "sso_start_url",
                                      "sso_region"};
  size_t used = (size_t)snprintf(
      why, size,
      "The profile \"%.200s\" is configured to use SSO but is missing required configuration:",
      p->profile);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (values[i] != NULL)
      continue;
    used += (size_t)snprintf(why + used, size - used, "%s %s", err != 0 ? "," : "", names[i]);
    err = TCX_ECONFIG;
  }
  return err;
}

/* What makes the cache's key, in the order of the names. */
static int make_key(struct sso *p) {
  tcx_value_t *args = tcx_params("{accountId: %s, roleName: %s}", p->account, p->role);
  if (p->config.session != NULL)
    tcx_value_set_str(args, "sessionName", p->config.session);
  else
    tcx_value_set_str(args, "startUrl", p->config.start_url);
  return tcx__roles_key(args, TCX__JSON_COMPACT, p->key);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct sso *p = (struct sso *)provider;
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  int err = configure(p, why, sizeof why);
  if (err == 0)
    err = make_key(p);
  if (err != 0)
    tcx__answer_failure(asker, err, err == UV_ENOMEM ? NULL : why);
  else if (!tcx__roles_answer(p->creds->roles, p->key, asker, provider->name))
    p->token->fetch(p->token, &p->from_token);
}

static void cancel(struct tcx_provider *provider) {
  struct sso *p = (struct sso *)provider;
  if (p->inner.call != NULL)
    tcx__inner_cancel(&p->inner);
  else
    p->token->cancel(p->token);
}

static void free_provider(struct tcx_provider *provider) {
  struct sso *p = (struct sso *)provider;
  p->token->free(p->token);
  tcx__free(p);
}

int tcx__creds_sso(const struct tcx_creds *creds, const char *profile, struct tcx_provider **out) {
  struct sso *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  int err = tcx__creds_sso_token(creds, profile, true, &p->token);
  if (err != 0) {
    tcx__free(p);
    return err;
  }
  p->provider = (struct tcx_provider){"sso", fetch, cancel, free_provider};
  p->creds = creds;
  p->profile = profile;
  p->from_token.answer = on_token;
  p->inner = (struct tcx_inner){.session = creds->session, .done = on_credentials};
  *out = &p->provider;
  return 0;
}
