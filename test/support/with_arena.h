/* with_arena.h - each test with an arena of its own. */
#ifndef TCX_TEST_WITH_ARENA_H
#define TCX_TEST_WITH_ARENA_H
#include "base/arena.h"
#include "support.h"

static struct tcx_arena *arena;

static inline int new_arena(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return arena == NULL;
}
static inline int free_arena(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}
#define TEST(function) cmocka_unit_test_setup_teardown(function, new_arena, free_arena)
#endif
