/* The events of a text, and that cuts change nothing. */
#include "base/buf.h"
#include "base/json_push.h"
#include "support.h"
#include <tucuxi.h>

/* Events as text: what a test compares. stop_at: the string whose callback ends the parse. */
struct log {
  struct tcx_buf out;
  const char *stop_at;
};

static int word(void *ctx, const char *text) {
  struct log *l = ctx;
  tcx__buf_adds(&l->out, text);
  return l->out.status;
}
static int on_null(void *ctx) { return word(ctx, "null "); }
static int on_boolean(void *ctx, bool b) { return word(ctx, b ? "true " : "false "); }
static int on_map(void *ctx) { return word(ctx, "{ "); }
static int on_list(void *ctx) { return word(ctx, "[ "); }
static int on_end(void *ctx) { return word(ctx, "end "); }
static int bytes(struct log *l, char kind, const char *p, size_t n) {
  tcx__buf_addc(&l->out, kind);
  tcx__buf_add(&l->out, p, n);
  tcx__buf_addc(&l->out, ' ');
  return l->out.status;
}
static int on_number(void *ctx, const char *p, size_t n) { return bytes(ctx, '#', p, n); }
static int on_string(void *ctx, const char *p, size_t n) {
  struct log *l = ctx;
  if (l->stop_at != NULL && tcx__str_is((struct tcx_str){p, n}, l->stop_at))
    return UV_ECANCELED;
  return bytes(ctx, '\'', p, n);
}
static int on_name(void *ctx, const char *p, size_t n) { return bytes(ctx, ':', p, n); }
static const struct tcx_json_events events = {on_null, on_boolean, on_number, on_string,
                                              on_map,  on_name,    on_list,   on_end};

struct result {
  int status;
  const char *events, *why;
  uint64_t offset;
};

/* cut: where the text is cut; -1: everywhere. Each piece has memory of its own. */
static struct result run(struct tcx_arena *arena, const char *text, size_t n, long cut,
                         const char *stop_at) {
  struct log l = {.stop_at = stop_at};
  struct result r = {0};
  tcx__buf_init(&l.out, arena, 1u << 24);
  tcx__buf_adds(&l.out, "");
  struct tcx_json_push *push = tcx__json_push_new(arena, &events, &l);
  assert_non_null(push);
  for (size_t at = 0; at < n && r.status == 0;) {
    size_t size = cut < 0 ? 1 : at == 0 && cut > 0 ? (size_t)cut : n - at;
    char *piece = malloc(size);
    memcpy(piece, text + at, size);
    r.status = tcx__json_push_feed(push, piece, size);
    free(piece);
    at += size;
  }
  int end = tcx__json_push_finish(push);
  if (r.status == 0)
    r.status = end;
  assert_int_equal(end, r.status);
  assert_int_equal(tcx__json_push_feed(push, " ", 1), r.status);
  r.why = tcx__json_push_why(push, &r.offset);
  r.events = tcx__arena_strdup(arena, l.out.data != NULL ? l.out.data : "");
  return r;
}

static void gives(const char *text, const char *expected) {
  size_t n = strlen(text);
  for (long cut = -1; cut < (long)n; cut++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct result r = run(arena, text, n, cut, NULL);
    if (r.status != 0)
      fail_msg("%s: %s", text, r.why);
    assert_string_equal(r.events, expected);
    tcx__arena_free(arena);
  }
}

static void test_events(void **state) {
  (void)state;
  gives(" [null, true ,false] \n", "[ null true false end ");
  gives("{\"a\":{\"b\":[{}]},\"\":-0.0e+10}", "{ :a { :b [ { end end end : #-0.0e+10 end ");
  gives("12345678901234567890.123", "#12345678901234567890.123 ");
  gives("\"\\u00e9\\\\\\\"\\ud83d\\ude00\\n\"", "'\xc3\xa9\\\"\xf0\x9f\x98\x80\n ");
  gives("{\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\":\"\xf4\x8f\xbf\xbf\"}",
        "{ :\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 '\xf4\x8f\xbf\xbf end ");
  gives("[\"0123456789012345678901234567890123456789012345678901234567890123456789\\u0041\",1]",
        "[ '0123456789012345678901234567890123456789012345678901234567890123456789A #1 end ");
}

/* Wherever it is cut, it is refused for the same reason. */
static void refuses(const char *text, size_t n, const char *why) {
  for (long cut = -1; cut < (long)n || cut <= 0; cut++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct result r = run(arena, text, n, cut, NULL);
    assert_int_equal(r.status, TCX_EPROTO);
    assert_non_null(r.why);
    if (strstr(r.why, why) == NULL)
      fail_msg("cut at %ld: %s", cut, r.why);
    assert_true(r.offset <= n);
    tcx__arena_free(arena);
  }
}
#define REFUSES(literal, why) refuses(literal, sizeof(literal) - 1, why)

