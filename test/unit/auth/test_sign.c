/* What the compliance vectors do not reach: signing again, the key cache, refusals, sizes past the
 * local arrays, and memory that runs out. */
#include "auth/auth.h"
#include "support.h"
#include "torture.h"

static const struct tcx_sigv4 common = {.access_key = "AKIDEXAMPLE",
                                        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                        .region = "us-east-1",
                                        .service = "s3",
                                        .now = 1440938160,
                                        .s3 = true};

static struct tcx_request request(struct tcx_arena *arena) {
  struct tcx_request req = {.arena = arena,
                            .method = "GET",
                            .host_header = TCX__STR("b.s3.amazonaws.com"),
                            .path = TCX__STR("/k")};
  assert_non_null(arena);
  tcx__headers_init(&req.headers, arena);
  return req;
}

static void add(struct tcx_request *req, const char *name, const char *value) {
  assert_int_equal(tcx__headers_add(&req->headers, tcx__str(name), tcx__str(value)), 0);
}

static const char *header(const struct tcx_request *req, const char *name) {
  const struct tcx_header *h = tcx__headers_get(&req->headers, name);
  return h == NULL ? "" : tcx__arena_strndup(req->arena, h->value.p, h->value.n);
}

static void appended_headers(void **state) {
  (void)state;
  struct tcx_request req = request(tcx__arena_new());
  struct tcx_sigv4 s = common;
  s.session_token = "TOKEN";
  add(&req, "range", "bytes=0-9");
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_int_equal(req.headers.count, 5);
  assert_string_equal(header(&req, "x-amz-date"), "20150830T123600Z");
  assert_string_equal(header(&req, "x-amz-security-token"), "TOKEN");
  assert_string_equal(header(&req, "x-amz-content-sha256"),
                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert_non_null(
      strstr(header(&req, "Authorization"),
             "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token, "));
  tcx__arena_free(req.arena);
}

/* A retry cuts the headers back and signs anew; a caller that does not cut them gets the same,
 * without doubles. */
static void signed_again(void **state) {
  (void)state;
  struct tcx_request req = request(tcx__arena_new()), other = request(tcx__arena_new());
  struct tcx_sigv4 s = common;
  add(&req, "range", "bytes=0-9");
  add(&other, "range", "bytes=0-9");
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  s.now += 61;
  req.headers.count = 1;
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_int_equal(tcx__sigv4_sign(&s, &other, NULL), 0);
  assert_string_equal(header(&req, "authorization"), header(&other, "authorization"));
  s.now += 1;
  assert_int_equal(tcx__sigv4_sign(&s, &other, NULL), 0);
  assert_int_equal(other.headers.count, 4);
  assert_string_equal(header(&other, "x-amz-date"), "20150830T123702Z");
  assert_string_not_equal(header(&req, "authorization"), header(&other, "authorization"));
  tcx__arena_free(req.arena);
  tcx__arena_free(other.arena);
}

static void payload_forms(void **state) {
  (void)state;
  static const struct {
    tcx__payload payload;
    const char *text;
  } forms[] = {
      {TCX__PAYLOAD_UNSIGNED, "UNSIGNED-PAYLOAD"},
      {TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
      {TCX__PAYLOAD_STREAMING, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
      {TCX__PAYLOAD_STREAMING_TRAILER, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
      {TCX__PAYLOAD_HASH, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    for (int s3 = 0; s3 < 2; s3++) {
      struct tcx_request req = request(tcx__arena_new());
      struct tcx_sigv4 s = common;
      req.body = TCX__STR("abc");
      s.s3 = s3 == 1;
      s.payload = forms[i].payload;
      assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
      bool sent = s.s3 || s.payload != TCX__PAYLOAD_HASH;
      assert_string_equal(header(&req, "x-amz-content-sha256"), sent ? forms[i].text : "");
      tcx__arena_free(req.arena);
    }
  struct tcx_request req = request(tcx__arena_new());
  struct tcx_sigv4 s = common;
  struct tcx_str canonical;
  s.canonical_request = &canonical;
  s.payload_sha256 = "0123";
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_true(tcx__str_ends(canonical, "\n0123"));
  s.s3 = false; /* glacier brings the header itself */
  s.payload_sha256 = NULL;
  req.headers.count = 0;
  add(&req, "X-Amz-Content-Sha256", "given");
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_true(tcx__str_ends(canonical, "\ngiven"));
  tcx__arena_free(req.arena);
}

static void sign_with(struct tcx_sigv4 *s, struct tcx_signing_keys *keys, char signature[65]) {
  struct tcx_request req = request(tcx__arena_new());
  s->keys = keys;
  assert_int_equal(tcx__sigv4_sign(s, &req, NULL), 0);
  memcpy(signature, s->signature, 65);
  tcx__arena_free(req.arena);
}

static void key_cache(void **state) {
  (void)state;
  struct tcx_signing_keys keys = {.next = 0};
  char with[65], without[65];
  struct tcx_sigv4 variants[12];
  static char secret[4] = "abc";
  for (int i = 0; i < 12; i++)
    variants[i] = common;
  variants[1].secret_key = "other";
  variants[2].region = "eu-west-1";
  variants[3].service = "sts";
  variants[4].now += 86400;
  for (int i = 5; i < 11; i++)
    variants[i].now += 86400 * i;
  variants[11].secret_key = secret;
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < 12; i++) {
      secret[0] = (char)('a' + round); /* the same pointer, another secret */
      sign_with(&variants[i], &keys, with);
      sign_with(&variants[i], NULL, without);
      assert_string_equal(with, without);
    }
  unsigned derived = keys.next;
  for (int i = 0; i < 5; i++)
    sign_with(&variants[11], &keys, with);
  assert_int_equal(keys.next, derived);
  tcx__signing_keys_wipe(&keys);
  static const struct tcx_signing_keys empty;
  assert_memory_equal(&keys, &empty, sizeof keys);
}

static void refused(void **state) {
  (void)state;
  static char region[200];
  struct tcx_request req = request(tcx__arena_new());
  struct tcx_fail fail = {req.arena, 0, NULL};
  struct tcx_sigv4 s = common;
  s.session_token = "a\r\nb: c";
  assert_int_equal(tcx__sigv4_sign(&s, &req, &fail), TCX_EPARAM);
  assert_string_equal(fail.text, "Header x-amz-security-token would hold a line break or NUL");
  fail = (struct tcx_fail){req.arena, 0, NULL};
  s = common;
  s.access_key = "AK\nID";
  assert_int_equal(tcx__sigv4_sign(&s, &req, &fail), TCX_EPARAM);
  s = common;
  s.region = memset(region, 'r', sizeof region - 1);
  fail = (struct tcx_fail){req.arena, 0, NULL};
  assert_int_equal(tcx__sigv4_sign(&s, &req, &fail), TCX_EPARAM);
  assert_int_equal(fail.status, TCX_EPARAM);
  assert_non_null(strstr(fail.text, "too long to sign for"));
  assert_int_equal(tcx__sigv4_presign(&s, &req, 60, NULL), TCX_EPARAM);
  struct tcx_chunked c;
  s.payload = TCX__PAYLOAD_STREAMING;
  assert_int_equal(tcx__chunked_init(&c, &s, TCX__SUM_NONE), TCX_EPARAM);
  const size_t longest = 127 - strlen("20150830//s3/aws4_request");
  region[longest] = '\0';
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  region[longest] = 'r';
  region[longest + 1] = '\0';
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), TCX_EPARAM);
  tcx__arena_free(req.arena);
}

/* Hundreds of headers and parameters come out sorted and stable. */
static void many(void **state) {
  (void)state;
  struct tcx_request req = request(tcx__arena_new());
  struct tcx_sigv4 s = common;
  struct tcx_str canonical;
  struct tcx_buf query;
  s.canonical_request = &canonical;
  tcx__buf_init(&query, req.arena, 1 << 20);
  for (unsigned i = 0; i < 700; i++) {
    unsigned n = i * 37 % 700;
    add(&req, tcx__arena_printf(req.arena, n % 2 ? "X-N-%03u" : "x-n-%03u", n / 2),
        n % 2 ? "upper" : "lower");
    tcx__buf_printf(&query, "%sp%03u=%u", i == 0 ? "" : "&", n / 3, n % 3);
  }
  req.query = tcx__buf_str(&query);
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  const char *text = tcx__arena_strndup(req.arena, canonical.p, canonical.n),
             *at = strstr(text, "p000=");
  for (unsigned n = 0; n < 700; n++) {
    char expected[16];
    snprintf(expected, sizeof expected, "p%03u=%u%c", n / 3, n % 3, n == 699 ? '\n' : '&');
    assert_memory_equal(at, expected, strlen(expected));
    at += strlen(expected);
  }
  at = strstr(text, "\nx-n-000:") + 1;
  for (unsigned n = 0; n < 350; n++) {
    char expected[32];
    unsigned lower_first =
        (2 * n) * 473 % 700 <
        (2 * n + 1) * 473 % 700; /* 473 undoes 37 modulo 700: the order of appearance */
    snprintf(expected, sizeof expected, "x-n-%03u:%s\n", n,
             lower_first ? "lower,upper" : "upper,lower");
    assert_memory_equal(at, expected, strlen(expected));
    at += strlen(expected);
  }
  tcx__arena_free(req.arena);
}

static void presigned_own_parameters(void **state) {
  (void)state;
  struct tcx_request req = request(tcx__arena_new());
  struct tcx_sigv4 s = common;
  s.payload = TCX__PAYLOAD_UNSIGNED;
  s.session_token = "a/b+c=";
  req.query = TCX__STR("uploads&&x=%20");
  add(&req, "content-type", "application/x-www-form-urlencoded; charset=utf-8");
  add(&req, "user-agent", "x");
  assert_int_equal(tcx__sigv4_presign(&s, &req, 60, NULL), 0);
  static const char expected[] = "uploads=&x=%20&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
                                 "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request"
                                 "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-"
                                 "Expires=60&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-Signature=";
  assert_true(tcx__str_starts(req.query, expected));
  assert_int_equal(req.query.n, sizeof expected - 1 + 64);
  assert_int_equal(req.headers.count, 1);
  tcx__arena_free(req.arena);
}

static int sign_and_presign(void *ctx) {
  (void)ctx;
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return UV_ENOMEM;
  struct tcx_request req = {.arena = arena,
                            .method = "PUT",
                            .host_header = TCX__STR("h"),
                            .path = TCX__STR("/a/../b"),
                            .body = TCX__STR("body")};
  struct tcx_sigv4 s = common;
  struct tcx_str canonical = {NULL, 0}, to_sign = {NULL, 0};
  static const char parameters[] = "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=1&k=2&l=3&m=4&n=5&o=6&p="
                                   "7&q=8&r=9&s=1&t=2&u=3&v=4&w=5&x=6&y=7&z=8";
  s.s3 = false;
  s.normalize_path = true;
  s.content_sha256_header = true;
  s.session_token = "token";
  s.canonical_request = &canonical;
  s.string_to_sign = &to_sign;
  req.query = TCX__STR(parameters);
  tcx__headers_init(&req.headers, arena);
  int status = 0;
  for (int i = 0; i < 40 && status == 0; i++)
    status = tcx__headers_add(&req.headers, TCX__STR("x-h"), TCX__STR("v"));
  if (status == 0)
    status = tcx__sigv4_sign(&s, &req, NULL);
  if (status == 0) {
    assert_int_equal(strlen(s.signature), 64);
    status = tcx__sigv4_presign(&s, &req, 60, NULL);
  }
  if (status == 0)
    assert_true(tcx__str_ends(req.query, s.signature));
  tcx__arena_free(arena);
  return status;
}

static void out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(sign_and_presign, NULL);
}

/* In the steady state signing takes nothing but the arena's rest. */
static void no_allocation(void **state) {
  (void)state;
  struct tcx_signing_keys keys = {.next = 0};
  struct tcx_sigv4 s = common;
  char signature[65];
  sign_with(&s, &keys, signature);
  struct tcx_request req = request(tcx__arena_new_sized(4096));
  add(&req, "range", "bytes=0-9");
  test_count_begin();
  assert_int_equal(tcx__sigv4_sign(&s, &req, NULL), 0);
  assert_int_equal(test_count_end(NULL), 0);
  tcx__arena_free(req.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appended_headers),
      cmocka_unit_test(signed_again),
      cmocka_unit_test(payload_forms),
      cmocka_unit_test(key_cache),
      cmocka_unit_test(refused),
      cmocka_unit_test(many),
      cmocka_unit_test(presigned_own_parameters),
      cmocka_unit_test(out_of_memory),
      cmocka_unit_test(no_allocation),
  };
  return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
