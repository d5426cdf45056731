/* codec.h - base64, hex, percent-encoding. Decoders are strict: anything outside the alphabet is
 * UV_EINVAL. */
#ifndef TCX_BASE_CODEC_H
#define TCX_BASE_CODEC_H
#include "base/buf.h"

size_t tcx__base64_encoded_len(size_t n);
void tcx__base64_encode(struct tcx_buf *out, const void *p, size_t n); /* with padding */
/* - and _ for + and /, no padding */
void tcx__base64url_encode(struct tcx_buf *out, const void *p, size_t n);
/* White space between is skipped, padding is required. Room for n bytes is enough. */
int tcx__base64_decode(struct tcx_buf *out, const char *p, size_t n);
/* 2n lower-case characters, no NUL */
void tcx__hex_encode(char *out, const void *p, size_t n);
/* n characters (even) to n / 2 bytes */
int tcx__hex_decode(void *out, const char *p, size_t n);

/* What stays as it is beside A-Z a-z 0-9 - . _ ~ */
typedef enum {
  TCX__URI_LABEL,  /* nothing: a query's name or value, one path segment */
  TCX__URI_GREEDY, /* '/': a greedy label, a whole path */
  TCX__URI_FORM    /* nothing, and a space becomes '+': a form's name or value */
} tcx__uri_set;
void tcx__uri_encode(struct tcx_buf *out, const char *p, size_t n, tcx__uri_set set);
/* a '%' that is not an escape stays as it is, as in urllib */
int tcx__uri_decode(struct tcx_buf *out, const char *p, size_t n, bool plus_is_space);

/* An absolute http or https URL, cut at its marks; nothing is decoded. UV_EINVAL with *why for
 * anything else (and for CR, LF, NUL, a space, user information, a port out of range). */
struct tcx_url {
  bool tls;
  uint16_t port; /* of the scheme when absent */
  bool port_given;
  struct tcx_str host;      /* without brackets */
  bool ipv6;                /* host stood in brackets */
  struct tcx_str authority; /* host[:port] as written */
  struct tcx_str path;      /* "" or begins with '/' */
  struct tcx_str query;     /* without '?'; p NULL when there is none */
};
int tcx__url_parse(struct tcx_url *url, struct tcx_str text, const char **why);
bool tcx__is_ip(struct tcx_str host); /* IPv4 dotted quad, or IPv6 without brackets */
#endif
