/* The login provider against services that refuse, answer nonsense or stall, and against files of
 * every kind; and its proof of possession, byte for byte. */
#include "base/codec.h"
#include "creds/dpop.h"
#include "provider_help.h"
#include <sys/stat.h>

/* The secret key 0102...1f20, as OpenSSL writes it in both forms. */
#define SEC1                                                                                       \
  "-----BEGIN EC PRIVATE "                                                                         \
  "KEY-----"                                                                                       \
  "\nMHcCAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAoGCCqGSM49\nAwEHoUQDQgAEUVw9brnjlrkE0/" \
  "7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY\n+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ+TVA==\n-----END EC "     \
  "PRIVATE KEY-----\n"
#define PKCS8                                                                                      \
  "-----BEGIN PRIVATE "                                                                            \
  "KEY-----"                                                                                       \
  "\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAQIDBAUGBwgJCgsM\nDQ4PEBESExQVFhcYGRobHB0eHy" \
  "ChRANCAARRXD1uueOWuQTT/sp/"                                                                     \
  "VP3NDMHpl783\nXcpRWtCmw7QDX0U2vjpQ8xj7+aVHWQKiIVAr7w1X4IxTsswKVvF9n5NU\n-----END PRIVATE "      \
  "KEY-----"
#define P384                                                                                       \
  "-----BEGIN EC PRIVATE "                                                                         \
  "KEY-----\nMIGkAgEBBDDkKdZN3MPUTjJc+yyWmDUb6JZR5ugSa4rDyEDjTf8JPvM8EKZaoXdj\nbyhLocNLTn+"        \
  "gBwYFK4EEACKhZANiAASpGuvUuzCGf8pMdFigsURj2Rk3cgKDS5/"                                           \
  "r\nGjN7e7b94mMmxm733RsRuDuXdgW31XnmAVskIUkZXEs4xYQQ2VNL6ST+"                                    \
  "SCmx74J0\nw3hiDFrmtwgrC2sp0LP8orclekSUDvE=\n-----END EC PRIVATE KEY-----\n"

/* ---- the proof ---- */

/* What the cryptography package of Python makes of the same key, URL, time and id, with a signature
 * of RFC 6979. */
static const char proof_of_python[] =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6IlVWdzlicm5qbHJrRTBfN0"
    "tmMVQ5elF6QjZaZV9OMTNLVVZyUXBzTzBBMTgiLCJ5IjoiUlRhLU9sRHpHUHY1cFVkWkFxSWhVQ3Z2RFZmZ2pGT3l6QXBX"
    "OFgyZmsxUSIsImNydiI6IlAtMjU2In19."
    "eyJodG0iOiJQT1NUIiwiaHR1IjoiaHR0cHM6Ly91cy1lYXN0LTEuc2lnbmluLmF3cy5hbWF6b24uY29tL3YxL3Rva2VuIi"
    "wiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIxMTExMTExMS0yMjIyLTQzMzMtODQ0"
    "NC01NTU1NTU1NTU1NTUifQ.Uw4pVyZS_"
    "51lGYO3R8i2oPbWClKYGuoTJEudmfr9WlMOXIrrl8324uypmvNqLZuaWQARrxwGofBF3uyODfBvQA";

static void test_proof(void **state) {
  (void)state;
  static const char *const keys[] = {
      SEC1, PKCS8,
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" SEC1};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    unsigned char secret[TCX__P256_SECRET];
    struct tcx_buf out;
    assert_int_equal(tcx__dpop_key(tcx__str(keys[i]), secret), 0);
    for (size_t k = 0; k < sizeof secret; k++)
      assert_int_equal(secret[k], k + 1);
    tcx__buf_init(&out, NULL, 4096);
    tcx__dpop_proof(&out, secret, TCX__STR("https://us-east-1.signin.aws.amazon.com/v1/token"),
                    1700000000, "11111111-2222-4333-8444-555555555555");
    assert_int_equal(out.status, 0);
    assert_string_equal(out.data, proof_of_python);
    tcx__buf_free(&out);
  }
}

/* A SEC 1 key of these 32 bytes. */
static int read_secret(const char *hex) {
  unsigned char der[39] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
  static const unsigned char curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  unsigned char whole[sizeof der + sizeof curve], secret[TCX__P256_SECRET];
  assert_int_equal(tcx__hex_decode(der + 7, hex, 64), 0);
  memcpy(whole, der, sizeof der);
  memcpy(whole + sizeof der, curve, sizeof curve);
  return tcx__p256_read(whole, sizeof whole, secret);
}

