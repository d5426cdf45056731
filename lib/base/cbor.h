/*
 * cbor.h - CBOR (RFC 8949): an encoder, and a push decoder for one data item.
 *
 *   init -> feed* -> finish        a failure is kept: every later feed and finish returns it again
 *
 * The bytes may be cut anywhere; the events are the same wherever the cuts are, but for the pieces
 * of strings. Lengths are believed only as bytes come: nothing is allocated for an announced size.
 * All well-formed items are read, definite or not, but for simple values other than false, true,
 * null and undefined, and there are the limits below. What a tag means is the reader's business.
 */
#ifndef TCX_BASE_CBOR_H
#define TCX_BASE_CBOR_H
#include "base/buf.h"

#define TCX__CBOR_DEPTH 512 /* deepest nesting of arrays and maps */

/* ---- encoding: minimal heads, definite lengths ---- */

typedef enum {
  TCX__CBOR_UINT,
  TCX__CBOR_NEGINT, /* -1 - n */
  TCX__CBOR_BYTES,
  TCX__CBOR_TEXT,
  TCX__CBOR_ARRAY,
  TCX__CBOR_MAP,
  TCX__CBOR_TAG,
  TCX__CBOR_SIMPLE
} tcx__cbor_major;
enum { TCX__CBOR_FALSE = 20, TCX__CBOR_TRUE, TCX__CBOR_NULL, TCX__CBOR_UNDEFINED };

/* The head of an item: of a string n bytes follow, of an array n items, of a map n pairs. */
void tcx__cbor_head(struct tcx_buf *out, tcx__cbor_major major, uint64_t n);
void tcx__cbor_int(struct tcx_buf *out, int64_t i);
void tcx__cbor_string(struct tcx_buf *out, tcx__cbor_major major, struct tcx_str s);
/* In 8 bytes, or 4; what is not finite in 2. */
void tcx__cbor_double(struct tcx_buf *out, double d);
void tcx__cbor_float(struct tcx_buf *out, double d);

/* ---- decoding ---- */

/* All is valid inside the callback only. A callback's < 0 stops the decoder with that status. */
struct tcx_cbor_events {
  int (*integer)(void *ctx, bool negative, uint64_t n); /* n, or -1 - n */
  int (*number)(void *ctx, double d);
  int (*simple)(void *ctx, int what); /* TCX__CBOR_FALSE ... */
  /* A piece of a string of bytes or text (nobody has looked whether that is UTF-8). last: it is
     complete; one in one piece comes with last at once. */
  int (*string)(void *ctx, bool text, const char *p, size_t n, bool last);
  int (*open)(void *ctx, bool map); /* an array or map; of a map keys and values take turns */
  int (*close)(void *ctx);
  int (*tag)(void *ctx, uint64_t tag); /* of the item that comes next */
};

struct tcx_cbor_level {
  uint64_t left; /* items that are to come; UINT64_MAX: until a break */
  bool map, value_due;
};
struct tcx_cbor {
  const struct tcx_cbor_events *events;
  void *ctx;
  struct tcx_arena *arena;
  int status;      /* sticky */
  const char *why; /* what is wrong, static; NULL while status is 0 or it is a callback's or
                      memory's */
  uint64_t offset; /* bytes consumed; of a failure: about where it is */
  struct tcx_cbor_level *levels; /* open arrays and maps */
  unsigned depth, cap;
  uint64_t argument; /* of the head that is being read */
  uint64_t left;     /* bytes of the string, or of its chunk */
  uint8_t state;
  uint8_t initial; /* the head's first byte */
  uint8_t missing; /* bytes of the argument that are to come */
  uint8_t chunks;  /* the major type of the string in chunks that is open, or 0 */
  bool tagged;     /* a tag waits for its item */
};
void tcx__cbor_init(struct tcx_cbor *c, struct tcx_arena *arena,
                    const struct tcx_cbor_events *events, void *ctx);
/* TCX_EPROTO with why, UV_ENOMEM, or a callback's status. */
int tcx__cbor_feed(struct tcx_cbor *c, const char *p, size_t n);
/* The item must be complete. */
int tcx__cbor_finish(struct tcx_cbor *c);
#endif
