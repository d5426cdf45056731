/* Each CRC against a bit by bit one over lengths, alignments and cuts, folded and by table; and the
 * CRC of joined parts. */
#include "base/checksum.h"
#include "support.h"

static unsigned char bytes[2048 + 32];

static int fill(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)(i * 89 + (i >> 2) + 3);
  return 0;
}

static int accelerate(void **state) {
  (void)state;
  tcx__crc_force_portable(false);
  return 0;
}

static uint64_t bitwise(uint64_t polynomial, unsigned width, const unsigned char *p, size_t n) {
  const uint64_t ones = ~(uint64_t)0 >> (64 - width);
  uint64_t crc = ones;
  for (size_t i = 0; i < n; i++) {
    crc ^= p[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return crc ^ ones;
}

static uint64_t crc32(uint64_t crc, const void *p, size_t n) {
  return tcx__crc32((uint32_t)crc, p, n);
}
static uint64_t crc32c(uint64_t crc, const void *p, size_t n) {
  return tcx__crc32c((uint32_t)crc, p, n);
}
static uint64_t crc32_join(uint64_t a, uint64_t b, uint64_t n) {
  return tcx__crc32_combine((uint32_t)a, (uint32_t)b, n);
}
static uint64_t crc32c_join(uint64_t a, uint64_t b, uint64_t n) {
  return tcx__crc32c_combine((uint32_t)a, (uint32_t)b, n);
}

static const struct algorithm {
  uint64_t polynomial;
  unsigned width;
  uint64_t check; /* of "123456789" */
  uint64_t (*run)(uint64_t crc, const void *p, size_t n);
  uint64_t (*join)(uint64_t a, uint64_t b, uint64_t len_b);
} algorithms[] = {
    {0xedb88320u, 32, 0xcbf43926u, crc32, crc32_join},
    {0x82f63b78u, 32, 0xe3069283u, crc32c, crc32c_join},
    {0x9a6c9329ac4bc9b5u, 64, 0xae8b14860a799888u, tcx__crc64nvme, tcx__crc64nvme_combine},
};
#define EACH(a)                                                                                    \
  (const struct algorithm *a = algorithms;                                                         \
   a < algorithms + sizeof algorithms / sizeof *algorithms; a++)

static void check_values(void **state) {
  (void)state;
  for
    EACH(a) {
      assert_true(a->run(0, "123456789", 9) == a->check);
      assert_true(a->run(0, NULL, 0) == 0);
      assert_true(bitwise(a->polynomial, a->width, (const unsigned char *)"123456789", 9) ==
                  a->check);
    }
}

static void lengths_and_alignments(void **state) {
  (void)state;
  for (int portable = 0; portable < 2; portable++) {
    tcx__crc_force_portable(portable == 1);
    for
      EACH(a)
    for (size_t n = 0; n <= 2048; n += n < 330 ? 1 : 127)
      for (size_t shift = 0; shift < 17; shift += n < 100 ? 1 : 8)
        assert_true(a->run(0, bytes + shift, n) ==
                    bitwise(a->polynomial, a->width, bytes + shift, n));
  }
}

static void cut_anywhere(void **state) {
  (void)state;
  for (int portable = 0; portable < 2; portable++) {
    tcx__crc_force_portable(portable == 1);
    for
      EACH(a)
    for (size_t n = 0; n <= 300; n += 3) {
      uint64_t whole = bitwise(a->polynomial, a->width, bytes, n);
      for (size_t cut = 0; cut <= n; cut++)
        assert_true(a->run(a->run(0, bytes, cut), bytes + cut, n - cut) == whole);
    }
  }
}

static void joined(void **state) {
  (void)state;
  for
    EACH(a)
  for (size_t n = 0; n <= 2048; n += 97) {
    uint64_t whole = a->run(0, bytes, n);
    for (size_t cut = 0; cut <= n; cut += 31)
      assert_true(a->join(a->run(0, bytes, cut), a->run(0, bytes + cut, n - cut), n - cut) ==
                  whole);
  }
}

/* Five tebibytes of zeros by doubling, and by one long step: combine takes lengths beyond 32 bits.
 */
static void joined_long(void **state) {
  (void)state;
  static const unsigned char zeros[1024];
  for
    EACH(a) {
      uint64_t part = a->run(0, zeros, sizeof zeros), length = sizeof zeros;
      for (; length < (uint64_t)1 << 42; length *= 2)
        part = a->join(part, part, length);
      uint64_t front = a->run(0, "front", 5);
      uint64_t at_once = a->join(front, part, length), in_two = front;
      uint64_t half = a->run(0, zeros, sizeof zeros), half_length = sizeof zeros;
      for (; half_length < length / 2; half_length *= 2)
        half = a->join(half, half, half_length);
      in_two = a->join(a->join(in_two, half, half_length), half, half_length);
      assert_true(at_once == in_two);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_values),
      cmocka_unit_test_teardown(lengths_and_alignments, accelerate),
      cmocka_unit_test_teardown(cut_anywhere, accelerate),
      cmocka_unit_test(joined),
      cmocka_unit_test(joined_long),
  };
  return cmocka_run_group_tests_name("crc", tests, fill, NULL);
}
