/* JMESPath beyond the public suite: values that are no JSON, large numbers, limits, no memory, one
 * expression for many searches. */
#include "base/json.h"
#include "jmespath/ast.h"
#include "support.h"
#include "torture.h"

struct it {
  struct tcx_arena *arena;
  struct tcx_fail f;
  int status;
  const tcx_value_t *found;
  char *json;
};

static void search_in(struct it *it, const char *expression, size_t n, const tcx_value_t *data) {
  const struct tcx_jmespath *e = NULL;
  memset(it, 0, sizeof *it);
  it->arena = tcx__arena_new();
  it->f.arena = it->arena;
  it->status = tcx__jmespath_compile(it->arena, (struct tcx_str){expression, n}, &e, &it->f);
  if (it->status == 0)
    it->status = tcx__jmespath_search(e, it->arena, data, &it->found, &it->f);
  struct tcx_buf out;
  tcx__buf_init(&out, it->arena, 1 << 20);
  if (it->status == 0)
    tcx__json_write(&out, it->found, TCX__JSON_COMPACT);
  it->json = out.data;
}

static void gives(const char *expression, const tcx_value_t *data, const char *json) {
  struct it it;
  search_in(&it, expression, strlen(expression), data);
  if (it.status != 0)
    fail_msg("%s: %s", expression, it.f.text);
  assert_string_equal(it.json, json);
  tcx__arena_free(it.arena);
}

static void fails(const char *expression, const tcx_value_t *data, int status, const char *text) {
  struct it it;
  search_in(&it, expression, strlen(expression), data);
  assert_int_equal(it.status, status);
  assert_string_equal(it.f.text, text);
  tcx__arena_free(it.arena);
}

static tcx_value_t *json(const char *text) { return tcx_value_from_json(text, strlen(text)); }

static void test_nothing(void **state) {
  (void)state;
  gives("@", NULL, "null");
  gives("a.b[0]", NULL, "null");
  gives("[a, b]", NULL, "null");
  fails("", NULL, TCX_EPARAM, "Invalid JMESPath expression: cannot be empty.");
  fails(" ", NULL, TCX_EPARAM, "Invalid jmespath expression: Incomplete expression:\n\" \"\n  ^");
  fails("a.\xc3\xbc", NULL, TCX_EPARAM,
        "Bad jmespath expression: Unknown token \xc3\xbc:\na.\xc3\xbc\n  ^");
  fails("'\xc3\xbc' ]", NULL, TCX_EPARAM,
        "Unexpected token: ]: Parse error at column 4, token \"]\" (RBRACKET), for "
        "expression:\n\"'\xc3\xbc' ]\"\n     ^");
}

/* Timestamps are strings, and are compared as times; blobs are only themselves. */
static void test_other_types(void **state) {
  (void)state;
  tcx_value_t *v = tcx_params("{l: [{}, {}, {}]}");
  tcx_value_set_time(v, "l[0].t", 1700000000, 500000000);
  tcx_value_set_time(v, "l[1].t", 1700000000, 0);
  tcx_value_set_time(v, "l[2].t", 1600000000, 0);
  tcx_value_set_bytes(v, "blob", "ab", 2);
  tcx_value_set_bytes(v, "same", "ab", 2);
  assert_int_equal(tcx_value_status(v), 0);
  gives("sort_by(l, &t)[].t", v,
        "[\"2020-09-13T12:26:40Z\",\"2023-11-14T22:13:20Z\",\"2023-11-14T22:13:20.500000Z\"]");
  gives("l[?t > '2023'].t | length(@)", v, "2");
  gives("l[?t == '2020-09-13T12:26:40Z'] | length(@)", v, "1");
  gives("l[0].t == l[1].t", v, "false");
  gives("l[1].t < l[0].t", v, "true");
  gives("type(l[0].t)", v, "\"string\"");
  gives("starts_with(l[2].t, '2020-09')", v, "true");
  gives("max_by(l, &t).t", v, "\"2023-11-14T22:13:20.500000Z\"");
  gives("join('/', l[1:].t)", v, "\"2023-11-14T22:13:20Z/2020-09-13T12:26:40Z\"");
  gives("to_string(l[2].t)", v, "\"2020-09-13T12:26:40Z\"");
  gives("blob == same", v, "true");
  gives("blob == 'ab'", v, "false");
  gives("type(blob)", v, "null");
  gives("[blob]", v, "[\"YWI=\"]");
  fails("length(blob)", v, TCX_EPARAM,
        "In function length(), invalid type for value: \"YWI=\", expected one of: ['array', "
        "'string', 'object'], received: \"unknown\"");
  tcx_value_free(v);
}

