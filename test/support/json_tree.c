#include "json_tree.h"

yajl_val json_load(const char *path) {
  char problem[200];
  char *text = test_read_file(path, NULL);
  yajl_val tree = yajl_tree_parse(text, problem, sizeof problem);
  free(text);
  if (tree == NULL)
    fail_msg("%s: %s", path, problem);
  return tree;
}

yajl_val json_get(yajl_val map, const char *name) {
  if (!YAJL_IS_OBJECT(map))
    return NULL;
  for (size_t i = 0; i < map->u.object.len; i++)
    if (strcmp(map->u.object.keys[i], name) == 0)
      return YAJL_IS_NULL(map->u.object.values[i]) ? NULL : map->u.object.values[i];
  return NULL;
}

const char *json_str_or(yajl_val map, const char *name, const char *fallback) {
  yajl_val value = json_get(map, name);
  return YAJL_IS_STRING(value) ? YAJL_GET_STRING(value) : fallback;
}

const char *json_str(yajl_val map, const char *name) {
  const char *s = json_str_or(map, name, NULL);
  if (s == NULL)
    fail_msg("no string \"%s\"", name);
  return s;
}

long long json_int(yajl_val map, const char *name, long long fallback) {
  yajl_val value = json_get(map, name);
  return YAJL_IS_INTEGER(value) ? YAJL_GET_INTEGER(value) : fallback;
}

bool json_bool(yajl_val map, const char *name, bool fallback) {
  yajl_val value = json_get(map, name);
  return value == NULL ? fallback : YAJL_IS_TRUE(value);
}

size_t json_len(yajl_val list) { return YAJL_IS_ARRAY(list) ? list->u.array.len : 0; }

yajl_val json_at(yajl_val list, size_t i) {
  assert_true(i < json_len(list));
  return list->u.array.values[i];
}
