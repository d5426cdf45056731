/* The User-Agent header and X-Amzn-Trace-Id, as they go over the wire: against the grammar of
 * ua/2.1, AWS's feature ids and botocore's rules. */
#include "base/json.h"
#include "whole.h"

#define LIST "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<ListBucketResult/>\r\n"

static const struct fault_step list[] = {DO(REQUEST), SEND(LIST), DO(AGAIN)};
static const struct fault_step *const lists[] = {list};
static char head[8192], agent[4096];

static void clear(void) {
  static const char *const names[] = {"AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID",
                                      "AWS_LAMBDA_FUNCTION_NAME", "_X_AMZN_TRACE_ID"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    unsetenv(names[i]);
}

/* One call; what it was introduced with is in agent. */
static void call(tcx_value_t *config, const char *operation, tcx_value_t *params,
                 const tcx_call_options_t *options) {
  struct whole w;
  whole_begin(&w, lists, 1, &(tcx_client_options_t){.config = config});
  struct outcome o = whole_call(&w, operation, params, options);
  if (o.status != 0)
    fail_msg("%s", o.msg);
  snprintf(head, sizeof head, "%s", w.server.last_head);
  assert_non_null(whole_header(head, "user-agent", agent, sizeof agent));
  outcome_free(&o);
  whole_end(&w);
}
static void list_objects(tcx_value_t *config) {
  call(config, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
}

/* AWS's id of a feature. */
static const char *id_of(const tcx_value_t *ids, const char *name) {
  const char *id = tcx_value_str(ids, name);
  if (id == NULL)
    fail_msg("no feature %s", name);
  return id;
}

/* Exactly these features, in any order. */
static void expect_features(const char *const *names) {
  size_t size, wanted = 1;
  char *text = test_read_file("compliance/data/user-agent/feature-ids.json", &size);
  tcx_value_t *ids = tcx_value_from_json(text, size);
  const char *list_at = strstr(agent, " m/");
  assert_non_null(list_at);
  char features[256];
  snprintf(features, sizeof features, ",%.*s,", (int)strcspn(list_at + 3, " "), list_at + 3);
  for (; *names != NULL; names++) {
    char one[16];
    snprintf(one, sizeof one, ",%s,", id_of(ids, *names));
    wanted += strlen(one) - 1;
    if (strstr(features, one) == NULL)
      fail_msg("%s (%s) is not in %s", *names, id_of(ids, *names), features);
  }
  if (strlen(features) != wanted)
    fail_msg("more than was expected: %s", features);
  tcx_value_free(ids);
  free(text);
}
#define FEATURES(...) expect_features((const char *const[]){__VA_ARGS__, NULL})
#define USUAL         "RETRY_MODE_STANDARD", "ENDPOINT_OVERRIDE", "CREDENTIALS_CODE"

static void test_form(void **state) {
  (void)state;
  clear();
  list_objects(NULL);
  static const char *const parts[] = {" ua/2.1 os/", " md/arch#", " lang/c#11 md/libuv#", " m/",
                                      " cfg/retry-mode#standard"};
  const char *at = agent;
  char product[32];
  snprintf(product, sizeof product, "tucuxi/%d.%d.%d ua/2.1", TCX_VERSION_MAJOR, TCX_VERSION_MINOR,
           TCX_VERSION_PATCH);
  assert_int_equal(strncmp(agent, product, strlen(product)), 0);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) { /* in this order */
    at = strstr(at, parts[i]);
    if (at == NULL)
      fail_msg("%s: no %s", agent, parts[i]);
  }
  assert_string_equal(at, " cfg/retry-mode#standard");
  setenv("AWS_EXECUTION_ENV", "AWS_Lambda_c11 (x)#", 1);
  list_objects(tcx_params("{user_agent_appid: 'my app/1#2', user_agent_extra: 'tool/1 (x)', "
                          "endpoint_discovery_enabled: true}"));
  assert_non_null(strstr(agent, " exec-env/AWS_Lambda_c11--x-- m/"));
  assert_non_null(
      strstr(agent, " cfg/retry-mode#standard cfg/endpoint-discovery app/my-app-1#2 tool/1 (x)"));
  list_objects(tcx_params("{user_agent: 'mine/1', user_agent_appid: x}"));
  assert_string_equal(agent, "mine/1");
  list_objects(tcx_params("{user_agent: 'mine/1', user_agent_extra: 'and/2'}"));
  assert_string_equal(agent, "mine/1 and/2");
  clear();
}

static void test_features(void **state) {
  (void)state;
  clear();
  list_objects(NULL);
  FEATURES(USUAL, "FLEXIBLE_CHECKSUMS_REQ_WHEN_SUPPORTED", "FLEXIBLE_CHECKSUMS_RES_WHEN_SUPPORTED");
  list_objects(tcx_params("{request_checksum_calculation: when_required, "
                          "response_checksum_validation: when_required}"));
  FEATURES(USUAL, "FLEXIBLE_CHECKSUMS_REQ_WHEN_REQUIRED", "FLEXIBLE_CHECKSUMS_RES_WHEN_REQUIRED");
  static const struct {
    const char *algorithm, *feature;
  } sums[] = {{NULL, "FLEXIBLE_CHECKSUMS_REQ_CRC32"},
              {"CRC32C", "FLEXIBLE_CHECKSUMS_REQ_CRC32C"},
              {"CRC64NVME", "FLEXIBLE_CHECKSUMS_REQ_CRC64"},
              {"SHA1", "FLEXIBLE_CHECKSUMS_REQ_SHA1"},
              {"SHA256", "FLEXIBLE_CHECKSUMS_REQ_SHA256"}};
  for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
    call(NULL, "put_object",
         tcx_params("{Bucket: b, Key: k, Body: x, ChecksumAlgorithm: %s}", sums[i].algorithm),
         NULL);
    FEATURES(USUAL, "FLEXIBLE_CHECKSUMS_REQ_WHEN_SUPPORTED",
             "FLEXIBLE_CHECKSUMS_RES_WHEN_SUPPORTED", sums[i].feature);
  }
}

