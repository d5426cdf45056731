#include "base/codec.h"
#include "base/error.h"
#include "base/http.h"
#include "support.h"
#include <tucuxi.h>

static struct tcx_buf fresh(void) {
  struct tcx_buf buf;
  tcx__buf_init(&buf, NULL, 1 << 20);
  return buf;
}

static void test_base64(void **state) {
  (void)state;
  static const struct {
    const char *plain, *text;
  } cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe\xfd", "//79"},
      {"\xfb\xef", "++8="},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tcx_buf out = fresh();
    size_t n = strlen(cases[i].plain);
    tcx__base64_encode(&out, cases[i].plain, n);
    assert_string_equal(out.data, cases[i].text);
    assert_int_equal(out.len, tcx__base64_encoded_len(n));
    tcx__buf_free(&out);
    tcx__buf_init(&out, NULL, strlen(cases[i].text));
    assert_int_equal(tcx__base64_decode(&out, cases[i].text, strlen(cases[i].text)), 0);
    assert_string_equal(out.data, cases[i].plain);
    tcx__buf_free(&out);
  }
  static const char *const wrong[] = {"Z", "Zg",   "Zg=",  "Zg===",    "Zm8",  "Zm9v=",   "====",
                                      "=", "Z===", "Zm9-", "Zg==Zg==", "Zg=x", "Zm9v\x80"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct tcx_buf out = fresh();
    tcx__buf_adds(&out, "kept");
    assert_int_equal(tcx__base64_decode(&out, wrong[i], strlen(wrong[i])), UV_EINVAL);
    assert_int_equal(out.len, 4);
    tcx__buf_free(&out);
  }
  struct tcx_buf url = fresh();
  tcx__base64url_encode(&url, "f", 1);
  tcx__base64url_encode(&url, "", 0);
  tcx__base64url_encode(&url, "\xfb\xef\xff\xff", 4);
  assert_string_equal(url.data, "Zg--___w");
  assert_int_equal(url.len, 8);
  tcx__buf_free(&url);
  struct tcx_buf out = fresh();
  assert_int_equal(tcx__base64_decode(&out, " Zm\r\n9v Yg = =\n", 15), 0);
  assert_string_equal(out.data, "foob");
  tcx__buf_free(&out);
}

static void test_hex(void **state) {
  (void)state;
  char text[6];
  unsigned char bytes[3];
  tcx__hex_encode(text, "\x00\xaf\xff", 3);
  assert_memory_equal(text, "00afff", 6);
  assert_int_equal(tcx__hex_decode(bytes, "00aFfF", 6), 0);
  assert_memory_equal(bytes, "\x00\xaf\xff", 3);
  assert_int_equal(tcx__hex_decode(bytes, "00a", 3), UV_EINVAL);
  assert_int_equal(tcx__hex_decode(bytes, "0g", 2), UV_EINVAL);
}

static void test_percent(void **state) {
  (void)state;
  struct tcx_buf out = fresh();
  tcx__uri_encode(&out, "a/b c~-._+\xc3\xa9%", 13, TCX__URI_LABEL);
  assert_string_equal(out.data, "a%2Fb%20c~-._%2B%C3%A9%25");
  tcx__buf_free(&out);
  tcx__uri_encode(&out, "a/b c", 5, TCX__URI_GREEDY);
  assert_string_equal(out.data, "a/b%20c");
  tcx__buf_free(&out);
  tcx__uri_encode(&out, "a/b +c ", 7, TCX__URI_FORM);
  assert_string_equal(out.data, "a%2Fb+%2Bc+");
  tcx__buf_free(&out);
  assert_int_equal(tcx__uri_decode(&out, "a%2fb+%zz%4", 11, false), 0);
  assert_string_equal(out.data, "a/b+%zz%4");
  tcx__buf_free(&out);
  assert_int_equal(tcx__uri_decode(&out, "a+b%2B", 6, true), 0);
  assert_string_equal(out.data, "a b+");
  tcx__buf_free(&out);
  assert_int_equal(tcx__uri_decode(&out, "", 0, true), 0);
  assert_string_equal(out.data, "");
  tcx__buf_free(&out);
}

