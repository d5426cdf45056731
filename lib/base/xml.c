/*
 * xml.c - the tokenizer's state machine; xml_tag.c reads tags, xml_scan.c has the pieces.
 *
 *   BOM -> CONTENT -> LT        '<' was read, what follows tells what it opens
 *                      |-> TAG          a start or end tag that a cut split: carried until its '>'
 *                      |-> COMMENT      skipped to its end
 *                      |-> PI_TARGET    a processing instruction's name, then
 *                      |     PI           skipped to its end
 *                      |     PI_CLOSE     when it has only a name
 *                      |     DECLARATION  carried: the XML declaration
 *                      '-> CDATA        text until "]]>"
 *              -> REFERENCE     '&...;' that a cut split: carried until its ';'
 *
 * CONTENT is all that is outside: of the document (depth 0: only white space) and text. Tags and
 * references that lie whole in what is fed are read in CONTENT without a copy. A character that a
 * cut split waits in part, in every state that reads characters one by one.
 */
#include "base/xml_scan.h"
#include "base/xml_tag.h"
#include <string.h>

enum { BOM, CONTENT, LT, TAG, REFERENCE, COMMENT, CDATA, PI_TARGET, PI_CLOSE, PI, DECLARATION };

void tcx__xml_init(struct tcx_xml *x, struct tcx_arena *arena, const struct tcx_xml_events *events,
                   void *ctx) {
  memset(x, 0, offsetof(struct tcx_xml, names));
  x->events = events;
  x->ctx = ctx;
  x->state = BOM;
  x->pristine = true;
  tcx__buf_init(&x->names, arena,
                (size_t)TCX__XML_NAME_MAX * TCX__XML_DEPTH + 2 * TCX__XML_NAMES_STEP);
  tcx__buf_init(&x->carry, arena, TCX__XML_TAG_MAX);
  tcx__buf_init(&x->scratch, arena, TCX__XML_TAG_MAX + TCX__XML_ROOM);
}

static int carry_add(struct tcx_xml *x, const char *p, size_t n) {
  tcx__buf_add(&x->carry, p, n);
  return x->carry.status == TCX_ETOOBIG ? tcx__xml_fail(x, "a tag is too long")
                                        : tcx__xml_keep(x, x->carry.status);
}

/* ---- carried tokens ---- */

static int carry(struct tcx_xml *x, const char *p, const char *end, int state) {
  x->carry.len = 0;
  x->state = (uint8_t)state;
  return carry_add(x, p, (size_t)(end - p));
}

/* Moves bytes to the carry up to the '>' that ends the tag, or the end. */
static bool reach_tag_end(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  bool found = false;
  while (p < end && !found) {
    char c = *p++;
    if (x->quote != 0)
      x->quote = c == x->quote ? 0 : x->quote;
    else if (c == '>')
      found = true;
    else if ((c == '"' || c == '\'') && !x->is_end_tag)
      x->quote = c;
  }
  *pp = p;
  return found;
}

static int continue_tag(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  bool whole = reach_tag_end(x, pp, end);
  if (carry_add(x, p, (size_t)(*pp - p)) < 0)
    return x->status;
  if (!whole)
    return TCX__XML_DONE;
  const char *tag = x->carry.data;
  int status = x->is_end_tag ? tcx__xml_end_tag(x, &tag, tag + x->carry.len)
                             : tcx__xml_start_tag(x, &tag, tag + x->carry.len);
  x->state = CONTENT;
  return status == TCX__XML_CUT ? tcx__xml_fail(x, "a malformed tag") : status;
}

/* A tag whose beginning lies at p and which goes on behind end. */
static int carry_tag(struct tcx_xml *x, const char *p, const char *end, bool is_end_tag) {
  x->is_end_tag = is_end_tag;
  x->quote = 0;
  int status = carry(x, p, end, TAG);
  reach_tag_end(x, &p, end);
  return status;
}

static int reference(struct tcx_xml *x, const char *p, size_t n) {
  char text[4];
  size_t length = n > TCX__XML_REFERENCE_MAX ? 0 : tcx__xml_reference(p, n, text);
  if (length == 0)
    return tcx__xml_fail(x, "an unknown reference");
  return tcx__xml_keep(x, x->events->text(x->ctx, text, length));
}

