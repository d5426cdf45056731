#include "base/body.h"
#include "base/json.h"
#include "base/path.h"
#include "base/value.h"
#include "support.h"
#include "torture.h"
#include <math.h>
#include <tucuxi.h>

static void is_json(const tcx_value_t *v, const char *wanted) {
  char *json = NULL;
  size_t len = 0;
  assert_int_equal(tcx_value_to_json(v, &json, &len), 0);
  assert_string_equal(json, wanted);
  assert_int_equal(len, strlen(wanted));
  tcx_free(json);
}

static void fails(tcx_value_t *v, int status, const char *problem) {
  assert_int_equal(tcx_value_status(v), status);
  assert_string_equal(tcx_value_problem(v), problem);
  char *json = "";
  assert_int_equal(tcx_value_to_json(v, &json, NULL), status);
  assert_null(json);
  tcx_value_free(v);
}

static void test_building(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_new_map();
  assert_ptr_equal(tcx_value_set_str(v, "Name", "x"), v);
  tcx_value_set_str(v, "Omitted", NULL);
  tcx_value_set_bytes(v, "Blob", "\0\1", 2);
  tcx_value_set_int(v, "A.B[0].C", INT64_MIN);
  tcx_value_set_num(v, "A.B[]", 0.1);
  tcx_value_set_bool(v, "A.B[1]", true);
  tcx_value_set_null(v, "A.N");
  tcx_value_set_time(v, "T", 1440938160, 1000);
  tcx_value_set(v, "L[0][0]", tcx_value_append(tcx_value_new_list(), tcx_value_new_str("deep")));
  tcx_value_put(v, "a.b\0c", 5, tcx_value_new_bytes("z", 1));
  tcx_value_set_str(v, "Name", "y");
  is_json(v,
          "{\"Name\":\"y\",\"Blob\":\"AAE=\",\"A\":{\"B\":[{\"C\":-9223372036854775808},true],"
          "\"N\":null},"
          "\"T\":\"2015-08-30T12:36:00.000001Z\",\"L\":[[[\"deep\"]]],\"a.b\\u0000c\":\"eg==\"}");
  assert_int_equal(tcx_value_status(v), 0);
  assert_null(tcx_value_problem(v));
  tcx_value_free(v);
}

static void test_the_whole_value(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_set_time(tcx_value_new_map(), NULL, 1440938160, 0);
  assert_string_equal(tcx_value_str(v, NULL), "2015-08-30T12:36:00Z");
  tcx_value_t *map = tcx_value_put(tcx_value_new_map(), "t", 1, v);
  assert_string_equal(tcx_value_str(map, "t"), "2015-08-30T12:36:00Z");
  tcx_value_set(map, NULL, tcx_value_set_int(tcx_value_new_map(), NULL, 5));
  is_json(map, "5");
  tcx_value_free(map);
  v = tcx_value_new_str(NULL);
  is_json(v, "null");
  tcx_value_free(v);
}