static void test_numbers(void **state) {
  (void)state;
  tcx_value_t *v =
      json("{\"big\": 12345678901234567890, \"near\": 12345678901234567891, \"less\": "
           "-12345678901234567890, \"max\": 9223372036854775807, \"d\": 9223372036854775808.0,"
           " \"huge\": 1e400, \"long\": 3.14159265358979323846264338327950288}");
  assert_int_equal(tcx_value_status(v), 0);
  gives("[big == near, big < near, less < big, max < big, less < max, max == d, max < d, huge > "
        "big, long > `3`, long < `4`]",
        v, "[false,true,true,true,true,false,true,true,true,true]");
  gives("sort([big, max, less, d, `0`, near])", v,
        "[-12345678901234567890,0,9223372036854775807,9223372036854775808.0,12345678901234567890,"
        "12345678901234567891]");
  gives("[abs(less), abs(`-9223372036854775808`), abs(`-1.5`), abs(`-2`)]", v,
        "[12345678901234567890,9.223372036854776e+18,1.5,2]");
  gives("[sum(`[]`), sum(`[1, 2]`), sum(`[1, 2.0]`), sum([max, max]), avg(`[1, 2]`), avg(`[2, "
        "2]`), avg(`[]`)]",
        v, "[0,3,3.0,1.8446744073709552e+19,1.5,2.0,null]");
  gives("[ceil(`1.2`), floor(`-1.2`), ceil(`-0.5`), ceil(`1e300`), floor(max)]", v,
        "[2,-2,0,1e+300,9223372036854775807]");
  gives("[to_number('12'), to_number('1.50'), to_number('x'), to_number(''), to_number(`true`), "
        "to_number('123456789012345678901')]",
        v, "[12,1.5,null,null,null,123456789012345678901]");
  gives("`1` == `1.0`", v, "true");
  gives("[`1` == `true`, `[1]` == `[true]`, `0` == `false`]", v, "[false,false,false]");
  gives("@[99999999999999999999]", v, "null");
  gives("`[1, 2, 3]`[-99999999999999999999:99999999999999999999:99999999999999999999]", v, "[1]");
  gives("`[1, 2, 3]`[::-99999999999999999999]", v, "[3]");
  tcx_value_free(v);
}

/* What is wrong with an argument: function, value, types. */
static void test_types(void **state) {
  (void)state;
  fails("abs('x')", NULL, TCX_EPARAM,
        "In function abs(), invalid type for value: x, expected one of: ['number'], received: "
        "\"string\"");
  fails("sum(`[1, \"2\"]`)", NULL, TCX_EPARAM,
        "In function sum(), invalid type for value: 2, expected one of: ['array-number'], "
        "received: \"string\"");
  fails("max(`[\"a\", 1]`)", NULL, TCX_EPARAM,
        "In function max(), invalid type for value: 1, expected one of: ['array-number', "
        "'array-string'], received: \"number\"");
  fails("sort_by(`[{\"a\": 1}, {\"a\": \"x\"}]`, &a)", NULL, TCX_EPARAM,
        "In function sort_by(), invalid type for value: x, expected one of: ['number'], received: "
        "\"string\"");
  fails("sort_by(`[{}]`, &a)", NULL, TCX_EPARAM,
        "In function sort_by(), invalid type for value: null, expected one of: ['number', "
        "'string'], received: \"null\"");
  fails("sort_by(`[{}]`, `1`)", NULL, TCX_EPARAM,
        "In function sort_by(), invalid type for value: 1, expected one of: ['expref'], received: "
        "\"number\"");
  fails("length(&a)", NULL, TCX_EPARAM,
        "In function length(), invalid type for value: (an expression), expected one of: ['array', "
        "'string', 'object'], received: \"expref\"");
  fails("keys(`[1]`)", NULL, TCX_EPARAM,
        "In function keys(), invalid type for value: [...], expected one of: ['object'], received: "
        "\"array\"");
  fails("nope(a)", NULL, TCX_EPARAM, "Unknown function: nope()");
  fails("length(a, b)", NULL, TCX_EPARAM, "Expected 1 argument for function length(), received 2");
  fails("not_null()", NULL, TCX_EPARAM,
        "Expected at least 1 argument for function not_null(), received 0");
  fails("contains(a)", NULL, TCX_EPARAM,
        "Expected 2 arguments for function contains(), received 1");
  fails("a[::0]", NULL, TCX_EPARAM, "slice step cannot be zero");
  gives("[&a]", NULL, "null");
  gives("`1` | &a", NULL, "null");
}

