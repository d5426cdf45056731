/* env.c - the environment's variables, read at each fetch. */
#include "base/mem.h"
#include "base/time.h"
#include "creds/creds.h"

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  const char *expires = tcx__getenv("AWS_CREDENTIAL_EXPIRATION");
  tcx_credentials_t c = {
      .access_key = tcx__getenv("AWS_ACCESS_KEY_ID"),
      .secret_key = tcx__getenv("AWS_SECRET_ACCESS_KEY"),
      .session_token = tcx__getenv("AWS_SECURITY_TOKEN"),
      .account_id = tcx__getenv("AWS_ACCOUNT_ID"),
  };
  int32_t nanoseconds;
  if (c.session_token == NULL)
    c.session_token = tcx__getenv("AWS_SESSION_TOKEN");
  if (c.access_key == NULL)
    tcx__answer_failure(asker, UV_ENOENT, "AWS_ACCESS_KEY_ID is not set");
  else if (c.secret_key == NULL)
    tcx__answer_failure(asker, TCX_ECREDS,
                        "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY");
  else if (expires != NULL && tcx__time_read(tcx__str(expires), &c.expires, &nanoseconds) != 0)
    tcx__answer_failure(asker, TCX_ECREDS, "AWS_CREDENTIAL_EXPIRATION is not a time");
  else
    tcx__answer_keys(asker, &c, provider->name);
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

int tcx__creds_env(const struct tcx_creds *creds, struct tcx_provider **out) {
  struct tcx_provider *p = tcx__malloc(sizeof *p);
  (void)creds;
  if (p == NULL)
    return UV_ENOMEM;
  *p = (struct tcx_provider){"env", fetch, NULL, free_provider};
  *out = p;
  return 0;
}
