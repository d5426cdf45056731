/* data/sigv4: every case of both suites, signed by headers and (aws-c-auth) by query: canonical
 * request, string to sign, signature, signed request. */
#include "auth/auth.h"
#include "base/codec.h"
#include "json_tree.h"

#define NOW        1440938160 /* 2015-08-30T12:36:00Z */
#define ACCESS_KEY "AKIDEXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const char *const aws_c_auth[] = {
    "get-header-key-duplicate",
    "get-header-value-order",
    "get-header-value-trim",
    "get-relative-normalized",
    "get-relative-unnormalized",
    "get-slash-dot-slash-normalized",
    "get-slash-dot-slash-unnormalized",
    "get-slash-normalized",
    "get-slash-unnormalized",
    "get-space-normalized",
    "get-space-unnormalized",
    "get-unreserved",
    "get-utf8",
    "get-vanilla",
    "get-vanilla-query",
    "get-vanilla-query-order-key-case",
    "get-vanilla-query-unreserved",
    "get-vanilla-utf8-query",
    "get-vanilla-with-session-token",
    "post-header-key-case",
    "post-header-key-sort",
    "post-header-value-case",
    "post-sts-header-after",
    "post-sts-header-before",
    "post-vanilla",
    "post-x-www-form-urlencoded",
    "post-x-www-form-urlencoded-parameters",
};
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

static struct tcx_str trim(struct tcx_str s) {
  while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\r'))
    s.p++, s.n--;
  while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
    s.n--;
  return s;
}

/* The next line of text, cut off it. */
static struct tcx_str next_line(struct tcx_str *text) {
  const char *mark = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
  struct tcx_str line = {text->p, mark == NULL ? text->n : (size_t)(mark - text->p)};
  size_t cut = mark == NULL ? text->n : line.n + 1;
  text->p += cut;
  text->n -= cut;
  return line;
}

/* The suites write queries as a person would; whoever writes a request encodes them. */
static struct tcx_str encode_query(struct tcx_arena *arena, struct tcx_str raw) {
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 65536);
  for (size_t i = 0; i < raw.n; i++)
    if (raw.p[i] == '=' || raw.p[i] == '&')
      tcx__buf_addc(&out, raw.p[i]);
    else
      tcx__uri_encode(&out, raw.p + i, 1, TCX__URI_LABEL);
  assert_int_equal(out.status, 0);
  return tcx__buf_str(&out);
}

static void parse_request(struct tcx_request *req, struct tcx_arena *arena, const char *file) {
  size_t size;
  char *text = test_read_file(file, &size);
  struct tcx_str rest = {tcx__arena_strndup(arena, text, size), size};
  free(text);
  memset(req, 0, sizeof *req);
  req->arena = arena;
  tcx__headers_init(&req->headers, arena);
  struct tcx_str line = trim(next_line(&rest));
  const char *space = memchr(line.p, ' ', line.n);
  assert_non_null(space);
  req->method = tcx__arena_strndup(arena, line.p, (size_t)(space - line.p));
  struct tcx_str target = {space + 1, line.n - (size_t)(space + 1 - line.p)};
  if (tcx__str_ends(target, " HTTP/1.1"))
    target.n -= strlen(" HTTP/1.1");
  const char *mark = memchr(target.p, '?', target.n);
  req->path = (struct tcx_str){target.p, mark == NULL ? target.n : (size_t)(mark - target.p)};
  if (mark != NULL)
    req->query = encode_query(arena, (struct tcx_str){mark + 1, target.n - req->path.n - 1});
  while (rest.n > 0 && (line = trim(next_line(&rest))).n > 0) {
    const char *colon = memchr(line.p, ':', line.n);
    assert_non_null(colon);
    struct tcx_str name = {line.p, (size_t)(colon - line.p)},
                   value = {colon + 1, line.n - (size_t)(colon - line.p) - 1};
    if (tcx__str_ieq(name, TCX__STR("host")))
      req->host_header = trim(value);
    else
      assert_int_equal(tcx__headers_add(&req->headers, name, value), 0);
  }
  req->body = rest;
}

static bool same_as_file(struct tcx_str got, const char *file, const char *what) {
  size_t size;
  char *expected = test_read_file(file, &size);
  while (size > 0 && expected[size - 1] == '\n')
    size--;
  bool same = got.n == size && memcmp(got.p, expected, size) == 0;
  if (!same)
    print_error("%s: %s\n--- expected\n%.*s\n--- got\n%.*s\n", file, what, (int)size, expected,
                (int)got.n, got.p);
  free(expected);
  return same;
}

static bool sent(const struct tcx_request *req, struct tcx_str name, struct tcx_str value) {
  if (tcx__str_ieq(name, TCX__STR("host")))
    return tcx__str_eq(value, req->host_header);
  for (unsigned i = 0; i < req->headers.count; i++)
    if (tcx__str_ieq(req->headers.list[i].name, name) &&
        tcx__str_eq(trim(req->headers.list[i].value), value))
      return true;
  return false;
}

/* Every header of the expected request is ours and none besides; order is of no matter to
 * signatures. */
static bool headers_as_in(const struct tcx_request *req, const char *file) {
  size_t size;
  char *text = test_read_file(file, &size);
  struct tcx_str rest = {text, size}, line;
  unsigned count = 0;
  bool same = true;
  next_line(&rest);
  while (rest.n > 0 && (line = trim(next_line(&rest))).n > 0) {
    const char *colon = memchr(line.p, ':', line.n);
    assert_non_null(colon);
    struct tcx_str name = {line.p, (size_t)(colon - line.p)},
                   value = {colon + 1, line.n - (size_t)(colon - line.p) - 1};
    bool compared = !tcx__str_ieq(name, TCX__STR("authorization")) ||
                    strstr(file, "aws-c-auth") != NULL; /* else .authz has been */
    if (compared && !sent(req, name, trim(value))) {
      print_error("%s: %.*s\n", file, (int)line.n, line.p);
      same = false;
    }
    count++;
  }
  if (count != req->headers.count + 1)
    print_error("%s: %u headers, not %u\n", file, req->headers.count + 1, count);
  free(text);
  return same && count == req->headers.count + 1;
}

static bool target_as_in(const struct tcx_request *req, const char *file) {
  size_t size;
  char *text = test_read_file(file, &size);
  struct tcx_str rest = {text, size}, line = trim(next_line(&rest));
  struct tcx_str got;
  got.p =
      tcx__arena_printf(req->arena, "%s %.*s%s%.*s HTTP/1.1", req->method, (int)req->path.n,
                        req->path.p, req->query.n > 0 ? "?" : "", (int)req->query.n, req->query.p);
  assert_non_null(got.p);
  got.n = strlen(got.p);
  bool same = tcx__str_eq(got, line);
  if (!same)
    print_error("%s\n--- expected\n%.*s\n--- got\n%s\n", file, (int)line.n, line.p, got.p);
  free(text);
  return same;
}

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
