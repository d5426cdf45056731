/*
 * What is signed for others, against botocore: the POST forms of golden-botocore and of
 * presign/posts.json, the tokens of presign/tokens.json, the URLs of presign/cloudfront.json (made
 * by make_presign.py). All of it byte for byte.
 */
#include "base/codec.h"
#include "core/call.h"
#include "requests.h"
#include <tucuxi/presign.h>

static int64_t frozen_clock(const tcx_session_t *session) {
  (void)session;
  return INT64_C(1440938160);
}

struct maker {
  uv_loop_t loop;
  tcx_session_t *session;
  tcx_client_t *client;
};
struct result {
  tcx_value_t *response;
  char *type, *msg;
};

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct result *r = tcx_call_data(call);
  if (response != NULL) {
    r->response = tcx_value_copy(response);
    return;
  }
  r->type = strdup(tcx_error_type_name(error));
  r->msg = strdup(error->msg);
}

static void begin(struct maker *m, const char *service, const char *region,
                  const tcx_value_t *credentials, tcx_value_t *config) {
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_SOURCE_DIR "/models/data"};
  tcx_client_options_t co = {.region = region,
                             .access_key = tcx_value_str(credentials, "access_key"),
                             .secret_key = tcx_value_str(credentials, "secret_key"),
                             .session_token = tcx_value_str(credentials, "token"),
                             .config = config};
  assert_int_equal(uv_loop_init(&m->loop), 0);
  assert_int_equal(tcx_session_new(&m->loop, &so, &m->session), 0);
  m->session->clock = frozen_clock;
  assert_int_equal(tcx_session_create_client(m->session, service, &co, &m->client), 0);
}
static void end(struct maker *m) {
  uv_run(&m->loop, UV_RUN_DEFAULT);
  tcx_session_close(m->session, NULL);
  uv_run(&m->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&m->loop), 0);
}
static void result_free(struct result *r) {
  tcx_value_free(r->response);
  free(r->type);
  free(r->msg);
}

static tcx_value_t *read_cases(const char *file) {
  size_t size;
  char *text = test_read_file(file, &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_status(all), 0);
  free(text);
  return all;
}

/* ---- POST forms ---- */

static tcx_value_t *copy_if_any(const tcx_value_t *v) {
  return tcx_value_type(v, NULL) == TCX_NULL ? NULL : tcx_value_copy(v);
}

static struct result post(const tcx_value_t *c) {
  struct maker m;
  struct result r = {0};
  tcx_value_t *config = tcx_value_copy(tcx_value_get(c, "client_config"));
  tcx_value_set_bool(config, "s3.presign_global_endpoint", true);
  begin(&m, "s3", tcx_value_str(c, "region"), tcx_value_get(c, "credentials"), config);
  assert_int_equal(tcx_client_presign_post(
                       m.client, tcx_value_str(c, "params.Bucket"), tcx_value_str(c, "params.Key"),
                       copy_if_any(tcx_value_get(c, "params.Fields")),
                       copy_if_any(tcx_value_get(c, "params.Conditions")),
                       (unsigned)tcx_value_int(c, "expires_in", 0), on_done, &r),
                   0);
  end(&m);
  return r;
}

static void decode_policy(const tcx_value_t *fields, char out[8192]) {
  struct tcx_buf text;
  const char *policy = tcx_value_str(fields, "policy");
  tcx__buf_init(&text, NULL, 8000);
  if (policy != NULL)
    (void)tcx__base64_decode(&text, policy, strlen(policy));
  snprintf(out, 8192, "%.*s", (int)text.len, text.data != NULL ? text.data : "");
  tcx__buf_free(&text);
}

