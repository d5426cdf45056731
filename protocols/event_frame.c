/* event_frame.c - the frames of event streams. */
#include "base/checksum.h"
#include "base/utf8.h"
#include "protocols/eventstream.h"

enum { PRELUDE = 12, TRAILER = 4, UUID_SIZE = 16 };

static int malformed(struct tcx_event_frames *f, const char *why) {
  f->why = why;
  return f->status = TCX_EPROTO;
}

static uint64_t big_endian(const char *p, unsigned bytes) {
  uint64_t n = 0;
  for (unsigned i = 0; i < bytes; i++)
    n = n << 8 | (unsigned char)p[i];
  return n;
}

/* ---- headers ---- */

/* Cuts n bytes off rest; false when there are fewer. */
static bool take(struct tcx_str *rest, size_t n, struct tcx_str *out) {
  if (rest->n < n)
    return false;
  *out = (struct tcx_str){rest->p, n};
  rest->p += n;
  rest->n -= n;
  return true;
}

static bool take_integer(struct tcx_str *rest, unsigned bytes, uint64_t *out) {
  struct tcx_str digits;
  if (!take(rest, bytes, &digits))
    return false;
  *out = big_endian(digits.p, bytes);
  return true;
}

/* Bytes with their length before them. */
static bool take_counted(struct tcx_str *rest, unsigned length_bytes, struct tcx_str *out) {
  uint64_t n;
  return take_integer(rest, length_bytes, &n) && take(rest, (size_t)n, out);
}

static bool take_value(struct tcx_str *rest, struct tcx_event_header *h) {
  static const uint8_t sizes[] = {[TCX__EVENT_INT8] = 1,
                                  [TCX__EVENT_INT16] = 2,
                                  [TCX__EVENT_INT32] = 4,
                                  [TCX__EVENT_INT64] = 8,
                                  [TCX__EVENT_TIMESTAMP] = 8};
  uint64_t n;
  switch (h->type) {
  case TCX__EVENT_TRUE:
  case TCX__EVENT_FALSE:
    return true;
  case TCX__EVENT_BYTES:
  case TCX__EVENT_STRING:
    return take_counted(rest, 2, &h->bytes);
  case TCX__EVENT_UUID:
    return take(rest, UUID_SIZE, &h->bytes);
  default: {
    unsigned unused = 64 - 8u * sizes[h->type];
    if (!take_integer(rest, sizes[h->type], &n))
      return false;
    h->integer = (int64_t)(n << unused) >> unused;
    return true;
  }
  }
}

static int parse_header(struct tcx_event_frames *f, struct tcx_str *rest,
                        struct tcx_event_header *h) {
  uint64_t type;
  *h = (struct tcx_event_header){0};
  if (!take_counted(rest, 1, &h->name) || !take_integer(rest, 1, &type))
    return malformed(f, "a header is cut");
  if (h->name.n == 0)
    return malformed(f, "a header has no name");
  if (type > TCX__EVENT_UUID)
    return malformed(f, "a header's type is not known");
  h->type = (uint8_t)type;
  if (!take_value(rest, h))
    return malformed(f, "a header is cut");
  if (tcx__utf8_valid(h->name.p, h->name.n) != h->name.n ||
      (h->type == TCX__EVENT_STRING && tcx__utf8_valid(h->bytes.p, h->bytes.n) != h->bytes.n))
    return malformed(f, "a header is not UTF-8");
  return 0;
}

static int parse_headers(struct tcx_event_frames *f, struct tcx_str rest, unsigned *count) {
  for (*count = 0; rest.n > 0; (*count)++) {
    if (*count == TCX__EVENT_HEADER_COUNT)
      return malformed(f, "too many headers");
    struct tcx_event_header *h = &f->headers[*count];
    int status = parse_header(f, &rest, h);
    for (unsigned i = 0; i < *count && status == 0; i++)
      if (tcx__str_eq(f->headers[i].name, h->name))
        status = malformed(f, "a header came twice");
    if (status != 0)
      return status;
  }
  return 0;
}

