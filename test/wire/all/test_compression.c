/*
 * Compressed requests: Smithy's cases in all protocols, CloudWatch's PutMetricData on the wire,
 * what is too small, and how it is switched off.
 */
#include "base/gzip.h"
#include "model_folder.h"
#include "protocol_suite.h"
#include "whole.h"
#include "with_arena.h"

static struct tcx_str body_of(const struct outcome *o) {
  size_t n = 0;
  const void *p = tcx_value_bytes(o->response, "Body", &n);
  return (struct tcx_str){p, n};
}

static struct tcx_str unpacked(struct tcx_str packed) {
  struct tcx_buf *out = tcx__arena_alloc(arena, sizeof *out);
  tcx__buf_init(out, arena, 1u << 26);
  assert_int_equal(tcx__gunzip(out, packed.p, packed.n), 0);
  return tcx__buf_str(out);
}

/* A client of the service; config is consumed. */
static void begin(struct whole *w, const struct fault_step *const *scripts, const char *data_path,
                  const char *service, tcx_value_t *config) {
  whole_begin_with(w, scripts, scripts != NULL, &(tcx_session_options_t){.data_path = data_path},
                   NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = scripts != NULL ? w->url : "http://127.0.0.1:1",
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET,
                             .config = config};
  assert_int_equal(tcx_session_create_client(w->session, service, &co, &w->client), 0);
}

static struct outcome render(const char *data_path, const char *service, const char *operation,
                             tcx_value_t *params, tcx_value_t *config) {
  struct whole w;
  struct outcome o;
  begin(&w, NULL, data_path, service, config);
  whole_goal_to(&w, operation, params, TCX__GOAL_RENDER, &o);
  whole_end(&w);
  return o;
}
static const char *encoding_of(const struct outcome *o) {
  return tcx_value_str(o->response, "Headers.Content-Encoding");
}

/* ---- Smithy's cases ---- */

static void check_case(const struct tcx_value *suite, const struct tcx_value *test,
                       const char *service) {
  struct tcx_buf model, params;
  const char *id = ph_str(test, "id", "");
  const char *expected =
      ph_str(ph_get(ph_get(test, "serialized"), "headers"), "Content-Encoding", NULL);
  tcx__buf_init(&model, arena, 1 << 20);
  tcx__buf_init(&params, arena, 1 << 20);
  tcx__json_write(&model, ps_model(arena, suite, ph_get(test, "given")), TCX__JSON_COMPACT);
  tcx__json_write(&params, ph_get(test, "params"), TCX__JSON_COMPACT);
  mf_begin();
  mf_add(service, model.data);
  struct outcome packed = render(mf.path, service, "PutWithContentEncoding",
                                 tcx_value_from_json(params.data, params.len), NULL);
  struct outcome plain = render(mf.path, service, "PutWithContentEncoding",
                                tcx_value_from_json(params.data, params.len),
                                tcx_params("{disable_request_compression: true}"));
  struct outcome small = render(mf.path, service, "PutWithContentEncoding",
                                tcx_value_from_json(params.data, params.len),
                                tcx_params("{request_min_compression_size_bytes: 1048576}"));
  mf_end();
  if (packed.status != 0)
    fail_msg("%s: %s", id, packed.msg);
  if (encoding_of(&packed) == NULL || !ps_same_list(tcx__str(encoding_of(&packed)), expected))
    fail_msg("%s: %s", id, encoding_of(&packed));
  assert_true(tcx__str_eq(unpacked(body_of(&packed)), body_of(&plain)));
  assert_true(body_of(&packed).n < body_of(&plain).n);
  assert_true(tcx__str_eq(body_of(&plain), body_of(&small)));
  assert_true(encoding_of(&plain) == NULL || strstr(encoding_of(&plain), "gzip") == NULL);
  assert_true(encoding_of(&small) == NULL || strstr(encoding_of(&small), "gzip") == NULL);
  outcome_free(&packed);
  outcome_free(&plain);
  outcome_free(&small);
}

static void smithy(void **state) {
  (void)state;
  static const char *const files[] = {"json_1_0", "query", "ec2", "rest-xml", "rest-json"};
  int count = 0;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[200];
    snprintf(path, sizeof path, "compliance/data/protocols/input/%s.json", files[i]);
    for (const struct tcx_value *suite = tcx__value_kids(ph_json_file(arena, path)); suite != NULL;
         suite = suite->next)
      for (const struct tcx_value *test = tcx__value_kids(ph_get(suite, "cases")); test != NULL;
           test = test->next)
        if (ph_get(ph_get(test, "given"), "requestcompression") != NULL) {
          check_case(suite, test, "squeezed");
          count++;
        }
  }
  assert_int_equal(count, 8);
}

/* ---- on the wire ---- */

#define MODELS TCX_SOURCE_DIR "/models/data"

