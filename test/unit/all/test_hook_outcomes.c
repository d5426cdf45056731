/* Answers that hooks give instead of the network, and what they see of an outcome and say to it. */
#include "hooks_help.h"

/* ---- answers ---- */

static int answer(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  const char *json = data;
  int status = atoi(json);
  json = strchr(json, ' ') + 1;
  assert_int_equal(tcx_call_answer(call, 100, tcx_value_new_map()), UV_EINVAL);
  assert_int_equal(tcx_call_answer(call, 600, tcx_value_new_map()), UV_EINVAL);
  assert_int_equal(tcx_call_answer(call, 200, tcx_value_new_list()), UV_EINVAL);
  assert_int_equal(tcx_call_answer(call, 200, NULL), UV_EINVAL);
  assert_int_equal(tcx_call_answer(call, status, tcx_value_from_json(json, strlen(json))), 0);
  assert_int_equal(tcx_call_answer(call, 200, tcx_value_new_map()), UV_EINVAL);
  return 0;
}

/* No network, no credentials. */
static struct outcome answered(struct whole *w, const char *operation, tcx_value_t *params,
                               const tcx_call_options_t *options, char *text) {
  whole_begin_with(w, NULL, 0, &(tcx_session_options_t){.profile = NULL}, NULL);
  on(w, "before-call.*.*", answer, text);
  on(w, "after-call", note, NULL);
  on(w, "after-call-error", note, NULL);
  on(w, "needs-retry", note, NULL);
  seen[0] = '\0';
  return whole_call(w, operation, params, options);
}

static void test_answer(void **state) {
  (void)state;
  struct whole w;
  struct outcome o =
      answered(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL,
               "200 {\"EncodingType\": \"url\", \"Contents\": [{\"Key\": \"a%20b\"}]}");
  assert_int_equal(o.status, 0);
  assert_int_equal(o.http_status, 200);
  assert_int_equal(o.attempts, 0);
  /* what S3 does after a call, it does to an answer too, as botocore */
  assert_string_equal(tcx_value_str(o.response, "Contents[0].Key"), "a b");
  assert_int_equal(tcx_value_type(o.response, "ResponseMetadata"), TCX_ABSENT);
  assert_string_equal(seen, "after-call.s3.ListObjectsV2\n");
  outcome_free(&o);
  whole_end(&w);
  o = answered(&w, "get_object", key(), NULL,
               "404 {\"Error\": {\"Code\": \"NoSuchKey\", \"Message\": \"none\"}, "
               "\"ResponseMetadata\": {\"HTTPStatusCode\": 404}}");
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.http_status, 404);
  assert_string_equal(o.code, "NoSuchKey");
  assert_string_equal(o.msg,
                      "An error occurred (NoSuchKey) when calling the GetObject operation: none");
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.HTTPStatusCode", 0), 404);
  assert_string_equal(seen, "after-call.s3.GetObject\n");
  outcome_free(&o);
  whole_end(&w);
  o = answered(&w, "put_object", key(), NULL, "503 {}");
  assert_string_equal(o.msg,
                      "An error occurred (Unknown) when calling the PutObject operation: Unknown");
  assert_true(o.retryable);
  outcome_free(&o);
  whole_end(&w);
  o = answered(&w, "get_object", key(), &(tcx_call_options_t){.max_body = 5},
               "200 {\"Body\": \"hello\"}");
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_bytes(o.response, "Body", NULL), "hello");
  outcome_free(&o);
  whole_end(&w);
  o = answered(&w, "get_object", key(), &(tcx_call_options_t){.max_body = 4},
               "200 {\"Body\": \"hello\"}");
  assert_int_equal(o.status, TCX_ETOOBIG);
  outcome_free(&o);
  whole_end(&w);
}

static struct {
  char text[64];
  int ends, status;
  bool stop;
} reader;
static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  if (nread < 0) {
    reader.ends++;
    reader.status = (int)nread;
    tcx_stream_close(stream);
    return;
  }
  strncat(reader.text, buf->base, (size_t)nread);
  if (reader.stop)
    tcx_stream_read_stop(stream);
}
static void take(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_null(error);
  assert_string_equal(tcx_value_str(response, "ETag"), "e");
  assert_int_equal(tcx_value_type(response, "Body"), TCX_ABSENT);
  tcx_stream_t **out = tcx_call_data(call);
  *out = tcx_call_take_stream(call, NULL);
  assert_int_equal(tcx_stream_length(*out), 5);
}
static void drop(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_null(error);
  assert_non_null(response);
  ++*(int *)tcx_call_data(call);
}

/* The bytes of a streaming member come as a stream: read, stopped and read on, not taken, closed
 * early, closed with its client. */
