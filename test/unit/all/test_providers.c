/*
 * Credential providers that ask others, against servers that answer, stall, lie and redirect: roles
 * with MFA and caches, single sign-on and its renewal, containers, instance metadata. No secret is
 * in any error.
 */
#include "provider_help.h"
#include <sys/stat.h>

#define ROLE(key, end)                                                                             \
  "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" key                           \
  "</AccessKeyId><SecretAccessKey>" WHOLE_SECRET                                                   \
  "</SecretAccessKey><SessionToken>t</SessionToken>"                                               \
  "<Expiration>" end                                                                               \
  "</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</"  \
  "Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
#define BASE "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = " WHOLE_SECRET "\n"
#define KEYS(key, end)                                                                             \
  "{\"AccessKeyId\": \"" key "\", \"SecretAccessKey\": \"" WHOLE_SECRET                            \
  "\", \"Token\": \"t\", \"Expiration\": \"" end "\"}"
/* ---- roles ---- */

#define ROLE_PROFILE                                                                               \
  "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"

static void test_role_refresh(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step first[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", ROLE("FIRST", "2030-01-01T12:00:00Z"))), DO(END)};
  const struct fault_step second[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", ROLE("SECOND", "2030-01-01T13:00:00Z"))), DO(END)};
  const struct fault_step third[] = {
      DO(REQUEST),
      SEND(whole_answer("403 No", "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no "
                                  "more</Message></Error></ErrorResponse>")),
      DO(END)};
  const struct fault_step *const scripts[] = {first, second, third};
  begin(&w, scripts, 3, ROLE_PROFILE "duration_seconds = 3600\nexternal_id = xx\n" BASE, NULL);
  expect_key(&w, "FIRST");
  assert_non_null(strstr(w.server.last_head, "Credential=BASE/"));
  assert_non_null(strstr(w.server.last_body, "DurationSeconds=3600"));
  assert_non_null(strstr(w.server.last_body, "ExternalId=xx"));
  assert_non_null(strstr(w.server.last_body, "RoleSessionName=tucuxi-session-"));
  assert_true(redirected[0].tls);
  assert_string_equal(redirected[0].host, "sts.us-east-1.amazonaws.com");
  expect_key(&w, "FIRST");
  assert_int_equal(w.server.requests, 1);
  now_s = NOON - 600;
  expect_key(&w, "SECOND");
  assert_int_equal(w.server.requests, 2);
  now_s = NOON + 3600 - 600;
  expect_failure(&w, TCX_ECREDS,
                 "An error occurred (AccessDenied) when calling the AssumeRole operation: no more");
  end(&w);
}

static struct mfa {
  tcx_mfa_request_t *request;
  int asked;
  const char *code;
  bool later;
} mfa;
static void on_mfa(tcx_mfa_request_t *request, const char *serial, void *data) {
  assert_ptr_equal(data, &mfa);
  assert_string_equal(serial, "arn:aws:iam::1:mfa/me");
  mfa.asked++;
  mfa.request = request;
  if (!mfa.later)
    tcx_mfa_answer(request, mfa.code != NULL ? 0 : UV_ECANCELED, mfa.code);
}

static void test_mfa(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step steps[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", ROLE("MFA", "2030-01-01T12:00:00Z"))), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  const char *config = ROLE_PROFILE "mfa_serial = arn:aws:iam::1:mfa/me\n" BASE;
  tcx_session_options_t o = {.mfa = on_mfa, .mfa_data = &mfa, .credentials_timeout_ms = 50};
  mfa = (struct mfa){.code = "123456"};
  begin(&w, scripts, 1, config, &o);
  expect_key(&w, "MFA");
  assert_int_equal(mfa.asked, 1);
  assert_non_null(strstr(w.server.last_body, "TokenCode=123456"));
  assert_non_null(strstr(w.server.last_body, "SerialNumber=arn"));
  end(&w);
  mfa = (struct mfa){0};
  begin(&w, scripts, 1, config, &o);
  expect_failure(&w, TCX_ECREDS, "the program gave no code");
  mfa.later = true;
  expect_failure(&w, TCX_ECREDS, "no credentials after 50 ms");
  tcx_mfa_answer(mfa.request, 0, "1"); /* nobody waits any more */
  assert_int_equal(w.server.requests, 0);
  end(&w);
  begin(&w, scripts, 1, config, NULL);
  expect_failure(
      &w, TCX_ECREDS,
      "wants a code of the MFA device arn:aws:iam::1:mfa/me, and the session has no mfa callback");
  end(&w);
}

/* What one session has had in a file another uses, as long as it lasts; the file is for its owner
 * only. */
static void test_cache(void **state) {
  (void)state;
  struct whole w;
  struct stat st;
  char path[512];
  const struct fault_step steps[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", ROLE("KEPT", "2030-01-01T12:00:00Z"))), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  tcx_session_options_t o = {.credentials_cache = test_folder};
  begin(&w, scripts, 1, ROLE_PROFILE BASE, &o);
  expect_key(&w, "KEPT");
  end(&w);
  /* The key: SHA-1 of {"RoleArn": "arn:aws:iam::123456789012:role/r"}, as botocore's. */
  snprintf(path, sizeof path, "%s/%s.json", test_folder,
           "6dc9e6e1e186b9f293814df3266de783142c48a2");
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  begin(&w, scripts, 1, ROLE_PROFILE BASE, &o);
  expect_key(&w, "KEPT");
  assert_int_equal(w.server.requests, 0);
  end(&w);
  begin(&w, scripts, 1, ROLE_PROFILE BASE, &o);
  now_s = NOON - 899;
  expect_key(&w, "KEPT"); /* too near its end: asked for again */
  assert_int_equal(w.server.requests, 1);
  end(&w);
  test_folder_put("6dc9e6e1e186b9f293814df3266de783142c48a2.json",
                  "{\"Credentials\": \"\x01garbage");
  begin(&w, scripts, 1, ROLE_PROFILE BASE, &o);
  expect_key(&w, "KEPT");
  assert_int_equal(w.server.requests, 1);
  end(&w);
}

/* ---- single sign-on ---- */

#define SSO_PROFILE                                                                                \
  "[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = r\n[sso-session "             \
  "dev]\nsso_region = us-west-2\nsso_start_url = https://x\n"
#define SSO_FILE ".aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json"
#define SSO_TOKEN(end)                                                                             \
  "{\"accessToken\": \"old\", \"expiresAt\": \"" end                                               \
  "\", \"refreshToken\": \"again\", \"clientId\": \"id\", \"clientSecret\": \"" WHOLE_SECRET       \
  "\", \"registrationExpiresAt\": \"2031-01-01T00:00:00UTC\"}"
#define SSO_KEYS                                                                                   \
  "{\"roleCredentials\": {\"accessKeyId\": \"SSO\", \"secretAccessKey\": \"" WHOLE_SECRET          \
  "\", \"sessionToken\": \"t\", \"expiration\": 1893499200000}}"

/* A token that is renewed for so many seconds: until when the file has it then. */
static void renewed_until(const char *seconds, const char *end_of_it) {
  struct whole w;
  char path[512], token[200], document[600];
  struct stat st;
  snprintf(token, sizeof token,
           "{\"accessToken\": \"new\", \"expiresIn\": %s, \"refreshToken\": \"next\"}", seconds);
  const struct fault_step renewed[] = {DO(REQUEST), SEND(whole_answer("200 OK", token)),
                                       DO(REQUEST), SEND(whole_answer("200 OK", SSO_KEYS)),
                                       DO(END)};
  const struct fault_step keys[] = {DO(REQUEST), SEND(whole_answer("200 OK", SSO_KEYS)), DO(END)};
  const struct fault_step *const scripts[] = {renewed, keys};
  test_folder_put(SSO_FILE, SSO_TOKEN("2030-01-01T11:10:00UTC")); /* 10 minutes are left */
  begin(&w, scripts, 2, SSO_PROFILE, NULL);
  expect_key(&w, "SSO");
  assert_int_equal(w.server.requests, 2);
  assert_string_equal(redirected[0].host, "oidc.us-west-2.amazonaws.com");
  assert_string_equal(redirected[1].host, "portal.sso.us-west-2.amazonaws.com");
  assert_non_null(strstr(w.server.last_head, "x-amz-sso_bearer_token: new"));
  end(&w);
  snprintf(path, sizeof path, "%s/" SSO_FILE, test_folder);
  char *text = test_read_file(path, NULL);
  snprintf(document, sizeof document,
           "{\"startUrl\": \"https://x\", \"region\": \"us-west-2\", \"accessToken\": \"new\", "
           "\"expiresAt\": \"%s\", \"clientId\": \"id\", \"clientSecret\": \"" WHOLE_SECRET
           "\", \"registrationExpiresAt\": \"2031-01-01T00:00:00UTC\", \"refreshToken\": "
           "\"next\"}",
           end_of_it);
  assert_string_equal(text, document);
  free(text);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_sso_renewal(void **state) {
  (void)state;
  renewed_until("3600", "2030-01-01T12:00:00Z");
  renewed_until("9223372036854775807", "9999-12-31T23:59:59Z");
  renewed_until("-9223372036854775807", "2030-01-01T11:00:00Z");
}

static void test_sso_failures(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step no[] = {
      DO(REQUEST),
      SEND(whole_answer("401 No\r\nx-amzn-ErrorType: UnauthorizedException",
                        "{\"message\": \"no\"}")),
      DO(AGAIN)};
  const struct fault_step *const scripts[] = {no};
  begin(&w, scripts, 1, SSO_PROFILE, NULL);
  expect_failure(&w, TCX_ECREDS,
                 "Token for dev does not exist or is invalid. To sign on run: aws sso login "
                 "--profile default");
  end(&w);
  test_folder_put(SSO_FILE, "{\"accessToken\": \"old\", \"expiresAt\": \"2030-01-01T10:00:00Z\"}");
  begin(&w, scripts, 1, SSO_PROFILE, NULL);
  expect_failure(&w, TCX_ECREDS,
                 "has expired or is otherwise invalid. To refresh this SSO session run: aws sso "
                 "login --profile default");
  assert_int_equal(w.server.requests, 0);
  end(&w);
  test_folder_put(SSO_FILE, "{\"accessToken\": \"old\", \"expiresAt\": \"2040-01-01T10:00:00Z\"}");
  begin(&w, scripts, 1, SSO_PROFILE, NULL);
  expect_failure(&w, TCX_ECREDS, "run: aws sso login --profile default");
  assert_int_equal(w.server.requests, 1);
  end(&w);
  begin(&w, scripts, 1,
        "[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = r\nsso_region = "
        "x\n[sso-session dev]\nsso_region = y\n",
        NULL);
  expect_failure(
      &w, TCX_ECONFIG,
      "The value for sso_region is inconsistent between profile (x) and sso-session (y).");
  end(&w);
}

/* A cached sign-in of every kind that is none, and one whose token would end its header's line. */
static void test_sso_files(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *in_why;
  } cases[] = {
      {"", "does not exist or is invalid"},
      {"\x01\xff\xfe{", "does not exist or is invalid"},
      {"[1]", "does not exist or is invalid"},
      {"{\"accessToken\": 5, \"expiresAt\": \"2040-01-01T00:00:00Z\"}", "is invalid"},
      {"{\"accessToken\": \"a\", \"expiresAt\": \"tomorrow\"}", "does not exist or is invalid"},
      {"{\"accessToken\": \"a\\r\\nX-Evil: 1\", \"expiresAt\": \"2040-01-01T00:00:00Z\"}", ""},
      {"{\"accessToken\": \"a\\u0000b\", \"expiresAt\": \"2040-01-01T00:00:00Z\"}", ""},
  };
  static const struct fault_step nothing[] = {DO(REQUEST), DO(CLOSE)};
  static const struct fault_step *const scripts[] = {nothing};
  struct whole w;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    test_folder_put(SSO_FILE, cases[i].text);
    begin(&w, scripts, 1, SSO_PROFILE, NULL);
    expect_failure(&w, TCX_ECREDS, cases[i].in_why);
    assert_null(strstr(w.server.last_head, "X-Evil"));
    end(&w);
  }
  char *huge = malloc(70001);
  memset(huge, ' ', 70000);
  memcpy(huge, "{\"accessToken\": \"a\"}", 20);
  huge[70000] = '\0';
  test_folder_put(SSO_FILE, huge);
  free(huge);
  begin(&w, scripts, 1, SSO_PROFILE, NULL);
  expect_failure(&w, TCX_ECREDS, "does not exist or is invalid");
  end(&w);
}

/* ---- web identity ---- */

static void web_identity(const char *path, const char *in_why) {
  struct whole w;
  char config[1024];
  static const struct fault_step nothing[] = {DO(REQUEST), DO(CLOSE)};
  static const struct fault_step *const scripts[] = {nothing};
  snprintf(config, sizeof config,
           "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = %s\n",
           path);
  begin(&w, scripts, 1, config, NULL);
  expect_failure(&w, TCX_ECREDS, in_why);
  assert_int_equal(w.server.requests, 0);
  end(&w);
}

static void test_web_identity_files(void **state) {
  (void)state;
  char path[512];
  char *huge = malloc(70001);
  memset(huge, 'j', 70000);
  huge[70000] = '\0';
  snprintf(path, sizeof path, "%s/token", test_folder);
  web_identity(path, "no such file");
  web_identity(test_folder, "it holds no token");
  web_identity("/dev/zero", "it holds no token");
  test_folder_put("token", "");
  web_identity(path, "it holds no token");
  test_folder_put("token", huge);
  free(huge);
  web_identity(path, "web_identity_token_file");
  FILE *binary = fopen(path, "wb");
  assert_non_null(binary);
  assert_int_equal(fwrite("a\0b\xff", 1, 4, binary), 4);
  fclose(binary);
  web_identity(path, "it holds no token");
}

/* ---- containers ---- */

static void container(struct whole *w, const struct fault_step *const *scripts, unsigned n,
                      unsigned budget_ms) {
  tcx_session_options_t o = {.credentials_timeout_ms = budget_ms};
  begin(w, scripts, n, "[default]\n", &o);
  setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:81/keys?a=b", 1);
}

static void test_container(void **state) {
  (void)state;
  struct whole w;
  char path[512];
  const struct fault_step steps[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", KEYS("BOX", "2030-01-01T12:00:00Z"))), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  test_folder_put("token", "file-token");
  snprintf(path, sizeof path, "%s/token", test_folder);
  container(&w, scripts, 1, 0);
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "variable", 1);
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
  expect_key(&w, "BOX");
  assert_non_null(strstr(w.server.last_head, "GET /keys?a=b HTTP/1.1\r\nHost: 127.0.0.1:81\r\n"));
  assert_non_null(strstr(w.server.last_head, "Authorization: file-token\r\n"));
  test_folder_put("token", "next-token"); /* read anew */
  now_s = NOON;
  expect_failure(&w, TCX_ECREDS, "are still expired");
  assert_non_null(strstr(w.server.last_head, "Authorization: next-token\r\n"));
  test_folder_put("token", "a\r\nX-Evil: 1");
  expect_failure(&w, TCX_ECREDS, "Auth token value is not a legal header value");
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", test_folder, 1);
  expect_failure(&w, TCX_ECREDS, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/dev/zero", 1);
  expect_failure(&w, TCX_ECREDS, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
  unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nb", 1);
  expect_failure(&w, TCX_ECREDS, "Auth token value is not a legal header value");
  unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  static const char *const hosts[] = {"http://example.com/", "http://127.evil.com/",
                                      "http://169.254.170.2.evil.com/", "http://[::2]/",
                                      "http://10.0.0.1/"};
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", hosts[i], 1);
    expect_failure(&w, TCX_ECREDS, "Unsupported host");
  }
  assert_int_equal(w.server.requests, 2);
  end(&w);
}

/* Three attempts; a redirect is an answer like any other that is not 200, and nobody is
 * followed. */
static void test_container_faults(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step elsewhere[] = {
      DO(REQUEST),
      SEND(whole_answer("302 X\r\nConnection: close\r\nLocation: http://127.0.0.1:1/", "")),
      DO(CLOSE)};
  const struct fault_step garbage[] = {
      DO(REQUEST), SEND(whole_answer("200 OK\r\nConnection: close", "{not json")), DO(CLOSE)};
  const struct fault_step flood[] = {DO(REQUEST),
                                     SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
                                     FILL("0123456789", 10000), DO(END)};
  const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  const struct fault_step *const liar[] = {elsewhere, garbage, flood}, *const mute[] = {silent};
  container(&w, liar, 3, 0);
  expect_failure(&w, TCX_ECREDS,
                 "Error when retrieving credentials from container-role: Received error when "
                 "attempting to retrieve container metadata: the answer is too long");
  assert_int_equal(w.server.requests, 3);
  end(&w);
  container(&w, mute, 1, 100);
  expect_failure(&w, TCX_ECREDS, "no credentials after 100 ms");
  assert_int_equal(w.server.requests, 1);
  end(&w);
}

/* ---- instances ---- */

static void instance(struct whole *w, const struct fault_step *const *scripts, unsigned n,
                     const char *config) {
  begin(w, scripts, n, config, NULL);
  unsetenv("AWS_EC2_METADATA_DISABLED");
}

static void test_instance(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step good[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", "the-token")),
      DO(REQUEST), SEND(whole_answer("200 OK", "role")),
      DO(REQUEST), SEND(whole_answer("200 OK", KEYS("ROLE", "2030-01-01T12:00:00Z"))),
      DO(AGAIN)};
  const struct fault_step first[] = {
      DO(REQUEST), SEND(whole_answer("404 X", "")),
      DO(REQUEST), SEND(whole_answer("200 OK", "role")),
      DO(REQUEST), SEND(whole_answer("200 OK", KEYS("V1", "2030-01-01T12:00:00Z"))),
      DO(AGAIN)};
  const struct fault_step *const scripts[] = {good}, *const v1[] = {first};
  instance(&w, scripts, 1, "[default]\n");
  expect_key(&w, "ROLE");
  assert_non_null(
      strstr(w.server.last_head, "GET /latest/meta-data/iam/security-credentials/role HTTP/1.1"));
  assert_non_null(strstr(w.server.last_head, "x-aws-ec2-metadata-token: the-token"));
  /* The service has no newer ones: these serve on, for 17 minutes at least. */
  now_s = NOON - 60;
  expect_key(&w, "ROLE");
  assert_int_equal(w.server.requests, 6);
  now_s = NOON + 15;
  expect_key(&w, "ROLE");
  assert_int_equal(w.server.requests, 6);
  end(&w);
  instance(&w, v1, 1, "[default]\n");
  expect_key(&w, "V1");
  assert_null(strstr(w.server.last_head, "x-aws-ec2-metadata-token"));
  end(&w);
  instance(&w, v1, 1, "[default]\nec2_metadata_v1_disabled = true\n");
  expect_failure(&w, TCX_ECREDS, "IMDSv1 has been disabled");
  end(&w);
}

static void test_instance_faults(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step evil[] = {DO(REQUEST), SEND(whole_answer("200 OK", "a\r\nX-Evil: 1")),
                                    DO(END)};
  const struct fault_step name[] = {DO(REQUEST), SEND(whole_answer("200 OK", "t")), DO(REQUEST),
                                    SEND(whole_answer("200 OK", "a role\r\nX: 1")), DO(END)};
  const struct fault_step elsewhere[] = {
      DO(REQUEST), SEND(whole_answer("307 X\r\nLocation: http://127.0.0.1:1/", "")), DO(REQUEST),
      SEND(whole_answer("301 X\r\nLocation: http://127.0.0.1:1/", "")), DO(END)};
  const struct fault_step code[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK", "t")),
      DO(REQUEST),
      SEND(whole_answer("200 OK", "r")),
      DO(REQUEST),
      SEND(whole_answer("200 OK",
                        "{\"Code\": \"AssumeRoleUnauthorizedAccess\", \"Message\": \"m\"}")),
      DO(END)};
  const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  const struct {
    const struct fault_step *steps;
    int status;
    const char *in_why;
  } cases[] = {
      {evil, TCX_ECREDS, "the token is no header value"},
      {name, TCX_ECONFIG, "a name that fits no URL"},
      {elsewhere, TCX_ECREDS, "iam-role: the instance metadata service answered 301"},
      {code, TCX_ECREDS,
       "iam-role: the instance metadata service's answer has no whole credentials"},
      {silent, TCX_ECREDS,
       "iam-role: no answer from the instance metadata service: it did not answer in time"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct fault_step *const scripts[] = {cases[i].steps};
    instance(&w, scripts, 1, "[default]\n");
    expect_failure(&w, cases[i].status, cases[i].in_why);
    end(&w);
  }
}

/* ---- the machine's region, for the defaults mode auto ---- */

#define AUTO   "[default]\ndefaults_mode = auto\naws_access_key_id = A\naws_secret_access_key = s\n"
#define LISTED whole_answer("200 OK", "<ListBucketResult/>")

static void list_once(struct whole *w) {
  struct outcome o = whole_call(w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  if (o.status != 0)
    fail_msg("%s", o.msg);
  outcome_free(&o);
}

static void test_home_region(void **state) {
  (void)state;
  static const struct {
    const char *zone;
    unsigned timeout_ms;
  } cases[] = {{"us-east-1a", 1100}, {"us-west-2b", 3100}, {"x", 3100}, {NULL, 3100}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    const struct fault_step metadata[] = {
        DO(REQUEST), SEND(whole_answer("200 OK", "the-token")), DO(REQUEST),
        SEND(cases[i].zone != NULL ? whole_answer("200 OK", cases[i].zone)
                                   : whole_answer("404 No", "")),
        DO(END)};
    const struct fault_step calls[] = {DO(REQUEST), SEND(LISTED), DO(AGAIN)};
    const struct fault_step *const scripts[] = {metadata, calls};
    instance(&w, scripts, 2, AUTO);
    assert_true(w.client->config.auto_mode);
    assert_int_equal(redirects, 0); /* creating a client asks nobody */
    list_once(&w);
    assert_int_equal(w.client->config.connect_timeout_ms, cases[i].timeout_ms);
    assert_string_equal(redirected[0].host, "169.254.169.254");
    assert_int_equal(w.server.requests, 3);
    list_once(&w); /* it is known, also by another client */
    tcx_client_t *other = NULL, *first = w.client;
    assert_int_equal(tcx_session_create_client(
                         w.session, "s3", &(tcx_client_options_t){.endpoint_url = w.url}, &other),
                     0);
    w.client = other;
    list_once(&w);
    w.client = first;
    assert_int_equal(other->config.connect_timeout_ms, cases[i].timeout_ms);
    assert_int_equal(w.server.requests, 5);
    end(&w);
  }
}

/* Where the environment tells, where it is switched off, and where the timeout is given, nobody is
 * asked. */
static void test_home_not_asked(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    struct whole w;
    const struct fault_step calls[] = {DO(REQUEST), SEND(LISTED), DO(AGAIN)};
    const struct fault_step *const scripts[] = {calls};
    if (i == 0)
      setenv("AWS_EXECUTION_ENV", "x", 1);
    instance(&w, scripts, 1, AUTO);
    if (i == 1)
      setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    if (i == 2)
      assert_int_equal(
          tcx_session_create_client(
              w.session, "s3",
              &(tcx_client_options_t){.endpoint_url = w.url, .connect_timeout_ms = 3100},
              &w.client),
          0);
    assert_int_equal(w.client->config.auto_mode, i == 1);
    list_once(&w);
    assert_int_equal(w.client->config.connect_timeout_ms, i == 0 ? 1100 : 3100);
    assert_int_equal(w.server.requests, 1);
    end(&w);
    unsetenv("AWS_EXECUTION_ENV");
  }
}

static void count_canceled(tcx_call_t *call, const tcx_value_t *response,
                           const tcx_error_t *error) {
  (void)response;
  assert_int_equal(error->status, UV_ECANCELED);
  ++*(int *)tcx_call_data(call);
}

/* Many calls wait for one look-up, which stalls: one is cancelled, the session closes under the
 * others. And one that takes longer than credentials may is given up. */
static void test_home_stalls(void **state) {
  (void)state;
  struct whole w;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  const struct fault_step calls[] = {DO(REQUEST), SEND(LISTED), DO(AGAIN)};
  const struct fault_step *const scripts[] = {silent}, *const both[] = {silent, calls};
  int canceled = 0;
  tcx_call_t *call = NULL;
  instance(&w, scripts, 1, AUTO);
  for (int i = 0; i < 10; i++)
    assert_int_equal(tcx_client_start(w.client, "list_objects_v2", tcx_params("{Bucket: b}"), NULL,
                                      count_canceled, &canceled, &call),
                     0);
  while (w.server.requests == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_call_cancel(call);
  whole_until(&w, &canceled);
  assert_int_equal(canceled, 1);
  end(&w);
  assert_int_equal(canceled, 10);
  tcx_session_options_t o = {.credentials_timeout_ms = 50};
  begin(&w, both, 2, AUTO, &o);
  unsetenv("AWS_EC2_METADATA_DISABLED");
  list_once(&w);
  assert_int_equal(w.client->config.connect_timeout_ms, 3100);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(test_role_refresh),
      IN_FOLDER(test_mfa),
      IN_FOLDER(test_cache),
      IN_FOLDER(test_sso_renewal),
      IN_FOLDER(test_sso_failures),
      IN_FOLDER(test_sso_files),
      IN_FOLDER(test_web_identity_files),
      IN_FOLDER(test_container),
      IN_FOLDER(test_container_faults),
      IN_FOLDER(test_instance),
      IN_FOLDER(test_instance_faults),
      IN_FOLDER(test_home_region),
      IN_FOLDER(test_home_not_asked),
      IN_FOLDER(test_home_stalls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
