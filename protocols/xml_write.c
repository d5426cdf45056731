/* xml_write.c - values to XML. Bytes are as Python's xml.etree.ElementTree would write them, since
 * signatures and golden tests see them. */
#include "protocols/scalar.h"
#include "protocols/xml_body.h"
#include <string.h>

struct writer {
  struct tcx_buf *out;
  struct tcx_fail *f;
  bool (*in_body)(const struct tcx_member *m);
  bool open; /* the newest start tag still lacks its '>' */
  unsigned depth;
};

static int write_element(struct writer *w, const char *name, const struct tcx_member *m,
                         const struct tcx_value *v);

/* A CR, and a line feed too, as references: a reader would take the one for a line feed, and S3 is
 * sent both so. */
static const char *reference_for(char c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '\r':
    return "&#xD;";
  case '\n':
    return "&#xA;";
  default:
    return NULL;
  }
}

static void write_text(struct tcx_buf *out, struct tcx_str s) {
  size_t from = 0;
  for (size_t i = 0; i < s.n; i++) {
    const char *reference = reference_for(s.p[i]);
    if (reference == NULL)
      continue;
    tcx__buf_add(out, s.p + from, i - from);
    tcx__buf_adds(out, reference);
    from = i + 1;
  }
  tcx__buf_add(out, s.p + from, s.n - from);
}

static void write_attribute_text(struct tcx_buf *out, struct tcx_str s) {
  for (size_t i = 0; i < s.n; i++) {
    switch (s.p[i]) {
    case '&':
      tcx__buf_adds(out, "&amp;");
      break;
    case '<':
      tcx__buf_adds(out, "&lt;");
      break;
    case '>':
      tcx__buf_adds(out, "&gt;");
      break;
    case '"':
      tcx__buf_adds(out, "&quot;");
      break;
    case '\r':
      tcx__buf_adds(out, "&#13;");
      break;
    case '\n':
      tcx__buf_adds(out, "&#10;");
      break;
    case '\t':
      tcx__buf_adds(out, "&#09;");
      break;
    default:
      tcx__buf_addc(out, s.p[i]);
      break;
    }
  }
}

static void write_attribute(struct tcx_buf *out, const char *prefix, const char *name,
                            struct tcx_str value) {
  tcx__buf_addc(out, ' ');
  if (prefix != NULL && *prefix != '\0') {
    tcx__buf_adds(out, prefix);
    tcx__buf_addc(out, ':');
  }
  tcx__buf_adds(out, name);
  tcx__buf_adds(out, "=\"");
  write_attribute_text(out, value);
  tcx__buf_addc(out, '"');
}

/* The start tag without its '>'; name space declared when there is one. */
static void open_tag(struct writer *w, const char *name, const char *uri, const char *prefix) {
  if (w->open)
    tcx__buf_addc(w->out, '>');
  w->open = true;
  tcx__buf_addc(w->out, '<');
  tcx__buf_adds(w->out, name);
  if (uri == NULL)
    return;
  bool prefixed = prefix != NULL && *prefix != '\0';
  write_attribute(w->out, prefixed ? "xmlns" : NULL, prefixed ? prefix : "xmlns", tcx__str(uri));
}

static void close_tag(struct writer *w, const char *name) {
  if (w->open) {
    tcx__buf_adds(w->out, " />");
  } else {
    tcx__buf_adds(w->out, "</");
    tcx__buf_adds(w->out, name);
    tcx__buf_addc(w->out, '>');
  }
  w->open = false;
}

static int scalar_of(struct writer *w, const struct tcx_member *m, const struct tcx_value *v,
                     struct tcx_str *text) {
  int status = tcx__scalar_text(w->out->arena, m, TCX__TIME_ISO8601, v, text);
  if (status == TCX_EPARAM)
    return tcx__fail(w->f, status, "the value of %s cannot be sent", m->name);
  return status == 0 ? 0 : tcx__fail(w->f, status, "%s", tcx_strerror(status));
}

static int write_scalar(struct writer *w, const char *name, const struct tcx_member *m,
                        const struct tcx_value *v) {
  struct tcx_str text;
  int status = scalar_of(w, m, v, &text);
  if (status != 0)
    return status;
  open_tag(w, name, m->xml_uri, m->xml_prefix);
  if (text.n > 0) {
    tcx__buf_addc(w->out, '>');
    w->open = false;
    write_text(w->out, text);
  }
  close_tag(w, name);
  return 0;
}