static void test_bad_keys(void **state) {
  (void)state;
  unsigned char secret[TCX__P256_SECRET];
  static const char *const bad[] = {
      "",
      "no key",
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----",
      "-----BEGIN CERTIFICATE-----\nMHcCAQEE\n-----END CERTIFICATE-----",
      P384};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(tcx__dpop_key(tcx__str(bad[i]), secret), UV_EINVAL);
  assert_true(read_secret("0000000000000000000000000000000000000000000000000000000000000001"));
  assert_true(read_secret("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"));
  assert_false(read_secret("0000000000000000000000000000000000000000000000000000000000000000"));
  assert_false(read_secret("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));
  assert_false(read_secret("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"));
}

/* ---- the provider ---- */

#define PROFILE "[default]\nlogin_session = me\n"
#define FILE_OF_ME                                                                                 \
  ".aws/login/cache/2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0.json"
#define KEY_JSON                                                                                   \
  "-----BEGIN PRIVATE "                                                                            \
  "KEY-----"                                                                                       \
  "\\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAQIDBAUGBwgJCgsM\\nDQ4PEBESExQVFhcYGRobHB0e" \
  "HyChRANCAARRXD1uueOWuQTT/sp/"                                                                   \
  "VP3NDMHpl783\\nXcpRWtCmw7QDX0U2vjpQ8xj7+aVHWQKiIVAr7w1X4IxTsswKVvF9n5NU\\n-----END PRIVATE "    \
  "KEY-----"
#define KEPT(end, key)                                                                             \
  "{\"accessToken\": {\"accessKeyId\": \"OLD\", \"secretAccessKey\": \"" WHOLE_SECRET              \
  "\", \"sessionToken\": \"t\", \"accountId\": \"123456789012\", \"expiresAt\": \"" end            \
  "\"}, \"clientId\": \"arn:aws:signin:::devtools/same-device\", \"refreshToken\": \"again\", "    \
  "\"signInRegion\": \"eu-west-1\", \"other\": [1], \"dpopKey\": \"" key "\"}"
#define RENEWED(id)                                                                                \
  "{\"accessToken\": {\"accessKeyId\": \"" id "\", \"secretAccessKey\": \"" WHOLE_SECRET           \
  "\", \"sessionToken\": \"u\"}, \"tokenType\": \"aws_sigv4\", \"refreshToken\": \"next\", "       \
  "\"expiresIn\": 900}"

static void test_renewal(void **state) {
  (void)state;
  struct whole w;
  struct stat st;
  char path[512], proof[4096];
  const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("200 OK", RENEWED("NEW"))),
                                     DO(END)};
  const struct fault_step *const scripts[] = {steps};
  test_folder_put(FILE_OF_ME, KEPT("2030-01-01T11:05:01Z", KEY_JSON));
  begin(&w, scripts, 1, PROFILE, NULL);
  expect_key(&w, "OLD"); /* more than 5 minutes are left */
  assert_int_equal(w.server.requests, 0);
  now_s += 2;
  expect_key(&w, "NEW");
  assert_int_equal(w.server.requests, 1);
  assert_true(redirected[0].tls);
  assert_string_equal(redirected[0].host, "eu-west-1.signin.aws.amazon.com");
  assert_non_null(strstr(w.server.last_head, "POST /v1/token HTTP/1.1\r\n"));
  assert_null(strstr(w.server.last_head, "Authorization:"));
  assert_non_null(whole_header(w.server.last_head, "DPoP", proof, sizeof proof));
  assert_int_equal(strncmp(proof, proof_of_python, strcspn(proof_of_python, ".") + 1), 0);
  expect_key(&w, "NEW");
  assert_int_equal(w.server.requests, 1);
  end(&w);
  snprintf(path, sizeof path, "%s/" FILE_OF_ME, test_folder);
  char *text = test_read_file(path, NULL);
  assert_non_null(strstr(text, "\"accountId\": \"123456789012\""));
  assert_non_null(strstr(text, "\"expiresAt\": \"2030-01-01T11:15:02Z\""));
  assert_non_null(strstr(text, "\"refreshToken\": \"next\""));
  assert_non_null(strstr(text, "\"other\": [1]"));
  free(text);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *head, *body, *in_why;
  } cases[] = {
      {"400 X\r\nx-amzn-ErrorType: AccessDeniedException",
       "{\"error\": \"TOKEN_EXPIRED\", \"message\": \"m\"}",
       "Your session has expired or credentials have changed. Please reauthenticate using 'aws "
       "login'."},
      {"400 X\r\nx-amzn-ErrorType: AccessDeniedException",
       "{\"error\": \"USER_CREDENTIALS_CHANGED\", \"message\": \"m\"}",
       "Please reauthenticate using 'aws login'."},
      {"400 X\r\nx-amzn-ErrorType: AccessDeniedException",
       "{\"error\": \"INSUFFICIENT_PERMISSIONS\", \"message\": \"m\"}",
       "You may be missing permission for the 'signin:CreateOAuth2Token' action."},
      {"400 X\r\nx-amzn-ErrorType: AccessDeniedException", "{\"message\": \"m\"}",
       "An unspecified error happened when resolving AWS credentials or refreshing a login session "
       "profile."},
      {"400 X\r\nx-amzn-ErrorType: ValidationException",
       "{\"error\": \"INVALID_REQUEST\", \"message\": \"odd\"}",
       "An error occurred (ValidationException) when calling the CreateOAuth2Token operation: odd"},
      {"200 OK", "{}", "invalid service response. Please try running 'aws login' again."},
      {"200 OK", "{\"accessToken\": {\"accessKeyId\": \"A\"}}",
       "invalid service response. Please try running 'aws login' again."},
  };
  test_folder_put(FILE_OF_ME, KEPT("2030-01-01T11:00:00Z", KEY_JSON));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    const struct fault_step steps[] = {DO(REQUEST),
                                       SEND(whole_answer(cases[i].head, cases[i].body)), DO(END)};
    const struct fault_step *const scripts[] = {steps};
    begin(&w, scripts, 1, PROFILE, NULL);
    expect_failure(&w, TCX_ECREDS, cases[i].in_why);
    assert_int_equal(w.server.requests, 1);
    end(&w);
  }
}

