/*
 * jmespath.c - what a search costs: jmespath FILE EXPRESSION COUNT
 *
 * FILE holds JSON. The expression is compiled once and applied COUNT times, each result its own and
 * freed. Prints {"us": MICROSECONDS of one, "found": N}: of the process on a processor, found what
 * the last search gave in items.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tucuxi/jmespath.h>

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static tcx_value_t *read_json(const char *path) {
  static char text[1 << 20];
  FILE *file = fopen(path, "rb");
  size_t n = file != NULL ? fread(text, 1, sizeof text, file) : 0;
  if (file != NULL)
    fclose(file);
  return tcx_value_from_json(text, n);
}

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  tcx_value_t *data = read_json(argv[1]);
  tcx_jmespath_t *expression = tcx_jmespath_compile(argv[2], strlen(argv[2]));
  long count = atol(argv[3]);
  size_t found = 0;
  if (tcx_value_status(data) != 0 || tcx_jmespath_status(expression) != 0 || count < 1) {
    fprintf(stderr, "jmespath: bad data, expression or count\n");
    return 1;
  }
  double start = now_us();
  for (long i = 0; i < count; i++) {
    tcx_value_t *result = tcx_jmespath_search(expression, data);
    found = tcx_value_len(result, NULL);
    tcx_value_free(result);
  }
  printf("{\"us\": %.4f, \"found\": %zu}\n", (now_us() - start) / (double)count, found);
  tcx_jmespath_free(expression);
  tcx_value_free(data);
  return 0;
}