static void test_refusals(void **state) {
  (void)state;
  REFUSES("", "premature EOF");
  REFUSES("[", "premature EOF");
  REFUSES("{\"a\"", "premature EOF");
  REFUSES("\"abc", "inside a string");
  REFUSES("[1]2", "trailing garbage");
  REFUSES("{}\"", "inside a string");
  REFUSES("1 \"without an end", "inside a string");
  REFUSES("[1\f]", "a control character");
  REFUSES("\v1", "a control character");
  REFUSES("[\"a\\\f\"]", "a control character");
  REFUSES("[\"\xff\"]", "not UTF-8");
  REFUSES("[\"\xe2\x82\"]", "not UTF-8");
  REFUSES("[\"\xe2\x82", "not UTF-8");
  REFUSES("[\"\xed\xa0\x80\"]", "not UTF-8");
  REFUSES("[\"\\ud800\"]", "half of a surrogate pair");
  REFUSES("[\"\\ud800\\n\"]", "half of a surrogate pair");
  REFUSES("[\"\\ud800\\u0041\"]", "half of a surrogate pair");
  REFUSES("[\"\\ud800\\u00zz\"]", ""); /* two things are wrong */
  REFUSES("[\"\\ud800\xc3\xa9\"]", "half of a surrogate pair");
  REFUSES("[\"\\ud800\\ud800\"]", "half of a surrogate pair");
  REFUSES("[\"\\udc00\"]", "half of a surrogate pair");
  REFUSES("[\"\\ud8", "inside a string");
  REFUSES("[\"\\ud800", "half of a surrogate pair");
  REFUSES("[NaN]", "lexical error");
}

/* In blocks as well as byte by byte: what is special is found at every place of a long text. */
static void test_every_place(void **state) {
  (void)state;
  char text[200];
  static const char *const bad[] = {"\f", "\v", "\xff", "\\ud800\\u0041"};
  for (size_t i = 1; i < 180; i++) {
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
      memset(text, 'x', sizeof text);
      text[0] = text[sizeof text - 1] = '"';
      memcpy(text + i, bad[k], strlen(bad[k]));
      struct tcx_arena *arena = tcx__arena_new();
      struct result r = run(arena, text, sizeof text, 0, NULL);
      assert_int_equal(r.status, TCX_EPROTO);
      assert_true(r.offset >= i && r.offset < i + 12);
      tcx__arena_free(arena);
    }
  }
}

static void test_depth(void **state) {
  (void)state;
  char text[2 * TCX__JSON_DEPTH + 2];
  memset(text, '[', TCX__JSON_DEPTH + 1);
  refuses(text, TCX__JSON_DEPTH + 1, "nested too deeply");
  memset(text + TCX__JSON_DEPTH, ']', TCX__JSON_DEPTH);
  struct tcx_arena *arena = tcx__arena_new();
  assert_int_equal(run(arena, text, (size_t)2 * TCX__JSON_DEPTH, 0, NULL).status, 0);
  tcx__arena_free(arena);
}

/* yajl alone would look at the string again with each of its bytes: this would take hours. */
static void test_long_strings(void **state) {
  (void)state;
  enum { SIZE = 4 << 20 };
  static const char *const parts[] = {"x", "\\n", "\\\"", "\xc3\xa9", "\\ud83d\\ude00"};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    size_t part = strlen(parts[k]), n = 1, count = 0;
    char *text = malloc(SIZE + 20);
    for (text[0] = '"'; n + part < SIZE; n += part, count++)
      memcpy(text + n, parts[k], part);
    text[n++] = '"';
    struct tcx_arena *arena = tcx__arena_new();
    struct log l = {0};
    tcx__buf_init(&l.out, arena, 1u << 24);
    struct tcx_json_push *push = tcx__json_push_new(arena, &events, &l);
    for (size_t at = 0; at < n; at++)
      assert_int_equal(tcx__json_push_feed(push, text + at, 1), 0);
    assert_int_equal(tcx__json_push_finish(push), 0);
    struct result whole = run(arena, text, n, 0, NULL);
    assert_int_equal(whole.status, 0);
    assert_string_equal(whole.events, l.out.data);
    assert_true(l.out.len > count);
    tcx__arena_free(arena);
    free(text);
  }
}

static void test_long_numbers(void **state) {
  (void)state;
  char text[TCX__JSON_NUMBER_MAX + 3];
  memset(text, '7', sizeof text);
  text[0] = '[';
  text[TCX__JSON_NUMBER_MAX + 1] = ']';
  struct tcx_arena *arena = tcx__arena_new();
  for (long cut = -1; cut < 600; cut += 200)
    assert_int_equal(run(arena, text, TCX__JSON_NUMBER_MAX + 2, cut, NULL).status, 0);
  text[TCX__JSON_NUMBER_MAX + 1] = '7';
  text[TCX__JSON_NUMBER_MAX + 2] = ']';
  for (long cut = -1; cut < TCX__JSON_NUMBER_MAX; cut += 500) {
    struct result r = run(arena, text, sizeof text, cut, NULL);
    assert_int_equal(r.status, TCX_EPROTO);
    assert_string_equal(r.why, "a number of too many characters");
  }
  tcx__arena_free(arena);
}

static void test_stop(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct result r = run(arena, "[\"a\",\"b\",\"c\"]", 13, 0, "b");
  assert_int_equal(r.status, UV_ECANCELED);
  assert_string_equal(r.events, "[ 'a ");
  assert_null(r.why);
  tcx__arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_events),       cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_every_place),  cmocka_unit_test(test_depth),
      cmocka_unit_test(test_long_strings), cmocka_unit_test(test_long_numbers),
      cmocka_unit_test(test_stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
