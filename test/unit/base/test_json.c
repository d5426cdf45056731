#include "base/json.h"
#include "base/json_push.h"
#include "base/number.h"
#include "base/utf8.h"
#include "support.h"
#include <locale.h>
#include <math.h>
#include <tucuxi.h>

/* What Python's json.dumps writes. */
static const struct {
  double d;
  const char *text;
} doubles[] = {
    {0x1.0000000000000p+0, "1.0"},
    {0x1.999999999999ap-4, "0.1"},
    {0x1.c6bf526340000p+49, "1000000000000000.0"},
    {0x1.1c37937e08000p+53, "1e+16"},
    {0x1.6345785d8a000p+56, "1e+17"},
    {0x1.b69b4ba630f35p+56, "1.2345678901234568e+17"},
    {0x1.a36e2eb1c432dp-14, "0.0001"},
    {0x1.4f8b588e368f1p-17, "1e-05"},
    {0x0.0000000000001p-1022, "5e-324"},
    {0x1.0000000000000p-1022, "2.2250738585072014e-308"},
    {0x1.fffffffffffffp+1023, "1.7976931348623157e+308"},
    {-0x0.0p+0, "-0.0"},
    {0x1.3333333333334p-2, "0.30000000000000004"},
    {0x1.0000000000000p+53, "9007199254740992.0"},
    {0x1.0f0cf064dd592p+73, "1e+22"},
    {0x1.52d02c7e14af6p+76, "1e+23"},
    {0x1.1666666666666p+2, "4.35"},
    {0x1.9000000000000p+6, "100.0"},
    {0x1.1eb2d66005835p+997, "1.5e+300"},
    {0x1.81cd6c8b43958p+13, "12345.678"},
    {-0x1.ad7f29abcaf48p-24, "-1e-07"},
    {-0x1.74de452e6b438p+811, "-1.989032661366619e+244"},
    {0x1.3270e269e0d37p+594, "7.761117632285041e+178"},
    {0x1.c7fd0a6a3a450p-826, "3.980498358697587e-249"},
    {-0x1.f0824128b2f33p+292, "-1.5432835417340557e+88"},
    {0x1.8e811892f902bp-638, "1.3647584518757569e-192"},
    {-0x1.1985d5d9dc9f8p-684, "-1.3701135617873088e-206"},
    {-0x1.25d940ed90475p+655, "-1.7160537630466207e+197"},
    {0x1.675cc81e74ef5p-144, "6.294675241195386e-44"},
    {0x1.0a35a099950d8p-671, "1.0613447212142254e-202"},
    {0x1.d549b6f03675ap+689, "4.708325160387546e+207"},
    {0x1.c172411e20b8fp-38, "6.387016158513563e-12"},
    {-0x1.16ece1738f7d9p-814, "-9.973130378568733e-246"},
    {0x1.1ddb66cad4a26p-781, "8.779753225680271e-236"},
    {-0x1.192cfd3ac94afp-755, "-5.795503248498993e-228"},
    {-0x1.c105d1fb17c23p+809, "-5.988180159386011e+243"},
    {-0x1.0b33839263059p-488, "-1.306052388527796e-147"},
    {-0x1.f48f1a09f76b5p-684, "-2.436117699484841e-206"},
    {0x1.630f1f29d0da9p-770, "2.233386999150174e-232"},
    {-0x1.60af593bd04cfp-673, "-3.51527970626667e-203"},
    {0x1.1e29c658cda14p-820, "1.5987381841032883e-247"},
    {0x1.8d190f9ebdaccp-118, "4.6678633181812096e-36"},
    {-0x1.1973e0becd7b0p-791, "-8.441872792105456e-239"},
    {0x1.7beaddbc496cbp-478, "1.9015657400796622e-144"},
    {0x1.cb2424a23d596p+693, "7.370437700706684e+208"},
    {-0x1.a63ec24ede6a4p-857, "-1.7163996725272777e-258"},
    {-0x1.766581e27a1c0p-733, "-3.2367190832119987e-221"},
    {-0x1.d05584ef8aa38p-777, "-2.2818334634712625e-234"},
    {-0x1.7ba94d0eda82fp-278, "-3.0536383926309363e-84"},
    {0x1.1dbe22e44158bp-601, "1.3449551894627777e-181"},
    {-0x1.a736994e3bf91p-732, "-7.317495976062606e-221"},
    {0x1.850c5a38fd547p-254, "5.249822308814304e-77"},
    {0x1.135d25f557203p-624, "1.5450754142984396e-188"},
    {-0x1.ce4228c38fb29p-155, "-3.953625698224792e-47"},
    {-0x1.a70c31012f037p-760, "-2.72491267476498e-229"},
    {-0x1.769b10f4205b4p-536, "-6.505141861548772e-162"},
    {0x1.5052434b9b5dfp+1010, "1.441484839555994e+304"},
    {-0x1.ed162ae2eb154p-894, "-1.4583679262758548e-269"},
    {-0x1.877186d76b07ep+112, "-7.939416668807721e+33"},
    {0x1.1af10506bf2efp+884, "1.4255183989699612e+266"},
};

