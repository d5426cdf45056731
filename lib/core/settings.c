#include "core/settings.h"
#include "base/ini.h"
#include "base/mem.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const char *tcx__getenv(const char *name) {
  const char *value = name != NULL ? getenv(name) : NULL;
  return value != NULL && value[0] != '\0' ? value : NULL;
}

/* "~/x" with the home folder put in. */
static const char *expand_home(const struct tcx_settings *s, const char *path) {
  if (path[0] != '~' || (path[1] != '/' && path[1] != '\0') || s->home == NULL)
    return path;
  return tcx__arena_printf(s->arena, "%s%s", s->home, path + 1);
}

static int read_open_file(FILE *file, const char *path, struct tcx_arena *arena, char **text, size_t *len, struct tcx_fail *f) {
  struct stat st;
  if (fstat(fileno(file), &st) != 0)
    return tcx__fail(f, TCX_ECONFIG, "Unable to read config file: %s: %s", path, strerror(errno));
  if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
    return tcx__fail(f, TCX_ECONFIG, "Unable to read config file: %s: not a file", path);
  if (st.st_size > (off_t)TCX__INI_MAX)
    return tcx__fail(f, TCX_ECONFIG, "Unable to parse config file: %s: larger than %u bytes", path, TCX__INI_MAX);
  size_t cap = (size_t)st.st_size + 1;
  *text = tcx__arena_alloc(arena, cap + 1);
  if (*text == NULL)
    return UV_ENOMEM;
  *len = fread(*text, 1, cap, file);
  if (ferror(file))
    return tcx__fail(f, TCX_ECONFIG, "Unable to read config file: %s: %s", path, strerror(errno));
  (*text)[*len] = '\0';
  return 0;
}

/* A file that does not exist is an empty one, unless it was asked for by an option. */
static int read_ini(struct tcx_settings *s, const char *path, bool required, const struct tcx_value **out, struct tcx_fail *f) {
  struct tcx_value *map = NULL;
  path = expand_home(s, path);
  if (path == NULL)
    return UV_ENOMEM;
  FILE *file = fopen(path, "rbe");
  int err = 0;
  if (file == NULL) {
    if (required || (errno != ENOENT && errno != ENOTDIR))
      return tcx__fail(f, TCX_ECONFIG, "Unable to read config file: %s: %s", path, strerror(errno));
    map = tcx__value_new(s->arena, TCX_MAP);
    err = map == NULL ? UV_ENOMEM : 0;
  } else {
    char *text = NULL;
    size_t len = 0;
    err = read_open_file(file, path, s->arena, &text, &len, f);
    fclose(file);
    struct tcx_fail inner = {.arena = s->arena};
    if (err == 0)
      err = tcx__ini_parse(s->arena, text, len, &map, &inner);
    if (err != 0 && inner.status != 0)
      err = tcx__fail(f, inner.status, "Unable to parse config file: %s: %s", path, inner.text);
  }
  *out = map;
  return err;
}

/* "[profile NAME]" with or without quotes around NAME, or "[default]". */
static const struct tcx_value *find_profile(const struct tcx_value *config, const char *name) {
  size_t name_len = strlen(name);
  for (const struct tcx_value *section = tcx__value_kids(config); section != NULL; section = section->next) {
    const char *p = section->name;
    if (strcmp(p, "default") == 0 && strcmp(name, "default") == 0)
      return section;
    if (strncmp(p, "profile", 7) != 0 || !isspace((unsigned char)p[7]))
      continue;
    p += 7;
    while (isspace((unsigned char)*p))
      p++;
    size_t n = strlen(p);
    while (n > 0 && isspace((unsigned char)p[n - 1]))
      n--;
    if (n >= 2 && (p[0] == '"' || p[0] == '\'') && p[n - 1] == p[0])
      p++, n -= 2;
    if (n == name_len && memcmp(p, name, n) == 0)
      return section;
  }
  return NULL;
}

static int pick_profile(struct tcx_settings *s, const char *option, struct tcx_fail *f) {
  const char *name = option;
  if (name == NULL)
    name = tcx__getenv("AWS_DEFAULT_PROFILE");
  if (name == NULL)
    name = tcx__getenv("AWS_PROFILE");
  s->profile_given = name != NULL;
  s->profile_from_option = option != NULL;
  s->profile = tcx__arena_strdup(s->arena, name != NULL ? name : "default");
  if (s->profile == NULL)
    return UV_ENOMEM;
  s->scoped = find_profile(s->config, s->profile);
  s->secrets = tcx__value_find(s->credentials, s->profile, strlen(s->profile));
  if (s->profile_given && s->scoped == NULL && s->secrets == NULL)
    return tcx__fail(f, TCX_ECONFIG, "The config profile (%s) could not be found", s->profile);
  return 0;
}

