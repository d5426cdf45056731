/* Words of a line, against what Python's shlex.split makes of it. */
#include "base/words.h"
#include "support.h"

/* The words with | between them; -1: an error. */
static const struct {
  const char *line;
  int count;
  const char *words;
} cases[] = {
    {"", 0, ""},
    {"  ", 0, ""},
    {"a", 1, "a"},
    {"a b", 2, "a|b"},
    {" a\t b\n", 2, "a|b"},
    {"\"a b\" c", 2, "a b|c"},
    {"'a b'c d", 2, "a bc|d"},
    {"a\"b\"c", 1, "abc"},
    {"a\\ b", 1, "a b"},
    {"\"a\\\"b\"", 1, "a\"b"},
    {"'a\\b'", 1, "a\\b"},
    {"\"a\\b\"", 1, "a\\b"},
    {"\"a\\\\b\"", 1, "a\\b"},
    {"\"\"", 1, ""},
    {"'' x", 2, "|x"},
    {"a\"\"", 1, "a"},
    {"\"'\"", 1, "'"},
    {"'\"'", 1, "\""},
    {"a\\", -1, NULL},
    {"\"a", -1, NULL},
    {"'a", -1, NULL},
    {"a\013b", 1, "a\013b"},
    {"a#b c", 2, "a#b|c"},
    {"\\\\", 1, "\\"},
    {"\"\\", -1, NULL},
    {"profile \"my dev\"", 2, "profile|my dev"},
    {"profile\tx", 2, "profile|x"},
    {"\303\251 \"\303\274 \303\266\"", 2, "\303\251|\303\274 \303\266"},
    {"\"$x\\$y\"", 1, "$x\\$y"},
    {"a|b;c&d", 1, "a|b;c&d"},
    {"a c' ", -1, NULL},
    {"\tac", 1, "ac"},
    {"b\t' ", -1, NULL},
    {"b\\\"b", 1, "b\"b"},
    {"\t\"c", -1, NULL},
    {"\"  ", -1, NULL},
    {"'\"\"\\", -1, NULL},
    {"''\"'b\\", -1, NULL},
    {"a", 1, "a"},
    {"\"\"\\\ta\\ ", 1, "\ta "},
    {"\t\\a\\ca", 1, "aca"},
    {"cc\"", -1, NULL},
    {"\\", -1, NULL},
    {"a", 1, "a"},
    {" bab c ", 2, "bab|c"},
    {"'\t'", 1, "\t"},
    {"aa\\c\ta\\ ", 2, "aac|a "},
    {"\t'aa\"a\\", -1, NULL},
    {"\t\\a\\\"\t\"\\c", -1, NULL},
    {" \tb", 1, "b"},
    {"'", -1, NULL},
    {"\\cb\"  ", -1, NULL},
    {"a'\"\"b\t\"b", -1, NULL},
    {"\" b\\\"c", -1, NULL},
    {"cca", 1, "cca"},
    {"\\\\cb\"\tb\"", 1, "\\cb\tb"},
    {"a\"\tc\\a\ta", -1, NULL},
    {"\\", -1, NULL},
    {"\\c\\\\a\"", -1, NULL},
    {"c", 1, "c"},
};

static void test_words(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t size = strlen(cases[i].line) + 1;
    char *word = malloc(size), joined[256] = "";
    const char *p = cases[i].line;
    int n = 0, more;
    while ((more = tcx__word_next(&p, word)) == 1) {
      if (n++ > 0)
        strcat(joined, "|");
      strcat(joined, word);
    }
    free(word);
    if ((more < 0 ? -1 : n) != cases[i].count || (more == 0 && strcmp(joined, cases[i].words) != 0))
      fail_msg("%s: %d words, %s", cases[i].line, more < 0 ? -1 : n, joined);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
