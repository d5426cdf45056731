#include "torture.h"
#include "support.h"
#include <stdbool.h>
#include <tucuxi.h>

#define ROUNDS_MAX 100000

static size_t made, live, fail_at; /* fail_at 0: none */
static bool fail_after;            /* all from fail_at on */
static bool failed;

static bool fails(void) {
  made++;
  if (fail_at == 0 || (fail_after ? made < fail_at : made != fail_at))
    return false;
  failed = true;
  return true;
}

static void *count_malloc(size_t n) {
  void *p = fails() ? NULL : malloc(n);
  live += p != NULL;
  return p;
}

static void *count_calloc(size_t count, size_t size) {
  void *p = fails() ? NULL : calloc(count, size);
  live += p != NULL;
  return p;
}

static void *count_realloc(void *old, size_t n) {
  void *p = fails() ? NULL : realloc(old, n);
  live += old == NULL && p != NULL;
  return p;
}

static void count_free(void *p) {
  live -= p != NULL;
  free(p);
}

static void count_on(size_t at, bool after) {
  made = live = 0;
  fail_at = at;
  fail_after = after;
  failed = false;
  assert_int_equal(tcx_replace_allocator(count_malloc, count_realloc, count_calloc, count_free), 0);
}

static void count_off(void) {
  assert_int_equal(tcx_replace_allocator(malloc, realloc, calloc, free), 0);
}

void test_count_begin(void) { count_on(0, false); }

size_t test_count_end(size_t *left) {
  count_off();
  if (left != NULL)
    *left = live;
  return made;
}

static void pass(int (*fn)(void *ctx), void *ctx, bool after) {
  for (size_t i = 1;; i++) {
    if (i > ROUNDS_MAX)
      fail_msg("still failing after %d rounds", ROUNDS_MAX);
    count_on(i, after);
    int status = fn(ctx);
    count_off();
    if (live != 0)
      fail_msg("allocation %zu failed%s: %zu left alive", i, after ? " and all after it" : "",
               live);
    if (!failed) {
      if (status != 0)
        fail_msg("does not get through although no allocation failed: %d", status);
      return;
    }
  }
}

void test_fail_until_ok(int (*fn)(void *ctx), void *ctx) {
  pass(fn, ctx, false);
  pass(fn, ctx, true);
}
