/*
 * eventstream.h - event streams (application/vnd.amazon.eventstream): the frames, and what a frame
 * says by the model. Pure.
 *
 *   total length | length of the headers | CRC of these | headers | payload | CRC of all before
 *
 * Integers are big-endian, CRCs are CRC32. A header is the length of its name (one byte), the name,
 * its type (one byte) and the value; of bytes and strings a length (two bytes) stands before.
 */
#ifndef TCX_PROTOCOLS_EVENTSTREAM_H
#define TCX_PROTOCOLS_EVENTSTREAM_H
#include "protocols/protocol.h"

/* ---- frames (event_frame.c) ---- */

#define TCX__EVENT_HEADERS_MAX  (128u << 10) /* bytes of a frame's headers */
#define TCX__EVENT_PAYLOAD_MAX  (24u << 20)  /* bytes of its payload */
#define TCX__EVENT_HEADER_COUNT 128          /* its headers */
#define TCX__EVENT_KEEP_MAX     (64u << 10)  /* bytes of the buffer that stays between two frames */

typedef enum {
  TCX__EVENT_TRUE,
  TCX__EVENT_FALSE,
  TCX__EVENT_INT8,
  TCX__EVENT_INT16,
  TCX__EVENT_INT32,
  TCX__EVENT_INT64,
  TCX__EVENT_BYTES,
  TCX__EVENT_STRING,
  TCX__EVENT_TIMESTAMP, /* milliseconds since 1970 */
  TCX__EVENT_UUID
} tcx__event_header_type;

struct tcx_event_header {
  struct tcx_str name;  /* UTF-8, not empty */
  struct tcx_str bytes; /* BYTES, STRING (UTF-8), UUID (16 bytes) */
  int64_t integer;      /* INT8 to INT64, TIMESTAMP */
  uint8_t type;
};
struct tcx_event_frame { /* borrowed, until the next call */
  const struct tcx_event_header *headers;
  unsigned n_headers;
  struct tcx_str payload;
};
/* The header of that name; NULL when there is none. */
const struct tcx_event_header *tcx__event_header(const struct tcx_event_frame *frame,
                                                 const char *name);

/*
 * Bytes to frames, cut anywhere.
 *
 *   init -> next* -> free
 *
 * A frame that is whole in the bytes given is read where it lies; what a cut leaves of one is
 * gathered, as it comes and not as it is announced.
 */
struct tcx_event_frames {
  struct tcx_buf part; /* of the frame that is not complete, or the one that was given last */
  size_t total;        /* that frame's length; 0: not known yet */
  bool given;
  int status;      /* sticky */
  const char *why; /* what is wrong, static; NULL while status is 0, or memory is out */
  struct tcx_event_header headers[TCX__EVENT_HEADER_COUNT];
};
void tcx__event_frames_init(struct tcx_event_frames *f);
void tcx__event_frames_free(struct tcx_event_frames *f);
/* Takes bytes from the front of *input. 1: *frame is complete. 0: all were taken and more must
   come. TCX_EPROTO with why, UV_ENOMEM. */
int tcx__event_frames_next(struct tcx_event_frames *f, struct tcx_str *input,
                           struct tcx_event_frame *frame);
/* True when the bytes so far end inside a frame. */
bool tcx__event_frames_inside(const struct tcx_event_frames *f);

/* ---- events (event_read.c) ---- */

typedef enum {
  TCX__EVENT_EVENT,
  TCX__EVENT_UNKNOWN, /* an event that the model does not have */
  TCX__EVENT_INITIAL, /* initial-response: its payload is a document of the output's own members */
  TCX__EVENT_ERROR    /* an exception, or an error: the stream is over */
} tcx__event_kind;

struct tcx_event {
  uint8_t kind;
  const char *name;        /* the event's; of an ERROR the exception's, or the error's code */
  struct tcx_value *value; /* of EVENT and of a modelled ERROR: its members, a MAP; else NULL */
  const char *message;     /* of an ERROR: never NULL */
  const struct tcx_shape *shape; /* of an ERROR: the modelled exception, or NULL */
};
/* The output's member that is the event stream; NULL when it has none. */
const struct tcx_member *tcx__event_output(const struct tcx_operation *op);
/* What the frame says of p->op's stream, in p->arena. Of p: arena, model, op and fail. TCX_EPROTO
   with its text in p->fail, UV_ENOMEM. */
int tcx__event_read(const struct tcx_parse *p, const struct tcx_protocol *protocol,
                    const struct tcx_event_frame *frame, struct tcx_event *out);
#endif
