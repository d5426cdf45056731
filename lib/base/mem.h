/* mem.h - the one way to memory: every allocation of the library goes through the hooks that
 * tcx_replace_allocator set. */
#ifndef TCX_BASE_MEM_H
#define TCX_BASE_MEM_H
#include <stddef.h>

void *tcx__malloc(size_t n); /* n > 0; NULL when memory is out */
/* zeroed; NULL also when count * size overflows */
void *tcx__calloc(size_t count, size_t size);
void *tcx__realloc(void *p, size_t n); /* n > 0; p stays valid when NULL comes back */
void *tcx__reallocarray(void *p, size_t count, size_t size); /* the same, overflow-checked */
void tcx__free(void *p);                                     /* NULL is fine; keeps errno */
char *tcx__strndup(const char *s, size_t n);                 /* NUL-ended copy of n bytes */
char *tcx__strdup(const char *s);
/* zeroes for good: the compiler may not drop it */
void tcx__wipe(void *p, size_t n);
#endif
