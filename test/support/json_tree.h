/* json_tree.h - JSON test data by yajl's own tree, so that reading the vectors does not depend on
 * what is tested. Missing things are assertion failures. */
#ifndef TCX_TEST_JSON_TREE_H
#define TCX_TEST_JSON_TREE_H
#include "support.h"
#include <stdbool.h>
#include <yajl/yajl_tree.h>

yajl_val json_load(const char *path); /* yajl_tree_free; path as in test_read_file */
yajl_val json_get(yajl_val map,
                  const char *name); /* NULL when absent or null; the name is data, not a path */
const char *json_str(yajl_val map, const char *name); /* fails when absent */
const char *json_str_or(yajl_val map, const char *name, const char *fallback);
long long json_int(yajl_val map, const char *name, long long fallback);
bool json_bool(yajl_val map, const char *name, bool fallback);
size_t json_len(yajl_val list); /* 0 of NULL */
yajl_val json_at(yajl_val list, size_t i);
#endif
