#include "core/services.h"
#include "core/session.h"
#include "creds/creds.h"
#include "custom/custom.h"
#include "s3/s3.h"
#include <string.h>

const struct tcx_packed_model *const *tcx__services_embedded(void) { return tcx__embedded_models; }
const struct tcx_partitions *tcx__services_partitions(void) { return tcx__embedded_partitions; }

const struct tcx_customization *tcx__services_customization(const char *service) {
  static const struct tcx_customization *const all[] = {
      &tcx__s3,
      &tcx__s3control,
      &tcx__custom_apigateway,
      &tcx__custom_autoscaling,
      &tcx__custom_cloudformation,
      &tcx__custom_cloudsearchdomain,
      &tcx__custom_docdb,
      &tcx__custom_dynamodb,
      &tcx__custom_ec2,
      &tcx__custom_events,
      &tcx__custom_glacier,
      &tcx__custom_iam,
      &tcx__custom_importexport,
      &tcx__custom_logs,
      &tcx__custom_machinelearning,
      &tcx__custom_neptune,
      &tcx__custom_polly,
      &tcx__custom_rds,
      &tcx__custom_route53,
      &tcx__custom_sso_oidc,
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (strcmp(all[i]->service, service) == 0)
      return all[i];
  return NULL;
}

int tcx__services_session_provider(tcx_session_t *session, const struct tcx_settings *settings,
                                   struct tcx_provider **out) {
  if (session->credentials != NULL && session->credentials_before == NULL)
    return tcx__creds_callback(session, session->credentials, session->credentials_data, out);
  return tcx__creds_chain(session, settings, out);
}

int tcx__services_session_token_provider(tcx_session_t *session,
                                         const struct tcx_settings *settings,
                                         struct tcx_provider **out) {
  return tcx__creds_session_token(session, settings, out);
}

int tcx__services_home_provider(tcx_session_t *session, const struct tcx_settings *settings,
                                struct tcx_provider **out) {
  return tcx__creds_home(session, settings, out);
}

int tcx__services_static_provider(const tcx_credentials_t *credentials, struct tcx_provider **out) {
  return tcx__creds_static(credentials, out);
}

int tcx__services_token_provider(const char *token, const char *name, struct tcx_provider **out) {
  return tcx__creds_token(token, name, out);
}