const struct tcx_event_header *tcx__event_header(const struct tcx_event_frame *frame,
                                                 const char *name) {
  for (unsigned i = 0; i < frame->n_headers; i++)
    if (tcx__str_is(frame->headers[i].name, name))
      return &frame->headers[i];
  return NULL;
}

/* ---- frames ---- */

void tcx__event_frames_init(struct tcx_event_frames *f) {
  tcx__buf_init(&f->part, NULL,
                PRELUDE + TCX__EVENT_HEADERS_MAX + TCX__EVENT_PAYLOAD_MAX + TRAILER);
  f->total = 0;
  f->given = false;
  f->status = 0;
  f->why = NULL;
}

void tcx__event_frames_free(struct tcx_event_frames *f) { tcx__buf_free(&f->part); }

/* The lengths, which are believed once their checksum is right. */
static int check_prelude(struct tcx_event_frames *f, const char *p) {
  uint64_t total = big_endian(p, 4), headers = big_endian(p + 4, 4);
  if (tcx__crc32(0, p, 8) != big_endian(p + 8, 4))
    return malformed(f, "the checksum of its lengths is wrong");
  if (headers > TCX__EVENT_HEADERS_MAX)
    return malformed(f, "its headers are too long");
  if (total < PRELUDE + headers + TRAILER)
    return malformed(f, "its length is less than its parts");
  if (total - PRELUDE - headers - TRAILER > TCX__EVENT_PAYLOAD_MAX)
    return malformed(f, "its payload is too long");
  f->total = (size_t)total;
  return 0;
}

static int parse_frame(struct tcx_event_frames *f, const char *p, struct tcx_event_frame *frame) {
  size_t end = f->total - TRAILER, headers = (size_t)big_endian(p + 4, 4);
  f->total = 0;
  if (tcx__crc32(0, p, end) != big_endian(p + end, TRAILER))
    return malformed(f, "its checksum is wrong");
  int status = parse_headers(f, (struct tcx_str){p + PRELUDE, headers}, &frame->n_headers);
  frame->headers = f->headers;
  frame->payload = (struct tcx_str){p + PRELUDE + headers, end - PRELUDE - headers};
  return status == 0 ? 1 : status;
}

/* Gathers up to the length in all; true when that is there. */
static bool gather(struct tcx_event_frames *f, size_t length, struct tcx_str *input) {
  size_t missing = length - f->part.len, n = input->n < missing ? input->n : missing;
  struct tcx_str piece;
  take(input, n, &piece);
  tcx__buf_add_str(&f->part, piece);
  f->status = f->part.status;
  return f->status == 0 && n == missing;
}

/* The frame that was given last is not needed any more. */
static void forget_last(struct tcx_event_frames *f) {
  f->given = false;
  f->part.len = 0;
  if (f->part.cap > TCX__EVENT_KEEP_MAX)
    tcx__buf_free(&f->part);
}

int tcx__event_frames_next(struct tcx_event_frames *f, struct tcx_str *input,
                           struct tcx_event_frame *frame) {
  struct tcx_str whole;
  if (f->given)
    forget_last(f);
  if (f->status != 0 || input->n == 0)
    return f->status;
  if (f->part.len == 0 && input->n >= PRELUDE) {
    if (check_prelude(f, input->p) != 0)
      return f->status;
    if (take(input, f->total, &whole))
      return parse_frame(f, whole.p, frame);
  }
  if (f->total == 0 && (!gather(f, PRELUDE, input) || check_prelude(f, f->part.data) != 0))
    return f->status;
  if (!gather(f, f->total, input))
    return f->status;
  f->given = true;
  return parse_frame(f, f->part.data, frame);
}

bool tcx__event_frames_inside(const struct tcx_event_frames *f) {
  return !f->given && f->part.len > 0;
}
