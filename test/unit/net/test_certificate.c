/* The readers of certificates: trust anchors against BearSSL's own decoder, and names. */
#include "base/mem.h"
#include "net/san.h"
#include "net/trust_anchors.h"
#include "support.h"

/* ---- anchors, as BearSSL decodes them ---- */

struct bytes {
  unsigned char p[65536];
  size_t n;
};

static void take(void *ctx, const void *p, size_t n) {
  struct bytes *b = ctx;
  assert_true(b->n + n <= sizeof b->p);
  memcpy(b->p + b->n, p, n);
  b->n += n;
}

static void same_number(const unsigned char *a, size_t an, const unsigned char *b, size_t bn) {
  assert_int_equal(an, bn);
  assert_memory_equal(a, b, an);
}

/* True when BearSSL makes an anchor of it; then it must be ours. */
static bool check_anchor(const struct bytes *der, const br_x509_trust_anchor *ours) {
  static struct bytes dn;
  br_x509_decoder_context decoder;
  dn.n = 0;
  br_x509_decoder_init(&decoder, take, &dn);
  br_x509_decoder_push(&decoder, der->p, der->n);
  const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
  if (key == NULL)
    return false;
  assert_non_null(ours);
  assert_int_equal(dn.n, ours->dn.len);
  assert_memory_equal(dn.p, ours->dn.data, dn.n);
  assert_int_equal(key->key_type, ours->pkey.key_type);
  assert_int_equal(ours->flags, br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0);
  if (key->key_type == BR_KEYTYPE_RSA) {
    same_number(key->key.rsa.n, key->key.rsa.nlen, ours->pkey.key.rsa.n, ours->pkey.key.rsa.nlen);
    same_number(key->key.rsa.e, key->key.rsa.elen, ours->pkey.key.rsa.e, ours->pkey.key.rsa.elen);
  } else {
    assert_int_equal(key->key.ec.curve, ours->pkey.key.ec.curve);
    same_number(key->key.ec.q, key->key.ec.qlen, ours->pkey.key.ec.q, ours->pkey.key.ec.qlen);
  }
  return true;
}

static size_t check_bundle(const char *text, size_t n) {
  struct tcx_trust *trust = tcx__calloc(1, sizeof *trust + 1);
  assert_int_equal(tcx__trust_add(trust, (struct tcx_str){text, n}), 0);
  static struct bytes der;
  br_pem_decoder_context pem;
  br_pem_decoder_init(&pem);
  size_t count = 0;
  while (n > 0) {
    size_t used = br_pem_decoder_push(&pem, text, n);
    text += used;
    n -= used;
    int event = br_pem_decoder_event(&pem);
    if (event == BR_PEM_BEGIN_OBJ) {
      der.n = 0;
      br_pem_decoder_setdest(&pem, take, &der);
    } else if (event == BR_PEM_END_OBJ) {
      count += check_anchor(&der, count < trust->count ? &trust->anchors[count] : NULL);
    }
  }
  assert_int_equal(count, trust->count);
  tcx__trust_free(trust);
  return count;
}

static void test_system_bundle(void **state) {
  (void)state;
  FILE *file = fopen("/etc/ssl/certs/ca-certificates.crt", "rb");
  if (file == NULL) {
    print_message("no system bundle here\n");
    skip();
  }
  fclose(file);
  size_t n;
  char *text = test_read_file("/etc/ssl/certs/ca-certificates.crt", &n);
  assert_true(check_bundle(text, n) > 50);
  free(text);
}

static void test_own_certificates(void **state) {
  (void)state;
  static const char *const names[] = {"ca", "good", "rsa", "self", "nosan"};
  for (int i = 0; i < 5; i++) {
    char path[64];
    size_t n;
    snprintf(path, sizeof path, "unit/net/tls/%s.pem", names[i]);
    char *text = test_read_file(path, &n);
    assert_int_equal(check_bundle(text, n), 1);
    free(text);
  }
}

