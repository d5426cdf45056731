/* Smithy's tests of CBOR decoders: test/compliance/data/cbor. In one piece and cut everywhere. */
#include "base/codec.h"
#include "base/value.h"
#include "cbor_events.h"
#include "with_arena.h"

static struct tcx_str input_of(const tcx_value_t *test) {
  const char *hex = tcx_value_str(test, "input");
  size_t n = strlen(hex) / 2;
  char *bytes = tcx__arena_alloc(arena, n + 1);
  assert_int_equal(tcx__hex_decode(bytes, hex, strlen(hex)), 0);
  return (struct tcx_str){bytes, n};
}

static void expect_integer(struct ce_text *t, const tcx_value_t *v) {
  if (tcx_value_type(v, NULL) == TCX_BIGNUM) {
    ce_word(t, tcx_value_str(v, NULL));
    return;
  }
  int64_t i = tcx_value_int(v, NULL, 0);
  ce_integer(t, i < 0, (uint64_t)(i < 0 ? -1 - i : i));
}

static void expect_float(struct ce_text *t, bool wide, const tcx_value_t *v) {
  int64_t bits = tcx_value_int(v, NULL, 0);
  uint32_t low = (uint32_t)bits;
  double d;
  float f;
  memcpy(&d, &bits, sizeof d);
  memcpy(&f, &low, sizeof f);
  ce_number(t, wide ? d : (double)f);
}

static void expect_text(struct ce_text *t, const char *text) {
  ce_string(t, true, text, strlen(text), true);
}

/* What the decoder must report of {TYPE: VALUE}, as cbor_events.h writes it. */
static void expected(struct ce_text *t, const tcx_value_t *expect) {
  const tcx_value_t *v = tcx_value_first(expect, NULL), *item = tcx_value_first(v, NULL);
  const char *type = tcx_value_name(v);
  if (strcmp(type, "uint") == 0 || strcmp(type, "negint") == 0) {
    expect_integer(t, v);
  } else if (strncmp(type, "float", 5) == 0) {
    expect_float(t, type[5] == '6', v);
  } else if (strcmp(type, "bool") == 0) {
    ce_word(t, tcx_value_bool(v, NULL, false) ? "true" : "false");
  } else if (strcmp(type, "null") == 0 || strcmp(type, "undefined") == 0) {
    ce_word(t, type);
  } else if (strcmp(type, "string") == 0) {
    expect_text(t, tcx_value_str(v, NULL));
  } else if (strcmp(type, "bytestring") == 0) {
    for (char byte; item != NULL; item = tcx_value_next(item)) {
      byte = (char)tcx_value_int(item, NULL, 0);
      ce_string(t, false, &byte, 1, false);
    }
    ce_string(t, false, "", 0, true);
  } else if (strcmp(type, "list") == 0 || strcmp(type, "map") == 0) {
    ce_open(t, type[0] == 'm');
    for (; item != NULL; item = tcx_value_next(item)) {
      if (tcx_value_name(item) != NULL)
        expect_text(t, tcx_value_name(item));
      expected(t, item);
    }
    ce_close(t);
  } else {
    assert_string_equal(type, "tag");
    ce_word(t, "tag");
    expect_integer(t, tcx_value_get(v, "id"));
    expected(t, tcx_value_get(v, "value"));
  }
}

static tcx_value_t *load(const char *path) {
  size_t n;
  char *text = test_read_file(path, &n);
  tcx_value_t *tests = tcx_value_from_json(text, n);
  assert_int_equal(tcx_value_status(tests), 0);
  free(text);
  return tests;
}

static void accepts(void **state) {
  (void)state;
  tcx_value_t *tests = load("compliance/data/cbor/decode-success-tests.json");
  int count = 0;
  for (const tcx_value_t *test = tcx_value_first(tests, NULL); test != NULL;
       test = tcx_value_next(test), count++) {
    struct tcx_str input = input_of(test);
    struct ce_text t = {.in_string = false};
    tcx__buf_init(&t.out, arena, 1 << 20);
    expected(&t, tcx_value_get(test, "expect"));
    for (size_t step = 0; step <= input.n; step++) {
      struct ce_result got = ce_decode(arena, input, step);
      if (got.status != 0)
        fail_msg("%s: %s", tcx_value_str(test, "description"), got.why);
      assert_string_equal(got.text, t.out.data);
    }
  }
  assert_int_equal(count, 113);
  tcx_value_free(tests);
}

static void refuses(void **state) {
  (void)state;
  tcx_value_t *tests = load("compliance/data/cbor/decode-error-tests.json");
  int count = 0;
  for (const tcx_value_t *test = tcx_value_first(tests, NULL); test != NULL;
       test = tcx_value_next(test), count++) {
    struct tcx_str input = input_of(test);
    for (size_t step = 0; step <= input.n; step++) {
      struct ce_result got = ce_decode(arena, input, step);
      if (got.status != TCX_EPROTO || got.why == NULL)
        fail_msg("%s: taken as %s", tcx_value_str(test, "description"), got.text);
    }
  }
  assert_int_equal(count, 42);
  tcx_value_free(tests);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(accepts),
      TEST(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
