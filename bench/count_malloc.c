/*
 * count_malloc.c - counts what a process asks of the allocator, for LD_PRELOAD. At exit one line of
 * JSON goes to the file that COUNT_MALLOC_OUT names.
 *
 * The C library's own names under which the originals are reached (__libc_malloc and so on) need no
 * dlsym, which would allocate.
 */
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

static unsigned long mallocs, callocs, reallocs, frees;

void *malloc(size_t n) {
  mallocs++;
  return __libc_malloc(n);
}

void *calloc(size_t count, size_t size) {
  callocs++;
  return __libc_calloc(count, size);
}

void *realloc(void *p, size_t n) {
  reallocs++;
  return __libc_realloc(p, n);
}

void free(void *p) {
  if (p != NULL)
    frees++;
  __libc_free(p);
}

__attribute__((destructor)) static void report(void) {
  unsigned long m = mallocs, c = callocs, r = reallocs, f = frees;
  const char *path = getenv("COUNT_MALLOC_OUT");
  FILE *out = path != NULL ? fopen(path, "w") : NULL;
  if (out == NULL)
    return;
  fprintf(out, "{\"malloc\":%lu,\"calloc\":%lu,\"realloc\":%lu,\"free\":%lu}\n", m, c, r, f);
  fclose(out);
}