static int write_attributes(struct writer *w, const struct tcx_shape *shape,
                            const struct tcx_value *v) {
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next) {
    const struct tcx_member *m = tcx__shape_member(shape, kid->name, kid->name_len);
    if (m == NULL || !(m->flags & TCX__M_XML_ATTRIBUTE) || kid->type == TCX_NULL)
      continue;
    struct tcx_str text;
    int status = scalar_of(w, m, kid, &text);
    if (status != 0)
      return status;
    write_attribute(w->out, m->xml_prefix, m->wire, text);
  }
  return 0;
}

static int write_structure(struct writer *w, const char *name, const struct tcx_member *m,
                           const struct tcx_value *v) {
  const struct tcx_shape *shape = m->shape;
  bool (*in_body)(const struct tcx_member *) = w->in_body;
  w->in_body = NULL;
  open_tag(w, name, m->xml_uri, m->xml_prefix);
  int status = write_attributes(w, shape, v);
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    const struct tcx_member *member = tcx__shape_member(shape, kid->name, kid->name_len);
    if (member != NULL && kid->type != TCX_NULL && !(member->flags & TCX__M_XML_ATTRIBUTE) &&
        (in_body == NULL || in_body(member)))
      status = write_element(w, member->wire, member, kid);
  }
  if (status == 0)
    close_tag(w, name);
  return status;
}

static int write_list(struct writer *w, const char *name, const struct tcx_member *m,
                      const struct tcx_value *v) {
  const struct tcx_member *item = &m->shape->members[0];
  bool flattened = (m->flags & TCX__M_FLATTENED) != 0;
  struct tcx_member named = *item;
  if (flattened &&
      item->xml_uri == NULL) { /* there is no element of the list's own to bear its name space */
    named.xml_uri = m->xml_uri;
    named.xml_prefix = m->xml_prefix;
  }
  const char *item_name = flattened ? name : item->wire_given ? item->wire : "member";
  if (!flattened)
    open_tag(w, name, m->xml_uri, m->xml_prefix);
  int status = 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next)
    if (kid->type != TCX_NULL)
      status = write_element(w, item_name, &named, kid);
  if (!flattened && status == 0)
    close_tag(w, name);
  return status;
}

static int write_entry(struct writer *w, const struct tcx_shape *map, const struct tcx_value *kid) {
  const struct tcx_member *key = &map->members[0], *value = &map->members[1];
  struct tcx_value text = {.type = TCX_STRING, .u.bytes = {kid->name, kid->name_len}};
  int status = write_scalar(w, key->wire_given ? key->wire : "key", key, &text);
  return status == 0 ? write_element(w, value->wire_given ? value->wire : "value", value, kid)
                     : status;
}

static int write_map(struct writer *w, const char *name, const struct tcx_member *m,
                     const struct tcx_value *v) {
  bool flattened = (m->flags & TCX__M_FLATTENED) != 0;
  const char *entry = flattened ? name : "entry";
  if (!flattened)
    open_tag(w, name, m->xml_uri, m->xml_prefix);
  int status = 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL && status == 0;
       kid = kid->next) {
    if (kid->type == TCX_NULL)
      continue;
    open_tag(w, entry, flattened ? m->xml_uri : NULL, flattened ? m->xml_prefix : NULL);
    status = write_entry(w, m->shape, kid);
    close_tag(w, entry);
  }
  if (!flattened && status == 0)
    close_tag(w, name);
  return status;
}

static int write_element(struct writer *w, const char *name, const struct tcx_member *m,
                         const struct tcx_value *v) {
  int (*write)(struct writer *, const char *, const struct tcx_member *, const struct tcx_value *) =
      write_scalar;
  uint8_t wanted = 0;
  switch (m->shape->type) {
  case TCX__SHAPE_STRUCTURE:
    write = write_structure;
    wanted = TCX_MAP;
    break;
  case TCX__SHAPE_LIST:
    write = write_list;
    wanted = TCX_LIST;
    break;
  case TCX__SHAPE_MAP:
    write = write_map;
    wanted = TCX_MAP;
    break;
  default:
    break;
  }
  if (wanted != 0 && v->type != wanted)
    return tcx__fail(w->f, TCX_EPARAM, "the value of %s is not a %s", m->name,
                     tcx__type_name(wanted));
  if (w->depth == TCX__XML_DEPTH)
    return tcx__fail(w->f, TCX_EPARAM, "%s is nested too deep", m->name);
  w->depth++;
  int status = write(w, name, m, v);
  w->depth--;
  return status;
}

int tcx__xml_write(struct tcx_buf *out, const struct tcx_member *root, const struct tcx_value *v,
                   bool (*in_body)(const struct tcx_member *m), struct tcx_fail *f) {
  struct writer w = {.out = out, .f = f, .in_body = in_body};
  int status = write_element(&w, root->wire, root, v);
  if (status == 0 && out->status != 0)
    status = tcx__fail(f, out->status, "%s", tcx_strerror(out->status));
  return status;
}
