/*
 * variables.h - the session's variables, in one table: where each is looked for, and what it is
 * when it is nowhere. Reading, `tucuxi configure list` and docs/internals/configuration.md go by
 * it.
 *
 * Order, for one variable: the session's option, the environment, the active profile, the defaults
 * mode (whoever makes a client adds it), the default. A variable or key that is empty is not set.
 */
#ifndef TCX_CORE_VARIABLES_H
#define TCX_CORE_VARIABLES_H
#include "core/settings.h"

typedef enum {
  TCX__VAR_TEXT,
  TCX__VAR_BOOL,
  TCX__VAR_INT,
  TCX__VAR_MAP,
  TCX__VAR_SECRET
} tcx__var_kind;
typedef enum {
  TCX__FROM_NOWHERE,
  TCX__FROM_OPTION,
  TCX__FROM_ENVIRONMENT,
  TCX__FROM_CREDENTIALS_FILE,
  TCX__FROM_CONFIG_FILE,
  TCX__FROM_DEFAULT
} tcx__var_source;

struct tcx_variable {
  const char *name; /* botocore's; a dot leads into a section: "s3.use_arn_region" */
  /* in the profile, asked in turn; a dot leads into a nested block; NULL = none */
  const char *key[2];
  const char *env[2];   /* likewise */
  const char *fallback; /* NULL = none */
  /* BOOL: "true" in any case is true, whatever else is false, as botocore has it */
  uint8_t kind;
};
struct tcx_var_found {
  const char *text; /* as it was written; NULL: not set and without default */
  tcx__var_source source;
  const char *where; /* the environment's or the profile's name for it; NULL elsewhere */
};

extern const struct tcx_variable tcx__variables[];
extern const unsigned tcx__n_variables;
/* NULL when there is none */
const struct tcx_variable *tcx__variable(const char *name);
struct tcx_var_found tcx__variable_find(const struct tcx_settings *settings,
                                        const struct tcx_variable *variable);
/* of a variable that there is; NULL when it is not set and has no default */
const char *tcx__variable_text(const struct tcx_settings *settings, const char *name);
bool tcx__variable_true(const struct tcx_settings *settings, const char *name);
/* Python's int(): a whole decimal, with a sign or white space around. UV_EINVAL, UV_ERANGE. */
int tcx__variable_int(const char *text, int64_t *out);
/* endpoint_url for a service id ("S3"): AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's
 * services section, the profile; NULL when none. TCX_ECONFIG for a services section that is
 * missing. */
int tcx__endpoint_url_of(const struct tcx_settings *settings, const char *service_id,
                         const char **url, struct tcx_fail *f);
#endif