static void test_urls(void **state) {
  (void)state;
  static const struct {
    const char *text, *host, *path, *query;
    int port;
    bool tls, given, ipv6;
  } good[] = {
      {"https://example.com", "example.com", "", NULL, 443, true, false, false},
      {"HTTP://Example.com:8080/a/b?c=d&e", "Example.com", "/a/b", "c=d&e", 8080, false, true,
       false},
      {"http://127.0.0.1:9000/", "127.0.0.1", "/", NULL, 9000, false, true, false},
      {"https://[::1]:1/x", "::1", "/x", NULL, 1, true, true, true},
      {"http://h?q", "h", "", "q", 80, false, false, false},
      {"http://h:/p?", "h", "/p", "", 80, false, false, false},
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct tcx_url url;
    assert_int_equal(tcx__url_parse(&url, tcx__str(good[i].text), NULL), 0);
    assert_true(tcx__str_is(url.host, good[i].host));
    assert_true(tcx__str_is(url.path, good[i].path));
    assert_int_equal(url.query.p == NULL, good[i].query == NULL);
    assert_true(tcx__str_eq(url.query, tcx__str(good[i].query)));
    assert_int_equal(url.port, good[i].port);
    assert_int_equal(url.tls, good[i].tls);
    assert_int_equal(url.port_given, good[i].given);
    assert_int_equal(url.ipv6, good[i].ipv6);
  }
  static const char *const wrong[] = {"",
                                      "example.com",
                                      "ftp://x",
                                      "https://",
                                      "https:///p",
                                      "http://:80",
                                      "http://u@h",
                                      "http://u:p@h/",
                                      "http://h:x",
                                      "http://h:0",
                                      "http://h:65536",
                                      "http://h:99999999999999999999",
                                      "http://h o",
                                      "http://h/\r\n",
                                      "http://h\x7f",
                                      "http://[::1",
                                      "http://[x]",
                                      "http://[::1]x",
                                      "http://[1.2.3.4]",
                                      "http://a_b/#f",
                                      "http://h%41/",
                                      "http://h\\x",
                                      "http://\xc3\xa9/"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct tcx_url url;
    const char *why = NULL;
    assert_int_equal(tcx__url_parse(&url, tcx__str(wrong[i]), &why), UV_EINVAL);
    assert_non_null(why);
  }
  struct tcx_url url;
  assert_int_equal(tcx__url_parse(&url, (struct tcx_str){"http://h\0x", 10}, NULL), UV_EINVAL);
}