static void test_failures_stay(void **state) {
  (void)state;
  fails(tcx_value_set_int(tcx_value_new_map(), "A[1]", 1), UV_EINVAL,
        "path 'A[1]': index 1 in a list of 0");
  fails(tcx_value_set_int(tcx_value_new_map(), "[0]", 1), UV_EINVAL,
        "path '[0]': a map has no items");
  fails(tcx_value_set_int(tcx_value_set_str(tcx_value_new_map(), "A", "x"), "A.B", 1), UV_EINVAL,
        "path 'A.B': a string has no members");
  fails(tcx_value_append(tcx_value_new_map(), tcx_value_new_map()), UV_EINVAL,
        "path '[]': a map has no items");
  fails(tcx_value_put(tcx_value_new_list(), "a", 1, tcx_value_new_map()), UV_EINVAL,
        "a list has no members");
  fails(tcx_value_set_time(tcx_value_new_map(), "T", 0, 1000000000), UV_EINVAL,
        "nanoseconds 1000000000 out of range");
  fails(tcx_value_set_bytes(tcx_value_new_map(), "T", NULL, 1), UV_EINVAL, "the bytes are NULL");
  fails(tcx_value_new_bytes(NULL, 1), UV_EINVAL, "the bytes are NULL");
  fails(tcx_value_set(tcx_value_new_map(), "T", NULL), UV_EINVAL, "the child is NULL");
  static const char *const wrong[] = {
      "",      ".",     "A.",    ".A",     "A..B",          "A[",   "A[x]", "A]", "A[0",
      "A[-1]", "A[0]B", "A[].B", "A[][0]", "A[0000000000]", "A[1]]"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    tcx_value_t *v = tcx_value_set_int(tcx_value_new_map(), wrong[i], 1);
    assert_int_equal(tcx_value_status(v), UV_EINVAL);
    assert_non_null(strstr(tcx_value_problem(v), "is not a path"));
    assert_null(tcx_value_get(v, wrong[i]));
    tcx_value_set_int(v, "Later", 1);
    assert_null(tcx_value_get(v, "Later"));
    tcx_value_free(v);
  }
  char longest[TCX__PATH_MAX + 2];
  memset(longest, 'a', sizeof longest);
  longest[TCX__PATH_MAX + 1] = '\0';
  tcx_value_t *v = tcx_value_set_int(tcx_value_new_map(), longest, 1);
  assert_int_equal(tcx_value_status(v), UV_EINVAL);
  tcx_value_free(v);
}

static void test_children(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_new_map();
  fails(tcx_value_set(v, "self", v), UV_EINVAL, "a tree cannot be put into itself");
  tcx_value_t *child = tcx_value_new_list();
  v = tcx_value_set(tcx_value_new_map(), "once", child);
  assert_null(tcx__root_of(child));
  fails(tcx_value_set(v, "twice", child), UV_EINVAL, "the child was handed over before");
  v = tcx_value_set(tcx_value_new_map(), "x", tcx_value_set_int(tcx_value_new_map(), "A..B", 1));
  fails(tcx_value_set(v, "y", tcx_value_new_map()), UV_EINVAL, "'A..B' is not a path");
  assert_null(tcx_value_set(NULL, "x", tcx_value_new_map()));
  v = tcx_value_new_list();
  for (int i = 1; i < TCX__VALUE_DEPTH; i++)
    v = tcx_value_append(tcx_value_new_list(), v);
  assert_int_equal(tcx_value_status(v), 0);
  fails(tcx_value_append(tcx_value_new_list(), v), UV_EINVAL, "nested deeper than 512 levels");
  char path[3 * TCX__VALUE_DEPTH + 1];
  for (int i = 0; i < TCX__VALUE_DEPTH; i++)
    memcpy(path + 3 * i, "[0]", 4);
  fails(tcx_value_set_int(tcx_value_new_list(), path, 1), UV_EINVAL,
        "nested deeper than 512 levels");
  tcx_value_t *deep = tcx_value_from_json("[[[1]]]", 7);
  for (int i = 4; i < TCX__VALUE_DEPTH; i++)
    deep = tcx_value_append(tcx_value_new_list(), deep);
  assert_int_equal(tcx_value_status(deep), 0);
  fails(tcx_value_append(tcx_value_new_list(), deep), UV_EINVAL, "nested deeper than 512 levels");
}