static void test_stall(void **state) {
  (void)state;
  struct whole w;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  tcx_session_options_t o = {.credentials_timeout_ms = 100};
  test_folder_put(FILE_OF_ME, KEPT("2030-01-01T11:00:00Z", KEY_JSON));
  begin(&w, scripts, 1, PROFILE, &o);
  expect_failure(&w, TCX_ECREDS, "no credentials after 100 ms");
  end(&w);
}

static void test_files(void **state) {
  (void)state;
  static const char none[] = "Error loading login session token: Unable to load a existing login "
                             "session for session me. Please reauthenticate with 'aws login'.";
  static const struct {
    const char *text, *in_why;
  } cases[] = {
      {NULL, none},
      {"", none},
      {"\x01\x02\xff{", none},
      {"[]", none},
      {"{}", "missing required fields: accessToken, refreshToken, dpopKey, clientId."},
      {"{\"accessToken\": [], \"refreshToken\": 1, \"dpopKey\": \"\", \"clientId\": \"c\"}",
       "missing required fields: refreshToken, dpopKey."},
      {"{\"accessToken\": [], \"refreshToken\": \"r\", \"dpopKey\": \"k\", \"clientId\": \"c\"}",
       "has no whole credentials"},
      {KEPT("soon", KEY_JSON), "has no whole credentials"},
      {KEPT("2030-01-01T11:00:00Z", "no key"), "Unable to load private key from cached token."},
      {KEPT("2030-01-01T11:00:00Z",
            "-----BEGIN PRIVATE KEY-----\\r\\nAAAA\\r\\n-----END PRIVATE KEY-----"),
       "Unable to load private key from cached token."},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    static const struct fault_step nothing[] = {DO(END)};
    static const struct fault_step *const scripts[] = {nothing};
    if (cases[i].text != NULL)
      test_folder_put(FILE_OF_ME, cases[i].text);
    begin(&w, scripts, 1, PROFILE, NULL);
    expect_failure(&w, TCX_ECREDS, cases[i].in_why);
    assert_int_equal(w.server.requests, 0);
    end(&w);
  }
}

static void expect_no_session(void) {
  struct whole w;
  static const struct fault_step nothing[] = {DO(END)};
  static const struct fault_step *const scripts[] = {nothing};
  begin(&w, scripts, 1, PROFILE, NULL);
  expect_failure(&w, TCX_ECREDS, "Unable to load a existing login session");
  assert_int_equal(w.server.requests, 0);
  end(&w);
}

/* One that is too large, a folder, and a pipe that nobody writes to. */
static void test_odd_files(void **state) {
  (void)state;
  char path[512], inside[600];
  char *huge = malloc(70001);
  memset(huge, ' ', 70000);
  huge[70000] = '\0';
  test_folder_put(FILE_OF_ME, huge);
  free(huge);
  expect_no_session();
  snprintf(path, sizeof path, "%s/" FILE_OF_ME, test_folder);
  assert_int_equal(remove(path), 0);
  test_folder_put(FILE_OF_ME "/inside", "");
  expect_no_session();
  snprintf(inside, sizeof inside, "%s/inside", path);
  assert_int_equal(remove(inside), 0);
  assert_int_equal(remove(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_no_session();
}

/* The keys of the credentials file come before it, those of the config file after. */
static void test_order(void **state) {
  (void)state;
  struct whole w;
  static const struct fault_step nothing[] = {DO(END)};
  static const struct fault_step *const scripts[] = {nothing};
  char secrets[512];
  test_folder_put(FILE_OF_ME, KEPT("2031-01-01T11:00:00Z", KEY_JSON));
  begin(&w, scripts, 1,
        PROFILE
        "aws_access_key_id = CONFIG\naws_secret_access_key = s\ncredential_process = false\n",
        NULL);
  expect_key(&w, "OLD");
  end(&w);
  test_folder_put("credentials",
                  "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
  snprintf(secrets, sizeof secrets, "%s/credentials", test_folder);
  tcx_session_options_t o = {.credentials_file = secrets};
  begin(&w, scripts, 1, PROFILE, &o);
  expect_key(&w, "FILE");
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_proof), cmocka_unit_test(test_bad_keys), IN_FOLDER(test_renewal),
      IN_FOLDER(test_refusals),     IN_FOLDER(test_stall),           IN_FOLDER(test_files),
      IN_FOLDER(test_odd_files),    IN_FOLDER(test_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
