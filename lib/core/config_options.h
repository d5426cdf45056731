/* config_options.h - what config.c and config_options.c share: the options of a client by
 * botocore's names, and how a value becomes a field. */
#ifndef TCX_CORE_CONFIG_OPTIONS_H
#define TCX_CORE_CONFIG_OPTIONS_H
#include "core/config.h"

struct tcx_config_resolve {
  struct tcx_client_config *out;
  struct tcx_arena *arena;
  struct tcx_fail *f;
};
/* All members of the map. TCX_ECONFIG: an unknown name (with near ones), one that is not carried
 * out, a value that is none. */
int tcx__config_apply_map(struct tcx_config_resolve *r, const struct tcx_value *config);
/* What environment and profile say. */
int tcx__config_apply_variables(struct tcx_config_resolve *r, const struct tcx_settings *settings);
/* The options by number: the name, "s3.addressing_style"; empty for what is only a variable; NULL
 * behind the last. */
const char *tcx__config_option(unsigned i);
#endif
