/* services.h - the composition root: services.c is the one file of core that names credentials, S3
 * and the embedded models. */
#ifndef TCX_CORE_SERVICES_H
#define TCX_CORE_SERVICES_H
#include "core/hooks.h"
#include "core/identity.h"
#include "core/settings.h"
#include "model/model.h"

const struct tcx_packed_model *const *tcx__services_embedded(void); /* NULL-ended */
const struct tcx_partitions *tcx__services_partitions(void);
/* NULL when the service has none */
const struct tcx_customization *tcx__services_customization(const char *service);
/* The session's own provider: the program's callback, or the chain. */
int tcx__services_session_provider(tcx_session_t *session, const struct tcx_settings *settings,
                                   struct tcx_provider **out);
/* A client's explicit keys. */
int tcx__services_static_provider(const tcx_credentials_t *credentials, struct tcx_provider **out);
/* The session's bearer token, of single sign-on. */
int tcx__services_session_token_provider(tcx_session_t *session,
                                         const struct tcx_settings *settings,
                                         struct tcx_provider **out);
/* The region that this machine is in, as a token: of the metadata service of EC2. */
int tcx__services_home_provider(tcx_session_t *session, const struct tcx_settings *settings,
                                struct tcx_provider **out);
int tcx__services_token_provider(const char *token, const char *name, struct tcx_provider **out);
#endif
