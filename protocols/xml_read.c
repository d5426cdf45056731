/*
 * xml_read.c - XML to values, driven by shapes, while the bytes come.
 *
 * Each open map, list and map's entry has a frame; a single value is the leaf on top of them;
 * elements of unknown structure are only counted (skip). A value is made when its element begins
 * (maps and lists) or ends (single values), and given to the frame below when it ends. As in
 * botocore: a list's items may be called anything; of a member that may stand only once the first
 * counts; text counts up to the first child; a union has exactly one member; a map's entry has a
 * key and a value and nothing else.
 */
#include "protocols/scalar.h"
#include "protocols/xml_body.h"
#include <string.h>

enum kind { STRUCTURE, LIST, MAP, ENTRY };

struct frame {
  const struct tcx_member *member; /* what it is in the frame below; NULL of the document's */
  const struct tcx_shape *shape;
  struct tcx_value *value;       /* the map or list; ENTRY: the map that it belongs to */
  struct tcx_value *found;       /* ENTRY: its value. STRUCTURE: last's, when that is flattened */
  const struct tcx_member *last; /* STRUCTURE: the member of found */
  struct tcx_str key;            /* ENTRY: its key. Union: its one child's name. p NULL: none yet */
  uint64_t seen;                 /* STRUCTURE: the first 64 members, which were met */
  uint32_t next;                 /* STRUCTURE: the member that is expected next */
  uint8_t kind;
};

struct tcx_xml_reader {
  struct tcx_xml_read r;
  struct tcx_xml xml;
  struct frame *frames;
  unsigned depth, cap;
  unsigned skip;                 /* open elements of unknown structure */
  const struct tcx_member *leaf; /* the open single value, or NULL */
  bool takes_text;               /* text counts: inside a leaf, before its first child */
  bool unwrapped;                /* the document's text may be the only member's value */
  char *text; /* NULL while it is empty; few when it will only be read as a number or a time */
  size_t text_len, text_cap;
  const char *root;
  char few[40];
};

static int no_memory(struct tcx_xml_reader *r) { return tcx__fail_memory(r->r.fail); }

static int malformed(struct tcx_xml_reader *r, const char *what, const char *name, size_t n) {
  return tcx__fail(r->r.fail, TCX_EPROTO, "malformed response: %s %.*s", what,
                   (int)(n < 100 ? n : 100), name);
}

/* ---- text ---- */

static int add_text(struct tcx_xml_reader *r, const char *p, size_t n) {
  if (n >= SIZE_MAX / 4 - r->text_len)
    return no_memory(r);
  size_t need = r->text_len + n + 1;
  if (r->text == NULL && need <= sizeof r->few && r->leaf != NULL &&
      r->leaf->shape->type != TCX__SHAPE_STRING) {
    r->text = r->few;
    r->text_cap = sizeof r->few;
  } else if (r->text == NULL) {
    r->text = tcx__arena_alloc(r->r.arena, need);
    r->text_cap = need;
  } else if (need > r->text_cap) {
    size_t cap = need > r->text_cap * 2 ? need : r->text_cap * 2;
    if (!tcx__arena_resize(r->r.arena, r->text, r->text_cap, cap)) {
      char *moved = tcx__arena_alloc(r->r.arena, cap);
      if (moved != NULL)
        memcpy(moved, r->text, r->text_len);
      r->text = moved;
    }
    r->text_cap = cap;
  }
  if (r->text == NULL)
    return no_memory(r);
  memcpy(r->text + r->text_len, p, n);
  r->text_len += n;
  return 0;
}

/* The text so far, NUL-ended; what was too much of room is given back. */
static struct tcx_str take_text(struct tcx_xml_reader *r) {
  if (r->text == NULL)
    return (struct tcx_str){"", 0};
  struct tcx_str text = {r->text, r->text_len};
  r->text[r->text_len] = '\0';
  if (r->text_cap > r->text_len + 1 && r->text != r->few)
    tcx__arena_resize(r->r.arena, r->text, r->text_cap, r->text_len + 1);
  r->text = NULL;
  r->text_len = r->text_cap = 0;
  return text;
}

