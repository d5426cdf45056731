/* What hooks do to parameters, endpoint and request. */
#include "hooks_help.h"

/* ---- what a hook changes ---- */

static int change_params(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  tcx_value_t *params = tcx_request_params(call);
  assert_ptr_equal(params, tcx_request_params(call));
  assert_string_equal(tcx_value_str(params, "Key"), "k");
  tcx_value_remove(params, "ContentType", 11);
  tcx_value_remove(params, "Absent", 6);
  tcx_value_set_str(tcx_value_set_str(params, "Key", "other"), "Metadata.a", "b");
  tcx_value_free(params); /* it is the call's own */
  return tcx_value_status(params);
}

static void test_params(void **state) {
  (void)state;
  struct whole w;
  char value[100];
  whole_begin(&w, ok_scripts, 1, NULL);
  on(&w, "before-parameter-build.s3.PutObject", change_params, NULL);
  struct outcome o =
      whole_call(&w, "put_object", tcx_params("{Bucket: b, Key: k, ContentType: x}"), NULL);
  assert_int_equal(o.status, 0);
  assert_memory_equal(w.server.last_head, "PUT /b/other HTTP", 17);
  assert_string_equal(whole_header(w.server.last_head, "x-amz-meta-a", value, sizeof value), "b");
  assert_null(whole_header(w.server.last_head, "Content-Type", value, sizeof value));
  outcome_free(&o);
  whole_end(&w);
}

static int break_params(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  tcx_value_t *params = tcx_request_params(call);
  if (data != NULL)
    tcx_value_set_str(params, NULL, "no map");
  else
    tcx_value_set_str(params, "Key[", "x");
  return 0;
}
static int set_number(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  tcx_value_set_int(tcx_request_params(call), "Key", 3);
  return 0;
}
static int hand_over(tcx_call_t *call, const char *event, void *data) {
  struct outcome *o = data;
  (void)event;
  tcx_value_t *params = tcx_request_params(call);
  assert_int_equal(tcx_client_call(tcx_call_client(call), "list_buckets", params, outcome_cb, o),
                   0);
  tcx_value_t *tree = tcx_value_set(tcx_value_new_map(), "a", params);
  assert_int_equal(tcx_value_status(tree), UV_EINVAL);
  tcx_value_free(tree);
  return 0;
}

