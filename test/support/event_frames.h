/* event_frames.h - frames of event streams, written. */
#ifndef TCX_TEST_EVENT_FRAMES_H
#define TCX_TEST_EVENT_FRAMES_H
#include "base/checksum.h"
#include "protocols/eventstream.h"

static inline void ef_number(struct tcx_buf *out, uint64_t n, unsigned bytes) {
  while (bytes-- > 0)
    tcx__buf_addc(out, (char)(n >> (8 * bytes) & 0xff));
}

static inline void ef_header(struct tcx_buf *out, const struct tcx_event_header *h) {
  static const uint8_t sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 0};
  ef_number(out, h->name.n, 1);
  tcx__buf_add_str(out, h->name);
  ef_number(out, h->type, 1);
  if (h->type == TCX__EVENT_BYTES || h->type == TCX__EVENT_STRING)
    ef_number(out, h->bytes.n, 2);
  if (h->type <= TCX__EVENT_INT64 || h->type == TCX__EVENT_TIMESTAMP)
    ef_number(out, (uint64_t)h->integer, sizes[h->type]);
  else
    tcx__buf_add_str(out, h->bytes);
}

/* Appends a frame; headers are its bytes. */
static inline void ef_frame(struct tcx_buf *out, struct tcx_str headers, struct tcx_str payload) {
  size_t at = out->len;
  ef_number(out, 16 + headers.n + payload.n, 4);
  ef_number(out, headers.n, 4);
  ef_number(out, tcx__crc32(0, out->data + at, 8), 4);
  tcx__buf_add_str(out, headers);
  tcx__buf_add_str(out, payload);
  ef_number(out, tcx__crc32(0, out->data + at, out->len - at), 4);
}

/* Appends a message with string headers "name value name value ...", ended by NULL. */
static inline void ef_message(struct tcx_buf *out, const char *const *headers,
                              struct tcx_str payload) {
  struct tcx_buf bytes;
  tcx__buf_init(&bytes, NULL, 1u << 20);
  for (; *headers != NULL; headers += 2)
    ef_header(&bytes, &(struct tcx_event_header){.name = tcx__str(headers[0]),
                                                 .type = TCX__EVENT_STRING,
                                                 .bytes = tcx__str(headers[1])});
  ef_frame(out, tcx__buf_str(&bytes), payload);
  tcx__buf_free(&bytes);
}

static inline void ef_event(struct tcx_buf *out, const char *type, struct tcx_str payload) {
  ef_message(out, (const char *const[]){":message-type", "event", ":event-type", type, NULL},
             payload);
}
#endif
