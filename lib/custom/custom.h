/*
 * custom.h - what services other than S3 do beyond their models, hung on the named points of a call
 * (core/hooks.h): one file a service or a family of them.
 */
#ifndef TCX_CUSTOM_CUSTOM_H
#define TCX_CUSTOM_CUSTOM_H
#include "core/call.h"
#include "core/hooks.h"

extern const struct tcx_customization tcx__custom_apigateway, tcx__custom_autoscaling,
    tcx__custom_cloudformation, tcx__custom_cloudsearchdomain, tcx__custom_docdb,
    tcx__custom_dynamodb, tcx__custom_ec2, tcx__custom_events, tcx__custom_glacier, tcx__custom_iam,
    tcx__custom_importexport, tcx__custom_logs, tcx__custom_machinelearning, tcx__custom_neptune,
    tcx__custom_polly, tcx__custom_rds, tcx__custom_route53, tcx__custom_sso_oidc;

/* ---- shared (custom.c): 0 or < 0 as hooks return it ---- */
/* A param that may also be given as alias; both are an error. Nothing happens where the operation
 * has no such param. */
int tcx__custom_alias(tcx_call_t *call, const char *name, const char *alias);
/* UserData goes out in base64. */
int tcx__custom_user_data(tcx_call_t *call);
/* The text of map's member becomes what it says as JSON; it stays as it is where it is none. */
int tcx__custom_decode_json(tcx_call_t *call, struct tcx_value *text, bool percent_encoded);
/* A header that the request lacks. */
int tcx__custom_header(tcx_call_t *call, const char *name, const char *value);

/* ---- copies from another region (copy.c) ---- */
/* before-parameter-build: the service there is asked through a URL that is signed for it, in the
 * param named. The source region is kept among the params, or taken out. */
int tcx__custom_copy_url(tcx_call_t *call, const char *name, bool keep_source);
/* before-endpoint-resolution, before-call: of the call that makes the URL */
extern const struct tcx_hook tcx__custom_copy_endpoint[], tcx__custom_copy_call[];
#endif
