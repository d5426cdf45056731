/* event_read.c - a frame as an event, by the shape of its stream. */
#include "base/utf8.h"
#include "protocols/error.h"
#include "protocols/eventstream.h"
#include <string.h>

const struct tcx_member *tcx__event_output(const struct tcx_operation *op) {
  const struct tcx_shape *output = op->output;
  for (uint32_t i = 0; output != NULL && i < output->n_members; i++)
    if (output->members[i].shape->flags & TCX__S_EVENT_STREAM)
      return &output->members[i];
  return NULL;
}

static int malformed(const struct tcx_parse *p, const char *what, const char *name, size_t n) {
  return tcx__fail(p->fail, TCX_EPROTO, "malformed event: %s %.*s", what, (int)(n < 100 ? n : 100),
                   name);
}

static const struct tcx_event_header *string_header(const struct tcx_event_frame *frame,
                                                    const char *name) {
  const struct tcx_event_header *h = tcx__event_header(frame, name);
  return h != NULL && h->type == TCX__EVENT_STRING ? h : NULL;
}

/* The header's text as it is kept: NUL-ended; "" of NULL. NULL when memory is out. */
static const char *text_of(const struct tcx_parse *p, const struct tcx_event_header *h) {
  return h != NULL ? tcx__arena_strndup(p->arena, h->bytes.p, h->bytes.n) : "";
}

/* The stream's member that the header names, or NULL. */
static const struct tcx_member *member_of(const struct tcx_parse *p,
                                          const struct tcx_event_header *h) {
  return h != NULL ? tcx__shape_member(tcx__event_output(p->op)->shape, h->bytes.p, h->bytes.n)
                   : NULL;
}

/* ---- values ---- */

/* The bytes as they are kept. */
static struct tcx_value *bytes_value(struct tcx_arena *arena, struct tcx_str bytes, bool text) {
  struct tcx_value *v = tcx__value_new_str_copy(arena, bytes.p, bytes.n);
  if (v != NULL && !text)
    v->type = TCX_BLOB;
  return v;
}

static struct tcx_value *time_value(struct tcx_arena *arena, int64_t milliseconds) {
  int64_t rest = milliseconds % 1000, seconds = milliseconds / 1000;
  if (rest < 0) {
    rest += 1000;
    seconds--;
  }
  return tcx__value_new_time(arena, seconds, (int32_t)rest * 1000000);
}

static bool is_integer(uint8_t type) { return type >= TCX__EVENT_INT8 && type <= TCX__EVENT_INT64; }

/* The header as a value of shape; false when it is none. *out is NULL when memory is out. */
static bool header_value(struct tcx_arena *arena, const struct tcx_shape *shape,
                         const struct tcx_event_header *h, struct tcx_value **out) {
  switch (shape->type) {
  case TCX__SHAPE_BOOLEAN:
    *out = tcx__value_new_bool(arena, h->type == TCX__EVENT_TRUE);
    return h->type == TCX__EVENT_TRUE || h->type == TCX__EVENT_FALSE;
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
    *out = tcx__value_new_int(arena, h->integer);
    return is_integer(h->type);
  case TCX__SHAPE_TIMESTAMP:
    *out = time_value(arena, h->integer);
    return h->type == TCX__EVENT_TIMESTAMP && tcx__time_in_range(h->integer / 1000);
  case TCX__SHAPE_STRING:
    *out = bytes_value(arena, h->bytes, true);
    return h->type == TCX__EVENT_STRING;
  case TCX__SHAPE_BLOB:
    *out = bytes_value(arena, h->bytes, false);
    return h->type == TCX__EVENT_BYTES || h->type == TCX__EVENT_UUID;
  default:
    return false;
  }
}

static int add_headers(const struct tcx_parse *p, const struct tcx_shape *shape,
                       const struct tcx_event_frame *frame, struct tcx_value *map) {
  for (uint32_t i = 0; i < shape->n_members; i++) {
    const struct tcx_member *m = &shape->members[i];
    const struct tcx_event_header *h =
        m->flags & TCX__M_EVENT_HEADER ? tcx__event_header(frame, m->name) : NULL;
    struct tcx_value *v = NULL;
    if (h == NULL)
      continue;
    if (!header_value(p->arena, m->shape, h, &v))
      return malformed(p, "wrong type of header", m->name, m->name_len);
    if (v == NULL || tcx__value_replace(p->arena, map, m->name, m->name_len, v) != 0)
      return tcx__fail_memory(p->fail);
  }
  return 0;
}

static const struct tcx_member *payload_member(const struct tcx_shape *shape) {
  for (uint32_t i = 0; i < shape->n_members; i++)
    if (shape->members[i].flags & TCX__M_EVENT_PAYLOAD)
      return &shape->members[i];
  return NULL;
}

