/*
 * data/sigv4a: aws-c-auth's cases, signed by headers and by query: canonical request, string to
 * sign, the public key that belongs to the derived one. ECDSA is random there and deterministic
 * here, so that no signature is equal: theirs and ours are verified with the public key.
 */
#include "auth/sign.h"
#include "auth_suite.h"
#include <bearssl.h>

#define NOW 1440938160 /* 2015-08-30T12:36:00Z */

struct public_key {
  unsigned char point[65];
};

static void derived_public_key(const struct tcx_sigv4 *s, struct public_key *out) {
  unsigned char secret[TCX__P256_SECRET], room[BR_EC_KBUF_PUB_MAX_SIZE];
  assert_int_equal(tcx__sigv4a_key(s, secret, NULL), 0);
  const br_ec_private_key key = {.curve = BR_EC_secp256r1, .x = secret, .xlen = sizeof secret};
  br_ec_public_key point;
  assert_int_equal(br_ec_compute_pub(br_ec_get_default(), &point, room, &key), sizeof out->point);
  memcpy(out->point, point.q, point.qlen);
}

static bool verifies(const struct public_key *key, struct tcx_str text, struct tcx_str signature) {
  unsigned char hash[32], der[TCX__P256_DER], q[65];
  memcpy(q, key->point, sizeof q);
  const br_ec_public_key point = {.curve = BR_EC_secp256r1, .q = q, .qlen = sizeof q};
  if (signature.n > 2 * sizeof der || signature.n % 2 != 0 ||
      tcx__hex_decode(der, signature.p, signature.n) != 0)
    return false;
  tcx__sha256(text.p, text.n, hash);
  return br_ecdsa_i31_vrfy_asn1(br_ec_get_default(), hash, sizeof hash, &point, der,
                                signature.n / 2) == 1;
}

static bool same_point(const struct public_key *key, yajl_val file) {
  unsigned char x[32], y[32];
  assert_int_equal(tcx__hex_decode(x, json_str(file, "X"), 64), 0);
  assert_int_equal(tcx__hex_decode(y, json_str(file, "Y"), 64), 0);
  return key->point[0] == 4 && memcmp(key->point + 1, x, 32) == 0 &&
         memcmp(key->point + 33, y, 32) == 0;
}

/* What stands behind "Signature=" in a text, up to white space. */
static struct tcx_str signature_in(const char *text) {
  const char *at = strstr(text, "Signature=");
  assert_non_null(at);
  at += strlen("Signature=");
  return (struct tcx_str){at, strcspn(at, " \r\n&")};
}

static bool file_verifies(const char *file, const struct public_key *key, struct tcx_str to_sign,
                          bool whole) {
  char *text = test_read_file(file, NULL);
  struct tcx_str signature =
      whole ? (struct tcx_str){text, strcspn(text, "\n")} : signature_in(text);
  bool ok = verifies(key, to_sign, signature);
  free(text);
  return ok;
}

/* Authorization, or the query, are those of the file up to the signature. */
static bool same_but_signature(const char *got, const char *file) {
  char *text = test_read_file(file, NULL), start[1000];
  const char *mark = strstr(got, "Signature=");
  assert_non_null(mark);
  assert_true((size_t)(mark - got) < sizeof start);
  snprintf(start, sizeof start, "%.*s", (int)(mark - got), got);
  bool ok = strstr(text, start) != NULL;
  free(text);
  return ok;
}

