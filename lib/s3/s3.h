/*
 * s3.h - what S3 does beyond its model, hung on the named points of a call (core/hooks.h).
 *
 *   params.c     before-parameter-build: bucket names, paths, CopySource, customer keys, metadata,
 *                EncodingType
 *   endpoint.c   before-endpoint-resolution: addressing; the regions that redirects have taught
 *   request.c    before-sign: Expect
 *   response.c   before-parse, after-call: errors in a 200, Expires, keys decoded
 *   redirect.c   needs-retry: another region
 *   express.c    the keys of directory buckets' sessions
 *   control.c    all of S3 Control, a service of its own
 */
#ifndef TCX_S3_S3_H
#define TCX_S3_S3_H
#include "core/call.h"
#include "core/hooks.h"

/* buckets whose region a client remembers; then it starts anew */
#define TCX__S3_REGIONS_MAX 1000
/* directory buckets whose session a client keeps; botocore's number */
#define TCX__S3_SESSIONS_MAX 100
#define TCX__EXPECT_MIN      (1u << 20) /* bodies larger than this ask before they are sent */

extern const struct tcx_customization tcx__s3, tcx__s3control;

struct tcx_s3_client {                                    /* a client's */
  struct tcx_arena *arena;                                /* of regions; NULL while empty */
  struct tcx_value *regions;                              /* MAP bucket -> region */
  struct tcx_s3_session *newest_session, *oldest_session; /* by last use */
  unsigned n_sessions;
};
struct tcx_s3_call {      /* a call's; made when something of it is needed */
  bool encoding_auto;     /* EncodingType=url was our idea */
  struct tcx_str expires; /* the Expires header as it came */
};
struct tcx_s3_call *tcx__s3_call(tcx_call_t *call);    /* NULL when memory is out */
struct tcx_str tcx__s3_bucket(const tcx_call_t *call); /* p NULL when there is none */
bool tcx__s3_is_arn(struct tcx_str bucket);

int tcx__s3_check_bucket(tcx_call_t *call);
int tcx__s3_copy_source(tcx_call_t *call);
int tcx__s3_customer_key(tcx_call_t *call);
int tcx__s3_copy_customer_key(tcx_call_t *call);
int tcx__s3_metadata(tcx_call_t *call);
int tcx__s3_encoding_type(tcx_call_t *call);
int tcx__s3_addressing(tcx_call_t *call);
bool tcx__s3_builtin(const tcx_client_t *client, const char *name,
                     struct tcx_rule_param_value *out);
/* Whether the client goes to dual-stack endpoints: the s3 section is asked before the client
 * itself. */
bool tcx__s3_dualstack(const struct tcx_client_config *config);
int tcx__s3_endpoint_error(tcx_call_t *call, const char *text);
int tcx__s3_expect(tcx_call_t *call);
int tcx__s3_before_parse(tcx_call_t *call);
int tcx__s3_expires(tcx_call_t *call);
int tcx__s3_decode_objects(tcx_call_t *call);
int tcx__s3_decode_objects_v2(tcx_call_t *call);
int tcx__s3_decode_versions(tcx_call_t *call);
int tcx__s3_redirect(tcx_call_t *call);
/* The source of the session's keys of the call's bucket, made at its first call. UV_ENOMEM. */
int tcx__s3_session(tcx_call_t *call, struct tcx_identity_source **source);
void tcx__s3_sessions_free(tcx_client_t *client); /* no call is under way */
void tcx__s3_client_free(tcx_client_t *client);
/* NULL when none is known */
const char *tcx__s3_known_region(const tcx_client_t *client, struct tcx_str bucket);
#endif
