/*
 * What S3 does beyond its model, against a scripted server: another region, Expect, errors in a
 * 200, HEAD, GetBucketLocation, keys that come encoded, Expires.
 */
#include "whole.h"

#define OK_EMPTY  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define LIST      "<ListBucketResult><Name>b</Name></ListBucketResult>"
#define MAX_STEPS 24

/* One connection: answers in turn; heads of the requests are looked at by a hook of the test. */
struct scripted {
  struct whole w;
  struct fault_step steps[MAX_STEPS];
  const struct fault_step *scripts[1];
};
static void scripted_begin(struct scripted *s, const char *const *texts,
                           const tcx_client_options_t *co) {
  unsigned n = 0;
  memset(s->steps, 0, sizeof s->steps);
  for (; *texts != NULL; texts++) {
    s->steps[n++] = (struct fault_step)DO(REQUEST);
    s->steps[n++] = (struct fault_step)SEND(*texts);
  }
  assert_true(n < MAX_STEPS);
  s->scripts[0] = s->steps;
  whole_begin(&s->w, s->scripts, 1, co);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The region of the last request's signature: ".../20200101/REGION/s3/aws4_request". */
static const char *signed_region(const struct whole *w) {
  static char region[64];
  char text[1000];
  const char *p = whole_header(w->server.last_head, "Authorization", text, sizeof text);
  p = p != NULL ? strstr(p, "Credential=") : NULL;
  if (p == NULL || sscanf(p, "Credential=%*[^/]/%*[^/]/%63[^/]", region) != 1)
    return "";
  return region;
}

/* ---- another region ---- */

struct redirect {
  const char *what, *operation;
  const char *answers[4];
  unsigned requests;
  int status;
  const char *code, *region; /* of the outcome; of the last signature */
};

static void test_redirects(void **state) {
  (void)state;
  const char *by_header = whole_answer("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1",
                                       WHOLE_ERROR("PermanentRedirect", "elsewhere"));
  const char *by_body =
      whole_answer("400 Bad Request", "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</"
                                      "Message><Region>eu-west-1</Region></Error>");
  const char *bare_301 = "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n",
             *head_301 = "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1\r\n\r\n";
  const char *head_400 = "HTTP/1.1 400 Bad Request\r\nx-amz-bucket-region: eu-west-1\r\n\r\n",
             *plain_400 = "HTTP/1.1 400 Bad Request\r\n\r\n";
  const char *here = whole_answer("301 Moved Permanently\r\nx-amz-bucket-region: us-east-1",
                                  WHOLE_ERROR("PermanentRedirect", "here"));
  const char *evil = whole_answer("301 Moved Permanently\r\nx-amz-bucket-region: evil.example/",
                                  WHOLE_ERROR("PermanentRedirect", "elsewhere"));
  const char *opt_in = whole_answer("400 Bad Request\r\nx-amz-bucket-region: me-south-1",
                                    WHOLE_ERROR("IllegalLocationConstraintException", "m"));
  const char *list = whole_answer("200 OK", LIST), *unknown = "HTTP/1.1 404 Not Found\r\n\r\n",
             *temporary =
                 whole_answer("307 Temporary Redirect\r\nx-amz-bucket-region: eu-west-1", "");
  /* clang-format off */
  const struct redirect cases[] = {
      {"301 with the header", "list_objects_v2", {by_header, list}, 2, 0, NULL, "eu-west-1"},
      {"400 with the region in the body", "list_objects_v2", {by_body, list}, 2, 0, NULL, "eu-west-1"},
      {"307", "list_objects_v2", {temporary, list}, 2, 0, NULL, "eu-west-1"},
      {"301 without: HeadBucket tells", "list_objects_v2", {bare_301, head_301, "HTTP/1.1 200 OK\r\n\r\n", list}, 4, 0, NULL, "eu-west-1"},
      {"HeadBucket, 301", "head_bucket", {head_301, "HTTP/1.1 200 OK\r\n\r\n"}, 2, 0, NULL, "eu-west-1"},
      {"HeadBucket, 400", "head_bucket", {head_400, "HTTP/1.1 200 OK\r\n\r\n"}, 2, 0, NULL, "eu-west-1"},
      {"HeadBucket, 400 without", "head_bucket", {plain_400}, 1, TCX_ECLIENT, "400", "us-east-1"},
      {"HeadObject, 400", "head_object", {plain_400, head_400, "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}, 4, 0, NULL, "eu-west-1"},
      {"HeadBucket does not know", "list_objects_v2", {bare_301, unknown}, 2, TCX_ECLIENT, "301", "us-east-1"},
      {"the region that it was", "list_objects_v2", {here}, 1, TCX_ECLIENT, "PermanentRedirect", "us-east-1"},
      {"a region that is none", "list_objects_v2", {evil}, 1, TCX_ECLIENT, "PermanentRedirect", "us-east-1"},
      {"an opt-in region", "list_objects_v2", {opt_in, list}, 2, 0, NULL, "me-south-1"},
      {"redirected twice", "list_objects_v2", {by_header, here}, 2, TCX_ECLIENT, "PermanentRedirect", "eu-west-1"},
  };
  /* clang-format on */
  int bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct redirect *c = &cases[i];
    struct scripted s;
    const char *texts[5] = {c->answers[0], c->answers[1], c->answers[2], c->answers[3], NULL};
    scripted_begin(&s, texts, &(tcx_client_options_t){.max_connections = 1});
    struct outcome o =
        whole_call(&s.w, c->operation,
                   strcmp(c->operation, "head_object") == 0 ? tcx_params("{Bucket: b, Key: k}")
                                                            : tcx_params("{Bucket: b}"),
                   NULL);
    bool good = o.status == c->status && s.w.server.requests == c->requests &&
                strcmp(signed_region(&s.w), c->region) == 0;
    good =
        good && (c->code == NULL ? o.code == NULL : o.code != NULL && strcmp(o.code, c->code) == 0);
    if (!good) {
      fprintf(stderr, "%s: %s %s, %u requests, signed for %s: %s\n", c->what,
              tcx_err_name(o.status), o.code, s.w.server.requests, signed_region(&s.w), o.msg);
      bad++;
    }
    if (c->requests >= 2 && o.status == 0)
      assert_int_equal(o.attempts, 2);
    outcome_free(&o);
    whole_end(&s.w);
  }
  assert_int_equal(bad, 0);
}

/* Remembered for each bucket; forgotten never wrongly for others. */
static void test_region_remembered(void **state) {
  (void)state;
  struct scripted s;
  const char *elsewhere =
      whole_answer("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1", "");
  scripted_begin(&s, TEXTS(elsewhere, OK_EMPTY, OK_EMPTY, OK_EMPTY), NULL);
  static const struct {
    const char *bucket, *region;
    unsigned requests;
  } steps[] = {{"away", "eu-west-1", 2}, {"away", "eu-west-1", 3}, {"home", "us-east-1", 4}};
  for (size_t i = 0; i < 3; i++) {
    struct outcome o = whole_call(
        &s.w, "put_object", tcx_params("{Bucket: %s, Key: k, Body: x}", steps[i].bucket), NULL);
    assert_int_equal(o.status, 0);
    assert_int_equal(s.w.server.requests, steps[i].requests);
    assert_string_equal(signed_region(&s.w), steps[i].region);
    outcome_free(&o);
  }
  whole_end(&s.w);
}

static ssize_t read_x(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  memset(buf, 'x', len);
  return (ssize_t)len;
}

/* A body that cannot be sent again: the service's answer is the outcome. */
static void test_redirect_of_a_source(void **state) {
  (void)state;
  struct scripted s;
  scripted_begin(
      &s, TEXTS(whole_answer("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1", "")), NULL);
  struct outcome o = whole_call(&s.w, "put_object",
                                tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                                                   tcx_body_source(5, read_x, NULL, NULL, NULL)),
                                NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_string_equal(o.code, "301");
  assert_int_equal(s.w.server.requests, 1);
  outcome_free(&o);
  whole_end(&s.w);
}

/* While the look-up is under way the call can be cancelled; both callbacks' books are kept. */
static void test_cancel_inside_the_lookup(void **state) {
  (void)state;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND("HTTP/1.1 301 X\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST), DO(END)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  struct outcome o;
  tcx_call_t *call = NULL;
  whole_begin(&w, scripts, 1, NULL);
  whole_start_to(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL, &o, &call);
  while (w.server.requests < 2)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(call->state, TCX__CALL_INNER);
  tcx_call_cancel(call);
  assert_int_equal(o.calls, 0);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_ECANCELED);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- Expect: 100-continue ---- */

#define MIB (1u << 20)
static char big[MIB + 1];

static struct outcome put_big(struct whole *w, size_t n) {
  return whole_call(
      w, "put_object",
      tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", tcx_body_borrow(big, n)), NULL);
}

static void test_expect(void **state) {
  (void)state;
  char text[100];
  const struct fault_step goes_on[] = {
      DO(HEAD),         DO_N(WAIT, 20), SEND("HTTP/1.1 100 Continue\r\n\r\n"),
      DO_N(BYTES, MIB), SEND(OK_EMPTY), DO(END)};
  const struct fault_step *scripts[] = {goes_on};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = put_big(&w, MIB + 1);
  assert_int_equal(o.status, 0);
  assert_string_equal(whole_header(w.server.last_head, "Expect", text, sizeof text),
                      "100-continue");
  outcome_free(&o);
  whole_end(&w);
  /* Of 1 MiB exactly nothing is expected. */
  const struct fault_step plain[] = {DO(REQUEST), SEND(OK_EMPTY), DO(END)};
  scripts[0] = plain;
  whole_begin(&w, scripts, 1, NULL);
  o = put_big(&w, MIB);
  assert_int_equal(o.status, 0);
  assert_null(whole_header(w.server.last_head, "Expect", text, sizeof text));
  outcome_free(&o);
  whole_end(&w);
}

static void test_expect_refused(void **state) {
  (void)state;
  const struct fault_step refuses[] = {
      DO(HEAD), SEND(whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "no"))), DO(END)};
  const struct fault_step *const scripts[] = {refuses};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = put_big(&w, MIB + 1);
  assert_string_equal(o.code, "AccessDenied");
  assert_int_equal(o.attempts, 1);
  assert_true(w.server.received < 4096); /* not a byte of the body */
  outcome_free(&o);
  whole_end(&w);
}

/* A server that says nothing gets the body after a second. */
static void test_expect_ignored(void **state) {
  (void)state;
  const struct fault_step ignores[] = {DO(REQUEST), SEND(OK_EMPTY), DO(END)};
  const struct fault_step *const scripts[] = {ignores};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  uint64_t begin = uv_hrtime();
  struct outcome o = put_big(&w, MIB + 1);
  uint64_t ms = (uv_hrtime() - begin) / 1000000;
  assert_int_equal(o.status, 0);
  assert_true(ms >= 1000 && ms < 10000);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- documents ---- */

static struct outcome one(const char *answer, const char *operation, tcx_value_t *params,
                          const tcx_call_options_t *options) {
  struct scripted s;
  scripted_begin(&s, TEXTS(answer, answer, answer), NULL);
  struct outcome o = whole_call(&s.w, operation, params, options);
  whole_end(&s.w);
  return o;
}

static void test_error_in_success(void **state) {
  (void)state;
  const char *answer =
      whole_answer("200 OK", "<?xml "
                             "version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>m</"
                             "Message><RequestId>BODYID</RequestId></Error>");
  struct outcome o =
      one(answer, "copy_object", tcx_params("{Bucket: b, Key: k, CopySource: 'a/b'}"), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_string_equal(o.code, "InternalError");
  assert_int_equal(o.http_status, 500);
  assert_int_equal(o.attempts, 3);
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.RequestId"), "BODYID");
  outcome_free(&o);
  /* An object whose bytes look like an error is an object. */
  o = one(answer, "get_object", tcx_params("{Bucket: b, Key: k}"),
          &(tcx_call_options_t){.max_body = 1000});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
}

static void test_head_errors(void **state) {
  (void)state;
  struct outcome o =
      one("HTTP/1.1 404 Not Found\r\nx-amz-request-id: ID\r\nContent-Length: 100\r\n\r\n",
          "head_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  assert_string_equal(o.code, "404");
  assert_string_equal(o.msg,
                      "An error occurred (404) when calling the HeadObject operation: Not Found");
  assert_string_equal(tcx_value_str(o.response, "Error.Message"), "Not Found");
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.RequestId"), "ID");
  outcome_free(&o);
}

static void test_locations(void **state) {
  (void)state;
#define XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
  static const struct {
    const char *body, *location;
  } cases[] = {
      {"<?xml version=\"1.0\"?><LocationConstraint" XMLNS ">eu-west-1</LocationConstraint>",
       "eu-west-1"},
      {"<LocationConstraint" XMLNS ">EU</LocationConstraint>", "EU"},
      {"<LocationConstraint" XMLNS "/>", NULL},
      {"<LocationConstraint" XMLNS "></LocationConstraint>", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct outcome o = one(whole_answer("200 OK", cases[i].body), "get_bucket_location",
                           tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    const char *found = tcx_value_str(o.response, "LocationConstraint");
    assert_true(found == NULL ? cases[i].location == NULL
                              : cases[i].location != NULL && strcmp(found, cases[i].location) == 0);
    assert_non_null(tcx_value_get(o.response, "LocationConstraint")); /* null, not absent */
    outcome_free(&o);
  }
}

#define PAGE                                                                                       \
  "<ListBucketResult><EncodingType>url</EncodingType><Prefix>a%20b</Prefix><Delimiter>%2F</"       \
  "Delimiter><StartAfter>x+y</StartAfter><Contents><Key>a%2Bb+c%00</Key></Contents>"               \
  "<Contents><Key>100%</Key></Contents><CommonPrefixes><Prefix>%C3%A9/</Prefix></"                 \
  "CommonPrefixes></ListBucketResult>"

static void test_keys_decoded(void **state) {
  (void)state;
  size_t n = 0;
  struct outcome o =
      one(whole_answer("200 OK", PAGE), "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "Prefix"), "a b");
  assert_string_equal(tcx_value_str(o.response, "Delimiter"), "/");
  assert_string_equal(tcx_value_str(o.response, "StartAfter"), "x y");
  assert_memory_equal(tcx_value_bytes(o.response, "Contents[0].Key", &n), "a+b c\0", 7);
  assert_int_equal(n, 6);
  assert_string_equal(tcx_value_str(o.response, "Contents[1].Key"), "100%");
  assert_string_equal(tcx_value_str(o.response, "CommonPrefixes[0].Prefix"), "\xc3\xa9/");
  assert_string_equal(tcx_value_str(o.response, "EncodingType"), "url");
  outcome_free(&o);
  /* Whoever asks for the encoding gets it. */
  o = one(whole_answer("200 OK", PAGE), "list_objects_v2",
          tcx_params("{Bucket: b, EncodingType: url}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "Contents[0].Key"), "a%2Bb+c%00");
  outcome_free(&o);
}

static void test_expires(void **state) {
  (void)state;
  struct outcome o =
      one("HTTP/1.1 200 OK\r\nExpires: not a date\r\nContent-Length: 0\r\n\r\n", "get_object",
          tcx_params("{Bucket: b, Key: k}"), &(tcx_call_options_t){.max_body = 1});
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "ExpiresString"), "not a date");
  assert_int_equal(tcx_value_type(o.response, "Expires"), TCX_ABSENT);
  outcome_free(&o);
  o = one("HTTP/1.1 200 OK\r\nExpires: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n",
          "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "ExpiresString"), "Wed, 21 Oct 2015 07:28:00 GMT");
  assert_int_equal(tcx_value_int(o.response, "Expires", 0), 1445412480);
  outcome_free(&o);
}

static void test_metadata(void **state) {
  (void)state;
  struct outcome o =
      one("HTTP/1.1 200 OK\r\nx-amz-request-id: R1\r\nx-amz-id-2: H1\r\nX-Two: a\r\nX-Two: "
          "b\r\nx-amz-meta-Some-Name: v\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n",
          "head_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.RequestId"), "R1");
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.HostId"), "H1");
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.HTTPStatusCode", 0), 200);
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.RetryAttempts", -1), 0);
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.HTTPHeaders.x-two"), "a, b");
  assert_string_equal(tcx_value_str(o.response, "Metadata.some-name"), "v");
  assert_string_equal(tcx_value_str(o.response, "ETag"), "\"e\"");
  outcome_free(&o);
}

int main(void) {
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_redirects),       cmocka_unit_test(test_region_remembered), cmocka_unit_test(test_redirect_of_a_source), cmocka_unit_test(test_cancel_inside_the_lookup),
      cmocka_unit_test(test_expect),          cmocka_unit_test(test_expect_refused),    cmocka_unit_test(test_expect_ignored),       cmocka_unit_test(test_error_in_success),
      cmocka_unit_test(test_head_errors),     cmocka_unit_test(test_locations),         cmocka_unit_test(test_keys_decoded),         cmocka_unit_test(test_expires),
      cmocka_unit_test(test_metadata),
  };
  /* clang-format on */
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
