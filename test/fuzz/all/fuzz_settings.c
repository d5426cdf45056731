/* The two files of configuration: any text, as both of them, is settings or an error with a
 * sentence; and any text is a path whose variables are put in. */
#define _GNU_SOURCE
#include "core/variables.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name with a NUL inside cannot be asked for. */
static bool is_text(const struct tcx_value *v) { return strlen(v->name) == v->name_len; }

static void look(const struct tcx_settings *s) {
  for (unsigned i = 0; i < tcx__n_variables; i++)
    (void)tcx__variable_find(s, &tcx__variables[i]);
  for (const struct tcx_value *v = tcx__value_kids(s->sso_sessions); v != NULL; v = v->next)
    if (is_text(v) && tcx__settings_section(s, "sso-session", v->name) == NULL)
      abort();
  for (const struct tcx_value *v = tcx__value_kids(s->profiles); v != NULL; v = v->next) {
    struct tcx_profile profile = tcx__settings_profile(s, v->name);
    if (is_text(v) && profile.config == NULL && profile.secrets == NULL)
      abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64];
  int fd = memfd_create("settings", MFD_CLOEXEC);
  struct tcx_arena *arena = tcx__arena_new();
  if (fd < 0 || arena == NULL || write(fd, data, size) != (ssize_t)size)
    abort();
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  struct tcx_settings_options o = {.config_file = path, .credentials_file = path};
  struct tcx_settings *s = NULL;
  struct tcx_fail f = {.arena = arena};
  int err = tcx__settings_load(arena, &o, &s, &f);
  if (err == 0)
    look(s);
  else if (err != TCX_ECONFIG || f.text == NULL)
    abort();
  char *text = tcx__arena_strndup(arena, (const char *)data, size);
  if (err == 0 && text != NULL && strlen(text) < 1000 && tcx__expand_path(s, text) == NULL)
    abort();
  close(fd);
  tcx__arena_free(arena);
  return 0;
}
