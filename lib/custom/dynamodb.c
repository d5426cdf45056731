/* dynamodb.c - the CRC of an answer's body, which stands in its head as a decimal number. */
#include "base/codec.h"
#include "custom/custom.h"

static int check_crc(tcx_call_t *call) {
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, "x-amz-crc32");
  int64_t crc;
  if (h == NULL || tcx__str_to_int64(h->value, &crc) != 0 || crc < 0 || crc > UINT32_MAX)
    return 0;
  const unsigned char bytes[4] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                                  (unsigned char)(crc >> 8), (unsigned char)crc};
  struct tcx_buf text;
  tcx__buf_init(&text, call->arena, TCX__SUM_TEXT);
  tcx__base64_encode(&text, bytes, sizeof bytes);
  return text.status != 0 ? text.status
                          : tcx__payload_check_with(call, TCX__SUM_CRC32, tcx__buf_str(&text));
}

static const struct tcx_hook before_parse[] = {{NULL, check_crc}, {NULL, NULL}};
const struct tcx_customization tcx__custom_dynamodb = {.service = "dynamodb",
                                                       .at = {[TCX__BEFORE_PARSE] = before_parse}};
