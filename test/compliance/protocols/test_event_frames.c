/* Public frames of event streams, good and bad, in one piece and cut everywhere; the good ones are
 * written again and are the same. */
#include "base/codec.h"
#include "event_frames.h"
#include "with_arena.h"

static void add_base64(struct tcx_buf *out, const tcx_value_t *v, const char *name) {
  const char *text = tcx_value_str(v, name);
  assert_non_null(text);
  assert_int_equal(tcx__base64_decode(out, text, strlen(text)), 0);
}

static struct tcx_str encoded(const tcx_value_t *vector) {
  struct tcx_buf *out = tcx__arena_alloc(arena, sizeof *out);
  tcx__buf_init(out, arena, 1u << 26);
  if (tcx_value_get(vector, "encoded_base64") != NULL)
    add_base64(out, vector, "encoded_base64");
  for (const tcx_value_t *part = tcx_value_first(vector, "encoded_parts"); part != NULL;
       part = tcx_value_next(part)) {
    if (tcx_value_get(part, "base64") != NULL)
      add_base64(out, part, "base64");
    size_t count = (size_t)tcx_value_int(part, "count", 0);
    assert_int_equal(tcx__buf_reserve(out, count), 0);
    memset(out->data + out->len, (int)tcx_value_int(part, "repeat_byte", 0), count);
    out->len += count;
  }
  assert_int_equal(out->status, 0);
  return tcx__buf_str(out);
}

/* step 0: in one piece. What next says in the end; every piece is a copy of its own. */
static int decode(struct tcx_event_frames *f, struct tcx_str bytes, size_t step,
                  struct tcx_event_frame *frame, char **last) {
  int status = 0;
  tcx__event_frames_init(f);
  for (size_t at = 0; at < bytes.n && status == 0;) {
    size_t n = step == 0 || bytes.n - at < step ? bytes.n - at : step;
    *last = malloc(n);
    memcpy(*last, bytes.p + at, n);
    struct tcx_str input = {*last, n};
    status = tcx__event_frames_next(f, &input, frame);
    at += n - input.n;
    if (status == 0) {
      assert_int_equal(input.n, 0);
      assert_true(tcx__event_frames_inside(f));
      free(*last);
      *last = NULL;
    }
  }
  return status;
}

static void check_header(const tcx_value_t *expected, const struct tcx_event_header *got) {
  const tcx_value_t *value = tcx_value_get(expected, "value");
  struct tcx_buf bytes;
  tcx__buf_init(&bytes, arena, 1 << 16);
  assert_true(tcx__str_is(got->name, tcx_value_str(expected, "name")));
  assert_int_equal(got->type, tcx_value_int(expected, "type", -1));
  switch (got->type) {
  case TCX__EVENT_TRUE:
  case TCX__EVENT_FALSE:
    assert_int_equal(tcx_value_bool(value, NULL, false), got->type == TCX__EVENT_TRUE);
    break;
  case TCX__EVENT_BYTES:
    add_base64(&bytes, value, NULL);
    assert_true(tcx__str_eq(got->bytes, tcx__buf_str(&bytes)));
    break;
  case TCX__EVENT_STRING:
    assert_true(tcx__str_is(got->bytes, tcx_value_str(value, NULL)));
    break;
  case TCX__EVENT_UUID: {
    char hex[33] = "";
    tcx__hex_encode(hex, got->bytes.p, 16);
    assert_string_equal(hex, tcx_value_str(value, NULL));
    break;
  }
  default:
    assert_int_equal(got->integer, tcx_value_int(value, NULL, -99));
    break;
  }
}

static void check_frame(const tcx_value_t *decoded, const struct tcx_event_frame *got) {
  struct tcx_buf payload;
  tcx__buf_init(&payload, arena, 1u << 26);
  add_base64(&payload, decoded, "payload_base64");
  assert_true(tcx__str_eq(got->payload, tcx__buf_str(&payload)));
  assert_int_equal(got->n_headers, tcx_value_len(decoded, "headers"));
  const tcx_value_t *expected = tcx_value_first(decoded, "headers");
  for (unsigned i = 0; i < got->n_headers; i++, expected = tcx_value_next(expected))
    check_header(expected, &got->headers[i]);
}

static void check_written(const struct tcx_event_frame *got, struct tcx_str bytes) {
  struct tcx_buf headers, frame;
  tcx__buf_init(&headers, arena, 1 << 20);
  tcx__buf_init(&frame, arena, 1u << 26);
  for (unsigned i = 0; i < got->n_headers; i++)
    ef_header(&headers, &got->headers[i]);
  ef_frame(&frame, tcx__buf_str(&headers), got->payload);
  assert_true(tcx__str_eq(tcx__buf_str(&frame), bytes));
}

static void check_vector(const tcx_value_t *vector) {
  struct tcx_str bytes = encoded(vector);
  bool positive = strcmp(tcx_value_str(vector, "kind"), "positive") == 0;
  for (size_t step = 0; step <= (bytes.n < 1000 ? bytes.n : 0); step++) {
    struct tcx_event_frames f;
    struct tcx_event_frame frame;
    char *last = NULL;
    int status = decode(&f, bytes, step, &frame, &last);
    if (status != (positive ? 1 : TCX_EPROTO))
      fail_msg("%s: %d %s", tcx_value_str(vector, "id"), status, f.why);
    if (positive) {
      check_frame(tcx_value_get(vector, "decoded"), &frame);
      check_written(&frame, bytes);
      assert_false(tcx__event_frames_inside(&f));
    } else {
      assert_non_null(f.why);
    }
    free(last);
    tcx__event_frames_free(&f);
  }
}

static void vectors(void **state) {
  (void)state;
  size_t n;
  char *text = test_read_file("compliance/data/eventstream/framing-vectors.json", &n);
  tcx_value_t *tests = tcx_value_from_json(text, n);
  assert_int_equal(tcx_value_status(tests), 0);
  free(text);
  int count = 0;
  for (const tcx_value_t *v = tcx_value_first(tests, "vectors"); v != NULL;
       v = tcx_value_next(v), count++)
    check_vector(v);
  assert_int_equal(count, 33);
  tcx_value_free(tests);
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(vectors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
