/* call_info.c - the program's side of a call: starting one, asking it, keeping it. */
#include "core/call.h"
#include <string.h>

int tcx_client_call(tcx_client_t *client, const char *operation, tcx_value_t *params,
                    tcx_call_cb cb, void *data) {
  struct tcx_call_start start = {
      .client = client, .operation = operation, .params = params, .cb = cb, .data = data};
  return tcx__call_start(&start, NULL);
}

int tcx_client_start_sized(tcx_client_t *client, const char *operation, tcx_value_t *params,
                           const tcx_call_options_t *options, size_t size, tcx_call_cb cb,
                           void *data, tcx_call_t **call) {
  struct tcx_call_start start = {.client = client,
                                 .operation = operation,
                                 .params = params,
                                 .options = options,
                                 .options_size = size,
                                 .cb = cb,
                                 .data = data};
  return tcx__call_start(&start, call);
}

void *tcx_call_data(const tcx_call_t *call) { return call->data; }
tcx_client_t *tcx_call_client(const tcx_call_t *call) { return call->client; }
const char *tcx_call_operation(const tcx_call_t *call) {
  return call->op != NULL ? call->op->name : call->op_name;
}
const tcx_value_t *tcx_call_response(const tcx_call_t *call) {
  return call->state >= TCX__CALL_STREAMING && call->error.status == 0 ? call->value : NULL;
}
const tcx_error_t *tcx_call_error(const tcx_call_t *call) {
  return call->state >= TCX__CALL_STREAMING && call->error.status != 0 ? &call->error : NULL;
}
int tcx_call_http_status(const tcx_call_t *call) { return call->head.status; }

uint64_t tcx_call_bytes_sent(const tcx_call_t *call) {
  return call->x.upload_done && call->upload.length > 0 ? (uint64_t)call->upload.length
                                                        : call->upload.at;
}
uint64_t tcx_call_bytes_received(const tcx_call_t *call) { return call->received; }

const char *tcx_call_header(const tcx_call_t *call, const char *name) {
  const struct tcx_header *h =
      name != NULL && call->head.status != 0 ? tcx__headers_get(&call->head.headers, name) : NULL;
  return h != NULL ? h->value.p : NULL;
}

tcx_call_t *tcx_call_retain(tcx_call_t *call) {
  call->refs++;
  return call;
}

void tcx_call_release(tcx_call_t *call) {
  if (call != NULL)
    tcx__call_unref(call);
}

void tcx_call_get_timings_sized(const tcx_call_t *call, tcx_call_timings_t *timings, size_t size) {
  tcx_call_timings_t all = call->timings;
  all.bytes_sent += tcx_call_bytes_sent(call);
  all.bytes_received += tcx_call_bytes_received(call);
  memset(timings, 0, size);
  memcpy(timings, &all, size < sizeof all ? size : sizeof all);
}