static int on_text(void *ctx, const char *p, size_t n) {
  struct tcx_xml_reader *r = ctx;
  return r->takes_text ? add_text(r, p, n) : 0;
}

/* ---- frames ---- */

static struct frame *push(struct tcx_xml_reader *r) {
  if (r->depth == r->cap) {
    unsigned cap = r->cap == 0 ? 8 : r->cap * 2;
    struct frame *frames = tcx__arena_alloc(r->r.arena, cap * sizeof *frames);
    if (frames == NULL)
      return NULL;
    if (r->depth > 0)
      memcpy(frames, r->frames, r->depth * sizeof *frames);
    r->frames = frames;
    r->cap = cap;
  }
  struct frame *f = &r->frames[r->depth++];
  *f = (struct frame){.kind = STRUCTURE};
  return f;
}

static bool is_flattened_list(const struct tcx_member *m) {
  return (m->flags & TCX__M_FLATTENED) && m->shape->type == TCX__SHAPE_LIST;
}

/* The name under which a structure's member stands in a document. */
static struct tcx_str wire_name(const struct tcx_member *m) {
  if (is_flattened_list(m) && m->shape->members[0].wire_given)
    return (struct tcx_str){m->shape->members[0].wire, m->shape->members[0].wire_len};
  return (struct tcx_str){m->wire, m->wire_len};
}

/* The member's index, or n_members. Members mostly come in the model's order: the search begins at
   next. A flattened list whose items have a name of their own may also stand under the list's:
   Smithy says so, botocore does not know it. */
static uint32_t find_member(const struct frame *f, const char *name, size_t n) {
  const struct tcx_member *members = f->shape->members;
  uint32_t count = f->shape->n_members, i = f->next;
  for (uint32_t tried = 0; tried < count; tried++, i++) {
    i = i >= count ? 0 : i;
    struct tcx_str wire = wire_name(&members[i]);
    if (wire.n == n && memcmp(wire.p, name, n) == 0 && !tcx__is_in_head(&members[i]))
      return i;
  }
  for (i = 0; i < count; i++)
    if (is_flattened_list(&members[i]) && members[i].wire_len == n &&
        memcmp(members[i].wire, name, n) == 0)
      return i;
  return count;
}

/* The attribute's prefix must stand in the model too, but which it is does not matter. */
static int read_attributes(struct tcx_xml_reader *r, struct frame *f,
                           const struct tcx_xml_attr *attrs, unsigned n) {
  for (uint32_t i = 0; i < f->shape->n_members && n > 0; i++) {
    const struct tcx_member *m = &f->shape->members[i];
    if (!(m->flags & TCX__M_XML_ATTRIBUTE))
      continue;
    bool prefixed = m->xml_prefix != NULL;
    for (unsigned k = 0; k < n; k++) {
      const struct tcx_xml_name *name = &attrs[k].name;
      if ((name->local != 0) != prefixed || name->n - name->local != m->wire_len ||
          memcmp(name->p + name->local, m->wire, m->wire_len) != 0)
        continue;
      struct tcx_value *v = tcx__value_new_str_copy(r->r.arena, attrs[k].value.p, attrs[k].value.n);
      if (v == NULL || tcx__value_replace(r->r.arena, f->value, m->name, m->name_len, v) != 0)
        return no_memory(r);
      if (i < 64)
        f->seen |= (uint64_t)1 << i;
    }
  }
  return 0;
}

/* Opens the element of shape that is member in the frame below. */
static int open_value(struct tcx_xml_reader *r, const struct tcx_member *member,
                      const struct tcx_shape *shape, const struct tcx_xml_attr *attrs, unsigned n) {
  if (shape->type > TCX__SHAPE_MAP) {
    r->leaf = member;
    r->takes_text = true;
    return 0;
  }
  struct frame *f = push(r);
  if (f == NULL)
    return no_memory(r);
  f->member = member;
  f->shape = shape;
  switch (shape->type) {
  case TCX__SHAPE_STRUCTURE:
    f->value = tcx__value_new(r->r.arena, TCX_MAP);
    break;
  case TCX__SHAPE_LIST:
    f->kind = LIST;
    f->value = tcx__value_new(r->r.arena, TCX_LIST);
    break;
  default:
    f->kind = MAP;
    f->value = tcx__value_new(r->r.arena, TCX_MAP);
    break;
  }
  if (f->value == NULL)
    return no_memory(r);
  return f->kind == STRUCTURE ? read_attributes(r, f, attrs, n) : 0;
}

