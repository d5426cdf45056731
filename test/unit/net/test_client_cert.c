/* The certificate that a client shows: every form of its key, against a server that asks for it,
 * and files that cannot be used. */
#include "base/mem.h"
#include "net/tls_client_cert.h"
#include "net/trust_anchors.h"
#include "probe.h"

#define DATA(name) "unit/net/tls/" name
#define HELLO      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct fault_step hello[] = {DO(REQUEST), SEND(HELLO), DO(AGAIN)};
static const struct fault_step *const hellos[] = {hello};

static struct tcx_trust *authority; /* ca.pem */

static const char *path_of(char out[4096], const char *name) {
  snprintf(out, 4096, "%s/unit/net/tls/%s", TCX_TEST_DIR, name);
  return out;
}

/* One request that shows cert and key (NULL: none). */
static struct probe get(const char *cert, const char *key, bool asks) {
  struct world w;
  struct fault_server server;
  char ca[4096], cert_path[4096], key_path[4096];
  struct tcx_net_options net = {0};
  struct tcx_pool_options pool = {.max_connections = 4,
                                  .connect_timeout_ms = 5000,
                                  .idle_ms = 10000,
                                  .tls = {.ca_bundle = path_of(ca, "ca.pem")}};
  pool.tls.client_cert = cert != NULL ? path_of(cert_path, cert) : NULL;
  pool.tls.client_key = key != NULL ? path_of(key_path, key) : NULL;
  world_open_with(&w, &net, &pool);
  struct fault_tls *tls = fault_tls_new(DATA("good.pem"), DATA("server.key"));
  if (asks)
    fault_tls_ask_client(tls, authority->anchors, authority->count);
  fault_server_start(&server, &w.loop, hellos, 1, tls);
  struct probe p = {0}, out;
  probe_start(&p, &w, "localhost", server.port, true);
  probe_wait(&p);
  out = p;
  if (p.status == 0)
    assert_string_equal(p.data, "hello");
  probe_free(&p);
  world_close(&w, &server);
  fault_tls_free(tls);
  return out;
}

