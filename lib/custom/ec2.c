/* ec2.c - EC2: UserData and the console's output in base64, copies of snapshots from another
 * region, Filters for Filter. */
#include "base/codec.h"
#include "base/utf8.h"
#include "custom/custom.h"

static int filters(tcx_call_t *call) { return tcx__custom_alias(call, "Filter", "Filters"); }
static int copy_snapshot(tcx_call_t *call) {
  return tcx__custom_copy_url(call, "PresignedUrl", true);
}

/* A console says any bytes; what is no UTF-8 becomes U+FFFD. */
static int console_output(tcx_call_t *call) {
  struct tcx_value *output = tcx__value_find(call->value, "Output", 6);
  struct tcx_buf bytes, text;
  if (output == NULL || output->type != TCX_STRING)
    return 0;
  tcx__buf_init(&bytes, call->arena, SIZE_MAX / 2);
  tcx__buf_init(&text, call->arena, SIZE_MAX / 2);
  if (tcx__base64_decode(&bytes, output->u.bytes.p, output->u.bytes.n) != 0 || bytes.status != 0)
    return bytes.status;
  for (size_t at = 0; at < bytes.len;) {
    size_t good = tcx__utf8_valid(bytes.data + at, bytes.len - at);
    tcx__buf_add(&text, bytes.data + at, good);
    at += good;
    if (at < bytes.len) {
      tcx__buf_add(&text, "\xef\xbf\xbd", 3);
      at++;
    }
  }
  if (text.status == 0)
    output->u.bytes = tcx__buf_str(&text);
  return text.status;
}

static const struct tcx_hook before_parameter_build[] = {{NULL, filters},
                                                         {"RunInstances", tcx__custom_user_data},
                                                         {"CopySnapshot", copy_snapshot},
                                                         {NULL, NULL}};
static const struct tcx_hook after_parse[] = {{"GetConsoleOutput", console_output}, {NULL, NULL}};
const struct tcx_customization tcx__custom_ec2 = {
    .service = "ec2",
    .at =
        {
            [TCX__BEFORE_PARAMETER_BUILD] = before_parameter_build,
            [TCX__BEFORE_ENDPOINT_RESOLUTION] = tcx__custom_copy_endpoint,
            [TCX__BEFORE_CALL] = tcx__custom_copy_call,
            [TCX__AFTER_PARSE] = after_parse,
        },
};