static int continue_reference(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp, *semicolon = memchr(p, ';', (size_t)(end - p));
  const char *until = semicolon != NULL ? semicolon : end;
  if ((size_t)(until - p) + x->carry.len > TCX__XML_REFERENCE_MAX + 1)
    return tcx__xml_fail(x, "an unknown reference");
  if (carry_add(x, p, (size_t)(until - p)) < 0)
    return x->status;
  *pp = until;
  if (semicolon == NULL)
    return TCX__XML_DONE;
  *pp = semicolon + 1;
  x->state = CONTENT;
  return reference(x, x->carry.data + 1, x->carry.len - 1);
}

/* *pp: at '&'. */
static int read_reference(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  size_t have = (size_t)(end - p),
         look = have < TCX__XML_REFERENCE_MAX + 2 ? have : TCX__XML_REFERENCE_MAX + 2, n = 1;
  while (n < look && p[n] != ';')
    n++;
  if (n < look) {
    *pp = p + n + 1;
    return reference(x, p + 1, n - 1);
  }
  if (look < have)
    return tcx__xml_fail(x, "an unknown reference");
  *pp = end;
  return carry(x, p, end, REFERENCE);
}

/* ---- text ---- */

static const char newline[] = "\n", brackets[] = "]]";

static int emit(struct tcx_xml *x, const char *p, const char *end) {
  return p < end ? tcx__xml_keep(x, x->events->text(x->ctx, p, (size_t)(end - p))) : 0;
}

/* A character that is not ASCII, or one that is not allowed: *pp moves behind it, or to end with
 * its beginning kept in part. */
static int read_char(struct tcx_xml *x, const char **pp, const char *end) {
  int n = tcx__xml_char(*pp, end);
  if (n < 0)
    return tcx__xml_fail(x, "a byte that is not XML text");
  if (n == 0) {
    x->part_len = (uint8_t)(end - *pp);
    memcpy(x->part, *pp, x->part_len);
  }
  *pp = n == 0 ? end : *pp + n;
  return n;
}

/* Text inside an element, up to the '<' that ends it or the end of what is there. */
static int read_text(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp, *from = p;
  for (;;) {
    if (x->run == 0)
      p = tcx__xml_scan_text(p, end);
    if (p == end || *p == '<')
      break;
    int status = 0;
    const char *at = p;
    if (*p == ']') {
      for (; p < end && *p == ']'; p++)
        x->run = x->run < 2 ? x->run + 1 : 2;
      continue;
    }
    if (x->run != 0) {
      if (x->run == 2 && *p == '>')
        return tcx__xml_fail(x, "\"]]>\" in text");
      x->run = 0;
    } else if (*p == '&') {
      if ((status = emit(x, from, p)) < 0 || (status = read_reference(x, &p, end)) < 0)
        return status;
      if (x->state != CONTENT) {
        *pp = p;
        return 0;
      }
      from = p;
    } else if (*p == '\r') {
      if ((status = emit(x, from, p)) < 0 || (status = emit(x, newline, newline + 1)) < 0)
        return status;
      p++;
      x->cr = p == end;
      from = p += p < end && *p == '\n' ? 1 : 0;
    } else {
      if ((status = read_char(x, &p, end)) < 0)
        return status;
      if (status == 0) {
        *pp = end;
        return emit(x, from, at);
      }
    }
  }
  if (p < end)
    x->run = 0;
  *pp = p;
  return emit(x, from, p);
}

/* A CDATA section up to its "]]>". Of a row of ']' at a cut the last two are held back in run. */
static int read_cdata(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp, *from = p;
  int status;
  while (p < end) {
    if (*p == ']' || x->run > 0) {
      const char *row = p;
      while (p < end && *p == ']')
        p++;
      size_t count = (size_t)(p - row) + x->run,
             hold = p == end || *p == '>' ? (count < 2 ? count : 2) : 0;
      bool ends = p < end && *p == '>' && count >= 2;
      if (p < end && !ends)
        hold = 0;
      /* what was held back and is text after all comes first, then the rest of the row */
      size_t out = count - hold, held = out < x->run ? out : x->run;
      if ((held > 0 && (status = emit(x, brackets, brackets + held)) < 0) ||
          (status = emit(x, from, row + (out - held))) < 0)
        return status;
      from = p;
      x->run = ends ? 0 : (uint8_t)hold;
      if (ends) {
        x->state = CONTENT;
        *pp = p + 1;
        return 0;
      }
      continue;
    }
    p = tcx__xml_scan_text(p, end);
    if (p == end || *p == ']')
      continue;
    if (*p == '<' || *p == '&') {
      p++;
    } else if (*p == '\r') {
      if ((status = emit(x, from, p)) < 0 || (status = emit(x, newline, newline + 1)) < 0)
        return status;
      p++;
      x->cr = p == end;
      from = p += p < end && *p == '\n' ? 1 : 0;
    } else {
      const char *at = p;
      if ((status = read_char(x, &p, end)) < 0)
        return status;
      if (status == 0) {
        *pp = end;
        return emit(x, from, at);
      }
    }
  }
  *pp = p;
  return emit(x, from, p);
}

