/*
 * Requests made of arbitrary lines, signed by headers and by query. The canonical request must hash
 * to what the string to sign ends with, and the signature must be where it belongs.
 */
#include "auth/auth.h"
#include "base/codec.h"
#include <stdlib.h>
#include <string.h>

static struct tcx_str next_line(const char **p, const char *end) {
  const char *mark = *p == end ? NULL : memchr(*p, '\n', (size_t)(end - *p));
  struct tcx_str line = {*p, (size_t)((mark == NULL ? end : mark) - *p)};
  *p = mark == NULL ? end : mark + 1;
  return line;
}

static void check(bool ok) {
  if (!ok)
    abort();
}

/* Lines: flags, path, query, host, token, then headers. */
static void run(const char *p, size_t n, bool by_query) {
  struct tcx_arena *arena = tcx__arena_new();
  const char *end = p + n;
  check(arena != NULL);
  struct tcx_str flags = next_line(&p, end), path = next_line(&p, end), query = next_line(&p, end),
                 host = next_line(&p, end);
  struct tcx_str token = next_line(&p, end), canonical = {NULL, 0}, to_sign = {NULL, 0};
  unsigned bits = flags.n == 0 ? 0 : (unsigned char)flags.p[0];
  struct tcx_request req = {
      .arena = arena, .method = "GET", .path = path, .query = query, .host_header = host};
  struct tcx_sigv4 s = {.access_key = "AKIDEXAMPLE",
                        .secret_key = "secret",
                        .region = "us-east-1",
                        .service = "s3",
                        .asymmetric = n % 32 == 0, /* seldom: it is slow */
                        .now = 1440938160,
                        .s3 = (bits & 1) != 0,
                        .normalize_path = (bits & 2) != 0,
                        .content_sha256_header = (bits & 4) != 0,
                        .token_after = (bits & 8) != 0,
                        .payload = (tcx__payload)(bits >> 4) % 5,
                        .canonical_request = &canonical,
                        .string_to_sign = &to_sign};
  s.session_token = tcx__arena_strndup(arena, token.p, token.n);
  tcx__headers_init(&req.headers, arena);
  while (p < end) {
    struct tcx_str line = next_line(&p, end);
    const char *colon = line.n == 0 ? NULL : memchr(line.p, ':', line.n);
    if (colon == NULL)
      continue;
    struct tcx_str name = {line.p, (size_t)(colon - line.p)},
                   value = {colon + 1, line.n - (size_t)(colon - line.p) - 1};
    (void)tcx__headers_add(&req.headers, name, value); /* what it refuses is not there */
  }
  int status =
      by_query ? tcx__sigv4_presign(&s, &req, bits, NULL) : tcx__sigv4_sign(&s, &req, NULL);
  check(status == 0 || status == TCX_EPARAM || status == TCX_ETOOBIG);
  if (status == 0) {
    unsigned char hash[32];
    char hex[64];
    tcx__sha256(canonical.p, canonical.n, hash);
    tcx__hex_encode(hex, hash, sizeof hash);
    check(to_sign.n > 64 && memcmp(to_sign.p + to_sign.n - 64, hex, 64) == 0 &&
          (s.asymmetric ? strlen(s.signature) > 100 : strlen(s.signature) == 64));
    check(memcmp(canonical.p, "GET\n", 4) == 0);
    if (by_query)
      check(tcx__str_ends(req.query, s.signature) || s.token_after);
    else
      check(tcx__str_ends(tcx__headers_get(&req.headers, "authorization")->value, s.signature));
  }
  tcx__arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  run((const char *)data, size, false);
  run((const char *)data, size, true);
  return 0;
}