static void test_answer_stream(void **state) {
  (void)state;
  for (int how = 0; how < 5; how++) {
    struct whole w;
    tcx_stream_t *stream = NULL;
    int dropped = 0;
    memset(&reader, 0, sizeof reader);
    whole_begin_with(&w, NULL, 0, &(tcx_session_options_t){.profile = NULL}, NULL);
    on(&w, "before-call", answer, "200 {\"ETag\": \"e\", \"Body\": \"hello\"}");
    assert_int_equal(tcx_client_call(w.client, "get_object", key(), how == 2 ? drop : take,
                                     how == 2 ? (void *)&dropped : (void *)&stream),
                     0);
    while (stream == NULL && dropped == 0)
      uv_run(&w.loop, UV_RUN_ONCE);
    reader.stop = how == 1;
    if (how < 2) {
      assert_int_equal(tcx_stream_read_start(stream, on_read), 0);
      while (reader.text[0] == '\0')
        uv_run(&w.loop, UV_RUN_ONCE);
      if (how == 1)
        assert_int_equal(tcx_stream_read_start(stream, on_read), 0);
      whole_until(&w, &reader.ends);
      assert_int_equal(reader.status, TCX_EOF);
      assert_string_equal(reader.text, "hello");
    } else if (how == 3) {
      tcx_stream_close(stream);
    } else if (how == 4) {
      assert_int_equal(tcx_stream_read_start(stream, on_read), 0);
      tcx_client_close(w.client, NULL);
      whole_until(&w, &reader.ends);
      assert_int_equal(reader.status, TCX_ECANCELED);
    }
    whole_end(&w);
  }
}

static int answer_http(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  static const char *const headers[] = {"ETag: \"h\"", "X-Amz-Request-Id:  R1", NULL};
  static const char *const bad[] = {"no colon", NULL}, *const worse[] = {"a: b\r\nc", NULL};
  unsigned *fails = data;
  const char *error = WHOLE_ERROR("SlowDown", "slow");
  assert_int_equal(tcx_call_answer_http(call, 99, headers, NULL, 0), UV_EINVAL);
  assert_int_equal(tcx_call_answer_http(call, 200, bad, NULL, 0), UV_EINVAL);
  assert_int_equal(tcx_call_answer_http(call, 200, worse, NULL, 0), UV_EINVAL);
  assert_int_equal(tcx_call_answer_http(call, 200, NULL, NULL, 1), UV_EINVAL);
  bool fail = *fails > 0;
  *fails -= fail ? 1 : 0;
  assert_int_equal(tcx_call_answer_http(call, fail ? 503 : 200, headers, fail ? error : "hello",
                                        fail ? strlen(error) : 5),
                   0);
  return 0;
}

