/* profile_keys.c - keys that stand in a profile: of the credentials file, of the config file. */
#include "base/mem.h"
#include "creds/creds.h"
#include <stdio.h>

struct profile_keys {
  struct tcx_provider provider;
  const char *profile;
  const struct tcx_value *section; /* NULL: no such profile in the file */
};

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  const struct profile_keys *p = (const struct profile_keys *)provider;
  tcx_credentials_t c = {
      .access_key = tcx__creds_key(p->section, "aws_access_key_id"),
      .secret_key = tcx__creds_key(p->section, "aws_secret_access_key"),
      .session_token = tcx__creds_key(p->section, "aws_session_token"),
      .account_id = tcx__creds_key(p->section, "aws_account_id"),
  };
  char why[TCX__CREDS_TEXT];
  if (c.session_token == NULL)
    c.session_token = tcx__creds_key(p->section, "aws_security_token");
  if (p->section == NULL) {
    snprintf(why, sizeof why, "it has no profile %s", p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
  } else if (c.access_key == NULL) {
    snprintf(why, sizeof why, "profile %s has no aws_access_key_id", p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
  } else if (c.secret_key == NULL) {
    snprintf(why, sizeof why, "Partial credentials found in %s, missing: aws_secret_access_key",
             provider->name);
    tcx__answer_failure(asker, TCX_ECREDS, why);
  } else {
    tcx__answer_keys(asker, &c, provider->name);
  }
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

static int make(const char *name, const char *profile, const struct tcx_value *section,
                struct tcx_provider **out) {
  struct profile_keys *p = tcx__malloc(sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  *p = (struct profile_keys){{name, fetch, NULL, free_provider}, profile, section};
  *out = &p->provider;
  return 0;
}

int tcx__creds_shared_file(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out) {
  return make("shared-credentials-file", profile,
              tcx__settings_profile(creds->settings, profile).secrets, out);
}

int tcx__creds_config_file(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out) {
  return make("config-file", profile, tcx__settings_profile(creds->settings, profile).config, out);
}
