#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "support.h"
#include "torture.h"
#include <errno.h>
#include <tucuxi.h>

static void test_one_block_when_it_fits(void **state) {
  (void)state;
  test_count_begin();
  struct tcx_arena *arena = tcx__arena_new();
  char *a = tcx__arena_alloc(arena, 1), *b = tcx__arena_alloc(arena, 9),
       *c = tcx__arena_alloc(arena, 0);
  memset(a, 1, 1);
  memset(b, 2, 9);
  assert_ptr_equal(b, a + 8);
  assert_ptr_equal(c, b + 16);
  assert_int_equal((uintptr_t)a % 8, 0);
  memset(tcx__arena_alloc(arena, 800), 3, 800);
  tcx__arena_free(arena);
  size_t live;
  assert_int_equal(test_count_end(&live), 1);
  assert_int_equal(live, 0);
}

static void test_large_ones_keep_the_rest(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  char *before = arena->next;
  char *large = tcx__arena_alloc(arena, 100000);
  memset(large, 1, 100000);
  assert_ptr_equal(arena->next, before);
  char *middle = tcx__arena_alloc(arena, 3500); /* leaves less of a block than the first one has */
  memset(middle, 2, 3500);
  assert_ptr_equal(arena->next, before);
  assert_null(tcx__arena_alloc(arena, SIZE_MAX));
  assert_null(tcx__arena_alloc(arena, SIZE_MAX - 8));
  assert_null(tcx__arena_alloc(arena, SIZE_MAX / 2 + 1));
  assert_null(tcx__arena_strndup(arena, "x", SIZE_MAX));
  tcx__arena_free(arena);
}

/* Again and again in the same first block; what it did not hold goes each time. */
static void test_reset(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  const char *first = tcx__arena_alloc(arena, 8);
  test_count_begin();
  for (int i = 0; i < 10; i++) {
    tcx__arena_alloc(arena, 100000);
    tcx__arena_alloc(arena, 5000);
    tcx__arena_reset(arena);
    assert_ptr_equal(tcx__arena_alloc(arena, 8), first);
  }
  size_t live;
  assert_int_equal(test_count_end(&live), 20);
  assert_int_equal(live, 0);
  tcx__arena_free(arena);
}

static void test_pool(void **state) {
  (void)state;
  struct tcx_block_pool pool;
  tcx__block_pool_init(&pool, 2);
  test_count_begin();
  for (int round = 0; round < 3; round++) {
    struct tcx_arena *arena = tcx__arena_new();
    tcx__arena_set_pool(arena, &pool);
    for (int i = 0; i < 8; i++)
      memset(tcx__arena_alloc(arena, 2000), round, 2000);
    tcx__arena_alloc(arena, 5000);
    tcx__arena_free(arena);
    assert_int_equal(pool.count, 2);
  }
  /* each round: the first block, the large one, 4 blocks of which 2 come back from the pool */
  tcx__block_pool_clear(&pool);
  assert_int_equal(pool.count, 0);
  assert_null(pool.free);
  size_t live;
  assert_int_equal(test_count_end(&live), 6 + 4 + 4);
  assert_int_equal(live, 0);
}

static char order[8];
static void note(void *p) {
  size_t n = strlen(order);
  snprintf(order + n, sizeof order - n, "%s", (const char *)p);
}

static void test_absorb_and_cleanups(void **state) {
  (void)state;
  order[0] = '\0';
  struct tcx_arena *parent = tcx__arena_new(), *child = tcx__arena_new(), *other = tcx__arena_new();
  assert_int_equal(tcx__arena_on_free(parent, note, "a"), 0);
  assert_int_equal(tcx__arena_on_free(child, note, "b"), 0);
  assert_int_equal(tcx__arena_on_free(child, note, "c"), 0);
  char *text = tcx__arena_strdup(child, "lives on");
  tcx__arena_alloc(child, 10000);
  tcx__arena_absorb(child, other);
  tcx__arena_absorb(parent, child);
  tcx__arena_alloc(parent, 900);
  assert_string_equal(text, "lives on");
  tcx__arena_free(parent);
  assert_string_equal(order, "cba");
  tcx__arena_free(NULL);
}

static void test_texts(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  char *zero = tcx__arena_zalloc(arena, 100);
  for (int i = 0; i < 100; i++)
    assert_int_equal(zero[i], 0);
  assert_string_equal(tcx__arena_printf(arena, "%d-%s", 7, "x"), "7-x");
  char *wide = tcx__arena_printf(arena, "%2000d", 5);
  assert_int_equal(strlen(wide), 2000);
  assert_int_equal(wide[1999], '5');
  assert_memory_equal(tcx__arena_strndup(arena, "a\0b", 3), "a\0b", 4);
  tcx__arena_free(arena);
}

static int use_arena(void *ctx) {
  (void)ctx;
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return UV_ENOMEM;
  int status = tcx__arena_printf(arena, "%5000d", 1) == NULL ||
                       tcx__arena_alloc(arena, 3000) == NULL ||
                       tcx__arena_on_free(arena, note, "") != 0
                   ? UV_ENOMEM
                   : 0;
  tcx__arena_free(arena);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(use_arena, NULL);
}