/* What is wrong in them ends the call, with a sentence; they can be given to nobody else. */
static void test_broken_params(void **state) {
  (void)state;
  struct whole w;
  struct outcome other = {0};
  whole_begin(&w, ok_scripts, 1, NULL);
  unsigned id;
  assert_int_equal(tcx_client_on(w.client, "provide-client-params", break_params, NULL, &id), 0);
  struct outcome o = whole_call(&w, "put_object", key(), NULL);
  assert_int_equal(o.status, UV_EINVAL);
  assert_non_null(strstr(o.msg, "A hook of provide-client-params.s3.PutObject: "));
  outcome_free(&o);
  tcx_client_off(w.client, id);
  assert_int_equal(tcx_client_on(w.client, "provide-client-params", break_params, "", &id), 0);
  o = whole_call(&w, "put_object", key(), NULL);
  assert_int_equal(o.status, UV_EINVAL);
  assert_non_null(strstr(o.msg, "no map"));
  outcome_free(&o);
  tcx_client_off(w.client, id);
  assert_int_equal(tcx_client_on(w.client, "provide-client-params", set_number, NULL, &id), 0);
  o = whole_call(&w, "put_object", key(), NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  assert_non_null(strstr(o.msg, "Invalid type for parameter Key, value: 3"));
  outcome_free(&o);
  tcx_client_off(w.client, id);
  assert_int_equal(
      tcx_client_on(w.client, "provide-client-params.s3.PutObject", hand_over, &other, &id), 0);
  o = whole_call(&w, "put_object", key(), NULL);
  assert_int_equal(o.status, 0);
  whole_until(&w, &other.calls);
  assert_int_equal(other.status, UV_EINVAL);
  outcome_free(&o);
  outcome_free(&other);
  whole_end(&w);
}

static int set_headers(tcx_call_t *call, const char *event, void *data) {
  (void)data;
  char text[20];
  unsigned attempt = tcx_call_attempt(call);
  snprintf(text, sizeof text, "%u", attempt);
  assert_string_equal(tcx_request_method(call), "PUT");
  if (strncmp(event, "before-call", 11) == 0) {
    assert_int_equal(attempt, 0);
    assert_int_equal(tcx_request_set_header(call, "X-Call", "1"), 0);
    assert_int_equal(tcx_request_set_header(call, "Content-Type", NULL), 0);
    assert_null(tcx_request_header(call, "content-type"));
    assert_string_equal(tcx_request_header(call, "x-call"), "1");
    assert_int_equal(tcx_request_set_header(call, "X-Gone", "1"), 0);
    assert_null(tcx_request_header(call, "Authorization"));
  } else if (strncmp(event, "request-created", 15) == 0) {
    assert_null(tcx_request_header(call, attempt == 1 ? "none" : "X-Created-1"));
    assert_int_equal(
        tcx_request_set_header(call, attempt == 1 ? "X-Created-1" : "X-Created-2", text), 0);
  } else if (strncmp(event, "before-sign", 11) == 0) {
    assert_string_equal(tcx_request_header(call, "X-Gone"), "1"); /* also in the second attempt */
    assert_int_equal(tcx_request_set_header(call, "X-Gone", NULL), 0);
    assert_int_equal(tcx_request_set_header(call, "X-Signed", text), 0);
    assert_null(tcx_request_header(call, "Authorization"));
  } else {
    assert_non_null(tcx_request_header(call, "Authorization"));
    assert_int_equal(tcx_request_set_header(call, "X-Signed", "2"), UV_EINVAL);
    assert_int_equal(tcx_request_set_header(call, "X-Signed", NULL), UV_EINVAL);
    assert_int_equal(tcx_request_set_header(call, "X-Sent", text), 0);
  }
  assert_int_equal(tcx_request_set_header(call, "X-Bad", "a\r\nb"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_header(call, "X Bad", "a"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_header(call, "host", "a"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_header(call, NULL, "a"), UV_EINVAL);
  return 0;
}

static void test_headers(void **state) {
  (void)state;
  static const char *const points[] = {"before-call", "request-created", "before-sign",
                                       "before-send"};
  struct whole w;
  char value[1000];
  whole_begin(&w, then_ok_scripts, 1, NULL);
  for (size_t i = 0; i < 4; i++)
    on(&w, points[i], set_headers, NULL);
  struct outcome o =
      whole_call(&w, "put_object", tcx_params("{Bucket: b, Key: k, ContentType: x}"), NULL);
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  const char *head = w.server.last_head;
  static const struct {
    const char *name, *value;
  } sent[] = {{"X-Call", "1"},   {"X-Created-1", NULL}, {"X-Created-2", "2"},   {"X-Gone", NULL},
              {"X-Signed", "2"}, {"X-Sent", "2"},       {"Content-Type", NULL}, {"X-Bad", NULL}};
  for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
    const char *got = whole_header(head, sent[i].name, value, sizeof value);
    if (sent[i].value == NULL)
      assert_null(got);
    else
      assert_string_equal(got, sent[i].value);
  }
  assert_non_null(whole_header(head, "Authorization", value, sizeof value));
  assert_non_null(strstr(value, "x-call;x-created-2;x-signed,"));
  assert_null(strstr(value, "x-sent"));
  assert_int_equal(whole_count(head, "Authorization:"), 1);
  assert_int_equal(whole_count(head, "X-Amz-Date:") + whole_count(head, "x-amz-date:"), 1);
  outcome_free(&o);
  whole_end(&w);
}

static int change_request(tcx_call_t *call, const char *event, void *data) {
  char url[200], *end;
  bool signing = strncmp(event, "before-sign", 11) == 0;
  snprintf(url, sizeof url, "%s", tcx_request_url(call));
  assert_memory_equal(url, "http://", 7);
  assert_int_equal(tcx_request_set_url(call, "ftp://a/"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_url(call, "http://a_b c/"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_url(call, "http://ok/a\r\nb"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_url(call, NULL), UV_EINVAL);
  assert_int_equal(tcx_request_set_method(call, "A B"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_method(call, "POST\r\n"), TCX_EPARAM);
  assert_int_equal(tcx_request_set_method(call, ""), UV_EINVAL);
  if (signing)
    assert_int_equal(tcx_request_set_url(call, "http://elsewhere/x"), UV_EINVAL);
  end = url + strlen(url);
  if (strncmp(event, "before-call", 11) == 0) {
    /* from the endpoint's to the server's */
    snprintf(url, sizeof url, "%s/first", (const char *)data);
    assert_int_equal(tcx_request_set_method(call, "POST"), 0);
    assert_string_equal(tcx_request_body(call, NULL), "hello");
    assert_int_equal(tcx_request_set_body(call, "bye", 3), 0);
  } else {
    snprintf(end, sizeof url - (size_t)(end - url), "%sa=%s", strchr(url, '?') != NULL ? "&" : "?",
             signing ? "sign" : "created");
  }
  assert_int_equal(tcx_request_set_url(call, url), 0);
  assert_string_equal(tcx_request_url(call), url);
  return 0;
}

static void test_url(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, ok_scripts, 1, NULL);
  w.server.keep_body = 100;
  tcx_client_t *client;
  assert_int_equal(tcx_session_create_client(
                       w.session, "s3",
                       &(tcx_client_options_t){.region = "us-east-1",
                                               .access_key = "A",
                                               .secret_key = "B",
                                               .endpoint_url = "http://no.such.host.invalid"},
                       &client),
                   0);
  static const char *const points[] = {"before-call", "request-created", "before-sign"};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(tcx_client_on(client, points[i], change_request, w.url, NULL), 0);
  struct outcome o = {0};
  assert_int_equal(tcx_client_call(client, "put_object", put_params(), outcome_cb, &o), 0);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, 0);
  assert_memory_equal(w.server.last_head,
                      "POST /first?a=created&a=sign HTTP/1.1\r\nHost: 127.0.0.1:", 55);
  assert_string_equal(w.server.last_body, "bye");
  outcome_free(&o);
  whole_end(&w);
}

static int set_builtin(tcx_call_t *call, const char *event, void *data) {
  (void)data;
  assert_string_equal(event, "before-endpoint-resolution.s3");
  assert_int_equal(tcx_request_set_builtin(call, "AWS::S3::Accelerate", "true"), 0);
  assert_int_equal(tcx_request_set_builtin(call, "AWS::Region", "eu-west-1"), 0);
  assert_int_equal(tcx_request_set_builtin(call, "AWS::Region", NULL), 0);
  assert_int_equal(tcx_request_set_builtin(call, "AWS::Region", "eu-central-1"), 0);
  assert_int_equal(tcx_request_set_builtin(call, "AWS::UseFIPS", "yes"), UV_EINVAL);
  assert_int_equal(tcx_request_set_builtin(call, "AWS::STS::UseGlobalEndpoint", "true"), UV_EINVAL);
  assert_int_equal(tcx_request_set_builtin(call, NULL, "true"), UV_EINVAL);
  return 0;
}
static int no_signature(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  return tcx_request_set_unsigned(call);
}

static void test_endpoint_and_signer(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  whole_begin(&w, NULL, 0, NULL);
  on(&w, "before-endpoint-resolution.s3", set_builtin, NULL);
  whole_goal_to(&w, "get_object", tcx_params("{Bucket: abc, Key: k}"), TCX__GOAL_PRESIGN, &o);
  assert_memory_equal(tcx_value_str(o.response, "Url"),
                      "https://abc.s3-accelerate.amazonaws.com/k?", 42);
  assert_non_null(strstr(tcx_value_str(o.response, "Url"), "eu-central-1"));
  outcome_free(&o);
  on(&w, "choose-signer.s3.*", no_signature, NULL);
  whole_goal_to(&w, "get_object", tcx_params("{Bucket: abc, Key: k}"), TCX__GOAL_PRESIGN, &o);
  assert_string_equal(tcx_value_str(o.response, "Url"),
                      "https://abc.s3-accelerate.amazonaws.com/k");
  outcome_free(&o);
  whole_end(&w);
}

/* No credentials are asked for. */
static void test_unsigned(void **state) {
  (void)state;
  struct whole w;
  char value[100];
  whole_begin_with(&w, ok_scripts, 1, &(tcx_session_options_t){.profile = NULL}, NULL);
  on(&w, "choose-signer.s3.PutObject", no_signature, NULL);
  struct outcome o = whole_call(&w, "put_object", put_params(), NULL);
  assert_int_equal(o.status, 0);
  assert_null(whole_header(w.server.last_head, "Authorization", value, sizeof value));
  outcome_free(&o);
  o = whole_call(&w, "get_bucket_acl", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, TCX_ECREDS);
  outcome_free(&o);
  whole_end(&w);
}

static int set_mark(tcx_call_t *call, const char *event, void *data) {
  char name[40];
  (void)event;
  snprintf(name, sizeof name, "X-%s", (const char *)data);
  return tcx_request_set_header(call, name, "1");
}

/* In another region the request is made anew: what hooks did to it, they do again; they see the
 * parameters once. The call that looks for the region is a call too. */
static void test_redirected(void **state) {
  (void)state;
  static const struct fault_step steps[] = {
      DO(REQUEST), SEND("HTTP/1.1 301 X\r\nContent-Length: 0\r\n\r\n"),
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nx-amz-bucket-region: eu-west-1\r\n\r\n"),
      DO(REQUEST), SEND(OK_ANSWER),
      DO(END)};
  static const struct fault_step *const scripts[] = {steps};
  struct whole w;
  char value[1000];
  whole_begin(&w, scripts, 1, NULL);
  on(&w, "*.s3.PutObject", note, NULL);
  on(&w, "before-call.s3.PutObject", set_mark, "made");
  on(&w, "before-sign.s3.PutObject", set_mark, "signed");
  seen[0] = '\0';
  struct outcome o = whole_call(&w, "put_object", put_params(), NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(whole_header(w.server.last_head, "X-made", value, sizeof value), "1");
  assert_string_equal(whole_header(w.server.last_head, "X-signed", value, sizeof value), "1");
  assert_non_null(whole_header(w.server.last_head, "Authorization", value, sizeof value));
  assert_non_null(strstr(value, "/eu-west-1/s3/"));
  assert_int_equal(whole_count(seen, "before-parameter-build"), 1);
  assert_int_equal(whole_count(seen, "before-call"), 2);
  assert_int_equal(whole_count(seen, "choose-signer"), 2);
  assert_int_equal(whole_count(seen, "request-created"), 2);
  assert_int_equal(whole_count(seen, "needs-retry"), 2);
  assert_int_equal(whole_count(seen, "after-call"), 1);
  outcome_free(&o);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_params),
      cmocka_unit_test(test_broken_params),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_url),
      cmocka_unit_test(test_endpoint_and_signer),
      cmocka_unit_test(test_unsigned),
      cmocka_unit_test(test_redirected),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
