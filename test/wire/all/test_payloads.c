/*
 * The table of lib/core/payload.h, cell by cell: how a PutObject body and its checksum travel by
 * scheme, size and options. Every cell is rendered, and travels to a server (https: over TLS); its
 * body is taken apart. The digests come from Python's zlib, hashlib and from chaining HMACs by hand
 * in read_chunks.
 */
#include "base/codec.h"
#include "base/hash.h"
#include "fault_tls.h"
#include "whole.h"

#define SMALL        "hello world"
#define SMALL_CRC32  "DUoRhQ=="
#define SMALL_SHA256 "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
#define BIG_SIZE     ((1u << 20) + 7)
#define BIG_CRC32    "xQeSgg==" /* of the byte 'x', BIG_SIZE times */
#define EMPTY_CRC32  "AAAAAA=="

typedef enum { MEMORY, BIG_MEMORY, FROM_FILE, SOURCE, EMPTY_FILE } kind;
typedef enum { NOWHERE, HEADER, TRAILER } place;

struct cell {
  const char *what;
  const char *url; /* NULL: https at the service's own host */
  kind body;
  const char *config; /* more client options, or NULL */
  const char *extra;  /* more parameters, or NULL: JSON */
  bool unsigned_requests;
  const char *sha256; /* x-amz-content-sha256; NULL: the header must be absent */
  place sum;
  const char *sum_name; /* x-amz-checksum-...; NULL: crc32 */
};

#define HTTP              "http://127.0.0.1:9"
#define UNSIGNED          "UNSIGNED-PAYLOAD"
#define UNSIGNED_TRAILER  "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
#define CHUNKS            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
#define CHUNKS_TRAILER    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
#define CHUNKS_4A         "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
#define CHUNKS_4A_TRAILER "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
#define V4A               "\"signature_version\": \"v4a\""

