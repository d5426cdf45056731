/* data/sigv4: every case of both suites, signed by headers and (aws-c-auth) by query: canonical
 * request, string to sign, signature, signed request. */
#include "auth_suite.h"

#define NOW        1440938160 /* 2015-08-30T12:36:00Z */
#define ACCESS_KEY "AKIDEXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const char *const aws4_testsuite[] = {
    "get-header-key-duplicate",
    "get-header-value-order",
    "get-header-value-trim",
    "get-unreserved",
    "get-utf8",
    "get-vanilla",
    "get-vanilla-query",
    "get-vanilla-query-order-key-case",
    "get-vanilla-query-unreserved",
    "get-vanilla-utf8-query",
    "get-vanilla-with-session-token",
    "normalize-path/get-relative",
    "normalize-path/get-slash",
    "normalize-path/get-slash-dot-slash",
    "normalize-path/get-space",
    "normalize-path/get-special-character",
    "post-header-key-case",
    "post-header-key-sort",
    "post-header-value-case",
    "post-sts-token/post-sts-header-after",
    "post-sts-token/post-sts-header-before",
    "post-vanilla",
    "post-x-www-form-urlencoded",
    "post-x-www-form-urlencoded-parameters",
};

static bool run_aws_c_auth(const char *name, bool by_query, struct tcx_signing_keys *keys) {
  char file[200], kind[] = "header";
  struct tcx_str canonical, to_sign;
  struct tcx_request req;
  struct tcx_fail fail = {NULL, 0, NULL};
  struct tcx_arena *arena = tcx__arena_new();
  assert_non_null(arena);
  if (by_query)
    memcpy(kind, "query", 6);
#define FILE_OF(what)                                                                              \
  (snprintf(file, sizeof file, "compliance/data/sigv4/aws-c-auth/%s/%s%s", name,                   \
            (what)[0] == '-' ? kind : "", what),                                                   \
   file)
  yajl_val context = json_load(FILE_OF("context.json")),
           credentials = json_get(context, "credentials");
  assert_string_equal(json_str(context, "timestamp"), "2015-08-30T12:36:00Z");
  parse_request(&req, arena, FILE_OF("request.txt"));
  struct tcx_sigv4 s = {.access_key = json_str(credentials, "access_key_id"),
                        .secret_key = json_str(credentials, "secret_access_key"),
                        .session_token = json_str_or(credentials, "token", NULL),
                        .region = json_str(context, "region"),
                        .service = json_str(context, "service"),
                        .now = NOW,
                        .keys = keys,
                        .content_sha256_header = json_bool(context, "sign_body", false),
                        .normalize_path = json_bool(context, "normalize", true),
                        .token_after = json_bool(context, "omit_session_token", false),
                        .canonical_request = &canonical,
                        .string_to_sign = &to_sign};
  fail.arena = arena;
  bool ok =
      (by_query ? tcx__sigv4_presign(&s, &req,
                                     (unsigned)json_int(context, "expiration_in_seconds", 0), &fail)
                : tcx__sigv4_sign(&s, &req, &fail)) == 0;
  ok = ok && same_as_file(canonical, FILE_OF("-canonical-request.txt"), "canonical request");
  ok = ok && same_as_file(to_sign, FILE_OF("-string-to-sign.txt"), "string to sign");
  ok = ok && same_as_file(tcx__str(s.signature), FILE_OF("-signature.txt"), "signature");
  ok = ok && headers_as_in(&req, FILE_OF("-signed-request.txt"));
  bool rewritten = strstr(name, "utf8-query") != NULL; /* its query is written raw there */
  ok = ok && (rewritten || target_as_in(&req, FILE_OF("-signed-request.txt")));
  yajl_tree_free(context);
  tcx__arena_free(arena);
  return ok;
#undef FILE_OF
}

static void suite_aws_c_auth(void **state) {
  (void)state;
  struct tcx_signing_keys keys = {.next = 0};
  unsigned passed = 0, count = sizeof aws_c_auth / sizeof *aws_c_auth;
  for (unsigned i = 0; i < count; i++)
    for (int by_query = 0; by_query < 2; by_query++) {
      bool ok = run_aws_c_auth(aws_c_auth[i], by_query == 1, i % 2 == 0 ? &keys : NULL);
      if (!ok)
        print_error("failed: %s (%s)\n", aws_c_auth[i], by_query ? "query" : "header");
      passed += ok;
    }
  assert_int_equal(count, 27);
  assert_int_equal(passed, 2 * count);
  assert_int_equal(keys.next, 1); /* one scope and one secret: derived once */
}

/* The token of the suite's post-sts cases is only in the signed request. */
static const char *token_of_signed_request(struct tcx_arena *arena, const char *file) {
  static const char name[] = "X-Amz-Security-Token:";
  char *text = test_read_file(file, NULL), *at = strstr(text, name), *token = NULL;
  if (at != NULL) {
    at += sizeof name - 1;
    token = tcx__arena_strndup(arena, at, strcspn(at, "\r\n"));
  }
  free(text);
  return token;
}

static bool run_aws4_testsuite(const char *name) {
  char file[200];
  const char *slash = strrchr(name, '/'), *leaf = slash == NULL ? name : slash + 1;
  struct tcx_str canonical, to_sign;
  struct tcx_request req;
  struct tcx_arena *arena = tcx__arena_new();
  assert_non_null(arena);
#define FILE_OF(what)                                                                              \
  (snprintf(file, sizeof file, "compliance/data/sigv4/aws4_testsuite/%s/%s.%s", name, leaf, what), \
   file)
  parse_request(&req, arena, FILE_OF("req"));
  struct tcx_sigv4 s = {.access_key = ACCESS_KEY,
                        .secret_key = SECRET_KEY,
                        .region = "us-east-1",
                        .service = "service",
                        .now = NOW,
                        .normalize_path = true,
                        .canonical_request = &canonical,
                        .string_to_sign = &to_sign};
  s.session_token = token_of_signed_request(arena, FILE_OF("sreq"));
  s.token_after = strstr(name, "header-after") != NULL;
  struct tcx_fail fail = {arena, 0, NULL};
  bool ok = tcx__sigv4_sign(&s, &req, &fail) == 0;
  ok = ok && same_as_file(canonical, FILE_OF("creq"), "canonical request");
  ok = ok && same_as_file(to_sign, FILE_OF("sts"), "string to sign");
  const struct tcx_header *authorization = tcx__headers_get(&req.headers, "authorization");
  ok = ok && authorization != NULL &&
       same_as_file(authorization->value, FILE_OF("authz"), "Authorization");
  ok = ok && headers_as_in(&req, FILE_OF("sreq"));
  tcx__arena_free(arena);
  return ok;
#undef FILE_OF
}

static void suite_aws4_testsuite(void **state) {
  (void)state;
  unsigned passed = 0, count = sizeof aws4_testsuite / sizeof *aws4_testsuite;
  for (unsigned i = 0; i < count; i++) {
    bool ok = run_aws4_testsuite(aws4_testsuite[i]);
    if (!ok)
      print_error("failed: %s\n", aws4_testsuite[i]);
    passed += ok;
  }
  assert_int_equal(count, 24);
  assert_int_equal(passed, count);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(suite_aws_c_auth),
                                     cmocka_unit_test(suite_aws4_testsuite)};
  return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