static int open_entry(struct tcx_xml_reader *r, const struct tcx_shape *shape,
                      struct tcx_value *map) {
  struct frame *f = push(r);
  if (f == NULL)
    return no_memory(r);
  f->kind = ENTRY;
  f->shape = shape;
  f->value = map;
  return 0;
}

/* ---- start tags ---- */

/* Notes a child of a union, known or not. */
static int meet(struct tcx_xml_reader *r, struct frame *f, const char *name, size_t n) {
  if (f->key.p == NULL) {
    f->key = (struct tcx_str){tcx__arena_strndup(r->r.arena, name, n), n};
    return f->key.p != NULL ? 0 : no_memory(r);
  }
  if (tcx__str_eq(f->key, (struct tcx_str){name, n}))
    return 0;
  return malformed(r, "more than one member is set in the union", f->shape->name,
                   strlen(f->shape->name));
}

/* True when the member was met before in this structure; notes it. */
static bool was_met(struct frame *f, uint32_t i) {
  if (i >= 64)
    return tcx__value_find(f->value, f->shape->members[i].name, f->shape->members[i].name_len) !=
           NULL;
  uint64_t bit = (uint64_t)1 << i;
  bool met = (f->seen & bit) != 0;
  f->seen |= bit;
  return met;
}

/* An element of a flattened list or map. */
static int open_flattened(struct tcx_xml_reader *r, struct frame *f, uint32_t i,
                          const struct tcx_xml_attr *attrs, unsigned n) {
  const struct tcx_member *m = &f->shape->members[i];
  bool is_list = m->shape->type == TCX__SHAPE_LIST;
  if (f->last != m || f->found == NULL) {
    f->found = was_met(f, i) ? tcx__value_find(f->value, m->name, m->name_len) : NULL;
    if (f->found == NULL) {
      f->found = tcx__value_new(r->r.arena, is_list ? TCX_LIST : TCX_MAP);
      if (f->found == NULL ||
          tcx__value_add(r->r.arena, f->value, m->name, m->name_len, f->found) != 0)
        return no_memory(r);
    }
    f->last = m;
  }
  if (!is_list)
    return open_entry(r, m->shape, f->found);
  return open_value(r, &m->shape->members[0], m->shape->members[0].shape, attrs, n);
}

static int open_member(struct tcx_xml_reader *r, const char *name, size_t len,
                       const struct tcx_xml_attr *attrs, unsigned n) {
  struct frame *f = &r->frames[r->depth - 1];
  uint32_t i = find_member(f, name, len);
  if (r->takes_text) { /* the document's, which has a child now */
    r->takes_text = false;
    take_text(r);
  }
  if (f->shape->flags & TCX__S_UNION) {
    int status = meet(r, f, name, len);
    if (status != 0)
      return status;
  }
  if (i == f->shape->n_members) {
    r->skip = 1;
    return 0;
  }
  const struct tcx_member *m = &f->shape->members[i];
  f->next = i;
  if ((m->flags & TCX__M_FLATTENED) && m->shape->type <= TCX__SHAPE_MAP)
    return open_flattened(r, f, i, attrs, n);
  f->next++;
  f->found = NULL;
  if (was_met(f, i)) {
    r->skip = 1;
    return 0;
  }
  return open_value(r, m, m->shape, attrs, n);
}

static int open_entry_part(struct tcx_xml_reader *r, const char *name, size_t len,
                           const struct tcx_xml_attr *attrs, unsigned n) {
  const struct tcx_shape *map = r->frames[r->depth - 1].shape;
  static const char *const usual[2] = {"key", "value"};
  for (int i = 0; i < 2; i++) {
    const struct tcx_member *m = &map->members[i];
    const char *wire = m->wire_given ? m->wire : usual[i];
    if (strlen(wire) == len && memcmp(wire, name, len) == 0)
      return open_value(r, m, m->shape, attrs, n);
  }
  return malformed(r, "an unknown element in a map's entry:", name, len);
}

