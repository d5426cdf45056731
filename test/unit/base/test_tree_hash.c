/* Tree hashes against botocore's calculate_tree_hash (1.44.5), whole and in pieces. */
#include "base/codec.h"
#include "base/tree_hash.h"
#include "support.h"

static const struct {
  size_t size;
  const char *hash;
} vectors[] = {
    {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {1048575, "3a23ffca247a53008aa6d9d0d60eaccbfc5291aa036e2bc90da4e09c71b8c877"},
    {1048576, "9a058339229372b03c3b56553873e3681bb2ec068f7b9f08d7d6c9dd93157cbd"},
    {1048577, "a4235dfa4360f6e3b753eec847fc49fdecce6fc70578489918ec372718924df6"},
    {2097152, "acc47ea8aea61d894f1c028af7c8427e70b55fbd69e840f888385dcc2b329b16"},
    {3145728, "dfde7823ff04f5a111c01e2c8c07de00459ae860bf0b2f0d28a28a3f3f129068"},
    {5242897, "d8b4feda0e3b3719656fda00708b6e705cea5129652ada0e917fc20a175ff854"},
    {7340032, "850d5a79c06d697c724cbc8002da7c2e965f9945f2e9efa1eafa8ade1def0488"},
    {8388605, "ff054e524df58575765a60bb32eb5c7a9dbf4103293865199f4bd0092674a202"},
};
#define LARGEST 8388605

static int make(void **state) {
  unsigned char *data = malloc(LARGEST);
  for (size_t i = 0; data != NULL && i < LARGEST; i++)
    data[i] = (unsigned char)(i ^ (i >> 8) ^ (i >> 16));
  *state = data;
  return data == NULL;
}
static int drop(void **state) {
  free(*state);
  return 0;
}

static void check(const unsigned char *data, size_t size, size_t piece, const char *expected) {
  struct tcx_tree_hash t;
  unsigned char digest[32];
  char hex[65] = "";
  tcx__tree_hash_init(&t);
  for (size_t at = 0; at < size; at += piece)
    tcx__tree_hash_update(&t, data + at, size - at < piece ? size - at : piece);
  for (int again = 0; again < 2; again++) { /* the end changes nothing */
    tcx__tree_hash_final(&t, digest);
    tcx__hex_encode(hex, digest, sizeof digest);
    assert_string_equal(hex, expected);
  }
}

static void test_vectors(void **state) {
  static const size_t pieces[] = {LARGEST + 1, 262144, 1048576, 700001};
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++)
      check(*state, vectors[i].size, pieces[k], vectors[i].hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
  return cmocka_run_group_tests(tests, make, drop);
}
