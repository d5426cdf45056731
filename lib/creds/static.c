#include "base/mem.h"
#include "creds/creds.h"
#include <stddef.h>

struct static_provider {
  struct tcx_provider provider;
  struct tcx_identity *identity; /* holds the copies, and wipes them */
};

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  const struct tcx_identity *id = ((struct static_provider *)provider)->identity;
  if (id->token != NULL) {
    tcx__answer_token(asker, id->token, 0, provider->name);
    return;
  }
  tcx_credentials_t c = {id->access_key, id->secret_key, id->session_token, id->account_id, 0};
  tcx__answer_keys(asker, &c, provider->name);
}

static void free_provider(struct tcx_provider *provider) {
  tcx__identity_release(((struct static_provider *)provider)->identity);
  tcx__free(provider);
}

static int make(const tcx_credentials_t *credentials, const char *token, const char *name,
                struct tcx_provider **out) {
  struct static_provider *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  int err = tcx__identity_new(credentials, token, name, &p->identity);
  if (err != 0) {
    tcx__free(p);
    return err;
  }
  p->provider = (struct tcx_provider){name, fetch, NULL, free_provider};
  *out = &p->provider;
  return 0;
}

int tcx__creds_static(const tcx_credentials_t *credentials, struct tcx_provider **out) {
  return make(credentials, NULL, "explicit", out);
}
int tcx__creds_token(const char *token, const char *name, struct tcx_provider **out) {
  return make(&(tcx_credentials_t){0}, token, name, out);
}