static void test_reading(void **state) {
  (void)state;
  const char text[] = "{\"s\":\"a\\u0000b\",\"i\":7,\"d\":2.5,\"big\":12345678901234567890,\"t\":"
                      "true,\"n\":null,\"l\":[1,[2,3],{\"k\":4}],\"m\":{}}";
  tcx_value_t *v = tcx_value_from_json(text, sizeof text - 1);
  size_t len;
  assert_memory_equal(tcx_value_bytes(v, "s", &len), "a\0b", 4);
  assert_int_equal(len, 3);
  assert_int_equal(tcx_value_len(v, "s"), 3);
  assert_int_equal(tcx_value_int(v, "i", 0), 7);
  assert_true(tcx_value_num(v, "i", 0) == 7.0);
  assert_true(tcx_value_num(v, "d", 0) == 2.5);
  assert_int_equal(tcx_value_int(v, "d", -1), -1);
  assert_string_equal(tcx_value_str(v, "big"), "12345678901234567890");
  assert_int_equal(tcx_value_int(v, "big", -1), -1);
  assert_null(tcx_value_bytes(v, "big", NULL));
  assert_true(tcx_value_bool(v, "t", false));
  assert_true(tcx_value_bool(v, "i", true));
  assert_int_equal(tcx_value_type(v, "n"), TCX_NULL);
  assert_int_equal(tcx_value_type(v, "none"), TCX_ABSENT);
  assert_int_equal(tcx_value_int(v, "l[1][1]", 0), 3);
  assert_int_equal(tcx_value_int(v, "l[2].k", 0), 4);
  assert_null(tcx_value_get(v, "l[3]"));
  assert_null(tcx_value_get(v, "l[]"));
  assert_null(tcx_value_get(v, "s.x"));
  assert_int_equal(tcx_value_len(v, "l"), 3);
  assert_int_equal(tcx_value_len(v, NULL), 8);
  assert_int_equal(tcx_value_len(v, "i"), 0);
  const tcx_value_t *item = tcx_value_first(v, NULL);
  assert_string_equal(tcx_value_name(item), "s");
  assert_string_equal(tcx_value_name(tcx_value_next(item)), "i");
  assert_null(tcx_value_name(tcx_value_first(v, "l")));
  assert_null(tcx_value_first(v, "m"));
  assert_null(tcx_value_first(v, "i"));
  assert_ptr_equal(tcx_value_member(v, "i", 1), tcx_value_get(v, "i"));
  assert_null(tcx_value_member(v, NULL, 0));
  assert_null(tcx_value_at(tcx_value_get(v, "l"), 3));
  tcx_value_free(v);
}

static void test_nothing_is_safe(void **state) {
  (void)state;
  size_t len = 7;
  assert_int_equal(tcx_value_type(NULL, "a"), TCX_ABSENT);
  assert_null(tcx_value_get(NULL, NULL));
  assert_null(tcx_value_str(NULL, "a"));
  assert_null(tcx_value_bytes(NULL, "a", &len));
  assert_int_equal(len, 0);
  assert_int_equal(tcx_value_int(NULL, "a", 3), 3);
  assert_true(tcx_value_num(NULL, NULL, 3) == 3);
  assert_int_equal(tcx_value_time(NULL, NULL, NULL, NULL), UV_ENOENT);
  assert_int_equal(tcx_value_len(NULL, NULL), 0);
  assert_null(tcx_value_first(NULL, NULL));
  assert_null(tcx_value_next(NULL));
  assert_null(tcx_value_name(NULL));
  assert_null(tcx_value_at(NULL, 0));
  assert_int_equal(tcx_value_status(NULL), 0);
  tcx_value_free(NULL);
  tcx_value_t *v = tcx_value_copy(NULL);
  is_json(v, "null");
  tcx_value_free(v);
  is_json(NULL, "null");
}

static void test_times(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_set_time(tcx_value_new_map(), "t", 1440938160, 5000);
  int64_t seconds = 0;
  int32_t nanoseconds = 0;
  assert_int_equal(tcx_value_time(v, "t", &seconds, &nanoseconds), 0);
  assert_int_equal(seconds, 1440938160);
  assert_int_equal(nanoseconds, 5000);
  assert_int_equal(tcx_value_int(v, "t", 0), 1440938160);
  assert_int_equal(tcx_value_time(v, NULL, &seconds, NULL), UV_EINVAL);
  const char *text = tcx_value_str(v, "t");
  assert_string_equal(text, "2015-08-30T12:36:00.000005Z");
  assert_ptr_equal(tcx_value_str(v, "t"), text);
  tcx_value_set_time(v, "far", INT64_MIN, 999999999);
  assert_string_equal(tcx_value_str(v, "far"), "-9223372036854775807.000001");
  tcx_value_free(v);
}