/* clang-format off */
static const struct cell cells[] = {
    {"https, memory", NULL, MEMORY, NULL, NULL, false, UNSIGNED, HEADER, NULL},
    {"https, large memory", NULL, BIG_MEMORY, NULL, NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"https, file", NULL, FROM_FILE, NULL, NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"https, empty file", NULL, EMPTY_FILE, NULL, NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"https, source", NULL, SOURCE, NULL, NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"http, memory", HTTP, MEMORY, NULL, NULL, false, SMALL_SHA256, HEADER, NULL},
    {"http, large memory", HTTP, BIG_MEMORY, NULL, NULL, false, CHUNKS_TRAILER, TRAILER, NULL},
    {"http, file", HTTP, FROM_FILE, NULL, NULL, false, CHUNKS_TRAILER, TRAILER, NULL},
    {"http, empty file", HTTP, EMPTY_FILE, NULL, NULL, false, CHUNKS_TRAILER, TRAILER, NULL},
    {"http, source", HTTP, SOURCE, NULL, NULL, false, CHUNKS_TRAILER, TRAILER, NULL},
    {"https signing, memory", NULL, MEMORY, "{\"s3\": {\"payload_signing_enabled\": true}}", NULL, false, SMALL_SHA256, HEADER, NULL},
    {"https signing, file", NULL, FROM_FILE, "{\"s3\": {\"payload_signing_enabled\": true}}", NULL, false, CHUNKS_TRAILER, TRAILER, NULL},
    {"https not signing, memory", NULL, MEMORY, "{\"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED, HEADER, NULL},
    {"https not signing, file", NULL, FROM_FILE, "{\"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"http not signing, memory", HTTP, MEMORY, "{\"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED, HEADER, NULL},
    {"http not signing, file", HTTP, FROM_FILE, "{\"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED, NOWHERE, NULL},
    {"http not signing, source", HTTP, SOURCE, "{\"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED, NOWHERE, NULL},
    {"https, no checksum, memory", NULL, MEMORY, "{\"request_checksum_calculation\": \"when_required\"}", NULL, false, SMALL_SHA256, NOWHERE, NULL},
    {"https, no checksum, file", NULL, FROM_FILE, "{\"request_checksum_calculation\": \"when_required\"}", NULL, false, CHUNKS, NOWHERE, NULL},
    {"http, no checksum, memory", HTTP, MEMORY, "{\"request_checksum_calculation\": \"when_required\"}", NULL, false, SMALL_SHA256, NOWHERE, NULL},
    {"http, no checksum, file", HTTP, FROM_FILE, "{\"request_checksum_calculation\": \"when_required\"}", NULL, false, CHUNKS, NOWHERE, NULL},
    {"neither, file", HTTP, FROM_FILE, "{\"request_checksum_calculation\": \"when_required\", \"s3\": {\"payload_signing_enabled\": false}}", NULL, false, UNSIGNED, NOWHERE, NULL},
    {"botocore's way, memory", NULL, MEMORY, "{\"s3\": {\"checksum_trailer\": true}}", NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"asked for, memory", NULL, MEMORY, NULL, "{\"ChecksumAlgorithm\": \"SHA256\"}", false, UNSIGNED, HEADER, "x-amz-checksum-sha256"},
    {"asked for, file", NULL, FROM_FILE, NULL, "{\"ChecksumAlgorithm\": \"SHA1\"}", false, UNSIGNED_TRAILER, TRAILER, "x-amz-checksum-sha1"},
    {"asked for, http file", HTTP, FROM_FILE, NULL, "{\"ChecksumAlgorithm\": \"CRC64NVME\"}", false, CHUNKS_TRAILER, TRAILER, "x-amz-checksum-crc64nvme"},
    {"given, memory", NULL, MEMORY, NULL, "{\"ChecksumCRC32C\": \"yZRlqg==\"}", false, SMALL_SHA256, HEADER, "x-amz-checksum-crc32c"},
    {"given, file", HTTP, FROM_FILE, NULL, "{\"ChecksumCRC32C\": \"yZRlqg==\"}", false, CHUNKS, HEADER, "x-amz-checksum-crc32c"},
    {"4A https, memory", NULL, MEMORY, "{" V4A "}", NULL, false, UNSIGNED, HEADER, NULL},
    {"4A https, file", NULL, FROM_FILE, "{" V4A "}", NULL, false, UNSIGNED_TRAILER, TRAILER, NULL},
    {"4A https signing, file", NULL, FROM_FILE, "{" V4A ", \"s3\": {\"payload_signing_enabled\": true}}", NULL, false, CHUNKS_4A_TRAILER, TRAILER, NULL},
    {"4A http, memory", HTTP, MEMORY, "{" V4A "}", NULL, false, SMALL_SHA256, HEADER, NULL},
    {"4A http, large memory", HTTP, BIG_MEMORY, "{" V4A "}", NULL, false, CHUNKS_4A_TRAILER, TRAILER, NULL},
    {"4A http, no checksum, source", HTTP, SOURCE, "{" V4A ", \"request_checksum_calculation\": \"when_required\"}", NULL, false, CHUNKS_4A, NOWHERE, NULL},
    {"unsigned https, memory", NULL, MEMORY, NULL, NULL, true, NULL, HEADER, NULL},
    {"unsigned https, file", NULL, FROM_FILE, NULL, NULL, true, UNSIGNED_TRAILER, TRAILER, NULL},
    {"unsigned http, memory", HTTP, MEMORY, NULL, NULL, true, NULL, HEADER, NULL},
    {"unsigned http, file", HTTP, FROM_FILE, NULL, NULL, true, UNSIGNED_TRAILER, TRAILER, NULL},
};
/* clang-format on */
#define N_CELLS (sizeof cells / sizeof cells[0])

static char big[BIG_SIZE];
static char small_path[64] = "/tmp/tucuxi-payload-XXXXXX",
            empty_path[64] = "/tmp/tucuxi-empty-XXXXXX";

static const char *body_of(kind k) { return k == BIG_MEMORY ? big : k == EMPTY_FILE ? "" : SMALL; }
static size_t size_of(kind k) {
  return k == BIG_MEMORY ? BIG_SIZE : k == EMPTY_FILE ? 0 : strlen(SMALL);
}

static ssize_t read_small(tcx_body_t *body, void *buf, size_t len) {
  size_t *at = tcx_body_data(body), n = strlen(SMALL) - *at;
  n = n > 4 ? 4 : n; /* in pieces */
  n = n > len ? len : n;
  memcpy(buf, &SMALL[*at], n);
  *at += n;
  return (ssize_t)n;
}
static size_t source_at;

static tcx_body_t *make_body(kind k) {
  source_at = 0;
  switch (k) {
  case MEMORY:
    return tcx_body_copy(SMALL, strlen(SMALL));
  case BIG_MEMORY:
    return tcx_body_borrow(big, BIG_SIZE);
  case FROM_FILE:
    return tcx_body_file(small_path, 0, -1);
  case EMPTY_FILE:
    return tcx_body_file(empty_path, 0, -1);
  default:
    return tcx_body_source((int64_t)strlen(SMALL), read_small, NULL, NULL, &source_at);
  }
}

static tcx_value_t *make_params(const struct cell *c) {
  tcx_value_t *params =
      c->extra != NULL ? tcx_value_from_json(c->extra, strlen(c->extra)) : tcx_value_new_map();
  tcx_value_set_str(params, "Bucket", "bucket");
  tcx_value_set_str(params, "Key", "key");
  return tcx_value_set_body(params, "Body", make_body(c->body));
}

static tcx_client_options_t options_of(const struct cell *c, const char *url) {
  tcx_value_t *config =
      c->config != NULL ? tcx_value_from_json(c->config, strlen(c->config)) : tcx_value_new_map();
  tcx_value_set_str(config, "verify", TCX_TEST_DIR "/unit/net/tls/ca.pem");
  return (tcx_client_options_t){
      .endpoint_url = url, .unsigned_requests = c->unsigned_requests, .config = config};
}

/* ---- what a cell must look like ---- */

#define MUST(cond)                                                                                 \
  do {                                                                                             \
    if (!(cond)) {                                                                                 \
      fprintf(stderr, "%s: not %s\n", c->what, #cond);                                             \
      bad++;                                                                                       \
    }                                                                                              \
  } while (0)

static bool same(const char *a, const char *b) {
  return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

static const char *find(const tcx_value_t *headers, const char *name) {
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (strcasecmp(tcx_value_name(h), name) == 0)
      return tcx_value_str(h, NULL);
  return NULL;
}

struct decoded {
  char *bytes;
  size_t n, chunks;
  char trailer[200], trailer_signature[200];
  bool signatures, whole;
};

/* aws-chunked, with signatures of width characters: "hex[;chunk-signature=...]\r\n" bytes "\r\n"
 * ... "0" trailer. */
static struct decoded read_chunks(const char *p, size_t n, size_t width) {
  struct decoded d = {.bytes = malloc(n + 1), .signatures = true};
  const char *end = p + n;
  while (p < end) {
    char *after;
    size_t size = strtoul(p, &after, 16);
    const char *line_end = strstr(after, "\r\n");
    d.signatures = d.signatures && strncmp(after, ";chunk-signature=", 17) == 0 &&
                   (size_t)(line_end - after) == 17 + width;
    if (line_end == NULL)
      break;
    p = line_end + 2;
    if (size == 0)
      break;
    d.chunks++;
    memcpy(d.bytes + d.n, p, size);
    d.n += size;
    p += size;
    if (memcmp(p, "\r\n", 2) != 0)
      return d;
    p += 2;
  }
  while (p < end && memcmp(p, "\r\n", 2) != 0) {
    size_t len = (size_t)(strstr(p, "\r\n") - p);
    if (strncmp(p, "x-amz-trailer-signature:", 24) == 0)
      snprintf(d.trailer_signature, sizeof d.trailer_signature, "%.*s", (int)(len - 24), p + 24);
    else
      snprintf(d.trailer, sizeof d.trailer, "%.*s", (int)len, p);
    p += len + 2;
  }
  d.whole = p + 2 == end;
  return d;
}

static int check_headers(const struct cell *c, const tcx_value_t *headers) {
  int bad = 0;
  bool chunked = c->sha256 != NULL && strncmp(c->sha256, "STREAMING", 9) == 0;
  const char *sum_name = c->sum_name != NULL ? c->sum_name : "x-amz-checksum-crc32";
  const char *sum = find(headers, sum_name);
  MUST(same(find(headers, "x-amz-content-sha256"), c->sha256));
  MUST((sum != NULL) == (c->sum == HEADER));
  MUST(same(find(headers, "x-amz-trailer"), c->sum == TRAILER ? sum_name : NULL));
  MUST(same(find(headers, "content-encoding"), chunked ? "aws-chunked" : NULL));
  char length[32];
  snprintf(length, sizeof length, "%zu", size_of(c->body));
  MUST(same(find(headers, "x-amz-decoded-content-length"), chunked ? length : NULL));
  bool own = c->sum_name == NULL && c->sum != NOWHERE;
  MUST(same(find(headers, "x-amz-sdk-checksum-algorithm"),
            own ? "CRC32" : find(headers, "x-amz-sdk-checksum-algorithm")));
  MUST((find(headers, "x-amz-sdk-checksum-algorithm") != NULL) ==
       (c->sum != NOWHERE && (c->extra == NULL || strstr(c->extra, "Algorithm") != NULL)));
  if (own && c->sum == HEADER)
    MUST(same(sum, SMALL_CRC32));
  const char *authorization = find(headers, "authorization");
  bool asymmetric = c->config != NULL && strstr(c->config, V4A) != NULL;
  MUST((authorization == NULL) == c->unsigned_requests);
  MUST(authorization == NULL ||
       strncmp(authorization, asymmetric ? "AWS4-ECDSA-P256-SHA256 " : "AWS4-HMAC-SHA256 ", 17) ==
           0);
  MUST(same(find(headers, "x-amz-region-set"), asymmetric ? "*" : NULL));
  return bad;
}

static int check_body(const struct cell *c, const char *body, size_t n) {
  int bad = 0;
  if (c->sha256 == NULL || strncmp(c->sha256, "STREAMING", 9) != 0) {
    MUST(n == size_of(c->body) && memcmp(body, body_of(c->body), n) == 0);
    return bad;
  }
  bool asymmetric = strncmp(c->sha256, CHUNKS_4A, strlen(CHUNKS_4A)) == 0,
       is_signed = asymmetric || strncmp(c->sha256, CHUNKS, strlen(CHUNKS)) == 0;
  size_t width = asymmetric ? 144 : 64;
  struct decoded d = read_chunks(body, n, width);
  char trailer[200] = "";
  if (c->sum == TRAILER && c->sum_name == NULL)
    snprintf(trailer, sizeof trailer, "x-amz-checksum-crc32:%s",
             c->body == BIG_MEMORY   ? BIG_CRC32
             : c->body == EMPTY_FILE ? EMPTY_CRC32
                                     : SMALL_CRC32);
  MUST(d.whole);
  MUST(d.n == size_of(c->body) && memcmp(d.bytes, body_of(c->body), d.n) == 0);
  MUST(d.chunks == (d.n + 65535) / 65536);
  MUST(d.signatures == is_signed);
  MUST(strlen(d.trailer_signature) == (is_signed && c->sum == TRAILER ? width : 0));
  if (c->sum_name == NULL || c->sum != TRAILER)
    MUST(same(d.trailer, trailer));
  else
    MUST(strncmp(d.trailer, c->sum_name, strlen(c->sum_name)) == 0);
  free(d.bytes);
  return bad;
}

static void test_rendered(void **state) {
  (void)state;
  int bad = 0;
  for (size_t i = 0; i < N_CELLS; i++) {
    const struct cell *c = &cells[i];
    struct whole w;
    struct outcome o;
    tcx_client_options_t co = options_of(c, c->url);
    whole_begin(&w, NULL, 0, &co);
    whole_goal_to(&w, "put_object", make_params(c), TCX__GOAL_RENDER, &o);
    if (o.status != 0) {
      fprintf(stderr, "%s: %s\n", c->what, o.msg);
      bad++;
    } else {
      size_t n = 0;
      const char *body = tcx_value_bytes(o.response, "Body", &n);
      bad += check_headers(c, tcx_value_get(o.response, "Headers"));
      bad += check_body(c, body != NULL ? body : "", n);
      MUST(strncmp(tcx_value_str(o.response, "Url"), c->url != NULL ? "http://" : "https://", 7) ==
           0);
    }
    outcome_free(&o);
    whole_end(&w);
  }
  assert_int_equal(bad, 0);
}

/* ---- over the wire ---- */

static tcx_value_t *head_to_map(const char *head) {
  tcx_value_t *map = tcx_value_new_map();
  for (const char *p = strstr(head, "\r\n") + 2; p[0] != '\r' && p[0] != '\0';) {
    size_t name = strcspn(p, ":"), line = strcspn(p, "\r");
    assert_null(tcx_value_member(map, p, name)); /* no header twice */
    char value[1024];
    snprintf(value, sizeof value, "%.*s", (int)(line - name - 2), p + name + 2);
    tcx_value_put(map, p, name, tcx_value_new_str(value));
    p += line + 2;
  }
  return map;
}

static void test_travelled(void **state) {
  (void)state;
  static const struct fault_step ok[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  static const struct fault_step *const scripts[] = {ok};
  struct fault_tls *tls = fault_tls_new("unit/net/tls/good.pem", "unit/net/tls/server.key");
  int bad = 0;
  for (size_t i = 0; i < N_CELLS; i++) {
    const struct cell *c = &cells[i];
    struct whole w;
    whole_tls = c->url == NULL ? tls : NULL;
    tcx_client_options_t co = options_of(c, NULL);
    whole_begin(&w, scripts, 1, &co);
    w.server.keep_body = BIG_SIZE + 65536;
    struct outcome o = whole_call(&w, "put_object", make_params(c), NULL);
    tcx_value_t *headers = head_to_map(w.server.last_head);
    MUST(o.status == 0 && o.attempts == 1);
    bad += check_headers(c, headers);
    bad += check_body(c, w.server.last_body, w.server.last_body_len);
    char length[32];
    snprintf(length, sizeof length, "%zu", w.server.last_body_len);
    MUST(same(find(headers, "content-length"), length));
    MUST(find(headers, "transfer-encoding") == NULL);
    MUST((find(headers, "expect") != NULL) == (c->body == BIG_MEMORY));
    tcx_value_free(headers);
    outcome_free(&o);
    whole_end(&w);
  }
  whole_tls = NULL;
  fault_tls_free(tls);
  assert_int_equal(bad, 0);
}

/* ---- what has no cell ---- */

static void test_no_place_for_the_sum(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  whole_begin(
      &w, NULL, 0,
      &(tcx_client_options_t){.endpoint_url = HTTP,
                              .config = tcx_params("{s3: {payload_signing_enabled: false}}")});
  whole_goal_to(&w, "put_object",
                tcx_value_set_body(tcx_params("{Bucket: b, Key: k, ChecksumAlgorithm: SHA256}"),
                                   "Body", tcx_body_file(small_path, 0, -1)),
                TCX__GOAL_RENDER, &o);
  assert_int_equal(o.status, TCX_EBODY);
  assert_non_null(strstr(o.msg, "trailer"));
  outcome_free(&o);
  whole_end(&w);
}

/* A document is hashed whatever its size, and has its checksum in a header. */
static void test_document(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  whole_begin(&w, NULL, 0, NULL);
  whole_goal_to(&w, "delete_objects", tcx_params("{Bucket: b, Delete: {Objects: [{Key: 'a\rb'}]}}"),
                TCX__GOAL_RENDER, &o);
  assert_int_equal(o.status, 0);
  const tcx_value_t *headers = tcx_value_get(o.response, "Headers");
  assert_non_null(find(headers, "x-amz-checksum-crc32"));
  assert_int_equal(strlen(find(headers, "x-amz-content-sha256")), 64);
  assert_non_null(strstr(tcx_value_bytes(o.response, "Body", NULL), "<Key>a&#xD;b</Key>"));
  outcome_free(&o);
  whole_end(&w);
}

/* The caller's own encoding stays in front. */
static void test_content_encoding(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  whole_begin(&w, NULL, 0, NULL);
  whole_goal_to(&w, "put_object",
                tcx_value_set_body(tcx_params("{Bucket: b, Key: k, ContentEncoding: gzip}"), "Body",
                                   tcx_body_file(small_path, 0, -1)),
                TCX__GOAL_RENDER, &o);
  assert_string_equal(find(tcx_value_get(o.response, "Headers"), "content-encoding"),
                      "gzip,aws-chunked");
  outcome_free(&o);
  whole_end(&w);
}

/* A part of a file; and the length that the caller gives must be the body's. */
static void test_part_of_a_file(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  whole_begin(
      &w, NULL, 0,
      &(tcx_client_options_t){.config = tcx_params("{request_checksum_calculation: when_required, "
                                                   "s3: {payload_signing_enabled: false}}")});
  whole_goal_to(&w, "put_object",
                tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                                   tcx_body_file(small_path, 6, 3)),
                TCX__GOAL_RENDER, &o);
  assert_string_equal(tcx_value_bytes(o.response, "Body", NULL), "wor");
  outcome_free(&o);
  whole_goal_to(&w, "put_object",
                tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                                   tcx_body_file(small_path, 100, -1)),
                TCX__GOAL_RENDER, &o);
  assert_int_equal(tcx_value_len(o.response, "Body"), 0);
  outcome_free(&o);
  whole_end(&w);
}

static int make_files(void **state) {
  (void)state;
  memset(big, 'x', sizeof big);
  int fd = mkstemp(small_path);
  ssize_t n = write(fd, SMALL, strlen(SMALL));
  close(fd);
  close(mkstemp(empty_path));
  return n == (ssize_t)strlen(SMALL) ? 0 : -1;
}
static int remove_files(void **state) {
  (void)state;
  return remove(small_path) | remove(empty_path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rendered),
      cmocka_unit_test(test_travelled),
      cmocka_unit_test(test_no_place_for_the_sum),
      cmocka_unit_test(test_document),
      cmocka_unit_test(test_content_encoding),
      cmocka_unit_test(test_part_of_a_file),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
