/* What is signed for others: methods and bodies of URLs, what is refused, waiting for credentials,
 * closing and cancelling meanwhile, memory. What is signed is compared in
 * compliance.all.test_presign. */
#include "model_folder.h"
#include "torture.h"
#include "whole.h"
#include <tucuxi/presign.h>

#define NOW 1440938160

static int64_t frozen_clock(const tcx_session_t *session) {
  (void)session;
  return NOW;
}

/* ---- a client that sends nothing ---- */

struct maker {
  struct whole w;
  tcx_credentials_request_t *request; /* credentials that come when they are told to */
};
static void on_asked(tcx_credentials_request_t *request, void *data) {
  ((struct maker *)data)->request = request;
}
static void give(struct maker *m) {
  tcx_credentials_t c = {.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET};
  tcx_credentials_answer(m->request, 0, &c, NULL);
  m->request = NULL;
}

static const char *data_path = TCX_SOURCE_DIR "/models/data";

static int try_begin(struct maker *m, const char *service, tcx_client_options_t co, bool later) {
  memset(m, 0, sizeof *m);
  tcx_session_options_t so = {
      .data_path = data_path, .credentials = later ? on_asked : NULL, .credentials_data = m};
  int err = whole_try_begin(&m->w, NULL, 0, &so, &(tcx_client_options_t){.region = "us-west-2"});
  if (err != 0) {
    tcx_value_free(co.config);
    return err;
  }
  m->w.session->clock = frozen_clock;
  co.region = co.region != NULL ? co.region : "us-west-2";
  co.access_key = later || co.unsigned_requests ? NULL : WHOLE_KEY;
  co.secret_key = later || co.unsigned_requests ? NULL : WHOLE_SECRET;
  return tcx_session_create_client(m->w.session, service, &co, &m->w.client);
}
static void begin(struct maker *m, const char *service, tcx_client_options_t co) {
  assert_int_equal(try_begin(m, service, co, false), 0);
}

static struct outcome url(struct maker *m, const char *operation, tcx_value_t *params,
                          const char *method) {
  struct outcome o = {.whole = &m->w};
  struct outcome *at = malloc(sizeof o);
  *at = o;
  m->w.starting = true;
  assert_int_equal(tcx_client_presign_url(m->w.client, operation, params,
                                          &(tcx_presign_options_t){.method = method}, outcome_cb,
                                          at),
                   0);
  m->w.starting = false;
  whole_until(&m->w, &at->calls);
  o = *at;
  free(at);
  return o;
}
static void check_url(struct maker *m, const char *operation, const char *params,
                      const char *method, const char *told, const char *in_url, const char *body) {
  struct outcome o = url(m, operation, tcx_value_from_json(params, strlen(params)), method);
  size_t n = 0;
  if (o.status != 0)
    fail_msg("%s: %s", operation, o.msg);
  assert_string_equal(tcx_value_str(o.response, "Method"), told);
  if (strstr(tcx_value_str(o.response, "Url"), in_url) == NULL)
    fail_msg("%s is not in %s", in_url, tcx_value_str(o.response, "Url"));
  const char *found = tcx_value_bytes(o.response, "Body", &n);
  if (body == NULL)
    assert_null(found);
  else if (n != strlen(body) || memcmp(found, body, n) != 0)
    fail_msg("%s: expected %s", found != NULL ? found : "no body", body);
  outcome_free(&o);
}

/* ---- URLs ---- */

