/*
 * redirect.c - a bucket that lives in another region: the region comes from the answer's header or
 * body, else from HeadBucket, is remembered, and the request is signed and sent once more, in the
 * right region.
 *
 * The outer call waits in INNER while a HeadBucket runs (it has given its connection back before).
 * It holds itself with a reference until the inner call's callback has come.
 */
#include "base/mem.h"
#include "core/log.h"
#include "s3/s3.h"
#include <ctype.h>
#include <string.h>

static const char *error_text(const tcx_call_t *call, const char *name) {
  const struct tcx_value *error = tcx__value_find(call->value, "Error", 5);
  const struct tcx_value *v = tcx__value_find(error, name, strlen(name));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

static bool wrong_region(const tcx_call_t *call) {
  const char *code = call->parse_error.code, *op = call->op->name;
  int status = call->head.status;
  bool is_301_or_400 = strcmp(code, "301") == 0 || strcmp(code, "400") == 0;
  if (status == 301 || status == 302 || status == 307 || strcmp(code, "PermanentRedirect") == 0)
    return true;
  if (strcmp(code, "AuthorizationHeaderMalformed") == 0 && error_text(call, "Region") != NULL)
    return true;
  if (strcmp(code, "IllegalLocationConstraintException") == 0 && strcmp(op, "CreateBucket") != 0)
    return true;
  if (is_301_or_400 && strcmp(op, "HeadObject") == 0)
    return true;
  return is_301_or_400 && strcmp(op, "HeadBucket") == 0 &&
         tcx__headers_get(&call->head.headers, "x-amz-bucket-region") != NULL;
}

static bool valid_region(const char *s) {
  size_t n = 0;
  for (; s[n] != '\0'; n++)
    if (!isalnum((unsigned char)s[n]) && s[n] != '-')
      return false;
  return n > 0 && n <= 63;
}

static void forget_regions(struct tcx_s3_client *state) {
  tcx__arena_free(state->arena);
  state->arena = NULL;
  state->regions = NULL;
}

static int remember(tcx_client_t *client, struct tcx_str bucket, const char *region) {
  struct tcx_s3_client *state = tcx__client_state(client);
  if (state->regions != NULL && tcx__value_count(state->regions) >= TCX__S3_REGIONS_MAX)
    forget_regions(state);
  if (state->arena == NULL && (state->arena = tcx__arena_new()) == NULL)
    return UV_ENOMEM;
  if (state->regions == NULL && (state->regions = tcx__value_new(state->arena, TCX_MAP)) == NULL)
    return UV_ENOMEM;
  struct tcx_value *v = tcx__value_new_str_copy(state->arena, region, strlen(region));
  const char *name = tcx__arena_strndup(state->arena, bucket.p, bucket.n);
  return v == NULL || name == NULL
             ? UV_ENOMEM
             : tcx__value_replace(state->arena, state->regions, name, bucket.n, v);
}

void tcx__s3_client_free(tcx_client_t *client) {
  forget_regions(tcx__client_state(client));
  tcx__s3_sessions_free(client);
}

/* The region is known: once more, there. The same region again would only fail again. */
static int go_to(tcx_call_t *call, const char *region) {
  struct tcx_str bucket = tcx__s3_bucket(call);
  if (!valid_region(region) ||
      (call->signing_region != NULL && strcmp(region, call->signing_region) == 0))
    return 0;
  tcx__log(call->session, TCX_LOG_INFO, "s3", call, "bucket %.*s is in region %s", (int)bucket.n,
           bucket.p, region);
  call->redirect = true;
  return remember(call->client, bucket, region);
}

static void on_head_bucket(tcx_call_t *inner, const tcx_value_t *response,
                           const tcx_error_t *error) {
  tcx_call_t *call = tcx_call_data(inner);
  const char *region = tcx_call_header(inner, "x-amz-bucket-region");
  (void)response, (void)error;
  if (call->state == TCX__CALL_INNER) {
    if (region == NULL) /* it was redirected itself, and has taught the client where to */
      region = tcx__s3_known_region(call->client, tcx__s3_bucket(call));
    int err = region != NULL ? go_to(call, region) : 0;
    tcx__call_inner_done(call, err);
  }
  tcx__call_unref(call);
}

static int ask_bucket(tcx_call_t *call) {
  struct tcx_str bucket = tcx__s3_bucket(call);
  if (strcmp(call->op->name, "HeadBucket") == 0)
    return 0;
  struct tcx_call_start start = {.client = call->client,
                                 .operation = "head_bucket",
                                 .cb = on_head_bucket,
                                 .data = call,
                                 .internal = true};
  start.params = tcx_params("{Bucket: %.*s}", (int)bucket.n, bucket.p);
  int err = tcx__call_inner(call, &start, NULL);
  return err == TCX_ECLOSING ? 0 : err;
}

int tcx__s3_redirect(tcx_call_t *call) {
  struct tcx_str bucket = tcx__s3_bucket(call);
  if (call->redirected || bucket.p == NULL || tcx__s3_is_arn(bucket) || !wrong_region(call))
    return 0;
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, "x-amz-bucket-region");
  const char *region = h != NULL ? h->value.p : error_text(call, "Region");
  return region != NULL ? go_to(call, region) : ask_bucket(call);
}
