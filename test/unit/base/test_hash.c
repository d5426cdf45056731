/* SHA-256 against BearSSL's over lengths, alignments and cuts, with and without the processor's
 * instructions; HMAC and MD5 by RFC vectors. */
#include "base/hash.h"
#include "support.h"
#include <bearssl.h>

static unsigned char bytes[1024 + 16];

static int fill(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)(i * 167 + (i >> 3) + 11);
  return 0;
}

static int accelerate(void **state) {
  (void)state;
  tcx__sha256_force_portable(false);
  return 0;
}

static void expected_sha256(const void *p, size_t n, unsigned char out[32]) {
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, p, n);
  br_sha256_out(&context, out);
}

static void lengths_and_alignments(void **state) {
  (void)state;
  for (int portable = 0; portable < 2; portable++) {
    tcx__sha256_force_portable(portable == 1);
    if (portable == 1)
      assert_false(tcx__sha256_accelerated());
    for (size_t n = 0; n <= 1024; n += n < 260 ? 1 : 61)
      for (size_t shift = 0; shift < 16; shift += n < 130 ? 1 : 5) {
        unsigned char expected[32], got[32];
        expected_sha256(bytes + shift, n, expected);
        tcx__sha256(bytes + shift, n, got);
        assert_memory_equal(got, expected, 32);
      }
  }
}

static void cut_anywhere(void **state) {
  (void)state;
  for (int portable = 0; portable < 2; portable++) {
    tcx__sha256_force_portable(portable == 1);
    for (size_t n = 0; n <= 200; n++)
      for (size_t cut = 0; cut <= n; cut++) {
        struct tcx_sha256 h;
        unsigned char expected[32], got[32];
        tcx__sha256_init(&h);
        tcx__sha256_update(&h, bytes, cut);
        expected_sha256(bytes, cut, expected);
        tcx__sha256_final(&h, got);
        assert_memory_equal(got, expected, 32);
        tcx__sha256_update(&h, bytes + cut, n - cut);
        expected_sha256(bytes, n, expected);
        tcx__sha256_final(&h, got);
        assert_memory_equal(got, expected, 32);
      }
  }
}

static void byte_by_byte(void **state) {
  (void)state;
  struct tcx_sha256 h;
  unsigned char expected[32], got[32];
  tcx__sha256_init(&h);
  for (size_t i = 0; i < sizeof bytes; i++)
    tcx__sha256_update(&h, bytes + i, 1);
  tcx__sha256_final(&h, got);
  expected_sha256(bytes, sizeof bytes, expected);
  assert_memory_equal(got, expected, 32);
  tcx__sha256_update(&h, NULL, 0);
  tcx__sha256_final(&h, got);
  assert_memory_equal(got, expected, 32);
}

static void hmac_keys_and_messages(void **state) {
  (void)state;
  for (int portable = 0; portable < 2; portable++) {
    tcx__sha256_force_portable(portable == 1);
    for (size_t key_size = 0; key_size <= 140; key_size++)
      for (size_t n = 0; n <= 130; n += 13) {
        br_hmac_key_context key_context;
        br_hmac_context context;
        unsigned char expected[32], got[32];
        br_hmac_key_init(&key_context, &br_sha256_vtable, bytes, key_size);
        br_hmac_init(&context, &key_context, 0);
        br_hmac_update(&context, bytes + 7, n);
        br_hmac_out(&context, expected);
        struct tcx_hmac_key key;
        tcx__hmac_key_init(&key, bytes, key_size);
        tcx__hmac(&key, bytes + 7, n, got);
        assert_memory_equal(got, expected, 32);
      }
  }
}

static void rfc_vectors(void **state) {
  (void)state;
  static const unsigned char abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                        0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                        0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  static const unsigned char jefe[32] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                         0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                         0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                         0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
  static const unsigned char md5_abc[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                            0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
  unsigned char got[32];
  tcx__sha256("abc", 3, got);
  assert_memory_equal(got, abc, 32);
  struct tcx_hmac_key key;
  tcx__hmac_key_init(&key, "Jefe", 4);
  tcx__hmac(&key, "what do ya want for nothing?", 28, got);
  assert_memory_equal(got, jefe, 32);
  tcx__md5("abc", 3, got);
  assert_memory_equal(got, md5_abc, 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(lengths_and_alignments, accelerate),
      cmocka_unit_test_teardown(cut_anywhere, accelerate),
      cmocka_unit_test(byte_by_byte),
      cmocka_unit_test_teardown(hmac_keys_and_messages, accelerate),
      cmocka_unit_test(rfc_vectors),
  };
  return cmocka_run_group_tests_name("hash", tests, fill, NULL);
}