static void test_methods_and_bodies(void **state) {
  (void)state;
  static const struct {
    const char *service, *operation, *params, *method, *told, *in_url, *body;
  } cases[] = {
      {"s3", "get_object", "{\"Bucket\":\"bucket\",\"Key\":\"k\"}", "HEAD", "HEAD",
       "/k?X-Amz-Algorithm", NULL},
      {"s3", "put_bucket_tagging", "{\"Bucket\":\"bucket\",\"Tagging\":{\"TagSet\":[]}}", NULL,
       "PUT", "/?tagging=&X-Amz-Algorithm", NULL},
      {"sts", "get_caller_identity", "{}", "GET", "GET",
       "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm", NULL},
      {"ec2", "describe_instances", "{\"InstanceIds\":[\"a b\",\"c\"]}", NULL, "POST",
       "&InstanceId.1=a%20b&InstanceId.2=c&X-Amz-Algorithm", NULL},
      {"dynamodb", "get_item", "{\"TableName\":\"t\",\"Key\":{\"a\":{\"S\":\"b c\"}}}", NULL,
       "POST", "/?X-Amz-Algorithm", "{\"TableName\":\"t\",\"Key\":{\"a\":{\"S\":\"b c\"}}}"},
      {"dynamodb", "get_item", "{\"TableName\":\"t\",\"Key\":{\"a\":{\"S\":\"b c\"}}}", "GET",
       "GET", "/?TableName=t&Key=%7B%22a%22%3A%7B%22S%22%3A%22b%20c%22%7D%7D&X-Amz-Algorithm",
       NULL},
      {"polly", "synthesize_speech",
       "{\"OutputFormat\":\"mp3\",\"Text\":\"a "
       "b\",\"VoiceId\":\"Joanna\",\"LexiconNames\":[\"a\",\"b\"]}",
       NULL, "GET",
       "/v1/"
       "speech?OutputFormat=mp3&Text=a%20b&VoiceId=Joanna&LexiconNames=a&LexiconNames=b&X-Amz-"
       "Algorithm",
       NULL},
      {"lambda", "invoke", "{\"FunctionName\":\"f\",\"Payload\":\"eyJhIjoxfQ==\"}", NULL, "POST",
       "/invocations?X-Amz-Algorithm", "eyJhIjoxfQ=="},
      {"cloudfront", "create_invalidation",
       "{\"DistributionId\":\"D\",\"InvalidationBatch\":{\"CallerReference\":\"c\",\"Paths\":{"
       "\"Quantity\":0}}}",
       NULL, "POST", "/invalidation?X-Amz-Algorithm",
       "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
       "<CallerReference>c</CallerReference><Paths><Quantity>0</Quantity></Paths></"
       "InvalidationBatch>"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct maker m;
    begin(&m, cases[i].service, (tcx_client_options_t){0});
    check_url(&m, cases[i].operation, cases[i].params, cases[i].method, cases[i].told,
              cases[i].in_url, cases[i].body);
    whole_end(&m.w);
  }
}

/* A length among the params is the sender's to keep. */
static void test_length(void **state) {
  (void)state;
  struct maker m;
  begin(&m, "s3", (tcx_client_options_t){0});
  struct outcome o =
      url(&m, "put_object", tcx_params("{Bucket: bucket, Key: k, ContentLength: 5}"), NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Headers.Content-Length"), "5");
  assert_non_null(
      strstr(tcx_value_str(o.response, "Url"), "&X-Amz-SignedHeaders=content-length%3Bhost&"));
  outcome_free(&o);
  whole_end(&m.w);
}

static void test_signed_body_is_the_one_told(void **state) {
  (void)state;
  struct maker m;
  begin(&m, "dynamodb", (tcx_client_options_t){0});
  struct outcome one = url(&m, "describe_table", tcx_params("{TableName: a}"), NULL),
                 other = url(&m, "describe_table", tcx_params("{TableName: b}"), NULL);
  assert_string_equal(tcx_value_str(one.response, "Headers.X-Amz-Target"),
                      "DynamoDB_20120810.DescribeTable");
  assert_string_not_equal(strstr(tcx_value_str(one.response, "Url"), "X-Amz-Signature="),
                          strstr(tcx_value_str(other.response, "Url"), "X-Amz-Signature="));
  outcome_free(&one);
  outcome_free(&other);
  whole_end(&m.w);
}

static void check_refused(struct outcome o, int status, const char *type, const char *in_msg) {
  tcx_error_t e = {.status = o.status, .msg = o.msg, .phase = o.phase};
  assert_int_equal(o.status, status);
  assert_string_equal(tcx_error_type_name(&e), type);
  if (strstr(o.msg, in_msg) == NULL)
    fail_msg("%s is not in: %s", in_msg, o.msg);
  outcome_free(&o);
}

static void test_refused_urls(void **state) {
  (void)state;
  struct maker m;
  begin(&m, "s3", (tcx_client_options_t){0});
  check_refused(url(&m, "get_object", tcx_params("{Bucket: bucket, Key: k}"), "get\r\n"),
                TCX_EPARAM, "ParamValidationError", "Invalid method");
  check_refused(url(&m, "get_object", tcx_params("{Bucket: b}"), NULL), TCX_EPARAM,
                "ParamValidationError", "\"Key\"");
  check_refused(url(&m, "get_objects", NULL, NULL), TCX_EOPNAME, "UnknownClientMethodError",
                "get_object");
  tcx_presign_options_t o = {.expires_s = 604801};
  assert_int_equal(tcx_client_presign_url(m.w.client, "get_object",
                                          tcx_params("{Bucket: bucket, Key: k}"), &o, outcome_cb,
                                          NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_presign_url_sized(m.w.client, "get_object",
                                                tcx_params("{Bucket: bucket, Key: k}"), &o,
                                                sizeof o + 1, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_presign(m.w.client, "get_object",
                                      tcx_params("{Bucket: bucket, Key: k}"), 604801, outcome_cb,
                                      NULL),
                   UV_EINVAL);
  whole_end(&m.w);
  begin(&m, "codecatalyst", (tcx_client_options_t){.bearer_token = "t"});
  check_refused(url(&m, "list_spaces", NULL, NULL), TCX_ECONFIG, "UnsupportedSignatureVersionError",
                "bearer-query");
  whole_end(&m.w);
  begin(&m, "sdb", (tcx_client_options_t){0});
  check_refused(url(&m, "list_domains", NULL, NULL), TCX_ECONFIG,
                "UnsupportedSignatureVersionError", "v2-query");
  whole_end(&m.w);
}

/* Without a signature it is the request's own URL, as in botocore. */
static void test_unsigned(void **state) {
  (void)state;
  struct maker m;
  begin(&m, "s3", (tcx_client_options_t){.unsigned_requests = true});
  struct outcome o = url(&m, "get_object", tcx_params("{Bucket: bucket, Key: k}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "Url"),
                      "https://bucket.s3.us-west-2.amazonaws.com/k");
  outcome_free(&o);
  whole_end(&m.w);
}

/* ---- forms ---- */

static struct outcome post(struct maker *m, const char *bucket, tcx_value_t *fields,
                           tcx_value_t *conditions) {
  struct outcome o = {.whole = &m->w};
  struct outcome *at = malloc(sizeof o);
  *at = o;
  m->w.starting = true;
  assert_int_equal(
      tcx_client_presign_post(m->w.client, bucket, "k", fields, conditions, 0, outcome_cb, at), 0);
  m->w.starting = false;
  whole_until(&m->w, &at->calls);
  o = *at;
  free(at);
  return o;
}

static void test_refused_forms(void **state) {
  (void)state;
  struct maker m;
  begin(&m, "s3", (tcx_client_options_t){0});
  check_refused(post(&m, "b", tcx_params("{a: 1}"), NULL), TCX_EPARAM, "ParamValidationError",
                "a map of strings");
  check_refused(post(&m, "b", tcx_value_new_list(), NULL), TCX_EPARAM, "ParamValidationError",
                "a map of strings");
  check_refused(post(&m, "b", NULL, tcx_value_new_map()), TCX_EPARAM, "ParamValidationError",
                "must be a list");
  check_refused(post(&m, "b", NULL, tcx_value_from_json("[1]", 3)), TCX_EPARAM,
                "ParamValidationError", "a map or a list");
  check_refused(post(&m, "b", tcx_params("{a: }"), NULL), TCX_EPARAM, "ParamValidationError",
                "column");
  check_refused(post(&m, "", NULL, NULL), TCX_EPARAM, "ParamValidationError",
                "Invalid bucket name");
  tcx_value_t *huge = tcx_value_new_list();
  char *text = calloc(1, (1 << 20) + 1);
  memset(text, 'a', 1 << 20);
  tcx_value_append(huge, tcx_params("{a: %s}", text));
  free(text);
  check_refused(post(&m, "b", NULL, huge), TCX_EPARAM, "ParamValidationError", "larger than 1 MiB");
  assert_int_equal(tcx_client_presign_post(m.w.client, NULL, "k", tcx_value_new_map(),
                                           tcx_value_new_list(), 0, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_presign_post(m.w.client, "b", NULL, NULL, NULL, 0, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(
      tcx_client_presign_post(m.w.client, "b", "k", tcx_value_new_map(), NULL, 0, NULL, NULL),
      UV_EINVAL);
  assert_int_equal(
      tcx_client_presign_post(NULL, "b", "k", tcx_value_new_map(), NULL, 0, outcome_cb, NULL),
      UV_EINVAL);
  whole_end(&m.w);
  begin(&m, "s3", (tcx_client_options_t){.config = tcx_params("{signature_version: s3v4a}")});
  check_refused(post(&m, "b", NULL, NULL), TCX_ECONFIG, "UnsupportedSignatureVersionError",
                "s3v4a-presign-post");
  whole_end(&m.w);
  begin(&m, "s3control", (tcx_client_options_t){0});
  check_refused(post(&m, "b", NULL, NULL), TCX_EOPNAME, "UnknownClientMethodError",
                "has no operation 'generate_presigned_post'");
  whole_end(&m.w);
}

/* ---- tokens ---- */

static struct outcome token(struct maker *m, const char *host, bool dsql) {
  struct outcome o = {.whole = &m->w};
  struct outcome *at = malloc(sizeof o);
  *at = o;
  int err =
      dsql ? tcx_client_db_connect_auth_token(m->w.client, host, false, NULL, 0, outcome_cb, at)
           : tcx_client_db_auth_token(m->w.client, host, 5432, "u", NULL, outcome_cb, at);
  assert_int_equal(err, 0);
  whole_until(&m->w, &at->calls);
  o = *at;
  free(at);
  return o;
}

static void test_refused_tokens(void **state) {
  (void)state;
  static const char *const hosts[] = {"",    "a b",    "a/b",      "a?b",
                                      "a@b", "a\r\nb", "\xc3\xa9", "a:1:2"};
  struct maker m;
  begin(&m, "rds", (tcx_client_options_t){0});
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
    check_refused(token(&m, hosts[i], false), TCX_EPARAM, "ParamValidationError",
                  "Invalid host of a database");
  check_refused(token(&m, "a.example", true), TCX_EOPNAME, "UnknownClientMethodError",
                "those of 'dsql'");
  char longest[400];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(tcx_client_db_auth_token(m.w.client, longest, 1, "u", NULL, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_db_auth_token(m.w.client, "a", 0, "u", NULL, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_db_auth_token(m.w.client, "a", 65536, "u", NULL, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_db_auth_token(m.w.client, "a", 1, NULL, NULL, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_db_auth_token(m.w.client, NULL, 1, "u", NULL, outcome_cb, NULL),
                   UV_EINVAL);
  assert_int_equal(
      tcx_client_db_connect_auth_token(m.w.client, NULL, true, NULL, 0, outcome_cb, NULL),
      UV_EINVAL);
  whole_end(&m.w);
  begin(&m, "dsql", (tcx_client_options_t){.unsigned_requests = true});
  check_refused(token(&m, "a.example", true), TCX_ECONFIG, "InvalidConfigError", "signs nothing");
  whole_end(&m.w);
  begin(&m, "rds", (tcx_client_options_t){.config = tcx_params("{signature_version: nonsense}")});
  struct outcome o = token(&m, "a.example", false);
  assert_int_equal(o.status, TCX_ECONFIG);
  outcome_free(&o);
  whole_end(&m.w);
}

/* ---- waiting for credentials ---- */

static int start(struct maker *m, int kind, struct outcome *o) {
  memset(o, 0, sizeof *o);
  if (kind == 0)
    return tcx_client_presign_url(m->w.client, "get_caller_identity", NULL, NULL, outcome_cb, o);
  if (kind == 1)
    return tcx_client_presign_post(m->w.client, "b", "k/${filename}", tcx_params("{acl: private}"),
                                   tcx_value_from_json("[{\"acl\":\"private\"}]", 19), 0,
                                   outcome_cb, o);
  return tcx_client_db_auth_token(m->w.client, "db.example", 5432, "someone", "eu-west-1",
                                  outcome_cb, o);
}
static const char *const services[] = {"sts", "s3", "rds"};
static const char *const told[] = {"Url", "fields.x-amz-signature", "Token"};

static void test_later(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    struct maker m;
    struct outcome o;
    assert_int_equal(try_begin(&m, services[kind], (tcx_client_options_t){0}, true), 0);
    assert_int_equal(start(&m, kind, &o), 0);
    whole_turns(&m.w, 3);
    assert_int_equal(o.calls, 0);
    give(&m);
    whole_until(&m.w, &o.calls);
    assert_non_null(tcx_value_str(o.response, told[kind]));
    outcome_free(&o);
    assert_int_equal(uv_run(&m.w.loop, UV_RUN_DEFAULT), 0); /* an idle client holds nothing */
    whole_end(&m.w);
  }
}

static void test_closed_meanwhile(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    struct maker m;
    struct outcome o, late;
    assert_int_equal(try_begin(&m, services[kind], (tcx_client_options_t){0}, true), 0);
    assert_int_equal(start(&m, kind, &o), 0);
    tcx_client_close(m.w.client, NULL);
    assert_int_equal(o.calls, 0);
    assert_int_equal(start(&m, kind, &late), TCX_ECLOSING);
    whole_until(&m.w, &o.calls);
    assert_int_equal(o.status, TCX_ECANCELED);
    outcome_free(&o);
    give(&m);
    whole_end(&m.w);
  }
}

/* ---- CloudFront ---- */

static int failing_signer(const void *message, size_t len,
                          unsigned char signature[TCX_RSA_SIGNATURE_MAX], size_t *signature_len,
                          void *data) {
  (void)message, (void)len, (void)signature;
  *signature_len = data != NULL ? TCX_RSA_SIGNATURE_MAX + 1 : 0;
  return data != NULL ? 0 : UV_EIO;
}

static void test_cloudfront(void **state) {
  (void)state;
  tcx_cloudfront_signer_t *signer = NULL;
  char *text = NULL;
  tcx_value_t *cookies = NULL;
  assert_int_equal(tcx_cloudfront_signer_new(NULL, failing_signer, NULL, &signer), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_signer_new("K", NULL, NULL, &signer), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_signer_new("K", failing_signer, NULL, &signer), 0);
  assert_int_equal(tcx_cloudfront_sign_url(signer, "u", 1, "p", &text), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_sign_url(signer, "u", 0, NULL, &text), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_sign_url(signer, NULL, 1, NULL, &text), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_sign_url(NULL, "u", 1, NULL, &text), UV_EINVAL);
  assert_int_equal(tcx_cloudfront_sign_url(signer, "u", 1, NULL, &text), UV_EIO);
  assert_int_equal(tcx_cloudfront_sign_cookies(signer, "u", 0, "p", &cookies), UV_EIO);
  assert_int_equal(tcx_cloudfront_policy(NULL, 1, 0, NULL, &text), UV_EINVAL);
  tcx_cloudfront_signer_free(signer);
  assert_int_equal(tcx_cloudfront_signer_new("K", failing_signer, &signer, &signer), 0);
  assert_int_equal(tcx_cloudfront_sign_url(signer, "u", 1, NULL, &text), UV_EINVAL);
  char *longest = calloc(1, 70000);
  memset(longest, 'a', 69999);
  assert_int_equal(tcx_cloudfront_policy(longest, 1, 0, NULL, &text), UV_EINVAL);
  free(longest);
  tcx_cloudfront_signer_free(signer);
  tcx_cloudfront_signer_free(NULL);
}

static void test_keys(void **state) {
  (void)state;
  static const struct {
    const char *pem, *why;
  } cases[] = {
      {"", "it holds no private key"},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "it holds no private key"},
      {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
       "its key is neither RSA nor EC, or malformed"},
      {"-----BEGIN RSA PRIVATE KEY-----\n!!!!\n-----END RSA PRIVATE KEY-----\n",
       "its key is not base64, or too long"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
       "its key is encrypted"},
      {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE "
       "KEY-----\n",
       "its key is encrypted"},
      {"-----BEGIN EC PRIVATE "
       "KEY-----"
       "\nMHcCAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAoGCCqGSM49\nAwEHoUQDQgAEUVxfkuPCUKA"
       "nEuI0m1ZKZkB3gGbEXNYkhLDrBzrMzjJeiSRT5a4g\nK1oB0QZcVzcxfQWMUFMXXALl7U9XqXCs3A==\n"
       "-----END EC PRIVATE KEY-----\n",
       "its key is no RSA key"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    tcx_cloudfront_signer_t *signer = NULL;
    const char *why = NULL;
    assert_int_equal(
        tcx_cloudfront_signer_from_pem("K", cases[i].pem, strlen(cases[i].pem), &signer, &why),
        TCX_ECONFIG);
    assert_string_equal(why, cases[i].why);
    assert_int_equal(
        tcx_cloudfront_signer_from_pem("K", cases[i].pem, strlen(cases[i].pem), &signer, NULL),
        TCX_ECONFIG);
    assert_null(signer);
  }
}

/* ---- without memory ---- */

static int scenario(void *ctx) {
  struct maker m;
  struct outcome o = {0};
  int kind = *(const int *)ctx,
      err = try_begin(&m, services[kind], (tcx_client_options_t){0}, false);
  if (err == 0)
    err = start(&m, kind, &o);
  if (err == 0) {
    whole_until(&m.w, &o.calls);
    err = o.status != 0                                             ? o.status
          : o.response != NULL && tcx_value_status(o.response) == 0 ? 0
                                                                    : UV_ENOMEM;
    if (err == 0)
      assert_non_null(tcx_value_str(o.response, told[kind]));
  }
  outcome_free(&o);
  whole_end(&m.w);
  return err;
}

static int cloudfront_scenario(void *ctx) {
  tcx_cloudfront_signer_t *signer = NULL;
  tcx_value_t *cookies = NULL;
  char *policy = NULL, *signed_url = NULL;
  const char *pem = ctx;
  int err = tcx_cloudfront_signer_from_pem("K", pem, strlen(pem), &signer, NULL);
  if (err == 0)
    err = tcx_cloudfront_policy("https://example.com/*", 1000, 1, "192.0.2.1", &policy);
  if (err == 0)
    err = tcx_cloudfront_sign_url(signer, "https://example.com/a", 0, policy, &signed_url);
  if (err == 0)
    err = tcx_cloudfront_sign_cookies(signer, "https://example.com/a", 1000, NULL, &cookies);
  tcx_value_free(cookies);
  tcx_free(signed_url);
  tcx_free(policy);
  tcx_cloudfront_signer_free(signer);
  return err;
}

static void test_memory(void **state) {
  (void)state;
  /* a model that takes no time to load, since it is loaded again and again */
  mf_begin();
  mf_add("rds", "{'version':'2.0','metadata':{'apiVersion':'2026-01-01','endpointPrefix':'rds','"
                "protocol':'json','jsonVersion':'1.1','targetPrefix':'T','serviceId':'RDS',"
                "'signatureVersion':'v4'},'operations':{},'shapes':{}}");
  data_path = mf.path;
  for (int kind = 0; kind < 3; kind++)
    test_fail_until_ok(scenario, &kind);
  mf_end();
  char *pem = test_read_file("compliance/data/presign/cloudfront-key.pem", NULL);
  test_fail_until_ok(cloudfront_scenario, pem);
  free(pem);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_methods_and_bodies),
                                     cmocka_unit_test(test_length),
                                     cmocka_unit_test(test_signed_body_is_the_one_told),
                                     cmocka_unit_test(test_refused_urls),
                                     cmocka_unit_test(test_unsigned),
                                     cmocka_unit_test(test_refused_forms),
                                     cmocka_unit_test(test_refused_tokens),
                                     cmocka_unit_test(test_later),
                                     cmocka_unit_test(test_closed_meanwhile),
                                     cmocka_unit_test(test_cloudfront),
                                     cmocka_unit_test(test_keys),
                                     cmocka_unit_test(test_memory)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
