/* data/sigv4-random/vectors.json (made by make_signed_requests.py): odd paths, queries, headers and
 * secrets, signed as botocore signs them. */
#include "auth/auth.h"
#include "base/codec.h"
#include "json_tree.h"

#define CASES 120

static bool run_case(yajl_val vector, const char *access_key, int64_t now,
                     struct tcx_signing_keys *keys) {
  struct tcx_arena *arena = tcx__arena_new();
  assert_non_null(arena);
  struct tcx_request req = {.arena = arena,
                            .method = json_str(vector, "method"),
                            .host_header = tcx__str(json_str(vector, "host")),
                            .path = tcx__str(json_str(vector, "path")),
                            .query = tcx__str(json_str(vector, "query"))};
  struct tcx_sigv4 s = {.access_key = access_key,
                        .secret_key = json_str(vector, "secret"),
                        .session_token = json_str_or(vector, "token", NULL),
                        .region = json_str(vector, "region"),
                        .service = json_str(vector, "service"),
                        .now = now,
                        .keys = keys,
                        .s3 = json_bool(vector, "s3", false),
                        .normalize_path = true};
  yajl_val headers = json_get(vector, "headers");
  tcx__headers_init(&req.headers, arena);
  for (size_t i = 0; i < json_len(headers); i++) {
    yajl_val pair = json_at(headers, i);
    assert_int_equal(tcx__headers_add(&req.headers, tcx__str(YAJL_GET_STRING(json_at(pair, 0))),
                                      tcx__str(YAJL_GET_STRING(json_at(pair, 1)))),
                     0);
  }
  const char *hex = json_str(vector, "body_hex");
  char *body = tcx__arena_alloc(arena, strlen(hex) + 1);
  assert_int_equal(tcx__hex_decode(body, hex, strlen(hex)), 0);
  req.body = (struct tcx_str){body, strlen(hex) / 2};
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  const struct tcx_header *authorization = tcx__headers_get(&req.headers, "authorization");
  bool same =
      authorization != NULL && tcx__str_is(authorization->value, json_str(vector, "authorization"));
  if (!same)
    print_error("--- expected\n%s\n--- got\n%.*s\n", json_str(vector, "authorization"),
                (int)authorization->value.n, authorization->value.p);
  tcx__arena_free(arena);
  return same;
}

static void botocore_signed_requests(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/sigv4-random/vectors.json"),
           cases = json_get(tree, "cases");
  struct tcx_signing_keys keys = {.next = 0};
  unsigned failed = 0;
  for (int round = 0; round < 2; round++) /* each key is derived, evicted and derived again */
    for (size_t i = 0; i < json_len(cases); i++)
      if (!run_case(json_at(cases, i), json_str(tree, "access_key"), json_int(tree, "timestamp", 0),
                    &keys)) {
        print_error("failed: case %zu\n", i);
        failed++;
      }
  assert_int_equal(json_len(cases), CASES);
  assert_int_equal(failed, 0);
  tcx__signing_keys_wipe(&keys);
  yajl_tree_free(tree);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(botocore_signed_requests)};
  return cmocka_run_group_tests_name("signed_requests", tests, NULL, NULL);
}
