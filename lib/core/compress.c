/*
 * compress.c - request bodies of operations with the requestcompression trait, gzipped before they
 * are planned, summed and signed: botocore's compress.py.
 *
 * Only what lies in memory is compressed, slice by slice, one a turn of the loop. A request that
 * was built anew is compressed anew, unless it has its body still.
 */
#include "base/gzip.h"
#include "core/call.h"

/* A body that streams is always worth it, unless the service must know its length before. */
static bool is_worth_it(const tcx_call_t *call) {
  const struct tcx_shape *input = call->op->input;
  const struct tcx_member *m =
      input != NULL && input->payload != NULL
          ? tcx__shape_member(input, input->payload, strlen(input->payload))
          : NULL;
  if (m != NULL && (m->flags & TCX__M_STREAMING) != 0)
    return (m->flags & TCX__M_REQUIRES_LENGTH) == 0;
  return call->upload.memory.n >= call->client->config.min_compression_size;
}

static bool is_wanted(const tcx_call_t *call) {
  const struct tcx_client_config *config = &call->client->config;
  return (call->op->flags & TCX__OP_GZIP) != 0 && call->goal != TCX__GOAL_PRESIGN &&
         call->upload.body == NULL && !config->no_compression &&
         config->scheme != TCX__SCHEME_SIGV2 && is_worth_it(call);
}

/* Behind the encoding that the request has already. */
static int add_encoding(tcx_call_t *call) {
  const struct tcx_header *had = tcx__headers_get(&call->req.headers, "content-encoding");
  struct tcx_str encoding = TCX__STR("gzip");
  if (had != NULL && had->value.n > 0) {
    const char *both = tcx__arena_printf(call->arena, "%.*s,gzip", (int)had->value.n, had->value.p);
    if (both == NULL)
      return UV_ENOMEM;
    encoding = tcx__str(both);
  }
  call->content_encoding = encoding;
  int err = tcx__headers_set(&call->req.headers, TCX__STR("Content-Encoding"), encoding);
  call->request_headers = call->req.headers.count;
  return err;
}

static int finish(tcx_call_t *call) {
  int err = tcx__gzip_finish(call->gzip, &call->upload.memory);
  call->upload.length = (int64_t)call->upload.memory.n;
  call->gzip = NULL;
  call->is_gzip = true;
  return err == 0 ? add_encoding(call) : err;
}

int tcx__call_compress(tcx_call_t *call) {
  if (!call->compression_asked) {
    call->compression_asked = true;
    if (call->is_gzip)
      return add_encoding(call);
    if (!is_wanted(call))
      return 0;
    call->gzipped = 0;
    if ((call->gzip = tcx__gzip_new(call->arena)) == NULL)
      return UV_ENOMEM;
  }
  if (call->gzip == NULL)
    return 0;
  size_t rest = call->upload.memory.n - call->gzipped,
         n = rest < TCX__HASH_SLICE ? rest : TCX__HASH_SLICE;
  int err = tcx__gzip_add(call->gzip, call->upload.memory.p + call->gzipped, n);
  call->gzipped += n;
  if (err != 0)
    return err;
  return n < rest ? TCX_EAGAIN : finish(call);
}
