/*
 * Whole calls against what botocore made of the same: every presign and request case of
 * golden-botocore of S3, STS, IAM and EC2 (the last two loaded at run time), and those of directory
 * buckets and of S3's global host (presign/express.json and global.json, made by make_presign.py),
 * through a client whose options ask for botocore's exact behaviour (global hosts, checksums of
 * memory bodies in a trailer over https). Compared: method, URL, signed headers, signature, body.
 * Not compared: Expect, Transfer-Encoding, Content-Length.
 */
#include "core/call.h"
#include "requests.h"

static int64_t frozen_clock(const tcx_session_t *session) {
  (void)session;
  return INT64_C(1440938160);
}

struct result {
  tcx_value_t *response;
  char *error;
};

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct result *r = tcx_call_data(call);
  if (response != NULL)
    r->response = tcx_value_copy(response);
  else
    r->error = strdup(error->msg);
}

/* A directory bucket's session has the same keys as the client: nobody is asked for it. */
static int own_session(tcx_call_t *call, struct tcx_identity_source **source) {
  return tcx__client_identity(call->client, source);
}

static struct result run(const tcx_value_t *c, tcx__goal goal) {
  static struct tcx_customization custom;
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_client_t *client = NULL;
  struct result r = {0};
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_SOURCE_DIR "/models/data"};
  tcx_value_t *config = tcx_value_copy(tcx_value_get(c, "client_config"));
  tcx_value_set_str(config, "s3.us_east_1_regional_endpoint", "legacy");
  tcx_value_set_bool(config, "s3.checksum_trailer", true);
  tcx_value_set_bool(config, "s3.presign_global_endpoint", true);
  tcx_client_options_t co = {.region = tcx_value_str(c, "region"),
                             .endpoint_url = tcx_value_str(c, "endpoint_url"),
                             .access_key = tcx_value_str(c, "credentials.access_key"),
                             .secret_key = tcx_value_str(c, "credentials.secret_key"),
                             .session_token = tcx_value_str(c, "credentials.token"),
                             .config = config};
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &so, &session), 0);
  session->clock = frozen_clock;
  assert_int_equal(tcx_session_create_client(session, tcx_value_str(c, "service"), &co, &client),
                   0);
  if (client->custom != NULL && client->custom->session_identity != NULL) {
    custom = *client->custom;
    custom.session_identity = own_session;
    client->custom = &custom;
  }
  struct tcx_call_start start = {.client = client,
                                 .operation = tcx_value_str(c, "operation"),
                                 .params = request_params(tcx_value_get(c, "params")),
                                 .cb = on_done,
                                 .data = &r,
                                 .goal = goal,
                                 .expires_s = (unsigned)tcx_value_int(c, "expires_in", 3600)};
  assert_int_equal(tcx__call_start(&start, NULL), 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  return r;
}

static bool compared(const char *name) {
  return strcasecmp(name, "expect") != 0 && strcasecmp(name, "transfer-encoding") != 0 &&
         strcasecmp(name, "content-length") != 0 && strcasecmp(name, "host") != 0 &&
         !is_own_header(name);
}

static int check_request(const char *id, const tcx_value_t *expect, const tcx_value_t *found) {
  int bad = differ(id, "method", tcx_value_str(expect, "method"), tcx_value_str(found, "Method")) +
            differ(id, "url", tcx_value_str(expect, "url"), tcx_value_str(found, "Url"));
  const tcx_value_t *headers = tcx_value_get(found, "Headers"),
                    *wanted = tcx_value_get(expect, "headers");
  for (const tcx_value_t *h = tcx_value_first(wanted, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)))
      bad += differ_header(id, tcx_value_name(h), tcx_value_str(h, NULL),
                           find_header(headers, tcx_value_name(h)));
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)) && find_header(wanted, tcx_value_name(h)) == NULL)
      bad += differ(id, tcx_value_name(h), NULL, tcx_value_str(h, NULL));
  size_t n = 0;
  const void *body = tcx_value_bytes(found, "Body", &n);
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, SIZE_MAX);
  tcx__base64_encode(&text, body != NULL ? body : "", n);
  bad +=
      differ(id, "body", tcx_value_str(expect, "body_base64"), text.data != NULL ? text.data : "");
  tcx__buf_free(&text);
  return bad;
}

static bool spoken(const char *service) {
  static const char *const services[] = {"s3", "sts", "iam", "ec2"};
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
    if (strcmp(services[i], service) == 0)
      return true;
  return false;
}

#define GOLDEN  "compliance/data/golden-botocore/requests.json"
#define EXPRESS "compliance/data/presign/express.json"

static void each_case(const char *file, const char *kind, int expected_count) {
  size_t size;
  char *text = test_read_file(file, &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  int count = 0, bad = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL; c = tcx_value_next(c)) {
    if (strcmp(tcx_value_str(c, "kind"), kind) != 0 || !spoken(tcx_value_str(c, "service")))
      continue;
    const char *id = tcx_value_str(c, "id");
    bool presign = strcmp(kind, "presign") == 0;
    struct result r = run(c, presign ? TCX__GOAL_PRESIGN : TCX__GOAL_RENDER);
    count++;
    if (r.error != NULL)
      bad += differ(id, "outcome", "success", r.error);
    else if (presign)
      bad += differ(id, "url", tcx_value_str(c, "expect.url"), tcx_value_str(r.response, "Url"));
    else
      bad += check_request(id, tcx_value_get(c, "expect"), r.response);
    tcx_value_free(r.response);
    free(r.error);
  }
  tcx_value_free(all);
  free(text);
  assert_int_equal(count, expected_count);
  assert_int_equal(bad, 0);
}

static void test_presign(void **state) {
  (void)state;
  each_case(GOLDEN, "presign", 38);
}

static void test_request(void **state) {
  (void)state;
  each_case(GOLDEN, "request", 31);
}

static void test_express(void **state) {
  (void)state;
  each_case(EXPRESS, "request", 22);
  each_case(EXPRESS, "presign", 5);
}

static void test_global_host(void **state) {
  (void)state;
  each_case("compliance/data/presign/global.json", "presign", 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_presign), cmocka_unit_test(test_request),
                                     cmocka_unit_test(test_express),
                                     cmocka_unit_test(test_global_host)};
  unsetenv("AWS_ENDPOINT_URL");
  unsetenv("AWS_ENDPOINT_URL_S3");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