static void test_copies(void **state) {
  (void)state;
  const char text[] = "{\"a\":[1,2.5,\"x\",null,true,{\"b\":123456789012345678901}],\"c\":{}}";
  tcx_value_t *v = tcx_value_from_json(text, sizeof text - 1);
  tcx_value_set_time(v, "a[]", 0, 0);
  tcx_value_set_bytes(v, "a[]", "z", 1);
  tcx_value_t *copy = tcx_value_copy(v), *part = tcx_value_copy(tcx_value_get(v, "a[5]"));
  tcx_value_free(v);
  is_json(copy, "{\"a\":[1,2.5,\"x\",null,true,{\"b\":123456789012345678901},\"1970-01-01T00:00:"
                "00Z\",\"eg==\"],\"c\":{}}");
  tcx_value_set(copy, "c.d", part);
  tcx_value_set_int(copy, "c.d.e", 1);
  assert_int_equal(tcx_value_int(copy, "c.d.e", 0), 1);
  tcx_value_free(copy);
  v = tcx_value_set_int(tcx_value_new_map(), "A..B", 1);
  fails(tcx_value_copy(v), UV_EINVAL, "'A..B' is not a path");
  tcx_value_free(v);
}

/* ---- many members ---- */

#define MANY 5000

static void test_large_maps(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *map = tcx__value_new(arena, TCX_MAP);
  for (int i = 0; i < MANY; i++) {
    char *name = tcx__arena_printf(arena, "name-%d", i);
    assert_null(tcx__value_find(map, name, strlen(name)));
    assert_int_equal(tcx__value_add(arena, map, name, strlen(name), tcx__value_new_int(arena, i)),
                     0);
  }
  char name[20];
  for (int i = 0; i < MANY; i++) {
    size_t n = (size_t)snprintf(name, sizeof name, "name-%d", i);
    assert_int_equal(tcx__value_find(map, name, n)->u.integer, i);
    if (i % 3 == 0)
      assert_true(tcx__value_remove(map, name, n));
    else if (i % 3 == 1)
      assert_int_equal(tcx__value_replace(arena, map, tcx__arena_strdup(arena, name), n,
                                          tcx__value_new_int(arena, -i)),
                       0);
  }
  int at = 0, count = 0;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL; v = v->next, count++) {
    at += at % 3 == 0;
    assert_int_equal(v->u.integer, at % 3 == 1 ? -at : at);
    size_t n = (size_t)snprintf(name, sizeof name, "name-%d", at++);
    assert_ptr_equal(tcx__value_find(map, name, n), v);
  }
  assert_int_equal(count, MANY - (MANY + 2) / 3);
  assert_int_equal(tcx__value_count(map), count);
  for (int i = MANY - 1; i >= 0; i--) {
    size_t n = (size_t)snprintf(name, sizeof name, "name-%d", i);
    assert_int_equal(tcx__value_remove(map, name, n), i % 3 != 0);
  }
  assert_int_equal(tcx__value_count(map), 0);
  assert_null(tcx__value_kids(map));
  assert_int_equal(tcx__value_add(arena, map, "again", 5, tcx__value_new_bool(arena, true)), 0);
  assert_non_null(tcx__value_find(map, "again", 5));
  tcx__arena_free(arena);
}

static void test_removing_from_small_maps(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_from_json("{\"a\":1,\"b\":2,\"c\":3}", 19);
  assert_true(tcx__value_remove(v, "c", 1));
  tcx_value_set_int(v, "d", 4);
  assert_true(tcx__value_remove(v, "a", 1));
  assert_false(tcx__value_remove(v, "a", 1));
  is_json(v, "{\"b\":2,\"d\":4}");
  assert_true(tcx__value_remove(v, "b", 1));
  assert_true(tcx__value_remove(v, "d", 1));
  tcx_value_set_int(v, "e", 5);
  is_json(v, "{\"e\":5}");
  tcx_value_free(v);
}

