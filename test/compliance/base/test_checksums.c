/* data/checksums/vectors.json: every input through every algorithm of checksum.h (and MD5), whole
 * and in pieces, folded and by table; and the CRCs of joined parts. */
#include "base/checksum.h"
#include "base/codec.h"
#include "json_tree.h"

#define VECTORS      74
#define COMBINATIONS 6

static const struct {
  const char *key, *name;
} algorithms[] = {
    {"crc32", "CRC32"}, {"crc32c", "crc32C"}, {"crc64nvme", "CRC64NVME"},
    {"sha1", "sha1"},   {"sha256", "SHA256"},
};

static unsigned char *pattern(const char *name, size_t n) {
  unsigned char *p = malloc(n + 1);
  assert_non_null(p);
  for (size_t i = 0; i < n; i++)
    p[i] = (unsigned char)(strcmp(name, "zeros") == 0   ? 0
                           : strcmp(name, "i%251") == 0 ? i % 251
                                                        : (i + 1) * 131);
  return p;
}

static unsigned char *read_input(yajl_val input, size_t *n) {
  const char *hex = json_str_or(input, "hex", NULL);
  if (hex == NULL) {
    *n = (size_t)json_int(input, "length", 0);
    return pattern(json_str(input, "pattern"), *n);
  }
  *n = strlen(hex) / 2;
  unsigned char *p = malloc(*n + 1);
  assert_non_null(p);
  assert_int_equal(tcx__hex_decode(p, hex, 2 * *n), 0);
  return p;
}

static bool sum_is(tcx__sum sum, const unsigned char *p, size_t n, size_t piece,
                   const char *expected) {
  struct tcx_summer s;
  char text[TCX__SUM_TEXT];
  tcx__summer_init(&s, sum);
  for (size_t at = 0; at < n; at += piece)
    tcx__summer_update(&s, p + at, n - at < piece ? n - at : piece);
  size_t length = tcx__summer_final(&s, text);
  return length == strlen(expected) && strcmp(text, expected) == 0;
}

static void vectors(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/checksums/vectors.json"),
           list = json_get(tree, "vectors");
  unsigned failed = 0;
  for (size_t i = 0; i < json_len(list); i++) {
    yajl_val vector = json_at(list, i), digests = json_get(vector, "digests");
    size_t n;
    unsigned char *p = read_input(json_get(vector, "input"), &n);
    for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++) {
      const char *expected = json_str(json_get(digests, algorithms[a].key), "base64");
      tcx__sum sum = tcx__sum_by_name(algorithms[a].name);
      assert_int_not_equal(sum, TCX__SUM_NONE);
      for (int portable = 0; portable < 2; portable++) {
        if (portable == 1 && n > 100000)
          continue; /* the bytes between are no different from those of 64 KiB */
        tcx__crc_force_portable(portable == 1);
        tcx__sha256_force_portable(portable == 1);
        if (!sum_is(sum, p, n, n + 1, expected) || !sum_is(sum, p, n, 1000, expected) ||
            (n < 5000 && !sum_is(sum, p, n, 7, expected))) {
          print_error("%s: %s, portable %d\n", json_str(vector, "id"), algorithms[a].key, portable);
          failed++;
        }
      }
    }
    tcx__crc_force_portable(false);
    tcx__sha256_force_portable(false);
    unsigned char md5[16];
    char hex[33] = "";
    tcx__md5(p, n, md5);
    tcx__hex_encode(hex, md5, 16);
    if (memcmp(hex, json_str(json_get(digests, "md5"), "hex"), 32) != 0) {
      print_error("%s: md5\n", json_str(vector, "id"));
      failed++;
    }
    free(p);
  }
  assert_int_equal(json_len(list), VECTORS);
  assert_int_equal(failed, 0);
  yajl_tree_free(tree);
}

static uint64_t hex_member(yajl_val map, const char *name) {
  return strtoull(json_str(map, name), NULL, 16);
}

static void combinations(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/checksums/vectors.json"),
           list = json_get(tree, "combine");
  for (size_t i = 0; i < json_len(list); i++) {
    yajl_val parts = json_get(json_at(list, i), "parts"),
             whole = json_get(json_at(list, i), "whole");
    uint32_t crc32 = 0, crc32c = 0;
    uint64_t crc64 = 0;
    for (size_t k = 0; k < json_len(parts); k++) {
      yajl_val part = json_at(parts, k);
      uint64_t n = (uint64_t)json_int(part, "length", 0);
      crc32 = tcx__crc32_combine(crc32, (uint32_t)hex_member(part, "crc32"), n);
      crc32c = tcx__crc32c_combine(crc32c, (uint32_t)hex_member(part, "crc32c"), n);
      crc64 = tcx__crc64nvme_combine(crc64, hex_member(part, "crc64nvme"), n);
    }
    assert_true(crc32 == hex_member(whole, "crc32"));
    assert_true(crc32c == hex_member(whole, "crc32c"));
    assert_true(crc64 == hex_member(whole, "crc64nvme"));
  }
  assert_int_equal(json_len(list), COMBINATIONS);
  yajl_tree_free(tree);
}

static void names(void **state) {
  (void)state;
  for (tcx__sum sum = TCX__SUM_NONE + 1; sum < TCX__SUM_COUNT; sum++) {
    struct tcx_str header = tcx__sum_header(sum);
    assert_int_equal(strlen(header.p), header.n);
    assert_true(tcx__str_starts(header, "x-amz-checksum-"));
    assert_int_equal(tcx__sum_by_name(header.p + strlen("x-amz-checksum-")), sum);
  }
  assert_int_equal(tcx__sum_by_name("MD5"), TCX__SUM_NONE);
  assert_int_equal(tcx__sum_by_name("XXHASH64"), TCX__SUM_NONE);
  assert_int_equal(tcx__sum_by_name(""), TCX__SUM_NONE);
  assert_int_equal(tcx__sum_by_name(NULL), TCX__SUM_NONE);
  struct tcx_summer s;
  char text[TCX__SUM_TEXT];
  tcx__summer_init(&s, TCX__SUM_NONE);
  tcx__summer_update(&s, "abc", 3);
  assert_int_equal(tcx__summer_final(&s, text), 0);
  assert_string_equal(text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(combinations),
                                     cmocka_unit_test(names)};
  return cmocka_run_group_tests_name("checksums", tests, NULL, NULL);
}
