/* Resume tokens: the texts are botocore 1.44.5's TokenEncoder's, and what is read is what its
 * TokenDecoder and its reading of old tokens make of them. */
#include "base/json.h"
#include "core/paginator.h"
#include "torture.h"
#include "with_arena.h"

static struct tcx_value *parse(const char *json) {
  struct tcx_value *v = NULL;
  assert_int_equal(tcx__json_parse(arena, json, strlen(json), &v, NULL), 0);
  return v;
}

static const char *json_of(const struct tcx_value *v) {
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 16);
  tcx__json_write(&out, v, TCX__JSON_COMPACT);
  return out.data;
}

static void writes(const char *json, int64_t truncated, const char *text) {
  struct tcx_page_token token = {parse(json), truncated};
  struct tcx_fail f = {.arena = arena};
  const char *written = NULL;
  assert_int_equal(tcx__page_token_write(arena, &token, &written, &f), 0);
  assert_string_equal(written, text);
}

static void test_written(void **state) {
  (void)state;
  writes("{\"Marker\": null}", 2, "eyJNYXJrZXIiOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAyfQ==");
  writes("{\"NextToken\": \"a\\\"b\\\\c\xc3\xa9\xf0\x9f\x98\x80\x7f\\n\"}", -1,
         "eyJOZXh0VG9rZW4iOiAiYVwiYlxcY1x1MDBlOVx1ZDgzZFx1ZGUwMFx1MDA3ZlxuIn0=");
  writes("{\"PartNumberMarker\": 7}", -1, "eyJQYXJ0TnVtYmVyTWFya2VyIjogN30=");
}

#define KEYED                                                                                      \
  "eyJFeGNsdXNpdmVTdGFydEtleSI6IHsicGsiOiB7IlMiOiAieCJ9LCAiYiI6IHsiQiI6ICJBUDg9In0sICJsIjogeyJMIj" \
  "ogW3siQiI6ICJlZz09In1dfX0sICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDEsICJib3R"                          \
  "vX2VuY29kZWRfa2V5cyI6IFtbIkV4Y2x1c2l2ZVN0YXJ0S2V5IiwgImIiLCAiQiJdLCBbIkV4Y2x1c2l2ZVN0YXJ0S2V5I" \
  "iwgImwiLCAiTCIsIDAsICJCIl1dfQ=="

/* Bytes travel as base64, and the token says where they are. */
static void test_bytes(void **state) {
  (void)state;
  static const char *const names[] = {"ExclusiveStartKey"};
  const struct tcx_pagination model = {.input_token = names, .n_input_token = 1};
  struct tcx_page_token token = {NULL, 0};
  struct tcx_fail f = {.arena = arena};
  const char *written = NULL;
  assert_int_equal(tcx__page_token_read(arena, tcx__str(KEYED), &model, &token, &f), 0);
  assert_int_equal(token.truncated, 1);
  size_t n = 0;
  assert_memory_equal(tcx_value_bytes(token.tokens, "ExclusiveStartKey.b.B", &n), "\x00\xff", 2);
  assert_int_equal(n, 2);
  assert_int_equal(tcx_value_type(token.tokens, "ExclusiveStartKey.l.L[0].B"), TCX_BLOB);
  assert_int_equal(tcx__value_count(token.tokens), 1);
  assert_int_equal(tcx__page_token_write(arena, &token, &written, &f), 0);
  assert_string_equal(written, KEYED);
  struct tcx_buf shown;
  tcx__buf_init(&shown, arena, 1 << 16);
  tcx__page_token_show(&shown, &token);
  assert_string_equal(shown.data,
                      "{'ExclusiveStartKey': {'pk': {'S': 'x'}, 'b': {'B': b'\\x00\\xff'}, 'l': "
                      "{'L': [{'B': b'z'}]}}, 'boto_truncate_amount': 1}");
}

static void reads(const char *text, unsigned tokens, const char *json, int64_t truncated) {
  static const char *const names[] = {"A", "B", "C"};
  const struct tcx_pagination model = {.input_token = names, .n_input_token = (uint8_t)tokens};
  struct tcx_page_token token = {NULL, -7};
  struct tcx_fail f = {.arena = arena};
  int status = tcx__page_token_read(arena, tcx__str(text), &model, &token, &f);
  if (json == NULL) {
    assert_int_equal(status, TCX_EPAGINATE);
    assert_non_null(strstr(f.text, "Bad starting token: "));
    return;
  }
  assert_int_equal(status, 0);
  assert_string_equal(json_of(token.tokens), json);
  assert_int_equal(token.truncated, truncated);
}

static void test_read(void **state) {
  (void)state;
  reads("eyJBIjogIngifQ==", 1, "{\"A\":\"x\"}", 0);
  reads("eyJBIjogIngiLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAzfQ==", 1, "{\"A\":\"x\"}", 3);
  reads("service-token", 1, "{\"A\":\"service-token\"}", 0);
  reads("service-token", 3, "{\"A\":\"service-token\",\"B\":null,\"C\":null}", 0);
  reads("a___5", 1, "{\"A\":\"a\"}", 5);
  reads("None___5", 1, "{\"A\":null}", 5);
  reads("a___b", 1, "{\"A\":\"a___b\"}", 0);   /* no number: the service's own */
  reads("a____5", 1, "{\"A\":\"a____5\"}", 0); /* "_5" is none either */
  reads("a___b___None___2", 3, "{\"A\":\"a\",\"B\":\"b\",\"C\":null}", 2);
  reads("a___b", 3, "{\"A\":\"a\",\"B\":\"b\",\"C\":null}", 0);
  reads("a___b___c", 1, NULL, 0);
  reads("a___b___c___d___e", 3, NULL, 0);
  reads("", 1, "{\"A\":\"\"}", 0);
  /* base64 of 123, a list, a map whose paths lead nowhere */
  reads("MTIz", 1, "{\"A\":\"MTIz\"}", 0);
  reads("WzFd", 1, "{\"A\":\"WzFd\"}", 0);
  reads("eyJBIjoxLCJib3RvX2VuY29kZWRfa2V5cyI6W1siWCJdXX0=", 1,
        "{\"A\":\"eyJBIjoxLCJib3RvX2VuY29kZWRfa2V5cyI6W1siWCJdXX0=\"}", 0);
}

static void test_shown(void **state) {
  (void)state;
  struct tcx_buf shown;
  tcx__buf_init(&shown, arena, 1 << 16);
  tcx__page_token_show(
      &shown,
      &(struct tcx_page_token){
          parse("{\"A\": null, \"B\": \"it's\", \"C\": [true, 1, 1.5, \"\\n\\u0001\\\\ \\\"'\"]}"),
          -1});
  assert_string_equal(shown.data,
                      "{'A': None, 'B': \"it's\", 'C': [True, 1, 1.5, '\\n\\x01\\\\ \"\\'']}");
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_written), TEST(test_bytes), TEST(test_read),
                                     TEST(test_shown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
