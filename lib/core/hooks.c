#include "core/hooks.h"
#include "core/call.h"
#include <string.h>

int tcx__run_hooks(tcx_call_t *call, tcx__point point) {
  const struct tcx_customization *custom = call->client->custom;
  const struct tcx_hook *hook = custom != NULL ? custom->at[point] : NULL;
  int err = 0;
  for (; hook != NULL && hook->run != NULL && err == 0; hook++)
    if (hook->operation == NULL ||
        (hook->operation[0] == call->op->name[0] && strcmp(hook->operation, call->op->name) == 0))
      err = hook->run(call);
  return err;
}
