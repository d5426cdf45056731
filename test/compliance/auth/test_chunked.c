/*
 * aws-chunked bodies: data/chunked/vectors.json (made by make_chunked.py), the two examples that
 * AWS publishes from the request on, and the length that is promised before a byte is framed.
 */
#include "auth/auth.h"
#include "json_tree.h"

#define CASES 90

static const struct tcx_sigv4 published = {.access_key = "AKIAIOSFODNN7EXAMPLE",
                                           .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                           .region = "us-east-1",
                                           .service = "s3",
                                           .now = 1369353600, /* 2013-05-24T00:00:00Z */
                                           .s3 = true};

struct framed {
  struct tcx_sha256 hash;
  uint64_t length;
  char head[TCX__CHUNK_HEAD + 1], tail[TCX__CHUNK_TAIL + 1]; /* of the first chunk and of the end */
};

static void add(struct framed *f, const void *p, size_t n) {
  tcx__sha256_update(&f->hash, p, n);
  f->length += n;
}

static void frame(struct framed *f, struct tcx_chunked *c, const unsigned char *data, size_t length,
                  tcx__sum sum) {
  char head[TCX__CHUNK_HEAD], tail[TCX__CHUNK_TAIL], text[TCX__SUM_TEXT];
  struct tcx_summer summer;
  memset(f, 0, sizeof *f);
  tcx__sha256_init(&f->hash);
  tcx__summer_init(&summer, sum);
  tcx__summer_update(&summer, data, length);
  for (size_t at = 0; at < length; at += TCX__CHUNK_SIZE) {
    size_t n = length - at < TCX__CHUNK_SIZE ? length - at : TCX__CHUNK_SIZE,
           used = tcx__chunked_head(c, head, data + at, n);
    assert_true(used <= sizeof head);
    if (at == 0)
      memcpy(f->head, head, used);
    add(f, head, used);
    add(f, data + at, n);
    add(f, "\r\n", 2);
  }
  size_t sum_len = tcx__summer_final(&summer, text);
  size_t used = tcx__chunked_tail(c, tail, text, sum_len);
  assert_true(used <= sizeof tail);
  memcpy(f->tail, tail, used);
  add(f, tail, used);
}

static bool run_case(yajl_val vector, const unsigned char *data) {
  const char *form = json_str(vector, "form");
  tcx__sum sum = tcx__sum_by_name(json_str(vector, "sum"));
  size_t length = (size_t)json_int(vector, "length", 0);
  struct tcx_sigv4 s = published;
  struct tcx_chunked c;
  struct framed f;
  s.payload = strcmp(form, "signed") == 0           ? TCX__PAYLOAD_STREAMING
              : strcmp(form, "signed-trailer") == 0 ? TCX__PAYLOAD_STREAMING_TRAILER
                                                    : TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER;
  snprintf(s.signature, sizeof s.signature, "%s", json_str(vector, "seed"));
  assert_int_equal(tcx__chunked_init(&c, &s, sum), 0);
  frame(&f, &c, data, length, sum);
  tcx__chunked_wipe(&c);
  unsigned char digest[32];
  char hex[65] = "";
  tcx__sha256_final(&f.hash, digest);
  for (size_t i = 0; i < 32; i++)
    snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  return strcmp(f.head, json_str(vector, "head")) == 0 &&
         strcmp(f.tail, json_str(vector, "tail")) == 0 &&
         strcmp(hex, json_str(vector, "sha256")) == 0 &&
         f.length == (uint64_t)json_int(vector, "framed_length", 0) &&
         f.length == tcx__chunked_length(s.payload, false, sum, length);
}

