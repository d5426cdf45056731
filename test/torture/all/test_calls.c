/*
 * Whole calls while one allocation after the other fails: nothing leaks, every call that was
 * started gets its one callback, and each failure says that memory was out.
 */
#include "core/body.h"
#include "torture_run.h"

#define ROOM 64
#define XML_LIST                                                                                   \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></"                     \
  "Contents><Contents><Key>b</Key></Contents></ListBucketResult>"

static tcx_value_t *key(void) { return tcx_params("{Bucket: bucket, Key: %s}", "a key"); }
static tcx_value_t *with(tcx_body_t *body) { return tcx_value_set_body(key(), "Body", body); }

/* Starts a call and waits for its outcome, which is what is expected or a lack of memory. */
static void call(struct run *r, const char *operation, tcx_value_t *params,
                 const tcx_call_options_t *options, tcx__goal goal, int expected) {
  if (r->status != 0) {
    tcx_value_free(params);
    return;
  }
  struct tcx_call_start start = {.client = r->w.client,
                                 .operation = operation,
                                 .params = params,
                                 .options = options,
                                 .options_size = options != NULL ? sizeof *options : 0,
                                 .cb = outcome_cb,
                                 .data = &r->o,
                                 .goal = goal,
                                 .expires_s = 100};
  r->o.whole = &r->w;
  r->w.starting = true;
  r->status = tcx__call_start(&start, NULL);
  r->w.starting = false;
  if (r->status != 0)
    return;
  whole_until(&r->w, &r->o.calls);
  if (r->o.status != expected && r->o.status != UV_ENOMEM)
    fail_msg("%s: %s: %s", operation, tcx_err_name(r->o.status), r->o.msg);
  r->status = r->o.status == expected ? 0 : UV_ENOMEM;
}

static const struct fault_step ok[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step *const ok_scripts[] = {ok};
static const struct fault_step object[] = {
    DO(REQUEST),
    SEND("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nx-amz-checksum-crc32: DUoRhQ==\r\nx-amz-meta-a: "
         "b\r\n\r\nhello world"),
    DO(AGAIN)};
static const struct fault_step *const object_scripts[] = {object};

static int get_kept(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, object_scripts, 1) == 0)
    call(&r, "get_object", key(),
         &(tcx_call_options_t){.max_body = 100,
                               .stall_limit = 1,
                               .headers = (const char *const[]){"X-Mine: 1", NULL}},
         TCX__GOAL_SEND, 0);
  if (r.status == 0 && tcx_value_status(r.o.response) == 0)
    assert_memory_equal(tcx_value_bytes(r.o.response, "Body", NULL), "hello world", 11);
  else if (r.status == 0)
    r.status = UV_ENOMEM; /* the copy */
  return run_end(&r);
}

/* With client-side monitoring, and a second attempt. Events that cannot be made are lost, and
 * nothing else. */
static int get_monitored(void *ctx) {
  struct run r;
  static const struct fault_step twice[] = {
      DO(REQUEST), SEND("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"), DO(END)};
  static const struct fault_step *const scripts[] = {twice};
  (void)ctx;
  setenv("AWS_CSM_ENABLED", "true", 1);
  setenv("AWS_CSM_HOST", "localhost", 1);
  setenv("AWS_CSM_PORT", "9", 1);
  if (run_begin(&r, scripts, 1) == 0)
    call(&r, "get_object", key(), &(tcx_call_options_t){.max_body = 100}, TCX__GOAL_SEND, 0);
  unsetenv("AWS_CSM_ENABLED");
  unsetenv("AWS_CSM_HOST");
  unsetenv("AWS_CSM_PORT");
  return run_end(&r);
}

static int put_memory(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0)
    call(&r, "put_object", with(tcx_body_copy("hello world", 11)), NULL, TCX__GOAL_SEND, 0);
  return run_end(&r);
}

static int put_file(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0)
    call(&r, "put_object", with(tcx_body_file(TCX_TEST_DIR "/torture/all/test_calls.c", 0, -1)),
         NULL, TCX__GOAL_SEND, 0);
  return run_end(&r);
}