static bool run(const char *name, bool by_query) {
  char file[200], kind[] = "header";
  struct tcx_str canonical, to_sign;
  struct tcx_request req;
  struct public_key key;
  struct tcx_arena *arena = tcx__arena_new();
  if (by_query)
    memcpy(kind, "query", 6);
#define FILE_OF(what)                                                                              \
  (snprintf(file, sizeof file, "compliance/data/sigv4a/aws-c-auth/%s/%s%s", name,                  \
            (what)[0] == '-' ? kind : "", what),                                                   \
   file)
  yajl_val context = json_load(FILE_OF("context.json")),
           credentials = json_get(context, "credentials"),
           point = json_load(FILE_OF("public-key.json"));
  parse_request(&req, arena, FILE_OF("request.txt"));
  struct tcx_sigv4 s = {.access_key = json_str(credentials, "access_key_id"),
                        .secret_key = json_str(credentials, "secret_access_key"),
                        .session_token = json_str_or(credentials, "token", NULL),
                        .region = json_str(context, "region"),
                        .service = json_str(context, "service"),
                        .asymmetric = true,
                        .now = NOW,
                        .content_sha256_header = json_bool(context, "sign_body", false),
                        .normalize_path = json_bool(context, "normalize", true),
                        .token_after = json_bool(context, "omit_session_token", false),
                        .canonical_request = &canonical,
                        .string_to_sign = &to_sign};
  derived_public_key(&s, &key);
  bool ok = same_point(&key, point);
  ok = (by_query ? tcx__sigv4_presign(&s, &req,
                                      (unsigned)json_int(context, "expiration_in_seconds", 0), NULL)
                 : tcx__sigv4_sign(&s, &req, NULL)) == 0 &&
       ok;
  ok = ok && same_as_file(canonical, FILE_OF("-canonical-request.txt"), "canonical request");
  ok = ok && same_as_file(to_sign, FILE_OF("-string-to-sign.txt"), "string to sign");
  ok = ok && verifies(&key, to_sign, tcx__str(s.signature));
  ok = ok && !verifies(&key, canonical, tcx__str(s.signature));
  ok = ok && file_verifies(FILE_OF("-signature.txt"), &key, to_sign, true);
  ok = ok && file_verifies(FILE_OF("-signed-request.txt"), &key, to_sign, false);
  const struct tcx_header *authorization =
      by_query ? NULL : tcx__headers_get(&req.headers, "authorization");
  struct tcx_str last = by_query ? req.query : authorization->value;
  ok = ok &&
       tcx__str_eq(signature_in(tcx__arena_strndup(arena, last.p, last.n)), tcx__str(s.signature));
  /* its query is written raw there, or the token stands elsewhere */
  bool rewritten = by_query && (strstr(name, "utf8-query") != NULL || s.token_after);
  ok = ok && (rewritten || same_but_signature(tcx__arena_strndup(arena, last.p, last.n),
                                              FILE_OF("-signed-request.txt")));
  yajl_tree_free(context);
  yajl_tree_free(point);
  tcx__arena_free(arena);
  return ok;
#undef FILE_OF
}

static void suite(void **state) {
  (void)state;
  unsigned passed = 0, count = sizeof aws_c_auth / sizeof *aws_c_auth;
  for (unsigned i = 0; i < count; i++)
    for (int by_query = 0; by_query < 2; by_query++) {
      bool ok = run(aws_c_auth[i], by_query == 1);
      if (!ok)
        print_error("failed: %s (%s)\n", aws_c_auth[i], by_query ? "query" : "header");
      passed += ok;
    }
  assert_int_equal(count, 27);
  assert_int_equal(passed, 2 * count);
}

/* data/sigv4a-random: what botocore signed says the same as ours, and its signature counts for
 * our string. */

static bool run_random(yajl_val vector, int64_t now) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_str to_sign;
  struct public_key key;
  bool by_query = json_bool(vector, "by_query", false);
  struct tcx_request req = {.arena = arena,
                            .method = json_str(vector, "method"),
                            .host_header = tcx__str(json_str(vector, "host")),
                            .path = tcx__str(json_str(vector, "path")),
                            .query = tcx__str(json_str(vector, "query"))};
  struct tcx_sigv4 s = {.access_key = json_str(vector, "access_key"),
                        .secret_key = json_str(vector, "secret"),
                        .session_token = json_str_or(vector, "token", NULL),
                        .region = json_str(vector, "region_set"),
                        .service = json_str(vector, "service"),
                        .asymmetric = true,
                        .now = now,
                        .s3 = json_bool(vector, "s3", false),
                        .normalize_path = true,
                        .string_to_sign = &to_sign};
  yajl_val headers = json_get(vector, "headers");
  tcx__headers_init(&req.headers, arena);
  for (size_t i = 0; i < json_len(headers); i++)
    assert_int_equal(tcx__headers_add(&req.headers,
                                      tcx__str(YAJL_GET_STRING(json_at(json_at(headers, i), 0))),
                                      tcx__str(YAJL_GET_STRING(json_at(json_at(headers, i), 1)))),
                     0);
  const char *hex = json_str(vector, "body_hex"), *signed_ = json_str(vector, "signed");
  char *body = tcx__arena_alloc(arena, strlen(hex) + 1);
  assert_int_equal(tcx__hex_decode(body, hex, strlen(hex)), 0);
  req.body = (struct tcx_str){body, strlen(hex) / 2};
  derived_public_key(&s, &key);
  assert_int_equal(
      by_query ? tcx__sigv4_presign(&s, &req, 3600, NULL) : tcx__sigv4_sign(&s, &req, NULL), 0);
  struct tcx_str ours =
      by_query ? req.query : tcx__headers_get(&req.headers, "authorization")->value;
  const char *mark = strstr(signed_, "Signature=");
  size_t n = (size_t)(mark - signed_);
  bool ok = ours.n > n && memcmp(ours.p, signed_, n) == 0 &&
            verifies(&key, to_sign, signature_in(signed_)) &&
            verifies(&key, to_sign, tcx__str(s.signature));
  if (!ok)
    print_error("--- botocore\n%s\n--- ours\n%.*s\n%.*s\n", signed_, (int)ours.n, ours.p,
                (int)to_sign.n, to_sign.p);
  tcx__arena_free(arena);
  return ok;
}

