/* The endpoint cache: hits, what the key leaves out, who goes first, counted entries, errors,
 * memory that runs out. */
#include "base/mem.h"
#include "rules_help.h"
#include "torture.h"

static const char SET[] =
    "{\"version\":\"1.0\",\"parameters\":{\"Bucket\":{\"type\":\"string\"},\"Key\":{\"type\":"
    "\"string\"},\"Prefix\":{\"type\":\"string\"},"
    "\"Flag\":{\"type\":\"boolean\"},\"List\":{\"type\":\"stringArray\"}},\"rules\":["
    "{\"type\":\"error\",\"conditions\":[{\"fn\":\"not\",\"argv\":[{\"fn\":\"isSet\",\"argv\":[{"
    "\"ref\":\"Bucket\"}]}]}],\"error\":\"no bucket\"},"
    "{\"type\":\"endpoint\",\"conditions\":[{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"Prefix\"}]}],"
    "\"endpoint\":{\"url\":\"https://{Prefix}.{Bucket}\"}},"
    "{\"type\":\"endpoint\",\"conditions\":[],\"endpoint\":{\"url\":\"https://"
    "{Bucket}\",\"properties\":{\"p\":\"{Bucket}\"}}}]}";
enum { BUCKET, KEY, PREFIX, FLAG, LIST, COUNT };

static struct tcx_arena *arena;
static const struct tcx_ruleset *rules;

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  return tcx__ruleset_load(arena, help_json(arena, SET, sizeof SET - 1), &rules, &f);
}

static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

static struct tcx_rule_param_value text_value(const char *s) {
  return (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = {s, strlen(s)}};
}

static const struct tcx_endpoint_ref *get(struct tcx_endpoint_cache *cache,
                                          const struct tcx_rule_param_value *values) {
  const struct tcx_endpoint_ref *ref = NULL;
  assert_int_equal(tcx__endpoint_cache_get(cache, values, &ref, NULL), 0);
  return ref;
}

/* For comparing alone: the cache's own count keeps it. */
static const struct tcx_endpoint_ref *peek(struct tcx_endpoint_cache *cache,
                                           const struct tcx_rule_param_value *values) {
  const struct tcx_endpoint_ref *ref = get(cache, values);
  tcx__endpoint_release(ref);
  return ref;
}

static const struct tcx_endpoint_ref *peek_bucket(struct tcx_endpoint_cache *cache,
                                                  const char *bucket) {
  struct tcx_rule_param_value values[COUNT] = {[BUCKET] = text_value(bucket)};
  return peek(cache, values);
}

static void test_keys(void **state) {
  (void)state;
  struct tcx_endpoint_cache *cache;
  assert_int_equal(tcx__endpoint_cache_new(rules, NULL, 100, &cache), 0);
  struct tcx_str one[] = {TCX__STR("x")}, two[] = {TCX__STR("x"), TCX__STR("y")},
                 other[] = {TCX__STR("z")};
  struct tcx_rule_param_value values[COUNT] = {[BUCKET] = text_value("b")};
  const struct tcx_endpoint_ref *plain = peek(cache, values), *refs[6];
  values[KEY] = text_value("any");
  assert_ptr_equal(peek(cache, values), plain);
  values[KEY] = text_value("other");
  assert_ptr_equal(peek(cache, values), plain);
  values[PREFIX] = text_value("p"); /* these rules look at it, so it counts */
  refs[0] = peek(cache, values);
  assert_true(tcx__str_is(refs[0]->endpoint.url, "https://p.b"));
  values[PREFIX] = text_value("q");
  refs[1] = peek(cache, values);
  values[FLAG] = (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = true};
  refs[2] = peek(cache, values);
  values[LIST] = (struct tcx_rule_param_value){.type = TCX__RULE_LIST, .list = one, .n_list = 1};
  refs[3] = peek(cache, values);
  values[LIST] = (struct tcx_rule_param_value){.type = TCX__RULE_LIST, .list = two, .n_list = 2};
  refs[4] = peek(cache, values);
  values[LIST] = (struct tcx_rule_param_value){.type = TCX__RULE_LIST, .list = other, .n_list = 1};
  refs[5] = peek(cache, values);
  for (unsigned i = 0; i < 6; i++) {
    assert_ptr_not_equal(refs[i], plain);
    for (unsigned k = 0; k < i; k++)
      assert_ptr_not_equal(refs[i], refs[k]);
  }
  assert_ptr_equal(peek(cache, values), refs[5]);
  values[LIST].list = one;
  assert_ptr_equal(peek(cache, values), refs[3]);
  assert_ptr_equal(peek_bucket(cache, "b"), plain);
  assert_true(tcx__str_is(plain->endpoint.url, "https://b"));
  tcx__endpoint_cache_free(cache);
}

