/* Frames of event streams beyond the public ones: what is refused and in which words, what an
 * announced length costs, several frames in one piece, memory. */
#include "base/mem.h"
#include "event_frames.h"
#include "torture.h"
#include "with_arena.h"

static struct tcx_buf *new_buf(void) {
  struct tcx_buf *out = tcx__arena_alloc(arena, sizeof *out);
  tcx__buf_init(out, arena, 1u << 26);
  tcx__buf_adds(out, "");
  return out;
}

/* What next says of the first frame of the bytes. */
static const char *why_not(struct tcx_str bytes) {
  struct tcx_event_frames f;
  struct tcx_event_frame frame;
  tcx__event_frames_init(&f);
  int status = tcx__event_frames_next(&f, &bytes, &frame);
  const char *why = f.why;
  assert_int_equal(tcx__event_frames_next(&f, &bytes, &frame), status == 1 ? 0 : status);
  tcx__event_frames_free(&f);
  return status == 1 ? "taken" : status == 0 ? "more" : why;
}

static void check(const char *headers, size_t n, const char *why) {
  struct tcx_buf *out = new_buf();
  ef_frame(out, (struct tcx_str){headers, n}, TCX__STR("payload"));
  assert_string_equal(why_not(tcx__buf_str(out)), why);
}
#define CHECK(headers, why) check(headers, sizeof headers - 1, why)

static void refuses_headers(void **state) {
  (void)state;
  CHECK("\1a\0", "taken");
  CHECK("\1a\0\1b\1", "taken");
  CHECK("\1a\0\1a\1", "a header came twice");
  CHECK("\1", "a header is cut");
  CHECK("\1a", "a header is cut");
  CHECK("\0\0", "a header has no name");
  CHECK("\1a\12", "a header's type is not known");
  CHECK("\1a\2", "a header is cut");
  CHECK("\1a\3x", "a header is cut");
  CHECK("\1a\4xxx", "a header is cut");
  CHECK("\1a\5xxxxxxx", "a header is cut");
  CHECK("\1a\10xxxxxxx", "a header is cut");
  CHECK("\1a\6\0", "a header is cut");
  CHECK("\1a\7\0\3xx", "a header is cut");
  CHECK("\1a\11xxxxxxxxxxxxxxx", "a header is cut");
  CHECK("\1a\7\0\1\xff", "a header is not UTF-8");
  CHECK("\1\xff\0", "a header is not UTF-8");
  CHECK("\1a\6\0\1\xff", "taken");
  struct tcx_buf *many = new_buf();
  for (int i = 0; i < TCX__EVENT_HEADER_COUNT; i++)
    tcx__buf_add(many, (const char[]){2, (char)('0' + i / 64), (char)('0' + i % 64), 0}, 4);
  check(many->data, many->len, "taken");
  tcx__buf_add(many, "\1x\0", 3);
  check(many->data, many->len, "too many headers");
}

static void refuses_lengths(void **state) {
  (void)state;
  static const struct {
    uint32_t total, headers;
    const char *why;
  } cases[] = {
      {16, 0, "more"},
      {15, 0, "its length is less than its parts"},
      {16, 1, "its length is less than its parts"},
      {0, 0, "its length is less than its parts"},
      {0xffffffff, TCX__EVENT_HEADERS_MAX + 1, "its headers are too long"},
      {TCX__EVENT_PAYLOAD_MAX + 16, 0, "more"},
      {TCX__EVENT_PAYLOAD_MAX + 17, 0, "its payload is too long"},
      {TCX__EVENT_PAYLOAD_MAX + 16 + TCX__EVENT_HEADERS_MAX, TCX__EVENT_HEADERS_MAX, "more"},
      {0xffffffff, 0, "its payload is too long"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tcx_buf *out = new_buf();
    ef_number(out, cases[i].total, 4);
    ef_number(out, cases[i].headers, 4);
    ef_number(out, tcx__crc32(0, out->data, 8), 4);
    assert_string_equal(why_not(tcx__buf_str(out)), cases[i].why);
  }
  assert_string_equal(why_not(TCX__STR("")), "more");
  assert_string_equal(why_not(TCX__STR("\0\0\0\x10\0\0\0\0\0\0\0\1")),
                      "the checksum of its lengths is wrong");
}

/* Several frames in one piece, then one whose length costs only what has come of it; what a large
 * one needed is given back. */
static void takes_frames(void **state) {
  (void)state;
  struct tcx_event_frames f;
  struct tcx_event_frame frame;
  struct tcx_buf *out = new_buf(), *large = new_buf();
  for (int i = 0; i < 3; i++)
    ef_event(out, "E", TCX__STR("abc"));
  struct tcx_str input = {out->data, out->len};
  tcx__event_frames_init(&f);
  test_count_begin();
  for (int i = 0; i < 3; i++) {
    assert_int_equal(tcx__event_frames_next(&f, &input, &frame), 1);
    assert_true(tcx__str_is(tcx__event_header(&frame, ":event-type")->bytes, "E"));
    assert_null(tcx__event_header(&frame, "other"));
    assert_false(tcx__event_frames_inside(&f));
  }
  assert_int_equal(tcx__event_frames_next(&f, &input, &frame), 0);
  assert_int_equal(test_count_end(NULL), 0); /* read where they lie */
  tcx__buf_reserve(large, 10000000);
  large->len = 10000000;
  memset(large->data, 'x', large->len);
  struct tcx_buf *whole = new_buf();
  ef_event(whole, "L", tcx__buf_str(large));
  input = (struct tcx_str){whole->data, 100};
  assert_int_equal(tcx__event_frames_next(&f, &input, &frame), 0);
  assert_true(tcx__event_frames_inside(&f));
  assert_true(f.part.cap < 1000);
  input = (struct tcx_str){whole->data + 100, whole->len - 100};
  assert_int_equal(tcx__event_frames_next(&f, &input, &frame), 1);
  assert_int_equal(frame.payload.n, 10000000);
  assert_int_equal(tcx__event_frames_next(&f, &input, &frame), 0);
  assert_int_equal(f.part.cap, 0);
  tcx__event_frames_free(&f);
}

static struct tcx_str scenario;
static int out_of_memory(void *ctx) {
  (void)ctx;
  struct tcx_event_frames f;
  struct tcx_event_frame frame;
  int status = 0;
  tcx__event_frames_init(&f);
  for (size_t i = 0; i < scenario.n && status == 0; i++) {
    struct tcx_str input = {scenario.p + i, 1};
    status = tcx__event_frames_next(&f, &input, &frame);
  }
  assert_true(status == 1 || (status == UV_ENOMEM && f.why == NULL));
  tcx__event_frames_free(&f);
  return status == 1 ? 0 : status;
}
static void fails_without_memory(void **state) {
  (void)state;
  struct tcx_buf *out = new_buf();
  char payload[3000] = "";
  ef_event(out, "E", (struct tcx_str){payload, sizeof payload});
  scenario = tcx__buf_str(out);
  test_fail_until_ok(out_of_memory, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(refuses_headers), TEST(refuses_lengths),
                                     TEST(takes_frames), TEST(fails_without_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
