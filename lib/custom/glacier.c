/* glacier.c - Glacier: the caller's own account, the API's version, and the tree hash of what is
 * uploaded. */
#include "custom/custom.h"

static int own_account(tcx_call_t *call) {
  const struct tcx_value *account = tcx__value_find(call->params, "accountId", 9);
  if (account != NULL && account->type != TCX_NULL)
    return 0;
  struct tcx_value *dash = tcx__value_new_str(call->arena, "-", 1);
  return dash == NULL ? UV_ENOMEM
                      : tcx__value_replace(call->arena, call->params, "accountId", 9, dash);
}

static int version(tcx_call_t *call) {
  return tcx__headers_set(&call->req.headers, TCX__STR("x-amz-glacier-version"),
                          tcx__str(call->client->model->api_version));
}

static int checksums(tcx_call_t *call) {
  call->content_sha256_header = true;
  call->tree_hash = tcx__headers_get(&call->req.headers, "x-amz-sha256-tree-hash") == NULL;
  return 0;
}

static const struct tcx_hook before_parameter_build[] = {{NULL, own_account}, {NULL, NULL}};
static const struct tcx_hook before_call[] = {{NULL, version},
                                              {"UploadArchive", checksums},
                                              {"UploadMultipartPart", checksums},
                                              {NULL, NULL}};
const struct tcx_customization tcx__custom_glacier = {
    .service = "glacier",
    .at = {
        [TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build, [TCX__BEFORE_CALL] = before_call}};