static void test_addresses(void **state) {
  (void)state;
  static const char *const yes[] = {
      "1.2.3.4",        "255.255.255.255",     "::", "::1", "fe80::1:2",
      "::ffff:1.2.3.4", "2001:db8:0:0:0:0:0:1"};
  static const char *const no[] = {
      "",      "1.2.3", "1.2.3.256", "01.2.3.4",     "1.2.3.4.", "host",
      "[::1]", ":::",   "1::2::3",   "fe80::1%eth0", "12345::"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(tcx__is_ip(tcx__str(yes[i])));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(tcx__is_ip(tcx__str(no[i])));
  assert_false(tcx__is_ip((struct tcx_str){"1.2.3.4\0", 8}));
}

static void test_trim(void **state) {
  (void)state;
  struct tcx_str s = tcx__str_trim(TCX__STR("\t \x1c\na b\r\v\f\x1f "));
  assert_true(tcx__str_is(s, "a b"));
  assert_int_equal(tcx__str_trim(TCX__STR(" \n ")).n, 0);
  assert_int_equal(tcx__str_trim((struct tcx_str){NULL, 0}).n, 0);
  assert_true(tcx__str_is(tcx__str_trim(TCX__STR("\xc2\xa0")), "\xc2\xa0"));
}

static void test_joined_headers(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_headers h;
  struct tcx_str text;
  tcx__headers_init(&h, arena);
  static const char *const given[][2] = {{"A", ""}, {"B", "alone"}, {"a", "x"}, {"A", "y, z"}};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(tcx__headers_add(&h, tcx__str(given[i][0]), tcx__str(given[i][1])), 0);
  assert_int_equal(tcx__headers_join(&h, &h.list[0], arena, &text), 0);
  assert_string_equal(text.p, ", x, y, z");
  assert_int_equal(text.n, 9);
  assert_int_equal(tcx__headers_join(&h, &h.list[1], arena, &text), 0);
  assert_ptr_equal(text.p, given[1][1]);
  assert_int_equal(tcx__headers_join(&h, &h.list[3], arena, &text), 0);
  assert_ptr_equal(text.p, given[3][1]);
  tcx__arena_free(arena);
}

static void test_headers(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_headers h;
  tcx__headers_init(&h, arena);
  for (int i = 0; i < 100; i++)
    assert_int_equal(tcx__headers_add(&h, TCX__STR("X-Many"), TCX__STR("v")), 0);
  assert_int_equal(tcx__headers_add(&h, TCX__STR("Date"), TCX__STR("now")), 0);
  assert_int_equal(tcx__headers_set(&h, TCX__STR("x-MANY"), TCX__STR("one")), 0);
  assert_int_equal(h.count, 2);
  assert_true(tcx__str_is(h.list[0].value, "one"));
  assert_true(tcx__str_is(tcx__headers_get(&h, "date")->value, "now"));
  assert_null(tcx__headers_get(&h, "none"));
  assert_int_equal(tcx__headers_set(&h, TCX__STR("New"), TCX__STR("")), 0);
  assert_int_equal(h.count, 3);
  assert_true(tcx__headers_remove(&h, "DATE"));
  assert_false(tcx__headers_remove(&h, "DATE"));
  assert_int_equal(h.count, 2);
  assert_int_equal(tcx__headers_add(&h, TCX__STR("a"), TCX__STR("x\ry")), TCX_EPARAM);
  assert_int_equal(tcx__headers_add(&h, TCX__STR("a"), TCX__STR("x\ny")), TCX_EPARAM);
  assert_int_equal(tcx__headers_set(&h, TCX__STR("a"), TCX__STR("x\0y")), TCX_EPARAM);
  assert_int_equal(tcx__headers_add(&h, TCX__STR(""), TCX__STR("x")), TCX_EPARAM);
  for (int c = 0; c < 256; c++) {
    char name[1] = {(char)c};
    bool token = c > 32 && c < 127 && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
    assert_int_equal(tcx__headers_add(&h, (struct tcx_str){name, 1}, TCX__STR("x")),
                     token ? 0 : TCX_EPARAM);
  }
  tcx__arena_free(arena);
}

static void test_statuses(void **state) {
  (void)state;
  assert_int_equal(tcx_version(), TCX_VERSION_HEX);
  assert_string_equal(tcx_err_name(TCX_ECREDS), "TCX_ECREDS");
  assert_string_equal(tcx_strerror(TCX_EWAITER), "waiter reached a failure state or gave up");
  assert_string_equal(tcx_err_name(UV_ECONNRESET), "ECONNRESET");
  assert_string_equal(tcx_strerror(UV_ECONNRESET), "connection reset by peer");
  assert_string_equal(tcx_err_name(TCX_ECANCELED), "ECANCELED");
  assert_string_equal(tcx_strerror(0), "success");
  assert_string_equal(tcx_err_name(-999999), "UNKNOWN");
  assert_string_equal(tcx_strerror(-999999), "unknown status");
}

static void test_phases(void **state) {
  (void)state;
  assert_string_equal(tcx_phase_name(TCX_PHASE_NONE), "none");
  for (tcx_phase_t phase = TCX_PHASE_NONE; phase < TCX_PHASE_BACKOFF; phase++)
    assert_string_not_equal(tcx_phase_name(phase), tcx_phase_name(phase + 1));
  assert_string_equal(tcx_phase_name(TCX_PHASE_BACKOFF), "backoff");
  assert_string_equal(tcx_phase_name((tcx_phase_t)(TCX_PHASE_BACKOFF + 1)), "unknown");
  assert_string_equal(tcx_phase_name((tcx_phase_t)-1), "unknown");
}

static void test_failures(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  assert_int_equal(tcx__fail(&f, TCX_EPARAM, "bad %s", "x"), TCX_EPARAM);
  assert_int_equal(tcx__fail(&f, TCX_ECREDS, "later"), TCX_ECREDS);
  assert_int_equal(f.status, TCX_EPARAM);
  assert_string_equal(f.text, "bad x");
  assert_int_equal(tcx__fail(NULL, TCX_EPARAM, "x"), TCX_EPARAM);
  struct tcx_fail bare = {.arena = NULL};
  tcx__fail(&bare, TCX_EPARAM, "x");
  assert_string_equal(bare.text, tcx_strerror(TCX_EPARAM));
  tcx__arena_free(arena);
}

static const char *name_at(const void *ctx, unsigned i) { return ((const char *const *)ctx)[i]; }

static void test_near_names(void **state) {
  (void)state;
  static const char *const names[] = {"list_objects",    "get_object",  "put_object",
                                      "list_objects_v2", "get_objects", "get_obejct_acl",
                                      "delete_object"};
  struct tcx_arena *arena = tcx__arena_new();
  assert_string_equal(tcx__near_names(arena, "get_objcet", name_at, names, 7),
                      ", did you mean get_object, get_objects, put_object?");
  assert_string_equal(tcx__near_names(arena, "LIST_OBJECTS", name_at, names, 7),
                      ", did you mean list_objects, list_objects_v2, get_objects?");
  assert_string_equal(tcx__near_names(arena, "create_bucket", name_at, names, 7), "");
  assert_string_equal(tcx__near_names(arena, "", name_at, names, 7), "");
  assert_string_equal(tcx__near_names(arena, "x", name_at, names, 0), "");
  tcx__arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base64),         cmocka_unit_test(test_hex),
      cmocka_unit_test(test_percent),        cmocka_unit_test(test_urls),
      cmocka_unit_test(test_addresses),      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_joined_headers), cmocka_unit_test(test_trim),
      cmocka_unit_test(test_statuses),       cmocka_unit_test(test_phases),
      cmocka_unit_test(test_failures),       cmocka_unit_test(test_near_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
