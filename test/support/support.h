/* support.h - what every test program needs: cmocka with its own prerequisites, and files. */
#ifndef TCX_TEST_SUPPORT_H
#define TCX_TEST_SUPPORT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The whole file, NUL-ended (not counted), from malloc; exits with a message when it cannot be
 * read. path is absolute or below test/. */
char *test_read_file(const char *path, size_t *size);
#endif
