/* Templates with conversions that all take one intmax_t: any other is made harmless before. */
#include "base/value.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS    16
#define TEMPLATE_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tame(char *text) {
  int left = ARGUMENTS;
  for (char *p = text; (p = strchr(p, '%')) != NULL;) {
    if (p[1] == '%') {
      p += 2;
      continue;
    }
    char *q = p + 1;
    while (*q != '\0' && strchr("-+ #0123456789.", *q) != NULL)
      q++;
    if (q[0] == 'j' && q[1] != '\0' && strchr("diuxXo", q[1]) != NULL && left-- > 0)
      p = q + 2;
    else
      *p = '_';
  }
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > TEMPLATE_MAX)
    return 0;
  char *text = malloc(size + 1);
  if (text == NULL)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  tame(text);
  intmax_t n[ARGUMENTS] = {0, -1, 7, INT64_MIN, INT64_MAX, 255, -255, 1000000};
  tcx_value_t *v = tcx_params(text, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9],
                              n[10], n[11], n[12], n[13], n[14], n[15]);
  char *json = NULL;
  if (tcx_value_to_json(v, &json, NULL) != tcx_value_status(v) ||
      (tcx_value_status(v) == 0) != (tcx_value_problem(v) == NULL))
    abort();
  tcx_free(json);
  tcx_value_free(v);
  free(text);
  return 0;
}
