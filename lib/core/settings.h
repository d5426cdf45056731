/*
 * settings.h - what the AWS files say, and which profile counts: read once a session, at its first
 * client. variables.h asks them, and the environment.
 */
#ifndef TCX_CORE_SETTINGS_H
#define TCX_CORE_SETTINGS_H
#include "base/error.h"
#include "base/value.h"

/* the session's; NULL where it has none */
struct tcx_settings_options {
  const char *profile, *region, *config_file, *credentials_file, *data_path;
};
struct tcx_settings {
  struct tcx_arena *arena; /* the session's */
  struct tcx_settings_options options;
  const char *home;                           /* may be NULL */
  const char *config_path, *credentials_path; /* as they were opened */
  const char *profile;                        /* name of the active profile */
  bool profile_given;                         /* named by an option or the environment */
  bool profile_from_option;
  /* MAP of the config file's sections, names as written; never NULL */
  const struct tcx_value *config;
  const struct tcx_value *credentials; /* MAP of the credentials file's profiles; never NULL */
  /* MAP by name: both files' keys, the credentials file's over the config file's; never NULL */
  const struct tcx_value *profiles;
  const struct tcx_value *config_profiles; /* MAP by name: the config file's alone; never NULL */
  /* MAPs by name: the config file's sections of that kind; never NULL */
  const struct tcx_value *sso_sessions, *services;
  const struct tcx_value *scoped; /* the active profile in the config file alone, or NULL */
  /* the active profile in the credentials file alone, or NULL */
  const struct tcx_value *secrets;
  const struct tcx_value *active; /* the active profile of both, or NULL */
};
/* Blocking file reads. TCX_ECONFIG: a file that cannot be read or parsed, an option's file that is
 * not there, a profile that was named and is nowhere. options is copied, not its texts. */
int tcx__settings_load(struct tcx_arena *arena, const struct tcx_settings_options *options,
                       struct tcx_settings **out, struct tcx_fail *f);
/* A profile by its name: its section of the config file and that of the credentials file, NULL
 * where there is none. */
struct tcx_profile {
  const struct tcx_value *config, *secrets;
};
struct tcx_profile tcx__settings_profile(const struct tcx_settings *settings, const char *name);
/* A section of the config file by its kind ("sso-session", "services") and name, or NULL. */
const struct tcx_value *tcx__settings_section(const struct tcx_settings *settings, const char *kind,
                                              const char *name);
/* A path of configuration: $NAME and ${NAME} are put in where they are set, then ~ at its
 * beginning. NULL: out of memory. */
const char *tcx__expand_path(const struct tcx_settings *settings, const char *path);
/* A map's member that is text and not empty, or NULL. map may be NULL. */
const char *tcx__map_text(const struct tcx_value *map, const char *key);
const char *tcx__getenv(const char *name); /* NULL also when empty */
#endif
