/* CBOR by itself: what is written, what is refused and in which words, limits, memory. */
#include "base/codec.h"
#include "base/mem.h"
#include "cbor_events.h"
#include "torture.h"
#include "with_arena.h"
#include <math.h>

/* ---- writing ---- */

static const char *hex_of(const struct tcx_buf *out) {
  char *hex = tcx__arena_zalloc(arena, out->len * 2 + 1);
  assert_int_equal(out->status, 0);
  tcx__hex_encode(hex, out->data, out->len);
  return hex;
}

static void writes_integers(void **state) {
  (void)state;
  static const struct {
    int64_t i;
    const char *hex;
  } cases[] = {
      {0, "00"},
      {23, "17"},
      {24, "1818"},
      {255, "18ff"},
      {256, "190100"},
      {65535, "19ffff"},
      {65536, "1a00010000"},
      {4294967295, "1affffffff"},
      {4294967296, "1b0000000100000000"},
      {INT64_MAX, "1b7fffffffffffffff"},
      {-1, "20"},
      {-24, "37"},
      {-25, "3818"},
      {-256, "38ff"},
      {-257, "390100"},
      {INT64_MIN, "3b7fffffffffffffff"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tcx_buf out;
    tcx__buf_init(&out, arena, 100);
    tcx__cbor_int(&out, cases[i].i);
    assert_string_equal(hex_of(&out), cases[i].hex);
    char text[32];
    snprintf(text, sizeof text, "%lld ", (long long)cases[i].i);
    assert_string_equal(ce_decode(arena, tcx__buf_str(&out), 1).text, text);
  }
}

static void writes_numbers(void **state) {
  (void)state;
  static const struct {
    double d;
    const char *wide, *narrow;
  } cases[] = {
      {0.0, "fb0000000000000000", "fa00000000"},    {1.5, "fb3ff8000000000000", "fa3fc00000"},
      {-7.625, "fbc01e800000000000", "fac0f40000"}, {(double)INFINITY, "f97c00", "f97c00"},
      {-(double)INFINITY, "f9fc00", "f9fc00"},      {(double)NAN, "f97e00", "f97e00"},
      {1e300, "fb7e37e43c8800759c", "f97c00"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tcx_buf wide, narrow;
    tcx__buf_init(&wide, arena, 100);
    tcx__buf_init(&narrow, arena, 100);
    tcx__cbor_double(&wide, cases[i].d);
    tcx__cbor_float(&narrow, cases[i].d);
    assert_string_equal(hex_of(&wide), cases[i].wide);
    assert_string_equal(hex_of(&narrow), cases[i].narrow);
  }
}

static void writes_the_rest(void **state) {
  (void)state;
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1000);
  tcx__cbor_head(&out, TCX__CBOR_MAP, 2);
  tcx__cbor_string(&out, TCX__CBOR_TEXT, TCX__STR("a"));
  tcx__cbor_head(&out, TCX__CBOR_ARRAY, 2);
  tcx__cbor_head(&out, TCX__CBOR_SIMPLE, TCX__CBOR_TRUE);
  tcx__cbor_head(&out, TCX__CBOR_SIMPLE, TCX__CBOR_NULL);
  tcx__cbor_string(&out, TCX__CBOR_BYTES, TCX__STR("b"));
  tcx__cbor_head(&out, TCX__CBOR_TAG, 1);
  tcx__cbor_int(&out, 0);
  assert_string_equal(hex_of(&out), "a2616182f5f64162c100");
  assert_string_equal(ce_decode(arena, tcx__buf_str(&out), 1).text,
                      "map( t'61' list( true null ) h'62' tag 1 0 ) ");
}

/* ---- reading ---- */

static struct ce_result decode_hex(const char *hex, size_t step) {
  size_t n = strlen(hex) / 2;
  char *bytes = tcx__arena_alloc(arena, n + 1);
  assert_int_equal(tcx__hex_decode(bytes, hex, strlen(hex)), 0);
  return ce_decode(arena, (struct tcx_str){bytes, n}, step);
}

static void reads_halves(void **state) {
  (void)state;
  static const struct {
    const char *hex, *text;
  } cases[] = {
      {"f90000", "0f "},
      {"f98000", "-0f "},
      {"f93c00", "1f "},
      {"f97bff", "65504f "},
      {"f90001", "5.9604644775390625e-08f "},
      {"f90400", "6.103515625e-05f "},
      {"f9c400", "-4f "},
      {"f97c00", "inff "},
      {"f9fc00", "-inff "},
      {"f97e00", "nan "},
      {"f97c01", "nan "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(decode_hex(cases[i].hex, 1).text, cases[i].text);
}

static void refuses(void **state) {
  (void)state;
  static const struct {
    const char *hex, *why;
    unsigned offset;
  } cases[] = {
      {"", "the end comes too early", 0},
      {"0000", "bytes behind the end", 2},
      {"82", "the end comes too early", 1},
      {"1c", "a reserved length", 1},
      {"7f6161417aff", "a chunk of another type than its string", 4},
      {"5f5f", "a string in chunks inside another", 2},
      {"5fc1", "a chunk of another type than its string", 2},
      {"ff", "a break where an item must come", 1},
      {"82ff", "a break where an item must come", 2},
      {"bf6161ff", "a break where an item must come", 4},
      {"9fc1ff", "a break where an item must come", 3},
      {"3f", "a number or tag without its value", 1},
      {"df", "a number or tag without its value", 1},
      {"e0", "a simple value that is not known", 1},
      {"f8ff", "a simple value that is not known", 2},
      {"9bffffffffffffffff", "more items than can come", 9},
      {"bb8000000000000000", "more items than can come", 9},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t step = 0; step < 3; step++) {
      struct ce_result got = decode_hex(cases[i].hex, step);
      assert_int_equal(got.status, TCX_EPROTO);
      assert_string_equal(got.why, cases[i].why);
      if (step != 2)
        assert_int_equal(got.offset, cases[i].offset);
    }
}

static void limits_depth(void **state) {
  (void)state;
  struct tcx_buf deep;
  tcx__buf_init(&deep, arena, 10000);
  for (int i = 0; i < TCX__CBOR_DEPTH; i++)
    tcx__buf_addc(&deep, (char)(i % 2 == 0 ? 0x81 : 0x9f));
  tcx__buf_addc(&deep, 0);
  size_t open = deep.len;
  for (int i = 0; i < TCX__CBOR_DEPTH / 2; i++)
    tcx__buf_addc(&deep, (char)0xff);
  assert_int_equal(ce_decode(arena, tcx__buf_str(&deep), 0).status, 0);
  deep.data[open - 1] = (char)0x80;
  struct ce_result got = ce_decode(arena, tcx__buf_str(&deep), 7);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(got.why, "arrays and maps nested too deep");
}

static int count_bytes(void *ctx, bool text, const char *p, size_t n, bool last) {
  (void)text, (void)p, (void)last;
  *(uint64_t *)ctx += n;
  return 0;
}
static int ignore_open(void *ctx, bool map) {
  (void)ctx, (void)map;
  return 0;
}
static int ignore_close(void *ctx) {
  (void)ctx;
  return 0;
}

/* A string of any length, and an announced one of which nothing comes, cost nothing. */
static void needs_little_memory(void **state) {
  (void)state;
  static const struct tcx_cbor_events counting = {
      .string = count_bytes, .open = ignore_open, .close = ignore_close};
  static char block[1 << 16];
  struct tcx_cbor c;
  uint64_t seen = 0;
  tcx__cbor_init(&c, arena, &counting, &seen);
  test_count_begin();
  assert_int_equal(tcx__cbor_feed(&c, "\x9f\x5b\x00\x00\x00\x00\x40\x00\x00\x00", 10), 0);
  for (int i = 0; i < 1 << 14; i++)
    assert_int_equal(tcx__cbor_feed(&c, block, sizeof block), 0);
  assert_int_equal(tcx__cbor_feed(&c, "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 9), 0);
  assert_int_equal(tcx__cbor_finish(&c), TCX_EPROTO);
  assert_int_equal(test_count_end(NULL), 0);
  assert_int_equal(seen, 1 << 30);
}

static int out_of_memory(void *ctx) {
  (void)ctx;
  struct tcx_arena *own = tcx__arena_new_sized(128);
  if (own == NULL)
    return UV_ENOMEM;
  char deep[600];
  memset(deep, 0x81, sizeof deep);
  struct ce_result got = ce_decode(own, (struct tcx_str){deep, 500}, 0);
  tcx__arena_free(own);
  return got.status == TCX_EPROTO ? 0 : got.status;
}
static void fails_without_memory(void **state) {
  (void)state;
  test_fail_until_ok(out_of_memory, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_integers),
      TEST(writes_numbers),
      TEST(writes_the_rest),
      TEST(reads_halves),
      TEST(refuses),
      TEST(limits_depth),
      TEST(needs_little_memory),
      TEST(fails_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