static void botocore_signed(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/sigv4a-random/vectors.json"),
           cases = json_get(tree, "cases");
  unsigned failed = 0;
  for (size_t i = 0; i < json_len(cases); i++)
    failed += !run_random(json_at(cases, i), json_int(tree, "timestamp", 0));
  assert_int_equal(json_len(cases), 80);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

/* chunks: the example of aws-c-auth (sigv4_signing_tests.c), each signature verified over the
 * string that is written down there. */

#define CHUNKS_DATE  "20130524T000000Z"
#define CHUNKS_SCOPE "20130524/s3/aws4_request"
#define EMPTY        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const unsigned char example_point[65] = {
    0x04, 0x18, 0xb7, 0xd0, 0x46, 0x43, 0x35, 0x9f, 0x6e, 0xc2, 0x70, 0xdc, 0xba,
    0xb8, 0xdc, 0xe6, 0xd1, 0x69, 0xd6, 0x6d, 0xdc, 0x97, 0x78, 0xc7, 0x5c, 0xfb,
    0x08, 0xdf, 0xdb, 0x70, 0x16, 0x37, 0xab, 0xfa, 0x36, 0xb3, 0x5e, 0x4f, 0xe6,
    0x7e, 0x31, 0x12, 0x26, 0x1d, 0x2e, 0x17, 0xa9, 0x56, 0xef, 0x85, 0xb0, 0x6e,
    0x44, 0x71, 0x2d, 0x28, 0x50, 0xbc, 0xd3, 0xc2, 0x16, 0x1e, 0x99, 0x93, 0xf2};

/* The signature in a chunk's head or a trailer's line, 144 characters with what fills it up, is
 * over kind, the one before, and the end of the string. It becomes the one before. */
static void check_link(const char *line, const char *mark, const char *kind, const char *end,
                       char previous[TCX__SIGNATURE_MAX + 1]) {
  char text[1000];
  struct public_key key;
  const char *at = strstr(line, mark);
  assert_non_null(at);
  at += strlen(mark);
  assert_int_equal(strcspn(at, "\r"), TCX__SIGNATURE_MAX);
  struct tcx_str signature = {at, strcspn(at, "*\r")};
  assert_int_equal(strspn(at + signature.n, "*") + signature.n, TCX__SIGNATURE_MAX);
  int n = snprintf(text, sizeof text,
                   "AWS4-ECDSA-P256-SHA256-%s\n" CHUNKS_DATE "\n" CHUNKS_SCOPE "\n%s\n%s", kind,
                   previous, end);
  memcpy(key.point, example_point, sizeof key.point);
  assert_true(verifies(&key, (struct tcx_str){text, (size_t)n}, signature));
  snprintf(previous, TCX__SIGNATURE_MAX + 1, "%.*s", (int)signature.n, signature.p);
}