static int closes;
static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  memset(buf, 'x', len);
  return (ssize_t)len;
}
static void source_close(tcx_body_t *body) {
  (void)body;
  closes++;
}
static int put_source(void *ctx) {
  struct run r;
  (void)ctx;
  closes = 0;
  int made = 0;
  if (run_begin(&r, ok_scripts, 1) == 0) {
    tcx_body_t *body = tcx_body_source(100000, source_read, NULL, source_close, NULL);
    made = body->status == 0; /* one that stands for no memory has nothing to close */
    call(&r, "put_object", with(body), NULL, TCX__GOAL_SEND, 0);
  }
  assert_int_equal(closes, made);
  return run_end(&r);
}

static int list(void *ctx) {
  struct run r;
  const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("200 OK", XML_LIST)),
                                     DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  if (run_begin(&r, scripts, 1) == 0)
    call(&r, "list_objects_v2", tcx_params("{Bucket: bucket, MaxKeys: %d}", 10), NULL,
         TCX__GOAL_SEND, 0);
  if (r.status == 0 && tcx_value_status(r.o.response) == 0)
    assert_string_equal(tcx_value_str(r.o.response, "Contents[1].Key"), "b");
  else if (r.status == 0)
    r.status = UV_ENOMEM;
  return run_end(&r);
}

static int presign(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0)
    call(&r, "get_object", key(), NULL, TCX__GOAL_PRESIGN, 0);
  return run_end(&r);
}

static int bad_params(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0)
    call(&r, "get_object", tcx_params("{Bucket: b, Kee: k, VersionId: 7}"), NULL, TCX__GOAL_SEND,
         TCX_EPARAM);
  return run_end(&r);
}

static int error(void *ctx) {
  struct run r;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND(whole_answer("500 X", "")), DO(REQUEST),
      SEND(whole_answer("404 Not Found\r\nx-amz-request-id: R", WHOLE_ERROR("NoSuchKey", "gone"))),
      DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  if (run_begin(&r, scripts, 1) == 0)
    call(&r, "get_object", key(), NULL, TCX__GOAL_SEND, TCX_ECLIENT);
  return run_end(&r);
}

