/* torture.h - running a scenario again and again while one allocation after the other fails. */
#ifndef TCX_TEST_TORTURE_H
#define TCX_TEST_TORTURE_H
#include <stddef.h>

/* Runs fn with the 1st allocation failing, then the 2nd, ... until no allocation fails any more;
 * then once more the same way with every allocation from the i-th on failing. fn returns 0 when it
 * got through, anything else when it ran into the failure; it must release all that it made in
 * either case, and must not return 0 with wrong results. After each round no allocation may be
 * alive. Fails the cmocka test otherwise; also when fn does not get through with no allocation
 * failing, or would not end. */
void test_fail_until_ok(int (*fn)(void *ctx), void *ctx);

/* Counting alone: between the two, allocations of the library are counted. end returns how many
 * were made, and *live (may be NULL) how many of them were not freed. */
void test_count_begin(void);
size_t test_count_end(size_t *live);
#endif
