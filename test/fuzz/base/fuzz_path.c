/* Each line is a path that a number is set at. As long as the tree has not failed, it is found
 * there again. */
#include "base/value.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (text == NULL)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  tcx_value_t *v = size % 2 == 0 ? tcx_value_new_map() : tcx_value_new_list();
  int64_t number = 1;
  for (char *line = text, *end; line != NULL; line = end) {
    end = strchr(line, '\n');
    if (end != NULL)
      *end++ = '\0';
    tcx_value_set_int(v, line, number);
    size_t n = strlen(line);
    bool appends = n >= 2 && strcmp(line + n - 2, "[]") == 0;
    if (tcx_value_status(v) == 0 && !appends && tcx_value_int(v, line, 0) != number)
      abort();
    number++;
  }
  tcx_value_t *copy = tcx_value_copy(v);
  if (tcx_value_status(copy) != tcx_value_status(v))
    abort();
  tcx_value_free(copy);
  tcx_value_free(v);
  free(text);
  return 0;
}
