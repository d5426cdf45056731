/*
 * data/golden-botocore: what botocore signed, signed again. The authentication is taken off each
 * expected URL or request, what is left is signed, and URL or Authorization must come out byte for
 * byte.
 */
#include "auth/auth.h"
#include "base/codec.h"
#include "json_tree.h"

#define NOW     1440938160 /* 2015-08-30T12:36:00Z */
#define PRESIGN 39
#define POST    2
#define REQUEST 48
#define UNSIGNED                                                                                   \
  2 /* cognito-identity GetId and sso GetRoleCredentials are sent without a signature */

/* Headers of presigned cases that a sender must add: botocore's output does not hold them. */
static const struct {
  const char *member, *name;
} signed_members[] = {
    {"ContentType", "Content-Type"},
    {"RequestPayer", "x-amz-request-payer"},
    {"SSECustomerAlgorithm", "x-amz-server-side-encryption-customer-algorithm"},
    {"SSECustomerKey", "x-amz-server-side-encryption-customer-key"},
    {"SSECustomerKeyMD5", "x-amz-server-side-encryption-customer-key-MD5"},
};

struct sample {
  yajl_val tree, expect;
  const char *kind, *service;
  struct tcx_arena *arena;
  struct tcx_request req;
  struct tcx_sigv4 s;
};

static void set_url(struct tcx_request *req, const char *text) {
  struct tcx_url url;
  const char *why;
  assert_int_equal(tcx__url_parse(&url, tcx__str(text), &why), 0);
  req->tls = url.tls;
  req->host_header = url.authority;
  req->path = url.path;
  req->query = url.query;
}

/* Region and signing name as the expected scope has them:
 * "AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request", up to a comma. */
static void set_scope(struct sample *c, const char *credential) {
  char *copy = tcx__arena_strndup(c->arena, credential, strcspn(credential, ",")), *part[5],
       *at = copy;
  assert_non_null(copy);
  for (int i = 0; i < 5; i++) {
    part[i] = at;
    at += strcspn(at, "/");
    if (*at == '/')
      *at++ = '\0';
  }
  assert_string_equal(part[0], json_str(json_get(c->tree, "credentials"), "access_key"));
  assert_string_equal(part[4], "aws4_request");
  c->s.region = part[2];
  c->s.service = part[3];
}

static struct sample sample(yajl_val tree) {
  struct sample c = {.tree = tree,
                     .expect = json_get(tree, "expect"),
                     .kind = json_str(tree, "kind"),
                     .service = json_str(tree, "service")};
  yajl_val credentials = json_get(tree, "credentials");
  c.arena = tcx__arena_new();
  assert_non_null(c.arena);
  c.req.arena = c.arena;
  tcx__headers_init(&c.req.headers, c.arena);
  c.s = (struct tcx_sigv4){.access_key = json_str(credentials, "access_key"),
                           .secret_key = json_str(credentials, "secret_key"),
                           .session_token = json_str_or(credentials, "token", NULL),
                           .now = NOW,
                           .s3 = strcmp(c.service, "s3") == 0,
                           .normalize_path = true};
  return c;
}

static void add_header(struct sample *c, const char *name, const char *value) {
  assert_int_equal(tcx__headers_add(&c->req.headers, tcx__str(name), tcx__str(value)), 0);
}

static bool run_presign(struct sample *c) {
  const char *url = json_str(c->expect, "url"), *mark = strstr(url, "X-Amz-Algorithm="),
             *credential = strstr(url, "X-Amz-Credential=");
  assert_true(mark != NULL && credential != NULL);
  credential += strlen("X-Amz-Credential=");
  struct tcx_buf scope;
  tcx__buf_init(&scope, c->arena, 300);
  assert_int_equal(tcx__uri_decode(&scope, credential, strcspn(credential, "&"), false), 0);
  set_scope(c, scope.data);
  set_url(&c->req, tcx__arena_strndup(c->arena, url,
                                      (size_t)(mark - url) - 1)); /* without '?' or '&' before it */
  c->req.method = !c->s.s3                                                 ? "POST"
                  : strncmp(json_str(c->tree, "operation"), "Put", 3) == 0 ? "PUT"
                                                                           : "GET";
  yajl_val params = json_get(c->tree, "params"), metadata = json_get(params, "Metadata");
  for (size_t i = 0; i < sizeof signed_members / sizeof *signed_members; i++)
    if (json_get(params, signed_members[i].member) != NULL)
      add_header(c, signed_members[i].name, json_str(params, signed_members[i].member));
  if (metadata != NULL)
    add_header(c, "x-amz-meta-a", json_str(metadata, "a"));
  if (strcmp(c->service, "sts") == 0 || strcmp(c->service, "ec2") == 0)
    add_header(c, "Content-Type",
               "application/x-www-form-urlencoded; charset=utf-8"); /* dropped: it is the form's */
  c->s.payload = c->s.s3 ? TCX__PAYLOAD_UNSIGNED : TCX__PAYLOAD_HASH;
  if (tcx__sigv4_presign(&c->s, &c->req, (unsigned)json_int(c->tree, "expires_in", 0), NULL) < 0)
    return false;
  const char *got = tcx__arena_printf(c->arena, "%.*s?%.*s", (int)strcspn(url, "?"), url,
                                      (int)c->req.query.n, c->req.query.p);
  if (strcmp(got, url) != 0)
    print_error("--- expected\n%s\n--- got\n%s\n", url, got);
  return strcmp(got, url) == 0;
}