static tcx_value_t *metrics(int n) {
  tcx_value_t *params = tcx_params("{Namespace: test, MetricData: []}");
  for (int i = 0; i < n; i++)
    tcx_value_set(params, "MetricData[]",
                  tcx_params("{MetricName: 'requests-%d', Value: %d, Unit: Count}", i % 10, i));
  return params;
}

/* The compressed bytes are what is measured, and what is sent again. */
static void sends(void **state) {
  (void)state;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  char value[100], expected[30];
  struct outcome plain = render(MODELS, "cloudwatch", "put_metric_data", metrics(1000),
                                tcx_params("{disable_request_compression: true}"));
  begin(&w, scripts, MODELS, "cloudwatch", NULL);
  w.server.keep_body = 1 << 20;
  struct outcome o = whole_call(&w, "put_metric_data", metrics(1000), NULL);
  assert_int_equal(o.status, 0);
  assert_int_equal(w.server.requests, 2);
  struct tcx_str sent = {w.server.last_body, w.server.last_body_len};
  assert_string_equal(whole_header(w.server.last_head, "Content-Encoding", value, sizeof value),
                      "gzip");
  assert_true(tcx__str_eq(unpacked(sent), body_of(&plain)));
  assert_true(sent.n * 5 < body_of(&plain).n);
  snprintf(expected, sizeof expected, "%zu", sent.n);
  assert_string_equal(whole_header(w.server.last_head, "Content-Length", value, sizeof value),
                      expected);
  struct outcome again = render(MODELS, "cloudwatch", "put_metric_data", metrics(1000), NULL);
  assert_true(tcx__str_eq(body_of(&again), sent)); /* the same bytes each time */
  outcome_free(&o);
  outcome_free(&again);
  outcome_free(&plain);
  whole_end(&w);
}

/* Several megabytes: a slice a turn. */
static void slices(void **state) {
  (void)state;
  struct outcome packed = render(MODELS, "cloudwatch", "put_metric_data", metrics(60000), NULL);
  struct outcome plain = render(MODELS, "cloudwatch", "put_metric_data", metrics(60000),
                                tcx_params("{disable_request_compression: true}"));
  assert_true(body_of(&plain).n > 10 * TCX__HASH_SLICE);
  assert_true(tcx__str_eq(unpacked(body_of(&packed)), body_of(&plain)));
  outcome_free(&packed);
  outcome_free(&plain);
}

/* ---- options ---- */

static const char *encoding_with(const char *name, const char *value, tcx_value_t *config,
                                 int metrics_count) {
  if (name != NULL)
    setenv(name, value, 1);
  struct outcome o =
      render(MODELS, "cloudwatch", "put_metric_data", metrics(metrics_count), config);
  if (name != NULL)
    unsetenv(name);
  const char *found = o.status != 0 ? o.msg : encoding_of(&o);
  const char *copy = found != NULL ? tcx__arena_strdup(arena, found) : "none";
  outcome_free(&o);
  return copy;
}

static void options(void **state) {
  (void)state;
  assert_string_equal(encoding_with(NULL, NULL, NULL, 10), "none");
  assert_string_equal(encoding_with(NULL, NULL, NULL, 1000), "gzip");
  assert_string_equal(
      encoding_with(NULL, NULL, tcx_params("{request_min_compression_size_bytes: 1}"), 1), "gzip");
  assert_string_equal(encoding_with("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "100", NULL, 10),
                      "gzip");
  assert_string_equal(encoding_with("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "100",
                                    tcx_params("{request_min_compression_size_bytes: 10000}"), 10),
                      "none");
  assert_string_equal(encoding_with("AWS_DISABLE_REQUEST_COMPRESSION", "true", NULL, 1000), "none");
  assert_string_equal(encoding_with("AWS_DISABLE_REQUEST_COMPRESSION", "true",
                                    tcx_params("{disable_request_compression: false}"), 1000),
                      "gzip");
#define WRONG(value, rest)                                                                         \
  "Invalid value \"" value "\" for request_min_compression_size_bytes. Value must be " rest
  assert_string_equal(
      encoding_with(NULL, NULL, tcx_params("{request_min_compression_size_bytes: 0}"), 1),
      WRONG("0", "between 1 and 1048576."));
  assert_string_equal(
      encoding_with(NULL, NULL, tcx_params("{request_min_compression_size_bytes: 1048577}"), 1),
      WRONG("1048577", "between 1 and 1048576."));
  assert_string_equal(encoding_with("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "many", NULL, 1),
                      WRONG("many", "an integer. Received string instead."));
  assert_string_equal(encoding_with("AWS_DISABLE_REQUEST_COMPRESSION", "maybe", NULL, 1), "none");
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(smithy), TEST(sends), TEST(slices), TEST(options)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
