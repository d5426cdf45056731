#include "folder.h"
#include "support.h"
#include <stdbool.h>
#include <sys/stat.h>
#include <zlib.h>

char test_folder[256];

int test_folder_make(void **state) {
  (void)state;
  const char *tmp = getenv("TMPDIR");
  snprintf(test_folder, sizeof test_folder, "%s/tucuxi-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
  return mkdtemp(test_folder) != NULL ? 0 : -1;
}

int test_folder_remove(void **state) {
  (void)state;
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
  return system(command);
}

void test_folder_put(const char *path, const char *text) {
  char full[512];
  snprintf(full, sizeof full, "%s/%s", test_folder, path);
  for (char *slash = full + strlen(test_folder) + 1; (slash = strchr(slash, '/')) != NULL;
       *slash++ = '/') {
    *slash = '\0';
    mkdir(full, 0755);
  }
  bool packed = strlen(full) > 3 && strcmp(full + strlen(full) - 3, ".gz") == 0;
  if (packed) {
    gzFile file = gzopen(full, "wb");
    assert_true(gzwrite(file, text, (unsigned)strlen(text)) > 0);
    gzclose(file);
    return;
  }
  FILE *file = fopen(full, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}