static void vectors(void **state) {
  (void)state;
  static unsigned char data[200000];
  unsigned failed = 0;
  yajl_val tree = json_load("compliance/data/chunked/vectors.json"),
           cases = json_get(tree, "cases");
  assert_string_equal(json_str(tree, "secret"), published.secret_key);
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (unsigned char)(i % 251);
  for (size_t i = 0; i < json_len(cases); i++) {
    yajl_val vector = json_at(cases, i);
    if (!run_case(vector, data)) {
      print_error("%s %s %lld\n", json_str(vector, "form"), json_str(vector, "sum"),
                  json_int(vector, "length", 0));
      failed++;
    }
  }
  assert_int_equal(json_len(cases), CASES);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

/* Signs the request of the S3 reference's examples (65 KiB of "a" to
 * examplebucket/chunkObject.txt), then its chunks of 64 and 1 KiB. */
static void run_published(tcx__payload payload, const char *seed, const char *const signatures[4]) {
  static char data[66560];
  static const char *const common[][2] = {{"content-encoding", "aws-chunked"},
                                          {"x-amz-decoded-content-length", "66560"},
                                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  bool trailer = payload == TCX__PAYLOAD_STREAMING_TRAILER;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_request req = {.arena = arena,
                            .method = "PUT",
                            .host_header = TCX__STR("s3.amazonaws.com"),
                            .path = TCX__STR("/examplebucket/chunkObject.txt")};
  struct tcx_sigv4 s = published;
  struct tcx_chunked c;
  char head[TCX__CHUNK_HEAD], tail[TCX__CHUNK_TAIL], text[TCX__SUM_TEXT];
  memset(data, 'a', sizeof data);
  assert_non_null(arena);
  tcx__headers_init(&req.headers, arena);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(tcx__headers_add(&req.headers, tcx__str(common[i][0]), tcx__str(common[i][1])),
                     0);
  if (trailer)
    assert_int_equal(tcx__headers_add(&req.headers, TCX__STR("x-amz-trailer"),
                                      TCX__STR("x-amz-checksum-crc32c")),
                     0);
  else
    assert_int_equal(tcx__headers_add(&req.headers, TCX__STR("content-length"), TCX__STR("66824")),
                     0);
  s.payload = payload;
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_string_equal(s.signature, seed);
  assert_int_equal(tcx__chunked_init(&c, &s, trailer ? TCX__SUM_CRC32C : TCX__SUM_NONE), 0);
  assert_int_equal(tcx__chunked_head(&c, head, data, 65536), 5 + 17 + 64 + 2);
  assert_memory_equal(head, "10000;chunk-signature=", 22);
  assert_memory_equal(head + 22, signatures[0], 64);
  assert_int_equal(tcx__chunked_head(&c, head, data + 65536, 1024), 3 + 17 + 64 + 2);
  assert_memory_equal(head + 20, signatures[1], 64);
  struct tcx_summer summer;
  tcx__summer_init(&summer, TCX__SUM_CRC32C);
  tcx__summer_update(&summer, data, sizeof data);
  size_t sum_len = tcx__summer_final(&summer, text);
  assert_string_equal(text, "sOO8/Q==");
  size_t n = tcx__chunked_tail(&c, tail, text, sum_len);
  assert_memory_equal(tail, "0;chunk-signature=", 18);
  assert_memory_equal(tail + 18, signatures[2], 64);
  if (trailer) {
    assert_memory_equal(tail + 82,
                        "\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:", 58);
    assert_memory_equal(tail + 140, signatures[3], 64);
    assert_int_equal(n, 140 + 64 + 4);
  } else {
    assert_int_equal(n, 82 + 4);
    assert_true(tcx__chunked_length(payload, false, TCX__SUM_NONE, 66560) == 66824);
  }
  tcx__chunked_wipe(&c);
  tcx__arena_free(arena);
}

static void published_signed(void **state) {
  (void)state;
  static const char *const signatures[4] = {
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"};
  run_published(TCX__PAYLOAD_STREAMING,
                "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", signatures);
}

static void published_signed_trailer(void **state) {
  (void)state;
  static const char *const signatures[4] = {
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"};
  run_published(TCX__PAYLOAD_STREAMING_TRAILER,
                "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", signatures);
}

/* The promise equals what head and tail write, for every form and sum, for all lengths near the
 * chunk's ends. */
static void promised_length(void **state) {
  (void)state;
  static const tcx__payload forms[] = {TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER,
                                       TCX__PAYLOAD_STREAMING, TCX__PAYLOAD_STREAMING_TRAILER};
  static const uint64_t around[] = {0, TCX__CHUNK_SIZE, 2 * TCX__CHUNK_SIZE, 5 * TCX__CHUNK_SIZE};
  char head[TCX__CHUNK_HEAD], tail[TCX__CHUNK_TAIL];
  for (size_t form = 0; form < 3; form++)
    for (tcx__sum sum = TCX__SUM_NONE; sum < TCX__SUM_COUNT; sum++) {
      struct tcx_sigv4 s = published;
      struct tcx_chunked c;
      s.payload =
          TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER; /* heads of 1 to 5 digits are measured unsigned,
                                                      signatures are always 17 + 64 longer */
      assert_int_equal(tcx__chunked_init(&c, &s, sum), 0);
      s.payload = forms[form];
      memset(s.signature, 'a', 64);
      struct tcx_chunked end;
      assert_int_equal(tcx__chunked_init(&end, &s, sum), 0);
      char text[TCX__SUM_TEXT];
      size_t tail_len =
          tcx__chunked_tail(&end, tail, memset(text, 'A', sizeof text),
                            forms[form] == TCX__PAYLOAD_STREAMING ? 0 : tcx__sum_text_len(sum));
      size_t signature = forms[form] == TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER ? 0 : 17 + 64;
      for (size_t a = 0; a < sizeof around / sizeof *around; a++)
        for (uint64_t length = around[a] < 300 ? 0 : around[a] - 300; length <= around[a] + 300;
             length++) {
          uint64_t sent = tail_len, left = length;
          for (; left > 0; left -= left < TCX__CHUNK_SIZE ? left : TCX__CHUNK_SIZE) {
            size_t n = left < TCX__CHUNK_SIZE ? (size_t)left : TCX__CHUNK_SIZE;
            sent += tcx__chunked_head(&c, head, NULL, n) + signature + n + 2;
          }
          assert_true(tcx__chunked_length(forms[form], false, sum, length) == sent);
        }
      tcx__chunked_wipe(&end);
      tcx__chunked_wipe(&c);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(published_signed),
                                     cmocka_unit_test(published_signed_trailer),
                                     cmocka_unit_test(promised_length)};
  return cmocka_run_group_tests_name("chunked", tests, NULL, NULL);
}