/* True when the document's element may itself be the only member:
 * <LocationConstraint>eu</LocationConstraint>. */
static bool may_be_unwrapped(const struct tcx_shape *shape, const char *name, size_t len) {
  const struct tcx_member *only = NULL;
  for (uint32_t i = 0; i < shape->n_members; i++) {
    if (tcx__is_in_head(&shape->members[i]))
      continue;
    if (only != NULL)
      return false;
    only = &shape->members[i];
  }
  return only != NULL && only->shape->type > TCX__SHAPE_MAP && only->wire_len == len &&
         memcmp(only->wire, name, len) == 0;
}

static int open_root(struct tcx_xml_reader *r, const char *name, size_t len,
                     const struct tcx_xml_attr *attrs, unsigned n) {
  const struct tcx_shape *shape = r->r.shape;
  r->root = tcx__arena_strndup(r->r.arena, name, len);
  if (r->root == NULL)
    return no_memory(r);
  if (shape->payload != NULL) {
    const struct tcx_member *payload =
        tcx__shape_member(shape, shape->payload, strlen(shape->payload));
    return open_value(r, payload, payload->shape, attrs, n);
  }
  struct frame *f = push(r);
  if (f == NULL)
    return no_memory(r);
  f->shape = shape;
  f->value = r->r.map;
  r->unwrapped = r->takes_text = may_be_unwrapped(shape, name, len);
  return read_attributes(r, f, attrs, n);
}

static int on_start(void *ctx, const struct tcx_xml_name *tag, const struct tcx_xml_attr *attrs,
                    unsigned n) {
  struct tcx_xml_reader *r = ctx;
  const char *name = tag->p + tag->local;
  size_t len = (size_t)tag->n - tag->local;
  if (r->skip > 0) {
    r->skip++;
    return 0;
  }
  if (r->leaf != NULL) {
    r->takes_text = false;
    r->skip = 1;
    return 0;
  }
  if (r->depth == 0)
    return open_root(r, name, len, attrs, n);
  struct frame *f = &r->frames[r->depth - 1];
  switch (f->kind) {
  case STRUCTURE:
    return open_member(r, name, len, attrs, n);
  case LIST:
    return open_value(r, &f->shape->members[0], f->shape->members[0].shape, attrs, n);
  case MAP:
    return open_entry(r, f->shape, f->value);
  default:
    return open_entry_part(r, name, len, attrs, n);
  }
}

/* ---- end tags ---- */

static int scalar_of(struct tcx_xml_reader *r, const struct tcx_member *m, struct tcx_value **out) {
  struct tcx_str text = take_text(r);
  int status = tcx__scalar_value(r->r.arena, m->shape, text, out);
  if (status == TCX_EPROTO)
    return tcx__fail(r->r.fail, status,
                     "malformed response: element %s: \"%.*s\" is no value of %s", m->wire,
                     (int)(text.n < 60 ? text.n : 60), text.p, m->name);
  return status == 0 ? 0 : no_memory(r);
}

/* A finished union: its member, or what botocore gives for one that it does not know. */
static int close_union(struct tcx_xml_reader *r, struct frame *f) {
  if (f->key.p == NULL)
    return malformed(r, "no member is set in the union", f->shape->name, strlen(f->shape->name));
  for (uint32_t i = 0; i < f->shape->n_members; i++) {
    const struct tcx_member *m = &f->shape->members[i];
    if (tcx__str_eq(f->key, (struct tcx_str){m->wire, m->wire_len}))
      return 0;
  }
  struct tcx_value *unknown = tcx__value_new(r->r.arena, TCX_MAP),
                   *name = tcx__value_new_str(r->r.arena, f->key.p, f->key.n);
  if (unknown == NULL || name == NULL ||
      tcx__value_add(r->r.arena, unknown, "name", 4, name) != 0 ||
      tcx__value_add(r->r.arena, f->value, "SDK_UNKNOWN_MEMBER", 18, unknown) != 0)
    return no_memory(r);
  return 0;
}

