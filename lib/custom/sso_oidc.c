/* sso_oidc.c - OAuth 2 says what is wrong in error_description. */
#include "custom/custom.h"
#include <string.h>

static int error_description(tcx_call_t *call) {
  const char *text = tcx_value_str(call->value, "error_description");
  struct tcx_value *error = tcx__value_find(call->value, "Error", 5);
  if (call->parse_mode != TCX__PARSE_ERROR || call->parse_error.message[0] != '\0' ||
      text == NULL || error == NULL)
    return 0;
  struct tcx_value *message = tcx__value_new_str(call->arena, text, strlen(text));
  call->parse_error.message = text;
  return message == NULL ? UV_ENOMEM
                         : tcx__value_replace(call->arena, error, "Message", 7, message);
}

static const struct tcx_hook after_parse[] = {{NULL, error_description}, {NULL, NULL}};
const struct tcx_customization tcx__custom_sso_oidc = {.service = "sso-oidc",
                                                       .at = {[TCX__AFTER_PARSE] = after_parse}};
