/* xml_tree.c - XML to maps and strings, without a shape: how an error document is read first. */
#include "protocols/xml_body.h"
#include <string.h>

struct level {
  const char *name;
  size_t name_len;
  struct tcx_value *map; /* once it has a child */
  struct tcx_buf text;   /* up to the first child */
};
struct tree {
  struct tcx_arena *arena;
  struct tcx_xml xml;
  struct level levels[TCX__XML_DEPTH];
  unsigned depth;
  const char *root;
  struct tcx_value *value;
};

static int on_start(void *ctx, const struct tcx_xml_name *name, const struct tcx_xml_attr *attrs,
                    unsigned n) {
  struct tree *t = ctx;
  (void)attrs;
  (void)n;
  if (t->depth > 0) {
    struct level *parent = &t->levels[t->depth - 1];
    if (parent->map == NULL && (parent->map = tcx__value_new(t->arena, TCX_MAP)) == NULL)
      return UV_ENOMEM;
  }
  struct level *l = &t->levels[t->depth++];
  l->name_len = (size_t)name->n - name->local;
  l->name = tcx__arena_strndup(t->arena, name->p + name->local, l->name_len);
  l->map = NULL;
  tcx__buf_init(&l->text, t->arena, SIZE_MAX / 2);
  if (t->depth == 1)
    t->root = l->name;
  return l->name != NULL ? 0 : UV_ENOMEM;
}

static int on_text(void *ctx, const char *p, size_t n) {
  struct tree *t = ctx;
  struct level *l = &t->levels[t->depth - 1];
  if (l->map == NULL)
    tcx__buf_add(&l->text, p, n);
  return l->text.status;
}

static int on_end(void *ctx) {
  struct tree *t = ctx;
  struct level *l = &t->levels[--t->depth];
  struct tcx_value *v = l->map;
  if (v == NULL)
    v = l->text.len > 0 ? tcx__value_new_str(t->arena, l->text.data, l->text.len)
                        : tcx__value_new(t->arena, TCX_NULL);
  if (v == NULL)
    return UV_ENOMEM;
  if (t->depth == 0) {
    t->value = v;
    return 0;
  }
  struct tcx_value *map = t->levels[t->depth - 1].map;
  return tcx__value_find(map, l->name, l->name_len) != NULL
             ? 0
             : tcx__value_add(t->arena, map, l->name, l->name_len, v);
}

int tcx__xml_tree(struct tcx_arena *arena, const char *p, size_t n, const char **name,
                  struct tcx_value **out) {
  static const struct tcx_xml_events events = {on_start, on_text, on_end};
  struct tree *t = tcx__arena_alloc(arena, sizeof *t);
  if (t == NULL)
    return UV_ENOMEM;
  t->arena = arena;
  t->depth = 0;
  tcx__xml_init(&t->xml, arena, &events, t);
  int status = tcx__xml_feed(&t->xml, p, n);
  if (status == 0)
    status = tcx__xml_finish(&t->xml);
  if (status != 0)
    return status;
  *name = t->root;
  *out = t->value;
  return 0;
}
