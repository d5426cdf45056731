/* xml_tag.c - see xml_tag.h. A tag is read in one go where it lies; only values with references or
 * line breaks are rewritten, into the tokenizer's scratch. */
#include "base/xml_tag.h"
#include "base/xml_scan.h"
#include <string.h>

static int read_long_name(struct tcx_xml *x, const char **pp, const char *end,
                          struct tcx_xml_name *name) {
  const char *p = tcx__xml_scan_name(*pp, end);
  if (p == NULL)
    return *pp == end ? TCX__XML_CUT : tcx__xml_fail(x, "not a name");
  if (p - *pp > TCX__XML_NAME_MAX)
    return tcx__xml_fail(x, "a name is too long");
  if (p == end)
    return TCX__XML_CUT;
  name->p = *pp;
  name->n = (uint16_t)(p - *pp);
  const char *colon = memchr(*pp, ':', name->n);
  name->local = (uint16_t)(colon != NULL ? colon + 1 - *pp : 0);
  *pp = p;
  return TCX__XML_DONE;
}

/* Reads the name at *pp up to the byte that ends it. */
static inline int read_name(struct tcx_xml *x, const char **pp, const char *end,
                            struct tcx_xml_name *name) {
  unsigned n = tcx__xml_short_name(*pp, end);
  if (n == 0)
    return read_long_name(x, pp, end, name);
  *name = (struct tcx_xml_name){*pp, (uint16_t)n, 0};
  *pp += n;
  return TCX__XML_DONE;
}
/* Reads a quoted value as it is written; *rewrite when it holds a reference or white space other
 * than spaces. */
static int read_value(struct tcx_xml *x, const char **pp, const char *end, struct tcx_str *value,
                      bool *rewrite) {
  const char *p = *pp;
  char quote = *p++;
  *rewrite = false;
  for (value->p = p; p < end && *p != quote;) {
    if (*p == '<')
      return tcx__xml_fail(x, "'<' in an attribute's value");
    if (*p == '&' || *p == '\t' || *p == '\n' || *p == '\r')
      *rewrite = true;
    int n = tcx__xml_is(*p, TCX__XML_PLAIN) ? 1 : tcx__xml_char(p, end);
    if (n < 0)
      return tcx__xml_fail(x, "a byte that is not XML text");
    if (n == 0)
      return TCX__XML_CUT;
    p += n;
  }
  if (p == end)
    return TCX__XML_CUT;
  value->n = (size_t)(p - value->p);
  *pp = p + 1;
  return TCX__XML_DONE;
}

/* Appends value with its references replaced; there is room, since nothing becomes longer. */
static int rewrite_value(struct tcx_xml *x, struct tcx_str *value) {
  const char *p = value->p, *end = p + value->n;
  char *out = x->scratch.data + x->scratch.len;
  value->p = out;
  while (p < end) {
    if (*p == '&') {
      const char *semicolon = memchr(p, ';', (size_t)(end - p));
      size_t n = semicolon == NULL || semicolon - p - 1 > TCX__XML_REFERENCE_MAX
                     ? 0
                     : tcx__xml_reference(p + 1, (size_t)(semicolon - p - 1), out);
      if (n == 0)
        return tcx__xml_fail(x, "an unknown reference");
      out += n;
      p = semicolon + 1;
    } else if (*p == '\r') {
      p += p + 1 < end && p[1] == '\n' ? 2 : 1;
      *out++ = ' ';
    } else {
      *out++ = *p == '\t' || *p == '\n' ? ' ' : *p;
      p++;
    }
  }
  value->n = (size_t)(out - value->p);
  x->scratch.len += value->n;
  return TCX__XML_DONE;
}

static int rewrite_values(struct tcx_xml *x, unsigned n, uint64_t which) {
  size_t room = 0;
  for (unsigned i = 0; i < n; i++)
    if (which >> i & 1)
      room += x->attrs[i].value.n;
  x->scratch.len = 0;
  int status = tcx__buf_reserve(&x->scratch, room + TCX__XML_ROOM);
  if (status < 0)
    return tcx__xml_keep(x, status);
  for (unsigned i = 0; i < n; i++)
    if (which >> i & 1 && (status = rewrite_value(x, &x->attrs[i].value)) < 0)
      return status;
  return TCX__XML_DONE;
}

static bool is_repeated(const struct tcx_xml *x, unsigned n) {
  const struct tcx_xml_name *name = &x->attrs[n].name;
  for (unsigned i = 0; i < n; i++)
    if (x->attrs[i].name.n == name->n && memcmp(x->attrs[i].name.p, name->p, name->n) == 0)
      return true;
  return false;
}