static void test_large_lists(void **state) {
  (void)state;
  tcx_value_t *v = tcx_value_new_list();
  for (int i = 0; i < MANY; i++)
    tcx_value_set_int(v, "[]", i);
  tcx_value_set_int(v, "[0]", -1);
  tcx_value_set_int(v, "[2500]", -2);
  tcx_value_set_int(v, "[4999]", -3);
  tcx_value_set_int(v, "[5000]", 5000);
  int i = 0;
  for (const tcx_value_t *item = tcx_value_first(v, NULL); item != NULL;
       item = tcx_value_next(item), i++) {
    assert_ptr_equal(tcx_value_at(v, (size_t)i), item);
    assert_int_equal(tcx_value_int(item, NULL, 0), i == 0      ? -1
                                                   : i == 2500 ? -2
                                                   : i == 4999 ? -3
                                                               : i);
  }
  assert_int_equal(i, MANY + 1);
  tcx_value_free(v);
}

/* ---- bodies ---- */

struct fake_body {
  struct tcx_body_head head;
  int discarded;
};

static void discard(tcx_body_t *body) { ((struct fake_body *)(void *)body)->discarded++; }

static void test_bodies(void **state) {
  (void)state;
  struct fake_body bodies[4] = {{{discard}, 0}, {{discard}, 0}, {{discard}, 0}, {{discard}, 0}};
  tcx_body_t *body[4];
  for (int i = 0; i < 4; i++)
    body[i] = (tcx_body_t *)(void *)&bodies[i];
  tcx_value_t *v = tcx_value_set_body(tcx_value_new_map(), "Body", body[0]);
  assert_int_equal(tcx_value_type(v, "Body"), TCX_BODY);
  fails(tcx_value_copy(v), UV_EINVAL, "a body cannot be copied");
  v = tcx_value_set(tcx_value_new_map(), "in", v);
  is_json(v, "{\"in\":{\"Body\":null}}");
  tcx_value_free(v);
  assert_int_equal(bodies[0].discarded, 1);
  v = tcx_value_set_body(tcx_value_new_map(), "Body", body[1]);
  ((struct tcx_value *)(uintptr_t)tcx_value_get(v, "Body"))->u.body = NULL; /* taken */
  tcx_value_free(v);
  assert_int_equal(bodies[1].discarded, 0);
  v = tcx_value_set_body(tcx_value_new_map(), "A..B", body[2]);
  v = tcx_value_set_body(v, "Later", body[3]);
  assert_int_equal(bodies[3].discarded, 1);
  tcx_value_free(v);
  assert_int_equal(bodies[2].discarded, 1);
  bodies[0].discarded = 0;
  fails(tcx_value_set_body(tcx_value_new_map(), NULL, body[0]), UV_EINVAL,
        "a body must be a member");
  assert_int_equal(bodies[0].discarded, 1);
  tcx_value_t *map = tcx_value_new_map();
  assert_ptr_equal(tcx_value_set_body(map, "x", NULL), map);
  is_json(map, "{}");
  tcx_value_free(map);
}

/* ---- memory ---- */

static void test_consume(void **state) {
  (void)state;
  struct tcx_arena *arena;
  const char *text;
  assert_int_equal(tcx__value_consume(NULL, &arena, &text), 0);
  assert_null(arena);
  tcx_value_t *v = tcx_value_set_int(tcx_value_new_map(), "A", 1);
  assert_int_equal(tcx__value_consume(v, &arena, &text), 0);
  assert_int_equal(tcx_value_int(v, "A", 0), 1);
  struct tcx_arena *again;
  assert_int_equal(tcx__value_consume(v, &again, &text), UV_EINVAL);
  assert_null(again);
  tcx_value_set_int(v, "A", 2);
  assert_int_equal(tcx_value_int(v, "A", 0), 1);
  tcx__arena_free(arena);
  v = tcx_value_set_int(tcx_value_new_map(), "A..B", 1);
  assert_int_equal(tcx__value_consume(v, &arena, &text), UV_EINVAL);
  assert_string_equal(text, "'A..B' is not a path");
  tcx__arena_free(arena);
  v = (tcx_value_t *)(uintptr_t)&tcx__root_no_memory.value;
  assert_int_equal(tcx__value_consume(v, &arena, &text), UV_ENOMEM);
  assert_null(arena);
  assert_string_equal(text, "out of memory");
}

