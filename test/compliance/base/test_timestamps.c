/* Smithy's timestamp formats: test/compliance/data/timestamps. */
#include "base/json.h"
#include "base/time.h"
#include "support.h"
#include <tucuxi.h>

#define WIDE 64 /* bytes of a text */

struct moment {
  int64_t seconds;
  int32_t nanoseconds;
};

/* The suite's numbers before 1970 with a fraction put the fraction behind whole seconds that are
   not rounded down: its "-5.25" stands for -5 and a quarter more. For botocore, and here, a number
   is a number: -5.25 is -6 and three quarters. */
static struct moment moment_of(const tcx_value_t *c, bool number) {
  struct moment m = {0, (int32_t)tcx_value_int(c, "canonical_nanos", 0)};
  assert_int_equal(tcx__str_to_int64(tcx__str(tcx_value_str(c, "canonical_seconds")), &m.seconds),
                   0);
  if (number && m.seconds < 0 && m.nanoseconds > 0) {
    m.seconds--;
    m.nanoseconds = 1000000000 - m.nanoseconds;
  }
  return m;
}

static int parse_section(const tcx_value_t *suite, const char *name, tcx__time_format format) {
  int bad = 0;
  for (const tcx_value_t *c = tcx_value_first(suite, name); c != NULL; c = tcx_value_next(c)) {
    const char *text = tcx_value_str(c, "smithy_format_value");
    struct moment want = moment_of(c, format == TCX__TIME_UNIX), got[2] = {{0, 0}, {0, 0}};
    int status[2] = {
        tcx__time_read_as(format, tcx__str(text), &got[0].seconds, &got[0].nanoseconds),
        tcx__time_read(tcx__str(text), &got[1].seconds, &got[1].nanoseconds)};
    bool error = tcx_value_bool(c, "error", false);
    for (int i = 0; i < 2; i++) {
      bool ok = error ? status[i] != 0
                      : status[i] == 0 && got[i].seconds == want.seconds &&
                            got[i].nanoseconds == want.nanoseconds;
      if (!ok)
        printf("# %s %s: %d %lld.%09d\n", name, text, status[i], (long long)got[i].seconds,
               (int)got[i].nanoseconds);
      bad += !ok;
    }
  }
  return bad;
}

/* The suite drops zeroes at the end of a fraction; ISO 8601 has botocore's 6 digits here. */
static void widen(char *text, const char *wanted, tcx__time_format format) {
  snprintf(text, WIDE, "%s", wanted);
  char *dot = strchr(text, '.');
  if (format != TCX__TIME_ISO8601 || dot == NULL)
    return;
  size_t digits = strlen(dot) - 2;
  memcpy(dot + 1 + digits, &"000000Z"[digits], sizeof "000000Z" - digits);
}

static int format_section(const tcx_value_t *suite, const char *name, tcx__time_format format) {
  int bad = 0;
  for (const tcx_value_t *c = tcx_value_first(suite, name); c != NULL; c = tcx_value_next(c)) {
    const char *text = tcx_value_str(c, "smithy_format_value");
    struct moment m = moment_of(c, format == TCX__TIME_UNIX);
    char wanted[WIDE] = "an error";
    if (!tcx_value_bool(c, "error", false))
      widen(wanted, text, format);
    struct tcx_buf out;
    tcx__buf_init(&out, NULL, 100);
    tcx__time_write(&out, format, m.seconds, m.nanoseconds);
    bool ok = strcmp(out.status == 0 ? out.data : "an error", wanted) == 0;
    if (!ok)
      printf("# %s %s: want %s got %s\n", name, tcx_value_str(c, "iso8601"), wanted,
             out.status == 0 ? out.data : "an error");
    bad += !ok;
    tcx__buf_free(&out);
  }
  return bad;
}

static void test_suite(void **state) {
  (void)state;
  size_t size;
  char *text = test_read_file("compliance/data/timestamps/date_time_format_test_suite.json", &size);
  tcx_value_t *suite = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_status(suite), 0);
  static const struct {
    const char *name;
    tcx__time_format format;
    size_t count;
  } sections[] = {
      {"format_epoch_seconds", TCX__TIME_UNIX, 92}, {"format_http_date", TCX__TIME_RFC822, 92},
      {"format_date_time", TCX__TIME_ISO8601, 92},  {"parse_epoch_seconds", TCX__TIME_UNIX, 92},
      {"parse_http_date", TCX__TIME_RFC822, 64},    {"parse_date_time", TCX__TIME_ISO8601, 64},
  };
  int bad = 0;
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(tcx_value_len(suite, sections[i].name), sections[i].count);
    bad += (sections[i].name[0] == 'f' ? format_section : parse_section)(suite, sections[i].name,
                                                                         sections[i].format);
  }
  assert_int_equal(bad, 0);
  tcx_value_free(suite);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
