/* Signature Version 2 against botocore's SigV2Auth (1.44.5), at 2015-08-30T12:36:00Z. */
#include "auth/sigv2.h"
#include "support.h"
#include "torture.h"

static const struct {
  const char *host, *path, *token, *form, *signed_form;
} cases[] = {
    {"sdb.amazonaws.com", "/", NULL, "Action=ListDomains&Version=2009-04-15",
     "Action=ListDomains&Version=2009-04-15&AWSAccessKeyId=AKID&SignatureVersion=2&SignatureMethod="
     "HmacSHA256&Timestamp=2015-08-30T12%3A36%3A00Z"
     "&Signature=6oTicqASlSzVx%2FSFI0Kzv71W%2FWD%2ByPsoQG%2FBW%2BGRodY%3D"},
    {"localhost:8080", "/path/x", "to/ken==",
     "Action=PutAttributes&Version=2009-04-15&Attribute.10.Name=a+b&Attribute.1.Name=%C3%A9%2B~%2A&"
     "Attribute.1.Value=&Attribute.1.Name.x=%26%3D",
     "Action=PutAttributes&Version=2009-04-15&Attribute.10.Name=a+b&Attribute.1.Name=%C3%A9%2B~%2A&"
     "Attribute.1.Value=&Attribute.1.Name.x=%26%3D"
     "&AWSAccessKeyId=AKID&SignatureVersion=2&SignatureMethod=HmacSHA256&Timestamp=2015-08-30T12%"
     "3A36%3A00Z&SecurityToken=to%2Fken%3D%3D"
     "&Signature=WUHUpyg%2B2X%2BYlAKmrUn8XRisB7ZiK7112xNAlZfuKM8%3D"},
};

static int sign(size_t i, const char *type, struct tcx_arena *arena, struct tcx_str *form,
                struct tcx_fail *f) {
  struct tcx_sigv2 s = {.access_key = "AKID",
                        .secret_key = "SECRET",
                        .session_token = cases[i].token,
                        .now = 1440938160};
  struct tcx_request req = {.arena = arena,
                            .method = "POST",
                            .host_header = tcx__str(cases[i].host),
                            .path = tcx__str(cases[i].path),
                            .body = tcx__str(cases[i].form)};
  tcx__headers_init(&req.headers, arena);
  int err = tcx__headers_add(&req.headers, TCX__STR("Content-Type"), tcx__str(type));
  return err == 0 ? tcx__sigv2_sign(&s, &req, form, f) : err;
}

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

static void test_signatures(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_str form;
    assert_int_equal(sign(i, FORM, arena, &form, NULL), 0);
    assert_int_equal(form.n, strlen(cases[i].signed_form));
    assert_memory_equal(form.p, cases[i].signed_form, form.n);
    tcx__arena_free(arena);
  }
}

static void test_no_form(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_str form;
  assert_int_equal(sign(0, "application/json", arena, &form, &f), TCX_EPARAM);
  assert_non_null(strstr(f.text, "Signature Version 2"));
  tcx__arena_free(arena);
}

static int torture(void *ctx) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_str form;
  (void)ctx;
  int err = arena != NULL ? sign(1, FORM, arena, &form, NULL) : UV_ENOMEM;
  if (err == 0)
    assert_memory_equal(form.p, cases[1].signed_form, form.n);
  tcx__arena_free(arena);
  return err;
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(torture, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_signatures),
                                     cmocka_unit_test(test_no_form),
                                     cmocka_unit_test(test_out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
