/*
 * settings_help.h - configuration in tests: a folder with the two files, the environment that they
 * touch, and what a session and a client make of them.
 */
#ifndef TCX_TEST_SETTINGS_HELP_H
#define TCX_TEST_SETTINGS_HELP_H
#include "core/variables.h"
#include "json_tree.h"
#include "render_help.h"
#include <unistd.h>

static char folder[] = "/tmp/tucuxi-settings-XXXXXX";
static char config_file[64], credentials_file[64];

static inline int make_folder(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(config_file, sizeof config_file, "%s/config", folder);
  snprintf(credentials_file, sizeof credentials_file, "%s/credentials", folder);
  return 0;
}
static inline int remove_folder(void **state) {
  (void)state;
  unlink(config_file);
  unlink(credentials_file);
  return rmdir(folder);
}

static inline void write_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}
static inline void write_config(const char *text) { write_file(config_file, text, strlen(text)); }

static const char *const touched[] = {"AWS_ENDPOINT_URL",
                                      "AWS_ENDPOINT_URL_S3",
                                      "AWS_ENDPOINT_URL_DYNAMODB",
                                      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                      "AWS_PROFILE",
                                      "AWS_CONFIG_FILE",
                                      "AWS_SHARED_CREDENTIALS_FILE",
                                      "AWS_DEFAULT_REGION",
                                      "AWS_REGION",
                                      "AWS_EXECUTION_ENV",
                                      "AWS_DEFAULTS_MODE",
                                      "AWS_MAX_ATTEMPTS",
                                      "AWS_RETRY_MODE",
                                      "AWS_STS_REGIONAL_ENDPOINTS",
                                      "AWS_USE_FIPS_ENDPOINT",
                                      "AWS_USE_DUALSTACK_ENDPOINT",
                                      "AWS_DATA_PATH",
                                      "TUCUXI_TEST_FOLDER"};
static inline int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof touched / sizeof touched[0]; i++)
    unsetenv(touched[i]);
  return 0;
}

static inline void put_environment(yajl_val map) {
  for (size_t i = 0; map != NULL && i < map->u.object.len; i++) {
    const char *value = YAJL_GET_STRING(map->u.object.values[i]);
    assert_non_null(value);
    if (value != NULL)
      setenv(map->u.object.keys[i], value, 1);
  }
}

static inline struct tcx_settings *load(struct tcx_arena *arena,
                                        const struct tcx_settings_options *o, struct tcx_fail *f) {
  struct tcx_settings *s = NULL;
  *f = (struct tcx_fail){.arena = arena};
  int err = tcx__settings_load(arena, o, &s, f);
  assert_true((err == 0) == (s != NULL));
  assert_true(err == f->status);
  return s;
}

static inline struct tcx_client_config resolve(const char *config, const char *field_region,
                                               struct tcx_arena *arena, struct tcx_fail *f) {
  struct tcx_client_config c = {0};
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
  struct tcx_settings *s =
      load(arena, &(struct tcx_settings_options){.config_file = config_file}, f);
  assert_non_null(s);
  tcx_value_t *v = config != NULL ? tcx_value_from_json(config, strlen(config)) : NULL;
  int err = tcx__config_resolve(
      &c, arena, &(tcx_client_options_t){.region = field_region, .config = v}, s, "S3", f);
  assert_true(err == f->status);
  tcx_value_free(v);
  return c;
}
#endif