static int redirect(void *ctx) {
  struct run r;
  const char *bare = "HTTP/1.1 301 X\r\nContent-Length: 0\r\n\r\n",
             *head = "HTTP/1.1 200 OK\r\nx-amz-bucket-region: eu-west-1\r\n\r\n";
  const struct fault_step steps[] = {DO(REQUEST), SEND(bare),
                                     DO(REQUEST), SEND(head),
                                     DO(REQUEST), SEND(whole_answer("200 OK", XML_LIST)),
                                     DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  if (run_begin(&r, scripts, 1) == 0)
    call(&r, "list_objects_v2", tcx_params("{Bucket: bucket}"), NULL, TCX__GOAL_SEND, 0);
  return run_end(&r);
}

/* ---- streams ---- */

static tcx_stream_t *stream;
static char got[ROOM];
static void on_done(tcx_stream_t *s, int status, const uv_buf_t *whole) {
  struct run *r = tcx_stream_data(s);
  if (whole != NULL)
    snprintf(got, sizeof got, "%.*s", (int)whole->len, whole->base);
  r->status = status;
  r->done = 1;
}
static void on_offer(tcx_call_t *c, const tcx_value_t *response, const tcx_error_t *e) {
  struct run *r = tcx_call_data(c);
  assert_true((response == NULL) != (e == NULL));
  stream = tcx_call_take_stream(c, r);
  if (stream != NULL)
    r->status = tcx_stream_read_all(stream, 100, on_done);
  else
    r->status = e->status;
  r->done = r->status != 0;
}
static int read_all(void *ctx) {
  struct run r;
  (void)ctx;
  stream = NULL;
  if (run_begin(&r, object_scripts, 1) == 0) {
    r.status = tcx_client_call(r.w.client, "get_object", key(), on_offer, &r);
    if (r.status == 0)
      whole_until(&r.w, &r.done);
    if (r.status == 0)
      assert_string_equal(got, "hello world");
    tcx_stream_close(stream);
  }
  return run_end(&r);
}

/* ---- pages ---- */

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct run *r = tcx_paginator_data(pages);
  assert_true((page != NULL) == (status == 0));
  r->status = status;
  r->done = 1;
}
static int paginate(void *ctx) {
  struct run r;
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND(whole_answer(
          "200 OK", "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                    "NextContinuationToken></ListBucketResult>")),
      DO(REQUEST), SEND(whole_answer("200 OK", XML_LIST)), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  int status = run_begin(&r, scripts, 1);
  tcx_paginator_t *pages = NULL;
  unsigned n = 0;
  if (status == 0)
    status = tcx_client_paginate(r.w.client, "list_objects_v2",
                                 tcx_params("{Bucket: %s}", "bucket"), NULL, &r, &pages);
  while (status == 0) {
    r.done = 0;
    status = tcx_paginator_next(pages, on_page);
    if (status != 0)
      break;
    whole_until(&r.w, &r.done);
    status = r.status;
    if (status < 0 && status != TCX_EOF)
      assert_int_equal(tcx_paginator_error(pages)->status, status);
    n += status == 0;
  }
  if (status == TCX_EOF) {
    assert_int_equal(n, 2); /* no page was left out */
    status = 0;
  }
  tcx_paginator_close(pages);
  r.status = status;
  return run_end(&r);
}

/* ---- a waiter: an answer that asks it to wait, and one that fulfils it ---- */

/* The outcome is what is expected, or a lack of memory. */
static void waits(struct run *r, const char *waiter, tcx_value_t *params, int expected) {
  const tcx_wait_options_t options = {.delay_ms = 1, .max_attempts = 2};
  r->o.whole = &r->w;
  r->status = tcx_client_wait(r->w.client, waiter, params, &options, outcome_cb, &r->o, NULL);
  if (r->status != 0)
    return;
  whole_until(&r->w, &r->o.calls);
  if (r->o.status != expected && r->o.status != UV_ENOMEM)
    fail_msg("%s: %s: %s", waiter, tcx_err_name(r->o.status), r->o.msg);
  r->status = r->o.status == UV_ENOMEM ? UV_ENOMEM : 0;
}

static int wait_for(void *ctx) {
  struct run r;
  static const struct fault_step steps[] = {
      DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  if (run_begin(&r, scripts, 1) == 0)
    waits(&r, "bucket_exists", tcx_params("{Bucket: %s}", "bucket"), 0);
  if (r.status == 0)
    assert_int_equal(r.o.http_status, 200);
  return run_end(&r);
}

/* Answers that are searched, and a failure that is explained. */
static int wait_in_vain(void *ctx) {
  struct run r;
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND(whole_answer("400 Bad Request", "{\"__type\":\"ResourceNotFoundException\"}")),
      DO(REQUEST), SEND(whole_answer("200 OK", "{\"Table\":{\"TableStatus\":\"CREATING\"}}")),
      DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  (void)ctx;
  if (run_begin(&r, scripts, 1) != 0)
    return run_end(&r);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = r.w.url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET};
  r.status = tcx_session_create_client(r.w.session, "dynamodb", &co, &r.w.client);
  if (r.status == 0)
    waits(&r, "table_exists", tcx_params("{TableName: %s}", "t"), TCX_EWAITER);
  if (r.status == 0)
    assert_string_equal(r.o.msg, "Waiter TableExists failed: Max attempts exceeded. Previously "
                                 "accepted state: Matched expected service error code: "
                                 "ResourceNotFoundException");
  return run_end(&r);
}

#define TORTURE(name)                                                                              \
  static void test_##name(void **state) {                                                          \
    (void)state;                                                                                   \
    test_fail_until_ok(name, NULL);                                                                \
  }
TORTURE(get_kept)
TORTURE(get_monitored)
TORTURE(put_memory)
TORTURE(put_file)
TORTURE(put_source)
TORTURE(list)
TORTURE(presign)
TORTURE(bad_params)
TORTURE(error)
TORTURE(redirect)
TORTURE(read_all)
TORTURE(paginate)
TORTURE(wait_for)
TORTURE(wait_in_vain)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_get_kept),   cmocka_unit_test(test_get_monitored),
      cmocka_unit_test(test_put_memory), cmocka_unit_test(test_put_file),
      cmocka_unit_test(test_put_source), cmocka_unit_test(test_list),
      cmocka_unit_test(test_presign),    cmocka_unit_test(test_bad_params),
      cmocka_unit_test(test_error),      cmocka_unit_test(test_redirect),
      cmocka_unit_test(test_read_all),   cmocka_unit_test(test_paginate),
      cmocka_unit_test(test_wait_for),   cmocka_unit_test(test_wait_in_vain),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