static void test_buffers(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  for (int in_arena = 0; in_arena < 2; in_arena++) {
    struct tcx_buf buf;
    tcx__buf_init(&buf, in_arena ? arena : NULL, 5000);
    for (int i = 0; i < 1000; i++) {
      tcx__buf_addc(&buf, (char)('a' + i % 26));
      tcx__buf_add_int(&buf, -i);
    }
    assert_int_equal(buf.status, 0);
    assert_memory_equal(buf.data, "a0b-1c-2", 8);
    assert_int_equal(strlen(buf.data), buf.len);
    while (buf.status == 0)
      tcx__buf_adds(&buf, "0123456789");
    assert_int_equal(buf.status, TCX_ETOOBIG);
    assert_true(buf.len <= 5000);
    size_t len = buf.len;
    tcx__buf_addc(&buf, 'x');
    assert_int_equal(buf.len, len);
    tcx__buf_wipe(&buf);
    assert_int_equal(buf.status, 0);
    assert_int_equal(buf.len, 0);
    tcx__buf_printf(&buf, "%s %d", "formatted", 12);
    tcx__buf_printf(&buf, "%300d", 1);
    tcx__buf_add_uint(&buf, UINT64_MAX);
    tcx__buf_add_int(&buf, INT64_MIN);
    assert_int_equal(buf.len, 12 + 300 + 20 + 20);
    assert_string_equal(buf.data + 312, "18446744073709551615-9223372036854775808");
    tcx__buf_free(&buf);
  }
  struct tcx_buf none;
  tcx__buf_init(&none, NULL, 0);
  tcx__buf_adds(&none, "");
  assert_int_equal(none.status, 0);
  tcx__buf_addc(&none, 'x');
  assert_int_equal(none.status, TCX_ETOOBIG);
  tcx__buf_free(&none);
  tcx__arena_free(arena);
}

static void test_trim_gives_back(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  char *before = arena->next;
  struct tcx_buf buf;
  tcx__buf_init(&buf, arena, 100);
  tcx__buf_adds(&buf, "1234567");
  tcx__buf_trim(&buf);
  assert_ptr_equal(arena->next, before + 8);
  tcx__buf_adds(&buf, "8");
  assert_string_equal(buf.data, "12345678");
  tcx__arena_free(arena);
}

static void test_strings(void **state) {
  (void)state;
  assert_true(tcx__str_eq(tcx__str(NULL), TCX__STR("")));
  assert_true(tcx__str_is(TCX__STR("ab"), "ab"));
  assert_false(tcx__str_is(TCX__STR("a\0b"), "a"));
  assert_true(tcx__str_ieq(TCX__STR("Content-Length"), TCX__STR("content-LENGTH")));
  assert_false(tcx__str_ieq(TCX__STR("a["), TCX__STR("a{")));
  assert_true(tcx__str_starts(TCX__STR("abc"), "ab"));
  assert_false(tcx__str_starts(TCX__STR("a"), "ab"));
  assert_true(tcx__str_ends(TCX__STR("abc"), "bc"));
  assert_true(tcx__str_ends(TCX__STR("abc"), ""));
  int64_t i = 0;
  assert_int_equal(tcx__str_to_int64(TCX__STR("-9223372036854775808"), &i), 0);
  assert_true(i == INT64_MIN);
  assert_int_equal(tcx__str_to_int64(TCX__STR("9223372036854775807"), &i), 0);
  assert_true(i == INT64_MAX);
  assert_int_equal(tcx__str_to_int64(TCX__STR("+007"), &i), 0);
  assert_int_equal(i, 7);
  assert_int_equal(tcx__str_to_int64(TCX__STR("9223372036854775808"), &i), UV_ERANGE);
  assert_int_equal(tcx__str_to_int64(TCX__STR("-9223372036854775809"), &i), UV_ERANGE);
  assert_int_equal(tcx__str_to_int64(TCX__STR("99999999999999999999999x"), &i), UV_EINVAL);
  assert_int_equal(tcx__str_to_int64(TCX__STR(""), &i), UV_EINVAL);
  assert_int_equal(tcx__str_to_int64(TCX__STR("-"), &i), UV_EINVAL);
  assert_int_equal(tcx__str_to_int64(TCX__STR(" 1"), &i), UV_EINVAL);
}

static void test_memory(void **state) {
  (void)state;
  assert_int_equal(tcx_replace_allocator(NULL, realloc, calloc, free), UV_EINVAL);
  assert_null(tcx__calloc(SIZE_MAX / 2, 3));
  assert_null(tcx__reallocarray(NULL, SIZE_MAX / 2, 3));
  char *copy = tcx__strdup("text");
  assert_string_equal(copy, "text");
  errno = 7;
  tcx__free(copy);
  assert_int_equal(errno, 7);
  tcx__free(NULL);
  char secret[4] = "abc";
  tcx__wipe(secret, sizeof secret);
  assert_memory_equal(secret, "\0\0\0", 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_block_when_it_fits),
      cmocka_unit_test(test_large_ones_keep_the_rest),
      cmocka_unit_test(test_reset),
      cmocka_unit_test(test_pool),
      cmocka_unit_test(test_absorb_and_cleanups),
      cmocka_unit_test(test_texts),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_buffers),
      cmocka_unit_test(test_trim_gives_back),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