static void test_least_recently_used_goes(void **state) {
  (void)state;
  struct tcx_endpoint_cache *cache;
  assert_int_equal(tcx__endpoint_cache_new(rules, NULL, 3, &cache), 0);
  struct tcx_rule_param_value values[COUNT] = {[BUCKET] = text_value("a")};
  const struct tcx_endpoint_ref *a = peek_bucket(cache, "a"), *c,
                                *b = get(cache, (values[BUCKET] = text_value("b"), values));
  c = peek_bucket(cache, "c");
  assert_ptr_equal(peek_bucket(cache, "a"), a);
  peek_bucket(cache, "d"); /* b was used longest ago; our count keeps it readable */
  assert_true(tcx__str_is(b->endpoint.url, "https://b"));
  assert_ptr_equal(peek_bucket(cache, "a"), a);
  assert_ptr_equal(peek_bucket(cache, "c"), c);
  assert_ptr_not_equal(peek_bucket(cache, "b"), b);
  assert_ptr_equal(peek_bucket(cache, "a"), a);
  tcx__endpoint_retain(b);
  tcx__endpoint_release(b);
  tcx__endpoint_release(b);
  tcx__endpoint_cache_free(cache);
}

static void test_many(void **state) {
  (void)state;
  struct tcx_endpoint_cache *cache;
  char name[32];
  assert_int_equal(tcx__endpoint_cache_new(rules, NULL, 100, &cache), 0);
  for (unsigned round = 0; round < 3; round++)
    for (unsigned i = 0; i < 150; i++) {
      snprintf(name, sizeof name, "bucket-%u", i);
      const struct tcx_endpoint_ref *ref = peek_bucket(cache, name);
      assert_string_equal(tcx_value_str(ref->endpoint.properties, "p"), name);
    }
  size_t live;
  test_count_begin();
  for (unsigned i = 149; i >= 50; i--) {
    snprintf(name, sizeof name, "bucket-%u", i);
    peek_bucket(cache, name);
  }
  assert_int_equal(test_count_end(&live), 0); /* the last hundred are all there */
  tcx__endpoint_cache_free(cache);
}

static void test_errors_are_not_kept(void **state) {
  (void)state;
  struct tcx_endpoint_cache *cache;
  assert_int_equal(tcx__endpoint_cache_new(rules, NULL, 100, &cache), 0);
  struct tcx_rule_param_value values[COUNT] = {0};
  for (unsigned i = 0; i < 2; i++) {
    const struct tcx_endpoint_ref *ref = NULL;
    struct tcx_fail f = {.arena = arena};
    assert_int_equal(tcx__endpoint_cache_get(cache, values, &ref, &f), TCX_EENDPOINT);
    assert_string_equal(f.text, "no bucket");
    assert_null(ref);
  }
  tcx__endpoint_cache_free(cache);
}

static void test_outlives_the_cache(void **state) {
  (void)state;
  struct tcx_endpoint_cache *cache;
  char bucket[] = "bucket";
  struct tcx_rule_param_value values[COUNT] = {[BUCKET] = text_value(bucket)};
  assert_int_equal(tcx__endpoint_cache_new(rules, NULL, 1, &cache), 0);
  const struct tcx_endpoint_ref *ref = get(cache, values);
  memset(bucket, 'x', sizeof bucket - 1);
  tcx__endpoint_cache_free(cache);
  assert_true(tcx__str_is(ref->endpoint.url, "https://bucket"));
  assert_string_equal(tcx_value_str(ref->endpoint.properties, "p"), "bucket");
  tcx__endpoint_release(ref);
  tcx__endpoint_release(NULL);
  tcx__endpoint_cache_free(NULL);
}

static int use_cache(void *ctx) {
  (void)ctx;
  struct tcx_endpoint_cache *cache;
  struct tcx_str list[] = {TCX__STR("x")};
  struct tcx_rule_param_value values[COUNT] = {
      [LIST] = {.type = TCX__RULE_LIST, .list = list, .n_list = 1}};
  int status = tcx__endpoint_cache_new(rules, NULL, 2, &cache);
  if (status != 0)
    return status;
  static const char *const buckets[] = {"a", "b", "c", "a"};
  for (unsigned i = 0; status == 0 && i < 4; i++) {
    const struct tcx_endpoint_ref *ref;
    values[BUCKET] = text_value(buckets[i]);
    status = tcx__endpoint_cache_get(cache, values, &ref, NULL);
    if (status == 0)
      tcx__endpoint_release(ref);
  }
  tcx__endpoint_cache_free(cache);
  return status;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(use_cache, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_keys),
      TEST(test_least_recently_used_goes),
      TEST(test_many),
      TEST(test_errors_are_not_kept),
      TEST(test_outlives_the_cache),
      TEST(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
