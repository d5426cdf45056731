/* auth_suite.h - reading the files of the public signing suites, and comparing with them. */
#ifndef TCX_TEST_AUTH_SUITE_H
#define TCX_TEST_AUTH_SUITE_H
#include "auth/auth.h"
#include "base/codec.h"
#include "json_tree.h"

/* The cases of aws-c-auth, the same for SigV4 and SigV4A. */
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
static inline struct tcx_str trim(struct tcx_str s) {
  while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\r'))
    s.p++, s.n--;
  while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
    s.n--;
  return s;
}

/* The next line of text, cut off it. */
static inline struct tcx_str next_line(struct tcx_str *text) {
  const char *mark = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
  struct tcx_str line = {text->p, mark == NULL ? text->n : (size_t)(mark - text->p)};
  size_t cut = mark == NULL ? text->n : line.n + 1;
  text->p += cut;
  text->n -= cut;
  return line;
}

/* The suites write queries as a person would; whoever writes a request encodes them. */
static inline struct tcx_str encode_query(struct tcx_arena *arena, struct tcx_str raw) {
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

static inline void parse_request(struct tcx_request *req, struct tcx_arena *arena,
                                 const char *file) {
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

static inline bool same_as_file(struct tcx_str got, const char *file, const char *what) {
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

static inline bool sent(const struct tcx_request *req, struct tcx_str name, struct tcx_str value) {
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
static inline bool headers_as_in(const struct tcx_request *req, const char *file) {
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

static inline bool target_as_in(const struct tcx_request *req, const char *file) {
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

#endif
