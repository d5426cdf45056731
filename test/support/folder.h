/* folder.h - a folder of a test's own, made before it and removed after it. */
#ifndef TCX_TEST_FOLDER_H
#define TCX_TEST_FOLDER_H

extern char test_folder[256];
/* cmocka's setup and teardown. */
int test_folder_make(void **state);
int test_folder_remove(void **state);
/* Writes test_folder/path, making the folders on the way; packed when path ends with ".gz". */
void test_folder_put(const char *path, const char *text);
#endif
