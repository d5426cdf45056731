#include "base/time.h"
#include "support.h"
#include <tucuxi.h>

/* What botocore's parse_timestamp gives; nanoseconds beyond its microseconds are ours. */
static void test_reading(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t seconds;
    int32_t nanoseconds;
  } cases[] = {
      {"-1.5", -2, 500000000},
      {"1e3", 1000, 0},
      {"1.5E+9", 1500000000, 0},
      {" 1440938160 ", 1440938160, 0},
      {"\n1440938160\r\n", 1440938160, 0},
      {"\n\t2015-08-30T12:36:00Z\r\n", 1440938160, 0},
      {"2015-08-30 12:36:00 UTC", 1440938160, 0},
      {"2015-08-30T12:36:00.5 +0100", 1440934560, 500000000},
      {"2015-08-30", 1440892800, 0},
      {"20150830T123600Z", 1440938160, 0},
      {"2015-08-30T12:36", 1440938160, 0},
      {"2015-08-30 12:36:00", 1440938160, 0},
      {"Sun, 30 Aug 2015 12:36:00 GMT", 1440938160, 0},
      {"Sunday, 30-Aug-15 12:36:00 GMT", 1440938160, 0},
      {"Sun Aug 30 12:36:00 2015", 1440938160, 0},
      {"2015-08-30T12:36:00.123456789+01:30", 1440932760, 123456789},
      {"30 Aug 2015 12:36:00 +0200", 1440930960, 0},
      {"2015-08-30T12:36:00+0100", 1440934560, 0},
      {"2015-08-30T12:36:00+01", 1440934560, 0},
      {"2015-08-30T12:36:00,5Z", 1440938160, 500000000},
      {"2015", 2015, 0},
      {"-0.000001", -1, 999999000},
      {"Sun, 30 Aug 2015 12:36:00 UTC", 1440938160, 0},
      {"Sun, 30 Aug 2015 12:36:00", 1440938160, 0},
      {"2015-08-30t12:36:00z", 1440938160, 0},
      {"0.1234567899", 0, 123456789},
      {"1440938160.000000000000000000000000000000000000000000001", 1440938160, 0},
      {"000000000000000000000000000000000000000000000001.5", 1, 500000000},
      {"1e-3", 0, 1000000},
      {"1e-12", 0, 0},
      {"1e-999999999", 0, 0},
      {"14409381600e-1", 1440938160, 0},
      {"0e999999", 0, 0},
      {"Wed Aug  5 01:02:03 1998", 902278923, 0},
      {"2016-02-29", 1456704000, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t seconds = 0;
    int32_t nanoseconds = 0;
    int status = tcx__time_read(tcx__str(cases[i].text), &seconds, &nanoseconds);
    if (status != 0 || seconds != cases[i].seconds || nanoseconds != cases[i].nanoseconds)
      fail_msg("%s: %d %lld.%09d", cases[i].text, status, (long long)seconds, (int)nanoseconds);
  }
}

static void test_refusing(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      " ",
                                      "x",
                                      "-",
                                      ".",
                                      "1e",
                                      "1.2.3",
                                      "inf",
                                      "nan",
                                      "0x10",
                                      "2015-08-30T24:00:00Z",
                                      "2015-08-30T23:59:60Z",
                                      "2015-02-29",
                                      "1900-02-29",
                                      "2015-13-01",
                                      "2015-00-01",
                                      "2015-01-00",
                                      "2015-08-30T",
                                      "2015-08-30T12",
                                      "2015-08-30T12:36:00.Z",
                                      "2015-08-30T12:36:00+",
                                      "2015-08-30T12:36:00+25:00",
                                      "2015-08-30T12:36:00+01:3",
                                      "2015-08-30T12:36:00ZZ",
                                      "Sun, 30 Aug",
                                      "Sun, 30 Xyz 2015 12:36:00 GMT",
                                      "Sun, 30 Aug 2015 12:36:00 EST",
                                      "Sun 30 Aug 2015",
                                      "30 Aug 015 12:36:00 GMT",
                                      "Sun",
                                      "Sun,",
                                      "2015-08-30T12:36:00 x",
                                      "2015-08-30 12:36 :00",
                                      "30/08/2015"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int64_t seconds;
    int32_t nanoseconds;
    if (tcx__time_read(tcx__str(wrong[i]), &seconds, &nanoseconds) != UV_EINVAL)
      fail_msg("taken: %s", wrong[i]);
  }
  static const char *const far[] = {"1440938160000",
                                    "1e100",
                                    "-1e100",
                                    "1e999999999",
                                    "253402300800",
                                    "-377705116801",
                                    "9999-12-31T23:59:59-01:00"};
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
    int64_t seconds;
    int32_t nanoseconds;
    if (tcx__time_read(tcx__str(far[i]), &seconds, &nanoseconds) != UV_ERANGE)
      fail_msg("in range: %s", far[i]);
  }
  int64_t seconds;
  int32_t nanoseconds;
  assert_int_equal(
      tcx__time_read_as(TCX__TIME_ISO8601, TCX__STR("1440938160"), &seconds, &nanoseconds),
      UV_EINVAL);
  assert_int_equal(
      tcx__time_read_as(TCX__TIME_UNIX, TCX__STR("2015-08-30"), &seconds, &nanoseconds), UV_EINVAL);
  assert_int_equal(
      tcx__time_read_as(TCX__TIME_DEFAULT, TCX__STR("2015-08-30"), &seconds, &nanoseconds), 0);
}

