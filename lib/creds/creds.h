/*
 * creds.h - the credential providers. Each is a struct tcx_provider (core/identity.h), one file
 * each, made by one function and freed by who asks it: a source, the chain, a role.
 *
 * A provider that has nothing to say answers UV_ENOENT and why, and the chain asks the next; any
 * other failure ends the search. What providers of one session share is a struct tcx_creds.
 */
#ifndef TCX_CREDS_CREDS_H
#define TCX_CREDS_CREDS_H
#include "core/identity.h"
#include "core/settings.h"

#define TCX__CREDS_TEXT 1024 /* bytes of the longest reason */

struct tcx_creds {
  tcx_session_t *session;
  const struct tcx_settings *settings;
  struct tcx_roles *roles; /* roles.h */
};

/* Keys that the program gave; "explicit". Copies. */
int tcx__creds_static(const tcx_credentials_t *credentials, struct tcx_provider **out);
/* A bearer token that is known: "explicit", "env" (name is a literal). Copies. */
int tcx__creds_token(const char *token, const char *name, struct tcx_provider **out);
/* The program's own callback; "custom". */
int tcx__creds_callback(tcx_session_t *session, tcx_credentials_cb cb, void *data,
                        struct tcx_provider **out);

/* The session's bearer token, of a profile that names an sso-session; "sso". settings must outlive
 * it. */
int tcx__creds_session_token(tcx_session_t *session, const struct tcx_settings *settings,
                             struct tcx_provider **out);
/* All of them, in botocore's order, and the program's callback where credentials_before says.
 * settings must outlive it. */
int tcx__creds_chain(tcx_session_t *session, const struct tcx_settings *settings,
                     struct tcx_provider **out);

/* The links. creds and the profile's name must outlive them. UV_ENOMEM only. */
int tcx__creds_env(const struct tcx_creds *creds, struct tcx_provider **out);
int tcx__creds_assume_role(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out);
int tcx__creds_web_identity(const struct tcx_creds *creds, const char *profile,
                            struct tcx_provider **out);
/* the environment's variables do not count */
int tcx__creds_source_web_identity(const struct tcx_creds *creds, const char *profile,
                                   struct tcx_provider **out);
int tcx__creds_sso(const struct tcx_creds *creds, const char *profile, struct tcx_provider **out);
int tcx__creds_shared_file(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out);
int tcx__creds_config_file(const struct tcx_creds *creds, const char *profile,
                           struct tcx_provider **out);
int tcx__creds_login(const struct tcx_creds *creds, const char *profile, struct tcx_provider **out);
int tcx__creds_process(const struct tcx_creds *creds, const char *profile,
                       struct tcx_provider **out);

int tcx__creds_container(const struct tcx_creds *creds, struct tcx_provider **out);
int tcx__creds_imds(const struct tcx_creds *creds, struct tcx_provider **out);
/* No credentials: the region that this machine is in, as a token, or "unknown"; "home-region".
 * Fails for UV_ENOMEM only. settings must outlive it. */
int tcx__creds_home(tcx_session_t *session, const struct tcx_settings *settings,
                    struct tcx_provider **out);
/* Those of a profile that is another role's source. */
int tcx__creds_profile_chain(const struct tcx_creds *creds, const char *profile,
                             struct tcx_provider **out);

/* ---- what several of them need ---- */

/* A key of a section that is there and not empty, or NULL. */
const char *tcx__creds_key(const struct tcx_value *section, const char *key);
/* The same of a profile: the credentials file's value before the config file's. */
const char *tcx__creds_profile_key(const struct tcx_creds *creds, const char *profile,
                                   const char *key);

/* A RoleSessionName for who has none. */
void tcx__creds_session_name(const struct tcx_creds *creds, tcx_value_t *params);

/* The JSON document in which processes and metadata services hand out keys. */
struct tcx_creds_document {
  struct tcx_arena *arena; /* tcx__creds_document_end wipes and frees it */
  struct tcx_value *map;
  tcx_credentials_t keys;
};
/* Parses; map is an object. UV_ENOMEM, or TCX_ECREDS for what is none. */
int tcx__creds_document_begin(struct tcx_creds_document *document, const char *text, size_t n);
/* Fills keys. token: the member that holds the session token. TCX_ECREDS and why, which is in the
 * arena. */
int tcx__creds_document_keys(struct tcx_creds_document *document, const char *token,
                             const char **why);
void tcx__creds_document_end(struct tcx_creds_document *document); /* harmless when all zero */
#endif
