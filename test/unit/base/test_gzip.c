/* gzip, both ways: what is compressed comes back, in any pieces; damage, limits, memory. */
#include "base/gzip.h"
#include "torture.h"
#include "with_arena.h"
#include <tucuxi.h>

/* Compressed in pieces of so many bytes; 0: in one. */
static struct tcx_str squeeze(struct tcx_str text, size_t step) {
  struct tcx_gzip *z = tcx__gzip_new(arena);
  struct tcx_str out;
  assert_non_null(z);
  for (size_t at = 0; at < text.n;) {
    size_t n = step == 0 || text.n - at < step ? text.n - at : step;
    assert_int_equal(tcx__gzip_add(z, text.p + at, n), 0);
    at += n;
  }
  assert_int_equal(tcx__gzip_finish(z, &out), 0);
  return out;
}

/* As gzip would: compressible, or not at all. */
static struct tcx_str sample(size_t n, bool random) {
  char *p = tcx__arena_alloc(arena, n + 1);
  uint32_t x = 1;
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525 + 1013904223;
    p[i] = (char)(random ? x >> 24 : 'a' + (i / 7) % 5);
  }
  return (struct tcx_str){p, n};
}

static void comes_back(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 1000000};
  for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
    struct tcx_str text = sample(sizes[i / 2], i % 2 == 1);
    for (size_t step = 0; step <= 100000; step = step == 0 ? 1000 : step * 10) {
      struct tcx_str packed = squeeze(text, step);
      struct tcx_buf out;
      tcx__buf_init(&out, NULL, text.n + 100000);
      assert_int_equal(tcx__gunzip(&out, packed.p, packed.n), 0);
      assert_true(tcx__str_eq(text, tcx__buf_str(&out)));
      tcx__buf_free(&out);
      if (i % 2 == 0 && text.n >= 1000)
        assert_true(packed.n < text.n / 10);
    }
  }
  struct tcx_str text = sample(5000, true);
  assert_true(tcx__str_eq(squeeze(text, 0), squeeze(text, 0))); /* no date is in it */
}

static void refuses_damage(void **state) {
  (void)state;
  struct tcx_str packed = squeeze(sample(3000, true), 0);
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 1000000);
  for (size_t n = 0; n < packed.n; n++) {
    assert_int_equal(tcx__gunzip(&out, packed.p, n), UV_EINVAL);
    out.len = 0;
  }
  char *damaged = tcx__arena_strndup(arena, packed.p, packed.n);
  damaged[packed.n / 2] ^= 1;
  assert_int_equal(tcx__gunzip(&out, damaged, packed.n), UV_EINVAL);
  out.len = 0;
  char *longer = tcx__arena_strndup(arena, packed.p, packed.n);
  assert_int_equal(tcx__gunzip(&out, longer, packed.n + 1), UV_EINVAL);
  tcx__buf_free(&out);
  tcx__buf_init(&out, NULL, 70000);
  packed = squeeze(sample(1000000, false), 0);
  assert_int_equal(tcx__gunzip(&out, packed.p, packed.n), TCX_ETOOBIG);
  tcx__buf_free(&out);
}

static struct tcx_str text;
static int there_and_back(void *ctx) {
  (void)ctx;
  struct tcx_arena *own = tcx__arena_new();
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_gzip *z = tcx__gzip_new(own);
  struct tcx_str packed;
  struct tcx_buf out;
  int status = z == NULL ? UV_ENOMEM : tcx__gzip_add(z, text.p, text.n);
  if (status == 0)
    status = tcx__gzip_finish(z, &packed);
  tcx__buf_init(&out, NULL, 1000000);
  if (status == 0)
    status = tcx__gunzip(&out, packed.p, packed.n);
  if (status == 0)
    assert_true(tcx__str_eq(text, tcx__buf_str(&out)));
  tcx__buf_free(&out);
  tcx__arena_free(own);
  return status;
}
static void fails_without_memory(void **state) {
  (void)state;
  text = sample(200000, true);
  test_fail_until_ok(there_and_back, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(comes_back), TEST(refuses_damage),
                                     TEST(fails_without_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
