/* URLs, percent-encoding and base64: what was encoded decodes to the same, and the parts of a URL
 * lie inside it. */
#include "base/codec.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct tcx_str part, const char *p, size_t n) {
  return part.n == 0 || (part.p >= p && part.p + part.n <= p + n);
}

static void check(struct tcx_buf *out, const char *p, size_t n) {
  if (out->len != n || (n > 0 && memcmp(out->data, p, n) != 0))
    abort();
  tcx__buf_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *p = (const char *)data, *why = NULL;
  struct tcx_url url;
  if (tcx__url_parse(&url, (struct tcx_str){p, size}, &why) == 0) {
    if (url.host.n == 0 || url.port == 0 || !inside(url.host, p, size) ||
        !inside(url.path, p, size) || !inside(url.query, p, size) ||
        !inside(url.authority, p, size) || (url.path.n > 0 && url.path.p[0] != '/'))
      abort();
  } else if (why == NULL) {
    abort();
  }
  tcx__is_ip((struct tcx_str){p, size});
  struct tcx_buf one, two;
  tcx__buf_init(&one, NULL, 1u << 26);
  tcx__buf_init(&two, NULL, 1u << 26);
  tcx__uri_encode(&one, p, size, TCX__URI_LABEL);
  tcx__uri_decode(&two, one.data, one.len, true);
  check(&two, p, size);
  tcx__buf_free(&one);
  tcx__uri_decode(&one, p, size, size % 2 == 0);
  tcx__buf_free(&one);
  tcx__base64_encode(&one, p, size);
  if (tcx__base64_decode(&two, one.data, one.len) != 0)
    abort();
  check(&two, p, size);
  tcx__buf_free(&one);
  if (tcx__base64_decode(&one, p, size) != 0 && one.len != 0)
    abort();
  tcx__buf_free(&one);
  return 0;
}