int tcx__settings_load(struct tcx_arena *arena, const struct tcx_settings_options *options, struct tcx_settings **out, struct tcx_fail *f) {
  struct tcx_settings *s = tcx__arena_zalloc(arena, sizeof *s);
  if (s == NULL)
    return UV_ENOMEM;
  s->arena = arena;
  char home[4096];
  size_t size = sizeof home;
  if (uv_os_homedir(home, &size) == 0) {
    s->home = tcx__arena_strdup(arena, home);
    if (s->home == NULL)
      return UV_ENOMEM;
  }
  const char *config = options->config_file != NULL ? options->config_file : tcx__getenv("AWS_CONFIG_FILE");
  const char *credentials = options->credentials_file != NULL ? options->credentials_file : tcx__getenv("AWS_SHARED_CREDENTIALS_FILE");
  int err = read_ini(s, config != NULL ? config : "~/.aws/config", options->config_file != NULL, &s->config, f);
  if (err == 0)
    err = read_ini(s, credentials != NULL ? credentials : "~/.aws/credentials", options->credentials_file != NULL, &s->credentials, f);
  if (err == 0)
    err = pick_profile(s, options->profile, f);
  if (err == 0)
    *out = s;
  return err;
}

static const char *text_of(const struct tcx_value *map, const char *key) {
  const struct tcx_value *v = tcx__value_find(map, key, strlen(key));
  return v != NULL && v->type == TCX_STRING ? v->u.bytes.p : NULL;
}

const char *tcx__setting(const struct tcx_settings *s, const char *env, const char *key) {
  const char *value = tcx__getenv(env);
  if (value == NULL && key != NULL)
    value = text_of(s->secrets, key);
  if (value == NULL && key != NULL)
    value = text_of(s->scoped, key);
  return value;
}

const char *tcx__setting_nested(const struct tcx_settings *s, const char *block, const char *key) {
  const char *value = text_of(tcx__value_find(s->secrets, block, strlen(block)), key);
  return value != NULL ? value : text_of(tcx__value_find(s->scoped, block, strlen(block)), key);
}

/* "DynamoDB Streams" as "dynamodb_streams", or in capitals. */
static void snake_id(char *out, size_t size, const char *service_id, bool upper) {
  size_t i = 0;
  for (; service_id[i] != '\0' && i + 1 < size; i++) {
    int c = (unsigned char)service_id[i];
    out[i] = (char)(c == ' ' || c == '-' ? '_' : upper ? toupper(c) : tolower(c));
  }
  out[i] = '\0';
}

const struct tcx_value *tcx__settings_section(const struct tcx_settings *s, const char *kind, const char *name) {
  size_t n = strlen(kind);
  for (const struct tcx_value *section = tcx__value_kids(s->config); section != NULL; section = section->next) {
    if (strncmp(section->name, kind, n) != 0 || !isspace((unsigned char)section->name[n]))
      continue;
    const char *p = section->name + n;
    while (isspace((unsigned char)*p))
      p++;
    if (strcmp(p, name) == 0)
      return section;
  }
  return NULL;
}

struct tcx_profile tcx__settings_profile(const struct tcx_settings *s, const char *name) {
  return (struct tcx_profile){find_profile(s->config, name), tcx__value_find(s->credentials, name, strlen(name))};
}

int tcx__setting_endpoint_url(const struct tcx_settings *s, const char *service_id, const char **url, struct tcx_fail *f) {
  *url = NULL;
  const char *ignore = tcx__setting(s, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
  if (ignore != NULL && strcasecmp(ignore, "true") == 0)
    return 0;
  char upper[128], lower[128], variable[160];
  snake_id(upper, sizeof upper, service_id, true);
  snake_id(lower, sizeof lower, service_id, false);
  snprintf(variable, sizeof variable, "AWS_ENDPOINT_URL_%s", upper);
  *url = tcx__getenv(variable);
  if (*url == NULL)
    *url = tcx__getenv("AWS_ENDPOINT_URL");
  if (*url != NULL)
    return 0;
  const char *services = tcx__setting(s, NULL, "services");
  if (services != NULL) {
    const struct tcx_value *section = tcx__settings_section(s, "services", services);
    if (section == NULL)
      return tcx__fail(f, TCX_ECONFIG, "The profile is configured to use the services section \"%s\" but it does not exist", services);
    *url = text_of(tcx__value_find(section, lower, strlen(lower)), "endpoint_url");
  }
  if (*url == NULL)
    *url = tcx__setting(s, NULL, "endpoint_url");
  return 0;
}
