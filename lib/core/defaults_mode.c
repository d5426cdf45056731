#include "core/defaults_mode.h"
#include "core/settings.h"
#include <string.h>
#include <strings.h>

static const struct tcx_defaults_mode modes[] = {
    {"legacy", 0, false},          {"standard", 3100, false}, {"in-region", 1100, false},
    {"cross-region", 3100, false}, {"mobile", 30000, false},
};

/* AWS_EXECUTION_ENV is set where AWS runs the program. */
static const char *automatic(const char *region) {
  const char *here = NULL;
  if (tcx__getenv("AWS_EXECUTION_ENV") != NULL) {
    here = tcx__getenv("AWS_REGION");
    if (here == NULL)
      here = tcx__getenv("AWS_DEFAULT_REGION");
  }
  if (here == NULL)
    return "standard";
  return region != NULL && strcmp(region, here) == 0 ? "in-region" : "cross-region";
}

int tcx__defaults_mode(const char *name, const char *region, struct tcx_defaults_mode *out,
                       struct tcx_fail *f) {
  const char *wanted = strcasecmp(name, "auto") == 0 ? automatic(region) : name;
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
    if (strcasecmp(modes[i].name, wanted) == 0) {
      *out = modes[i];
      out->ask = wanted != name && strcmp(wanted, "standard") == 0;
      return 0;
    }
  return tcx__fail(f, TCX_ECONFIG,
                   "Client configured with invalid defaults mode: %s. Valid defaults modes "
                   "include: legacy, auto, standard, in-region, cross-region, mobile.",
                   name);
}