/* What one call of a client used is not told of the next one. */
static void test_one_after_the_other(void **state) {
  (void)state;
  static const char *const operations[] = {"list_objects_v2", "put_object", "list_objects_v2",
                                           "list_objects_v2"};
  struct whole w;
  clear();
  whole_begin(&w, lists, 1, NULL);
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    bool put = i == 1;
    struct outcome o = whole_call(
        &w, operations[i],
        put ? tcx_params("{Bucket: b, Key: k, Body: x}") : tcx_params("{Bucket: b}"), NULL);
    assert_int_equal(o.status, 0);
    assert_non_null(whole_header(w.server.last_head, "user-agent", agent, sizeof agent));
    assert_int_equal(strstr(agent, ",U,") != NULL, put);
    outcome_free(&o);
  }
  whole_end(&w);
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  int *done = tcx_paginator_data(pages);
  assert_int_equal(status, 0);
  assert_non_null(page);
  *done = 1;
}

static void test_paginator(void **state) {
  (void)state;
  struct whole w;
  tcx_paginator_t *pages = NULL;
  int done = 0;
  clear();
  whole_begin(&w, lists, 1, NULL);
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", tcx_params("{Bucket: b}"), NULL,
                                       &done, &pages),
                   0);
  assert_int_equal(tcx_paginator_next(pages, on_page), 0);
  whole_until(&w, &done);
  assert_non_null(whole_header(w.server.last_head, "user-agent", agent, sizeof agent));
  FEATURES(USUAL, "FLEXIBLE_CHECKSUMS_REQ_WHEN_SUPPORTED", "FLEXIBLE_CHECKSUMS_RES_WHEN_SUPPORTED",
           "PAGINATOR");
  tcx_paginator_close(pages);
  whole_end(&w);
}

static void test_trace_id(void **state) {
  (void)state;
  size_t size;
  char *text = test_read_file("compliance/data/user-agent/recursion-detection.json", &size),
       value[4096];
  tcx_value_t *cases = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_len(cases, NULL), 3);
  for (const tcx_value_t *c = tcx_value_first(cases, NULL); c != NULL; c = tcx_value_next(c)) {
    clear();
    for (const tcx_value_t *v = tcx_value_first(c, "env"); v != NULL; v = tcx_value_next(v))
      setenv(tcx_value_name(v), tcx_value_str(v, NULL), 1);
    list_objects(NULL);
    const char *after = tcx_value_str(c, "requestHeadersAfter[0]"),
               *found = whole_header(head, "x-amzn-trace-id", value, sizeof value);
    assert_int_equal(after != NULL, found != NULL);
    if (after != NULL)
      assert_string_equal(found, after + strlen("X-Amzn-Trace-Id: "));
    assert_null(strstr(head, ";x-amzn-trace-id")); /* not signed */
    if (after != NULL) {                           /* the caller's own stands */
      call(NULL, "list_objects_v2", tcx_params("{Bucket: b}"),
           &(tcx_call_options_t){.headers = (const char *const[]){"x-amzn-trace-id: mine", NULL}});
      assert_string_equal(whole_header(head, "x-amzn-trace-id", value, sizeof value), "mine");
      assert_null(strstr(head, "X-Amzn-Trace-Id"));
    }
  }
  static char huge[9000];
  memset(huge, 'x', sizeof huge - 1);
  setenv("AWS_LAMBDA_FUNCTION_NAME", "f", 1);
  setenv("_X_AMZN_TRACE_ID", huge, 1);
  list_objects(NULL);
  assert_null(whole_header(head, "x-amzn-trace-id", value, sizeof value));
  clear();
  tcx_value_free(cases);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_form),
      cmocka_unit_test(test_features),
      cmocka_unit_test(test_one_after_the_other),
      cmocka_unit_test(test_paginator),
      cmocka_unit_test(test_trace_id),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