/* ---- what is skipped ---- */

/* The rest of a comment ("--" only before '>') or of a processing instruction (to the first "?>").
 */
static int skip_to_end(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  bool comment = x->state == COMMENT;
  char mark = comment ? '-' : '?';
  unsigned wanted = comment ? 2 : 1;
  while (p < end) {
    if (x->run == wanted) {
      if (*p == '>') {
        x->run = 0;
        x->state = CONTENT;
        *pp = p + 1;
        return 0;
      }
      if (comment)
        return tcx__xml_fail(x, "\"--\" inside a comment");
    }
    if (*p == mark) {
      x->run = x->run < wanted ? x->run + 1 : x->run;
      p++;
      continue;
    }
    x->run = 0;
    if (tcx__xml_is(*p, TCX__XML_PLAIN | TCX__XML_SPACE))
      p++;
    else if (read_char(x, &p, end) < 0)
      return x->status;
  }
  *pp = p;
  return 0;
}

/* The target's bytes are in the carry behind "<?"; c is the byte behind it. */
static int end_target(struct tcx_xml *x, char c) {
  size_t n = x->carry.len - 2;
  if (carry_add(x, " ", 1) < 0) /* so that the name ends inside the buffer */
    return x->status;
  const char *name = x->carry.data + 2;
  if (n == 0 || tcx__xml_scan_name(name, name + n + 1) != name + n)
    return tcx__xml_fail(x, "a processing instruction without a name");
  x->state = c == '?' ? PI_CLOSE : PI;
  if (n != 3 || (name[0] | 0x20) != 'x' || (name[1] | 0x20) != 'm' || (name[2] | 0x20) != 'l')
    return 0;
  if (memcmp(name, "xml", 3) != 0 || !x->may_declare)
    return tcx__xml_fail(x, "an XML declaration that is not at the beginning");
  return carry(x, &c, &c + 1, DECLARATION);
}

static int read_target(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  while (p < end && !tcx__xml_is(*p, TCX__XML_SPACE) && *p != '?' && *p != '>')
    p++;
  if (carry_add(x, *pp, (size_t)(p - *pp)) < 0)
    return x->status;
  if (x->carry.len > TCX__XML_NAME_MAX + 2)
    return tcx__xml_fail(x, "a name is too long");
  *pp = p;
  if (p == end)
    return 0;
  if (*p == '>')
    return tcx__xml_fail(x, "'>' in a processing instruction's name");
  (*pp)++;
  return end_target(x, *p);
}

/* Byte by byte: a declaration is short and stands once. */
static int read_declaration(struct tcx_xml *x, const char **pp, const char *end) {
  while (*pp < end) {
    char c = *(*pp)++;
    if (carry_add(x, &c, 1) < 0)
      return x->status;
    if (x->carry.len > TCX__XML_NAME_MAX)
      return tcx__xml_fail(x, "an XML declaration that is too long");
    if (c == '>' && x->carry.len >= 2 && x->carry.data[x->carry.len - 2] == '?') {
      x->state = CONTENT;
      return tcx__xml_declaration(x->carry.data, x->carry.len - 2)
                 ? 0
                 : tcx__xml_fail(x, "a malformed XML declaration");
    }
  }
  return 0;
}

/* ---- the rest ---- */

/* What follows a '<' that is in the carry: at most 9 bytes are needed to tell. */
static int read_lt(struct tcx_xml *x, const char **pp) {
  static const char cdata[] = "<![CDATA[";
  if (carry_add(x, (*pp)++, 1) < 0)
    return x->status;
  const char *token = x->carry.data;
  size_t n = x->carry.len;
  if (token[1] == '/' || (token[1] != '!' && token[1] != '?')) {
    x->is_end_tag = token[1] == '/';
    x->quote = 0;
    x->state = TAG;
    if (!x->is_end_tag && !tcx__xml_is(token[1], TCX__XML_NAME_START) &&
        (unsigned char)token[1] < 0x80)
      return tcx__xml_fail(x, "not a name");
    return 0;
  }
  if (token[1] == '?') {
    x->state = PI_TARGET;
  } else if (n == 4 && memcmp(token, "<!--", 4) == 0) {
    x->state = COMMENT;
  } else if (n == sizeof cdata - 1 && memcmp(token, cdata, n) == 0) {
    if (x->depth == 0)
      return tcx__xml_fail(x, "text outside the document's element");
    x->state = CDATA;
  } else if (n >= 3 && token[2] == 'D') {
    return tcx__xml_fail(x, "a DTD, which is refused");
  } else if (!(n == 2 || (n == 3 && token[2] == '-') || memcmp(token, cdata, n) == 0)) {
    return tcx__xml_fail(x, "markup that is none");
  }
  return 0;
}

