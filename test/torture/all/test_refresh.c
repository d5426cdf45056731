/* Credentials that live 3 seconds under 2,000 calls a second, for 30 seconds. */
#include "refresh_load.h"

static void test_load(void **state) {
  (void)state;
  load_run(2000, 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_load)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