static int close_entry(struct tcx_xml_reader *r, const struct frame *f) {
  if (f->key.p == NULL || f->found == NULL)
    return malformed(r, f->key.p == NULL ? "no key in an entry of" : "no value in an entry of",
                     f->shape->name, strlen(f->shape->name));
  return tcx__value_replace(r->r.arena, f->value, f->key.p, f->key.n, f->found) == 0 ? 0
                                                                                     : no_memory(r);
}

/* The document's text as its only member; botocore gives None when it is empty. */
static int close_unwrapped(struct tcx_xml_reader *r, const struct frame *f) {
  const struct tcx_member *m = f->shape->members;
  while (tcx__is_in_head(m))
    m++;
  struct tcx_value *v = NULL;
  int status = 0;
  if (r->text_len > 0)
    status = scalar_of(r, m, &v);
  else if ((v = tcx__value_new(r->r.arena, TCX_NULL)) == NULL)
    return no_memory(r);
  if (status != 0)
    return status;
  return tcx__value_add(r->r.arena, f->value, m->name, m->name_len, v) == 0 ? 0 : no_memory(r);
}

/* Gives a finished value to the frame below, which is now on top. */
static int deliver(struct tcx_xml_reader *r, const struct tcx_member *m, struct tcx_value *v) {
  struct tcx_arena *arena = r->r.arena;
  if (r->depth == 0)
    return tcx__value_add(arena, r->r.map, m->name, m->name_len, v) == 0 ? 0 : no_memory(r);
  struct frame *f = &r->frames[r->depth - 1];
  int status = 0;
  if (f->kind == LIST)
    status = tcx__value_push(arena, f->value, v);
  else if (f->kind == ENTRY && m == &f->shape->members[0])
    f->key = v->u.bytes;
  else if (f->kind == ENTRY)
    f->found = v;
  else if (f->found != NULL) /* an item of a flattened list */
    status = tcx__value_push(arena, f->found, v);
  else
    status = tcx__value_add(arena, f->value, m->name, m->name_len, v);
  return status == 0 ? 0 : no_memory(r);
}

static int close_leaf(struct tcx_xml_reader *r) {
  const struct tcx_member *m = r->leaf;
  struct tcx_value *v;
  int status = scalar_of(r, m, &v);
  r->leaf = NULL;
  r->takes_text = false;
  return status == 0 ? deliver(r, m, v) : status;
}

static int on_end(void *ctx) {
  struct tcx_xml_reader *r = ctx;
  if (r->skip > 0) {
    r->skip--;
    return 0;
  }
  if (r->leaf != NULL)
    return close_leaf(r);
  struct frame *f = &r->frames[--r->depth]; /* stays where it is until the next push */
  int status = 0;
  if (f->kind == ENTRY)
    return close_entry(r, f);
  if (f->kind == STRUCTURE && (f->shape->flags & TCX__S_UNION))
    status = close_union(r, f);
  else if (r->unwrapped && r->takes_text)
    return close_unwrapped(r, f);
  return status == 0 && f->member != NULL ? deliver(r, f->member, f->value) : status;
}

/* ---- the reader ---- */

static const struct tcx_xml_events events = {on_start, on_text, on_end};

struct tcx_xml_reader *tcx__xml_reader_new(const struct tcx_xml_read *read) {
  struct tcx_xml_reader *r = tcx__arena_alloc(read->arena, sizeof *r);
  if (r == NULL)
    return NULL;
  memset(r, 0, sizeof *r);
  r->r = *read;
  tcx__xml_init(&r->xml, read->arena, &events, r);
  return r;
}

static int explain(struct tcx_xml_reader *r, int status) {
  if (status == TCX_EPROTO && r->xml.why != NULL)
    return tcx__fail(r->r.fail, status, "malformed response: not XML near byte %llu: %s",
                     (unsigned long long)r->xml.offset, r->xml.why);
  return status == UV_ENOMEM ? no_memory(r) : status;
}

int tcx__xml_reader_feed(struct tcx_xml_reader *r, const char *p, size_t n) {
  return explain(r, tcx__xml_feed(&r->xml, p, n));
}

int tcx__xml_reader_finish(struct tcx_xml_reader *r) {
  return explain(r, tcx__xml_finish(&r->xml));
}

const char *tcx__xml_reader_root(const struct tcx_xml_reader *r) { return r->root; }