/* Strict where jmespath.py is not: commas between arguments and members. */
static void test_commas(void **state) {
  (void)state;
  fails("join(',' a)", NULL, TCX_EPARAM,
        "Expecting: comma, got: unquoted_identifier: Parse error at column 9, token \"a\" "
        "(UNQUOTED_IDENTIFIER), for expression:\n\"join(',' a)\"\n          ^");
  fails("length(a,)", NULL, TCX_EPARAM,
        "invalid token: Parse error at column 9, token \")\" (RPAREN), for "
        "expression:\n\"length(a,)\"\n          ^");
  fails("{a: b c: d}", NULL, TCX_EPARAM,
        "Expecting: comma, got: unquoted_identifier: Parse error at column 6, token \"c\" "
        "(UNQUOTED_IDENTIFIER), for expression:\n\"{a: b c: d}\"\n       ^");
  fails("(a)(b)", NULL, TCX_EPARAM,
        "Invalid function name ')': Parse error at column 2, token \")\" (RPAREN), for "
        "expression:\n\"(a)(b)\"\n   ^");
}

static char *repeat(const char *head, const char *piece, const char *tail, unsigned times,
                    size_t *n) {
  size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
  char *text = malloc(h + (p + t) * times + 1), *at = text;
  memcpy(at, head, h);
  at += h;
  for (unsigned i = 0; i < times; i++, at += p)
    memcpy(at, piece, p);
  for (unsigned i = 0; i < times; i++, at += t)
    memcpy(at, tail, t);
  *n = (size_t)(at - text);
  return text;
}

static void ends_with_status(const char *head, const char *piece, const char *tail, unsigned times,
                             const tcx_value_t *data, int status, const char *part) {
  struct it it;
  size_t n;
  char *text = repeat(head, piece, tail, times, &n);
  search_in(&it, text, n, data);
  assert_int_equal(it.status, status);
  if (part != NULL)
    assert_non_null(strstr(it.f.text, part));
  tcx__arena_free(it.arena);
  free(text);
}

static void test_limits(void **state) {
  (void)state;
  tcx_value_t *v = json("{\"a\": {\"a\": 1}, \"l\": [1]}");
  static const char *const deep[][3] = {{"a", ".a", ""},  {"a", "|a", ""}, {"a", " || a", ""},
                                        {"", "(", ")"},   {"", "[", "]"},  {"", "!", ""},
                                        {"a", "[0]", ""}, {"a", "[]", ""}, {"", "length(", ")"},
                                        {"a", "[?a", "]"}};
  for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++)
    ends_with_status(deep[i][0], deep[i][1], deep[i][2], 3000, v, TCX_ETOOBIG, "levels deep");
  ends_with_status("a", "|a", "", 200, v, 0, NULL);
  ends_with_status("a", ".a", "", 50000, v, TCX_ETOOBIG, "longer than 65536 bytes");
  /* Each step makes twice as much of it: stopped, whatever would be walked. */
  ends_with_status("l", "|[@,@][]", "", 100, v, TCX_ETOOBIG, "takes more than");
  ends_with_status("l", "|[@,@]", "", 100, v, TCX_ETOOBIG, "takes more than");
  ends_with_status("l", "|[@,@]", "", 10, v, 0, NULL);
  tcx_value_free(v);
}

/* A text that nearly holds another one at every place. */
static void test_nearly_contained(void **state) {
  (void)state;
  size_t n = 600000;
  char *text = malloc(n + 1);
  memset(text, 'a', n);
  text[n] = '\0';
  tcx_value_t *v = tcx_value_new_map();
  tcx_value_set(v, "text", tcx_value_new_str(text));
  tcx_value_set(v, "half", tcx_value_new_str(text + n / 2));
  text[n - 1] = 'b';
  tcx_value_set(v, "other", tcx_value_new_str(text + n / 2));
  ends_with_status("contains(text, half)", "", "", 0, v, 0, NULL);
  ends_with_status("contains(text, other)", "", "", 0, v, TCX_ETOOBIG, "takes more than");
  free(text);
  tcx_value_free(v);
}

static void test_work_is_bounded(void **state) {
  (void)state;
  size_t n;
  tcx_value_t *v = json("[1]");
  char *text = repeat("@", "|[@,@]", "", 60, &n), *whole = malloc(n + 200);
  static const char *const ends[] = {
      "to_string(@)", "@ == @", "contains([@], @)",
      "[*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*][*]"};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    int length = snprintf(whole, n + 200, "%.*s|%s", (int)n, text, ends[i]);
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f = {.arena = arena};
    const struct tcx_jmespath *e = NULL;
    assert_int_equal(tcx__jmespath_compile(arena, (struct tcx_str){whole, (size_t)length}, &e, &f),
                     0);
    struct tcx_search s = {.arena = arena, .f = &f, .steps = 1 << 16};
    (void)tcx__jmespath_eval(&s, e->top, v);
    assert_int_equal(s.status, TCX_ETOOBIG);
    tcx__arena_free(arena);
  }
  free(whole);
  free(text);
  tcx_value_free(v);
}