static void check_doubles(void) {
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
    char text[TCX__NUMBER_TEXT + 1];
    size_t n = tcx__number_write(text, doubles[i].d);
    text[n] = '\0';
    assert_string_equal(text, doubles[i].text);
    int64_t whole;
    double d = 0;
    assert_int_equal(tcx__number_read((struct tcx_str){text, n}, &whole, &d), TCX_DOUBLE);
    assert_memory_equal(&d, &doubles[i].d, sizeof d);
  }
}

static void test_doubles(void **state) {
  (void)state;
  check_doubles();
  if (setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL) /* a comma is its decimal point */
    check_doubles();
  setlocale(LC_NUMERIC, "C");
}

static void test_kinds_of_numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    tcx_type_t type;
  } cases[] = {
      {"0", TCX_INT},
      {"-0", TCX_INT},
      {"9223372036854775807", TCX_INT},
      {"-9223372036854775808", TCX_INT},
      {"9223372036854775808", TCX_BIGNUM},
      {"-9223372036854775809", TCX_BIGNUM},
      {"1e5", TCX_DOUBLE},
      {"1.0", TCX_DOUBLE},
      {"0.0", TCX_DOUBLE},
      {"0e999", TCX_DOUBLE},
      {"0.1", TCX_DOUBLE},
      {"0.10000000000000001", TCX_DOUBLE},
      {"0.1000000000000000055511151231257827", TCX_BIGNUM},
      {"0.12345678901234567", TCX_BIGNUM},
      {"0.12345678901234568", TCX_DOUBLE},
      {"1.2345678901234567891", TCX_BIGNUM},
      {"3.00000000000000000000000000000", TCX_DOUBLE},
      {"1e400", TCX_BIGNUM},
      {"-1e400", TCX_BIGNUM},
      {"1e-400", TCX_BIGNUM},
      {"5e-324", TCX_DOUBLE},
      {"1e308", TCX_DOUBLE},
      {"9007199254740993.0", TCX_BIGNUM},
      {"9007199254740992.0", TCX_DOUBLE},
      {"123456789012345678.5", TCX_BIGNUM},
      {"0.000000000000000000000000001e27", TCX_DOUBLE},
      {"1e99999999999999999999", TCX_BIGNUM},
      {"1E+2", TCX_DOUBLE},
      {"100000000000000000000000.0", TCX_DOUBLE},
      {"3e-324", TCX_BIGNUM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t whole;
    double d;
    if (tcx__number_read(tcx__str(cases[i].text), &whole, &d) != cases[i].type)
      fail_msg("%s", cases[i].text);
    assert_int_equal(tcx__number_scan(cases[i].text, cases[i].text + strlen(cases[i].text)),
                     strlen(cases[i].text));
  }
  static const struct {
    const char *text;
    size_t n;
  } scans[] = {{"", 0},   {"-", 0},   {"01", 1},    {"1.", 1}, {"1.5.2", 3},
               {"1e", 1}, {"1e+", 1}, {"2E-3x", 4}, {".5", 0}, {"+1", 0}};
  for (size_t i = 0; i < sizeof scans / sizeof *scans; i++)
    assert_int_equal(tcx__number_scan(scans[i].text, scans[i].text + strlen(scans[i].text)),
                     scans[i].n);
}

static void write_is(const char *json, int style, const char *wanted) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *v = NULL;
  assert_int_equal(tcx__json_parse(arena, json, strlen(json), &v, NULL), 0);
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 20);
  tcx__json_write(&out, v, style);
  assert_string_equal(out.data, wanted);
  tcx__arena_free(arena);
}

static void test_styles(void **state) {
  (void)state;
  const char *text =
      " { \"a\" : [ 1 , { } , [ ] , { \"b\" : null , \"c\" : false } ] , \"d\" : 1.0 } ";
  write_is(text, TCX__JSON_COMPACT, "{\"a\":[1,{},[],{\"b\":null,\"c\":false}],\"d\":1.0}");
  write_is(text, TCX__JSON_SPACED, "{\"a\": [1, {}, [], {\"b\": null, \"c\": false}], \"d\": 1.0}");
  write_is(text, TCX__JSON_PRETTY,
           "{\n    \"a\": [\n        1,\n        {},\n        [],\n        {\n            \"b\": "
           "null,\n            \"c\": false\n        }\n    ],\n    \"d\": 1.0\n}");
}

/* As Python's json.dumps writes it. */
static void test_ascii(void **state) {
  (void)state;
  write_is("{\"\\u00e9\":[\"\\ud83d\\udc0b\",\"a\\\"\\\\\\n\\u0001\\u007f~ \"],\"n\":1.5}",
           TCX__JSON_ASCII,
           "{\"\\u00e9\": [\"\\ud83d\\udc0b\", \"a\\\"\\\\\\n\\u0001\\u007f~ \"], \"n\": 1.5}");
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 100);
  tcx__json_write_ascii(&out, "a\xff\xe4\xbd\xa0", 5);
  assert_string_equal(out.data, "\"a\\ufffd\\u4f60\"");
  tcx__buf_free(&out);
}

