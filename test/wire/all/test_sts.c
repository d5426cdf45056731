/*
 * Whole calls in the query protocol, STS's, against a scripted server: what is sent, signed or not,
 * and what becomes of answers.
 */
#include "service_calls.h"

#define IDENTITY                                                                                   \
  "<GetCallerIdentityResponse "                                                                    \
  "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/"                                              \
  "\"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a</Arn><UserId>U</UserId>"                 \
  "<Account>1</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>in-the-body</"       \
  "RequestId></ResponseMetadata></GetCallerIdentityResponse>"
#define ERROR(code, message)                                                                       \
  "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message                \
  "</Message></Error><RequestId>in-the-body</RequestId></ErrorResponse>"

static const char *metadata(const struct outcome *o) {
  return tcx_value_str(o->response, "ResponseMetadata.RequestId");
}

static void test_success(void **state) {
  (void)state;
  struct service s;
  service_begin(&s, "sts",
                SERVICE_ANSWERED(whole_answer("200 OK", IDENTITY),
                                 whole_answer("200 OK\r\nx-amzn-RequestId: in-the-head", IDENTITY)),
                NULL);
  struct outcome o = whole_call(&s.w, "get_caller_identity", NULL, NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Arn"), "arn:aws:iam::1:user/a");
  assert_string_equal(metadata(&o), "in-the-body");
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.HTTPStatusCode", 0), 200);
  service_request(&s, "POST / HTTP/1.1\r\n", "Action=GetCallerIdentity&Version=2011-06-15");
  service_header(&s, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  service_header(&s, "Content-Length", "43");
  service_header(
      &s, "Authorization",
      "/us-east-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=");
  outcome_free(&o);
  o = whole_call(&s.w, "get_caller_identity", NULL, NULL);
  assert_string_equal(metadata(&o), "in-the-head");
  outcome_free(&o);
  whole_end(&s.w);
}

/* AssumeRoleWithWebIdentity and AssumeRoleWithSAML are for those who have no credentials yet. */
static void test_unsigned(void **state) {
  (void)state;
  static const tcx_session_options_t nobody = {.config_file = "/dev/null"};
  const char *answer = whole_answer("200 OK", "<R><AssumeRoleWithWebIdentityResult><Provider>p</"
                                              "Provider></AssumeRoleWithWebIdentityResult></R>");
  const char *saml = whole_answer(
      "200 OK", "<R><AssumeRoleWithSAMLResult><Issuer>i</Issuer></AssumeRoleWithSAMLResult></R>");
  struct service s;
  service_begin(&s, "sts", SERVICE_ANSWERED(answer, saml), &nobody);
  struct outcome o =
      whole_call(&s.w, "assume_role_with_web_identity",
                 tcx_params("{RoleArn: %s, RoleSessionName: me, WebIdentityToken: %s}",
                            "arn:aws:iam::1:role/a", "tok+en"),
                 NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Provider"), "p");
  assert_null(metadata(&o));
  service_header(&s, "Authorization", NULL);
  assert_string_equal(s.w.server.last_body,
                      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%"
                      "3A%3A1%3Arole%2Fa&RoleSessionName=me&WebIdentityToken=tok%2Ben");
  outcome_free(&o);
  o = whole_call(&s.w, "assume_role_with_saml",
                 tcx_params("{RoleArn: %s, PrincipalArn: %s, SAMLAssertion: abcd}",
                            "arn:aws:iam::1:role/a", "arn:aws:iam::1:saml-provider/b"),
                 NULL);
  assert_int_equal(o.status, 0);
  service_header(&s, "Authorization", NULL);
  outcome_free(&o);
  whole_end(&s.w);
}

struct failure {
  const char *what;
  const char *answers[4];
  int status, attempts;
  const char *code, *id;
};

static void test_failures(void **state) {
  (void)state;
  const char *good = whole_answer("200 OK", IDENTITY), *bare = whole_answer("200 OK", "<R/>"),
             *plain = whole_answer("403 Forbidden", "go away");
  /* clang-format off */
  const struct failure cases[] = {
      {"refused", {whole_answer("403 Forbidden", ERROR("SignatureDoesNotMatch", "m"))}, TCX_ECLIENT, 1, "SignatureDoesNotMatch", "in-the-body"},
      {"no XML", {plain}, TCX_ECLIENT, 1, "403", NULL},
      {"throttled", {whole_answer("400 Bad Request", ERROR("Throttling", "m")), good}, 0, 2, NULL, "in-the-body"},
      {"the wrapper is missing", {bare, bare, bare}, TCX_EPROTO, 3, NULL, NULL},
  };
  /* clang-format on */
  int bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct failure *c = &cases[i];
    struct service s;
    service_begin(&s, "sts", c->answers, NULL);
    struct outcome o = whole_call(&s.w, "get_caller_identity", NULL, NULL);
    const char *id = metadata(&o);
    bool right =
        o.status == c->status && o.attempts == c->attempts &&
        (c->code == NULL ? o.code == NULL : o.code != NULL && strcmp(o.code, c->code) == 0);
    right = right && (c->id == NULL ? id == NULL : id != NULL && strcmp(id, c->id) == 0);
    if (!right) {
      fprintf(stderr, "%s: %s, code %s, %d attempts, id %s: %s\n", c->what, tcx_err_name(o.status),
              o.code, o.attempts, id, o.msg);
      bad++;
    }
    outcome_free(&o);
    whole_end(&s.w);
  }
  assert_int_equal(bad, 0);
}

/* The form becomes the query of a signed URL. */
static void test_presign(void **state) {
  (void)state;
  struct service s;
  struct outcome o;
  service_begin(&s, "sts", SERVICE_ANSWERED("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), NULL);
  whole_goal_to(&s.w, "assume_role",
                tcx_params("{RoleArn: %s, RoleSessionName: %s}", "arn:aws:iam::1:role/a", "a b+c"),
                TCX__GOAL_PRESIGN, &o);
  assert_int_equal(o.status, 0);
  const char *url = tcx_value_str(o.response, "Url");
  assert_non_null(strstr(url, "/?Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%"
                              "3A1%3Arole%2Fa&RoleSessionName=a%20b%2Bc&X-Amz-Algorithm="));
  assert_non_null(strstr(url, "&X-Amz-SignedHeaders=host&"));
  assert_string_equal(tcx_value_str(o.response, "Method"), "POST");
  assert_null(tcx_value_first(o.response, "Headers"));
  outcome_free(&o);
  whole_end(&s.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_success), cmocka_unit_test(test_unsigned),
      cmocka_unit_test(test_failures), cmocka_unit_test(test_presign)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
