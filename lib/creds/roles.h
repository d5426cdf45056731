/*
 * roles.h - temporary credentials that one provider has had and another may use: by a key that is
 * made of what was asked for, as botocore makes it. Kept in memory, and in files when the session's
 * credentials_cache names a folder: KEY.json, as the AWS CLI writes them.
 */
#ifndef TCX_CREDS_ROLES_H
#define TCX_CREDS_ROLES_H
#include "core/identity.h"

#define TCX__ROLE_KEY 41 /* SHA-1 in hex, and a NUL */

struct tcx_roles;
int tcx__roles_new(tcx_session_t *session, struct tcx_roles **out); /* UV_ENOMEM */
void tcx__roles_free(struct tcx_roles *roles);                      /* NULL is fine */
/* The hash of args (a built map, in the order of its names; CONSUMED) as JSON. style:
 * base/json.h's. UV_ENOMEM. */
int tcx__roles_key(tcx_value_t *args, int style, char key[TCX__ROLE_KEY]);
/* Answers asker from the cache, from inside, with what lives longer than the advisory window; false
 * when there is none. */
bool tcx__roles_answer(struct tcx_roles *roles, const char *key, struct tcx_asker *asker,
                       const char *origin);
/* Keeps them, best effort. */
void tcx__roles_keep(struct tcx_roles *roles, const char *key, const tcx_credentials_t *credentials,
                     const char *origin);
/* The Credentials of an AssumeRole response, or of one of its kin: kept under key, then
 * answered. */
void tcx__roles_take(struct tcx_roles *roles, const char *key, const tcx_value_t *response,
                     struct tcx_asker *asker, const char *origin);
#endif
