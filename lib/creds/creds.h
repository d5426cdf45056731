/* creds.h - the credential providers. Each is a struct tcx_provider (core/identity.h), made by one function and freed by its source. */
#ifndef TCX_CREDS_CREDS_H
#define TCX_CREDS_CREDS_H
#include "core/identity.h"
#include "core/settings.h"

/* Keys that the program gave; "explicit". Copies. */
int tcx__creds_static(const tcx_credentials_t *credentials, struct tcx_provider **out);
/* A bearer token that is known: "explicit", "env" (name is a literal). Copies. */
int tcx__creds_token(const char *token, const char *name, struct tcx_provider **out);
/* The program's own callback; "custom". */
int tcx__creds_callback(tcx_session_t *session, tcx_credentials_cb cb, void *data, struct tcx_provider **out);
/* Environment, then the credentials file, then the config file. settings must outlive it. */
int tcx__creds_chain(const struct tcx_settings *settings, struct tcx_provider **out);
#endif