/* The one member that is the payload: bytes, text or a document. */
static int read_payload(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                        const struct tcx_member *m, struct tcx_str payload,
                        struct tcx_value **out) {
  bool text = m->shape->type == TCX__SHAPE_STRING;
  if (m->shape->type != TCX__SHAPE_BLOB && !text)
    return protocol->read(p, m->shape, payload.p, payload.n, out);
  if (text && tcx__utf8_valid(payload.p, payload.n) != payload.n)
    return malformed(p, "no UTF-8 in", m->name, m->name_len);
  *out = bytes_value(p->arena, payload, text);
  return *out != NULL ? 0 : tcx__fail_memory(p->fail);
}

/* A structure of which some members are headers, and one is the payload or all others are in it. */
static int read_structure(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                          const struct tcx_shape *shape, const struct tcx_event_frame *frame,
                          struct tcx_value **out) {
  const struct tcx_member *m = payload_member(shape);
  struct tcx_value *payload;
  int status;
  if (m == NULL) {
    status = protocol->read(p, shape, frame->payload.p, frame->payload.n, out);
    return status == 0 ? add_headers(p, shape, frame, *out) : status;
  }
  *out = tcx__value_new(p->arena, TCX_MAP);
  if (*out == NULL)
    return tcx__fail_memory(p->fail);
  status = add_headers(p, shape, frame, *out);
  if (status == 0)
    status = read_payload(p, protocol, m, frame->payload, &payload);
  if (status != 0)
    return status;
  return tcx__value_replace(p->arena, *out, m->name, m->name_len, payload) == 0
             ? 0
             : tcx__fail_memory(p->fail);
}

/* ---- the kinds of message ---- */

static int read_event(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                      const struct tcx_event_frame *frame, struct tcx_event *out) {
  const struct tcx_event_header *h = string_header(frame, ":event-type");
  const struct tcx_member *m = member_of(p, h);
  if (h == NULL)
    return malformed(p, "no", ":event-type", 11);
  if (m != NULL) {
    out->kind = TCX__EVENT_EVENT;
    out->name = m->name;
    return read_structure(p, protocol, m->shape, frame, &out->value);
  }
  out->name = text_of(p, h);
  if (out->name == NULL)
    return tcx__fail_memory(p->fail);
  out->kind = strcmp(out->name, "initial-response") == 0 ? TCX__EVENT_INITIAL : TCX__EVENT_UNKNOWN;
  return 0;
}

/* What the payload says of itself; one that cannot be read is the message, where it is text. */
static int read_message(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                        struct tcx_str payload, const char **message) {
  struct tcx_value *said = NULL;
  int status = protocol->read(p, &tcx__error_document, payload.p, payload.n, &said);
  *message = "";
  if (status == 0 && tcx__error_message(said) != NULL)
    *message = tcx__error_message(said);
  else if (status == TCX_EPROTO && tcx__utf8_valid(payload.p, payload.n) == payload.n)
    *message = tcx__arena_strndup(p->arena, payload.p, payload.n);
  return status == UV_ENOMEM || *message == NULL ? UV_ENOMEM : 0;
}

/* The members, where they can be read. */
static int read_members(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                        const struct tcx_event_frame *frame, struct tcx_event *out) {
  int status = read_structure(p, protocol, out->shape, frame, &out->value);
  if (status == TCX_EPROTO)
    out->value = tcx__value_new(p->arena, TCX_MAP);
  return status == UV_ENOMEM || out->value == NULL ? UV_ENOMEM : 0;
}

static int read_error(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                      const struct tcx_event_frame *frame, struct tcx_event *out) {
  const struct tcx_event_header *type = string_header(frame, ":exception-type"),
                                *code = string_header(frame, ":error-code"),
                                *told = string_header(frame, ":error-message");
  const struct tcx_member *m = member_of(p, type);
  struct tcx_parse quiet = *p;
  quiet.fail = NULL;
  int status = 0;
  if (m != NULL) {
    out->name = m->name;
    out->shape = m->shape;
    status = read_members(&quiet, protocol, frame, out);
  } else {
    out->name = text_of(p, code != NULL ? code : type);
  }
  if (m == NULL && told != NULL)
    out->message = text_of(p, told);
  else if (status == 0)
    status = read_message(&quiet, protocol, frame->payload, &out->message);
  return status == 0 && out->name != NULL && out->message != NULL ? 0 : tcx__fail_memory(p->fail);
}

int tcx__event_read(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                    const struct tcx_event_frame *frame, struct tcx_event *out) {
  const struct tcx_event_header *type = string_header(frame, ":message-type");
  *out = (struct tcx_event){0};
  if (type != NULL && tcx__str_is(type->bytes, "event"))
    return read_event(p, protocol, frame, out);
  if (type == NULL ||
      (!tcx__str_is(type->bytes, "exception") && !tcx__str_is(type->bytes, "error")))
    return malformed(p, type == NULL ? "no" : "unknown", ":message-type", 13);
  out->kind = TCX__EVENT_ERROR;
  return read_error(p, protocol, frame, out);
}