static void test_shown(void **state) {
  (void)state;
  static const struct {
    const char *cert, *key;
  } pairs[] = {{"client.pem", "client.key"},
               {"client.pem", "client-sec1.key"},
               {"client-both.pem", NULL},
               {"client-rsa.pem", "client-rsa.key"},
               {"client-rsa.pem", "client-pkcs1.key"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    for (int asks = 0; asks < 2; asks++) {
      struct probe p = get(pairs[i].cert, pairs[i].key, asks == 1);
      if (p.status != 0)
        fail_msg("%s, asked %d: %d %s", pairs[i].cert, asks, p.status, p.why);
    }
}

/* Without one, and with one by nobody that the server knows, the server refuses: by an alert,
 * unless its reset is here first. */
static void test_not_accepted(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct probe p = get(i == 0 ? NULL : "self.pem", i == 0 ? NULL : "server.key", true);
    assert_true(p.status == TCX_ETLS || p.status == UV_ECONNRESET || p.status == UV_EPIPE);
    assert_int_equal(p.phase, TCX_PHASE_TLS);
  }
}

static void test_files(void **state) {
  (void)state;
  static const struct {
    const char *cert, *key, *named, *why;
  } cases[] = {
      {"absent.pem", "client.key", "absent.pem", "no such file"},
      {"client.pem", "absent.key", "absent.key", "no such file"},
      {"", "client.key", "tls/", "holds no certificate"},
      {"client.key", NULL, "client.key", "it holds no certificate"},
      {"client.pem", NULL, "client.pem", "it holds no private key"},
      {"client.pem", "client.pem", "client.pem", "it holds no private key"},
      {"client.pem", "client-encrypted.key", "client-encrypted.key", "its key is encrypted"},
      {"client.pem", "client-encrypted-pkcs1.key", "client-encrypted-pkcs1.key",
       "its key is encrypted"},
      {"client.pem", "server.key", "client.pem", "the key does not belong to it"},
      {"client.pem", "client-rsa.key", "client.pem", "the key does not belong to it"},
      {"client-rsa.pem", "rsa.key", "client-rsa.pem", "the key does not belong to it"},
      {"client-rsa.pem", "client.key", "client-rsa.pem", "the key does not belong to it"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct probe p = get(cases[i].cert, cases[i].key, true);
    if (i == 2) { /* a folder: what reading it gives is the system's affair */
      assert_int_equal(p.status, TCX_ECONFIG);
      continue;
    }
    if (p.status != TCX_ECONFIG || p.phase != TCX_PHASE_TLS ||
        strstr(p.why, cases[i].named) == NULL || strstr(p.why, cases[i].why) == NULL)
      fail_msg("%s, %s: %d %s", cases[i].cert, cases[i].key != NULL ? cases[i].key : "", p.status,
               p.why);
  }
}

static void test_texts(void **state) {
  (void)state;
  /* clang-format off */
  static const struct { const char *cert, *key, *why; bool in_key; } cases[] = {
      {"", "", "it holds no certificate", false},
      {"-----BEGIN CERTIFICATE-----", "", "it holds no certificate", false},
      {"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "", "a certificate in it is not base64, or too long", false},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\nAAAA", "it holds no private key", true},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----", "its key is not base64, or too long", true},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----", "its key is neither RSA nor EC, or malformed", true},
      {"-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----", "-----BEGIN EC PRIVATE KEY-----\n\n-----END EC PRIVATE KEY-----", "its key is neither RSA nor EC, or malformed", true},
  };
  /* clang-format on */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int status = 0;
    bool in_key = false;
    const char *why = NULL;
    assert_null(tcx__client_cert_read(tcx__str(cases[i].cert), tcx__str(cases[i].key), &status,
                                      &why, &in_key));
    assert_int_equal(status, TCX_ECONFIG);
    assert_string_equal(why, cases[i].why);
    assert_int_equal(in_key, cases[i].in_key);
  }
  static char beginnings[TCX__CLIENT_CERT_FILE_MAX]; /* each without an end: read in linear time */
  for (size_t i = 0; i + 17 <= sizeof beginnings; i += 17)
    memcpy(beginnings + i, "-----BEGIN A-----", 17);
  int failed = 0;
  bool key_failed = false;
  const char *text = NULL;
  assert_null(tcx__client_cert_read((struct tcx_str){beginnings, sizeof beginnings}, tcx__str(""),
                                    &failed, &text, &key_failed));
  assert_string_equal(text, "it holds no certificate");
  size_t n, key_n;
  char *cert = test_read_file(DATA("client.pem"), &n),
       *key = test_read_file(DATA("client.key"), &key_n);
  char *many = malloc(n * 17);
  assert_non_null(many);
  for (size_t i = 0; i < 17; i++)
    memcpy(many + i * n, cert, n);
  for (size_t count = 16; count <= 17; count++) {
    int status = 0;
    bool in_key = false;
    const char *why = NULL;
    struct tcx_client_cert *c = tcx__client_cert_read(
        (struct tcx_str){many, n * count}, (struct tcx_str){key, key_n}, &status, &why, &in_key);
    assert_int_equal(c != NULL, count == 16);
    if (c == NULL)
      assert_string_equal(why, "it holds more than 16 certificates");
    tcx__client_cert_free(c);
  }
  free(many);
  free(key);
  free(cert);
}

static int begin(void **state) {
  (void)state;
  size_t n;
  char *text = test_read_file(DATA("ca.pem"), &n);
  authority = tcx__calloc(1, sizeof *authority + 1);
  int err = authority == NULL ? -1 : tcx__trust_add(authority, (struct tcx_str){text, n});
  free(text);
  return err;
}

static int end(void **state) {
  (void)state;
  tcx__trust_free(authority);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shown),
                                     cmocka_unit_test(test_not_accepted),
                                     cmocka_unit_test(test_files), cmocka_unit_test(test_texts)};
  return cmocka_run_group_tests(tests, begin, end);
}
