/* xml_tag.h - tags that lie whole in memory, for xml.c. */
#ifndef TCX_BASE_XML_TAG_H
#define TCX_BASE_XML_TAG_H
#include "base/xml.h"
#include <tucuxi.h>

enum {
  TCX__XML_DONE,
  TCX__XML_CUT
}; /* beside a status < 0: it was read; or it goes on behind end */
enum {
  TCX__XML_NAMES_STEP = 256, /* what the open elements' names grow by */
  TCX__XML_ROOM = 4          /* a reference is written with up to 4 bytes in hand */
};

/* *pp is at the '<' of a start tag, or at "</"; it moves behind the '>' when the tag is done.
 * Reports it. */
int tcx__xml_start_tag(struct tcx_xml *x, const char **pp, const char *end);
int tcx__xml_end_tag(struct tcx_xml *x, const char **pp, const char *end);

/* The failure that stays. */
static inline int tcx__xml_fail(struct tcx_xml *x, const char *why) {
  x->why = why;
  return x->status = TCX_EPROTO;
}
static inline int tcx__xml_keep(struct tcx_xml *x, int status) {
  if (status < 0)
    x->status = status;
  return status;
}
#endif