/* *pp: at '<'. */
static int read_markup(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp;
  x->may_declare = x->pristine;
  x->pristine = false;
  if (end - p < 2 || p[1] == '!' || p[1] == '?') {
    *pp = p + 1;
    return carry(x, p, p + 1, LT);
  }
  bool is_end_tag = p[1] == '/';
  int status = is_end_tag ? tcx__xml_end_tag(x, pp, end) : tcx__xml_start_tag(x, pp, end);
  if (status != TCX__XML_CUT)
    return status;
  *pp = end;
  return carry_tag(x, p, end, is_end_tag);
}

static int read_content(struct tcx_xml *x, const char **pp, const char *end) {
  int status = 0;
  while (status == 0 && *pp < end && x->state == CONTENT) {
    if (**pp == '<') {
      x->run = 0;
      status = read_markup(x, pp, end);
    } else if (x->depth > 0) {
      status = read_text(x, pp, end);
    } else {
      x->pristine = false;
      *pp = tcx__xml_skip_space(*pp, end);
      if (*pp < end && **pp != '<')
        return tcx__xml_fail(x, "text outside the document's element");
    }
  }
  return status;
}

static int read_bom(struct tcx_xml *x, const char **pp, const char *end) {
  static const char bom[] = "\xEF\xBB\xBF";
  while (*pp < end && x->part_len < 3 && **pp == bom[x->part_len]) {
    x->part_len++;
    (*pp)++;
  }
  if (*pp == end && x->part_len < 3)
    return 0;
  if (x->part_len != 0 && x->part_len != 3)
    return tcx__xml_fail(x, "text outside the document's element");
  x->part_len = 0;
  x->state = CONTENT;
  return 0;
}

/* Completes the character that the last feed's end cut. */
static int complete_char(struct tcx_xml *x, const char **pp, const char *end) {
  while (*pp < end) {
    x->part[x->part_len++] = *(*pp)++;
    int n = tcx__xml_char(x->part, x->part + x->part_len);
    if (n < 0)
      return tcx__xml_fail(x, "a byte that is not XML text");
    if (n > 0) {
      x->part_len = 0;
      return x->state == COMMENT || x->state == PI ? 0 : emit(x, x->part, x->part + n);
    }
  }
  return 0;
}

static int step(struct tcx_xml *x, const char **pp, const char *end) {
  switch (x->state) {
  case BOM:
    return read_bom(x, pp, end);
  case CONTENT:
    return read_content(x, pp, end);
  case LT:
    return read_lt(x, pp);
  case TAG:
    return continue_tag(x, pp, end);
  case REFERENCE:
    return continue_reference(x, pp, end);
  case CDATA:
    return read_cdata(x, pp, end);
  case PI_TARGET:
    return read_target(x, pp, end);
  case PI_CLOSE:
    x->state = CONTENT;
    return *(*pp)++ == '>' ? 0 : tcx__xml_fail(x, "a malformed processing instruction");
  case DECLARATION:
    return read_declaration(x, pp, end);
  default:
    return skip_to_end(x, pp, end);
  }
}

int tcx__xml_feed(struct tcx_xml *x, const char *p, size_t n) {
  const char *begin = p, *end = p + n;
  while (p < end && x->status == 0) {
    if (x->part_len > 0 && x->state != BOM && complete_char(x, &p, end) < 0)
      break;
    if (x->cr && p < end) {
      x->cr = false;
      p += *p == '\n' ? 1 : 0;
    }
    if (p < end)
      step(x, &p, end);
  }
  x->offset += (uint64_t)(p - begin);
  return x->status;
}

int tcx__xml_finish(struct tcx_xml *x) {
  if (x->status != 0)
    return x->status;
  if (x->depth > 0 || x->part_len > 0 || (x->state != CONTENT && x->state != BOM))
    return tcx__xml_fail(x, "the end comes too early");
  return x->seen_root ? 0 : tcx__xml_fail(x, "no element");
}
