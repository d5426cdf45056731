/* sso.h - what a profile says of single sign-on, and the token that a sign-on has left behind. */
#ifndef TCX_CREDS_SSO_H
#define TCX_CREDS_SSO_H
#include "creds/creds.h"

struct tcx_sso {
  /* name of the sso-session; NULL: the profile has all by itself */
  const char *session;
  const char *start_url, *region; /* NULL when not said */
};
/* Of the profile, with its sso-session's values put in. TCX_ECONFIG and why: the session does not
 * exist, or the two disagree. */
int tcx__sso_read(const struct tcx_creds *creds, const char *profile, struct tcx_sso *sso,
                  char *why, size_t size);
/* The provider of the token: from the file that "aws sso login" writes, renewed through sso-oidc
 * near its end where the file has what that needs. "sso". It has none where the profile names no
 * sso-session and (for SSO credentials alone) no start URL. */
int tcx__creds_sso_token(const struct tcx_creds *creds, const char *profile, bool legacy,
                         struct tcx_provider **out);
/* Says which command renews it. */
void tcx__sso_expired(const char *profile, char *why, size_t size);
#endif
