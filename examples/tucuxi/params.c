/* params.c - parameters as JSON: a word of the command line, a file, or stdin. */
#include "tool.h"
#include <errno.h>

/* The whole of a file or of stdin; malloc. */
static char *read_all(FILE *in, size_t *n) {
  size_t cap = 65536;
  char *text = malloc(cap);
  *n = 0;
  while (text != NULL) {
    *n += fread(text + *n, 1, cap - *n, in);
    if (*n < cap)
      break;
    char *bigger = realloc(text, cap *= 2);
    if (bigger == NULL)
      free(text);
    text = bigger;
  }
  if (text != NULL && ferror(in)) {
    free(text);
    text = NULL;
  }
  return text;
}

bool params_read(struct tool *tool, const char *word, tcx_value_t **params) {
  size_t n = 0;
  *params = NULL;
  if (word == NULL)
    return true;
  if (word[0] != '@' && strcmp(word, "-") != 0) {
    *params = tcx_value_from_json(word, strlen(word));
    return true;
  }
  FILE *in = word[0] == '@' ? fopen(word + 1, "rb") : stdin;
  char *text = in != NULL ? read_all(in, &n) : NULL;
  int err = errno;
  if (in != NULL && in != stdin)
    fclose(in);
  if (text == NULL) {
    tool_usage(tool, "cannot read %s: %s", word, strerror(err));
    return false;
  }
  *params = tcx_value_from_json(text, n);
  free(text);
  return true;
}
