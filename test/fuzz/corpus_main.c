/* Runs a fuzz target on every file of the folders that are named, as a plain test. Prints one TAP
 * line a file. */
#include "support.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_folder(const char *folder, int number) {
  DIR *dir = opendir(folder);
  if (dir == NULL) {
    fprintf(stderr, "no corpus: %s\n", folder);
    exit(1);
  }
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (entry->d_name[0] == '.')
      continue;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    size_t size;
    char *data = test_read_file(path, &size);
    /* exactly as long as the input: an over-read shows under ASan */
    char *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
    free(exact);
    free(data);
    printf("ok %d - %s\n", ++number, entry->d_name);
  }
  closedir(dir);
  return number;
}

int main(int argc, char **argv) {
  int number = 0;
  for (int i = 1; i < argc; i++)
    number = run_folder(argv[i], number);
  printf("1..%d\n", number);
  return number > 0 ? 0 : 1;
}