static void test_strings(void **state) {
  (void)state;
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 1000);
  tcx__json_write_str(&out, "\"\\/\b\f\n\r\t\0\x1f\x7f \xc3\xa9\xf0\x9f\x98\x80", 18);
  assert_string_equal(out.data,
                      "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f \xc3\xa9\xf0\x9f\x98\x80\"");
  tcx__buf_free(&out);
  tcx__json_write_str(&out,
                      "a\xff"
                      "b\xc3",
                      4);
  assert_string_equal(out.data, "\"a\xef\xbf\xbd"
                                "b\xef\xbf\xbd\"");
  tcx__buf_free(&out);
  tcx__json_write(&out, &(struct tcx_value){.type = TCX_DOUBLE, .u.number = NAN}, 0);
  tcx__json_write(&out, &(struct tcx_value){.type = TCX_DOUBLE, .u.number = INFINITY}, 0);
  tcx__json_write(&out, &(struct tcx_value){.type = TCX_DOUBLE, .u.number = -INFINITY}, 0);
  assert_string_equal(out.data, "\"NaN\"\"Infinity\"\"-Infinity\"");
  tcx__buf_free(&out);
}

static void test_twins(void **state) {
  (void)state;
  write_is(
      "{\"a\":1,\"b\":2,\"a\":{\"c\":[1]},\"b\":[],\"b\":\"x\",\"a\":{\"d\":0,\"d\":{\"e\":1}}}",
      TCX__JSON_COMPACT, "{\"a\":{\"d\":{\"e\":1}},\"b\":\"x\"}");
}

static void refused(const char *text, size_t len, const char *problem) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  struct tcx_value *v = NULL;
  assert_int_equal(tcx__json_parse(arena, text, len, &v, &f), TCX_EPARAM);
  assert_null(v);
  assert_string_equal(f.text, problem);
  tcx__arena_free(arena);
}

static void test_places_of_errors(void **state) {
  (void)state;
  refused("{\"a\":\n [1,, 2]}", 15,
          "line 2, column 5: parse error: unallowed token at this point in JSON text");
  refused("", 0, "line 1, column 1: parse error: premature EOF");
  refused("[1\f]", 4, "line 1, column 3: a control character");
  refused("[\"\xc3\xa9\xff\"]", 7, "line 1, column 4: bytes that are not UTF-8");
  refused("[\"\\ud800\"]", 10, "line 1, column 9: half of a surrogate pair");
  char deep[TCX__JSON_DEPTH + 1];
  memset(deep, '[', sizeof deep);
  refused(deep, sizeof deep, "line 1, column 513: nested too deeply");
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *v = NULL;
  char whole[2 * TCX__JSON_DEPTH];
  memset(whole, '[', TCX__JSON_DEPTH);
  memset(whole + TCX__JSON_DEPTH, ']', TCX__JSON_DEPTH);
  assert_int_equal(tcx__json_parse(arena, whole, sizeof whole, &v, NULL), 0);
  tcx__arena_free(arena);
}

static void test_utf8(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n, good;
  } cases[] = {
      {"", 0, 0},
      {"abc", 3, 3},
      {"\xc2\x80", 2, 2},
      {"\xc1\xbf", 2, 0},
      {"\xe0\xa0\x80", 3, 3},
      {"\xe0\x9f\xbf", 3, 0},
      {"\xed\x9f\xbf", 3, 3},
      {"\xed\xa0\x80", 3, 0},
      {"\xf0\x90\x80\x80", 4, 4},
      {"\xf0\x8f\xbf\xbf", 4, 0},
      {"\xf4\x8f\xbf\xbf", 4, 4},
      {"\xf4\x90\x80\x80", 4, 0},
      {"\xf5\x80\x80\x80", 4, 0},
      {"\x80", 1, 0},
      {"ab\xe2\x82", 4, 2},
      {"0123456789\xff", 11, 10},
      {"01234567\xe2\x82\xac"
       "01234567",
       19, 19},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(tcx__utf8_valid(cases[i].text, cases[i].n), cases[i].good);
  unsigned taken = 0;
  for (unsigned c = 0; c < 0x200000;
       c++) { /* every 3- and 4-byte form: as many are taken as Unicode has */
    char three[3] = {(char)(0xe0 | (c >> 12 & 15)), (char)(0x80 | (c >> 6 & 63)),
                     (char)(0x80 | (c & 63))};
    char four[4] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                    (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
    taken += c < 0x10000 && tcx__utf8_length(three, 3) == 3;
    taken += tcx__utf8_length(four, 4) == 4;
  }
  assert_int_equal(taken, 0x110000 - 0x800 - 0x800);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_doubles),          cmocka_unit_test(test_kinds_of_numbers),
      cmocka_unit_test(test_styles),           cmocka_unit_test(test_ascii),
      cmocka_unit_test(test_strings),          cmocka_unit_test(test_twins),
      cmocka_unit_test(test_places_of_errors), cmocka_unit_test(test_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
