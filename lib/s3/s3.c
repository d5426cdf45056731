#include "s3/s3.h"

static const struct tcx_hook before_parameter_build[] = {
    {NULL, tcx__s3_check_bucket},
    {"ListObjects", tcx__s3_encoding_type},
    {"ListObjectsV2", tcx__s3_encoding_type},
    {"ListObjectVersions", tcx__s3_encoding_type},
    {"CopyObject", tcx__s3_copy_source},
    {"UploadPartCopy", tcx__s3_copy_source},
    {"CopyObject", tcx__s3_metadata},
    {"PutObject", tcx__s3_metadata},
    {"CreateMultipartUpload", tcx__s3_metadata},
    {"HeadObject", tcx__s3_customer_key},
    {"GetObject", tcx__s3_customer_key},
    {"PutObject", tcx__s3_customer_key},
    {"CopyObject", tcx__s3_customer_key},
    {"CopyObject", tcx__s3_copy_customer_key},
    {"CreateMultipartUpload", tcx__s3_customer_key},
    {"UploadPart", tcx__s3_customer_key},
    {"UploadPartCopy", tcx__s3_customer_key},
    {"UploadPartCopy", tcx__s3_copy_customer_key},
    {"CompleteMultipartUpload", tcx__s3_customer_key},
    {"SelectObjectContent", tcx__s3_customer_key},
    {NULL, NULL},
};
static const struct tcx_hook before_endpoint[] = {{NULL, tcx__s3_addressing}, {NULL, NULL}};
static const struct tcx_hook before_sign[] = {{NULL, tcx__s3_expect}, {NULL, NULL}};
static const struct tcx_hook before_parse[] = {
    {NULL, tcx__s3_before_parse},
    {NULL, NULL},
};
static const struct tcx_hook after_parse[] = {
    {"GetObject", tcx__s3_expires},
    {"HeadObject", tcx__s3_expires},
    {"ListObjects", tcx__s3_decode_objects},
    {"ListObjectsV2", tcx__s3_decode_objects_v2},
    {"ListObjectVersions", tcx__s3_decode_versions},
    {NULL, NULL},
};
static const struct tcx_hook needs_retry[] = {{NULL, tcx__s3_redirect}, {NULL, NULL}};

const struct tcx_customization tcx__s3 = {
    .service = "s3",
    .at =
        {
            [TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build,
            [TCX__BEFORE_ENDPOINT_RESOLUTION] = before_endpoint,
            [TCX__BEFORE_SIGN] = before_sign,
            [TCX__BEFORE_PARSE] = before_parse,
            [TCX__AFTER_PARSE] = after_parse,
            [TCX__NEEDS_RETRY] = needs_retry,
        },
    .builtin = tcx__s3_builtin,
    .endpoint_error = tcx__s3_endpoint_error,
    .session_identity = tcx__s3_session,
    .client_size = sizeof(struct tcx_s3_client),
    .client_free = tcx__s3_client_free,
};

struct tcx_s3_call *tcx__s3_call(tcx_call_t *call) {
  if (call->hook_state == NULL)
    call->hook_state = tcx__arena_zalloc(call->arena, sizeof(struct tcx_s3_call));
  return call->hook_state;
}

struct tcx_str tcx__s3_bucket(const tcx_call_t *call) {
  const struct tcx_value *v = tcx__value_find(call->params, "Bucket", 6);
  return v != NULL && v->type == TCX_STRING ? v->u.bytes : (struct tcx_str){NULL, 0};
}