static int same_fields(const char *id, const tcx_value_t *wanted, const tcx_value_t *found) {
  char policy[2][8192];
  int bad = 0;
  const tcx_value_t *f = tcx_value_first(found, NULL);
  decode_policy(wanted, policy[0]);
  decode_policy(found, policy[1]);
  bad += differ(id, "policy", policy[0], policy[1]);
  for (const tcx_value_t *w = tcx_value_first(wanted, NULL); w != NULL; w = tcx_value_next(w)) {
    bad += differ(id, "field", tcx_value_name(w), f != NULL ? tcx_value_name(f) : NULL);
    bad += differ(id, tcx_value_name(w), tcx_value_str(w, NULL),
                  f != NULL ? tcx_value_str(f, NULL) : NULL);
    f = f != NULL ? tcx_value_next(f) : NULL;
  }
  return bad + (f != NULL ? differ(id, "field", NULL, tcx_value_name(f)) : 0);
}

static void each_post(const char *file, int expected_count) {
  tcx_value_t *all = read_cases(file);
  int count = 0, bad = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL; c = tcx_value_next(c)) {
    const char *id = tcx_value_str(c, "id"), *error = tcx_value_str(c, "expect.error");
    if (strcmp(tcx_value_str(c, "kind"), "presigned-post") != 0)
      continue;
    struct result r = post(c);
    count++;
    if (error != NULL || r.type != NULL) {
      bad += differ(id, "error", error, r.type);
    } else {
      bad += differ(id, "url", tcx_value_str(c, "expect.url"), tcx_value_str(r.response, "url"));
      bad +=
          same_fields(id, tcx_value_get(c, "expect.fields"), tcx_value_get(r.response, "fields"));
      assert_int_equal(tcx_value_len(r.response, NULL), 2);
    }
    result_free(&r);
  }
  tcx_value_free(all);
  assert_int_equal(count, expected_count);
  assert_int_equal(bad, 0);
}

static void test_posts(void **state) {
  (void)state;
  each_post("compliance/data/golden-botocore/requests.json", 2);
  each_post("compliance/data/presign/posts.json", 14);
}

/* ---- tokens ---- */

static void test_tokens(void **state) {
  (void)state;
  tcx_value_t *all = read_cases("compliance/data/presign/tokens.json");
  int count = 0, bad = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL;
       c = tcx_value_next(c), count++) {
    struct maker m;
    struct result r = {0};
    const char *service = tcx_value_str(c, "service"), *host = tcx_value_str(c, "host"),
               *region = tcx_value_str(c, "region");
    begin(&m, service, "us-east-1", tcx_value_get(c, "credentials"), NULL);
    if (strcmp(service, "rds") == 0)
      assert_int_equal(tcx_client_db_auth_token(m.client, host,
                                                (unsigned)tcx_value_int(c, "port", 0),
                                                tcx_value_str(c, "user"), region, on_done, &r),
                       0);
    else
      assert_int_equal(tcx_client_db_connect_auth_token(
                           m.client, host, tcx_value_bool(c, "admin", false), region,
                           (unsigned)tcx_value_int(c, "expires_in", 0), on_done, &r),
                       0);
    end(&m);
    bad += differ(host, "token", tcx_value_str(c, "token"),
                  r.type != NULL ? r.msg : tcx_value_str(r.response, "Token"));
    result_free(&r);
  }
  tcx_value_free(all);
  assert_int_equal(count, 20);
  assert_int_equal(bad, 0);
}

/* ---- CloudFront ---- */

static tcx_cloudfront_signer_t *signer_of(const char *file) {
  tcx_cloudfront_signer_t *signer = NULL;
  const char *why = NULL;
  size_t n;
  char *pem = test_read_file(file, &n);
  assert_int_equal(tcx_cloudfront_signer_from_pem("K2JCJMDEHXQW5F", pem, n, &signer, &why), 0);
  assert_null(why);
  free(pem);
  return signer;
}

/* A signer of the program's own: notes what it is to sign. */
static char seen[4096];
static int own_signer(const void *message, size_t len,
                      unsigned char signature[TCX_RSA_SIGNATURE_MAX], size_t *signature_len,
                      void *data) {
  assert_ptr_equal(data, seen);
  snprintf(seen, sizeof seen, "%.*s", (int)len, (const char *)message);
  memcpy(signature, "\xfb\xff\xfe", 3);
  *signature_len = 3;
  return 0;
}