/* Walking a long text costs steps, whoever walks it. */
static void test_text_is_bounded(void **state) {
  (void)state;
  size_t n = 1 << 20;
  char *text = malloc(n + 1);
  memset(text, 'a', n);
  text[n] = '\0';
  tcx_value_t *v = tcx_value_new_map();
  tcx_value_set(v, "t", tcx_value_new_str(text));
  tcx_value_set(v, "u", tcx_value_new_str(text));
  static const char *const walks[] = {"length(t)",    "contains(t, 'z')", "starts_with(t, u)",
                                      "reverse(t)",   "t == u",           "t < u",
                                      "sort([t, u])", "max([t, u])",      "to_number(t)",
                                      "to_string(@)", "join('', [t, u])", "max_by([@], &t)"};
  for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail f = {.arena = arena};
    const struct tcx_jmespath *e = NULL;
    assert_int_equal(tcx__jmespath_compile(arena, tcx__str(walks[i]), &e, &f), 0);
    struct tcx_search few = {.arena = arena, .f = &f, .steps = 1 << 15};
    (void)tcx__jmespath_eval(&few, e->top, v);
    assert_int_equal(few.status, TCX_ETOOBIG);
    struct tcx_search enough = {.arena = arena, .steps = 1 << 19};
    (void)tcx__jmespath_eval(&enough, e->top, v);
    assert_int_equal(enough.status, 0);
    tcx__arena_free(arena);
  }
  /* A result is walked too: [t, t], twice as long each time. */
  ends_with_status("t", "|[@,@][]", "", 12, v, TCX_ETOOBIG, "takes more than");
  ends_with_status("t", "|[@,@][]", "", 6, v, 0, NULL);
  free(text);
  tcx_value_free(v);
}

/* Compiled once. What came of one search is still there after the next. */
static void test_reuse(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new(), *results = tcx__arena_new();
  const struct tcx_jmespath *e = NULL;
  char text[] = "Contents[].Key";
  assert_int_equal(tcx__jmespath_compile(arena, tcx__str(text), &e, NULL), 0);
  memset(text, 'x', sizeof text - 1);
  const tcx_value_t *found[3];
  tcx_value_t *data[3];
  for (int i = 0; i < 3; i++) {
    data[i] = tcx_params("{Contents: [{Key: 'a%d'}, {Size: 1}, {Key: 'b%d'}]}", i, i);
    assert_int_equal(tcx__jmespath_search(e, results, data[i], &found[i], NULL), 0);
  }
  for (int i = 0; i < 3; i++) {
    char wanted[20];
    snprintf(wanted, sizeof wanted, "b%d", i);
    assert_int_equal(tcx_value_len(found[i], NULL), 2);
    assert_string_equal(tcx_value_str(found[i], "[1]"), wanted);
  }
  for (int i = 0; i < 3; i++)
    tcx_value_free(data[i]);
  tcx__arena_free(results);
  tcx__arena_free(arena);
}

static int no_memory(void *ctx) {
  const tcx_value_t *data = ctx;
  static const char text[] =
      "{a: sort_by(Items[?Size > `1`], &Size)[].{k: Key, \"s t\": [Size, to_string(@)]}, b: "
      "merge(@, {n: 'x'}), c: reverse(join('-', keys(@))), d: values(@)[:1],"
      " e: map(&Key, Items), f: `{\"q\": [1]}`, g: to_array(avg(Items[].Size)), h: *.Key, i: "
      "not_null(z, max(Items[*].Size)), \"j\": abs(`-1`)}";
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_jmespath *e = NULL;
  const tcx_value_t *found = NULL;
  if (arena == NULL)
    return UV_ENOMEM;
  struct tcx_fail f = {.arena = arena};
  int status = tcx__jmespath_compile(arena, tcx__str(text), &e, &f);
  if (status == 0)
    status = tcx__jmespath_search(e, arena, data, &found, &f);
  if (status == 0)
    assert_string_equal(tcx_value_str(found, "c"), "emaN-smetI");
  else
    assert_int_equal(status, UV_ENOMEM);
  tcx__arena_free(arena);
  return status;
}

static void test_no_memory(void **state) {
  (void)state;
  tcx_value_t *v = json("{\"Items\": [{\"Key\": \"a\", \"Size\": 3}, {\"Key\": \"b\", \"Size\": "
                        "2}, {\"Key\": \"c\", \"Size\": 1}], \"Name\": {\"Key\": 1}}");
  test_fail_until_ok(no_memory, v);
  tcx_value_free(v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing),          cmocka_unit_test(test_other_types),
      cmocka_unit_test(test_numbers),          cmocka_unit_test(test_types),
      cmocka_unit_test(test_commas),           cmocka_unit_test(test_limits),
      cmocka_unit_test(test_nearly_contained), cmocka_unit_test(test_reuse),
      cmocka_unit_test(test_work_is_bounded),  cmocka_unit_test(test_text_is_bounded),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