/* Parsed and tried again as if the service had sent it. */
static void test_answer_http(void **state) {
  (void)state;
  struct whole w;
  unsigned fails = 1;
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  on(&w, "before-send.s3", answer_http, &fails);
  struct outcome o = whole_call(&w, "get_object", key(), &(tcx_call_options_t){.max_body = 100});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  assert_string_equal(tcx_value_str(o.response, "ETag"), "\"h\"");
  assert_string_equal(tcx_value_bytes(o.response, "Body", NULL), "hello");
  assert_string_equal(tcx_value_str(o.response, "ResponseMetadata.RequestId"), "R1");
  assert_int_equal(tcx_value_int(o.response, "ResponseMetadata.RetryAttempts", -1), 1);
  outcome_free(&o);
  fails = 3;
  o = whole_call(&w, "get_object", key(), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.attempts, 3);
  assert_string_equal(o.msg, "An error occurred (SlowDown) when calling the GetObject operation "
                             "(reached max retries: 2): slow");
  assert_true(o.throttled);
  outcome_free(&o);
  o = whole_call(&w, "head_object", key(), NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- outcomes ---- */

static int want_retry(tcx_call_t *call, const char *event, void *data) {
  (void)event;
  int *times = data;
  if (*times > 0) {
    --*times;
    assert_int_equal(tcx_hook_retry(call, 0), 0);
    assert_int_equal(tcx_hook_no_retry(call), 0); /* too late: the first decision holds */
  } else if (*times < 0) {
    assert_int_equal(tcx_hook_no_retry(call), 0);
  }
  return 0;
}

static void test_retry(void **state) {
  (void)state;
  struct whole w;
  int times = 5;
  whole_begin(&w, missing_scripts, 1, NULL);
  on(&w, "needs-retry", want_retry, &times);
  struct outcome o = whole_call(&w, "put_object", put_params(), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.attempts, 6); /* whatever max_attempts says */
  outcome_free(&o);
  whole_end(&w);
  whole_begin(&w, body_scripts, 1, NULL); /* of a success, that streams */
  on(&w, "needs-retry", want_retry, &times);
  times = 2;
  o = whole_call(&w, "get_object", key(), NULL);
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 3);
  outcome_free(&o);
  times = 1;
  o = whole_call(&w, "get_object", key(), &(tcx_call_options_t){.max_body = 10});
  assert_int_equal(o.status, 0);
  assert_int_equal(o.attempts, 2);
  outcome_free(&o);
  whole_end(&w);
  whole_begin(&w, then_ok_scripts, 1, NULL);
  on(&w, "needs-retry", want_retry, &times);
  times = -1;
  o = whole_call(&w, "put_object", put_params(), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.attempts, 1);
  assert_true(o.retryable);
  outcome_free(&o);
  whole_end(&w);
}

static ssize_t read_once(tcx_body_t *source, void *buf, size_t len) {
  int *left = tcx_body_data(source);
  if ((*left)-- <= 0)
    return 0;
  assert_true(len > 0);
  *(char *)buf = 'x';
  return 1;
}

/* A body that is gone cannot be sent again: the outcome is what it was. */
static void test_retry_body(void **state) {
  (void)state;
  struct whole w;
  int times = 5, left = 1;
  whole_begin(&w, missing_scripts, 1, NULL);
  on(&w, "needs-retry", want_retry, &times);
  struct outcome o = whole_call(
      &w, "put_object",
      tcx_value_set_body(key(), "Body", tcx_body_source(1, read_once, NULL, NULL, &left)), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.attempts, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* A body that was not read yet is no hindrance, though before-send has seen its request signed. */
static void test_unread_body(void **state) {
  (void)state;
  struct whole w;
  int left = 1;
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  on(&w, "before-send", note, NULL);
  seen[0] = '\0';
  struct outcome o = whole_call(
      &w, "put_object",
      tcx_value_set_body(key(), "Body", tcx_body_source(1, read_once, NULL, NULL, &left)), NULL);
  assert_int_equal(o.status, UV_ECONNREFUSED);
  assert_int_equal(o.attempts, 3);
  assert_int_equal(whole_count(seen, "before-send.s3.PutObject"), 3);
  assert_int_equal(left, 1);
  outcome_free(&o);
  whole_end(&w);
}

static int points_passed;
static int look(tcx_call_t *call, const char *event, void *data) {
  (void)data;
  const tcx_error_t *e = tcx_hook_error(call);
  const tcx_value_t *response = tcx_hook_response(call);
  bool after = strncmp(event, "after-call", 10) == 0;
  if (tcx_call_http_status(call) == 0) {
    assert_int_equal(e->status, UV_ECONNREFUSED);
    assert_int_equal(e->attempts, 1);
    assert_null(response);
    assert_true(e->retryable);
  } else if (tcx_call_http_status(call) == 404) {
    assert_int_equal(e->status, TCX_ECLIENT);
    assert_string_equal(e->code, "404");
    assert_ptr_equal(e->response, response);
    assert_string_equal(tcx_value_str(response, "Error.Code"), "404");
  } else {
    assert_null(e);
    assert_string_equal(tcx_value_str(response, "ETag"), "\"e\"");
    assert_int_equal(tcx_value_int(response, "ResponseMetadata.HTTPStatusCode", 0),
                     after ? 200 : 0);
    if (strncmp(event, "needs-retry", 11) != 0)
      tcx_value_set_str(tcx_hook_response(call), after ? "After" : "Received", event);
  }
  if (after && e != NULL && e->status == TCX_ECLIENT)
    tcx_value_set_str(tcx_value_set_str(tcx_hook_response(call), "Error.Code", "NoSuchKey"),
                      "Error.Message", "changed");
  points_passed++;
  return 0;
}

static void test_outcomes(void **state) {
  (void)state;
  static const char *const points[] = {"response-received", "needs-retry", "after-call",
                                       "after-call-error"};
  static const struct fault_step *const *const scripts[] = {ok_scripts, missing_scripts, NULL};
  for (int i = 0; i < 3; i++) {
    struct whole w;
    points_passed = 0;
    whole_begin(&w, scripts[i], 1,
                scripts[i] == NULL ? &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1",
                                                             .max_attempts = 1}
                                   : NULL);
    for (size_t k = 0; k < 4; k++)
      on(&w, points[k], look, NULL);
    struct outcome o = whole_call(&w, "put_object", put_params(), NULL);
    assert_int_equal(points_passed, 3);
    if (i == 0) {
      assert_string_equal(tcx_value_str(o.response, "Received"), "response-received.s3.PutObject");
      assert_string_equal(tcx_value_str(o.response, "After"), "after-call.s3.PutObject");
    } else if (i == 1) {
      assert_string_equal(o.code, "NoSuchKey");
      assert_string_equal(
          o.msg, "An error occurred (NoSuchKey) when calling the PutObject operation: changed");
    }
    outcome_free(&o);
    whole_end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answer),      cmocka_unit_test(test_answer_stream),
      cmocka_unit_test(test_answer_http), cmocka_unit_test(test_retry),
      cmocka_unit_test(test_retry_body),  cmocka_unit_test(test_unread_body),
      cmocka_unit_test(test_outcomes),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
