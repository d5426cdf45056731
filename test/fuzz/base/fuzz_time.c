/* A time that can be read is written and read again: the same, to the microsecond. */
#include "base/time.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct tcx_str text = {(const char *)data, size};
  int64_t seconds, again;
  int32_t nanoseconds, fraction;
  for (int format = TCX__TIME_DEFAULT; format <= TCX__TIME_UNIX; format++) {
    if (tcx__time_read_as((tcx__time_format)format, text, &seconds, &nanoseconds) != 0)
      continue;
    if (nanoseconds < 0 || nanoseconds > 999999999 || seconds < TCX__TIME_MIN ||
        seconds > TCX__TIME_MAX)
      abort();
    for (int way = TCX__TIME_ISO8601; way <= TCX__TIME_UNIX; way++) {
      struct tcx_buf out;
      tcx__buf_init(&out, NULL, 100);
      tcx__time_write(&out, (tcx__time_format)way, seconds, nanoseconds);
      if (out.status == 0) {
        int status =
            tcx__time_read_as((tcx__time_format)way, tcx__buf_str(&out), &again, &fraction);
        if (status != 0 || again != seconds ||
            (way != TCX__TIME_RFC822 && fraction / 1000 != nanoseconds / 1000))
          abort();
      }
      tcx__buf_free(&out);
    }
  }
  return 0;
}
