/*
 * settings.c - the two files, their sections by kind, and the active profile.
 *
 *   config file       [default], [profile NAME], [sso-session NAME], [services NAME]; NAME is a
 *                     word as a shell would read it
 *   credentials file  [NAME]: its keys are put over those of the config file's profile of that name
 */
#include "core/settings.h"
#include "base/ini.h"
#include "base/mem.h"
#include "base/words.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_TEXT_MAX 65536u

const char *tcx__getenv(const char *name) {
  const char *value = name != NULL ? getenv(name) : NULL;
  return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ---- paths ---- */

/* At a '$': the name behind it, with or without braces. The bytes that it takes, 0 when it is no
 * name. */
static size_t variable_at(const char *p, struct tcx_str *name) {
  bool braces = p[1] == '{';
  const char *start = p + 1 + braces, *end = start;
  while (braces ? *end != '\0' && *end != '}' : isalnum((unsigned char)*end) || *end == '_')
    end++;
  *name = (struct tcx_str){start, (size_t)(end - start)};
  if (name->n == 0 || (braces && *end != '}'))
    return 0;
  return (size_t)(end - p) + braces;
}

const char *tcx__expand_path(const struct tcx_settings *s, const char *path) {
  struct tcx_buf out;
  tcx__buf_init(&out, s->arena, PATH_TEXT_MAX);
  for (const char *p = path; *p != '\0';) {
    struct tcx_str name;
    size_t n = *p == '$' ? variable_at(p, &name) : 0;
    const char *copy = n > 0 ? tcx__arena_strndup(s->arena, name.p, name.n) : NULL;
    if (n > 0 && copy == NULL)
      return NULL;
    const char *value = copy != NULL ? getenv(copy) : NULL;
    if (value != NULL)
      tcx__buf_adds(&out, value);
    else
      tcx__buf_add(&out, p, n > 0 ? n : 1);
    p += n > 0 ? n : 1;
  }
  if (out.status != 0)
    return NULL;
  const char *text = out.data != NULL ? out.data : "";
  if (text[0] != '~' || (text[1] != '/' && text[1] != '\0') || s->home == NULL)
    return text;
  return tcx__arena_printf(s->arena, "%s%s", s->home, text + 1);
}

/* ---- files ---- */

static int unreadable(struct tcx_fail *f, const char *path, const char *why) {
  return tcx__fail(f, TCX_ECONFIG, "Unable to read config file: %s: %s", path, why);
}

static int read_open_file(FILE *file, off_t size, const char *path, struct tcx_arena *arena,
                          char **text, size_t *len, struct tcx_fail *f) {
  if (size > (off_t)TCX__INI_MAX)
    return tcx__fail(f, TCX_ECONFIG, "Unable to parse config file: %s: larger than %u MiB", path,
                     TCX__INI_MAX >> 20);
  size_t cap = (size_t)size + 1;
  *text = tcx__arena_alloc(arena, cap + 1);
  if (*text == NULL)
    return tcx__fail_memory(f);
  *len = fread(*text, 1, cap, file);
  if (ferror(file))
    return unreadable(f, path, strerror(errno));
  (*text)[*len] = '\0';
  return 0;
}

/* found false: there is no file of that name. Only files are opened for good, since a pipe could
 * block for ever; a device (/dev/null) is an empty file, its *file NULL. */
static int open_file(const char *path, bool *found, FILE **file, off_t *size, struct tcx_fail *f) {
  struct stat st;
  *file = NULL;
  *found = false;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return errno == ENOENT || errno == ENOTDIR || errno == ENXIO
               ? 0
               : unreadable(f, path, strerror(errno));
  bool known = fstat(fd, &st) == 0;
  if (known && S_ISREG(st.st_mode)) {
    *found = true;
    *size = st.st_size;
    *file = fdopen(fd, "rb");
    if (*file != NULL)
      return 0;
    close(fd);
    return tcx__fail_memory(f);
  }
  *found = known && S_ISCHR(st.st_mode);
  close(fd);
  return 0;
}

/* A file that does not exist is an empty one, unless an option asked for it. */
static int read_ini(struct tcx_settings *s, const char *path, bool required, struct tcx_value **out,
                    struct tcx_fail *f) {
  FILE *file;
  off_t size = 0;
  bool found;
  int err = open_file(path, &found, &file, &size, f);
  if (err != 0)
    return err;
  if (required && !found)
    return tcx__fail(f, TCX_ECONFIG, "The specified config file (%s) could not be found.", path);
  if (file == NULL) {
    *out = tcx__value_new(s->arena, TCX_MAP);
    return *out == NULL ? tcx__fail_memory(f) : 0;
  }
  char *text = NULL;
  size_t len = 0;
  err = read_open_file(file, size, path, s->arena, &text, &len, f);
  fclose(file);
  if (err != 0)
    return err;
  struct tcx_fail inner = {.arena = s->arena};
  err = tcx__ini_parse(s->arena, text, len, out, &inner);
  return err == 0 ? 0
                  : tcx__fail(f, err, "Unable to parse config file: %s: %s", path,
                              inner.text != NULL ? inner.text : tcx_strerror(err));
}

/* ---- sections ---- */

/* The second of exactly two words, or NULL with 0: the section is none of this kind. */
static int section_name(struct tcx_arena *arena, const char *title, char **name) {
  size_t room = strlen(title) + 1;
  char *word = tcx__arena_alloc(arena, room), *second = tcx__arena_alloc(arena, room),
       *rest = tcx__arena_alloc(arena, room);
  if (word == NULL || second == NULL || rest == NULL)
    return UV_ENOMEM;
  const char *p = title;
  *name = tcx__word_next(&p, word) == 1 && tcx__word_next(&p, second) == 1 &&
                  tcx__word_next(&p, rest) == 0
              ? second
              : NULL;
  return 0;
}

/* The same value once more, to stand in another map: what it holds is shared. */
static struct tcx_value *share(struct tcx_arena *arena, const struct tcx_value *v) {
  struct tcx_value *copy = tcx__arena_alloc(arena, sizeof *copy);
  if (copy != NULL)
    *copy = *v;
  return copy;
}

static int put(struct tcx_arena *arena, struct tcx_value *map, const char *name,
               const struct tcx_value *v) {
  struct tcx_value *copy = share(arena, v);
  return copy == NULL ? UV_ENOMEM : tcx__value_replace(arena, map, name, strlen(name), copy);
}

struct sections {
  struct tcx_value *profiles, *sso_sessions, *services;
};

/* The kind is told by how the title begins, the name by its second word: botocore's way. The last
 * of equal names counts. */
static int sort_section(struct tcx_arena *arena, const struct sections *to,
                        const struct tcx_value *section) {
  const char *title = section->name;
  char *name = NULL;
  struct tcx_value *map = strncmp(title, "profile", 7) == 0        ? to->profiles
                          : strncmp(title, "sso-session", 11) == 0 ? to->sso_sessions
                          : strncmp(title, "services", 8) == 0     ? to->services
                                                                   : NULL;
  if (strcmp(title, "default") == 0)
    return put(arena, to->profiles, "default", section);
  if (map == NULL)
    return 0;
  int err = section_name(arena, title, &name);
  return err != 0 || name == NULL ? err : put(arena, map, name, section);
}

/* profile with the keys of secrets over its own. */
static int merge(struct tcx_arena *arena, const struct tcx_value *profile,
                 const struct tcx_value *secrets, struct tcx_value **out) {
  *out = tcx__value_new(arena, TCX_MAP);
  int err = *out == NULL ? UV_ENOMEM : 0;
  for (const struct tcx_value *v = tcx__value_kids(profile); v != NULL && err == 0; v = v->next)
    err = put(arena, *out, v->name, v);
  for (const struct tcx_value *v = tcx__value_kids(secrets); v != NULL && err == 0; v = v->next)
    err = put(arena, *out, v->name, v);
  return err;
}

static int sort_sections(struct tcx_settings *s) {
  struct sections to = {tcx__value_new(s->arena, TCX_MAP), tcx__value_new(s->arena, TCX_MAP),
                        tcx__value_new(s->arena, TCX_MAP)};
  struct tcx_value *all = tcx__value_new(s->arena, TCX_MAP);
  int err = to.profiles == NULL || to.sso_sessions == NULL || to.services == NULL || all == NULL
                ? UV_ENOMEM
                : 0;
  for (const struct tcx_value *v = tcx__value_kids(s->config); v != NULL && err == 0; v = v->next)
    err = sort_section(s->arena, &to, v);
  for (const struct tcx_value *v = tcx__value_kids(to.profiles); v != NULL && err == 0; v = v->next)
    err = put(s->arena, all, v->name, v);
  for (const struct tcx_value *v = tcx__value_kids(s->credentials); v != NULL && err == 0;
       v = v->next) {
    struct tcx_value *merged = NULL;
    err = merge(s->arena, tcx__value_find(all, v->name, v->name_len), v, &merged);
    if (err == 0)
      err = tcx__value_replace(s->arena, all, v->name, v->name_len, merged);
  }
  s->profiles = all;
  s->sso_sessions = to.sso_sessions;
  s->services = to.services;
  s->config_profiles = to.profiles;
  return err;
}

/* ---- the profile ---- */

struct tcx_profile tcx__settings_profile(const struct tcx_settings *s, const char *name) {
  size_t n = strlen(name);
  return (struct tcx_profile){tcx__value_find(s->config_profiles, name, n),
                              tcx__value_find(s->credentials, name, n)};
}

static int pick_profile(struct tcx_settings *s, struct tcx_fail *f) {
  const char *name = s->options.profile;
  if (name == NULL)
    name = tcx__getenv("AWS_DEFAULT_PROFILE");
  if (name == NULL)
    name = tcx__getenv("AWS_PROFILE");
  s->profile_given = name != NULL;
  s->profile_from_option = s->options.profile != NULL;
  s->profile = tcx__arena_strdup(s->arena, name != NULL ? name : "default");
  if (s->profile == NULL)
    return tcx__fail_memory(f);
  s->scoped = tcx__settings_profile(s, s->profile).config;
  s->secrets = tcx__settings_profile(s, s->profile).secrets;
  s->active = tcx__value_find(s->profiles, s->profile, strlen(s->profile));
  if (s->profile_given && s->active == NULL)
    return tcx__fail(f, TCX_ECONFIG, "The config profile (%s) could not be found", s->profile);
  return 0;
}

const struct tcx_value *tcx__settings_section(const struct tcx_settings *s, const char *kind,
                                              const char *name) {
  return tcx__value_find(strcmp(kind, "services") == 0 ? s->services : s->sso_sessions, name,
                         strlen(name));
}

static int set_paths(struct tcx_settings *s, struct tcx_fail *f) {
  const char *config =
      s->options.config_file != NULL ? s->options.config_file : tcx__getenv("AWS_CONFIG_FILE");
  const char *credentials = s->options.credentials_file != NULL
                                ? s->options.credentials_file
                                : tcx__getenv("AWS_SHARED_CREDENTIALS_FILE");
  s->config_path = tcx__expand_path(s, config != NULL ? config : "~/.aws/config");
  s->credentials_path =
      tcx__expand_path(s, credentials != NULL ? credentials : "~/.aws/credentials");
  return s->config_path == NULL || s->credentials_path == NULL ? tcx__fail_memory(f) : 0;
}

int tcx__settings_load(struct tcx_arena *arena, const struct tcx_settings_options *options,
                       struct tcx_settings **out, struct tcx_fail *f) {
  struct tcx_settings *s = tcx__arena_zalloc(arena, sizeof *s);
  struct tcx_value *config = NULL, *credentials = NULL;
  if (s == NULL)
    return tcx__fail_memory(f);
  s->arena = arena;
  s->options = *options;
  char home[4096];
  size_t size = sizeof home;
  if (uv_os_homedir(home, &size) == 0 && (s->home = tcx__arena_strdup(arena, home)) == NULL)
    return tcx__fail_memory(f);
  int err = set_paths(s, f);
  if (err == 0)
    err = read_ini(s, s->config_path, options->config_file != NULL, &config, f);
  if (err == 0)
    err = read_ini(s, s->credentials_path, options->credentials_file != NULL, &credentials, f);
  s->config = config;
  s->credentials = credentials;
  if (err == 0 && sort_sections(s) != 0)
    err = tcx__fail_memory(f);
  if (err == 0)
    err = pick_profile(s, f);
  if (err == 0)
    *out = s;
  return err;
}

/* ---- questions ---- */

const char *tcx__map_text(const struct tcx_value *map, const char *key) {
  const struct tcx_value *v = tcx__value_find(map, key, strlen(key));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}