static void chunks(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_str canonical;
  struct tcx_request req = {.arena = arena,
                            .method = "PUT",
                            .path = TCX__STR("/examplebucket/chunkObject.txt"),
                            .host_header = TCX__STR("s3.amazonaws.com")};
  struct tcx_sigv4 s = {.access_key = "AKIAIOSFODNN7EXAMPLE",
                        .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                        .region = "us-east-1",
                        .service = "s3",
                        .asymmetric = true,
                        .now = 1369353600,
                        .payload = TCX__PAYLOAD_STREAMING_TRAILER,
                        .s3 = true,
                        .canonical_request = &canonical};
  struct public_key key;
  struct tcx_chunked c;
  char head[TCX__CHUNK_HEAD + 1], tail[TCX__CHUNK_TAIL + 1], previous[TCX__SIGNATURE_MAX + 1];
  char *body = malloc(65536);
  memset(body, 'a', 65536);
  tcx__headers_init(&req.headers, arena);
  assert_int_equal(
      tcx__headers_set(&req.headers, TCX__STR("x-amz-trailer"), TCX__STR("x-amz-checksum-crc32")),
      0);
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  derived_public_key(&s, &key);
  assert_memory_equal(key.point, example_point, sizeof key.point);
  assert_non_null(strstr(canonical.p,
                         "\nx-amz-content-sha256:STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-"
                         "TRAILER\nx-amz-date:" CHUNKS_DATE "\nx-amz-region-set:us-east-1\n"));
  snprintf(previous, sizeof previous, "%s", s.signature);
  assert_int_equal(tcx__chunked_init(&c, &s, TCX__SUM_CRC32), 0);
  size_t first = tcx__chunked_head(&c, head, body, 65536);
  head[first] = '\0';
  assert_memory_equal(head, "10000;", 6);
  check_link(head, ";chunk-signature=", "PAYLOAD",
             EMPTY "\nbf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a", previous);
  size_t second = tcx__chunked_head(&c, head, body, 1024);
  head[second] = '\0';
  check_link(head, "400;chunk-signature=", "PAYLOAD",
             EMPTY "\n2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a", previous);
  size_t last = tcx__chunked_tail(&c, tail, "wdBDMA==", 8);
  tail[last] = '\0';
  check_link(tail, "0;chunk-signature=", "PAYLOAD", EMPTY "\n" EMPTY, previous);
  unsigned char hash[32];
  char hex[65] = "";
  tcx__sha256("x-amz-checksum-crc32:wdBDMA==\n", 30, hash);
  tcx__hex_encode(hex, hash, 32);
  check_link(tail, "\r\nx-amz-trailer-signature:", "TRAILER", hex, previous);
  assert_true(tcx__chunked_length(TCX__PAYLOAD_STREAMING_TRAILER, true, TCX__SUM_CRC32, 66560) ==
              first + 65536 + 2 + second + 1024 + 2 + last);
  tcx__chunked_wipe(&c);
  tcx__arena_free(arena);
  free(body);
}

/* Secrets of any length; an access key of any length that there is; both without memory of the one
 * before. */
static void keys(void **state) {
  (void)state;
  static const size_t lengths[] = {1, 40, 59, 60, 200};
  char secret[201], access_key[200];
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    struct public_key key;
    memset(secret, 's', sizeof secret);
    secret[lengths[i]] = '\0';
    struct tcx_sigv4 s = {.access_key = "AKID",
                          .secret_key = secret,
                          .region = "*",
                          .service = "s3",
                          .asymmetric = true};
    derived_public_key(&s, &key);
    unsigned char out[TCX__P256_SECRET];
    assert_int_equal(tcx__sigv4a_key(&s, out, NULL), 0);
    char signature[TCX__SIGNATURE_MAX + 1];
    tcx__sigv4a_signature(out, "text", 4, signature);
    assert_true(verifies(&key, TCX__STR("text"), tcx__str(signature)));
  }
  memset(access_key, 'A', sizeof access_key);
  access_key[129] = '\0';
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_request req = {.arena = arena, .method = "GET", .host_header = TCX__STR("h")};
  struct tcx_sigv4 s = {.access_key = access_key,
                        .secret_key = "s",
                        .region = "*",
                        .service = "s3",
                        .asymmetric = true};
  tcx__headers_init(&req.headers, arena);
  assert_int_equal(tcx__sigv4_sign(&s, &req, &f), TCX_EPARAM);
  assert_string_equal(f.text, "The access key is too long to sign with");
  tcx__arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(suite), cmocka_unit_test(botocore_signed),
                                     cmocka_unit_test(chunks), cmocka_unit_test(keys)};
  return cmocka_run_group_tests_name("sigv4a", tests, NULL, NULL);
}
