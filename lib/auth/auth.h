/*
 * auth.h - AWS Signature Version 4 and 4A. Pure: the time comes in, nothing is sent, nothing is
 * kept but the signing key cache that the caller owns.
 *
 * A request is signed in place: x-amz-date, x-amz-security-token, x-amz-content-sha256 (S3) and
 * Authorization are appended to req->headers. To sign again (a retry) the caller cuts headers.count
 * back to what it was and calls again.
 */
#ifndef TCX_AUTH_AUTH_H
#define TCX_AUTH_AUTH_H
#include "base/checksum.h"
#include "base/ecdsa.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/http.h"
#include <tucuxi.h>

/* Derived keys with their HMAC pads. One a client; a changed secret, day, region or service simply
 * misses. */
#define TCX__SIGNING_KEYS 8
struct tcx_signing_key {
  /* which it was made from: the secret itself, or the SHA-256 of a longer one; zeroes after it */
  unsigned char secret[64];
  char scope[128]; /* "20150830/us-east-1/s3/aws4_request"; "" = free */
  struct tcx_hmac_key key;
};
struct tcx_signing_keys {
  struct tcx_signing_key slot[TCX__SIGNING_KEYS];
  unsigned next;
};
void tcx__signing_keys_wipe(struct tcx_signing_keys *keys);

/* What stands for the payload in the canonical request. */
typedef enum {
  /* SHA-256 of req->body, or payload_sha256 when it is set */
  TCX__PAYLOAD_HASH,
  TCX__PAYLOAD_UNSIGNED,                   /* UNSIGNED-PAYLOAD */
  TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER, /* STREAMING-UNSIGNED-PAYLOAD-TRAILER */
  /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or -ECDSA-P256-SHA256- */
  TCX__PAYLOAD_STREAMING,
  TCX__PAYLOAD_STREAMING_TRAILER /* the same with -TRAILER */
} tcx__payload;

/* characters of a signature: 64, and of 4A at most so many */
#define TCX__SIGNATURE_MAX (2 * TCX__P256_DER)
struct tcx_sigv4 {
  const char *access_key, *secret_key;
  const char *session_token; /* NULL or "" = none */
  /* the token is an S3 Express session's: x-amz-s3session-token */
  bool express;
  /* of the scope; of 4A the region set: "*", "us-east-1,eu-west-1" */
  const char *region, *service;
  bool asymmetric;               /* 4A */
  int64_t now;                   /* Unix seconds */
  struct tcx_signing_keys *keys; /* may be NULL: derived each time */
  tcx__payload payload;
  const char *payload_sha256; /* hex; NULL = hash req->body here */
  bool s3;                    /* x-amz-content-sha256 is sent; plain_path */
  bool plain_path;            /* the path neither normalized nor encoded again */
  bool content_sha256_header; /* send it though not S3 (the test suite's sign_body) */
  /* not S3: remove dot segments and double slashes first */
  bool normalize_path;
  /* the token is added after signing, and not signed (the test suite's omit_session_token) */
  bool token_after;
  /* for tests, NULL otherwise: what was signed, in req->arena */
  struct tcx_str *canonical_request, *string_to_sign;
  char signature[TCX__SIGNATURE_MAX + 1]; /* out: hex, the seed of chunk signatures */
};
/* Headers of botocore's blocklist (connection, expect, user-agent, x-amzn-trace-id, baggage, ... )
 * are not signed. UV_ENOMEM or TCX_EPARAM (scope too long). */
int tcx__sigv4_sign(struct tcx_sigv4 *s, struct tcx_request *req, struct tcx_fail *f);
/* Presign: X-Amz-* are appended to req->query; every header of req but those of the blocklist is
 * signed (and must be sent by whoever uses the URL). */
int tcx__sigv4_presign(struct tcx_sigv4 *s, struct tcx_request *req, unsigned expires_s,
                       struct tcx_fail *f);

/* What a policy and its form say of the signature to come: the date, and
 * "ACCESSKEY/20150830/us-east-1/s3/aws4_request" in the arena. UV_ENOMEM, TCX_EPARAM. */
int tcx__sigv4_credential(const struct tcx_sigv4 *s, struct tcx_arena *arena, char date[17],
                          char **credential, struct tcx_fail *f);
/* Signs the text itself, a policy in base64: into s->signature. */
int tcx__sigv4_sign_text(struct tcx_sigv4 *s, struct tcx_str text, struct tcx_fail *f);

/* aws-chunked bodies (chunked.c): framing around windows of bytes that stay where they are. */
/* bytes of one signed or unsigned chunk; the last is shorter. Known before, so that Content-Length
 * is. */
#define TCX__CHUNK_SIZE 65536u
struct tcx_signature_key { /* what signatures are made with */
  bool asymmetric;
  union {
    struct tcx_hmac_key hmac;
    unsigned char ecdsa[TCX__P256_SECRET];
  } u;
};
struct tcx_chunked { /* one body being framed; wipe with tcx__chunked_wipe */
  /* STREAMING_UNSIGNED_TRAILER, STREAMING or STREAMING_TRAILER */
  tcx__payload payload;
  tcx__sum sum;                          /* the trailer's algorithm; NONE with STREAMING */
  struct tcx_signature_key key;          /* signed forms */
  char previous[TCX__SIGNATURE_MAX + 1]; /* signature chained from: the seed first */
  char date[17];
  char scope[128];
};
/* Takes key, date, scope and seed from a request that tcx__sigv4_sign has just signed with s. */
int tcx__chunked_init(struct tcx_chunked *c, const struct tcx_sigv4 *s, tcx__sum sum);
void tcx__chunked_wipe(struct tcx_chunked *c);
/* Content-Length of the framed body for decoded_length bytes. */
uint64_t tcx__chunked_length(tcx__payload payload, bool asymmetric, tcx__sum sum,
                             uint64_t decoded_length);
#define TCX__CHUNK_HEAD 192 /* longest head of a chunk */
#define TCX__CHUNK_TAIL 512 /* longest end: "0" chunk, trailer, trailer signature */
/* Head of a chunk that holds these n (> 0) bytes: "10000;chunk-signature=...\r\n". After the bytes
 * goes "\r\n". Returns its length. */
size_t tcx__chunked_head(struct tcx_chunked *c, char out[TCX__CHUNK_HEAD], const void *p, size_t n);
/* The zero chunk, the trailer with the checksum text, and the end. Returns its length. */
size_t tcx__chunked_tail(struct tcx_chunked *c, char out[TCX__CHUNK_TAIL], const char *sum_text,
                         size_t sum_len);
#endif
