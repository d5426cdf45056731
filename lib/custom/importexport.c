/* importexport.c - Import/Export takes a newer signature than its model says, under another name.
 */
#include "core/scheme.h"
#include "custom/custom.h"

static int newer_signature(tcx_call_t *call) {
  if (call->scheme == TCX__SCHEME_SIGV2)
    call->scheme = TCX__SCHEME_SIGV4;
  call->signing_name = "IngestionService";
  return 0;
}

static const struct tcx_hook before_call[] = {{NULL, newer_signature}, {NULL, NULL}};
const struct tcx_customization tcx__custom_importexport = {
    .service = "importexport", .at = {[TCX__BEFORE_CALL] = before_call}};
