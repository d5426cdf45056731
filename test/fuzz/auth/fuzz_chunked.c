/* A body cut in arbitrary pieces, framed, and read back by a plain reader of aws-chunked: same
 * bytes, same trailer, nothing left over. */
#include "auth/auth.h"
#include <stdlib.h>
#include <string.h>

static void check(bool ok) {
  if (!ok)
    abort();
}

static struct tcx_str line_of(const char **p, const char *end) {
  const char *mark = memchr(*p, '\n', (size_t)(end - *p));
  check(mark != NULL && mark > *p && mark[-1] == '\r');
  struct tcx_str line = {*p, (size_t)(mark - 1 - *p)};
  *p = mark + 1;
  return line;
}

/* Characters of a signature; 0: there is none. */
static size_t size_of(struct tcx_str line, size_t width) {
  size_t n = 0, i = 0;
  for (; i < line.n && line.p[i] != ';'; i++) {
    const char *digit = strchr("0123456789abcdef", line.p[i]);
    check(digit != NULL);
    n = n * 16 + (size_t)(digit - "0123456789abcdef");
  }
  check(i > 0 && (line.n == i) == (width == 0));
  check(width == 0 ||
        (line.n == i + 17 + width && memcmp(line.p + i, ";chunk-signature=", 17) == 0));
  return n;
}

static void read_back(const char *p, const char *end, tcx__payload payload, tcx__sum sum,
                      size_t width, const char *text, const uint8_t *data, size_t size) {
  for (size_t n; (n = size_of(line_of(&p, end), width)) > 0; p += 2) {
    check(n <= size && (size_t)(end - p) >= n + 2 && memcmp(p, data, n) == 0);
    data += n;
    size -= n;
    p += n;
    check(memcmp(p, "\r\n", 2) == 0);
  }
  check(size == 0);
  if (sum != TCX__SUM_NONE && payload != TCX__PAYLOAD_STREAMING) {
    struct tcx_str line = line_of(&p, end), header = tcx__sum_header(sum);
    check(line.n == header.n + 1 + tcx__sum_text_len(sum) &&
          memcmp(line.p, header.p, header.n) == 0 && line.p[header.n] == ':');
    check(memcmp(line.p + header.n + 1, text, tcx__sum_text_len(sum)) == 0);
    if (width > 0)
      check(line_of(&p, end).n == strlen("x-amz-trailer-signature:") + width);
  }
  check(line_of(&p, end).n == 0 && p == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const tcx__payload forms[] = {TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER,
                                       TCX__PAYLOAD_STREAMING, TCX__PAYLOAD_STREAMING_TRAILER};
  if (size < 3 || size > 20000)
    return 0;
  tcx__payload payload = forms[data[0] % 3];
  tcx__sum sum = (tcx__sum)(data[1] % TCX__SUM_COUNT);
  bool is_signed = payload != TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER;
  bool asymmetric = data[0] >= 250; /* seldom: it is slow */
  size_t piece = asymmetric ? 65536 : 1 + data[2],
         room = size * (TCX__CHUNK_HEAD + 3) + TCX__CHUNK_TAIL;
  struct tcx_sigv4 s = {.access_key = "A",
                        .secret_key = "s",
                        .region = "r",
                        .service = "s3",
                        .asymmetric = asymmetric,
                        .now = data[1],
                        .payload = payload};
  struct tcx_chunked c;
  struct tcx_summer summer;
  char text[TCX__SUM_TEXT], *out = malloc(room), *at = out;
  check(out != NULL);
  memset(s.signature, '0', 64);
  data += 3;
  size -= 3;
  check(tcx__chunked_init(&c, &s, sum) == 0);
  tcx__summer_init(&summer, sum);
  for (size_t done = 0; done < size; done += piece) {
    size_t n = size - done < piece ? size - done : piece;
    at += tcx__chunked_head(&c, at, data + done, n);
    memcpy(at, data + done, n);
    memcpy(at + n, "\r\n", 2);
    at += n + 2;
    tcx__summer_update(&summer, data + done, n);
  }
  size_t sum_len = tcx__summer_final(&summer, text);
  check(sum_len == (sum == TCX__SUM_NONE ? 0 : tcx__sum_text_len(sum)));
  at += tcx__chunked_tail(&c, at, text, sum_len);
  tcx__chunked_wipe(&c);
  read_back(out, at, payload, sum,
            !is_signed   ? 0
            : asymmetric ? TCX__SIGNATURE_MAX
                         : 64,
            text, data, size);
  if (size <= piece)
    check((uint64_t)(at - out) == tcx__chunked_length(payload, asymmetric, sum, size));
  free(out);
  return 0;
}
