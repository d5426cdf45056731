/*
 * settings.h - what the environment and the AWS files say: read once a session, at its first client.
 *
 * Precedence, for one setting: environment, then the active profile. Whoever asks has looked at options first.
 */
#ifndef TCX_CORE_SETTINGS_H
#define TCX_CORE_SETTINGS_H
#include "base/error.h"
#include "base/value.h"

struct tcx_settings {
  struct tcx_arena *arena;             /* the session's */
  const char *home;                    /* may be NULL */
  const char *profile;                 /* name of the active profile */
  bool profile_given;                  /* named by an option or the environment */
  bool profile_from_option;
  const struct tcx_value *config;      /* MAP of sections; never NULL */
  const struct tcx_value *credentials; /* MAP of profiles; never NULL */
  const struct tcx_value *scoped;      /* the active profile in config, or NULL */
  const struct tcx_value *secrets;     /* the active profile in credentials, or NULL */
};
struct tcx_settings_options { const char *profile, *config_file, *credentials_file; };
/* Blocking file reads. TCX_ECONFIG: a file that cannot be parsed, an option's file that cannot be read, a profile that was named and is nowhere. */
int tcx__settings_load(struct tcx_arena *arena, const struct tcx_settings_options *options, struct tcx_settings **out, struct tcx_fail *f);
/* The environment variable (not empty) or the profile's key (credentials file first, as botocore merges them); NULL when neither. Either name may be NULL. */
const char *tcx__setting(const struct tcx_settings *settings, const char *env, const char *key);
/* A profile by its name: its section of the config file and that of the credentials file, NULL where there is none. */
struct tcx_profile { const struct tcx_value *config, *secrets; };
struct tcx_profile tcx__settings_profile(const struct tcx_settings *settings, const char *name);
/* "[sso-session NAME]" of the config file, or NULL. */
const struct tcx_value *tcx__settings_section(const struct tcx_settings *settings, const char *kind, const char *name);
/* A key in a nested block of the profile ("s3", "addressing_style"), or NULL. */
const char *tcx__setting_nested(const struct tcx_settings *settings, const char *block, const char *key);
/* endpoint_url for a service id ("S3"): botocore's order of variables, services section and profile; NULL when none or when they are to be ignored. TCX_ECONFIG for a services section that is missing. */
int tcx__setting_endpoint_url(const struct tcx_settings *settings, const char *service_id, const char **url, struct tcx_fail *f);
const char *tcx__getenv(const char *name);     /* NULL also when empty */
#endif
