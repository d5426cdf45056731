/* user_agent_origin.c - which features credentials stand for: their provider's, and what of the
 * session's profile led to it. */
#include "core/settings.h"
#include "core/user_agent.h"
#include <string.h>

#define USES TCX__USES

static bool has(const struct tcx_settings *s, const char *key) {
  return tcx__map_text(s->active, key) != NULL;
}

/* Of a role's source: a named provider, or another profile, with keys of its own or not. */
static uint64_t uses_of_role(const struct tcx_settings *s) {
  static const struct {
    const char *name;
    uint64_t uses;
  } named[] = {
      {"Environment", USES(TCX__USES_KEYS_OF_ENVIRONMENT)},
      {"EcsContainer", USES(TCX__USES_CONTAINER)},
      {"Ec2InstanceMetadata", USES(TCX__USES_IMDS)},
  };
  const char *provider = tcx__map_text(s->active, "credential_source");
  const char *source = tcx__map_text(s->active, "source_profile");
  if (source != NULL) {
    const struct tcx_value *profile = tcx__value_find(s->profiles, source, strlen(source));
    bool keys = tcx__map_text(profile, "aws_access_key_id") != NULL;
    return USES(TCX__USES_SOURCE_PROFILE) | (keys ? USES(TCX__USES_PROFILE) : 0);
  }
  for (size_t i = 0; provider != NULL && i < sizeof named / sizeof named[0]; i++)
    if (strcmp(named[i].name, provider) == 0)
      return USES(TCX__USES_NAMED_PROVIDER) | named[i].uses;
  return 0;
}

/* Each of the three may come from either. */
static uint64_t uses_of_web_identity(const struct tcx_settings *s) {
  static const char *const names[][2] = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"},
                                         {"AWS_ROLE_ARN", "role_arn"},
                                         {"AWS_ROLE_SESSION_NAME", "role_session_name"}};
  uint64_t uses = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!s->profile_from_option && tcx__getenv(names[i][0]) != NULL)
      uses |= USES(TCX__USES_ENVIRONMENT_WEB_IDENTITY);
    else if (has(s, names[i][1]))
      uses |= USES(TCX__USES_PROFILE_WEB_IDENTITY);
  }
  return uses;
}

uint64_t tcx__uses_of_origin(const struct tcx_settings *s, const char *origin) {
  static const struct {
    const char *origin;
    uint64_t uses;
  } table[] = {
      {"explicit", USES(TCX__USES_KEYS_IN_CODE)},
      {"env", USES(TCX__USES_KEYS_OF_ENVIRONMENT)},
      {"shared-credentials-file", USES(TCX__USES_PROFILE)},
      {"config-file", USES(TCX__USES_PROFILE)},
      {"custom-process", USES(TCX__USES_PROFILE_PROCESS) | USES(TCX__USES_PROCESS)},
      {"login", USES(TCX__USES_PROFILE_LOGIN) | USES(TCX__USES_LOGIN)},
      {"container-role", USES(TCX__USES_CONTAINER)},
      {"iam-role", USES(TCX__USES_IMDS)},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(table[i].origin, origin) == 0)
      return table[i].uses;
  if (strcmp(origin, "assume-role") == 0)
    return USES(TCX__USES_ROLE) | uses_of_role(s);
  if (strcmp(origin, "assume-role-with-web-identity") == 0)
    return USES(TCX__USES_WEB_IDENTITY) | uses_of_web_identity(s);
  if (strcmp(origin, "sso") == 0)
    return has(s, "sso_session") ? USES(TCX__USES_PROFILE_SSO) | USES(TCX__USES_SSO)
                                 : USES(TCX__USES_PROFILE_SSO_LEGACY) | USES(TCX__USES_SSO_LEGACY);
  return 0;
}