static int build_much(void *ctx) {
  struct fake_body body = {{discard}, 0};
  (void)ctx;
  tcx_value_t *v = tcx_value_new_map();
  assert_non_null(v);
  tcx_value_set_body(v, "Body", (tcx_body_t *)(void *)&body);
  for (int i = 0; i < 40; i++) {
    char name[400];
    snprintf(name, sizeof name, "%0300d", i);
    tcx_value_set_str(v, name, name);
    tcx_value_set(v, "list[]", tcx_value_set_time(tcx_value_new_map(), "t", i, i));
    tcx_value_put(v, name, 200, tcx_value_new_bytes(name, 300));
  }
  tcx_value_t *copy = tcx_value_copy(tcx_value_get(v, "list"));
  int status = tcx_value_status(v) != 0 ? tcx_value_status(v) : tcx_value_status(copy);
  char *json = NULL;
  if (status == 0)
    status = tcx_value_to_json(v, &json, NULL);
  tcx_free(json);
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx_value_free(v);
  tcx_value_free(copy);
  assert_int_equal(body.discarded, 1);
  return status;
}

static int parse_json(void *ctx) {
  const char *text = ctx;
  tcx_value_t *v = tcx_value_from_json(text, strlen(text));
  int status = tcx_value_status(v);
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx_value_free(v);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(build_much, NULL);
  char text[20000] = "[";
  for (int i = 0; i < 60; i++)
    snprintf(text + strlen(text), 100, "{\"name-%d\":\"\\u00e9 %0*d\",\"x\":[1e400,2]},", i, i, i);
  snprintf(text + strlen(text), 100, "\"end\\n\"]");
  test_fail_until_ok(parse_json, text);
}

static void test_one_allocation_a_typical_call(void **state) {
  (void)state;
  test_count_begin();
  tcx_value_t *v = tcx_params(
      "{Bucket: %s, Key: %s, ContentType: 'text/plain', Metadata: {a: b, c: '%d'}, PartNumber: %d}",
      "a-bucket", "some/longer/key.txt", 7, 3);
  assert_int_equal(tcx_value_status(v), 0);
  tcx_value_free(v);
  size_t live;
  assert_int_equal(test_count_end(&live), 1);
  assert_int_equal(live, 0);
}

static bool equal(const char *a, const char *b, bool null_is_any) {
  tcx_value_t *x = tcx_value_from_json(a, strlen(a)), *y = tcx_value_from_json(b, strlen(b));
  assert_int_equal(tcx_value_status(x) | tcx_value_status(y), 0);
  bool same = tcx__value_equal(x, y, null_is_any);
  assert_true(same == tcx__value_equal(y, x, null_is_any) || null_is_any);
  tcx_value_free(x);
  tcx_value_free(y);
  return same;
}

/* As Python has it: a true is a 1. */
static void test_equality(void **state) {
  (void)state;
  static const char *const values[] = {"null",
                                       "false",
                                       "1",
                                       "1.5",
                                       "\"a\"",
                                       "\"b\"",
                                       "[1]",
                                       "[1,2]",
                                       "{}",
                                       "{\"a\":1,\"b\":2}",
                                       "{\"a\":1,\"c\":2}",
                                       "123456789012345678901234567890"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
    for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
      assert_int_equal(equal(values[i], values[j], false), i == j);
  assert_true(equal("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":true}", false));
  assert_true(equal("{\"a\":null}", "{\"a\":[1]}", true));
  assert_false(equal("{\"a\":[1]}", "{\"a\":null}", true));
  assert_false(equal("{\"a\":null}", "{}", true));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_building),
      cmocka_unit_test(test_the_whole_value),
      cmocka_unit_test(test_failures_stay),
      cmocka_unit_test(test_children),
      cmocka_unit_test(test_reading),
      cmocka_unit_test(test_nothing_is_safe),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_copies),
      cmocka_unit_test(test_equality),
      cmocka_unit_test(test_large_maps),
      cmocka_unit_test(test_removing_from_small_maps),
      cmocka_unit_test(test_large_lists),
      cmocka_unit_test(test_bodies),
      cmocka_unit_test(test_consume),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_one_allocation_a_typical_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
