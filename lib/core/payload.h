/*
 * payload.h - how a request's body and its checksum travel, and how a response's checksum is
 * verified. Decided from the operation's traits, never from the service's name.
 *
 *            body in memory, up to 1 MiB              everything else
 *   https    checksum in a header, UNSIGNED-PAYLOAD   STREAMING-UNSIGNED-PAYLOAD-TRAILER
 *   http     checksum in a header, SHA-256 signed     STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
 *   http, payload_signing_enabled false: UNSIGNED-PAYLOAD for both
 *   payload_signing_enabled true: https as http. No checksum wanted: https as http too, chunks
 *     without a trailer (botocore signs what no checksum protects).
 * Bodies that do not stream (documents) are in memory whatever their size, and signed. A service at
 * a custom endpoint that has refused trailers gets bodies in memory, whatever their size, with the
 * checksum in a header, and others without: signed chunks over http, UNSIGNED-PAYLOAD over https.
 */
#ifndef TCX_CORE_PAYLOAD_H
#define TCX_CORE_PAYLOAD_H
#include "auth/auth.h"
#include "base/checksum.h"
#include "base/tree_hash.h"
#include "model/model.h"

/* bytes of a streaming body in memory that is hashed before it is sent */
#define TCX__MEMORY_BODY_MAX (1u << 20)
#define TCX__HASH_SLICE      (256u << 10) /* bytes hashed in one turn of the loop */

typedef enum { TCX__SUM_NOWHERE, TCX__SUM_IN_HEADER, TCX__SUM_IN_TRAILER } tcx__sum_place;
struct tcx_payload {
  tcx__payload form;
  tcx__sum sum;
  uint8_t place;             /* tcx__sum_place */
  bool own_sum;              /* tucuxi's idea; the caller asked for none */
  int64_t content_length;    /* of the request as it travels; -1 = no such header */
  bool hash_sha;             /* SHA-256 of the memory body goes into the signature */
  bool ready;                /* nothing is left to hash */
  size_t hashed;             /* bytes of the memory body hashed so far */
  struct tcx_summer *summer; /* these lie in the call's arena; NULL when not wanted */
  struct tcx_sha256 *sha;
  struct tcx_tree_hash *tree;
  char sha_hex[65];
};
/* The plan for this call, headers included; after serialization and BEFORE_CALL hooks. UV_ENOMEM,
 * TCX_EPARAM, TCX_EBODY. */
int tcx__payload_plan(tcx_call_t *call);
/* Hashes one slice of a memory body; ready when done (the checksum's header is there then). */
int tcx__payload_hash(tcx_call_t *call);
/* Members of the request that ask for a checksum of the response; before validation. */
int tcx__payload_ask_response(tcx_call_t *call);

struct tcx_payload_check {
  struct tcx_summer *summer; /* NULL = nothing to verify */
  struct tcx_str expected;
  /* the request asked for it; without that it is a hook's, of errors too, and ResponseMetadata does
   * not tell it */
  bool wanted;
};
/* From the head, unless a hook before parse has begun one. UV_ENOMEM, both. expected: base64, lasts
 * as long as the call. */
int tcx__payload_check_begin(tcx_call_t *call);
int tcx__payload_check_with(tcx_call_t *call, tcx__sum sum, struct tcx_str expected);
/* 0 or TCX_ECHECKSUM with text in call->fail */
int tcx__payload_check_end(tcx_call_t *call);
#endif
