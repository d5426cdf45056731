#include "support.h"

char *test_read_file(const char *path, size_t *size) {
  char full[4096];
  snprintf(full, sizeof full, "%s%s%s", path[0] == '/' ? "" : TCX_TEST_DIR,
           path[0] == '/' ? "" : "/", path);
  FILE *file = fopen(full, "rb");
  if (file == NULL) {
    perror(full);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  rewind(file);
  char *text = malloc((size_t)length + 1);
  if (text == NULL || fread(text, 1, (size_t)length, file) != (size_t)length) {
    perror(full);
    exit(1);
  }
  text[length] = '\0';
  fclose(file);
  if (size != NULL)
    *size = (size_t)length;
  return text;
}