static bool is_auth_header(const char *name) {
  static const char *const names[] = {"authorization",        "x-amz-date",
                                      "x-amz-security-token", "x-amz-content-sha256",
                                      "content-length",       "host"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static bool header_is(const struct sample *c, yajl_val headers, const char *name) {
  const char *expected = json_str_or(headers, name, NULL);
  const struct tcx_header *got = tcx__headers_get(&c->req.headers, name);
  bool same = expected == NULL ? got == NULL : got != NULL && tcx__str_is(got->value, expected);
  if (!same)
    print_error("%s\n--- expected\n%s\n--- got\n%.*s\n", name,
                expected == NULL ? "nothing" : expected, got == NULL ? 0 : (int)got->value.n,
                got == NULL ? "" : got->value.p);
  return same;
}

static bool run_request(struct sample *c) {
  yajl_val headers = json_get(c->expect, "headers");
  const char *authorization = json_str(headers, "authorization"),
             *body = json_str_or(c->expect, "body_base64", ""), *sha256;
  set_scope(c, strstr(authorization, "Credential=") + strlen("Credential="));
  c->req.method = json_str(c->expect, "method");
  set_url(&c->req, json_str(c->expect, "url"));
  for (size_t i = 0; i < headers->u.object.len; i++)
    if (!is_auth_header(headers->u.object.keys[i]))
      add_header(c, headers->u.object.keys[i], json_str(headers, headers->u.object.keys[i]));
  struct tcx_buf bytes;
  tcx__buf_init(&bytes, c->arena, 65536);
  assert_int_equal(tcx__base64_decode(&bytes, body, strlen(body)), 0);
  c->req.body = tcx__buf_str(&bytes);
  sha256 = json_str_or(headers, "x-amz-content-sha256", "");
  c->s.s3 = sha256[0] != '\0'; /* s3control signs as S3 does */
  c->s.payload = strcmp(sha256, "STREAMING-UNSIGNED-PAYLOAD-TRAILER") == 0
                     ? TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER
                     : TCX__PAYLOAD_HASH;
  return tcx__sigv4_sign(&c->s, &c->req, NULL) == 0 && header_is(c, headers, "authorization") &&
         header_is(c, headers, "x-amz-date") && header_is(c, headers, "x-amz-content-sha256") &&
         header_is(c, headers, "x-amz-security-token");
}

/* A POST policy's signature is the key's over its base64 text. */
static bool run_post(struct sample *c) {
  yajl_val fields = json_get(c->expect, "fields");
  char date[17], *credential = NULL;
  set_scope(c, json_str(fields, "x-amz-credential"));
  assert_int_equal(tcx__sigv4_credential(&c->s, c->arena, date, &credential, NULL), 0);
  assert_string_equal(date, json_str(fields, "x-amz-date"));
  assert_string_equal(credential, json_str(fields, "x-amz-credential"));
  assert_int_equal(tcx__sigv4_sign_text(&c->s, tcx__str(json_str(fields, "policy")), NULL), 0);
  return strcmp(c->s.signature, json_str(fields, "x-amz-signature")) == 0;
}

static void golden(void **state) {
  (void)state;
  yajl_val tree = json_load("compliance/data/golden-botocore/requests.json"),
           cases = json_get(tree, "cases");
  unsigned presign = 0, request = 0, post = 0, unsigned_requests = 0, failed = 0;
  for (size_t i = 0; i < json_len(cases); i++) {
    struct sample c = sample(json_at(cases, i));
    bool ok;
    if (strcmp(c.kind, "presign") == 0) {
      ok = run_presign(&c);
      presign++;
    } else if (strcmp(c.kind, "presigned-post") == 0) {
      ok = run_post(&c);
      post++;
    } else if (json_get(json_get(c.expect, "headers"), "authorization") == NULL) {
      print_message("not signed by botocore: %s\n", json_str(c.tree, "id"));
      ok = true;
      unsigned_requests++;
    } else {
      ok = run_request(&c);
      request++;
    }
    if (!ok) {
      print_error("failed: %s\n", json_str(c.tree, "id"));
      failed++;
    }
    tcx__arena_free(c.arena);
  }
  print_message("%u presigned URLs, %u requests, %u POST policies, %u unsigned\n", presign, request,
                post, unsigned_requests);
  assert_int_equal(failed, 0);
  assert_int_equal(presign, PRESIGN);
  assert_int_equal(request, REQUEST);
  assert_int_equal(post, POST);
  assert_int_equal(unsigned_requests, UNSIGNED);
  yajl_tree_free(tree);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(golden)};
  return cmocka_run_group_tests_name("golden_auth", tests, NULL, NULL);
}