static void test_bad_bundles(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
      "nothing at all"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct tcx_trust *trust = tcx__calloc(1, sizeof *trust + 1);
    assert_int_equal(tcx__trust_add(trust, tcx__str(texts[i])), TCX_ECONFIG);
    tcx__trust_free(trust);
  }
  /* One that cannot be read does not spoil the others. */
  size_t n;
  char *good = test_read_file("unit/net/tls/ca.pem", &n), *both = malloc(n + 200);
  snprintf(both, n + 200, "# a comment\n%s%s", texts[4], good);
  struct tcx_trust *trust = tcx__calloc(1, sizeof *trust + 1);
  assert_int_equal(tcx__trust_add(trust, tcx__str(both)), 0);
  assert_int_equal(trust->count, 1);
  tcx__trust_free(trust);
  free(good);
  free(both);
}

/* ---- the server's own certificate ---- */

static size_t read_der(const char *name, unsigned char *der, size_t cap) {
  char path[64];
  size_t n;
  snprintf(path, sizeof path, "unit/net/tls/%s.pem", name);
  char *text = test_read_file(path, &n), *p = text;
  static struct bytes out;
  br_pem_decoder_context pem;
  br_pem_decoder_init(&pem);
  out.n = 0;
  while (n > 0) {
    size_t used = br_pem_decoder_push(&pem, p, n);
    p += used;
    n -= used;
    if (br_pem_decoder_event(&pem) == BR_PEM_BEGIN_OBJ)
      br_pem_decoder_setdest(&pem, take, &out);
  }
  assert_true(out.n > 0 && out.n <= cap);
  memcpy(der, out.p, out.n);
  free(text);
  return out.n;
}

static void test_leaf(void **state) {
  (void)state;
  static const unsigned char v4[4] = {127, 0, 0, 1}, other[4] = {127, 0, 0, 2}, v6[16] = {[15] = 1};
  unsigned char der[4096];
  struct tcx_leaf leaf;
  size_t n = read_der("good", der, sizeof der);
  assert_true(tcx__leaf_read(der, n, v4, 4, &leaf));
  assert_true(leaf.has_san && leaf.ip_matches && leaf.has_times && !leaf.self_signed);
  assert_string_equal(
      leaf.names,
      "localhost, tcx.test, *.wild.test, 127.0.0.1, 0000:0000:0000:0000:0000:0000:0000:0001");
  assert_int_equal(leaf.not_before, 1577836800);
  assert_int_equal(leaf.not_after, 4102444799);
  assert_true(tcx__leaf_read(der, n, v6, 16, &leaf) && leaf.ip_matches);
  assert_true(tcx__leaf_read(der, n, other, 4, &leaf) && !leaf.ip_matches);
  assert_true(tcx__leaf_read(der, n, NULL, 0, &leaf) && !leaf.ip_matches);
  for (size_t cut = 0; cut < n; cut++) {
    unsigned char *part = malloc(cut + 1);
    memcpy(part, der, cut);
    assert_false(tcx__leaf_read(part, cut, v4, 4, &leaf));
    free(part);
  }
  n = read_der("nosan", der, sizeof der);
  assert_true(tcx__leaf_read(der, n, v4, 4, &leaf) && !leaf.has_san);
  n = read_der("self", der, sizeof der);
  assert_true(tcx__leaf_read(der, n, v4, 4, &leaf) && leaf.self_signed);
  n = read_der("wronghost", der, sizeof der);
  assert_true(tcx__leaf_read(der, n, v4, 4, &leaf) && leaf.has_san && !leaf.ip_matches);
  assert_string_equal(leaf.names, "other.example, more.example, 10.1.2.3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_system_bundle),
      cmocka_unit_test(test_own_certificates),
      cmocka_unit_test(test_bad_bundles),
      cmocka_unit_test(test_leaf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
