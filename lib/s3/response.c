#include "base/codec.h"
#include "base/time.h"
#include "s3/s3.h"
#include <string.h>

/* ---- an error in a 200 ---- */

/* Documents only: an output whose payload is bytes cannot be told from an error. */
static bool document_output(const struct tcx_operation *op) {
  if (op->output == NULL)
    return false;
  if (op->output->payload == NULL)
    return true;
  const struct tcx_member *m =
      tcx__shape_member(op->output, op->output->payload, strlen(op->output->payload));
  return m != NULL && m->shape->type == TCX__SHAPE_STRUCTURE &&
         (m->shape->flags & TCX__S_EVENT_STREAM) == 0;
}

static void drop_header(struct tcx_headers *h, const struct tcx_header *one) {
  size_t at = (size_t)(one - h->list);
  memmove(h->list + at, h->list + at + 1, (h->count - at - 1) * sizeof *h->list);
  h->count--;
}

/* An Expires that is no date must not break the response: the text is kept as ExpiresString. */
static int keep_expires(tcx_call_t *call) {
  const struct tcx_header *h = tcx__headers_get(&call->head.headers, "expires");
  int64_t seconds;
  int32_t nanoseconds;
  if (h == NULL || call->op->output == NULL ||
      tcx__shape_member(call->op->output, "Expires", 7) == NULL)
    return 0;
  struct tcx_s3_call *state = tcx__s3_call(call);
  if (state == NULL)
    return UV_ENOMEM;
  state->expires = h->value;
  if (tcx__time_read(h->value, &seconds, &nanoseconds) != 0)
    drop_header(&call->head.headers, h);
  return 0;
}

int tcx__s3_before_parse(tcx_call_t *call) {
  call->error_in_success = call->head.status == 200 && document_output(call->op);
  return keep_expires(call);
}

int tcx__s3_expires(tcx_call_t *call) {
  const struct tcx_s3_call *state = call->hook_state;
  if (state == NULL || state->expires.p == NULL || call->parse_mode != TCX__PARSE_OUTPUT)
    return 0;
  struct tcx_value *v = tcx__value_new_str(call->arena, state->expires.p, state->expires.n);
  return v == NULL ? UV_ENOMEM
                   : tcx__value_replace(call->arena, call->value, "ExpiresString", 13, v);
}

/* ---- keys that came encoded ---- */

/* In place: decoding never lengthens. '+' is a space, as S3 writes it. */
static void decode(struct tcx_value *v) {
  if (v == NULL || v->type != TCX_STRING ||
      (memchr(v->u.bytes.p, '%', v->u.bytes.n) == NULL &&
       memchr(v->u.bytes.p, '+', v->u.bytes.n) == NULL))
    return;
  char *to = (char *)(uintptr_t)v->u.bytes.p;
  const char *from = v->u.bytes.p, *end = from + v->u.bytes.n;
  while (from < end) {
    unsigned char byte;
    if (*from == '%' && end - from >= 3 && tcx__hex_decode(&byte, from + 1, 2) == 0) {
      *to++ = (char)byte;
      from += 3;
    } else {
      *to++ = *from == '+' ? ' ' : *from;
      from++;
    }
  }
  *to = '\0';
  v->u.bytes.n = (size_t)(to - v->u.bytes.p);
}

static int decode_all(tcx_call_t *call, const char *const *top, const char *const (*nested)[2]) {
  const struct tcx_s3_call *state = call->hook_state;
  const struct tcx_value *type = tcx__value_find(call->value, "EncodingType", 12);
  if (call->parse_mode != TCX__PARSE_OUTPUT || state == NULL || !state->encoding_auto ||
      type == NULL || !tcx__str_is(type->u.bytes, "url"))
    return 0;
  for (; *top != NULL; top++)
    decode(tcx__value_find(call->value, *top, strlen(*top)));
  for (; (*nested)[0] != NULL; nested++) {
    struct tcx_value *list = tcx__value_find(call->value, (*nested)[0], strlen((*nested)[0]));
    size_t n = strlen((*nested)[1]);
    for (const struct tcx_value *item = tcx__value_kids(list); item != NULL; item = item->next)
      decode(tcx__value_find(item, (*nested)[1], n));
  }
  return 0;
}

static const char *const object_lists[][2] = {
    {"Contents", "Key"}, {"CommonPrefixes", "Prefix"}, {NULL, NULL}};

int tcx__s3_decode_objects(tcx_call_t *call) {
  static const char *const top[] = {"Delimiter", "Marker", "NextMarker", NULL};
  return decode_all(call, top, object_lists);
}

int tcx__s3_decode_objects_v2(tcx_call_t *call) {
  static const char *const top[] = {"Delimiter", "Prefix", "StartAfter", NULL};
  return decode_all(call, top, object_lists);
}

int tcx__s3_decode_versions(tcx_call_t *call) {
  static const char *const top[] = {"KeyMarker", "NextKeyMarker", "Prefix", "Delimiter", NULL};
  static const char *const lists[][2] = {
      {"Versions", "Key"}, {"DeleteMarkers", "Key"}, {"CommonPrefixes", "Prefix"}, {NULL, NULL}};
  return decode_all(call, top, lists);
}
