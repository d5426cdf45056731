/*
 * scheme.h - the auth scheme of a call: how it is signed, for which region and name. Chosen in
 * botocore's order:
 *
 *   nothing at all     the client is unsigned, or the operation's own traits say so
 *   the endpoint       its authSchemes: the one that signature_version asks for, else the first of
 *                      auth_scheme_preference, else the first that is built in
 *   the operation      its auth or authtype trait
 *   the client         signature_version, a bearer token that is known, auth_scheme_preference
 *                      among the service's auth trait, the first of that trait, the model's
 *                      signatureVersion
 */
#ifndef TCX_CORE_SCHEME_H
#define TCX_CORE_SCHEME_H
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include <tucuxi.h>

typedef enum {
  TCX__SCHEME_UNSET,
  TCX__SCHEME_NONE,  /* noAuth */
  TCX__SCHEME_SIGV2, /* of forms */
  TCX__SCHEME_SIGV4,
  TCX__SCHEME_SIGV4A,
  TCX__SCHEME_BEARER,   /* httpBearerAuth */
  TCX__SCHEME_S3EXPRESS /* sigv4-s3express */
} tcx__scheme;
#define TCX__SCHEMES_MAX 8 /* of a list that are looked at */

/* "aws.auth#sigv4", "sigv4a", "noAuth": a trait's, a rule set's or a preference's name. UNSET when
 * it is unknown. */
uint8_t tcx__scheme_by_name(struct tcx_str name);
/* "v4", "s3v4a", "none", "v4-unsigned-body": botocore's signature versions. UNSET when it is
 * unknown or not built in. */
uint8_t tcx__scheme_by_version(struct tcx_str version);

/* Once a client: client->scheme, what its calls are signed with where neither operation nor
 * endpoint says more. TCX_ECONFIG. */
int tcx__scheme_of_client(tcx_client_t *client, struct tcx_fail *f);
/* call->scheme, signing_region (of sigv4a the region set) and signing_name. schemes: the endpoint's
 * authSchemes, or NULL. TCX_EENDPOINT, UV_ENOMEM. */
int tcx__scheme_of_call(tcx_call_t *call, const struct tcx_value *schemes);
#endif