/* Reads attributes up to the '/' or '>' that ends the tag. */
static int read_attributes(struct tcx_xml *x, const char **pp, const char *end, unsigned *count) {
  const char *p = *pp;
  uint64_t rewrite = 0;
  unsigned n = 0;
  for (;;) {
    const char *space = p;
    p = tcx__xml_skip_space(p, end);
    if (p == end)
      return TCX__XML_CUT;
    if (*p == '>' || *p == '/')
      break;
    if (p == space)
      return tcx__xml_fail(x, "no white space before an attribute");
    if (n == TCX__XML_ATTRS_MAX)
      return tcx__xml_fail(x, "too many attributes");
    struct tcx_xml_attr *attr = &x->attrs[n];
    int status = read_name(x, &p, end, &attr->name);
    if (status != TCX__XML_DONE)
      return status;
    p = tcx__xml_skip_space(p, end);
    if (p < end && *p != '=')
      return tcx__xml_fail(x, "an attribute without a value");
    p = p < end ? tcx__xml_skip_space(p + 1, end) : p;
    if (p == end)
      return TCX__XML_CUT;
    if (*p != '"' && *p != '\'')
      return tcx__xml_fail(x, "an attribute's value without quotes");
    bool odd;
    if ((status = read_value(x, &p, end, &attr->value, &odd)) != TCX__XML_DONE)
      return status;
    if (is_repeated(x, n))
      return tcx__xml_fail(x, "an attribute that stands twice");
    rewrite |= (uint64_t)odd << n++;
  }
  *pp = p;
  *count = n;
  return rewrite != 0 ? rewrite_values(x, n, rewrite) : TCX__XML_DONE;
}

/* name ends before end. */
static int push(struct tcx_xml *x, const struct tcx_xml_name *name, const char *end) {
  if (x->names.cap - x->names.len <= name->n + (size_t)TCX__XML_SLACK) {
    int status = tcx__buf_reserve(&x->names, name->n + (size_t)TCX__XML_NAMES_STEP);
    if (status < 0)
      return tcx__xml_keep(x, status);
  }
  if (end - name->p >= TCX__XML_SLACK)
    tcx__xml_copy(x->names.data + x->names.len, name->p, name->n);
  else
    memcpy(x->names.data + x->names.len, name->p, name->n);
  x->names.len += name->n;
  x->name_len[x->depth++] = name->n;
  return TCX__XML_DONE;
}

int tcx__xml_start_tag(struct tcx_xml *x, const char **pp, const char *end) {
  const char *p = *pp + 1;
  struct tcx_xml_name name;
  unsigned n = 0;
  int status = read_name(x, &p, end, &name);
  if (status == TCX__XML_DONE && *p != '>')
    status = read_attributes(x, &p, end, &n);
  if (status != TCX__XML_DONE)
    return status;
  bool empty = *p == '/';
  if (empty && ++p == end)
    return TCX__XML_CUT;
  if (*p++ != '>')
    return tcx__xml_fail(x, "'/' inside a tag");
  if (p - *pp > TCX__XML_TAG_MAX)
    return tcx__xml_fail(x, "a tag is too long");
  if (x->depth == 0 && x->seen_root)
    return tcx__xml_fail(x, "a second element behind the document's");
  if (x->depth == TCX__XML_DEPTH)
    return tcx__xml_fail(x, "elements nested too deep");
  x->seen_root = true;
  *pp = p;
  if (!empty && (status = push(x, &name, end)) < 0)
    return status;
  status = x->events->start(x->ctx, &name, x->attrs, n);
  if (status >= 0 && empty)
    status = x->events->end(x->ctx);
  return status < 0 ? tcx__xml_keep(x, status) : TCX__XML_DONE;
}

int tcx__xml_end_tag(struct tcx_xml *x, const char **pp, const char *end) {
  const char *begin = *pp, *p = begin + 2;
  if (x->depth == 0)
    return tcx__xml_fail(x, "an end tag without its start tag");
  size_t n = x->name_len[x->depth - 1];
  const char *name = x->names.data + x->names.len - n;
  size_t have = (size_t)(end - p) < n ? (size_t)(end - p) : n;
  if (end - p >= TCX__XML_SLACK ? !tcx__xml_same(p, name, have) : memcmp(p, name, have) != 0)
    return tcx__xml_fail(x, "an end tag that does not match");
  p += have;
  if (p < end && *p != '>') {
    if (!tcx__xml_is(*p, TCX__XML_SPACE))
      return tcx__xml_fail(x, "an end tag that does not match");
    p = tcx__xml_skip_space(p, end);
    if (p < end && *p != '>')
      return tcx__xml_fail(x, "more than a name in an end tag");
  }
  if (p == end)
    return TCX__XML_CUT;
  *pp = p + 1;
  if (*pp - begin > TCX__XML_TAG_MAX)
    return tcx__xml_fail(x, "a tag is too long");
  x->depth--;
  x->names.len -= n;
  return tcx__xml_keep(x, x->events->end(x->ctx)) < 0 ? x->status : TCX__XML_DONE;
}