static int check_cookies(const tcx_cloudfront_signer_t *signer, const tcx_value_t *c, bool custom) {
  const char *url = tcx_value_str(c, "url"), *policy = custom ? tcx_value_str(c, "policy") : NULL;
  tcx_value_t *cookies = NULL;
  char text[8192];
  assert_int_equal(tcx_cloudfront_sign_cookies(
                       signer, url, custom ? 0 : tcx_value_int(c, "until", 0), policy, &cookies),
                   0);
  const char *condition =
      tcx_value_str(cookies, custom ? "CloudFront-Policy" : "CloudFront-Expires");
  snprintf(text, sizeof text, "%s%s%s=%s&Signature=%s&Key-Pair-Id=%s", url,
           strchr(url, '?') != NULL ? "&" : "?", custom ? "Policy" : "Expires", condition,
           tcx_value_str(cookies, "CloudFront-Signature"),
           tcx_value_str(cookies, "CloudFront-Key-Pair-Id"));
  assert_int_equal(tcx_value_len(cookies, NULL), 3);
  int bad = differ(url, "cookies", tcx_value_str(c, custom ? "custom" : "canned"), text);
  tcx_value_free(cookies);
  return bad;
}

static void test_cloudfront(void **state) {
  (void)state;
  tcx_value_t *all = read_cases("compliance/data/presign/cloudfront.json");
  tcx_cloudfront_signer_t *signers[] = {
      signer_of("compliance/data/presign/cloudfront-key.pem"),
      signer_of("compliance/data/presign/cloudfront-key-pkcs8.pem")};
  int count = 0, bad = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL;
       c = tcx_value_next(c), count++) {
    const tcx_cloudfront_signer_t *signer = signers[count % 2];
    const char *url = tcx_value_str(c, "url");
    char *policy = NULL, *canned = NULL, *custom = NULL;
    int64_t until = tcx_value_int(c, "until", 0);
    assert_int_equal(tcx_cloudfront_policy(url, until, tcx_value_int(c, "since", 0),
                                           tcx_value_str(c, "address"), &policy),
                     0);
    assert_int_equal(tcx_cloudfront_sign_url(signer, url, until, NULL, &canned), 0);
    assert_int_equal(tcx_cloudfront_sign_url(signer, url, 0, policy, &custom), 0);
    bad += differ(url, "policy", tcx_value_str(c, "policy"), policy) +
           differ(url, "canned", tcx_value_str(c, "canned"), canned) +
           differ(url, "custom", tcx_value_str(c, "custom"), custom);
    bad += check_cookies(signer, c, false) + check_cookies(signer, c, true);
    tcx_free(policy);
    tcx_free(canned);
    tcx_free(custom);
  }
  tcx_cloudfront_signer_free(signers[0]);
  tcx_cloudfront_signer_free(signers[1]);
  tcx_value_free(all);
  assert_int_equal(count, 20);
  assert_int_equal(bad, 0);
}

static void test_own_signer(void **state) {
  (void)state;
  tcx_cloudfront_signer_t *signer = NULL;
  char *url = NULL;
  assert_int_equal(tcx_cloudfront_signer_new("KEY", own_signer, seen, &signer), 0);
  assert_int_equal(tcx_cloudfront_sign_url(signer, "https://example.com/a", 1000, NULL, &url), 0);
  assert_string_equal(url, "https://example.com/a?Expires=1000&Signature=-~~-&Key-Pair-Id=KEY");
  assert_string_equal(seen, "{\"Statement\":[{\"Resource\":\"https://example.com/"
                            "a\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":1000}}}]}");
  tcx_free(url);
  tcx_cloudfront_signer_free(signer);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_posts), cmocka_unit_test(test_tokens),
                                     cmocka_unit_test(test_cloudfront),
                                     cmocka_unit_test(test_own_signer)};
  unsetenv("AWS_ENDPOINT_URL");
  unsetenv("AWS_ENDPOINT_URL_S3");
  return cmocka_run_group_tests(tests, NULL, NULL);
}
