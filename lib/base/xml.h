/*
 * xml.h - a push tokenizer for the XML that AWS services send.
 *
 *   init -> feed* -> finish        a failure is kept: every later feed and finish returns it again
 *
 * One pass over bytes that may be cut anywhere; the events are the same wherever the cuts are.
 * Whole tokens are read where they lie; what a cut leaves of a token is carried over in a buffer
 * with a hard limit. Text comes in pieces of any size: an element of any length passes in constant
 * memory.
 *
 * It accepts what expat accepts in UTF-8, and refuses what expat refuses, but for this: any DTD is
 * refused; other encodings are refused (an encoding that the XML declaration names is not looked
 * at); a name's characters beyond ASCII are those of XML 1.0's fifth edition; prefixes are not
 * resolved, so an undeclared one is no error; and there are the limits below.
 */
#ifndef TCX_BASE_XML_H
#define TCX_BASE_XML_H
#include "base/buf.h"

#define TCX__XML_NAME_MAX      1024         /* bytes of a name, prefix included */
#define TCX__XML_TAG_MAX       (64u * 1024) /* bytes of one tag with its attributes */
#define TCX__XML_ATTRS_MAX     64           /* attributes of one element */
#define TCX__XML_REFERENCE_MAX 32           /* bytes of a reference between '&' and ';' */
#define TCX__XML_DEPTH         128          /* deepest nesting of elements */

struct tcx_xml_name {
  const char *p; /* as written, with its prefix */
  uint16_t n;
  uint16_t local; /* where the name without its prefix begins; 0 when there is none */
};
struct tcx_xml_attr {
  struct tcx_xml_name name;
  struct tcx_str value; /* references replaced, white space as XML says */
};
/* All is valid inside the callback only. A callback's < 0 stops the parse with that status. */
struct tcx_xml_events {
  int (*start)(void *ctx, const struct tcx_xml_name *name, const struct tcx_xml_attr *attrs,
               unsigned n);                        /* xmlns attributes are among them */
  int (*text)(void *ctx, const char *p, size_t n); /* n > 0; CDATA sections too */
  int (*end)(void *ctx);
};

struct tcx_xml {
  const struct tcx_xml_events *events;
  void *ctx;
  int status;      /* sticky */
  const char *why; /* what is wrong, static; NULL while status is 0 or the failure is a callback's
                      or memory's */
  uint64_t offset; /* bytes consumed; of a failure: about where it is */
  uint8_t state;
  bool is_end_tag, seen_root;
  bool cr;                    /* the last byte of text was a CR */
  bool pristine, may_declare; /* nothing but a byte order mark came; it was so before the markup
                                 that is being read */
  char quote;                 /* inside a carried start tag: the open quote, or 0 */
  uint8_t run;                /* ']', '-' or '?' that may begin a terminator */
  uint8_t part_len;           /* bytes of a character that a cut split */
  char part[4];
  uint16_t depth;
  uint16_t name_len[TCX__XML_DEPTH]; /* of the open elements */
  struct tcx_buf names;              /* their names, one behind the other */
  struct tcx_buf carry;              /* what a cut left of a token */
  struct tcx_buf scratch;            /* attribute values that had to be rewritten */
  struct tcx_xml_attr attrs[TCX__XML_ATTRS_MAX];
};
void tcx__xml_init(struct tcx_xml *xml, struct tcx_arena *arena,
                   const struct tcx_xml_events *events, void *ctx);
/* TCX_EPROTO with why, UV_ENOMEM, or a callback's status. */
int tcx__xml_feed(struct tcx_xml *xml, const char *p, size_t n);
/* The document must be complete. */
int tcx__xml_finish(struct tcx_xml *xml);
#endif
