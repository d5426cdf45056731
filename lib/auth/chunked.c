/*
 * chunked.c - aws-chunked bodies: what goes before, between and behind the windows of bytes, which
 * stay where they are.
 *
 *   unsigned   10000 CRLF bytes CRLF ... 0 CRLF trailer CRLF CRLF
 *   signed     10000;chunk-signature=... CRLF bytes CRLF ... 0;chunk-signature=... CRLF [trailer
 * CRLF x-amz-trailer-signature:... CRLF] CRLF
 *
 * Every signature covers the one before; the first covers the request's own, the seed.
 */
#include "auth/sign.h"
#include "base/codec.h"
#include "base/mem.h"

static const char chunk_signature[] = ";chunk-signature=",
                  trailer_signature[] = "x-amz-trailer-signature:";
static const char empty_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

static bool is_signed(tcx__payload payload) {
  return payload != TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER;
}

int tcx__chunked_init(struct tcx_chunked *c, const struct tcx_sigv4 *s, tcx__sum sum) {
  struct tcx_signing g;
  c->payload = s->payload;
  c->sum = s->payload == TCX__PAYLOAD_STREAMING ? TCX__SUM_NONE : sum;
  if (!is_signed(c->payload)) {
    memset(&c->key, 0, sizeof c->key);
    c->previous[0] = c->date[0] = c->scope[0] = '\0';
    return 0;
  }
  int status = tcx__signing_begin(&g, s, NULL);
  if (status < 0)
    return status;
  c->key = g.key;
  memcpy(c->previous, s->signature, strlen(s->signature) + 1);
  memcpy(c->date, g.date, sizeof c->date);
  memcpy(c->scope, g.scope, sizeof c->scope);
  tcx__wipe(&g.key, sizeof g.key);
  return 0;
}

void tcx__chunked_wipe(struct tcx_chunked *c) { tcx__wipe(&c->key, sizeof c->key); }

static size_t hex_digits(uint64_t n) {
  size_t digits = 1;
  while ((n >>= 4) != 0)
    digits++;
  return digits;
}

static char *put_size(char *at, size_t n) {
  for (size_t digits = hex_digits(n); digits-- > 0;)
    *at++ = "0123456789abcdef"[n >> (4 * digits) & 15];
  return at;
}

/* Characters that a signature takes: one of 4A is shorter now and then, and filled up. */
static size_t width(bool asymmetric) { return asymmetric ? TCX__SIGNATURE_MAX : 64; }

static char *put_signature(const struct tcx_chunked *c, char *at) {
  size_t n = strlen(c->previous), all = width(c->key.asymmetric);
  at = tcx__append(at, c->previous, n);
  memset(at, '*', all - n);
  return at + (all - n);
}

/* Signs what this piece hashes to and keeps the signature for the next. kind is the algorithm's
 * end; between stands between the previous signature and the hash. */
static void chain(struct tcx_chunked *c, const char *kind, const char *between,
                  const unsigned char hash[32]) {
  char text[64 + sizeof c->date + sizeof c->scope + sizeof c->previous + sizeof empty_sha256 + 64];
  struct tcx_str algorithm = tcx__algorithm(c->key.asymmetric);
  const char *lines[] = {kind, c->date, c->scope, c->previous};
  char *at = tcx__append(text, algorithm.p, algorithm.n);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    at = tcx__append(at, lines[i], strlen(lines[i]));
    *at++ = '\n';
  }
  at = tcx__append(at, between, strlen(between));
  tcx__hex_encode(at, hash, 32);
  at += 64;
  tcx__signature(&c->key, text, (size_t)(at - text), c->previous);
}

static void chain_chunk(struct tcx_chunked *c, const void *p, size_t n) {
  unsigned char hash[32];
  tcx__sha256(p, n, hash);
  chain(c, "-PAYLOAD", empty_sha256, hash);
}

static char *put_head(struct tcx_chunked *c, char *at, const void *p, size_t n) {
  at = put_size(at, n);
  if (is_signed(c->payload)) {
    chain_chunk(c, p, n);
    at = tcx__append(at, chunk_signature, sizeof chunk_signature - 1);
    at = put_signature(c, at);
  }
  return tcx__append(at, "\r\n", 2);
}

size_t tcx__chunked_head(struct tcx_chunked *c, char out[TCX__CHUNK_HEAD], const void *p,
                         size_t n) {
  return (size_t)(put_head(c, out, p, n) - out);
}

size_t tcx__chunked_tail(struct tcx_chunked *c, char out[TCX__CHUNK_TAIL], const char *sum_text,
                         size_t sum_len) {
  char *at = put_head(c, out, NULL, 0);
  if (c->sum != TCX__SUM_NONE) {
    struct tcx_str header = tcx__sum_header(c->sum);
    char *trailer = at;
    at = tcx__append(at, header.p, header.n);
    *at++ = ':';
    at = tcx__append(at, sum_text, sum_len);
    if (c->payload == TCX__PAYLOAD_STREAMING_TRAILER) {
      unsigned char hash[32];
      *at = '\n'; /* signed with a bare line feed, sent with CRLF */
      tcx__sha256(trailer, (size_t)(at + 1 - trailer), hash);
      chain(c, "-TRAILER", "", hash);
      at = tcx__append(at, "\r\n", 2);
      at = tcx__append(at, trailer_signature, sizeof trailer_signature - 1);
      at = put_signature(c, at);
    }
    at = tcx__append(at, "\r\n", 2);
  }
  return (size_t)(tcx__append(at, "\r\n", 2) - out);
}

uint64_t tcx__chunked_length(tcx__payload payload, bool asymmetric, tcx__sum sum,
                             uint64_t decoded_length) {
  const uint64_t signature =
      is_signed(payload) ? sizeof chunk_signature - 1 + width(asymmetric) : 0;
  uint64_t whole = decoded_length / TCX__CHUNK_SIZE, rest = decoded_length % TCX__CHUNK_SIZE;
  uint64_t length = whole * (hex_digits(TCX__CHUNK_SIZE) + signature + 2 + TCX__CHUNK_SIZE + 2);
  if (rest != 0)
    length += hex_digits(rest) + signature + 2 + rest + 2;
  length += 1 + signature + 2;
  if (sum != TCX__SUM_NONE && payload != TCX__PAYLOAD_STREAMING)
    length += tcx__sum_header(sum).n + 1 + tcx__sum_text_len(sum) + 2;
  if (sum != TCX__SUM_NONE && payload == TCX__PAYLOAD_STREAMING_TRAILER)
    length += sizeof trailer_signature - 1 + width(asymmetric) + 2;
  return length + 2;
}