static void check(tcx__time_format format, int64_t seconds, int32_t nanoseconds,
                  const char *wanted) {
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 100);
  tcx__time_write(&out, format, seconds, nanoseconds);
  if (wanted == NULL)
    assert_int_equal(out.status, UV_ERANGE);
  else
    assert_string_equal(out.data, wanted);
  tcx__buf_free(&out);
}

static void test_writing(void **state) {
  (void)state;
  check(TCX__TIME_ISO8601, 1440938160, 0, "2015-08-30T12:36:00Z");
  check(TCX__TIME_DEFAULT, 1440938160, 5000, "2015-08-30T12:36:00.000005Z");
  check(TCX__TIME_ISO8601, 1440938160, 999, "2015-08-30T12:36:00Z");
  check(TCX__TIME_RFC822, 1440938160, 5000, "Sun, 30 Aug 2015 12:36:00 GMT");
  check(TCX__TIME_RFC822, -1, 0, "Wed, 31 Dec 1969 23:59:59 GMT");
  check(TCX__TIME_UNIX, 1440938160, 0, "1440938160");
  check(TCX__TIME_UNIX, 1440938160, 120000000, "1440938160.12");
  check(TCX__TIME_UNIX, -2, 500000000, "-1.5");
  check(TCX__TIME_UNIX, -1, 999999000, "-0.000001");
  check(TCX__TIME_UNIX, INT64_MIN, 0, "-9223372036854775808");
  check(TCX__TIME_UNIX, INT64_MAX, 1000, "9223372036854775807.000001");
  check(TCX__TIME_ISO8601, 253402300799, 999999999, "9999-12-31T23:59:59.999999Z");
  check(TCX__TIME_ISO8601, 253402300800, 0, NULL);
  check(TCX__TIME_ISO8601, -100000000000, 0, NULL);
  check(TCX__TIME_RFC822, INT64_MIN, 0, NULL);
  char amz[17], text[TCX__TIME_TEXT];
  tcx__time_amz(amz, 1440938160);
  assert_string_equal(amz, "20150830T123600Z");
  assert_int_equal(tcx__time_text(text, 1440938160, 0), 20);
  assert_int_equal(tcx__time_text(text, INT64_MIN, 1000), 27);
  assert_string_equal(text, "-9223372036854775807.999999");
}

static void test_calendar_there_and_back(void **state) {
  (void)state;
  int64_t day = tcx__time_from_civil(&(struct tcx_civil){-9999, 1, 1, 0, 0, 0, 0});
  assert_true(day == TCX__TIME_MIN);
  struct tcx_civil last = tcx__time_civil(day);
  int weekday = last.weekday;
  for (; day <= TCX__TIME_MAX; day += 86400, weekday = (weekday + 1) % 7) {
    struct tcx_civil c = tcx__time_civil(day + 86399);
    assert_true(tcx__time_from_civil(&c) == day + 86399);
    assert_int_equal(c.weekday, weekday);
    assert_true(c.hour == 23 && c.minute == 59 && c.second == 59);
    assert_true(c.day == last.day || c.day == last.day + 1 || c.day == 1);
    last = c;
  }
  assert_int_equal(last.year, 9999);
  assert_int_equal(last.weekday, 5); /* 9999-12-31 is a Friday */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reading),
      cmocka_unit_test(test_refusing),
      cmocka_unit_test(test_writing),
      cmocka_unit_test(test_calendar_there_and_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
