/* Any line is words, or an error; a word is no longer than the line. */
#include "base/words.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *line = malloc(size + 1);
  if (line == NULL)
    abort();
  memcpy(line, data, size);
  line[size] = '\0';
  size_t left = strlen(line);
  for (const char *p = line, *before = line;; before = p) {
    char *word = malloc(left + 1); /* a block of its own, so that a step outside is seen */
    if (word == NULL)
      abort();
    int more = tcx__word_next(&p, word);
    if (more == 1 && (p <= before || strlen(word) > (size_t)(p - before)))
      abort();
    free(word);
    if (more != 1)
      break;
    left -= (size_t)(p - before);
  }
  free(line);
  return 0;
}
