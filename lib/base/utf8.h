/* utf8.h - well-formed UTF-8 (Unicode, table 3-7): no overlong form, no surrogate, nothing past
 * U+10FFFF. */
#ifndef TCX_BASE_UTF8_H
#define TCX_BASE_UTF8_H
#include <stddef.h>
#include <stdint.h>

/* Bytes of a character whose first one this is: 1 to 4; 0 when none begins so. */
size_t tcx__utf8_expected(char first);
/* Bytes of the character that p begins with; 0 when n bytes do not begin with one, or n is 0. */
size_t tcx__utf8_length(const char *p, size_t n);
/* The character that these bytes are: those of a tcx__utf8_length that is not 0. */
uint32_t tcx__utf8_decode(const char *p, size_t length);
/* How many of the bytes are well-formed: n, or where the first wrong character begins. */
size_t tcx__utf8_valid(const char *p, size_t n);
#endif
