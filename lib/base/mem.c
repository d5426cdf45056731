#include "base/mem.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>

/* The only global state of the library. */
static struct {
  uv_malloc_func malloc;
  uv_realloc_func realloc;
  uv_calloc_func calloc;
  uv_free_func free;
} hooks = {malloc, realloc, calloc, free};

int tcx_replace_allocator(uv_malloc_func m, uv_realloc_func r, uv_calloc_func c, uv_free_func f) {
  if (m == NULL || r == NULL || c == NULL || f == NULL)
    return UV_EINVAL;
  hooks.malloc = m;
  hooks.realloc = r;
  hooks.calloc = c;
  hooks.free = f;
  return 0;
}

void tcx_free(void *p) { tcx__free(p); }

void *tcx__malloc(size_t n) { return hooks.malloc(n); }

void *tcx__calloc(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size)
    return NULL;
  return hooks.calloc(count, size);
}

void *tcx__realloc(void *p, size_t n) { return hooks.realloc(p, n); }

void *tcx__reallocarray(void *p, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size)
    return NULL;
  return hooks.realloc(p, count * size);
}

void tcx__free(void *p) {
  if (p == NULL)
    return;
  int saved = errno;
  hooks.free(p);
  errno = saved;
}

char *tcx__strndup(const char *s, size_t n) {
  if (n == SIZE_MAX)
    return NULL;
  char *copy = tcx__malloc(n + 1);
  if (copy == NULL)
    return NULL;
  if (n > 0)
    memcpy(copy, s, n);
  copy[n] = '\0';
  return copy;
}

char *tcx__strdup(const char *s) { return tcx__strndup(s, strlen(s)); }

void tcx__wipe(void *p, size_t n) {
  if (n == 0)
    return;
  memset(p, 0, n);
  __asm__ __volatile__(""
                       :
                       : "r"(p)
                       : "memory"); /* the compiler must believe that the zeroes are read */
}
