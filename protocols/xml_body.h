/* xml_body.h - shapes as XML documents, both ways: what rest-xml's bodies, query's and ec2's
 * responses are made of. */
#ifndef TCX_PROTOCOLS_XML_BODY_H
#define TCX_PROTOCOLS_XML_BODY_H
#include "base/xml.h"
#include "protocols/protocol.h"

/* ---- writing (xml_write.c) ---- */

/* Appends v as a document, laid out as Python's ElementTree does it. root says the element's name
   (wire), its name space and its shape; of a structure only members for which in_body (NULL: all)
   is true are written. TCX_EPARAM with its text in f, or the buffer's status. */
int tcx__xml_write(struct tcx_buf *out, const struct tcx_member *root, const struct tcx_value *v,
                   bool (*in_body)(const struct tcx_member *m), struct tcx_fail *f);

/* ---- reading (xml_read.c) ---- */

/*
 * A reader builds values as the document comes, into a map that the caller made.
 *
 *   new -> feed* -> finish
 *
 * Where shape has a payload, the document is that member's value; else the members lie below the
 * document's element. It is not looked at what that element is called.
 */
struct tcx_xml_reader;
struct tcx_xml_read { /* what a reader is made with; copied */
  struct tcx_arena *arena;
  struct tcx_fail *fail;         /* may be NULL */
  const struct tcx_shape *shape; /* a structure */
  struct tcx_value *map;
};
/* NULL when memory is out. */
struct tcx_xml_reader *tcx__xml_reader_new(const struct tcx_xml_read *read);
/* TCX_EPROTO, UV_ENOMEM. */
int tcx__xml_reader_feed(struct tcx_xml_reader *reader, const char *p, size_t n);
int tcx__xml_reader_finish(struct tcx_xml_reader *reader);
/* The document element's name without its prefix, NUL-ended; NULL until it was read. */
const char *tcx__xml_reader_root(const struct tcx_xml_reader *reader);

/* ---- reading without a shape (xml_tree.c) ---- */

/* The whole document as maps and strings: an element with children is a map of them by name (the
   first of one name), an empty one is null, attributes are left out. The name is the document
   element's, NUL-ended. TCX_EPROTO when it is not well-formed, UV_ENOMEM. */
int tcx__xml_tree(struct tcx_arena *arena, const char *p, size_t n, const char **name,
                  struct tcx_value **out);

/* ---- error documents (xml_error.c) ---- */

/* What finish of protocol.h gives for errors. Where the document is empty, cut or no such document,
   the status speaks. rest: headers and status may be members of exceptions. UV_ENOMEM. */
int tcx__xml_error(const struct tcx_parse *p, const struct tcx_document *document, bool rest,
                   struct tcx_value **out, struct tcx_parse_error *error);
#endif
